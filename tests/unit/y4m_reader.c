/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of y4m videos, as they are written and as they are damaged. */
#include "files.h"
#include "unit.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "media/write_picture.h"
#include "media/y4m.h"
#include "media/y4m_reader.h"

static t2v_error error;
static t2v_video_end *video;
static t2v_image image;

static void release(void)
{
    t2v_video_end_destroy(&video);
    t2v_image_free(&image);
}

static void read_video(const char *path, int64_t most)
{
    release();
    if (t2v_y4m_read_end(path, most, NULL, &video, &error) < 0)
        fail_msg("%s", error.text);
}

/* One of its pictures; its pixel at a place. */
static const uint16_t *pixel(int64_t index, int64_t x, int64_t y)
{
    t2v_image_free(&image);
    assert_int_equal(t2v_video_end_picture(video, index, NULL, &image, &error), T2V_OK);
    return image.rgb + 3 * (y * image.width + x);
}

/* ------------------------------------------------------------------ what is written */

enum { WIDTH = 22, HEIGHT = 15 };

/* Colours that change slowly, so that subsampling costs little. */
static void fill(float *rgb)
{
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const float x = (float)(i % WIDTH) / WIDTH, y = (float)(i / WIDTH) / HEIGHT;
        rgb[i] = 0.2f + 0.6f * x;
        rgb[WIDTH * HEIGHT + i] = 0.8f - 0.6f * y;
        rgb[2 * WIDTH * HEIGHT + i] = 0.3f + 0.2f * x + 0.2f * y;
    }
}

static const char *write_video(t2v_pixel_format format, int full_range, const float *rgb)
{
    const t2v_y4m_params params = {.width = WIDTH,
                                   .height = HEIGHT,
                                   .rate_num = 24000,
                                   .rate_den = 1001,
                                   .format = format,
                                   .full_range = full_range};
    const char *path = files_path("written.y4m");
    FILE *file = fopen(path, "wb");
    t2v_y4m *y4m;
    assert_non_null(file);
    assert_int_equal(t2v_y4m_open(file, path, &params, &y4m, &error), T2V_OK);
    assert_int_equal(
        t2v_write_picture(rgb, WIDTH, HEIGHT, T2V_ALPHA_NONE, 0, t2v_y4m_picture(y4m), &error),
        T2V_OK);
    assert_int_equal(t2v_y4m_write(y4m, &error), T2V_OK);
    t2v_y4m_close(&y4m);
    fclose(file);
    return path;
}

static const t2v_pixel_format formats[] = {T2V_PIXEL_YUV420P,   T2V_PIXEL_YUV422P,
                                           T2V_PIXEL_YUV444P,   T2V_PIXEL_YUV420P10,
                                           T2V_PIXEL_YUV422P10, T2V_PIXEL_YUV444P10};

/* Whether the first picture of the video is rgb, as well as the format can hold it. */
static void check_colours(t2v_pixel_format format, const float *rgb)
{
    const float fine = format >= T2V_PIXEL_YUV420P10 ? 0.005f : 0.013f;
    pixel(0, 0, 0);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.height, HEIGHT);
    for (int y = 1; y < HEIGHT - 2; y++)    /* at the edges chroma has */
        for (int x = 1; x < WIDTH - 1; x++) /* neighbours on one side only */
            for (int c = 0; c < 3; c++) {
                const float wanted = rgb[c * WIDTH * HEIGHT + y * WIDTH + x];
                const float got = (float)image.rgb[3 * (y * WIDTH + x) + c] / 65535;
                if (!(fabsf(got - wanted) < fine))
                    fail_msg("format %d, %d, %d, %d: %g for %g", format, x, y, c, got, wanted);
            }
}

static void what_t2v_writes_is_read_back(void **state)
{
    static float rgb[3 * WIDTH * HEIGHT];
    (void)state;
    fill(rgb);
    for (int i = 0; i < 12; i++) {
        read_video(write_video(formats[i % 6], i >= 6, rgb), 9);
        assert_int_equal(t2v_video_end_count(video), 1);
        assert_true(t2v_video_end_rate(video) > 23.97 && t2v_video_end_rate(video) < 23.98);
        check_colours(formats[i % 6], rgb);
    }
    release();
}

