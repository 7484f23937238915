/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats, sizes, strides, and what buffers say of their origin. */
#include <stdlib.h>

#include "source.h"

static GstCaps *template_caps(void)
{
    GstElement *source = gst_element_factory_make("t2vsrc", NULL);
    fail_unless(source != NULL);
    GstCaps *caps = gst_pad_template_get_caps(gst_element_get_pad_template(source, "src"));
    gst_object_unref(source);
    return caps;
}

static GstCaps *negotiated(const char *fields)
{
    GstHarness *h = source_new("num-buffers=1", fields);
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    GstCaps *caps = gst_pad_get_current_caps(h->sinkpad);
    gst_harness_teardown(h);
    return caps;
}

/* ------------------------------------------------------------------ caps */

GST_START_TEST(what_is_not_asked_for_is_the_models_own)
{
    GstHarness *h = source_new("num-buffers=1", "format=I420");
    gst_harness_play(h);
    GstEvent *event;
    do { /* caps are there before the first frame is */
        event = gst_harness_pull_event(h);
        if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS)
            break;
        gst_event_unref(event);
    } while (TRUE);
    GstCaps *caps;
    GstVideoInfo info;
    gst_event_parse_caps(event, &caps);
    fail_unless(gst_video_info_from_caps(&info, caps));
    assert_equals_int(info.width, 512);
    assert_equals_int(info.height, 288);
    assert_equals_int(info.fps_n, 24);
    assert_equals_int(info.fps_d, 1);
    assert_equals_int(info.par_n, info.par_d);
    assert_equals_int(info.interlace_mode, GST_VIDEO_INTERLACE_MODE_PROGRESSIVE);
    gst_event_unref(event);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(colours_are_said_and_true)
{
    GstVideoInfo info;
    GstCaps *caps = negotiated("format=I420," SMALL);
    fail_unless(gst_video_info_from_caps(&info, caps));
    fail_unless(gst_video_colorimetry_matches(&info.colorimetry, "bt709"));
    assert_equals_int(info.chroma_site, GST_VIDEO_CHROMA_SITE_MPEG2);
    gst_caps_unref(caps);
    caps = negotiated("format=RGB," SMALL);
    fail_unless(gst_video_info_from_caps(&info, caps));
    fail_unless(gst_video_colorimetry_matches(&info.colorimetry, "sRGB"));
    gst_caps_unref(caps);
}
GST_END_TEST

GST_START_TEST(any_size_is_made)
{
    static const char *const sizes[] = {"width=65,height=97", "width=97,height=65"};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        GstVideoInfo info;
        GstCaps *caps = negotiated(sizes[i]);
        char *found;
        fail_unless(gst_video_info_from_caps(&info, caps));
        found = g_strdup_printf("width=%d,height=%d", info.width, info.height);
        assert_equals_string(found, sizes[i]);
        g_free(found);
        gst_caps_unref(caps);
    }
}
GST_END_TEST

/* ------------------------------------------------------------------ formats */

/** A frame as RGB, by GStreamer's own conversion. */
static GstSample *as_rgb(const char *format, int size)
{
    char *fields =
        g_strdup_printf("format=%s,width=%d,height=%d,framerate=24/1", format, size, size);
    char *wanted = g_strdup_printf("video/x-raw,format=RGB,width=%d,height=%d", size, size);
    GstHarness *h = source_new("num-buffers=1 prompt=\"red fire\"", fields);
    gst_harness_play(h);
    GstBuffer *buffer = gst_harness_pull(h);
    fail_unless(buffer != NULL, "%s: no frame", format);
    GstCaps *caps = gst_pad_get_current_caps(h->sinkpad), *rgb = gst_caps_from_string(wanted);
    GstSample *made = gst_sample_new(buffer, caps, NULL, NULL);
    GstSample *converted = gst_video_convert_sample(made, rgb, GST_CLOCK_TIME_NONE, NULL);
    fail_unless(converted != NULL, "%s: not converted", format);
    gst_sample_unref(made);
    gst_buffer_unref(buffer);
    gst_caps_unref(caps);
    gst_caps_unref(rgb);
    gst_harness_teardown(h);
    g_free(fields);
    g_free(wanted);
    return converted;
}

