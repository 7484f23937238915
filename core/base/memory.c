/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, MIN_BLOCK = 1 << 20 };

struct t2v_arena_block {
    struct t2v_arena_block *next;
    size_t size, offset;
    char *data;
};

static bool round_up(size_t bytes, size_t *rounded)
{
    if (!t2v_add_size(bytes, ALIGNMENT - 1, rounded))
        return false;
    *rounded &= ~(size_t)(ALIGNMENT - 1);
    return true;
}

void *t2v_alloc(size_t bytes)
{
    size_t rounded;
    if (!round_up(bytes ? bytes : 1, &rounded))
        return NULL;
    return aligned_alloc(ALIGNMENT, rounded);
}

void *t2v_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!t2v_mul_size(count, size, &bytes))
        return NULL;
    void *block = t2v_alloc(bytes);
    if (block)
        memset(block, 0, bytes);
    return block;
}

char *t2v_strdup(const char *text)
{
    if (!text)
        return NULL;
    size_t bytes = strlen(text) + 1;
    char *copy = t2v_alloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

void t2v_free(void *block)
{
    free(block);
}

static void *map_pages(size_t bytes, int flags)
{
    void *map = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return map == MAP_FAILED ? NULL : map;
}

void *t2v_alloc_pages(size_t bytes)
{
    return map_pages(bytes, 0);
}

void t2v_free_pages(void *block, size_t bytes)
{
    if (block)
        munmap(block, bytes ? bytes : 1);
}

t2v_arena_mark t2v_arena_get_mark(const t2v_arena *arena)
{
    return (t2v_arena_mark){arena->current, arena->current ? arena->current->offset : 0,
                            arena->used};
}

static void free_block(t2v_arena *arena, struct t2v_arena_block *block)
{
    arena->held -= block->data ? block->size : 0;
    t2v_free_pages(block->data, block->size);
    t2v_free(block);
}

static void free_blocks(t2v_arena *arena, struct t2v_arena_block *block)
{
    while (block) {
        struct t2v_arena_block *next = block->next;
        free_block(arena, block);
        block = next;
    }
}

void t2v_arena_reset(t2v_arena *arena, t2v_arena_mark mark)
{
    struct t2v_arena_block **behind = mark.block ? &mark.block->next : &arena->first;
    /* several blocks were not enough of one: what comes next gets a single one of the peak's size,
     * or the chain would end with more than the peak */
    if (*behind && (*behind)->next) {
        free_blocks(arena, *behind);
        *behind = NULL;
    }
    if (*behind)
        (*behind)->offset = 0;
    arena->current = mark.block ? mark.block : arena->first;
    if (arena->current)
        arena->current->offset = mark.offset;
    arena->used = mark.used;
}

static struct t2v_arena_block *new_block(t2v_arena *arena, size_t bytes)
{
    struct t2v_arena_block *block = t2v_calloc(1, sizeof(*block));
    if (!block)
        return NULL;
    block->size = bytes > MIN_BLOCK ? bytes : MIN_BLOCK;
    block->data = map_pages(block->size, arena->sparse ? MAP_NORESERVE : 0);
    if (!block->data) {
        free_block(arena, block);
        return NULL;
    }
    arena->held += block->size;
    arena->most = arena->held > arena->most ? arena->held : arena->most;
    return block;
}

/*
 * Moves on to a block with room for `bytes` and, as far as the peak tells, for what follows; a kept
 * block that is too small is replaced.
 */
static struct t2v_arena_block *advance(t2v_arena *arena, size_t bytes)
{
    struct t2v_arena_block **link = arena->current ? &arena->current->next : &arena->first;
    struct t2v_arena_block *kept = *link;
    if (kept && kept->size < bytes) {
        *link = kept->next;
        free_block(arena, kept);
        kept = NULL;
    }
    if (!kept) {
        size_t expected = arena->peak - arena->used;
        struct t2v_arena_block *fresh = new_block(arena, bytes > expected ? bytes : expected);
        if (!fresh)
            return NULL;
        fresh->next = *link;
        *link = fresh;
    }
    arena->current = *link;
    return arena->current;
}

void *t2v_arena_alloc(t2v_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!t2v_mul_size(count, size, &bytes) || !round_up(bytes ? bytes : 1, &bytes))
        return NULL;
    struct t2v_arena_block *block = arena->current;
    if (!block || block->size - block->offset < bytes)
        block = advance(arena, bytes);
    if (!block)
        return NULL;
    void *memory = block->data + block->offset;
    block->offset += bytes;
    arena->used += bytes;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
    return memory;
}

void t2v_arena_free(t2v_arena *arena)
{
    free_blocks(arena, arena->first);
    memset(arena, 0, sizeof(*arena));
}
