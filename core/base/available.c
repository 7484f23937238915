/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/available.h"

#include <stdint.h>
#include <stdio.h>

/* Of a file whose first number, perhaps behind a word, is in units; SIZE_MAX: there is none. */
static size_t read_number(const char *path, const char *format, size_t unit)
{
    unsigned long long number;
    char line[128];
    size_t found = SIZE_MAX;
    FILE *file = fopen(path, "re");
    if (!file)
        return SIZE_MAX;
    while (found == SIZE_MAX && fgets(line, sizeof(line), file))
        if (sscanf(line, format, &number) == 1 && number < SIZE_MAX / unit)
            found = (size_t)number * unit;
    fclose(file);
    return found;
}

/* The control group's files are those of version 2, as a container sees them. Its memory in use
 * counts pages of files too, such as mapped weights, which it gives up when others want them. */
static size_t available_to_group(void)
{
    static const char *const files[] = {"inactive_file %llu", "active_file %llu"};
    const size_t most = read_number("/sys/fs/cgroup/memory.max", "%llu", 1);
    size_t used = read_number("/sys/fs/cgroup/memory.current", "%llu", 1);
    if (most == SIZE_MAX || used == SIZE_MAX)
        return SIZE_MAX;
    for (int i = 0; i < 2; i++) {
        const size_t pages = read_number("/sys/fs/cgroup/memory.stat", files[i], 1);
        used -= pages == SIZE_MAX ? 0 : pages < used ? pages : used;
    }
    return most > used ? most - used : 0;
}

size_t t2v_available_memory(void)
{
    const size_t machine = read_number("/proc/meminfo", "MemAvailable: %llu kB", 1024);
    const size_t group = available_to_group();
    return group < machine ? group : machine;
}