static double mean_difference(GstSample *a, GstSample *b)
{
    GstMapInfo x, y;
    double sum = 0;
    gst_buffer_map(gst_sample_get_buffer(a), &x, GST_MAP_READ);
    gst_buffer_map(gst_sample_get_buffer(b), &y, GST_MAP_READ);
    assert_equals_int(x.size, y.size);
    for (gsize i = 0; i < x.size; i++)
        sum += abs(x.data[i] - y.data[i]);
    sum /= (double)x.size;
    gst_buffer_unmap(gst_sample_get_buffer(a), &x);
    gst_buffer_unmap(gst_sample_get_buffer(b), &y);
    return sum;
}

/* Chroma at half size and two roundings cost some levels; exchanged planes or channels cost tens.
 */
GST_START_TEST(every_format_of_the_template_shows_the_same_picture)
{
    GstSample *reference = as_rgb("RGB", 64);
    GstCaps *caps = template_caps();
    int tried = 0;
    for (guint i = 0; i < gst_caps_get_size(caps); i++) {
        const GValue *formats = gst_structure_get_value(gst_caps_get_structure(caps, i), "format");
        for (guint j = 0; j < gst_value_list_get_size(formats); j++, tried++) {
            const char *format = g_value_get_string(gst_value_list_get_value(formats, j));
            GstSample *sample = as_rgb(format, 64);
            double difference = mean_difference(reference, sample);
            fail_unless(difference < 6, "%s differs from RGB by %g levels", format, difference);
            gst_sample_unref(sample);
        }
    }
    assert_equals_int(tried, GST_CHECK_VERSION(1, 24, 0) ? 21 : 20);
    gst_caps_unref(caps);
    gst_sample_unref(reference);
}
GST_END_TEST

static char *negotiated_format(const char *properties, const char *fields)
{
    char *all = g_strdup_printf("num-buffers=1 %s", properties);
    GstHarness *h = source_new(all, fields);
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    GstCaps *caps = gst_pad_get_current_caps(h->sinkpad);
    char *format = g_strdup(gst_structure_get_string(gst_caps_get_structure(caps, 0), "format"));
    gst_caps_unref(caps);
    gst_harness_teardown(h);
    g_free(all);
    return format;
}

GST_START_TEST(alpha_prefers_formats_that_have_it)
{
    char *opaque = negotiated_format("", SMALL);
    char *clear = negotiated_format("alpha=luma", SMALL);
    char *planar = negotiated_format("alpha=luma", "format={I420,A420}," SMALL);
    assert_equals_string(opaque, "I420");
    assert_equals_string(clear, "RGBA");
    assert_equals_string(planar, "A420");
    g_free(opaque);
    g_free(clear);
    g_free(planar);
}
GST_END_TEST

GST_START_TEST(padding_is_no_alpha)
{
    GBytes *plain = source_bytes("num-buffers=1", "format=RGBx," SMALL, 1);
    GBytes *clear = source_bytes("num-buffers=1 alpha=luma", "format=RGBx," SMALL, 1);
    fail_unless(g_bytes_equal(plain, clear));
    g_bytes_unref(plain);
    g_bytes_unref(clear);
}
GST_END_TEST

/* ------------------------------------------------------------------ buffers of others */

/** Proposes a pool whose rows are longer than they need to be. */
static GstPadProbeReturn propose_padding(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
    GstCaps *caps;
    GstVideoInfo video;
    GstVideoAlignment align;
    (void)pad;
    (void)data;
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION || !GST_PAD_PROBE_INFO_QUERY(info))
        return GST_PAD_PROBE_OK;
    gst_query_parse_allocation(query, &caps, NULL);
    gst_video_info_from_caps(&video, caps);
    gst_video_alignment_reset(&align);
    align.padding_right = 46;
    align.padding_top = align.padding_bottom = 6;
    GstBufferPool *pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, (guint)video.size, 0, 0);
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    gst_buffer_pool_config_set_video_alignment(config, &align);
    fail_unless(gst_buffer_pool_set_config(pool, config));
    gst_query_add_allocation_pool(query, pool, (guint)video.size, 0, 0);
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
    gst_object_unref(pool);
    return GST_PAD_PROBE_HANDLED;
}

