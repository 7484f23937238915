/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Pictures from PNG and JPEG files. */
#ifndef T2V_MEDIA_IMAGE_H
#define T2V_MEDIA_IMAGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

/** The largest picture that is read: pixels on a side, and in all. */
enum { T2V_IMAGE_SIDE = 16384, T2V_IMAGE_PIXELS = 1 << 26 };

/** Whether a picture of that size is within the limits. */
bool t2v_image_may_be(uint64_t width, uint64_t height);

/** A picture: rows of R, G, B from 0 to 65535, whatever the file's depth. */
typedef struct t2v_image {
    int64_t width, height;
    uint16_t *rgb; /**< [height, width, 3] */
} t2v_image;

/** Whether there is a file that begins as PNG or JPEG does, and can be read. */
t2v_status t2v_image_probe(const char *path, t2v_error *error);

/**
 * Reads a PNG or JPEG file, told apart by their first bytes.
 *
 * Numbers are taken as they are stored: gamma and colour profiles are not applied. Transparent
 * pictures are laid over black. CMYK becomes RGB as (1 - C)(1 - K) and so on, inverted first where
 * an Adobe marker says so. The orientation that EXIF data names is undone. A file whose picture is
 * damaged or ends early is refused.
 *
 * @param interrupted read now and then: true ends the reading with T2V_INTERRUPTED; may be NULL
 * @param image       receives the picture, ended by t2v_image_free; empty on failure
 */
t2v_status t2v_image_read(const char *path, const atomic_bool *interrupted, t2v_image *image,
                          t2v_error *error);
void t2v_image_free(t2v_image *image);

#endif
