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
    int64_t tokens, width;
    int64_t frame_tokens;
    int64_t goal_tokens;  /* of the goal, in front of the window's own */
    int64_t known_tokens; /* all that is given: the goal and the leading frames */
    int32_t *group;       /* [tokens]: 0 moves, 1 is known; NULL: all move */
    float *x;             /* [tokens, width] */
    float *input;         /* [tokens, input_width]: x, and what is given beside it; NULL: x alone */
    int64_t input_width;
    float *known, *noise; /* [known_tokens, width]; noise perhaps longer, see noise_count */
    float *velocity, *uncond;
    t2v_team team;           /* evaluates together with this process; count 1: nobody */
    int partner;             /* rank that evaluates the other prompt; -1: nobody does */
    t2v_step_cache cache[2]; /* of the prompt's evaluations, and of the negative one's */
} sampler;

/* Time coordinate of a frame of tokens, the goal's being the first if there is one. */
static float seconds(const sampler *s, int64_t frame)
{
    const t2v_window *w = s->window;
    const t2v_family *family = s->model->family;
    const int64_t ratio = s->model->vae_info.temporal_ratio;
    if (w->goal && frame == 0) /* the first picture of a window in the middle is at 1 */
        return family->picture_seconds(w->goal_picture + (w->middle ? 1 : 0), w->rate);
    return family->seconds(w->goal ? frame - 1 : frame, ratio * w->size.patch_time, w->middle,
                           w->rate);
}

static t2v_status place_tokens(t2v_exec *exec, sampler *s)
{
    const t2v_latent_size *size = &s->window->size;
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
        coordinates[3 * i] = seconds(s, i / (rows * columns));
        coordinates[3 * i + 1] = (float)(i / columns % rows * pixels);
        coordinates[3 * i + 2] = (float)(i % columns * pixels);
    }
    t2v_status status = s->model->family->dit->prepare_positions(exec, s->model->dit, coordinates,
                                                                 s->tokens, &s->positions);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* The reference draws noise for all tokens and drops most; where it has no say, less is drawn. */
static size_t noise_count(const sampler *s)
{
    return (size_t)((s->window->middle ? s->known_tokens : s->tokens) * s->width);
}

/* What is given beside the latents stays; they themselves are copied in front of it at each step.
 */
static t2v_status place_beside(t2v_exec *exec, sampler *s)
{
    t2v_latent_size size = s->window->size;
    size.channels = t2v_beside_channels(s->model);
    const size_t given = (size_t)t2v_token_width(&size), width = (size_t)s->width;
    s->input_width = (int64_t)(width + given);
    s->input = t2v_exec_floats(exec, (size_t)s->tokens, width + given);
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *tokens = t2v_exec_floats(exec, (size_t)s->tokens, given);
    if (!s->input || !tokens)
        return T2V_ERROR_MEMORY;
    t2v_latents_pack(&size, s->window->beside, tokens);
    for (size_t i = 0; i < (size_t)s->tokens; i++)
        memcpy(s->input + i * (width + given) + width, tokens + i * given, given * sizeof(float));
    t2v_arena_reset(&exec->arena, mark);
    return T2V_OK;
}

static void fill_input(sampler *s)
{
    for (int64_t i = 0; s->input && i < s->tokens; i++)
        memcpy(s->input + i * s->input_width, s->x + i * s->width,
               (size_t)s->width * sizeof(float));
}

static t2v_status allocate(t2v_exec *exec, sampler *s)
{
    const size_t n = (size_t)s->tokens, width = (size_t)s->width;
    s->x = t2v_exec_floats(exec, n, width);
    s->velocity = t2v_exec_floats(exec, n, width);
    s->uncond = t2v_exec_floats(exec, s->window->negative ? n : 0, width);
    if (s->window->beside)
        T2V_TRY(place_beside(exec, s));
    if (!s->x || !s->velocity || !s->uncond)
        return T2V_ERROR_MEMORY;
    if (!s->known_tokens)
        return T2V_OK;
    s->known = t2v_exec_floats(exec, (size_t)s->known_tokens, width);
    s->noise = t2v_exec_floats(exec, noise_count(s), 1);
    s->group = t2v_arena_alloc(&exec->arena, n, sizeof(*s->group));
    if (!s->known || !s->noise || !s->group)
        return t2v_fail_memory(exec->error, "the sampler", n * width * sizeof(float));
    for (int64_t i = 0; i < s->tokens; i++)
        s->group[i] = i < s->known_tokens;
    return T2V_OK;
}

