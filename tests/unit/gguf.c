/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "text/tokenizer.h"
#include "weights/tensor_file.h"

/* A GGUF file being put together. */
typedef struct builder {
    unsigned char bytes[4096];
    size_t count;
} builder;

static void put(builder *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        b->bytes[b->count++] = (unsigned char)(value >> 8 * i);
}

static void put_string(builder *b, const char *text)
{
    put(b, strlen(text), 8);
    memcpy(b->bytes + b->count, text, strlen(text));
    b->count += strlen(text);
}

static void put_header(builder *b, uint32_t version, uint64_t tensors, uint64_t entries)
{
    b->count = 0;
    put(b, 0x46554747, 4); /* "GGUF" */
    put(b, version, 4);
    put(b, tensors, 8);
    put(b, entries, 8);
}

static void put_tensor(builder *b, const char *name, uint32_t rank, const uint64_t *inner_first,
                       uint32_t type, uint64_t offset)
{
    put_string(b, name);
    put(b, rank, 4);
    for (uint32_t i = 0; i < rank && i < 8; i++)
        put(b, inner_first[i], 8);
    put(b, type, 4);
    put(b, offset, 8);
}

/* Up to the next multiple of the alignment, then `bytes` bytes 1, 2, 3 … */
static void put_data(builder *b, size_t alignment, size_t bytes)
{
    while (b->count % alignment)
        put(b, 0, 1);
    for (size_t i = 0; i < bytes; i++)
        put(b, i + 1, 1);
}

static void assert_refused(const builder *b, t2v_status status, const char *words)
{
    const char *path = files_write("bad.gguf", b->bytes, b->count);
    t2v_gguf *file;
    t2v_error error = {0};
    t2v_status got = t2v_gguf_open(path, &file, &error);
    if (got != status || file || strncmp(error.text, path, strlen(path)) ||
        !strstr(error.text, words))
        fail_msg("status %d, \"%s\", wanted %d and \"%s\"", got, error.text, status, words);
    assert_int_equal(t2v_gguf_open(path, &file, NULL), status);
}

static t2v_gguf *open_good(const builder *b)
{
    t2v_gguf *file;
    t2v_error error;
    if (t2v_gguf_open(files_write("good.gguf", b->bytes, b->count), &file, &error) < 0)
        fail_msg("%s", error.text);
    return file;
}

/* Two tensors, one value of each kind; whole, and where its tensors begin. */
static size_t put_good(builder *b, uint32_t version)
{
    put_header(b, version, 2, 5);
    put_string(b, "general.architecture");
    put(b, T2V_GGUF_STRING, 4);
    put_string(b, "ltxv");
    put_string(b, "general.alignment");
    put(b, T2V_GGUF_U32, 4);
    put(b, 64, 4);
    put_string(b, "comfy.gguf.orig_shape.five");
    put(b, T2V_GGUF_ARRAY, 4);
    put(b, T2V_GGUF_I32, 4);
    put(b, 5, 8);
    for (int i = 0; i < 5; i++)
        put(b, i == 2 ? 3 : 1, 4);
    put_string(b, "words");
    put(b, T2V_GGUF_ARRAY, 4);
    put(b, T2V_GGUF_STRING, 4);
    put(b, 2, 8);
    put_string(b, "one");
    put_string(b, "");
    put_string(b, "negative");
    put(b, T2V_GGUF_I16, 4);
    put(b, (uint16_t)-7, 2);
    put_tensor(b, "five", 2, (const uint64_t[]){3, 1}, 0, 0);
    put_tensor(b, "blocks", 2, (const uint64_t[]){32, 2}, 8, 64);
    put_data(b, 64, 0);
    size_t data = b->count;
    put_data(b, 64, 64 + 2 * 34);
    return data;
}

