/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream from its caller's side, on a tiny checkpoint. */
#include "base/memory.h"
#include "files.h"
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t2v/t2v.h"

static t2v_model *model;           /* of class LTXPipeline */
static t2v_model *condition_model; /* of class LTXConditionPipeline */
static t2v_error error;

enum { PICTURE = 3 * 64 * 64 }; /* numbers in a picture of small() */

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
    t2v_model_params params = t2v_model_params_default();
    if (files_setup(state))
        return 1;
    params.threads = 1; /* so small a model gains nothing from more */
    if (t2v_model_open(golden("first"), &params, &model, &error) == T2V_OK &&
        t2v_model_open(golden("causal"), &params, &condition_model, &error) == T2V_OK)
        return 0;
    fprintf(stderr, "%s\n", error.text);
    return 1;
}

static int tear_down(void **state)
{
    t2v_model_close(&model);
    t2v_model_close(&condition_model);
    return files_teardown(state);
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

static double seconds_of(const t2v_stream_params *params)
{
    return (double)params->frames * params->rate_den / params->rate_num;
}

static void a_model_for_pictures_wants_one(void **state)
{
    t2v_stream_params params = small();
    t2v_model *wan;
    (void)state;
    assert_int_equal(t2v_model_open(golden("wan-i2v"), NULL, &wan, &error), T2V_OK);
    assert_refused(wan, &params, T2V_ERROR_ARGUMENT, "image: wan-i2v makes video from a picture");
    params.image = "first.png";
    params.last_image = "last.png";
    assert_refused(wan, &params, T2V_ERROR_UNSUPPORTED, "last_image: wan-i2v looks at one");
    params.last_image = NULL;
    params.loop = seconds_of(&params);
    assert_refused(wan, &params, T2V_ERROR_UNSUPPORTED, "loop: the pipeline class WanImage");
    params.loop = 0;
    assert_refused(wan, &params, T2V_ERROR_NOT_FOUND, "first.png");
    t2v_model_close(&wan);
}

static void a_class_says_what_it_cannot_do_with_pictures(void **state)
{
    t2v_stream_params params = small();
    (void)state;
    params.last_image = "last.png";
    assert_refused(model, &params, T2V_ERROR_UNSUPPORTED, "last_image: the pipeline class LTXPi");
    params.last_image = NULL;
    params.loop = seconds_of(&params);
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
    params.loop = 9;
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "loop: 9 seconds are 225 frames");
    params.loop = seconds_of(&params);
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

static chunks make(const char *image, bool loop)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    chunks taken = {0};
    int64_t frames;
    params.frames = 25; /* three chunks of 9, each new one of 8 */
    params.chunk = 9;
    params.image = image;
    if (loop) { /* which alone says how long the video is */
        params.loop = seconds_of(&params);
        params.frames = -1;
    }
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
    const chunks free = make(NULL, false), begun = make(golden("two-pictures.image.png"), false);
    const chunks looping = make(NULL, true);
    (void)state;
    assert_int_equal(free.count, 3);
    assert_true(free.first[0] != begun.first[0]);
    assert_true(free.first[0] == looping.first[0]);
    assert_true(free.first[1] == looping.first[1]);
    assert_true(free.first[2] != looping.first[2]);
}

/* ------------------------------------------------------------------ a video that goes on */

/* A grey y4m video whose brightness goes from `first` up by 4 a picture. */
static const char *write_clip(int frames, int first)
{
    static char text[64 + 40 * (6 + 48 * 40)];
    char *to = text + sprintf(text, "YUV4MPEG2 W48 H40 F24:1 Cmono\n");
    for (int i = 0; i < frames; i++, to += 48 * 40) {
        to += sprintf(to, "FRAME\n");
        memset(to, first + 4 * i, 48 * 40);
    }
    return files_write("clip.y4m", text, (size_t)(to - text));
}

