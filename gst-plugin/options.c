/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "options.h"

#include <string.h>

/* ------------------------------------------------------------------ descriptions */

#define FIXED (G_PARAM_READWRITE | G_PARAM_STATIC_NICK | GST_PARAM_MUTABLE_READY)
#define LIVE (G_PARAM_READWRITE | G_PARAM_STATIC_NICK | GST_PARAM_MUTABLE_PLAYING)
#define TEXT_FLAGS_0 FIXED
#define TEXT_FLAGS_T2V_OPTION_LIVE LIVE
#define NUMBER_FLAGS_0 FIXED
#define NUMBER_FLAGS_T2V_OPTION_LIVE (LIVE | GST_PARAM_CONTROLLABLE)
#define SPEC_int g_param_spec_int
#define SPEC_int64_t g_param_spec_int64
#define SPEC_double g_param_spec_double

/** "What it does (unit)" */
static char *make_blurb(const char *help, const char *unit)
{
    char *blurb = unit && *unit ? g_strdup_printf("%s (unit: %s)", help, unit) : g_strdup(help);
    blurb[0] = g_ascii_toupper(blurb[0]);
    return blurb;
}

/** A property whose description was made for it; GObject copies what is not marked static. */
static void install(GObjectClass *klass, guint id, GParamSpec *spec, char *blurb)
{
    g_object_class_install_property(klass, id, spec);
    g_free(blurb);
}

/** The enumeration of a choice. Registered once; GObject wants its values to live for ever. */
static GType choice_type(const char *name, const char *values)
{
    char *type_name = g_strdup_printf("GstT2vSrc%c%s", g_ascii_toupper(name[0]), name + 1);
    GType type = g_type_from_name(type_name);
    if (!type) {
        char **nicks = g_strsplit(values, "|", -1);
        GEnumValue *rows = g_new0(GEnumValue, g_strv_length(nicks) + 1);
        for (int i = 0; nicks[i]; i++) {
            const char *nick = g_intern_string(nicks[i]);
            rows[i] = (GEnumValue){i, nick, nick};
        }
        type = g_enum_register_static(type_name, rows);
        gst_type_mark_as_plugin_api(type, 0);
        g_strfreev(nicks);
    }
    g_free(type_name);
    return type;
}

static int choice_value(GType type, const char *nick)
{
    GEnumClass *klass = g_type_class_ref(type);
    const GEnumValue *row = g_enum_get_value_by_nick(klass, nick);
    int value = row ? row->value : 0;
    g_type_class_unref(klass);
    return value;
}

static GParamSpec *choice_spec(const char *name, const char *fallback, const char *values,
                               const char *blurb, GParamFlags flags)
{
    GType type = choice_type(name, values);
    return g_param_spec_enum(name, name, blurb, type, choice_value(type, fallback), flags);
}

#define INSTALL_STRING(name, value, flags, help)                                                   \
    GST_T2V_KEEP_##flags(blurb = make_blurb(help, NULL);                                           \
                         install(klass, GST_T2V_PROP_##name,                                       \
                                 g_param_spec_string(T2V_OPTION_NAME(name), T2V_OPTION_NAME(name), \
                                                     blurb, value, TEXT_FLAGS_##flags),            \
                                 blurb);)
#define INSTALL_NUMBER(type, name, value, min, max, flags, unit, help)                             \
    GST_T2V_KEEP_##flags(blurb = make_blurb(help, unit);                                           \
                         install(klass, GST_T2V_PROP_##name,                                       \
                                 SPEC_##type(T2V_OPTION_NAME(name), T2V_OPTION_NAME(name), blurb,  \
                                             min, max, value, NUMBER_FLAGS_##flags),               \
                                 blurb);)
