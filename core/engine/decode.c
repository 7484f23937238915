/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decode.h"

#include <string.h>

static int64_t plane(const t2v_decoding *d)
{
    return d->plan->size.height * d->plan->size.width;
}

static size_t picture_floats(const t2v_decoding *d)
{
    return 3 * (size_t)d->params->width * (size_t)d->params->height;
}

/* ------------------------------------------------------------------ pictures */

static t2v_status keep_shown(t2v_decoding *d, const t2v_frame *frame)
{
    if (!d->shown)
        d->shown = t2v_alloc(picture_floats(d) * sizeof(*d->shown));
    if (!d->shown)
        return t2v_fail_memory(d->exec->error, "a frame", picture_floats(d) * sizeof(float));
    memcpy(d->shown, frame->rgb, picture_floats(d) * sizeof(float));
    return T2V_OK;
}

/* A fade's picture k of n, from 1, is k/(n+1) of the new clip. */
static void mix(t2v_decoding *d, t2v_frame *frame)
{
    const float weight = 1 - (float)d->fade_left / (float)(d->fade + 1);
    if (!d->fade_left)
        return;
    for (size_t i = 0; i < picture_floats(d); i++)
        frame->rgb[i] = d->from[i] + weight * (frame->rgb[i] - d->from[i]);
    d->fade_left--;
}

static t2v_status on_picture(void *opaque, const float *rgb, int64_t height, int64_t width)
{
    t2v_decoding *d = opaque;
    const t2v_stream_params *p = d->params;
    t2v_frame *frame;
    const int64_t picture = d->pictures++;
    if (d->frames >= d->end)
        return T2V_OK; /* of the last latent frame, more than was asked for */
    if (d->joint)
        memcpy(d->joint, rgb, 3 * (size_t)(height * width) * sizeof(*rgb));
    if (picture < d->first)
        return t2v_exec_check(d->exec);
    if (!t2v_motion_clock_shows(d->clock, picture))
        return t2v_exec_check(d->exec);
    T2V_TRY(t2v_frame_create(rgb, height, width, p->width, p->height, d->frames, &frame,
                             d->exec->error));
    memcpy(frame->prompt_hash, d->prompt_hash, sizeof(frame->prompt_hash));
    frame->seed = d->seed;
    frame->alpha = strcmp(p->alpha, "luma") ? T2V_ALPHA_NONE : T2V_ALPHA_LUMA;
    mix(d, frame);
    t2v_status status = keep_shown(d, frame);
    if (status < 0) {
        t2v_frame_release(&frame);
        return status;
    }
    T2V_TRY(d->deliver(d->opaque, frame, d->exec->error));
    d->frames++;
    return t2v_exec_check(d->exec);
}

/* ------------------------------------------------------------------ latents */

static double decode_timestep(const t2v_decoding *d)
{
    double timestep = d->params->decode_timestep;
    return timestep >= 0 ? timestep : d->model->decode_timestep;
}

/* For latents of that size. */
static t2v_status begin_decoder(t2v_decoding *d, int64_t height, int64_t width, t2v_picture_fn sink,
                                t2v_band_decoder *decoder)
{
    const t2v_decoder_params params = {
        .height = height,
        .width = width,
        .timestep = (float)decode_timestep(d),
        .rng = &d->noise->rng,
        .sink = sink,
        .opaque = d,
    };
    return t2v_band_decoder_begin(d->exec, decoder, d->model->vae_class, d->model->vae,
                                  d->params->ranks, &params);
}

static t2v_status start_decoder(t2v_decoding *d)
{
    const t2v_latent_size *size = &d->plan->size;
    if (d->decoder.decoder)
        return T2V_OK;
    return begin_decoder(d, size->height, size->width, on_picture, &d->decoder);
}

/* A timestep-conditioned decoder gets some noise with the latents:
 * (1 − scale) · latents + scale · noise, after the normalisation is undone. */
