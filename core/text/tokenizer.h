/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** T5's tokenizer: text to the ids that the text encoder reads. */
#ifndef T2V_TEXT_TOKENIZER_H
#define T2V_TEXT_TOKENIZER_H

#include <stdint.h>

#include "base/error.h"
#include "weights/gguf.h"

/** A vocabulary with its normaliser. Immutable after opening: any thread may encode. */
typedef struct t2v_tokenizer t2v_tokenizer;

/**
 * Reads a SentencePiece model of the unigram kind, or a tokenizer.json that was made from one
 * (transformers 5 saves nothing else).
 *
 * @param path      spiece.model or tokenizer.json, hostile until checked
 * @param tokenizer receives the tokenizer, to be closed with t2v_tokenizer_close; NULL on failure
 */
t2v_status t2v_tokenizer_open(const char *path, t2v_tokenizer **tokenizer, t2v_error *error);

/** Likewise from such a file's bytes, which are copied. @param path of where they come from */
t2v_status t2v_tokenizer_copy(const char *path, const void *bytes, size_t count,
                              t2v_tokenizer **tokenizer, t2v_error *error);

/** Likewise from a GGUF file's metadata, see t2v_tokenizer_gguf_read. */
t2v_status t2v_tokenizer_from_gguf(const t2v_gguf *file, t2v_tokenizer **tokenizer,
                                   t2v_error *error);

/** Frees and sets *tokenizer to NULL. NULL is allowed. */
void t2v_tokenizer_close(t2v_tokenizer **tokenizer);

/**
 * Number of pieces, `</s>` and padding among them. T5's hundred sentinels (`<extra_id_0>` …) that
 * the file does not hold come after these: ids are below t2v_tokenizer_pieces() + 100.
 */
int t2v_tokenizer_pieces(const t2v_tokenizer *tokenizer);

/**
 * Encodes text as the T5 tokenizer of the reference pipelines does: pieces, then `</s>`, then
 * padding. A text that is too long loses its last pieces, never the `</s>`.
 *
 * @param text   UTF-8; anything else is an error that names the byte position
 * @param length number of ids to write, at least 1
 * @param ids    receives `length` ids
 * @param used   receives the number of ids before the padding, with `</s>`; may be NULL
 * @param lost   receives the number of ids that were cut off; may be NULL
 */
t2v_status t2v_tokenizer_encode(const t2v_tokenizer *tokenizer, const char *text, int length,
                                int64_t *ids, int *used, int *lost, t2v_error *error);

#endif
