/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Pictures of 8 bits made larger or smaller just as Pillow does it, to the last bit. */
#ifndef T2V_MEDIA_RESIZE_BICUBIC_H
#define T2V_MEDIA_RESIZE_BICUBIC_H

#include "base/error.h"

/**
 * Pillow's bicubic filter (a = -1/2, widened where the picture is made smaller), in its fixed-point
 * arithmetic: rows first, rounded to 8 bits, then columns.
 *
 * @param from [height, width, 3]
 * @param to   receives [to_height, to_width, 3]
 */
t2v_status t2v_resize_bicubic(const uint8_t *from, int64_t width, int64_t height, int64_t to_width,
                              int64_t to_height, uint8_t *to, t2v_error *error);

#endif
