/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "weights/safetensors.h"
#include "weights/tensor_table.h"

/* A whole file that is good: 24 bytes of "a", 4 of "b", in this order. */
static const char good[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                           "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[24,28]},"
                           "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}";

static t2v_safetensors *open_good(const char *header, size_t data_bytes)
{
    t2v_safetensors *file;
    t2v_error error;
    if (t2v_safetensors_open(files_write_safetensors("good", header, data_bytes), &file, &error) <
        0)
        fail_msg("%s", error.text);
    return file;
}

/* The file must be refused with a sentence that has its path and `words`. */
static void assert_refused(const char *path, t2v_status status, const char *words)
{
    t2v_safetensors *file;
    t2v_error error = {0};
    t2v_status got = t2v_safetensors_open(path, &file, &error);
    if (got != status || file || strncmp(error.text, path, strlen(path)) ||
        !strstr(error.text, words))
        fail_msg("status %d, \"%s\", wanted %d and \"%s\"", got, error.text, status, words);
    assert_int_equal(t2v_safetensors_open(path, &file, NULL), status);
}

static void tensors_are_found_by_name_and_in_order(void **state)
{
    (void)state;
    t2v_safetensors *file = open_good(good, 28);
    const char *name;
    assert_int_equal(t2v_safetensors_count(file), 2);
    const t2v_tensor *b = t2v_safetensors_at(file, 0, &name);
    assert_string_equal(name, "b");
    assert_ptr_equal(t2v_safetensors_find(file, "b"), b);
    assert_int_equal(b->dtype, T2V_BF16);
    assert_int_equal(b->bytes, 4);
    assert_int_equal(*(const unsigned char *)b->data, 24);
    const t2v_tensor *a = t2v_safetensors_find(file, "a");
    assert_ptr_equal(t2v_safetensors_at(file, 1, NULL), a);
    assert_true(t2v_shape_equal(&a->shape, &(t2v_shape){2, {2, 3}}));
    assert_int_equal(((const unsigned char *)a->data)[23], 23);
    assert_null(t2v_safetensors_find(file, "c"));
    assert_null(t2v_safetensors_find(file, ""));
    assert_string_equal(t2v_safetensors_metadata(file, "format"), "pt");
    assert_null(t2v_safetensors_metadata(file, "pt"));
    t2v_safetensors_close(&file);
    assert_null(file);
    t2v_safetensors_close(&file);
}

static void unusual_headers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data_bytes, count;
    } cases[] = {
        {"{}", 0, 0},
        {"{ \t\r\n}   ", 0, 0},
        {"{\"__metadata__\":{}}", 0, 0},
        {"{\"\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3, 1},
        {"{\"x\" : { \"data_offsets\":[ 0 , 4 ] ,\n\"shape\" : [ ],\"dtype\":\"I32\"} } ", 4, 1},
        {"{\"x\":{\"dtype\":\"I64\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,8]}}", 8, 1},
        {"{\"x\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[0,0]}}", 0, 1},
        /* an empty tensor after the last byte, and one before a tensor that begins there too */
        {"{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"y\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
         "\"z\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
         1, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t2v_safetensors *file = open_good(cases[i].header, cases[i].data_bytes);
        assert_int_equal(t2v_safetensors_count(file), cases[i].count);
        t2v_safetensors_close(&file);
    }
}

static void names_are_unescaped(void **state)
{
    (void)state;
    t2v_safetensors *file =
        open_good("{\"\\u00e4\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\u0041 ä\":"
                  "{\"d\\u0074ype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                  1);
    assert_non_null(t2v_safetensors_find(file, "ä😀\"\\/\b\f\n\r\t€A ä"));
    t2v_safetensors_close(&file);
}

static void types_without_arithmetic_are_known(void **state)
{
    (void)state;
    t2v_safetensors *file =
        open_good("{\"f\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                  "\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]},"
                  "\"p\":{\"dtype\":\"F4\",\"shape\":[3,2],\"data_offsets\":[9,12]}}",
                  12);
    assert_int_equal(t2v_safetensors_count(file), 3);
    assert_int_equal(t2v_safetensors_find(file, "f")->dtype, T2V_F64);
    assert_int_equal(t2v_safetensors_find(file, "p")->dtype, T2V_F4);
    assert_false(t2v_dtype_is_float(T2V_F64) || t2v_dtype_is_float(T2V_F4));
    t2v_safetensors_close(&file);
}

