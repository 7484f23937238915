/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of a sequence by its first byte, and the range of its second byte. */
static size_t lead(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if ((first & 0xf0) == 0xe0)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t t2v_utf8_length(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char low, high;
    if (!bytes)
        return 0;
    size_t length = lead(at[0], &low, &high);
    if (!length || length > bytes)
        return 0;
    if (length > 1 && (at[1] < low || at[1] > high))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Whether the next eight bytes are ASCII. */
static bool eight_ascii(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return !(word & UINT64_C(0x8080808080808080));
}

bool t2v_utf8_valid(const char *text, size_t bytes)
{
    while (bytes) {
        size_t length = bytes >= 8 && eight_ascii(text) ? 8 : t2v_utf8_length(text, bytes);
        if (!length)
            return false;
        text += length;
        bytes -= length;
    }
    return true;
}

size_t t2v_utf8_space(const char *text, size_t bytes)
{
    static const char *const wide[] = {
        "\xc2\x85", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
        "\u2004",   "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
        "\u2028",   "\u2029", "\u202f", "\u205f", "\u3000",
    };
    if (!bytes)
        return 0;
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))
        return 1;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        size_t length = strlen(wide[i]);
        if (bytes >= length && !memcmp(text, wide[i], length))
            return length;
    }
    return 0;
}
