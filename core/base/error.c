/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <stdarg.h>

#include "base/line.h"

t2v_status t2v_fail(t2v_error *error, t2v_status status, const char *format, ...)
{
    if (!error)
        return status;
    va_list args;
    va_start(args, format);
    t2v_format_line(error->text, sizeof(error->text), format, args);
    va_end(args);
    error->status = status;
    return status;
}

t2v_status t2v_fail_memory(t2v_error *error, const char *what, size_t bytes)
{
    return t2v_fail(error, T2V_ERROR_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
}
