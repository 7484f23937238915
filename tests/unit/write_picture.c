/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "media/dither.h"
#include "media/pixel_format.h"
#include "media/write_picture.h"

/* ------------------------------------------------------------------ pictures to write and read */

enum { GUARD = 24, FILL = 0xa5 };

/* A picture with bytes around every row that must stay as they are. */
typedef struct canvas {
    t2v_picture picture;
    const t2v_pixel_format_info *info;
    int width, height;
    uint8_t *memory[4];
    size_t bytes[4];
} canvas;

static canvas make_canvas(t2v_pixel_format format, int width, int height, bool upside_down)
{
    canvas c = {.info = t2v_pixel_format_get_info(format), .width = width, .height = height};
    c.picture.format = format;
    for (int p = 0; p < c.info->planes; p++) {
        ptrdiff_t stride = (ptrdiff_t)t2v_plane_row_bytes(c.info, p, width) + 2 * GUARD;
        int rows = t2v_plane_rows(c.info, p, height);
        c.bytes[p] = (size_t)stride * (size_t)(rows + 2);
        c.memory[p] = malloc(c.bytes[p]);
        assert_non_null(c.memory[p]);
        memset(c.memory[p], FILL, c.bytes[p]);
        c.picture.planes[p] = c.memory[p] + GUARD + stride * (upside_down ? rows : 1);
        c.picture.stride[p] = upside_down ? -stride : stride;
    }
    return c;
}

static void free_canvas(canvas *c)
{
    for (int p = 0; p < c->info->planes; p++)
        free(c->memory[p]);
}

/* Whether every byte outside the planes' rows is what it was. */
static bool guards_are_whole(const canvas *c)
{
    for (int p = 0; p < c->info->planes; p++) {
        size_t row = t2v_plane_row_bytes(c->info, p, c->width), stride = row + 2 * GUARD;
        int rows = t2v_plane_rows(c->info, p, c->height);
        for (size_t i = 0; i < c->bytes[p]; i++) {
            size_t y = i / stride, x = i % stride;
            bool inside = y >= 1 && y <= (size_t)rows && x >= GUARD && x < GUARD + row;
            if (!inside && c->memory[p][i] != FILL)
                return false;
        }
    }
    return true;
}

/* Component 0 … 2 (Y, U, V or R, G, B) at a sample of its plane. */
static int read_code(const canvas *c, int component, int x, int y)
{
    static const int packed[T2V_PIXEL_FORMATS][3] = {
        [T2V_PIXEL_RGB24] = {0, 1, 2}, [T2V_PIXEL_BGR24] = {2, 1, 0}, [T2V_PIXEL_RGBA] = {0, 1, 2},
        [T2V_PIXEL_BGRA] = {2, 1, 0},  [T2V_PIXEL_ARGB] = {1, 2, 3},  [T2V_PIXEL_ABGR] = {3, 2, 1},
    };
    static const int gbr[3] = {2, 0, 1};
    int plane = component, within = 0;
    if (c->info->planes == 1) {
        plane = 0;
        within = packed[c->picture.format][component];
    } else if (c->info->rgb) {
        plane = gbr[component];
    } else if (c->info->planes == 2) {
        plane = component > 0;
        within = component == 2;
    }
    const uint8_t *at = c->picture.planes[plane] + y * c->picture.stride[plane] +
                        x * c->info->plane_step[plane] + within;
    return c->info->bits > 8 ? at[0] | at[1] << 8 : at[0];
}

static float *make_rgb(int width, int height)
{
    float *rgb = malloc(sizeof(float) * 3 * (size_t)width * (size_t)height);
    assert_non_null(rgb);
    return rgb;
}

static float *random_rgb(int width, int height)
{
    float *rgb = make_rgb(width, height);
    uint32_t random = 7;
    for (int i = 0; i < 3 * width * height; i++) {
        random = random * 1664525u + 1013904223u;
        rgb[i] = (float)(random >> 8) * 0x1p-24f * 1.2f - 0.1f; /* some outside [0, 1] */
    }
    return rgb;
}

static float *plain_rgb(int width, int height, float r, float g, float b)
{
    float *rgb = make_rgb(width, height), value[3] = {r, g, b};
    for (int i = 0; i < 3 * width * height; i++)
        rgb[i] = value[i / (width * height)];
    return rgb;
}

