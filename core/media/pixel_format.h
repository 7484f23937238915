/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the pixel formats of t2v.h look like in memory. */
#ifndef T2V_MEDIA_PIXEL_FORMAT_H
#define T2V_MEDIA_PIXEL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** One row of the table of pixel formats. */
typedef struct t2v_pixel_format_info {
    const char *name;   /**< as FFmpeg's av_get_pix_fmt_name, for example "yuv420p10le" */
    int planes;         /**< pointers and strides in use of t2v_picture */
    int chroma_shift_x; /**< log2 of the horizontal subsampling of planes 1 and 2 */
    int chroma_shift_y; /**< log2 of the vertical subsampling */
    int bits;           /**< of a component: 8, or 10 in a little-endian 16-bit word */
    bool rgb;           /**< whether it holds RGB, always in full range */
    int plane_step[4];  /**< bytes from one column of a plane to the next */
    bool alpha;         /**< whether it has alpha, in a plane 3 or packed, always in full range */
} t2v_pixel_format_info;

/** The format's row; NULL when the number is not one of a format. Static storage. */
const t2v_pixel_format_info *t2v_pixel_format_get_info(t2v_pixel_format format);

/** The format of this name; T2V_PIXEL_FORMATS when there is none. */
t2v_pixel_format t2v_pixel_format_from_name(const char *name);

/** Bytes in one row of a plane of a picture that is `width` wide (a lower bound of |stride|). */
size_t t2v_plane_row_bytes(const t2v_pixel_format_info *info, int plane, int width);

/** Rows of a plane of a picture that is `height` high. */
int t2v_plane_rows(const t2v_pixel_format_info *info, int plane, int height);

#endif
