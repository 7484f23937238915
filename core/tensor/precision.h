/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The option `precision`. */
#ifndef T2V_TENSOR_PRECISION_H
#define T2V_TENSOR_PRECISION_H

/** The arithmetic of a layer; whatever it is, floats come in and go out. */
typedef enum t2v_precision {
    T2V_PRECISION_F32,
    /** Weights and activations rounded to bfloat16 (ops/bf16.h); sums are floats. */
    T2V_PRECISION_BF16,
    /** Weights and activations as bytes (ops/quantize.h); sums are integers. */
    T2V_PRECISION_INT8,
} t2v_precision;

#endif
