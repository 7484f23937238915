/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The table of model families: one row for each pipeline class that checkpoints are made for. */
#ifndef T2V_ENGINE_FAMILY_H
#define T2V_ENGINE_FAMILY_H

#include "dit/dit.h"
#include "sample/scheduler.h"
#include "text/t5.h"
#include "vae/vae.h"

/** What the authors publish as the usual settings. */
typedef struct t2v_family_defaults {
    int width, height, rate, frames, steps;
    double guidance, guidance_2; /**< the latter: of a second transformer */
} t2v_family_defaults;

/** What a model does with given pictures. */
typedef enum t2v_picture_use {
    T2V_PICTURES_NONE,
    T2V_PICTURES_KNOWN,  /**< they are latents of timestep 0 among those that are made */
    T2V_PICTURES_BESIDE, /**< a mask and latents beside those that are made; it needs a first one */
} t2v_picture_use;

/** A row: which parts a pipeline is made of and how they are put together. */
typedef struct t2v_family {
    const char *name;     /**< of the family */
    const char *pipeline; /**< class named in model_index.json */
    const t2v_dit_class *dit;
    const t2v_vae_class *vae;
    const char *text_encoder; /**< class of the text encoder in transformers */
    t2v_t5_kind text_kind;
    const char *scheduler; /**< class of the scheduler; NULL: any that t2v_scheduler_read knows */

    int text_length; /**< ids that the text encoder reads */
    bool text_mask;  /**< the text encoder does not see the padding */
    bool text_zeros; /**< the padding's embeddings are zeros */
    bool text_clean; /**< a prompt goes through t2v_clean_prompt first */

    /** @param tokens positions of a window */
    t2v_status (*schedule)(const t2v_scheduler *scheduler, int steps, int64_t tokens,
                           t2v_schedule *schedule, t2v_error *error);
    /** The same from sigmas of the caller's own. */
    t2v_status (*schedule_given)(const t2v_scheduler *scheduler, const t2v_sigmas *sigmas,
                                 int64_t tokens, t2v_schedule *schedule, t2v_error *error);
    /**
     * Time coordinate of a latent frame in seconds, in the reference's own float arithmetic.
     *
     * @param frame   of the window, in tokens; `ratio` pictures to a latent frame
     * @param middle  the window does not start the clip
     */
    float (*seconds)(int64_t frame, int64_t ratio, bool middle, double rate);
    /** Coordinates are a token's row and column, else those of its first pixel. */
    bool token_grid;
    /**
     * Time coordinate of a given picture, counted from the clip's first. NULL: a picture can be
     * given as the first one only.
     */
    float (*picture_seconds)(int64_t picture, double rate);
    /** KNOWN in any class where model_index.json gives every token its own timestep. */
    t2v_picture_use pictures;
    /** Several latent frames of a video that goes on can be given, else its last picture alone. */
    bool takes_clips;
    /** A given picture's latents are the mean of its posterior, else drawn from it. */
    bool posterior_mean;
    /** A given picture's posterior is drawn before the latents, else after them. */
    bool encodes_first;
    /** Noise that keeps known latents from freezing: this · noise · sigma². */
    float known_noise;
    /** Each token steps from its own timestep (LTXConditionPipeline), else by the step's number. */
    bool steps_by_token;
    t2v_family_defaults defaults;
    /** Settings that follow from model_index.json; NULL: always `defaults`. */
    t2v_status (*refine)(const t2v_config *index, t2v_family_defaults *defaults, t2v_error *error);
} t2v_family;

/** The row for a pipeline class, or NULL. */
const t2v_family *t2v_family_find(const char *pipeline);
/** "LTXPipeline, LTXConditionPipeline …" for messages. */
void t2v_family_names(char *text, size_t size);

#endif
