/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Where the time goes: counts of each kind and shape of work. An execution context that is given
 * a profile fills it; without one an operation pays for a comparison.
 */
#ifndef T2V_OPS_PROFILE_H
#define T2V_OPS_PROFILE_H

#include "ops/exec.h"

typedef enum t2v_operation {
    T2V_OPERATION_OTHER, /**< between all others */
    T2V_OPERATION_LINEAR,
    T2V_OPERATION_ATTENTION,
    T2V_OPERATION_CONV3D,
    T2V_OPERATION_NORM,
    T2V_OPERATION_ROPE,
    T2V_OPERATION_ELEMENTWISE,
    T2V_OPERATION_COPY,      /**< frames, heads, strips and cells to where they are wanted */
    T2V_OPERATION_WEIGHTS,   /**< read from their file and brought into oneDNN's layout */
    T2V_OPERATION_PRIMITIVE, /**< oneDNN makes code for a shape */
    T2V_OPERATIONS
} t2v_operation;

enum { T2V_PROFILE_RANK = 8, T2V_PROFILE_ROWS = 512 };

/** One call of an operation. */
typedef struct t2v_work {
    t2v_operation operation;
    double operations; /**< multiplications and additions of its products */
    double bytes;      /**< that it reads and writes, each once */
    /** what tells calls apart: linear: rows, in, out; attention: heads, queries, keys, head size;
     * conv3d: frames, height and width of the result, in, out, kernel in time, height and width;
     * norm: rows, channels; others: none */
    int64_t shape[T2V_PROFILE_RANK];
} t2v_work;

/** All calls of one operation and shape. */
typedef struct t2v_profile_row {
    t2v_work each; /**< its operations and bytes are sums */
    int64_t calls;
    double seconds;   /**< without those of operations inside it */
    double processor; /**< seconds of all threads together */
} t2v_profile_row;

/**
 * Zero-initialise, then t2v_profile_start. Row 0 is what lies between the operations, so that the
 * rows add up to the whole time. Shapes beyond the last row are counted in row 0.
 */
typedef struct t2v_profile {
    int count, current;
    double seconds, processor; /**< at which the current row began */
    t2v_profile_row row[T2V_PROFILE_ROWS];
} t2v_profile;

void t2v_profile_start(t2v_profile *profile);
/** Charges what has passed since the last change; to be called before rows are read. */
void t2v_profile_stop(t2v_profile *profile);

/** "linear", "attention" …: the name of an operation. */
const char *t2v_operation_name(t2v_operation operation);

/* Of the two that follow. */
int t2v_profile_enter(t2v_profile *profile, const t2v_work *work);
void t2v_profile_leave(t2v_profile *profile, int before);

/** From here on time belongs to `work`. Returns what t2v_work_end wants. */
static inline int t2v_work_begin(const t2v_exec *exec, const t2v_work *work)
{
    return exec->profile ? t2v_profile_enter(exec->profile, work) : 0;
}

/** From here on time belongs to the operation around it again. */
static inline void t2v_work_end(const t2v_exec *exec, int before)
{
    if (exec->profile)
        t2v_profile_leave(exec->profile, before);
}

#endif
