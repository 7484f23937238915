/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <stdarg.h>

#include "base/line.h"

void t2v_log_write(const t2v_log *log, t2v_log_level level, const char *format, ...)
{
    if (!log || !log->fn)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    t2v_format_line(text, sizeof(text), format, args);
    va_end(args);
    log->fn(log->opaque, level, text);
}