static void a_video_goes_on_with_new_frames_only(void **state)
{
    static const struct {
        int64_t frames;
        int chunk, pictures;
    } rows[] = {{1, 0, 9}, {12, 0, 9}, {20, 9, 20}, {20, 9, 8}, {30, 17, 1}, {8, 0, 3}};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        t2v_stream_params params = small();
        t2v_stream *stream;
        int64_t frames;
        params.frames = rows[i / 2].frames;
        params.chunk = rows[i / 2].chunk;
        params.continue_ = write_clip(rows[i / 2].pictures, 40);
        assert_int_equal(
            t2v_stream_create(i % 2 ? model : condition_model, &params, &stream, &error), T2V_OK);
        assert_int_equal(drain(stream, &frames), T2V_END);
        assert_int_equal(frames, params.frames);
        t2v_stream_destroy(&stream);
    }
}

/* The latents of a window, and their shape. */
typedef struct window {
    int64_t shape[4];
    float values[8192];
} window;

static void take_window(void *opaque, const char *name, int rank, const int64_t *shape,
                        const void *data)
{
    window *w = opaque;
    const size_t count = (size_t)(shape[0] * shape[1] * (rank == 4 ? shape[2] * shape[3] : 0));
    if (strcmp(name, "latents"))
        return;
    memcpy(w->shape, shape, sizeof(w->shape));
    assert_true(count <= sizeof(w->values) / sizeof(w->values[0]));
    memcpy(w->values, data, count * sizeof(float));
}

/* Of what goes on from a file, or from pictures of the caller's. */
static void run_window(const char *clip, const t2v_video_end *pictures, window *w)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    int64_t frames;
    params.frames = 8;
    params.continue_ = clip;
    params.video_end = pictures;
    params.tap = take_window;
    params.tap_opaque = w;
    assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error), T2V_OK);
    assert_int_equal(drain(stream, &frames), T2V_END);
    assert_int_equal(frames, 8);
    t2v_stream_destroy(&stream);
}

static void only_the_last_nine_pictures_count(void **state)
{
    static window nine, more, others, fewer;
    (void)state;
    run_window(write_clip(9, 40 + 4 * 11), NULL, &nine);
    run_window(write_clip(20, 40), NULL, &more);
    run_window(write_clip(20, 44), NULL, &others);
    run_window(write_clip(8, 40 + 4 * 12), NULL, &fewer);
    assert_int_equal(nine.shape[1], 3); /* the known ones: of a single picture and of 8 */
    assert_memory_equal(&nine, &more, sizeof(nine));
    assert_memory_not_equal(&nine, &others, sizeof(nine));
    assert_int_equal(fewer.shape[1], 2); /* of the last picture alone */
}

/* The pictures of write_clip(9, 40), without a file. */
static t2v_video_end *collect_clip(void)
{
    t2v_video_end *end;
    uint8_t planes[3][48 * 40];
    t2v_picture picture = {.format = T2V_PIXEL_YUV444P,
                           .planes = {planes[0], planes[1], planes[2]},
                           .stride = {48, 48, 48}};
    memset(planes, 128, sizeof(planes));
    assert_int_equal(t2v_video_end_create(condition_model, 24, 1, &end, &error), T2V_OK);
    for (int i = -3; i < 9; i++) { /* the first ones are too old to count */
        memset(planes[0], 40 + 4 * (i < 0 ? 30 : i), sizeof(planes[0]));
        assert_int_equal(t2v_video_end_add(end, &picture, 48, 40, &error), T2V_OK);
    }
    return end;
}

static void pictures_of_the_caller_go_on_as_a_file_does(void **state)
{
    static window file, own;
    t2v_stream_params params = small();
    t2v_video_end *end = collect_clip();
    (void)state;
    run_window(write_clip(9, 40), NULL, &file);
    run_window(NULL, end, &own);
    assert_memory_equal(&file, &own, sizeof(file));
    params.video_end = end;
    params.continue_ = write_clip(9, 40);
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "continue: the pictures");
    t2v_video_end_destroy(&end);
}