#define X_IS(dtype, shape, offsets)                                                                \
    "{\"x\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define U8_AT(name, begin, end, size)                                                              \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[" #size "],\"data_offsets\":[" #begin "," #end "]}"

static void damaged_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data_bytes;
        const char *words;
    } cases[] = {
        /* grammar */
        {"", 0, "byte 0 of the header: found the end, wanted '{'"},
        {" {}", 0, "wanted '{'"},
        {"[]", 0, "found '[', wanted '{'"},
        {"{", 0, "wanted a string"},
        {"{}x", 0, "wanted nothing after the object"},
        {"{}{}", 0, "wanted nothing after the object"},
        {"{,}", 0, "wanted a string"},
        {"{'x':1}", 0, "wanted a string"},
        {"{\"x\"}", 0, "wanted ':'"},
        {"{\"x\":1}", 0, "tensor x: found '1', wanted '{'"},
        {"{\"x\":null}", 0, "wanted '{'"},
        {"{\"x\":{}}", 0, "wanted a string"},
        {"{\"x", 0, "wanted '\"'"},
        {"{" U8_AT("x", 0, 1, 1) ",}", 1, "wanted a string"},
        {"{" U8_AT("x", 0, 1, 1) U8_AT("y", 1, 2, 1) "}", 2, "wanted '}'"},
        {"{\"a\nb\":1}", 0, "without control characters"},
        {"{\"\\x\":1}", 0, "an escape that JSON knows"},
        {"{\"\\", 0, "an escape that JSON knows"},
        {"{\"\\ u0041\":1}", 0, "an escape that JSON knows"},
        {"{\"\\u00g0\":1}", 0, "\\u escape"},
        {"{\"\\u00", 0, "\\u escape"},
        {"{\"\\u0000\":1}", 0, "other than NUL"},
        {"{\"\\ud800\":1}", 0, "\\u escape"},
        {"{\"\\ud800\\u0041\":1}", 0, "\\u escape"},
        {"{\"\\udc00\":1}", 0, "\\u escape"},
        {"{\"\xff\":1}", 0, "not UTF-8"},
        {"{\"\xc0\xaf\":1}", 0, "not UTF-8"},
        {"{\"\xed\xa0\x80\":1}", 0, "not UTF-8"},
        {"{\"\xe2\x82\":1}", 0, "not UTF-8"},
        {"{\"\xf4\x90\x80\x80\":1}", 0, "not UTF-8"},
        /* the form of a tensor */
        {"{\"__metadata__\":null}", 0, "wanted '{'"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "found '1', wanted a string"},
        {"{\"__metadata__\":{\"a\":{}}}", 0, "wanted a string"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice"},
        {"{\"x\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "tensor x: dtype, shape or data_offsets"},
        {"{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"y\":0}}", 1, "key y"},
        {"{\"x\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
         "once each"},
        {X_IS("8", "[1]", "[0,1]"), 1, "wanted a string"},
        {X_IS("\"u8\"", "[1]", "[0,1]"), 1, "tensor x: dtype u8"},
        {X_IS("\"F128\"", "[1]", "[0,16]"), 16, "dtype F128"},
        {X_IS("\"Q8_0\"", "[32]", "[0,34]"), 34, "dtype Q8_0"},
        {X_IS("\"U8\"", "1", "[0,1]"), 1, "wanted '['"},
        {X_IS("\"U8\"", "[1 1]", "[0,1]"), 1, "found '1', wanted ']'"},
        {X_IS("\"U8\"", "[-1]", "[0,1]"), 1, "found '-', wanted a non-negative integer"},
        {X_IS("\"U8\"", "[-0]", "[0,0]"), 0, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[1.0]", "[0,1]"), 1, "found '.', wanted ']'"},
        {X_IS("\"U8\"", "[1e0]", "[0,1]"), 1, "found 'e', wanted ']'"},
        {X_IS("\"U8\"", "[01]", "[0,1]"), 1, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[+1]", "[0,1]"), 1, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[\"1\"]", "[0,1]"), 1, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[true]", "[0,1]"), 1, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[[1]]", "[0,1]"), 1, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[1,]", "[0,1]"), 1, "wanted a non-negative integer"},
        {X_IS("\"U8\"", "[9223372036854775808]", "[0,1]"), 1, "below 2^63"},
        {X_IS("\"U8\"", "[99999999999999999999999999]", "[0,1]"), 1, "below 2^63"},
        {X_IS("\"U8\"", "[1,1,1,1,1,1,1]", "[0,1]"), 1, "more than 6 numbers"},
        {X_IS("\"U8\"", "[1]", "[0]"), 1, "data_offsets"},
        {X_IS("\"U8\"", "[1]", "[]"), 1, "data_offsets"},
        {X_IS("\"U8\"", "[1]", "[0,1,1]"), 1, "data_offsets"},
        {X_IS("\"U8\"", "[1]", "[1,0]"), 1, "data_offsets"},
        {X_IS("\"U8\"", "[1]", "[0,1.5]"), 1, "found '.'"},
        /* sizes */
        {X_IS("\"U8\"", "[2]", "[0,1]"), 1, "1 bytes, which is not the size of U8 [2]"},
        {X_IS("\"F32\"", "[]", "[0,1]"), 1, "the size of F32 []"},
        {X_IS("\"F32\"", "[0]", "[0,1]"), 1, "the size of F32 [0]"},
        {X_IS("\"F4\"", "[3]", "[0,1]"), 1, "the size of F4 [3]"},
        {X_IS("\"BOOL\"", "[3]", "[0,1]"), 1, "the size of BOOL [3]"},
        {X_IS("\"F32\"", "[9223372036854775807,9223372036854775807]", "[0,1]"), 1, "the size of"},
        {X_IS("\"F32\"", "[4611686018427387904,4]", "[0,0]"), 0, "the size of"},
        {X_IS("\"F32\"", "[4611686018427387905]", "[0,4]"), 4, "the size of"},
        {X_IS("\"F64\"", "[4611686018427387904]", "[0,0]"), 0, "the size of"},
        {X_IS("\"F32\"", "[9223372036854775807,4,0]", "[0,0]"), 0, "the size of"},
        {X_IS("\"U8\"", "[9223372036854775807]", "[0,9223372036854775807]"), 1, "the file has 1"},
        /* where the tensors lie */
        {X_IS("\"U8\"", "[1]", "[0,1]"), 0, "data ends at byte 1, the file has 0"},
        {X_IS("\"U8\"", "[1]", "[0,1]"), 2, "tensors take 1 bytes, the file has 2"},
        {"{}", 1, "tensors take 0 bytes, the file has 1"},
        {X_IS("\"U8\"", "[1]", "[1,2]"), 2, "leave a hole"},
        {X_IS("\"U8\"", "[1]", "[9223372036854775806,9223372036854775807]"), 2, "leave a hole"},
        {"{" U8_AT("x", 0, 2, 2) "," U8_AT("y", 1, 3, 2) "}", 3, "tensors overlap"},
        {"{" U8_AT("x", 0, 2, 2) "," U8_AT("y", 0, 2, 2) "}", 2, "tensors overlap"},
        {"{" U8_AT("x", 0, 1, 1) "," U8_AT("y", 2, 3, 1) "}", 3, "leave a hole"},
        {"{" U8_AT("x", 0, 2, 2) "," U8_AT("y", 1, 1, 0) "}", 2, "tensors overlap"},
        {"{" U8_AT("x", 0, 1, 1) "," U8_AT("y", 2, 2, 0) "}", 1, "leave a hole"},
        /* names */
        {"{" U8_AT("x", 0, 1, 1) "," U8_AT("x", 1, 2, 1) "}", 2, "tensor x is there twice"},
        {"{" U8_AT("x", 0, 1, 1) "," U8_AT("y", 2, 3, 1) "," U8_AT("\\u0078", 1, 2, 1) "}", 3,
         "tensor x is there twice"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = files_write_safetensors("bad", cases[i].header, cases[i].data_bytes);
        t2v_safetensors *file;
        t2v_status status = t2v_safetensors_open(path, &file, NULL);
        if (status == T2V_OK)
            fail_msg("accepted: %s", cases[i].header);
        assert_refused(path, status, cases[i].words);
        assert_true(status == T2V_ERROR_FORMAT || status == T2V_ERROR_UNSUPPORTED);
    }
}

static void zero_bytes_in_the_header_are_refused(void **state)
{
    (void)state;
    char file[8 + 4] = {4, 0, 0, 0, 0, 0, 0, 0, '{', '}', 0, ' '};
    assert_refused(files_write("bad", file, sizeof(file)), T2V_ERROR_FORMAT, "found another byte");
    memcpy(file + 8, "{\"\0\"", 4);
    assert_refused(files_write("bad", file, sizeof(file)), T2V_ERROR_FORMAT, "control characters");
    memcpy(file + 8, "{\"\\\0", 4);
    assert_refused(files_write("bad", file, sizeof(file)), T2V_ERROR_FORMAT, "JSON knows");
}

/* The bytes of the good file, to be freed. */
static unsigned char *good_bytes(size_t *bytes)
{
    files_write_safetensors("whole", good, 28);
    *bytes = 8 + strlen(good) + 28;
    unsigned char *whole = malloc(*bytes);
    FILE *file = fopen(files_path("whole"), "rb");
    assert_int_equal(fread(whole, 1, *bytes, file), *bytes);
    fclose(file);
    return whole;
}

static void files_cut_short_or_grown_are_refused(void **state)
{
    (void)state;
    size_t bytes;
    unsigned char *whole = good_bytes(&bytes);
    t2v_safetensors *file;
    t2v_error error;
    for (size_t length = 0; length < bytes; length++) {
        const char *path = files_write("cut", whole, length);
        assert_int_equal(t2v_safetensors_open(path, &file, &error), T2V_ERROR_FORMAT);
        assert_null(file);
    }
    whole = realloc(whole, bytes + 1);
    whole[bytes] = 0;
    assert_refused(files_write("grown", whole, bytes + 1), T2V_ERROR_FORMAT, "the file has 29");
    free(whole);
}

static void wrong_header_lengths_are_refused(void **state)
{
    (void)state;
    size_t bytes;
    unsigned char *whole = good_bytes(&bytes);
    t2v_safetensors *file;
    for (size_t length = 0; length < 2 * bytes; length++) {
        if (length == strlen(good))
            continue;
        whole[0] = (unsigned char)length;
        whole[1] = (unsigned char)(length >> 8);
        const char *path = files_write("length", whole, bytes);
        assert_int_equal(t2v_safetensors_open(path, &file, NULL), T2V_ERROR_FORMAT);
    }
    whole[1] = 0, whole[7] = 0x80;
    assert_refused(files_write("length", whole, bytes), T2V_ERROR_FORMAT,
                   "wanted at most 100000000");
    memset(whole, 0xff, 8);
    assert_refused(files_write("length", whole, bytes), T2V_ERROR_FORMAT, "18446744073709551615");
    free(whole);
}

/* Changes every byte in turn: the file may still be good, but reading what it says must be safe. */
static void every_changed_byte_is_survived(void **state)
{
    (void)state;
    size_t bytes;
    unsigned char *whole = good_bytes(&bytes);
    unsigned sum = 0;
    for (size_t i = 0; i < bytes; i++)
        for (int bit = 0; bit < 8; bit++) {
            t2v_safetensors *file;
            whole[i] ^= 1 << bit;
            t2v_safetensors_open(files_write("changed", whole, bytes), &file, NULL);
            for (size_t j = 0; file && j < t2v_safetensors_count(file); j++) {
                const t2v_tensor *tensor = t2v_safetensors_at(file, j, NULL);
                for (size_t k = 0; k < tensor->bytes; k++)
                    sum += ((const unsigned char *)tensor->data)[k];
            }
            t2v_safetensors_close(&file);
            whole[i] ^= 1 << bit;
        }
    assert_int_not_equal(sum, 0);
    free(whole);
}

static void deep_nesting_is_refused_at_once(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    static const char *const fronts[] = {"{\"x\":", "{\"x\":{\"shape\":", "{\"__metadata__\":"};
    char *header = malloc(DEPTH + 32);
    for (size_t i = 0; i < 3; i++)
        for (const char *open = "[{"; *open; open++) {
            size_t front = strlen(fronts[i]);
            strcpy(header, fronts[i]);
            memset(header + front, *open, DEPTH);
            header[front + DEPTH] = 0;
            assert_refused(files_write_safetensors("deep", header, 0), T2V_ERROR_FORMAT, "wanted");
        }
    free(header);
}

static void a_large_header_is_read(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    char *header = malloc(COUNT * 80), *at = header;
    for (int i = 0; i < COUNT; i++)
        at += sprintf(at, "%c\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
                      i ? ',' : '{', i, COUNT - i - 1, COUNT - i);
    strcpy(at, "}");
    t2v_safetensors *file = open_good(header, COUNT);
    char name[16];
    assert_int_equal(t2v_safetensors_count(file), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        const t2v_tensor *tensor = t2v_safetensors_find(file, name);
        assert_ptr_equal(tensor, t2v_safetensors_at(file, (size_t)i, NULL));
        assert_int_equal(*(const unsigned char *)tensor->data, (COUNT - i - 1) & 0xff);
    }
    t2v_safetensors_close(&file);
    free(header);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_refused(files_path("absent"), T2V_ERROR_NOT_FOUND, "No such file");
    assert_refused(files_path(""), T2V_ERROR_FORMAT, "regular file");
    assert_int_equal(mkfifo(files_path("pipe"), 0666), 0);
    assert_refused(files_path("pipe"), T2V_ERROR_FORMAT, "regular file");
    assert_refused("/dev/null", T2V_ERROR_FORMAT, "regular file");
}

/* ---------------------------------------------------------------- writing */

static const t2v_safetensors_entry entries[] = {
    {"byte", T2V_U8, {1, {3}}},
    {"quote \" ä", T2V_F32, {2, {2, 2}}},
    {"scalar", T2V_I64, {0, {0}}},
    {"empty", T2V_BF16, {2, {0, 5}}},
};
enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

static t2v_safetensors_writer *create(const char *name)
{
    t2v_safetensors_writer *writer;
    t2v_error error;
    if (t2v_safetensors_create(files_path(name), entries, ENTRIES, &writer, &error) < 0)
        fail_msg("%s", error.text);
    return writer;
}

static void what_is_written_in_pieces_is_read_back(void **state)
{
    (void)state;
    t2v_safetensors_writer *writer = create("out");
    const float values[] = {1, 2, 3, 4};
    const int64_t scalar = -7;
    assert_int_equal(t2v_safetensors_append(writer, 2, &scalar, 3, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_append(writer, 1, values, 4, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_append(writer, 0, "abc", 3, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_append(writer, 1, values + 1, 12, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_append(writer, 3, values, 0, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_append(writer, 2, (const char *)&scalar + 3, 5, NULL), T2V_OK);
    assert_false(files_exists("out"));
    assert_int_equal(t2v_safetensors_finish(&writer, NULL), T2V_OK);
    assert_null(writer);

    t2v_safetensors *file;
    assert_int_equal(t2v_safetensors_open(files_path("out"), &file, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_count(file), ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++) {
        const char *name;
        const t2v_tensor *tensor = t2v_safetensors_at(file, i, &name);
        assert_string_equal(name, entries[i].name);
        assert_int_equal(tensor->dtype, entries[i].dtype);
        assert_true(t2v_shape_equal(&tensor->shape, &entries[i].shape));
        assert_int_equal((uintptr_t)tensor->data % t2v_dtype_size(tensor->dtype), 0);
    }
    assert_memory_equal(t2v_safetensors_find(file, "byte")->data, "abc", 3);
    assert_memory_equal(t2v_safetensors_at(file, 1, NULL)->data, values, sizeof(values));
    assert_memory_equal(t2v_safetensors_find(file, "scalar")->data, &scalar, sizeof(scalar));
    t2v_safetensors_close(&file);
    remove(files_path("out"));
}

/* What ComfyUI says beside a weight of how that was quantised. */
static void weights_that_were_turned_are_refused(void **state)
{
    static const struct {
        const char *word;
        t2v_status status;
    } cases[] = {
        {"{\"format\": \"float8_e4m3fn\"}", T2V_OK},
        {"{\"format\": \"int8_tensorwise\", \"convrot\": false}", T2V_OK},
        {"{\"format\": \"int8_tensorwise\", \"convrot\": true}", T2V_ERROR_UNSUPPORTED},
        {"{\"format\": \"nvfp4\"}", T2V_ERROR_UNSUPPORTED},
        {"{\"format\"", T2V_ERROR_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const size_t bytes = strlen(cases[i].word);
        const t2v_safetensors_entry entry = {
            "a.comfy_quant", T2V_U8, {.rank = 1, .dim = {(int64_t)bytes}}};
        const char *path = files_path("quantised.safetensors");
        t2v_safetensors_writer *writer;
        t2v_tensor_table table = {0};
        t2v_tensor_file *file;
        t2v_error error;
        assert_int_equal(t2v_safetensors_create(path, &entry, 1, &writer, &error), T2V_OK);
        assert_int_equal(t2v_safetensors_append(writer, 0, cases[i].word, bytes, &error), T2V_OK);
        assert_int_equal(t2v_safetensors_finish(&writer, &error), T2V_OK);
        assert_int_equal(t2v_tensor_file_open(path, &file, &error), T2V_OK);
        assert_int_equal(t2v_tensor_table_add(&table, file, NULL, NULL, &error), cases[i].status);
        t2v_tensor_table_free(&table);
        t2v_tensor_file_close(&file);
    }
}

static void incomplete_files_leave_nothing_behind(void **state)
{
    (void)state;
    t2v_error error;
    files_write_text("out", "older");
    int before = files_count();
    t2v_safetensors_writer *writer = create("out");
    assert_int_equal(t2v_safetensors_append(writer, 0, "abc", 3, NULL), T2V_OK);
    assert_int_equal(files_count(), before + 1);
    assert_int_equal(t2v_safetensors_finish(&writer, &error), T2V_ERROR_ARGUMENT);
    assert_null(writer);
    assert_non_null(strstr(error.text, "tensor number 1 has 0 of 16 bytes"));
    assert_int_equal(files_count(), before);

    writer = create("out");
    assert_int_equal(t2v_safetensors_append(writer, 0, "abcd", 4, &error), T2V_ERROR_ARGUMENT);
    assert_non_null(strstr(error.text, "1 bytes more than its 3"));
    assert_int_equal(t2v_safetensors_finish(&writer, NULL), T2V_ERROR_IO);
    assert_int_equal(files_count(), before);
    assert_int_equal(t2v_safetensors_finish(&writer, NULL), T2V_OK);
    char left[8] = "";
    FILE *older = fopen(files_path("out"), "rb");
    assert_int_equal(fread(left, 1, sizeof(left), older), 5);
    assert_string_equal(left, "older");
    fclose(older);
}

static void a_file_may_be_read_while_it_is_replaced(void **state)
{
    (void)state;
    t2v_safetensors_writer *writer;
    t2v_safetensors *file = open_good(good, 28);
    const t2v_safetensors_entry one = {"x", T2V_U8, {1, {1}}};
    assert_int_equal(t2v_safetensors_create(files_path("good"), &one, 1, &writer, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_append(writer, 0, "x", 1, NULL), T2V_OK);
    assert_int_equal(t2v_safetensors_finish(&writer, NULL), T2V_OK);
    assert_int_equal(((const unsigned char *)t2v_safetensors_find(file, "a")->data)[23], 23);
    t2v_safetensors_close(&file);
}

static void entries_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    static const struct {
        t2v_safetensors_entry entries[2];
        size_t count;
        const char *words;
    } cases[] = {
        {{{"x", T2V_U8, {0, {0}}}, {"x", T2V_U8, {0, {0}}}}, 2, "tensor x: the name is taken"},
        {{{"__metadata__", T2V_U8, {0, {0}}}}, 1, "the name is taken"},
        {{{"\xff", T2V_U8, {0, {0}}}}, 1, "not UTF-8"},
        {{{"x", T2V_U8, {1, {-1}}}}, 1, "too large"},
        {{{"x", T2V_F32, {2, {INT64_MAX, 2}}}}, 1, "too large"},
        {{{"x", T2V_F32, {1, {INT64_MAX / 2}}}}, 1, "too large"},
        {{{"x", T2V_U8, {1, {INT64_MAX / 4}}}, {"y", T2V_U8, {1, {INT64_MAX / 2}}}},
         2,
         "too large"},
    };
    int before = files_count();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t2v_safetensors_writer *writer;
        t2v_error error;
        assert_int_equal(t2v_safetensors_create(files_path("never"), cases[i].entries,
                                                cases[i].count, &writer, &error),
                         T2V_ERROR_ARGUMENT);
        assert_null(writer);
        assert_non_null(strstr(error.text, cases[i].words));
    }
    assert_int_equal(files_count(), before);
}

static void places_that_cannot_be_written_are_refused(void **state)
{
    (void)state;
    t2v_safetensors_writer *writer;
    t2v_error error;
    assert_int_equal(
        t2v_safetensors_create(files_path("no/folder"), entries, ENTRIES, &writer, &error),
        T2V_ERROR_IO);
    assert_non_null(strstr(error.text, "No such file"));
    assert_int_equal(t2v_safetensors_create("/dev/null", entries, ENTRIES, &writer, &error),
                     T2V_ERROR_ARGUMENT);
    assert_null(writer);
    assert_int_equal(access("/dev/null", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_by_name_and_in_order),
        cmocka_unit_test(unusual_headers_are_read),
        cmocka_unit_test(names_are_unescaped),
        cmocka_unit_test(types_without_arithmetic_are_known),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(zero_bytes_in_the_header_are_refused),
        cmocka_unit_test(files_cut_short_or_grown_are_refused),
        cmocka_unit_test(wrong_header_lengths_are_refused),
        cmocka_unit_test(every_changed_byte_is_survived),
        cmocka_unit_test(deep_nesting_is_refused_at_once),
        cmocka_unit_test(a_large_header_is_read),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(what_is_written_in_pieces_is_read_back),
        cmocka_unit_test(weights_that_were_turned_are_refused),
        cmocka_unit_test(incomplete_files_leave_nothing_behind),
        cmocka_unit_test(a_file_may_be_read_while_it_is_replaced),
        cmocka_unit_test(entries_that_cannot_be_written_are_refused),
        cmocka_unit_test(places_that_cannot_be_written_are_refused),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
