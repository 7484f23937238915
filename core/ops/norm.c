/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/norm.h"

#include <math.h>

#include "ops/profile.h"
#include "ops/vector.h"

T2V_CLONES
static float row_mean(const float *x, int64_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (float)n;
}

T2V_CLONES
static float row_mean_square(const float *x, int64_t n, float mean)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (float)n;
}

T2V_CLONES
static void row_affine(float *y, int64_t n, const float *weight, const float *bias)
{
    if (weight)
        for (int64_t i = 0; i < n; i++)
            y[i] *= weight[i];
    if (bias)
        for (int64_t i = 0; i < n; i++)
            y[i] += bias[i];
}

T2V_CLONES
static void row_modulate(float *y, int64_t n, const float *shift, const float *scale)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = y[i] * (1 + scale[i]) + shift[i];
}

T2V_CLONES
static void row_normalise(const float *x, float *y, int64_t n, float mean, float factor)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) * factor;
}

T2V_CLONES
static void row_silu(float *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = t2v_fast_silu(y[i]);
}

static void norm_row(const t2v_norm *norm, const float *x, float *y, int32_t group)
{
    const int64_t n = norm->dim;
    const t2v_modulation *m = norm->modulation;
    float mean = norm->centred ? row_mean(x, n) : 0;
    float factor = 1 / sqrtf(row_mean_square(x, n, mean) + norm->eps);
    row_normalise(x, y, n, mean, factor);
    if (norm->weight || norm->bias)
        row_affine(y, n, norm->weight, norm->bias);
    if (m)
        row_modulate(y, n, m->shift + group * m->stride, m->scale + group * m->stride);
    if (norm->activation == T2V_ACTIVATION_SILU)
        row_silu(y, n);
}

void t2v_norm_run(t2v_exec *exec, const t2v_norm *norm, const float *x, int64_t rows,
                  int64_t x_stride, float *y)
{
    const int32_t *group = norm->modulation ? norm->modulation->group : NULL;
    const t2v_work work = {
        .operation = T2V_OPERATION_NORM,
        .bytes = 2 * sizeof(float) * (double)rows * (double)norm->dim,
        .shape = {rows, norm->dim},
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        if (!t2v_exec_stopping(exec))
            norm_row(norm, x + row * x_stride, y + row * norm->dim, group ? group[row] : 0);
    t2v_work_end(exec, before);
}
