/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Checked sizes, aligned blocks, and the arena that holds a computation's scratch memory. */
#ifndef T2V_BASE_MEMORY_H
#define T2V_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** a × b into *product; false when it does not fit. */
static inline bool t2v_mul_size(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/** a + b into *sum; false when it does not fit. */
static inline bool t2v_add_size(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

/** `bytes` aligned to a cache line, uninitialised; NULL when out of memory. Ended by t2v_free. */
void *t2v_alloc(size_t bytes);
/** count × size zeroed bytes, aligned to a cache line; NULL when too large or out of memory. */
void *t2v_calloc(size_t count, size_t size);
/** A copy of a string; NULL stays NULL, and is also the answer when out of memory. */
char *t2v_strdup(const char *text);
void t2v_free(void *block);
/**
 * Whole pages, uninitialised, for large blocks that come and go: freed, they are the system's at
 * once, where a heap would keep the gaps. NULL when out of memory. Ended by t2v_free_pages.
 */
void *t2v_alloc_pages(size_t bytes);
/** @param bytes as it was allocated with */
void t2v_free_pages(void *block, size_t bytes);

/**
 * Scratch memory that grows and is given back as a stack: take a mark, allocate, reset to the
 * mark. What was allocated is kept for the next use, as one block of the peak's size, so a
 * computation that repeats allocates nothing.
 * One thread at a time.
 */
typedef struct t2v_arena {
    struct t2v_arena_block *first, *current;
    size_t used; /**< bytes handed out and not given back */
    size_t peak; /**< highest `used` so far */
    size_t held; /**< bytes of the blocks that it has */
    size_t most; /**< highest `held` so far */
    /** What is allocated takes addresses, but no memory until it is written to; of any size. To be
     * set while the arena is empty. */
    bool sparse;
} t2v_arena;

/** A position to reset to. */
typedef struct t2v_arena_mark {
    struct t2v_arena_block *block;
    size_t offset;
    size_t used;
} t2v_arena_mark;

t2v_arena_mark t2v_arena_get_mark(const t2v_arena *arena);
void t2v_arena_reset(t2v_arena *arena, t2v_arena_mark mark);
/** `count` × `size` bytes aligned to a cache line, uninitialised; NULL when out of memory. */
void *t2v_arena_alloc(t2v_arena *arena, size_t count, size_t size);
/** Gives all memory back to the system. A zeroed t2v_arena is an empty one, and so is this. */
void t2v_arena_free(t2v_arena *arena);

#endif
