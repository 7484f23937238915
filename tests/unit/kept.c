/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is prepared from weights stays within a limit, and a rehearsal foretells what a run takes.
 */
#include "operations.h"

#include <string.h>

#include "engine/memory_limit.h"
#include "ops/attention.h"
#include "ops/conv3d.h"
#include "ops/kept.h"
#include "ops/linear.h"
#include "ops/rehearsal.h"

enum { LAYERS = 4, WIDTH = 256, ROWS = 40 };

/* Linear layers, each with the weights that it needs, and what they run on. */
typedef struct stack {
    float *weights[LAYERS], *x, *y;
    t2v_linear *layer[LAYERS];
    t2v_kept kept;
} stack;

static t2v_tensor tensor_of(const float *data, int rank, const int64_t *dim)
{
    t2v_tensor tensor = {.dtype = T2V_F32, .data = data};
    size_t count;
    tensor.shape.rank = rank;
    memcpy(tensor.shape.dim, dim, (size_t)rank * sizeof(*dim));
    assert_true(t2v_shape_count(&tensor.shape, &count));
    tensor.bytes = count * sizeof(float);
    return tensor;
}

static void start(stack *s, t2v_precision precision, size_t limit)
{
    const int64_t dim[2] = {WIDTH, WIDTH};
    t2v_kept_init(&s->kept, limit);
    s->x = numbers(ROWS * WIDTH, 90);
    s->y = numbers(ROWS * WIDTH, 91);
    for (int i = 0; i < LAYERS; i++) {
        s->weights[i] = numbers(WIDTH * WIDTH, (uint32_t)i + 1);
        const t2v_tensor weight = tensor_of(s->weights[i], 2, dim);
        assert_int_equal(t2v_linear_create(1, &weight, NULL, precision, &s->layer[i], &error),
                         T2V_OK);
    }
    exec->kept = &s->kept;
}

static void end(stack *s)
{
    exec->kept = NULL;
    for (int i = 0; i < LAYERS; i++) {
        t2v_linear_free(&s->layer[i]);
        t2v_free(s->weights[i]);
    }
    t2v_free(s->x);
    t2v_free(s->y);
    assert_int_equal(s->kept.bytes, 0);
    t2v_kept_destroy(&s->kept);
}

static void run_layer(stack *s, int i)
{
    assert_int_equal(
        t2v_linear_run(exec, s->layer[i], s->x, ROWS, T2V_ACTIVATION_NONE, false, s->y), T2V_OK);
}

/* The sum of what all layers give, twice over, as bytes would differ in it. */
static void run_all(stack *s, float *sums)
{
    memset(sums, 0, ROWS * WIDTH * sizeof(*sums));
    for (int pass = 0; pass < 2; pass++) {
        t2v_kept_pass(&s->kept);
        for (int i = 0; i < LAYERS; i++) {
            run_layer(s, i);
            for (int j = 0; j < ROWS * WIDTH; j++)
                sums[j] += s->y[j];
        }
    }
}

static size_t layer_bytes(t2v_precision precision)
{
    stack s;
    start(&s, precision, SIZE_MAX);
    run_layer(&s, 0);
    const size_t bytes = t2v_kept_bytes(&s.kept);
    end(&s);
    return bytes;
}

static void a_limit_changes_no_bit_of_the_results(void **state)
{
    static float all[ROWS * WIDTH], some[ROWS * WIDTH];
    const size_t least[] = {4, 2, 1}; /* bytes of a weight */
    (void)state;
    for (int precision = T2V_PRECISION_F32; precision <= T2V_PRECISION_INT8; precision++) {
        const size_t each = layer_bytes((t2v_precision)precision);
        assert_true(each >= least[precision] * WIDTH * WIDTH);
        for (size_t limit = 0; limit <= LAYERS; limit += 2) {
            stack s;
            start(&s, (t2v_precision)precision, SIZE_MAX);
            run_all(&s, all);
            assert_int_equal(t2v_kept_bytes(&s.kept), LAYERS * each);
            end(&s);
            start(&s, (t2v_precision)precision, limit * each);
            run_all(&s, some);
            assert_int_equal(t2v_kept_bytes(&s.kept), limit * each);
            assert_int_equal(exec->held_count, 0);
            end(&s);
            assert_memory_equal(all, some, sizeof(all));
        }
    }
}