static t2v_status mix_noise(t2v_decoding *d, const t2v_latent_size *size)
{
    const float scale = (float)(d->params->decode_noise_scale >= 0 ? d->params->decode_noise_scale
                                                                   : decode_timestep(d));
    const size_t count = t2v_latent_count(size);
    const int64_t positions = size->frames * size->height * size->width;
    float *noise = t2v_exec_floats(d->exec, count, 1);
    if (!noise)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_noise_fill(d->exec, d->noise, "decode_noise", size, true, noise));
    for (int64_t i = 0; i < positions; i++)
        for (int64_t c = 0; c < size->channels; c++) {
            float *z = &d->latents[i * size->channels + c];
            *z = (1 - scale) * *z + scale * noise[c * positions + i];
        }
    return T2V_OK;
}

/* ------------------------------------------------------------------ tiles */

size_t t2v_decoding_video_bytes(const t2v_model *model, const t2v_plan *plan, int64_t latents)
{
    const size_t pictures = (size_t)t2v_plan_pictures(model, latents);
    return pictures * t2v_plan_picture_floats(plan) * sizeof(uint16_t);
}

static t2v_status on_tile_picture(void *opaque, const float *rgb, int64_t height, int64_t width)
{
    t2v_decoding *d = opaque;
    (void)height, (void)width;
    t2v_tiles_add(d->exec, &d->tiles, d->tile, rgb,
                  d->video + (size_t)d->tile_pictures++ * t2v_plan_picture_floats(d->plan));
    return t2v_exec_check(d->exec);
}

static t2v_status run_tile(t2v_decoding *d, t2v_band_decoder *decoder, float *latent)
{
    const int64_t channels = d->plan->size.channels;
    for (int64_t i = 0; i < d->count; i++) {
        t2v_tiles_cut(&d->tiles, d->tile, channels, d->latents + i * plane(d) * channels, latent);
        t2v_kept_pass(d->exec->kept);
        T2V_TRY(t2v_band_decoder_run(decoder, latent, i == d->count - 1));
        if (d->advance)
            d->advance(d->advance_opaque);
    }
    return T2V_OK;
}

static t2v_status decode_tile(t2v_decoding *d)
{
    const t2v_tile tile = t2v_tiles_at(&d->tiles, d->tile);
    t2v_arena_mark mark = t2v_arena_get_mark(&d->exec->arena);
    t2v_band_decoder decoder = {0};
    float *latent = t2v_exec_floats(d->exec, (size_t)(tile.height * tile.width),
                                    (size_t)d->plan->size.channels);
    d->tile_pictures = 0;
    t2v_status status = latent
                            ? begin_decoder(d, tile.height, tile.width, on_tile_picture, &decoder)
                            : T2V_ERROR_MEMORY;
    if (status >= 0)
        status = run_tile(d, &decoder, latent);
    t2v_band_decoder_end(&decoder);
    t2v_arena_reset(&d->exec->arena, mark);
    return status;
}

static t2v_status deliver_video(t2v_decoding *d)
{
    const size_t floats = t2v_plan_picture_floats(d->plan);
    float *rgb = t2v_exec_floats(d->exec, floats, 1);
    if (!rgb)
        return T2V_ERROR_MEMORY;
    for (int64_t i = 0; i < d->tile_pictures; i++) {
        const uint16_t *levels = d->video + (size_t)i * floats;
        for (size_t j = 0; j < floats; j++)
            rgb[j] = (float)levels[j] / 65535;
        T2V_TRY(on_picture(d, rgb, d->plan->picture_height, d->plan->picture_width));
    }
    return T2V_OK;
}

/* One tile from the first frame to the last, then the next: what a decoder carries from frame to
 * frame is most of its memory. */
