/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/profile.h"

#include <string.h>
#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The time since the last change belongs to the current row; what follows to the one that is
 * given. */
static void change(t2v_profile *p, int row)
{
    const double seconds = read_clock(CLOCK_MONOTONIC);
    const double processor = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    p->row[p->current].seconds += seconds - p->seconds;
    p->row[p->current].processor += processor - p->processor;
    p->seconds = seconds;
    p->processor = processor;
    p->current = row;
}

void t2v_profile_start(t2v_profile *p)
{
    p->count = 1;
    p->row[0].calls = 1;
    p->seconds = read_clock(CLOCK_MONOTONIC);
    p->processor = read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void t2v_profile_stop(t2v_profile *p)
{
    change(p, 0);
}

static int find_row(t2v_profile *p, const t2v_work *work)
{
    for (int i = 1; i < p->count; i++)
        if (p->row[i].each.operation == work->operation &&
            !memcmp(p->row[i].each.shape, work->shape, sizeof(work->shape)))
            return i;
    if (p->count == T2V_PROFILE_ROWS)
        return 0;
    p->row[p->count].each.operation = work->operation;
    memcpy(p->row[p->count].each.shape, work->shape, sizeof(work->shape));
    return p->count++;
}

int t2v_profile_enter(t2v_profile *p, const t2v_work *work)
{
    const int before = p->current;
    change(p, find_row(p, work));
    t2v_profile_row *row = &p->row[p->current];
    row->each.operations += work->operations;
    row->each.bytes += work->bytes;
    row->calls++;
    return before;
}

void t2v_profile_leave(t2v_profile *p, int before)
{
    change(p, before);
}

const char *t2v_operation_name(t2v_operation operation)
{
    static const char *const name[T2V_OPERATIONS] = {
        [T2V_OPERATION_OTHER] = "other",
        [T2V_OPERATION_LINEAR] = "linear",
        [T2V_OPERATION_ATTENTION] = "attention",
        [T2V_OPERATION_CONV3D] = "conv3d",
        [T2V_OPERATION_NORM] = "norm",
        [T2V_OPERATION_ROPE] = "rope",
        [T2V_OPERATION_ELEMENTWISE] = "elementwise",
        [T2V_OPERATION_COPY] = "copy",
        [T2V_OPERATION_WEIGHTS] = "weights",
        [T2V_OPERATION_PRIMITIVE] = "primitives",
    };
    return name[operation];
}
