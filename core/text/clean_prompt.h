/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What WanPipeline does to a prompt before it is tokenized. */
#ifndef T2V_TEXT_CLEAN_PROMPT_H
#define T2V_TEXT_CLEAN_PROMPT_H

#include "text/text_buffer.h"

/**
 * Character references of HTML are replaced, twice, as Python's html.unescape does, every run of
 * white space becomes one space, and there is none at the ends. (The reference also lets ftfy mend
 * broken encodings where that package happens to be installed; without it, it does just this.)
 *
 * @param text  UTF-8; bytes that are not are kept as they are
 * @param clean receives the text with a NUL; ended by t2v_text_buffer_free
 */
t2v_status t2v_clean_prompt(const char *text, t2v_text_buffer *clean, t2v_error *error);

#endif
