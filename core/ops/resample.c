/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/resample.h"

#include <string.h>

#include "ops/profile.h"

enum { SCALE = 2 };

/* Rows of `columns` floats from one distance to another. */
static void move_columns(t2v_exec *exec, const float *x, int64_t from, int64_t rows,
                         int64_t columns, float *y, int64_t to)
{
    const size_t bytes = (size_t)columns * sizeof(float);
    const t2v_work work = {.operation = T2V_OPERATION_COPY,
                           .bytes = 2 * (double)rows * (double)bytes};
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        if (!t2v_exec_stopping(exec))
            memcpy(y + row * to, x + row * from, bytes);
    t2v_work_end(exec, before);
}

void t2v_put_columns(t2v_exec *exec, const float *x, int64_t rows, int64_t columns, float *y,
                     int64_t stride)
{
    move_columns(exec, x, columns, rows, columns, y, stride);
}

void t2v_take_columns(t2v_exec *exec, const float *x, int64_t rows, int64_t stride, float *y,
                      int64_t columns)
{
    move_columns(exec, x, stride, rows, columns, y, columns);
}

void t2v_repeat_positions(t2v_exec *exec, const float *x, int64_t h, int64_t w, int64_t channels,
                          float *y)
{
    const size_t bytes = (size_t)channels * sizeof(float);
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * (double)(SCALE * h * SCALE * w) * (double)bytes,
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < SCALE * h; row++)
        for (int64_t column = 0; column < SCALE * w && !t2v_exec_stopping(exec); column++)
            memcpy(y + (row * SCALE * w + column) * channels,
                   x + (row / SCALE * w + column / SCALE) * channels, bytes);
    t2v_work_end(exec, before);
}
