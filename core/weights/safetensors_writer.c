/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"

/* Where a tensor lies in the file and how much of it is written. */
typedef struct extent {
    size_t begin, bytes, written;
} extent;

struct t2v_safetensors_writer {
    char *path, *temporary; /* the file is written under the temporary name */
    int descriptor;         /* -1: not open */
    bool failed;
    size_t data; /* where the tensors begin in the file */
    size_t count;
    extent *extents;
};

/* What is written as `__metadata__`. */
typedef struct notes {
    const t2v_safetensors_note *pair;
    size_t count;
} notes;

/* Places the tensors, those with large elements first, so that each is aligned for its type. */
static t2v_status place_tensors(t2v_safetensors_writer *writer,
                                const t2v_safetensors_entry *entries, t2v_error *error)
{
    size_t end = 0;
    for (size_t size = 8; size; size /= 2)
        for (size_t i = 0; i < writer->count; i++) {
            extent *place = &writer->extents[i];
            if (t2v_dtype_size(entries[i].dtype) != size)
                continue;
            place->begin = end;
            if (!t2v_shape_count(&entries[i].shape, &place->bytes) ||
                !t2v_mul_size(place->bytes, size, &place->bytes) ||
                !t2v_add_size(end, place->bytes, &end) || end > INT64_MAX / 2)
                return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: tensor %.200s is too large",
                                writer->path, entries[i].name);
        }
    return T2V_OK;
}

static json_t *describe(const t2v_safetensors_entry *entry, const extent *place)
{
    json_t *shape = json_array();
    for (int i = 0; i < entry->shape.rank; i++)
        json_array_append_new(shape, json_integer(entry->shape.dim[i]));
    if (json_array_size(shape) != (size_t)entry->shape.rank) {
        json_decref(shape);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", t2v_dtype_name(entry->dtype), "shape", shape,
                     "data_offsets", (json_int_t)place->begin,
                     (json_int_t)(place->begin + place->bytes));
}

/* JSON into memory of our own. Not json_dumps: it loses keys when an allocation fails. */
static t2v_status print(const json_t *root, char **text, t2v_error *error)
{
    size_t length = json_dumpb(root, NULL, 0, JSON_COMPACT);
    *text = length ? t2v_calloc(length + 1, 1) : NULL;
    if (!*text || json_dumpb(root, *text, length, JSON_COMPACT) != length) {
        t2v_free(*text);
        return t2v_fail_memory(error, "the header of a file", length);
    }
    return T2V_OK;
}

/* `__metadata__`, where there is any. */
static t2v_status describe_notes(json_t *root, const notes *notes, t2v_error *error)
{
    json_t *pairs = notes->count ? json_object() : NULL;
    bool good = !notes->count || pairs;
    for (size_t i = 0; good && i < notes->count; i++)
        good = !json_object_set_new(pairs, notes->pair[i].key, json_string(notes->pair[i].value));
    if (good && pairs)
        good = !json_object_set(root, "__metadata__", pairs);
    json_decref(pairs);
    return good ? T2V_OK : t2v_fail_memory(error, "the header of a file", 0);
}

/* The header's text, to be ended with t2v_free. */
static t2v_status make_header(const t2v_safetensors_writer *writer,
                              const t2v_safetensors_entry *entries, const notes *notes, char **text,
                              t2v_error *error)
{
    json_t *root = json_object();
    t2v_status status = describe_notes(root, notes, error);
    for (size_t i = 0; i < writer->count && status == T2V_OK; i++) {
        const char *name = entries[i].name;
        if (json_object_get(root, name) || !strcmp(name, "__metadata__"))
            status = t2v_fail(error, T2V_ERROR_ARGUMENT,
                              "%s: tensor %.200s: the name is taken already", writer->path, name);
        else if (!t2v_utf8_valid(name, strlen(name)))
            status = t2v_fail(error, T2V_ERROR_ARGUMENT,
                              "%s: tensor number %zu: its name is not UTF-8", writer->path, i);
        else if (json_object_set_new(root, name, describe(&entries[i], &writer->extents[i])))
            status = t2v_fail_memory(error, "the header of a file", 0);
    }
    if (status == T2V_OK)
        status = print(root, text, error);
    json_decref(root);
    return status;
}

static t2v_status write_at(t2v_safetensors_writer *writer, const char *data, size_t bytes,
                           size_t position, t2v_error *error)
{
    while (bytes) {
        ssize_t written = pwrite(writer->descriptor, data, bytes, (off_t)position);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return t2v_fail_io(error, writer->path, "writing");
        data += written;
        bytes -= (size_t)written;
        position += (size_t)written;
    }
    return T2V_OK;
}

/* The length in eight bytes, then the text, filled up to a multiple of eight with spaces. */
static t2v_status write_header(t2v_safetensors_writer *writer, const char *text, t2v_error *error)
{
    size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    char prefix[8];
    for (int i = 0; i < 8; i++)
        prefix[i] = (char)(padded >> 8 * i & 0xff);
    writer->data = 8 + padded;
    T2V_TRY(write_at(writer, prefix, sizeof(prefix), 0, error));
    T2V_TRY(write_at(writer, text, length, 8, error));
    return write_at(writer, "       ", padded - length, 8 + length, error);
}

