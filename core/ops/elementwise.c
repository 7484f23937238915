/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/elementwise.h"

#include <math.h>
#include <string.h>

#include "ops/profile.h"
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
static void subtract_slice(float *y, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = x[i] - y[i];
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

static void by_slices(t2v_exec *exec, slice_fn fn, float *y, const float *x, int64_t count)
{
    const int64_t slices = (count + SLICE - 1) / SLICE;
    const bool copies = fn == copy_slice;
    const t2v_work work = {
        .operation = copies ? T2V_OPERATION_COPY : T2V_OPERATION_ELEMENTWISE,
        .bytes = (copies ? 2 : 3) * sizeof(float) * (double)count,
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t s = 0; s < slices; s++) {
        int64_t at = s * SLICE, n = count - at < SLICE ? count - at : SLICE;
        if (!t2v_exec_stopping(exec))
            fn(y + at, x + at, n);
    }
    t2v_work_end(exec, before);
}

void t2v_copy(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, copy_slice, y, x, count);
}

void t2v_add(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, add_slice, y, x, count);
}

void t2v_subtract_from(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, subtract_slice, y, x, count);
}

void t2v_multiply(t2v_exec *exec, float *y, const float *x, int64_t count)
{
    by_slices(exec, multiply_slice, y, x, count);
}

T2V_CLONES
static void add_line_slice(float *y, const float *from, const float *to, float t, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] += from[i] + t * (to[i] - from[i]);
}

void t2v_add_line(t2v_exec *exec, float *y, const float *from, const float *to, float t,
                  int64_t count)
{
    const int64_t slices = (count + SLICE - 1) / SLICE;
    const t2v_work work = {
        .operation = T2V_OPERATION_ELEMENTWISE,
        .bytes = 4 * sizeof(float) * (double)count,
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t s = 0; s < slices; s++) {
        int64_t at = s * SLICE, n = count - at < SLICE ? count - at : SLICE;
        if (!t2v_exec_stopping(exec))
            add_line_slice(y + at, from + at, to + at, t, n);
    }
    t2v_work_end(exec, before);
}

/* Few enough numbers that single precision sums them up. */
T2V_CLONES
static void sum_magnitudes(const float *x, const float *from, int64_t count, double *change,
                           double *whole)
{
    float difference = 0, magnitude = 0;
#pragma omp simd reduction(+ : difference, magnitude)
    for (int64_t i = 0; i < count; i++) {
        difference += fabsf(x[i] - from[i]);
        magnitude += fabsf(from[i]);
    }
    *change += (double)difference;
    *whole += (double)magnitude;
}

void t2v_sum_change(t2v_exec *exec, const float *x, const float *from, int64_t count,
                    double sums[2])
{
    const int64_t slices = (count + SLICE - 1) / SLICE;
    const t2v_work work = {
        .operation = T2V_OPERATION_ELEMENTWISE,
        .bytes = 2 * sizeof(float) * (double)count,
    };
    double change = 0, whole = 0;
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static) reduction(+ : change, whole)
    for (int64_t s = 0; s < slices; s++) {
        int64_t at = s * SLICE, n = count - at < SLICE ? count - at : SLICE;
        sum_magnitudes(x + at, from + at, n, &change, &whole);
    }
    t2v_work_end(exec, before);
    sums[0] = change;
    sums[1] = whole;
}

void t2v_gated_add(t2v_exec *exec, float *y, const float *x, int64_t rows, int64_t dim,
                   const float *gate, int64_t stride, const int32_t *group)
{
    const t2v_work work = {
        .operation = T2V_OPERATION_ELEMENTWISE,
        .bytes = 3 * sizeof(float) * (double)rows * (double)dim,
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        if (!t2v_exec_stopping(exec))
            gated_add_row(y + row * dim, x + row * dim, gate + (group ? group[row] : 0) * stride,
                          dim);
    t2v_work_end(exec, before);
}

T2V_CLONES
static void relu_slice(float *y, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
}

void t2v_relu(t2v_exec *exec, float *x, int64_t count)
{
    by_slices(exec, relu_slice, x, x, count);
}

T2V_CLONES
static void silu_slice(float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = t2v_fast_silu(x[i]);
}

void t2v_silu(float *x, int64_t count)
{
    silu_slice(x, count);
}

T2V_CLONES
static void gelu_slice(float *y, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = t2v_fast_gelu(x[i]);
}

T2V_CLONES
static void quick_gelu_slice(float *y, const float *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = x[i] / (1 + t2v_fast_exp(-1.702f * x[i]));
}

void t2v_gelu(t2v_exec *exec, float *x, int64_t count)
{
    by_slices(exec, gelu_slice, x, x, count);
}

void t2v_quick_gelu(t2v_exec *exec, float *x, int64_t count)
{
    by_slices(exec, quick_gelu_slice, x, x, count);
}
