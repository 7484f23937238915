/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/dither.h"

/* 1/g and 1/g² in units of 2^-64, g³ = g + 1. */
static const uint64_t R2_X = UINT64_C(13925035116211876495);
static const uint64_t R2_Y = UINT64_C(10511698010929265436);

enum { SIZE_BITS = 6, PLANES = 4 };

t2v_dither t2v_dither_for(int64_t frame_index, int plane)
{
    uint64_t n = (uint64_t)frame_index * PLANES + (uint64_t)plane;
    return (t2v_dither){(unsigned)(n * R2_X >> (64 - SIZE_BITS)),
                        (unsigned)(n * R2_Y >> (64 - SIZE_BITS))};
}

void t2v_dither_row(t2v_dither dither, int y, float offset, float out[T2V_DITHER_SIZE])
{
    const uint8_t *row = t2v_blue_noise[((unsigned)y + dither.y) % T2V_DITHER_SIZE];
    for (unsigned x = 0; x < T2V_DITHER_SIZE; x++)
        out[x] = offset + ((float)row[(x + dither.x) % T2V_DITHER_SIZE] + 0.5f) / 256.0f;
}
