/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/attention.h"

#include <stdatomic.h>
#include <string.h>

#include "ops/bf16.h"
#include "ops/profile.h"
#include "ops/tile.h"
#include "ops/vector.h"

/*
 * As Dao et al., FlashAttention-2 (2023): a block of queries meets the keys block by block. Its
 * results are sums of values weighted by exponentials, each relative to the highest score so far;
 * where a higher one turns up, what has been summed is scaled down. What a thread works on stays in
 * its inner caches, and threads meet only where keys and values are packed.
 */
enum { BLOCK_QUERIES = 16 * T2V_TILE_ROWS, MIN_QUERIES = 4 * T2V_TILE_ROWS, BLOCK_KEYS = 256 };
/* Heads together whose keys and values are packed at once: as many as stay below this. */
enum { PACKED_FLOATS = 1 << 22 };
/* Blocks of queries for each thread below which these are made smaller. */
enum { BLOCKS_PER_THREAD = 8 };

static const float LOWEST = -3.4e38f;

/* Keys and values of some heads in panels as wide as a tile, filled up with zeros: keys
 * [heads, panels, depth, columns], values [heads, panels, length, columns]. In bfloat16 two rows of
 * a panel are one of pairs. */
typedef struct packed {
    const t2v_attention *a;
    const t2v_tile *tile;
    const t2v_bf16_tile *brain; /* NULL: all is float */
    int64_t columns;            /* of the tile */
    int64_t head, heads;        /* which */
    int64_t depth, length;      /* head_dim and keys; even in bfloat16 */
    int64_t key_head;           /* elements of a head's keys */
    int64_t value_head;
    int64_t value_panels;
    union {
        float *keys;
        uint16_t *brain_keys;
    };
    union {
        float *values;
        uint16_t *brain_values;
    };
} packed;

/* One thread's scratch memory. Rows of queries are as deep as keys, rows of results the values'
 * panels side by side. */
typedef struct scratch {
    float *queries, *scores, *results;
    float *highest, *sum; /* of each query */
    uint16_t *brain_queries, *brain_scores;
} scratch;

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t round_up(int64_t n, int64_t step)
{
    return (n + step - 1) / step * step;
}

/* ------------------------------------------------------------------ packing */

/* A panel of keys, transposed. */
static void pack_keys(const packed *p, int64_t head, int64_t panel)
{
    const t2v_attention *a = p->a;
    const int64_t columns = p->columns, d = a->head_dim, first = panel * columns;
    const int64_t count = min64(columns, a->keys - first);
    const float *from = a->k + ((p->head + head) * a->keys + first) * d;
    float *to = p->keys + head * p->key_head + first * d;
    for (int64_t i = 0; i < d; i++, to += columns)
        for (int64_t j = 0; j < columns; j++)
            to[j] = j < count ? from[j * d + i] : 0;
}

static void pack_values(const packed *p, int64_t head, int64_t first, int64_t count)
{
    const t2v_attention *a = p->a;
    const int64_t columns = p->columns, d = a->head_dim;
    for (int64_t panel = 0; panel < p->value_panels; panel++) {
        const int64_t wide = min64(columns, d - panel * columns);
        const float *from = a->v + ((p->head + head) * a->keys + first) * d + panel * columns;
        float *to = p->values + head * p->value_head + (panel * a->keys + first) * columns;
        for (int64_t i = 0; i < count; i++, to += columns) {
            memcpy(to, from + i * d, (size_t)wide * sizeof(*to));
            memset(to + wide, 0, (size_t)(columns - wide) * sizeof(*to));
        }
    }
}

/* Numbers of a row that are rounded at once. */
enum { ROUNDED = 256 };

/* Rows [count, d] of floats to columns of pairs, each of neighbours in a row. */
static void pair_along(const float *from, int64_t count, int64_t d, int64_t columns, uint16_t *to)
{
    uint16_t row[ROUNDED + 1];
    memset(to, 0, (size_t)(round_up(d, 2) * columns) * sizeof(*to));
    for (int64_t j = 0; j < count; j++)
        for (int64_t at = 0; at < d; at += ROUNDED) {
            const int64_t n = min64(ROUNDED, d - at);
            uint16_t *pair = to + at * columns + 2 * j;
            t2v_round_to_bf16(from + j * d + at, n, row);
            row[n] = 0;
            for (int64_t i = 0; i < n; i += 2, pair += 2 * columns)
                memcpy(pair, row + i, 2 * sizeof(*pair));
        }
}