static void pictures_that_cannot_go_on_are_refused(void **state)
{
    t2v_stream_params params = small();
    uint8_t plane[48 * 40] = {0};
    t2v_picture picture = {
        .format = T2V_PIXEL_GBRP, .planes = {plane, plane, plane}, .stride = {48, 48, 48}};
    t2v_video_end *end;
    (void)state;
    assert_int_equal(t2v_video_end_create(condition_model, 0, 0, &end, &error), T2V_OK);
    params.video_end = end;
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "no picture");
    assert_int_equal(t2v_video_end_add(end, &picture, 48, 40, &error), T2V_ERROR_UNSUPPORTED);
    picture.format = T2V_PIXEL_YUV444P;
    assert_int_equal(t2v_video_end_add(end, &picture, 0, 40, &error), T2V_ERROR_ARGUMENT);
    assert_int_equal(t2v_video_end_add(end, &picture, 48, 40, &error), T2V_OK);
    assert_int_equal(t2v_video_end_add(end, &picture, 40, 40, &error), T2V_ERROR_ARGUMENT);
    picture.matrix = T2V_MATRIX_BT601;
    assert_int_equal(t2v_video_end_add(end, &picture, 48, 40, &error), T2V_ERROR_ARGUMENT);
    t2v_video_end_destroy(&end);
    assert_null(end);
}

static void what_cannot_go_on_is_refused_at_once(void **state)
{
    t2v_stream_params params = small();
    t2v_model *wan;
    (void)state;
    params.continue_ = "absent.y4m";
    assert_refused(condition_model, &params, T2V_ERROR_NOT_FOUND, "absent.y4m: cannot be read");
    params.continue_ = golden("first.options");
    assert_refused(condition_model, &params, T2V_ERROR_FORMAT, "first.options: no y4m video");
    params.continue_ = write_clip(9, 40);
    params.image = golden("two-pictures.image.png");
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "image: a video that goes on");
    params.image = NULL;
    params.loop = seconds_of(&params);
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "loop: a video that goes on");
    params.loop = 0;
    assert_int_equal(t2v_model_open(golden("wan"), NULL, &wan, &error), T2V_OK);
    assert_refused(wan, &params, T2V_ERROR_UNSUPPORTED, "continue: wan is a model that makes");
    t2v_model_close(&wan);
}

static void a_video_that_is_cut_off_ends_the_stream_in_words(void **state)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    int64_t frames;
    (void)state;
    params.continue_ = files_write_text("cut.y4m", "YUV4MPEG2 W48 H40 F24:1 Cmono\nFRAME\nshort");
    assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error), T2V_OK);
    assert_int_equal(drain(stream, &frames), T2V_ERROR_FORMAT);
    assert_int_equal(frames, 0);
    assert_non_null(strstr(error.text, "cut.y4m: picture 0 is cut off: 5 bytes of 1920"));
    t2v_stream_destroy(&stream);
}

/* ------------------------------------------------------------------ scenes */

static t2v_stream_params endless(void)
{
    t2v_stream_params params = small();
    params.frames = -1;
    params.chunk = 17;
    params.prompt = "waves";
    return params;
}

/* The next frame's picture is copied to rgb [3, 64, 64], its prompt's hash to hash. */
static void take(t2v_stream *stream, float *rgb, char *hash)
{
    t2v_frame *frame;
    int width, height;
    if (t2v_stream_next(stream, &frame, &error) < 0)
        fail_msg("%s", error.text);
    memcpy(hash, t2v_frame_prompt_hash(frame), 17);
    memcpy(rgb, t2v_frame_rgb(frame, &width, &height), PICTURE * sizeof(*rgb));
    t2v_frame_release(&frame);
}

static void a_prompt_shows_within_36_frames(void **state)
{
    static const int64_t lengths[] = {-1, 200};
    (void)state;
    for (int i = 0; i < 4; i++) {
        t2v_stream_params params = endless();
        t2v_stream *stream;
        static float rgb[PICTURE];
        char before[17], hash[17];
        int frames = 0;
        params.frames = lengths[i % 2];
        params.chunk = 33;
        params.transition = i < 2 ? "morph" : "cut";
        assert_int_equal(
            t2v_stream_create(i % 2 ? model : condition_model, &params, &stream, &error), T2V_OK);
        for (int k = 0; k < 40; k++)
            take(stream, rgb, before);
        assert_int_equal(t2v_stream_set(stream, "prompt", "fire", &error), T2V_OK);
        do
            take(stream, rgb, hash);
        while (++frames < 100 && !strcmp(hash, before));
        assert_in_range(frames, 1, 36);
        t2v_stream_destroy(&stream);
    }
}

