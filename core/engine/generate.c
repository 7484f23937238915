/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/generate.h"

#include <string.h>

#include "base/ranks.h"
#include "engine/anchor.h"
#include "engine/condition.h"
#include "engine/decode.h"
#include "engine/denoise.h"
#include "engine/motion_clock.h"
#include "engine/needs.h"
#include "engine/noise.h"
#include "engine/options.h"

/*
 * One running generation. While a chunk is denoised the one before is decoded, a latent frame
 * after some of the steps, so that frames come evenly. A scene that begins takes the place of what
 * is not decoded by then: the chunk at hand gives way, and the scene's first one continues from the
 * last latents that are to be seen.
 */
typedef struct generation {
    t2v_exec *exec;
    const t2v_model *model;
    const t2v_stream_params *params; /* as the stream was created */
    t2v_plan *plan; /* of its own: a video that goes on may have fewer pictures than planned */
    const t2v_generation_host *host;
    t2v_tap tap;
    t2v_noise noise;
    t2v_stream_params live;  /* of the chunk at hand */
    char *prompt, *negative; /* that were encoded last */
    t2v_dit_text *prompt_text, *negative_text;
    int64_t seed;            /* of the scene */
    t2v_motion_clock *clock; /* of the sound; NULL: none */
    double pace;             /* of the chunk at hand, by that clock */
    t2v_conditions given;
    t2v_decoding decoding;
    t2v_anchor anchor;
    float *latents;        /* [C, window frames, H, W]: of the chunk at hand */
    float *before;         /* likewise, of the one before */
    int64_t before_frames; /* latent frames in it */
    int64_t before_end;    /* how many of them count */
    int64_t begin;         /* number of the clip's first picture: of the last cut, or 0; below 0
                              what the video goes on from */
    bool joined;           /* the clip begins with the last picture shown before it */
    int64_t made;          /* latent frames from there on, without those that were dropped */
    int64_t chunk;         /* chunks before the one at hand */
    double done;           /* operations */
    bool denoising;
    bool gave_way;   /* the chunk at hand */
    t2v_needs needs; /* of memory, when `planned` */
    bool planned;
    size_t reserved; /* of it, at this stage */
} generation;

int t2v_effective_schedule(const t2v_model *model, const t2v_stream_params *params,
                           t2v_sigmas *sigmas)
{
    t2v_error error; /* what the option says was checked when it was set */
    if (t2v_sigmas_read(params->sigmas, sigmas, &error) < 0)
        sigmas->count = 0;
    if (!sigmas->count && params->steps < 0)
        *sigmas = model->sigmas;
    if (sigmas->count)
        return sigmas->count;
    return params->steps > 0 ? params->steps : model->defaults.steps;
}

int t2v_effective_steps(const t2v_model *model, const t2v_stream_params *params)
{
    t2v_sigmas sigmas;
    return t2v_effective_schedule(model, params, &sigmas);
}

double t2v_effective_guidance(const t2v_model *model, const t2v_stream_params *params)
{
    return params->guidance >= 0 ? params->guidance : model->defaults.guidance;
}

double t2v_effective_guidance_2(const t2v_model *model, const t2v_stream_params *params)
{
    return params->guidance_2 >= 0 ? params->guidance_2
           : params->guidance >= 0 ? params->guidance
                                   : model->defaults.guidance_2;
}

static t2v_latent_size window_size(const t2v_plan *plan, int64_t index)
{
    t2v_latent_size size = plan->size;
    if (index > 0)
        size.frames = plan->window_frames;
    return size;
}

static double denoise_operations(const t2v_model *model, const t2v_plan *plan, int64_t index,
                                 bool guided)
{
    const t2v_latent_size size = window_size(plan, index);
    const double tokens = (double)t2v_token_count(&size);
    return (guided ? 2 : 1) * tokens *
           (model->dit_info.operations_per_token +
            model->dit_info.operations_per_pair * (tokens + model->family->text_length));
}

static double decode_operations(const t2v_model *model, const t2v_plan *plan)
{
    return model->vae_info.operations_per_position * (double)(plan->size.height * plan->size.width);
}

double t2v_chunk_operations(const t2v_model *model, const t2v_plan *plan, int64_t index, int steps,
                            bool guided)
{
    return steps * denoise_operations(model, plan, index, guided) +
           decode_operations(model, plan) * (double)t2v_plan_new_frames(plan, index);
}

