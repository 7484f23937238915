/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The two orders of latents: [C, F, H, W] as the reference stores them, and tokens, the order in
 * which the transformer and the decoder read them.
 */
#ifndef T2V_ENGINE_LATENTS_H
#define T2V_ENGINE_LATENTS_H

#include <stddef.h>
#include <stdint.h>

#include "vae/vae.h"

/** Size of a window of latents. */
typedef struct t2v_latent_size {
    int64_t channels, frames, height, width; /**< latent positions */
    int64_t patch, patch_time;               /**< positions in a token */
} t2v_latent_size;

/** Numbers in a window. */
size_t t2v_latent_count(const t2v_latent_size *size);
/** Tokens in a window, and numbers in a token. */
int64_t t2v_token_count(const t2v_latent_size *size);
int64_t t2v_token_width(const t2v_latent_size *size);

/** [C, F, H, W] to tokens: [F / pt, H / p, W / p] of (C, pt, p, p). */
void t2v_latents_pack(const t2v_latent_size *size, const float *latents, float *tokens);
/** The inverse. */
void t2v_latents_unpack(const t2v_latent_size *size, const float *tokens, float *latents);

/**
 * Latents [C, F, H, W] as the transformer sees them to [F, H, W, C] as the decoder wants them:
 * the normalisation is undone.
 */
void t2v_latents_denormalise(const t2v_latent_size *size, const t2v_vae_info *vae,
                             const float *latents, float *out);

/**
 * A draw from an encoded clip's distribution, normalised as the transformer sees it; as in the
 * reference without the autoencoder's scaling. All [C, F, H, W].
 *
 * @param latents holds standard normal noise, replaced by mean + deviation · noise, normalised
 */
void t2v_latents_sample(const t2v_latent_size *size, const t2v_vae_info *vae, const float *mean,
                        const float *deviation, float *latents);

#endif
