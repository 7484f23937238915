/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */
#include "weights/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "weights/mapped_file.h"

/* Far above what any published file has. */
enum { MAX_ENTRIES = 1 << 16, MAX_NAME = 1024, MAX_ALIGNMENT = 1 << 20 };

typedef struct pair {
    char *key;
    t2v_gguf_value value;
} pair;

typedef struct item {
    char *name;
    t2v_tensor tensor;
} item;

struct t2v_gguf {
    t2v_mapped_file file;
    pair *pairs; /* sorted by key */
    size_t pair_count;
    item *items;
    size_t item_count;
};

/* ------------------------------------------------------------------ reading in bounds */

/* Where the reader stands; `what` it reads is for messages. */
typedef struct cursor {
    const char *path;
    const uint8_t *start, *at, *end;
    char what[96];
    t2v_error *error;
} cursor;

static size_t left(const cursor *c)
{
    return (size_t)(c->end - c->at);
}

static t2v_status cut_short(const cursor *c)
{
    return t2v_fail(c->error, T2V_ERROR_FORMAT,
                    "%s: %s reaches beyond the end of the file, %zu bytes after byte %zu", c->path,
                    c->what, left(c), (size_t)(c->at - c->start));
}

static uint64_t little_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    while (count--)
        value = value << 8 | bytes[count];
    return value;
}

static t2v_status read_u32(cursor *c, uint32_t *value)
{
    *value = 0;
    if (left(c) < 4)
        return cut_short(c);
    *value = (uint32_t)little_endian(c->at, 4);
    c->at += 4;
    return T2V_OK;
}

static t2v_status read_u64(cursor *c, uint64_t *value)
{
    *value = 0;
    if (left(c) < 8)
        return cut_short(c);
    *value = little_endian(c->at, 8);
    c->at += 8;
    return T2V_OK;
}

static t2v_status read_count(cursor *c, const char *what, size_t *count)
{
    uint64_t value;
    snprintf(c->what, sizeof(c->what), "the number of %s", what);
    T2V_TRY(read_u64(c, &value));
    if (value > MAX_ENTRIES)
        return t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: %llu %s, wanted at most %d", c->path,
                        (unsigned long long)value, what, MAX_ENTRIES);
    *count = (size_t)value;
    return T2V_OK;
}

static t2v_status skip_string(cursor *c)
{
    uint64_t bytes;
    T2V_TRY(read_u64(c, &bytes));
    if (bytes > left(c))
        return cut_short(c);
    c->at += bytes;
    return T2V_OK;
}

/* A key or a tensor's name, copied with a NUL behind it. */
static t2v_status read_name(cursor *c, char **name)
{
    const uint8_t *start = c->at, *next;
    T2V_TRY(skip_string(c));
    const t2v_gguf_string string = t2v_gguf_string_at(start, &next);
    if (!string.bytes || string.bytes > MAX_NAME || memchr(string.text, 0, string.bytes) ||
        !t2v_utf8_valid(string.text, string.bytes))
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: %s has a name of %zu bytes, wanted 1 to %d of UTF-8 without NUL",
                        c->path, c->what, string.bytes, MAX_NAME);
    *name = t2v_calloc(string.bytes + 1, 1);
    if (!*name)
        return t2v_fail_memory(c->error, "a name", string.bytes + 1);
    memcpy(*name, string.text, string.bytes);
    snprintf(c->what, sizeof(c->what), "%.80s", *name);
    return T2V_OK;
}

/* ------------------------------------------------------------------ metadata */

static const unsigned char type_bytes[T2V_GGUF_TYPES] = {
    [T2V_GGUF_U8] = 1,  [T2V_GGUF_I8] = 1,  [T2V_GGUF_U16] = 2, [T2V_GGUF_I16] = 2,
    [T2V_GGUF_U32] = 4, [T2V_GGUF_I32] = 4, [T2V_GGUF_F32] = 4, [T2V_GGUF_BOOL] = 1,
    [T2V_GGUF_U64] = 8, [T2V_GGUF_I64] = 8, [T2V_GGUF_F64] = 8,
};

static t2v_status read_type(cursor *c, t2v_gguf_type *type)
{
    uint32_t number;
    T2V_TRY(read_u32(c, &number));
    if (number >= T2V_GGUF_TYPES)
        return t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: %s has type %u, wanted one below %d",
                        c->path, c->what, number, T2V_GGUF_TYPES);
    *type = (t2v_gguf_type)number;
    return T2V_OK;
}

/* Steps over the elements of a value. */
static t2v_status skip_elements(cursor *c, const t2v_gguf_value *value)
{
    size_t bytes;
    if (value->type != T2V_GGUF_STRING) {
        if (!t2v_mul_size(value->count, type_bytes[value->type], &bytes) || bytes > left(c))
            return cut_short(c);
        c->at += bytes;
        return T2V_OK;
    }
    for (size_t i = 0; i < value->count; i++)
        T2V_TRY(skip_string(c));
    return T2V_OK;
}

