/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Between image.c and the readers of each format. */
#ifndef T2V_MEDIA_IMAGE_FILE_H
#define T2V_MEDIA_IMAGE_FILE_H

#include <stdio.h>

#include "media/image.h"

/** A file that is being read. */
typedef struct t2v_image_file {
    FILE *file; /**< at its first byte */
    const char *path;
    const atomic_bool *interrupted; /**< may be NULL */
    t2v_error *error;
} t2v_image_file;

/** T2V_INTERRUPTED when the reading shall stop, else T2V_OK. */
t2v_status t2v_image_check(const t2v_image_file *file);

/** Makes room for a picture of that size, if it is within the limits. */
t2v_status t2v_image_allocate(const t2v_image_file *file, uint64_t width, uint64_t height,
                              t2v_image *image);

/**
 * @param image       empty; holds memory to be freed after a failure too
 * @param orientation receives EXIF's orientation, 1 to 8; left alone when there is none
 */
t2v_status t2v_image_read_png(const t2v_image_file *file, t2v_image *image, int *orientation);
t2v_status t2v_image_read_jpeg(const t2v_image_file *file, t2v_image *image, int *orientation);

#endif
