/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** y = activation(x Wᵀ + b), the linear layer. */
#ifndef T2V_OPS_LINEAR_H
#define T2V_OPS_LINEAR_H

#include "ops/exec.h"
#include "ops/onednn.h"
#include "tensor/precision.h"
#include "tensor/tensor.h"

/** A layer's weights; immutable, shared by all streams of a model. */
typedef struct t2v_linear t2v_linear;

/**
 * Joins `parts` layers that read the same input into one (query, key and value, say); their
 * outputs lie side by side. weight[i] is [out_i, in], bias[i] is [out_i]; `bias` may be NULL. The
 * tensors' memory must outlive the layer.
 *
 * @param precision BF16 is F32 where the processor has no instructions for it
 */
t2v_status t2v_linear_create(int parts, const t2v_tensor *weight, const t2v_tensor *bias,
                             t2v_precision precision, t2v_linear **linear, t2v_error *error);
void t2v_linear_free(t2v_linear **linear);
/** Frees what was prepared of the weights and is not in use; the next run makes it again. */
void t2v_linear_forget(t2v_linear *linear);

int64_t t2v_linear_outputs(const t2v_linear *linear);

/**
 * x [rows, in] to y [rows, out], both dense.
 *
 * @param accumulate add to y instead of replacing it
 */
t2v_status t2v_linear_run(t2v_exec *exec, const t2v_linear *linear, const float *x, int64_t rows,
                          t2v_activation activation, bool accumulate, float *y);

#endif
