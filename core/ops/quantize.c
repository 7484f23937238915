/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/quantize.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ops/vector.h"

/* 0 when all numbers are finite, else not a number */
T2V_CLONES
static float row_poison(const float *x, int64_t n)
{
    float poison = 0;
#pragma omp simd reduction(+ : poison)
    for (int64_t i = 0; i < n; i++)
        poison += 0 * x[i];
    return poison;
}

T2V_CLONES
static void row_range(const float *x, int64_t n, float *low, float *high)
{
    float least = x[0], most = x[0];
#pragma omp simd reduction(min : least) reduction(max : most)
    for (int64_t i = 0; i < n; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
    }
    *low = least;
    *high = most;
}

/* Comparisons are written so that what is no number becomes a byte like any other. */
T2V_CLONES
static void row_to_unsigned(const float *x, int64_t n, float low, float factor, float levels,
                            uint8_t *q)
{
    for (int64_t i = 0; i < n; i++) {
        float scaled = (x[i] - low) * factor + 0.5f;
        scaled = scaled > 0 ? scaled : 0;
        q[i] = (uint8_t)(int32_t)(scaled < levels ? scaled : levels);
    }
}

static void quantize_row(const float *x, int64_t n, int levels, uint8_t *q, t2v_affine *affine)
{
    float low, high;
    row_range(x, n, &low, &high);
    const float range = high - low;
    row_to_unsigned(x, n, low, range > 0 ? (float)levels / range : 0, (float)levels, q);
    affine->scale = range / (float)levels;
    affine->offset = low + row_poison(x, n);
}

void t2v_quantize_rows(t2v_exec *exec, const float *x, int64_t rows, int64_t count, int levels,
                       uint8_t *q, t2v_affine *affine)
{
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        if (!t2v_exec_stopping(exec))
            quantize_row(x + row * count, count, levels, q + row * count, &affine[row]);
}

/* ------------------------------------------------------------------ windows */

bool t2v_window_bytes(const t2v_window *w, size_t *bytes)
{
    return t2v_mul_size((size_t)(w->frames * w->rows), (size_t)(w->left + w->w + w->right),
                        bytes) &&
           t2v_mul_size(*bytes, (size_t)w->channels, bytes);
}

/* Row `index` of all rows of the frames; NULL: one of zeros. */
static const float *window_row(const t2v_window *w, int64_t index)
{
    const int64_t frame = index / w->rows, row = w->first + index % w->rows;
    const bool inside = row >= 0 && row < w->h;
    return inside ? w->x + (frame * w->h + row) * w->w * w->channels : NULL;
}

/* Zero lies between *low and *high. *poison is 0 when all numbers are finite, else not a number. */
static void window_range(t2v_exec *exec, const t2v_window *w, float *low, float *high,
                         float *poison)
{
    float least = 0, most = 0, sum = 0;
#pragma omp parallel for num_threads(exec->threads) schedule(static) reduction(min : least)        \
    reduction(max : most) reduction(+ : sum)
    for (int64_t i = 0; i < w->frames * w->rows; i++) {
        const float *row = window_row(w, i);
        float row_low, row_high;
        if (!row || t2v_exec_stopping(exec))
            continue;
        row_range(row, w->w * w->channels, &row_low, &row_high);
        least = row_low < least ? row_low : least;
        most = row_high > most ? row_high : most;
        sum += row_poison(row, w->w * w->channels);
    }
    *low = least;
    *high = most;
    *poison = sum;
}

void t2v_quantize_window(t2v_exec *exec, const t2v_window *w, int levels, uint8_t *q,
                         t2v_affine *affine)
{
    const int64_t n = w->w * w->channels;
    const int64_t left = w->left * w->channels, right = w->right * w->channels;
    float low, high, poison;
    window_range(exec, w, &low, &high, &poison);
    const float step = (high - low) / (float)levels;
    const bool usable = step >= FLT_MIN && step <= FLT_MAX; /* else all is zero, or no number */
    const int zero = usable ? (int)(0.5f - low / step) : 0;
    const float factor = usable ? 1 / step : 0, origin = usable ? -step * (float)zero : 0;
    *affine = (t2v_affine){usable ? step : 0 * step, origin + poison};
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t i = 0; i < w->frames * w->rows; i++) {
        const float *row = window_row(w, i);
        uint8_t *to = q + i * (left + n + right);
        if (t2v_exec_stopping(exec))
            continue;
        memset(to, zero, (size_t)(row ? left : left + n + right));
        if (row) {
            row_to_unsigned(row, n, origin, factor, (float)levels, to + left);
            memset(to + left + n, zero, (size_t)right);
        }
    }
}

/* ------------------------------------------------------------------ weights */

T2V_CLONES
static float row_largest(const float *w, int64_t n)
{
    float most = 0;
#pragma omp simd reduction(max : most)
    for (int64_t i = 0; i < n; i++) {
        const float size = fabsf(w[i]);
        most = size > most ? size : most;
    }
    return most;
}

T2V_CLONES
static void row_to_signed(const float *w, int64_t n, float factor, int8_t *q)
{
    for (int64_t i = 0; i < n; i++) {
        float scaled = w[i] * factor + 127.5f; /* positive, so that cutting off rounds */
        scaled = scaled > 0 ? scaled : 0;
        q[i] = (int8_t)((int32_t)(scaled < 254 ? scaled : 254) - 127);
    }
}