/* Known latents get a little noise, more at higher noise levels, drawn anew at each step
 * (LTXConditionPipeline: add_noise_to_image_conditioning_latents). */
static t2v_status refresh_known(t2v_exec *exec, sampler *s, int step)
{
    const size_t count = (size_t)(s->known_tokens * s->width);
    const float sigma = s->schedule.timesteps[step] / s->schedule.train_timesteps;
    const float amount = s->model->family->known_noise * (sigma * sigma);
    t2v_latent_size given = s->window->size;
    if (!count || amount == 0)
        return T2V_OK;
    given.frames = s->known_tokens / s->frame_tokens * given.patch_time;
    T2V_TRY(t2v_noise_given(exec, s->window->noise, &given, step, s->schedule.steps, noise_count(s),
                            s->noise));
    for (size_t i = 0; i < count; i++)
        s->x[i] = s->known[i] + amount * s->noise[i];
    return T2V_OK;
}

static t2v_status evaluate(t2v_exec *exec, sampler *s, float timestep, const t2v_dit_text *text,
                           t2v_step_cache *cache, float *out)
{
    const float timesteps[2] = {timestep, 0};
    const bool shared = s->team.count > 1;
    const int place = t2v_team_place(&s->team);
    const int64_t first = t2v_team_start(&s->team, s->tokens, place);
    const int64_t pairs = s->model->dit_info.position_pairs;
    const t2v_positions positions = {s->positions.cosine + first * pairs,
                                     s->positions.sine + first * pairs};
    const t2v_dit_input input = {
        .tokens = t2v_team_start(&s->team, s->tokens, place + 1) - first,
        .x = s->input ? s->input + first * s->input_width : s->x + first * s->width,
        .groups = s->group ? 2 : 1,
        .timestep = timesteps,
        .group = s->group ? s->group + first : NULL,
        .text = text,
        .picture = s->window->picture,
        .positions = &positions,
        .team = shared ? &s->team : NULL,
        .team_tokens = s->tokens,
        .cache = cache->kind ? cache : NULL,
    };
    t2v_kept_pass(exec->kept);
    T2V_TRY(s->model->family->dit->run(exec, s->model->dit, &input, out + first * s->width));
    return shared ? t2v_team_gather(&s->team, out, s->tokens, s->width, exec->error) : T2V_OK;
}