/* A prompt that comes before the first picture may not take the place of what is continued. */
static void prompts_at_once_leave_a_continued_video_whole(void **state)
{
    static const char *const transitions[] = {"morph", "cut", "fade"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        t2v_stream_params params = endless();
        t2v_stream *stream;
        int64_t frames;
        params.frames = 40;
        params.transition = transitions[i];
        params.continue_ = write_clip(9, 40);
        assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error), T2V_OK);
        for (int k = 0; k < 5; k++)
            assert_int_equal(t2v_stream_set(stream, "prompt", k % 2 ? "fire" : "snow", &error),
                             T2V_OK);
        assert_int_equal(drain(stream, &frames), T2V_END);
        assert_int_equal(frames, 40);
        t2v_stream_destroy(&stream);
    }
}

/* Prompts that come faster than chunks are made must not keep the stream from going on. */
/* The pictures of a clip made by passes of `chunk` frames. */
static void animate(t2v_model *from, const char *image, int64_t frames, int chunk, float *pictures)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    char hash[17];
    params.frames = frames;
    params.chunk = chunk;
    params.image = image;
    assert_int_equal(t2v_stream_create(from, &params, &stream, &error), T2V_OK);
    for (int64_t i = 0; i < frames; i++)
        take(stream, pictures + i * PICTURE, hash);
    t2v_frame *none;
    assert_int_equal(t2v_stream_next(stream, &none, &error), T2V_END);
    t2v_stream_destroy(&stream);
}

static void models_for_pictures_go_on_from_the_last(void **state)
{
    enum { FIRST = 5, ALL = 14, BYTES = PICTURE * sizeof(float) };
    float *whole = t2v_calloc(ALL, BYTES), *chunked = t2v_calloc(ALL, BYTES);
    float *other = t2v_calloc(ALL, BYTES);
    (void)state;
    for (int i = 0; i < 2; i++) {
        t2v_model *wan;
        const char *name = i ? "wan-ti2v" : "wan-i2v";
        assert_int_equal(t2v_model_open(golden(name), NULL, &wan, &error), T2V_OK);
        animate(wan, golden("wan-i2v.image.png"), FIRST, 0, whole);
        animate(wan, golden("wan-i2v.image.png"), ALL, FIRST, chunked);
        animate(wan, golden("two-pictures.image.png"), ALL, FIRST, other);
        assert_memory_equal(whole, chunked, FIRST * BYTES);
        for (int j = FIRST; j < ALL; j++) {
            assert_memory_not_equal(chunked + j * PICTURE, chunked + (j - 1) * PICTURE, BYTES);
            assert_memory_not_equal(chunked + j * PICTURE, other + j * PICTURE, BYTES);
        }
        t2v_model_close(&wan);
    }
    t2v_free(whole);
    t2v_free(chunked);
    t2v_free(other);
}

static void a_model_for_pictures_streams_without_end(void **state)
{
    t2v_stream_params params = endless();
    t2v_model *wan;
    t2v_stream *stream;
    float rgb[PICTURE];
    char hash[17], first[17];
    (void)state;
    params.chunk = 5;
    assert_int_equal(t2v_model_open(golden("wan-i2v"), NULL, &wan, &error), T2V_OK);
    params.image = golden("wan-i2v.image.png");
    assert_int_equal(t2v_stream_create(wan, &params, &stream, &error), T2V_OK);
    take(stream, rgb, first);
    assert_int_equal(t2v_stream_set(stream, "prompt", "fire", &error), T2V_OK);
    int waited = 0;
    do
        take(stream, rgb, hash);
    while (!strcmp(hash, first) && ++waited < 40);
    assert_true(waited < 40);
    t2v_stream_destroy(&stream);
    t2v_model_close(&wan);
}

static void many_prompts_do_not_stop_a_stream(void **state)
{
    t2v_stream_params params = endless();
    t2v_stream *stream;
    static float rgb[PICTURE];
    char hash[17], text[16];
    (void)state;
    assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error), T2V_OK);
    for (int i = 0; i < 30; i++) {
        snprintf(text, sizeof(text), "waves %d", i);
        assert_int_equal(t2v_stream_set(stream, "transition", i % 3 ? "morph" : "fade", &error),
                         T2V_OK);
        assert_int_equal(t2v_stream_set(stream, "prompt", text, &error), T2V_OK);
        take(stream, rgb, hash);
    }
    t2v_stream_destroy(&stream);
}

