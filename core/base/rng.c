/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>

enum { WORDS = 624, SHIFT = 397, BLOCK = 16, HALF = BLOCK / 2 };

static const double TWO_PI = 6.28318530717958647692;

void t2v_rng_seed(t2v_rng *rng, uint64_t seed)
{
    rng->state[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < WORDS; i++) {
        uint32_t previous = rng->state[i - 1];
        rng->state[i] = 1812433253u * (previous ^ (previous >> 30)) + i;
    }
    rng->next = WORDS;
    rng->has_spare = false;
    rng->spare = 0;
}

static uint32_t twist(uint32_t high, uint32_t low)
{
    uint32_t mixed = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (mixed >> 1) ^ (low & 1 ? 0x9908b0dfu : 0);
}

static void refill(t2v_rng *rng)
{
    uint32_t *s = rng->state;
    for (int i = 0; i < WORDS; i++)
        s[i] = s[(i + SHIFT) % WORDS] ^ twist(s[i], s[(i + 1) % WORDS]);
    rng->next = 0;
}

static uint32_t draw_32(t2v_rng *rng)
{
    if (rng->next == WORDS)
        refill(rng);
    uint32_t y = rng->state[rng->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* Uniform in [0, 1) with 24 bits. */
static float draw_float(t2v_rng *rng)
{
    return (float)(draw_32(rng) & 0xffffffu) * 0x1p-24f;
}

/* Uniform in [0, 1) with 53 bits; the first word is the high one. */
static double draw_double(t2v_rng *rng)
{
    uint64_t high = draw_32(rng);
    uint64_t bits = (high << 32) | draw_32(rng);
    return (double)(bits & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

/* Box and Muller 1958, one number at a time; the second waits for the next call. */
static double draw_normal(t2v_rng *rng)
{
    if (rng->has_spare) {
        rng->has_spare = false;
        return rng->spare;
    }
    double angle = TWO_PI * draw_double(rng);
    double radius = sqrt(-2.0 * log1p(-draw_double(rng)));
    rng->spare = radius * sin(angle);
    rng->has_spare = true;
    return radius * cos(angle);
}

/* Box and Muller over 16 uniform numbers in place: radii in the first half, angles in the second,
 * as in ATen's normal_fill. */
static void normal_block(float *block)
{
    for (int i = 0; i < HALF; i++) {
        float radius = sqrtf(-2.0f * logf(1.0f - block[i]));
        float angle = (float)TWO_PI * block[i + HALF];
        block[i] = radius * cosf(angle);
        block[i + HALF] = radius * sinf(angle);
    }
}

static void fill_blocks(t2v_rng *rng, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = draw_float(rng);
    for (size_t i = 0; i + BLOCK <= count; i += BLOCK)
        normal_block(out + i);
    if (count % BLOCK == 0)
        return;
    /* a rest is covered by a last whole block of fresh numbers, which overlaps the one before */
    float *last = out + count - BLOCK;
    for (int i = 0; i < BLOCK; i++)
        last[i] = draw_float(rng);
    normal_block(last);
}

void t2v_rng_normal(t2v_rng *rng, float *out, size_t count)
{
    if (count >= BLOCK) {
        fill_blocks(rng, out, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = (float)draw_normal(rng);
}

t2v_status t2v_rng_system_seed(int64_t *seed, t2v_error *error)
{
    uint32_t word;
    ssize_t got;
    do {
        got = getrandom(&word, sizeof(word), 0);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof(word))
        return t2v_fail(error, T2V_ERROR_INTERNAL, "the system gives no random numbers: %s",
                        got < 0 ? strerror(errno) : "too few bytes");
    *seed = word & 0x7fffffffu;
    return T2V_OK;
}
