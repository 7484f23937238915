/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Normalisation of rows, with what follows it fused: modulation and activation. */
#ifndef T2V_OPS_NORM_H
#define T2V_OPS_NORM_H

#include "ops/exec.h"
#include "ops/onednn.h"

/** y · (1 + scale[g]) + shift[g] for rows of group g: adaptive layer norm. */
typedef struct t2v_modulation {
    const float *shift, *scale; /**< of group 0, each [dim] */
    int64_t stride;             /**< floats from one group to the next */
    const int32_t *group;       /**< of each row; NULL: all rows are of group 0 */
} t2v_modulation;

/** What is done to x [rows, dim] on the way to y. */
typedef struct t2v_norm {
    int64_t dim;
    float eps;
    bool centred;                     /**< subtract the mean: layer norm, else RMS norm */
    const float *weight, *bias;       /**< [dim]; NULL: none */
    const t2v_modulation *modulation; /**< NULL: none */
    t2v_activation activation;        /**< NONE or SILU */
} t2v_norm;

/** x may be y. Rows of x are `x_stride` floats apart, those of y are dense. */
void t2v_norm_run(t2v_exec *exec, const t2v_norm *norm, const float *x, int64_t rows,
                  int64_t x_stride, float *y);

#endif
