/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Weights as bytes: what `t2v quantize` writes into safetensors files, and which layers
 * `precision=int8` computes with bytes.
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

/**
 * Whether a linear layer (its tensors' name without `.weight`) may be computed with bytes: those of
 * the blocks, but one.
 * - What stands before and after the blocks reads or makes the few numbers that all others depend
 *   on (latents, the noise level, the prompt), and costs little.
 * - T5's `wo` reads products of two functions, a few of which are far larger than all others and
 *   leave these without bits. transformers keeps it in float32 where all else is float16. With
 *   bytes the embedded model's videos were 3 dB farther from those of f32.
 */
bool t2v_int8_layer(const char *layer);

/**
 * Whether a convolution of an autoencoder may be computed with bytes: those of the decoder's blocks
 * that enlarge, but for the first. All in front has few positions, a twentieth to a seventh of the
 * operations, and in floats it brings the pictures 1 to 3 dB nearer. The last layer makes the
 * picture; a path around two convolutions (conv_shortcut) is a product for each position.
 */
bool t2v_int8_convolution(const char *layer);

#endif
