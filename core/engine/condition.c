/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/condition.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "engine/params.h"
#include "media/fit_image.h"
#include "media/y4m_reader.h"
#include "ops/elementwise.h"

/* What the model can do with pictures.
 * first, goal: the options that name them; NULL: there is none */
static t2v_status check_use(const t2v_model *model, const char *first, const char *goal,
                            t2v_error *error)
{
    const t2v_family *family = model->family;
    if ((first || goal) && model->pictures == T2V_PICTURES_NONE)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: %s is a model that makes video from text alone; it takes no pictures",
                        goal ? goal : first, model->name);
    if (model->pictures == T2V_PICTURES_BESIDE)
        return T2V_OK;
    if (goal && !family->picture_seconds)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: the pipeline class %s takes a picture for the first frame only", goal,
                        family->pipeline);
    return T2V_OK;
}

/* What a video that goes on begins with is its own. */
static t2v_status check_continue(const t2v_stream_params *params, t2v_error *error)
{
    if (t2v_goes_on(params) && t2v_given(params->image))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "image: a video that goes on from another begins with no picture");
    if (t2v_goes_on(params) && params->loop)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "loop: a video that goes on from another does not lead back to its "
                        "beginning");
    if (params->video_end && t2v_given(params->continue_))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "continue: the pictures to go on from are given already");
    if (params->video_end && !t2v_video_end_count(params->video_end))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "there is no picture in the video to go on from");
    return T2V_OK;
}

/* What a model wants that is given latents beside its own: a first picture, and as many as it was
 * trained for. */
static t2v_status check_beside(const t2v_model *model, const t2v_stream_params *params,
                               const t2v_plan *plan, t2v_error *error)
{
    const bool last = t2v_given(params->last_image);
    if (!t2v_given(params->image) && !t2v_goes_on(params))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "image: %s makes video from a picture; wanted the name of its file",
                        model->name);
    if (params->loop)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "loop: the pipeline class %s leads to a last picture, not to a beginning",
                        model->family->pipeline);
    if ((last || model->dit_info.picture_tokens) && (plan->chunks != 1 || plan->window_frames))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "last_image: %s makes a video between two pictures in one pass; wanted a "
                        "chunk of 0, a number of frames, and no storyboard",
                        model->name);
    if (last && model->vision && !model->dit_info.picture_tokens)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "last_image: %s looks at one picture only, the first", model->name);
    if (!last && model->dit_info.picture_tokens)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "last_image: %s makes video between two pictures; wanted the name of a "
                        "file",
                        model->name);
    if (last && plan->size.frames == 1)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "last_image: of %lld frames none is the last alone; wanted more",
                        (long long)params->frames);
    return T2V_OK;
}

/* Whether the options fit together. */
static t2v_status check_goal(const t2v_stream_params *params, const t2v_plan *plan,
                             const char *option, t2v_error *error)
{
    if (t2v_given(params->audio))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "%s: with audio the sound decides how many pictures the video takes, so "
                        "its end cannot be aimed at",
                        option);
    if (plan->chunks < 0)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: a video without end has no last frame",
                        option);
    if (t2v_given(params->last_image) && params->loop)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "last_image: a loop ends with the picture that it starts with");
    if (params->loop && !t2v_given(params->image) && plan->chunks == 1)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "loop: what the video starts with is not known in one pass; wanted an "
                        "image, or a chunk of fewer than %lld frames",
                        (long long)params->frames);
    return T2V_OK;
}

t2v_status t2v_conditions_check(const t2v_model *model, const t2v_stream_params *params,
                                const t2v_plan *plan, t2v_error *error)
{
    const char *first = t2v_goes_on(params)        ? "continue"
                        : t2v_given(params->image) ? "image"
                                                   : NULL;
    const char *goal = params->loop ? "loop" : t2v_given(params->last_image) ? "last_image" : NULL;
    T2V_TRY(check_continue(params, error));
    T2V_TRY(check_use(model, first, goal, error));
    if (model->pictures == T2V_PICTURES_BESIDE)
        T2V_TRY(check_beside(model, params, plan, error));
    else if (goal)
        T2V_TRY(check_goal(params, plan, goal, error));
    if (t2v_given(params->continue_))
        T2V_TRY(t2v_y4m_probe(params->continue_, error));
    if (t2v_given(params->image))
        T2V_TRY(t2v_image_probe(params->image, error));
    return t2v_given(params->last_image) ? t2v_image_probe(params->last_image, error) : T2V_OK;
}

