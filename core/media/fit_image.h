/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A picture brought to a video's size. */
#ifndef T2V_MEDIA_FIT_IMAGE_H
#define T2V_MEDIA_FIT_IMAGE_H

#include <stdbool.h>

#include "media/image.h"

/** What a picture is fitted to: a view in the middle of a larger canvas, in pixels. */
typedef struct t2v_fit {
    int64_t width, height;               /**< of the view */
    int64_t canvas_width, canvas_height; /**< at least as large */
    bool whole;                          /**< the picture shows whole, on black */
} t2v_fit;

/**
 * Scales the picture, keeping its proportions, until it just covers the view, both centres
 * together; what reaches beyond the view fills the canvas, whose rest repeats the edges. Or until
 * it just fits into the view, if it shall show whole; the rest is black.
 *
 * The filter is Lanczos with three lobes, widened where the picture is made smaller, as Pillow's
 * (but without its rounding to 8 bits); a picture of the right size comes out as it is.
 *
 * @param interrupted as for t2v_image_read
 * @param rgb         receives [3, canvas_height, canvas_width], in [0, 1]
 */
t2v_status t2v_image_fit(const t2v_image *image, const t2v_fit *fit, const atomic_bool *interrupted,
                         float *rgb, t2v_error *error);

#endif