static void write_with(canvas *c, const float *rgb, t2v_alpha alpha, int64_t frame)
{
    t2v_error error = {0};
    if (t2v_write_picture(rgb, c->width, c->height, alpha, frame, &c->picture, &error) != T2V_OK)
        fail_msg("%s", error.text);
}

static void write_canvas(canvas *c, const float *rgb, int64_t frame)
{
    write_with(c, rgb, T2V_ALPHA_NONE, frame);
}

/* ------------------------------------------------------------------ the straightforward way */

static double rgb_at(const canvas *c, const float *rgb, int component, int x, int y)
{
    x = x < 0 ? 0 : x >= c->width ? c->width - 1 : x;
    y = y < 0 ? 0 : y >= c->height ? c->height - 1 : y;
    double value =
        rgb[((size_t)component * (size_t)c->height + (size_t)y) * (size_t)c->width + (size_t)x];
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* RGB under a chroma sample: [1 2 1]/4 around an even column, half of each of two rows. */
static double filtered(const canvas *c, const float *rgb, int component, int x, int y)
{
    double sum = 0, weights = 0;
    int sx = c->info->chroma_shift_x, sy = c->info->chroma_shift_y;
    for (int dy = 0; dy <= sy; dy++)
        for (int dx = -sx; dx <= sx; dx++) {
            double weight = dx ? 1 : 2;
            sum += weight * rgb_at(c, rgb, component, (x << sx) + dx, (y << sy) + dy);
            weights += weight;
        }
    return sum / weights;
}

/* The value before dither and rounding, in double (ITU-T H.273). */
static double exact(const canvas *c, const float *rgb, int component, int x, int y)
{
    double kr = c->picture.matrix == T2V_MATRIX_BT601 ? 0.299 : 0.2126;
    double kb = c->picture.matrix == T2V_MATRIX_BT601 ? 0.114 : 0.0722;
    double unit = 1 << (c->info->bits - 8), full = (1 << c->info->bits) - 1, v[3];
    if (c->info->rgb)
        return full * rgb_at(c, rgb, component, x, y);
    for (int k = 0; k < 3; k++)
        v[k] = component ? filtered(c, rgb, k, x, y) : rgb_at(c, rgb, k, x, y);
    double luma = kr * v[0] + (1 - kr - kb) * v[1] + kb * v[2];
    bool wide = c->picture.full_range;
    if (!component)
        return wide ? full * luma : 16 * unit + 219 * unit * luma;
    double chroma = component == 1 ? (v[2] - luma) / (2 - 2 * kb) : (v[0] - luma) / (2 - 2 * kr);
    return fmin(128 * unit + (wide ? full : 224 * unit) * chroma, full);
}

static int columns_of(const canvas *c, int component)
{
    int shift = component && !c->info->rgb ? c->info->chroma_shift_x : 0;
    return (c->width + shift) >> shift;
}

static int rows_of(const canvas *c, int component)
{
    int shift = component && !c->info->rgb ? c->info->chroma_shift_y : 0;
    return (c->height + shift) >> shift;
}

/* Every code is one of the two next to the exact value; *mean is the mean difference. */
static void compare(const canvas *c, const float *rgb, int component, double *mean)
{
    double sum = 0;
    int columns = columns_of(c, component), rows = rows_of(c, component);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            double wanted = exact(c, rgb, component, x, y);
            int code = read_code(c, component, x, y);
            if (fabs(code - wanted) >= 1)
                fail_msg("%s, %d × %d: component %d at %d, %d is %d, wanted %.3f", c->info->name,
                         c->width, c->height, component, x, y, code, wanted);
            sum += code - wanted;
        }
    *mean = sum / columns / rows;
}

/* ------------------------------------------------------------------ tests */

static void every_format_holds_the_exact_values_within_a_step(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {2, 2}, {3, 5}, {63, 4}, {64, 3}, {65, 2}, {131, 67}};
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
            for (int variant = 0; variant < 8; variant++) {
                canvas c = make_canvas((t2v_pixel_format)f, sizes[s][0], sizes[s][1], variant & 4);
                float *rgb = random_rgb(c.width, c.height);
                double mean;
                c.picture.matrix = variant & 1 ? T2V_MATRIX_BT601 : T2V_MATRIX_BT709;
                c.picture.full_range = variant >> 1 & 1;
                write_canvas(&c, rgb, 3);
                for (int component = 0; component < 3; component++)
                    compare(&c, rgb, component, &mean);
                assert_true(guards_are_whole(&c));
                free(rgb);
                free_canvas(&c);
            }
}

