/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Small products whose sums stay in registers, for what is computed between other things in a
 * thread's own cache. Large products are oneDNN's (ops/onednn.h).
 */
#ifndef T2V_OPS_TILE_H
#define T2V_OPS_TILE_H

#include <stdbool.h>
#include <stdint.h>

enum { T2V_TILE_ROWS = 6 };

/**
 * c [T2V_TILE_ROWS, columns] = a [T2V_TILE_ROWS, depth] × b [depth, columns], added to c when
 * `accumulate`. Rows of a and c have strides in floats, b is dense.
 */
typedef struct t2v_tile {
    const char *name; /**< of the processors that it is for */
    int64_t columns;  /**< a divisor of 64 */
    void (*run)(const float *a, int64_t a_stride, const float *b, int64_t depth, float *c,
                int64_t c_stride, bool accumulate);
} t2v_tile;

/**
 * The tiles that this processor can run, the fastest first, the plain one last; NULL behind it.
 */
const t2v_tile *t2v_tile_get(int index);

#endif
