/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What an operation needs to run: scratch memory, threads, oneDNN, and a way to be stopped. */
#ifndef T2V_OPS_EXEC_H
#define T2V_OPS_EXEC_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/clones.h"
#include "base/memory.h"

/**
 * The execution context of one engine thread. Created and used by that thread alone: oneDNN's
 * OpenMP keeps one pool of workers for each thread that calls it.
 */
typedef struct t2v_exec {
    struct t2v_onednn *dnn;
    t2v_arena arena;
    int threads;
    const atomic_bool *interrupted;  /**< set by another thread; NULL: never */
    t2v_error *error;                /**< receives the sentence of a failing operation */
    struct t2v_profile *profile;     /**< ops/profile.h: counts the work; NULL: nobody does */
    struct t2v_rehearsal *rehearsal; /**< ops/rehearsal.h: nothing is computed; NULL: all is */
    const struct t2v_bands *bands;   /**< ops/bands.h: others have the rest; NULL: all is here */
    struct t2v_kept *kept;      /**< ops/kept.h: what prepared weights may take; NULL: all memory */
    struct t2v_prepared **held; /**< weights in use */
    size_t held_count, held_capacity;
    int holds; /**< that have begun and not ended */
} t2v_exec;

/**
 * @param threads     0: one for each processor that this process may use
 * @param interrupted read before each piece of work; outlives the context; may be NULL
 * @param error       outlives the context; may be NULL
 */
t2v_status t2v_exec_create(int threads, const atomic_bool *interrupted, t2v_error *error,
                           t2v_exec **exec);
void t2v_exec_destroy(t2v_exec **exec);

/** Whether another thread has interrupted the stream. */
static inline bool t2v_exec_interrupted(const t2v_exec *exec)
{
    return exec->interrupted && atomic_load_explicit(exec->interrupted, memory_order_relaxed);
}

/** T2V_INTERRUPTED when it has, else T2V_OK. */
t2v_status t2v_exec_check(t2v_exec *exec);

/**
 * Whether the stream shall stop: for loops over many rows, which then leave the rest undone. What
 * they leave is not used, because the next t2v_exec_check ends the run. In a rehearsal all is left
 * undone.
 */
static inline bool t2v_exec_stopping(const t2v_exec *exec)
{
    return exec->rehearsal || t2v_exec_interrupted(exec);
}

/** Scratch floats from the arena, or NULL with the failure filled in. */
float *t2v_exec_floats(t2v_exec *exec, size_t count, size_t size);

#endif
