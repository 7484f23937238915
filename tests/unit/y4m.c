/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/pixel_format.h"
#include "media/write_picture.h"
#include "media/y4m.h"

static t2v_y4m_params make_params(t2v_pixel_format format)
{
    return (t2v_y4m_params){.width = 6,
                            .height = 4,
                            .rate_num = 30000,
                            .rate_den = 1001,
                            .format = format,
                            .model = "waves",
                            .seed = 42};
}

/* The whole stream of `frames` frames, their bytes counted up from 0. *text and *size receive it.
 */
static void write_stream(const t2v_y4m_params *params, int frames, char **text, size_t *size)
{
    t2v_y4m *y4m;
    FILE *file = open_memstream(text, size);
    assert_non_null(file);
    assert_int_equal(t2v_y4m_open(file, "memory", params, &y4m, NULL), T2V_OK);
    const t2v_picture *picture = t2v_y4m_picture(y4m);
    const t2v_pixel_format_info *info = t2v_pixel_format_get_info(picture->format);
    for (int frame = 0; frame < frames; frame++) {
        uint8_t next = 0;
        for (int p = 0; p < info->planes; p++)
            for (int y = 0; y < t2v_plane_rows(info, p, params->height); y++)
                for (size_t x = 0; x < t2v_plane_row_bytes(info, p, params->width); x++)
                    picture->planes[p][y * picture->stride[p] + (ptrdiff_t)x] = next++;
        assert_int_equal(t2v_y4m_write(y4m, NULL), T2V_OK);
    }
    t2v_y4m_close(&y4m);
    assert_null(y4m);
    fclose(file);
}

