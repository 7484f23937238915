/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linear layers and convolutions with bytes against plain loops over integers, and against exact
 * layers. */
#include "layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops/quantize.h"

static t2v_tensor bytes(const int8_t *data, const float *scale, int64_t rows, int64_t columns)
{
    return (t2v_tensor){.dtype = T2V_I8,
                        .shape = {2, {rows, columns}},
                        .data = data,
                        .row_scale = scale,
                        .bytes = (size_t)(rows * columns)};
}

/* ------------------------------------------------------------------ products */

typedef int (*fill_fn)(int64_t row, int64_t column);

static int all_largest(int64_t row, int64_t column)
{
    (void)row;
    (void)column;
    return 127;
}

/* pairs of equal signs, which are what saturates in 16 bits */
static int pairs_of_signs(int64_t row, int64_t column)
{
    return (column / 2 + row) % 2 ? 127 : -127;
}

static int anything(int64_t row, int64_t column)
{
    return (int)((row * 7919 + column * 104729) % 255) - 127;
}

static void check_byte_product(int64_t m, int64_t n, int64_t k, fill_fn fill)
{
    uint8_t *x = t2v_calloc((size_t)(m * k), 1);
    int8_t *w = t2v_calloc((size_t)(n * k), 1);
    int32_t *y = t2v_calloc((size_t)(m * n), sizeof(*y));
    float *ones = t2v_calloc((size_t)n, sizeof(*ones));
    const float *scale, *sum;
    const int levels = t2v_onednn_levels();
    const int64_t dim[2] = {n, k};
    const t2v_byte_product product = {m, n, k};
    t2v_operand operand;
    for (int64_t i = 0; i < m * k; i++)
        x[i] = (uint8_t)(i % 5 == 4 ? i % (levels + 1) : levels);
    for (int64_t i = 0; i < n * k; i++)
        w[i] = (int8_t)fill(i / k, i % k);
    for (int64_t i = 0; i < n; i++)
        ones[i] = 1;
    const t2v_tensor tensor = bytes(w, ones, n, k);
    t2v_operand_init(&operand, &tensor, 0, 2, dim);
    assert_int_equal(t2v_onednn_byte_product(exec, &product, x, &operand, y, &scale, &sum), T2V_OK);
    for (int64_t r = 0; r < m; r++)
        for (int64_t c = 0; c < n; c++) {
            int32_t wanted = 0, total = 0;
            for (int64_t i = 0; i < k; i++) {
                wanted += x[r * k + i] * w[c * k + i];
                total += w[c * k + i];
            }
            /* where oneDNN has only plain loops, as on aarch64, it rounds sums to floats */
            assert_float_equal((float)y[r * n + c], (float)wanted, 0);
            assert_float_equal(sum[c], total, 0);
            assert_float_equal(scale[c], 1, 0);
        }
    t2v_operand_free(&operand);
    t2v_free(x);
    t2v_free(w);
    t2v_free(y);
    t2v_free(ones);
}

static void products_of_extreme_bytes_do_not_saturate(void **state)
{
    static const int64_t shape[][3] = {{1, 1, 1},    {3, 5, 7},       {64, 64, 64}, {65, 96, 2049},
                                       {1, 192, 64}, {130, 33, 4096}, {7, 64, 258}};
    static const fill_fn fill[] = {all_largest, pairs_of_signs, anything};
    (void)state;
    assert_true(t2v_onednn_levels() == 255 || t2v_onednn_levels() == 127);
    for (size_t i = 0; i < sizeof(shape) / sizeof(shape[0]); i++)
        for (size_t j = 0; j < sizeof(fill) / sizeof(fill[0]); j++)
            check_byte_product(shape[i][0], shape[i][1], shape[i][2], fill[j]);
}

/* ------------------------------------------------------------------ numbers as bytes */

