/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/kept.h"

#include <stdlib.h>
#include <string.h>

#include "ops/onednn.h"
#include "ops/rehearsal.h"

/* What was used within so many passes is not stale: a transformer takes two for a step, and
 * decoding comes between them. */
enum { FRESH_PASSES = 4 };

void t2v_kept_init(t2v_kept *kept, size_t limit)
{
    memset(kept, 0, sizeof(*kept));
    kept->limit = limit;
    pthread_mutex_init(&kept->lock, NULL);
}

void t2v_kept_destroy(t2v_kept *kept)
{
    pthread_mutex_destroy(&kept->lock);
}

void t2v_kept_pass(t2v_kept *kept)
{
    if (kept)
        atomic_fetch_add(&kept->time, 1);
}

size_t t2v_kept_bytes(t2v_kept *kept)
{
    pthread_mutex_lock(&kept->lock);
    const size_t bytes = kept->bytes;
    pthread_mutex_unlock(&kept->lock);
    return bytes;
}

/* ---------------------------------------------------------------- the list; its lock is held */

static void link_newest(t2v_kept *kept, t2v_prepared *p)
{
    p->older = kept->newest;
    p->newer = NULL;
    if (kept->newest)
        kept->newest->newer = p;
    kept->newest = p;
    kept->bytes += p->bytes;
}

static void unlink_kept(t2v_kept *kept, t2v_prepared *p)
{
    *(p->newer ? &p->newer->older : &kept->newest) = p->older;
    if (p->older)
        p->older->newer = p->newer;
    kept->bytes -= p->bytes;
    p->kept = NULL;
}

static bool fits(const t2v_kept *kept, size_t more)
{
    size_t sum;
    return t2v_add_size(kept->bytes, kept->reserved, &sum) && t2v_add_size(sum, more, &sum) &&
           sum <= kept->limit;
}

static bool is_stale(const t2v_kept *kept, const t2v_prepared *p)
{
    return atomic_load(&p->time) + FRESH_PASSES < atomic_load(&kept->time);
}

/*
 * Frees kept weights that nobody uses until `more` fits. An operand whose lock is taken is at work.
 */
static void make_room(t2v_kept *kept, size_t more, bool stale_only)
{
    for (t2v_prepared *p = kept->newest, *older; p && !fits(kept, more); p = older) {
        struct t2v_operand *operand = p->operand;
        older = p->older;
        if ((stale_only && !is_stale(kept, p)) || pthread_mutex_trylock(&operand->lock))
            continue;
        if (!p->users) {
            unlink_kept(kept, p);
            t2v_operand_drop(operand, p);
        }
        pthread_mutex_unlock(&operand->lock);
    }
}

/* ---------------------------------------------------------------- entry points */

void t2v_kept_reserve(t2v_kept *kept, size_t *mine, size_t bytes)
{
    if (!kept)
        return;
    pthread_mutex_lock(&kept->lock);
    kept->reserved += bytes - *mine; /* modulo 2^64 */
    *mine = bytes;
    make_room(kept, 0, false);
    pthread_mutex_unlock(&kept->lock);
}

void t2v_kept_add(t2v_kept *kept, t2v_prepared *prepared)
{
    prepared->stays = true;
    if (!kept)
        return;
    pthread_mutex_lock(&kept->lock);
    if (!fits(kept, prepared->bytes))
        make_room(kept, prepared->bytes, true);
    prepared->stays = fits(kept, prepared->bytes);
    if (prepared->stays) {
        prepared->kept = kept;
        link_newest(kept, prepared);
    }
    pthread_mutex_unlock(&kept->lock);
}

void t2v_kept_remove(t2v_prepared *prepared)
{
    t2v_kept *kept = prepared->kept;
    if (!kept)
        return;
    pthread_mutex_lock(&kept->lock);
    unlink_kept(kept, prepared);
    pthread_mutex_unlock(&kept->lock);
}

/* ---------------------------------------------------------------- holds */

void t2v_weights_begin(t2v_exec *exec)
{
    exec->holds++;
}

static void let_go(t2v_prepared *p)
{
    struct t2v_operand *operand = p->operand;
    pthread_mutex_lock(&operand->lock);
    if (!--p->users && !p->stays)
        t2v_operand_drop(operand, p);
    pthread_mutex_unlock(&operand->lock);
}

void t2v_weights_end(t2v_exec *exec)
{
    if (--exec->holds)
        return;
    while (exec->held_count)
        let_go(exec->held[--exec->held_count]);
    if (exec->rehearsal)
        t2v_rehearsal_end_hold(exec->rehearsal);
}

static bool holds(const t2v_exec *exec, const t2v_prepared *prepared)
{
    for (size_t i = 0; i < exec->held_count; i++)
        if (exec->held[i] == prepared)
            return true;
    return false;
}

t2v_status t2v_weights_hold(t2v_exec *exec, t2v_prepared *prepared)
{
    if (exec->kept)
        atomic_store(&prepared->time, atomic_load(&exec->kept->time));
    if (holds(exec, prepared))
        return T2V_OK;
    if (exec->held_count == exec->held_capacity) {
        const size_t capacity = exec->held_capacity ? 2 * exec->held_capacity : 64;
        t2v_prepared **grown = realloc(exec->held, capacity * sizeof(*grown));
        if (!grown)
            return t2v_fail_memory(exec->error, "the weights in use", capacity * sizeof(*grown));
        exec->held = grown;
        exec->held_capacity = capacity;
    }
    exec->held[exec->held_count++] = prepared;
    prepared->users++;
    return T2V_OK;
}