static void plain_pictures_keep_their_mean(void **state)
{
    (void)state;
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (int i = 0; i < 8; i++) {
            canvas c = make_canvas((t2v_pixel_format)f, 256, 256, false);
            float *rgb = plain_rgb(256, 256, 0.1f + 0.0931f * (float)i, 0.5f - 0.037f * (float)i,
                                   0.31f + 0.041f * (float)i);
            write_canvas(&c, rgb, i);
            for (int component = 0; component < 3; component++) {
                double mean;
                compare(&c, rgb, component, &mean);
                assert_true(fabs(mean) < 0.01);
            }
            free(rgb);
            free_canvas(&c);
        }
}

static void gradients_keep_their_mean_everywhere(void **state)
{
    (void)state;
    enum { SIZE = 512, PATCH = 64 };
    canvas c = make_canvas(T2V_PIXEL_YUV420P, SIZE, SIZE, false);
    float *rgb = make_rgb(SIZE, SIZE);
    for (int i = 0; i < 3 * SIZE * SIZE; i++)
        rgb[i] = 0.3f + 0.05f * (float)(i % SIZE) / SIZE; /* eleven codes across the picture */
    write_canvas(&c, rgb, 5);
    for (int top = 0; top < SIZE; top += PATCH)
        for (int left = 0; left < SIZE; left += PATCH) {
            double sum = 0;
            for (int y = top; y < top + PATCH; y++)
                for (int x = left; x < left + PATCH; x++)
                    sum += read_code(&c, 0, x, y) - exact(&c, rgb, 0, x, y);
            assert_true(fabs(sum / PATCH / PATCH) < 0.01);
        }
    free(rgb);
    free_canvas(&c);
}

static void assert_all(const canvas *c, int component, int wanted)
{
    for (int y = 0; y < rows_of(c, component); y++)
        for (int x = 0; x < columns_of(c, component); x++)
            assert_int_equal(read_code(c, component, x, y), wanted);
}

static void black_white_and_neutral_chroma_are_exact(void **state)
{
    (void)state;
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (int variant = 0; variant < 8; variant++) {
            canvas c = make_canvas((t2v_pixel_format)f, 70, 66, false);
            int white = variant & 1, unit = 1 << (c.info->bits - 8);
            int full = c.info->rgb || (variant & 2), top = full ? (256 * unit) - 1 : 235 * unit;
            float *rgb = plain_rgb(70, 66, (float)white, (float)white, (float)white);
            c.picture.full_range = variant >> 1 & 1;
            c.picture.matrix = variant & 4 ? T2V_MATRIX_BT601 : T2V_MATRIX_BT709;
            write_canvas(&c, rgb, variant);
            for (int component = 0; component < 3; component++)
                assert_all(&c, component,
                           component && !c.info->rgb ? 128 * unit
                           : white                   ? top
                           : full                    ? 0
                                                     : 16 * unit);
            free(rgb);
            free_canvas(&c);
        }
}

static void grey_has_no_colour_in_any_format(void **state)
{
    (void)state;
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++) {
        canvas c = make_canvas((t2v_pixel_format)f, 65, 65, false);
        float *rgb = make_rgb(65, 65);
        for (int i = 0; i < 3 * 65 * 65; i++)
            rgb[i] = (float)(i % (65 * 65)) / (65 * 65);
        write_canvas(&c, rgb, 11);
        if (!c.info->rgb) {
            assert_all(&c, 1, 128 << (c.info->bits - 8));
            assert_all(&c, 2, 128 << (c.info->bits - 8));
        }
        for (int y = 0; y < 65 && c.info->rgb; y++)
            for (int x = 0; x < 65; x++)
                assert_true(read_code(&c, 0, x, y) == read_code(&c, 1, x, y) &&
                            read_code(&c, 0, x, y) == read_code(&c, 2, x, y));
        free(rgb);
        free_canvas(&c);
    }
}

/* V of a 4:2:0 or 4:2:2 picture that is red from column `left` and row `top` on, as a share of
 * red's own V. */
