/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/resize_bicubic.h"

#include <math.h>

#include "base/memory.h"

/* Bits behind the point of a coefficient: products of 8 bits and sums of coefficients that
 * overshoot must fit into 32. */
enum { COLOURS = 3, POINT = 32 - 8 - 2 };
static const double SUPPORT = 2;

/* The source pixels that one output pixel is made of. */
typedef struct span {
    int64_t first, count;
    const int32_t *weight; /* [count] */
} span;

typedef struct axis {
    span *span; /* [size of the output] */
    int32_t *weights;
} axis;

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static int32_t to_fixed(double weight)
{
    return (int32_t)(weight * (1 << POINT) + (weight < 0 ? -0.5 : 0.5));
}

static void make_span(double centre, double stretch, int64_t size, int32_t *weight, span *s)
{
    const double reach = SUPPORT * stretch;
    double sum = 0;
    int64_t end = (int64_t)(centre + reach + 0.5);
    s->first = centre - reach + 0.5 < 0 ? 0 : (int64_t)(centre - reach + 0.5);
    end = end > size ? size : end;
    s->count = end - s->first;
    s->weight = weight;
    for (int64_t i = 0; i < s->count; i++)
        sum += bicubic(((double)(i + s->first) - centre + 0.5) / stretch);
    for (int64_t i = 0; i < s->count; i++)
        weight[i] = to_fixed(bicubic(((double)(i + s->first) - centre + 0.5) / stretch) / sum);
}

static t2v_status make_axis(int64_t size, int64_t to, axis *a, t2v_error *error)
{
    const double scale = (double)size / (double)to, stretch = scale > 1 ? scale : 1;
    const size_t taps = (size_t)ceil(SUPPORT * stretch) * 2 + 1;
    a->span = t2v_calloc((size_t)to, sizeof(*a->span));
    a->weights = t2v_calloc((size_t)to, taps * sizeof(*a->weights));
    if (!a->span || !a->weights)
        return t2v_fail_memory(error, "a picture", (size_t)to * taps * sizeof(*a->weights));
    for (int64_t i = 0; i < to; i++)
        make_span(((double)i + 0.5) * scale, stretch, size, a->weights + (size_t)i * taps,
                  &a->span[i]);
    return T2V_OK;
}

static void free_axis(axis *a)
{
    t2v_free(a->span);
    t2v_free(a->weights);
}

/* One colour of one output pixel, whose source pixels are `step` bytes apart. */
static uint8_t blend(const uint8_t *from, const span *s, int64_t step)
{
    int32_t sum = 1 << (POINT - 1);
    for (int64_t i = 0; i < s->count; i++)
        sum += from[i * step] * s->weight[i];
    sum >>= POINT;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static void blend_all(const uint8_t *from, int64_t width, int64_t height, const axis *columns,
                      const axis *rows, int64_t to_width, int64_t to_height, uint8_t *between,
                      uint8_t *to)
{
    const int64_t row = to_width * COLOURS;
    for (int64_t y = 0; y < height; y++)
        for (int64_t i = 0; i < row; i++) {
            const span *s = &columns->span[i / COLOURS];
            between[y * row + i] =
                blend(from + (y * width + s->first) * COLOURS + i % COLOURS, s, COLOURS);
        }
    for (int64_t y = 0; y < to_height; y++)
        for (int64_t i = 0; i < row; i++) {
            const span *s = &rows->span[y];
            to[y * row + i] = blend(between + s->first * row + i, s, row);
        }
}

t2v_status t2v_resize_bicubic(const uint8_t *from, int64_t width, int64_t height, int64_t to_width,
                              int64_t to_height, uint8_t *to, t2v_error *error)
{
    axis columns = {0}, rows = {0};
    uint8_t *between = t2v_calloc((size_t)height, (size_t)(to_width * COLOURS));
    t2v_status status = between ? make_axis(width, to_width, &columns, error)
                                : t2v_fail_memory(error, "a picture", (size_t)height);
    if (status >= 0)
        status = make_axis(height, to_height, &rows, error);
    if (status >= 0)
        blend_all(from, width, height, &columns, &rows, to_width, to_height, between, to);
    free_axis(&columns);
    free_axis(&rows);
    t2v_free(between);
    return status;
}
