/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each vectorised loop beside its plain twin, on random input of odd sizes, as dav1d's checkasm:
 * what the library runs on this processor, and what it would run on others of its kind. The times
 * are printed; nobody asserts them.
 */
#include "operations.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "kernels.h"

/* ------------------------------------------------------------------ levels */

static const kernels shipped = {KERNELS(KERNEL_VALUE)};

typedef struct level {
    const char *name;
    const kernels *kernels;
} level;

enum { LEVELS = 3 };

/* Those that this processor has. */
static int list_levels(level *levels)
{
    int count = 0;
    levels[count++] = (level){"library", &shipped};
#ifdef HAVE_X86_LEVELS
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        levels[count++] = (level){"x86-64-v3", &kernels_v3};
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        levels[count++] = (level){"x86-64-v4", &kernels_v4};
#endif
    return count;
}

/* ------------------------------------------------------------------ what is computed */

/* Numbers and room for results, [rows, columns] each. */
typedef struct input {
    int64_t rows, columns;
    const float *a, *b, *c;
    const uint8_t *bytes; /* [rows × columns] */
} input;

/* Writes rows × columns numbers. */
typedef void (*run_fn)(const kernels *k, const input *in, float *out);

static int64_t count_of(const input *in)
{
    return in->rows * in->columns;
}

static void start_from(const input *in, float *out)
{
    memcpy(out, in->a, (size_t)count_of(in) * sizeof(*out));
}

static void run_add(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_add(exec, out, in->b, count_of(in));
}

static void run_subtract(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_subtract_from(exec, out, in->b, count_of(in));
}

static void run_multiply(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_multiply(exec, out, in->b, count_of(in));
}

static void run_line(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_add_line(exec, out, in->b, in->c, 1.7f, count_of(in));
}

static void run_change(const kernels *k, const input *in, float *out)
{
    double sums[2];
    k->t2v_sum_change(exec, in->a, in->b, count_of(in), sums);
    memset(out, 0, (size_t)count_of(in) * sizeof(*out));
    out[0] = (float)(sums[0] / (double)count_of(in));
    out[count_of(in) - 1] = (float)(sums[1] / (double)count_of(in));
}

static void run_gated(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_gated_add(exec, out, in->b, in->rows, in->columns, in->c, 0, NULL);
}

static void run_silu(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_silu(out, count_of(in));
}

static void run_relu(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_relu(exec, out, count_of(in));
}

static void run_gelu(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_gelu(exec, out, count_of(in));
}

static void run_quick_gelu(const kernels *k, const input *in, float *out)
{
    start_from(in, out);
    k->t2v_quick_gelu(exec, out, count_of(in));
}

static void run_rms_norm(const kernels *k, const input *in, float *out)
{
    const t2v_norm norm = {.dim = in->columns, .eps = 1e-6f, .weight = in->b};
    k->t2v_norm_run(exec, &norm, in->a, in->rows, in->columns, out);
}

static void run_layer_norm(const kernels *k, const input *in, float *out)
{
    const t2v_modulation modulation = {.shift = in->b, .scale = in->c};
    const t2v_norm norm = {.dim = in->columns,
                           .eps = 1e-6f,
                           .centred = true,
                           .weight = in->c,
                           .bias = in->b,
                           .modulation = &modulation,
                           .activation = T2V_ACTIVATION_SILU};
    k->t2v_norm_run(exec, &norm, in->a, in->rows, in->columns, out);
}

static void run_rope(const kernels *k, const input *in, float *out)
{
    const int64_t even = in->columns / 2 * 2;
    start_from(in, out);
    k->t2v_rope_run(exec, out, in->rows, in->columns, even, in->b, in->c);
}

/* One head of as many channels as there are columns, the rows being queries, keys and values. */
static void run_attention(const kernels *k, const input *in, float *out)
{
    const t2v_attention attention = {
        .heads = 1,
        .head_dim = in->columns,
        .queries = in->rows,
        .keys = in->rows,
        .q = in->a,
        .k = in->b,
        .v = in->c,
        .scale = 0.5f,
        .key_bias = in->rows <= in->columns ? in->b : NULL,
        .out = out,
    };
    assert_int_equal(k->t2v_attention_run(exec, &attention), T2V_OK);
}

static void run_round_to_bf16(const kernels *k, const input *in, float *out)
{
    uint16_t *rounded = t2v_calloc((size_t)count_of(in), sizeof(*rounded));
    assert_non_null(rounded);
    k->t2v_round_to_bf16(in->a, count_of(in), rounded);
    for (int64_t i = 0; i < count_of(in); i++)
        out[i] = t2v_bf16_to_f32(rounded[i]);
    t2v_free(rounded);
}

static void run_quantize(const kernels *k, const input *in, float *out)
{
    uint8_t *q = t2v_calloc((size_t)count_of(in), 1);
    t2v_affine *affine = t2v_calloc((size_t)in->rows, sizeof(*affine));
    assert_true(q && affine);
    k->t2v_quantize_rows(exec, in->a, in->rows, in->columns, 127, q, affine);
    for (int64_t i = 0; i < count_of(in); i++)
        out[i] = affine[i / in->columns].scale * (float)q[i] + affine[i / in->columns].offset;
    t2v_free(q);
    t2v_free(affine);
}

