/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/needs.h"

#include <string.h>

#include "dit/text_keys.h"
#include "engine/condition.h"
#include "engine/decode.h"
#include "engine/denoise.h"
#include "engine/frame.h"
#include "engine/generate.h"
#include "ops/rehearsal.h"

/* Beside what is counted: the program, its libraries, oneDNN's code, tables of tensors; and for
 * each piece of the tokenizer its text and its place. */
static const size_t PROCESS_BYTES = (size_t)24 << 20, PIECE_BYTES = 128;

/* The first latent frame differs from the second, which is like the others but for the last. */
enum { DECODED_FRAMES = 3 };

/* What allocations leave between them: one part in so many. */
enum { SLACK = 24 };

typedef struct rehearsal {
    t2v_exec *exec;
    const t2v_model *model;
    const t2v_stream_params *params;
    const t2v_plan *plan;
    t2v_needs *needs;
    t2v_rehearsal counts;
    t2v_profile *profile;
    t2v_noise noise;
    t2v_dit_text *prompt, *negative;
    t2v_conditions given;
    int steps; /* of denoising, that were gone through */
} rehearsal;

/* ------------------------------------------------------------------ stages */

static void begin_stage(rehearsal *r)
{
    t2v_arena_free(&r->exec->arena);
    r->exec->arena.sparse = true;
    t2v_rehearsal_restart(&r->counts);
    memset(r->profile, 0, sizeof(*r->profile));
    t2v_profile_start(r->profile);
}

static void sum_operations(const t2v_profile *profile, double *operations)
{
    memset(operations, 0, T2V_OPERATIONS * sizeof(*operations));
    for (int i = 0; i < profile->count; i++)
        operations[profile->row[i].each.operation] += profile->row[i].each.operations;
}

static void end_stage(rehearsal *r, t2v_stage stage)
{
    t2v_stage_needs *needs = &r->needs->stage[stage];
    needs->scratch = r->exec->arena.peak;
    needs->state += r->counts.lasting;
    needs->weights = r->counts.weights;
    needs->layer = r->counts.layer;
    sum_operations(r->profile, needs->operations);
}

static bool is_guided(const rehearsal *r)
{
    return t2v_effective_guidance(r->model, r->params) > 1;
}

static t2v_status rehearse_text(rehearsal *r)
{
    const t2v_stream_params *p = r->params;
    begin_stage(r);
    T2V_TRY(t2v_prompt_encode(r->exec, r->model, p->prompt ? p->prompt : "", "prompt", NULL, NULL,
                              NULL, &r->prompt));
    if (is_guided(r))
        T2V_TRY(t2v_prompt_encode(r->exec, r->model, p->negative ? p->negative : "", "negative",
                                  NULL, NULL, NULL, &r->negative));
    end_stage(r, T2V_STAGE_TEXT);
    return T2V_OK;
}

static t2v_status rehearse_pictures(rehearsal *r)
{
    begin_stage(r);
    T2V_TRY(t2v_conditions_encode(r->exec, r->model, r->params, r->plan, &r->noise, &r->given));
    end_stage(r, T2V_STAGE_PICTURES);
    return T2V_OK;
}

/* One step is like the others, unless a second transformer takes the last ones. */
static t2v_status stop_early(void *opaque, int step, int steps)
{
    rehearsal *r = opaque;
    (void)steps;
    r->steps = step;
    return r->model->expert_component ? T2V_OK : T2V_END;
}

static t2v_latent_size largest_window(const t2v_plan *plan)
{
    t2v_latent_size size = plan->size;
    if (size.frames < plan->window_frames)
        size.frames = plan->window_frames;
    return size;
}

static t2v_status rehearse_steps(rehearsal *r)
{
    const t2v_latent_size size = largest_window(r->plan);
    const bool continues = r->needs->in_turn && !t2v_joins_by_picture(r->model);
    t2v_sigmas sigmas;
    t2v_window window = {
        .size = size,
        .known = continues ? r->plan->context : r->given.known,
        .middle = continues,
        .rate = (double)r->params->rate_num / r->params->rate_den,
        .steps = t2v_effective_schedule(r->model, r->params, &sigmas),
        .sigmas = &sigmas,
        .guidance = t2v_effective_guidance(r->model, r->params),
        .guidance_2 = t2v_effective_guidance_2(r->model, r->params),
        .prompt = r->prompt,
        .negative = r->negative,
        .goal = r->given.goal,
        .beside = r->given.beside,
        .picture = r->given.seen,
        .noise = &r->noise,
        .cache = t2v_cache_kind_from_name(r->params->cache),
        .cache_threshold = r->params->cache_threshold,
        .progress = stop_early,
        .opaque = r,
    };
    float *latents = t2v_calloc(t2v_latent_count(&size), sizeof(*latents));
    if (!latents)
        return t2v_fail_memory(r->exec->error, "the latents",
                               t2v_latent_count(&size) * sizeof(float));
    t2v_status status = t2v_denoise(r->exec, r->model, &window, latents);
    t2v_free(latents);
    return status == T2V_END ? T2V_OK : status;
}

