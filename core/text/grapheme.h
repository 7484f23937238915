/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Where a character ends as a reader sees it: extended grapheme clusters (Unicode annex 29). */
#ifndef T2V_TEXT_GRAPHEME_H
#define T2V_TEXT_GRAPHEME_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Whether the code point `after` belongs to the same cluster as `before`, which it follows.
 *
 * Exact for clusters of less than six bytes in UTF-8, all that text normalisation looks at: Hangul
 * syllables, flags, Indic conjuncts and emoji sequences are longer and not joined here.
 */
bool t2v_grapheme_continues(uint32_t before, uint32_t after);

#endif
