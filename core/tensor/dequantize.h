/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The block formats of GGUF, as ggml defines them: 32 or 256 numbers of 2 to 8 bits with a scale,
 * and some with a minimum.
 */
#ifndef T2V_TENSOR_DEQUANTIZE_H
#define T2V_TENSOR_DEQUANTIZE_H

#include "tensor/tensor.h"

/** Elements of the largest block. */
enum { T2V_MAX_BLOCK = 256 };

/** Turns `count` blocks into count × t2v_dtype_block floats. */
typedef void (*t2v_dequantize_fn)(const uint8_t *blocks, size_t count, float *out);

/** The function for a type, or NULL when it is not of this kind. */
t2v_dequantize_fn t2v_dequantizer(t2v_dtype dtype);

#endif