static void rows_become_bytes_between_their_extremes(void **state)
{
    (void)state;
    enum { ROWS = 3, COUNT = 77 };
    float *x = numbers(ROWS * COUNT, 1);
    uint8_t q[ROWS * COUNT];
    t2v_affine affine[ROWS];
    for (int i = 0; i < COUNT; i++) {
        x[COUNT + i] = 4.5f;                        /* all the same */
        x[2 * COUNT + i] = x[2 * COUNT + i] + 1000; /* far from 0 */
    }
    t2v_quantize_rows(exec, x, ROWS, COUNT, 255, q, affine);
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < COUNT; i++) {
            const double meant = (double)affine[r].scale * q[r * COUNT + i] + affine[r].offset;
            assert_float_equal(meant, x[r * COUNT + i], 0.5 * affine[r].scale + 1e-4);
        }
    float low = 1, high = -1;
    for (int i = 0; i < COUNT; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    assert_float_equal(affine[0].scale, ((double)high - low) / 255, 1e-9);
    assert_float_equal(affine[0].offset, low, 0);
    assert_float_equal(affine[1].scale, 0, 0);
    assert_float_equal(affine[1].offset, 4.5, 0);
    t2v_quantize_rows(exec, x, ROWS, COUNT, 127, q, affine);
    for (int i = 0; i < ROWS * COUNT; i++)
        assert_true(q[i] <= 127);
    t2v_free(x);
}

static void weights_become_signed_bytes(void **state)
{
    (void)state;
    const float w[7] = {0, 1, -2, 0.01f, 1.5f, -1.5f, 0.99f};
    const int8_t wanted[7] = {0, 64, -127, 1, 95, -95, 63}; /* 63.5, 0.635, 95.25, 62.87 */
    const float zero[7] = {0};
    int8_t q[7];
    float scale;
    t2v_quantize_weights(w, 7, q, &scale);
    assert_float_equal(scale, 2.0 / 127, 1e-9);
    assert_memory_equal(q, wanted, sizeof(q));
    t2v_quantize_weights(zero, 7, q, &scale);
    assert_float_equal(scale, 0, 0);
    assert_memory_equal(q, zero, sizeof(q));
}

/* ------------------------------------------------------------------ layers */

static double activate(t2v_activation activation, double x)
{
    if (activation == T2V_ACTIVATION_SILU)
        return x / (1 + exp(-x));
    if (activation == T2V_ACTIVATION_GELU_TANH)
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    return x;
}

/* One case of a layer. */
static const layer_case layer_cases[] = {
    {1, 1, 1, true, false, T2V_ACTIVATION_NONE},
    {7, 33, 65, true, false, T2V_ACTIVATION_NONE},
    {7, 33, 65, false, true, T2V_ACTIVATION_NONE},
    {65, 128, 48, true, false, T2V_ACTIVATION_GELU_TANH},
    {65, 128, 48, true, true, T2V_ACTIVATION_SILU},
    {1025, 64, 8, true, false, T2V_ACTIVATION_NONE},   /* two blocks of rows */
    {3, 16384, 200, true, false, T2V_ACTIVATION_NONE}, /* several panels */
    {2, 64, 1500, true, true, T2V_ACTIVATION_NONE},    /* several chunks of a row */
};

/* A layer's result by the plain arithmetic of ops/quantize.h, and the largest error that rounding
 * factors to bytes may cause: |δ(x·w)| ≤ |x|·δw + |w|·δx + δx·δw with half a step for each. */
static void plain_row(const layer_case *c, const float *x, const int8_t *wq, const float *w,
                      const float *scale, double *exact, double *by_bytes, double *bound)
{
    uint8_t *q = t2v_calloc((size_t)c->in, 1);
    t2v_affine affine;
    t2v_quantize_rows(exec, x, 1, c->in, t2v_onednn_levels(), q, &affine);
    for (int64_t o = 0; o < c->out; o++) {
        int64_t product = 0, sum = 0;
        double error_w = 0.5 * scale[o], error_x = 0.5 * affine.scale;
        exact[o] = bound[o] = 0;
        for (int64_t i = 0; i < c->in; i++) {
            product += q[i] * wq[o * c->in + i];
            sum += wq[o * c->in + i];
            exact[o] += (double)x[i] * w[o * c->in + i];
            bound[o] += fabs(x[i]) * error_w + fabs(w[o * c->in + i]) * error_x + error_w * error_x;
        }
        by_bytes[o] = (double)scale[o] *
                      ((double)affine.scale * (double)product + (double)affine.offset * sum);
    }
    t2v_free(q);
}

