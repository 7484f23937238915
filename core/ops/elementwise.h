/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Arithmetic on each element. */
#ifndef T2V_OPS_ELEMENTWISE_H
#define T2V_OPS_ELEMENTWISE_H

#include "ops/exec.h"

/** y = x, by all threads. */
void t2v_copy(t2v_exec *exec, float *y, const float *x, int64_t count);
/** y += x. */
void t2v_add(t2v_exec *exec, float *y, const float *x, int64_t count);
/** y += from + t · (to - from). */
void t2v_add_line(t2v_exec *exec, float *y, const float *from, const float *to, float t,
                  int64_t count);
/** y = x - y. */
void t2v_subtract_from(t2v_exec *exec, float *y, const float *x, int64_t count);
/** Sums of |x - from| and of |from|: how much changed. */
void t2v_sum_change(t2v_exec *exec, const float *x, const float *from, int64_t count,
                    double sums[2]);
/** y *= x. */
void t2v_multiply(t2v_exec *exec, float *y, const float *x, int64_t count);
/** y[row] += x[row] · gate[group[row]]; rows of `dim`, gates `stride` floats apart. */
void t2v_gated_add(t2v_exec *exec, float *y, const float *x, int64_t rows, int64_t dim,
                   const float *gate, int64_t stride, const int32_t *group);
/** max(x, 0) in place. */
void t2v_relu(t2v_exec *exec, float *x, int64_t count);
/** x · sigmoid(x) in place. */
void t2v_silu(float *x, int64_t count);
/** x · Φ(x) in place: GELU (Hendrycks and Gimpel 2016) by the error function. */
void t2v_gelu(t2v_exec *exec, float *x, int64_t count);
/** x · sigmoid(1.702 x) in place: that paper's quicker one. */
void t2v_quick_gelu(t2v_exec *exec, float *x, int64_t count);

#endif
