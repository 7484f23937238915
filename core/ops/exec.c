/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/exec.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "ops/onednn.h"

static int available_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than such a set can name */
    return online > 0 && online < INT_MAX ? (int)online : 1;
}

t2v_status t2v_exec_create(int threads, const atomic_bool *interrupted, t2v_error *error,
                           t2v_exec **out)
{
    t2v_exec *exec = t2v_calloc(1, sizeof(*exec));
    *out = NULL;
    if (!exec)
        return t2v_fail_memory(error, "the execution context", sizeof(*exec));
    exec->threads = threads > 0 ? threads : available_processors();
    exec->interrupted = interrupted;
    exec->error = error;
#ifdef _OPENMP
    omp_set_num_threads(exec->threads); /* of this thread only */
#endif
    t2v_status status = t2v_onednn_create(&exec->dnn, error);
    if (status < 0) {
        t2v_free(exec);
        return status;
    }
    *out = exec;
    return T2V_OK;
}

void t2v_exec_destroy(t2v_exec **exec)
{
    if (!*exec)
        return;
    t2v_onednn_destroy(&(*exec)->dnn);
    t2v_arena_free(&(*exec)->arena);
    free((*exec)->held);
    t2v_free(*exec);
    *exec = NULL;
}

t2v_status t2v_exec_check(t2v_exec *exec)
{
    if (t2v_exec_interrupted(exec))
        return t2v_fail(exec->error, T2V_INTERRUPTED, "interrupted");
    return T2V_OK;
}

float *t2v_exec_floats(t2v_exec *exec, size_t count, size_t size)
{
    size_t floats;
    float *block = NULL;
    if (t2v_mul_size(count, size, &floats))
        block = t2v_arena_alloc(&exec->arena, floats, sizeof(float));
    if (!block)
        t2v_fail(exec->error, T2V_ERROR_MEMORY, "out of memory: %zu × %zu floats for activations",
                 count, size);
    return block;
}