static t2v_status read_value(cursor *c, t2v_gguf_value *value)
{
    uint64_t count = 1;
    T2V_TRY(read_type(c, &value->type));
    value->array = value->type == T2V_GGUF_ARRAY;
    if (value->array) {
        T2V_TRY(read_type(c, &value->type));
        T2V_TRY(read_u64(c, &count));
        if (value->type == T2V_GGUF_ARRAY)
            return t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: %s is an array of arrays", c->path,
                            c->what);
        if (count > left(c)) /* an element has a byte or more */
            return cut_short(c);
    }
    value->count = (size_t)count;
    value->data = c->at;
    return skip_elements(c, value);
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const pair *)a)->key, ((const pair *)b)->key);
}

static t2v_status read_pairs(cursor *c, t2v_gguf *g, size_t count)
{
    g->pairs = t2v_calloc(count, sizeof(*g->pairs));
    if (!g->pairs)
        return t2v_fail_memory(c->error, "a file's metadata", count * sizeof(*g->pairs));
    for (size_t i = 0; i < count; i++) {
        snprintf(c->what, sizeof(c->what), "metadata entry %zu", i);
        T2V_TRY(read_name(c, &g->pairs[i].key));
        g->pair_count++;
        T2V_TRY(read_value(c, &g->pairs[i].value));
    }
    qsort(g->pairs, count, sizeof(*g->pairs), compare_pairs);
    for (size_t i = 1; i < count; i++)
        if (!compare_pairs(&g->pairs[i - 1], &g->pairs[i]))
            return t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: metadata entry %.200s is there twice",
                            c->path, g->pairs[i].key);
    return T2V_OK;
}

/* ------------------------------------------------------------------ tensors */

/* ggml's numbers of the element types that are known here. */
static const struct {
    uint32_t number;
    t2v_dtype dtype;
} element_types[] = {
    {0, T2V_F32},   {1, T2V_F16},   {2, T2V_Q4_0},    {3, T2V_Q4_1},    {6, T2V_Q5_0},
    {7, T2V_Q5_1},  {8, T2V_Q8_0},  {10, T2V_Q2_K},   {11, T2V_Q3_K},   {12, T2V_Q4_K},
    {13, T2V_Q5_K}, {14, T2V_Q6_K}, {20, T2V_IQ4_NL}, {23, T2V_IQ4_XS}, {24, T2V_I8},
    {25, T2V_I16},  {26, T2V_I32},  {27, T2V_I64},    {28, T2V_F64},    {30, T2V_BF16},
};

static t2v_status read_dtype(cursor *c, t2v_dtype *dtype)
{
    uint32_t number;
    T2V_TRY(read_u32(c, &number));
    for (size_t i = 0; i < sizeof(element_types) / sizeof(element_types[0]); i++)
        if (element_types[i].number == number) {
            *dtype = element_types[i].dtype;
            return T2V_OK;
        }
    return t2v_fail(c->error, T2V_ERROR_UNSUPPORTED,
                    "%s: tensor %s has element type %u of ggml; known are F32, F16, BF16, Q8_0, "
                    "Q2_K to Q6_K, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, IQ4_XS",
                    c->path, c->what, number);
}

/* Dimensions, stored innermost first. */
static t2v_status read_shape(cursor *c, t2v_shape *shape)
{
    uint32_t rank;
    uint64_t size;
    T2V_TRY(read_u32(c, &rank));
    if (rank > T2V_MAX_RANK) /* ggml has 4; files of Wan hold convolutions of 5 */
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: tensor %s has %u dimensions, wanted at most %d", c->path, c->what,
                        rank, T2V_MAX_RANK);
    shape->rank = (int)rank;
    for (int i = shape->rank - 1; i >= 0; i--) {
        T2V_TRY(read_u64(c, &size));
        if (size > INT64_MAX)
            return t2v_fail(c->error, T2V_ERROR_FORMAT,
                            "%s: tensor %s has a dimension of %llu, wanted one below 2^63", c->path,
                            c->what, (unsigned long long)size);
        shape->dim[i] = (int64_t)size;
    }
    return T2V_OK;
}

static t2v_status check_size(const cursor *c, t2v_tensor *tensor)
{
    size_t count;
    const int rank = tensor->shape.rank;
    const int64_t row = rank ? tensor->shape.dim[rank - 1] : 1;
    if (t2v_shape_count(&tensor->shape, &count) &&
        row % (int64_t)t2v_dtype_block(tensor->dtype) == 0 &&
        t2v_dtype_bytes(tensor->dtype, count, &tensor->bytes))
        return T2V_OK;
    char shape[160];
    t2v_shape_format(&tensor->shape, shape, sizeof(shape));
    return t2v_fail(c->error, T2V_ERROR_FORMAT,
                    "%s: tensor %s is %s %s: too large, or its rows are not whole blocks of %zu",
                    c->path, c->what, t2v_dtype_name(tensor->dtype), shape,
                    t2v_dtype_block(tensor->dtype));
}

