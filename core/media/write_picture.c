/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture is written in blocks of 64 columns by one or two rows, in local arrays with loops of
 * constant length, which every compiler turns into vector code and which need no memory.
 */
#include "media/write_picture.h"

#include <string.h>

#include "media/dither.h"
#include "media/pixel_format.h"

enum { BLOCK = T2V_DITHER_SIZE, HALF = BLOCK / 2, MAX_SIZE = 16384 };

/* R, G, B (or Y, U, V), and after them alpha, which only some pictures have. */
enum { COMPONENTS = 3, ALPHA = COMPONENTS, ALL };

/* A row of a block with its neighbours for the chroma filter: column x at [x + 1]. Longer than
 * that needs, so that its length is a multiple of a vector's. */
enum { ROW = BLOCK + 4 };
typedef struct block_row {
    float c[ALL][ROW]; /* alpha in code values */
} block_row;

/* A linear combination of R, G, B in code values, rounded down after the dither. */
typedef struct transform {
    float weight[COMPONENTS];
    float offset;
    int max; /* code value */
} transform;

typedef struct job {
    const float *rgb;
    int width, height;
    const t2v_picture *picture;
    const t2v_pixel_format_info *info;
    bool transparent;                /* alpha is the brightness, and colours are straight */
    int loaded;                      /* components of a block_row that are in use: 3 or 4 */
    transform component[COMPONENTS]; /* Y, U, V, or R, G, B */
    t2v_dither dither[COMPONENTS];
} job;

/* ------------------------------------------------------------------ what is computed */

/* Y, U and V of ITU-R BT.709 or BT.601 in code values, black at 0 and neutral chroma in the middle
 * (ITU-T H.273, 8.3). */
static void set_yuv(job *j)
{
    bool bt601 = j->picture->matrix == T2V_MATRIX_BT601, full = j->picture->full_range;
    double kr = bt601 ? 0.299 : 0.2126, kb = bt601 ? 0.114 : 0.0722, kg = 1 - kr - kb;
    double unit = 1 << (j->info->bits - 8);
    int max = (1 << j->info->bits) - 1;
    double luma = full ? max : 219 * unit, chroma = full ? max : 224 * unit;
    double u = chroma / (2 * (1 - kb)), v = chroma / (2 * (1 - kr));
    float middle = (float)(128 * unit);
    j->component[0] = (transform){{(float)(luma * kr), (float)(luma * kg), (float)(luma * kb)},
                                  full ? 0 : (float)(16 * unit),
                                  max};
    j->component[1] =
        (transform){{(float)(-u * kr), (float)(-u * kg), (float)(u * (1 - kb))}, middle, max};
    j->component[2] =
        (transform){{(float)(v * (1 - kr)), (float)(-v * kg), (float)(-v * kb)}, middle, max};
}

static void set_rgb(job *j)
{
    float max = (float)((1 << j->info->bits) - 1);
    for (int c = 0; c < COMPONENTS; c++) {
        j->component[c] = (transform){.max = (int)max};
        j->component[c].weight[c] = max;
    }
}

/* RGB shares one dither, so that grey stays grey. */
static void set_dither(job *j, int64_t frame_index)
{
    for (int c = 0; c < COMPONENTS; c++)
        j->dither[c] = t2v_dither_for(frame_index, j->info->rgb ? 0 : c);
}

/* ------------------------------------------------------------------ blocks */

static inline float clamp(float value)
{
    value = value > 0.0f ? value : 0.0f; /* NaN too */
    return value < 1.0f ? value : 1.0f;
}

/* Columns from x − 1 on of one row, edges repeated. */
static void load_component(const float *row, int width, int x, float *restrict out)
{
    int columns = width - x < ROW - 1 ? width - x : ROW - 1;
    out[0] = row[x ? x - 1 : 0];
    memcpy(out + 1, row + x, (size_t)columns * sizeof(float));
    for (int i = columns + 1; i < ROW; i++)
        out[i] = row[width - 1];
    for (int i = 0; i < ROW; i++)
        out[i] = clamp(out[i]);
}

/* Alpha is the brightest of R, G and B, dithered and rounded to what will be stored. Its dither is
 * the complement of the colours', so that never both are rounded down. */
