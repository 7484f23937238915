/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dit/adaptive.h"

#include <string.h>

#include "ops/elementwise.h"
#include "ops/timestep.h"

void t2v_time_layers_free(t2v_time_layers *layers)
{
    t2v_linear_free(&layers->in);
    t2v_linear_free(&layers->out);
    t2v_linear_free(&layers->modulation);
}

/* The embedding goes through a SiLU on its way to the modulations, but not to the last norm. */
static t2v_status embed(t2v_exec *exec, const t2v_time_layers *layers, const t2v_dit_input *input,
                        t2v_adaptive *a)
{
    const int64_t groups = a->groups, width = layers->sinusoids;
    float *sinusoids = t2v_exec_floats(exec, (size_t)groups, (size_t)width);
    float *inner = t2v_exec_floats(exec, (size_t)groups, (size_t)a->dim);
    if (!sinusoids || !inner)
        return T2V_ERROR_MEMORY;
    for (int64_t g = 0; g < groups; g++)
        t2v_timestep_sinusoids(input->timestep[g], width, sinusoids + g * width);
    T2V_TRY(t2v_linear_run(exec, layers->in, sinusoids, groups, T2V_ACTIVATION_SILU, false, inner));
    T2V_TRY(t2v_linear_run(exec, layers->out, inner, groups, T2V_ACTIVATION_NONE, false, a->time));
    memcpy(inner, a->time, (size_t)(groups * a->dim) * sizeof(float));
    t2v_silu(inner, groups * a->dim);
    return t2v_linear_run(exec, layers->modulation, inner, groups, T2V_ACTIVATION_NONE, false,
                          a->time_modulation);
}

t2v_status t2v_adaptive_begin(t2v_exec *exec, const t2v_time_layers *layers,
                              const t2v_dit_input *input, t2v_adaptive *a)
{
    const size_t groups = (size_t)input->groups, dim = (size_t)layers->dim;
    *a = (t2v_adaptive){
        .dim = layers->dim,
        .tokens = input->tokens,
        .groups = input->groups,
        .group = input->group,
        .time = t2v_exec_floats(exec, groups, dim),
        .time_modulation = t2v_exec_floats(exec, groups, T2V_MODULATIONS * dim),
        .modulation = t2v_exec_floats(exec, groups, T2V_MODULATIONS * dim),
    };
    if (!a->time || !a->time_modulation || !a->modulation)
        return T2V_ERROR_MEMORY;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = embed(exec, layers, input, a);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

void t2v_adaptive_block(t2v_adaptive *a, const float *table)
{
    const int64_t n = T2V_MODULATIONS * a->dim;
    for (int64_t g = 0; g < a->groups; g++)
        for (int64_t i = 0; i < n; i++)
            a->modulation[g * n + i] = table[i] + a->time_modulation[g * n + i];
}

void t2v_adaptive_last(t2v_adaptive *a, const float *table)
{
    for (int64_t g = 0; g < a->groups; g++)
        for (int64_t i = 0; i < 2 * a->dim; i++)
            a->modulation[g * T2V_MODULATIONS * a->dim + i] =
                table[i] + a->time[g * a->dim + i % a->dim];
}

void t2v_adaptive_norm(t2v_exec *exec, const t2v_adaptive *a, const t2v_norm *norm, int which,
                       const float *x, float *y)
{
    const t2v_modulation modulation = {
        .shift = a->modulation + which * a->dim,
        .scale = a->modulation + (which + 1) * a->dim,
        .stride = T2V_MODULATIONS * a->dim,
        .group = a->group,
    };
    t2v_norm modulated = *norm;
    modulated.modulation = &modulation;
    t2v_norm_run(exec, &modulated, x, a->tokens, a->dim, y);
}

void t2v_adaptive_add(t2v_exec *exec, const t2v_adaptive *a, int which, const float *x, float *y)
{
    t2v_gated_add(exec, y, x, a->tokens, a->dim, a->modulation + which * a->dim,
                  T2V_MODULATIONS * a->dim, a->group);
}