void t2v_quantize_weights(const float *w, int64_t count, int8_t *q, float *scale)
{
    const float largest = row_largest(w, count), step = largest / 127;
    row_to_signed(w, count, step > 0 ? 1 / step : 0, q);
    *scale = step + row_poison(w, count);
}

T2V_CLONES
static int32_t row_sum(const int8_t *q, int64_t n)
{
    int32_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += q[i];
    return sum;
}

/* Rows that are read together: what adds products to weights is quicker with several. */
enum { READ_ROWS = 16 };

/* Where a thread works: rows first … end-1, through room for READ_ROWS rows of floats. */
typedef struct share {
    int64_t first, end;
    float *floats;
} share;

static void quantize_share(t2v_exec *exec, const t2v_operand *operand, share part, int8_t *q,
                           float *scale, float *sum)
{
    const int64_t columns = t2v_operand_columns(operand);
    const size_t n = (size_t)columns;
    for (int64_t at = part.first; at < part.end && !t2v_exec_stopping(exec); at += READ_ROWS) {
        const int64_t rows = part.end - at < READ_ROWS ? part.end - at : READ_ROWS;
        t2v_tensor_read_f32(&operand->source, operand->first + (size_t)at * n, (size_t)rows * n,
                            part.floats);
        for (int64_t i = 0; i < rows; i++) {
            int8_t *bytes = q + (at + i) * columns;
            t2v_quantize_weights(part.floats + i * columns, columns, bytes, &scale[at + i]);
            sum[at + i] = scale[at + i] * (float)row_sum(bytes, columns);
        }
    }
}

static void sum_share(t2v_exec *exec, const t2v_operand *operand, share part, float *scale,
                      float *sum)
{
    const int64_t columns = t2v_operand_columns(operand);
    const int8_t *bytes = t2v_tensor_bytes(&operand->source) + operand->first;
    const float *stored = operand->source.row_scale + operand->first / (size_t)columns;
    for (int64_t row = part.first; row < part.end && !t2v_exec_stopping(exec); row++) {
        scale[row] = stored[row];
        sum[row] = stored[row] * (float)row_sum(bytes + row * columns, columns);
    }
}

t2v_status t2v_quantize_operand(t2v_exec *exec, const t2v_operand *operand, int8_t *q, float *scale,
                                float *sum)
{
    const int64_t rows = operand->dim[0], columns = t2v_operand_columns(operand);
    const int shares = exec->threads;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *floats = q ? t2v_exec_floats(exec, (size_t)shares * READ_ROWS, (size_t)columns) : NULL;
    if (q && !floats)
        return T2V_ERROR_MEMORY;
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int i = 0; i < shares; i++) {
        share part = {rows * i / shares, rows * (i + 1) / shares, NULL};
        if (q) {
            part.floats = floats + i * READ_ROWS * columns;
            quantize_share(exec, operand, part, q, scale, sum);
        } else {
            sum_share(exec, operand, part, scale, sum);
        }
    }
    t2v_arena_reset(&exec->arena, mark);
    return t2v_exec_check(exec);
}

/* ------------------------------------------------------------------ results */

/* Results that are finished together, each step in a loop of its own that compilers vectorise. */
enum { CHUNK = 1024 };

T2V_CLONES
static void chunk_scale(const int32_t *sums, int64_t n, t2v_affine x, const float *scale,
                        const float *sum, float *value)
{
    for (int64_t i = 0; i < n; i++)
        value[i] = x.scale * scale[i] * (float)sums[i] + x.offset * sum[i];
}

T2V_CLONES
static void chunk_add(float *value, const float *more, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        value[i] += more[i];
}

/* x · ½(1 + tanh(√(2/π)(x + 0.044715 x³))), by tanh(u) = 2 / (1 + e^-2u) − 1 */
T2V_CLONES
static void chunk_gelu_tanh(float *value, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float x = value[i];
        value[i] = x / (1 + t2v_fast_exp(-1.5957691216f * (x + 0.044715f * x * x * x)));
    }
}

T2V_CLONES
static void chunk_silu(float *value, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        value[i] = t2v_fast_silu(value[i]);
}

static void dequantize_row(const t2v_dequantize *d, const int32_t *sums, t2v_affine x, float *y)
{
    float value[CHUNK];
    for (int64_t at = 0; at < d->count; at += CHUNK) {
        const int64_t n = d->count - at < CHUNK ? d->count - at : CHUNK;
        chunk_scale(sums + at, n, x, d->scale + at, d->sum + at, value);
        if (d->bias)
            chunk_add(value, d->bias + at, n);
        if (d->activation == T2V_ACTIVATION_GELU_TANH)
            chunk_gelu_tanh(value, n);
        if (d->activation == T2V_ACTIVATION_SILU)
            chunk_silu(value, n);
        if (d->accumulate)
            chunk_add(y + at, value, n);
        else
            memcpy(y + at, value, (size_t)n * sizeof(*value));
    }
}

void t2v_dequantize_rows(t2v_exec *exec, const t2v_dequantize *d, float *y, int64_t stride)
{
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < d->rows; row++)
        if (!t2v_exec_stopping(exec))
            dequantize_row(d, d->sums + row * d->count, d->affine[d->one_affine ? 0 : row],
                           y + row * stride);
}