static void check_row(const layer_case *c, const float *x, const int8_t *wq, const float *w,
                      const float *scale, const float *b, const float *before, const float *y)
{
    const size_t size = (size_t)c->out * sizeof(double);
    double *exact = t2v_alloc(size), *by_bytes = t2v_alloc(size), *bound = t2v_alloc(size);
    plain_row(c, x, wq, w, scale, exact, by_bytes, bound);
    for (int64_t o = 0; o < c->out; o++) {
        const double bias = c->bias ? b[o] : 0, more = c->accumulate ? before[o] : 0;
        const double wanted = activate(c->activation, by_bytes[o] + bias) + more;
        const double f32 = activate(c->activation, exact[o] + bias) + more;
        /* sums of many floats round; the slopes of the activations stay below 1.13 */
        if (fabs(y[o] - wanted) > 2e-6 * (1 + fabs(wanted)) * sqrt((double)c->in))
            fail_msg("output %d is %g, by integers %g", (int)o, (double)y[o], wanted);
        if (fabs(y[o] - f32) > 1.13 * bound[o] + 1e-4)
            fail_msg("output %d is %g, exactly %g, allowed %g", (int)o, (double)y[o], f32,
                     1.13 * bound[o]);
    }
    t2v_free(exact);
    t2v_free(by_bytes);
    t2v_free(bound);
}

static void check_layer(const layer_case *c)
{
    const size_t outputs = (size_t)(c->rows * c->out);
    float *x = numbers((size_t)(c->rows * c->in), 1), *w = numbers((size_t)(c->out * c->in), 2);
    float *b = numbers((size_t)c->out, 3), *scale = t2v_calloc((size_t)c->out, sizeof(float));
    float *before = numbers(outputs, 4), *y = numbers(outputs, 4), *again = numbers(outputs, 4);
    int8_t *q = t2v_calloc((size_t)(c->out * c->in), 1);
    for (int64_t o = 0; o < c->out; o++)
        t2v_quantize_weights(w + o * c->in, c->in, q + o * c->in, &scale[o]);
    const t2v_tensor plain = floats(w, c->out, c->in), stored = bytes(q, scale, c->out, c->in);
    run_layer(c, T2V_PRECISION_INT8, &plain, b, x, y);
    for (int64_t r = 0; r < c->rows; r++)
        check_row(c, x + r * c->in, q, w, scale, b, before + r * c->out, y + r * c->out);
    run_layer(c, T2V_PRECISION_INT8, &stored, b, x,
              again); /* bytes of a file are used as they are */
    assert_memory_equal(y, again, outputs * sizeof(*y));
    t2v_free(x);
    t2v_free(w);
    t2v_free(b);
    t2v_free(scale);
    t2v_free(before);
    t2v_free(y);
    t2v_free(again);
    t2v_free(q);
}

static void layers_equal_integer_loops_and_f32_within_the_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(layer_cases) / sizeof(layer_cases[0]); i++)
        check_layer(&layer_cases[i]);
}

static void joined_layers_lie_side_by_side(void **state)
{
    (void)state;
    enum { ROWS = 5, IN = 24, A = 17, B = 30 };
    const layer_case of_a = {ROWS, IN, A, false, false, T2V_ACTIVATION_NONE};
    const layer_case of_b = {ROWS, IN, B, false, false, T2V_ACTIVATION_NONE};
    float *x = numbers(ROWS * IN, 1), *wa = numbers(A * IN, 2), *wb = numbers(B * IN, 3);
    float y[ROWS * (A + B)], ya[ROWS * A], yb[ROWS * B];
    const t2v_tensor weight[2] = {floats(wa, A, IN), floats(wb, B, IN)};
    t2v_linear *linear;
    assert_int_equal(t2v_linear_create(2, weight, NULL, T2V_PRECISION_INT8, &linear, &error),
                     T2V_OK);
    assert_int_equal(t2v_linear_run(exec, linear, x, ROWS, T2V_ACTIVATION_NONE, false, y), T2V_OK);
    run_layer(&of_a, T2V_PRECISION_INT8, &weight[0], NULL, x, ya);
    run_layer(&of_b, T2V_PRECISION_INT8, &weight[1], NULL, x, yb);
    for (int r = 0; r < ROWS; r++) {
        assert_memory_equal(y + r * (A + B), ya + r * A, A * sizeof(*y));
        assert_memory_equal(y + r * (A + B) + A, yb + r * B, B * sizeof(*y));
    }
    t2v_linear_free(&linear);
    t2v_free(x);
    t2v_free(wa);
    t2v_free(wb);
}

