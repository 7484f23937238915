/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** tokenizer.json of the tokenizers library, as far as it holds a SentencePiece unigram model. */
#ifndef T2V_TEXT_TOKENIZER_JSON_H
#define T2V_TEXT_TOKENIZER_JSON_H

#include "text/spiece_model.h"

/**
 * Parses the JSON that lies in the model's bytes and replaces it by the strings in use. Added
 * tokens become control pieces. T5's hundred sentinels are left out where they end the vocabulary,
 * so that the pieces are those of the spiece.model.
 */
t2v_status t2v_tokenizer_json_parse(const char *path, t2v_spiece_model *model, t2v_error *error);

#endif