static void what_a_stream_reserves_is_taken_from_kept_weights(void **state)
{
    const size_t each = layer_bytes(T2V_PRECISION_F32);
    size_t mine = 0, others = 0;
    stack s;
    (void)state;
    start(&s, T2V_PRECISION_F32, 3 * each);
    for (int i = 0; i < LAYERS; i++)
        run_layer(&s, i);
    assert_int_equal(t2v_kept_bytes(&s.kept), 3 * each);
    t2v_kept_reserve(&s.kept, &mine, each + 1);
    assert_int_equal(t2v_kept_bytes(&s.kept), each);
    t2v_kept_reserve(&s.kept, &others, each);
    assert_int_equal(t2v_kept_bytes(&s.kept), 0);
    t2v_kept_reserve(&s.kept, &mine, 0);
    run_layer(&s, 0);
    assert_int_equal(t2v_kept_bytes(&s.kept), each);
    t2v_kept_reserve(&s.kept, &others, 0);
    assert_int_equal(s.kept.reserved, 0);
    end(&s);
}

static void weights_in_use_stay_whatever_is_reserved(void **state)
{
    const size_t each = layer_bytes(T2V_PRECISION_F32);
    size_t mine = 0;
    stack s;
    (void)state;
    start(&s, T2V_PRECISION_F32, 3 * each);
    t2v_weights_begin(exec);
    run_layer(&s, 0);
    t2v_kept_reserve(&s.kept, &mine, 3 * each);
    assert_int_equal(t2v_kept_bytes(&s.kept), each);
    t2v_weights_end(exec);
    t2v_kept_reserve(&s.kept, &mine, 2 * each + 1);
    assert_int_equal(t2v_kept_bytes(&s.kept), 0);
    t2v_kept_reserve(&s.kept, &mine, 0);
    end(&s);
}

static void what_was_not_used_for_long_gives_way(void **state)
{
    const size_t each = layer_bytes(T2V_PRECISION_F32);
    stack s;
    (void)state;
    start(&s, T2V_PRECISION_F32, each);
    run_layer(&s, 0);
    assert_non_null(s.kept.newest);
    const struct t2v_operand *first = s.kept.newest->operand;
    run_layer(&s, 1);
    assert_ptr_equal(s.kept.newest->operand, first);
    for (int pass = 0; pass < 8; pass++)
        t2v_kept_pass(&s.kept);
    run_layer(&s, 1);
    assert_ptr_not_equal(s.kept.newest->operand, first);
    assert_int_equal(t2v_kept_bytes(&s.kept), each);
    end(&s);
}

static void forgotten_weights_are_made_again(void **state)
{
    static float before[ROWS * WIDTH];
    stack s;
    (void)state;
    start(&s, T2V_PRECISION_F32, SIZE_MAX);
    run_layer(&s, 2);
    memcpy(before, s.y, sizeof(before));
    t2v_linear_forget(s.layer[2]);
    assert_int_equal(t2v_kept_bytes(&s.kept), 0);
    run_layer(&s, 2);
    assert_true(t2v_kept_bytes(&s.kept) > 0);
    assert_memory_equal(before, s.y, sizeof(before));
    end(&s);
}

