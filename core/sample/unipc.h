/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * UniPC (Zhao et al. 2023), a predictor-corrector of several steps, as UniPCMultistepScheduler of
 * diffusers runs it for flow matching: it predicts clean latents and steps in the logarithm of the
 * signal-to-noise ratio, with B(h) = e^h − 1.
 */
#ifndef T2V_SAMPLE_UNIPC_H
#define T2V_SAMPLE_UNIPC_H

#include "sample/flow_match.h"

enum { T2V_UNIPC_MAX_ORDER = 3 };

/** scheduler_config.json, names as there. */
typedef struct t2v_unipc_config {
    int64_t num_train_timesteps;
    int64_t solver_order; /**< 1 to T2V_UNIPC_MAX_ORDER */
    double flow_shift;
    double shift_terminal; /**< the last sigma before 0; 0: left where it falls */
} t2v_unipc_config;

/**
 * Reads and checks scheduler_config.json. What flow matching does not use (prediction types other
 * than flow_prediction, other sigmas, thresholding …) is T2V_ERROR_UNSUPPORTED, and so is
 * solver_type bh1, whose last step ends in no number.
 */
t2v_status t2v_unipc_config_read(const t2v_config *config, t2v_unipc_config *out, t2v_error *error);

/**
 * The first `steps` of steps + 1 numbers spread evenly from 1 to 1/num_train_timesteps, shifted.
 * Timesteps are whole numbers, cut off.
 */
t2v_status t2v_schedule_unipc(const t2v_unipc_config *config, int steps, t2v_schedule *out,
                              t2v_error *error);

/** The same from sigmas of the caller's own, which are shifted likewise. */
t2v_status t2v_schedule_unipc_given(const t2v_unipc_config *config, const t2v_sigmas *sigmas,
                                    t2v_schedule *out, t2v_error *error);

/** The solver's memory of the steps before. */
typedef struct t2v_unipc t2v_unipc;

/** @param schedule outlives the solver; @param count numbers of the latents */
t2v_status t2v_unipc_create(const t2v_unipc_config *config, const t2v_schedule *schedule,
                            size_t count, t2v_unipc **solver, t2v_error *error);
void t2v_unipc_free(t2v_unipc **solver);

/**
 * The next step; there are schedule->steps of them.
 *
 * @param x        latents, changed in place
 * @param velocity the model's output
 */
void t2v_unipc_step(t2v_unipc *solver, float *x, const float *velocity);

#endif
