/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/elementwise.h"

#include <string.h>

#include "ops/vector.h"

/* Elements that one thread takes at a time. */
enum { SLICE = 16384 };

typedef void (*slice_fn)(float *y, const float *x, int64_t count);

static void copy_slice(float *y, const float *x, int64_t count)
{
    memcpy(y, x, (size_t)count * sizeof(*y));
}

T2V_CLONES
static void add_slice(float *y, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] += x[i];
}

T2V_CLONES
static void multiply_slice(float *y, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] *= x[i];
}

T2V_CLONES
static void gated_add_row(float *y, const float *x, const float *gate, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] += x[i] * gate[i];
}

/* tanh(u) = 1 - 2 / (e^2u + 1), so 0.5 (1 + tanh u) = 1 - 1 / (e^2u + 1) */
T2V_CLONES
static void gelu_tanh_slice(float *y, const float *x, int64_t count)
{
    (void)x;
    for (int64_t i = 0; i < count; i++) {
        float u = 0.7978845608f * (y[i] + 0.044715f * y[i] * y[i] * y[i]);
        y[i] *= 1.0f - 1.0f / (t2v_fast_exp(2.0f * u) + 1.0f);
    }
}

static void by_slices(t2v_exec *exec, slice_fn fn, float *y, const float *x, int64_t count)
{
    const int64_t slices = (count + SLICE - 1) / SLICE;
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t s = 0; s < slices; s++) {
        int64_t at = s * SLICE, n = count - at < SLICE ? count - at : SLICE;
        if (!t2v_exec_stopping(exec))
            fn(y + at, x ? x + at : NULL, n);
    }
}

void t2v_copy(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, copy_slice, y, x, count);
}

void t2v_add(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, add_slice, y, x, count);
}

void t2v_multiply(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, multiply_slice, y, x, count);
}

void t2v_gelu_tanh(t2v_exec *exec, float *x, int64_t count)
{
    by_slices(exec, gelu_tanh_slice, x, NULL, count);
}

void t2v_gated_add(t2v_exec *exec, float *y, const float *x, int64_t rows, int64_t dim,
                   const float *gate, int64_t stride, const int32_t *group)
{
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        if (!t2v_exec_stopping(exec))
            gated_add_row(y + row * dim, x + row * dim, gate + (group ? group[row] : 0) * stride,
                          dim);
}

void t2v_silu(float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = t2v_fast_silu(x[i]);
}
