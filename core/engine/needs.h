/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a generation will need: a rehearsal of it, stage by stage. */
#ifndef T2V_ENGINE_NEEDS_H
#define T2V_ENGINE_NEEDS_H

#include "engine/condition.h"
#include "engine/plan.h"
#include "ops/profile.h"
#include "vae/tiles.h"

typedef enum t2v_stage {
    T2V_STAGE_TEXT,
    T2V_STAGE_PICTURES, /**< those that are given */
    T2V_STAGE_DENOISING,
    T2V_STAGE_DECODING,
    T2V_STAGES
} t2v_stage;

/** Bytes, and multiplications and additions of products. */
typedef struct t2v_stage_needs {
    size_t scratch; /**< activations */
    size_t state;   /**< what is carried from one frame to the next */
    size_t weights; /**< prepared, of all layers */
    size_t layer;   /**< of those that are used together */
    /** By kind; of denoising: of one evaluation with the prompt, and one with the negative. */
    double operations[T2V_OPERATIONS];
} t2v_stage_needs;

typedef struct t2v_needs {
    t2v_stage_needs stage[T2V_STAGES];
    size_t text;     /**< keys and values of prompts and pictures */
    size_t others;   /**< the program, latents and frames */
    bool in_turn;    /**< chunks: decoding comes between the steps of denoising */
    t2v_tiles tiles; /**< that decoding is cut into, as was asked or as the limit wants it */
} t2v_needs;

/** The tiles that options ask for. */
t2v_tiles t2v_needs_tiles(const t2v_model *model, const t2v_stream_params *params,
                          const t2v_plan *plan);

/**
 * Runs everything once that a generation runs many times, without its arithmetic.
 *
 * @param exec  of the generation; what it makes of primitives is used again
 * @param given of t2v_conditions_read
 */
t2v_status t2v_needs_rehearse(t2v_exec *exec, const t2v_model *model,
                              const t2v_stream_params *params, const t2v_plan *plan,
                              const t2v_conditions *given, t2v_needs *needs);

/** Bytes that a stage takes beside prepared weights. */
size_t t2v_needs_working(const t2v_needs *needs, t2v_stage stage);
/** Bytes that are to be left free of kept weights during a stage: those, and a layer's weights. */
size_t t2v_needs_reserve(const t2v_needs *needs, t2v_stage stage);
/** The least that a generation can do with, and the stage that needs it. */
size_t t2v_needs_least(const t2v_needs *needs, t2v_stage *stage);
/** The most that it will take when all but `limit` is refused; SIZE_MAX: nothing is. */
size_t t2v_needs_most(const t2v_needs *needs, size_t limit);

#endif
