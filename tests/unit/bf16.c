/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is computed with bfloat16, against the same with floats that were rounded before; where the
 * processor has no instructions for it, floats stay as they are. */
#include "layers.h"

#include <math.h>
#include <string.h>

#include "ops/attention.h"
#include "ops/bf16.h"
#include "ops/tile.h"

/* As the processor's own products see the numbers. */
static float *rounded(const float *x, size_t count, bool supported)
{
    float *out = t2v_calloc(count, sizeof(*out));
    assert_non_null(out);
    for (size_t i = 0; i < count; i++)
        out[i] = supported ? t2v_bf16_to_f32(t2v_bf16(x[i])) : x[i];
    return out;
}

static void assert_near(const float *found, const float *wanted, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)found[i] - wanted[i]) <= tolerance))
            fail_msg("number %d is %g, wanted %g", (int)i, (double)found[i], (double)wanted[i]);
}

/* ------------------------------------------------------------------ rounding */

static void numbers_are_rounded_to_the_nearest(void **state)
{
    static const struct {
        uint32_t from;
        uint16_t to;
    } cases[] = {
        {0x3f800000, 0x3f80}, /* 1 */
        {0x3f808000, 0x3f80}, /* halfway, to even bits */
        {0x3f818000, 0x3f82}, /* halfway, to even bits above */
        {0x3f808001, 0x3f81}, {0xbf807fff, 0xbf80}, {0x00000000, 0x0000},
        {0x80000000, 0x8000}, {0x7f7fffff, 0x7f80}, /* the largest becomes infinity */
        {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, /* infinities */
        {0x7fc00000, 0x7fc0}, {0x7f800001, 0x7fc0}, {0xffffffff, 0xffff}, /* no numbers */
    };
    enum { COUNT = sizeof(cases) / sizeof(cases[0]), MANY = 40000 };
    float x[COUNT];
    uint16_t out[COUNT];
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *many = numbers(MANY, 1);
    (void)state;
    for (int i = 0; i < COUNT; i++)
        memcpy(&x[i], &cases[i].from, sizeof(x[i]));
    t2v_round_to_bf16(x, COUNT, out);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(out[i], cases[i].to);
    const uint16_t *all = t2v_to_bf16(exec, many, MANY); /* several shares */
    assert_non_null(all);
    for (int i = 0; i < MANY; i++)
        assert_true(fabs((double)t2v_bf16_to_f32(all[i]) - many[i]) <= fabs((double)many[i]) / 256);
    t2v_free(many);
    t2v_arena_reset(&exec->arena, mark);
}

/* ------------------------------------------------------------------ layers */

static void layers_equal_those_of_rounded_numbers(void **state)
{
    static const layer_case cases[] = {
        {1, 1, 1, false, false, T2V_ACTIVATION_NONE},
        {7, 33, 5, true, false, T2V_ACTIVATION_NONE},
        {65, 64, 96, true, true, T2V_ACTIVATION_GELU_TANH},
        {3, 128, 200, false, true, T2V_ACTIVATION_SILU},
        {1100, 40, 24, true, false, T2V_ACTIVATION_NONE},   /* several blocks */
        {20, 2050, 1700, true, false, T2V_ACTIVATION_NONE}, /* several panels */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const layer_case *c = &cases[i];
        const size_t inputs = (size_t)(c->rows * c->in), weights = (size_t)(c->out * c->in);
        const size_t outputs = (size_t)(c->rows * c->out);
        float *x = numbers(inputs, 1), *w = numbers(weights, 2), *b = numbers((size_t)c->out, 3);
        float *rx = rounded(x, inputs, t2v_onednn_has_bf16());
        float *rw = rounded(w, weights, t2v_onednn_has_bf16());
        float *y = numbers(outputs, 4), *wanted = numbers(outputs, 4);
        const t2v_tensor weight = floats(w, c->out, c->in),
                         rounded_weight = floats(rw, c->out, c->in);
        run_layer(c, T2V_PRECISION_BF16, &weight, b, x, y);
        run_layer(c, T2V_PRECISION_F32, &rounded_weight, b, rx, wanted);
        assert_near(y, wanted, outputs, 2e-6 * (double)c->in);
        float *const all[] = {x, w, b, rx, rw, y, wanted};
        for (int j = 0; j < 7; j++)
            t2v_free(all[j]);
    }
}

static void what_is_no_number_stays_none(void **state)
{
    (void)state;
    enum { IN = 40, OUT = 20 };
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    const layer_case c = {2, IN, OUT, false, false, T2V_ACTIVATION_NONE};
    float *x = numbers(2 * IN, 1), *w = numbers(OUT * IN, 2), y[2 * OUT];
    const t2v_tensor weight = floats(w, OUT, IN);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        x[IN + 11] = odd[i];
        run_layer(&c, T2V_PRECISION_BF16, &weight, NULL, x, y);
        for (int j = 0; j < 2 * OUT; j++)
            assert_int_equal(isfinite(y[j]) ? 1 : 0, j < OUT);
    }
    t2v_free(x);
    t2v_free(w);
}

/* ------------------------------------------------------------------ convolutions */

