/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/generate.h"

#include <string.h>

#include "engine/condition.h"
#include "engine/denoise.h"
#include "engine/frame.h"
#include "engine/noise.h"
#include "engine/options.h"

/* One running generation. */
typedef struct generation {
    t2v_exec *exec;
    const t2v_model *model;
    const t2v_stream_params *params; /* as the stream was created */
    const t2v_plan *plan;
    const t2v_generation_host *host;
    t2v_tap tap;
    t2v_noise noise;
    t2v_stream_params live;  /* of the chunk at hand */
    char *prompt, *negative; /* that were encoded last */
    char prompt_hash[T2V_PROMPT_HASH_SIZE];
    t2v_dit_text *prompt_text, *negative_text;
    void *decoder;
    t2v_conditions given;
    float *latents; /* [C, window frames, H, W] */
    float *context; /* [C, context, H, W]: the end of the chunk before */
    int64_t chunk;
    int64_t frames; /* delivered */
    double done;    /* operations */
    double chunk_start;
    t2v_phase phase;
} generation;

int t2v_effective_steps(const t2v_model *model, const t2v_stream_params *params)
{
    return params->steps > 0 ? params->steps : model->defaults.steps;
}

double t2v_effective_guidance(const t2v_model *model, const t2v_stream_params *params)
{
    return params->guidance >= 0 ? params->guidance : model->defaults.guidance;
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
    t2v_prompt_hash(g->prompt, g->prompt_hash, sizeof(g->prompt_hash));
    if (t2v_effective_guidance(g->model, &g->live) > 1)
        T2V_TRY(encode(g, negative, "negative", NULL, "negative_embeds", &g->negative,
                       &g->negative_text));
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

static void on_step(void *opaque, int step, int steps)
{
    generation *g = opaque;
    const bool guided = t2v_effective_guidance(g->model, &g->live) > 1;
    g->done = g->chunk_start + step * denoise_operations(g->model, g->plan, g->chunk, guided);
    g->host->progress(g->host->opaque, T2V_PHASE_DENOISING, g->chunk, step, steps, g->done);
}

static t2v_status encode_conditions(generation *g)
{
    return t2v_conditions_encode(g->exec, g->model, g->params, g->plan, &g->noise, &g->given);
}

/* Noise, and in front of it what is known. */
static t2v_status start_latents(generation *g, const t2v_latent_size *size)
{
    const bool opening = g->chunk == 0, encodes_first = g->model->family->encodes_first;
    if (opening && encodes_first)
        T2V_TRY(encode_conditions(g));
    T2V_TRY(t2v_noise_fill(g->exec, &g->noise, "noise", size, false, g->latents));
    if (opening && !encodes_first)
        T2V_TRY(encode_conditions(g));
    if (!opening)
        copy_frames(g, g->context, g->plan->context, 0, g->latents, size->frames, g->plan->context);
    else if (g->given.first)
        copy_frames(g, g->given.first, 1, 0, g->latents, size->frames, 1);
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
static void set_goal(const generation *g, t2v_window *window)
{
    const int64_t ratio = g->model->vae_info.temporal_ratio;
    const int64_t start = t2v_plan_window_start(g->plan, g->chunk);
    const int64_t first = start ? (start - 1) * ratio + 1 : 0;
    if (g->chunk != g->plan->chunks - 1)
        return;
    window->goal = g->params->loop ? g->given.first : g->given.goal;
    window->goal_picture = g->params->frames - (g->params->loop ? 0 : 1) - first;
}

static t2v_status denoise_chunk(generation *g)
{
    const double guidance = t2v_effective_guidance(g->model, &g->live);
    t2v_window window = {
        .size = window_size(g->plan, g->chunk),
        .middle = g->chunk > 0,
        .rate = (double)g->params->rate_num / g->params->rate_den / g->live.speed,
        .steps = t2v_effective_steps(g->model, &g->live),
        .guidance = guidance,
        .prompt = g->prompt_text,
        .negative = guidance > 1 ? g->negative_text : NULL,
        .noise = &g->noise,
        .tap = &g->tap,
        .progress = on_step,
        .opaque = g,
    };
    const int64_t frames = window.size.frames, context = g->plan->context;
    T2V_TRY(start_latents(g, &window.size));
    window.known = g->chunk ? context : g->given.first ? 1 : 0;
    set_goal(g, &window);
    on_step(g, 0, window.steps);
    T2V_TRY(t2v_denoise(g->exec, g->model, &window, g->latents));
    T2V_TRY(keep_opening(g, &window.size));
    if (frames >= context)
        copy_frames(g, g->latents, frames, frames - context, g->context, context, context);
    return T2V_OK;
}

/* ------------------------------------------------------------------ pictures */

static double decode_timestep(const generation *g)
{
    double timestep = g->params->decode_timestep;
    return timestep >= 0 ? timestep : g->model->decode_timestep;
}

static t2v_status on_picture(void *opaque, const float *rgb, int64_t height, int64_t width)
{
    generation *g = opaque;
    t2v_frame *frame;
    if (g->params->frames >= 0 && g->frames >= g->params->frames)
        return T2V_OK; /* of the last latent frame, more than was asked for */
    T2V_TRY(t2v_frame_create(rgb, height, width, g->params->width, g->params->height, g->frames,
                             &frame, g->exec->error));
    memcpy(frame->prompt_hash, g->prompt_hash, sizeof(frame->prompt_hash));
    frame->alpha = strcmp(g->params->alpha, "luma") ? T2V_ALPHA_NONE : T2V_ALPHA_LUMA;
    T2V_TRY(g->host->deliver(g->host->opaque, frame, g->exec->error));
    g->frames++;
    return t2v_exec_check(g->exec);
}

static t2v_status start_decoder(generation *g)
{
    const t2v_decoder_params params = {
        .height = g->plan->size.height,
        .width = g->plan->size.width,
        .timestep = (float)decode_timestep(g),
        .rng = &g->noise.rng,
        .sink = on_picture,
        .opaque = g,
    };
    if (g->decoder)
        return T2V_OK;
    return g->model->family->vae->decoder_create(g->exec, g->model->vae, &params, &g->decoder);
}

/* A timestep-conditioned decoder gets some noise with the latents:
 * (1 − scale) · latents + scale · noise, after the normalisation is undone. */
static t2v_status mix_noise(generation *g, const t2v_latent_size *size, float *latents)
{
    const float scale = (float)(g->params->decode_noise_scale >= 0 ? g->params->decode_noise_scale
                                                                   : decode_timestep(g));
    const size_t count = t2v_latent_count(size);
    const int64_t positions = size->frames * size->height * size->width;
    float *noise = t2v_exec_floats(g->exec, count, 1);
    if (!noise)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_noise_fill(g->exec, &g->noise, "decode_noise", size, true, noise));
    for (int64_t i = 0; i < positions; i++)
        for (int64_t c = 0; c < size->channels; c++) {
            float *z = &latents[i * size->channels + c];
            *z = (1 - scale) * *z + scale * noise[c * positions + i];
        }
    return T2V_OK;
}

/* The chunk's new latent frames, one by one. */
static t2v_status decode_frames(generation *g, const float *latents, int64_t count)
{
    const t2v_vae_class *vae = g->model->family->vae;
    const int64_t frame = plane(g) * g->plan->size.channels;
    const bool last_chunk = g->plan->chunks >= 0 && g->chunk == g->plan->chunks - 1;
    g->host->progress(g->host->opaque, T2V_PHASE_DECODING, g->chunk, 0, 0, g->done);
    for (int64_t i = 0; i < count; i++) {
        bool enough = g->params->frames >= 0 && g->frames >= g->params->frames;
        if (enough)
            break;
        T2V_TRY(
            vae->decode(g->exec, g->decoder, latents + i * frame, 1, last_chunk && i == count - 1));
        g->done += decode_operations(g->model, g->plan);
        g->host->progress(g->host->opaque, T2V_PHASE_DECODING, g->chunk, 0, 0, g->done);
    }
    return T2V_OK;
}

static t2v_status decode_new(generation *g)
{
    t2v_latent_size size = window_size(g->plan, g->chunk);
    const int64_t frames = size.frames, fresh = t2v_plan_new_frames(g->plan, g->chunk);
    size.frames = fresh;
    float *chosen = t2v_exec_floats(g->exec, t2v_latent_count(&size), 1);
    float *latents = t2v_exec_floats(g->exec, t2v_latent_count(&size), 1);
    if (!chosen || !latents)
        return T2V_ERROR_MEMORY;
    copy_frames(g, g->latents, frames, frames - fresh, chosen, fresh, fresh);
    t2v_latents_denormalise(&size, &g->model->vae_info, chosen, latents);
    if (g->model->vae_info.timestep_conditioning)
        T2V_TRY(mix_noise(g, &size, latents));
    T2V_TRY(start_decoder(g));
    return decode_frames(g, latents, fresh);
}

static t2v_status decode_chunk(generation *g)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&g->exec->arena);
    t2v_status status = decode_new(g);
    t2v_arena_reset(&g->exec->arena, mark);
    return status;
}

