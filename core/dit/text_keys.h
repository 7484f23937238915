/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a transformer keeps of a prompt or of pictures: keys and values of cross-attention, for all
 * its layers. */
#ifndef T2V_DIT_TEXT_KEYS_H
#define T2V_DIT_TEXT_KEYS_H

#include "dit/dit.h"

struct t2v_dit_text {
    int64_t keys, layers, width;
    float *bias;          /**< [keys], added to the scores */
    float **key, **value; /**< of each layer: [heads, keys, head_dim] */
    t2v_dit_text *expert; /**< as a second transformer has it; NULL: there is none */
};

/** Zeros; `width` is heads × head_dim. */
t2v_status t2v_dit_text_create(int64_t layers, int64_t keys, int64_t width, t2v_dit_text **text,
                               t2v_error *error);
/** NULL is allowed. */
void t2v_dit_text_free(t2v_dit_text *text);
size_t t2v_dit_text_bytes(const t2v_dit_text *text);

#endif
