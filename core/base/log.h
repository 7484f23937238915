/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Messages to the application. */
#ifndef T2V_BASE_LOG_H
#define T2V_BASE_LOG_H

#include "t2v/t2v.h"

/** Where messages go; a zeroed one swallows them. */
typedef struct t2v_log {
    t2v_log_fn fn;
    void *opaque;
} t2v_log;

void t2v_log_write(const t2v_log *log, t2v_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
