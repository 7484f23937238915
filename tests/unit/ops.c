/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each operation against a plain C loop in double precision. */
#include "operations.h"

#include <math.h>
#include <string.h>

#include "ops/attention.h"
#include "ops/conv3d.h"
#include "ops/elementwise.h"
#include "ops/linear.h"
#include "ops/norm.h"
#include "ops/resample.h"
#include "ops/rope.h"
#include "ops/tile.h"
#include "ops/vector.h"

static t2v_tensor tensor(const float *data, int rank, const int64_t *dim)
{
    t2v_tensor t = {.dtype = T2V_F32, .data = data};
    size_t count;
    t.shape.rank = rank;
    memcpy(t.shape.dim, dim, (size_t)rank * sizeof(*dim));
    t2v_shape_count(&t.shape, &count);
    t.bytes = count * sizeof(float);
    return t;
}

static void assert_close(const float *found, const float *wanted, size_t count, double tolerance)
{
    double difference = 0, size = 1e-30;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)found[i] - wanted[i]) * ((double)found[i] - wanted[i]);
        size += (double)wanted[i] * wanted[i];
    }
    double relative = sqrt(difference / size);
    if (!(relative <= tolerance))
        fail_msg("relative difference %g, allowed %g", relative, tolerance);
}

/* ------------------------------------------------------------------ linear */

static double activate(t2v_activation activation, double x)
{
    if (activation == T2V_ACTIVATION_SILU)
        return x / (1 + exp(-x));
    if (activation == T2V_ACTIVATION_GELU_TANH)
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    return x;
}

static void plain_linear(const float *x, const float *w, const float *b, int64_t rows, int64_t in,
                         int64_t out, t2v_activation activation, bool accumulate, float *y)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < out; o++) {
            double sum = b ? b[o] : 0;
            for (int64_t i = 0; i < in; i++)
                sum += (double)x[r * in + i] * w[o * in + i];
            y[r * out + o] =
                (float)(activate(activation, sum) + (accumulate ? (double)y[r * out + o] : 0));
        }
}

static void check_linear(int64_t rows, int64_t in, int64_t out, bool bias,
                         t2v_activation activation, bool accumulate)
{
    const int64_t dim[2] = {out, in};
    float *x = numbers((size_t)(rows * in), 1), *w = numbers((size_t)(out * in), 2);
    float *b = numbers((size_t)out, 3);
    float *y = numbers((size_t)(rows * out), 4), *wanted = numbers((size_t)(rows * out), 4);
    const t2v_tensor weight = tensor(w, 2, dim), bias_tensor = tensor(b, 1, dim);
    t2v_linear *linear;
    assert_int_equal(t2v_linear_create(1, &weight, bias ? &bias_tensor : NULL, T2V_PRECISION_F32,
                                       &linear, &error),
                     T2V_OK);
    assert_int_equal(t2v_linear_run(exec, linear, x, rows, activation, accumulate, y), T2V_OK);
    plain_linear(x, w, bias ? b : NULL, rows, in, out, activation, accumulate, wanted);
    /* what is added up one by one, as oneDNN does on aarch64, rounds by the square root of it */
    assert_close(y, wanted, (size_t)(rows * out), fmax(1e-6, 2e-8 * sqrt((double)in)));
    t2v_linear_free(&linear);
    t2v_free(x);
    t2v_free(w);
    t2v_free(b);
    t2v_free(y);
    t2v_free(wanted);
}

static void linear_equals_a_plain_loop(void **state)
{
    (void)state;
    check_linear(1, 1, 1, true, T2V_ACTIVATION_NONE, false);
    check_linear(7, 33, 65, true, T2V_ACTIVATION_NONE, false);
    check_linear(7, 33, 65, false, T2V_ACTIVATION_NONE, true);
    check_linear(65, 128, 48, true, T2V_ACTIVATION_GELU_TANH, false);
    check_linear(65, 128, 48, true, T2V_ACTIVATION_SILU, false);
    check_linear(65, 128, 48, true, T2V_ACTIVATION_NONE, true);
}

static void linear_cuts_large_products_into_blocks(void **state)
{
    (void)state;
    check_linear(1025, 64, 8, true, T2V_ACTIVATION_NONE, false);   /* two blocks of rows */
    check_linear(3, 16384, 200, true, T2V_ACTIVATION_NONE, false); /* several panels */
}

