/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/safetensors_header.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

/* The element types of the format are the first of t2v_dtype. */
enum { ELEMENT_TYPES = T2V_F4 + 1 };

/** Where the reader stands. */
typedef struct cursor {
    const char *path;
    const char *start, *at, *end;
    char *names;        /**< next free byte: each string takes no more than it has in the text */
    const char *tensor; /**< that is being read, or NULL */
    t2v_error *error;
} cursor;

/* ---------------------------------------------------------------- JSON */

static t2v_status unexpected(cursor *c, const char *wanted)
{
    char found[24] = "the end";
    if (c->at<c->end && * c->at> ' ' && *c->at < 0x7f)
        memcpy(found, (char[]){'\'', *c->at, '\'', 0}, 4);
    else if (c->at < c->end)
        memcpy(found, "another byte", 13);
    return t2v_fail(c->error, T2V_ERROR_FORMAT,
                    "%s: byte %zu of the header%s%.200s: found %s, wanted %s", c->path,
                    (size_t)(c->at - c->start), c->tensor ? ", tensor " : "",
                    c->tensor ? c->tensor : "", found, wanted);
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

/* Whether `wanted` comes next; steps over it. */
static bool accept(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static t2v_status expect(cursor *c, char wanted)
{
    if (accept(c, wanted))
        return T2V_OK;
    return unexpected(c, (char[]){'\'', wanted, '\'', 0});
}

/* Four hexadecimal digits. */
static bool read_hex(cursor *c, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        static const char digits[] = "0123456789abcdef";
        if (c->at == c->end || *c->at == 0)
            return false;
        const char *digit = strchr(digits, *c->at >= 'A' && *c->at <= 'F' ? *c->at | 0x20 : *c->at);
        if (!digit)
            return false;
        *value = *value << 4 | (unsigned)(digit - digits);
    }
    return true;
}

static void put_utf8(cursor *c, unsigned code)
{
    if (code < 0x80) {
        *c->names++ = (char)code;
        return;
    }
    int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char mark[] = {0, 0xc0, 0xe0, 0xf0};
    *c->names++ = (char)(mark[tail] | code >> 6 * tail);
    while (tail--)
        *c->names++ = (char)(0x80 | (code >> 6 * tail & 0x3f));
}

/* What follows \u: a character, or two surrogates that make one. */
static t2v_status read_unicode_escape(cursor *c)
{
    static const char wanted[] = "a \\u escape of a character other than NUL";
    unsigned code, low;
    if (!read_hex(c, &code) || code == 0 || (code & 0xfc00) == 0xdc00)
        return unexpected(c, wanted);
    if ((code & 0xfc00) == 0xd800) {
        if (c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u')
            return unexpected(c, wanted);
        c->at += 2;
        if (!read_hex(c, &low) || (low & 0xfc00) != 0xdc00)
            return unexpected(c, wanted);
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
    }
    put_utf8(c, code);
    return T2V_OK;
}

/* What follows a backslash. */
static t2v_status read_escape(cursor *c)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (c->at < c->end && *c->at == 'u') {
        c->at++;
        return read_unicode_escape(c);
    }
    const char *letter = c->at < c->end && *c->at ? strchr(letters, *c->at) : NULL;
    if (!letter)
        return unexpected(c, "an escape that JSON knows");
    *c->names++ = meanings[letter - letters];
    c->at++;
    return T2V_OK;
}

static t2v_status read_string(cursor *c, const char **string)
{
    *string = c->names;
    if (!accept(c, '"'))
        return unexpected(c, "a string");
    while (c->at < c->end && *c->at != '"') {
        if ((unsigned char)*c->at < 0x20)
            return unexpected(c, "a string without control characters");
        if (*c->at != '\\') {
            *c->names++ = *c->at++;
            continue;
        }
        c->at++;
        T2V_TRY(read_escape(c));
    }
    if (c->at == c->end)
        return unexpected(c, "'\"'");
    c->at++;
    *c->names++ = 0;
    return T2V_OK;
}

/* Digits without sign, fraction, exponent or leading zeros. */
static t2v_status read_integer(cursor *c, int64_t *value)
{
    skip_space(c);
    const char *first = c->at;
    *value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, *c->at - '0', value))
            return unexpected(c, "an integer below 2^63");
    if (c->at == first || (*first == '0' && c->at - first > 1))
        return unexpected(c, "a non-negative integer");
    return T2V_OK;
}

static t2v_status read_integers(cursor *c, int64_t values[T2V_MAX_RANK], int *count)
{
    *count = 0;
    T2V_TRY(expect(c, '['));
    if (accept(c, ']'))
        return T2V_OK;
    do {
        if (*count == T2V_MAX_RANK)
            return t2v_fail(c->error, T2V_ERROR_UNSUPPORTED,
                            "%s: tensor %.200s: a list of more than %d numbers", c->path, c->tensor,
                            T2V_MAX_RANK);
        T2V_TRY(read_integer(c, &values[(*count)++]));
    } while (accept(c, ','));
    return expect(c, ']');
}

/* ---------------------------------------------------------------- the form of the header */