static void tensors_and_metadata_are_found(void **state)
{
    (void)state;
    for (uint32_t version = 2; version <= 3; version++) {
        builder b;
        size_t data = put_good(&b, version);
        t2v_gguf *file = open_good(&b);
        const char *name;
        const uint8_t *next;
        assert_int_equal(t2v_gguf_count(file), 2);
        const t2v_tensor *five = t2v_gguf_at(file, 0, &name), *blocks = t2v_gguf_at(file, 1, NULL);
        assert_string_equal(name, "five");
        assert_true(t2v_shape_equal(&five->shape, &(t2v_shape){5, {1, 1, 3, 1, 1}}));
        assert_int_equal(((const unsigned char *)five->data)[0], 1);
        assert_true(t2v_shape_equal(&blocks->shape, &(t2v_shape){2, {2, 32}}));
        assert_int_equal(blocks->dtype, T2V_Q8_0);
        assert_int_equal(blocks->bytes, 68);
        assert_int_equal(((const unsigned char *)blocks->data)[0], 65);
        const t2v_gguf_value *words = t2v_gguf_metadata(file, "words");
        assert_true(words->array && words->count == 2 && words->type == T2V_GGUF_STRING);
        t2v_gguf_string word = t2v_gguf_string_at(words->data, &next);
        assert_true(word.bytes == 3 && !memcmp(word.text, "one", 3));
        assert_int_equal(t2v_gguf_string_at(next, &next).bytes, 0);
        assert_int_equal(t2v_gguf_integer_at(t2v_gguf_metadata(file, "negative"), 0), -7);
        assert_null(t2v_gguf_metadata(file, "word"));
        assert_int_equal(t2v_gguf_bytes(file), data + 64 + 68);
        t2v_gguf_close(&file);
        assert_null(file);
        t2v_gguf_close(&file);
    }
}

static void files_cut_short_anywhere_are_refused(void **state)
{
    (void)state;
    builder b;
    put_good(&b, 3);
    for (size_t bytes = 0; bytes < b.count; bytes++) {
        t2v_gguf *file;
        t2v_error error;
        t2v_status status = t2v_gguf_open(files_write("cut.gguf", b.bytes, bytes), &file, &error);
        if (status != T2V_ERROR_FORMAT || file)
            fail_msg("%zu bytes: status %d", bytes, status);
    }
}

/* Whatever a byte says, opening is safe, and so is reading what was accepted. */
static void changed_bytes_are_refused_or_harmless(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, 1, 7, 9, 31, 0x7f, 0x80, 0xff};
    builder b;
    size_t data = put_good(&b, 3);
    float row[32];
    for (size_t i = 0; i < data; i++)
        for (size_t j = 0; j < sizeof(values); j++) {
            builder changed = b;
            t2v_gguf *file;
            changed.bytes[i] = values[j];
            t2v_gguf_open(files_write("changed.gguf", changed.bytes, changed.count), &file, NULL);
            for (size_t k = 0; file && k < t2v_gguf_count(file); k++) {
                const t2v_tensor *tensor = t2v_gguf_at(file, k, NULL);
                size_t count;
                if (t2v_shape_count(&tensor->shape, &count) && t2v_dtype_is_float(tensor->dtype))
                    t2v_tensor_read_f32(tensor, 0, count < 32 ? count : 32, row);
            }
            t2v_gguf_close(&file);
        }
}

static void wild_headers_are_refused(void **state)
{
    (void)state;
    builder b;
    put_header(&b, 1, 0, 0);
    assert_refused(&b, T2V_ERROR_UNSUPPORTED, "GGUF version 1, wanted 2 or 3");
    put_header(&b, 3 << 24, 0, 0);
    assert_refused(&b, T2V_ERROR_UNSUPPORTED, "or a big endian file");
    put_header(&b, 3, UINT64_MAX, 0);
    assert_refused(&b, T2V_ERROR_FORMAT, "18446744073709551615 tensors, wanted at most");
    put_header(&b, 3, 0, 1 << 17);
    assert_refused(&b, T2V_ERROR_FORMAT, "131072 metadata entries, wanted at most");
    put_header(&b, 3, 60000, 0);
    assert_refused(&b, T2V_ERROR_FORMAT, "tensor number 0 reaches beyond the end");
    b.bytes[0] = 'g';
    assert_refused(&b, T2V_ERROR_FORMAT, "does not begin with GGUF");
}

