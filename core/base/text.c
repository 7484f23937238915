/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <string.h>

bool t2v_given(const char *text)
{
    return text && *text;
}

bool t2v_starts_with(const char *text, const char *begin)
{
    return !strncmp(text, begin, strlen(begin));
}

bool t2v_ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}
