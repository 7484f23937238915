/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/condition.h"

#include "media/fit_image.h"

static bool given(const char *path)
{
    return path && *path;
}

/* What the model can do with pictures. */
static t2v_status check_use(const t2v_model *model, bool first, bool goal, const char *option,
                            t2v_error *error)
{
    const t2v_family *family = model->family;
    if ((first || goal) && model->pictures == T2V_PICTURES_NONE)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: %s is a model that makes video from text alone; it takes no pictures",
                        goal ? option : "image", model->name);
    if (goal && !family->picture_seconds)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: the pipeline class %s takes a picture for the first frame only",
                        option, family->pipeline);
    return T2V_OK;
}

/* Whether the options fit together. */
static t2v_status check_goal(const t2v_stream_params *params, const t2v_plan *plan,
                             const char *option, t2v_error *error)
{
    if (plan->chunks < 0)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: a video without end has no last frame",
                        option);
    if (given(params->last_image) && params->loop)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "last_image: a loop ends with the picture that it starts with");
    if (params->loop && !given(params->image) && plan->chunks == 1)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "loop: what the video starts with is not known in one pass; wanted an "
                        "image, or a chunk of fewer than %lld frames",
                        (long long)params->frames);
    return T2V_OK;
}

t2v_status t2v_conditions_check(const t2v_model *model, const t2v_stream_params *params,
                                const t2v_plan *plan, t2v_error *error)
{
    const bool first = given(params->image), last = given(params->last_image);
    const bool goal = last || params->loop;
    const char *option = params->loop ? "loop" : "last_image"; /* that names the goal */
    T2V_TRY(check_use(model, first, goal, option, error));
    if (goal)
        T2V_TRY(check_goal(params, plan, option, error));
    if (first)
        T2V_TRY(t2v_image_probe(params->image, error));
    return last ? t2v_image_probe(params->last_image, error) : T2V_OK;
}

/* One latent frame. */
static t2v_latent_size frame_size(const t2v_plan *plan)
{
    t2v_latent_size size = plan->size;
    size.frames = 1;
    return size;
}

/* rgb: [3, picture_height, picture_width] */
static t2v_status read_picture(t2v_exec *exec, const t2v_stream_params *params,
                               const t2v_plan *plan, const char *path, float *rgb)
{
    const t2v_fit fit = {params->width, params->height, plan->picture_width, plan->picture_height};
    t2v_image image;
    T2V_TRY(t2v_image_read(path, exec->interrupted, &image, exec->error));
    t2v_status status = t2v_image_fit(&image, &fit, exec->interrupted, rgb, exec->error);
    t2v_image_free(&image);
    return status;
}

/* latents: holds noise, or zeros for the mean; replaced */
static t2v_status encode(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                         const t2v_plan *plan, const char *path, float *latents)
{
    const t2v_latent_size size = frame_size(plan);
    float *mean = t2v_exec_floats(exec, t2v_latent_count(&size), 1);
    float *deviation = t2v_exec_floats(exec, t2v_latent_count(&size), 1);
    float *rgb =
        t2v_exec_floats(exec, 3 * (size_t)plan->picture_height, (size_t)plan->picture_width);
    const float *const pictures[] = {rgb};
    const t2v_clip clip = {pictures, 1, plan->picture_height, plan->picture_width};
    if (!mean || !deviation || !rgb)
        return T2V_ERROR_MEMORY;
    T2V_TRY(read_picture(exec, params, plan, path, rgb));
    T2V_TRY(model->family->vae->encode(exec, model->vae, &clip, mean, deviation));
    t2v_latents_sample(&size, &model->vae_info, mean, deviation, latents);
    return T2V_OK;
}

/* Picture number `index` of `count`. */
static t2v_status add(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                      const t2v_plan *plan, t2v_noise *noise, const char *path, int index,
                      int count, float **out)
{
    const t2v_latent_size size = frame_size(plan);
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    *out = t2v_calloc(t2v_latent_count(&size), sizeof(**out));
    if (!*out)
        return t2v_fail_memory(exec->error, path, t2v_latent_count(&size) * sizeof(**out));
    if (!model->family->posterior_mean)
        T2V_TRY(t2v_noise_encode(exec, noise, &size, index, count, *out));
    t2v_status status = encode(exec, model, params, plan, path, *out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

t2v_status t2v_conditions_encode(t2v_exec *exec, const t2v_model *model,
                                 const t2v_stream_params *params, const t2v_plan *plan,
                                 t2v_noise *noise, t2v_conditions *conditions)
{
    const bool first = given(params->image), goal = given(params->last_image);
    if (first)
        T2V_TRY(
            add(exec, model, params, plan, noise, params->image, 0, 1 + goal, &conditions->first));
    if (!goal)
        return T2V_OK;
    T2V_TRY(add(exec, model, params, plan, noise, params->last_image, first, first + 1,
                &conditions->goal));
    return t2v_noise_skip(exec, noise, t2v_latent_count(&plan->size) / (size_t)plan->size.frames);
}

void t2v_conditions_free(t2v_conditions *conditions)
{
    t2v_free(conditions->first);
    t2v_free(conditions->goal);
    *conditions = (t2v_conditions){0};
}
