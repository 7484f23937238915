/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Timestamps, live behaviour, latency, lateness, seeking, the end. */
#include "source.h"

static void check_place(GstBuffer *buffer, GstClockTime first, guint64 place, int num, int den)
{
    GstClockTime begin = first + gst_util_uint64_scale(place, den * GST_SECOND, num);
    GstClockTime end = first + gst_util_uint64_scale(place + 1, den * GST_SECOND, num);
    assert_equals_uint64(GST_BUFFER_PTS(buffer), begin);
    assert_equals_uint64(GST_BUFFER_DURATION(buffer), end - begin);
    assert_equals_uint64(GST_BUFFER_OFFSET(buffer), place);
}

GST_START_TEST(timestamps_are_exact_for_rates_that_are_fractions)
{
    GstHarness *h = source_new("num-buffers=12", "width=64,height=64,framerate=30000/1001");
    gst_harness_play(h);
    for (guint64 i = 0; i < 12; i++) {
        GstBuffer *buffer = gst_harness_pull(h);
        check_place(buffer, 0, i, 30000, 1001);
        gst_buffer_unref(buffer);
    }
    gst_harness_teardown(h);
}
GST_END_TEST

/* ------------------------------------------------------------------ pipelines with a clock */

typedef struct {
    GstElement *pipeline, *source, *sink;
    GstBus *bus;
    GMutex lock;
    GArray *times, *late; /* PTS of each buffer, and the running time when it came minus that */
} Live;

static GstPadProbeReturn note_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Live *live = data;
    GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    GstClock *clock = gst_element_get_clock(live->source);
    GstClockTimeDiff late = GST_CLOCK_DIFF(gst_element_get_base_time(live->source) + time,
                                           clock ? gst_clock_get_time(clock) : 0);
    (void)pad;
    g_mutex_lock(&live->lock);
    g_array_append_val(live->times, time);
    g_array_append_val(live->late, late);
    g_mutex_unlock(&live->lock);
    gst_clear_object(&clock);
    return GST_PAD_PROBE_OK;
}

static void live_start(Live *live, const char *properties, const char *fields)
{
    char *launch = g_strdup_printf("t2vsrc name=source threads=1 seed=7 %s ! video/x-raw,%s ! "
                                   "queue ! fakesink name=sink sync=true",
                                   properties, fields);
    live->pipeline = gst_parse_launch(launch, NULL);
    fail_unless(live->pipeline != NULL);
    live->source = gst_bin_get_by_name(GST_BIN(live->pipeline), "source");
    live->sink = gst_bin_get_by_name(GST_BIN(live->pipeline), "sink");
    live->bus = gst_element_get_bus(live->pipeline);
    live->times = g_array_new(FALSE, FALSE, sizeof(GstClockTime));
    live->late = g_array_new(FALSE, FALSE, sizeof(GstClockTimeDiff));
    g_mutex_init(&live->lock);
    GstPad *pad = gst_element_get_static_pad(live->source, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, note_buffer, live, NULL);
    gst_object_unref(pad);
    gst_element_set_state(live->pipeline, GST_STATE_PLAYING);
    g_free(launch);
}

static void live_end(Live *live)
{
    gst_element_set_state(live->pipeline, GST_STATE_NULL);
    gst_object_unref(live->source);
    gst_object_unref(live->sink);
    gst_object_unref(live->bus);
    gst_object_unref(live->pipeline);
    g_array_free(live->times, TRUE);
    g_array_free(live->late, TRUE);
    g_mutex_clear(&live->lock);
}

GST_START_TEST(a_live_source_begins_when_it_is_ready_and_never_hands_out_early)
{
    Live live;
    live_start(&live, "is-live=true num-buffers=10", "width=64,height=64,framerate=10/1");
    gst_message_unref(wait_for(live.bus, GST_MESSAGE_EOS, NULL));
    assert_equals_int(live.times->len, 10);
    GstClockTime first = g_array_index(live.times, GstClockTime, 0);
    fail_unless(first > 0);
    for (guint i = 0; i < 10; i++) {
        GstClockTime time = g_array_index(live.times, GstClockTime, i);
        fail_unless((time - first) % (GST_SECOND / 10) == 0,
                    "frame %u is at %" GST_TIME_FORMAT ", frame 0 at %" GST_TIME_FORMAT, i,
                    GST_TIME_ARGS(time), GST_TIME_ARGS(first));
        fail_unless(g_array_index(live.late, GstClockTimeDiff, i) >= 0, "frame %u was early", i);
    }
    live_end(&live);
}
GST_END_TEST

