/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats.h"

/* The matrix and range are what is asked for; transfer and primaries are always BT.709's. The
 * numbers are range:matrix:transfer:primaries. */
#define YUV_COLORS "bt709", "1:3:5:1", "2:4:5:1", "1:4:5:1"
#define RGB_COLORS "sRGB", "1:1:5:1"
#define SITED_LEFT "mpeg2"

typedef struct {
    GstVideoFormat format;
    t2v_pixel_format pixels;
    int planes[4]; /* GStreamer's number of each of libt2v's planes */
} Row;

static const Row rows[] = {
    {GST_VIDEO_FORMAT_I420, T2V_PIXEL_YUV420P, {0, 1, 2}},
    {GST_VIDEO_FORMAT_YV12, T2V_PIXEL_YUV420P, {0, 2, 1}},
    {GST_VIDEO_FORMAT_NV12, T2V_PIXEL_NV12, {0, 1}},
    {GST_VIDEO_FORMAT_Y42B, T2V_PIXEL_YUV422P, {0, 1, 2}},
    {GST_VIDEO_FORMAT_Y444, T2V_PIXEL_YUV444P, {0, 1, 2}},
    {GST_VIDEO_FORMAT_I420_10LE, T2V_PIXEL_YUV420P10, {0, 1, 2}},
    {GST_VIDEO_FORMAT_I422_10LE, T2V_PIXEL_YUV422P10, {0, 1, 2}},
    {GST_VIDEO_FORMAT_Y444_10LE, T2V_PIXEL_YUV444P10, {0, 1, 2}},
    {GST_VIDEO_FORMAT_GBR, T2V_PIXEL_GBRP, {0, 1, 2}},
    {GST_VIDEO_FORMAT_RGB, T2V_PIXEL_RGB24, {0}},
    {GST_VIDEO_FORMAT_BGR, T2V_PIXEL_BGR24, {0}},
    {GST_VIDEO_FORMAT_RGBx, T2V_PIXEL_RGBA, {0}},
    {GST_VIDEO_FORMAT_BGRx, T2V_PIXEL_BGRA, {0}},
    {GST_VIDEO_FORMAT_xRGB, T2V_PIXEL_ARGB, {0}},
    {GST_VIDEO_FORMAT_xBGR, T2V_PIXEL_ABGR, {0}},
    {GST_VIDEO_FORMAT_RGBA, T2V_PIXEL_RGBA, {0}},
    {GST_VIDEO_FORMAT_BGRA, T2V_PIXEL_BGRA, {0}},
    {GST_VIDEO_FORMAT_ARGB, T2V_PIXEL_ARGB, {0}},
    {GST_VIDEO_FORMAT_ABGR, T2V_PIXEL_ABGR, {0}},
    {GST_VIDEO_FORMAT_A420, T2V_PIXEL_YUVA420P, {0, 1, 2, 3}},
#if GST_CHECK_VERSION(1, 24, 0)
    {GST_VIDEO_FORMAT_A444, T2V_PIXEL_YUVA444P, {0, 1, 2, 3}},
#endif
};

/* ------------------------------------------------------------------ caps */

/** Formats with the same colours have a structure of caps together. */
typedef enum { SUBSAMPLED, FULL_CHROMA, RGB, KINDS } Kind;

static Kind kind_of(GstVideoFormat format)
{
    const GstVideoFormatInfo *info = gst_video_format_get_info(format);
    if (GST_VIDEO_FORMAT_INFO_IS_RGB(info))
        return RGB;
    return GST_VIDEO_FORMAT_INFO_W_SUB(info, 1) ? SUBSAMPLED : FULL_CHROMA;
}

static void set_strings(GstStructure *structure, const char *field, const char *const *strings)
{
    GValue list = G_VALUE_INIT, item = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_LIST);
    g_value_init(&item, G_TYPE_STRING);
    for (; *strings; strings++) {
        g_value_set_static_string(&item, *strings);
        gst_value_list_append_value(&list, &item);
    }
    g_value_unset(&item);
    gst_structure_take_value(structure, field, &list);
}