/* Makes a film from a storyboard; pictures: [frames, 3, 64, 64] */
static void film(t2v_model *from, const char *storyboard, int64_t frames, float *pictures,
                 int64_t *seeds)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    t2v_frame *frame;
    int width, height;
    params.frames = frames;
    params.chunk = 17;
    params.prompt_file = files_write_text("film.txt", storyboard);
    if (t2v_stream_create(from, &params, &stream, &error) < 0)
        fail_msg("%s", error.text);
    for (int64_t i = 0; i < frames; i++) {
        if (t2v_stream_next(stream, &frame, &error) < 0)
            fail_msg("%s", error.text);
        memcpy(pictures + i * PICTURE, t2v_frame_rgb(frame, &width, &height),
               PICTURE * sizeof(*pictures));
        seeds[i] = t2v_frame_seed(frame);
        t2v_frame_release(&frame);
    }
    assert_int_equal(t2v_stream_next(stream, &frame, &error), T2V_END);
    t2v_stream_destroy(&stream);
}

static bool same(const float *a, const float *b)
{
    return !memcmp(a, b, PICTURE * sizeof(*a));
}

/* Frames from 0:01 on, which is frame 25, are the second shot's. */
static void a_shot_after_a_cut_knows_nothing_of_what_was_before(void **state)
{
    enum { FRAMES = 40, CUT = 25 };
    t2v_model *models[] = {model, condition_model};
    float *a = malloc(FRAMES * PICTURE * sizeof(*a)), *b = malloc(FRAMES * PICTURE * sizeof(*b));
    int64_t seeds[FRAMES];
    (void)state;
    assert_true(a && b);
    for (int i = 0; i < 2; i++) {
        film(models[i], "0:00 waves\n0:01 fire | transition=cut seed=5\n", FRAMES, a, seeds);
        assert_int_equal(seeds[CUT - 1], 1);
        assert_int_equal(seeds[CUT], 5);
        film(models[i], "0:00 snow | seed=9\n0:01 fire | transition=cut seed=5\n", FRAMES, b,
             seeds);
        for (int k = 0; k < FRAMES; k++)
            assert_int_equal(same(a + k * PICTURE, b + k * PICTURE), k >= CUT);
        film(models[i], "0:00 waves\n0:01 fire | transition=cut seed=6\n", FRAMES, b, seeds);
        for (int k = 0; k < FRAMES; k++)
            assert_int_equal(same(a + k * PICTURE, b + k * PICTURE), k < CUT);
    }
    free(a);
    free(b);
}

typedef struct cut {
    int frame;
    int64_t seed; /* from that frame on */
} cut;

/* Films of both models show the seed 1 and then those of the cuts; the last entry is the
 * number of frames, and has no seed. */
static void assert_cuts(const char *storyboard, const cut *cuts)
{
    t2v_model *models[] = {model, condition_model};
    int frames = 0;
    for (const cut *c = cuts; c->seed; c++)
        frames = c[1].frame;
    float *pictures = malloc((size_t)frames * PICTURE * sizeof(*pictures));
    int64_t *seeds = malloc((size_t)frames * sizeof(*seeds));
    assert_true(pictures && seeds);
    for (int i = 0; i < 2; i++) {
        const cut *next = cuts;
        int64_t seed = 1;
        film(models[i], storyboard, frames, pictures, seeds);
        for (int k = 0; k < frames; k++) {
            if (k == next->frame)
                seed = next++->seed;
            assert_int_equal(seeds[k], seed);
        }
    }
    free(pictures);
    free(seeds);
}

/* 0:01 is frame 25, 0:01.1 is 28 and 0:01.2 is 30; a latent frame holds 8. */
static void cuts_may_follow_each_other_faster_than_latents(void **state)
{
    (void)state;
    assert_cuts("0:00 waves\n0:01 fire | transition=cut seed=5\n"
                "0:01.1 snow | transition=cut seed=6\n0:01.2 rain | transition=fade seed=7\n",
                (const cut[]){{25, 5}, {28, 6}, {30, 7}, {40, 0}});
}

