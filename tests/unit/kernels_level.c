/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels compiled for one kind of processor, which the compiler is told by its flags. Their
 * names get LEVEL in front, so that they lie beside the library's: one that is not listed here does
 * not link, and wants a place in kernels.h. */
#undef HAVE_TARGET_CLONES /* of config.h: one clone is wanted */

#define RENAME_AS(level, name) level##_##name
#define RENAME_WITH(level, name) RENAME_AS(level, name)
#define RENAMED(name) RENAME_WITH(LEVEL, name)

#define t2v_copy RENAMED(t2v_copy)
#define t2v_add RENAMED(t2v_add)
#define t2v_subtract_from RENAMED(t2v_subtract_from)
#define t2v_multiply RENAMED(t2v_multiply)
#define t2v_add_line RENAMED(t2v_add_line)
#define t2v_sum_change RENAMED(t2v_sum_change)
#define t2v_gated_add RENAMED(t2v_gated_add)
#define t2v_silu RENAMED(t2v_silu)
#define t2v_relu RENAMED(t2v_relu)
#define t2v_gelu RENAMED(t2v_gelu)
#define t2v_quick_gelu RENAMED(t2v_quick_gelu)
#define t2v_norm_run RENAMED(t2v_norm_run)
#define t2v_rope_run RENAMED(t2v_rope_run)
#define t2v_attention_run RENAMED(t2v_attention_run)
#define t2v_round_to_bf16 RENAMED(t2v_round_to_bf16)
#define t2v_to_bf16 RENAMED(t2v_to_bf16)
#define t2v_bf16_tile_get RENAMED(t2v_bf16_tile_get)
#define t2v_split_heads RENAMED(t2v_split_heads)
#define t2v_split_some_heads RENAMED(t2v_split_some_heads)
#define t2v_quantize_rows RENAMED(t2v_quantize_rows)
#define t2v_quantize_window RENAMED(t2v_quantize_window)
#define t2v_window_bytes RENAMED(t2v_window_bytes)
#define t2v_quantize_weights RENAMED(t2v_quantize_weights)
#define t2v_quantize_operand RENAMED(t2v_quantize_operand)
#define t2v_dequantize_rows RENAMED(t2v_dequantize_rows)
#define t2v_dequantizer RENAMED(t2v_dequantizer)
#define t2v_difference_product RENAMED(t2v_difference_product)
#define t2v_difference_store RENAMED(t2v_difference_store)

#include "kernels.h"

#include "ops/attention.c"
#include "ops/bf16.c"
#include "ops/elementwise.c"
#include "ops/norm.c"
#include "ops/quantize.c"
#include "ops/rope.c"
#include "tensor/dequantize.c"
#include "tensor/difference.c"

const kernels RENAME_WITH(kernels, LEVEL) = {KERNELS(KERNEL_VALUE)};
