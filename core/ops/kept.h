/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What is prepared from weights, and how much of it is kept. Within a limit of memory the first
 * layers that ask keep what is prepared for them; the others have it made whenever they run.
 */
#ifndef T2V_OPS_KEPT_H
#define T2V_OPS_KEPT_H

#include <pthread.h>
#include <stdatomic.h>

#include "ops/exec.h"

/** Weights in one layout; the first member of what ops/onednn.c knows of them. */
typedef struct t2v_prepared {
    struct t2v_prepared *next;          /**< in another layout, of the same operand */
    struct t2v_prepared *newer, *older; /**< among all that are kept */
    struct t2v_operand *operand;
    struct t2v_kept *kept; /**< that counts it; NULL: none does */
    bool stays;            /**< when nobody uses it */
    int users;             /**< executions that hold it; the operand's lock guards it */
    size_t bytes;
    atomic_llong time; /**< of the last use, as t2v_kept counts it */
} t2v_prepared;

/** Of a model, shared by its streams. */
typedef struct t2v_kept {
    pthread_mutex_t lock; /**< taken behind an operand's */
    size_t limit;         /**< of all that follows; SIZE_MAX: none */
    size_t bytes;         /**< of prepared weights that are kept */
    size_t reserved;      /**< by the streams, for what they compute with */
    atomic_llong time;    /**< passes over a network */
    t2v_prepared *newest;
} t2v_kept;

void t2v_kept_init(t2v_kept *kept, size_t limit);
/** Nothing may be kept any more. */
void t2v_kept_destroy(t2v_kept *kept);

/**
 * A pass over a network begins. What was not used in the last few passes gives way to what wants
 * to be kept.
 */
void t2v_kept_pass(t2v_kept *kept);

/**
 * Changes what a stream has reserved, which `mine` counts. Kept weights that are not in use give
 * way, the newest first.
 */
void t2v_kept_reserve(t2v_kept *kept, size_t *mine, size_t bytes);

/** Bytes of prepared weights that are kept at the moment. */
size_t t2v_kept_bytes(t2v_kept *kept);

/* ---------------------------------------------------------------- for ops/onednn.c */

/** Decides whether weights that were just prepared stay. The operand's lock is held. */
void t2v_kept_add(t2v_kept *kept, t2v_prepared *prepared);
/** They are to be freed. The operand's lock is held. */
void t2v_kept_remove(t2v_prepared *prepared);

/* ---------------------------------------------------------------- holds */

/**
 * What is prepared from here on is there until the matching t2v_weights_end, kept or not. Pairs may
 * stand within each other; the outermost counts. Around loops in which layers take turns.
 */
void t2v_weights_begin(t2v_exec *exec);
void t2v_weights_end(t2v_exec *exec);

/** The caller uses the weights until the hold's end. The operand's lock is held. */
t2v_status t2v_weights_hold(t2v_exec *exec, t2v_prepared *prepared);

#endif
