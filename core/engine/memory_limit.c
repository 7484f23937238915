/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/memory_limit.h"

#include <stdint.h>
#include <strings.h>

#include "base/number.h"

static const struct {
    const char *name;
    double bytes;
} units[] = {
    {"", 1e9},      {"G", 1e9},      {"GB", 1e9},     {"M", 1e6},
    {"MB", 1e6},    {"T", 1e12},     {"TB", 1e12},    {"MiB", 0x1p20},
    {"Mi", 0x1p20}, {"GiB", 0x1p30}, {"Gi", 0x1p30},  {"TiB", 0x1p40},
    {"k", 1e3},     {"kB", 1e3},     {"KiB", 0x1p10}, {"B", 1},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

t2v_status t2v_memory_limit_read(const char *text, size_t *bytes, t2v_error *error)
{
    char *end;
    *bytes = SIZE_MAX;
    if (!text || !*text)
        return T2V_OK;
    const double number = t2v_read_double(text, &end);
    while (*end == ' ')
        end++;
    for (int i = 0; i < UNITS && end != text; i++) {
        const double size = number * units[i].bytes;
        if (strcasecmp(end, units[i].name))
            continue;
        if (number == 0)
            return T2V_OK;
        if (!(size >= 1 && size <= 0x1p50))
            break;
        *bytes = (size_t)size;
        return T2V_OK;
    }
    return t2v_fail(error, T2V_ERROR_ARGUMENT,
                    "max_memory: \"%s\" is no size; wanted a number of GB, or one with MB, GB, MiB "
                    "or GiB behind it",
                    text);
}
