/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** How a picture is prepared for a vision encoder, as transformers' CLIPImageProcessor. */
#ifndef T2V_VISION_VISION_PICTURE_H
#define T2V_VISION_VISION_PICTURE_H

#include "weights/config.h"

/** Settings of a checkpoint's image_processor. */
typedef struct t2v_vision_picture {
    int64_t shortest; /**< what the shorter side is scaled to */
    int64_t side;     /**< of the square that is cut from the middle */
    double factor;    /**< 8-bit values are multiplied by this */
    float mean[3], deviation[3];
} t2v_vision_picture;

/** CLIP's usual settings for squares of `side` pixels. */
t2v_vision_picture t2v_vision_picture_usual(int64_t side);
/** @param config preprocessor_config.json; what it leaves out has CLIP's usual values */
t2v_status t2v_vision_picture_read(const t2v_config *config, t2v_vision_picture *settings,
                                   t2v_error *error);

/**
 * Rounded to 8 bits, scaled by Pillow's bicubic filter, cut and normalised.
 *
 * @param rgb    [3, height, width] in [0, 1]
 * @param pixels receives [3, side, side]
 */
t2v_status t2v_vision_picture_prepare(const t2v_vision_picture *settings, const float *rgb,
                                      int64_t height, int64_t width, float *pixels,
                                      t2v_error *error);

#endif
