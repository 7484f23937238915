/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The one thing of EXIF data that matters here. */
#ifndef T2V_MEDIA_EXIF_H
#define T2V_MEDIA_EXIF_H

#include <stddef.h>
#include <stdint.h>

/**
 * How a picture was stored, 1 (upright) to 8, by the Orientation of the first directory.
 *
 * @param data a TIFF structure, as in PNG's eXIf chunk or behind "Exif\0\0" in JPEG's APP1
 * @return 1 when the data do not say, or are damaged
 */
int t2v_exif_orientation(const uint8_t *data, size_t bytes);

#endif