/* Runs a linear layer, a convolution and an attention, of which some take several pieces. */
static void run_mixture(const t2v_linear *linear, const t2v_conv3d *conv, float *x, float *y)
{
    const t2v_attention attention = {.heads = 2,
                                     .head_dim = 16,
                                     .queries = 300,
                                     .keys = 300,
                                     .q = x,
                                     .k = x,
                                     .v = x,
                                     .scale = 0.25f,
                                     .out = y};
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    assert_non_null(t2v_exec_floats(exec, 100, 1000));
    assert_int_equal(t2v_linear_run(exec, linear, x, 2100, T2V_ACTIVATION_NONE, false, y), T2V_OK);
    assert_int_equal(t2v_conv3d_run(exec, conv, x, 4, 10, 12, false, y), T2V_OK);
    assert_int_equal(t2v_attention_run(exec, &attention), T2V_OK);
    t2v_arena_reset(&exec->arena, mark);
}

static void a_rehearsal_counts_what_a_run_takes(void **state)
{
    const int64_t dim[2] = {64, 64}, kernel[5] = {32, 16, 3, 3, 3}, channels[1] = {32};
    float *weights = numbers(32 * 16 * 27, 5), *x = numbers(2100 * 64, 6),
          *y = numbers(2100 * 64, 7);
    const t2v_tensor weight = tensor_of(weights, 2, dim), taps = tensor_of(weights, 5, kernel);
    const t2v_tensor bias = tensor_of(weights, 1, channels);
    t2v_rehearsal rehearsal = {0};
    t2v_linear *linear;
    t2v_conv3d *conv;
    t2v_kept kept;
    (void)state;
    assert_int_equal(t2v_linear_create(1, &weight, NULL, T2V_PRECISION_F32, &linear, &error),
                     T2V_OK);
    assert_int_equal(t2v_conv3d_create(&taps, &bias, NULL, &conv, &error), T2V_OK);

    float first = y[0];
    t2v_arena_free(&exec->arena);
    exec->arena.sparse = true;
    exec->rehearsal = &rehearsal;
    run_mixture(linear, conv, x, y);
    exec->rehearsal = NULL;
    const size_t scratch = exec->arena.most;
    assert_true(scratch >= 400000);
    assert_float_equal(y[0], first, 0);
    t2v_arena_free(&exec->arena);
    assert_false(exec->arena.sparse);

    t2v_kept_init(&kept, SIZE_MAX);
    exec->kept = &kept;
    run_mixture(linear, conv, x, y);
    exec->kept = NULL;
    assert_float_not_equal(y[0], first, 0);
    assert_int_equal(exec->arena.most, scratch);
    assert_int_equal(t2v_kept_bytes(&kept), rehearsal.weights);
    assert_true(rehearsal.layer < rehearsal.weights);
    t2v_rehearsal_free(&rehearsal);
    t2v_linear_free(&linear);
    t2v_conv3d_free(&conv);
    t2v_kept_destroy(&kept);
    t2v_free(weights);
    t2v_free(x);
    t2v_free(y);
}

static void limits_are_read_with_their_units(void **state)
{
    static const struct {
        const char *text;
        size_t bytes;
    } good[] = {
        {"8", 8000000000u},     {"7.5GB", 7500000000u},
        {"512M", 512000000},    {"2GiB", (size_t)2 << 30},
        {"1.5 gb", 1500000000}, {"300MiB", (size_t)300 << 20},
        {"", SIZE_MAX},         {"0", SIZE_MAX},
    };
    static const char *const bad[] = {"much", "-1", "8 Gx", "nan", "inf", "1e99", "GB", "1e-20"};
    size_t bytes;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(t2v_memory_limit_read(good[i].text, &bytes, &error), T2V_OK);
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(t2v_memory_limit_read(bad[i], &bytes, &error), T2V_ERROR_ARGUMENT);
        assert_non_null(strstr(error.text, bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_changes_no_bit_of_the_results),
        cmocka_unit_test(what_a_stream_reserves_is_taken_from_kept_weights),
        cmocka_unit_test(weights_in_use_stay_whatever_is_reserved),
        cmocka_unit_test(what_was_not_used_for_long_gives_way),
        cmocka_unit_test(forgotten_weights_are_made_again),
        cmocka_unit_test(a_rehearsal_counts_what_a_run_takes),
        cmocka_unit_test(limits_are_read_with_their_units),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