static void wild_metadata_is_refused(void **state)
{
    (void)state;
    builder b;
    put_header(&b, 3, 0, 1);
    put(&b, UINT64_MAX, 8); /* length of the key */
    assert_refused(&b, T2V_ERROR_FORMAT, "metadata entry 0 reaches beyond the end");
    put_header(&b, 3, 0, 1);
    put_string(&b, "");
    assert_refused(&b, T2V_ERROR_FORMAT, "a name of 0 bytes");
    put_header(&b, 3, 0, 1);
    put_string(&b, "\xff");
    assert_refused(&b, T2V_ERROR_FORMAT, "wanted 1 to 1024 of UTF-8");
    put_header(&b, 3, 0, 1);
    put_string(&b, "k");
    put(&b, 13, 4);
    assert_refused(&b, T2V_ERROR_FORMAT, "k has type 13, wanted one below 13");
    put_header(&b, 3, 0, 1);
    put_string(&b, "k");
    put(&b, T2V_GGUF_ARRAY, 4);
    put(&b, T2V_GGUF_ARRAY, 4);
    put(&b, 1, 8);
    assert_refused(&b, T2V_ERROR_FORMAT, "k is an array of arrays");
    put_header(&b, 3, 0, 1);
    put_string(&b, "k");
    put(&b, T2V_GGUF_ARRAY, 4);
    put(&b, T2V_GGUF_F64, 4);
    put(&b, UINT64_MAX / 8 + 2, 8); /* times eight it is small again */
    put(&b, 0, 8);
    assert_refused(&b, T2V_ERROR_FORMAT, "k reaches beyond the end");
    put_header(&b, 3, 0, 2);
    for (int i = 0; i < 2; i++) {
        put_string(&b, "k");
        put(&b, T2V_GGUF_U8, 4);
        put(&b, 1, 1);
    }
    assert_refused(&b, T2V_ERROR_FORMAT, "metadata entry k is there twice");
}

static void wild_alignments_are_refused(void **state)
{
    (void)state;
    static const uint32_t alignments[] = {0, 3, 48, 1u << 21, UINT32_MAX};
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        builder b;
        put_header(&b, 3, 0, 1);
        put_string(&b, "general.alignment");
        put(&b, T2V_GGUF_U32, 4);
        put(&b, alignments[i], 4);
        assert_refused(&b, T2V_ERROR_FORMAT, "no power of two");
    }
}

static void wild_tensors_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t rank;
        uint64_t dim[8];
        uint32_t type;
        uint64_t offset;
        t2v_status status;
        const char *words;
    } cases[] = {
        {7, {1}, 0, 0, T2V_ERROR_FORMAT, "has 7 dimensions, wanted at most 6"},
        {UINT32_MAX, {1}, 0, 0, T2V_ERROR_FORMAT, "has 4294967295 dimensions"},
        {1, {1ull << 63}, 0, 0, T2V_ERROR_FORMAT, "wanted one below 2^63"},
        {2, {1ull << 62, 4}, 0, 0, T2V_ERROR_FORMAT, "too large"},
        {1, {1ull << 62}, 0, 0, T2V_ERROR_FORMAT, "too large"},
        {1, {1}, 4, 0, T2V_ERROR_UNSUPPORTED, "element type 4 of ggml"},
        {1, {1}, UINT32_MAX, 0, T2V_ERROR_UNSUPPORTED, "element type 4294967295"},
        {1, {31}, 8, 0, T2V_ERROR_FORMAT, "not whole blocks of 32"},
        {2, {128, 2}, 12, 0, T2V_ERROR_FORMAT, "not whole blocks of 256"},
        {1, {1}, 0, 4, T2V_ERROR_FORMAT, "begins at byte 4, wanted a multiple of 32"},
        {1, {1}, 0, UINT64_MAX - 31, T2V_ERROR_FORMAT, "the file has 64 for tensors"},
        {1, {1}, 0, 64, T2V_ERROR_FORMAT, "cut short"},
        {1, {17}, 0, 0, T2V_ERROR_FORMAT, "takes 68 bytes from byte 0 on"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        builder b;
        put_header(&b, 3, 1, 0);
        put_tensor(&b, "t", cases[i].rank, cases[i].dim, cases[i].type, cases[i].offset);
        put_data(&b, 32, 64);
        assert_refused(&b, cases[i].status, cases[i].words);
    }
}

