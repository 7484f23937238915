/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "tensor/tensor.h"

static void fail_formats_and_returns(void **state)
{
    (void)state;
    t2v_error error;
    assert_int_equal(t2v_fail(&error, T2V_ERROR_FORMAT, "%s: %d", "file", 7), T2V_ERROR_FORMAT);
    assert_string_equal(error.text, "file: 7");
    assert_int_equal(error.status, T2V_ERROR_FORMAT);
    assert_int_equal(t2v_fail(NULL, T2V_ERROR_IO, "nobody listens"), T2V_ERROR_IO);
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
    assert_ptr_equal(again, first);
    assert_int_equal(arena.peak, peak);
    assert_int_equal((uintptr_t)outer % 64, 0);
    t2v_arena_reset(&arena, (t2v_arena_mark){0});
    assert_int_equal(arena.used, 0);
    assert_ptr_equal(t2v_arena_alloc(&arena, 1, 1), outer);
    t2v_arena_free(&arena);
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_formats_and_returns),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(arena_gives_back_to_the_mark),
        cmocka_unit_test(half_floats_become_floats),
        cmocka_unit_test(shapes_count_and_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