/* ------------------------------------------------------------------ memory */

static t2v_status check_limit(const generation *g)
{
    static const char *const stage_name[T2V_STAGES] = {"encoding the prompt", "encoding pictures",
                                                       "denoising", "decoding"};
    const double gigabyte = 1e9;
    t2v_stage stage;
    const size_t least = t2v_needs_least(&g->needs, &stage), limit = g->model->kept.limit;
    if (!g->model->limited || least <= limit)
        return T2V_OK;
    return t2v_fail(g->exec->error, T2V_ERROR_ARGUMENT,
                    "max_memory: %.2f GB are too few for %lld frames of %lldx%lld in one pass; %s "
                    "takes %.2f GB",
                    (double)limit / gigabyte,
                    (long long)t2v_plan_pictures(g->model, g->plan->size.frames),
                    (long long)g->plan->picture_width, (long long)g->plan->picture_height,
                    stage_name[stage], (double)least / gigabyte);
}

/* A model whose weights are few needs no plan. */
static t2v_status plan_memory(generation *g)
{
    g->planned = t2v_model_plans_memory(g->model);
    g->needs.tiles = t2v_needs_tiles(g->model, g->params, g->plan);
    if (g->planned) {
        T2V_TRY(t2v_needs_rehearse(g->exec, g->model, g->params, g->plan, &g->given, &g->needs));
        T2V_TRY(check_limit(g));
        if (g->params->ranks) /* bands of a picture are those of the same tile */
            T2V_TRY(t2v_ranks_agree(g->params->ranks, &g->needs.tiles, sizeof(g->needs.tiles),
                                    g->exec->error));
    }
    g->decoding.tiles = g->needs.tiles;
    if (t2v_tiles_count(&g->needs.tiles) <= 1)
        return T2V_OK;
    t2v_log_write(&g->model->log, T2V_LOG_DEBUG, "decoding in %lld rows and %lld columns",
                  (long long)g->needs.tiles.rows, (long long)g->needs.tiles.columns);
    if (!t2v_joins_by_picture(g->model)) /* a scene that begins would be another pass */
        g->plan->window_frames = 0;
    return T2V_OK;
}

/* Kept weights leave room for what the stage works with. What one stage worked with the next does
 * without, unless they come in turn. */
static void enter_stage(generation *g, t2v_stage stage)
{
    if (!g->planned)
        return;
    if (!g->needs.in_turn && !g->exec->arena.used)
        t2v_arena_free(&g->exec->arena);
    t2v_kept_reserve(g->exec->kept, &g->reserved, t2v_needs_reserve(&g->needs, stage));
}

/* ------------------------------------------------------------------ prompt */

/* Encodes a text unless it is the one encoded last. */
static t2v_status encode(generation *g, const char *text, const char *option, const char *ids,
                         const char *embeddings, char **last, t2v_dit_text **out)
{
    const t2v_dit_class *dit = g->model->family->dit;
    if (*out && !strcmp(*last, text))
        return T2V_OK;
    char *copy = t2v_strdup(text);
    t2v_dit_text *fresh = NULL;
    enter_stage(g, T2V_STAGE_TEXT);
    t2v_status status =
        copy ? t2v_prompt_encode(g->exec, g->model, text, option, &g->tap, ids, embeddings, &fresh)
             : t2v_fail_memory(g->exec->error, option, strlen(text));
    if (status < 0) {
        t2v_free(copy);
        return status;
    }
    t2v_free(*last);
    dit->free_text(*out);
    *last = copy;
    *out = fresh;
    return T2V_OK;
}

static t2v_status encode_prompts(generation *g)
{
    const char *prompt = g->live.prompt ? g->live.prompt : "";
    const char *negative = g->live.negative ? g->live.negative : "";
    T2V_TRY(encode(g, prompt, "prompt", "token_ids", "prompt_embeds", &g->prompt, &g->prompt_text));
    if (t2v_effective_guidance(g->model, &g->live) > 1)
        T2V_TRY(encode(g, negative, "negative", NULL, "negative_embeds", &g->negative,
                       &g->negative_text));
    t2v_t5_forget(g->model->t5);
    return T2V_OK;
}