/* A row's numbers beside those of the row behind it, or of zeros. */
T2V_CLONES
static void pair_rows(const float *row, const float *behind, int64_t wide, uint16_t *to)
{
    for (int64_t j = 0; j < wide; j++) {
        to[2 * j] = t2v_bf16(row[j]);
        to[2 * j + 1] = behind ? t2v_bf16(behind[j]) : 0;
    }
}

/* Likewise, each pair of neighbours in a column. */
static void pair_across(const float *from, int64_t count, int64_t d, int64_t wide, int64_t columns,
                        uint16_t *to)
{
    for (int64_t i = 0; i < count; i += 2, to += 2 * columns) {
        pair_rows(from + i * d, i + 1 < count ? from + (i + 1) * d : NULL, wide, to);
        memset(to + 2 * wide, 0, (size_t)(2 * (columns - wide)) * sizeof(*to));
    }
}

/* A panel's keys, and of these keys the values. */
static void pack_in_bf16(const packed *p, int64_t head, int64_t first, int64_t count)
{
    const t2v_attention *a = p->a;
    const int64_t columns = p->columns, d = a->head_dim;
    const int64_t from = ((p->head + head) * a->keys + first) * d;
    pair_along(a->k + from, count, d, columns,
               p->brain_keys + head * p->key_head + first * p->depth);
    for (int64_t panel = 0; panel < p->value_panels; panel++)
        pair_across(a->v + from + panel * columns, count, d, min64(columns, d - panel * columns),
                    columns,
                    p->brain_values + head * p->value_head + (panel * p->length + first) * columns);
}

static void pack(t2v_exec *exec, const packed *p)
{
    const int64_t columns = p->columns, panels = p->key_head / (columns * p->depth);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t i = 0; i < p->heads * panels; i++)
        if (!t2v_exec_stopping(exec)) {
            const int64_t head = i / panels, first = i % panels * columns;
            const int64_t count = min64(columns, p->a->keys - first);
            if (p->brain) {
                pack_in_bf16(p, head, first, count);
            } else {
                pack_keys(p, head, i % panels);
                pack_values(p, head, first, count);
            }
        }
}

/* ------------------------------------------------------------------ a block of queries */

/* What is added to the scores of one query; both may be absent. */
static inline float biased(const float *row, int64_t i, const float *key_bias, const float *bias)
{
    return row[i] + (key_bias ? key_bias[i] : 0) + (bias ? bias[i] : 0);
}

/* Scores to exponentials relative to the highest of these and of those before; their sum is
 * returned. Inlined once for each combination of biases, so that no loop asks for them. */
__attribute__((always_inline)) static inline float
exponentials(float *row, int64_t n, const float *key_bias, const float *bias, float *highest)
{
    float most = *highest, sum = 0;
#pragma omp simd reduction(max : most)
    for (int64_t i = 0; i < n; i++) {
        float score = biased(row, i, key_bias, bias);
        most = score > most ? score : most;
    }
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        row[i] = t2v_fast_exp_negative(biased(row, i, key_bias, bias) - most);
        sum += row[i];
    }
    *highest = most;
    return sum;
}

T2V_CLONES
static float softmax_row(float *row, int64_t n, const float *key_bias, const float *bias,
                         float *highest)
{
    if (key_bias && bias)
        return exponentials(row, n, key_bias, bias, highest);
    if (key_bias)
        return exponentials(row, n, key_bias, NULL, highest);
    if (bias)
        return exponentials(row, n, NULL, bias, highest);
    return exponentials(row, n, NULL, NULL, highest);
}

T2V_CLONES
static void scale_row(const float *row, int64_t n, float factor, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = row[i] * factor;
}

/* Queries first … first + count - 1 of a head. */
typedef struct block {
    const packed *p;
    int64_t head; /* of those that are packed */
    int64_t first, count;
    int64_t rows;  /* count, rounded up to whole tiles */
    int64_t width; /* of a row of results */
    scratch s;
} block;

