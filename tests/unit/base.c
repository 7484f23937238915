/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "tensor/tensor.h"

/* Lengths around a block and its padding; what `sha256sum` says of as many letters "a". */
static void sha_256_is_that_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint8_t first[4];
    } rows[] = {
        {0, {0xe3, 0xb0, 0xc4, 0x42}},   {3, {0x98, 0x34, 0x87, 0x6d}},
        {55, {0x9f, 0x43, 0x90, 0xf8}},  {56, {0xb3, 0x54, 0x39, 0xa4}},
        {63, {0x7d, 0x3e, 0x74, 0xa0}},  {64, {0xff, 0xe0, 0x54, 0xfe}},
        {65, {0x63, 0x53, 0x61, 0xc4}},  {119, {0x31, 0xeb, 0xa5, 0x1c}},
        {120, {0x2f, 0x3d, 0x33, 0x54}}, {200, {0xc2, 0xa9, 0x08, 0xd9}},
    };
    char text[200];
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t digest[T2V_SHA256_BYTES];
        t2v_sha256(text, rows[i].size, digest);
        assert_memory_equal(digest, rows[i].first, sizeof(rows[i].first));
    }
}

static void fail_formats_and_returns(void **state)
{
    (void)state;
    t2v_error error;
    assert_int_equal(t2v_fail(&error, T2V_ERROR_FORMAT, "%s: %d", "file", 7), T2V_ERROR_FORMAT);
    assert_string_equal(error.text, "file: 7");
    assert_int_equal(error.status, T2V_ERROR_FORMAT);
    assert_int_equal(t2v_fail(NULL, T2V_ERROR_IO, "nobody listens"), T2V_ERROR_IO);
    assert_int_equal(t2v_fail_memory(&error, "frames", 12), T2V_ERROR_MEMORY);
    assert_string_equal(error.text, "out of memory: 12 bytes for frames");
}

static void error_texts_are_one_line_of_utf_8(void **state)
{
    (void)state;
    t2v_error error;
    t2v_fail(&error, T2V_ERROR_FORMAT, "a\nb\tc\x7f %s", "\xff\xc3 ä\xe2\x82");
    assert_string_equal(error.text, "a b c  ?? ä??");
}

static void error_texts_that_do_not_fit_are_cut_between_characters(void **state)
{
    (void)state;
    t2v_error error;
    char name[2 * sizeof(error.text)];
    for (int shift = 0; shift < 4; shift++) {
        memset(name, 'x', sizeof(name));
        for (size_t i = (size_t)shift; i + 4 < sizeof(name); i += 4)
            memcpy(name + i, "😀", 4);
        name[sizeof(name) - 1] = 0;
        t2v_fail(&error, T2V_ERROR_FORMAT, "%s", name);
        size_t length = strlen(error.text);
        assert_true(length > sizeof(error.text) - 8 && length < sizeof(error.text));
        assert_string_equal(error.text + length - 3, "…");
        assert_memory_equal(error.text, name, length - 3);
        assert_true(t2v_utf8_valid(error.text, length));
    }
    memset(name, 'x', sizeof(name));
    name[sizeof(error.text) - 1] = 0; /* fits just so */
    t2v_fail(&error, T2V_ERROR_FORMAT, "%s", name);
    assert_string_equal(error.text, name);
}