static double red_share(t2v_pixel_format format, int left, int top, int x, int y)
{
    canvas c = make_canvas(format, 16, 16, false);
    float *rgb = plain_rgb(16, 16, 0, 0, 0);
    for (int i = 0; i < 16 * 16; i++)
        rgb[i] = i % 16 >= left && i / 16 >= top;
    write_canvas(&c, rgb, 0);
    double share = (read_code(&c, 2, x, y) - 512) / 448.0;
    free(rgb);
    free_canvas(&c);
    return share;
}

static void chroma_lies_on_even_columns_midway_between_rows(void **state)
{
    (void)state;
    static const t2v_pixel_format formats[] = {T2V_PIXEL_YUV420P10, T2V_PIXEL_YUV422P10};
    for (int i = 0; i < 2; i++) {
        /* an edge at column 8: sample 4 lies on it, with a quarter from the left */
        assert_true(fabs(red_share(formats[i], 8, 0, 3, 2) - 0) < 0.004);
        assert_true(fabs(red_share(formats[i], 8, 0, 4, 2) - 0.75) < 0.004);
        assert_true(fabs(red_share(formats[i], 8, 0, 5, 2) - 1) < 0.004);
        /* an edge at column 9: sample 4 has a quarter of it */
        assert_true(fabs(red_share(formats[i], 9, 0, 4, 2) - 0.25) < 0.004);
        assert_true(fabs(red_share(formats[i], 9, 0, 5, 2) - 1) < 0.004);
    }
    assert_true(fabs(red_share(T2V_PIXEL_YUV420P10, 0, 7, 2, 3) - 0.5) < 0.004);
    assert_true(fabs(red_share(T2V_PIXEL_YUV420P10, 0, 7, 2, 2) - 0) < 0.004);
    assert_true(fabs(red_share(T2V_PIXEL_YUV420P10, 0, 7, 2, 4) - 1) < 0.004);
    assert_true(fabs(red_share(T2V_PIXEL_YUV422P10, 0, 7, 2, 6) - 0) < 0.004);
    assert_true(fabs(red_share(T2V_PIXEL_YUV422P10, 0, 7, 2, 7) - 1) < 0.004);
}

/* Alpha at a pixel: packed, or in the plane behind the chroma. */
static int read_alpha(const canvas *c, int x, int y)
{
    bool packed = c->info->planes == 1;
    t2v_pixel_format format = c->picture.format;
    int first = format == T2V_PIXEL_ARGB || format == T2V_PIXEL_ABGR;
    int plane = packed ? 0 : 3, within = !packed || first ? 0 : 3;
    return c->picture
        .planes[plane][y * c->picture.stride[plane] + x * c->info->plane_step[plane] + within];
}

static void alpha_is_opaque_unless_it_is_asked_for(void **state)
{
    (void)state;
    int with_alpha = 0;
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (int padding = 0; padding < 2; padding++) {
            canvas c = make_canvas((t2v_pixel_format)f, 9, 3, false);
            float *rgb = plain_rgb(9, 3, 0.5f, 0, 0);
            c.picture.opaque = padding;
            write_with(&c, rgb, padding ? T2V_ALPHA_LUMA : T2V_ALPHA_NONE, 0);
            for (int component = 0; component < 3; component++)
                compare(&c, rgb, component, &(double){0});
            for (int x = 0; x < 9 && c.info->alpha; x++)
                assert_int_equal(read_alpha(&c, x, 2), 255);
            with_alpha += c.info->alpha;
            free(rgb);
            free_canvas(&c);
        }
    assert_int_equal(with_alpha, 2 * 6);
}

/* Full and limited range, both matrices. */
static canvas make_transparent(t2v_pixel_format format, int width, int height, int variant,
                               const float *rgb)
{
    canvas c = make_canvas(format, width, height, false);
    c.picture.matrix = variant & 1 ? T2V_MATRIX_BT601 : T2V_MATRIX_BT709;
    c.picture.full_range = variant >> 1 & 1;
    write_with(&c, rgb, T2V_ALPHA_LUMA, variant);
    return c;
}

/* Over black, which is a plain YUV value too, with the mean alpha of what a sample stands for. */
static double over_black(const canvas *c, int component, int x, int y)
{
    int sx = component && !c->info->rgb ? c->info->chroma_shift_x : 0;
    int sy = component && !c->info->rgb ? c->info->chroma_shift_y : 0;
    double alpha = 0, weights = 0;
    double black = c->info->rgb ? 0 : component ? 128 : c->picture.full_range ? 0 : 16;
    for (int dy = 0; dy <= sy; dy++)
        for (int dx = -sx; dx <= sx; dx++) {
            int px = (x << sx) + dx, py = (y << sy) + dy;
            px = px < 0 ? 0 : px >= c->width ? c->width - 1 : px;
            py = py >= c->height ? c->height - 1 : py;
            alpha += (dx ? 1 : 2) * read_alpha(c, px, py) / 255.0;
            weights += dx ? 1 : 2;
        }
    alpha /= weights;
    return alpha * read_code(c, component, x, y) + (1 - alpha) * black;
}

