/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What is added before rounding down, so that gradients do not band. */
#ifndef T2V_MEDIA_DITHER_H
#define T2V_MEDIA_DITHER_H

#include <stdint.h>

enum { T2V_DITHER_SIZE = 64 };

/** Blue noise on a torus: each of 0 … 255 sixteen times, near values far from each other. */
extern const uint8_t t2v_blue_noise[T2V_DITHER_SIZE][T2V_DITHER_SIZE];

/** Where the noise lies for a frame and a plane. */
typedef struct t2v_dither {
    unsigned x, y;
} t2v_dither;

/**
 * The place for a frame. Frame by frame it moves by the R2 sequence (Roberts 2018), which spreads
 * evenly over the torus and never comes round.
 *
 * @param plane 0 to 3; the planes' noise is unrelated
 */
t2v_dither t2v_dither_for(int64_t frame_index, int plane);

/**
 * Row `y` of the dither as thresholds offset + (n + 1/2)/256, n from 0 to 255, to be added before
 * rounding down: a value that needs no rounding, and 1/512 around it, stays what it is.
 *
 * @param out column x of the picture takes element x mod T2V_DITHER_SIZE
 */
void t2v_dither_row(t2v_dither dither, int y, float offset, float out[T2V_DITHER_SIZE]);

#endif