/* Of 33 pictures the last latent frame holds 8, from 25 on: nothing of it is left to be decoded. */
static void a_cut_within_the_last_latent_frame_is_made(void **state)
{
    (void)state;
    assert_cuts("0:00 waves\n0:01.2 fire | transition=cut seed=5\n",
                (const cut[]){{30, 5}, {33, 0}});
}

static void a_shot_that_morphs_continues_and_repeats(void **state)
{
    enum { FRAMES = 40 };
    float *a = malloc(FRAMES * PICTURE * sizeof(*a)), *b = malloc(FRAMES * PICTURE * sizeof(*b));
    int64_t seeds[FRAMES];
    int differ = 0;
    (void)state;
    assert_true(a && b);
    film(condition_model, "0:00 waves\n0:01 fire\n", FRAMES, a, seeds);
    film(condition_model, "0:00 waves\n0:01 fire\n", FRAMES, b, seeds);
    assert_memory_equal(a, b, FRAMES * PICTURE * sizeof(*a));
    film(condition_model, "waves", FRAMES, b, seeds);
    for (int k = 0; k < 25; k++)
        assert_true(same(a + k * PICTURE, b + k * PICTURE));
    for (int k = 33; k < FRAMES; k++)
        differ += !same(a + k * PICTURE, b + k * PICTURE);
    assert_int_equal(differ, FRAMES - 33);
    free(a);
    free(b);
}

/* Each of the 25 pictures of a fade is nearer to the cut's than the one before, in a fixed ratio:
 * picture k of n is k / (n + 1) of the new one and the rest of the last one of the old. */
static void a_fade_comes_out_of_the_last_frame(void **state)
{
    enum { FRAMES = 52, CUT = 25, FADE = 25 };
    float *cut = malloc(FRAMES * PICTURE * sizeof(*cut));
    float *fade = malloc(FRAMES * PICTURE * sizeof(*fade));
    int64_t seeds[FRAMES];
    (void)state;
    assert_true(cut && fade);
    film(condition_model, "0:00 waves\n0:01 fire | transition=cut seed=5\n", FRAMES, cut, seeds);
    film(condition_model, "0:00 waves\n0:01 fire | seed=5 transition=fade\n", FRAMES, fade, seeds);
    const float *last = cut + (CUT - 1) * PICTURE;
    for (int k = 0; k < FRAMES; k++) {
        const int at = k - CUT + 1;
        const float weight = at < 1 || at > FADE ? 1 : (float)at / (FADE + 1);
        const float *new = cut + k *PICTURE;
        for (int i = 0; i < PICTURE; i++)
            assert_float_equal(fade[k * PICTURE + i], last[i] + weight * (new[i] - last[i]), 1e-5);
    }
    free(cut);
    free(fade);
}

static void a_prompt_file_is_read_again_when_asked(void **state)
{
    static const char *const texts[] = {"snow", "0:75 damaged", "0:00 rain"};
    t2v_stream_params params = endless();
    t2v_stream *stream;
    static float rgb[PICTURE];
    char hash[17], last[17];
    int changes = 0;
    (void)state;
    params.prompt_file = files_write_text("prompt.txt", "waves");
    params.prompt_file_reload = 1;
    assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error), T2V_OK);
    take(stream, rgb, last);
    for (int i = 0; i < 3; i++) {
        files_write_text("prompt.txt", texts[i]);
        for (int k = 0; k < 80; k++) { /* a file half written is read again with the next chunk */
            take(stream, rgb, hash);
            changes += strcmp(hash, last) != 0;
            memcpy(last, hash, sizeof(last));
        }
    }
    assert_int_equal(changes, 2);
    t2v_stream_destroy(&stream);
}

static void a_prompt_file_that_is_none_is_refused_at_once(void **state)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    (void)state;
    params.prompt_file = "/nonexistent/prompts.txt";
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, params.prompt_file));
    params.prompt_file = files_path(".");
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_ERROR_IO);
    params.prompt_file = files_write_text("film.txt", "0:00 waves\n0:01\n");
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_ERROR_FORMAT);
    assert_non_null(strstr(error.text, ":2: there is no prompt"));
}