static void over_black_a_transparent_picture_is_what_it_was(void **state)
{
    (void)state;
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (int variant = 0; variant < 4 && t2v_pixel_format_get_info(f)->alpha; variant++) {
            float *rgb = random_rgb(131, 67);
            for (int i = 0; i < 131 * 67; i++) /* from black to bright, and some very dark */
                for (int k = 0; k < 3; k++)
                    rgb[k * 131 * 67 + i] *= (float)(i % 131) * (i % 7 ? 1 : 0.02f) / 131;
            canvas c = make_transparent((t2v_pixel_format)f, 131, 67, variant, rgb);
            for (int component = 0; component < 3; component++)
                for (int y = 0; y < rows_of(&c, component); y++)
                    for (int x = 0; x < columns_of(&c, component); x++) {
                        double found = over_black(&c, component, x, y);
                        double wanted = exact(&c, rgb, component, x, y);
                        /* chroma has a dither that alpha's is not the complement of */
                        if (fabs(found - wanted) > (component && !c.info->rgb ? 1.5 : 1.001))
                            fail_msg("%s: component %d at %d, %d is %.3f over black, wanted %.3f",
                                     c.info->name, component, x, y, found, wanted);
                    }
            assert_true(guards_are_whole(&c));
            free(rgb);
            free_canvas(&c);
        }
}

/* A blob that fades into black: over white it fades into white, with its own colour all the way. */
static void over_white_a_transparent_picture_has_no_dark_edge(void **state)
{
    (void)state;
    static const float colours[][3] = {{1, 1, 1}, {1, 0, 0}, {0.2f, 0.4f, 1}, {1, 0.8f, 0.1f}};
    static const int brightest[] = {0, 0, 2, 0};
    enum { SIZE = 66 };
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (int k = 0; k < 4 && t2v_pixel_format_get_info(f)->alpha; k++) {
            float *rgb = make_rgb(SIZE, SIZE);
            for (int i = 0; i < 3 * SIZE * SIZE; i++) {
                float x = (float)(i % SIZE - 33), y = (float)(i / SIZE % SIZE - 33);
                rgb[i] = colours[k][i / SIZE / SIZE] * expf(-(x * x + y * y) / 150);
            }
            canvas c = make_transparent((t2v_pixel_format)f, SIZE, SIZE, 2, rgb);
            for (int component = 0; component < (c.info->rgb ? 3 : 1); component++)
                for (int y = 0; y < SIZE; y++)
                    for (int x = 0; x < SIZE; x++) {
                        double alpha = read_alpha(&c, x, y) / 255.0;
                        double code = read_code(&c, component, x, y);
                        double over = alpha * code + (1 - alpha) * 255;
                        double fade = rgb[(brightest[k] * SIZE + y) * SIZE + x];
                        double plain = c.info->rgb
                                           ? colours[k][component]
                                           : 0.2126 * colours[k][0] + 0.7152 * colours[k][1] +
                                                 0.0722 * colours[k][2];
                        assert_true(fabs(over - 255 * (1 - fade * (1 - plain))) < 2);
                        assert_true(alpha < 0.02 || fabs(code - 255 * plain) <= 1 + 1 / alpha);
                    }
            free(rgb);
            free_canvas(&c);
        }
}

static void alpha_of_black_and_of_pure_colours_is_exact(void **state)
{
    (void)state;
    static const float colours[][3] = {{0, 0, 0}, {1, 1, 1}, {1, 0, 0}, {0, 1, 0.5f}, {0, 0, 1}};
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        for (int k = 0; k < 5 && t2v_pixel_format_get_info(f)->alpha; k++) {
            float *rgb = plain_rgb(70, 66, colours[k][0], colours[k][1], colours[k][2]);
            canvas c = make_transparent((t2v_pixel_format)f, 70, 66, 0, rgb);
            for (int component = 0; component < 3; component++)
                compare(&c, rgb, component, &(double){0});
            for (int y = 0; y < 66; y++)
                for (int x = 0; x < 70; x++)
                    assert_int_equal(read_alpha(&c, x, y), k ? 255 : 0);
            free(rgb);
            free_canvas(&c);
        }
}