#define INSTALL_CHOICE(name, value, values, flags, help)                                           \
    GST_T2V_KEEP_##flags(                                                                          \
        blurb = make_blurb(help, NULL); install(                                                   \
            klass, GST_T2V_PROP_##name,                                                            \
            choice_spec(T2V_OPTION_NAME(name), value, values, blurb, TEXT_FLAGS_##flags), blurb);)

void gst_t2v_options_install(GObjectClass *klass)
{
    char *blurb;
    T2V_STREAM_OPTIONS(INSTALL_STRING, INSTALL_NUMBER, INSTALL_CHOICE)
    T2V_MODEL_OPTIONS(INSTALL_STRING, INSTALL_NUMBER, INSTALL_CHOICE)
    g_object_class_install_property(
        klass, GST_T2V_PROP_MODEL,
        g_param_spec_string(
            "model", "model",
            "Diffusers folder, file or manifest of a model; unset: the embedded one", NULL,
            FIXED | G_PARAM_STATIC_STRINGS));
}

/* ------------------------------------------------------------------ values */

#define INIT_STRING(name, value, flags, help) GST_T2V_KEEP_##flags(params->name = g_strdup(value);)
#define INIT_NUMBER(type, name, value, min, max, flags, unit, help)                                \
    GST_T2V_KEEP_##flags(params->name = value;)
#define INIT_CHOICE(name, value, values, flags, help) GST_T2V_KEEP_##flags(params->name = value;)

static void init_stream(t2v_stream_params *params)
{
    memset(params, 0, sizeof(*params));
    T2V_STREAM_OPTIONS(INIT_STRING, INIT_NUMBER, INIT_CHOICE)
}

static void init_model(t2v_model_params *params)
{
    *params = t2v_model_params_default();
    T2V_MODEL_OPTIONS(INIT_STRING, INIT_NUMBER, INIT_CHOICE)
}

void gst_t2v_options_init(GstT2vOptions *options)
{
    init_stream(&options->stream);
    init_model(&options->model);
    options->model_path = NULL;
}

#define CLEAR_STRING(name, value, flags, help)                                                     \
    GST_T2V_KEEP_##flags(g_clear_pointer((char **)&PARAMS.name, g_free);)
#define CLEAR_NUMBER(type, name, value, min, max, flags, unit, help)
#define CLEAR_CHOICE(name, value, values, flags, help)

void gst_t2v_options_clear(GstT2vOptions *options)
{
#define PARAMS options->stream
    T2V_STREAM_OPTIONS(CLEAR_STRING, CLEAR_NUMBER, CLEAR_CHOICE)
#undef PARAMS
#define PARAMS options->model
    T2V_MODEL_OPTIONS(CLEAR_STRING, CLEAR_NUMBER, CLEAR_CHOICE)
#undef PARAMS
    g_clear_pointer(&options->model_path, g_free);
}

static void replace(const char **field, const GValue *value)
{
    const char *text = g_value_get_string(value);
    g_free((char *)*field);
    *field = g_strdup(text ? text : "");
}

static const char *nick(const GValue *value, GParamSpec *spec)
{
    return g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, g_value_get_enum(value))
        ->value_nick;
}

#define GET_int g_value_get_int
#define GET_int64_t g_value_get_int64
#define GET_double g_value_get_double
#define SET_STRING(name, value_, flags, help)                                                      \
    GST_T2V_KEEP_##flags(case GST_T2V_PROP_##name : replace(&PARAMS.name, value); break;)
#define SET_NUMBER(type, name, value_, min, max, flags, unit, help)                                \
    GST_T2V_KEEP_##flags(case GST_T2V_PROP_##name : PARAMS.name = GET_##type(value); break;)
#define SET_CHOICE(name, value_, values, flags, help)                                              \
    GST_T2V_KEEP_##flags(case GST_T2V_PROP_##name : PARAMS.name = nick(value, spec); break;)

/* clang-format off */
gboolean gst_t2v_options_set(GstT2vOptions *options, const GValue *value, GParamSpec *spec)
{
    switch (spec->param_id) {
#define PARAMS options->stream
    T2V_STREAM_OPTIONS(SET_STRING, SET_NUMBER, SET_CHOICE)
#undef PARAMS
#define PARAMS options->model
    T2V_MODEL_OPTIONS(SET_STRING, SET_NUMBER, SET_CHOICE)
#undef PARAMS
    case GST_T2V_PROP_MODEL:
        g_free(options->model_path);
        options->model_path = g_value_dup_string(value);
        break;
    default:
        return FALSE;
    }
    return TRUE;
}

#define PUT_int g_value_set_int
#define PUT_int64_t g_value_set_int64
#define PUT_double g_value_set_double
#define PUT_STRING(name, value_, flags, help)                                                      \
    GST_T2V_KEEP_##flags(case GST_T2V_PROP_##name: g_value_set_string(value, PARAMS.name); break;)
#define PUT_NUMBER(type, name, value_, min, max, flags, unit, help)                                \
    GST_T2V_KEEP_##flags(case GST_T2V_PROP_##name: PUT_##type(value, PARAMS.name); break;)
#define PUT_CHOICE(name, value_, values, flags, help)                                              \
    GST_T2V_KEEP_##flags(case GST_T2V_PROP_##name:                                                 \
        g_value_set_enum(value, choice_value(spec->value_type, PARAMS.name)); break;)

