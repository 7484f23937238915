/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream from its caller's side, on a tiny checkpoint. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t2v/t2v.h"

static t2v_model *model;
static t2v_error error;

static int set_up(void **state)
{
    const char *source = getenv("srcdir"); /* automake's */
    char path[4096];
    (void)state;
    snprintf(path, sizeof(path), "%s/tests/parity/golden/first", source ? source : ".");
    if (t2v_model_open(path, NULL, &model, &error) == T2V_OK)
        return 0;
    fprintf(stderr, "%s\n", error.text);
    return 1;
}

static int tear_down(void **state)
{
    (void)state;
    t2v_model_close(&model);
    return 0;
}

static t2v_stream_params small(void)
{
    t2v_stream_params params = t2v_stream_params_default(model);
    params.width = params.height = 64;
    params.steps = 1;
    params.guidance = 1;
    params.seed = 1;
    return params;
}

/* Takes all frames; returns how the stream ended. */
static t2v_status drain(t2v_stream *stream, int64_t *frames)
{
    t2v_status status;
    t2v_frame *frame;
    for (*frames = 0; (status = t2v_stream_next(stream, &frame, &error)) == T2V_OK; ++*frames) {
        assert_int_equal(t2v_frame_index(frame), *frames);
        t2v_frame_release(&frame);
    }
    assert_null(frame);
    return status;
}

static void frames_that_end_inside_a_latent_frame_are_those_asked_for(void **state)
{
    static const int chunks[] = {0, 9};
    (void)state;
    for (int i = 0; i < 2; i++) {
        t2v_stream_params params = small();
        t2v_stream *stream;
        int64_t frames;
        params.frames = 20;
        params.chunk = chunks[i];
        assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_OK);
        assert_int_equal(drain(stream, &frames), T2V_END);
        assert_int_equal(frames, 20);
        assert_int_equal(drain(stream, &frames), T2V_END);
        t2v_stream_destroy(&stream);
    }
}

static void a_failure_is_told_again_and_again(void **state)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    int64_t frames;
    (void)state;
    params.prompt = "\xff";
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_OK);
    for (int i = 0; i < 2; i++) {
        memset(&error, 0, sizeof(error));
        t2v_status status = drain(stream, &frames);
        assert_true(status < T2V_INTERRUPTED);
        assert_int_equal(error.status, status);
        assert_non_null(strstr(error.text, "prompt"));
        assert_int_equal(frames, 0);
    }
    t2v_stream_destroy(&stream);
}

static void an_endless_stream_ends_when_interrupted(void **state)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    t2v_frame *frame;
    int64_t frames;
    (void)state;
    params.frames = -1;
    params.chunk = 9;
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_OK);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(t2v_stream_next(stream, &frame, &error), T2V_OK);
        t2v_frame_release(&frame);
    }
    t2v_stream_interrupt(stream);
    assert_int_equal(drain(stream, &frames), T2V_INTERRUPTED);
    t2v_stream_destroy(&stream);
}

static void an_option_out_of_range_changes_nothing(void **state)
{
    static const char *const bad[][2] = {
        {"prompt", "\xff"}, {"steps", "0"}, {"guidance", "-0.5"}, {"seed", "2"}, {"speed", "0"}};
    t2v_stream_params params = small();
    t2v_stream *stream;
    int64_t frames;
    (void)state;
    params.frames = 20;
    params.chunk = 9;
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(t2v_stream_set(stream, bad[i][0], bad[i][1], &error), T2V_ERROR_ARGUMENT);
        assert_non_null(strstr(error.text, bad[i][0]));
    }
    assert_int_equal(t2v_stream_set(stream, "prompt", "fire", &error), T2V_OK);
    assert_int_equal(t2v_stream_set(stream, "guidance", "2.5", &error), T2V_OK);
    assert_int_equal(drain(stream, &frames), T2V_END);
    assert_int_equal(frames, 20);
    t2v_stream_destroy(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_that_end_inside_a_latent_frame_are_those_asked_for),
        cmocka_unit_test(a_failure_is_told_again_and_again),
        cmocka_unit_test(an_endless_stream_ends_when_interrupted),
        cmocka_unit_test(an_option_out_of_range_changes_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
