/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Properties, steering, messages, errors, sharing of models, states. */
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <t2v/t2v.h>

#include "source.h"

/* ------------------------------------------------------------------ properties */

static void check_option(GObjectClass *klass, const t2v_option *option)
{
    char *name = g_strdelimit(g_strdup(option->name), "_", '-');
    GParamSpec *spec = g_object_class_find_property(klass, name);
    const gboolean live = (option->flags & T2V_OPTION_LIVE) != 0;
    const gboolean number = option->type != T2V_OPTION_STRING && option->type != T2V_OPTION_CHOICE;
    if (option->flags & T2V_OPTION_TOOL) {
        fail_unless(spec == NULL, "%s is the command's only", name);
    } else {
        fail_unless(spec != NULL, "%s is no property", name);
        fail_unless(live == !!(spec->flags & GST_PARAM_MUTABLE_PLAYING), "%s", name);
        fail_unless((live && number) == !!(spec->flags & GST_PARAM_CONTROLLABLE), "%s", name);
        fail_unless(g_param_spec_get_blurb(spec) != NULL);
        fail_unless(!*option->unit || strstr(g_param_spec_get_blurb(spec), option->unit), "%s",
                    name);
    }
    g_free(name);
}

GST_START_TEST(every_option_of_the_table_is_a_property)
{
    GstElement *source = gst_element_factory_make("t2vsrc", NULL);
    const t2v_option *option;
    for (option = t2v_stream_options(); option->name; option++)
        check_option(G_OBJECT_GET_CLASS(source), option);
    for (option = t2v_model_options(); option->name; option++)
        check_option(G_OBJECT_GET_CLASS(source), option);
    gst_object_unref(source);
}
GST_END_TEST

GST_START_TEST(properties_keep_what_they_are_given)
{
    GstElement *source = gst_element_factory_make("t2vsrc", NULL);
    gint64 seed;
    double guidance;
    char *prompt, *model;
    g_object_set(source, "prompt", "grüne Wellen", "seed", G_MAXINT64, "guidance", 2.5, "model",
                 "/somewhere", NULL);
    g_object_get(source, "prompt", &prompt, "seed", &seed, "guidance", &guidance, "model", &model,
                 NULL);
    assert_equals_string(prompt, "grüne Wellen");
    assert_equals_int64(seed, G_MAXINT64);
    assert_equals_float(guidance, 2.5);
    assert_equals_string(model, "/somewhere");
    g_free(prompt);
    g_free(model);
    gst_object_unref(source);
}
GST_END_TEST

/* ------------------------------------------------------------------ steering */

static const char *const ENDLESS = "chunk=9 prompt=\"blue waves\"";

/** Frames of the first two chunks, steered after the first frame by `steer`. */
static GBytes *steered(gboolean (*steer)(GstHarness *h))
{
    GstHarness *h = source_new(ENDLESS, SMALL);
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    if (steer)
        fail_unless(steer(h));
    /* what was under way is not steered any more, but the chunks after it are */
    for (int i = 1; i < 60; i++)
        gst_buffer_unref(gst_harness_pull(h));
    GBytes *bytes = pull_bytes(h, 1);
    gst_harness_teardown(h);
    return bytes;
}

static GstEvent *steering(void)
{
    return gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                gst_structure_new("t2v", "prompt", G_TYPE_STRING, "red fire",
                                                  "speed", G_TYPE_STRING, "2", NULL));
}

static gboolean by_property(GstHarness *h)
{
    g_object_set(source_of(h), "prompt", "red fire", "speed", 2.0, NULL);
    return TRUE;
}

static gboolean by_pad(GstHarness *h)
{
    return gst_harness_push_upstream_event(h, steering());
}

static gboolean by_element(GstHarness *h)
{
    return gst_element_send_event(source_of(h), steering());
}