static t2v_status decode_tiles(t2v_decoding *d)
{
    const size_t bytes = t2v_decoding_video_bytes(d->model, d->plan, d->count);
    d->video = t2v_alloc_pages(bytes);
    if (!d->video)
        return t2v_fail_memory(d->exec->error, "the tiles", bytes);
    t2v_status status = T2V_OK;
    for (d->tile = 0; d->tile < t2v_tiles_count(&d->tiles) && status >= 0; d->tile++)
        status = decode_tile(d);
    t2v_arena_mark mark = t2v_arena_get_mark(&d->exec->arena);
    if (status >= 0)
        status = deliver_video(d);
    t2v_arena_reset(&d->exec->arena, mark);
    t2v_free_pages(d->video, bytes);
    d->video = NULL;
    d->next = d->count;
    return status;
}

/* ------------------------------------------------------------------ taking and giving */

static t2v_status reserve(t2v_decoding *d, const t2v_latent_size *size)
{
    if (size->frames <= d->capacity)
        return T2V_OK;
    t2v_free(d->latents);
    d->capacity = 0;
    d->latents = t2v_calloc(t2v_latent_count(size), sizeof(*d->latents));
    if (!d->latents)
        return t2v_fail_memory(d->exec->error, "the latents", t2v_latent_count(size));
    d->capacity = size->frames;
    return T2V_OK;
}

static t2v_status take(t2v_decoding *d, const float *latents, int64_t frames, int64_t fresh)
{
    t2v_latent_size size = d->plan->size;
    size.frames = fresh;
    T2V_TRY(reserve(d, &size));
    float *chosen = t2v_exec_floats(d->exec, t2v_latent_count(&size), 1);
    if (!chosen)
        return T2V_ERROR_MEMORY;
    for (int64_t c = 0; c < size.channels; c++)
        memcpy(chosen + c * fresh * plane(d), latents + (c * frames + frames - fresh) * plane(d),
               (size_t)(fresh * plane(d)) * sizeof(float));
    t2v_latents_denormalise(&size, &d->model->vae_info, chosen, d->latents);
    if (d->model->vae_info.timestep_conditioning)
        T2V_TRY(mix_noise(d, &size));
    if (t2v_tiles_count(&d->tiles) <= 1)
        T2V_TRY(start_decoder(d));
    d->count = fresh;
    d->next = 0;
    return T2V_OK;
}

t2v_status t2v_decoding_take(t2v_decoding *d, const float *latents, int64_t frames, int64_t fresh)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&d->exec->arena);
    t2v_status status = take(d, latents, frames, fresh);
    t2v_arena_reset(&d->exec->arena, mark);
    return status;
}

t2v_status t2v_decoding_step(t2v_decoding *d, bool flush)
{
    if (t2v_tiles_count(&d->tiles) > 1)
        return decode_tiles(d);
    const float *latent = d->latents + d->next * plane(d) * d->plan->size.channels;
    d->next++;
    t2v_kept_pass(d->exec->kept);
    return t2v_band_decoder_run(&d->decoder, latent, flush || (d->last && d->next == d->count));
}

void t2v_decoding_drop(t2v_decoding *d)
{
    d->count = d->next = 0;
}

t2v_status t2v_decoding_restart(t2v_decoding *d, bool fade)
{
    t2v_band_decoder_end(&d->decoder);
    d->pictures = t2v_motion_clock_next_picture(d->clock, d->frames);
    d->fade_left = 0;
    if (!fade || !d->shown)
        return T2V_OK;
    if (!d->from)
        d->from = t2v_alloc(picture_floats(d) * sizeof(*d->from));
    if (!d->from)
        return t2v_fail_memory(d->exec->error, "a frame", picture_floats(d) * sizeof(float));
    memcpy(d->from, d->shown, picture_floats(d) * sizeof(float));
    d->fade = (d->params->rate_num + d->params->rate_den / 2) / d->params->rate_den;
    d->fade_left = d->fade;
    return T2V_OK;
}

void t2v_decoding_free(t2v_decoding *d)
{
    t2v_band_decoder_end(&d->decoder);
    t2v_free(d->latents);
    t2v_free(d->shown);
    t2v_free(d->joint);
    t2v_free(d->from);
}
