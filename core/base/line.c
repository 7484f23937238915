/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/line.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Marks the end of a text that did not fit, between two characters. */
static void mark_cut(char *text, size_t size)
{
    static const char mark[] = "…";
    size_t end = size - sizeof(mark);
    while (end && ((unsigned char)text[end] & 0xc0) == 0x80)
        end--;
    memcpy(text + end, mark, sizeof(mark));
}

static void tidy(char *text)
{
    while (*text) {
        size_t length = t2v_utf8_length(text, strnlen(text, 4));
        if (length == 0)
            *text = '?';
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
        text += length ? length : 1;
    }
}

void t2v_format_line(char *text, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(text, size, format, args);
    if (length < 0)
        *text = 0;
    else if ((size_t)length >= size)
        mark_cut(text, size);
    tidy(text);
}
