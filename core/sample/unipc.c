/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/unipc.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_ORDER = T2V_UNIPC_MAX_ORDER };

/* A first sigma of 1 would have no logarithm of its signal: it is taken this much lower. */
static const double SIGMA_MARGIN = 1e-6;

struct t2v_unipc {
    const t2v_schedule *schedule;
    size_t count;
    int max_order;
    int step;                /* that comes next */
    int order;               /* of the step before */
    float *last;             /* [count]: latents before the step before, corrected */
    float *clean[MAX_ORDER]; /* [count] each: predicted clean latents, newest first */
    float *fresh;            /* [count]: the next of them */
};

/* ------------------------------------------------------------------ schedule */

static void shift(double *sigmas, const t2v_unipc_config *config, int steps)
{
    const double by = config->flow_shift, terminal = config->shift_terminal;
    for (int i = 0; i < steps; i++)
        sigmas[i] = by * sigmas[i] / (1 + (by - 1) * sigmas[i]);
    const double scale = (1 - sigmas[steps - 1]) / (1 - terminal);
    for (int i = 0; terminal > 0 && scale != 0 && i < steps; i++)
        sigmas[i] = 1 - (1 - sigmas[i]) / scale;
    if (fabs(sigmas[0] - 1) < SIGMA_MARGIN)
        sigmas[0] -= SIGMA_MARGIN;
}

/* In double until the end, as the reference. */
static void complete(const t2v_unipc_config *config, double *sigmas, t2v_schedule *out)
{
    shift(sigmas, config, out->steps);
    for (int i = 0; i < out->steps; i++) {
        out->timesteps[i] = (float)trunc(sigmas[i] * (double)config->num_train_timesteps);
        out->sigmas[i] = (float)sigmas[i];
    }
    out->sigmas[out->steps] = 0;
}

/* The solver divides by differences of neighbours' logarithms. */
static t2v_status check_falling(t2v_schedule *schedule, t2v_error *error)
{
    const float *sigma = schedule->sigmas;
    int i = 0;
    while (i < schedule->steps && sigma[i] < (i ? sigma[i - 1] : 1) && sigma[i] > 0)
        i++;
    if (i == schedule->steps)
        return T2V_OK;
    t2v_fail(error, T2V_ERROR_ARGUMENT,
             "sigma %d of %d is %.9g behind %.9g: UniPC wants each below the one before it, in "
             "single precision too, and the first below 1",
             i + 1, schedule->steps, (double)sigma[i], i ? (double)sigma[i - 1] : 1.0);
    t2v_schedule_free(schedule);
    return T2V_ERROR_ARGUMENT;
}

t2v_status t2v_schedule_unipc(const t2v_unipc_config *config, int steps, t2v_schedule *out,
                              t2v_error *error)
{
    const double train = (double)config->num_train_timesteps;
    double sigmas[T2V_MAX_STEPS] = {0};
    T2V_TRY(t2v_schedule_allocate(steps, config->num_train_timesteps, out, error));
    for (int i = 0; i < steps; i++)
        sigmas[i] = i * ((1 / train - 1) / steps) + 1;
    complete(config, sigmas, out);
    return check_falling(out, error);
}

t2v_status t2v_schedule_unipc_given(const t2v_unipc_config *config, const t2v_sigmas *sigmas,
                                    t2v_schedule *out, t2v_error *error)
{
    t2v_sigmas own = *sigmas;
    T2V_TRY(t2v_schedule_allocate(own.count, config->num_train_timesteps, out, error));
    complete(config, own.value, out);
    return check_falling(out, error);
}

/* ------------------------------------------------------------------ solver */

t2v_status t2v_unipc_create(const t2v_unipc_config *config, const t2v_schedule *schedule,
                            size_t count, t2v_unipc **out, t2v_error *error)
{
    t2v_unipc *solver = t2v_calloc(1, sizeof(*solver));
    bool complete = solver;
    *out = NULL;
    if (solver) {
        solver->schedule = schedule;
        solver->count = count;
        solver->max_order = (int)config->solver_order;
        complete = (solver->last = t2v_calloc(count, sizeof(float))) &&
                   (solver->fresh = t2v_calloc(count, sizeof(float)));
        for (int i = 0; i < solver->max_order && complete; i++)
            complete = (solver->clean[i] = t2v_calloc(count, sizeof(float)));
    }
    if (!complete) {
        t2v_unipc_free(&solver);
        return t2v_fail_memory(error, "the solver", count * sizeof(float));
    }
    *out = solver;
    return T2V_OK;
}

void t2v_unipc_free(t2v_unipc **solver)
{
    if (!*solver)
        return;
    t2v_free((*solver)->last);
    t2v_free((*solver)->fresh);
    for (int i = 0; i < MAX_ORDER; i++)
        t2v_free((*solver)->clean[i]);
    t2v_free(*solver);
    *solver = NULL;
}

/* Half the logarithm of the signal-to-noise ratio. */
static float log_snr(float sigma)
{
    return logf(1 - sigma) - logf(sigma);
}

