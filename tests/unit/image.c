/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures are read as they were written, and damaged files are refused. */
#include "unit.h"

#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "base/memory.h"
#include "files.h"
#include "media/exif.h"
#include "media/fit_image.h"
#include "media/image.h"
#include "media/resize_bicubic.h"

enum { WIDTH = 7, HEIGHT = 5 };

static t2v_error error;
static t2v_image image;

static int clean(void **state)
{
    (void)state;
    t2v_image_free(&image);
    return 0;
}

/* ------------------------------------------------------------------ writing PNG */

/* What a PNG of the test holds: samples as PNG stores them, most significant byte first. */
typedef struct png_picture {
    int width, height, bits, type, interlace;
    const uint8_t *rows; /* dense */
    size_t row_bytes;
    const png_color *palette; /* 4 colours */
    const uint8_t *alphas;    /* of the palette, 4 */
    const png_color_16 *transparent;
    int orientation; /* 0: no eXIf */
} png_picture;

static void set_exif(png_structp png, png_infop info, int orientation)
{
    uint8_t tiff[] = {'I',  'I', '*', 0, 8, 0, 0, 0, 1,
                      0, /* one entry */
                      0x12, 1,   3,   0, 1, 0, 0, 0, (uint8_t)orientation,
                      0,    0,   0, /* orientation */
                      0,    0,   0,   0};
    if (orientation)
        png_set_eXIf_1(png, info, sizeof(tiff), tiff);
}

static const char *write_png(const png_picture *p)
{
    const char *path = files_path("picture.png");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)p->width, (png_uint_32)p->height, p->bits, p->type,
                 p->interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (p->palette)
        png_set_PLTE(png, info, p->palette, 4);
    if (p->alphas || p->transparent)
        png_set_tRNS(png, info, p->alphas, p->alphas ? 4 : 0, p->transparent);
    set_exif(png, info, p->orientation);
    png_write_info(png, info);
    for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
        for (int y = 0; y < p->height; y++)
            png_write_row(png, p->rows + (size_t)y * p->row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return path;
}

static void read_ok(const char *path)
{
    t2v_image_free(&image);
    if (t2v_image_read(path, NULL, &image, &error) < 0)
        fail_msg("%s", error.text);
}

static const uint16_t *pixel(int x, int y)
{
    return image.rgb + 3 * (y * image.width + x);
}

static void assert_pixel(int x, int y, int r, int g, int b)
{
    const uint16_t *p = pixel(x, y);
    if (p[0] != r || p[1] != g || p[2] != b)
        fail_msg("pixel %d, %d is %d %d %d, wanted %d %d %d", x, y, p[0], p[1], p[2], r, g, b);
}

/* Every byte another. */
static void fill(uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
}

/* ------------------------------------------------------------------ PNG */

static void png_of_8_bits_is_read_as_it_is(void **state)
{
    (void)state;
    for (int interlace = 0; interlace < 2; interlace++) {
        uint8_t rows[HEIGHT * WIDTH * 3];
        fill(rows, sizeof(rows));
        read_ok(write_png(&(png_picture){WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB,
                                         interlace ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                                         .rows = rows, .row_bytes = WIDTH * 3}));
        assert_int_equal(image.width, WIDTH);
        assert_int_equal(image.height, HEIGHT);
        for (int i = 0; i < HEIGHT * WIDTH * 3; i++)
            assert_int_equal(image.rgb[i], rows[i] * 257);
    }
}

static void png_of_16_bits_keeps_them(void **state)
{
    (void)state;
    uint8_t rows[HEIGHT * WIDTH * 6];
    fill(rows, sizeof(rows));
    read_ok(write_png(&(png_picture){WIDTH, HEIGHT, 16, PNG_COLOR_TYPE_RGB, .rows = rows,
                                     .row_bytes = WIDTH * 6}));
    for (int i = 0; i < HEIGHT * WIDTH * 3; i++)
        assert_int_equal(image.rgb[i], rows[2 * i] << 8 | rows[2 * i + 1]);
}

