/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/text_buffer.h"

#include <string.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 1024, MAX_BYTES = 8 << 20 };

static t2v_status grow(t2v_text_buffer *buffer, size_t wanted, t2v_error *error)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < wanted)
        capacity *= 2;
    char *data = t2v_alloc(capacity);
    if (!data)
        return t2v_fail_memory(error, "the normalised text", capacity);
    if (buffer->bytes)
        memcpy(data, buffer->data, buffer->bytes);
    t2v_free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return T2V_OK;
}

t2v_status t2v_text_buffer_append(t2v_text_buffer *buffer, const char *data, size_t bytes,
                                  t2v_error *error)
{
    if (bytes > MAX_BYTES - buffer->bytes)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "the text grows to more than %d bytes when it is normalised", MAX_BYTES);
    if (!bytes)
        return T2V_OK;
    if (buffer->bytes + bytes > buffer->capacity)
        T2V_TRY(grow(buffer, buffer->bytes + bytes, error));
    memcpy(buffer->data + buffer->bytes, data, bytes);
    buffer->bytes += bytes;
    return T2V_OK;
}

void t2v_text_buffer_free(t2v_text_buffer *buffer)
{
    t2v_free(buffer->data);
    *buffer = (t2v_text_buffer){0};
}