/* Solves the leading n equations Σ_k ratio[k]^i · out[k] = b[i], by elimination with pivots. */
static void solve_powers(const float *ratio, const float *b, int n, float *out)
{
    double m[MAX_ORDER][MAX_ORDER + 1];
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++)
            m[i][k] = powf(ratio[k], (float)i);
        m[i][n] = b[i];
    }
    for (int c = 0; c < n; c++) {
        int pivot = c;
        for (int i = c + 1; i < n; i++)
            pivot = fabs(m[i][c]) > fabs(m[pivot][c]) ? i : pivot;
        for (int k = 0; k <= n; k++) {
            double swapped = m[c][k];
            m[c][k] = m[pivot][k];
            m[pivot][k] = swapped;
        }
        for (int i = 0; i < n; i++) {
            double factor = i == c ? 0 : m[i][c] / m[c][c];
            for (int k = c; k <= n; k++)
                m[i][k] -= factor * m[c][k];
        }
    }
    for (int i = 0; i < n; i++)
        out[i] = (float)(m[i][n] / m[i][i]);
}

/*
 * One update from sigma s to s + 1: x = keep · x − amount · (m0 + Σ weight[k] (m_k − m0)), m0 being
 * the clean latents at s and m_k those k steps before; the corrector's last m is the one at s + 1.
 */
typedef struct update {
    float keep, amount, weight[MAX_ORDER];
} update;

/* The equations' right side, in float and in the reference's order: differences of near numbers. */
static void right_side(float hh, float scale, int order, float *b)
{
    float phi = expm1f(hh) / hh - 1, factorial = 1;
    for (int i = 0; i < order; i++) {
        b[i] = phi * factorial / scale;
        factorial *= (float)(i + 2);
        phi = phi / hh - 1 / factorial;
    }
}

/* Section 3 of the paper; multistep_uni_p_bh_update and multistep_uni_c_bh_update. */
static update plan_update(const t2v_unipc *solver, int s, int order, bool corrects)
{
    const float *sigma = solver->schedule->sigmas;
    const float h = log_snr(sigma[s + 1]) - log_snr(sigma[s]), hh = -h;
    const float alpha = 1 - sigma[s + 1], scale = expm1f(hh);
    const int unknowns = corrects ? order : order - 1;
    float ratio[MAX_ORDER], b[MAX_ORDER], rho[MAX_ORDER] = {0.5f};
    update u = {sigma[s + 1] / sigma[s], alpha * scale, {0}};
    for (int k = 1; k < order; k++)
        ratio[k - 1] = (log_snr(sigma[s - k]) - log_snr(sigma[s])) / h;
    ratio[order - 1] = 1;
    right_side(hh, scale, order, b);
    if (unknowns > 1) /* a single one is simplified to one half */
        solve_powers(ratio, b, unknowns, rho);
    for (int k = 0; k < unknowns; k++)
        u.weight[k] = rho[k] / ratio[k];
    return u;
}

/* from → x; others are `count` of m_k. */
static void apply(const update *u, const float *const *others, int count, const float *m0,
                  const float *from, size_t numbers, float *x)
{
    for (size_t i = 0; i < numbers; i++) {
        float sum = 0;
        for (int k = 0; k < count; k++)
            sum += u->weight[k] * (others[k][i] - m0[i]);
        x[i] = u->keep * from[i] - u->amount * m0[i] - u->amount * sum;
    }
}

/* Makes up for the step before, now that the model has seen where it led. */
static void correct(const t2v_unipc *solver, float *x)
{
    const int order = solver->order;
    const update u = plan_update(solver, solver->step - 1, order, true);
    const float *others[MAX_ORDER];
    for (int k = 1; k < order; k++)
        others[k - 1] = solver->clean[k];
    others[order - 1] = solver->fresh;
    apply(&u, others, order, solver->clean[0], solver->last, solver->count, x);
}

static void predict(const t2v_unipc *solver, float *x)
{
    const update u = plan_update(solver, solver->step, solver->order, false);
    const float *others[MAX_ORDER] = {0};
    for (int k = 1; k < solver->order; k++)
        others[k - 1] = solver->clean[k];
    apply(&u, others, solver->order - 1, solver->clean[0], solver->last, solver->count, x);
}

/* The fresh clean latents become the newest, the oldest become room for the next. */
static void remember(t2v_unipc *solver)
{
    float *oldest = solver->clean[solver->max_order - 1];
    for (int i = solver->max_order - 1; i > 0; i--)
        solver->clean[i] = solver->clean[i - 1];
    solver->clean[0] = solver->fresh;
    solver->fresh = oldest;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

void t2v_unipc_step(t2v_unipc *solver, float *x, const float *velocity)
{
    const int step = solver->step, left = solver->schedule->steps - step;
    const float sigma = solver->schedule->sigmas[step];
    for (size_t i = 0; i < solver->count; i++)
        solver->fresh[i] = x[i] - sigma * velocity[i];
    if (step > 0)
        correct(solver, x);
    remember(solver);
    memcpy(solver->last, x, solver->count * sizeof(*x));
    /* the order grows with what is known, and falls so that the last step is of the first order */
    solver->order = smaller(smaller(solver->max_order, left), step + 1);
    predict(solver, x);
    solver->step++;
}
