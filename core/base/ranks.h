/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Work that several processes share. They all run the same program on the same input, do most of it
 * each for itself, and what costs the most in parts; t2v_ranks of t2v.h is how they talk.
 */
#ifndef T2V_BASE_RANKS_H
#define T2V_BASE_RANKS_H

#include "base/error.h"

/** Neighbouring ranks that share a piece of work. All of them call the same functions in turn. */
typedef struct t2v_team {
    const t2v_ranks *ranks;
    int first, count;
} t2v_team;

/** The place of this process in its team, from 0. */
int t2v_team_place(const t2v_team *team);

/** Where the part of a place begins when `whole` things are cut into parts. */
int64_t t2v_team_start(const t2v_team *team, int64_t whole, int place);

/**
 * Everyone gets everyone's rows.
 *
 * @param all [whole, width] floats, of which the own part is there
 */
t2v_status t2v_team_gather(const t2v_team *team, float *all, int64_t whole, int64_t width,
                           t2v_error *error);

/**
 * Everyone sends to the next place, and receives from the one before: nothing comes to the first,
 * and nothing goes from the last.
 *
 * @param step 1; -1: to the place before, and from the next
 */
t2v_status t2v_team_pass(const t2v_team *team, int step, const float *out, float *in, size_t count,
                         t2v_error *error);

enum { T2V_TEAM_SUMS = 4 };

/** Replaces each number by the sum of everyone's, which has the same bits for all. */
t2v_status t2v_team_sum(const t2v_team *team, double *values, int count, t2v_error *error);

/** Gives `mine` to a rank that gives `theirs`, each `count` floats. */
t2v_status t2v_ranks_trade(const t2v_ranks *ranks, int with, const float *mine, float *theirs,
                           size_t count, t2v_error *error);

/** Everyone gets what rank 0 has. */
t2v_status t2v_ranks_agree(const t2v_ranks *ranks, void *data, size_t bytes, t2v_error *error);

#endif