static void grey_png_becomes_rgb(void **state)
{
    (void)state;
    const uint8_t bytes[2] = {0, 200}, deep[4] = {0x12, 0x34, 0xff, 0xff}, one_bit[1] = {0x40};
    read_ok(write_png(&(png_picture){2, 1, 8, PNG_COLOR_TYPE_GRAY, .rows = bytes}));
    assert_pixel(1, 0, 200 * 257, 200 * 257, 200 * 257);
    read_ok(write_png(&(png_picture){2, 1, 16, PNG_COLOR_TYPE_GRAY, .rows = deep}));
    assert_pixel(0, 0, 0x1234, 0x1234, 0x1234);
    read_ok(write_png(&(png_picture){2, 1, 1, PNG_COLOR_TYPE_GRAY, .rows = one_bit}));
    assert_pixel(0, 0, 0, 0, 0);
    assert_pixel(1, 0, 65535, 65535, 65535);
}

static void a_palette_is_looked_up(void **state)
{
    (void)state;
    const png_color palette[4] = {{1, 2, 3}, {255, 0, 0}, {10, 20, 30}, {0, 0, 0}};
    const uint8_t alphas[4] = {255, 255, 0, 255}, two_bits[1] = {0x18}; /* 0, 1, 2 */
    read_ok(write_png(
        &(png_picture){3, 1, 2, PNG_COLOR_TYPE_PALETTE, .rows = two_bits, .palette = palette}));
    assert_pixel(0, 0, 257, 2 * 257, 3 * 257);
    assert_pixel(1, 0, 65535, 0, 0);
    assert_pixel(2, 0, 10 * 257, 20 * 257, 30 * 257);
    read_ok(write_png(&(png_picture){3, 1, 2, PNG_COLOR_TYPE_PALETTE, .rows = two_bits,
                                     .palette = palette, .alphas = alphas}));
    assert_pixel(1, 0, 65535, 0, 0);
    assert_pixel(2, 0, 0, 0, 0);
}

static void transparency_lies_over_black(void **state)
{
    (void)state;
    const uint8_t rgba[8] = {255, 100, 50, 255, 255, 100, 50, 51};
    const uint8_t grey_alpha[2] = {200, 0}, rgb[6] = {9, 8, 7, 9, 8, 6};
    const png_color_16 transparent = {.red = 9, .green = 8, .blue = 7};
    read_ok(write_png(&(png_picture){2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, .rows = rgba}));
    assert_pixel(0, 0, 65535, 100 * 257, 50 * 257);
    assert_pixel(1, 0, 51 * 257, 20 * 257, 10 * 257); /* a fifth */
    read_ok(write_png(&(png_picture){1, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, .rows = grey_alpha}));
    assert_pixel(0, 0, 0, 0, 0);
    read_ok(write_png(
        &(png_picture){2, 1, 8, PNG_COLOR_TYPE_RGB, .rows = rgb, .transparent = &transparent}));
    assert_pixel(0, 0, 0, 0, 0);
    assert_pixel(1, 0, 9 * 257, 8 * 257, 6 * 257);
}

/* ------------------------------------------------------------------ orientation */

static void exif_orientation_is_undone(void **state)
{
    /* what is stored for the upright picture "1 2 3 / 4 5 6", by EXIF 2.32 */
    static const struct {
        int width, height;
        uint8_t grey[6];
    } stored[9] = {
        [1] = {3, 2, {1, 2, 3, 4, 5, 6}}, [2] = {3, 2, {3, 2, 1, 6, 5, 4}},
        [3] = {3, 2, {6, 5, 4, 3, 2, 1}}, [4] = {3, 2, {4, 5, 6, 1, 2, 3}},
        [5] = {2, 3, {1, 4, 2, 5, 3, 6}}, [6] = {2, 3, {3, 6, 2, 5, 1, 4}},
        [7] = {2, 3, {6, 3, 5, 2, 4, 1}}, [8] = {2, 3, {4, 1, 5, 2, 6, 3}},
    };
    (void)state;
    for (int o = 1; o <= 8; o++) {
        read_ok(write_png(&(png_picture){stored[o].width, stored[o].height, 8, PNG_COLOR_TYPE_GRAY,
                                         .rows = stored[o].grey,
                                         .row_bytes = (size_t)stored[o].width, .orientation = o}));
        assert_int_equal(image.width, 3);
        assert_int_equal(image.height, 2);
        for (int i = 0; i < 6; i++)
            assert_int_equal(image.rgb[3 * i], (i + 1) * 257);
    }
}

