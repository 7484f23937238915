/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** From a decoder's last convolution to a picture, and from a picture to an encoder's first. */
#ifndef T2V_VAE_PICTURE_H
#define T2V_VAE_PICTURE_H

#include "ops/exec.h"

/**
 * Depth to space: [height, width, 3 · patch²], whose channels are (colour, column, row) of a patch
 * and lie in [-1, 1], to [3, height · patch, width · patch] in [0, 1]. What lies outside is cut
 * off.
 */
void t2v_unpatchify(t2v_exec *exec, const float *patches, int64_t height, int64_t width,
                    int64_t patch, float *rgb);

/**
 * The inverse: space to depth of [3, height, width] in [0, 1], whose sizes `patch` divides.
 *
 * @param rgb NULL: a grey picture, all zeros
 */
void t2v_patchify(t2v_exec *exec, const float *rgb, int64_t height, int64_t width, int64_t patch,
                  float *patches);

/**
 * Likewise for channels (colour, row, column) that lie in [0, 1], as torch's pixel_shuffle and
 * pixel_unshuffle order them; a grey picture is 0.5.
 */
void t2v_pixel_shuffle(t2v_exec *exec, const float *patches, int64_t height, int64_t width,
                       int64_t patch, float *rgb);
void t2v_pixel_unshuffle(t2v_exec *exec, const float *rgb, int64_t height, int64_t width,
                         int64_t patch, float *patches);

/** An encoder's posterior: its logarithm of the variance is kept in [-30, 20], as in diffusers. */
float t2v_posterior_deviation(float log_variance);

#endif
