/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Bytes that grow at their end. */
#ifndef T2V_TEXT_TEXT_BUFFER_H
#define T2V_TEXT_TEXT_BUFFER_H

#include <stddef.h>

#include "base/error.h"

/** A zeroed one is empty. Ended by t2v_text_buffer_free. */
typedef struct t2v_text_buffer {
    char *data; /**< `bytes` bytes, not ended by a NUL; NULL while empty */
    size_t bytes, capacity;
} t2v_text_buffer;

/** Appends; fails when out of memory, and above 8 MiB, which no sensible text reaches. */
t2v_status t2v_text_buffer_append(t2v_text_buffer *buffer, const char *data, size_t bytes,
                                  t2v_error *error);
void t2v_text_buffer_free(t2v_text_buffer *buffer);

#endif
