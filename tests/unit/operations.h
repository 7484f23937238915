/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What tests of operations share: an engine of two threads, and numbers to feed it. */
#ifndef T2V_TESTS_OPERATIONS_H
#define T2V_TESTS_OPERATIONS_H

#include "unit.h"

#include "base/memory.h"
#include "ops/exec.h"

static t2v_exec *exec;
static t2v_error error;

static int set_up(void **state)
{
    (void)state;
    return t2v_exec_create(2, NULL, &error, &exec);
}

static int tear_down(void **state)
{
    (void)state;
    t2v_exec_destroy(&exec);
    return 0;
}

/* Numbers in [-1, 1), another sequence for each seed. */
static inline float *numbers(size_t count, uint32_t seed)
{
    float *out = t2v_calloc(count, sizeof(*out));
    uint32_t state = seed * 2654435761u + 1;
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        out[i] = (float)(int32_t)state / 2147483648.0f;
    }
    return out;
}

#endif
