/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound on the request pad: the pictures are those that the same sound in a file makes. */
#include <glib/gstdio.h>
#include <string.h>

#include "source.h"

enum { RATE = 8000, SAMPLES = 3 * RATE / 2, BLOCK = 400, BLOCKS = SAMPLES / BLOCK, FRAMES = 34 };

/** A click of 10 ms at 0.4 and at 1 second. */
static gint16 sample(int index)
{
    const int since = index % (RATE * 6 / 10) - RATE * 4 / 10;
    return since >= 0 && since < RATE / 100 ? (gint16)(since / 4 % 2 ? 20000 : -20000) : 0;
}

static gboolean is_silent(int block)
{
    for (int i = 0; i < BLOCK; i++)
        if (sample(block * BLOCK + i))
            return FALSE;
    return TRUE;
}

/* ------------------------------------------------------------------ a file */

/** The same sound as WAV, from a sample on; freed with g_free after g_remove. */
static char *write_file(void)
{
    guint8 header[44] = "RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\1\0\1\0";
    char *path = NULL;
    const int descriptor = g_file_open_tmp("t2v-sound-XXXXXX.wav", &path, NULL);
    fail_unless(descriptor >= 0);
    FILE *file = fdopen(descriptor, "wb");
    GST_WRITE_UINT32_LE(header + 24, RATE);
    GST_WRITE_UINT32_LE(header + 28, 2 * RATE);
    GST_WRITE_UINT32_LE(header + 32, 16 << 16 | 2);
    memcpy(header + 36, "data", 4);
    GST_WRITE_UINT32_LE(header + 40, 2 * SAMPLES);
    fail_unless(fwrite(header, sizeof(header), 1, file) == 1);
    for (int i = 0; i < SAMPLES; i++) {
        guint8 bytes[2];
        GST_WRITE_UINT16_LE(bytes, (guint16)sample(i));
        fail_unless(fwrite(bytes, sizeof(bytes), 1, file) == 1);
    }
    fclose(file);
    return path;
}

static GBytes *with_file(const char *path, int count)
{
    char *properties = g_strdup_printf("num-buffers=%d audio=%s", count, path);
    GBytes *bytes = source_bytes(properties, SMALL, FRAMES);
    g_free(properties);
    return bytes;
}

/** The first frames of a video that has no more. */
static GBytes *wanted_bytes(void)
{
    char *path = write_file();
    GBytes *bytes = with_file(path, FRAMES);
    g_remove(path);
    g_free(path);
    return bytes;
}

/* ------------------------------------------------------------------ the pad */

typedef enum { WHOLE, FLOATS, GAPS, GAP_EVENTS, TWICE, WITHOUT_TIMES, EARLY_END } Way;

static GstHarness *give_sound(GstHarness *h, const char *format)
{
    GstHarness *sound = gst_harness_new_with_element(source_of(h), "audio", NULL);
    char *caps = g_strdup_printf("audio/x-raw,format=%s,layout=interleaved,rate=%d,channels=1",
                                 format, RATE);
    gst_harness_set_src_caps_str(sound, caps);
    g_free(caps);
    return sound;
}

static GstBuffer *make_block(int block, Way way)
{
    const gsize size = way == FLOATS ? 4 : 2;
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, BLOCK * size, NULL);
    GstMapInfo map;
    fail_unless(gst_buffer_map(buffer, &map, GST_MAP_WRITE));
    for (int i = 0; i < BLOCK; i++)
        if (way == FLOATS)
            GST_WRITE_FLOAT_LE(map.data + 4 * i, (float)sample(block * BLOCK + i) / 32768);
        else
            GST_WRITE_UINT16_LE(map.data + 2 * i, (guint16)sample(block * BLOCK + i));
    gst_buffer_unmap(buffer, &map);
    if (way != WITHOUT_TIMES)
        GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(block * BLOCK, GST_SECOND, RATE);
    return buffer;
}

static void push_sound(GstHarness *sound, Way way)
{
    const GstClockTime length = gst_util_uint64_scale(BLOCK, GST_SECOND, RATE);
    for (int block = 0; block < BLOCKS; block++) {
        if ((way == GAPS || way == GAP_EVENTS) && is_silent(block) && block < BLOCKS - 1) {
            if (way == GAP_EVENTS)
                fail_unless(
                    gst_harness_push_event(sound, gst_event_new_gap(block * length, length)));
            continue;
        }
        for (int i = 0; i < (way == TWICE ? 2 : 1); i++)
            assert_equals_int(gst_harness_push(sound, make_block(block, way)), GST_FLOW_OK);
        if (way == EARLY_END && block * BLOCK > RATE) /* only silence is left out */
            break;
    }
    fail_unless(gst_harness_push_event(sound, gst_event_new_eos()));
}

static GBytes *with_pad(Way way)
{
    char *properties = g_strdup_printf("num-buffers=%d", FRAMES);
    GstHarness *h = source_new(properties, SMALL);
    GstHarness *sound = give_sound(h, way == FLOATS ? "F32LE" : "S16LE");
    push_sound(sound, way);
    gst_harness_play(h);
    GBytes *bytes = pull_bytes(h, FRAMES);
    gst_harness_teardown(sound);
    gst_harness_teardown(h);
    g_free(properties);
    return bytes;
}

