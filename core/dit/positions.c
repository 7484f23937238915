/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dit/positions.h"

/* Tokens between two looks at the interruption. */
enum { TOKENS = 512 };

t2v_status t2v_positions_fill(t2v_exec *exec, t2v_position_fn position, const void *opaque,
                              const float *coordinates, int64_t tokens, int64_t pairs,
                              t2v_positions *positions)
{
    for (int64_t at = 0; at < tokens; at += TOKENS) {
        const int64_t end = at + TOKENS < tokens ? at + TOKENS : tokens;
        T2V_TRY(t2v_exec_check(exec));
#pragma omp parallel for num_threads(exec->threads) schedule(static)
        for (int64_t i = at; i < end; i++)
            if (!t2v_exec_stopping(exec))
                position(opaque, coordinates + 3 * i, positions->cosine + i * pairs,
                         positions->sine + i * pairs);
    }
    return T2V_OK;
}