/* ------------------------------------------------------------------ sound */

enum { HEARD = 30 };

/* pictures: [HEARD, 3, 64, 64], of a film with a cut in frame 13 when `cut` is set */
static void hear(t2v_model *from, const char *audio, bool cut, float *pictures)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    t2v_frame *frame;
    int width, height;
    params.frames = HEARD;
    params.chunk = 17;
    params.audio = audio;
    if (cut)
        params.prompt_file =
            files_write_text("film.txt", "0:00 waves\n0:00.5 fire | transition=cut seed=5\n");
    if (t2v_stream_create(from, &params, &stream, &error) < 0)
        fail_msg("%s", error.text);
    for (int64_t i = 0; i < HEARD; i++) {
        if (t2v_stream_next(stream, &frame, &error) < 0)
            fail_msg("%s", error.text);
        assert_int_equal(t2v_frame_index(frame), i);
        assert_int_equal(t2v_frame_seed(frame), cut && i >= 13 ? 5 : 1);
        memcpy(pictures + i * PICTURE, t2v_frame_rgb(frame, &width, &height),
               PICTURE * sizeof(*pictures));
        t2v_frame_release(&frame);
    }
    assert_int_equal(t2v_stream_next(stream, &frame, &error), T2V_END);
    t2v_stream_destroy(&stream);
}

static void silence_changes_nothing_and_a_click_leaves_pictures_out(void **state)
{
    static const double click = 0.35; /* in frame 8 */
    t2v_model *models[] = {model, condition_model};
    float *plain = malloc(HEARD * PICTURE * sizeof(*plain));
    float *with = malloc(HEARD * PICTURE * sizeof(*with));
    (void)state;
    assert_true(plain && with);
    for (int i = 0; i < 2; i++) {
        hear(models[i], NULL, false, plain);
        hear(models[i], files_write_clicks("mute.wav", 1, NULL, 0), false, with);
        assert_memory_equal(plain, with, HEARD * PICTURE * sizeof(*plain));
        hear(models[i], files_write_clicks("click.wav", 2, &click, 1), false, with);
        assert_false(same(with + 8 * PICTURE, plain + 8 * PICTURE));
    }
    free(plain);
    free(with);
}

/* How many passes it takes shows only while it runs. */
static void a_sound_and_tiles_do_not_go_together(void **state)
{
    static const double click = 0.35;
    t2v_stream_params params = small();
    t2v_stream *stream;
    (void)state;
    params.frames = params.chunk = 17;
    params.tile = 64;
    params.audio = files_write_clicks("click.wav", 2, &click, 1);
    assert_int_equal(t2v_stream_create(condition_model, &params, &stream, &error),
                     T2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.text, "tile"));
}

static void a_cut_comes_on_time_while_a_sound_moves_the_scene(void **state)
{
    static const double clicks[] = {0.2, 0.45, 0.7, 0.9};
    float *pictures = malloc(HEARD * PICTURE * sizeof(*pictures));
    (void)state;
    assert_true(pictures);
    hear(model, files_write_clicks("beat.wav", 2, clicks, 4), true, pictures);
    hear(condition_model, files_path("beat.wav"), true, pictures);
    free(pictures);
}

static void a_sound_that_is_none_is_refused_at_once(void **state)
{
    t2v_stream_params params = small();
    (void)state;
    params.audio = "absent.wav";
    assert_refused(model, &params, T2V_ERROR_NOT_FOUND, "absent.wav");
    params.audio = golden("first.options");
    assert_refused(model, &params, T2V_ERROR_FORMAT, "first.options");
    params.audio = files_write_clicks("goal.wav", 1, NULL, 0);
    params.last_image = golden("two-pictures.last_image.png");
    assert_refused(condition_model, &params, T2V_ERROR_ARGUMENT, "last_image: with audio");
}

