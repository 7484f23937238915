/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The rows of t2v/options.h as GObject properties, with '-' where a row's name has '_'. */
#ifndef GST_T2V_OPTIONS_H
#define GST_T2V_OPTIONS_H

#include <gst/gst.h>
#include <t2v/t2v.h>

G_BEGIN_DECLS

/*
 * KEEP_flags(text) is the text, or nothing for rows that only the command offers.
 */
#define GST_T2V_KEEP_0(...) __VA_ARGS__
#define GST_T2V_KEEP_T2V_OPTION_LIVE(...) __VA_ARGS__
#define GST_T2V_KEEP_T2V_OPTION_TOOL(...)

#define GST_T2V_ID_STRING(name, value, flags, help) GST_T2V_KEEP_##flags(GST_T2V_PROP_##name, )
#define GST_T2V_ID_NUMBER(type, name, value, min, max, flags, unit, help)                          \
    GST_T2V_KEEP_##flags(GST_T2V_PROP_##name, )
#define GST_T2V_ID_CHOICE(name, value, values, flags, help)                                        \
    GST_T2V_KEEP_##flags(GST_T2V_PROP_##name, )

/** Property numbers: the table's rows, then the model's path, then the element's own. */
/* clang-format off */
enum {
    GST_T2V_PROP_0,
    T2V_STREAM_OPTIONS(GST_T2V_ID_STRING, GST_T2V_ID_NUMBER, GST_T2V_ID_CHOICE)
    T2V_MODEL_OPTIONS(GST_T2V_ID_STRING, GST_T2V_ID_NUMBER, GST_T2V_ID_CHOICE)
    GST_T2V_PROP_MODEL,
    GST_T2V_PROPS /**< the first number that is free */
};
/* clang-format on */

/** Values of the properties. Strings are its own, except those of choices, which are static. */
typedef struct GstT2vOptions {
    t2v_stream_params stream;
    t2v_model_params model;
    char *model_path; /**< NULL: the embedded model */
} GstT2vOptions;

/** Installs the properties from GST_T2V_PROP_0 + 1 to GST_T2V_PROPS - 1. */
void gst_t2v_options_install(GObjectClass *klass);

/** Fills with the defaults of the table; ended by gst_t2v_options_clear. */
void gst_t2v_options_init(GstT2vOptions *options);
void gst_t2v_options_clear(GstT2vOptions *options);

/** FALSE: the property is not one of the table's. */
gboolean gst_t2v_options_set(GstT2vOptions *options, const GValue *value, GParamSpec *spec);
gboolean gst_t2v_options_get(const GstT2vOptions *options, GValue *value, GParamSpec *spec);

/** What t2v_stream_create takes. Strings stay those of `options`. */
t2v_stream_params gst_t2v_options_stream_params(const GstT2vOptions *options,
                                                const t2v_model *model);

/** Text that tells models opened with other options apart; freed with g_free. */
char *gst_t2v_options_model_key(const t2v_model_params *params);

/** The option's name in the table; freed with g_free. */
char *gst_t2v_option_name(const GParamSpec *spec);
/** The value as t2v_stream_set takes it; freed with g_free. */
char *gst_t2v_option_text(const GValue *value);
/** Whether the property changes a stream that runs. */
gboolean gst_t2v_option_is_live(const GParamSpec *spec);

G_END_DECLS

#endif
