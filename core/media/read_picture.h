/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Planar YUV to RGB: the way back of write_picture.h. */
#ifndef T2V_MEDIA_READ_PICTURE_H
#define T2V_MEDIA_READ_PICTURE_H

#include <stdbool.h>

#include "media/image.h"

/** How a picture lies in memory: planes Y, U, V without gaps, chroma's sizes rounded up. */
typedef struct t2v_yuv_layout {
    int64_t width, height; /**< within the limits of t2v_image */
    int bits;              /**< of a component, 8 to 16: more than 8 in little-endian words */
    bool mono;             /**< there is luma alone */
    int shift_x, shift_y;  /**< log2 of the subsampling of chroma, 0 or 1 */
    bool centre_x;         /**< its samples lie midway between two columns, else on the left one */
    bool centre_y;         /**< midway between two rows, else on the upper one */
    bool full_range;
    t2v_matrix matrix;
} t2v_yuv_layout;

/** Bytes of a picture. */
size_t t2v_yuv_bytes(const t2v_yuv_layout *layout);

/**
 * Y'CbCr of ITU-R BT.709 or BT.601, chroma interpolated linearly from where its samples lie.
 *
 * @param planes      t2v_yuv_bytes
 * @param interrupted read now and then: true ends the work with T2V_INTERRUPTED; may be NULL
 * @param image       receives the picture, ended by t2v_image_free; empty on failure
 */
t2v_status t2v_read_picture(const t2v_yuv_layout *layout, const uint8_t *planes,
                            const atomic_bool *interrupted, t2v_image *image, t2v_error *error);

#endif