static t2v_status rehearse_denoising(rehearsal *r)
{
    begin_stage(r);
    T2V_TRY(rehearse_steps(r));
    end_stage(r, T2V_STAGE_DENOISING);
    for (int i = 0; i < T2V_OPERATIONS; i++)
        r->needs->stage[T2V_STAGE_DENOISING].operations[i] /= r->steps;
    return T2V_OK;
}

/* ------------------------------------------------------------------ decoding */

static t2v_status ignore_picture(void *opaque, const float *rgb, int64_t height, int64_t width)
{
    (void)opaque, (void)rgb, (void)height, (void)width;
    return T2V_OK;
}

/* Operations of the second frame stand for all that follow. */
static t2v_status decode_frames(rehearsal *r, void *decoder, const float *latent, int64_t frames)
{
    double first[T2V_OPERATIONS], each[T2V_OPERATIONS];
    const int64_t count = frames < DECODED_FRAMES ? frames : DECODED_FRAMES;
    t2v_stage_needs *needs = &r->needs->stage[T2V_STAGE_DECODING];
    memset(each, 0, sizeof(each));
    for (int64_t i = 0; i < count; i++) {
        const t2v_arena_mark mark = t2v_arena_get_mark(&r->exec->arena);
        T2V_TRY(r->model->vae_class->decode(r->exec, decoder, latent, i == count - 1));
        t2v_arena_reset(&r->exec->arena, mark);
        if (i < 2)
            sum_operations(r->profile, i ? each : first);
    }
    end_stage(r, T2V_STAGE_DECODING);
    for (int i = 0; i < T2V_OPERATIONS; i++) {
        if (count > 1)
            needs->operations[i] = first[i] + (each[i] - first[i]) * (double)(frames - 1);
        needs->operations[i] *= (double)t2v_tiles_count(&r->needs->tiles);
    }
    return T2V_OK;
}

static t2v_status rehearse_decoding(rehearsal *r)
{
    const t2v_vae_class *vae = r->model->vae_class;
    const t2v_latent_size *size = &r->plan->size;
    const t2v_tile tile = t2v_tiles_largest(&r->needs->tiles);
    const t2v_decoder_params params = {
        .height = tile.height,
        .width = tile.width,
        .rng = &r->noise.rng,
        .sink = ignore_picture,
    };
    const size_t numbers = (size_t)(tile.height * tile.width * size->channels);
    float *latent = t2v_calloc(numbers, sizeof(*latent));
    void *decoder = NULL;
    begin_stage(r);
    t2v_status status = latent ? vae->decoder_create(r->exec, r->model->vae, &params, &decoder)
                               : t2v_fail_memory(r->exec->error, "the latents", numbers);
    if (status >= 0) {
        r->needs->stage[T2V_STAGE_DECODING].state = vae->decoder_bytes(decoder);
        if (t2v_tiles_count(&r->needs->tiles) > 1) /* and a picture to deliver them in */
            r->needs->stage[T2V_STAGE_DECODING].state +=
                t2v_decoding_video_bytes(r->model, r->plan, largest_window(r->plan).frames) +
                sizeof(float) * t2v_plan_picture_floats(r->plan);
        status = decode_frames(r, decoder, latent, size->frames);
    }
    vae->decoder_destroy(decoder);
    t2v_free(latent);
    return status;
}

/* Tiles as few as the limit allows, unless the options say. */
static t2v_status fit_tiles(rehearsal *r)
{
    t2v_needs *n = r->needs;
    const t2v_kept *kept = &r->model->kept;
    const bool may =
        r->model->limited && r->params->tile < 0 && t2v_plan_may_tile(r->model, r->plan);
    while (may && t2v_needs_reserve(n, T2V_STAGE_DECODING) > kept->limit &&
           t2v_tiles_divide(&n->tiles))
        T2V_TRY(rehearse_decoding(r));
    return T2V_OK;
}

t2v_tiles t2v_needs_tiles(const t2v_model *model, const t2v_stream_params *params,
                          const t2v_plan *plan)
{
    const t2v_latent_size *size = &plan->size;
    if (params->tile > 0)
        return t2v_tiles_of(&model->vae_info, size->height, size->width, params->tile);
    return t2v_tiles_whole(&model->vae_info, size->height, size->width);
}

/* ------------------------------------------------------------------ all of it */

/* Latents of this pass and the one before, those to decode, and what a solver remembers; a few
 * frames: more wait only where they are taken slower than they are made, which is seldom. */
