/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** softmax(scale · q kᵀ + bias) v, by blocks of queries and of keys. */
#ifndef T2V_OPS_ATTENTION_H
#define T2V_OPS_ATTENTION_H

#include "ops/exec.h"

/** Operands of an attention. All dense, row-major, heads outermost but for the result. */
typedef struct t2v_attention {
    int64_t heads, head_dim, queries, keys;
    const float *q; /**< [heads, queries, head_dim] */
    const float *k; /**< [heads, keys, head_dim] */
    const float *v; /**< [heads, keys, head_dim] */
    float scale;
    const float *key_bias; /**< [keys], added to every row; NULL: none */
    const float *bias;     /**< [heads, queries, keys]; NULL: none */
    float *out;            /**< [queries, heads × head_dim] */
    bool bf16;             /**< round what is multiplied, where the processor has it (ops/bf16.h) */
} t2v_attention;

/**
 * Holds the scores of one block for each thread, never the whole matrix, and copies of the keys and
 * values of some heads. The result does not depend on the number of threads.
 */
t2v_status t2v_attention_run(t2v_exec *exec, const t2v_attention *attention);

/** [rows, heads × head_dim], rows `stride` floats apart, to [heads, rows, head_dim]. */
void t2v_split_heads(t2v_exec *exec, const float *x, int64_t rows, int64_t stride, int64_t heads,
                     int64_t head_dim, float *out);
/** The same for rows that are some of `total`: out is where the first goes in [heads, total,
 * head_dim]. */
void t2v_split_some_heads(t2v_exec *exec, const float *x, int64_t rows, int64_t stride,
                          int64_t heads, int64_t head_dim, int64_t total, float *out);

#endif