/* ------------------------------------------------------------------ pictures */

static float *allocate_picture(t2v_exec *exec, const t2v_plan *plan)
{
    return t2v_exec_floats(exec, 3 * (size_t)plan->picture_height, (size_t)plan->picture_width);
}

/* Ends the image. rgb: [3, picture_height, picture_width] */
static t2v_status fit_picture(t2v_exec *exec, const t2v_stream_params *params, const t2v_plan *plan,
                              t2v_image *image, float *rgb)
{
    const t2v_fit fit = {params->width, params->height, plan->picture_width, plan->picture_height,
                         !strcmp(params->image_fit, "pad")};
    t2v_status status = t2v_image_fit(image, &fit, exec->interrupted, rgb, exec->error);
    t2v_image_free(image);
    return status;
}

static t2v_status read_picture(t2v_exec *exec, const t2v_stream_params *params,
                               const t2v_plan *plan, const char *path, float *rgb)
{
    t2v_image image;
    T2V_TRY(t2v_image_read(path, exec->interrupted, &image, exec->error));
    return fit_picture(exec, params, plan, &image, rgb);
}

static const t2v_video_end *clip_of(const t2v_stream_params *params,
                                    const t2v_conditions *conditions)
{
    return params->video_end ? params->video_end : conditions->clip;
}

/* Picture `index` of those that are given of the video that goes on. */
static t2v_status read_clip_picture(t2v_exec *exec, const t2v_stream_params *params,
                                    const t2v_plan *plan, const t2v_conditions *conditions,
                                    int64_t index, float *rgb)
{
    t2v_image image;
    if (exec->rehearsal) /* a pipe can be read once only */
        return T2V_OK;
    const t2v_video_end *clip = clip_of(params, conditions);
    const int64_t skipped = t2v_video_end_count(clip) - conditions->before;
    T2V_TRY(t2v_video_end_picture(clip, skipped + index, exec->interrupted, &image, exec->error));
    return fit_picture(exec, params, plan, &image, rgb);
}

/* The picture of a file; without one that which a pass goes on from, or one of the clip. */
static t2v_status get_picture(t2v_exec *exec, const t2v_stream_params *params, const t2v_plan *plan,
                              const t2v_conditions *conditions, const char *path, int64_t index,
                              float *rgb)
{
    if (path)
        return read_picture(exec, params, plan, path, rgb);
    if (!conditions->joint)
        return read_clip_picture(exec, params, plan, conditions, index, rgb);
    t2v_copy(exec, rgb, conditions->joint, (int64_t)t2v_plan_picture_floats(plan));
    return T2V_OK;
}

/* Latent frames of that many pictures, which may leave out some at the front. */
static int64_t clip_latents(const t2v_model *model, int64_t pictures)
{
    const int64_t latents = (pictures - 1) / model->vae_info.temporal_ratio + 1;
    return latents / model->dit_info.patch_time * model->dit_info.patch_time;
}

static const char *clip_name(const t2v_stream_params *params)
{
    return params->video_end ? "the video to go on from" : params->continue_;
}

static void warn_of_rate(const t2v_model *model, const t2v_stream_params *params, double clip_rate)
{
    const double rate = (double)params->rate_num / params->rate_den;
    if (clip_rate > 0 && fabs(clip_rate - rate) > 1e-3 * rate)
        t2v_log_write(&model->log, T2V_LOG_WARNING,
                      "%s: %g pictures a second; the video goes on with %g, so what moves in it "
                      "changes its speed",
                      clip_name(params), clip_rate, rate);
}

t2v_status t2v_conditions_read(t2v_exec *exec, const t2v_model *model,
                               const t2v_stream_params *params, t2v_plan *plan,
                               t2v_conditions *conditions)
{
    if (!t2v_goes_on(params))
        return T2V_OK;
    if (!params->video_end)
        T2V_TRY(t2v_y4m_read_end(params->continue_, t2v_plan_pictures(model, plan->lead),
                                 exec->interrupted, &conditions->clip, exec->error));
    const t2v_video_end *clip = clip_of(params, conditions);
    const int64_t count = t2v_video_end_count(clip), lead = clip_latents(model, count);
    if (!lead)
        return t2v_fail(exec->error, T2V_ERROR_UNSUPPORTED,
                        "%s: %lld pictures; %s goes on from %lld or more", clip_name(params),
                        (long long)count, model->name,
                        (long long)t2v_plan_pictures(model, model->dit_info.patch_time));
    plan->size.frames -= plan->lead - lead; /* as many new ones as before */
    plan->lead = lead;
    conditions->before = t2v_plan_pictures(model, lead);
    warn_of_rate(model, params, t2v_video_end_rate(clip));
    return T2V_OK;
}