/* Reads what describes a tensor; its place, from the first tensor on, is kept as its data. */
static t2v_status read_item(cursor *c, item *it, uint64_t *offset)
{
    T2V_TRY(read_name(c, &it->name));
    T2V_TRY(read_shape(c, &it->tensor.shape));
    T2V_TRY(read_dtype(c, &it->tensor.dtype));
    T2V_TRY(read_u64(c, offset));
    return check_size(c, &it->tensor);
}

static t2v_status place_item(const cursor *c, item *it, const uint8_t *data, uint64_t offset,
                             size_t alignment)
{
    const size_t room = (size_t)(c->end - data);
    if (offset % alignment)
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: tensor %s begins at byte %llu, wanted a multiple of %zu", c->path,
                        it->name, (unsigned long long)offset, alignment);
    if (offset > room || it->tensor.bytes > room - offset)
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: tensor %s takes %zu bytes from byte %llu on, the file has %zu for "
                        "tensors: cut short",
                        c->path, it->name, it->tensor.bytes, (unsigned long long)offset, room);
    it->tensor.data = data + offset;
    return T2V_OK;
}

/* What comes of a tensor of more dimensions than ggml has. */
static t2v_status restore_shape(const cursor *c, const t2v_gguf *g, item *it)
{
    char key[MAX_NAME + 32];
    t2v_shape shape = {0};
    size_t count, wanted;
    snprintf(key, sizeof(key), "comfy.gguf.orig_shape.%s", it->name);
    const t2v_gguf_value *value = t2v_gguf_metadata(g, key);
    if (!value)
        return T2V_OK;
    bool good = value->array && value->count <= T2V_MAX_RANK && value->type != T2V_GGUF_STRING &&
                value->type != T2V_GGUF_F32 && value->type != T2V_GGUF_F64;
    for (size_t i = 0; good && i < value->count; i++)
        shape.dim[shape.rank++] = t2v_gguf_integer_at(value, i);
    if (!good || !t2v_shape_count(&shape, &count) || !t2v_shape_count(&it->tensor.shape, &wanted) ||
        count != wanted)
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: %.200s is no shape of the tensor's %zu elements", c->path, key,
                        it->tensor.bytes / t2v_dtype_size(it->tensor.dtype) *
                            t2v_dtype_block(it->tensor.dtype));
    it->tensor.shape = shape;
    return T2V_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static t2v_status check_names(const cursor *c, const t2v_gguf *g)
{
    const char **names = t2v_calloc(g->item_count, sizeof(*names));
    if (!names)
        return t2v_fail_memory(c->error, "names of tensors", g->item_count * sizeof(*names));
    for (size_t i = 0; i < g->item_count; i++)
        names[i] = g->items[i].name;
    qsort(names, g->item_count, sizeof(*names), compare_names);
    t2v_status status = T2V_OK;
    for (size_t i = 1; i < g->item_count && status == T2V_OK; i++)
        if (!strcmp(names[i - 1], names[i]))
            status = t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: tensor %.200s is there twice",
                              c->path, names[i]);
    t2v_free(names);
    return status;
}

/* `general.alignment`, a power of two. */
static t2v_status read_alignment(const cursor *c, const t2v_gguf *g, size_t *alignment)
{
    const t2v_gguf_value *value = t2v_gguf_metadata(g, "general.alignment");
    int64_t number = 32;
    if (value && !value->array && value->type == T2V_GGUF_U32)
        number = t2v_gguf_integer_at(value, 0);
    else if (value)
        number = 0;
    if (number < 1 || number > MAX_ALIGNMENT || (number & (number - 1)))
        return t2v_fail(c->error, T2V_ERROR_FORMAT,
                        "%s: general.alignment is no power of two from 1 to %d", c->path,
                        MAX_ALIGNMENT);
    *alignment = (size_t)number;
    return T2V_OK;
}

/* The tensors follow the last description, at the next multiple of the alignment. */
static t2v_status place_items(cursor *c, t2v_gguf *g, const uint64_t *offsets)
{
    size_t alignment = 1;
    T2V_TRY(read_alignment(c, g, &alignment));
    size_t padding = -(size_t)(c->at - c->start) % alignment;
    const uint8_t *data = padding < left(c) ? c->at + padding : c->end;
    for (size_t i = 0; i < g->item_count; i++) {
        T2V_TRY(place_item(c, &g->items[i], data, offsets[i], alignment));
        T2V_TRY(restore_shape(c, g, &g->items[i]));
    }
    return check_names(c, g);
}