/* More numbers than one thread takes at a time. */
static void gelus_equal_their_definitions(void **state)
{
    (void)state;
    enum { COUNT = 40000 };
    float *x = numbers(COUNT, 1), *y = numbers(COUNT, 1);
    float *wanted = numbers(COUNT, 1), *quick = numbers(COUNT, 1);
    for (int i = 0; i < COUNT; i++) {
        x[i] = y[i] = 4 * x[i];
        wanted[i] = (float)(0.5 * x[i] * (1 + erf(x[i] / sqrt(2))));
        quick[i] = (float)(x[i] / (1 + exp(-1.702 * x[i])));
    }
    t2v_gelu(exec, x, COUNT);
    t2v_quick_gelu(exec, y, COUNT);
    assert_close(x, wanted, COUNT, 1e-6);
    assert_close(y, quick, COUNT, 1e-6);
    float *const all[] = {x, y, wanted, quick};
    for (int i = 0; i < 4; i++)
        t2v_free(all[i]);
}

static void joined_layers_lie_side_by_side(void **state)
{
    (void)state;
    enum { ROWS = 5, IN = 24, A = 17, B = 30 };
    const int64_t dim_a[2] = {A, IN}, dim_b[2] = {B, IN};
    float *x = numbers(ROWS * IN, 1), *wa = numbers(A * IN, 2), *wb = numbers(B * IN, 3);
    float *ba = numbers(A, 4), *bb = numbers(B, 5), y[ROWS * (A + B)], ya[ROWS * A], yb[ROWS * B];
    const t2v_tensor weight[2] = {tensor(wa, 2, dim_a), tensor(wb, 2, dim_b)};
    const t2v_tensor bias[2] = {tensor(ba, 1, dim_a), tensor(bb, 1, dim_b)};
    t2v_linear *linear;
    assert_int_equal(t2v_linear_create(2, weight, bias, T2V_PRECISION_F32, &linear, &error),
                     T2V_OK);
    assert_int_equal(t2v_linear_outputs(linear), A + B);
    assert_int_equal(t2v_linear_run(exec, linear, x, ROWS, T2V_ACTIVATION_NONE, false, y), T2V_OK);
    plain_linear(x, wa, ba, ROWS, IN, A, T2V_ACTIVATION_NONE, false, ya);
    plain_linear(x, wb, bb, ROWS, IN, B, T2V_ACTIVATION_NONE, false, yb);
    for (int r = 0; r < ROWS; r++) {
        assert_close(y + r * (A + B), ya + r * A, A, 1e-6);
        assert_close(y + r * (A + B) + A, yb + r * B, B, 1e-6);
    }
    t2v_linear_free(&linear);
    float *const all[] = {x, wa, wb, ba, bb};
    for (int i = 0; i < 5; i++)
        t2v_free(all[i]);
}

/* ------------------------------------------------------------------ convolution */

typedef struct conv_case {
    int64_t in, out, kernel[3], stride[3], frames, h, w;
    bool accumulate;
    bool behind; /* padding, else on both sides */
} conv_case;

static int64_t conv_size(int64_t size, int64_t padding, int64_t kernel, int64_t stride)
{
    return (size + padding - kernel) / stride + 1;
}

/* Height or width of the output, padded by half a kernel. */
static int64_t padded_size(const conv_case *c, int axis)
{
    const int64_t half = c->kernel[axis] / 2;
    return conv_size(axis == 1 ? c->h : c->w, c->behind ? half : 2 * half, c->kernel[axis],
                     c->stride[axis]);
}