static void begin_block(const block *b)
{
    const t2v_attention *a = b->p->a;
    const int64_t d = a->head_dim;
    const float *q = a->q + ((b->p->head + b->head) * a->queries + b->first) * d;
    scale_row(q, b->count * d, a->scale, b->s.queries);
    memset(b->s.queries + b->count * d, 0, (size_t)((b->rows - b->count) * d) * sizeof(*q));
    for (int64_t r = 0; r < b->rows && b->p->brain; r++) {
        uint16_t *to = b->s.brain_queries + r * b->p->depth;
        to[b->p->depth - 1] = 0;
        t2v_round_to_bf16(b->s.queries + r * d, d, to);
    }
    for (int64_t r = 0; r < b->count; r++) {
        b->s.highest[r] = LOWEST;
        b->s.sum[r] = 0;
    }
}

static void score(const block *b, int64_t key, int64_t keys)
{
    const packed *p = b->p;
    const int64_t d = p->depth;
    int64_t panel = b->head * p->key_head + key * d;
    for (int64_t at = 0; at < keys; at += p->columns, panel += p->columns * d)
        for (int64_t r = 0; r < b->rows; r += T2V_TILE_ROWS) {
            float *to = b->s.scores + r * BLOCK_KEYS + at;
            if (p->brain)
                p->brain->run(b->s.brain_queries + r * d, d, p->brain_keys + panel, d / 2, to,
                              BLOCK_KEYS, false);
            else
                p->tile->run(b->s.queries + r * d, d, p->keys + panel, d, to, BLOCK_KEYS, false);
        }
}

static void weigh(const block *b, int64_t key, int64_t keys)
{
    const t2v_attention *a = b->p->a;
    const int64_t head = b->p->head + b->head;
    const float *key_bias = a->key_bias ? a->key_bias + key : NULL;
    for (int64_t r = 0; r < b->count; r++) {
        const float before = b->s.highest[r];
        const float *bias =
            a->bias ? a->bias + (head * a->queries + b->first + r) * a->keys + key : NULL;
        const float sum =
            softmax_row(b->s.scores + r * BLOCK_KEYS, keys, key_bias, bias, &b->s.highest[r]);
        const float factor = t2v_fast_exp_negative(before - b->s.highest[r]);
        b->s.sum[r] = b->s.sum[r] * factor + sum;
        if (key && before < b->s.highest[r])
            scale_row(b->s.results + r * b->width, b->width, factor, b->s.results + r * b->width);
    }
}

/* Behind an odd number there is a zero. */
static void round_scores(const block *b, int64_t keys)
{
    for (int64_t r = 0; r < b->rows; r++) {
        uint16_t *to = b->s.brain_scores + r * BLOCK_KEYS;
        t2v_round_to_bf16(b->s.scores + r * BLOCK_KEYS, keys, to);
        if (keys % 2)
            to[keys] = 0;
    }
}

static void add_values(const block *b, int64_t key, int64_t keys)
{
    const packed *p = b->p;
    int64_t values = b->head * p->value_head + key * p->columns;
    if (p->brain)
        round_scores(b, keys);
    for (int64_t panel = 0; panel < p->value_panels; panel++, values += p->length * p->columns)
        for (int64_t r = 0; r < b->rows; r += T2V_TILE_ROWS) {
            float *to = b->s.results + r * b->width + panel * p->columns;
            if (p->brain)
                p->brain->run(b->s.brain_scores + r * BLOCK_KEYS, BLOCK_KEYS,
                              p->brain_values + values, (keys + 1) / 2, to, b->width, key > 0);
            else
                p->tile->run(b->s.scores + r * BLOCK_KEYS, BLOCK_KEYS, p->values + values, keys, to,
                             b->width, key > 0);
        }
}

static void end_block(const block *b)
{
    const t2v_attention *a = b->p->a;
    for (int64_t r = 0; r < b->count; r++)
        scale_row(b->s.results + r * b->width, a->head_dim, 1 / b->s.sum[r],
                  a->out + ((b->first + r) * a->heads + b->p->head + b->head) * a->head_dim);
}

