/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/rehearsal.h"

#include <string.h>

enum { LEAST_PLACES = 1024 };

void t2v_rehearsal_free(t2v_rehearsal *rehearsal)
{
    t2v_free(rehearsal->place);
    memset(rehearsal, 0, sizeof(*rehearsal));
}

void t2v_rehearsal_restart(t2v_rehearsal *r)
{
    r->weights = r->layer = r->lasting = r->hold_bytes = r->count = 0;
    if (r->place)
        memset(r->place, 0, r->capacity * sizeof(*r->place));
}

void t2v_rehearsal_end_hold(t2v_rehearsal *r)
{
    if (r->hold_bytes > r->layer)
        r->layer = r->hold_bytes;
    r->hold_bytes = 0;
    r->hold++;
}

static size_t first_place(const t2v_rehearsal *r, const void *operand)
{
    return (size_t)(((uintptr_t)operand >> 4) * 2654435761u) & (r->capacity - 1);
}

static void put(t2v_rehearsal *r, const t2v_rehearsed *entry)
{
    size_t at = first_place(r, entry->operand);
    while (r->place[at].operand)
        at = (at + 1) & (r->capacity - 1);
    r->place[at] = *entry;
}

/* At least half of the places stay empty. */
static bool grow(t2v_rehearsal *r)
{
    t2v_rehearsal grown = *r;
    if (2 * (r->count + 1) <= r->capacity)
        return true;
    grown.capacity = r->capacity ? 2 * r->capacity : LEAST_PLACES;
    grown.place = t2v_calloc(grown.capacity, sizeof(*grown.place));
    if (!grown.place)
        return false;
    for (size_t i = 0; i < r->capacity; i++)
        if (r->place[i].operand)
            put(&grown, &r->place[i]);
    t2v_free(r->place);
    *r = grown;
    return true;
}

static t2v_rehearsed *find(const t2v_rehearsal *r, const void *operand, const void *layout,
                           t2v_layout_equal_fn equal)
{
    for (size_t at = first_place(r, operand); r->place[at].operand;
         at = (at + 1) & (r->capacity - 1))
        if (r->place[at].operand == operand && equal(r->place[at].layout, layout))
            return &r->place[at];
    return NULL;
}

t2v_status t2v_rehearsal_want(t2v_exec *exec, const void *operand, const void *layout,
                              t2v_layout_equal_fn equal, size_t bytes)
{
    t2v_rehearsal *r = exec->rehearsal;
    if (!grow(r))
        return t2v_fail_memory(exec->error, "the rehearsal", 2 * r->capacity * sizeof(*r->place));
    t2v_rehearsed *found = find(r, operand, layout, equal);
    if (!found) {
        const t2v_rehearsed fresh = {operand, layout, bytes, -1};
        put(r, &fresh);
        r->count++;
        r->weights += bytes;
        found = find(r, operand, layout, equal);
    }
    if (found->hold != r->hold)
        r->hold_bytes += bytes;
    found->hold = r->hold;
    return T2V_OK;
}