/* One output value; frames are [h, w, c]. */
static double plain_conv_at(const conv_case *c, const float *x, const float *w, int64_t o,
                            int64_t t, int64_t y, int64_t column)
{
    double sum = 0;
    for (int64_t kt = 0; kt < c->kernel[0]; kt++)
        for (int64_t ky = 0; ky < c->kernel[1]; ky++)
            for (int64_t kx = 0; kx < c->kernel[2]; kx++) {
                int64_t from_y = y * c->stride[1] + ky - (c->behind ? 0 : c->kernel[1] / 2);
                int64_t from_x = column * c->stride[2] + kx - (c->behind ? 0 : c->kernel[2] / 2);
                if (from_y < 0 || from_y >= c->h || from_x < 0 || from_x >= c->w)
                    continue;
                const float *at =
                    x + (((t * c->stride[0] + kt) * c->h + from_y) * c->w + from_x) * c->in;
                for (int64_t i = 0; i < c->in; i++)
                    sum += (double)at[i] *
                           w[(((o * c->in + i) * c->kernel[0] + kt) * c->kernel[1] + ky) *
                                 c->kernel[2] +
                             kx];
            }
    return sum;
}

static void plain_conv(const conv_case *c, const float *x, const float *w, const float *b,
                       float *out)
{
    const int64_t frames = conv_size(c->frames, 0, c->kernel[0], c->stride[0]);
    const int64_t h = padded_size(c, 1), columns = padded_size(c, 2);
    for (int64_t t = 0; t < frames; t++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t x_out = 0; x_out < columns; x_out++)
                for (int64_t o = 0; o < c->out; o++, out++)
                    *out = (float)(plain_conv_at(c, x, w, o, t, y, x_out) + b[o] +
                                   (c->accumulate ? (double)*out : 0));
}

static void check_conv(const conv_case *c)
{
    const int64_t dim[5] = {c->out, c->in, c->kernel[0], c->kernel[1], c->kernel[2]};
    const size_t kernel = (size_t)(c->kernel[0] * c->kernel[1] * c->kernel[2]);
    const size_t outputs = (size_t)(conv_size(c->frames, 0, c->kernel[0], c->stride[0]) *
                                    padded_size(c, 1) * padded_size(c, 2) * c->out);
    float *x = numbers((size_t)(c->frames * c->h * c->w * c->in), 1);
    float *w = numbers((size_t)(c->in * c->out) * kernel, 2), *b = numbers((size_t)c->out, 3);
    float *y = numbers(outputs, 4), *wanted = numbers(outputs, 4);
    const t2v_tensor weight = tensor(w, 5, dim), bias = tensor(b, 1, dim);
    t2v_conv3d *conv;
    assert_int_equal(t2v_conv3d_create(&weight, &bias, c->stride, &conv, &error), T2V_OK);
    if (c->behind)
        t2v_conv3d_pad_behind(conv);
    assert_int_equal(t2v_conv3d_run(exec, conv, x, c->frames, c->h, c->w, c->accumulate, y),
                     T2V_OK);
    plain_conv(c, x, w, b, wanted);
    assert_close(y, wanted, outputs, 1e-6);
    t2v_conv3d_free(&conv);
    t2v_free(x);
    t2v_free(w);
    t2v_free(b);
    t2v_free(y);
    t2v_free(wanted);
}

