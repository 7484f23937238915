/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Where a stream's random numbers come from: a generator, or a file for comparisons. */
#ifndef T2V_ENGINE_NOISE_H
#define T2V_ENGINE_NOISE_H

#include "base/rng.h"
#include "engine/latents.h"
#include "weights/safetensors.h"

/** A source of noise. Zero-initialise; ended by t2v_noise_close. */
typedef struct t2v_noise {
    t2v_rng rng;
    t2v_safetensors *file; /**< NULL: numbers are drawn */
} t2v_noise;

/** @param path safetensors file with `noise` and perhaps `decode_noise`; NULL: draw from seed */
t2v_status t2v_noise_open(t2v_noise *noise, const char *path, int64_t seed, t2v_error *error);
void t2v_noise_close(t2v_noise *noise);

/**
 * Fills latents [C, F, H, W].
 *
 * @param name     tensor of the file, which must be F32 and of just that shape
 * @param optional draw when the file does not hold it
 */
t2v_status t2v_noise_fill(t2v_exec *exec, t2v_noise *noise, const char *name,
                          const t2v_latent_size *size, bool optional, float *latents);

#endif
