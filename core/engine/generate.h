/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The engine thread's work: chunk after chunk, from prompt to pictures. */
#ifndef T2V_ENGINE_GENERATE_H
#define T2V_ENGINE_GENERATE_H

#include "engine/decode.h"
#include "engine/plan.h"
#include "engine/prompt.h"
#include "engine/scene.h"

/** What the generation asks of the stream around it. */
typedef struct t2v_generation_host {
    void *opaque;
    /**
     * Options for the next chunk; strings are the caller's own copies (t2v_options_free).
     *
     * @param frame number of its first new picture
     * @param scene receives what begins with it; a scene is told of once
     */
    t2v_status (*options)(void *opaque, int64_t frame, t2v_stream_params *params, t2v_scene *scene,
                          t2v_error *error);
    /**
     * Number of the picture with which the next scene begins, `frame` or less for one that shall
     * begin now; INT64_MAX: none is known.
     *
     * @param frame number of the next picture
     * @param joins receives whether it continues from the pictures before it
     */
    int64_t (*next_scene)(void *opaque, int64_t frame, bool *joins);
    t2v_deliver_fn deliver;
    /** Work done, in operations. */
    void (*progress)(void *opaque, t2v_phase phase, int64_t chunk, int step, int steps,
                     double done);
} t2v_generation_host;

/**
 * Generates until the last frame, a failure or an interruption.
 *
 * @param params as the stream was created
 */
t2v_status t2v_generate(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                        const t2v_plan *plan, int64_t seed, const t2v_generation_host *host);

/** Operations of chunk `index`: the measure of progress. */
double t2v_chunk_operations(const t2v_model *model, const t2v_plan *plan, int64_t index, int steps,
                            bool guided);

/**
 * The number of steps that options ask for, by sigmas of their own or the model's, if there are
 * some, and the guidance.
 *
 * @param sigmas receives them, or a count of 0
 */
int t2v_effective_schedule(const t2v_model *model, const t2v_stream_params *params,
                           t2v_sigmas *sigmas);
int t2v_effective_steps(const t2v_model *model, const t2v_stream_params *params);
double t2v_effective_guidance(const t2v_model *model, const t2v_stream_params *params);
double t2v_effective_guidance_2(const t2v_model *model, const t2v_stream_params *params);

#endif
