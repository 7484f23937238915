/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream from its caller's side, on a tiny checkpoint. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t2v/t2v.h"

static t2v_model *model;           /* of class LTXPipeline */
static t2v_model *condition_model; /* of class LTXConditionPipeline */
static t2v_error error;

/* Overwritten by the next call. */
static const char *golden(const char *name)
{
    static char path[4096];
    const char *source = getenv("srcdir"); /* automake's */
    snprintf(path, sizeof(path), "%s/tests/parity/golden/%s", source ? source : ".", name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    if (t2v_model_open(golden("first"), NULL, &model, &error) == T2V_OK &&
        t2v_model_open(golden("causal"), NULL, &condition_model, &error) == T2V_OK)
        return 0;
    fprintf(stderr, "%s\n", error.text);
    return 1;
}

static int tear_down(void **state)
{
    (void)state;
    t2v_model_close(&model);
    t2v_model_close(&condition_model);
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

/* ------------------------------------------------------------------ given pictures */

static void assert_refused(t2v_model *of, const t2v_stream_params *params, t2v_status status,
                           const char *part)
{
    t2v_stream *stream;
    assert_int_equal(t2v_stream_create(of, params, &stream, &error), status);
    assert_null(stream);
    if (!strstr(error.text, part))
        fail_msg("\"%s\" says nothing of \"%s\"", error.text, part);
}

static void a_picture_that_is_none_is_refused_at_once(void **state)
{
    t2v_stream_params params = small();
    (void)state;
    params.image = "absent.png";
    assert_refused(model, &params, T2V_ERROR_NOT_FOUND, "absent.png");
    params.image = golden("first.options");
    assert_refused(model, &params, T2V_ERROR_FORMAT, "first.options");
    params.image = "";
    params.last_image = "absent.jpg";
    assert_refused(condition_model, &params, T2V_ERROR_NOT_FOUND, "absent.jpg");
}

static void a_model_for_text_takes_no_picture(void **state)
{
    t2v_stream_params params = small();
    t2v_model *wan;
    (void)state;
    assert_int_equal(t2v_model_open(golden("wan"), NULL, &wan, &error), T2V_OK);
    params.image = golden("first-picture.image.png");
    assert_refused(wan, &params, T2V_ERROR_UNSUPPORTED, "image: wan is a model that makes video");
    t2v_model_close(&wan);
}

static void a_class_says_what_it_cannot_do_with_pictures(void **state)
{
    t2v_stream_params params = small();
    (void)state;
    params.last_image = "last.png";
    assert_refused(model, &params, T2V_ERROR_UNSUPPORTED, "last_image: the pipeline class LTXPi");
    params.last_image = NULL;
    params.loop = 1;
    assert_refused(model, &params, T2V_ERROR_UNSUPPORTED, "loop: the pipeline class LTXPipeline");
}

static void a_goal_wants_an_end_and_a_loop_a_beginning(void **state)
{
    t2v_stream_params params = small();
    (void)state;
    params.frames = -1;
    params.last_image = "last.png";
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "last_image: a video without end");
    params.frames = 9;
    params.loop = 1;
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "last_image: a loop");
    params.last_image = NULL;
    params.chunk = 0;
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "loop: what the video starts");
}

/* What tells the chunks of two streams apart. */
typedef struct chunks {
    int count;
    float first[4]; /* a number of each chunk's latents */
} chunks;

static void take_latents(void *opaque, const char *name, int rank, const int64_t *shape,
                         const void *data)
{
    chunks *taken = opaque;
    (void)rank;
    if (strcmp(name, "latents") || taken->count == 4)
        return;
    const int64_t last = shape[1] * shape[2] * shape[3] - 1; /* of the first channel */
    taken->first[taken->count++] = ((const float *)data)[last];
}

static chunks make(const char *image, int loop)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    chunks taken = {0};
    int64_t frames;
    params.frames = 25; /* three chunks of 9, each new one of 8 */
    params.chunk = 9;
    params.image = image;
    params.loop = loop;
    params.tap = take_latents;
    params.tap_opaque = &taken;
    assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error), T2V_OK);
    assert_int_equal(drain(stream, &frames), T2V_END);
    assert_int_equal(frames, 25);
    t2v_stream_destroy(&stream);
    return taken;
}

static void a_picture_begins_the_first_chunk_and_a_loop_ends_the_last(void **state)
{
    const chunks free = make(NULL, 0), begun = make(golden("two-pictures.image.png"), 0);
    const chunks looping = make(NULL, 1);
    (void)state;
    assert_int_equal(free.count, 3);
    assert_true(free.first[0] != begun.first[0]);
    assert_true(free.first[0] == looping.first[0]);
    assert_true(free.first[1] == looping.first[1]);
    assert_true(free.first[2] != looping.first[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_that_end_inside_a_latent_frame_are_those_asked_for),
        cmocka_unit_test(a_failure_is_told_again_and_again),
        cmocka_unit_test(an_endless_stream_ends_when_interrupted),
        cmocka_unit_test(an_option_out_of_range_changes_nothing),
        cmocka_unit_test(a_picture_that_is_none_is_refused_at_once),
        cmocka_unit_test(a_model_for_text_takes_no_picture),
        cmocka_unit_test(a_class_says_what_it_cannot_do_with_pictures),
        cmocka_unit_test(a_goal_wants_an_end_and_a_loop_a_beginning),
        cmocka_unit_test(a_picture_begins_the_first_chunk_and_a_loop_ends_the_last),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