static void what_is_no_number_spoils_its_row_and_no_other(void **state)
{
    (void)state;
    enum { ROWS = 3, IN = 40, OUT = 20 };
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    const layer_case c = {ROWS, IN, OUT, false, false, T2V_ACTIVATION_NONE};
    float *x = numbers(ROWS * IN, 1), *w = numbers(OUT * IN, 2), y[ROWS * OUT];
    const t2v_tensor weight = floats(w, OUT, IN);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        x[IN + 11] = odd[i];
        run_layer(&c, T2V_PRECISION_INT8, &weight, NULL, x, y);
        for (int j = 0; j < ROWS * OUT; j++)
            assert_int_equal(isfinite(y[j]) ? 1 : 0, j / OUT != 1);
    }
    x[IN + 11] = 0;
    w[5 * IN + 3] = NAN;
    run_layer(&c, T2V_PRECISION_INT8, &weight, NULL, x, y);
    for (int j = 0; j < ROWS * OUT; j++)
        assert_int_equal(isfinite(y[j]) ? 1 : 0, j % OUT != 5);
    t2v_free(x);
    t2v_free(w);
}

/* ------------------------------------------------------------------ convolutions */

static void a_window_is_bytes_with_exact_zeros_around_them(void **state)
{
    (void)state;
    enum { FRAMES = 2, H = 3, W = 4, C = 5, ROWS = 5, COLUMNS = 7 };
    float *x = numbers(FRAMES * H * W * C, 1);
    uint8_t q[FRAMES * ROWS * COLUMNS * C];
    const t2v_window window = {x, FRAMES, H, W, C, .first = -1, ROWS, .left = 1, .right = 2};
    t2v_affine affine;
    size_t bytes;
    for (int i = 0; i < FRAMES * H * W * C; i++)
        x[i] = 3 * x[i] + 2.5f; /* zero is near one end */
    assert_true(t2v_window_bytes(&window, &bytes));
    assert_int_equal(bytes, sizeof(q));
    t2v_quantize_window(exec, &window, 255, q, &affine);
    for (int i = 0; i < (int)sizeof(q); i++) {
        const int frame = i / (ROWS * COLUMNS * C), row = i / (COLUMNS * C) % ROWS - 1;
        const int column = i / C % COLUMNS - 1;
        const bool inside = row >= 0 && row < H && column >= 0 && column < W;
        const float meant = affine.scale * (float)q[i] + affine.offset;
        if (inside)
            assert_float_equal(meant, x[((frame * H + row) * W + column) * C + i % C],
                               0.501 * affine.scale);
        else
            assert_float_equal(meant, 0, 1e-6);
    }
    t2v_free(x);
}

static const conv_case conv_cases[] = {
    {3, 5, {3, 3, 3}, {1, 1, 1}, 3, 4, 6, false, false},
    {16, 32, {3, 3, 3}, {1, 1, 1}, 5, 9, 7, true, false},
    {64, 96, {3, 3, 3}, {1, 1, 1}, 3, 6, 5, false, false},
    {8, 8, {3, 1, 1}, {1, 1, 1}, 4, 5, 5, false, false},
    {20, 12, {1, 3, 3}, {1, 2, 2}, 2, 8, 10, false, true},
    {12, 20, {3, 3, 3}, {2, 2, 2}, 5, 8, 10, false, false},
    {256, 256, {3, 3, 3}, {1, 1, 1}, 3, 60, 60, false, false}, /* several strips */
    {680, 512, {3, 3, 3}, {1, 1, 1}, 3, 5, 4, true, false},    /* several panels */
};

/* One output: exactly, from bytes with one scale for all numbers, and the largest error that bytes
 * may cause; see plain_row. */
typedef struct plain_output {
    double exact, by_bytes, bound;
} plain_output;

/* What all outputs are made of. */
typedef struct plain_conv {
    const conv_case *c;
    int64_t out_frames, out_h, out_w;
    const float *x, *w, *scale;
    const uint8_t *q;
    const int8_t *wq;
    t2v_affine affine;
} plain_conv;