static void damaged_exif_is_no_orientation(void **state)
{
    const uint8_t big[] = {'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1, 1, 0x12, 0,
                           3,   0,   0, 0,   1, 0, 6, 0, 0, 0, 0, 0,    0};
    uint8_t copy[sizeof(big)];
    (void)state;
    assert_int_equal(t2v_exif_orientation(big, sizeof(big)), 6);
    for (size_t bytes = 0; bytes < 22; bytes++) {
        uint8_t *cut = malloc(bytes + 1); /* its end is the sanitizer's to watch */
        memcpy(cut, big, bytes);
        assert_int_equal(t2v_exif_orientation(cut, bytes), 1);
        free(cut);
    }
    for (size_t at = 0; at < sizeof(big); at++)
        for (int value = 0; value < 256; value += 5) {
            memcpy(copy, big, sizeof(big));
            copy[at] = (uint8_t)value;
            int orientation = t2v_exif_orientation(copy, sizeof(copy));
            assert_in_range(orientation, 1, 8);
        }
}

/* ------------------------------------------------------------------ JPEG */

/* Large squares of one colour each come back nearly as they were. */
static const char *write_jpeg(J_COLOR_SPACE space, const uint8_t *colour, int progressive,
                              int orientation)
{
    const int channels = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
    const char *path = files_path("picture.jpg");
    FILE *file = fopen(path, "wb");
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t row[32 * 4];
    JSAMPROW rows = row;
    assert_non_null(file);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = 32;
    jpeg.image_height = 16;
    jpeg.input_components = channels;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (orientation) {
        const uint8_t exif[] = {'E', 'x',  'i', 'f', 0,
                                0,   'I',  'I', '*', 0,
                                8,   0,    0,   0,   1,
                                0,   0x12, 1,   3,   0,
                                1,   0,    0,   0,   (uint8_t)orientation,
                                0,   0,    0,   0,   0,
                                0,   0};
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof(exif));
    }
    for (int x = 0; x < 32; x++)
        for (int c = 0; c < channels; c++)
            row[channels * x + c] = x < 16 ? colour[c] : 255;
    for (int y = 0; y < 16; y++)
        jpeg_write_scanlines(&jpeg, &rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
    return path;
}

static void assert_near(int x, int y, int r, int g, int b)
{
    const int wanted[3] = {r, g, b};
    for (int c = 0; c < 3; c++)
        if (abs(pixel(x, y)[c] / 257 - wanted[c]) > 3)
            fail_msg("channel %d is %d, wanted %d", c, pixel(x, y)[c] / 257, wanted[c]);
}

static void jpeg_is_read(void **state)
{
    const uint8_t red[3] = {200, 40, 20}, grey[1] = {77};
    (void)state;
    for (int progressive = 0; progressive < 2; progressive++) {
        read_ok(write_jpeg(JCS_RGB, red, progressive, 0));
        assert_int_equal(image.width, 32);
        assert_int_equal(image.height, 16);
        assert_near(3, 8, 200, 40, 20);
        assert_near(28, 8, 255, 255, 255);
        read_ok(write_jpeg(JCS_GRAYSCALE, grey, progressive, 0));
        assert_near(3, 8, 77, 77, 77);
    }
}

static void jpeg_orientation_is_undone(void **state)
{
    const uint8_t red[3] = {200, 40, 20};
    (void)state;
    read_ok(write_jpeg(JCS_RGB, red, 0, 6)); /* shown turned to the right */
    assert_int_equal(image.width, 16);
    assert_int_equal(image.height, 32);
    assert_near(8, 3, 200, 40, 20);
    assert_near(8, 28, 255, 255, 255);
}

/* libjpeg writes CMYK with an Adobe marker: what is stored is the light that is left. */
static void cmyk_jpeg_becomes_rgb(void **state)
{
    const uint8_t light[4] = {255, 128, 0, 204};
    (void)state;
    read_ok(write_jpeg(JCS_CMYK, light, 0, 0));
    assert_near(3, 8, 204, 102, 0);
    assert_near(28, 8, 255, 255, 255);
}

/* ------------------------------------------------------------------ what is refused */

static void assert_refused(const char *path, const char *part)
{
    t2v_image_free(&image);
    error.text[0] = 0;
    if (t2v_image_read(path, NULL, &image, &error) >= 0)
        fail_msg("%s was read", path);
    assert_null(image.rgb);
    if (!strstr(error.text, part) || !strstr(error.text, path))
        fail_msg("\"%s\" says nothing of \"%s\" or of the file", error.text, part);
}