static void convolution_equals_a_plain_loop(void **state)
{
    (void)state;
    const conv_case cases[] = {
        {3, 5, {3, 3, 3}, {1, 1, 1}, 3, 4, 6, false, false},
        {16, 32, {3, 3, 3}, {1, 1, 1}, 5, 9, 7, false, false},
        {16, 16, {3, 3, 3}, {1, 1, 1}, 4, 8, 8, true, false},
        {8, 8, {1, 1, 1}, {1, 1, 1}, 2, 5, 5, false, false},
        {12, 20, {3, 3, 3}, {2, 2, 2}, 5, 8, 10, false, false},
        {8, 8, {1, 3, 3}, {1, 2, 2}, 2, 8, 10, false, true},
        {5, 7, {1, 3, 3}, {1, 2, 2}, 1, 7, 9, false, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_conv(&cases[i]);
}

/* Convolves 3 frames to one, with a single tap for each channel. */
static void check_tap(int64_t channels, int64_t h, int64_t w, bool accumulate, bool behind)
{
    const int64_t dim[5] = {channels, channels, 3, 3, 3};
    const int64_t reach = behind ? 2 : 1, rows = behind ? h - 1 : h, columns = behind ? w - 1 : w;
    const size_t frame = (size_t)(h * w * channels);
    float *x = numbers(3 * frame, 1), *weights = t2v_calloc((size_t)(channels * channels), 27 * 4);
    float *b = numbers((size_t)channels, 3), *y = numbers(frame, 2), *old = numbers(frame, 2);
    assert_non_null(weights);
    for (int64_t o = 0; o < channels; o++) /* one tap: right neighbour of the row below, frame 2 */
        weights[(o * channels + o) * 27 + 2 * 9 + 2 * 3 + 2] = 1;
    const t2v_tensor weight = tensor(weights, 5, dim), bias = tensor(b, 1, dim);
    t2v_conv3d *conv;
    assert_int_equal(t2v_conv3d_create(&weight, &bias, NULL, &conv, &error), T2V_OK);
    if (behind)
        t2v_conv3d_pad_behind(conv);
    assert_int_equal(t2v_conv3d_run(exec, conv, x, 3, h, w, accumulate, y), T2V_OK);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = 0; column < columns; column++)
            for (int64_t c = 0; c < channels; c += 61) {
                const int64_t from = row + reach, beside = column + reach;
                const size_t at = (size_t)((row * columns + column) * channels + c);
                float wanted = b[c] + (accumulate ? old[at] : 0);
                if (from < h && beside < w)
                    wanted += x[2 * frame + (size_t)((from * w + beside) * channels + c)];
                assert_float_equal(y[at], wanted, 1e-6);
            }
    t2v_conv3d_free(&conv);
    t2v_free(x);
    t2v_free(weights);
    t2v_free(b);
    t2v_free(y);
    t2v_free(old);
}

/* A frame with more operations than a piece may have. */
static void convolution_cuts_large_frames_into_strips(void **state)
{
    (void)state;
    check_tap(512, 96, 20, false, false);
    check_tap(512, 96, 20, false, true);
}

/* More weights than a panel may have; the second with strips besides. */
static void convolution_cuts_large_weights_into_panels(void **state)
{
    (void)state;
    check_tap(680, 6, 5, false, false);
    check_tap(680, 24, 20, false, false);
    check_tap(680, 6, 5, true, false);
}

/* ------------------------------------------------------------------ attention */

static void plain_attention(const t2v_attention *a, float *out)
{
    double *scores = t2v_calloc((size_t)a->keys, sizeof(*scores));
    assert_non_null(scores);
    for (int64_t head = 0; head < a->heads; head++)
        for (int64_t query = 0; query < a->queries; query++) {
            const float *q = a->q + (head * a->queries + query) * a->head_dim;
            double highest = -INFINITY, sum = 0;
            for (int64_t key = 0; key < a->keys; key++) {
                const float *k = a->k + (head * a->keys + key) * a->head_dim;
                scores[key] = a->key_bias ? a->key_bias[key] : 0;
                if (a->bias)
                    scores[key] += a->bias[(head * a->queries + query) * a->keys + key];
                for (int64_t d = 0; d < a->head_dim; d++)
                    scores[key] += (double)a->scale * q[d] * k[d];
                highest = fmax(highest, scores[key]);
            }
            for (int64_t key = 0; key < a->keys; key++)
                sum += scores[key] = exp(scores[key] - highest);
            for (int64_t d = 0; d < a->head_dim; d++) {
                double value = 0;
                for (int64_t key = 0; key < a->keys; key++)
                    value += scores[key] / sum * a->v[(head * a->keys + key) * a->head_dim + d];
                out[(query * a->heads + head) * a->head_dim + d] = (float)value;
            }
        }
    t2v_free(scores);
}

static void check_attention(int64_t heads, int64_t head_dim, int64_t queries, int64_t keys,
                            bool key_bias, bool bias, float scale)
{
    const size_t outputs = (size_t)(queries * heads * head_dim);
    float *q = numbers(outputs, 1), *k = numbers((size_t)(heads * keys * head_dim), 2);
    float *v = numbers((size_t)(heads * keys * head_dim), 3);
    float *mask = t2v_calloc((size_t)keys, 4), *b = numbers((size_t)(heads * queries * keys), 5);
    float *out = numbers(outputs, 6), *wanted = numbers(outputs, 7);
    for (int64_t i = keys / 2; i < keys; i++)
        mask[i] = -10000;
    const t2v_attention a = {
        heads,           head_dim, queries, keys, q, k, v, scale, key_bias ? mask : NULL,
        bias ? b : NULL, out,      false};
    assert_int_equal(t2v_attention_run(exec, &a), T2V_OK);
    plain_attention(&a, wanted);
    assert_close(out, wanted, outputs, 2e-6);
    float *const all[] = {q, k, v, mask, b, out, wanted};
    for (int i = 0; i < 7; i++)
        t2v_free(all[i]);
}

static void attention_equals_a_plain_loop(void **state)
{
    (void)state;
    check_attention(1, 8, 1, 2, false, false, 1);
    check_attention(3, 24, 37, 19, false, false, 0.2f);
    check_attention(2, 16, 130, 70, true, false, 0.25f);
    check_attention(4, 5, 20, 20, true, true, 1);
    check_attention(2, 32, 40, 40, false, false, 60); /* scores far apart */
}

static void attention_works_by_blocks_of_queries_and_keys(void **state)
{
    (void)state;
    check_attention(3, 8, 300, 5000, false, false, 0.5f);
    check_attention(2, 80, 200, 513, true, true, 0.5f); /* heads of a tile and a half */
    check_attention(1, 8, 100, 1030, false, false, 60); /* a higher score after each block */
}

static void tiles_equal_a_plain_loop(void **state)
{
    (void)state;
    enum { A_STRIDE = 50, DEPTH = 37, C_STRIDE = 70, MAX_COLUMNS = 64 };
    float *a = numbers(T2V_TILE_ROWS * A_STRIDE, 1), *b = numbers(DEPTH * MAX_COLUMNS, 2);
    const t2v_tile *tile;
    int tiles = 0;
    for (; (tile = t2v_tile_get(tiles)); tiles++)
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            float *c = numbers(T2V_TILE_ROWS * C_STRIDE, 3);
            float *wanted = numbers(T2V_TILE_ROWS * C_STRIDE, 3);
            for (int r = 0; r < T2V_TILE_ROWS; r++)
                for (int64_t j = 0; j < tile->columns; j++) {
                    double sum = accumulate ? wanted[r * C_STRIDE + j] : 0;
                    for (int i = 0; i < DEPTH; i++)
                        sum += (double)a[r * A_STRIDE + i] * b[i * tile->columns + j];
                    wanted[r * C_STRIDE + j] = (float)sum;
                }
            tile->run(a, A_STRIDE, b, DEPTH, c, C_STRIDE, accumulate);
            assert_close(c, wanted, T2V_TILE_ROWS * C_STRIDE, 2e-6);
            t2v_free(c);
            t2v_free(wanted);
        }
    assert_true(tiles > 0);
    t2v_free(a);
    t2v_free(b);
}

