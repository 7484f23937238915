/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/rope.h"

#include "ops/profile.h"

T2V_CLONES
static void rotate(float *x, const float *cosine, const float *sine, int64_t pairs)
{
    for (int64_t i = 0; i < pairs; i++) {
        float even = x[2 * i], odd = x[2 * i + 1];
        x[2 * i] = even * cosine[i] - odd * sine[i];
        x[2 * i + 1] = odd * cosine[i] + even * sine[i];
    }
}

void t2v_rope_run(t2v_exec *exec, float *x, int64_t rows, int64_t stride, int64_t dim,
                  const float *cosine, const float *sine)
{
    const int64_t pairs = dim / 2;
    const t2v_work work = {
        .operation = T2V_OPERATION_ROPE,
        .bytes = 3 * sizeof(float) * (double)rows * (double)dim, /* the angles too */
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        if (!t2v_exec_stopping(exec))
            rotate(x + row * stride, cosine + row * pairs, sine + row * pairs, pairs);
    t2v_work_end(exec, before);
}
