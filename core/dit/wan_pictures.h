/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** From a vision encoder's embeddings to what Wan's transformer attends to (WanImageEmbedding). */
#ifndef T2V_DIT_WAN_PICTURES_H
#define T2V_DIT_WAN_PICTURES_H

#include "layers/load.h"

/** The layers; zeros: the transformer reads no such embeddings. */
typedef struct t2v_wan_pictures {
    int64_t width;    /**< of an embedding */
    int64_t tokens;   /**< that there are positions for; 0: any number, without positions */
    int64_t dim;      /**< of the transformer */
    float *positions; /**< [tokens, width] */
    float *norm_in, *norm_in_bias, *norm_out, *norm_out_bias;
    t2v_linear *in, *out;
} t2v_wan_pictures;

/**
 * Reads `image_dim` and what belongs to it, if it is there.
 *
 * @param pictures zeros; ended by t2v_wan_pictures_free, after a failure too
 */
t2v_status t2v_wan_pictures_load(const t2v_component *component, int64_t dim,
                                 t2v_wan_pictures *pictures, t2v_error *error);
void t2v_wan_pictures_free(t2v_wan_pictures *pictures);

/**
 * @param embeddings [tokens, width]
 * @param out        [tokens, dim]
 */
t2v_status t2v_wan_pictures_project(t2v_exec *exec, const t2v_wan_pictures *pictures,
                                    const float *embeddings, int64_t tokens, float *out);

#endif
