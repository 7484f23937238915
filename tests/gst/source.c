/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "source.h"

/* In a bin: a harness plays at once what may have a sink pad. */
GstHarness *source_new(const char *properties, const char *fields)
{
    char *launch = g_strdup_printf("t2vsrc name=source threads=1 seed=7 %s", properties);
    char *caps = g_strdup_printf("video/x-raw,%s", fields);
    GstElement *bin = gst_parse_bin_from_description(launch, TRUE, NULL);
    fail_unless(bin != NULL);
    GstHarness *h = gst_harness_new_with_element(bin, NULL, "src");
    gst_object_unref(bin);
    gst_harness_set_sink_caps_str(h, caps);
    g_free(launch);
    g_free(caps);
    return h;
}

GstElement *source_of(GstHarness *h)
{
    GstElement *source = gst_bin_get_by_name(GST_BIN(h->element), "source");
    gst_object_unref(source); /* the bin keeps it */
    return source;
}

GBytes *pull_bytes(GstHarness *h, int count)
{
    GByteArray *all = g_byte_array_new();
    for (int i = 0; i < count; i++) {
        GstBuffer *buffer = gst_harness_pull(h);
        GstMapInfo map;
        fail_unless(buffer != NULL, "frame %d did not come", i);
        fail_unless(gst_buffer_map(buffer, &map, GST_MAP_READ));
        g_byte_array_append(all, map.data, (guint)map.size);
        gst_buffer_unmap(buffer, &map);
        gst_buffer_unref(buffer);
    }
    return g_byte_array_free_to_bytes(all);
}

GBytes *source_bytes(const char *properties, const char *fields, int count)
{
    GstHarness *h = source_new(properties, fields);
    gst_harness_play(h);
    GBytes *bytes = pull_bytes(h, count);
    gst_harness_teardown(h);
    return bytes;
}

GstBus *source_add_bus(GstHarness *h)
{
    GstBus *bus = gst_bus_new();
    gst_element_set_bus(h->element, bus);
    return bus;
}

GstMessage *wait_for(GstBus *bus, GstMessageType type, const char *name)
{
    for (;;) {
        GstMessage *message = gst_bus_timed_pop_filtered(bus, 120 * GST_SECOND, type);
        fail_unless(message != NULL, "no message %s came", name ? name : "");
        if (!name || gst_message_has_name(message, name))
            return message;
        gst_message_unref(message);
    }
}

int source_main(Suite *suite)
{
    char *index = g_build_filename(g_getenv("T2V_MODEL_DIR"), "model_index.json", NULL);
    gboolean found = g_file_test(index, G_FILE_TEST_EXISTS);
    if (!found)
        g_printerr("%s is not there: skipped\n", index);
    g_free(index);
    return found ? gst_check_run_suite(suite, "t2vsrc", __FILE__) : 77;
}