static void plain_tap(const plain_conv *p, int64_t from, int64_t tap, double scale,
                      plain_output *out)
{
    const double x = p->x[from], w = p->w[tap];
    const double x_bytes = (double)p->affine.scale * p->q[from] + (double)p->affine.offset;
    const double error_w = 0.5 * scale, error_x = 0.51 * p->affine.scale;
    out->exact += x * w;
    out->by_bytes += x_bytes * scale * p->wq[tap];
    out->bound += fabs(x) * error_w + fabs(w) * error_x + error_w * error_x;
}

static plain_output plain_at(const plain_conv *p, int64_t index)
{
    const conv_case *c = p->c;
    const int64_t o = index % c->out, column = index / c->out % p->out_w;
    const int64_t row = index / (c->out * p->out_w) % p->out_h;
    const int64_t t = index / (c->out * p->out_w * p->out_h);
    const int64_t top = c->behind ? 0 : c->kernel[1] / 2, left = c->behind ? 0 : c->kernel[2] / 2;
    const int64_t taps = c->kernel[0] * c->kernel[1] * c->kernel[2];
    plain_output out = {0};
    for (int64_t k = 0; k < taps; k++) {
        const int64_t frame = t * c->stride[0] + k / (c->kernel[1] * c->kernel[2]);
        const int64_t y = row * c->stride[1] + k / c->kernel[2] % c->kernel[1] - top;
        const int64_t x = column * c->stride[2] + k % c->kernel[2] - left;
        if (y < 0 || y >= c->h || x < 0 || x >= c->w)
            continue;
        for (int64_t i = 0; i < c->in; i++)
            plain_tap(p, ((frame * c->h + y) * c->w + x) * c->in + i, (o * c->in + i) * taps + k,
                      p->scale[o], &out);
    }
    return out;
}

/* Only small ones have one scale for all. */
static bool one_piece(const conv_case *c)
{
    return c->h < 50;
}

static void check_outputs(const plain_conv *p, const float *b, const float *before, const float *y)
{
    const int64_t outputs = p->out_frames * p->out_h * p->out_w * p->c->out;
    const double rounding = 2e-6 * sqrt((double)(27 * p->c->in));
    for (int64_t i = 0; i < outputs; i += 1 + outputs / 1000) {
        const plain_output plain = plain_at(p, i);
        const double more = (double)b[i % p->c->out] + (p->c->accumulate ? (double)before[i] : 0);
        const double exact = plain.exact + more, by_bytes = plain.by_bytes + more;
        if (fabs(y[i] - exact) > plain.bound + 1e-4)
            fail_msg("output %d is %g, exactly %g, allowed %g", (int)i, (double)y[i], exact,
                     plain.bound);
        if (t2v_onednn_convolves_bytes() && one_piece(p->c) &&
            fabs(y[i] - by_bytes) > rounding * (1 + fabs(by_bytes)))
            fail_msg("output %d is %g, by integers %g", (int)i, (double)y[i], by_bytes);
    }
}

static void check_conv(const conv_case *c)
{
    const int64_t each = c->in * c->kernel[0] * c->kernel[1] * c->kernel[2];
    const size_t inputs = (size_t)(c->frames * c->h * c->w * c->in);
    plain_conv p = {.c = c,
                    .out_frames = conv_outputs(c, 0, c->frames),
                    .out_h = conv_outputs(c, 1, c->h),
                    .out_w = conv_outputs(c, 2, c->w)};
    const size_t outputs = (size_t)(p.out_frames * p.out_h * p.out_w * c->out);
    float *x = numbers(inputs, 1), *w = numbers((size_t)(c->out * each), 2);
    float *b = numbers((size_t)c->out, 3), *before = numbers(outputs, 4), *y = numbers(outputs, 4);
    float *scale = t2v_calloc((size_t)c->out, sizeof(float));
    int8_t *wq = t2v_calloc((size_t)(c->out * each), 1);
    uint8_t *q = t2v_calloc(inputs, 1);
    for (size_t i = 0; i < inputs; i++)
        x[i] += 0.6f; /* mostly positive, as behind SiLU */
    for (int64_t o = 0; o < c->out; o++)
        t2v_quantize_weights(w + o * each, each, wq + o * each, &scale[o]);
    const t2v_window window = {x, c->frames, c->h, c->w, c->in, .rows = c->h};
    t2v_quantize_window(exec, &window, 255, q, &p.affine);
    p.x = x, p.w = w, p.scale = scale, p.q = q, p.wq = wq;
    run_conv(c, T2V_PRECISION_INT8, x, w, b, y);
    check_outputs(&p, b, before, y);
    t2v_free(x);
    t2v_free(w);
    t2v_free(b);
    t2v_free(before);
    t2v_free(y);
    t2v_free(scale);
    t2v_free(wq);
    t2v_free(q);
}