/* ------------------------------------------------------------------ latents */

static int64_t plane(const generation *g)
{
    return g->plan->size.height * g->plan->size.width;
}

/* Copies frames between two latents [C, F, H, W] of different lengths. */
static void copy_frames(const generation *g, const float *from, int64_t from_frames,
                        int64_t from_first, float *to, int64_t to_frames, int64_t count)
{
    for (int64_t c = 0; c < g->plan->size.channels; c++)
        memcpy(to + c * to_frames * plane(g), from + (c * from_frames + from_first) * plane(g),
               (size_t)(count * plane(g)) * sizeof(float));
}

/* ------------------------------------------------------------------ pictures and scenes */

/* Latent frames that wait to be decoded. */
static int64_t pending(const generation *g)
{
    return g->decoding.count - g->decoding.next;
}

/* Number of the first picture behind `latents` latent frames. */
static int64_t pictures_end(const generation *g, int64_t latents)
{
    return g->begin + (latents ? t2v_plan_pictures(g->model, latents) : g->joined);
}

/* Number of the first frame behind them: the same, unless a sound leaves pictures out, or they
 * come before the first frame. */
static int64_t frames_end(const generation *g, int64_t latents)
{
    const int64_t end = pictures_end(g, latents);
    return t2v_motion_clock_frame(g->clock, end > 0 ? end : 0);
}

static int64_t decoded_end(const generation *g)
{
    return frames_end(g, g->made - pending(g));
}

static int64_t made_end(const generation *g)
{
    return frames_end(g, g->made);
}

static bool is_complete(const generation *g)
{
    return g->params->frames >= 0 && made_end(g) >= g->params->frames;
}

/* All is shown, which is more than made: a scene may have taken the place of the last pictures. */
static bool is_over(const generation *g)
{
    return g->params->frames >= 0 && g->decoding.frames >= g->params->frames;
}

/* While a chunk is denoised, that is what is reported. */
static void report_decoding(const generation *g)
{
    if (!g->denoising)
        g->host->progress(g->host->opaque, T2V_PHASE_DECODING, g->chunk - 1, 0, 0, g->done);
}

/* A latent frame of a tile is decoded. */
static void on_tile(void *opaque)
{
    generation *g = opaque;
    g->done += decode_operations(g->model, g->plan) / (double)t2v_tiles_count(&g->decoding.tiles);
    report_decoding(g);
}

static t2v_status decode_one(generation *g)
{
    t2v_decoding *d = &g->decoding;
    bool joins, flush = false;
    const int64_t due = g->host->next_scene(g->host->opaque, decoded_end(g), &joins);
    d->end = g->params->frames >= 0 ? g->params->frames : INT64_MAX;
    if (!joins && due > decoded_end(g) && g->plan->window_frames) {
        /* the frames end where the next scene begins */
        flush = frames_end(g, g->made - pending(g) + 1) >= due;
        d->end = due < d->end ? due : d->end;
    }
    report_decoding(g);
    T2V_TRY(t2v_decoding_step(d, flush));
    if (t2v_tiles_count(&d->tiles) <= 1)
        g->done += decode_operations(g->model, g->plan);
    report_decoding(g);
    return T2V_OK;
}

/* Something of the chunk before is to be seen first, so that prompts that come faster than pictures
 * do not stop the stream; and there is enough to continue from. What the video goes on from stays.
 */
static bool can_give_way(const generation *g)
{
    return g->decoding.next > 0 && g->before_end - pending(g) >= g->plan->context &&
           pictures_end(g, g->made - pending(g)) >= 0 && g->plan->window_frames > 0;
}

/* What is not decoded will not be. */
static void give_way(generation *g)
{
    g->before_end -= pending(g);
    g->made -= pending(g);
    t2v_decoding_drop(&g->decoding);
    g->gave_way = true;
}

/* Gives way when a scene begins with the next picture. */
static bool meets_scene(generation *g, int64_t *due)
{
    bool joins;
    *due = g->host->next_scene(g->host->opaque, decoded_end(g), &joins);
    if (*due > decoded_end(g) || !can_give_way(g))
        return false;
    give_way(g);
    return true;
}