static void utf_8_is_told_from_other_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\x80", 0}, /* a continuation alone */
        {"\xbf", 0},
        {"\xc0\x80", 0}, /* overlong */
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xed\xa0\x80", 0}, /* surrogates */
        {"\xed\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xc3", 0}, /* cut short */
        {"\xe2\x82", 0},
        {"\xf0\x9f\x98", 0},
        {"\xc3z", 0}, /* wrong continuation */
        {"\xe2\x82z", 0},
        {"\xf0\x9f\x98z", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(t2v_utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
    assert_int_equal(t2v_utf8_length("\0", 1), 1);
    assert_int_equal(t2v_utf8_length("äx", 1), 0);
    assert_true(t2v_utf8_valid("", 0));
    assert_true(t2v_utf8_valid("aä€😀", strlen("aä€😀")));
    assert_false(t2v_utf8_valid("aä€😀", strlen("aä€😀") - 1));
    for (size_t i = 0; i < 20; i++) {
        char text[] = "twenty bytes of ASCII";
        assert_true(t2v_utf8_valid(text, 20));
        text[i] = (char)0x80;
        assert_false(t2v_utf8_valid(text, 20));
        memcpy(text + i, "ä", 2);
        assert_true(t2v_utf8_valid(text, 21));
    }
}

struct heard {
    int count;
    t2v_log_level level;
    char text[2048];
};

static void hear(void *opaque, t2v_log_level level, const char *text)
{
    struct heard *heard = opaque;
    heard->count++;
    heard->level = level;
    snprintf(heard->text, sizeof(heard->text), "%s", text);
}

static void messages_reach_the_application(void **state)
{
    (void)state;
    struct heard heard = {0};
    char name[1500];
    t2v_log_write(&(t2v_log){hear, &heard}, T2V_LOG_WARNING, "%d frames", 3);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.level, T2V_LOG_WARNING);
    assert_string_equal(heard.text, "3 frames");
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = 0;
    t2v_log_write(&(t2v_log){hear, &heard}, T2V_LOG_INFO, "%s\n", name);
    assert_true(strlen(heard.text) < 1024);
    t2v_log_write(&(t2v_log){hear, &heard}, T2V_LOG_INFO, "two\nlines");
    assert_string_equal(heard.text, "two lines");
    t2v_log_write(&(t2v_log){0}, T2V_LOG_INFO, "nobody listens");
    t2v_log_write(NULL, T2V_LOG_INFO, "nobody listens");
    assert_int_equal(heard.count, 3);
}

static void products_that_overflow_are_refused(void **state)
{
    (void)state;
    size_t product;
    assert_true(t2v_mul_size(3, 5, &product));
    assert_int_equal(product, 15);
    assert_false(t2v_mul_size(SIZE_MAX / 2, 3, &product));
    assert_null(t2v_calloc(SIZE_MAX / 2, 3));
    t2v_arena arena = {0};
    assert_null(t2v_arena_alloc(&arena, SIZE_MAX / 2, 3));
    t2v_arena_free(&arena);
}

static void arena_gives_back_to_the_mark(void **state)
{
    (void)state;
    t2v_arena arena = {0};
    char *outer = t2v_arena_alloc(&arena, 100, 1);
    t2v_arena_mark mark = t2v_arena_get_mark(&arena);
    char *first = t2v_arena_alloc(&arena, 3 << 20, 1);
    char *second = t2v_arena_alloc(&arena, 10, 1);
    memset(first, 1, 3 << 20);
    memset(second, 2, 10);
    size_t peak = arena.peak;
    t2v_arena_reset(&arena, mark);
    char *again = t2v_arena_alloc(&arena, 3 << 20, 1);
    t2v_arena_reset(&arena, mark);
    assert_ptr_equal(t2v_arena_alloc(&arena, 3 << 20, 1), again);
    assert_int_equal(arena.peak, peak);
    assert_int_equal((uintptr_t)outer % 64, 0);
    t2v_arena_reset(&arena, (t2v_arena_mark){0});
    assert_int_equal(arena.used, 0);
    t2v_arena_free(&arena);
}

static void arena_keeps_its_blocks_for_the_next_round(void **state)
{
    (void)state;
    static const size_t sizes[] = {100, 1 << 20, 5, 3 << 20, 700000, 700000};
    enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    t2v_arena arena = {0};
    char *first[COUNT];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            char *block = t2v_arena_alloc(&arena, sizes[i], 1);
            assert_int_equal((uintptr_t)block % 64, 0);
            memset(block, (int)i, sizes[i]);
            if (round > 1) /* the first round's blocks became one */
                assert_ptr_equal(block, first[i]);
            first[i] = block;
        }
        for (size_t i = 0; i < COUNT; i++) /* nobody wrote into another's memory */
            assert_true(first[i][0] == (char)i && first[i][sizes[i] - 1] == (char)i);
        t2v_arena_reset(&arena, (t2v_arena_mark){0});
        assert_int_equal(arena.used, 0);
    }
    t2v_arena_free(&arena);
    assert_null(arena.first);
    t2v_arena_free(&arena);
}

