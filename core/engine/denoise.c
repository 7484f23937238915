/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/denoise.h"

#include <string.h>

#include "sample/guidance.h"

/* Buffers and tables of one window, in the arena but for the schedule. */
typedef struct sampler {
    const t2v_model *model;
    const t2v_window *window;
    t2v_schedule schedule;
    t2v_unipc *unipc; /* NULL: Euler's solver */
    t2v_positions positions;
    int64_t tokens, width, known_tokens;
    int32_t *group;       /* [tokens]: 0 moves, 1 is known; NULL: all move */
    float *x;             /* [tokens, width] */
    float *known, *noise; /* [known_tokens, width]; only where noise is put on known latents */
    float *velocity, *uncond;
} sampler;

static t2v_status place_tokens(t2v_exec *exec, sampler *s)
{
    const t2v_window *w = s->window;
    const t2v_latent_size *size = &w->size;
    const int64_t rows = size->height / size->patch, columns = size->width / size->patch;
    const int64_t pixels =
        s->model->family->token_grid ? 1 : s->model->vae_info.spatial_ratio * size->patch;
    const int64_t pairs = s->model->dit_info.position_pairs;
    s->positions.cosine = t2v_exec_floats(exec, (size_t)s->tokens, (size_t)pairs);
    s->positions.sine = t2v_exec_floats(exec, (size_t)s->tokens, (size_t)pairs);
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *coordinates = t2v_exec_floats(exec, (size_t)s->tokens, 3);
    if (!s->positions.cosine || !s->positions.sine || !coordinates)
        return T2V_ERROR_MEMORY;
    for (int64_t i = 0; i < s->tokens; i++) {
        int64_t frame = i / (rows * columns);
        coordinates[3 * i] = s->model->family->seconds(
            frame, s->model->vae_info.temporal_ratio * size->patch_time, w->middle, w->rate);
        coordinates[3 * i + 1] = (float)(i / columns % rows * pixels);
        coordinates[3 * i + 2] = (float)(i % columns * pixels);
    }
    t2v_status status = s->model->family->dit->prepare_positions(exec, s->model->dit, coordinates,
                                                                 s->tokens, &s->positions);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status allocate(t2v_exec *exec, sampler *s)
{
    const size_t n = (size_t)s->tokens, width = (size_t)s->width;
    s->x = t2v_exec_floats(exec, n, width);
    s->velocity = t2v_exec_floats(exec, n, width);
    s->uncond = t2v_exec_floats(exec, s->window->negative ? n : 0, width);
    if (!s->x || !s->velocity || !s->uncond)
        return T2V_ERROR_MEMORY;
    if (!s->known_tokens)
        return T2V_OK;
    s->known = t2v_exec_floats(exec, (size_t)s->known_tokens, width);
    s->noise = t2v_exec_floats(exec, (size_t)s->known_tokens, width);
    s->group = t2v_arena_alloc(&exec->arena, n, sizeof(*s->group));
    if (!s->known || !s->noise || !s->group)
        return t2v_fail_memory(exec->error, "the sampler", n * width * sizeof(float));
    for (int64_t i = 0; i < s->tokens; i++)
        s->group[i] = i < s->known_tokens;
    return T2V_OK;
}

/* Known latents get a little noise, more at higher noise levels, drawn anew at each step
 * (LTXConditionPipeline: add_noise_to_image_conditioning_latents). */
static void refresh_known(sampler *s, float sigma)
{
    const size_t count = (size_t)(s->known_tokens * s->width);
    const float amount = s->model->family->known_noise * sigma * sigma;
    if (!count)
        return;
    t2v_rng_normal(s->window->rng, s->noise, count);
    for (size_t i = 0; i < count; i++)
        s->x[i] = s->known[i] + amount * s->noise[i];
}

static t2v_status evaluate(t2v_exec *exec, sampler *s, float timestep, const t2v_dit_text *text,
                           float *out)
{
    const float timesteps[2] = {timestep, 0};
    const t2v_dit_input input = {
        .tokens = s->tokens,
        .x = s->x,
        .groups = s->group ? 2 : 1,
        .timestep = timesteps,
        .group = s->group,
        .text = text,
        .positions = &s->positions,
    };
    return s->model->family->dit->run(exec, s->model->dit, &input, out);
}

static void tap_tokens(t2v_exec *exec, const sampler *s, const char *name, const float *tokens)
{
    const t2v_latent_size *size = &s->window->size;
    const int64_t shape[4] = {size->channels, size->frames, size->height, size->width};
    if (!s->window->tap || !s->window->tap->fn)
        return;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *latents = t2v_exec_floats(exec, t2v_latent_count(size), 1);
    if (latents) {
        t2v_latents_unpack(size, tokens, latents);
        t2v_tap_floats(s->window->tap, name, 4, shape, latents);
    }
    t2v_arena_reset(&exec->arena, mark);
}

static void move(sampler *s, int step)
{
    const size_t first = (size_t)(s->known_tokens * s->width);
    const size_t count = (size_t)(s->tokens * s->width) - first;
    if (s->unipc)
        t2v_unipc_step(s->unipc, s->x + first, s->velocity + first);
    else if (s->model->family->steps_by_token)
        t2v_euler_step_at(&s->schedule, s->schedule.timesteps[step], s->x + first,
                          s->velocity + first, count);
    else
        t2v_euler_step(&s->schedule, step, s->x + first, s->velocity + first, count);
}

static t2v_status run_step(t2v_exec *exec, sampler *s, int step)
{
    const t2v_window *w = s->window;
    const float timestep = s->schedule.timesteps[step];
    refresh_known(s, timestep / s->schedule.train_timesteps);
    T2V_TRY(evaluate(exec, s, timestep, w->prompt, s->velocity));
    if (step == 0)
        tap_tokens(exec, s, "step0_output", s->velocity);
    if (w->negative) {
        T2V_TRY(evaluate(exec, s, timestep, w->negative, s->uncond));
        t2v_guidance(s->velocity, s->uncond, (float)w->guidance, (size_t)(s->tokens * s->width));
    }
    move(s, step);
    return T2V_OK;
}

static t2v_status sample(t2v_exec *exec, sampler *s, float *latents)
{
    const t2v_window *w = s->window;
    const size_t known_bytes = (size_t)(s->known_tokens * s->width) * sizeof(float);
    T2V_TRY(place_tokens(exec, s));
    T2V_TRY(allocate(exec, s));
    t2v_latents_pack(&w->size, latents, s->x);
    if (known_bytes)
        memcpy(s->known, s->x, known_bytes);
    for (int step = 0; step < s->schedule.steps; step++) {
        T2V_TRY(run_step(exec, s, step));
        if (w->progress)
            w->progress(w->opaque, step + 1, s->schedule.steps);
    }
    if (known_bytes)
        memcpy(s->x, s->known, known_bytes);
    tap_tokens(exec, s, "latents", s->x);
    t2v_latents_unpack(&w->size, s->x, latents);
    return T2V_OK;
}

static t2v_status start_solver(sampler *s, t2v_error *error)
{
    const t2v_scheduler *scheduler = &s->model->scheduler;
    if (scheduler->solver == T2V_SOLVER_EULER)
        return T2V_OK;
    return t2v_unipc_create(&scheduler->unipc, &s->schedule,
                            (size_t)((s->tokens - s->known_tokens) * s->width), &s->unipc, error);
}

t2v_status t2v_denoise(t2v_exec *exec, const t2v_model *model, const t2v_window *window,
                       float *latents)
{
    const t2v_latent_size *size = &window->size;
    sampler s = {.model = model, .window = window};
    s.tokens = t2v_token_count(size);
    s.width = t2v_token_width(size);
    s.known_tokens =
        s.tokens / (size->frames / size->patch_time) * (window->known / size->patch_time);
    T2V_TRY(model->family->schedule(&model->scheduler, window->steps,
                                    size->frames * size->height * size->width, &s.schedule,
                                    exec->error));
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = start_solver(&s, exec->error);
    if (status >= 0)
        status = sample(exec, &s, latents);
    t2v_arena_reset(&exec->arena, mark);
    t2v_unipc_free(&s.unipc);
    t2v_schedule_free(&s.schedule);
    return status;
}
