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

/* Where latent (c, f, h, w) lies among the tokens. */
static size_t token_index(const t2v_latent_size *s, int64_t c, int64_t f, int64_t h, int64_t w)
{
    const int64_t p = s->patch, pt = s->patch_time;
    int64_t token = ((f / pt) * (s->height / p) + h / p) * (s->width / p) + w / p;
    int64_t inside = ((c * pt + f % pt) * p + h % p) * p + w % p;
    return (size_t)(token * t2v_token_width(s) + inside);
}

void t2v_latents_pack(const t2v_latent_size *s, const float *latents, float *tokens)
{
    for (int64_t c = 0; c < s->channels; c++)
        for (int64_t f = 0; f < s->frames; f++)
            for (int64_t h = 0; h < s->height; h++)
                for (int64_t w = 0; w < s->width; w++)
                    tokens[token_index(s, c, f, h, w)] = *latents++;
}

void t2v_latents_unpack(const t2v_latent_size *s, const float *tokens, float *latents)
{
    for (int64_t c = 0; c < s->channels; c++)
        for (int64_t f = 0; f < s->frames; f++)
            for (int64_t h = 0; h < s->height; h++)
                for (int64_t w = 0; w < s->width; w++)
                    *latents++ = tokens[token_index(s, c, f, h, w)];
}

void t2v_latents_denormalise(const t2v_latent_size *s, const t2v_vae_info *vae,
                             const float *latents, float *out)
{
    const int64_t positions = s->frames * s->height * s->width;
    for (int64_t c = 0; c < s->channels; c++)
        for (int64_t i = 0; i < positions; i++)
            out[i * s->channels + c] =
                latents[c * positions + i] * vae->deviation[c] / (float)vae->scaling + vae->mean[c];
}
