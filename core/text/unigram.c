/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/unigram.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

static const double UNKNOWN_PENALTY = 10.0;

enum { FIRST_NODES = 4096, NO_PIECE = -1, UNSEEN = -1 };

/* A node of the trie: its byte leads here from the parent; 0 is "none" for child and sibling,
 * since node 0 is the root. */
typedef struct trie_node {
    uint32_t child, sibling;
    int32_t piece;
    uint8_t byte;
} trie_node;

struct t2v_unigram {
    trie_node *nodes;
    size_t node_count, node_capacity;
    double *scores;
    int count, capacity;
    int32_t unknown;
    double lowest; /* score */
};

t2v_unigram *t2v_unigram_create(int capacity, int unknown)
{
    t2v_unigram *unigram = t2v_calloc(1, sizeof(*unigram));
    if (!unigram)
        return NULL;
    unigram->capacity = capacity;
    unigram->unknown = unknown;
    unigram->scores = t2v_calloc((size_t)capacity, sizeof(double));
    unigram->nodes = t2v_calloc(FIRST_NODES, sizeof(trie_node));
    if (!unigram->scores || !unigram->nodes) {
        t2v_unigram_free(unigram);
        return NULL;
    }
    unigram->node_capacity = FIRST_NODES;
    unigram->node_count = 1;
    unigram->nodes[0].piece = NO_PIECE;
    return unigram;
}

void t2v_unigram_free(t2v_unigram *unigram)
{
    if (!unigram)
        return;
    t2v_free(unigram->nodes);
    t2v_free(unigram->scores);
    t2v_free(unigram);
}

static t2v_status reserve_node(t2v_unigram *unigram, t2v_error *error)
{
    if (unigram->node_count < unigram->node_capacity)
        return T2V_OK;
    size_t capacity = unigram->node_capacity * 2;
    trie_node *nodes = capacity > UINT32_MAX / 2 ? NULL : t2v_calloc(capacity, sizeof(trie_node));
    if (!nodes)
        return t2v_fail_memory(error, "the vocabulary", capacity * sizeof(trie_node));
    memcpy(nodes, unigram->nodes, unigram->node_count * sizeof(trie_node));
    t2v_free(unigram->nodes);
    unigram->nodes = nodes;
    unigram->node_capacity = capacity;
    return T2V_OK;
}

/* The child of a node by its byte; 0 when there is none. */
static uint32_t find_child(const t2v_unigram *unigram, uint32_t parent, uint8_t byte)
{
    uint32_t child = unigram->nodes[parent].child;
    while (child && unigram->nodes[child].byte != byte)
        child = unigram->nodes[child].sibling;
    return child;
}

static t2v_status add_child(t2v_unigram *unigram, uint32_t parent, uint8_t byte, uint32_t *child,
                            t2v_error *error)
{
    T2V_TRY(reserve_node(unigram, error));
    *child = (uint32_t)unigram->node_count++;
    unigram->nodes[*child] = (trie_node){0, unigram->nodes[parent].child, NO_PIECE, byte};
    unigram->nodes[parent].child = *child;
    return T2V_OK;
}

t2v_status t2v_unigram_add(t2v_unigram *unigram, const char *text, size_t bytes, float score,
                           t2v_error *error)
{
    uint32_t node = 0;
    for (size_t i = 0; i < bytes; i++) {
        uint32_t child = find_child(unigram, node, (uint8_t)text[i]);
        if (!child)
            T2V_TRY(add_child(unigram, node, (uint8_t)text[i], &child, error));
        node = child;
    }
    if (!bytes || unigram->count == unigram->capacity || unigram->nodes[node].piece != NO_PIECE)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "piece %d, \"%.*s\", is empty or there twice",
                        unigram->count, (int)(bytes < 100 ? bytes : 100), text);
    if (!unigram->count || score < unigram->lowest)
        unigram->lowest = score;
    unigram->nodes[node].piece = unigram->count;
    unigram->scores[unigram->count++] = score;
    return T2V_OK;
}

int t2v_unigram_count(const t2v_unigram *unigram)
{
    return unigram->count;
}

int t2v_unigram_find(const t2v_unigram *unigram, const char *text, size_t bytes)
{
    uint32_t node = 0;
    for (size_t i = 0; i < bytes; i++) {
        node = find_child(unigram, node, (uint8_t)text[i]);
        if (!node)
            return -1;
    }
    return unigram->nodes[node].piece;
}

size_t t2v_unigram_longest(const t2v_unigram *unigram, const char *text, size_t bytes, int *id)
{
    size_t longest = 0;
    uint32_t node = 0;
    for (size_t i = 0; i < bytes; i++) {
        node = find_child(unigram, node, (uint8_t)text[i]);
        if (!node)
            break;
        if (unigram->nodes[node].piece == NO_PIECE)
            continue;
        *id = unigram->nodes[node].piece;
        longest = i + 1;
    }
    return longest;
}

/* Offers a way to `node`: a piece that begins at `start`. */
static void offer(t2v_unigram_node *node, double score, size_t start, int32_t id)
{
    if (node->id == UNSEEN || score > node->score)
        *node = (t2v_unigram_node){score, (uint32_t)start, id};
}

/* Offers every piece that begins at `start`. */
static void extend(const t2v_unigram *unigram, const char *text, size_t bytes, size_t start,
                   t2v_unigram_node *nodes)
{
    double score = nodes[start].score;
    size_t character = t2v_utf8_length(text + start, bytes - start);
    bool covered = false;
    uint32_t node = 0;
    for (size_t end = start; end < bytes;) {
        node = find_child(unigram, node, (uint8_t)text[end++]);
        if (!node)
            break;
        int32_t piece = unigram->nodes[node].piece;
        if (piece == NO_PIECE)
            continue;
        offer(&nodes[end], score + unigram->scores[piece], start, piece);
        covered |= end - start == character;
    }
    if (!covered)
        offer(&nodes[start + character], score + unigram->lowest - UNKNOWN_PENALTY, start,
              unigram->unknown);
}

/* Follows the best way back from the end; the ids come in reverse. */
static size_t trace_back(const t2v_unigram *unigram, const t2v_unigram_node *nodes, size_t bytes,
                         int32_t *ids)
{
    size_t count = 0;
    for (size_t end = bytes; end; end = nodes[end].start) {
        int32_t id = nodes[end].id;
        if (!(count && id == unigram->unknown && ids[count - 1] == id))
            ids[count++] = id;
    }
    return count;
}

static void reverse(int32_t *ids, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        int32_t swapped = ids[i];
        ids[i] = ids[count - 1 - i];
        ids[count - 1 - i] = swapped;
    }
}

size_t t2v_unigram_encode(const t2v_unigram *unigram, const char *text, size_t bytes,
                          t2v_unigram_node *nodes, int32_t *ids)
{
    for (size_t i = 0; i <= bytes; i++)
        nodes[i] = (t2v_unigram_node){0, 0, UNSEEN};
    for (size_t start = 0; start < bytes; start += t2v_utf8_length(text + start, bytes - start))
        extend(unigram, text, bytes, start, nodes);
    size_t count = trace_back(unigram, nodes, bytes, ids);
    reverse(ids, count);
    return count;
}