static t2v_status read_type(cursor *c, t2v_safetensors_item *item)
{
    const char *name;
    T2V_TRY(read_string(c, &name));
    for (int i = 0; i < ELEMENT_TYPES; i++) {
        item->tensor.dtype = (t2v_dtype)i;
        if (!strcmp(name, t2v_dtype_name(item->tensor.dtype)))
            return T2V_OK;
    }
    return t2v_fail(c->error, T2V_ERROR_UNSUPPORTED,
                    "%s: tensor %.200s: dtype %.40s, wanted a type of the safetensors format",
                    c->path, c->tensor, name);
}

static t2v_status read_offsets(cursor *c, t2v_safetensors_item *item)
{
    int64_t offset[T2V_MAX_RANK];
    int count;
    T2V_TRY(read_integers(c, offset, &count));
    if (count != 2 || offset[1] < offset[0] || (uint64_t)offset[1] > SIZE_MAX)
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: tensor %.200s: data_offsets are not a begin and an end at or after it",
                        c->path, c->tensor);
    item->begin = (size_t)offset[0];
    item->tensor.bytes = (size_t)(offset[1] - offset[0]);
    return T2V_OK;
}

/* One of the three keys of a tensor; `seen` has a bit for each. */
static t2v_status read_field(cursor *c, t2v_safetensors_item *item, unsigned *seen)
{
    static const char *const keys[] = {"dtype", "shape", "data_offsets"};
    const char *key;
    unsigned which = 0;
    T2V_TRY(read_string(c, &key));
    while (which < 3 && strcmp(key, keys[which]))
        which++;
    if (which == 3 || *seen & 1u << which)
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: tensor %.200s: key %.40s, wanted dtype, shape, data_offsets once each",
                        c->path, c->tensor, key);
    *seen |= 1u << which;
    T2V_TRY(expect(c, ':'));
    if (which == 0)
        return read_type(c, item);
    if (which == 1)
        return read_integers(c, item->tensor.shape.dim, &item->tensor.shape.rank);
    return read_offsets(c, item);
}

static t2v_status read_tensor(cursor *c, t2v_safetensors_item *item)
{
    unsigned seen = 0;
    T2V_TRY(expect(c, '{'));
    do
        T2V_TRY(read_field(c, item, &seen));
    while (accept(c, ','));
    T2V_TRY(expect(c, '}'));
    if (seen != 7)
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: tensor %.200s: dtype, shape or data_offsets is missing", c->path,
                        c->tensor);
    return T2V_OK;
}

/* Room for one more than `count` entries: the table itself, or a larger one in its place; NULL when
 * out of memory. */
static void *grown(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? 2 * *capacity : 64;
    void *larger = t2v_calloc(*capacity, size);
    if (!larger)
        return NULL;
    if (count)
        memcpy(larger, items, count * size);
    t2v_free(items);
    return larger;
}

static t2v_status read_note(cursor *c, t2v_safetensors_header *header, size_t *capacity)
{
    t2v_safetensors_note note;
    T2V_TRY(read_string(c, &note.key));
    T2V_TRY(expect(c, ':'));
    T2V_TRY(read_string(c, &note.value));
    t2v_safetensors_note *notes =
        grown(header->metadata, header->metadata_count, capacity, sizeof(*notes));
    if (!notes)
        return t2v_fail_memory(c->error, "a file's metadata", *capacity * sizeof(*notes));
    header->metadata = notes;
    notes[header->metadata_count++] = note;
    return T2V_OK;
}

/* An object of strings. */
static t2v_status read_metadata(cursor *c, t2v_safetensors_header *header)
{
    size_t capacity = 0;
    T2V_TRY(expect(c, '{'));
    if (accept(c, '}'))
        return T2V_OK;
    do
        T2V_TRY(read_note(c, header, &capacity));
    while (accept(c, ','));
    return expect(c, '}');
}

static t2v_status read_entry(cursor *c, t2v_safetensors_header *header, size_t *capacity,
                             bool *metadata)
{
    const char *name;
    T2V_TRY(read_string(c, &name));
    T2V_TRY(expect(c, ':'));
    if (!strcmp(name, "__metadata__")) {
        if (*metadata)
            return t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: __metadata__ is there twice", c->path);
        *metadata = true;
        return read_metadata(c, header);
    }
    t2v_safetensors_item *items = grown(header->items, header->count, capacity, sizeof(*items));
    if (!items)
        return t2v_fail_memory(c->error, "a table of tensors", *capacity * sizeof(*items));
    header->items = items;
    t2v_safetensors_item *item = &items[header->count];
    item->name = c->tensor = name;
    T2V_TRY(read_tensor(c, item));
    c->tensor = NULL;
    header->count++;
    return T2V_OK;
}

static t2v_status read_header(cursor *c, t2v_safetensors_header *header)
{
    size_t capacity = 0;
    bool metadata = false;
    if (c->at == c->end || *c->at != '{')
        return unexpected(c, "'{'");
    c->at++;
    if (!accept(c, '}')) {
        do
            T2V_TRY(read_entry(c, header, &capacity, &metadata));
        while (accept(c, ','));
        T2V_TRY(expect(c, '}'));
    }
    skip_space(c);
    return c->at == c->end ? T2V_OK : unexpected(c, "nothing after the object");
}