static size_t count_others(const rehearsal *r)
{
    const t2v_latent_size size = largest_window(r->plan);
    const size_t latents = t2v_latent_count(&size) * sizeof(float);
    const size_t picture = 3 * sizeof(float) * (size_t)r->params->width * (size_t)r->params->height;
    const size_t pieces = (size_t)t2v_tokenizer_pieces(r->model->tokenizer);
    return PROCESS_BYTES + PIECE_BYTES * pieces + 8 * latents +
           (size_t)(t2v_frames_waiting(r->params->width, r->params->height, true) + 2) * picture;
}

static t2v_status rehearse(rehearsal *r)
{
    r->needs->in_turn = r->plan->chunks != 1 || r->plan->scenes;
    T2V_TRY(t2v_noise_open(&r->noise, NULL, 0, r->exec->error));
    T2V_TRY(rehearse_text(r));
    T2V_TRY(rehearse_pictures(r));
    T2V_TRY(rehearse_denoising(r));
    r->needs->text = t2v_dit_text_bytes(r->prompt) + t2v_dit_text_bytes(r->negative) +
                     t2v_dit_text_bytes(r->given.seen);
    r->needs->others = count_others(r);
    r->needs->tiles = t2v_needs_tiles(r->model, r->params, r->plan);
    T2V_TRY(rehearse_decoding(r));
    return fit_tiles(r);
}

t2v_status t2v_needs_rehearse(t2v_exec *exec, const t2v_model *model,
                              const t2v_stream_params *params, const t2v_plan *plan,
                              const t2v_conditions *given, t2v_needs *needs)
{
    rehearsal r = {.exec = exec, .model = model, .params = params, .plan = plan, .needs = needs};
    const t2v_arena arena = exec->arena;
    struct t2v_profile *const profile = exec->profile;
    memset(needs, 0, sizeof(*needs));
    r.profile = t2v_calloc(1, sizeof(*r.profile));
    if (!r.profile)
        return t2v_fail_memory(exec->error, "the rehearsal", sizeof(*r.profile));
    r.given.clip = given->clip;
    r.given.before = given->before;
    exec->arena = (t2v_arena){.sparse = true};
    exec->profile = r.profile;
    exec->rehearsal = &r.counts;
    t2v_status status = rehearse(&r);
    exec->rehearsal = NULL;
    exec->profile = profile;
    t2v_arena_free(&exec->arena);
    exec->arena = arena;
    model->family->dit->free_text(r.prompt);
    model->family->dit->free_text(r.negative);
    r.given.clip = NULL; /* the caller's */
    t2v_conditions_free(model, &r.given);
    t2v_noise_close(&r.noise);
    t2v_rehearsal_free(&r.counts);
    t2v_free(r.profile);
    return status;
}

/* ------------------------------------------------------------------ sums */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* In turn: everything is there all the time, and scratch memory a stack. */
static size_t working_in_turn(const t2v_needs *n)
{
    const t2v_stage_needs *s = n->stage;
    const size_t before = larger(s[T2V_STAGE_TEXT].scratch, s[T2V_STAGE_PICTURES].scratch);
    const size_t both = s[T2V_STAGE_DENOISING].scratch + s[T2V_STAGE_DECODING].scratch;
    const size_t states = s[T2V_STAGE_DENOISING].state + s[T2V_STAGE_DECODING].state;
    return n->others + n->text + states + larger(before, both);
}

size_t t2v_needs_working(const t2v_needs *n, t2v_stage stage)
{
    if (n->in_turn)
        return working_in_turn(n);
    return n->others + n->text + n->stage[stage].state + n->stage[stage].scratch;
}

static size_t with_slack(size_t bytes)
{
    return bytes + bytes / SLACK;
}

size_t t2v_needs_reserve(const t2v_needs *n, t2v_stage stage)
{
    size_t layer = n->stage[stage].layer;
    for (int i = 0; i < T2V_STAGES && n->in_turn; i++)
        layer = larger(layer, n->stage[i].layer);
    return with_slack(t2v_needs_working(n, stage)) + layer;
}

size_t t2v_needs_least(const t2v_needs *n, t2v_stage *stage)
{
    size_t least = 0;
    for (int i = 0; i < T2V_STAGES; i++) {
        const size_t reserve = t2v_needs_reserve(n, (t2v_stage)i);
        if (reserve > least)
            *stage = (t2v_stage)i;
        least = larger(least, reserve);
    }
    return least;
}

/* Weights of the text encoder go when it is done, the others stay. */
size_t t2v_needs_most(const t2v_needs *n, size_t limit)
{
    t2v_stage stage;
    size_t most = t2v_needs_least(n, &stage), kept = 0;
    for (int i = 0; i < T2V_STAGES; i++) {
        const size_t working = with_slack(t2v_needs_working(n, (t2v_stage)i));
        const size_t reserve = t2v_needs_reserve(n, (t2v_stage)i);
        kept += n->stage[i].weights;
        const size_t room = limit > reserve ? limit - reserve : 0;
        most = larger(most, kept <= room ? working + kept : reserve + room);
        kept = i == T2V_STAGE_TEXT ? 0 : kept < room ? kept : room;
    }
    return most;
}
