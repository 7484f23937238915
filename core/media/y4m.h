/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * YUV4MPEG2, the uncompressed video stream that most programs read; and pixels alone, for what it
 * cannot hold.
 */
#ifndef T2V_MEDIA_Y4M_H
#define T2V_MEDIA_Y4M_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/** What the header says. Strings are read during t2v_y4m_open only. */
typedef struct t2v_y4m_params {
    int width, height;
    int rate_num, rate_den;
    t2v_pixel_format format; /**< planar YUV; others are T2V_ERROR_UNSUPPORTED unless raw */
    bool raw;                /**< planes alone, in any format, without a header or frame headers */
    int full_range;          /**< 0: XCOLORRANGE=LIMITED */
    const char *model;       /**< name of the model that made the pictures; may be NULL */
    int64_t seed;            /**< of the random numbers */
} t2v_y4m_params;

/** A stream being written, and one frame of memory. */
typedef struct t2v_y4m t2v_y4m;

/**
 * Writes the header, with the comment XT2V=generated;SEED;MODEL. Some readers take no header of
 * more than 96 bytes, so the comment leaves out the model, then the seed, where they do not fit.
 *
 * @param file stays the caller's, is not closed
 * @param name of the file, for messages; copied
 * @param y4m  receives the writer, to be ended with t2v_y4m_close; NULL on failure
 * @return T2V_END when the reader has gone (EPIPE), a clean end; the process must ignore SIGPIPE
 */
t2v_status t2v_y4m_open(FILE *file, const char *name, const t2v_y4m_params *params, t2v_y4m **y4m,
                        t2v_error *error);

/**
 * Memory for the next frame, tightly packed, to be filled (matrix BT.709 unless changed) before
 * t2v_y4m_write. The same memory every time.
 */
const t2v_picture *t2v_y4m_picture(const t2v_y4m *y4m);

/** Writes the frame that t2v_y4m_picture holds, and flushes. T2V_END as in t2v_y4m_open. */
t2v_status t2v_y4m_write(t2v_y4m *y4m, t2v_error *error);

/** Frees the writer and sets *y4m to NULL. NULL is allowed. */
void t2v_y4m_close(t2v_y4m **y4m);

#endif
