/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Numbers as bfloat16: a float's sign and exponent, and 7 of its 23 bits behind. */
#ifndef T2V_OPS_BF16_H
#define T2V_OPS_BF16_H

#include <string.h>

#include "ops/exec.h"

/** Rounds to the nearest, to even bits halfway, as IEEE 754 does; what is no number stays none. */
static inline uint16_t t2v_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    const uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    /* what is added could make a NaN a number; and cut off, it could become infinity */
    const uint32_t kept = bits | 0x400000;
    return (uint16_t)((x == x ? rounded : kept) >> 16);
}

/** By this thread alone. */
void t2v_round_to_bf16(const float *x, int64_t count, uint16_t *out);
/** By all threads, to scratch memory of the arena; NULL with the failure filled in. */
const uint16_t *t2v_to_bf16(t2v_exec *exec, const float *x, int64_t count);

/**
 * Small products as those of ops/tile.h: c [T2V_TILE_ROWS, columns] = a [T2V_TILE_ROWS, 2 pairs] ×
 * b, added to c when `accumulate`. Sums are floats. b is [pairs, columns, 2]: a column's two
 * numbers, which are multiplied and added together, lie side by side. Strides in elements.
 */
typedef struct t2v_bf16_tile {
    int64_t columns;
    void (*run)(const uint16_t *a, int64_t a_stride, const uint16_t *b, int64_t pairs, float *c,
                int64_t c_stride, bool accumulate);
} t2v_bf16_tile;

/** NULL: this processor has no instructions for it. */
const t2v_bf16_tile *t2v_bf16_tile_get(void);

#endif
