/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * What the element says on the bus. docs/gstreamer.md describes the fields for users.
 *
 * Element messages: t2v-started, t2v-progress, t2v-changed, t2v-refused. Failures are errors with
 * the usual domains and codes; being too slow is a warning with details.
 */
#ifndef GST_T2V_MESSAGES_H
#define GST_T2V_MESSAGES_H

#include <gst/gst.h>
#include <t2v/t2v.h>

G_BEGIN_DECLS

/** Error message; details "t2v-error": status (int, t2v_status) and reason (string). */
void gst_t2v_post_error(GstElement *element, const t2v_error *error);

/** A stream begins. Takes the fields as gst_structure_new does. */
void gst_t2v_post_started(GstElement *element, const t2v_model_info *model, gint64 seed, int width,
                          int height);

void gst_t2v_post_progress(GstElement *element, const t2v_progress *progress);

/** An option has changed while the stream runs, and acts from this chunk on. */
void gst_t2v_post_changed(GstElement *element, const char *option, const GValue *value,
                          gint64 chunk);

/** A change was refused: element message and warning (RESOURCE, SETTINGS). */
void gst_t2v_post_refused(GstElement *element, const char *option, const char *reason);

/** How late a live source is, over some seconds. */
typedef struct GstT2vLateness {
    double made, wanted; /**< frames per second */
    guint64 processed;   /**< buffers handed out since the start */
    guint64 repeated, dropped;
} GstT2vLateness;

/** Warning (CORE, CLOCK) with details "t2v-too-slow". */
void gst_t2v_post_too_slow(GstElement *element, const GstT2vLateness *lateness);

G_END_DECLS

#endif