static void tensors_of_one_name_are_refused(void **state)
{
    (void)state;
    builder b;
    put_header(&b, 3, 2, 0);
    put_tensor(&b, "t", 1, (const uint64_t[]){1}, 0, 0);
    put_tensor(&b, "t", 1, (const uint64_t[]){1}, 0, 32);
    put_data(&b, 32, 64);
    assert_refused(&b, T2V_ERROR_FORMAT, "tensor t is there twice");
}

static void original_shapes_must_fit(void **state)
{
    (void)state;
    for (int type = 0; type < 2; type++) {
        builder b;
        put_header(&b, 3, 1, 1);
        put_string(&b, "comfy.gguf.orig_shape.t");
        put(&b, T2V_GGUF_ARRAY, 4);
        put(&b, type ? T2V_GGUF_F32 : T2V_GGUF_I32, 4);
        put(&b, 2, 8);
        put(&b, type ? 4 : (uint32_t)-2, 4);
        put(&b, type ? 1 : (uint32_t)-2, 4);
        put_tensor(&b, "t", 1, (const uint64_t[]){4}, 0, 0);
        put_data(&b, 32, 16);
        assert_refused(&b, T2V_ERROR_FORMAT, "is no shape of the tensor's 4 elements");
    }
}

/* Any range of a quantised tensor is the same as that range of the whole. */
static void parts_of_blocks_are_read(void **state)
{
    (void)state;
    unsigned char bytes[3 * 34];
    float whole[96], part[96];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i % 34 == 1 ? 0x3c : 37 * i); /* scales near one */
    const t2v_tensor tensor = {
        .dtype = T2V_Q8_0, .shape = {1, {96}}, .data = bytes, .bytes = sizeof(bytes)};
    t2v_tensor_read_f32(&tensor, 0, 96, whole);
    for (size_t first = 0; first < 96; first++)
        for (size_t count = 0; first + count <= 96; count++) {
            memset(part, 0, sizeof(part));
            t2v_tensor_read_f32(&tensor, first, count, part);
            assert_memory_equal(part, whole + first, count * sizeof(float));
            assert_true(count == 96 || part[count] == 0);
        }
}

static void files_are_told_apart_by_their_first_bytes(void **state)
{
    (void)state;
    static const char raw[] = "\x80\2\x8a\nl\xfc\x9c\x46\xf9 ", zip[] = "PK\3\4 archive/data.pkl";
    t2v_tensor_file *file;
    t2v_error error;
    builder b;
    put_good(&b, 3);
    assert_int_equal(
        t2v_tensor_file_open(files_write("m.safetensors", b.bytes, b.count), &file, NULL), T2V_OK);
    assert_non_null(t2v_tensor_file_gguf(file));
    assert_int_equal(t2v_tensor_file_count(file), 2);
    t2v_tensor_file_close(&file);
    assert_int_equal(t2v_tensor_file_open(files_write_safetensors("m.gguf", "{}", 0), &file, NULL),
                     T2V_OK);
    assert_null(t2v_tensor_file_gguf(file));
    t2v_tensor_file_close(&file);
    const char *paths[] = {files_write("m.pt", raw, sizeof(raw)),
                           files_write("m.ckpt", zip, sizeof(zip))};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(t2v_tensor_file_open(paths[i], &file, &error), T2V_ERROR_UNSUPPORTED);
        assert_null(file);
        assert_non_null(strstr(error.text, "is a pickle"));
        assert_non_null(strstr(error.text, "safetensors.torch.save_file"));
    }
}

/* ------------------------------------------------------------------ vocabularies */

typedef struct token {
    const char *text;
    float score;
    uint32_t type;
} token;

static void put_array(builder *b, const char *key, uint32_t type, uint64_t count)
{
    put_string(b, key);
    put(b, T2V_GGUF_ARRAY, 4);
    put(b, type, 4);
    put(b, count, 8);
}

