/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/scheduler.h"

#include <string.h>

t2v_status t2v_scheduler_read(const t2v_config *config, t2v_scheduler *scheduler, t2v_error *error)
{
    const char *name;
    T2V_TRY(
        t2v_config_string(config, "_class_name", "FlowMatchEulerDiscreteScheduler", &name, error));
    *scheduler = (t2v_scheduler){0};
    if (strcmp(name, "UniPCMultistepScheduler"))
        return t2v_flow_match_config_read(config, &scheduler->euler, error);
    scheduler->solver = T2V_SOLVER_UNIPC;
    return t2v_unipc_config_read(config, &scheduler->unipc, error);
}

int64_t t2v_scheduler_train_timesteps(const t2v_scheduler *scheduler)
{
    return scheduler->solver == T2V_SOLVER_UNIPC ? scheduler->unipc.num_train_timesteps
                                                 : scheduler->euler.num_train_timesteps;
}

t2v_status t2v_scheduler_schedule(const t2v_scheduler *scheduler, int steps, t2v_schedule *out,
                                  t2v_error *error)
{
    if (scheduler->solver == T2V_SOLVER_UNIPC)
        return t2v_schedule_unipc(&scheduler->unipc, steps, out, error);
    return t2v_schedule_trained(&scheduler->euler, steps, out, error);
}

t2v_status t2v_scheduler_schedule_given(const t2v_scheduler *scheduler, const t2v_sigmas *sigmas,
                                        t2v_schedule *out, t2v_error *error)
{
    if (scheduler->solver == T2V_SOLVER_UNIPC)
        return t2v_schedule_unipc_given(&scheduler->unipc, sigmas, out, error);
    if (scheduler->euler.use_dynamic_shifting)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "the scheduler's use_dynamic_shifting is true, which this pipeline class "
                        "cannot use");
    return t2v_schedule_given(&scheduler->euler, sigmas, 0, out, error);
}
