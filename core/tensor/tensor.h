/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Element types, shapes and views. No arithmetic. */
#ifndef T2V_TENSOR_TENSOR_H
#define T2V_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { T2V_MAX_RANK = 6 };

typedef enum t2v_dtype {
    T2V_F32,
    T2V_F16,
    T2V_BF16,
    T2V_I64,
    T2V_I32,
    T2V_U8,
} t2v_dtype;

/** Bytes of one element. */
size_t t2v_dtype_size(t2v_dtype dtype);
/** "F32", "BF16" …, as safetensors spells it. */
const char *t2v_dtype_name(t2v_dtype dtype);

/** A shape; dimensions are positive or zero. */
typedef struct t2v_shape {
    int rank;
    int64_t dim[T2V_MAX_RANK];
} t2v_shape;

/** Number of elements, or false when it does not fit into a size_t. */
bool t2v_shape_count(const t2v_shape *shape, size_t *count);
bool t2v_shape_equal(const t2v_shape *a, const t2v_shape *b);
/** "[2048, 128]" into text. */
void t2v_shape_format(const t2v_shape *shape, char *text, size_t size);

/** A dense row-major tensor in somebody else's memory (usually a mapped file). */
typedef struct t2v_tensor {
    t2v_dtype dtype;
    t2v_shape shape;
    const void *data; /**< may be unaligned for its type */
    size_t bytes;
} t2v_tensor;

/**
 * Elements `first` … `first + count - 1` of a floating-point tensor as floats. The range must be
 * inside the tensor, the type F32, F16 or BF16.
 */
void t2v_tensor_read_f32(const t2v_tensor *tensor, size_t first, size_t count, float *out);

/** All elements of a floating-point tensor as floats of the caller's own (t2v_free). */
t2v_status t2v_tensor_to_floats(const t2v_tensor *tensor, float **out, t2v_error *error);

float t2v_f16_to_f32(uint16_t bits);
float t2v_bf16_to_f32(uint16_t bits);

#endif
