/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Float RGB into the pixel formats of t2v.h: matrix, range, chroma position and dither at once. */
#ifndef T2V_MEDIA_WRITE_PICTURE_H
#define T2V_MEDIA_WRITE_PICTURE_H

#include <stdint.h>

#include "base/error.h"

/** What the option `alpha` makes of a picture. */
typedef enum t2v_alpha {
    T2V_ALPHA_NONE,
    T2V_ALPHA_LUMA,
} t2v_alpha;

/**
 * Writes a picture into the caller's planes.
 *
 * RGB values outside [0, 1] are clamped, NaN counts as 0. Chroma of 4:2:0 and 4:2:2 is filtered
 * for its position at the left (on the even columns, midway between two rows). Values are dithered
 * by less than one code value, with a pattern that depends on the position and on frame_index
 * alone; what needs no rounding (black, white, the mean grey of chroma) stays as it is.
 *
 * T2V_ALPHA_LUMA takes the picture for one over black, which is a premultiplied one, and writes
 * it straight where the format has alpha: alpha is the brightest of R, G and B, and colours are
 * divided by it. The brightest component is the least alpha of which colours stay within [0, 1]:
 * with a weighted luma in its place, saturated colours would be clipped, and with more the picture
 * would darken what it is laid over. Over black the result is the picture, within one code value.
 * Black where alpha is 0.
 *
 * @param rgb         [3][height][width], R, G, B
 * @param width       1 to 16384, like height
 * @param frame_index number of the frame, which turns the dither
 * @param picture     format, matrix, range; planes and strides as the format wants them
 */
t2v_status t2v_write_picture(const float *rgb, int width, int height, t2v_alpha alpha,
                             int64_t frame_index, const t2v_picture *picture, t2v_error *error);

#endif
