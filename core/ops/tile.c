/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/tile.h"

#include <stddef.h>

#if defined(__x86_64__) && defined(HAVE_TARGET_CLONES)
#define T2V_TILE_X86 1
#define TILE_NAME run_avx512
#define TILE_TARGET __attribute__((target("arch=x86-64-v4")))
#define TILE_BYTES 64
#define TILE_VECTORS 4
#include "ops/tile.inc"

#define TILE_NAME run_avx2
#define TILE_TARGET __attribute__((target("arch=x86-64-v3")))
#define TILE_BYTES 32
#define TILE_VECTORS 2
#include "ops/tile.inc"
#endif

/* Every processor's: SSE2 has 16 registers, NEON 32. */
#define TILE_NAME run_plain
#define TILE_TARGET
#define TILE_BYTES 16
#ifdef __aarch64__
#define TILE_VECTORS 4
enum { PLAIN_COLUMNS = 16 };
#else
#define TILE_VECTORS 2
enum { PLAIN_COLUMNS = 8 };
#endif
#include "ops/tile.inc"

static const t2v_tile tiles[] = {
#ifdef T2V_TILE_X86
    {"AVX-512", 64, run_avx512},
    {"AVX2", 16, run_avx2},
#endif
    {"any", PLAIN_COLUMNS, run_plain},
};
enum { TILES = sizeof(tiles) / sizeof(*tiles) };

/* Tiles at the front of the table that are too much for this processor. */
static int unsupported(void)
{
#ifdef T2V_TILE_X86
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi2"))
        return 2;
    return !__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
           !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
           !__builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

const t2v_tile *t2v_tile_get(int index)
{
    const int at = unsupported() + index;
    return at < TILES ? &tiles[at] : NULL;
}