GST_START_TEST(a_prompt_changes_while_playing_by_property_and_by_event)
{
    static gboolean (*const ways[])(GstHarness *) = {by_property, by_pad, by_element};
    GBytes *unchanged = steered(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        GBytes *changed = steered(ways[i]);
        fail_if(g_bytes_equal(unchanged, changed), "way %d changed nothing", (int)i);
        g_bytes_unref(changed);
    }
    g_bytes_unref(unchanged);
}
GST_END_TEST

static const char *prompt_hash(GstBuffer *buffer)
{
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, "GstT2vMeta");
    fail_unless(meta != NULL);
    return gst_structure_get_string(gst_custom_meta_get_structure(meta), "prompt-sha256");
}

GST_START_TEST(a_prompt_shows_within_36_buffers)
{
    static const char *const transitions[] = {"morph", "cut"};
    for (gsize i = 0; i < G_N_ELEMENTS(transitions); i++) {
        GstHarness *h = source_new("prompt=\"blue waves\"", SMALL);
        GstBuffer *buffer;
        int buffers = 0;
        gst_harness_play(h);
        for (int k = 0; k < 20; k++)
            gst_buffer_unref(gst_harness_pull(h));
        buffer = gst_harness_pull(h);
        char *before = g_strdup(prompt_hash(buffer));
        fail_unless(gst_harness_push_upstream_event(
            h, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                    gst_structure_new("t2v", "prompt", G_TYPE_STRING, "red fire",
                                                      "transition", G_TYPE_STRING, transitions[i],
                                                      NULL))));
        do {
            gst_buffer_unref(buffer);
            buffer = gst_harness_pull(h);
        } while (++buffers < 60 && !strcmp(prompt_hash(buffer), before));
        fail_unless(buffers <= 36, "%s took %d buffers", transitions[i], buffers);
        gst_buffer_unref(buffer);
        g_free(before);
        gst_harness_teardown(h);
    }
}
GST_END_TEST

GST_START_TEST(a_change_is_announced)
{
    GstHarness *h = source_new(ENDLESS, SMALL);
    GstBus *bus = source_add_bus(h);
    gst_harness_play(h);
    GstMessage *message = wait_for(bus, GST_MESSAGE_ELEMENT, "t2v-started");
    gint64 number;
    fail_unless(gst_structure_get_int64(gst_message_get_structure(message), "seed", &number));
    assert_equals_int64(number, 7);
    gst_message_unref(message);
    gst_buffer_unref(gst_harness_pull(h));
    g_object_set(source_of(h), "prompt", "red fire", NULL);
    message = wait_for(bus, GST_MESSAGE_ELEMENT, "t2v-changed");
    const GstStructure *fields = gst_message_get_structure(message);
    assert_equals_string(gst_structure_get_string(fields, "option"), "prompt");
    assert_equals_string(gst_structure_get_string(fields, "value"), "red fire");
    fail_unless(gst_structure_get_int64(fields, "chunk", &number) && number >= 1);
    gst_message_unref(message);
    message = wait_for(bus, GST_MESSAGE_ELEMENT, "t2v-progress");
    fail_unless(gst_structure_get_string(gst_message_get_structure(message), "phase") != NULL);
    gst_message_unref(message);
    gst_harness_teardown(h);
    gst_bus_set_flushing(bus, TRUE); /* what waits there holds the element */
    gst_object_unref(bus);
}
GST_END_TEST

GST_START_TEST(a_steering_event_with_nonsense_is_refused_field_by_field)
{
    static const char *const wrong[] = {"t2v,colour=red;", "t2v,seed=(gint64)3;",
                                        "t2v,speed=(double)1000;", "t2v,steps=(string)many;"};
    GstElement *source = gst_element_factory_make("t2vsrc", NULL);
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(source, bus);
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        GstStructure *fields = gst_structure_from_string(wrong[i], NULL);
        fail_if(
            gst_element_send_event(source, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, fields)),
            "%s was accepted", wrong[i]);
        GstMessage *message = wait_for(bus, GST_MESSAGE_ELEMENT, "t2v-refused");
        fail_unless(gst_structure_get_string(gst_message_get_structure(message), "reason") != NULL);
        gst_message_unref(message);
    }
    GstStructure *half = gst_structure_from_string("t2v,speed=(string)no,prompt=snow;", NULL);
    char *prompt;
    gst_element_send_event(source, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, half));
    g_object_get(source, "prompt", &prompt, NULL);
    assert_equals_string(prompt, "snow");
    g_free(prompt);
    gst_bus_set_flushing(bus, TRUE);
    gst_object_unref(bus);
    gst_object_unref(source);
}
GST_END_TEST

