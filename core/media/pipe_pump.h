/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A thread between a pipe and a library that waits for it: so that the waiting can be ended. */
#ifndef T2V_MEDIA_PIPE_PUMP_H
#define T2V_MEDIA_PIPE_PUMP_H

#include <stdatomic.h>

#include "base/error.h"

typedef struct t2v_pipe_pump t2v_pipe_pump;

/**
 * Hands on what comes out of `source`. A reader of the new pipe waits as it would for the source,
 * and meets the end when the source ends, when *interrupted becomes true, or at t2v_pipe_pump_stop.
 *
 * @param source      non-blocking descriptor; taken over, also on failure
 * @param interrupted outlives the pump; may be NULL
 * @param reader      receives the end to be read, which is the caller's, to be closed after
 *                    t2v_pipe_pump_stop
 */
t2v_status t2v_pipe_pump_start(int source, const atomic_bool *interrupted, t2v_pipe_pump **pump,
                               int *reader, t2v_error *error);
/** Sets *pump to NULL. NULL is allowed. */
void t2v_pipe_pump_stop(t2v_pipe_pump **pump);

#endif
