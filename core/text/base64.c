/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/base64.h"

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool t2v_base64_decode(const char *text, size_t length, uint8_t *out, size_t *bytes)
{
    *bytes = 0;
    if (length % 4)
        return false;
    size_t digits = length;
    while (digits && length - digits < 2 && text[digits - 1] == '=')
        digits--;
    uint32_t bits = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = digit(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4)
            out[(*bytes)++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    return true;
}