static void load_alpha(const job *j, int y, block_row *row)
{
    float dither[BLOCK];
    t2v_dither_row(j->dither[0], y, 0, dither);
    for (int i = 0; i < ROW; i++) {
        float brightest = row->c[0][i] > row->c[1][i] ? row->c[0][i] : row->c[1][i];
        brightest = brightest > row->c[2][i] ? brightest : row->c[2][i];
        /* column x is at i = 1 */
        row->c[ALPHA][i] = (float)(int)(255 * brightest + 1 - dither[(i + BLOCK - 1) % BLOCK]);
    }
}

static void load_row(const job *j, int x, int y, block_row *out)
{
    size_t plane = (size_t)j->width * (size_t)j->height;
    const float *row = j->rgb + (size_t)y * (size_t)j->width;
    for (int c = 0; c < COMPONENTS; c++)
        load_component(row + c * plane, j->width, x, out->c[c]);
    if (j->transparent)
        load_alpha(j, y, out);
}

/* Midway between two rows. */
static void average_rows(const job *j, block_row *restrict row, const block_row *restrict below)
{
    for (int c = 0; c < j->loaded; c++)
        for (int i = 0; i < ROW; i++)
            row->c[c][i] = 0.5f * (row->c[c][i] + below->c[c][i]);
}

/* Even columns with a quarter of their neighbours each: [1 2 1] / 4. */
static void halve_columns(const job *j, const block_row *restrict row,
                          float out[restrict ALL][BLOCK])
{
    for (int c = 0; c < j->loaded; c++) {
        const float *restrict in = row->c[c];
        float *restrict half = out[c];
        for (int i = 0; i < HALF; i++)
            half[i] = 0.25f * (in[2 * i] + in[2 * i + 2]) + 0.5f * in[2 * i + 1];
    }
}

/* The colours of a block, from its column 0 on. */
static void take_columns(const job *j, const block_row *row, float out[ALL][BLOCK])
{
    for (int c = 0; c < j->loaded; c++)
        memcpy(out[c], row->c[c] + 1, sizeof(out[c]));
}

/* Straight colours out of colours over black, which are premultiplied ones: C / alpha. They are
 * divided by the alpha that is stored, so that over black the picture is what it was. */
static void unmultiply(float block[ALL][BLOCK])
{
    const float *restrict alpha = block[ALPHA];
    for (int c = 0; c < COMPONENTS; c++) {
        float *restrict colour = block[c];
        for (int i = 0; i < BLOCK; i++) {
            float straight = alpha[i] > 0 ? colour[i] * 255 / alpha[i] : 0;
            colour[i] = straight < 1 ? straight : 1;
        }
    }
}

/* Code values of one component. `dither` holds the transform's offset already. */
static void quantise(const transform *t, const float *restrict r, const float *restrict g,
                     const float *restrict b, const float *restrict dither, uint16_t *restrict out)
{
    float wr = t->weight[0], wg = t->weight[1], wb = t->weight[2];
    float max = (float)t->max;
    for (int i = 0; i < BLOCK; i++) {
        float value = wr * r[i] + wg * g[i] + wb * b[i] + dither[i];
        out[i] = (uint16_t)(int)(value < max ? value : max);
    }
}

/* ------------------------------------------------------------------ into the caller's planes */

static uint8_t *plane_at(const job *j, int plane, int x, int y)
{
    return j->picture->planes[plane] + y * j->picture->stride[plane] +
           (ptrdiff_t)x * j->info->plane_step[plane];
}

static void store_8(const uint16_t *restrict codes, int count, uint8_t *out)
{
    uint8_t bytes[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        bytes[i] = (uint8_t)codes[i];
    memcpy(out, bytes, (size_t)count);
}

static void store_16(const uint16_t *restrict codes, int count, uint8_t *out)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (int i = 0; i < count; i++) {
        out[2 * i] = (uint8_t)codes[i];
        out[2 * i + 1] = (uint8_t)(codes[i] >> 8);
    }
#else
    memcpy(out, codes, (size_t)count * 2);
#endif
}

static void store(const job *j, int plane, int x, int y, const uint16_t *codes, int count)
{
    uint8_t *out = plane_at(j, plane, x, y);
    if (j->info->bits > 8)
        store_16(codes, count, out);
    else
        store_8(codes, count, out);
}

static void store_pairs(const uint16_t *restrict first, const uint16_t *restrict second, int count,
                        uint8_t *out)
{
    uint8_t bytes[2 * BLOCK];
    for (int i = 0; i < BLOCK; i++) {
        bytes[2 * i] = (uint8_t)first[i];
        bytes[2 * i + 1] = (uint8_t)second[i];
    }
    memcpy(out, bytes, 2 * (size_t)count);
}