static void pictures_of_either_matrix_are_read_from_memory(void **state)
{
    enum { STRIDE = 2 * WIDTH + 5 };
    static float rgb[3 * WIDTH * HEIGHT];
    static uint8_t planes[3][HEIGHT * STRIDE];
    (void)state;
    fill(rgb);
    for (int i = 0; i < 24; i++) {
        /* bottom up, as some decoders hand pictures out */
        const t2v_picture picture = {.format = formats[i % 6],
                                     .full_range = i / 6 % 2,
                                     .matrix = i >= 12 ? T2V_MATRIX_BT601 : T2V_MATRIX_BT709,
                                     .planes = {planes[0] + (HEIGHT - 1) * STRIDE,
                                                planes[1] + (HEIGHT - 1) * STRIDE,
                                                planes[2] + (HEIGHT - 1) * STRIDE},
                                     .stride = {-STRIDE, -STRIDE, -STRIDE}};
        assert_int_equal(t2v_write_picture(rgb, WIDTH, HEIGHT, T2V_ALPHA_NONE, 0, &picture, &error),
                         T2V_OK);
        release();
        assert_int_equal(t2v_video_end_make(1, &video, &error), T2V_OK);
        assert_int_equal(t2v_video_end_add(video, &picture, WIDTH, HEIGHT, &error), T2V_OK);
        check_colours(formats[i % 6], rgb);
    }
    release();
}

/* ------------------------------------------------------------------ what others write */

/* A header, and pictures of `bytes` bytes each. */
static const char *write_raw(const char *header, const char *frame, int frames, const void *data,
                             size_t bytes)
{
    const size_t head = strlen(header), mark = strlen(frame), all = head + (mark + bytes) * frames;
    char *text = malloc(all), *to = text + head;
    assert_non_null(text);
    memcpy(text, header, head);
    for (int i = 0; i < frames; i++, to += mark + bytes) {
        memcpy(to, frame, mark);
        memcpy(to + mark, (const char *)data + (size_t)i * bytes, bytes);
    }
    const char *path = files_write("raw.y4m", text, all);
    free(text);
    return path;
}

static void the_last_pictures_are_kept_in_order(void **state)
{
    uint8_t luma[30];
    (void)state;
    for (int i = 0; i < 30; i++)
        luma[i] = (uint8_t)(16 + i);
    for (int frames = 1; frames <= 30; frames++) {
        const int kept = frames < 9 ? frames : 9;
        read_video(write_raw("YUV4MPEG2 W1 H1 Cmono\n", "FRAME\n", frames, luma, 1), 9);
        assert_int_equal(t2v_video_end_count(video), kept);
        assert_true(t2v_video_end_rate(video) == 0);
        for (int i = 0; i < kept; i++)
            assert_in_range(pixel(i, 0, 0)[0] - (frames - kept + i) * 65535 / 219, 0, 1);
    }
    release();
}

