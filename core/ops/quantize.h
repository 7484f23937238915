/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Numbers as bytes, for products of integers. A row of activations becomes unsigned bytes,
 * x ≈ scale · q + offset; a row of weights, which makes one output, signed ones, w ≈ scale · q with
 * |q| ≤ 127. Then, sums running over the inputs,
 *
 *     Σ x·w ≈ x.scale · w.scale · Σ x.q·w.q + x.offset · Σ w
 *
 * where only the first sum depends on both. Σ w is that of the quantised weights: the error of a
 * result is then the sum of its factors' errors, whatever the offset.
 */
#ifndef T2V_OPS_QUANTIZE_H
#define T2V_OPS_QUANTIZE_H

#include "ops/exec.h"
#include "ops/onednn.h"

/** What a row's bytes stand for. */
typedef struct t2v_affine {
    float scale, offset;
} t2v_affine;

/**
 * x [rows, count] to q, each row between its smallest and its largest number. A row with a number
 * that is not finite gets an offset that is no number, as all of its products would be.
 *
 * @param levels largest byte, see t2v_onednn_levels
 */
void t2v_quantize_rows(t2v_exec *exec, const float *x, int64_t rows, int64_t count, int levels,
                       uint8_t *q, t2v_affine *affine);

/** Rows of some frames [.., h, w, channels], and the zeros around them that a convolution reads. */
typedef struct t2v_window {
    const float *x; /**< the first frame */
    int64_t frames, h, w, channels;
    int64_t first, rows; /**< of each frame; those outside of 0 … h - 1 are zeros */
    int64_t left, right; /**< columns of zeros beside each row */
} t2v_window;

/** Bytes of a window. False when they are more than can be counted. */
bool t2v_window_bytes(const t2v_window *window, size_t *bytes);

/**
 * A window to q [frames, rows, left + w + right, channels], all of it with one scale, in which zero
 * is exact. With a number that is not finite the offset is no number.
 */
void t2v_quantize_window(t2v_exec *exec, const t2v_window *window, int levels, uint8_t *q,
                         t2v_affine *affine);

/** One row of weights; w ≈ *scale · q. */
void t2v_quantize_weights(const float *w, int64_t count, int8_t *q, float *scale);

/**
 * The rows of an operand, each all that makes one output, with their scales, and the sums of the
 * quantised weights.
 *
 * @param q NULL where the operand's tensor is bytes already (t2v_tensor_bytes)
 */
t2v_status t2v_quantize_operand(t2v_exec *exec, const t2v_operand *operand, int8_t *q, float *scale,
                                float *sum);

/** What remains to be done after a product of bytes. */
typedef struct t2v_dequantize {
    int64_t rows, count;
    const int32_t *sums;       /**< [rows, count], dense: Σ x.q·w.q */
    const t2v_affine *affine;  /**< [rows], of the activations */
    bool one_affine;           /**< of all rows: affine[0] */
    const float *scale, *sum;  /**< [count]: of the weights, and Σ w */
    const float *bias;         /**< [count]; NULL: none */
    t2v_activation activation; /**< applied to the result */
    bool accumulate;           /**< add to y */
} t2v_dequantize;

/** y [rows, count], its rows `stride` floats apart: the results as numbers. */
void t2v_dequantize_rows(t2v_exec *exec, const t2v_dequantize *d, float *y, int64_t stride);

#endif
