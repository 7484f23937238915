/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/latents.h"

size_t t2v_latent_count(const t2v_latent_size *size)
{
    return (size_t)(size->channels * size->frames * size->height * size->width);
}

int64_t t2v_token_width(const t2v_latent_size *size)
{
    return size->channels * size->patch_time * size->patch * size->patch;
}

int64_t t2v_token_count(const t2v_latent_size *size)
{
    return (size->frames / size->patch_time) * (size->height / size->patch) *
           (size->width / size->patch);
}

/* A token's place: its index in the latents' first channel, and that of one of its numbers. */
static size_t token_start(const t2v_latent_size *s, int64_t token)
{
    const int64_t columns = s->width / s->patch, rows = s->height / s->patch;
    const int64_t f = token / (rows * columns), h = token / columns % rows, w = token % columns;
    return (size_t)((f * s->patch_time * s->height + h * s->patch) * s->width + w * s->patch);
}

static size_t inside_token(const t2v_latent_size *s, int64_t c, int64_t f, int64_t h)
{
    return (size_t)(((c * s->frames + f) * s->height + h) * s->width);
}

void t2v_latents_pack(const t2v_latent_size *s, const float *latents, float *tokens)
{
    for (int64_t token = 0; token < t2v_token_count(s); token++) {
        const float *from = latents + token_start(s, token);
        for (int64_t c = 0; c < s->channels; c++)
            for (int64_t f = 0; f < s->patch_time; f++)
                for (int64_t h = 0; h < s->patch; h++)
                    for (int64_t w = 0; w < s->patch; w++)
                        *tokens++ = from[inside_token(s, c, f, h) + (size_t)w];
    }
}

void t2v_latents_unpack(const t2v_latent_size *s, const float *tokens, float *latents)
{
    for (int64_t token = 0; token < t2v_token_count(s); token++) {
        float *to = latents + token_start(s, token);
        for (int64_t c = 0; c < s->channels; c++)
            for (int64_t f = 0; f < s->patch_time; f++)
                for (int64_t h = 0; h < s->patch; h++)
                    for (int64_t w = 0; w < s->patch; w++)
                        to[inside_token(s, c, f, h) + (size_t)w] = *tokens++;
    }
}

void t2v_latents_denormalise(const t2v_latent_size *s, const t2v_vae_info *vae,
                             const float *latents, float *out)
{
    const int64_t positions = s->frames * s->height * s->width;
    for (int64_t i = 0; i < positions; i++)
        for (int64_t c = 0; c < s->channels; c++)
            out[i * s->channels + c] =
                latents[c * positions + i] * vae->deviation[c] / (float)vae->scaling + vae->mean[c];
}

void t2v_latents_sample(const t2v_latent_size *s, const t2v_vae_info *vae, const float *mean,
                        const float *deviation, float *latents)
{
    const int64_t positions = s->frames * s->height * s->width;
    for (int64_t c = 0; c < s->channels; c++)
        for (int64_t i = c * positions; i < (c + 1) * positions; i++)
            latents[i] = (mean[i] + deviation[i] * latents[i] - vae->mean[c]) / vae->deviation[c];
}
