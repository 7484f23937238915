/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/fit_image.h"

#include <math.h>

#include "base/memory.h"

static const double LOBES = 3;

/* The source pixels that one output pixel is made of, along one axis. */
typedef struct span {
    int64_t first, count;
    const float *weight; /* [count], of sum 1 */
} span;

/* The filter of all output pixels along one axis. */
typedef struct axis {
    int64_t size; /* of the output */
    span *span;   /* [size] */
    float *weights;
} axis;

static double sinc(double x)
{
    if (x == floor(x)) /* what sin makes of multiples of pi is not quite 0 */
        return x == 0;
    return sin(M_PI * x) / (M_PI * x);
}

static double lanczos(double x)
{
    return fabs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* The filter about a point of the source: `stretch` source pixels are its unit. */
static int64_t make_span(double centre, double stretch, int64_t source, float *weight, span *s)
{
    const double reach = LOBES * stretch;
    const int64_t end = (int64_t)clamp(centre + reach + 0.5, 1, (double)source);
    double sum = 0;
    s->first = (int64_t)clamp(centre - reach + 0.5, 0, (double)(end - 1));
    s->count = end - s->first;
    s->weight = weight;
    for (int64_t i = 0; i < s->count; i++)
        sum += lanczos(((double)(s->first + i) + 0.5 - centre) / stretch);
    for (int64_t i = 0; i < s->count; i++)
        weight[i] = (float)(lanczos(((double)(s->first + i) + 0.5 - centre) / stretch) / sum);
    return s->count;
}

/* `scale`: source pixels to an output pixel. `bounded`: nothing is seen outside of the source. */
static t2v_status make_axis(int64_t source, int64_t view, int64_t canvas, double scale,
                            bool bounded, axis *a, t2v_error *error)
{
    const double stretch = scale > 1 ? scale : 1;
    const size_t taps = (size_t)(2 * LOBES * stretch) + 2;
    /* whole pixels, so that a crop or bars alone do not blur */
    const double start = floor(((double)source - (double)view * scale) / 2);
    const int64_t margin = (canvas - view) / 2;
    a->size = canvas;
    a->span = t2v_calloc((size_t)canvas, sizeof(*a->span));
    a->weights = t2v_calloc((size_t)canvas * taps, sizeof(*a->weights));
    if (!a->span || !a->weights)
        return t2v_fail_memory(error, "a picture", (size_t)canvas * taps * sizeof(float));
    float *weight = a->weights;
    for (int64_t i = 0; i < canvas; i++) {
        const double at = start + ((double)(i - margin) + 0.5) * scale;
        if (!bounded || (at > 0 && at < (double)source))
            weight += make_span(clamp(at, 0, (double)source), stretch, source, weight, &a->span[i]);
    }
    return T2V_OK;
}

/* One row of the output, still as wide as the source: [width, 3]. */
static void blend_rows(const t2v_image *image, const span *rows, float *line)
{
    const int64_t row = 3 * image->width;
    for (int64_t x = 0; x < row; x++)
        line[x] = 0;
    for (int64_t i = 0; i < rows->count; i++) {
        const uint16_t *from = image->rgb + (rows->first + i) * row;
        const float weight = rows->weight[i];
        for (int64_t x = 0; x < row; x++)
            line[x] += weight * ((float)from[x] / 65535.0f);
    }
}

/* The filter overshoots at edges. */
static float to_unit(float value)
{
    return value > 0 ? (value < 1 ? value : 1) : 0;
}

static void blend_columns(const float *line, const axis *columns, int64_t plane, float *rgb)
{
    for (int64_t x = 0; x < columns->size; x++) {
        const span *s = &columns->span[x];
        const float *from = line + 3 * s->first;
        float sum[3] = {0};
        for (int64_t i = 0; i < s->count; i++)
            for (int c = 0; c < 3; c++)
                sum[c] += s->weight[i] * from[3 * i + c];
        for (int c = 0; c < 3; c++)
            rgb[c * plane + x] = to_unit(sum[c]);
    }
}

static t2v_status blend(const t2v_image *image, const axis *columns, const axis *rows,
                        const atomic_bool *interrupted, float *rgb, t2v_error *error)
{
    const int64_t plane = columns->size * rows->size;
    float *line = t2v_calloc((size_t)image->width, 3 * sizeof(*line));
    t2v_status status = line ? T2V_OK : t2v_fail_memory(error, "a picture", (size_t)image->width);
    for (int64_t y = 0; y < rows->size && status >= 0; y++) {
        if (interrupted && atomic_load_explicit(interrupted, memory_order_relaxed))
            status = t2v_fail(error, T2V_INTERRUPTED, "interrupted");
        blend_rows(image, &rows->span[y], line);
        blend_columns(line, columns, plane, rgb + y * columns->size);
    }
    t2v_free(line);
    return status;
}

t2v_status t2v_image_fit(const t2v_image *image, const t2v_fit *fit, const atomic_bool *interrupted,
                         float *rgb, t2v_error *error)
{
    const double across = (double)image->width / (double)fit->width;
    const double down = (double)image->height / (double)fit->height;
    const double scale = fit->whole ? fmax(across, down) : fmin(across, down);
    axis columns = {0}, rows = {0};
    t2v_status status =
        make_axis(image->width, fit->width, fit->canvas_width, scale, fit->whole, &columns, error);
    if (status >= 0)
        status = make_axis(image->height, fit->height, fit->canvas_height, scale, fit->whole, &rows,
                           error);
    if (status >= 0)
        status = blend(image, &columns, &rows, interrupted, rgb, error);
    t2v_free(columns.span);
    t2v_free(columns.weights);
    t2v_free(rows.span);
    t2v_free(rows.weights);
    return status;
}
