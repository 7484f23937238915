/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/flow_match.h"

#include <math.h>

#include "base/memory.h"

/* A step looks for the next sigma at least this far below the present one. */
static const float SIGMA_GAP = 1e-6f;
/* Share of the noise that LTX's linear-quadratic schedule removes in its first half. */
static const double LINEAR_SHARE = 0.025;

/* ------------------------------------------------------------------ schedules */

/* calculate_shift of the LTX pipelines: linear in the number of tokens, not clamped. */
static double shift_for_tokens(const t2v_flow_match_config *config, int64_t tokens)
{
    double slope = (config->max_shift - config->base_shift) /
                   (double)(config->max_image_seq_len - config->base_image_seq_len);
    double offset = config->base_shift - slope * (double)config->base_image_seq_len;
    return (double)tokens * slope + offset;
}

/* The reference computes on float32 arrays, so the order and width of every operation count. */
static void shift_dynamically(float *sigmas, int steps, t2v_time_shift kind, double mu)
{
    float weight = (float)(kind == T2V_TIME_SHIFT_EXPONENTIAL ? exp(mu) : mu);
    for (int i = 0; i < steps; i++)
        sigmas[i] = weight / (weight + (1.0f / sigmas[i] - 1.0f));
}

static void shift_statically(float *sigmas, int steps, double shift)
{
    float factor = (float)shift, less_one = (float)(shift - 1.0);
    for (int i = 0; i < steps; i++)
        sigmas[i] = factor * sigmas[i] / (1.0f + less_one * sigmas[i]);
}

/* stretch_shift_to_terminal: the distances from 1 scaled so that the last sigma is `terminal`. */
static void stretch_to_terminal(float *sigmas, int steps, double terminal)
{
    float scale = (1.0f - sigmas[steps - 1]) / (float)(1.0 - terminal);
    if (scale == 0)
        return;
    for (int i = 0; i < steps; i++)
        sigmas[i] = 1.0f - (1.0f - sigmas[i]) / scale;
}

/* The i-th of `steps` evenly spaced numbers as numpy.linspace computes it. */
static double linspace(double first, double last, int steps, int i)
{
    if (steps > 1 && i == steps - 1)
        return last;
    double step = steps > 1 ? (last - first) / (steps - 1) : 0;
    return i * step + first;
}

static void space_karras(float *sigmas, int steps)
{
    const double rho = 7;
    double first = pow(sigmas[0], 1 / rho), last = pow(sigmas[steps - 1], 1 / rho);
    for (int i = 0; i < steps; i++)
        sigmas[i] = (float)pow(first + linspace(0, 1, steps, i) * (last - first), rho);
}

static void space_exponentially(float *sigmas, int steps)
{
    double first = log(sigmas[0]), last = log(sigmas[steps - 1]);
    for (int i = 0; i < steps; i++)
        sigmas[i] = (float)exp(linspace(first, last, steps, i));
}

t2v_status t2v_schedule_allocate(int steps, int64_t train_timesteps, t2v_schedule *out,
                                 t2v_error *error)
{
    if (steps < 1 || steps > T2V_MAX_STEPS)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "steps is %d, wanted 1 to %d", steps,
                        T2V_MAX_STEPS);
    t2v_schedule made = {.steps = steps, .train_timesteps = (float)train_timesteps};
    made.timesteps = t2v_calloc((size_t)steps, sizeof(float));
    made.sigmas = t2v_calloc((size_t)steps + 1, sizeof(float));
    *out = made;
    if (!made.timesteps || !made.sigmas) {
        t2v_schedule_free(out);
        return t2v_fail_memory(error, "the schedule", ((size_t)steps + 1) * sizeof(float));
    }
    return T2V_OK;
}