static t2v_status open_temporary(t2v_safetensors_writer *writer, t2v_error *error)
{
    struct stat info;
    if (!stat(writer->path, &info) && !S_ISREG(info.st_mode))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: is not a regular file", writer->path);
    size_t size = strlen(writer->path) + 32;
    writer->temporary = t2v_alloc(size);
    if (!writer->temporary)
        return t2v_fail_memory(error, "a file name", size);
    snprintf(writer->temporary, size, "%s.%ld.part", writer->path, (long)getpid());
    writer->descriptor = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (writer->descriptor >= 0)
        return T2V_OK;
    t2v_status status = t2v_fail_io(error, writer->path, "creating");
    t2v_free(writer->temporary); /* a file of that name is not this writer's to remove */
    writer->temporary = NULL;
    return status;
}

static t2v_status begin(t2v_safetensors_writer *writer, const char *path,
                        const t2v_safetensors_entry *entries, size_t count, const notes *notes,
                        t2v_error *error)
{
    char *text = NULL;
    writer->count = count;
    writer->path = t2v_strdup(path);
    writer->extents = t2v_calloc(count, sizeof(*writer->extents));
    if (!writer->path || !writer->extents)
        return t2v_fail_memory(error, "a file's description", count * sizeof(*writer->extents));
    T2V_TRY(place_tensors(writer, entries, error));
    T2V_TRY(make_header(writer, entries, notes, &text, error));
    t2v_status status = open_temporary(writer, error);
    if (status == T2V_OK)
        status = write_header(writer, text, error);
    t2v_free(text);
    return status;
}

/* Closes the file, removes it unless it has taken its place, and frees. */
static void discard(t2v_safetensors_writer *writer, bool placed)
{
    if (writer->descriptor >= 0)
        close(writer->descriptor);
    if (writer->temporary && !placed)
        unlink(writer->temporary);
    t2v_free(writer->path);
    t2v_free(writer->temporary);
    t2v_free(writer->extents);
    t2v_free(writer);
}

t2v_status t2v_safetensors_create_noted(const char *path, const t2v_safetensors_entry *entries,
                                        size_t count, const t2v_safetensors_note *pairs,
                                        size_t pair_count, t2v_safetensors_writer **writer,
                                        t2v_error *error)
{
    const notes notes = {pairs, pair_count};
    *writer = NULL;
    t2v_safetensors_writer *fresh = t2v_calloc(1, sizeof(*fresh));
    if (!fresh)
        return t2v_fail_memory(error, "a file's description", sizeof(*fresh));
    fresh->descriptor = -1;
    t2v_status status = begin(fresh, path, entries, count, &notes, error);
    if (status == T2V_OK)
        *writer = fresh;
    else
        discard(fresh, false);
    return status;
}

t2v_status t2v_safetensors_create(const char *path, const t2v_safetensors_entry *entries,
                                  size_t count, t2v_safetensors_writer **writer, t2v_error *error)
{
    return t2v_safetensors_create_noted(path, entries, count, NULL, 0, writer, error);
}

t2v_status t2v_safetensors_append(t2v_safetensors_writer *writer, size_t index, const void *data,
                                  size_t bytes, t2v_error *error)
{
    extent *place = &writer->extents[index];
    if (bytes > place->bytes - place->written) {
        writer->failed = true;
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "%s: tensor number %zu: %zu bytes more than its %zu", writer->path, index,
                        bytes - (place->bytes - place->written), place->bytes);
    }
    t2v_status status =
        write_at(writer, data, bytes, writer->data + place->begin + place->written, error);
    if (status < 0)
        writer->failed = true;
    else
        place->written += bytes;
    return status;
}

static t2v_status finish(t2v_safetensors_writer *writer, t2v_error *error)
{
    if (writer->failed)
        return t2v_fail(error, T2V_ERROR_IO, "%s: not written, after an earlier failure",
                        writer->path);
    for (size_t i = 0; i < writer->count; i++)
        if (writer->extents[i].written < writer->extents[i].bytes)
            return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: tensor number %zu has %zu of %zu bytes",
                            writer->path, i, writer->extents[i].written, writer->extents[i].bytes);
    int closed = close(writer->descriptor);
    writer->descriptor = -1;
    if (closed)
        return t2v_fail_io(error, writer->path, "writing");
    if (rename(writer->temporary, writer->path))
        return t2v_fail_io(error, writer->path, "renaming");
    return T2V_OK;
}

t2v_status t2v_safetensors_finish(t2v_safetensors_writer **writer, t2v_error *error)
{
    if (!*writer)
        return T2V_OK;
    t2v_status status = finish(*writer, error);
    discard(*writer, status == T2V_OK);
    *writer = NULL;
    return status;
}