static void arena_replaces_a_kept_block_that_is_too_small(void **state)
{
    (void)state;
    t2v_arena arena = {0};
    t2v_arena_mark empty = t2v_arena_get_mark(&arena);
    assert_non_null(t2v_arena_alloc(&arena, 1 << 20, 1));
    t2v_arena_mark mark = t2v_arena_get_mark(&arena);
    assert_non_null(t2v_arena_alloc(&arena, 1 << 20, 1));
    t2v_arena_reset(&arena, mark);
    char *large = t2v_arena_alloc(&arena, 4 << 20, 1);
    memset(large, 1, 4 << 20);
    assert_int_equal(arena.used, 5 << 20);
    assert_int_equal(arena.peak, 5 << 20);
    t2v_arena_reset(&arena, empty);
    assert_int_equal(arena.used, 0);
    assert_int_equal(arena.peak, 5 << 20);
    t2v_arena_free(&arena);
}

static void arena_keeps_no_more_than_its_peak(void **state)
{
    (void)state;
    t2v_arena arena = {0};
    char *start = NULL;
    for (int round = 0; round < 8; round++) {
        /* rounds of different sizes, as the first, the middle and the last frames of a video */
        size_t size = (size_t)(round % 3 + 1) << 20;
        char *block = t2v_arena_alloc(&arena, size, 1);
        for (int i = 0; i < 5; i++)
            assert_non_null(t2v_arena_alloc(&arena, size / 2 * (size_t)(i % 2 + 1), 1));
        if (round > 3)
            assert_ptr_equal(block, start); /* all in one block by now */
        start = block;
        t2v_arena_reset(&arena, (t2v_arena_mark){0});
    }
    char *whole = t2v_arena_alloc(&arena, arena.peak, 1);
    assert_ptr_equal(whole, start);
    t2v_arena_free(&arena);
}

static void allocations_are_aligned_and_zeroed(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 200; bytes += 13) {
        char *block = t2v_calloc(bytes, 1);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(block[i], 0);
        t2v_free(block);
    }
    assert_null(t2v_alloc(SIZE_MAX));
    assert_null(t2v_alloc(SIZE_MAX - 62));
    char *copy = t2v_strdup("text");
    assert_string_equal(copy, "text");
    t2v_free(copy);
    assert_null(t2v_strdup(NULL));
    t2v_free(NULL);
}

/* IEEE 754-2019, 3.4: the value of the bit pattern, put together by arithmetic. */
static double value_of(unsigned bits, int exponent_bits, int mantissa_bits)
{
    int bias = (1 << (exponent_bits - 1)) - 1;
    int exponent = (int)(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
    double fraction = (bits & ((1u << mantissa_bits) - 1)) / (double)(1 << mantissa_bits);
    double size = exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias);
    if (exponent == (1 << exponent_bits) - 1)
        size = fraction > 0 ? (double)NAN : (double)INFINITY;
    return bits >> (exponent_bits + mantissa_bits) & 1 ? -size : size;
}

static void assert_same(float got, double wanted)
{
    assert_int_equal(isnan(got), isnan(wanted));
    if (isnan(wanted))
        return;
    assert_true(got == wanted);
    assert_int_equal(!!signbit(got), !!signbit(wanted));
}

static void all_half_floats_have_their_value(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        assert_same(t2v_f16_to_f32((uint16_t)bits), value_of(bits, 5, 10));
        assert_same(t2v_bf16_to_f32((uint16_t)bits), value_of(bits, 8, 7));
    }
}

static void tensors_are_read_from_any_address(void **state)
{
    (void)state;
    const float values[] = {1, -2.5f, 0, 1024};
    const uint16_t halves[] = {0x3c00, 0xc100, 0, 0x6400}, brains[] = {0x3f80, 0xc020, 0, 0x4480};
    const struct {
        t2v_dtype dtype;
        const void *data;
    } cases[] = {{T2V_F32, values}, {T2V_F16, halves}, {T2V_BF16, brains}};
    char memory[32];
    for (int i = 0; i < 3; i++)
        for (int shift = 0; shift < 4; shift++) {
            t2v_tensor tensor = {.dtype = cases[i].dtype,
                                 .shape = {1, {4}},
                                 .data = memory + shift,
                                 .bytes = 4 * t2v_dtype_size(cases[i].dtype)};
            float out[3] = {7, 7, 7};
            memcpy(memory + shift, cases[i].data, tensor.bytes);
            t2v_tensor_read_f32(&tensor, 1, 2, out);
            assert_true(out[0] == values[1] && out[1] == values[2] && out[2] == 7);
            t2v_tensor_read_f32(&tensor, 4, 0, out);
            float *all;
            assert_int_equal(t2v_tensor_to_floats(&tensor, &all, NULL), T2V_OK);
            assert_memory_equal(all, values, sizeof(values));
            t2v_free(all);
        }
}

