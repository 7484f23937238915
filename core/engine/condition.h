/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The pictures and the video that a stream is given, as latents. */
#ifndef T2V_ENGINE_CONDITION_H
#define T2V_ENGINE_CONDITION_H

#include "engine/model.h"
#include "engine/noise.h"
#include "engine/plan.h"
#include "media/video_end.h"

/** What the transformer is given, normalised as it sees it; NULL: not given. */
typedef struct t2v_conditions {
    /** Latents [C, known, H, W] of the first picture, or of the end of the video that goes on. */
    float *first;
    int64_t known;
    float *goal; /**< latents [C, 1, H, W] of the picture that the end leads to */
    /** Of T2V_PICTURES_BESIDE: [ratio + C, F, H, W], which pictures are given, and their latents.
     */
    float *beside;
    t2v_dit_text *seen; /**< what a vision encoder says of them */
    /** [3, picture_height, picture_width], the caller's: what a later pass goes on from. */
    const float *joint;
    t2v_video_end *clip; /**< of a file that goes on, until it is encoded */
    int64_t before;      /**< how many of its pictures are given: the first new one is their next */
} t2v_conditions;

/** Whether the model can do what the options ask for, before anything is computed. */
t2v_status t2v_conditions_check(const t2v_model *model, const t2v_stream_params *params,
                                const t2v_plan *plan, t2v_error *error);

/**
 * Reads the video that goes on, if there is one: `clip` and `before`.
 *
 * @param plan       its lead becomes shorter when there are fewer pictures than it wants
 * @param conditions zeroed; ended by t2v_conditions_free, after a failure too
 */
t2v_status t2v_conditions_read(t2v_exec *exec, const t2v_model *model,
                               const t2v_stream_params *params, t2v_plan *plan,
                               t2v_conditions *conditions);

/**
 * Reads, fits and encodes the pictures that the options name, and draws from their distributions
 * in the order of the reference.
 *
 * @param conditions of t2v_conditions_read
 */
t2v_status t2v_conditions_encode(t2v_exec *exec, const t2v_model *model,
                                 const t2v_stream_params *params, const t2v_plan *plan,
                                 t2v_noise *noise, t2v_conditions *conditions);
void t2v_conditions_free(const t2v_model *model, t2v_conditions *conditions);

#endif
