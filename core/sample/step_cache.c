/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/step_cache.h"

#include <string.h>

#include "ops/elementwise.h"
#include "ops/rehearsal.h"

/* The threshold of the first block's change unless one is given. */
static const double FIRST_BLOCK_THRESHOLD = 0.05;

t2v_cache_kind t2v_cache_kind_from_name(const char *name)
{
    return !strcmp(name, "first-block") ? T2V_CACHE_FIRST_BLOCK
           : !strcmp(name, "taylor")    ? T2V_CACHE_TAYLOR
           : !strcmp(name, "teacache")  ? T2V_CACHE_TEACACHE
                                        : T2V_CACHE_NONE;
}

void t2v_step_cache_free(t2v_step_cache *cache)
{
    t2v_free(cache->signal);
    t2v_free(cache->rest);
    t2v_free(cache->before);
    *cache = (t2v_step_cache){0};
}

static double polynomial(const t2v_teacache *t, double x)
{
    double y = 0;
    for (int i = 0; i < 5; i++)
        y = y * x + t->coefficient[i];
    return y;
}

/* Written so that what is no number is computed. */
static bool first_block_stays(const t2v_step_cache *cache, double change)
{
    return change <= (cache->threshold >= 0 ? cache->threshold : FIRST_BLOCK_THRESHOLD);
}

/* The first and the last step are always computed. */
static bool timestep_stays(t2v_step_cache *cache, const t2v_teacache *teacache, double change)
{
    cache->change += polynomial(teacache, change);
    const bool stays =
        cache->step < cache->steps - 1 &&
        cache->change < (cache->threshold >= 0 ? cache->threshold : teacache->threshold);
    if (!stays)
        cache->change = 0;
    return stays;
}

/* Room for `count` floats, which hold nothing any more. */
static t2v_status make(t2v_exec *exec, float **block, size_t count)
{
    size_t bytes;
    t2v_free(*block);
    if (exec->rehearsal)
        exec->rehearsal->lasting += count * sizeof(**block);
    *block = t2v_mul_size(count, sizeof(**block), &bytes) ? t2v_alloc(bytes) : NULL;
    return *block ? T2V_OK
                  : t2v_fail_memory(exec->error, "the step cache", count * sizeof(**block));
}

/* The first block is compared with the last computed step, TeaCache with the last step. */
static t2v_status keep_signal(t2v_exec *exec, t2v_step_cache *cache, const float *signal,
                              size_t count)
{
    if (cache->signal_count != count)
        T2V_TRY(make(exec, &cache->signal, count));
    cache->signal_count = count;
    t2v_copy(exec, cache->signal, signal, (int64_t)count);
    return T2V_OK;
}

/* Mean |signal - what was kept| over mean |what was kept|. */
static t2v_status measure(t2v_exec *exec, const t2v_step_cache *cache, const t2v_team *team,
                          const float *signal, double *change)
{
    double sums[2];
    t2v_sum_change(exec, signal, cache->signal, (int64_t)cache->signal_count, sums);
    if (team)
        T2V_TRY(t2v_team_sum(team, sums, 2, exec->error));
    *change = sums[0] / sums[1];
    return T2V_OK;
}

t2v_status t2v_step_cache_decide(t2v_exec *exec, t2v_step_cache *cache, const t2v_team *team,
                                 const void *network, const t2v_teacache *teacache,
                                 const float *signal, size_t count, bool *reuse)
{
    *reuse = false;
    if (cache->network != network || cache->signal_count != count) {
        cache->network = network;
        cache->computed = 0;
        cache->change = 0;
    }
    if (cache->computed) {
        double change;
        T2V_TRY(measure(exec, cache, team, signal, &change));
        *reuse = cache->kind == T2V_CACHE_TEACACHE ? timestep_stays(cache, teacache, change)
                                                   : first_block_stays(cache, change);
    }
    cache->step++;
    cache->reused += *reuse;
    if (*reuse && cache->kind != T2V_CACHE_TEACACHE)
        return T2V_OK;
    return keep_signal(exec, cache, signal, count);
}

static t2v_status make_rest(t2v_exec *exec, t2v_step_cache *cache, size_t count)
{
    if (cache->rest_count == count)
        return T2V_OK;
    T2V_TRY(make(exec, &cache->rest, count));
    if (cache->kind == T2V_CACHE_TAYLOR)
        T2V_TRY(make(exec, &cache->before, count));
    cache->rest_count = count;
    return T2V_OK;
}

t2v_status t2v_step_cache_begin(t2v_exec *exec, t2v_step_cache *cache, const float *hidden,
                                size_t count)
{
    T2V_TRY(make_rest(exec, cache, count));
    if (cache->kind == T2V_CACHE_TAYLOR) {
        float *oldest = cache->before;
        cache->before = cache->rest;
        cache->at_before = cache->at;
        cache->rest = oldest;
    }
    t2v_copy(exec, cache->rest, hidden, (int64_t)count);
    return T2V_OK;
}

void t2v_step_cache_end(t2v_exec *exec, t2v_step_cache *cache, const float *hidden)
{
    t2v_subtract_from(exec, cache->rest, hidden, (int64_t)cache->rest_count);
    cache->at = cache->step;
    cache->computed += cache->computed < 2;
}

void t2v_step_cache_reuse(t2v_exec *exec, t2v_step_cache *cache, float *hidden)
{
    const int64_t count = (int64_t)cache->rest_count;
    if (cache->kind == T2V_CACHE_TAYLOR && cache->computed == 2)
        t2v_add_line(
            exec, hidden, cache->before, cache->rest,
            (float)(cache->step - cache->at_before) / (float)(cache->at - cache->at_before), count);
    else
        t2v_add(exec, hidden, cache->rest, count);
}