GST_START_TEST(sound_on_the_pad_moves_the_scene_as_a_file_does)
{
    GBytes *file = wanted_bytes();
    char *properties = g_strdup_printf("num-buffers=%d chunk=33", FRAMES);
    GBytes *silent = source_bytes(properties, SMALL, FRAMES);
    fail_if(g_bytes_equal(file, silent), "the file moves nothing");
    for (Way way = WHOLE; way <= WITHOUT_TIMES; way++) {
        GBytes *pad = with_pad(way);
        fail_unless(g_bytes_equal(file, pad), "way %d gives other pictures", way);
        g_bytes_unref(pad);
    }
    g_bytes_unref(silent);
    g_bytes_unref(file);
    g_free(properties);
}
GST_END_TEST

GST_START_TEST(pictures_go_on_when_the_sound_has_ended)
{
    g_bytes_unref(with_pad(EARLY_END)); /* which wants all of them */
}
GST_END_TEST

GST_START_TEST(sound_that_ends_before_it_begins_is_silence)
{
    GstHarness *h = source_new("num-buffers=2", SMALL), *sound = give_sound(h, "S16LE");
    fail_unless(gst_harness_push_event(sound, gst_event_new_eos()));
    gst_harness_play(h);
    g_bytes_unref(pull_bytes(h, 2));
    gst_harness_teardown(sound);
    gst_harness_teardown(h);
}
GST_END_TEST

