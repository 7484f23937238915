/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each function here is the plain form of dequantize_row_… in ggml-quants.c: loops of fixed length
 * over bytes, which the compiler vectorises.
 */
#include "tensor/dequantize.h"

#include <string.h>

#include "base/clones.h"

/* Numbers in a block of the older and of the "K" formats. */
enum { SMALL = 32, LARGE = 256 };

static float half_at(const uint8_t *bytes)
{
    return t2v_f16_to_f32((uint16_t)(bytes[0] | bytes[1] << 8));
}

static uint32_t word_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* ------------------------------------------------------------------ blocks of 32 */

/* scale, 16 bytes: the low halves are the first sixteen numbers, the high ones the others. */
T2V_CLONES static void q4_0(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 18, out += SMALL) {
        const float scale = half_at(in);
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)((in[2 + i] & 15) - 8);
            out[i + 16] = scale * (float)((in[2 + i] >> 4) - 8);
        }
    }
}

/* scale, minimum, 16 bytes */
T2V_CLONES static void q4_1(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 20, out += SMALL) {
        const float scale = half_at(in), minimum = half_at(in + 2);
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)(in[4 + i] & 15) + minimum;
            out[i + 16] = scale * (float)(in[4 + i] >> 4) + minimum;
        }
    }
}

/* scale, a fifth bit of each number, 16 bytes */
T2V_CLONES static void q5_0(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 22, out += SMALL) {
        const float scale = half_at(in);
        const uint32_t high = word_at(in + 2);
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)((int)((in[6 + i] & 15) | (high >> i & 1) << 4) - 16);
            out[i + 16] =
                scale * (float)((int)((in[6 + i] >> 4) | (high >> (i + 16) & 1) << 4) - 16);
        }
    }
}

/* scale, minimum, a fifth bit of each number, 16 bytes */
T2V_CLONES static void q5_1(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 24, out += SMALL) {
        const float scale = half_at(in), minimum = half_at(in + 2);
        const uint32_t high = word_at(in + 4);
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)(int)((in[8 + i] & 15) | (high >> i & 1) << 4) + minimum;
            out[i + 16] =
                scale * (float)(int)((in[8 + i] >> 4) | (high >> (i + 16) & 1) << 4) + minimum;
        }
    }
}

/* scale, 32 signed bytes */
T2V_CLONES static void q8_0(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 34, out += SMALL) {
        const float scale = half_at(in);
        for (int i = 0; i < SMALL; i++)
            out[i] = scale * (float)(int8_t)in[2 + i];
    }
}

/* ------------------------------------------------------------------ blocks of 256 */

/* 16 scales and minima of 4 bits; 64 bytes of 2 bits; scale of the scales, scale of the minima */
T2V_CLONES static void q2_k(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 84, out += LARGE) {
        const float scale = half_at(in + 80), minimum = half_at(in + 82);
        for (int group = 0; group < 16; group++) {
            const uint8_t *low = in + 16 + group / 8 * 32 + group % 2 * 16;
            const int shift = group / 2 % 4 * 2;
            const float d = scale * (float)(in[group] & 15), m = minimum * (float)(in[group] >> 4);
            for (int i = 0; i < 16; i++)
                out[16 * group + i] = d * (float)(low[i] >> shift & 3) - m;
        }
    }
}

/* Scale `group` of 16: four bits from the first 8 bytes, two from the last 4. */
static int q3_k_scale(const uint8_t *packed, int group)
{
    const int low = group < 8 ? packed[group] & 15 : packed[group - 8] >> 4;
    return (low | (packed[8 + group % 4] >> (group / 4 * 2) & 3) << 4) - 32;
}

/* 32 bytes of third bits, 64 bytes of 2 bits, 16 scales of 6 bits, their scale */
T2V_CLONES static void q3_k(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 110, out += LARGE) {
        const float scale = half_at(in + 108);
        for (int group = 0; group < 16; group++) {
            const uint8_t *high = in + group % 2 * 16;
            const uint8_t *low = in + 32 + group / 8 * 32 + group % 2 * 16;
            const int bit = group / 2, shift = bit % 4 * 2;
            const float d = scale * (float)q3_k_scale(in + 96, group);
            for (int i = 0; i < 16; i++)
                out[16 * group + i] =
                    d * (float)((low[i] >> shift & 3) + (high[i] >> bit & 1) * 4 - 4);
        }
    }
}

