/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Scalar functions without branches or calls, which compilers vectorise. */
#ifndef T2V_OPS_VECTOR_H
#define T2V_OPS_VECTOR_H

#include <stdint.h>
#include <string.h>

/**
 * e^x for x in [-87, 88] with a relative error below 2e-7; anything elsewhere. A NaN passes.
 * x = n ln 2 + r with |r| ≤ ln 2 / 2, and a polynomial of degree 6 for e^r (Cephes' expf).
 */
static inline float t2v_exp_within(float x)
{
    /* adding 1.5 × 2^23 rounds to the nearest integer, left in the lowest bits */
    float shifted = x * 1.44269504f + 12582912.0f;
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    /* the exponent from those bits; unsigned, so that a NaN passes without a conversion */
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits - 0x4b400000u + 127u) << 23;
    float power;
    memcpy(&power, &bits, sizeof(power));
    return p * power;
}

/** e^x; 0 for x < -87, e^88 above 88. */
static inline float t2v_fast_exp(float x)
{
    float value = t2v_exp_within(x > 88.0f ? 88.0f : x);
    return x < -87.0f ? 0.0f : value;
}

/** e^x for x ≤ 0, as a softmax wants it: one comparison less. */
static inline float t2v_fast_exp_negative(float x)
{
    float value = t2v_exp_within(x);
    return x < -87.0f ? 0.0f : value;
}

/** x · sigmoid(x). */
static inline float t2v_fast_silu(float x)
{
    return x / (1.0f + t2v_fast_exp(-x));
}

#endif