/* Each row of the input is a picture of one row, in a window that its rows fill. */
static void run_quantize_window(const kernels *k, const input *in, float *out)
{
    const t2v_window window = {
        .x = in->a, .frames = in->rows, .h = 1, .w = in->columns, .channels = 1, .rows = 1};
    uint8_t *q = t2v_calloc((size_t)count_of(in), 1);
    t2v_affine affine;
    assert_non_null(q);
    k->t2v_quantize_window(exec, &window, 255, q, &affine);
    for (int64_t i = 0; i < count_of(in); i++)
        out[i] = affine.scale * (float)q[i] + affine.offset;
    t2v_free(q);
}

static void run_quantize_weights(const kernels *k, const input *in, float *out)
{
    int8_t *q = t2v_calloc((size_t)in->columns, 1);
    assert_non_null(q);
    for (int64_t row = 0; row < in->rows; row++) {
        float scale;
        k->t2v_quantize_weights(in->a + row * in->columns, in->columns, q, &scale);
        for (int64_t i = 0; i < in->columns; i++)
            out[row * in->columns + i] = scale * (float)q[i];
    }
    t2v_free(q);
}

static void run_dequantize(const kernels *k, const input *in, float *out)
{
    int32_t *sums = t2v_calloc((size_t)count_of(in), sizeof(*sums));
    t2v_affine *affine = t2v_calloc((size_t)in->rows, sizeof(*affine));
    assert_true(sums && affine);
    for (int64_t i = 0; i < count_of(in); i++)
        sums[i] = (int32_t)in->bytes[i] - 100;
    for (int64_t i = 0; i < in->rows; i++)
        affine[i] = (t2v_affine){0.01f * (float)(i + 1), in->a[i]};
    const t2v_dequantize d = {.rows = in->rows,
                              .count = in->columns,
                              .sums = sums,
                              .affine = affine,
                              .scale = in->b,
                              .sum = in->c,
                              .bias = in->a,
                              .activation = T2V_ACTIVATION_GELU_TANH};
    k->t2v_dequantize_rows(exec, &d, out, in->columns);
    t2v_free(sums);
    t2v_free(affine);
}

static void run_difference(const kernels *k, const input *in, float *out)
{
    const int64_t up[2] = {in->rows, 1}, down[2] = {1, in->columns};
    t2v_tensor left = {.dtype = T2V_F32, .shape = {2, {up[0], up[1]}}, .data = in->b};
    t2v_tensor right = {.dtype = T2V_F32, .shape = {2, {down[0], down[1]}}, .data = in->c};
    t2v_difference difference;
    left.bytes = (size_t)in->rows * sizeof(float);
    right.bytes = (size_t)in->columns * sizeof(float);
    start_from(in, out);
    k->t2v_difference_product(&difference, &left, &right, 1, (size_t)in->columns, 0.7f);
    difference.adjust.apply(&difference.adjust, 0, (size_t)count_of(in), out);
}

/* Blocks of a quantised type: random bytes whose halves are finite, since no byte has an exponent
 * of ones. */
static void run_blocks(const kernels *k, const input *in, t2v_dtype type, float *out)
{
    const size_t block = t2v_dtype_block(type), bytes = t2v_dtype_size(type);
    size_t blocks = (size_t)count_of(in) / block;
    if (blocks * bytes > (size_t)count_of(in))
        blocks = (size_t)count_of(in) / bytes;
    memset(out, 0, (size_t)count_of(in) * sizeof(*out));
    k->t2v_dequantizer(type)(in->bytes, blocks, out);
}

/* ------------------------------------------------------------------ comparing */

static const struct {
    const char *name;
    run_fn run;
    double tolerance; /* of the difference, relative to the largest number near it */
} kinds[] = {
    {"add", run_add, 0},
    {"subtract_from", run_subtract, 0},
    {"multiply", run_multiply, 0},
    {"add_line", run_line, 4e-7},
    {"sum_change", run_change, 2e-5},
    {"gated_add", run_gated, 2e-7},
    {"silu", run_silu, 4e-7},
    {"relu", run_relu, 0},
    {"gelu", run_gelu, 4e-7},
    {"quick_gelu", run_quick_gelu, 4e-7},
    {"norm, RMS", run_rms_norm, 1e-6},
    {"norm, layer, modulated, SiLU", run_layer_norm, 3e-6},
    {"rope", run_rope, 4e-7},
    {"attention", run_attention, 2e-6},
    {"round_to_bf16", run_round_to_bf16, 0},
    {"quantize_rows", run_quantize, 1.0 / 127},
    {"quantize_window", run_quantize_window, 2.0 / 255},
    {"quantize_weights", run_quantize_weights, 1.0 / 127},
    {"dequantize_rows, GELU", run_dequantize, 3e-6},
    {"difference", run_difference, 4e-7},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), NEAR = 256, TIMED = 5 };