GST_START_TEST(a_pause_loses_no_frame)
{
    Live live;
    live_start(&live, "is-live=true num-buffers=8", "width=64,height=64,framerate=10/1");
    GstMessage *message;
    do { /* a while after the start */
        message = wait_for(live.bus, GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS, NULL);
        gst_message_unref(message);
        g_mutex_lock(&live.lock);
        guint seen = live.times->len;
        g_mutex_unlock(&live.lock);
        if (seen)
            break;
        g_usleep(10000);
    } while (gst_bus_have_pending(live.bus));
    for (int i = 0; i < 3; i++) {
        gst_element_set_state(live.pipeline, GST_STATE_PAUSED);
        gst_element_set_state(live.pipeline, GST_STATE_PLAYING);
    }
    gst_message_unref(wait_for(live.bus, GST_MESSAGE_EOS, NULL));
    assert_equals_int(live.times->len, 8);
    for (guint i = 1; i < 8; i++)
        fail_unless(g_array_index(live.times, GstClockTime, i) >
                    g_array_index(live.times, GstClockTime, i - 1));
    live_end(&live);
}
GST_END_TEST

/* No machine makes 240 frames of this size in a second. */
GST_START_TEST(a_machine_that_is_too_slow_is_reported_and_the_delay_does_not_grow)
{
    Live live;
    live_start(&live, "is-live=true", "width=1024,height=576,framerate=240/1");
    GstMessage *warning = wait_for(live.bus, GST_MESSAGE_WARNING, NULL);
    const GstStructure *details;
    GError *error;
    double made = -1, wanted = -1;
    gst_message_parse_warning(warning, &error, NULL);
    fail_unless(g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK));
    gst_message_parse_warning_details(warning, &details);
    fail_unless(gst_structure_get(details, "frames-per-second", G_TYPE_DOUBLE, &made, "wanted",
                                  G_TYPE_DOUBLE, &wanted, NULL));
    assert_equals_float(wanted, 240);
    fail_unless(made >= 0 && made < 240);
    g_error_free(error);
    gst_message_unref(warning);
    /* the last buffer is for about now, not for two seconds ago */
    g_mutex_lock(&live.lock);
    fail_unless(g_array_index(live.late, GstClockTimeDiff, live.late->len - 1) <
                (GstClockTimeDiff)GST_SECOND);
    g_mutex_unlock(&live.lock);
    live_end(&live);
}
GST_END_TEST

GST_START_TEST(frames_that_are_late_can_be_left_out)
{
    Live live;
    live_start(&live, "is-live=true when-late=drop num-buffers=12",
               "width=512,height=288,framerate=240/1");
    gst_message_unref(wait_for(live.bus, GST_MESSAGE_EOS, NULL));
    guint64 left_out = 0;
    for (guint i = 1; i < live.times->len; i++)
        left_out += (g_array_index(live.times, GstClockTime, i) -
                     g_array_index(live.times, GstClockTime, i - 1)) /
                        (GST_SECOND / 240) -
                    1;
    fail_unless(left_out > 0);
    live_end(&live);
}
GST_END_TEST

/* ------------------------------------------------------------------ queries */