/* Decodes up to the next scene, when that begins within what is made, or up to the end. */
static t2v_status catch_up(generation *g)
{
    int64_t due;
    while (pending(g) && !meets_scene(g, &due)) {
        if (is_over(g) || (!is_complete(g) && due > made_end(g)))
            break;
        T2V_TRY(decode_one(g));
    }
    return T2V_OK;
}

/* The chunk before is decoded in even parts: the first before the first step. */
static t2v_status decode_part(generation *g, int step, int steps)
{
    const int64_t count = g->decoding.count;
    int64_t due;
    while (g->decoding.next < count && g->decoding.next <= step * count / steps) {
        if (meets_scene(g, &due))
            return T2V_INTERRUPTED;
        T2V_TRY(decode_one(g));
    }
    return meets_scene(g, &due) ? T2V_INTERRUPTED : T2V_OK;
}

static t2v_status on_step(void *opaque, int step, int steps)
{
    generation *g = opaque;
    const bool guided = t2v_effective_guidance(g->model, &g->live) > 1;
    if (step)
        g->done += denoise_operations(g->model, g->plan, g->chunk, guided);
    g->host->progress(g->host->opaque, T2V_PHASE_DENOISING, g->chunk, step, steps, g->done);
    return decode_part(g, step, steps);
}

/* ------------------------------------------------------------------ denoising */

static t2v_status encode_conditions(generation *g)
{
    enter_stage(g, T2V_STAGE_PICTURES);
    return t2v_conditions_encode(g->exec, g->model, g->params, g->plan, &g->noise, &g->given);
}

/* A chunk that begins with what the options name, or with the last picture of the one before. */
static bool begins_with_pictures(const generation *g)
{
    return g->chunk == 0 || g->joined;
}

/* Noise, and in front of it what is known. */
static t2v_status start_latents(generation *g, const t2v_latent_size *size)
{
    const bool opening = begins_with_pictures(g);
    const bool encodes_first = g->model->family->encodes_first;
    const int64_t context = g->plan->context;
    if (opening && encodes_first)
        T2V_TRY(encode_conditions(g));
    T2V_TRY(t2v_noise_fill(g->exec, &g->noise, "noise", size, false, g->latents));
    if (opening && !encodes_first)
        T2V_TRY(encode_conditions(g));
    if (g->made)
        copy_frames(g, g->before, g->before_frames, g->before_end - context, g->latents,
                    size->frames, context);
    else if (opening && g->given.first)
        copy_frames(g, g->given.first, g->given.known, 0, g->latents, size->frames, g->given.known);
    return T2V_OK;
}

/* What a looping stream started with, when it was no picture. */
static t2v_status keep_opening(generation *g, const t2v_latent_size *size)
{
    if (g->chunk || !g->params->loop || g->given.first)
        return T2V_OK;
    g->given.first = t2v_calloc((size_t)(size->channels * plane(g)), sizeof(float));
    if (!g->given.first)
        return t2v_fail_memory(g->exec->error, "the first frame", 0);
    copy_frames(g, g->latents, size->frames, 0, g->given.first, 1, 1);
    return T2V_OK;
}

/* What the last chunk leads to: a picture for its last frame, or for the one behind it. */
static void set_goal(const generation *g, t2v_window *window, int64_t fresh)
{
    const int64_t ratio = g->model->vae_info.temporal_ratio;
    const int64_t first = g->made ? made_end(g) - g->plan->context * ratio : g->begin;
    if (g->params->frames < 0 || pictures_end(g, g->made + fresh) < g->params->frames)
        return;
    window->goal = g->params->loop ? g->given.first : g->given.goal;
    window->goal_picture = g->params->frames - (g->params->loop ? 0 : 1) - first;
}

