/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Changing properties by an event, so that any element downstream can. */
#ifndef GST_T2V_STEER_H
#define GST_T2V_STEER_H

#include <gst/gst.h>

G_BEGIN_DECLS

/** Whether this is a custom upstream event with the structure "t2v". */
gboolean gst_t2v_is_steering(GstEvent *event);

/** What is wrong with the value of an option; freed with g_free. NULL: nothing, and it is set. */
typedef char *(*GstT2vSetOption)(GstElement *element, const GValue *value, GParamSpec *spec);

/**
 * Sets every field of the event's structure as the property of its name ('_' or '-'). The values
 * may have the property's type, one that GLib converts to it, or text. What cannot be is refused
 * with a message, and the other fields act all the same.
 *
 * @return whether all fields were accepted
 */
gboolean gst_t2v_steer(GstElement *element, GstEvent *event, GstT2vSetOption set);

G_END_DECLS

#endif
