/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ranks.h"

#include <string.h>

int t2v_team_place(const t2v_team *team)
{
    return team->ranks->rank - team->first;
}

int64_t t2v_team_start(const t2v_team *team, int64_t whole, int place)
{
    return whole / team->count * place + whole % team->count * place / team->count;
}

static t2v_status exchange(const t2v_ranks *ranks, int to, const void *out, size_t out_bytes,
                           int from, void *in, size_t in_bytes, t2v_error *error)
{
    if (ranks->exchange(ranks->opaque, to, out, out_bytes, from, in, in_bytes))
        return t2v_fail(error, T2V_ERROR_IO, "rank %d: nothing came from rank %d or went to %d",
                        ranks->rank, from, to);
    return T2V_OK;
}

/* In each round everyone talks to one that is farther away, so that all talk at once. */
t2v_status t2v_team_gather(const t2v_team *team, float *all, int64_t whole, int64_t width,
                           t2v_error *error)
{
    const int place = t2v_team_place(team);
    for (int distance = 1; distance < team->count; distance++) {
        const int to = (place + distance) % team->count;
        const int from = (place - distance + team->count) % team->count;
        const int64_t mine = t2v_team_start(team, whole, place);
        const int64_t theirs = t2v_team_start(team, whole, from);
        const int64_t my_rows = t2v_team_start(team, whole, place + 1) - mine;
        const int64_t their_rows = t2v_team_start(team, whole, from + 1) - theirs;
        T2V_TRY(exchange(team->ranks, team->first + to, all + mine * width,
                         (size_t)(my_rows * width) * sizeof(*all), team->first + from,
                         all + theirs * width, (size_t)(their_rows * width) * sizeof(*all), error));
    }
    return T2V_OK;
}

/* Both ends talk too, so that everyone calls alike; they have nothing to say. */
t2v_status t2v_team_pass(const t2v_team *team, int step, const float *out, float *in, size_t count,
                         t2v_error *error)
{
    const int place = t2v_team_place(team), to = place + step, from = place - step;
    const size_t bytes = count * sizeof(*out);
    return exchange(team->ranks, team->first + (to + team->count) % team->count, out,
                    to >= 0 && to < team->count ? bytes : 0,
                    team->first + (from + team->count) % team->count, in,
                    from >= 0 && from < team->count ? bytes : 0, error);
}

t2v_status t2v_team_sum(const t2v_team *team, double *values, int count, t2v_error *error)
{
    double sum[T2V_TEAM_SUMS] = {0}, mine[T2V_TEAM_SUMS], theirs[T2V_TEAM_SUMS];
    const size_t bytes = (size_t)count * sizeof(*values);
    const int place = t2v_team_place(team);
    memcpy(mine, values, bytes);
    for (int other = 0; other < team->count; other++) { /* in the same order everywhere */
        memcpy(theirs, mine, bytes);
        if (other == place) {
            for (int to = 0; to < team->count; to++)
                if (to != place)
                    T2V_TRY(exchange(team->ranks, team->first + to, mine, bytes, team->first + to,
                                     NULL, 0, error));
        } else {
            T2V_TRY(exchange(team->ranks, team->first + other, NULL, 0, team->first + other, theirs,
                             bytes, error));
        }
        for (int i = 0; i < count; i++)
            sum[i] += theirs[i];
    }
    memcpy(values, sum, bytes);
    return T2V_OK;
}

t2v_status t2v_ranks_trade(const t2v_ranks *ranks, int with, const float *mine, float *theirs,
                           size_t count, t2v_error *error)
{
    const size_t bytes = count * sizeof(*mine);
    return exchange(ranks, with, mine, bytes, with, theirs, bytes, error);
}

t2v_status t2v_ranks_agree(const t2v_ranks *ranks, void *data, size_t bytes, t2v_error *error)
{
    if (ranks->rank)
        return exchange(ranks, 0, NULL, 0, 0, data, bytes, error);
    for (int rank = 1; rank < ranks->count; rank++)
        T2V_TRY(exchange(ranks, rank, data, bytes, rank, NULL, 0, error));
    return T2V_OK;
}
