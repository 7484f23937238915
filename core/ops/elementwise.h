/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Arithmetic on each element. */
#ifndef T2V_OPS_ELEMENTWISE_H
#define T2V_OPS_ELEMENTWISE_H

#include "ops/exec.h"

/** y = x, by all threads. */
void t2v_copy(t2v_exec *exec, float *y, const float *x, int64_t count);
/** y += x. */
void t2v_add(t2v_exec *exec, float *y, const float *x, int64_t count);
/** y *= x. */
void t2v_multiply(t2v_exec *exec, float *y, const float *x, int64_t count);
/** y[row] += x[row] · gate[group[row]]; rows of `dim`, gates `stride` floats apart. */
void t2v_gated_add(t2v_exec *exec, float *y, const float *x, int64_t rows, int64_t dim,
                   const float *gate, int64_t stride, const int32_t *group);
/** x · sigmoid(x) in place. */
void t2v_silu(float *x, int64_t count);

#endif
