/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The encoder's half of AutoencoderKLWan: pictures to latents, one after another. */
#ifndef T2V_VAE_WAN_ENCODER_H
#define T2V_VAE_WAN_ENCODER_H

#include "vae/vae.h"

/** An encoder; immutable. */
typedef struct t2v_wan_encoder t2v_wan_encoder;

/**
 * Reads the encoder of an autoencoder. One without its tensors is taken, for text to video does
 * without; then, or when its configuration contradicts the decoder's, t2v_wan_encode says so.
 *
 * @param component outlives the encoder
 * @param info      of the whole autoencoder: channels and ratios
 * @param patch     pixels on a side of what becomes one position
 * @param residual  Wan 2.2: levels have a path around them
 */
t2v_status t2v_wan_encoder_create(const t2v_component *component, const t2v_vae_info *info,
                                  int64_t patch, bool residual, t2v_wan_encoder **encoder,
                                  t2v_error *error);
void t2v_wan_encoder_free(t2v_wan_encoder **encoder);

/**
 * As t2v_vae_class's encode. Memory does not depend on the number of pictures: each runs through
 * the whole encoder before the next is looked at.
 */
t2v_status t2v_wan_encode(t2v_exec *exec, const t2v_wan_encoder *encoder, const t2v_clip *clip,
                          float *mean, float *deviation);

#endif
