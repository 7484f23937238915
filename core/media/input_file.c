/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static t2v_status fail_system(const char *path, t2v_error *error)
{
    const int reason = errno;
    return t2v_fail(error, reason == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO,
                    "%s: cannot be read: %s", path, strerror(reason));
}

/* Opened anew, so that the standard input's own flags stay as they are. */
static const char *real_path(const char *path)
{
    return strcmp(path, "-") ? path : "/dev/stdin";
}

bool t2v_input_file_is_pipe(const char *path)
{
    struct stat about;
    return stat(real_path(path), &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

t2v_status t2v_input_file_check_access(const char *path, t2v_error *error)
{
    return access(real_path(path), R_OK) == 0 ? T2V_OK : fail_system(path, error);
}

/* A pipe without a writer yet would hold up a blocking open. */
static t2v_status open_descriptor(const char *path, const char *wanted, int *descriptor,
                                  bool *regular, t2v_error *error)
{
    struct stat about;
    *descriptor = open(real_path(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*descriptor < 0 || fstat(*descriptor, &about) < 0)
        return fail_system(path, error);
    if (S_ISDIR(about.st_mode))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: a folder, wanted %s", path, wanted);
    *regular = S_ISREG(about.st_mode);
    return T2V_OK;
}

t2v_status t2v_input_file_open(const char *path, const char *wanted, const atomic_bool *interrupted,
                               t2v_input_file *file, t2v_error *error)
{
    bool regular = false;
    *file = T2V_INPUT_FILE_NONE;
    T2V_TRY(open_descriptor(path, wanted, &file->descriptor, &regular, error));
    if (regular)
        return T2V_OK;
    const int source = file->descriptor;
    file->descriptor = -1;
    return t2v_pipe_pump_start(source, interrupted, &file->pump, &file->descriptor, error);
}

void t2v_input_file_close(t2v_input_file *file)
{
    t2v_pipe_pump_stop(&file->pump); /* first: it writes to what is closed now */
    if (file->descriptor >= 0)
        close(file->descriptor);
    *file = T2V_INPUT_FILE_NONE;
}