static void convolutions_equal_those_of_rounded_numbers(void **state)
{
    static const conv_case cases[] = {
        {3, 5, {3, 3, 3}, {1, 1, 1}, 3, 4, 6, false, false},
        {16, 32, {3, 3, 3}, {1, 1, 1}, 5, 9, 7, true, false},
        {8, 8, {3, 1, 1}, {1, 1, 1}, 4, 5, 5, false, false},
        {20, 12, {1, 3, 3}, {1, 2, 2}, 2, 8, 10, false, true},
        {256, 256, {3, 3, 3}, {1, 1, 1}, 3, 60, 60, false, false}, /* several strips */
        {680, 512, {3, 3, 3}, {1, 1, 1}, 3, 5, 4, true, false},    /* several panels */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const conv_case *c = &cases[i];
        const int64_t taps = c->kernel[0] * c->kernel[1] * c->kernel[2];
        const size_t inputs = (size_t)(c->frames * c->h * c->w * c->in);
        const size_t weights = (size_t)(c->out * c->in * taps);
        const size_t outputs = (size_t)(conv_outputs(c, 0, c->frames) * conv_outputs(c, 1, c->h) *
                                        conv_outputs(c, 2, c->w) * c->out);
        float *x = numbers(inputs, 1), *w = numbers(weights, 2), *b = numbers((size_t)c->out, 3);
        float *rx = rounded(x, inputs, t2v_onednn_has_bf16());
        float *rw = rounded(w, weights, t2v_onednn_has_bf16());
        float *y = numbers(outputs, 4), *wanted = numbers(outputs, 4);
        run_conv(c, T2V_PRECISION_BF16, x, w, b, y);
        run_conv(c, T2V_PRECISION_F32, rx, rw, b, wanted);
        assert_near(y, wanted, outputs, 1e-6 * sqrt((double)(c->in * taps)) * 10);
        float *const all[] = {x, w, b, rx, rw, y, wanted};
        for (int j = 0; j < 7; j++)
            t2v_free(all[j]);
    }
}

/* ------------------------------------------------------------------ attention */

static void a_tile_equals_a_plain_loop(void **state)
{
    (void)state;
    enum { A_STRIDE = 50, PAIRS = 19, C_STRIDE = 70 };
    const t2v_bf16_tile *tile = t2v_bf16_tile_get();
    if (!tile)
        skip();
    const int64_t columns = tile->columns;
    float *fa = numbers(T2V_TILE_ROWS * A_STRIDE, 1), *fb = numbers(PAIRS * 2 * 64, 2);
    uint16_t a[T2V_TILE_ROWS * A_STRIDE], b[PAIRS * 2 * 64];
    assert_true(columns <= 64);
    t2v_round_to_bf16(fa, T2V_TILE_ROWS * A_STRIDE, a);
    t2v_round_to_bf16(fb, PAIRS * 2 * columns, b);
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        float *c = numbers(T2V_TILE_ROWS * C_STRIDE, 3);
        float *wanted = numbers(T2V_TILE_ROWS * C_STRIDE, 3);
        for (int r = 0; r < T2V_TILE_ROWS; r++)
            for (int64_t j = 0; j < columns; j++) {
                double sum = accumulate ? wanted[r * C_STRIDE + j] : 0;
                for (int i = 0; i < 2 * PAIRS; i++)
                    sum += (double)t2v_bf16_to_f32(a[r * A_STRIDE + i]) *
                           t2v_bf16_to_f32(b[(i / 2 * columns + j) * 2 + i % 2]);
                wanted[r * C_STRIDE + j] = (float)sum;
            }
        tile->run(a, A_STRIDE, b, PAIRS, c, C_STRIDE, accumulate);
        assert_near(c, wanted, T2V_TILE_ROWS * C_STRIDE, 1e-5);
        t2v_free(c);
        t2v_free(wanted);
    }
    t2v_free(fa);
    t2v_free(fb);
}

/* Scores of rounded numbers are exact; their exponentials are rounded, by 1/512 of each. */
static void check_attention(int64_t heads, int64_t head_dim, int64_t queries, int64_t keys,
                            bool biased)
{
    const bool supported = t2v_bf16_tile_get();
    const size_t outputs = (size_t)(queries * heads * head_dim);
    const size_t inputs = (size_t)(heads * keys * head_dim);
    float *q = numbers(outputs, 1), *k = numbers(inputs, 2), *v = numbers(inputs, 3);
    float *rq = rounded(q, outputs, supported), *rk = rounded(k, inputs, supported);
    float *rv = rounded(v, inputs, supported), *bias = numbers((size_t)keys, 4);
    float *out = numbers(outputs, 5), *wanted = numbers(outputs, 6);
    t2v_attention a = {.heads = heads,
                       .head_dim = head_dim,
                       .queries = queries,
                       .keys = keys,
                       .q = q,
                       .k = k,
                       .v = v,
                       .scale = 0.5f,
                       .key_bias = biased ? bias : NULL,
                       .out = out,
                       .bf16 = true};
    assert_int_equal(t2v_attention_run(exec, &a), T2V_OK);
    a.q = rq, a.k = rk, a.v = rv, a.out = wanted, a.bf16 = false;
    assert_int_equal(t2v_attention_run(exec, &a), T2V_OK);
    assert_near(out, wanted, outputs, supported ? 1.0 / 256 : 0);
    float *const all[] = {q, k, v, rq, rk, rv, bias, out, wanted};
    for (int i = 0; i < 9; i++)
        t2v_free(all[i]);
}

static void attention_equals_that_of_rounded_numbers(void **state)
{
    (void)state;
    check_attention(1, 8, 1, 1, false);
    check_attention(3, 24, 37, 19, false);
    check_attention(4, 5, 20, 21, true);     /* odd depth and odd length */
    check_attention(2, 80, 200, 513, true);  /* heads of a tile and a half */
    check_attention(3, 64, 300, 2000, true); /* several blocks of both */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded_to_the_nearest),
        cmocka_unit_test(layers_equal_those_of_rounded_numbers),
        cmocka_unit_test(what_is_no_number_stays_none),
        cmocka_unit_test(convolutions_equal_those_of_rounded_numbers),
        cmocka_unit_test(a_tile_equals_a_plain_loop),
        cmocka_unit_test(attention_equals_that_of_rounded_numbers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
