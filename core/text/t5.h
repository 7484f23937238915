/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The encoders of T5 1.1 (Raffel et al. 2020, Shazeer 2020) and UMT5 (Chung et al. 2023), as
 * transformers' T5EncoderModel and UMT5EncoderModel.
 */
#ifndef T2V_TEXT_T5_H
#define T2V_TEXT_T5_H

#include "ops/exec.h"
#include "weights/checkpoint.h"

/** The encoder's weights; immutable, shared by all streams of a model. */
typedef struct t2v_t5 t2v_t5;

/** They differ in the tables of the relative positions: one for all layers, or one for each. */
typedef enum t2v_t5_kind { T2V_T5, T2V_UMT5 } t2v_t5_kind;

/**
 * @param component `text_encoder` of a checkpoint; outlives the encoder
 */
t2v_status t2v_t5_create(const t2v_component *component, t2v_t5_kind kind, t2v_t5 **t5,
                         t2v_error *error);
void t2v_t5_free(t2v_t5 **t5);
/** Frees what was prepared of its weights; the next run makes it again. */
void t2v_t5_forget(const t2v_t5 *t5);

/** Width of an embedding. */
int64_t t2v_t5_width(const t2v_t5 *t5);
/** Rows of the embedding table: ids are below this. */
int64_t t2v_t5_vocabulary(const t2v_t5 *t5);

/**
 * @param ids    [length] below the vocabulary
 * @param used   keys that attention sees: the first `used` ids; pass `length` for no mask
 * @param out    [length, width]
 */
t2v_status t2v_t5_run(t2v_exec *exec, const t2v_t5 *t5, const int64_t *ids, int64_t length,
                      int64_t used, float *out);

#endif