/* ------------------------------------------------------------------ the rest */

static void norms_equal_plain_loops(void **state)
{
    (void)state;
    enum { ROWS = 9, DIM = 37, STRIDE = 50, GROUPS = 2 };
    float *x = numbers(ROWS * STRIDE, 1), *weight = numbers(DIM, 2), *bias = numbers(DIM, 3);
    float *table = numbers(GROUPS * 2 * DIM, 4), y[ROWS * DIM], wanted[ROWS * DIM];
    const int32_t group[ROWS] = {0, 1, 0, 0, 1, 1, 0, 1, 0};
    const t2v_modulation modulation = {table, table + DIM, 2 * DIM, group};
    for (int centred = 0; centred < 2; centred++) {
        const t2v_norm norm = {DIM, 1e-5f, centred, weight, bias, &modulation, T2V_ACTIVATION_SILU};
        t2v_norm_run(exec, &norm, x, ROWS, STRIDE, y);
        for (int r = 0; r < ROWS; r++) {
            const float *row = x + r * STRIDE, *shift = table + group[r] * 2 * DIM;
            double mean = 0, square = 0;
            for (int i = 0; centred && i < DIM; i++)
                mean += (double)row[i] / DIM;
            for (int i = 0; i < DIM; i++)
                square += (row[i] - mean) * (row[i] - mean) / DIM;
            for (int i = 0; i < DIM; i++) {
                double value = (row[i] - mean) / sqrt(square + 1e-5) * weight[i] + bias[i];
                value = value * (1 + (double)shift[DIM + i]) + shift[i];
                wanted[r * DIM + i] = (float)activate(T2V_ACTIVATION_SILU, value);
            }
        }
        assert_close(y, wanted, ROWS * DIM, 1e-6);
    }
    t2v_free(x);
    t2v_free(weight);
    t2v_free(bias);
    t2v_free(table);
}

