/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The line of progress on a terminal, and Ctrl-C. */
#ifndef T2V_TOOLS_MONITOR_H
#define T2V_TOOLS_MONITOR_H

#include <stdbool.h>

#include "t2v/t2v.h"

/** Watches a stream from a thread of its own. */
typedef struct monitor monitor;

/**
 * SIGINT and SIGTERM interrupt the stream from now on.
 *
 * @param show progress on standard error when that is a terminal, and a summary at the end
 * @return NULL when no thread can be started: the work goes on without
 */
monitor *monitor_start(t2v_stream *stream, bool show);
void monitor_stop(monitor **monitor);

#endif
