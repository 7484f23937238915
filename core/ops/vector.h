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

/**
 * x · Φ(x), with an error of Φ below 2e-7. For u = |x| / √2 the error function is
 * 1 - (a₁t + … + a₅t⁵) e^(-u²) with t = 1 / (1 + 0.3275911 u): Abramowitz and Stegun 7.1.26.
 */
static inline float t2v_fast_gelu(float x)
{
    float u = (x < 0 ? -x : x) * 0.70710678f;
    float t = 1.0f / (1.0f + 0.3275911f * u);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float tail = 0.5f * p * t * t2v_fast_exp_negative(-u * u); /* Φ(-|x|) */
    return x * (x < 0 ? tail : 1.0f - tail);
}

/** x · sigmoid(x). */
static inline float t2v_fast_silu(float x)
{
    return x / (1.0f + t2v_fast_exp(-x));
}

#endif