/* ------------------------------------------------------------------ among the latents */

/* What is given at one place: a picture, or the end of a video. */
typedef struct piece {
    const char *path;     /* of the picture; NULL: the clip */
    t2v_latent_size size; /* of its latents */
    int64_t first, all;   /* number of its first latent frame of all that are given */
} piece;

static piece make_piece(const t2v_plan *plan, const char *path, int64_t frames, int64_t first,
                        int64_t all)
{
    piece p = {path, plan->size, first, all};
    p.size.frames = frames;
    return p;
}

/* latents: hold noise, or zeros for the mean; replaced */
static t2v_status encode(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                         const t2v_plan *plan, const t2v_conditions *conditions, const piece *p,
                         float *latents)
{
    const int64_t frames = t2v_plan_pictures(model, p->size.frames);
    const size_t count = t2v_latent_count(&p->size);
    float *mean = t2v_exec_floats(exec, count, 1), *deviation = t2v_exec_floats(exec, count, 1);
    const float **pictures = t2v_arena_alloc(&exec->arena, (size_t)frames, sizeof(*pictures));
    if (!mean || !deviation || !pictures)
        return t2v_fail_memory(exec->error, "the given pictures", count * sizeof(float));
    for (int64_t i = 0; i < frames; i++) {
        float *rgb = allocate_picture(exec, plan);
        if (!rgb)
            return T2V_ERROR_MEMORY;
        T2V_TRY(get_picture(exec, params, plan, conditions, p->path, i, rgb));
        pictures[i] = rgb;
    }
    const t2v_clip clip = {pictures, frames, plan->picture_height, plan->picture_width};
    T2V_TRY(model->vae_class->encode(exec, model->vae, &clip, mean, deviation));
    t2v_latents_sample(&p->size, &model->vae_info, mean, deviation, latents);
    return T2V_OK;
}