static void other_files_are_refused_with_a_sentence(void **state)
{
    (void)state;
    assert_refused(files_path("absent.png"), "cannot be read");
    assert_refused(files_write_text("text.png", "no picture"), "neither a PNG nor a JPEG");
    assert_refused(files_write("empty.png", "", 0), "neither a PNG nor a JPEG");
    assert_refused(files_path("."), "reading failed");
    assert_refused(files_write("start.jpg", "\xff\xd8\xff", 3), "JPEG");
}

static void too_large_a_picture_is_refused_before_memory_is_taken(void **state)
{
    /* the header says so, with its right checksum; there is nothing behind it */
    const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,    13,
                           'I',  'H', 'D', 'R', 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff,
                           16,   6,   0,   0,   0,    0x44, 0x59, 0xd7, 0x25, 0,    0,    0,
                           0,    'I', 'D', 'A', 'T',  0,    0,    0,    0};
    (void)state;
    assert_refused(files_write("huge.png", png, sizeof(png)), "2147483647 × 2147483647");
}

static size_t load(const char *path, uint8_t *bytes, size_t most)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t got = fread(bytes, 1, most, file);
    fclose(file);
    return got;
}

static void cut_files_are_refused_wherever_they_end(void **state)
{
    const uint8_t red[3] = {200, 40, 20};
    uint8_t rows[HEIGHT * WIDTH * 3], bytes[8192];
    (void)state;
    fill(rows, sizeof(rows));
    for (int kind = 0; kind < 3; kind++) {
        const size_t whole =
            load(kind ? write_jpeg(JCS_RGB, red, kind - 1, 6)
                      : write_png(&(png_picture){WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, .rows = rows,
                                                 .row_bytes = WIDTH * 3, .orientation = 5}),
                 bytes, sizeof(bytes));
        assert_in_range(whole, 100, sizeof(bytes) - 1);
        /* a JPEG without its last marker is complete, but libjpeg calls it cut too */
        for (size_t end = 8; end < whole; end++)
            assert_refused(files_write("cut", bytes, end), "");
    }
}

static void damaged_files_never_do_worse_than_fail(void **state)
{
    const uint8_t red[3] = {200, 40, 20};
    uint8_t rows[HEIGHT * WIDTH * 3], bytes[8192], copy[8192];
    (void)state;
    fill(rows, sizeof(rows));
    for (int kind = 0; kind < 3; kind++) {
        int refused = 0;
        const size_t whole =
            load(kind ? write_jpeg(JCS_RGB, red, kind - 1, 3)
                      : write_png(&(png_picture){WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB,
                                                 PNG_INTERLACE_ADAM7, .rows = rows,
                                                 .row_bytes = WIDTH * 3, .orientation = 8}),
                 bytes, sizeof(bytes));
        for (size_t at = 0; at < whole; at++) {
            memcpy(copy, bytes, whole);
            copy[at] ^= (uint8_t)(1 << at % 8);
            t2v_image_free(&image);
            refused +=
                t2v_image_read(files_write("damaged", copy, whole), NULL, &image, &error) < 0;
        }
        assert_int_not_equal(refused, 0);
    }
}

static void reading_stops_when_it_is_interrupted(void **state)
{
    const uint8_t red[3] = {200, 40, 20}, grey[2] = {1, 2};
    const atomic_bool stop = true;
    (void)state;
    assert_int_equal(t2v_image_read(write_jpeg(JCS_RGB, red, 1, 0), &stop, &image, &error),
                     T2V_INTERRUPTED);
    assert_int_equal(
        t2v_image_read(write_png(&(png_picture){2, 1, 8, PNG_COLOR_TYPE_GRAY, .rows = grey}), &stop,
                       &image, &error),
        T2V_INTERRUPTED);
}

/* ------------------------------------------------------------------ fitting */

static void make_image(int64_t width, int64_t height)
{
    t2v_image_free(&image);
    image = (t2v_image){width, height, t2v_alloc((size_t)(width * height) * 3 * sizeof(uint16_t))};
    for (int64_t i = 0; i < width * height * 3; i++)
        image.rgb[i] = (uint16_t)(i * 40503u);
}