static void rotation_keeps_lengths_and_turns_pairs(void **state)
{
    (void)state;
    float x[2][4] = {{1, 0, 0, 2}, {3, 4, 5, 6}};
    const float angle[2][2] = {{(float)M_PI / 2, 0}, {0.3f, -1.2f}};
    float cosine[4], sine[4];
    for (int i = 0; i < 4; i++) {
        cosine[i] = cosf(angle[i / 2][i % 2]);
        sine[i] = sinf(angle[i / 2][i % 2]);
    }
    t2v_rope_run(exec, &x[0][0], 2, 4, 4, cosine, sine);
    assert_float_equal(x[0][0], 0, 1e-6);
    assert_float_equal(x[0][1], 1, 1e-6);
    assert_float_equal(x[0][3], 2, 1e-6);
    assert_float_equal(x[1][0], 3 * cos(0.3) - 4 * sin(0.3), 1e-5);
    assert_float_equal(x[1][1], 4 * cos(0.3) + 3 * sin(0.3), 1e-5);
    assert_float_equal(x[1][2], 5 * cos(1.2) + 6 * sin(1.2), 1e-5);
}

static void heads_are_split(void **state)
{
    (void)state;
    enum { ROWS = 3, HEADS = 2, DIM = 4, STRIDE = 11 };
    float *x = numbers(ROWS * STRIDE, 1), out[HEADS][ROWS][DIM];
    t2v_split_heads(exec, x, ROWS, STRIDE, HEADS, DIM, &out[0][0][0]);
    for (int h = 0; h < HEADS; h++)
        for (int r = 0; r < ROWS; r++)
            for (int d = 0; d < DIM; d++)
                assert_float_equal(out[h][r][d], x[r * STRIDE + h * DIM + d], 0);
    t2v_free(x);
}

static void elementwise_equals_plain_loops(void **state)
{
    (void)state;
    enum { COUNT = 40000, ROWS = 200, DIM = 200 };
    float *x = numbers(COUNT, 1), *y = numbers(COUNT, 2), *start = numbers(COUNT, 2);
    float *wanted = numbers(COUNT, 3), *gate = numbers(2 * DIM, 4);
    int32_t group[ROWS];
    t2v_add(exec, y, x, COUNT);
    for (int i = 0; i < COUNT; i++)
        wanted[i] = start[i] + x[i];
    assert_close(y, wanted, COUNT, 1e-7);
    memcpy(y, start, COUNT * sizeof(float));
    t2v_multiply(exec, y, x, COUNT);
    for (int i = 0; i < COUNT; i++)
        wanted[i] = start[i] * x[i];
    assert_close(y, wanted, COUNT, 1e-7);
    memcpy(y, start, COUNT * sizeof(float));
    for (int r = 0; r < ROWS; r++)
        group[r] = r % 3 == 0;
    t2v_gated_add(exec, y, x, ROWS, DIM, gate, DIM, group);
    for (int i = 0; i < COUNT; i++)
        wanted[i] = start[i] + x[i] * gate[group[i / DIM] * DIM + i % DIM];
    assert_close(y, wanted, COUNT, 1e-7);
    memcpy(y, start, COUNT * sizeof(float));
    y[7] = NAN;
    t2v_relu(exec, y, COUNT);
    for (int i = 0; i < COUNT; i++)
        wanted[i] = start[i] > 0 && i != 7 ? start[i] : 0;
    assert_close(y, wanted, COUNT, 0);
    float *const all[] = {x, y, start, wanted, gate};
    for (int i = 0; i < 5; i++)
        t2v_free(all[i]);
}

