/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The normaliser of a SentencePiece model: a map from characters to the text that stands for them
 * (NFKC and white space, as a rule), stored as a double-array trie of keys and a block of values.
 *
 * Applied as the tokenizers that the reference pipelines use apply it, which is not how the
 * sentencepiece library does: a cluster of less than six bytes is looked up as a whole and
 * replaced by the shortest key that it starts with, all else is looked up character by character.
 */
#ifndef T2V_TEXT_CHARSMAP_H
#define T2V_TEXT_CHARSMAP_H

#include <stdint.h>

#include "base/error.h"
#include "text/text_buffer.h"

/** A checked view of a precompiled_charsmap. The zeroed one changes nothing. */
typedef struct t2v_charsmap {
    const uint8_t *units; /**< trie, 32-bit little-endian words */
    size_t unit_count;
    const char *values; /**< replacements, each ended by a NUL (the last by the end) */
    size_t value_bytes;
} t2v_charsmap;

/**
 * Checks and views `bytes` bytes, which must outlive the map. None at all is the map that changes
 * nothing.
 */
t2v_status t2v_charsmap_open(const char *path, const void *data, size_t bytes, t2v_charsmap *map,
                             t2v_error *error);

/** Appends the normalised form of well-formed UTF-8 to `out`. */
t2v_status t2v_charsmap_apply(const t2v_charsmap *map, const char *text, size_t bytes,
                              t2v_text_buffer *out, t2v_error *error);

#endif
