/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Random numbers: the sequence that torch.randn draws on the CPU. */
#ifndef T2V_BASE_RNG_H
#define T2V_BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * A generator as torch.Generator("cpu"): MT19937 (Matsumoto and Nishimura 1998) and the second
 * normal number that a small draw leaves over. One thread at a time; copied by assignment.
 */
typedef struct t2v_rng {
    uint32_t state[624];
    int next;       /**< index of the next word of state */
    bool has_spare; /**< whether `spare` is to be given out by the next small draw */
    double spare;
} t2v_rng;

/** As torch.Generator.manual_seed. The low 32 bits of the seed count. */
void t2v_rng_seed(t2v_rng *rng, uint64_t seed);

/**
 * `count` standard normal numbers, those of torch.randn(count, generator=…) in float32 to 1e-6.
 * One call stands for one tensor: torch draws differently below 16 numbers and fills in blocks of
 * 16 from there on, so two calls are not one call of the sum.
 */
void t2v_rng_normal(t2v_rng *rng, float *out, size_t count);

/** A seed in [0, 2^31) from the system's randomness, for "a new one each time". */
t2v_status t2v_rng_system_seed(int64_t *seed, t2v_error *error);

#endif
