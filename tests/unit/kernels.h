/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The loops that the compiler vectorises for each kind of processor, as one table: the library's
 * own, of which the processor at hand runs one clone, and the same sources compiled for each kind
 * alone.
 */
#ifndef T2V_TESTS_KERNELS_H
#define T2V_TESTS_KERNELS_H

#include "ops/attention.h"
#include "ops/bf16.h"
#include "ops/elementwise.h"
#include "ops/norm.h"
#include "ops/quantize.h"
#include "ops/rope.h"
#include "tensor/dequantize.h"
#include "tensor/difference.h"

#define KERNELS(X)                                                                                 \
    X(t2v_add)                                                                                     \
    X(t2v_subtract_from)                                                                           \
    X(t2v_multiply)                                                                                \
    X(t2v_add_line)                                                                                \
    X(t2v_sum_change)                                                                              \
    X(t2v_gated_add)                                                                               \
    X(t2v_silu)                                                                                    \
    X(t2v_relu)                                                                                    \
    X(t2v_gelu)                                                                                    \
    X(t2v_quick_gelu)                                                                              \
    X(t2v_norm_run)                                                                                \
    X(t2v_rope_run)                                                                                \
    X(t2v_attention_run)                                                                           \
    X(t2v_round_to_bf16)                                                                           \
    X(t2v_quantize_rows)                                                                           \
    X(t2v_quantize_window)                                                                         \
    X(t2v_quantize_weights)                                                                        \
    X(t2v_dequantize_rows)                                                                         \
    X(t2v_dequantizer)                                                                             \
    X(t2v_difference_product)

#define KERNEL_FIELD(name) __typeof__(name) *name;
#define KERNEL_VALUE(name) name,

/** A kind of processor's. */
typedef struct kernels {
    KERNELS(KERNEL_FIELD)
} kernels;

/** Without vectors: the twin that all others are compared with. */
extern const kernels kernels_plain;
/** For x86-64 with AVX2, and with AVX-512; where the compiler knows these names. */
extern const kernels kernels_v3, kernels_v4;

#endif
