/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What is UTF-8 and what is not. */
#ifndef T2V_BASE_UTF8_H
#define T2V_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Bytes of the character that `text` starts with, 1 to 4; 0 when it is not well-formed UTF-8
 * (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF) or not all
 * of it is within `bytes`.
 */
size_t t2v_utf8_length(const char *text, size_t bytes);

/**
 * Bytes of the white space (Unicode's White_Space) that well-formed UTF-8 starts with; 0 when it
 * starts with something else.
 */
size_t t2v_utf8_space(const char *text, size_t bytes);

/** Whether all of `text` is well-formed UTF-8. */
bool t2v_utf8_valid(const char *text, size_t bytes);

#endif