/* Where R, G, B (and A, or −1) lie in a packed pixel. */
typedef struct packing {
    int position[COMPONENTS], alpha;
} packing;

static packing packing_of(t2v_pixel_format format)
{
    switch (format) {
    case T2V_PIXEL_RGBA:
        return (packing){{0, 1, 2}, 3};
    case T2V_PIXEL_BGRA:
        return (packing){{2, 1, 0}, 3};
    case T2V_PIXEL_ARGB:
        return (packing){{1, 2, 3}, 0};
    case T2V_PIXEL_ABGR:
        return (packing){{3, 2, 1}, 0};
    case T2V_PIXEL_BGR24:
        return (packing){{2, 1, 0}, -1};
    default:
        return (packing){{0, 1, 2}, -1};
    }
}

static void store_packed_3(uint16_t codes[COMPONENTS][BLOCK], packing p, int count, uint8_t *out)
{
    for (int i = 0; i < count; i++, out += 3)
        for (int c = 0; c < COMPONENTS; c++)
            out[p.position[c]] = (uint8_t)codes[c][i];
}

static void store_packed_4(uint16_t codes[ALL][BLOCK], packing p, int count, uint8_t *out)
{
    for (int i = 0; i < count; i++, out += 4) {
        out[p.alpha] = (uint8_t)codes[ALPHA][i];
        for (int c = 0; c < COMPONENTS; c++)
            out[p.position[c]] = (uint8_t)codes[c][i];
    }
}

/* ------------------------------------------------------------------ rows */

/* Thresholds of a row for each component, offsets included. */
typedef struct row_dither {
    float c[COMPONENTS][BLOCK];
} row_dither;

static void make_dither(const job *j, int first, int last, int y, row_dither *out)
{
    for (int c = first; c <= last; c++)
        t2v_dither_row(j->dither[c], y, j->component[c].offset, out->c[c]);
}

static int block_columns(int width, int x)
{
    return width - x < BLOCK ? width - x : BLOCK;
}

/* Alpha of a block as it was loaded; opaque where it is not wanted. */
static void quantise_alpha(const job *j, const block_row *row, uint16_t *out)
{
    for (int i = 0; i < BLOCK; i++)
        out[i] = j->transparent ? (uint16_t)(int)row->c[ALPHA][i + 1] : 255;
}

static void write_rgb_row(const job *j, int y)
{
    static const int planar[COMPONENTS] = {2, 0, 1}; /* planes of R, G, B in GBR order */
    packing p = packing_of(j->picture->format);
    row_dither dither;
    make_dither(j, 0, 2, y, &dither);
    for (int x = 0; x < j->width; x += BLOCK) {
        int count = block_columns(j->width, x);
        block_row row;
        float rgb[ALL][BLOCK];
        uint16_t codes[ALL][BLOCK];
        load_row(j, x, y, &row);
        take_columns(j, &row, rgb);
        if (j->transparent)
            unmultiply(rgb);
        for (int c = 0; c < COMPONENTS; c++)
            quantise(&j->component[c], rgb[0], rgb[1], rgb[2], dither.c[c], codes[c]);
        quantise_alpha(j, &row, codes[ALPHA]);
        for (int c = 0; c < COMPONENTS && j->info->planes == 3; c++)
            store(j, planar[c], x, y, codes[c], count);
        if (j->info->planes == 1 && p.alpha < 0)
            store_packed_3(codes, p, count, plane_at(j, 0, x, y));
        else if (j->info->planes == 1)
            store_packed_4(codes, p, count, plane_at(j, 0, x, y));
    }
}

static void write_luma(const job *j, const block_row *row, const row_dither *dither, int x, int y)
{
    float rgb[ALL][BLOCK];
    uint16_t codes[BLOCK];
    int count = block_columns(j->width, x);
    take_columns(j, row, rgb);
    if (j->transparent)
        unmultiply(rgb);
    quantise(&j->component[0], rgb[0], rgb[1], rgb[2], dither->c[0], codes);
    store(j, 0, x, y, codes, count);
    if (j->info->planes <= ALPHA)
        return;
    quantise_alpha(j, row, codes);
    store(j, ALPHA, x, y, codes, count);
}

/* Chroma of a block whose rows are averaged already; (x, y) in samples of the chroma planes. What
 * is filtered is premultiplied, so that transparent pixels have no say in their neighbours' hue. */
