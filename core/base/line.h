/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Text for people: one line of UTF-8. */
#ifndef T2V_BASE_LINE_H
#define T2V_BASE_LINE_H

#include <stdarg.h>
#include <stddef.h>

/**
 * As vsnprintf into `size` bytes (8 or more), but what is not UTF-8 becomes '?', control characters
 * become spaces, and text that does not fit ends in "…". Names from files may be put in as they
 * are.
 */
void t2v_format_line(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