/* What lies within a property's range, but not within the library's. */
GST_START_TEST(the_sender_is_told_what_a_running_stream_refuses)
{
    GstHarness *h = source_new(ENDLESS, SMALL);
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    GstStructure *fields = gst_structure_from_string("t2v,steps=(int)0;", NULL);
    fail_if(gst_element_send_event(source_of(h),
                                   gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, fields)));
    gst_harness_teardown(h);
}
GST_END_TEST

static gpointer set_prompts(gpointer source)
{
    for (int i = 0; i < 200; i++)
        g_object_set(source, "prompt", i % 2 ? "red fire" : "blue snow", "speed", 1 + 0.01 * i,
                     NULL);
    return NULL;
}

GST_START_TEST(properties_may_be_set_by_several_threads_at_once)
{
    GstHarness *h = source_new(ENDLESS, SMALL);
    GThread *threads[3];
    gst_harness_play(h);
    for (int i = 0; i < 3; i++)
        threads[i] = g_thread_new("setter", set_prompts, source_of(h));
    for (int i = 0; i < 12; i++)
        gst_buffer_unref(gst_harness_pull(h));
    for (int i = 0; i < 3; i++)
        g_thread_join(threads[i]);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(numbers_follow_a_control_source)
{
    GstHarness *h = source_new(ENDLESS, SMALL);
    GstControlSource *source = gst_interpolation_control_source_new();
    g_object_set(source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source), 0, 1);
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source), GST_SECOND, 3);
    fail_unless(gst_object_add_control_binding(
        GST_OBJECT(source_of(h)),
        gst_direct_control_binding_new_absolute(GST_OBJECT(source_of(h)), "speed", source)));
    gst_harness_play(h);
    for (int i = 0; i < 14; i++)
        gst_buffer_unref(gst_harness_pull(h));
    double speed;
    g_object_get(source_of(h), "speed", &speed, NULL);
    fail_unless(speed >= 1 + 2 * 13 / 24. - 1e-6, "after 14 frames speed is %g", speed);
    gst_object_unref(source);
    gst_harness_teardown(h);
}
GST_END_TEST

/* ------------------------------------------------------------------ models */

