/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "steer.h"

#include <string.h>

#include "messages.h"
#include "options.h"

gboolean gst_t2v_is_steering(GstEvent *event)
{
    return GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_UPSTREAM && gst_event_has_name(event, "t2v");
}

static gboolean convert(const GValue *from, GValue *to)
{
    if (G_VALUE_HOLDS_STRING(from) && !G_VALUE_HOLDS_STRING(to))
        return g_value_get_string(from) && gst_value_deserialize(to, g_value_get_string(from));
    return g_value_transform(from, to);
}

/** As `set`, of any value. */
static char *apply(GstElement *element, const char *name, const GValue *value, GstT2vSetOption set)
{
    GObject *object = G_OBJECT(element);
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), name);
    GValue converted = G_VALUE_INIT;
    char *refusal = NULL;
    if (!spec || spec->owner_type != G_OBJECT_TYPE(object))
        return g_strdup_printf("there is no option \"%s\"", name);
    if (!gst_t2v_option_is_live(spec))
        return g_strdup_printf("%s cannot change while the stream runs", name);
    g_value_init(&converted, spec->value_type);
    char *text = gst_value_serialize(value);
    if (!convert(value, &converted))
        refusal = g_strdup_printf("%s: %s is not of type %s", name, text ? text : "the value",
                                  g_type_name(spec->value_type));
    else if (g_param_value_validate(spec, &converted))
        refusal = g_strdup_printf("%s: %s is out of range", name, text ? text : "the value");
    else if (!(refusal = set(element, &converted, spec)))
        g_object_notify_by_pspec(object, spec);
    g_value_unset(&converted);
    g_free(text);
    return refusal;
}

static gboolean apply_field(GstElement *element, const GstStructure *structure, const char *field,
                            GstT2vSetOption set)
{
    char *name = g_strdelimit(g_strdup(field), "_", '-');
    char *refusal = apply(element, name, gst_structure_get_value(structure, field), set);
    const gboolean accepted = !refusal;
    if (refusal)
        gst_t2v_post_refused(element, name, refusal);
    g_free(refusal);
    g_free(name);
    return accepted;
}

/** The prompt last: it begins a scene, with all the others as they are by then. */
gboolean gst_t2v_steer(GstElement *element, GstEvent *event, GstT2vSetOption set)
{
    const GstStructure *structure = gst_event_get_structure(event);
    gboolean all = TRUE;
    for (int i = 0; i < gst_structure_n_fields(structure); i++) {
        const char *field = gst_structure_nth_field_name(structure, i);
        if (strcmp(field, "prompt") && !apply_field(element, structure, field, set))
            all = FALSE;
    }
    if (gst_structure_has_field(structure, "prompt"))
        all = apply_field(element, structure, "prompt", set) && all;
    return all;
}
