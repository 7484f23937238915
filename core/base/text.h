/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** How names and paths begin and end, and whether there are any. */
#ifndef T2V_BASE_TEXT_H
#define T2V_BASE_TEXT_H

#include <stdbool.h>

/** Whether an option's text says anything: neither NULL nor empty. */
bool t2v_given(const char *text);
bool t2v_starts_with(const char *text, const char *begin);
bool t2v_ends_with(const char *text, const char *end);

#endif
