/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Steps that are not computed: from one noise level to the next a transformer adds almost the same
 * to what it is given, so that where little changes, what the last computed step added is added
 * again. Ways of telling how much changes:
 *
 * - the first block is computed, and what it adds is compared with what it added at the last
 *   computed step (First Block Cache of ParaAttention; FirstBlockCacheConfig in diffusers);
 * - the same, but what is added follows the line through the last two computed steps (TaylorSeer of
 *   first order; Liu et al. 2025, arXiv:2503.06923);
 * - TeaCache (Liu et al. 2024, arXiv:2411.19108): how much what the timestep says has changed goes
 *   through a polynomial that was fitted to a published transformer, and is summed up over the
 * steps.
 */
#ifndef T2V_SAMPLE_STEP_CACHE_H
#define T2V_SAMPLE_STEP_CACHE_H

#include "base/ranks.h"
#include "ops/exec.h"

typedef enum t2v_cache_kind {
    T2V_CACHE_NONE,
    T2V_CACHE_FIRST_BLOCK,
    T2V_CACHE_TAYLOR,
    T2V_CACHE_TEACACHE,
} t2v_cache_kind;

/** Of the option `cache`, whose names are the same. */
t2v_cache_kind t2v_cache_kind_from_name(const char *name);

/** What TeaCache's authors publish for a transformer. */
typedef struct t2v_teacache {
    double coefficient[5]; /**< of the fourth power first */
    double threshold;      /**< of the slower of their settings */
    bool timestep; /**< the embedded timestep is compared, else what it makes of the input */
} t2v_teacache;

/**
 * One row of evaluations that follow each other: of one window, with one prompt. Set the first
 * group, zero the rest. Ended by t2v_step_cache_free.
 */
typedef struct t2v_step_cache {
    t2v_cache_kind kind;
    double threshold; /**< -1: the usual one */
    int steps;        /**< evaluations of the row */

    int step;            /**< evaluations so far */
    int reused;          /**< those that were not computed */
    const void *network; /**< whose numbers these are */
    double change;       /**< TeaCache's sum */
    float *signal;       /**< [signal_count]: what is compared */
    float *rest;         /**< [rest_count]: what the blocks added when they were computed last */
    float *before;       /**< likewise, when they were computed before that; for TAYLOR alone */
    size_t signal_count, rest_count;
    int computed;      /**< of rest and before: how many are there */
    int at, at_before; /**< steps at which they were computed */
} t2v_step_cache;

void t2v_step_cache_free(t2v_step_cache *cache);

/**
 * Begins an evaluation and decides whether it is computed.
 *
 * @param team     whose parts of the signal are looked at together; NULL: this is all
 * @param network  the transformer at hand: of another one than before nothing is reused
 * @param teacache its polynomial; only TeaCache wants it
 * @param signal   [count]: what the first block adds, or what TeaCache compares
 * @param reuse    receives the decision
 */
t2v_status t2v_step_cache_decide(t2v_exec *exec, t2v_step_cache *cache, const t2v_team *team,
                                 const void *network, const t2v_teacache *teacache,
                                 const float *signal, size_t count, bool *reuse);

/** Keeps what the blocks are given, [count]; t2v_step_cache_end wants to see what they made of it.
 */
t2v_status t2v_step_cache_begin(t2v_exec *exec, t2v_step_cache *cache, const float *hidden,
                                size_t count);
void t2v_step_cache_end(t2v_exec *exec, t2v_step_cache *cache, const float *hidden);

/** Adds what they added then, or would add now. */
void t2v_step_cache_reuse(t2v_exec *exec, t2v_step_cache *cache, float *hidden);

#endif
