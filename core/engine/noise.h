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

/** @param path safetensors file with `noise` and perhaps the others below; NULL: draw from seed */
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

/**
 * The noise of a given clip's posterior: some of the frames of the file's `encode_noise`
 * [C, all, H, W], or drawn.
 *
 * @param size  of the clip's latents
 * @param first number of its first frame in the file
 */
t2v_status t2v_noise_encode(t2v_exec *exec, t2v_noise *noise, const t2v_latent_size *size,
                            int64_t first, int64_t all, float *latents);

/**
 * Draws numbers that the reference draws and then does not use: noise for a given picture's tokens
 * of which its strength leaves nothing.
 */
t2v_status t2v_noise_skip(t2v_exec *exec, t2v_noise *noise, size_t count);

/**
 * The noise that is put on given tokens at one step: a row of the file's `cond_noise`
 * [steps, C, frames, H, W], or drawn.
 *
 * @param given  size of what is given, frames in the order of the tokens
 * @param drawn  numbers in a draw: the reference draws for the tokens behind the given ones too
 * @param tokens receives `drawn` numbers, of which those of the given tokens count
 */
t2v_status t2v_noise_given(t2v_exec *exec, t2v_noise *noise, const t2v_latent_size *given, int step,
                           int steps, size_t drawn, float *tokens);

#endif