/* Chroma beside an edge to transparency is the colour's own, not one mixed with grey. */
static void transparent_pixels_do_not_grey_their_neighbours(void **state)
{
    (void)state;
    float *rgb = plain_rgb(16, 16, 0, 0, 0);
    for (int i = 0; i < 16 * 16; i++)
        rgb[i] = i % 16 >= 9 && i / 16 >= 7; /* red, from an odd column and an odd row on */
    canvas c = make_transparent(T2V_PIXEL_YUVA420P, 16, 16, 0, rgb);
    assert_int_equal(read_code(&c, 2, 4, 3), read_code(&c, 2, 7, 7));
    assert_int_equal(read_code(&c, 2, 3, 3), 128);
    free(rgb);
    free_canvas(&c);
}

static void numbers_that_are_none_become_black(void **state)
{
    (void)state;
    canvas c = make_canvas(T2V_PIXEL_YUV444P, 66, 2, false);
    float *rgb = plain_rgb(66, 2, NAN, NAN, -INFINITY);
    write_canvas(&c, rgb, 0);
    assert_all(&c, 0, 16);
    assert_all(&c, 1, 128);
    free(rgb);
    free_canvas(&c);
}

static void the_dither_belongs_to_the_frame_number(void **state)
{
    (void)state;
    float *rgb = plain_rgb(64, 64, 0.4013f, 0.4013f, 0.4013f);
    canvas a = make_canvas(T2V_PIXEL_RGB24, 64, 64, false);
    canvas b = make_canvas(T2V_PIXEL_RGB24, 64, 64, false);
    write_canvas(&a, rgb, 17);
    write_canvas(&b, rgb, 17);
    assert_memory_equal(a.memory[0], b.memory[0], a.bytes[0]);
    for (int64_t frame = 18; frame < 40; frame++) {
        write_canvas(&b, rgb, frame);
        assert_memory_not_equal(a.memory[0], b.memory[0], a.bytes[0]);
    }
    free(rgb);
    free_canvas(&a);
    free_canvas(&b);
}

static void chroma_dither_repeats_no_sooner_than_lumas(void **state)
{
    (void)state;
    float *rgb = plain_rgb(256, 128, 0.4f, 0.1f, 0.2f);
    canvas c = make_canvas(T2V_PIXEL_YUV420P, 256, 128, false);
    write_canvas(&c, rgb, 0);
    int differing = 0;
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 32; x++)
            differing += read_code(&c, 2, x, y) != read_code(&c, 2, x + 32, y);
    assert_true(differing > 300);
    free(rgb);
    free_canvas(&c);
}

static void a_pixel_keeps_its_mean_over_time(void **state)
{
    (void)state;
    enum { FRAMES = 240 };
    for (int i = 1; i < 10; i++) {
        float value = 0.5f + 0.1f * (float)i / 255;
        double sum = 0;
        for (int frame = 0; frame < FRAMES; frame++) {
            canvas c = make_canvas(T2V_PIXEL_RGB24, 1, 1, false);
            write_canvas(&c, (float[]){value, value, value}, frame);
            sum += read_code(&c, 0, 0, 0);
            free_canvas(&c);
        }
        assert_true(fabs(sum / FRAMES - value * 255) < 0.08);
    }
}

static void the_noise_holds_each_threshold_equally_often(void **state)
{
    (void)state;
    int count[256] = {0};
    for (int i = 0; i < T2V_DITHER_SIZE * T2V_DITHER_SIZE; i++)
        count[t2v_blue_noise[i / T2V_DITHER_SIZE][i % T2V_DITHER_SIZE]]++;
    for (int i = 0; i < 256; i++)
        assert_int_equal(count[i], 16);
}

static void the_noise_is_blue(void **state)
{
    (void)state;
    /* low-pass: means of 8 × 8 blocks of white noise would vary by 1/8 of the noise's deviation */
    double variance = 0;
    for (int block = 0; block < 64; block++) {
        double sum = 0;
        for (int i = 0; i < 64; i++)
            sum += t2v_blue_noise[block / 8 * 8 + i / 8][block % 8 * 8 + i % 8];
        variance += (sum / 64 - 127.5) * (sum / 64 - 127.5) / 64;
    }
    assert_true(sqrt(variance) < 0.3 * 73.9 / 8);
}