static void fit(int64_t width, int64_t height, int64_t canvas_width, int64_t canvas_height,
                float *rgb)
{
    const t2v_fit f = {width, height, canvas_width, canvas_height, false};
    assert_int_equal(t2v_image_fit(&image, &f, NULL, rgb, &error), T2V_OK);
}

static float sample(int64_t x, int64_t y, int c)
{
    return (float)image.rgb[3 * (y * image.width + x) + c] / 65535.0f;
}

static void a_picture_of_the_right_size_stays_as_it_is(void **state)
{
    float rgb[3 * 11 * 9];
    (void)state;
    make_image(9, 11);
    fit(9, 11, 9, 11, rgb);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 11; y++)
            for (int x = 0; x < 9; x++)
                assert_true(rgb[(c * 11 + y) * 9 + x] == sample(x, y, c));
}

static void a_crop_takes_whole_pixels_of_the_middle(void **state)
{
    float rgb[3 * 11 * 4];
    (void)state;
    make_image(9, 11);
    fit(4, 11, 4, 11, rgb);
    for (int y = 0; y < 11; y++)
        for (int x = 0; x < 4; x++)
            assert_true(rgb[y * 4 + x] == sample(2 + x, y, 0));
}

static void the_canvas_shows_more_of_the_picture_or_repeats_its_edge(void **state)
{
    float rgb[3 * 8 * 8];
    (void)state;
    make_image(6, 4); /* covers a view of 4 × 4 in a canvas of 8 × 8 */
    fit(4, 4, 8, 8, rgb);
    for (int y = 0; y < 8; y++)
        for (int x = 1; x < 7; x++) {
            const int row = y < 2 ? 0 : y > 5 ? 3 : y - 2;
            if (row == y - 2 || y > 6 || y < 1) /* the rows between blend into the edge */
                assert_float_equal(rgb[y * 8 + x], sample(x - 1, row, 0), y < 2 || y > 5 ? 0.2 : 0);
        }
    for (int i = 0; i < 3 * 8 * 8; i++)
        assert_in_range((int)(rgb[i] * 1000), 0, 1000);
}

static void a_picture_shows_whole_between_black_bars(void **state)
{
    float rgb[3 * 10 * 14];
    const t2v_fit f = {12, 8, 14, 10, true};
    (void)state;
    make_image(4, 8); /* at its own size, in columns 5 to 8 and rows 1 to 8 */
    assert_int_equal(t2v_image_fit(&image, &f, NULL, rgb, &error), T2V_OK);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 10; y++)
            for (int x = 0; x < 14; x++) {
                const bool inside = x >= 5 && x < 9 && y >= 1 && y < 9;
                assert_true(rgb[(c * 10 + y) * 14 + x] == (inside ? sample(x - 5, y - 1, c) : 0));
            }
}

/* Lanczos, written down directly: the sum over all pixels, divided by the sum of the weights. */
static double direct(int channel, double centre_x, double centre_y, double stretch)
{
    double sum = 0, weights = 0;
    for (int64_t y = 0; y < image.height; y++)
        for (int64_t x = 0; x < image.width; x++) {
            double weight = 1;
            const double distance[2] = {((double)x + 0.5 - centre_x) / stretch,
                                        ((double)y + 0.5 - centre_y) / stretch};
            for (int i = 0; i < 2; i++) {
                const double t = M_PI * distance[i];
                weight *= fabs(distance[i]) >= 3 ? 0
                          : fabs(t) < 1e-9       ? 1
                                                 : 3 * sin(t) * sin(t / 3) / (t * t);
            }
            weights += weight;
            sum += weight * sample(x, y, channel);
        }
    const double value = sum / weights;
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static void other_sizes_are_made_by_lanczos(void **state)
{
    float rgb[3 * 10 * 14];
    (void)state;
    make_image(35, 25); /* smaller by 2.5 */
    fit(14, 10, 14, 10, rgb);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 10; y++)
            for (int x = 0; x < 14; x++)
                assert_float_equal(rgb[(c * 10 + y) * 14 + x],
                                   direct(c, (x + 0.5) * 2.5, (y + 0.5) * 2.5, 2.5), 1e-5);
    make_image(7, 5); /* larger by 2 */
    fit(14, 10, 14, 10, rgb);
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 14; x++)
            assert_float_equal(rgb[y * 14 + x], direct(0, (x + 0.5) / 2, (y + 0.5) / 2, 1), 1e-5);
}

