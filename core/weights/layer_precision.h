/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Which layers the option `precision` is for; all others compute with floats. Names are the
 * reference's, as in the table of a component, without `.weight`.
 */
#ifndef T2V_WEIGHTS_LAYER_PRECISION_H
#define T2V_WEIGHTS_LAYER_PRECISION_H

#include <stdbool.h>

#include "tensor/precision.h"

/** Whether a layer or tensor is of a block of a transformer or a text encoder. */
bool t2v_is_of_block(const char *name);

/**
 * Of a linear layer: as wanted in the blocks, but for one with bytes.
 * - What stands before and after the blocks reads or makes the few numbers that all others depend
 *   on (latents, the noise level, the prompt), and costs little.
 * - T5's `wo` reads products of two functions, a few of which are far larger than all others and
 *   leave these without bits. transformers keeps it in float32 where all else is float16. With
 *   bytes the embedded model's videos were 3 dB farther from those of f32.
 */
t2v_precision t2v_linear_precision(t2v_precision wanted, const char *layer);

/**
 * Of a convolution of an autoencoder: as wanted in the decoder. With bytes only in the blocks that
 * enlarge, and not in the first of these. All in front has few positions, a twentieth to a seventh
 * of the operations, and in floats it brings the pictures 1 to 3 dB nearer. The last layer makes
 * the picture; a path around two convolutions (conv_shortcut) is a product for each position.
 */
t2v_precision t2v_convolution_precision(t2v_precision wanted, const char *layer);

#endif
