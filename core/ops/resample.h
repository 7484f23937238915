/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Moving positions and channels of frames [height, width, channels] about. */
#ifndef T2V_OPS_RESAMPLE_H
#define T2V_OPS_RESAMPLE_H

#include "ops/exec.h"

/** Every position four times: [h, w, channels] to [2 h, 2 w, channels]. */
void t2v_repeat_positions(t2v_exec *exec, const float *x, int64_t h, int64_t w, int64_t channels,
                          float *y);
/** x [rows, columns] into rows that lie `stride` floats apart. */
void t2v_put_columns(t2v_exec *exec, const float *x, int64_t rows, int64_t columns, float *y,
                     int64_t stride);
/** The inverse: of rows that lie `stride` floats apart the first `columns`, to y [rows, columns].
 */
void t2v_take_columns(t2v_exec *exec, const float *x, int64_t rows, int64_t stride, float *y,
                      int64_t columns);

#endif