gboolean gst_t2v_options_get(const GstT2vOptions *options, GValue *value, GParamSpec *spec)
{
    switch (spec->param_id) {
#define PARAMS options->stream
    T2V_STREAM_OPTIONS(PUT_STRING, PUT_NUMBER, PUT_CHOICE)
#undef PARAMS
#define PARAMS options->model
    T2V_MODEL_OPTIONS(PUT_STRING, PUT_NUMBER, PUT_CHOICE)
#undef PARAMS
    case GST_T2V_PROP_MODEL:
        g_value_set_string(value, options->model_path);
        break;
    default:
        return FALSE;
    }
    return TRUE;
}
/* clang-format on */

#define COPY_STRING(name, value, flags, help)                                                      \
    GST_T2V_KEEP_##flags(params.name = options->stream.name;)
#define COPY_NUMBER(type, name, value, min, max, flags, unit, help) COPY_STRING(name, , flags, )
#define COPY_CHOICE(name, value, values, flags, help) COPY_STRING(name, , flags, )

t2v_stream_params gst_t2v_options_stream_params(const GstT2vOptions *options,
                                                const t2v_model *model)
{
    t2v_stream_params params = t2v_stream_params_default(model);
    T2V_STREAM_OPTIONS(COPY_STRING, COPY_NUMBER, COPY_CHOICE)
    return params;
}

#define KEY_STRING(name, value, flags, help)                                                       \
    g_string_append_printf(key, "%s=%s;", T2V_OPTION_NAME(name), params->name ? params->name : "");
#define KEY_NUMBER(type, name, value, min, max, flags, unit, help)                                 \
    g_string_append_printf(key, "%s=%.17g;", T2V_OPTION_NAME(name), (double)params->name);
#define KEY_CHOICE(name, value, values, flags, help) KEY_STRING(name, value, flags, help)

char *gst_t2v_options_model_key(const t2v_model_params *params)
{
    GString *key = g_string_new("");
    T2V_MODEL_OPTIONS(KEY_STRING, KEY_NUMBER, KEY_CHOICE)
    return g_string_free(key, FALSE);
}

/* ------------------------------------------------------------------ as text */

char *gst_t2v_option_name(const GParamSpec *spec)
{
    return g_strdelimit(g_strdup(spec->name), "-", '_');
}

char *gst_t2v_option_text(const GValue *value)
{
    if (G_VALUE_HOLDS_STRING(value))
        return g_strdup(g_value_get_string(value) ? g_value_get_string(value) : "");
    if (G_VALUE_HOLDS_ENUM(value)) {
        GEnumClass *klass = g_type_class_ref(G_VALUE_TYPE(value));
        char *text = g_strdup(g_enum_get_value(klass, g_value_get_enum(value))->value_nick);
        g_type_class_unref(klass);
        return text;
    }
    if (G_VALUE_HOLDS_INT(value))
        return g_strdup_printf("%d", g_value_get_int(value));
    if (G_VALUE_HOLDS_INT64(value))
        return g_strdup_printf("%" G_GINT64_FORMAT, g_value_get_int64(value));
    if (G_VALUE_HOLDS_DOUBLE(value)) { /* with a point in every locale, as libt2v reads it */
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        return g_strdup(g_ascii_dtostr(text, sizeof(text), g_value_get_double(value)));
    }
    return g_strdup_value_contents(value);
}

gboolean gst_t2v_option_is_live(const GParamSpec *spec)
{
    return spec->param_id < GST_T2V_PROPS && (spec->flags & GST_PARAM_MUTABLE_PLAYING);
}
