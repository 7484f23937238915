/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Regular files that are read, and what the system says when it refuses. */
#ifndef T2V_BASE_FILE_H
#define T2V_BASE_FILE_H

#include "base/error.h"

/** T2V_ERROR_IO: "PATH: WHAT failed:" and what errno means. */
t2v_status t2v_fail_io(t2v_error *error, const char *path, const char *what);

/**
 * Opens a file for reading. What is no regular file is refused, and no pipe's writer is waited for.
 *
 * @param descriptor receives what the caller closes
 * @param bytes      receives the file's length
 */
t2v_status t2v_file_open(const char *path, int *descriptor, size_t *bytes, t2v_error *error);

/**
 * Reads all of a file.
 *
 * @param most bytes that it may have, some MiB
 * @param data receives [bytes], to be freed with t2v_free; NULL on failure
 */
t2v_status t2v_file_read(const char *path, size_t most, char **data, size_t *bytes,
                         t2v_error *error);

#endif
