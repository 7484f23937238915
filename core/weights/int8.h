/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Weights as bytes: what `t2v quantize` writes into safetensors files.
 *
 * A matrix X [rows, columns] is stored as an I8 tensor X, −127 … 127, and an F32 tensor `X.scale`
 * [rows]; its values are X.scale[row] · X[row, column].
 *
 * Names are the reference's, as in the table of a component.
 */
#ifndef T2V_WEIGHTS_INT8_H
#define T2V_WEIGHTS_INT8_H

#include "tensor/tensor.h"

/** Ends the name of the tensor with the scales. */
#define T2V_INT8_SCALE ".scale"

/**
 * Whether a tensor of a transformer or a text encoder is stored as bytes: the linear layers of its
 * blocks, which are nearly all of it, and the table of token embeddings.
 */
bool t2v_int8_stored(const char *name, const t2v_shape *shape);

#endif