static void the_header_says_what_the_stream_is(void **state)
{
    (void)state;
    static const struct {
        t2v_pixel_format format;
        const char *colour;
    } rows[] = {
        {T2V_PIXEL_YUV420P, "420mpeg2"}, {T2V_PIXEL_YUV422P, "422"},
        {T2V_PIXEL_YUV444P, "444"},      {T2V_PIXEL_YUV420P10, "420p10"},
        {T2V_PIXEL_YUV422P10, "422p10"}, {T2V_PIXEL_YUV444P10, "444p10"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const t2v_y4m_params params = make_params(rows[i].format);
        char wanted[256];
        size_t size;
        char *text;
        write_stream(&params, 0, &text, &size);
        snprintf(wanted, sizeof(wanted),
                 "YUV4MPEG2 W6 H4 F30000:1001 Ip A1:1 C%s XCOLORRANGE=LIMITED "
                 "XT2V=generated;42;waves\n",
                 rows[i].colour);
        assert_string_equal(text, wanted);
        free(text);
    }
}

static void full_range_and_a_nameless_model_are_said(void **state)
{
    (void)state;
    t2v_y4m_params params = make_params(T2V_PIXEL_YUV420P);
    params.full_range = 1;
    params.model = NULL;
    size_t size;
    char *text;
    write_stream(&params, 0, &text, &size);
    assert_non_null(strstr(text, " XCOLORRANGE=FULL XT2V=generated;42\n"));
    free(text);
}

static void a_models_name_cannot_break_the_header(void **state)
{
    (void)state;
    t2v_y4m_params params = make_params(T2V_PIXEL_YUV420P);
    params.model = "a\nF\tb;c";
    size_t size;
    char *text;
    write_stream(&params, 0, &text, &size);
    assert_non_null(strstr(text, ";a_F_b_c\n"));
    assert_ptr_equal(strchr(text, '\n'), text + size - 1);
    free(text);
}

static void a_header_stays_within_96_bytes(void **state)
{
    (void)state;
    static const struct {
        int size, rate_num, rate_den;
        const char *model, *end;
    } rows[] = {
        {6, 24, 1, "a-model-with-a-name-of-32-letters", "XCOLORRANGE=LIMITED XT2V=generated;42\n"},
        {6, 24, 1, "ten-letter", "XCOLORRANGE=LIMITED XT2V=generated;42;ten-letter\n"},
        {16384, INT32_MAX, INT32_MAX, "m", "XCOLORRANGE=LIMITED XT2V=generated\n"},
        {16384, 30000, 1001, "ten-letter", "XCOLORRANGE=LIMITED XT2V=generated;42\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        t2v_y4m_params params = make_params(T2V_PIXEL_YUV420P);
        params.width = rows[i].size;
        params.height = rows[i].size == 6 ? 4 : 1;
        params.rate_num = rows[i].rate_num;
        params.rate_den = rows[i].rate_den;
        params.model = rows[i].model;
        size_t size;
        char *text;
        write_stream(&params, 0, &text, &size);
        assert_true(size <= 96);
        assert_string_equal(text + size - strlen(rows[i].end), rows[i].end);
        free(text);
    }
}

static void frames_follow_plane_after_plane(void **state)
{
    (void)state;
    enum { FRAME_BYTES = 6 * 4 * 3 / 2, MARK = 6 };
    const t2v_y4m_params params = make_params(T2V_PIXEL_YUV420P);
    size_t size;
    char *text;
    write_stream(&params, 2, &text, &size);
    char *at = strchr(text, '\n') + 1;
    assert_int_equal(text + size - at, 2 * (MARK + FRAME_BYTES));
    for (int frame = 0; frame < 2; frame++, at += FRAME_BYTES) {
        assert_memory_equal(at, "FRAME\n", MARK);
        at += MARK;
        for (int i = 0; i < FRAME_BYTES; i++)
            assert_int_equal(at[i], i);
    }
    free(text);
}

static void odd_sizes_round_chroma_up(void **state)
{
    (void)state;
    t2v_y4m_params params = make_params(T2V_PIXEL_YUV420P10);
    params.width = 5;
    params.height = 3;
    size_t size;
    char *text;
    write_stream(&params, 1, &text, &size);
    assert_int_equal(text + size - (strchr(text, '\n') + 1), 6 + 2 * (5 * 3 + 2 * 3 * 2));
    free(text);
}

static void what_y4m_cannot_hold_is_refused_in_words(void **state)
{
    (void)state;
    t2v_y4m *y4m;
    t2v_error error;
    t2v_y4m_params params = make_params(T2V_PIXEL_NV12);
    assert_int_equal(t2v_y4m_open(stdout, "out.y4m", &params, &y4m, &error), T2V_ERROR_UNSUPPORTED);
    assert_string_equal(error.text,
                        "out.y4m: y4m holds planar YUV only, not the pixel format nv12");
    assert_null(y4m);
    params = make_params(T2V_PIXEL_YUV420P);
    params.width = 0;
    assert_int_equal(t2v_y4m_open(stdout, "out.y4m", &params, &y4m, NULL), T2V_ERROR_ARGUMENT);
    params = make_params(T2V_PIXEL_YUV420P);
    params.rate_den = 0;
    assert_int_equal(t2v_y4m_open(stdout, "out.y4m", &params, &y4m, NULL), T2V_ERROR_ARGUMENT);
}

static void raw_frames_are_planes_and_nothing_else(void **state)
{
    (void)state;
    t2v_y4m_params params = make_params(T2V_PIXEL_YUVA420P);
    params.raw = true;
    size_t size;
    char *text;
    write_stream(&params, 2, &text, &size);
    assert_int_equal(size, 2 * (6 * 4 + 2 * 3 * 2 + 6 * 4));
    for (size_t i = 0; i < size; i++)
        assert_int_equal((uint8_t)text[i], i % (size / 2));
    free(text);
}

static void a_reader_that_goes_ends_the_stream(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    FILE *file = fdopen(ends[1], "wb");
    const t2v_y4m_params params = make_params(T2V_PIXEL_YUV444P);
    t2v_y4m *y4m;
    t2v_error error;
    assert_int_equal(t2v_y4m_open(file, "-", &params, &y4m, &error), T2V_OK);
    assert_int_equal(t2v_y4m_write(y4m, &error), T2V_OK);
    close(ends[0]);
    assert_int_equal(t2v_y4m_write(y4m, &error), T2V_END);
    t2v_y4m_close(&y4m);
    assert_int_equal(t2v_y4m_open(file, "-", &params, &y4m, &error), T2V_END);
    fclose(file);
}

static void a_full_disk_is_an_error_with_its_reason(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/full", "wb");
    if (!file)
        skip();
    const t2v_y4m_params params = make_params(T2V_PIXEL_YUV420P);
    t2v_y4m *y4m;
    t2v_error error;
    assert_int_equal(t2v_y4m_open(file, "full.y4m", &params, &y4m, &error), T2V_ERROR_IO);
    assert_non_null(strstr(error.text, "full.y4m: writing failed: "));
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_says_what_the_stream_is),
        cmocka_unit_test(full_range_and_a_nameless_model_are_said),
        cmocka_unit_test(a_models_name_cannot_break_the_header),
        cmocka_unit_test(a_header_stays_within_96_bytes),
        cmocka_unit_test(frames_follow_plane_after_plane),
        cmocka_unit_test(odd_sizes_round_chroma_up),
        cmocka_unit_test(what_y4m_cannot_hold_is_refused_in_words),
        cmocka_unit_test(raw_frames_are_planes_and_nothing_else),
        cmocka_unit_test(a_reader_that_goes_ends_the_stream),
        cmocka_unit_test(a_full_disk_is_an_error_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