/** More than any pipe holds. */
GST_START_TEST(sound_behind_the_last_picture_is_taken)
{
    GstHarness *h = source_new("num-buffers=2", SMALL), *sound = give_sound(h, "S16LE");
    gst_harness_play(h);
    for (int block = 0; block < 2000; block++)
        assert_equals_int(gst_harness_push(sound, make_block(block % BLOCKS, WITHOUT_TIMES)),
                          GST_FLOW_OK);
    g_bytes_unref(pull_bytes(h, 2));
    gst_harness_teardown(sound);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(there_is_one_pad_for_sound)
{
    GstElement *source = gst_element_factory_make("t2vsrc", NULL);
    GstPad *pad = gst_element_request_pad_simple(source, "audio");
    fail_unless(pad != NULL);
    fail_unless(gst_element_request_pad(source, gst_pad_get_pad_template(pad), NULL, NULL) == NULL);
    gst_element_release_request_pad(source, pad);
    gst_object_unref(pad);
    pad = gst_element_request_pad_simple(source, "audio");
    fail_unless(pad != NULL);
    gst_element_release_request_pad(source, pad);
    gst_object_unref(pad);
    gst_object_unref(source);
}
GST_END_TEST

/** The sound's thread waits for a stream, or for room in the pipe, or for nothing. */
GST_START_TEST(a_pipeline_with_sound_stops_at_any_moment)
{
    GstElement *pipeline =
        gst_parse_launch("audiotestsrc wave=ticks ! audioconvert ! source.audio "
                         "t2vsrc name=source threads=1 seed=7 ! video/x-raw," SMALL " ! fakesink",
                         NULL);
    fail_unless(pipeline != NULL);
    for (int i = 0; i < 30; i++) {
        fail_if(gst_element_set_state(pipeline, i % 3 ? GST_STATE_PLAYING : GST_STATE_PAUSED) ==
                GST_STATE_CHANGE_FAILURE);
        g_usleep((gulong)(i % 10) * 10000);
        fail_if(gst_element_set_state(pipeline, i % 2 ? GST_STATE_NULL : GST_STATE_READY) ==
                GST_STATE_CHANGE_FAILURE);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}
GST_END_TEST

/** What a sink shows; the streaming thread adds to it. */
typedef struct {
    GMutex lock;
    GByteArray *bytes;
} Shown;

static GstPadProbeReturn add_bytes(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Shown *shown = data;
    GstMapInfo map;
    (void)pad;
    fail_unless(gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ));
    g_mutex_lock(&shown->lock);
    g_byte_array_append(shown->bytes, map.data, (guint)map.size);
    g_mutex_unlock(&shown->lock);
    gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
    return GST_PAD_PROBE_OK;
}

/** Waits until as much is shown, and forgets it. */
static void expect_shown(Shown *shown, GBytes *wanted, const char *when)
{
    const gsize size = g_bytes_get_size(wanted);
    g_mutex_lock(&shown->lock);
    for (int i = 0; i < 10000 && shown->bytes->len < size; i++) {
        g_mutex_unlock(&shown->lock);
        g_usleep(10000);
        g_mutex_lock(&shown->lock);
    }
    fail_unless(shown->bytes->len >= size, "too few pictures %s", when);
    fail_unless(!memcmp(shown->bytes->data, g_bytes_get_data(wanted, NULL), size),
                "other pictures %s", when);
    g_mutex_unlock(&shown->lock);
}

static void show_and_seek(const char *path, const char *through, GBytes *wanted)
{
    char *launch = g_strdup_printf("filesrc location=%s ! wavparse ! %s "
                                   "t2vsrc name=source threads=1 seed=7 ! video/x-raw," SMALL
                                   " ! fakesink name=sink",
                                   path, through);
    GstElement *pipeline = gst_parse_launch(launch, NULL);
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    GstPad *pad = gst_element_get_static_pad(sink, "sink");
    Shown shown = {.bytes = g_byte_array_new()};
    g_mutex_init(&shown.lock);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, add_bytes, &shown, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    expect_shown(&shown, wanted, through);
    gst_element_set_state(pipeline, GST_STATE_PAUSED); /* what was shown is all until the seek */
    gst_element_get_state(pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
    g_byte_array_set_size(shown.bytes, 0);
    fail_unless(gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    expect_shown(&shown, wanted, "after a seek");
    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_byte_array_unref(shown.bytes);
    g_mutex_clear(&shown.lock);
    gst_object_unref(pad);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    g_free(launch);
}

/** With a tee the sound is sought once for the pictures and once for its own sink. */
GST_START_TEST(a_seek_begins_both_anew)
{
    char *path = write_file();
    GBytes *wanted = with_file(path, -1);
    show_and_seek(path, "audioconvert ! source.audio", wanted);
    show_and_seek(path, "tee name=t ! queue ! fakesink t. ! queue ! source.audio", wanted);
    g_bytes_unref(wanted);
    g_remove(path);
    g_free(path);
}
GST_END_TEST

GST_START_TEST(sound_that_is_flushed_begins_anew)
{
    GBytes *wanted = wanted_bytes();
    char *properties = g_strdup_printf("num-buffers=%d", FRAMES);
    GstHarness *h = source_new(properties, SMALL), *sound = give_sound(h, "S16LE");
    GstSegment segment;
    gst_harness_play(h);
    for (int block = 0; block < BLOCKS / 3; block++)
        assert_equals_int(gst_harness_push(sound, make_block(BLOCKS / 3, WITHOUT_TIMES)),
                          GST_FLOW_OK);
    fail_unless(gst_harness_push_event(sound, gst_event_new_flush_start()));
    fail_unless(gst_harness_push_event(sound, gst_event_new_flush_stop(TRUE)));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    fail_unless(gst_harness_push_event(sound, gst_event_new_segment(&segment)));
    push_sound(sound, WHOLE);
    GBytes *bytes = pull_bytes(h, FRAMES);
    fail_unless(g_bytes_equal(bytes, wanted));
    gst_harness_teardown(sound);
    gst_harness_teardown(h);
    g_free(properties);
    g_bytes_unref(bytes);
    g_bytes_unref(wanted);
}
GST_END_TEST

GST_START_TEST(pictures_go_on_when_the_pad_goes)
{
    GstHarness *h = source_new("num-buffers=2", SMALL);
    GstPad *pad = gst_element_request_pad_simple(source_of(h), "audio");
    GstPad *sound = gst_pad_new("sound", GST_PAD_SRC);
    gst_pad_set_active(sound, TRUE);
    fail_unless(gst_pad_link(sound, pad) == GST_PAD_LINK_OK);
    gst_harness_play(h);
    gst_element_release_request_pad(source_of(h), pad); /* before any sound has come */
    g_bytes_unref(pull_bytes(h, 2));
    gst_harness_teardown(h);
    gst_object_unref(pad);
    gst_object_unref(sound);
}
GST_END_TEST

GST_START_TEST(live_sound_adds_to_the_latency)
{
    GstHarness *h = source_new("is-live=true", SMALL), *sound = give_sound(h, "S16LE");
    const GstClockTime frame = GST_SECOND / 24;
    gst_harness_set_upstream_latency(sound, 100 * GST_MSECOND);
    fail_unless(gst_harness_push(sound, make_block(0, WHOLE)) == GST_FLOW_OK);
    const GstClockTime latency = gst_harness_query_latency(h);
    fail_unless(latency >= 35 * frame + 100 * GST_MSECOND);
    fail_unless(latency < 36 * frame + 100 * GST_MSECOND);
    gst_harness_teardown(sound);
    gst_harness_teardown(h);
}
GST_END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("sound");
    TCase *tests = tcase_create("sound");
    tcase_set_timeout(tests, 600);
    suite_add_tcase(s, tests);
    tcase_add_test(tests, sound_on_the_pad_moves_the_scene_as_a_file_does);
    tcase_add_test(tests, pictures_go_on_when_the_sound_has_ended);
    tcase_add_test(tests, sound_that_ends_before_it_begins_is_silence);
    tcase_add_test(tests, sound_behind_the_last_picture_is_taken);
    tcase_add_test(tests, there_is_one_pad_for_sound);
    tcase_add_test(tests, a_pipeline_with_sound_stops_at_any_moment);
    tcase_add_test(tests, a_seek_begins_both_anew);
    tcase_add_test(tests, sound_that_is_flushed_begins_anew);
    tcase_add_test(tests, pictures_go_on_when_the_pad_goes);
    tcase_add_test(tests, live_sound_adds_to_the_latency);
    return s;
}

int main(int argc, char **argv)
{
    gst_check_init(&argc, &argv);
    return source_main(suite());
}