/* ------------------------------------------------------------------ chunks */

static t2v_status run_chunk(generation *g)
{
    t2v_options_free(t2v_stream_options(), &g->live);
    T2V_TRY(g->host->options(g->host->opaque, &g->live, g->exec->error));
    T2V_TRY(encode_prompts(g));
    T2V_TRY(denoise_chunk(g));
    T2V_TRY(decode_chunk(g));
    const bool guided = t2v_effective_guidance(g->model, &g->live) > 1;
    g->chunk_start += t2v_chunk_operations(g->model, g->plan, g->chunk,
                                           t2v_effective_steps(g->model, &g->live), guided);
    g->done = g->chunk_start;
    return T2V_OK;
}

static t2v_status allocate(generation *g)
{
    t2v_latent_size size = g->plan->size;
    if (size.frames < g->plan->window_frames)
        size.frames = g->plan->window_frames;
    g->latents = t2v_calloc(t2v_latent_count(&size), sizeof(float));
    size.frames = g->plan->context;
    g->context = t2v_calloc(t2v_latent_count(&size), sizeof(float));
    return g->latents && g->context
               ? T2V_OK
               : t2v_fail_memory(g->exec->error, "the latents", t2v_latent_count(&size));
}

static t2v_status run(generation *g)
{
    T2V_TRY(allocate(g));
    while (g->plan->chunks < 0 || g->chunk < g->plan->chunks) {
        T2V_TRY(run_chunk(g));
        g->chunk++;
    }
    return T2V_OK;
}

t2v_status t2v_generate(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                        const t2v_plan *plan, int64_t seed, const t2v_generation_host *host)
{
    generation g = {
        .exec = exec,
        .model = model,
        .params = params,
        .plan = plan,
        .host = host,
        .tap = {params->tap, params->tap_opaque},
    };
    t2v_status status = t2v_noise_open(&g.noise, params->noise, seed, exec->error);
    if (status >= 0)
        status = run(&g);
    model->family->vae->decoder_destroy(g.decoder);
    model->family->dit->free_text(g.prompt_text);
    model->family->dit->free_text(g.negative_text);
    t2v_options_free(t2v_stream_options(), &g.live);
    t2v_conditions_free(&g.given);
    t2v_noise_close(&g.noise);
    t2v_free(g.latents);
    t2v_free(g.context);
    t2v_free(g.prompt);
    t2v_free(g.negative);
    return status;
}
