/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int descriptor = -1;
    static char path[64];
    if (descriptor < 0)
        descriptor = memfd_create("fuzz", 0);
    if (ftruncate(descriptor, 0) || pwrite(descriptor, data, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    return path;
}

void fuzz_check_error(const t2v_error *error)
{
    size_t length = strnlen(error->text, sizeof(error->text));
    if (error->status >= 0 || !length || length == sizeof(error->text) ||
        !t2v_utf8_valid(error->text, length) || strpbrk(error->text, "\n\r"))
        abort();
}