/* What set_timesteps does with sigmas: shift, stretch, space. */
static void bend(const t2v_flow_match_config *config, double mu, t2v_schedule *schedule)
{
    float *sigmas = schedule->sigmas;
    int steps = schedule->steps;
    if (config->use_dynamic_shifting)
        shift_dynamically(sigmas, steps, config->time_shift, mu);
    else
        shift_statically(sigmas, steps, config->shift);
    if (config->shift_terminal > 0)
        stretch_to_terminal(sigmas, steps, config->shift_terminal);
    if (config->spacing == T2V_SIGMAS_KARRAS)
        space_karras(sigmas, steps);
    else if (config->spacing == T2V_SIGMAS_EXPONENTIAL)
        space_exponentially(sigmas, steps);
}

static void make_timesteps(t2v_schedule *schedule)
{
    for (int i = 0; i < schedule->steps; i++)
        schedule->timesteps[i] = schedule->sigmas[i] * schedule->train_timesteps;
}

static void finish(const t2v_flow_match_config *config, t2v_schedule *schedule)
{
    schedule->sigmas[schedule->steps] = 0.0f;
    if (!config->invert_sigmas)
        return;
    for (int i = 0; i <= schedule->steps; i++)
        schedule->sigmas[i] = 1.0f - schedule->sigmas[i];
    make_timesteps(schedule);
}

/* A configuration may bend sigmas out of any use (a mu of −100, say). */
static t2v_status check_finite(t2v_schedule *schedule, t2v_error *error)
{
    for (int i = 0; i < schedule->steps; i++) {
        if (isfinite(schedule->sigmas[i]))
            continue;
        t2v_schedule_free(schedule);
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "the scheduler's configuration gives no finite sigma for step %d", i);
    }
    return T2V_OK;
}

/* What the scheduler makes of the sigmas that it is given. */
static t2v_status complete(const t2v_flow_match_config *config, int64_t tokens, t2v_schedule *out,
                           t2v_error *error)
{
    bend(config, shift_for_tokens(config, tokens), out);
    make_timesteps(out);
    finish(config, out);
    return check_finite(out, error);
}

t2v_status t2v_schedule_linear(const t2v_flow_match_config *config, int steps, int64_t tokens,
                               t2v_schedule *out, t2v_error *error)
{
    T2V_TRY(t2v_schedule_allocate(steps, config->num_train_timesteps, out, error));
    for (int i = 0; i < steps; i++)
        out->sigmas[i] = (float)linspace(1.0, 1.0 / steps, steps, i);
    return complete(config, tokens, out, error);
}

t2v_status t2v_schedule_given(const t2v_flow_match_config *config, const t2v_sigmas *sigmas,
                              int64_t tokens, t2v_schedule *out, t2v_error *error)
{
    T2V_TRY(t2v_schedule_allocate(sigmas->count, config->num_train_timesteps, out, error));
    for (int i = 0; i < sigmas->count; i++)
        out->sigmas[i] = (float)sigmas->value[i];
    return complete(config, tokens, out, error);
}

/* linear_quadratic_schedule of LTXConditionPipeline, step i of n. */
static double linear_quadratic(int n, int i)
{
    int linear = n / 2, quadratic = n - linear;
    if (n < 2)
        return 1.0;
    if (i < linear)
        return 1.0 - i * LINEAR_SHARE / linear;
    double difference = linear - LINEAR_SHARE * n;
    double a = difference / ((double)linear * (quadratic * quadratic));
    double b = LINEAR_SHARE / linear - 2 * difference / (quadratic * quadratic);
    double c = a * (linear * linear);
    return 1.0 - (a * (i * i) + b * i + c);
}

/* The sigmas of timesteps that the pipeline names itself. */
static t2v_status complete_timesteps(const t2v_flow_match_config *config, t2v_schedule *out,
                                     t2v_error *error)
{
    for (int i = 0; i < out->steps; i++)
        out->sigmas[i] = out->timesteps[i] / out->train_timesteps;
    bend(config, 0, out);
    finish(config, out);
    return check_finite(out, error);
}

