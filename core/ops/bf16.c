/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/bf16.h"

#include "ops/tile.h"

#if defined(__x86_64__) && defined(HAVE_TARGET_CLONES)
#include <immintrin.h>
#define T2V_BF16_X86 1
#endif

/* Numbers that a thread takes at a time. */
enum { SHARE = 1 << 14 };

T2V_CLONES
void t2v_round_to_bf16(const float *x, int64_t count, uint16_t *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = t2v_bf16(x[i]);
}

const uint16_t *t2v_to_bf16(t2v_exec *exec, const float *x, int64_t count)
{
    uint16_t *out = t2v_arena_alloc(&exec->arena, (size_t)count, sizeof(*out));
    if (!out) {
        t2v_fail_memory(exec->error, "activations as bfloat16", (size_t)count * sizeof(*out));
        return NULL;
    }
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t at = 0; at < count; at += SHARE)
        if (!t2v_exec_stopping(exec))
            t2v_round_to_bf16(x + at, count - at < SHARE ? count - at : SHARE, out + at);
    return out;
}

#ifdef T2V_BF16_X86

enum { LANES = 16, VECTORS = 4 };

/* Two of a row's numbers in every lane. */
__attribute__((target("avx512bf16"), always_inline)) static inline __m512bh
spread(const uint16_t *pair)
{
    int32_t both;
    memcpy(&both, pair, sizeof(both));
    return (__m512bh)_mm512_set1_epi32(both);
}

/* All sums stay in registers, 24 of the 32. */
__attribute__((target("avx512bf16"))) static void run_avx512(const uint16_t *a, int64_t a_stride,
                                                             const uint16_t *b, int64_t pairs,
                                                             float *c, int64_t c_stride,
                                                             bool accumulate)
{
    __m512 sum[T2V_TILE_ROWS][VECTORS];
#pragma GCC unroll 6
    for (int r = 0; r < T2V_TILE_ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++)
            sum[r][v] =
                accumulate ? _mm512_loadu_ps(c + r * c_stride + v * LANES) : _mm512_setzero_ps();
    for (int64_t i = 0; i < pairs; i++, b += 2 * VECTORS * LANES)
#pragma GCC unroll 6
        for (int r = 0; r < T2V_TILE_ROWS; r++)
#pragma GCC unroll 4
            for (int v = 0; v < VECTORS; v++)
                sum[r][v] = _mm512_dpbf16_ps(sum[r][v], spread(a + r * a_stride + 2 * i),
                                             (__m512bh)_mm512_loadu_si512(b + 2 * v * LANES));
#pragma GCC unroll 6
    for (int r = 0; r < T2V_TILE_ROWS; r++)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++)
            _mm512_storeu_ps(c + r * c_stride + v * LANES, sum[r][v]);
}

#endif

const t2v_bf16_tile *t2v_bf16_tile_get(void)
{
#ifdef T2V_BF16_X86
    static const t2v_bf16_tile tile = {VECTORS * LANES, run_avx512};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bf16") ? &tile : NULL;
#else
    return NULL;
#endif
}