/* ------------------------------------------------------------------ Pillow's bicubic filter */

/* Rows from `first` on of a picture of 7 x 5, resized, against Image.resize of Pillow. */
static void check_resized(int64_t width, int64_t height, int64_t first, const uint8_t *wanted,
                          size_t count)
{
    uint8_t from[HEIGHT * WIDTH * 3], to[256], *next = from;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                *next++ = (uint8_t)((37 * x * x + 91 * y + 53 * c + 13 * x * y) % 256);
    assert_int_equal(t2v_resize_bicubic(from, WIDTH, HEIGHT, width, height, to, &error), T2V_OK);
    assert_memory_equal(to + 3 * first * width, wanted, count);
}

static void pictures_are_resized_as_pillow_does_it(void **state)
{
    static const uint8_t smaller[] = {57,  114, 167, 98,  123, 180, 134, 98,  120, 121, 113, 97,
                                      157, 144, 120, 143, 97,  156, 163, 82,  137, 147, 103, 160,
                                      107, 161, 145, 161, 119, 141, 148, 116, 172, 104, 79,  132};
    static const uint8_t larger[] = {
        95,  149, 191, 141, 187, 237, 81,  142, 196, 34,  44,  97,  206, 6,   59,  234, 13,  65,
        120, 75,  132, 101, 83,  141, 231, 18,  71,  170, 232, 71,  223, 121, 108, 169, 103, 171,
        76,  149, 202, 110, 104, 157, 128, 130, 183, 159, 61,  119, 176, 54,  114, 169, 150, 203};
    static const uint8_t lower[] = {40,  93,  146, 82,  135, 188, 83,  144, 197, 131, 78,  131, 138,
                                    85,  138, 114, 167, 70,  128, 66,  119, 128, 181, 86,  191, 96,
                                    158, 126, 116, 169, 144, 71,  124, 173, 100, 153, 159, 64,  126,
                                    134, 133, 186, 68,  121, 174, 152, 205, 109, 169, 108, 161, 137,
                                    84,  137, 188, 135, 188, 56,  109, 162, 140, 52,  105};
    static const uint8_t one[] = {132, 111, 145};
    (void)state;
    check_resized(4, 3, 0, smaller, sizeof(smaller));
    check_resized(9, 8, 2, larger, sizeof(larger));
    check_resized(7, 3, 0, lower, sizeof(lower));
    check_resized(1, 1, 0, one, sizeof(one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(png_of_8_bits_is_read_as_it_is, clean),
        cmocka_unit_test_teardown(png_of_16_bits_keeps_them, clean),
        cmocka_unit_test_teardown(grey_png_becomes_rgb, clean),
        cmocka_unit_test_teardown(a_palette_is_looked_up, clean),
        cmocka_unit_test_teardown(transparency_lies_over_black, clean),
        cmocka_unit_test_teardown(exif_orientation_is_undone, clean),
        cmocka_unit_test(damaged_exif_is_no_orientation),
        cmocka_unit_test_teardown(jpeg_is_read, clean),
        cmocka_unit_test_teardown(jpeg_orientation_is_undone, clean),
        cmocka_unit_test_teardown(cmyk_jpeg_becomes_rgb, clean),
        cmocka_unit_test_teardown(other_files_are_refused_with_a_sentence, clean),
        cmocka_unit_test_teardown(too_large_a_picture_is_refused_before_memory_is_taken, clean),
        cmocka_unit_test_teardown(cut_files_are_refused_wherever_they_end, clean),
        cmocka_unit_test_teardown(damaged_files_never_do_worse_than_fail, clean),
        cmocka_unit_test_teardown(reading_stops_when_it_is_interrupted, clean),
        cmocka_unit_test_teardown(a_picture_of_the_right_size_stays_as_it_is, clean),
        cmocka_unit_test_teardown(a_crop_takes_whole_pixels_of_the_middle, clean),
        cmocka_unit_test_teardown(the_canvas_shows_more_of_the_picture_or_repeats_its_edge, clean),
        cmocka_unit_test_teardown(a_picture_shows_whole_between_black_bars, clean),
        cmocka_unit_test_teardown(other_sizes_are_made_by_lanczos, clean),
        cmocka_unit_test(pictures_are_resized_as_pillow_does_it),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
