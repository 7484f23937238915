/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The unigram language model over pieces (Kudo 2018): a word to its most probable pieces. */
#ifndef T2V_TEXT_UNIGRAM_H
#define T2V_TEXT_UNIGRAM_H

#include <stdint.h>

#include "base/error.h"

/** Pieces, their scores and the trie that finds them. */
typedef struct t2v_unigram t2v_unigram;

/**
 * An empty vocabulary for at most `capacity` pieces; NULL when out of memory.
 *
 * @param unknown id of the piece that stands for what no piece covers
 */
t2v_unigram *t2v_unigram_create(int capacity, int unknown);
void t2v_unigram_free(t2v_unigram *unigram);

/**
 * Adds the piece whose id is the number of pieces added before.
 *
 * @param text  its bytes, at least one, copied into the trie
 * @param score logarithm of its probability, finite
 * @return T2V_ERROR_ARGUMENT for a piece that is there already
 */
t2v_status t2v_unigram_add(t2v_unigram *unigram, const char *text, size_t bytes, float score,
                           t2v_error *error);

/** Number of pieces added. */
int t2v_unigram_count(const t2v_unigram *unigram);

/** Id of the piece with this text, -1 when there is none. */
int t2v_unigram_find(const t2v_unigram *unigram, const char *text, size_t bytes);

/** Bytes of the longest piece that `text` starts with, and its id; 0 when there is none. */
size_t t2v_unigram_longest(const t2v_unigram *unigram, const char *text, size_t bytes, int *id);

/** A position in a text and the best way to it. */
typedef struct t2v_unigram_node {
    double score;
    uint32_t start; /**< of the piece that ends here */
    int32_t id;     /**< of that piece; negative while no way leads here */
} t2v_unigram_node;

/**
 * Splits well-formed UTF-8 into the pieces with the highest sum of scores, the first found among
 * equals. A character that no piece covers is unknown and costs 10 more than the rarest piece; a
 * run of the unknown, also of that piece's own text, is one id.
 *
 * Scores add up in double as in the tokenizers library: in float, as in sentencepiece, rounding
 * decides between "l" + "ll" and "ll" + "l".
 *
 * @param bytes at most 2^31 − 1
 * @param nodes scratch, bytes + 1
 * @param ids   receives the ids, room for `bytes`
 * @return number of ids
 */
size_t t2v_unigram_encode(const t2v_unigram *unigram, const char *text, size_t bytes,
                          t2v_unigram_node *nodes, int32_t *ids);

#endif