static void run_block(t2v_exec *exec, const block *b)
{
    const int64_t all = b->p->a->keys;
    begin_block(b);
    for (int64_t key = 0; key < all && !t2v_exec_stopping(exec); key += BLOCK_KEYS) {
        const int64_t keys = min64(BLOCK_KEYS, all - key);
        score(b, key, keys);
        weigh(b, key, keys);
        add_values(b, key, keys);
    }
    end_block(b);
}

/* ------------------------------------------------------------------ all blocks */

/* Floats of a thread's scratch memory. */
static int64_t scratch_floats(const packed *p, int64_t rows)
{
    const int64_t brain = p->brain ? (p->depth + BLOCK_KEYS) / 2 : 0;
    return rows * (p->a->head_dim + BLOCK_KEYS + p->value_panels * p->columns + 2 + brain);
}

static scratch divide_scratch(const packed *p, int64_t rows, float *memory)
{
    scratch s = {.queries = memory};
    s.scores = s.queries + rows * p->a->head_dim;
    s.results = s.scores + rows * BLOCK_KEYS;
    s.highest = s.results + rows * p->value_panels * p->columns;
    s.sum = s.highest + rows;
    s.brain_queries = (uint16_t *)(s.sum + rows);
    s.brain_scores = s.brain_queries + rows * p->depth;
    return s;
}

/* Threads take blocks as they come, so that one which is held up holds up no other. */
static void run_blocks(t2v_exec *exec, const packed *p, int64_t rows, float *memory)
{
    const t2v_attention *a = p->a;
    const int64_t blocks = (a->queries + rows - 1) / rows, each = scratch_floats(p, rows);
    atomic_int_fast64_t next = 0;
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int thread = 0; thread < exec->threads; thread++) {
        block b = {.p = p, .width = p->value_panels * p->columns};
        b.s = divide_scratch(p, rows, memory + thread * each);
        for (int64_t i; (i = next++) < p->heads * blocks && !t2v_exec_stopping(exec);) {
            b.head = i / blocks;
            b.first = i % blocks * rows;
            b.count = min64(rows, a->queries - b.first);
            b.rows = round_up(b.count, T2V_TILE_ROWS);
            run_block(exec, &b);
        }
    }
}

static int64_t choose_rows(const t2v_exec *exec, const t2v_attention *a)
{
    int64_t rows = BLOCK_QUERIES;
    while (rows > MIN_QUERIES &&
           a->heads * (a->queries / rows) < (int64_t)BLOCKS_PER_THREAD * exec->threads)
        rows /= 2;
    return rows;
}

static t2v_status run_heads(t2v_exec *exec, packed *p, int64_t most)
{
    const int64_t rows = choose_rows(exec, p->a);
    /* of pairs there is an even number */
    const int64_t elements = p->brain ? 2 : 1;
    p->keys = t2v_exec_floats(exec, (size_t)most, (size_t)(p->key_head / elements));
    p->values = t2v_exec_floats(exec, (size_t)most, (size_t)(p->value_head / elements));
    float *memory = t2v_exec_floats(exec, (size_t)exec->threads, (size_t)scratch_floats(p, rows));
    if (!p->keys || !p->values || !memory)
        return T2V_ERROR_MEMORY;
    if (exec->rehearsal)
        return T2V_OK;
    for (p->head = 0; p->head < p->a->heads; p->head += most) {
        p->heads = min64(most, p->a->heads - p->head);
        T2V_TRY(t2v_exec_check(exec));
        pack(exec, p);
        run_blocks(exec, p, rows, memory);
    }
    return t2v_exec_check(exec);
}

static t2v_status run_all(t2v_exec *exec, const t2v_attention *a)
{
    packed p = {.a = a, .tile = t2v_tile_get(0), .brain = a->bf16 ? t2v_bf16_tile_get() : NULL};
    const int64_t columns = p.columns = p.brain ? p.brain->columns : p.tile->columns;
    p.depth = round_up(a->head_dim, p.brain ? 2 : 1);
    p.length = round_up(a->keys, p.brain ? 2 : 1);
    p.value_panels = (a->head_dim + columns - 1) / columns;
    p.key_head = round_up(a->keys, columns) * p.depth;
    p.value_head = p.value_panels * columns * p.length;
    const int64_t fitting = PACKED_FLOATS / (p.key_head + p.value_head);
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_heads(exec, &p, fitting < 1 ? 1 : min64(fitting, a->heads));
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