static void range_and_depth_are_the_headers(void **state)
{
    static const struct {
        const char *header;
        uint8_t black[2], white[2];
        size_t bytes;
    } rows[] = {
        {"YUV4MPEG2 W1 H1 Cmono\n", {16}, {235}, 1},
        {"YUV4MPEG2 W1 H1 Cmono XCOLORRANGE=LIMITED\n", {16}, {235}, 1},
        {"YUV4MPEG2 W1 H1 XCOLORRANGE=FULL Cmono\n", {0}, {255}, 1},
        {"YUV4MPEG2 W1 H1 Cmonop10 XYSCSS=GREY\n", {0x40, 0}, {0xac, 0x03}, 2},
        {"YUV4MPEG2 W1 H1 Cmono10\n", {0x40, 0}, {0xac, 0x03}, 2}, /* FFmpeg's way */
        {"YUV4MPEG2 W1 H1 Cmonop16 XCOLORRANGE=FULL\n", {0, 0}, {255, 255}, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t data[4];
        memcpy(data, rows[i].black, rows[i].bytes);
        memcpy(data + rows[i].bytes, rows[i].white, rows[i].bytes);
        read_video(write_raw(rows[i].header, "FRAME Ip\n", 2, data, rows[i].bytes), 9);
        for (int c = 0; c < 3; c++) {
            assert_int_equal(pixel(0, 0, 0)[c], 0);
            assert_int_equal(pixel(1, 0, 0)[c], 65535);
        }
    }
    release();
}

/* Red of a grey picture whose Cr goes from neutral to most: 0 to 1 at the samples. */
static float redness(int64_t x, int64_t y)
{
    return (float)(pixel(0, x, y)[0] / 65535.0 - pixel(0, 0, 0)[0] / 65535.0) /
           (0.5f * 2 * (1 - 0.2126f) * 0.25f);
}

static void chroma_lies_where_the_colour_space_says(void **state)
{
    static const struct {
        const char *header;
        float at[4]; /* share of the second column's chroma in the first row's pixels */
        float below; /* share of the second row's in the pixel below the first */
    } rows[] = {
        {"YUV4MPEG2 W4 H4 C420mpeg2\n", {0, 0.5f, 1, 1}, 0.25f},
        {"YUV4MPEG2 W4 H4 C420jpeg\n", {0, 0.25f, 0.75f, 1}, 0.25f},
        {"YUV4MPEG2 W4 H4\n", {0, 0.25f, 0.75f, 1}, 0.25f},
        {"YUV4MPEG2 W4 H4 C420paldv\n", {0, 0.5f, 1, 1}, 0.5f},
        {"YUV4MPEG2 W4 H4 C420\n", {0, 0.5f, 1, 1}, 0.25f},
        {"YUV4MPEG2 W4 H2 C422\n", {0, 0.5f, 1, 1}, 1},
        {"YUV4MPEG2 W2 H2 C444\n", {0, 1}, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int width = rows[i].header[11] - '0', height = rows[i].header[14] - '0';
        uint8_t data[32];
        memset(data, 66, sizeof(data));
        memset(data + width * height, 128, 8);
        uint8_t *cr = data + width * height + 4;
        for (int direction = 0; direction < 2; direction++) {
            const uint8_t along[4] = {128, 156, 128, 156}, down[4] = {128, 128, 156, 156};
            memcpy(cr, direction ? down : along, 4);
            read_video(write_raw(rows[i].header, "FRAME\n", 1, data, (size_t)width * height + 8),
                       1);
            for (int x = 0; x < width && !direction; x++)
                assert_true(fabsf(redness(x, 0) - rows[i].at[x]) < 1e-3f);
            if (direction)
                assert_true(fabsf(redness(0, 1) - rows[i].below) < 1e-3f);
        }
    }
    release();
}

/* ------------------------------------------------------------------ damaged ones */

typedef struct damage {
    const char *text;
    t2v_status status;
    const char *part; /* of what is said */
} damage;

static void assert_told(const damage *d, const char *path, t2v_status status)
{
    if (status != d->status || !strstr(error.text, d->part) || !strstr(error.text, path))
        fail_msg("%d, \"%s\" for \"%s\"", status, error.text, d->part);
}

static void a_damaged_header_is_told_without_reading_on(void **state)
{
    static const damage rows[] = {
        {"", T2V_ERROR_FORMAT, "does not begin with YUV4MPEG2"},
        {"YUV4MPEG", T2V_ERROR_FORMAT, "does not begin with YUV4MPEG2"},
        {"RIFF....AVI LIST", T2V_ERROR_FORMAT, "does not begin with YUV4MPEG2"},
        {"YUV4MPEG2 W4 H4", T2V_ERROR_FORMAT, "cut off within a header"},
        {"YUV4MPEG2 ", T2V_ERROR_FORMAT, "cut off within a header"},
        {"YUV4MPEG2 W4 F25:1\n", T2V_ERROR_FORMAT, "without a height"},
        {"YUV4MPEG2 H4 F25:1\n", T2V_ERROR_FORMAT, "without a width"},
        {"YUV4MPEG2 W0 H4\n", T2V_ERROR_FORMAT, "W is \"0\""},
        {"YUV4MPEG2 W-4 H4\n", T2V_ERROR_FORMAT, "W is \"-4\""},
        {"YUV4MPEG2 W4 H4x\n", T2V_ERROR_FORMAT, "H is \"4x\""},
        {"YUV4MPEG2 W H4\n", T2V_ERROR_FORMAT, "W is \"\""},
        {"YUV4MPEG2 W4 H16385\n", T2V_ERROR_FORMAT, "H is \"16385\""},
        {"YUV4MPEG2 W99999999999999999999 H4\n", T2V_ERROR_FORMAT, "W is \"9999"},
        {"YUV4MPEG2 W16384 H16384\n", T2V_ERROR_UNSUPPORTED, "16384 × 16384 pixels"},
        {"YUV4MPEG2 W4 H4 F25\n", T2V_ERROR_FORMAT, "F is \"25\""},
        {"YUV4MPEG2 W4 H4 F25:0\n", T2V_ERROR_FORMAT, "F is \"25:0\""},
        {"YUV4MPEG2 W4 H4 F25:1:1\n", T2V_ERROR_FORMAT, "F is \"25:1:1\""},
        {"YUV4MPEG2 W4 H4 C411\n", T2V_ERROR_UNSUPPORTED, "the colour space 411"},
        {"YUV4MPEG2 W4 H4 C444alpha\n", T2V_ERROR_UNSUPPORTED, "the colour space 444alpha"},
        {"YUV4MPEG2 W4 H4 C420p7\n", T2V_ERROR_UNSUPPORTED, "the colour space 420p7"},
        {"YUV4MPEG2 W4 H4 C420p99\n", T2V_ERROR_UNSUPPORTED, "the colour space 420p99"},
        {"YUV4MPEG2 W4 H4 C\n", T2V_ERROR_UNSUPPORTED, "the colour space ;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = files_write_text("damaged.y4m", rows[i].text);
        assert_told(&rows[i], path, t2v_y4m_probe(path, &error));
        assert_told(&rows[i], path, t2v_y4m_read_end(path, 9, NULL, &video, &error));
        assert_null(video);
    }
}

static void damaged_pictures_are_told(void **state)
{
    static const damage rows[] = {
        {"YUV4MPEG2 W1 H1 Cmono\n", T2V_ERROR_FORMAT, "no picture in it"},
        {"YUV4MPEG2 W1 H1 Cmono\nFRAME", T2V_ERROR_FORMAT, "cut off within a header"},
        {"YUV4MPEG2 W1 H1 Cmono\nFRAME\n", T2V_ERROR_FORMAT, "picture 0 is cut off: 0 bytes of 1"},
        {"YUV4MPEG2 W1 H1 Cmono\nFRAME\nxFRAME\n", T2V_ERROR_FORMAT, "picture 1 is cut off"},
        {"YUV4MPEG2 W1 H1 Cmono\nFRAME\nxframe\ny", T2V_ERROR_FORMAT, "picture 1 does not begin"},
        {"YUV4MPEG2 W1 H1 Cmono\nFRAMES\nx", T2V_ERROR_FORMAT, "picture 0 does not begin"},
        {"YUV4MPEG2 W16384 H4096 C444p16\nFRAME\nx", T2V_ERROR_FORMAT, "1 bytes of 402653184"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = files_write_text("damaged.y4m", rows[i].text);
        assert_int_equal(t2v_y4m_probe(path, &error), T2V_OK);
        assert_told(&rows[i], path, t2v_y4m_read_end(path, 9, NULL, &video, &error));
        assert_null(video);
    }
}

static void a_header_may_not_be_endless(void **state)
{
    static char text[6000];
    (void)state;
    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "YUV4MPEG2", 9);
    assert_int_equal(t2v_y4m_probe(files_write_text("long.y4m", text), &error), T2V_ERROR_FORMAT);
    assert_non_null(strstr(error.text, "a header longer than 4095 bytes"));
}

static void what_is_no_file_is_named(void **state)
{
    (void)state;
    assert_int_equal(t2v_y4m_probe(files_path("absent.y4m"), &error), T2V_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, "absent.y4m: cannot be read"));
    assert_int_equal(t2v_y4m_probe(files_path("."), &error), T2V_ERROR_FORMAT);
    assert_non_null(strstr(error.text, "a folder, wanted y4m video"));
}

/* ------------------------------------------------------------------ pipes */

static void *write_pipe(void *opaque)
{
    FILE *file = fopen(opaque, "wb");
    fputs("YUV4MPEG2 W1 H1 Cmono\n", file);
    for (int i = 0; i < 20; i++) {
        fprintf(file, "FRAME\n%c", 16 + i);
        fflush(file);
    }
    fclose(file);
    return NULL;
}

static void a_pipe_is_read_to_its_end(void **state)
{
    char path[4096];
    pthread_t thread;
    (void)state;
    snprintf(path, sizeof(path), "%s", files_path("pipe.y4m"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(t2v_y4m_probe(path, &error), T2V_OK); /* without waiting for a writer */
    assert_int_equal(pthread_create(&thread, NULL, write_pipe, path), 0);
    read_video(path, 3);
    pthread_join(thread, NULL);
    assert_int_equal(t2v_video_end_count(video), 3);
    assert_in_range(pixel(2, 0, 0)[0] - 19 * 65535 / 219, 0, 1);
    release();
}

static void *interrupt_soon(void *opaque)
{
    usleep(50000);
    atomic_store((atomic_bool *)opaque, true);
    return NULL;
}

static void waiting_for_a_pipe_ends_when_interrupted(void **state)
{
    atomic_bool interrupted = false;
    pthread_t thread;
    (void)state;
    assert_int_equal(mkfifo(files_path("silent.y4m"), 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, &interrupted), 0);
    assert_int_equal(t2v_y4m_read_end(files_path("silent.y4m"), 9, &interrupted, &video, &error),
                     T2V_INTERRUPTED);
    assert_null(video);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_t2v_writes_is_read_back),
        cmocka_unit_test(pictures_of_either_matrix_are_read_from_memory),
        cmocka_unit_test(the_last_pictures_are_kept_in_order),
        cmocka_unit_test(range_and_depth_are_the_headers),
        cmocka_unit_test(chroma_lies_where_the_colour_space_says),
        cmocka_unit_test(a_damaged_header_is_told_without_reading_on),
        cmocka_unit_test(damaged_pictures_are_told),
        cmocka_unit_test(a_header_may_not_be_endless),
        cmocka_unit_test(what_is_no_file_is_named),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(waiting_for_a_pipe_ends_when_interrupted),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