/* Scale and minimum `group` of 8, six bits each, as Q4_K and Q5_K pack them into 12 bytes. */
static void packed_scale(const uint8_t *packed, int group, int *scale, int *minimum)
{
    if (group < 4) {
        *scale = packed[group] & 63;
        *minimum = packed[group + 4] & 63;
    } else {
        *scale = (packed[group + 4] & 15) | packed[group - 4] >> 6 << 4;
        *minimum = packed[group + 4] >> 4 | packed[group] >> 6 << 4;
    }
}

/* scale of the scales, scale of the minima, 8 of each, 128 bytes of 4 bits */
T2V_CLONES static void q4_k(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 144, out += LARGE) {
        for (int group = 0; group < 8; group++) {
            const uint8_t *low = in + 16 + group / 2 * 32;
            const int shift = group % 2 * 4;
            int scale, minimum;
            packed_scale(in + 4, group, &scale, &minimum);
            const float d = half_at(in) * (float)scale, m = half_at(in + 2) * (float)minimum;
            for (int i = 0; i < 32; i++)
                out[32 * group + i] = d * (float)(low[i] >> shift & 15) - m;
        }
    }
}

/* as Q4_K, with 32 bytes of fifth bits before the rest */
T2V_CLONES static void q5_k(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 176, out += LARGE) {
        for (int group = 0; group < 8; group++) {
            const uint8_t *high = in + 16, *low = in + 48 + group / 2 * 32;
            const int shift = group % 2 * 4;
            int scale, minimum;
            packed_scale(in + 4, group, &scale, &minimum);
            const float d = half_at(in) * (float)scale, m = half_at(in + 2) * (float)minimum;
            for (int i = 0; i < 32; i++)
                out[32 * group + i] =
                    d * (float)((low[i] >> shift & 15) | (high[i] >> group & 1) << 4) - m;
        }
    }
}

/* 128 bytes of 4 bits, 64 of 2 bits, 16 signed scales, their scale */
T2V_CLONES static void q6_k(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 210, out += LARGE) {
        const float scale = half_at(in + 208);
        for (int group = 0; group < 16; group++) {
            const int half = group / 8, quarter = group / 2 % 4, side = group % 2 * 16;
            const uint8_t *low = in + half * 64 + quarter % 2 * 32 + side;
            const uint8_t *high = in + 128 + half * 32 + side;
            const int low_shift = quarter / 2 * 4, high_shift = quarter * 2;
            const float d = scale * (float)(int8_t)in[192 + group];
            for (int i = 0; i < 16; i++)
                out[16 * group + i] =
                    d *
                    (float)(((low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4) - 32);
        }
    }
}

/* ------------------------------------------------------------------ four bits, uneven steps */

static const int8_t uneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                  1,    13,   25,  38,  53,  69,  89,  113};

/* scale, 16 bytes */
static void iq4_nl(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 18, out += SMALL) {
        const float scale = half_at(in);
        for (int i = 0; i < 16; i++) {
            out[i] = scale * (float)uneven[in[2 + i] & 15];
            out[i + 16] = scale * (float)uneven[in[2 + i] >> 4];
        }
    }
}

/* scale of the scales; 8 of these: two high bits each, four low bits each; 128 bytes */
static void iq4_xs(const uint8_t *in, size_t count, float *out)
{
    for (; count--; in += 136, out += LARGE) {
        const int high = in[2] | in[3] << 8;
        for (int group = 0; group < 8; group++) {
            const int scale =
                (in[4 + group / 2] >> (group % 2 * 4) & 15) | (high >> (2 * group) & 3) << 4;
            const float d = half_at(in) * (float)(scale - 32);
            const uint8_t *low = in + 8 + 16 * group;
            for (int i = 0; i < 16; i++) {
                out[32 * group + i] = d * (float)uneven[low[i] & 15];
                out[32 * group + i + 16] = d * (float)uneven[low[i] >> 4];
            }
        }
    }
}

t2v_dequantize_fn t2v_dequantizer(t2v_dtype dtype)
{
    switch (dtype) {
    case T2V_Q4_0:
        return q4_0;
    case T2V_Q4_1:
        return q4_1;
    case T2V_Q5_0:
        return q5_0;
    case T2V_Q5_1:
        return q5_1;
    case T2V_Q8_0:
        return q8_0;
    case T2V_Q2_K:
        return q2_k;
    case T2V_Q3_K:
        return q3_k;
    case T2V_Q4_K:
        return q4_k;
    case T2V_Q5_K:
        return q5_k;
    case T2V_Q6_K:
        return q6_k;
    case T2V_IQ4_NL:
        return iq4_nl;
    case T2V_IQ4_XS:
        return iq4_xs;
    default:
        return NULL;
    }
}