static t2v_status read_items(cursor *c, t2v_gguf *g, size_t count)
{
    uint64_t *offsets = t2v_calloc(count, sizeof(*offsets));
    t2v_status status = T2V_OK;
    g->items = t2v_calloc(count, sizeof(*g->items));
    if (!offsets || !g->items)
        status = t2v_fail_memory(c->error, "a table of tensors", count * sizeof(*g->items));
    for (size_t i = 0; i < count && status >= 0; i++) {
        snprintf(c->what, sizeof(c->what), "tensor number %zu", i);
        g->item_count++;
        status = read_item(c, &g->items[i], &offsets[i]);
    }
    if (status >= 0)
        status = place_items(c, g, offsets);
    t2v_free(offsets);
    return status;
}

/* ------------------------------------------------------------------ the file */

static t2v_status read_version(cursor *c)
{
    uint32_t version;
    snprintf(c->what, sizeof(c->what), "the version");
    if (memcmp(c->at, "GGUF", 4))
        return t2v_fail(c->error, T2V_ERROR_FORMAT, "%s: does not begin with GGUF", c->path);
    c->at += 4;
    T2V_TRY(read_u32(c, &version));
    if (version == 2 || version == 3)
        return T2V_OK;
    return t2v_fail(c->error, T2V_ERROR_UNSUPPORTED,
                    "%s: GGUF version %u%s, wanted 2 or 3, little endian", c->path, version,
                    version && !(version & 0xffff) ? ", or a big endian file" : "");
}

static t2v_status load(t2v_gguf *g, const char *path, t2v_error *error)
{
    size_t tensors = 0, pairs = 0;
    T2V_TRY(t2v_mapped_file_open(path, 24, "a GGUF file", &g->file, error));
    cursor c = {.path = path, .start = g->file.data, .at = g->file.data, .error = error};
    c.end = c.start + g->file.bytes;
    T2V_TRY(read_version(&c));
    T2V_TRY(read_count(&c, "tensors", &tensors));
    T2V_TRY(read_count(&c, "metadata entries", &pairs));
    T2V_TRY(read_pairs(&c, g, pairs));
    return read_items(&c, g, tensors);
}

t2v_status t2v_gguf_open(const char *path, t2v_gguf **file, t2v_error *error)
{
    *file = t2v_calloc(1, sizeof(**file));
    if (!*file)
        return t2v_fail_memory(error, "a file's description", sizeof(**file));
    t2v_status status = load(*file, path, error);
    if (status < 0)
        t2v_gguf_close(file);
    return status;
}

void t2v_gguf_close(t2v_gguf **file)
{
    t2v_gguf *old = *file;
    *file = NULL;
    if (!old)
        return;
    for (size_t i = 0; i < old->pair_count; i++)
        t2v_free(old->pairs[i].key);
    for (size_t i = 0; i < old->item_count; i++)
        t2v_free(old->items[i].name);
    t2v_free(old->pairs);
    t2v_free(old->items);
    t2v_mapped_file_close(&old->file);
    t2v_free(old);
}

size_t t2v_gguf_count(const t2v_gguf *file)
{
    return file->item_count;
}

const t2v_tensor *t2v_gguf_at(const t2v_gguf *file, size_t index, const char **name)
{
    if (name)
        *name = file->items[index].name;
    return &file->items[index].tensor;
}

const t2v_gguf_value *t2v_gguf_metadata(const t2v_gguf *file, const char *key)
{
    const pair wanted = {.key = (char *)key};
    if (!file->pair_count)
        return NULL;
    const pair *found =
        bsearch(&wanted, file->pairs, file->pair_count, sizeof(*file->pairs), compare_pairs);
    return found ? &found->value : NULL;
}

t2v_gguf_string t2v_gguf_string_at(const uint8_t *data, const uint8_t **next)
{
    const t2v_gguf_string string = {(const char *)data + 8, (size_t)little_endian(data, 8)};
    *next = data + 8 + string.bytes;
    return string;
}

int64_t t2v_gguf_integer_at(const t2v_gguf_value *value, size_t index)
{
    const size_t bytes = type_bytes[value->type];
    const uint64_t number = little_endian(value->data + index * bytes, bytes);
    switch (value->type) {
    case T2V_GGUF_I8:
        return (int8_t)number;
    case T2V_GGUF_I16:
        return (int16_t)number;
    case T2V_GGUF_I32:
        return (int32_t)number;
    default:
        return (int64_t)number;
    }
}

const char *t2v_gguf_path(const t2v_gguf *file)
{
    return file->file.path;
}

size_t t2v_gguf_bytes(const t2v_gguf *file)
{
    return file->file.bytes;
}