GST_START_TEST(latency_is_a_frame_and_the_lead)
{
    GstHarness *h = source_new("is-live=true lead=120000000", "width=64,height=64,framerate=25/1");
    gst_harness_use_systemclock(h);
    gst_harness_play(h);
    GstBuffer *buffer = gst_harness_pull(h);
    GstQuery *query = gst_query_new_latency();
    gboolean live;
    GstClockTime least, most;
    fail_unless(gst_element_query(source_of(h), query));
    gst_query_parse_latency(query, &live, &least, &most);
    fail_unless(live);
    assert_equals_uint64(least, 160 * GST_MSECOND);
    assert_equals_uint64(most, GST_CLOCK_TIME_NONE);
    gst_query_unref(query);
    gst_buffer_unref(buffer);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(a_number_of_buffers_gives_a_duration_and_an_end)
{
    GstHarness *h = source_new("num-buffers=6", SMALL);
    gint64 duration;
    gst_harness_play(h);
    for (int i = 0; i < 6; i++)
        gst_buffer_unref(gst_harness_pull(h));
    fail_unless(gst_element_query_duration(source_of(h), GST_FORMAT_TIME, &duration));
    assert_equals_int64(duration, GST_SECOND / 4);
    GstEvent *event;
    while (GST_EVENT_TYPE(event = gst_harness_pull_event(h)) != GST_EVENT_EOS)
        gst_event_unref(event);
    gst_event_unref(event);
    assert_equals_int(gst_harness_buffers_in_queue(h), 0);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(frames_are_converted_to_time_and_back)
{
    GstHarness *h = source_new("num-buffers=6", SMALL);
    gint64 value;
    fail_if(gst_element_query_convert(source_of(h), GST_FORMAT_DEFAULT, 6, GST_FORMAT_TIME, &value),
            "the rate is not known yet");
    gst_harness_play(h);
    for (int i = 0; i < 6; i++)
        gst_buffer_unref(gst_harness_pull(h));
    fail_unless(
        gst_element_query_convert(source_of(h), GST_FORMAT_DEFAULT, 48, GST_FORMAT_TIME, &value));
    assert_equals_int64(value, 2 * GST_SECOND);
    fail_unless(gst_element_query_convert(source_of(h), GST_FORMAT_TIME, GST_SECOND,
                                          GST_FORMAT_DEFAULT, &value));
    assert_equals_int64(value, 24);
    fail_unless(gst_element_query_position(source_of(h), GST_FORMAT_DEFAULT, &value));
    fail_unless(value >= 5 && value <= 6, "the position is %d", (int)value);
    gst_harness_teardown(h);
}
GST_END_TEST

/* ------------------------------------------------------------------ seeking, and the end */

static void drop_buffers(GstHarness *h)
{
    GstBuffer *buffer;
    while ((buffer = gst_harness_try_pull(h)))
        gst_buffer_unref(buffer);
}

GST_START_TEST(a_seek_to_the_beginning_makes_the_same_frames_again)
{
    GstHarness *h = source_new("seed=-1", SMALL);
    gst_harness_play(h);
    GBytes *before = pull_bytes(h, 3);
    fail_unless(gst_element_seek_simple(source_of(h), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
    drop_buffers(h); /* some were under way, but none of them was the second */
    GBytes *after = NULL;
    for (int i = 0; i < 60 && !after; i++) {
        GstBuffer *buffer = gst_harness_pull(h);
        GstMapInfo map;
        fail_unless(buffer != NULL);
        if (GST_BUFFER_OFFSET(buffer) == 1) {
            gst_buffer_map(buffer, &map, GST_MAP_READ);
            after = g_bytes_new(map.data, map.size);
            gst_buffer_unmap(buffer, &map);
        }
        gst_buffer_unref(buffer);
    }
    fail_unless(after != NULL, "the second frame did not come again");
    gsize size = g_bytes_get_size(after);
    fail_unless(!memcmp((guint8 *)g_bytes_get_data(before, NULL) + size,
                        g_bytes_get_data(after, NULL), size));
    g_bytes_unref(before);
    g_bytes_unref(after);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(another_size_is_negotiated_while_playing_and_time_goes_on)
{
    GstHarness *h = source_new("", SMALL);
    GstClockTime last = 0;
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    gst_harness_set_sink_caps_str(h, "video/x-raw,width=80,height=72,framerate=24/1");
    for (int i = 0; i < 100; i++) {
        GstBuffer *buffer = gst_harness_pull(h);
        fail_unless(buffer != NULL);
        fail_unless(GST_BUFFER_PTS(buffer) >= last);
        last = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
        gsize size = gst_buffer_get_size(buffer);
        gst_buffer_unref(buffer);
        if (size == 80 * 72 * 3 / 2)
            break;
        fail_unless(i < 99, "the size did not change");
    }
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(a_seek_elsewhere_is_refused_and_disturbs_nothing)
{
    GstHarness *h = source_new("num-buffers=4", SMALL);
    gst_harness_play(h);
    GstBuffer *buffer = gst_harness_pull(h);
    gst_buffer_unref(buffer);
    fail_if(
        gst_element_seek_simple(source_of(h), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SECOND));
    for (guint64 i = 1; i < 4; i++) {
        buffer = gst_harness_pull(h);
        check_place(buffer, 0, i, 24, 1);
        gst_buffer_unref(buffer);
    }
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(eos_sent_to_a_live_source_ends_it)
{
    Live live;
    live_start(&live, "is-live=true", SMALL);
    fail_unless(gst_element_send_event(live.source, gst_event_new_eos()));
    gst_message_unref(wait_for(live.bus, GST_MESSAGE_EOS, NULL));
    live_end(&live);
}
GST_END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("time");
    TCase *tests = tcase_create("time");
    tcase_set_timeout(tests, 600);
    suite_add_tcase(s, tests);
    tcase_add_test(tests, timestamps_are_exact_for_rates_that_are_fractions);
    tcase_add_test(tests, a_live_source_begins_when_it_is_ready_and_never_hands_out_early);
    tcase_add_test(tests, a_pause_loses_no_frame);
    tcase_add_test(tests, a_machine_that_is_too_slow_is_reported_and_the_delay_does_not_grow);
    tcase_add_test(tests, frames_that_are_late_can_be_left_out);
    tcase_add_test(tests, latency_is_a_frame_and_the_lead);
    tcase_add_test(tests, a_number_of_buffers_gives_a_duration_and_an_end);
    tcase_add_test(tests, frames_are_converted_to_time_and_back);
    tcase_add_test(tests, a_seek_to_the_beginning_makes_the_same_frames_again);
    tcase_add_test(tests, another_size_is_negotiated_while_playing_and_time_goes_on);
    tcase_add_test(tests, a_seek_elsewhere_is_refused_and_disturbs_nothing);
    tcase_add_test(tests, eos_sent_to_a_live_source_ends_it);
    return s;
}

int main(int argc, char **argv)
{
    gst_check_init(&argc, &argv);
    return source_main(suite());
}
