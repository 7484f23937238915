/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/mapped_file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* Files up to this size are read ahead as a whole; larger ones as they are used, because they may
 * not fit into memory. */
static const size_t max_read_ahead = (size_t)1 << 30;

/* Maps all of an open file. */
static t2v_status map_descriptor(t2v_mapped_file *file, int descriptor, t2v_error *error)
{
    void *map = mmap(NULL, file->bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (map == MAP_FAILED)
        return t2v_fail_io(error, file->path, "mapping");
    file->data = map;
    if (file->bytes <= max_read_ahead)
        madvise(map, file->bytes, MADV_WILLNEED);
    return T2V_OK;
}

static t2v_status map(t2v_mapped_file *file, const char *path, size_t least, const char *kind,
                      t2v_error *error)
{
    int descriptor;
    t2v_status status;
    file->path = t2v_strdup(path);
    if (!file->path)
        return t2v_fail_memory(error, "a file name", strlen(path) + 1);
    T2V_TRY(t2v_file_open(path, &descriptor, &file->bytes, error));
    if (file->bytes < least)
        status = t2v_fail(error, T2V_ERROR_FORMAT, "%s: %zu bytes long, wanted %s of %zu or more",
                          path, file->bytes, kind, least);
    else
        status = map_descriptor(file, descriptor, error);
    close(descriptor);
    return status;
}

t2v_status t2v_mapped_file_open(const char *path, size_t least, const char *kind,
                                t2v_mapped_file *file, t2v_error *error)
{
    memset(file, 0, sizeof(*file));
    t2v_status status = map(file, path, least, kind, error);
    if (status < 0)
        t2v_mapped_file_close(file);
    return status;
}

void t2v_mapped_file_close(t2v_mapped_file *file)
{
    if (file->data)
        munmap((void *)file->data, file->bytes);
    t2v_free(file->path);
    memset(file, 0, sizeof(*file));
}