static void write_chroma(const job *j, const block_row *row, const row_dither *dither, int x, int y)
{
    float rgb[ALL][BLOCK] = {{0}};
    uint16_t codes[COMPONENTS][BLOCK];
    int shift = j->info->chroma_shift_x, width = (j->width + shift) >> shift;
    int count = width - x < BLOCK >> shift ? width - x : BLOCK >> shift;
    if (shift)
        halve_columns(j, row, rgb);
    else
        take_columns(j, row, rgb);
    if (j->transparent)
        unmultiply(rgb);
    for (int c = 1; c < COMPONENTS; c++) {
        /* a block of half the columns may begin in the middle of the dither's row */
        float turned[BLOCK];
        int start = x % BLOCK;
        memcpy(turned, dither->c[c] + start, (size_t)(BLOCK - start) * sizeof(float));
        memcpy(turned + BLOCK - start, dither->c[c], (size_t)start * sizeof(float));
        quantise(&j->component[c], rgb[0], rgb[1], rgb[2], turned, codes[c]);
    }
    if (j->info->planes == 2) {
        store_pairs(codes[1], codes[2], count, plane_at(j, 1, x, y));
        return;
    }
    store(j, 1, x, y, codes[1], count);
    store(j, 2, x, y, codes[2], count);
}

/* The rows of luma that share a row of chroma: one, or two in 4:2:0 (the last may be alone). */
static void write_yuv_rows(const job *j, int chroma_y)
{
    int y = chroma_y << j->info->chroma_shift_y, shift_x = j->info->chroma_shift_x;
    bool two = j->info->chroma_shift_y && y + 1 < j->height;
    row_dither dither, below;
    make_dither(j, 0, 0, y, &dither);
    make_dither(j, 0, 0, y + 1, &below);
    make_dither(j, 1, 2, chroma_y, &dither);
    for (int x = 0; x < j->width; x += BLOCK) {
        block_row row, next;
        load_row(j, x, y, &row);
        write_luma(j, &row, &dither, x, y);
        if (two) {
            load_row(j, x, y + 1, &next);
            write_luma(j, &next, &below, x, y + 1);
            average_rows(j, &row, &next);
        }
        write_chroma(j, &row, &dither, x >> shift_x, chroma_y);
    }
}

/* ------------------------------------------------------------------ the picture */

static t2v_status check(const t2v_pixel_format_info *info, int width, int height,
                        const t2v_picture *picture, t2v_error *error)
{
    if (!info)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "pixel format %d is none of the %d known",
                        (int)picture->format, T2V_PIXEL_FORMATS);
    if (width < 1 || width > MAX_SIZE || height < 1 || height > MAX_SIZE)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "a picture of %d × %d pixels, wanted 1 to %d",
                        width, height, MAX_SIZE);
    if ((unsigned)picture->matrix > T2V_MATRIX_BT601)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "matrix %d is neither BT.709 nor BT.601",
                        (int)picture->matrix);
    for (int plane = 0; plane < info->planes; plane++) {
        ptrdiff_t stride = picture->stride[plane];
        size_t room = stride < 0 ? 0 - (size_t)stride : (size_t)stride;
        size_t bytes = t2v_plane_row_bytes(info, plane, width);
        if (!picture->planes[plane])
            return t2v_fail(error, T2V_ERROR_ARGUMENT, "plane %d of a %s picture is missing", plane,
                            info->name);
        if (room < bytes && t2v_plane_rows(info, plane, height) > 1)
            return t2v_fail(error, T2V_ERROR_ARGUMENT,
                            "the stride of plane %d is %td bytes, its rows in %s have %zu", plane,
                            stride, info->name, bytes);
    }
    return T2V_OK;
}

t2v_status t2v_write_picture(const float *rgb, int width, int height, t2v_alpha alpha,
                             int64_t frame_index, const t2v_picture *picture, t2v_error *error)
{
    const t2v_pixel_format_info *info = t2v_pixel_format_get_info(picture->format);
    T2V_TRY(check(info, width, height, picture, error));
    job j = {.rgb = rgb, .width = width, .height = height, .picture = picture, .info = info};
    j.transparent = alpha == T2V_ALPHA_LUMA && info->alpha && !picture->opaque;
    j.loaded = j.transparent ? ALL : COMPONENTS;
    set_dither(&j, frame_index);
    if (info->rgb) {
        set_rgb(&j);
        for (int y = 0; y < height; y++)
            write_rgb_row(&j, y);
        return T2V_OK;
    }
    set_yuv(&j);
    for (int y = 0; y < t2v_plane_rows(info, 1, height); y++)
        write_yuv_rows(&j, y);
    return T2V_OK;
}
