/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The vocabulary that GGUF files of T5 encoders keep in their metadata, `tokenizer.ggml.…`. */
#ifndef T2V_TEXT_TOKENIZER_GGUF_H
#define T2V_TEXT_TOKENIZER_GGUF_H

#include "text/spiece_model.h"
#include "weights/gguf.h"

/** Whether the file has one. */
bool t2v_tokenizer_gguf_has(const t2v_gguf *file);

/**
 * Copies it into an empty model: `tokens` with their `scores` and `token_type`, and
 * `precompiled_charsmap`. What converters append (padding `[PAD…]`, T5's hundred sentinels) is left
 * out, so that the pieces are those of the spiece.model.
 */
t2v_status t2v_tokenizer_gguf_read(const t2v_gguf *file, t2v_spiece_model *model, t2v_error *error);

#endif
