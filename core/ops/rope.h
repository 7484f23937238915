/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Rotary position embedding on pairs of neighbouring channels. */
#ifndef T2V_OPS_ROPE_H
#define T2V_OPS_ROPE_H

#include "ops/exec.h"

/**
 * Rotates x [rows, dim] in place, rows `stride` floats apart.
 *
 * @param cosine, sine [rows, dim / 2]: the angle of each pair (2i, 2i + 1)
 */
void t2v_rope_run(t2v_exec *exec, float *x, int64_t rows, int64_t stride, int64_t dim,
                  const float *cosine, const float *sine);

#endif
