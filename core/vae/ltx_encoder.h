/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The encoder's half of AutoencoderKLLTXVideo: pictures to latents. */
#ifndef T2V_VAE_LTX_ENCODER_H
#define T2V_VAE_LTX_ENCODER_H

#include "vae/vae.h"

/** An encoder; immutable. */
typedef struct t2v_ltx_encoder t2v_ltx_encoder;

/**
 * Compares the encoder's tensors with what the configuration says of them, so that a checkpoint
 * is refused for a damaged tensor wherever it is. A tensor may be missing, for text to video does
 * without; one that is there must have its shape. What makes encoding impossible is kept for
 * t2v_ltx_encode to say.
 *
 * @param component outlives the encoder
 * @param info      of the whole autoencoder: channels and ratios
 * @param patch     pixels on a side of what becomes one position
 */
t2v_status t2v_ltx_encoder_create(const t2v_component *component, const t2v_vae_info *info,
                                  int64_t patch, t2v_ltx_encoder **encoder, t2v_error *error);
void t2v_ltx_encoder_free(t2v_ltx_encoder **encoder);

/** As t2v_vae_class's encode. */
t2v_status t2v_ltx_encode(t2v_exec *exec, const t2v_ltx_encoder *encoder, const t2v_clip *clip,
                          float *mean, float *deviation);

#endif
