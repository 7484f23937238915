/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A regular file in memory, read by the system as it is used. */
#ifndef T2V_WEIGHTS_MAPPED_FILE_H
#define T2V_WEIGHTS_MAPPED_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** The bytes of a file. Empty when zeroed. */
typedef struct t2v_mapped_file {
    char *path;
    const uint8_t *data;
    size_t bytes; /**< never 0 once open */
} t2v_mapped_file;

/**
 * Maps a regular file that has at least `least` bytes (1 or more).
 *
 * @param kind for the message about a file that is shorter: "a GGUF file"
 */
t2v_status t2v_mapped_file_open(const char *path, size_t least, const char *kind,
                                t2v_mapped_file *file, t2v_error *error);
/** Unmaps; the file is empty afterwards. */
void t2v_mapped_file_close(t2v_mapped_file *file);

#endif
