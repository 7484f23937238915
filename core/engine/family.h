/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The table of model families: one row for each pipeline class that checkpoints are made for. */
#ifndef T2V_ENGINE_FAMILY_H
#define T2V_ENGINE_FAMILY_H

#include "dit/dit.h"
#include "sample/flow_match.h"
#include "vae/vae.h"

/** What the authors publish as the usual settings. */
typedef struct t2v_family_defaults {
    int width, height, rate, frames, steps;
    double guidance;
} t2v_family_defaults;

/** A row: which parts a pipeline is made of and how they are put together. */
typedef struct t2v_family {
    const char *name;     /**< of the family */
    const char *pipeline; /**< class named in model_index.json */
    const t2v_dit_class *dit;
    const t2v_vae_class *vae;
    int text_length; /**< ids that the text encoder reads */
    bool text_mask;  /**< the text encoder does not see the padding */

    /** @param tokens positions of a window */
    t2v_status (*schedule)(const t2v_flow_match_config *config, int steps, int64_t tokens,
                           t2v_schedule *schedule, t2v_error *error);
    /**
     * Time coordinate of a latent frame in seconds, in the reference's own float arithmetic.
     *
     * @param frame   of the window, in tokens; `ratio` pictures to a latent frame
     * @param middle  the window does not start the clip
     */
    float (*seconds)(int64_t frame, int64_t ratio, bool middle, double rate);
    /** Noise that keeps known latents from freezing: this · noise · sigma². */
    float known_noise;
    /** Each token steps from its own timestep (LTXConditionPipeline), else by the step's number. */
    bool steps_by_token;
    t2v_family_defaults defaults;
} t2v_family;

/** The row for a pipeline class, or NULL. */
const t2v_family *t2v_family_find(const char *pipeline);
/** "LTXPipeline, LTXConditionPipeline …" for messages. */
void t2v_family_names(char *text, size_t size);

#endif
