/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/attention.h"

#include <string.h>

#include "ops/onednn.h"
#include "ops/profile.h"
#include "ops/vector.h"

/* A block that is worked on at once: fewer queries only where their scores would leave the outer
 * cache, but heads together only while each thread's scores stay in the inner one. */
enum { BLOCK_QUERIES = 128, MIN_QUERIES = 16, BLOCK_SCORES = 1 << 20, THREAD_SCORES = 1 << 18 };

typedef struct block {
    int64_t head, heads, query, queries;
} block;

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A score with what is added to it; both may be absent. */
static inline float biased(const float *row, int64_t i, float scale, const float *key_bias,
                           const float *bias)
{
    return row[i] * scale + (key_bias ? key_bias[i] : 0) + (bias ? bias[i] : 0);
}

/* Scores to exponentials; what they have to be divided by is returned. Inlined once for each
 * combination of biases, so that no loop asks for them. */
__attribute__((always_inline)) static inline float
exponentials(float *row, int64_t n, float scale, const float *key_bias, const float *bias)
{
    float highest = -3.4e38f, sum = 0;
#pragma omp simd reduction(max : highest)
    for (int64_t i = 0; i < n; i++) {
        float score = biased(row, i, scale, key_bias, bias);
        highest = score > highest ? score : highest;
    }
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        row[i] = t2v_fast_exp_negative(biased(row, i, scale, key_bias, bias) - highest);
        sum += row[i];
    }
    return sum;
}

T2V_CLONES
static float softmax_row(float *row, int64_t n, float scale, const float *key_bias,
                         const float *bias)
{
    if (key_bias && bias)
        return exponentials(row, n, scale, key_bias, bias);
    if (key_bias)
        return exponentials(row, n, scale, key_bias, NULL);
    if (bias)
        return exponentials(row, n, scale, NULL, bias);
    return exponentials(row, n, scale, NULL, NULL);
}

/* scores: each row's exponentials; sums: of each row */
static void softmax_block(t2v_exec *exec, const t2v_attention *a, const block *b, float *scores,
                          float *sums)
{
    int64_t rows = exec->rehearsal ? 0 : b->heads * b->queries;
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        int64_t head = b->head + r / b->queries, query = b->query + r % b->queries;
        const float *bias = a->bias ? a->bias + (head * a->queries + query) * a->keys : NULL;
        sums[r] = softmax_row(scores + r * a->keys, a->keys, a->scale, a->key_bias, bias);
    }
    (void)exec; /* without OpenMP */
}

T2V_CLONES
static void divide_row(float *row, int64_t n, float divisor)
{
    const float inverse = 1 / divisor;
    for (int64_t i = 0; i < n; i++)
        row[i] *= inverse;
}

/* The sums divide the results rather than the scores, which are many more. */
static void divide_block(t2v_exec *exec, const t2v_attention *a, const block *b, const float *sums)
{
    int64_t rows = exec->rehearsal ? 0 : b->heads * b->queries;
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t r = 0; r < rows; r++) {
        int64_t head = b->head + r / b->queries, query = b->query + r % b->queries;
        divide_row(a->out + (query * a->heads + head) * a->head_dim, a->head_dim, sums[r]);
    }
    (void)exec; /* without OpenMP */
}

static t2v_status run_block(t2v_exec *exec, const t2v_attention *a, const block *b, float *scores,
                            float *sums)
{
    const int64_t d = a->head_dim;
    const t2v_batch_product score = {
        .batch = b->heads,
        .m = b->queries,
        .n = a->keys,
        .k = d,
        .left_batch = a->queries * d,
        .right_batch = a->keys * d,
        .dst_batch = b->queries * a->keys,
        .dst_stride = a->keys,
        .transposed = true,
    };
    const t2v_batch_product value = {
        .batch = b->heads,
        .m = b->queries,
        .n = d,
        .k = a->keys,
        .left_batch = b->queries * a->keys,
        .right_batch = a->keys * d,
        .dst_batch = d,
        .dst_stride = a->heads * d,
    };
    const float *q = a->q + (b->head * a->queries + b->query) * d;
    const int64_t at = b->head * a->keys * d;
    T2V_TRY(t2v_exec_check(exec));
    T2V_TRY(t2v_onednn_batch_product(exec, &score, q, a->k + at, scores));
    softmax_block(exec, a, b, scores, sums);
    T2V_TRY(t2v_onednn_batch_product(exec, &value, scores, a->v + at,
                                     a->out + b->query * a->heads * d + b->head * d));
    divide_block(exec, a, b, sums);
    return T2V_OK;
}

static t2v_status run_all(t2v_exec *exec, const t2v_attention *a)
{
    int64_t queries = min64(a->queries, BLOCK_QUERIES), heads;
    while (queries * a->keys > BLOCK_SCORES && queries > MIN_QUERIES)
        queries /= 2;
    heads = exec->threads * (int64_t)THREAD_SCORES / (queries * a->keys);
    heads = min64(heads < 1 ? 1 : heads, a->heads);
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *scores = t2v_exec_floats(exec, (size_t)(heads * queries), (size_t)a->keys);
    float *sums = t2v_exec_floats(exec, (size_t)(heads * queries), 1);
    t2v_status status = scores && sums ? T2V_OK : T2V_ERROR_MEMORY;
    for (int64_t head = 0; head < a->heads && status >= 0; head += heads)
        for (int64_t query = 0; query < a->queries && status >= 0; query += queries) {
            const block b = {head, min64(heads, a->heads - head), query,
                             min64(queries, a->queries - query)};
            status = run_block(exec, a, &b, scores, sums);
            if (exec->rehearsal) /* one is like the other */
                query = a->queries, head = a->heads;
        }
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

t2v_status t2v_attention_run(t2v_exec *exec, const t2v_attention *a)
{
    const double heads = (double)a->heads, queries = (double)a->queries, keys = (double)a->keys;
    const t2v_work work = {
        .operation = T2V_OPERATION_ATTENTION,
        .operations = 4 * heads * queries * keys * (double)a->head_dim,
        .bytes = sizeof(float) * heads * 2 * (queries + keys) * (double)a->head_dim,
        .shape = {a->heads, a->queries, a->keys, a->head_dim},
    };
    const int before = t2v_work_begin(exec, &work);
    t2v_status status = run_all(exec, a);
    t2v_work_end(exec, before);
    return status;
}

void t2v_split_heads(t2v_exec *exec, const float *x, int64_t rows, int64_t stride, int64_t heads,
                     int64_t head_dim, float *out)
{
    t2v_split_some_heads(exec, x, rows, stride, heads, head_dim, rows, out);
}

void t2v_split_some_heads(t2v_exec *exec, const float *x, int64_t rows, int64_t stride,
                          int64_t heads, int64_t head_dim, int64_t total, float *out)
{
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * sizeof(float) * (double)rows * (double)(heads * head_dim),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < rows; row++)
        for (int64_t head = 0; head < heads && !t2v_exec_stopping(exec); head++)
            memcpy(out + (head * total + row) * head_dim, x + row * stride + head * head_dim,
                   (size_t)head_dim * sizeof(float));
    t2v_work_end(exec, before);
}