static GstMessage *error_of(const char *model)
{
    GstElement *source = gst_element_factory_make("t2vsrc", NULL);
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(source, bus);
    g_object_set(source, "model", model, NULL);
    assert_equals_int(gst_element_set_state(source, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    GstMessage *message = wait_for(bus, GST_MESSAGE_ERROR, NULL);
    gst_element_set_state(source, GST_STATE_NULL);
    gst_bus_set_flushing(bus, TRUE);
    gst_object_unref(bus);
    gst_object_unref(source);
    return message;
}

GST_START_TEST(a_missing_model_is_an_error_that_names_it)
{
    GstMessage *message = error_of("/nowhere/at/all");
    GError *error;
    gst_message_parse_error(message, &error, NULL);
    fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
    fail_unless(strstr(error->message, "/nowhere/at/all") != NULL);
    g_error_free(error);
    gst_message_unref(message);
}
GST_END_TEST

static int mapped_weights(void)
{
    char *maps;
    int count = 0;
    fail_unless(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    for (char *at = maps; (at = strstr(at, ".safetensors")); at++)
        count++;
    g_free(maps);
    return count;
}

/** They are given back by a thread of their own. */
static void expect_no_weights(void)
{
    for (int i = 0; i < 1000 && mapped_weights(); i++)
        g_usleep(10000);
    assert_equals_int(mapped_weights(), 0);
}

GST_START_TEST(two_elements_share_the_weights_of_one_model)
{
    GstHarness *a = source_new("", SMALL), *b = source_new("", SMALL);
    expect_no_weights();
    gst_harness_play(a);
    gst_buffer_unref(gst_harness_pull(a));
    const int once = mapped_weights();
    fail_unless(once > 0);
    gst_harness_play(b);
    gst_buffer_unref(gst_harness_pull(b));
    assert_equals_int(mapped_weights(), once);
    gst_harness_teardown(a); /* the other one goes on with them */
    gst_buffer_unref(gst_harness_pull(b));
    gst_harness_teardown(b);
    expect_no_weights();
}
GST_END_TEST

static gpointer play(gpointer harness)
{
    gst_harness_play(harness);
    gst_buffer_unref(gst_harness_pull(harness));
    return NULL;
}

GST_START_TEST(elements_that_start_at_once_share_the_weights_too)
{
    GstHarness *h[4];
    GThread *threads[4];
    for (int i = 0; i < 4; i++) {
        h[i] = source_new("", SMALL);
        threads[i] = g_thread_new("starter", play, h[i]);
    }
    for (int i = 0; i < 4; i++)
        g_thread_join(threads[i]);
    const int together = mapped_weights();
    for (int i = 1; i < 4; i++)
        gst_harness_teardown(h[i]);
    assert_equals_int(mapped_weights(), together);
    gst_harness_teardown(h[0]);
    expect_no_weights();
}
GST_END_TEST

/* ------------------------------------------------------------------ states */

GST_START_TEST(states_change_two_hundred_times)
{
    GstElement *pipeline = gst_parse_launch(
        "t2vsrc name=source threads=1 seed=7 ! video/x-raw," SMALL " ! fakesink", NULL);
    static const GstState states[] = {GST_STATE_PLAYING, GST_STATE_READY,   GST_STATE_PAUSED,
                                      GST_STATE_NULL,    GST_STATE_PLAYING, GST_STATE_PAUSED,
                                      GST_STATE_PLAYING, GST_STATE_NULL};
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    for (int i = 0; i < 200; i++) {
        g_object_set(source, "is-live", i / 8 % 2, NULL);
        fail_if(gst_element_set_state(pipeline, states[i % 8]) == GST_STATE_CHANGE_FAILURE);
        g_usleep((gulong)(i % 5) * 2000); /* so that it happens in every part of the work */
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(source);
    gst_object_unref(pipeline);
    expect_no_weights();
}
GST_END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("control");
    TCase *tests = tcase_create("control");
    tcase_set_timeout(tests, 600);
    suite_add_tcase(s, tests);
    tcase_add_test(tests, every_option_of_the_table_is_a_property);
    tcase_add_test(tests, properties_keep_what_they_are_given);
    tcase_add_test(tests, a_prompt_changes_while_playing_by_property_and_by_event);
    tcase_add_test(tests, a_prompt_shows_within_36_buffers);
    tcase_add_test(tests, a_change_is_announced);
    tcase_add_test(tests, a_steering_event_with_nonsense_is_refused_field_by_field);
    tcase_add_test(tests, the_sender_is_told_what_a_running_stream_refuses);
    tcase_add_test(tests, properties_may_be_set_by_several_threads_at_once);
    tcase_add_test(tests, numbers_follow_a_control_source);
    tcase_add_test(tests, a_missing_model_is_an_error_that_names_it);
    tcase_add_test(tests, two_elements_share_the_weights_of_one_model);
    tcase_add_test(tests, elements_that_start_at_once_share_the_weights_too);
    tcase_add_test(tests, states_change_two_hundred_times);
    return s;
}

int main(int argc, char **argv)
{
    gst_check_init(&argc, &argv);
    return source_main(suite());
}