static gboolean has_alpha(GstVideoFormat format)
{
    return GST_VIDEO_FORMAT_INFO_HAS_ALPHA(gst_video_format_get_info(format));
}

static GstStructure *kind_structure(Kind kind, gboolean alpha_only)
{
    static const char *const yuv[] = {YUV_COLORS, NULL}, *const rgb[] = {RGB_COLORS, NULL};
    const char *formats[G_N_ELEMENTS(rows) + 1] = {NULL};
    int count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (kind_of(rows[i].format) == kind && (!alpha_only || has_alpha(rows[i].format)))
            formats[count++] = gst_video_format_to_string(rows[i].format);
    GstStructure *structure = gst_structure_new(
        "video/x-raw", "width", GST_TYPE_INT_RANGE, 64, 8192, "height", GST_TYPE_INT_RANGE, 64,
        8192, "framerate", GST_TYPE_FRACTION_RANGE, 1, 1, 240, 1, "interlace-mode", G_TYPE_STRING,
        "progressive", "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, NULL);
    set_strings(structure, "format", formats);
    set_strings(structure, "colorimetry", kind == RGB ? rgb : yuv);
    if (kind == SUBSAMPLED)
        gst_structure_set(structure, "chroma-site", G_TYPE_STRING, SITED_LEFT, NULL);
    return structure;
}

GstCaps *gst_t2v_formats_caps(void)
{
    GstCaps *caps = gst_caps_new_empty();
    for (Kind kind = 0; kind < KINDS; kind++)
        gst_caps_append_structure(caps, kind_structure(kind, FALSE));
    return caps;
}

GstCaps *gst_t2v_formats_prefer_alpha(GstCaps *caps)
{
    GstCaps *all = gst_caps_new_empty();
    static const Kind kinds[] = {RGB, FULL_CHROMA, SUBSAMPLED};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        GstStructure *structure = kind_structure(kinds[i], TRUE);
        if (gst_value_list_get_size(gst_structure_get_value(structure, "format")))
            gst_caps_append_structure(all, structure);
        else
            gst_structure_free(structure);
    }
    gst_caps_append(all, caps);
    return all;
}

GstCaps *gst_t2v_formats_fixate(GstCaps *caps, const t2v_model_info *model)
{
    if (gst_caps_is_empty(caps))
        return caps;
    caps = gst_caps_truncate(caps);
    GstStructure *structure = gst_caps_get_structure(caps, 0);
    gst_structure_fixate_field_nearest_int(structure, "width", model->width);
    gst_structure_fixate_field_nearest_int(structure, "height", model->height);
    gst_structure_fixate_field_nearest_fraction(structure, "framerate", model->rate, 1);
    return gst_caps_fixate(caps);
}

/* ------------------------------------------------------------------ pictures */

static const Row *find_row(GstVideoFormat format)
{
    const Row *row = rows;
    while (row->format != format) /* negotiated from the caps above */
        row++;
    return row;
}

void gst_t2v_formats_describe(const GstVideoFrame *frame, t2v_picture *picture)
{
    const Row *row = find_row(GST_VIDEO_FRAME_FORMAT(frame));
    const GstVideoColorimetry *colors = &frame->info.colorimetry;
    *picture = (t2v_picture){
        .format = row->pixels,
        .matrix =
            colors->matrix == GST_VIDEO_COLOR_MATRIX_BT601 ? T2V_MATRIX_BT601 : T2V_MATRIX_BT709,
        .full_range = colors->range == GST_VIDEO_COLOR_RANGE_0_255,
        .opaque = !has_alpha(row->format),
    };
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame); i++) {
        picture->planes[i] = GST_VIDEO_FRAME_PLANE_DATA(frame, row->planes[i]);
        picture->stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(frame, row->planes[i]);
    }
}