GST_START_TEST(strides_of_downstreams_pool_are_honoured)
{
    const char *fields = "format=RGB," SMALL;
    GBytes *plain = source_bytes("num-buffers=1", fields, 1);
    GstHarness *h = source_new("num-buffers=1", fields);
    gst_pad_add_probe(h->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, propose_padding, NULL, NULL);
    gst_harness_play(h);
    GstBuffer *buffer = gst_harness_pull(h);
    GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
    fail_unless(meta != NULL);
    fail_unless(meta->stride[0] > 64 * 3);

    GstCaps *caps = gst_pad_get_current_caps(h->sinkpad);
    GstVideoInfo video;
    GstVideoFrame frame;
    gst_video_info_from_caps(&video, caps);
    fail_unless(gst_video_frame_map(&frame, &video, buffer, GST_MAP_READ));
    const guint8 *expected = g_bytes_get_data(plain, NULL);
    for (int y = 0; y < 64; y++)
        fail_unless(!memcmp((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                                y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
                            expected + y * 64 * 3, 64 * 3),
                    "row %d differs", y);
    gst_video_frame_unmap(&frame);
    gst_caps_unref(caps);
    gst_buffer_unref(buffer);
    g_bytes_unref(plain);
    gst_harness_teardown(h);
}
GST_END_TEST

/* ------------------------------------------------------------------ origin */

#define NO_PROMPT "e3b0c44298fc1c14" /* of the SHA-256 of nothing */

GST_START_TEST(buffers_say_that_they_are_generated)
{
    GstHarness *h = source_new("num-buffers=2", SMALL);
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    g_object_set(source_of(h), "seed", G_GINT64_CONSTANT(8), NULL); /* for the next start only */
    GstBuffer *buffer = gst_harness_pull(h);
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, "GstT2vMeta");
    fail_unless(meta != NULL);
    const GstStructure *fields = gst_custom_meta_get_structure(meta);
    gboolean generated = FALSE;
    gint64 seed = 0, frame = 0;
    fail_unless(gst_structure_get(fields, "generated", G_TYPE_BOOLEAN, &generated, "seed",
                                  G_TYPE_INT64, &seed, "frame", G_TYPE_INT64, &frame, NULL));
    fail_unless(generated);
    assert_equals_int64(seed, 7);
    assert_equals_int64(frame, 1);
    fail_unless(gst_structure_get_string(fields, "model") != NULL);
    assert_equals_string(gst_structure_get_string(fields, "prompt-sha256"), NO_PROMPT);
#if GST_CHECK_VERSION(1, 22, 0)
    GstVideoSEIUserDataUnregisteredMeta *sei =
        (GstVideoSEIUserDataUnregisteredMeta *)gst_buffer_get_meta(
            buffer, GST_VIDEO_SEI_USER_DATA_UNREGISTERED_META_API_TYPE);
    fail_unless(sei != NULL);
    fail_unless(g_strstr_len((char *)sei->data, (gssize)sei->size, "seed=7") != NULL);
    fail_unless(g_strstr_len((char *)sei->data, (gssize)sei->size, NO_PROMPT) != NULL);
#endif
    gst_buffer_unref(buffer);
    gst_harness_teardown(h);
}
GST_END_TEST

GST_START_TEST(tags_say_that_the_stream_is_generated)
{
    GstHarness *h = source_new("num-buffers=1", SMALL);
    gst_harness_play(h);
    gst_buffer_unref(gst_harness_pull(h));
    GstEvent *event = gst_pad_get_sticky_event(h->sinkpad, GST_EVENT_TAG, 0);
    fail_unless(event != NULL);
    GstTagList *tags;
    char *comment = NULL;
    gst_event_parse_tag(event, &tags);
    fail_unless(gst_tag_list_get_string(tags, GST_TAG_COMMENT, &comment));
    fail_unless(g_str_has_prefix(comment, "generated by libt2v"));
    fail_unless(strstr(comment, "seed=7") != NULL);
    fail_unless(gst_tag_list_get_tag_size(tags, GST_TAG_ENCODER) == 1);
    g_free(comment);
    gst_event_unref(event);
    gst_harness_teardown(h);
}
GST_END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pictures");
    TCase *tests = tcase_create("pictures");
    tcase_set_timeout(tests, 600);
    suite_add_tcase(s, tests);
    tcase_add_test(tests, what_is_not_asked_for_is_the_models_own);
    tcase_add_test(tests, colours_are_said_and_true);
    tcase_add_test(tests, any_size_is_made);
    tcase_add_test(tests, every_format_of_the_template_shows_the_same_picture);
    tcase_add_test(tests, alpha_prefers_formats_that_have_it);
    tcase_add_test(tests, padding_is_no_alpha);
    tcase_add_test(tests, strides_of_downstreams_pool_are_honoured);
    tcase_add_test(tests, buffers_say_that_they_are_generated);
    tcase_add_test(tests, tags_say_that_the_stream_is_generated);
    return s;
}

int main(int argc, char **argv)
{
    gst_check_init(&argc, &argv);
    return source_main(suite());
}
