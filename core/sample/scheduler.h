/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The solver that a checkpoint's scheduler names, with its settings. */
#ifndef T2V_SAMPLE_SCHEDULER_H
#define T2V_SAMPLE_SCHEDULER_H

#include "sample/unipc.h"

typedef enum t2v_solver {
    T2V_SOLVER_EULER, /**< FlowMatchEulerDiscreteScheduler */
    T2V_SOLVER_UNIPC, /**< UniPCMultistepScheduler */
} t2v_solver;

/** scheduler_config.json. */
typedef struct t2v_scheduler {
    t2v_solver solver;
    t2v_flow_match_config euler; /**< of T2V_SOLVER_EULER */
    t2v_unipc_config unipc;      /**< of T2V_SOLVER_UNIPC */
} t2v_scheduler;

/** Reads the configuration of the class that it names; none: FlowMatchEulerDiscreteScheduler. */
t2v_status t2v_scheduler_read(const t2v_config *config, t2v_scheduler *scheduler, t2v_error *error);

/** Timesteps in sigma 1. */
int64_t t2v_scheduler_train_timesteps(const t2v_scheduler *scheduler);

/**
 * Sigmas and timesteps when a pipeline gives none of its own, as WanPipeline does: for Euler's
 * solver t2v_schedule_trained, for UniPC t2v_schedule_unipc.
 */
t2v_status t2v_scheduler_schedule(const t2v_scheduler *scheduler, int steps, t2v_schedule *out,
                                  t2v_error *error);

/** The same from sigmas of the caller's own, as the scheduler's set_timesteps(sigmas=…) takes them.
 */
t2v_status t2v_scheduler_schedule_given(const t2v_scheduler *scheduler, const t2v_sigmas *sigmas,
                                        t2v_schedule *out, t2v_error *error);

#endif