static t2v_status refuse_dynamic_shift(const t2v_flow_match_config *config, const char *pipeline,
                                       t2v_error *error)
{
    if (!config->use_dynamic_shifting)
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                    "the scheduler's use_dynamic_shifting is true, which the pipeline class "
                    "%s cannot use",
                    pipeline);
}

t2v_status t2v_schedule_linear_quadratic(const t2v_flow_match_config *config, int steps,
                                         t2v_schedule *out, t2v_error *error)
{
    T2V_TRY(refuse_dynamic_shift(config, "LTXConditionPipeline", error));
    T2V_TRY(t2v_schedule_allocate(steps, config->num_train_timesteps, out, error));
    for (int i = 0; i < steps; i++) /* times 1000, whatever the scheduler divides by */
        out->timesteps[i] = (float)linear_quadratic(steps, i) * 1000.0f;
    return complete_timesteps(config, out, error);
}

t2v_status t2v_schedule_given_timesteps(const t2v_flow_match_config *config,
                                        const t2v_sigmas *sigmas, t2v_schedule *out,
                                        t2v_error *error)
{
    T2V_TRY(refuse_dynamic_shift(config, "LTXConditionPipeline", error));
    T2V_TRY(t2v_schedule_allocate(sigmas->count, config->num_train_timesteps, out, error));
    for (int i = 0; i < sigmas->count; i++)
        out->timesteps[i] = (float)(sigmas->value[i] * 1000);
    return complete_timesteps(config, out, error);
}

/* The scheduler's own range, from a sigma of 1 to that of its first training step, is shifted when
 * the scheduler is made and again, in double, when the steps are chosen. */
t2v_status t2v_schedule_trained(const t2v_flow_match_config *config, int steps, t2v_schedule *out,
                                t2v_error *error)
{
    const double train = (double)config->num_train_timesteps, by = config->shift;
    float range[2] = {1, 1 / (float)train};
    if (config->use_dynamic_shifting || config->spacing != T2V_SIGMAS_AS_SHIFTED)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "the scheduler's use_dynamic_shifting, use_karras_sigmas or "
                        "use_exponential_sigmas is true, which this pipeline class cannot use");
    T2V_TRY(t2v_schedule_allocate(steps, config->num_train_timesteps, out, error));
    shift_statically(range, 2, by);
    double last = 1;
    for (int i = steps - 1; i >= 0; i--) {
        double sigma = linspace(range[0] * train, range[1] * train, steps, i) / train;
        sigma = by * sigma / (1 + (by - 1) * sigma);
        last = i == steps - 1 ? sigma : last;
        if (config->shift_terminal > 0 && last != 1)
            sigma = 1 - (1 - sigma) * (1 - config->shift_terminal) / (1 - last);
        out->sigmas[i] = (float)sigma;
    }
    make_timesteps(out);
    finish(config, out);
    return check_finite(out, error);
}

void t2v_schedule_free(t2v_schedule *schedule)
{
    t2v_free(schedule->timesteps);
    t2v_free(schedule->sigmas);
    *schedule = (t2v_schedule){0};
}

/* ------------------------------------------------------------------ steps */

static void add_scaled(float *restrict x, const float *restrict velocity, float dt, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] += dt * velocity[i];
}

void t2v_euler_step(const t2v_schedule *schedule, int step, float *x, const float *velocity,
                    size_t count)
{
    add_scaled(x, velocity, schedule->sigmas[step + 1] - schedule->sigmas[step], count);
}

void t2v_euler_step_at(const t2v_schedule *schedule, float timestep, float *x,
                       const float *velocity, size_t count)
{
    float sigma = timestep / schedule->train_timesteps, next = 0.0f;
    for (int i = 0; i <= schedule->steps; i++) {
        float other = schedule->sigmas[i];
        if (other < sigma - SIGMA_GAP && other > next)
            next = other;
    }
    add_scaled(x, velocity, next - sigma, count);
}
