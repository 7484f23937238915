/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Failures as a code and a sentence. */
#ifndef T2V_BASE_ERROR_H
#define T2V_BASE_ERROR_H

#include "t2v/t2v.h"

/**
 * Fills `error` (may be NULL) with a formatted sentence and returns `status`, so that a failing
 * function can say `return t2v_fail(error, T2V_ERROR_FORMAT, "%s: …", path)`. The text is made by
 * t2v_format_line; no argument may point into `error`.
 */
t2v_status t2v_fail(t2v_error *error, t2v_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Failure of an allocation of `bytes` for `what`. */
t2v_status t2v_fail_memory(t2v_error *error, const char *what, size_t bytes);

/** Returns from the calling function when `call` fails. */
#define T2V_TRY(call)                                                                              \
    do {                                                                                           \
        t2v_status t2v_try_status = (call);                                                        \
        if (t2v_try_status < 0)                                                                    \
            return t2v_try_status;                                                                 \
    } while (0)

/** As T2V_TRY, with a jump to `label` for clean-up; `status` is set first. */
#define T2V_TRY_GOTO(status, call, label)                                                          \
    do {                                                                                           \
        (status) = (call);                                                                         \
        if ((status) < 0)                                                                          \
            goto label;                                                                            \
    } while (0)

#endif
