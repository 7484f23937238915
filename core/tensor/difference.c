/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensor/difference.h"

#include "base/clones.h"

/* A product is made in blocks that the caches hold, and the factors are read block by block. */
enum { ROWS = 64, RANKS = 32, COLUMNS = 512 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

T2V_CLONES
static void add_scaled(float *restrict to, const float *restrict from, float by, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += by * from[i];
}

/* ------------------------------------------------------------------ stored */

static void add_stored(const t2v_adjust *adjust, size_t first, size_t count, float *values)
{
    const t2v_difference *d = (const t2v_difference *)adjust;
    float piece[COLUMNS];
    for (size_t at = 0; at < count; at += COLUMNS) {
        const size_t n = smaller(count - at, COLUMNS);
        t2v_tensor_read_f32(&d->stored, first + at, n, piece);
        add_scaled(values + at, piece, d->scale, n);
    }
}

void t2v_difference_store(t2v_difference *difference, const t2v_tensor *stored, float scale)
{
    *difference =
        (t2v_difference){.adjust = {.apply = add_stored}, .scale = scale, .stored = *stored};
}

/* ------------------------------------------------------------------ products */

/* A rectangle of the tensor, whose values lie `stride` apart from row to row. */
typedef struct rectangle {
    size_t row, rows, column, columns;
    float *values;
    size_t stride;
} rectangle;

/* Adds what `ranks` columns of `up`, from `rank` on, contribute. */
static void add_ranks(const t2v_difference *d, const rectangle *r, size_t rank, size_t ranks)
{
    float up[ROWS * RANKS], down[COLUMNS];
    for (size_t i = 0; i < r->rows; i++)
        t2v_tensor_read_f32(&d->up, (r->row + i) * d->rank + rank, ranks, up + i * ranks);
    for (size_t at = 0; at < r->columns; at += COLUMNS) {
        const size_t n = smaller(r->columns - at, COLUMNS);
        for (size_t k = 0; k < ranks; k++) {
            t2v_tensor_read_f32(&d->down, (rank + k) * d->columns + r->column + at, n, down);
            for (size_t i = 0; i < r->rows; i++)
                add_scaled(r->values + i * r->stride + at, down, d->scale * up[i * ranks + k], n);
        }
    }
}

/* The next rows that are whole, at most a block of them; else what there is of one row. */
static rectangle next_rectangle(const t2v_difference *d, size_t first, size_t count, float *values)
{
    const size_t column = first % d->columns, rest = d->columns - column;
    rectangle r = {first / d->columns, 1, column, smaller(rest, count), values, d->columns};
    if (!column && count >= d->columns)
        r.rows = smaller(count / d->columns, ROWS);
    return r;
}

static void add_product(const t2v_adjust *adjust, size_t first, size_t count, float *values)
{
    const t2v_difference *d = (const t2v_difference *)adjust;
    while (count) {
        const rectangle r = next_rectangle(d, first, count, values);
        for (size_t rank = 0; rank < d->rank; rank += RANKS)
            add_ranks(d, &r, rank, smaller(d->rank - rank, RANKS));
        first += r.rows * r.columns;
        count -= r.rows * r.columns;
        values += r.rows * r.columns;
    }
}

void t2v_difference_product(t2v_difference *difference, const t2v_tensor *up,
                            const t2v_tensor *down, size_t rank, size_t columns, float scale)
{
    *difference = (t2v_difference){
        .adjust = {.apply = add_product},
        .scale = scale,
        .up = *up,
        .down = *down,
        .rank = rank,
        .columns = columns,
    };
}
