/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The processes that mpirun started. This is the only place that knows MPI. */
#ifndef T2V_TOOLS_RANKS_H
#define T2V_TOOLS_RANKS_H

#include <stdbool.h>

#include "t2v/t2v.h"

/**
 * Joins the others.
 *
 * @param ranks receives what a stream wants; NULL: there are no others
 * @return false: it was said why that is not possible
 */
bool ranks_join(const t2v_ranks **ranks);

/**
 * Leaves them, or ends them all when `code` is a failure or the work was not done to its end, which
 * the others do not know. Returns the code.
 */
int ranks_leave(const t2v_ranks *ranks, int code, bool whole);

#endif
