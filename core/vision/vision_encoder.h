/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The vision transformer of CLIP (Radford et al. 2021), as transformers' CLIPVisionModel: what it
 * makes of a picture before its last layer.
 */
#ifndef T2V_VISION_VISION_ENCODER_H
#define T2V_VISION_VISION_ENCODER_H

#include "ops/exec.h"
#include "weights/checkpoint.h"

/** The encoder's weights; immutable, shared by all streams of a model. */
typedef struct t2v_vision t2v_vision;

/** @param component `image_encoder` of a checkpoint; outlives the encoder */
t2v_status t2v_vision_create(const t2v_component *component, t2v_vision **vision, t2v_error *error);
void t2v_vision_free(t2v_vision **vision);

/** Width of an embedding. */
int64_t t2v_vision_width(const t2v_vision *vision);
/** Embeddings of a picture: one for each patch, and one of the whole in front of them. */
int64_t t2v_vision_tokens(const t2v_vision *vision);
/** Pixels on a side of the picture that it reads. */
int64_t t2v_vision_side(const t2v_vision *vision);

/**
 * hidden_states[-2] of the reference.
 *
 * @param pixels [3, side, side], normalised
 * @param out    [tokens, width]
 */
t2v_status t2v_vision_run(t2v_exec *exec, const t2v_vision *vision, const float *pixels,
                          float *out);

#endif
