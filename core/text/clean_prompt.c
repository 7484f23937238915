/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/clean_prompt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "text/html_entities.h"

/* html.unescape reads names of so many characters, with the `;`. */
enum { LONGEST_NAME = 32, SHORTEST_PREFIX = 2 };
static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

/* What browsers take the numbers 0x80 to 0x9f for: Windows-1252 where it has a character. */
static const uint16_t windows[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

/* ------------------------------------------------------------------ character references */

static t2v_status append_character(t2v_text_buffer *out, uint32_t code, t2v_error *error)
{
    char bytes[4];
    if (code < 0x80)
        return t2v_text_buffer_append(out, &(char){(char)code}, 1, error);
    const size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)((length == 2 ? 0xc0 : length == 3 ? 0xe0 : 0xf0) | code);
    return t2v_text_buffer_append(out, bytes, length, error);
}

/* Control characters and those that Unicode keeps from use, which html.unescape drops. */
static bool is_dropped(uint32_t code)
{
    return (code < 0x20 && code != '\t' && code != '\n' && code != '\f' && code != '\r') ||
           code == 0x7f || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

static t2v_status append_number(t2v_text_buffer *out, uint32_t code, t2v_error *error)
{
    if (code >= 0x80 && code <= 0x9f)
        code = windows[code - 0x80];
    else if (code == 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
        return t2v_text_buffer_append(out, REPLACEMENT, sizeof(REPLACEMENT) - 1, error);
    else if (is_dropped(code))
        return T2V_OK;
    return append_character(out, code, error);
}

static int digit(char c, int base)
{
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : base;
    return value < base ? value : -1;
}

/* A number behind "&#": bytes read, 0 when there is none. */
static size_t read_number(const char *text, uint32_t *code)
{
    const int base = text[0] == 'x' || text[0] == 'X' ? 16 : 10;
    const size_t first = base == 16;
    size_t at = first;
    *code = 0;
    for (; digit(text[at], base) >= 0; at++)
        if (*code <= 0x10ffff) /* beyond, it stays invalid */
            *code = *code * (uint32_t)base + (uint32_t)digit(text[at], base);
    if (at == first)
        return 0;
    return at + (text[at] == ';');
}

/* Order of a name of `bytes` bytes and an entry of the table. */
static int compare(const char *name, size_t bytes, const char *entry)
{
    int order = strncmp(name, entry, bytes);
    return order ? order : -(entry[bytes] != 0);
}

static const char *find_name(const char *name, size_t bytes)
{
    int low = 0, high = t2v_html_entity_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = compare(name, bytes, t2v_html_entities[middle].name);
        if (!order)
            return t2v_html_entities[middle].text;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Bytes of what may be a name: up to 32 characters, and a `;`. */
static size_t name_length(const char *text)
{
    size_t at = 0;
    for (int i = 0; i < LONGEST_NAME && text[at] && !strchr("\t\n\f <&#;", text[at]); i++) {
        size_t step = t2v_utf8_length(text + at, strlen(text + at));
        at += step ? step : 1;
    }
    return at + (at && text[at] == ';');
}

/* The name behind "&", or the longest beginning of it that is one: bytes read, 0 for none. */
static size_t read_name(const char *text, const char **meaning)
{
    const size_t whole = name_length(text);
    for (size_t bytes = whole; bytes >= SHORTEST_PREFIX; bytes--)
        if ((*meaning = find_name(text, bytes)))
            return bytes;
    return 0;
}

/* What stands at an "&", and the bytes that it takes. */
static t2v_status replace(t2v_text_buffer *out, const char *text, size_t *taken, t2v_error *error)
{
    const char *meaning;
    uint32_t code;
    size_t bytes;
    if (text[1] == '#' && (bytes = read_number(text + 2, &code))) {
        *taken = bytes + 2;
        return append_number(out, code, error);
    }
    if (text[1] != '#' && (bytes = read_name(text + 1, &meaning))) {
        *taken = bytes + 1;
        return t2v_text_buffer_append(out, meaning, strlen(meaning), error);
    }
    *taken = 1;
    return t2v_text_buffer_append(out, text, 1, error);
}

static t2v_status unescape(const char *text, t2v_text_buffer *out, t2v_error *error)
{
    while (*text) {
        size_t plain = strcspn(text, "&"), taken = 0;
        T2V_TRY(t2v_text_buffer_append(out, text, plain, error));
        text += plain;
        if (*text)
            T2V_TRY(replace(out, text, &taken, error));
        text += taken;
    }
    return t2v_text_buffer_append(out, "", 1, error);
}

/* ------------------------------------------------------------------ white space */

static t2v_status collapse(const char *text, t2v_text_buffer *out, t2v_error *error)
{
    for (size_t left = strlen(text); left;) {
        size_t space = 0, step, word = 0;
        while ((step = t2v_utf8_space(text + space, left - space)))
            space += step;
        text += space;
        left -= space;
        while (word < left && !t2v_utf8_space(text + word, left - word)) {
            step = t2v_utf8_length(text + word, left - word);
            word += step ? step : 1;
        }
        if (space && word && out->bytes)
            T2V_TRY(t2v_text_buffer_append(out, " ", 1, error));
        T2V_TRY(t2v_text_buffer_append(out, text, word, error));
        text += word;
        left -= word;
    }
    return t2v_text_buffer_append(out, "", 1, error);
}

t2v_status t2v_clean_prompt(const char *text, t2v_text_buffer *clean, t2v_error *error)
{
    t2v_text_buffer once = {0}, twice = {0};
    *clean = (t2v_text_buffer){0};
    t2v_status status = unescape(text, &once, error);
    if (status >= 0)
        status = unescape(once.data, &twice, error);
    if (status >= 0)
        status = collapse(twice.data, clean, error);
    if (status < 0)
        t2v_text_buffer_free(clean);
    t2v_text_buffer_free(&once);
    t2v_text_buffer_free(&twice);
    return status;
}
