/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Element types, shapes and views. No arithmetic. */
#ifndef T2V_TENSOR_TENSOR_H
#define T2V_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { T2V_MAX_RANK = 6 };

/** Element types of the files that are read. Arithmetic is done in float32 alone. */
typedef enum t2v_dtype {
    /* safetensors */
    T2V_F32,
    T2V_F16,
    T2V_BF16,
    T2V_I64,
    T2V_I32,
    T2V_U8,
    T2V_F8_E4M3, /**< e4m3fn: no infinities */
    T2V_F8_E5M2,
    T2V_F64,
    T2V_C64,
    T2V_U64,
    T2V_U32,
    T2V_I16,
    T2V_U16,
    T2V_I8,
    T2V_BOOL,
    T2V_F8_E8M0,
    T2V_F8_E4M3FNUZ,
    T2V_F8_E5M2FNUZ,
    T2V_F6_E2M3,
    T2V_F6_E3M2,
    T2V_F4,
    /* GGUF: blocks of quantised numbers with their scales, see tensor/dequantize.h */
    T2V_Q4_0,
    T2V_Q4_1,
    T2V_Q5_0,
    T2V_Q5_1,
    T2V_Q8_0,
    T2V_Q2_K,
    T2V_Q3_K,
    T2V_Q4_K,
    T2V_Q5_K,
    T2V_Q6_K,
    T2V_IQ4_NL,
    T2V_IQ4_XS,
    T2V_DTYPES, /**< how many there are */
} t2v_dtype;

/** Elements of a block: the smallest piece that has whole bytes; 1 for most types. */
size_t t2v_dtype_block(t2v_dtype dtype);
/** Bytes of a block: of one element where a block is one element. */
size_t t2v_dtype_size(t2v_dtype dtype);
/** Bytes of `count` elements, or false when these are not whole blocks or do not fit. */
bool t2v_dtype_bytes(t2v_dtype dtype, size_t count, size_t *bytes);
/** "F32", "BF16", "Q4_K" …, as safetensors and GGUF spell it. */
const char *t2v_dtype_name(t2v_dtype dtype);
/** Whether t2v_tensor_read_f32 reads the type: floating point, quantised, or I8. */
bool t2v_dtype_is_float(t2v_dtype dtype);

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

/**
 * What is done to a tensor's values when they are read: a scale, or an addition. The object that
 * this begins is somebody else's and outlives the tensor.
 */
typedef struct t2v_adjust {
    /** Changes values[0 … count-1], which are elements first … first+count-1. */
    void (*apply)(const struct t2v_adjust *adjust, size_t first, size_t count, float *values);
    const struct t2v_adjust *next; /**< done after this one; NULL: none */
} t2v_adjust;

/** A dense row-major tensor in somebody else's memory (usually a mapped file). */
typedef struct t2v_tensor {
    t2v_dtype dtype;
    t2v_shape shape;
    const void *data; /**< may be unaligned for its type */
    size_t bytes;
    /** Of an I8 tensor: what the bytes of each row (of dim[0]) are multiplied by; NULL: they are
     * whole numbers. Outlives the tensor. */
    const float *row_scale;
    const t2v_adjust *adjust; /**< done after that; NULL: the values are as they are stored */
} t2v_tensor;

/**
 * Elements `first` … `first + count - 1` of a floating-point tensor as floats. The range must be
 * inside the tensor, the type one that t2v_dtype_is_float; quantised types are fastest in whole
 * blocks.
 */
void t2v_tensor_read_f32(const t2v_tensor *tensor, size_t first, size_t count, float *out);

/** The bytes of an I8 tensor whose values are row_scale times these and no more; else NULL. */
const int8_t *t2v_tensor_bytes(const t2v_tensor *tensor);

/** All elements of a floating-point tensor as floats of the caller's own (t2v_free). */
t2v_status t2v_tensor_to_floats(const t2v_tensor *tensor, float **out, t2v_error *error);

float t2v_f16_to_f32(uint16_t bits);
float t2v_bf16_to_f32(uint16_t bits);
/** e4m3fn: 0x7f and 0xff are no numbers, all else is finite. */
float t2v_f8_e4m3_to_f32(uint8_t bits);

#endif