/* The window's own tokens, behind the goal's. */
static size_t own(const sampler *s)
{
    return (size_t)(s->goal_tokens * s->width);
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
        t2v_latents_unpack(size, tokens + own(s), latents);
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

static t2v_status evaluate_prompt(t2v_exec *exec, sampler *s, float timestep)
{
    return evaluate(exec, s, timestep, s->window->prompt, &s->cache[0], s->velocity);
}

static t2v_status evaluate_negative(t2v_exec *exec, sampler *s, float timestep)
{
    return evaluate(exec, s, timestep, s->window->negative, &s->cache[1], s->uncond);
}

/* 1: what the negative prompt says does not count. */
static double guidance_at(const sampler *s, float timestep)
{
    const t2v_window *w = s->window;
    return !w->negative ? 1 : (double)timestep < s->model->boundary ? w->guidance_2 : w->guidance;
}

/* Both prompts; each by other ranks when there are enough. */
static t2v_status evaluate_both(t2v_exec *exec, sampler *s, float timestep, double guidance)
{
    const t2v_window *w = s->window;
    const size_t count = (size_t)(s->tokens * s->width);
    if (s->partner < 0) {
        T2V_TRY(evaluate_prompt(exec, s, timestep));
        return guidance != 1 ? evaluate_negative(exec, s, timestep) : T2V_OK;
    }
    if (s->partner > w->ranks->rank) {
        T2V_TRY(evaluate_prompt(exec, s, timestep));
        return t2v_ranks_trade(w->ranks, s->partner, s->velocity, s->uncond, count, exec->error);
    }
    T2V_TRY(evaluate_negative(exec, s, timestep));
    return t2v_ranks_trade(w->ranks, s->partner, s->uncond, s->velocity, count, exec->error);
}

static t2v_status run_step(t2v_exec *exec, sampler *s, int step)
{
    const float timestep = s->schedule.timesteps[step];
    const double guidance = guidance_at(s, timestep);
    T2V_TRY(refresh_known(exec, s, step));
    fill_input(s);
    T2V_TRY(evaluate_both(exec, s, timestep, guidance));
    if (step == 0)
        tap_tokens(exec, s, "step0_output", s->velocity);
    if (guidance != 1)
        t2v_guidance(s->velocity, s->uncond, (float)guidance, (size_t)(s->tokens * s->width));
    move(s, step);
    return T2V_OK;
}

static t2v_status sample(t2v_exec *exec, sampler *s, float *latents)
{
    const t2v_window *w = s->window;
    const size_t known_bytes = (size_t)(s->known_tokens * s->width) * sizeof(float);
    t2v_latent_size goal = w->size;
    goal.frames = goal.patch_time;
    T2V_TRY(place_tokens(exec, s));
    T2V_TRY(allocate(exec, s));
    if (w->goal)
        t2v_latents_pack(&goal, w->goal, s->x);
    t2v_latents_pack(&w->size, latents, s->x + own(s));
    if (known_bytes)
        memcpy(s->known, s->x, known_bytes);
    for (int step = 0; step < s->schedule.steps; step++) {
        T2V_TRY(run_step(exec, s, step));
        if (w->progress)
            T2V_TRY(w->progress(w->opaque, step + 1, s->schedule.steps));
    }
    if (known_bytes && w->middle) /* a picture keeps its noise, as in the reference */
        memcpy(s->x, s->known, known_bytes);
    tap_tokens(exec, s, "latents", s->x);
    t2v_latents_unpack(&w->size, s->x + own(s), latents);
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

static t2v_status plan_steps(sampler *s, t2v_error *error)
{
    const t2v_window *w = s->window;
    const t2v_family *family = s->model->family;
    const int64_t positions = w->size.frames * w->size.height * w->size.width;
    if (w->sigmas->count)
        return family->schedule_given(&s->model->scheduler, w->sigmas, positions, &s->schedule,
                                      error);
    return family->schedule(&s->model->scheduler, w->steps, positions, &s->schedule, error);
}

/* With guidance the first half of the ranks takes the prompt, the other half the negative one;
 * those of a half, or all of them, take some of the tokens each. */
static t2v_status form_team(sampler *s, t2v_error *error)
{
    static const t2v_ranks alone = {.count = 1};
    const t2v_window *w = s->window;
    const t2v_ranks *ranks = w->ranks ? w->ranks : &alone;
    const bool halves = w->negative && ranks->count % 2 == 0;
    const int half = ranks->count / 2;
    s->team = (t2v_team){ranks, 0, ranks->count};
    s->partner = -1;
    if (halves) {
        s->partner = ranks->rank < half ? ranks->rank + half : ranks->rank - half;
        s->team = (t2v_team){ranks, ranks->rank < half ? 0 : half, half};
    }
    if (s->tokens < s->team.count)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "%d processes are too many for the %lld tokens of this size", ranks->count,
                        (long long)s->tokens);
    return T2V_OK;
}

static void start_caches(sampler *s)
{
    for (int i = 0; i < 2; i++)
        s->cache[i] = (t2v_step_cache){.kind = s->window->cache,
                                       .threshold = s->window->cache_threshold,
                                       .steps = s->schedule.steps};
}

static void end_caches(sampler *s)
{
    const int evaluations = s->cache[0].step + s->cache[1].step;
    if (evaluations)
        t2v_log_write(&s->model->log, T2V_LOG_DEBUG, "cache: %d of %d evaluations were computed",
                      evaluations - s->cache[0].reused - s->cache[1].reused, evaluations);
    for (int i = 0; i < 2; i++)
        t2v_step_cache_free(&s->cache[i]);
}

t2v_status t2v_denoise(t2v_exec *exec, const t2v_model *model, const t2v_window *window,
                       float *latents)
{
    const t2v_latent_size *size = &window->size;
    sampler s = {.model = model, .window = window};
    s.width = t2v_token_width(size);
    s.frame_tokens = t2v_token_count(size) / (size->frames / size->patch_time);
    s.goal_tokens = window->goal ? s.frame_tokens : 0;
    s.tokens = s.goal_tokens + t2v_token_count(size);
    s.known_tokens = s.goal_tokens + s.frame_tokens * (window->known / size->patch_time);
    T2V_TRY(form_team(&s, exec->error));
    T2V_TRY(plan_steps(&s, exec->error));
    start_caches(&s);
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = start_solver(&s, exec->error);
    if (status >= 0)
        status = sample(exec, &s, latents);
    t2v_arena_reset(&exec->arena, mark);
    end_caches(&s);
    t2v_unipc_free(&s.unipc);
    t2v_schedule_free(&s.schedule);
    return status;
}