/* A file without tensors whose vocabulary has as many scores as are wanted. */
static t2v_gguf *open_vocabulary(const token *tokens, int count, int scores)
{
    builder b;
    t2v_gguf *file;
    t2v_error error;
    put_header(&b, 3, 0, 3);
    put_array(&b, "tokenizer.ggml.tokens", T2V_GGUF_STRING, (uint64_t)count);
    for (int i = 0; i < count; i++)
        put_string(&b, tokens[i].text);
    put_array(&b, "tokenizer.ggml.scores", T2V_GGUF_F32, (uint64_t)scores);
    for (int i = 0; i < scores; i++) {
        uint32_t bits;
        memcpy(&bits, &tokens[i].score, sizeof(bits));
        put(&b, bits, 4);
    }
    put_array(&b, "tokenizer.ggml.token_type", T2V_GGUF_I32, (uint64_t)count);
    for (int i = 0; i < count; i++)
        put(&b, tokens[i].type, 4);
    put_data(&b, 32, 0);
    assert_int_equal(t2v_gguf_open(files_write("vocabulary.gguf", b.bytes, b.count), &file, &error),
                     T2V_OK);
    return file;
}

static const token vocabulary[] = {
    {"<pad>", 0, 3}, {"</s>", 0, 3},  {"<unk>", 0, 2},          {"\xe2\x96\x81go", -1, 1},
    {"ld", -2, 1},   {"go", -3.5, 1}, {"[PAD6]", -10000.0f, 5}, {"[PAD7]", -10000.0f, 5},
};

static void a_vocabulary_in_metadata_is_read(void **state)
{
    (void)state;
    t2v_gguf *file = open_vocabulary(vocabulary, 8, 8);
    t2v_tokenizer *tokenizer;
    t2v_error error;
    int64_t ids[5];
    assert_int_equal(t2v_tokenizer_from_gguf(file, &tokenizer, &error), T2V_OK);
    t2v_gguf_close(&file);
    assert_int_equal(t2v_tokenizer_pieces(tokenizer), 6);
    assert_int_equal(t2v_tokenizer_encode(tokenizer, "gold", 5, ids, NULL, NULL, &error), T2V_OK);
    static const int64_t wanted[] = {3, 4, 1, 0, 0};
    assert_memory_equal(ids, wanted, sizeof(wanted));
    t2v_tokenizer_close(&tokenizer);
}

static void a_damaged_vocabulary_is_refused(void **state)
{
    (void)state;
    static const token types[] = {{"<pad>", 0, 3}, {"</s>", 0, 9}};
    static const token empty[] = {{"<pad>", 0, 3}, {"", 0, 1}};
    static const token nameless[] = {{"<pad>", 0, 3}, {"</s>", 0, 3}, {"a", 0, 1}, {"b", 0, 1}};
    const struct {
        const token *tokens;
        int count, scores;
        const char *words;
    } cases[] = {
        {vocabulary, 8, 7, "tokenizer.ggml.scores is no list"},
        {vocabulary, 0, 0, "a vocabulary of 0 pieces"},
        {types, 2, 2, "piece 1 has type 9"},
        {empty, 2, 2, "piece 1 has 0 bytes"},
        {nameless, 4, 4, "no unknown piece"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t2v_gguf *file = open_vocabulary(cases[i].tokens, cases[i].count, cases[i].scores);
        t2v_tokenizer *tokenizer;
        t2v_error error = {0};
        assert_true(t2v_tokenizer_from_gguf(file, &tokenizer, &error) < 0);
        assert_null(tokenizer);
        if (!strstr(error.text, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", error.text, cases[i].words);
        t2v_gguf_close(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_and_metadata_are_found),
        cmocka_unit_test(files_cut_short_anywhere_are_refused),
        cmocka_unit_test(changed_bytes_are_refused_or_harmless),
        cmocka_unit_test(wild_headers_are_refused),
        cmocka_unit_test(wild_metadata_is_refused),
        cmocka_unit_test(wild_alignments_are_refused),
        cmocka_unit_test(wild_tensors_are_refused),
        cmocka_unit_test(tensors_of_one_name_are_refused),
        cmocka_unit_test(original_shapes_must_fit),
        cmocka_unit_test(parts_of_blocks_are_read),
        cmocka_unit_test(files_are_told_apart_by_their_first_bytes),
        cmocka_unit_test(a_vocabulary_in_metadata_is_read),
        cmocka_unit_test(a_damaged_vocabulary_is_refused),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