static t2v_status denoise(generation *g, const t2v_latent_size *size, int64_t fresh)
{
    const double guidance = t2v_effective_guidance(g->model, &g->live);
    t2v_sigmas sigmas;
    t2v_window window = {
        .size = *size,
        .middle = g->made > 0,
        .rate = (double)g->params->rate_num / g->params->rate_den / (g->live.speed * g->pace),
        .steps = t2v_effective_schedule(g->model, &g->live, &sigmas),
        .sigmas = &sigmas,
        .guidance = guidance,
        .guidance_2 = t2v_effective_guidance_2(g->model, &g->live),
        .cache = t2v_cache_kind_from_name(g->live.cache),
        .cache_threshold = g->live.cache_threshold,
        .prompt = g->prompt_text,
        .negative = guidance > 1 ? g->negative_text : NULL,
        .noise = &g->noise,
        .ranks = g->params->ranks,
        .tap = &g->tap,
        .progress = on_step,
        .opaque = g,
    };
    T2V_TRY(start_latents(g, size));
    window.known = g->made ? g->plan->context : begins_with_pictures(g) ? g->given.known : 0;
    window.beside = g->given.beside;
    window.picture = g->given.seen;
    set_goal(g, &window, fresh);
    enter_stage(g, T2V_STAGE_DENOISING);
    T2V_TRY(on_step(g, 0, window.steps));
    T2V_TRY(t2v_denoise(g->exec, g->model, &window, g->latents));
    if (!window.goal)
        t2v_anchor_hold(&g->anchor, size, window.known, g->latents);
    return T2V_OK;
}

/* The new chunk is the one before from here on. */
static t2v_status take_latents(generation *g, const t2v_latent_size *size, int64_t fresh)
{
    t2v_decoding *d = &g->decoding;
    float *latents = g->latents;
    T2V_TRY(keep_opening(g, size));
    g->latents = g->before;
    g->before = latents;
    g->before_frames = g->before_end = size->frames;
    g->made += fresh;
    g->chunk++;
    d->last = is_complete(g);
    d->seed = g->seed;
    t2v_prompt_hash(g->prompt, d->prompt_hash, sizeof(d->prompt_hash));
    enter_stage(g, T2V_STAGE_DECODING);
    return t2v_decoding_take(d, latents, size->frames, fresh);
}

/* ------------------------------------------------------------------ chunks */

/* A scene that is asked for while chunks are made. */
static t2v_status begin_scene(generation *g, const t2v_scene *scene)
{
    while (pending(g) && !can_give_way(g))
        T2V_TRY(decode_one(g));
    if (pending(g))
        give_way(g);
    if (scene->transition == T2V_TRANSITION_MORPH)
        return T2V_OK;
    T2V_TRY(t2v_decoding_restart(&g->decoding, scene->transition == T2V_TRANSITION_FADE));
    g->begin = g->decoding.pictures;
    g->joined = false;
    g->made = 0;
    return T2V_OK;
}

/*
 * Models that were trained to go on from a picture: the chunk becomes a clip that begins with the
 * last one shown, which is not shown again. After a cut only those do that cannot do without.
 */
static t2v_status join_by_picture(generation *g)
{
    t2v_decoding *d = &g->decoding;
    const bool cut = !g->made && !g->joined;
    if (!d->joint || !g->chunk || (cut && g->model->pictures != T2V_PICTURES_BESIDE))
        return T2V_OK;
    while (pending(g))
        T2V_TRY(decode_one(g));
    T2V_TRY(t2v_decoding_restart(d, false));
    d->first = d->pictures;
    g->begin = --d->pictures;
    g->joined = true;
    g->made = 0;
    t2v_conditions_free(g->model, &g->given);
    g->given.joint = d->joint;
    return T2V_OK;
}

/* Number of the next chunk's first picture. A scene that does not join took the place of pictures
 * that were made. */
static int64_t chunk_begin(const generation *g)
{
    const int64_t made = made_end(g), shown = g->decoding.frames;
    bool joins;
    g->host->next_scene(g->host->opaque, made, &joins);
    return joins || pending(g) || shown > made ? made : shown;
}

static void enter_scene(generation *g, const t2v_scene *scene)
{
    char name[T2V_ANCHOR_NAME];
    if (g->model->steady <= 0)
        return;
    t2v_prompt_hash(g->live.prompt ? g->live.prompt : "", name, sizeof(name));
    t2v_anchor_enter(&g->anchor, name, g->chunk && scene->transition == T2V_TRANSITION_MORPH);
}

