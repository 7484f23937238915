/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/exif.h"

#include <stdbool.h>
#include <string.h>

enum { HEADER = 8, ENTRY = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, UPRIGHT = 1 };

static uint32_t read_number(const uint8_t *at, int bytes, bool big_endian)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[big_endian ? i : bytes - 1 - i];
    return value;
}

int t2v_exif_orientation(const uint8_t *data, size_t bytes)
{
    if (bytes < HEADER || (memcmp(data, "MM\0*", 4) && memcmp(data, "II*\0", 4)))
        return UPRIGHT;
    const bool big_endian = data[0] == 'M';
    const size_t directory = read_number(data + 4, 4, big_endian);
    if (directory > bytes - 2)
        return UPRIGHT;
    const size_t entries = read_number(data + directory, 2, big_endian);
    for (size_t i = 0; i < entries && directory + 2 + (i + 1) * ENTRY <= bytes; i++) {
        const uint8_t *entry = data + directory + 2 + i * ENTRY;
        if (read_number(entry, 2, big_endian) != TAG_ORIENTATION ||
            read_number(entry + 2, 2, big_endian) != TYPE_SHORT)
            continue;
        const uint32_t value = read_number(entry + 8, 2, big_endian);
        return value >= 1 && value <= 8 ? (int)value : UPRIGHT;
    }
    return UPRIGHT;
}
