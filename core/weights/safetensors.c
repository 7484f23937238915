/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "weights/safetensors_header.h"

/* The limit of the reference implementation. */
static const size_t max_header = 100000000;
/* Files up to this size are read ahead as a whole; larger ones as they are used, because they may
 * not fit into memory. */
static const size_t max_read_ahead = (size_t)1 << 30;

struct t2v_safetensors {
    char *path;
    char *map; /* NULL until mapped */
    size_t bytes;
    t2v_safetensors_header header;
    const t2v_safetensors_item **readable; /* in the order of the header */
    size_t count;
};

/* Maps all of an open file. */
static t2v_status map_descriptor(t2v_safetensors *file, int descriptor, t2v_error *error)
{
    struct stat info;
    if (fstat(descriptor, &info))
        return t2v_fail(error, T2V_ERROR_IO, "%s: %s", file->path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: is not a regular file", file->path);
    if (info.st_size < 8 || (uintmax_t)info.st_size > SIZE_MAX)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: %lld bytes long, wanted a safetensors file of 10 or more", file->path,
                        (long long)info.st_size);
    file->bytes = (size_t)info.st_size;
    void *map = mmap(NULL, file->bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (map == MAP_FAILED)
        return t2v_fail(error, T2V_ERROR_IO, "%s: mapping failed: %s", file->path, strerror(errno));
    file->map = map;
    if (file->bytes <= max_read_ahead)
        madvise(map, file->bytes, MADV_WILLNEED);
    return T2V_OK;
}

static t2v_status map_file(t2v_safetensors *file, t2v_error *error)
{
    /* O_NONBLOCK: opening a pipe must not wait for its writer */
    int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return t2v_fail(error, errno == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO, "%s: %s",
                        file->path, strerror(errno));
    t2v_status status = map_descriptor(file, descriptor, error);
    close(descriptor);
    return status;
}

/* The first eight bytes: length of the header, little endian. */
static t2v_status header_length(const t2v_safetensors *file, size_t *length, t2v_error *error)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | (unsigned char)file->map[i];
    if (value > max_header || value > file->bytes - 8)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: header of %llu bytes in a file of %zu, wanted at most %zu and all of "
                        "it in the file: not safetensors, or cut short",
                        file->path, (unsigned long long)value, file->bytes, max_header);
    *length = (size_t)value;
    return T2V_OK;
}

static t2v_status list_readable(t2v_safetensors *file, const char *data, t2v_error *error)
{
    t2v_safetensors_header *header = &file->header;
    file->readable = t2v_calloc(header->count, sizeof(*file->readable));
    if (!file->readable)
        return t2v_fail_memory(error, "a table of tensors", header->count * sizeof(void *));
    for (size_t i = 0; i < header->count; i++) {
        header->items[i].tensor.data = data + header->items[i].begin;
        if (header->items[i].readable)
            file->readable[file->count++] = &header->items[i];
    }
    return T2V_OK;
}

static t2v_status load(t2v_safetensors *file, const char *path, t2v_error *error)
{
    size_t length = 0;
    file->path = t2v_strdup(path);
    if (!file->path)
        return t2v_fail_memory(error, "a file name", strlen(path) + 1);
    T2V_TRY(map_file(file, error));
    T2V_TRY(header_length(file, &length, error));
    T2V_TRY(t2v_safetensors_header_parse(path, file->map + 8, length, file->bytes - 8 - length,
                                         &file->header, error));
    return list_readable(file, file->map + 8 + length, error);
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
    if (old->map)
        munmap(old->map, old->bytes);
    t2v_safetensors_header_free(&old->header);
    t2v_free(old->readable);
    t2v_free(old->path);
    t2v_free(old);
}

const t2v_tensor *t2v_safetensors_find(const t2v_safetensors *file, const char *name)
{
    const t2v_safetensors_item *item = t2v_safetensors_header_find(&file->header, name);
    return item && item->readable ? &item->tensor : NULL;
}

const char *t2v_safetensors_type(const t2v_safetensors *file, const char *name)
{
    const t2v_safetensors_item *item = t2v_safetensors_header_find(&file->header, name);
    return item ? item->type : NULL;
}

size_t t2v_safetensors_count(const t2v_safetensors *file)
{
    return file->count;
}

const t2v_tensor *t2v_safetensors_at(const t2v_safetensors *file, size_t index, const char **name)
{
    if (name)
        *name = file->readable[index]->name;
    return &file->readable[index]->tensor;
}

const char *t2v_safetensors_path(const t2v_safetensors *file)
{
    return file->path;
}

size_t t2v_safetensors_bytes(const t2v_safetensors *file)
{
    return file->bytes;
}
