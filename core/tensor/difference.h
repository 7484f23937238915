/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Differences that are added to a tensor's values when they are read: stored ones, and products of
 * two narrow matrices (LoRA, Hu et al. 2021). No memory is needed but for what describes them.
 */
#ifndef T2V_TENSOR_DIFFERENCE_H
#define T2V_TENSOR_DIFFERENCE_H

#include "tensor/tensor.h"

/** Begins with the adjustment, for a tensor of as many elements. */
typedef struct t2v_difference {
    t2v_adjust adjust;
    float scale;
    t2v_tensor stored;   /**< of a stored difference */
    t2v_tensor up, down; /**< of a product: [rows, rank] and [rank, columns] */
    size_t rank, columns;
} t2v_difference;

/** += scale · stored, element by element; of a type that t2v_dtype_is_float. */
void t2v_difference_store(t2v_difference *difference, const t2v_tensor *stored, float scale);

/**
 * += scale · up · down, in float32, for a tensor seen as [rows, columns].
 *
 * @param up   rows × rank elements
 * @param down rank × columns elements
 * @param rank positive, as is `columns`
 */
void t2v_difference_product(t2v_difference *difference, const t2v_tensor *up,
                            const t2v_tensor *down, size_t rank, size_t columns, float scale);

#endif
