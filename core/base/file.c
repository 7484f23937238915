/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

t2v_status t2v_fail_io(t2v_error *error, const char *path, const char *what)
{
    return t2v_fail(error, T2V_ERROR_IO, "%s: %s failed: %s", path, what, strerror(errno));
}

static t2v_status measure(const char *path, int descriptor, size_t *bytes, t2v_error *error)
{
    struct stat info;
    if (fstat(descriptor, &info))
        return t2v_fail_io(error, path, "reading");
    if (!S_ISREG(info.st_mode))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: is not a regular file", path);
    if ((uintmax_t)info.st_size > SIZE_MAX / 2)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: is too large for this machine", path);
    *bytes = (size_t)info.st_size;
    return T2V_OK;
}

t2v_status t2v_file_open(const char *path, int *descriptor, size_t *bytes, t2v_error *error)
{
    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*descriptor < 0)
        return t2v_fail(error, errno == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO, "%s: %s", path,
                        strerror(errno));
    t2v_status status = measure(path, *descriptor, bytes, error);
    if (status < 0)
        close(*descriptor);
    return status;
}

static t2v_status fill(const char *path, int descriptor, char *data, size_t bytes, t2v_error *error)
{
    for (size_t done = 0; done < bytes;) {
        const ssize_t got = read(descriptor, data + done, bytes - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return t2v_fail_io(error, path, "reading");
        if (!got)
            return t2v_fail(error, T2V_ERROR_IO, "%s: the file became shorter", path);
        done += (size_t)got;
    }
    return T2V_OK;
}

static t2v_status read_all(const char *path, int descriptor, size_t most, size_t bytes, char **data,
                           t2v_error *error)
{
    if (bytes > most)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %zu bytes long, wanted at most %zu MiB", path,
                        bytes, most >> 20);
    *data = t2v_alloc(bytes ? bytes : 1);
    if (!*data)
        return t2v_fail_memory(error, path, bytes);
    t2v_status status = fill(path, descriptor, *data, bytes, error);
    if (status < 0) {
        t2v_free(*data);
        *data = NULL;
    }
    return status;
}

t2v_status t2v_file_read(const char *path, size_t most, char **data, size_t *bytes,
                         t2v_error *error)
{
    int descriptor;
    *data = NULL;
    T2V_TRY(t2v_file_open(path, &descriptor, bytes, error));
    t2v_status status = read_all(path, descriptor, most, *bytes, data, error);
    close(descriptor);
    return status;
}
