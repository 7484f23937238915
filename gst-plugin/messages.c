/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "messages.h"

#include "debug.h"

static void post(GstElement *element, GstStructure *structure)
{
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}

static void choose_code(t2v_status status, GQuark *domain, int *code)
{
    *domain = GST_RESOURCE_ERROR;
    switch (status) {
    case T2V_ERROR_NOT_FOUND:
        *code = GST_RESOURCE_ERROR_NOT_FOUND;
        break;
    case T2V_ERROR_IO:
        *code = GST_RESOURCE_ERROR_READ;
        break;
    case T2V_ERROR_FORMAT:
        *code = GST_RESOURCE_ERROR_OPEN_READ;
        break;
    case T2V_ERROR_ARGUMENT:
        *code = GST_RESOURCE_ERROR_SETTINGS;
        break;
    case T2V_ERROR_MEMORY:
        *code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
        break;
    case T2V_ERROR_UNSUPPORTED:
        *domain = GST_STREAM_ERROR;
        *code = GST_STREAM_ERROR_NOT_IMPLEMENTED;
        break;
    default:
        *domain = GST_LIBRARY_ERROR;
        *code = GST_LIBRARY_ERROR_FAILED;
    }
}

void gst_t2v_post_error(GstElement *element, const t2v_error *error)
{
    GQuark domain;
    int code;
    choose_code(error->status, &domain, &code);
    GstStructure *details = gst_structure_new("t2v-error", "status", G_TYPE_INT, error->status,
                                              "reason", G_TYPE_STRING, error->text, NULL);
    gst_element_message_full_with_details(element, GST_MESSAGE_ERROR, domain, code,
                                          g_strdup(error->text), NULL, __FILE__, GST_FUNCTION,
                                          __LINE__, details);
}

void gst_t2v_post_started(GstElement *element, const t2v_model_info *model, gint64 seed, int width,
                          int height)
{
    post(element, gst_structure_new("t2v-started", "model", G_TYPE_STRING, model->name, "family",
                                    G_TYPE_STRING, model->family, "licence", G_TYPE_STRING,
                                    model->licence, "seed", G_TYPE_INT64, seed, "width", G_TYPE_INT,
                                    width, "height", G_TYPE_INT, height, NULL));
}

void gst_t2v_post_progress(GstElement *element, const t2v_progress *p)
{
    static const char *const phases[] = {
        [T2V_PHASE_LOADING] = "loading",
        [T2V_PHASE_DENOISING] = "denoising",
        [T2V_PHASE_DECODING] = "decoding",
        [T2V_PHASE_DONE] = "done",
    };
    post(element, gst_structure_new("t2v-progress", "phase", G_TYPE_STRING, phases[p->phase],
                                    "chunk", G_TYPE_INT64, p->chunk, "chunks", G_TYPE_INT64,
                                    p->chunks, "step", G_TYPE_INT, p->step, "steps", G_TYPE_INT,
                                    p->steps, "frames-made", G_TYPE_INT64, p->frames_made, "frames",
                                    G_TYPE_INT64, p->frames, "elapsed", G_TYPE_DOUBLE, p->elapsed,
                                    "left", G_TYPE_DOUBLE, p->left, NULL));
}

void gst_t2v_post_changed(GstElement *element, const char *option, const GValue *value,
                          gint64 chunk)
{
    GstStructure *structure = gst_structure_new("t2v-changed", "option", G_TYPE_STRING, option,
                                                "chunk", G_TYPE_INT64, chunk, NULL);
    gst_structure_set_value(structure, "value", value);
    post(element, structure);
}

void gst_t2v_post_refused(GstElement *element, const char *option, const char *reason)
{
    post(element, gst_structure_new("t2v-refused", "option", G_TYPE_STRING, option, "reason",
                                    G_TYPE_STRING, reason, NULL));
    GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("%s", reason), (NULL));
}

void gst_t2v_post_too_slow(GstElement *element, const GstT2vLateness *l)
{
    GstStructure *details =
        gst_structure_new("t2v-too-slow", "frames-per-second", G_TYPE_DOUBLE, l->made, "wanted",
                          G_TYPE_DOUBLE, l->wanted, "repeated", G_TYPE_UINT64, l->repeated,
                          "dropped", G_TYPE_UINT64, l->dropped, NULL);
    gst_element_message_full_with_details(
        element, GST_MESSAGE_WARNING, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK,
        g_strdup_printf("This machine makes %.1f of %.1f frames per second; %" G_GUINT64_FORMAT
                        " were repeated and %" G_GUINT64_FORMAT " left out so far.",
                        l->made, l->wanted, l->repeated, l->dropped),
        g_strdup("A smaller size, a lower rate or fewer steps make it faster."), __FILE__,
        GST_FUNCTION, __LINE__, details);
}
