/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Rotary angles of all tokens, by all threads. */
#ifndef T2V_DIT_POSITIONS_H
#define T2V_DIT_POSITIONS_H

#include "dit/dit.h"

/** Writes the cosines and sines of one token at `coordinates` [3]; `opaque` is the transformer. */
typedef void (*t2v_position_fn)(const void *opaque, const float *coordinates, float *cosine,
                                float *sine);

/** @param pairs that `position` writes for each token; coordinates are [tokens, 3] */
t2v_status t2v_positions_fill(t2v_exec *exec, t2v_position_fn position, const void *opaque,
                              const float *coordinates, int64_t tokens, int64_t pairs,
                              t2v_positions *positions);

#endif
