/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The encoder's half of AutoencoderKLLTXVideo, as far as text to video needs it: a check. */
#ifndef T2V_VAE_LTX_ENCODER_H
#define T2V_VAE_LTX_ENCODER_H

#include "weights/checkpoint.h"

/**
 * Compares the encoder's tensors with what the configuration says of them, so that a checkpoint
 * is refused for a damaged tensor wherever it is. A tensor may be missing, for nothing is encoded
 * here; one that is there must have its shape.
 *
 * @param latent_channels of the latents that it makes
 * @param channels        of the patches that it reads: colours × patch_size²
 */
t2v_status t2v_ltx_encoder_check(const t2v_component *component, int64_t latent_channels,
                                 int64_t channels, t2v_error *error);

#endif
