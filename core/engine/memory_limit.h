/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The option max_memory. */
#ifndef T2V_ENGINE_MEMORY_LIMIT_H
#define T2V_ENGINE_MEMORY_LIMIT_H

#include <stddef.h>

#include "base/error.h"

/**
 * Reads "8", "7.5GB", "512M" or "16GiB": GB when there is no unit.
 *
 * @param text  NULL, "" or a number that is 0: no limit is asked for, and *bytes is SIZE_MAX
 */
t2v_status t2v_memory_limit_read(const char *text, size_t *bytes, t2v_error *error);

#endif
