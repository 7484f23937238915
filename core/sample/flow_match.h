/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The Euler solver of flow matching, as FlowMatchEulerDiscreteScheduler of diffusers: noise levels
 * sigma from 1 (noise) to 0 (picture), the timestep that the model is told, and the step.
 */
#ifndef T2V_SAMPLE_FLOW_MATCH_H
#define T2V_SAMPLE_FLOW_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sample/sigmas.h"
#include "weights/config.h"

/** How the shifted sigmas are spread between their first and last. */
typedef enum t2v_sigma_spacing {
    T2V_SIGMAS_AS_SHIFTED,
    T2V_SIGMAS_KARRAS,      /**< Karras et al. 2022, rho 7 */
    T2V_SIGMAS_EXPONENTIAL, /**< evenly spaced logarithms */
} t2v_sigma_spacing;

/** How mu bends the schedule when use_dynamic_shifting is set. */
typedef enum t2v_time_shift {
    T2V_TIME_SHIFT_EXPONENTIAL, /**< e^mu / (e^mu + 1/sigma − 1) */
    T2V_TIME_SHIFT_LINEAR,      /**< mu / (mu + 1/sigma − 1) */
} t2v_time_shift;

/** scheduler_config.json, names as there. */
typedef struct t2v_flow_match_config {
    int64_t num_train_timesteps;
    double shift; /**< used when use_dynamic_shifting is not set */
    bool use_dynamic_shifting;
    double base_shift, max_shift; /**< mu at base_image_seq_len and at max_image_seq_len tokens */
    int64_t base_image_seq_len, max_image_seq_len;
    double shift_terminal; /**< the last sigma before 0; 0: left where it falls */
    bool invert_sigmas;
    t2v_sigma_spacing spacing;
    t2v_time_shift time_shift;
} t2v_flow_match_config;

/**
 * Reads and checks scheduler_config.json. Another scheduler class, stochastic_sampling and beta
 * sigmas are T2V_ERROR_UNSUPPORTED.
 */
t2v_status t2v_flow_match_config_read(const t2v_config *config, t2v_flow_match_config *out,
                                      t2v_error *error);

/** Noise levels of one generation. Ended by t2v_schedule_free; a zeroed one is empty. */
typedef struct t2v_schedule {
    int steps;
    float *timesteps;      /**< [steps], as handed to the diffusion transformer */
    float *sigmas;         /**< [steps + 1], the last is where the solver ends (0) */
    float train_timesteps; /**< timesteps in sigma 1: num_train_timesteps */
} t2v_schedule;

/** Room for `steps` steps, 1 to T2V_MAX_STEPS. */
t2v_status t2v_schedule_allocate(int steps, int64_t train_timesteps, t2v_schedule *out,
                                 t2v_error *error);

/**
 * LTXPipeline: linspace(1, 1/steps, steps), shifted by the config.
 *
 * With a single step and a shift_terminal the reference divides 0 by 0; here sigma stays 1.
 *
 * @param steps  1 to T2V_MAX_STEPS
 * @param tokens latent positions F'·H'·W' of the video, which mu is a linear function of; not
 *               clamped
 */
t2v_status t2v_schedule_linear(const t2v_flow_match_config *config, int steps, int64_t tokens,
                               t2v_schedule *out, t2v_error *error);

/** The same from sigmas of the caller's own, which are shifted likewise. */
t2v_status t2v_schedule_given(const t2v_flow_match_config *config, const t2v_sigmas *sigmas,
                              int64_t tokens, t2v_schedule *out, t2v_error *error);

/**
 * LTXConditionPipeline: sigmas fall linearly to 0.975 over the first half of the steps, then
 * quadratically. As in the reference they are given as timesteps, which stay as given while the
 * sigmas made from them pass through the scheduler's shift; with use_dynamic_shifting the
 * reference fails, and so does this.
 */
t2v_status t2v_schedule_linear_quadratic(const t2v_flow_match_config *config, int steps,
                                         t2v_schedule *out, t2v_error *error);

/** The same from sigmas of the caller's own: the pipeline's `timesteps`, 1000 times as large. */
t2v_status t2v_schedule_given_timesteps(const t2v_flow_match_config *config,
                                        const t2v_sigmas *sigmas, t2v_schedule *out,
                                        t2v_error *error);

/**
 * What the scheduler does when a pipeline names neither sigmas nor timesteps (WanPipeline): sigmas
 * spread evenly over the shifted range of training and shifted once more. With use_dynamic_shifting
 * the reference fails; Karras and exponential sigmas are T2V_ERROR_UNSUPPORTED here.
 */
t2v_status t2v_schedule_trained(const t2v_flow_match_config *config, int steps, t2v_schedule *out,
                                t2v_error *error);

void t2v_schedule_free(t2v_schedule *schedule);

/**
 * x += (sigmas[step + 1] − sigmas[step]) · velocity, as LTXPipeline steps.
 *
 * @param x        latents, count numbers, changed in place
 * @param velocity the model's output
 * @param step     0 to steps − 1
 */
void t2v_euler_step(const t2v_schedule *schedule, int step, float *x, const float *velocity,
                    size_t count);

/**
 * The step from a token's own timestep, as LTXConditionPipeline takes it:
 * x −= (sigma − next) · velocity, sigma being timestep / num_train_timesteps and next the largest
 * sigma of the schedule below sigma − 1e-6, else 0. The velocity is the model's output as it comes
 * (the reference negates it on both sides).
 *
 * @param timestep the token's; min(t, 1000 · (1 − mask)) where a picture is given
 * @param count    numbers of the token, or of all tokens that share the timestep
 */
void t2v_euler_step_at(const t2v_schedule *schedule, float timestep, float *x,
                       const float *velocity, size_t count);

#endif
