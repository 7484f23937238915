/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The products and convolutions that oneDNN computes. This is the only place that knows oneDNN,
 * and onednn.c the only file that knows how its 2.x and 3.x interfaces differ.
 */
#ifndef T2V_OPS_ONEDNN_H
#define T2V_OPS_ONEDNN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "tensor/tensor.h"

/** An engine with the primitives made so far; they are made once for a shape and reused. */
typedef struct t2v_onednn t2v_onednn;

/** ops/exec.h: what follows runs with its engine, threads and scratch memory. */
struct t2v_exec;

t2v_status t2v_onednn_create(t2v_onednn **dnn, t2v_error *error);
void t2v_onednn_destroy(t2v_onednn **dnn);

/** Function applied to each result of a product. */
typedef enum t2v_activation {
    T2V_ACTIVATION_NONE,
    T2V_ACTIVATION_GELU_TANH,
    T2V_ACTIVATION_SILU,
} t2v_activation;

/**
 * Weights in the layouts that oneDNN asked for so far. Part of a model: several streams share it,
 * and the first to need a layout makes it. Zero-initialise, then t2v_operand_init.
 */
typedef struct t2v_operand {
    t2v_tensor source; /**< of a mapped file that outlives the operand */
    size_t first;      /**< first element of the source that belongs to this operand */
    int rank;          /**< 2: [n, k] of a product; 5: [oc, ic, kd, kh, kw] */
    int64_t dim[5];
    pthread_mutex_t lock;
    struct t2v_prepared *prepared; /**< ops/kept.h */
} t2v_operand;

void t2v_operand_init(t2v_operand *operand, const t2v_tensor *source, size_t first, int rank,
                      const int64_t *dim);
void t2v_operand_free(t2v_operand *operand);
/** Weights that make one output: the product of all dimensions but the first. */
int64_t t2v_operand_columns(const t2v_operand *operand);
/** Frees what was prepared and is not in use. It is made again when it is wanted. */
void t2v_operand_forget(t2v_operand *operand);
/** Frees one layout, which nobody uses. The operand's lock is held. For ops/kept.c. */
void t2v_operand_drop(t2v_operand *operand, struct t2v_prepared *prepared);

/** dst[m, n] = activation(src[m, k] × weights[n, k]ᵀ + bias[n]) (+ dst). Strides in elements. */
typedef struct t2v_product {
    int64_t m, n, k;
    int64_t src_stride, dst_stride;
    bool bias, accumulate;
    bool bf16; /**< src and weights, see t2v_onednn_has_bf16; all else is float */
    t2v_activation activation;
} t2v_product;

/** @param src floats or, with product->bf16, uint16_t */
t2v_status t2v_onednn_product(struct t2v_exec *exec, const t2v_product *product, const void *src,
                              t2v_operand *weights, const float *bias, float *dst);

/** Whether products of bfloat16 numbers are quicker here than those of floats. */
bool t2v_onednn_has_bf16(void);

/**
 * dst[m, n] = src[m, k] × weights[n, k]ᵀ of bytes, all rows dense; the sums are exact, or rounded
 * as a float would be.
 */
typedef struct t2v_byte_product {
    int64_t m, n, k;
} t2v_byte_product;

/**
 * The weights are made into bytes as ops/quantize.h says. To be called within a hold
 * (ops/kept.h), at whose end `scale` and `sum` end too.
 *
 * @param src   at most t2v_onednn_levels()
 * @param scale receives the scale of each of the weights' n rows, the operand's own
 * @param sum   receives the sum of each row's weights
 */
t2v_status t2v_onednn_byte_product(struct t2v_exec *exec, const t2v_byte_product *product,
                                   const uint8_t *src, t2v_operand *weights, int32_t *dst,
                                   const float **scale, const float **sum);

/**
 * Largest unsigned byte that products of bytes are exact with: 255, or 127 on x86 without
 * AVX-512 VNNI, where two products are added in 16 bits that saturate (vpmaddubsw).
 */
int t2v_onednn_levels(void);

/**
 * Convolution of src [d, h, w, ic] to dst [.., .., .., oc], channels innermost. Time is not
 * padded (the caller has the frames), height and width by zeros.
 */
typedef struct t2v_convolution {
    int64_t ic, oc;
    int64_t d, h, w;   /**< of the source */
    int64_t kernel[3]; /**< time, height, width */
    int64_t stride[3];
    int64_t pad_top, pad_bottom, pad_left, pad_right;
    bool accumulate; /**< dst += */
    bool bf16;       /**< src and weights, as in t2v_product */
} t2v_convolution;

t2v_status t2v_onednn_convolution(struct t2v_exec *exec, const t2v_convolution *convolution,
                                  const void *src, t2v_operand *weights, const float *bias,
                                  float *dst);

/** Whether convolutions of bytes are quicker here than those of floats, and exact. */
bool t2v_onednn_convolves_bytes(void);

/**
 * As t2v_onednn_byte_product: sums of products of bytes, without accumulation. Padding is of bytes
 * that are 0, whatever these stand for.
 */
t2v_status t2v_onednn_byte_convolution(struct t2v_exec *exec, const t2v_convolution *convolution,
                                       const uint8_t *src, t2v_operand *weights, int32_t *dst,
                                       const float **scale, const float **sum);

/**
 * What oneDNN is measured by: one large piece of work whose operands lie as it likes them best,
 * without anything of the engine.
 */
typedef enum t2v_peak_kind {
    T2V_PEAK_PRODUCT,     /**< float, 4096 × 4096 × 4096 */
    T2V_PEAK_CONVOLUTION, /**< float, 3 × 3 × 3, 256 to 256 channels, 4 × 64 × 96, blocked layout */
    T2V_PEAK_BF16_PRODUCT, /**< as the first */
    T2V_PEAK_BYTE_PRODUCT, /**< unsigned by signed bytes, as the first */
    T2V_PEAKS
} t2v_peak_kind;

typedef struct t2v_peak t2v_peak;

/** @param peak receives NULL where this processor has no instructions for this kind */
t2v_status t2v_peak_create(struct t2v_exec *exec, t2v_peak_kind kind, t2v_peak **peak);
void t2v_peak_destroy(t2v_peak **peak);
/** Multiplications and additions of one run. */
double t2v_peak_operations(const t2v_peak *peak);
t2v_status t2v_peak_run(struct t2v_exec *exec, const t2v_peak *peak);

/** "2.6.3": of the library in use. Writes at most size bytes. */
void t2v_onednn_version(char *text, size_t size);

#endif