static void a_polynomial_that_nobody_published_is_refused(void **state)
{
    t2v_stream_params params = small();
    t2v_stream *stream;
    (void)state;
    params.cache = "teacache";
    assert_refused(model, &params, T2V_ERROR_UNSUPPORTED, "first-block");
    params.cache = "taylor";
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_OK);
    assert_int_equal(t2v_stream_set(stream, "cache", "teacache", &error), T2V_ERROR_UNSUPPORTED);
    assert_int_equal(t2v_stream_set(stream, "cache", "none", &error), T2V_OK);
    t2v_stream_destroy(&stream);
}

typedef struct counts {
    int windows, computed, all;
} counts;

static void count_evaluations(void *opaque, t2v_log_level level, const char *message)
{
    counts *c = opaque;
    int computed, all;
    (void)level;
    if (sscanf(message, "cache: %d of %d", &computed, &all) != 2)
        return;
    c->windows++;
    c->computed += computed;
    c->all += all;
}

static void each_chunk_computes_its_first_step_of_both_prompts(void **state)
{
    t2v_model_params model_params = t2v_model_params_default();
    t2v_stream_params params = small();
    t2v_model *counted;
    t2v_stream *stream;
    counts c = {0};
    int64_t frames;
    (void)state;
    model_params.threads = 1;
    model_params.log = count_evaluations;
    model_params.log_opaque = &c;
    assert_int_equal(t2v_model_open(golden("causal"), &model_params, &counted, &error), T2V_OK);
    params.frames = 33;
    params.chunk = 17;
    params.steps = 3;
    params.guidance = 2;
    params.cache = "first-block";
    params.cache_threshold = 10; /* nothing changes as much */
    assert_int_equal(t2v_stream_create(counted, &params, &stream, &error), T2V_OK);
    assert_int_equal(drain(stream, &frames), T2V_END);
    t2v_stream_destroy(&stream);
    t2v_model_close(&counted);
    assert_true(c.windows > 1);
    assert_int_equal(c.computed, 2 * c.windows);
    assert_int_equal(c.all, 2 * 3 * c.windows);
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
        cmocka_unit_test(a_model_for_pictures_wants_one),
        cmocka_unit_test(a_class_says_what_it_cannot_do_with_pictures),
        cmocka_unit_test(a_goal_wants_an_end_and_a_loop_a_beginning),
        cmocka_unit_test(a_picture_begins_the_first_chunk_and_a_loop_ends_the_last),
        cmocka_unit_test(a_video_goes_on_with_new_frames_only),
        cmocka_unit_test(only_the_last_nine_pictures_count),
        cmocka_unit_test(pictures_of_the_caller_go_on_as_a_file_does),
        cmocka_unit_test(pictures_that_cannot_go_on_are_refused),
        cmocka_unit_test(what_cannot_go_on_is_refused_at_once),
        cmocka_unit_test(a_video_that_is_cut_off_ends_the_stream_in_words),
        cmocka_unit_test(prompts_at_once_leave_a_continued_video_whole),
        cmocka_unit_test(a_prompt_shows_within_36_frames),
        cmocka_unit_test(models_for_pictures_go_on_from_the_last),
        cmocka_unit_test(a_model_for_pictures_streams_without_end),
        cmocka_unit_test(many_prompts_do_not_stop_a_stream),
        cmocka_unit_test(a_shot_after_a_cut_knows_nothing_of_what_was_before),
        cmocka_unit_test(cuts_may_follow_each_other_faster_than_latents),
        cmocka_unit_test(a_cut_within_the_last_latent_frame_is_made),
        cmocka_unit_test(a_shot_that_morphs_continues_and_repeats),
        cmocka_unit_test(a_fade_comes_out_of_the_last_frame),
        cmocka_unit_test(a_prompt_file_is_read_again_when_asked),
        cmocka_unit_test(a_prompt_file_that_is_none_is_refused_at_once),
        cmocka_unit_test(silence_changes_nothing_and_a_click_leaves_pictures_out),
        cmocka_unit_test(a_sound_and_tiles_do_not_go_together),
        cmocka_unit_test(a_cut_comes_on_time_while_a_sound_moves_the_scene),
        cmocka_unit_test(a_sound_that_is_none_is_refused_at_once),
        cmocka_unit_test(a_polynomial_that_nobody_published_is_refused),
        cmocka_unit_test(each_chunk_computes_its_first_step_of_both_prompts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
