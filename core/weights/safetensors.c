/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/safetensors.h"

#include <string.h>

#include "base/memory.h"
#include "weights/mapped_file.h"
#include "weights/safetensors_header.h"

/* The limit of the reference implementation. */
static const size_t max_header = 100000000;

struct t2v_safetensors {
    t2v_mapped_file file;
    t2v_safetensors_header header;
};

/* The first eight bytes: length of the header, little endian. */
static t2v_status header_length(const t2v_mapped_file *file, size_t *length, t2v_error *error)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | file->data[i];
    if (value > max_header || value > file->bytes - 8)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: header of %llu bytes in a file of %zu, wanted at most %zu and all of "
                        "it in the file: not safetensors, or cut short",
                        file->path, (unsigned long long)value, file->bytes, max_header);
    *length = (size_t)value;
    return T2V_OK;
}

static t2v_status load(t2v_safetensors *s, const char *path, t2v_error *error)
{
    const t2v_mapped_file *file = &s->file;
    size_t length = 0;
    T2V_TRY(t2v_mapped_file_open(path, 8, "a safetensors file", &s->file, error));
    T2V_TRY(header_length(file, &length, error));
    const char *data = (const char *)file->data + 8 + length;
    T2V_TRY(t2v_safetensors_header_parse(path, (const char *)file->data + 8, length,
                                         file->bytes - 8 - length, &s->header, error));
    for (size_t i = 0; i < s->header.count; i++)
        s->header.items[i].tensor.data = data + s->header.items[i].begin;
    return T2V_OK;
}

t2v_status t2v_safetensors_open(const char *path, t2v_safetensors **file, t2v_error *error)
{
    *file = t2v_calloc(1, sizeof(**file));
    if (!*file)
        return t2v_fail_memory(error, "a file's description", sizeof(**file));
    t2v_status status = load(*file, path, error);
    if (status < 0)
        t2v_safetensors_close(file);
    return status;
}

void t2v_safetensors_close(t2v_safetensors **file)
{
    t2v_safetensors *old = *file;
    *file = NULL;
    if (!old)
        return;
    t2v_mapped_file_close(&old->file);
    t2v_safetensors_header_free(&old->header);
    t2v_free(old);
}

const t2v_tensor *t2v_safetensors_find(const t2v_safetensors *file, const char *name)
{
    const t2v_safetensors_item *item = t2v_safetensors_header_find(&file->header, name);
    return item ? &item->tensor : NULL;
}

size_t t2v_safetensors_count(const t2v_safetensors *file)
{
    return file->header.count;
}

const t2v_tensor *t2v_safetensors_at(const t2v_safetensors *file, size_t index, const char **name)
{
    if (name)
        *name = file->header.items[index].name;
    return &file->header.items[index].tensor;
}

const t2v_safetensors_note *t2v_safetensors_notes(const t2v_safetensors *file, size_t *count)
{
    *count = file->header.metadata_count;
    return file->header.metadata;
}

const char *t2v_safetensors_metadata(const t2v_safetensors *file, const char *key)
{
    const t2v_safetensors_header *header = &file->header;
    for (size_t i = 0; i < header->metadata_count; i++)
        if (!strcmp(header->metadata[i].key, key))
            return header->metadata[i].value;
    return NULL;
}

const char *t2v_safetensors_path(const t2v_safetensors *file)
{
    return file->file.path;
}

size_t t2v_safetensors_bytes(const t2v_safetensors *file)
{
    return file->file.bytes;
}