/* ---------------------------------------------------------------- names and data */

static int compare_names(const void *a, const void *b)
{
    const t2v_safetensors_item *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int compare_positions(const void *a, const void *b)
{
    const t2v_safetensors_item *left = *(t2v_safetensors_item *const *)a;
    const t2v_safetensors_item *right = *(t2v_safetensors_item *const *)b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return (left->tensor.bytes > right->tensor.bytes) - (left->tensor.bytes < right->tensor.bytes);
}

/* Whether the bytes of a tensor are those of its shape and type. */
static t2v_status check_size(const char *path, const t2v_safetensors_item *item, t2v_error *error)
{
    size_t count, bytes;
    if (t2v_shape_count(&item->tensor.shape, &count) &&
        t2v_dtype_bytes(item->tensor.dtype, count, &bytes) && bytes == item->tensor.bytes)
        return T2V_OK;
    char shape[160];
    t2v_shape_format(&item->tensor.shape, shape, sizeof(shape));
    return t2v_fail(error, T2V_ERROR_FORMAT,
                    "%s: tensor %.200s: %zu bytes, which is not the size of %s %s", path,
                    item->name, item->tensor.bytes, t2v_dtype_name(item->tensor.dtype), shape);
}

/* In the order of their data the tensors must follow each other from the first byte to the last. */
static t2v_status check_data(const char *path, t2v_safetensors_header *header, size_t data_bytes,
                             t2v_error *error)
{
    size_t position = 0;
    qsort(header->by_name, header->count, sizeof(*header->by_name), compare_positions);
    for (size_t i = 0; i < header->count; i++) {
        const t2v_safetensors_item *item = header->by_name[i];
        if (item->begin != position)
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: tensor %.200s: data begins at byte %zu, wanted %zu: tensors %s",
                            path, item->name, item->begin, position,
                            item->begin < position ? "overlap" : "leave a hole");
        if (item->tensor.bytes > data_bytes - position)
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: tensor %.200s: data ends at byte %zu, the file has %zu behind its "
                            "header: cut short",
                            path, item->name, position + item->tensor.bytes, data_bytes);
        T2V_TRY(check_size(path, item, error));
        position += item->tensor.bytes;
    }
    if (position == data_bytes)
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_FORMAT,
                    "%s: tensors take %zu bytes, the file has %zu behind its header", path,
                    position, data_bytes);
}

static t2v_status sort_names(const char *path, t2v_safetensors_header *header, t2v_error *error)
{
    qsort(header->by_name, header->count, sizeof(*header->by_name), compare_names);
    for (size_t i = 1; i < header->count; i++)
        if (!strcmp(header->by_name[i - 1]->name, header->by_name[i]->name))
            return t2v_fail(error, T2V_ERROR_FORMAT, "%s: tensor %.200s is there twice", path,
                            header->by_name[i]->name);
    return T2V_OK;
}

static t2v_status parse(const char *path, const char *text, size_t bytes, size_t data_bytes,
                        t2v_safetensors_header *header, t2v_error *error)
{
    if (!t2v_utf8_valid(text, bytes))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: the header is not UTF-8", path);
    header->names = t2v_alloc(bytes);
    if (!header->names)
        return t2v_fail_memory(error, "names of tensors", bytes);
    T2V_TRY(
        read_header(&(cursor){path, text, text, text + bytes, header->names, NULL, error}, header));
    header->by_name = t2v_calloc(header->count, sizeof(*header->by_name));
    if (!header->by_name)
        return t2v_fail_memory(error, "names of tensors", header->count * sizeof(header->by_name));
    for (size_t i = 0; i < header->count; i++)
        header->by_name[i] = &header->items[i];
    T2V_TRY(check_data(path, header, data_bytes, error));
    return sort_names(path, header, error);
}

t2v_status t2v_safetensors_header_parse(const char *path, const char *text, size_t bytes,
                                        size_t data_bytes, t2v_safetensors_header *header,
                                        t2v_error *error)
{
    memset(header, 0, sizeof(*header));
    t2v_status status = parse(path, text, bytes, data_bytes, header, error);
    if (status < 0)
        t2v_safetensors_header_free(header);
    return status;
}

void t2v_safetensors_header_free(t2v_safetensors_header *header)
{
    t2v_free(header->items);
    t2v_free(header->by_name);
    t2v_free(header->metadata);
    t2v_free(header->names);
    memset(header, 0, sizeof(*header));
}

const t2v_safetensors_item *t2v_safetensors_header_find(const t2v_safetensors_header *header,
                                                        const char *name)
{
    const t2v_safetensors_item wanted = {.name = name}, *key = &wanted;
    if (!header->count)
        return NULL;
    t2v_safetensors_item **found =
        bsearch(&key, header->by_name, header->count, sizeof(*header->by_name), compare_names);
    return found ? *found : NULL;
}