static t2v_status add(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                      const t2v_plan *plan, t2v_noise *noise, const t2v_conditions *conditions,
                      const piece *p, float **out)
{
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    const size_t count = t2v_latent_count(&p->size);
    *out = t2v_calloc(count, sizeof(**out));
    if (!*out)
        return t2v_fail_memory(exec->error, "the given pictures", count * sizeof(**out));
    if (!model->family->posterior_mean)
        T2V_TRY(t2v_noise_encode(exec, noise, &p->size, p->first, p->all, *out));
    t2v_status status = encode(exec, model, params, plan, conditions, p, *out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* ------------------------------------------------------------------ beside the latents */

/* Of each picture of a latent frame whether it is given: the first latent frame stands for a single
 * one. */
static void fill_mask(const t2v_latent_size *size, int64_t ratio, bool last, float *mask)
{
    const int64_t plane = size->height * size->width, frame_end = (size->frames - 1) * plane;
    for (int64_t i = 0; i < ratio; i++)
        for (int64_t j = 0; j < plane; j++)
            mask[i * size->frames * plane + j] = 1;
    for (int64_t j = 0; last && j < plane; j++)
        mask[(ratio - 1) * size->frames * plane + frame_end + j] = 1;
}

/* The latents of a video that is grey between the given pictures. */
static t2v_status encode_video(t2v_exec *exec, const t2v_model *model, const t2v_plan *plan,
                               const float *first, const float *last, float *latents)
{
    const int64_t frames = t2v_plan_pictures(model, plan->size.frames);
    const size_t count = t2v_latent_count(&plan->size);
    float *mean = t2v_exec_floats(exec, count, 1), *deviation = t2v_exec_floats(exec, count, 1);
    const float **pictures = t2v_arena_alloc(&exec->arena, (size_t)frames, sizeof(*pictures));
    if (!mean || !deviation || !pictures)
        return t2v_fail_memory(exec->error, "the given video", count * sizeof(float));
    for (int64_t i = 0; i < frames; i++)
        pictures[i] = i == 0 ? first : i == frames - 1 ? last : NULL;
    const t2v_clip clip = {pictures, frames, plan->picture_height, plan->picture_width};
    T2V_TRY(model->vae_class->encode(exec, model->vae, &clip, mean, deviation));
    t2v_latents_sample(&plan->size, &model->vae_info, mean, deviation, latents);
    return T2V_OK;
}

/* What the vision encoder says of the pictures, as the transformer's keys and values. */
static t2v_status look(t2v_exec *exec, const t2v_model *model, const t2v_plan *plan,
                       const float *const rgb[2], int pictures, t2v_dit_text **seen)
{
    const int64_t tokens = t2v_vision_tokens(model->vision),
                  width = t2v_vision_width(model->vision);
    const size_t side = (size_t)model->vision_picture.side;
    float *pixels = t2v_exec_floats(exec, 3 * side, side);
    float *embeddings = t2v_exec_floats(exec, (size_t)(pictures * tokens), (size_t)width);
    if (!pixels || !embeddings)
        return T2V_ERROR_MEMORY;
    for (int i = 0; i < pictures; i++) {
        T2V_TRY(t2v_vision_picture_prepare(&model->vision_picture, rgb[i], plan->picture_height,
                                           plan->picture_width, pixels, exec->error));
        T2V_TRY(t2v_vision_run(exec, model->vision, pixels, embeddings + i * tokens * width));
    }
    return model->family->dit->prepare_picture(exec, model->dit, embeddings, pictures * tokens,
                                               seen);
}

static t2v_status encode_beside(t2v_exec *exec, const t2v_model *model,
                                const t2v_stream_params *params, const t2v_plan *plan,
                                t2v_conditions *conditions)
{
    const bool goes_on = conditions->joint || t2v_goes_on(params);
    const char *const path[2] = {goes_on ? NULL : params->image, params->last_image};
    const int pictures = t2v_given(params->last_image) ? 2 : 1;
    const int64_t ratio = model->vae_info.temporal_ratio;
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_latent_size size = plan->size;
    float *rgb[2] = {NULL, NULL};
    for (int i = 0; i < pictures; i++) {
        rgb[i] = allocate_picture(exec, plan);
        if (!rgb[i])
            return T2V_ERROR_MEMORY;
        T2V_TRY(get_picture(exec, params, plan, conditions, path[i], 0, rgb[i]));
    }
    if (model->vision)
        T2V_TRY(look(exec, model, plan, (const float *const *)rgb, pictures, &conditions->seen));
    size.channels = t2v_beside_channels(model);
    conditions->beside = t2v_calloc(t2v_latent_count(&size), sizeof(float));
    if (!conditions->beside)
        return t2v_fail_memory(exec->error, "the given video", t2v_latent_count(&size));
    fill_mask(&plan->size, ratio, pictures == 2, conditions->beside);
    t2v_status status =
        encode_video(exec, model, plan, rgb[0], rgb[1],
                     conditions->beside + ratio * size.frames * size.height * size.width);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status encode_known(t2v_exec *exec, const t2v_model *model,
                               const t2v_stream_params *params, const t2v_plan *plan,
                               t2v_noise *noise, t2v_conditions *c)
{
    const bool goal = t2v_given(params->last_image);
    const char *picture = c->joint || t2v_goes_on(params) ? NULL : params->image;
    c->known = c->joint ? 1 : picture ? t2v_given(picture) : plan->lead;
    const piece first = make_piece(plan, picture, c->known, 0, c->known + goal),
                last = make_piece(plan, params->last_image, 1, c->known, c->known + goal);
    if (c->known)
        T2V_TRY(add(exec, model, params, plan, noise, c, &first, &c->first));
    if (!goal)
        return T2V_OK;
    T2V_TRY(add(exec, model, params, plan, noise, c, &last, &c->goal));
    return t2v_noise_skip(exec, noise, t2v_latent_count(&last.size));
}

t2v_status t2v_conditions_encode(t2v_exec *exec, const t2v_model *model,
                                 const t2v_stream_params *params, const t2v_plan *plan,
                                 t2v_noise *noise, t2v_conditions *conditions)
{
    if (model->pictures == T2V_PICTURES_BESIDE)
        T2V_TRY(encode_beside(exec, model, params, plan, conditions));
    else
        T2V_TRY(encode_known(exec, model, params, plan, noise, conditions));
    if (!exec->rehearsal) /* which does not take it over */
        t2v_video_end_destroy(&conditions->clip);
    return T2V_OK;
}

void t2v_conditions_free(const t2v_model *model, t2v_conditions *conditions)
{
    model->family->dit->free_text(conditions->seen);
    t2v_video_end_destroy(&conditions->clip);
    t2v_free(conditions->beside);
    t2v_free(conditions->first);
    t2v_free(conditions->goal);
    *conditions = (t2v_conditions){0};
}