static void convolutions_equal_integer_loops_and_f32_within_the_rounding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(conv_cases) / sizeof(conv_cases[0]); i++)
        check_conv(&conv_cases[i]);
}

static void what_is_no_number_is_not_hidden_by_a_convolution(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    const conv_case c = {4, 4, {3, 3, 3}, {1, 1, 1}, 3, 4, 4, false, false};
    float *x = numbers(3 * 4 * 4 * 4, 1), *w = numbers(4 * 4 * 27, 2), b[4] = {0}, y[4 * 4 * 4];
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        x[1 * 64 + 2 * 16 + 1 * 4] = odd[i]; /* frame 1, row 2, column 1 */
        run_conv(&c, T2V_PRECISION_INT8, x, w, b, y);
        assert_false(isfinite(y[(2 * 4 + 1) * 4]));
    }
    memset(x, 0, 3 * 64 * sizeof(*x));
    run_conv(&c, T2V_PRECISION_INT8, x, w, b, y);
    for (int i = 0; i < 64; i++)
        assert_float_equal(y[i], 0, 0);
    t2v_free(x);
    t2v_free(w);
}

static void an_interrupted_layer_stops(void **state)
{
    (void)state;
    float *w = numbers(64, 1), y[64];
    const t2v_tensor weight = floats(w, 8, 8);
    atomic_bool interrupted;
    t2v_exec *stopped;
    t2v_linear *linear;
    atomic_init(&interrupted, true);
    assert_int_equal(t2v_exec_create(1, &interrupted, &error, &stopped), T2V_OK);
    assert_int_equal(t2v_linear_create(1, &weight, NULL, T2V_PRECISION_INT8, &linear, &error),
                     T2V_OK);
    assert_int_equal(t2v_linear_run(stopped, linear, w, 8, T2V_ACTIVATION_NONE, false, y),
                     T2V_INTERRUPTED);
    t2v_linear_free(&linear);
    t2v_exec_destroy(&stopped);
    t2v_free(w);
}

#ifdef __x86_64__
/* oneDNN reads how much of the processor it may use when it is first called. */
static int run_again(const char *isa)
{
    const pid_t child = fork();
    int status = 1;
    if (child == 0) {
        setenv("ONEDNN_MAX_CPU_ISA", isa, 1);
        execl("/proc/self/exe", "int8", "once", (char *)NULL);
        _exit(1);
    }
    return child < 0 || waitpid(child, &status, 0) != child || status;
}

static int as_without_vnni(void)
{
    if (access("/proc/self/exe", X_OK) < 0) {
        puts("without /proc: not run again as on lesser processors");
        return 0;
    }
    return run_again("AVX2") + run_again("AVX512_CORE");
}
#else
static int as_without_vnni(void)
{
    return 0;
}
#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_extreme_bytes_do_not_saturate),
        cmocka_unit_test(rows_become_bytes_between_their_extremes),
        cmocka_unit_test(weights_become_signed_bytes),
        cmocka_unit_test(layers_equal_integer_loops_and_f32_within_the_rounding),
        cmocka_unit_test(joined_layers_lie_side_by_side),
        cmocka_unit_test(what_is_no_number_spoils_its_row_and_no_other),
        cmocka_unit_test(a_window_is_bytes_with_exact_zeros_around_them),
        cmocka_unit_test(convolutions_equal_integer_loops_and_f32_within_the_rounding),
        cmocka_unit_test(what_is_no_number_is_not_hidden_by_a_convolution),
        cmocka_unit_test(an_interrupted_layer_stops),
    };
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    (void)argv;
    if (argc == 1)
        failed += as_without_vnni();
    return failed;
}