static t2v_status begin_chunk(generation *g)
{
    const int64_t begin = chunk_begin(g);
    t2v_scene scene;
    t2v_options_free(t2v_stream_options(), &g->live);
    T2V_TRY(g->host->options(g->host->opaque, begin, &g->live, &scene, g->exec->error));
    if (scene.begins || !g->chunk)
        enter_scene(g, &scene);
    if (scene.begins && g->chunk && g->plan->window_frames)
        T2V_TRY(begin_scene(g, &scene));
    if (scene.begins && scene.seed >= 0) {
        g->seed = scene.seed;
        t2v_rng_seed(&g->noise.rng, (uint64_t)g->seed);
    }
    T2V_TRY(join_by_picture(g));
    return encode_prompts(g);
}

static t2v_status run_chunk(generation *g)
{
    T2V_TRY(begin_chunk(g));
    const t2v_latent_size size = window_size(g->plan, g->chunk);
    const int64_t fresh = g->made ? size.frames - g->plan->context : size.frames;
    T2V_TRY(t2v_motion_clock_plan(g->clock, pictures_end(g, g->made + fresh), g->live.audio_amount,
                                  &g->pace, g->exec->error));
    g->gave_way = false;
    g->denoising = true;
    t2v_status status = denoise(g, &size, fresh);
    g->denoising = false;
    if (g->gave_way && status == T2V_INTERRUPTED)
        return T2V_OK;
    return status < 0 ? status : take_latents(g, &size, fresh);
}

static t2v_status allocate(generation *g)
{
    t2v_latent_size size = g->plan->size;
    if (size.frames < g->plan->window_frames)
        size.frames = g->plan->window_frames;
    g->latents = t2v_calloc(t2v_latent_count(&size), sizeof(float));
    g->before = t2v_calloc(t2v_latent_count(&size), sizeof(float));
    const bool joins = t2v_joins_by_picture(g->model) && g->plan->window_frames;
    if (joins)
        g->decoding.joint = t2v_calloc(t2v_plan_picture_floats(g->plan), sizeof(float));
    return g->latents && g->before && (!joins || g->decoding.joint)
               ? T2V_OK
               : t2v_fail_memory(g->exec->error, "the latents", t2v_latent_count(&size));
}

static t2v_status run(generation *g)
{
    const t2v_stream_params *p = g->params;
    T2V_TRY(t2v_motion_clock_open(p->audio, p->rate_num, p->rate_den, p->frames,
                                  g->model->vae_info.temporal_ratio, g->exec->interrupted,
                                  &g->clock, g->exec->error));
    g->decoding.clock = g->clock;
    T2V_TRY(t2v_conditions_read(g->exec, g->model, p, g->plan, &g->given));
    T2V_TRY(plan_memory(g));
    T2V_TRY(allocate(g));
    T2V_TRY(t2v_anchor_init(&g->anchor, g->model->steady, g->plan->size.channels, g->exec->error));
    g->begin = g->decoding.pictures = -g->given.before;
    for (;;) {
        T2V_TRY(catch_up(g));
        if (is_over(g))
            return T2V_OK;
        T2V_TRY(run_chunk(g));
    }
}

t2v_status t2v_generate(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                        const t2v_plan *plan, int64_t seed, const t2v_generation_host *host)
{
    t2v_plan own_plan = *plan;
    generation g = {
        .exec = exec,
        .model = model,
        .params = params,
        .plan = &own_plan,
        .host = host,
        .tap = {params->tap, params->tap_opaque},
        .seed = seed,
    };
    g.decoding = (t2v_decoding){
        .exec = exec,
        .model = model,
        .params = params,
        .plan = &own_plan,
        .noise = &g.noise,
        .deliver = host->deliver,
        .opaque = host->opaque,
        .advance = on_tile,
        .advance_opaque = &g,
    };
    t2v_status status = t2v_noise_open(&g.noise, params->noise, seed, exec->error);
    if (status >= 0)
        status = run(&g);
    t2v_decoding_free(&g.decoding);
    t2v_kept_reserve(exec->kept, &g.reserved, 0);
    model->family->dit->free_text(g.prompt_text);
    model->family->dit->free_text(g.negative_text);
    t2v_options_free(t2v_stream_options(), &g.live);
    t2v_conditions_free(model, &g.given);
    t2v_noise_close(&g.noise);
    t2v_anchor_free(&g.anchor);
    t2v_motion_clock_close(&g.clock);
    t2v_free(g.latents);
    t2v_free(g.before);
    t2v_free(g.prompt);
    t2v_free(g.negative);
    return status;
}
