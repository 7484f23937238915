/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Noise levels of a caller's own, in place of those that a pipeline spreads over its steps. */
#ifndef T2V_SAMPLE_SIGMAS_H
#define T2V_SAMPLE_SIGMAS_H

#include "base/error.h"

/** The largest number of steps of a schedule. */
enum { T2V_MAX_STEPS = 1000 };

/** From the first step's on, falling, above 0 and at most 1. */
typedef struct t2v_sigmas {
    int count; /**< 0: none are given */
    double value[T2V_MAX_STEPS];
} t2v_sigmas;

/**
 * Reads the option `sigmas`: numbers separated by commas, `|` or spaces, as 1|0.9937|0.725. A 0 at
 * the end, where every schedule ends, may be there and is left out.
 *
 * @param text NULL or "": none
 */
t2v_status t2v_sigmas_read(const char *text, t2v_sigmas *sigmas, t2v_error *error);

/** Whether they fall and are in range. @param label of where they come from, for messages */
t2v_status t2v_sigmas_check(const t2v_sigmas *sigmas, const char *label, t2v_error *error);

#endif