static void half_floats_become_floats(void **state)
{
    (void)state;
    assert_float_equal(t2v_f16_to_f32(0x3c00), 1.0f, 0);
    assert_float_equal(t2v_f16_to_f32(0xc000), -2.0f, 0);
    assert_float_equal(t2v_f16_to_f32(0x0001), 0x1p-24f, 0);
    assert_float_equal(t2v_f16_to_f32(0x8400), -0x1p-14f, 0);
    assert_float_equal(t2v_f16_to_f32(0x7bff), 65504.0f, 0);
    assert_true(t2v_f16_to_f32(0x7c00) > 1e38f);
    assert_float_equal(t2v_bf16_to_f32(0x3fc0), 1.5f, 0);
}

static void shapes_count_and_print(void **state)
{
    (void)state;
    t2v_shape shape = {3, {2, 3, 4}}, wild = {2, {INT64_MAX, 3}};
    size_t count;
    char text[64];
    assert_true(t2v_shape_count(&shape, &count));
    assert_int_equal(count, 24);
    assert_false(t2v_shape_count(&wild, &count));
    t2v_shape_format(&shape, text, sizeof(text));
    assert_string_equal(text, "[2, 3, 4]");
    t2v_shape scalar = {0, {0}}, none = {3, {4, 0, 5}}, negative = {1, {-1}};
    assert_true(t2v_shape_count(&scalar, &count));
    assert_int_equal(count, 1);
    t2v_shape_format(&scalar, text, sizeof(text));
    assert_string_equal(text, "[]");
    assert_true(t2v_shape_count(&none, &count));
    assert_int_equal(count, 0);
    assert_false(t2v_shape_count(&negative, &count));
    for (size_t size = 1; size < 12; size++) { /* cut, but always ended and never beyond */
        memset(text, '#', sizeof(text));
        t2v_shape_format(&shape, text, size);
        assert_memory_equal(text, "[2, 3, 4]", strlen(text));
        assert_int_equal(strlen(text), size > 9 ? 9 : size - 1);
        assert_int_equal(text[size], '#');
    }
}

static void shapes_compare_by_rank_and_size(void **state)
{
    (void)state;
    t2v_shape shape = {2, {2, 3, 9}};
    assert_true(t2v_shape_equal(&shape, &(t2v_shape){2, {2, 3, 4}}));
    assert_false(t2v_shape_equal(&shape, &(t2v_shape){2, {3, 2}}));
    assert_false(t2v_shape_equal(&shape, &(t2v_shape){3, {2, 3, 9}}));
    assert_true(t2v_shape_equal(&(t2v_shape){0, {1}}, &(t2v_shape){0, {2}}));
}

static void element_types_have_names_and_sizes(void **state)
{
    (void)state;
    static const struct {
        t2v_dtype dtype;
        const char *name;
        size_t size;
    } cases[] = {{T2V_F32, "F32", 4}, {T2V_F16, "F16", 2}, {T2V_BF16, "BF16", 2},
                 {T2V_I64, "I64", 8}, {T2V_I32, "I32", 4}, {T2V_U8, "U8", 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(t2v_dtype_name(cases[i].dtype), cases[i].name);
        assert_int_equal(t2v_dtype_size(cases[i].dtype), cases[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_256_is_that_of_the_standard),
        cmocka_unit_test(fail_formats_and_returns),
        cmocka_unit_test(error_texts_are_one_line_of_utf_8),
        cmocka_unit_test(error_texts_that_do_not_fit_are_cut_between_characters),
        cmocka_unit_test(utf_8_is_told_from_other_bytes),
        cmocka_unit_test(messages_reach_the_application),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(arena_gives_back_to_the_mark),
        cmocka_unit_test(arena_keeps_its_blocks_for_the_next_round),
        cmocka_unit_test(arena_replaces_a_kept_block_that_is_too_small),
        cmocka_unit_test(arena_keeps_no_more_than_its_peak),
        cmocka_unit_test(allocations_are_aligned_and_zeroed),
        cmocka_unit_test(all_half_floats_have_their_value),
        cmocka_unit_test(tensors_are_read_from_any_address),
        cmocka_unit_test(half_floats_become_floats),
        cmocka_unit_test(shapes_count_and_print),
        cmocka_unit_test(shapes_compare_by_rank_and_size),
        cmocka_unit_test(element_types_have_names_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