static void what_cannot_be_written_is_refused_in_words(void **state)
{
    (void)state;
    canvas c = make_canvas(T2V_PIXEL_NV12, 8, 8, false);
    float *rgb = plain_rgb(8, 8, 0, 0, 0);
    t2v_error error;
    t2v_picture broken = c.picture;
    broken.format = T2V_PIXEL_FORMATS;
    assert_int_equal(t2v_write_picture(rgb, 8, 8, T2V_ALPHA_NONE, 0, &broken, &error),
                     T2V_ERROR_ARGUMENT);
    broken = c.picture;
    broken.planes[1] = NULL;
    assert_int_equal(t2v_write_picture(rgb, 8, 8, T2V_ALPHA_NONE, 0, &broken, &error),
                     T2V_ERROR_ARGUMENT);
    assert_non_null(strstr(error.text, "plane 1 of a nv12"));
    broken = c.picture;
    broken.stride[1] = -7;
    assert_int_equal(t2v_write_picture(rgb, 8, 8, T2V_ALPHA_NONE, 0, &broken, &error),
                     T2V_ERROR_ARGUMENT);
    assert_non_null(strstr(error.text, "have 8"));
    broken = c.picture;
    broken.matrix = (t2v_matrix)7;
    assert_int_equal(t2v_write_picture(rgb, 8, 8, T2V_ALPHA_NONE, 0, &broken, &error),
                     T2V_ERROR_ARGUMENT);
    assert_int_equal(t2v_write_picture(rgb, 0, 8, T2V_ALPHA_NONE, 0, &c.picture, &error),
                     T2V_ERROR_ARGUMENT);
    assert_int_equal(t2v_write_picture(rgb, 8, 16385, T2V_ALPHA_NONE, 0, &c.picture, &error),
                     T2V_ERROR_ARGUMENT);
    free(rgb);
    free_canvas(&c);
}

static void formats_are_found_by_their_names(void **state)
{
    (void)state;
    for (int f = 0; f < T2V_PIXEL_FORMATS; f++)
        assert_int_equal(
            t2v_pixel_format_from_name(t2v_pixel_format_get_info((t2v_pixel_format)f)->name), f);
    assert_int_equal(t2v_pixel_format_from_name("yuv410p"), T2V_PIXEL_FORMATS);
    assert_null(t2v_pixel_format_get_info(T2V_PIXEL_FORMATS));
    assert_null(t2v_pixel_format_get_info((t2v_pixel_format)-1));
    const t2v_pixel_format_info *info = t2v_pixel_format_get_info(T2V_PIXEL_YUV420P10);
    assert_int_equal(t2v_plane_row_bytes(info, 1, 5), 6);
    assert_int_equal(t2v_plane_rows(info, 1, 5), 3);
    assert_int_equal(t2v_plane_rows(info, 0, 5), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_holds_the_exact_values_within_a_step),
        cmocka_unit_test(plain_pictures_keep_their_mean),
        cmocka_unit_test(gradients_keep_their_mean_everywhere),
        cmocka_unit_test(black_white_and_neutral_chroma_are_exact),
        cmocka_unit_test(grey_has_no_colour_in_any_format),
        cmocka_unit_test(chroma_lies_on_even_columns_midway_between_rows),
        cmocka_unit_test(alpha_is_opaque_unless_it_is_asked_for),
        cmocka_unit_test(over_black_a_transparent_picture_is_what_it_was),
        cmocka_unit_test(over_white_a_transparent_picture_has_no_dark_edge),
        cmocka_unit_test(alpha_of_black_and_of_pure_colours_is_exact),
        cmocka_unit_test(transparent_pixels_do_not_grey_their_neighbours),
        cmocka_unit_test(numbers_that_are_none_become_black),
        cmocka_unit_test(the_dither_belongs_to_the_frame_number),
        cmocka_unit_test(chroma_dither_repeats_no_sooner_than_lumas),
        cmocka_unit_test(a_pixel_keeps_its_mean_over_time),
        cmocka_unit_test(the_noise_holds_each_threshold_equally_often),
        cmocka_unit_test(the_noise_is_blue),
        cmocka_unit_test(what_cannot_be_written_is_refused_in_words),
        cmocka_unit_test(formats_are_found_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
