/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A rehearsal: an execution context that is given one runs everything but the arithmetic, and
 * counts the memory that it would take. Scratch memory is reserved and not touched; operations make
 * their primitives and leave their results undone.
 */
#ifndef T2V_OPS_REHEARSAL_H
#define T2V_OPS_REHEARSAL_H

#include "ops/exec.h"

/** Weights that were asked for. */
typedef struct t2v_rehearsed {
    const void *operand; /**< NULL: an empty place */
    const void *layout;  /**< whatever tells one from another */
    size_t bytes;
    long hold; /**< the last that it was counted in */
} t2v_rehearsed;

/** Zero-initialise; ended by t2v_rehearsal_free. */
typedef struct t2v_rehearsal {
    size_t weights; /**< bytes of prepared weights, each once */
    size_t layer;   /**< the most of them that are used together, see t2v_weights_begin */
    size_t lasting; /**< bytes of what operations keep beside scratch memory */
    size_t hold_bytes;
    long hold;
    t2v_rehearsed *place; /**< [capacity], found by the operand */
    size_t count, capacity;
} t2v_rehearsal;

void t2v_rehearsal_free(t2v_rehearsal *rehearsal);
/** Counts from nothing again. */
void t2v_rehearsal_restart(t2v_rehearsal *rehearsal);

/* ---------------------------------------------------------------- for operations */

/** Whether two layouts are the same. */
typedef bool (*t2v_layout_equal_fn)(const void *a, const void *b);

/** Weights of an operand are wanted in a layout, which outlives the rehearsal. */
t2v_status t2v_rehearsal_want(t2v_exec *exec, const void *operand, const void *layout,
                              t2v_layout_equal_fn equal, size_t bytes);
void t2v_rehearsal_end_hold(t2v_rehearsal *rehearsal);

#endif
