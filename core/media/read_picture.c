/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/read_picture.h"

#include <math.h>

#include "base/memory.h"

static int64_t chroma_width(const t2v_yuv_layout *l)
{
    return (l->width + l->shift_x) >> l->shift_x;
}

static int64_t chroma_height(const t2v_yuv_layout *l)
{
    return (l->height + l->shift_y) >> l->shift_y;
}

static size_t sample_bytes(const t2v_yuv_layout *l)
{
    return l->bits > 8 ? 2 : 1;
}

size_t t2v_yuv_bytes(const t2v_yuv_layout *l)
{
    const int64_t chroma = l->mono ? 0 : 2 * chroma_width(l) * chroma_height(l);
    return (size_t)(l->width * l->height + chroma) * sample_bytes(l);
}

/* From code values to luma in [0, 1] and chroma in [-1/2, 1/2] (ITU-T H.273, 8.3). */
typedef struct scale {
    float black, luma, middle, chroma;
} scale;

static scale make_scale(const t2v_yuv_layout *l)
{
    const float unit = (float)(1 << (l->bits - 8)), max = (float)((1 << l->bits) - 1);
    return (scale){
        .black = l->full_range ? 0 : 16 * unit,
        .luma = 1 / (l->full_range ? max : 219 * unit),
        .middle = 128 * unit,
        .chroma = 1 / (l->full_range ? max : 224 * unit),
    };
}

static float sample(const t2v_yuv_layout *l, const uint8_t *row, int64_t x)
{
    return l->bits > 8 ? (float)(row[2 * x] | row[2 * x + 1] << 8) : (float)row[x];
}

/* Two samples of `size` and the share of the second: where pixel `at` lies among them. */
typedef struct between {
    int64_t first, second;
    float share;
} between;

static between find_between(int64_t at, int shift, bool centre, int64_t size)
{
    const double offset = centre ? ((1 << shift) - 1) / 2.0 : 0;
    const double place = fmax(((double)at - offset) / (1 << shift), 0);
    const int64_t first = (int64_t)place < size - 1 ? (int64_t)place : size - 1;
    return (between){first, first + 1 < size ? first + 1 : first, (float)(place - floor(place))};
}

static float mix(float first, float second, float share)
{
    return first + share * (second - first);
}

/* One component of chroma for a row of pixels. `line`: room for chroma_width(l). */
static void read_chroma(const t2v_yuv_layout *l, const uint8_t *plane, int64_t y, scale s,
                        float *line, float *out)
{
    const between rows = find_between(y, l->shift_y, l->centre_y, chroma_height(l));
    const int64_t width = chroma_width(l);
    const size_t stride = (size_t)width * sample_bytes(l);
    const uint8_t *first = plane + (size_t)rows.first * stride;
    const uint8_t *second = plane + (size_t)rows.second * stride;
    for (int64_t x = 0; x < width; x++)
        line[x] = mix(sample(l, first, x), sample(l, second, x), rows.share);
    for (int64_t x = 0; x < l->width; x++) {
        const between columns = find_between(x, l->shift_x, l->centre_x, width);
        out[x] =
            (mix(line[columns.first], line[columns.second], columns.share) - s.middle) * s.chroma;
    }
}

static uint16_t to_word(float value)
{
    return (uint16_t)(65535.0f * fminf(fmaxf(value, 0), 1) + 0.5f);
}

static void convert_row(const t2v_yuv_layout *l, const float *luma, const float *u, const float *v,
                        uint16_t *rgb)
{
    const bool bt601 = l->matrix == T2V_MATRIX_BT601;
    const float kr = bt601 ? 0.299f : 0.2126f, kb = bt601 ? 0.114f : 0.0722f, kg = 1 - kr - kb;
    for (int64_t x = 0; x < l->width; x++, rgb += 3) {
        const float red = luma[x] + 2 * (1 - kr) * v[x], blue = luma[x] + 2 * (1 - kb) * u[x];
        rgb[0] = to_word(red);
        rgb[1] = to_word((luma[x] - kr * red - kb * blue) / kg);
        rgb[2] = to_word(blue);
    }
}

/* lines: [4, width], the last three of which are Y, U and V */
static t2v_status convert(const t2v_yuv_layout *l, const uint8_t *planes,
                          const atomic_bool *interrupted, float *lines, t2v_image *image,
                          t2v_error *error)
{
    const size_t stride = (size_t)l->width * sample_bytes(l);
    const uint8_t *u = planes + (size_t)l->height * stride;
    const uint8_t *v =
        u + (size_t)chroma_width(l) * (size_t)chroma_height(l) * (l->mono ? 0 : sample_bytes(l));
    const scale s = make_scale(l);
    float *luma = lines + l->width;
    for (int64_t y = 0; y < l->height; y++) {
        if (interrupted && atomic_load_explicit(interrupted, memory_order_relaxed))
            return t2v_fail(error, T2V_INTERRUPTED, "interrupted");
        for (int64_t x = 0; x < l->width; x++)
            luma[x] = (sample(l, planes + (size_t)y * stride, x) - s.black) * s.luma;
        if (!l->mono) {
            read_chroma(l, u, y, s, lines, luma + l->width);
            read_chroma(l, v, y, s, lines, luma + 2 * l->width);
        }
        convert_row(l, luma, luma + l->width, luma + 2 * l->width, image->rgb + 3 * y * l->width);
    }
    return T2V_OK;
}

t2v_status t2v_read_picture(const t2v_yuv_layout *l, const uint8_t *planes,
                            const atomic_bool *interrupted, t2v_image *image, t2v_error *error)
{
    const size_t bytes = 3 * (size_t)l->width * (size_t)l->height * sizeof(*image->rgb);
    float *lines = t2v_calloc((size_t)l->width, 4 * sizeof(*lines));
    *image = (t2v_image){l->width, l->height, t2v_alloc(bytes)};
    t2v_status status = lines && image->rgb ? convert(l, planes, interrupted, lines, image, error)
                                            : t2v_fail_memory(error, "a picture", bytes);
    t2v_free(lines);
    if (status < 0)
        t2v_image_free(image);
    return status;
}