static void columns_and_positions_move_to_their_places(void **state)
{
    (void)state;
    enum { H = 3, W = 5, CHANNELS = 4, STRIDE = 7, AT = 2 };
    float *x = numbers(H * W * CHANNELS, 1), *wide = numbers(H * W * STRIDE, 2);
    float *start = numbers(H * W * STRIDE, 2), back[H * W * CHANNELS];
    float large[2 * H][2 * W][CHANNELS];
    t2v_put_columns(exec, x, H * W, CHANNELS, wide + AT, STRIDE);
    for (int i = 0; i < H * W; i++)
        for (int j = 0; j < STRIDE; j++) {
            const bool moved = j >= AT && j < AT + CHANNELS;
            assert_float_equal(wide[i * STRIDE + j],
                               moved ? x[i * CHANNELS + j - AT] : start[i * STRIDE + j], 0);
        }
    t2v_take_columns(exec, wide + AT, H * W, STRIDE, back, CHANNELS);
    assert_close(back, x, H * W * CHANNELS, 0);
    t2v_repeat_positions(exec, x, H, W, CHANNELS, &large[0][0][0]);
    for (int i = 0; i < 2 * H; i++)
        for (int j = 0; j < 2 * W; j++)
            for (int c = 0; c < CHANNELS; c++)
                assert_float_equal(large[i][j][c], x[(i / 2 * W + j / 2) * CHANNELS + c], 0);
    float *const all[] = {x, wide, start};
    for (int i = 0; i < 3; i++)
        t2v_free(all[i]);
}

static void fast_exponential_is_exact_to_float(void **state)
{
    (void)state;
    for (double x = -86; x < 88; x += 0.00371) {
        double wanted = exp((float)x), found = t2v_fast_exp((float)x);
        if (fabs(found - wanted) > 2.5e-7 * wanted)
            fail_msg("exp(%g) is %g, found %g", x, wanted, found);
        if (x <= 0)
            assert_float_equal(t2v_fast_exp_negative((float)x), found, 0);
    }
    assert_float_equal(t2v_fast_exp(-10000), 0, 0);
    assert_float_equal(t2v_fast_exp(-INFINITY), 0, 0);
    assert_float_equal(t2v_fast_exp_negative(-10000), 0, 0);
    assert_float_equal(t2v_fast_exp_negative(-INFINITY), 0, 0);
    assert_true(isnan(t2v_fast_exp(NAN)) && isnan(t2v_fast_exp_negative(NAN)));
    assert_float_equal(t2v_fast_silu(-200), 0, 1e-30);
    assert_float_equal(t2v_fast_silu(50), 50, 1e-5);
}

static void an_interrupted_context_stops(void **state)
{
    (void)state;
    const int64_t dim[2] = {8, 8};
    float *w = numbers(64, 1), y[64];
    const t2v_tensor weight = tensor(w, 2, dim);
    atomic_bool interrupted;
    t2v_exec *stopped;
    t2v_linear *linear;
    atomic_init(&interrupted, true);
    assert_int_equal(t2v_exec_create(1, &interrupted, &error, &stopped), T2V_OK);
    assert_int_equal(t2v_linear_create(1, &weight, NULL, T2V_PRECISION_F32, &linear, &error),
                     T2V_OK);
    assert_int_equal(t2v_linear_run(stopped, linear, w, 8, T2V_ACTIVATION_NONE, false, y),
                     T2V_INTERRUPTED);
    t2v_linear_free(&linear);
    t2v_exec_destroy(&stopped);
    t2v_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_equals_a_plain_loop),
        cmocka_unit_test(linear_cuts_large_products_into_blocks),
        cmocka_unit_test(gelus_equal_their_definitions),
        cmocka_unit_test(joined_layers_lie_side_by_side),
        cmocka_unit_test(convolution_equals_a_plain_loop),
        cmocka_unit_test(convolution_cuts_large_frames_into_strips),
        cmocka_unit_test(convolution_cuts_large_weights_into_panels),
        cmocka_unit_test(attention_equals_a_plain_loop),
        cmocka_unit_test(attention_works_by_blocks_of_queries_and_keys),
        cmocka_unit_test(tiles_equal_a_plain_loop),
        cmocka_unit_test(norms_equal_plain_loops),
        cmocka_unit_test(rotation_keeps_lengths_and_turns_pairs),
        cmocka_unit_test(heads_are_split),
        cmocka_unit_test(elementwise_equals_plain_loops),
        cmocka_unit_test(columns_and_positions_move_to_their_places),
        cmocka_unit_test(fast_exponential_is_exact_to_float),
        cmocka_unit_test(an_interrupted_context_stops),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
