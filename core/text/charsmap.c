/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/charsmap.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "text/grapheme.h"

/* Longer clusters are never looked up as a whole. */
enum { MAX_CLUSTER = 5 };

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

t2v_status t2v_charsmap_open(const char *path, const void *data, size_t bytes, t2v_charsmap *map,
                             t2v_error *error)
{
    *map = (t2v_charsmap){0};
    if (!bytes)
        return T2V_OK;
    size_t trie = bytes < 4 ? 0 : read_u32(data);
    if (!trie || trie % 4 || trie > bytes - 4)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: the normaliser's trie takes %zu bytes of %zu, wanted a multiple of "
                        "4 that fits",
                        path, trie, bytes);
    map->units = (const uint8_t *)data + 4;
    map->unit_count = trie / 4;
    map->values = (const char *)data + 4 + trie;
    map->value_bytes = bytes - 4 - trie;
    if (!t2v_utf8_valid(map->values, map->value_bytes))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: the normaliser's texts are not UTF-8", path);
    return T2V_OK;
}

/* One word of a double-array trie as darts-clone packs it. */
static bool read_unit(const t2v_charsmap *map, size_t index, uint32_t *unit)
{
    if (index >= map->unit_count)
        return false;
    *unit = read_u32(map->units + 4 * index);
    return true;
}

static size_t unit_offset(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & (1u << 9)) >> 6);
}

static uint32_t unit_label(uint32_t unit)
{
    return unit & ((1u << 31) | 0xffu);
}

static bool unit_has_leaf(uint32_t unit)
{
    return (unit >> 8) & 1;
}

/* Position in values of the shortest key that `text` starts with. */
static bool find_key(const t2v_charsmap *map, const char *text, size_t bytes, size_t *value)
{
    uint32_t unit;
    if (!read_unit(map, 0, &unit))
        return false;
    size_t node = unit_offset(unit);
    for (size_t i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)text[i];
        node ^= byte;
        if (!read_unit(map, node, &unit) || unit_label(unit) != byte)
            return false;
        node ^= unit_offset(unit);
        if (unit_has_leaf(unit)) {
            if (!read_unit(map, node, &unit))
                return false;
            *value = unit & 0x7fffffffu;
            return true;
        }
    }
    return false;
}

/* The replacement of a key; a position that is none (in a damaged file) is no replacement. */
static bool find_replacement(const t2v_charsmap *map, const char *text, size_t bytes,
                             const char **found, size_t *found_bytes)
{
    size_t at;
    if (!find_key(map, text, bytes, &at) || at >= map->value_bytes)
        return false;
    if (((uint8_t)map->values[at] & 0xc0) == 0x80)
        return false;
    const char *end = memchr(map->values + at, 0, map->value_bytes - at);
    *found = map->values + at;
    *found_bytes = end ? (size_t)(end - *found) : map->value_bytes - at;
    return true;
}

static uint32_t decode(const char *text, size_t length)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character = (uint8_t)text[0] & first_bits[length];
    for (size_t i = 1; i < length; i++)
        character = character << 6 | ((uint8_t)text[i] & 0x3f);
    return character;
}

/* Bytes of the grapheme cluster at the start of well-formed text. */
static size_t cluster_length(const char *text, size_t bytes)
{
    size_t end = t2v_utf8_length(text, bytes);
    uint32_t before = decode(text, end);
    while (end < bytes) {
        size_t length = t2v_utf8_length(text + end, bytes - end);
        uint32_t after = decode(text + end, length);
        if (!t2v_grapheme_continues(before, after))
            break;
        end += length;
        before = after;
    }
    return end;
}

static t2v_status apply_to_characters(const t2v_charsmap *map, const char *text, size_t bytes,
                                      t2v_text_buffer *out, t2v_error *error)
{
    for (size_t i = 0; i < bytes;) {
        size_t length = t2v_utf8_length(text + i, bytes - i), found_bytes = length;
        const char *found = text + i;
        find_replacement(map, text + i, length, &found, &found_bytes);
        T2V_TRY(t2v_text_buffer_append(out, found, found_bytes, error));
        i += length;
    }
    return T2V_OK;
}

t2v_status t2v_charsmap_apply(const t2v_charsmap *map, const char *text, size_t bytes,
                              t2v_text_buffer *out, t2v_error *error)
{
    if (!map->unit_count)
        return t2v_text_buffer_append(out, text, bytes, error);
    for (size_t i = 0; i < bytes;) {
        size_t length = cluster_length(text + i, bytes - i), found_bytes;
        const char *found;
        if (length <= MAX_CLUSTER && find_replacement(map, text + i, length, &found, &found_bytes))
            T2V_TRY(t2v_text_buffer_append(out, found, found_bytes, error));
        else
            T2V_TRY(apply_to_characters(map, text + i, length, out, error));
        i += length;
    }
    return T2V_OK;
}