static const int64_t sizes[][2] = {{1, 1},  {1, 2},   {3, 7},   {2, 16},  {5, 31},
                                   {7, 33}, {4, 129}, {6, 256}, {33, 67}, {64, 1026}};

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static input make_input(int64_t rows, int64_t columns)
{
    const size_t count = (size_t)(rows * columns);
    uint8_t *bytes = t2v_calloc(count, 1);
    float *a = numbers(count, 1);
    const float *random = a;
    assert_non_null(bytes);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(127 + 127 * random[i]) & 0xbb; /* 0x3b.. at most: halves below 1 */
    for (size_t i = 0; i < count; i++)
        a[i] *= 4;
    return (input){rows, columns, a, numbers(count, 2), numbers(count, 3), bytes};
}

static void free_input(input *in)
{
    t2v_free((void *)in->a);
    t2v_free((void *)in->b);
    t2v_free((void *)in->c);
    t2v_free((void *)in->bytes);
}

/* Rounding is as large as what is near: a cancelled sum is compared with its neighbours. */
static void assert_near(const char *level, const char *kernel, const input *in, const float *found,
                        const float *wanted, double tolerance)
{
    for (int64_t from = 0; from < count_of(in); from += NEAR) {
        const int64_t end = from + NEAR < count_of(in) ? from + NEAR : count_of(in);
        float largest = 1e-30f;
        for (int64_t i = from; i < end; i++)
            largest = fmaxf(largest, fabsf(wanted[i]));
        for (int64_t i = from; i < end; i++)
            if (!(fabs((double)found[i] - wanted[i]) <= tolerance * (double)largest))
                fail_msg("%s of %s, %lld × %lld: number %lld is %.9g, its plain twin says %.9g",
                         kernel, level, (long long)in->rows, (long long)in->columns, (long long)i,
                         (double)found[i], (double)wanted[i]);
    }
}

static void each_loop_equals_its_plain_twin(void **state)
{
    level levels[LEVELS];
    const int count = list_levels(levels);
    (void)state;
    for (int s = 0; s < SIZES; s++) {
        input in = make_input(sizes[s][0], sizes[s][1]);
        float *wanted = numbers((size_t)count_of(&in), 4),
              *found = numbers((size_t)count_of(&in), 5);
        for (int i = 0; i < KINDS; i++) {
            kinds[i].run(&kernels_plain, &in, wanted);
            for (int l = 0; l < count; l++) {
                kinds[i].run(levels[l].kernels, &in, found);
                assert_near(levels[l].name, kinds[i].name, &in, found, wanted, kinds[i].tolerance);
            }
        }
        t2v_free(wanted);
        t2v_free(found);
        free_input(&in);
    }
}

static void blocks_equal_their_plain_twins(void **state)
{
    level levels[LEVELS];
    const int count = list_levels(levels);
    input in = make_input(64, 1026);
    float *wanted = numbers((size_t)count_of(&in), 4), *found = numbers((size_t)count_of(&in), 5);
    int types = 0;
    (void)state;
    for (t2v_dtype type = 0; type < T2V_DTYPES; type++) {
        if (!shipped.t2v_dequantizer(type))
            continue;
        types++;
        run_blocks(&kernels_plain, &in, type, wanted);
        for (int l = 0; l < count; l++) {
            run_blocks(levels[l].kernels, &in, type, found);
            assert_near(levels[l].name, "blocks", &in, found, wanted, 4e-7);
        }
    }
    assert_int_equal(types, 12);
    t2v_free(wanted);
    t2v_free(found);
    free_input(&in);
}

/* ------------------------------------------------------------------ times */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

/* Microseconds: the best of a few. */
static double best_time(const kernels *k, run_fn run, const input *in, float *out)
{
    double best = INFINITY;
    for (int i = 0; i < TIMED; i++) {
        const double start = now();
        run(k, in, out);
        best = fmin(best, now() - start);
    }
    return best;
}

/* Asserts nothing but that what was timed was computed. */
static void times_are_printed(void **state)
{
    level levels[LEVELS];
    const int count = list_levels(levels);
    input in = make_input(64, 1026);
    float *out = numbers((size_t)count_of(&in), 5);
    (void)state;
    print_message("%-30s %10s", "microseconds, 64 x 1026", "plain");
    for (int l = 0; l < count; l++)
        print_message(" %10s", levels[l].name);
    for (int i = 0; i < KINDS; i++) {
        print_message("\n%-30s %10.1f", kinds[i].name,
                      best_time(&kernels_plain, kinds[i].run, &in, out));
        for (int l = 0; l < count; l++)
            print_message(" %10.1f", best_time(levels[l].kernels, kinds[i].run, &in, out));
    }
    print_message("\n");
    assert_true(isfinite(out[0]));
    t2v_free(out);
    free_input(&in);
}

/* The plain twins have no more. */
static int one_thread(void **state)
{
    const int failed = set_up(state);
    if (!failed)
        exec->threads = 1;
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_loop_equals_its_plain_twin),
        cmocka_unit_test(blocks_equal_their_plain_twins),
        cmocka_unit_test(times_are_printed),
    };
    return cmocka_run_group_tests(tests, one_thread, tear_down);
}
