/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Places for frames in time: place n is at first + n / rate, exactly. A frame that comes too late
 * for its place goes to a later one, so that a source that is too slow does not fall behind.
 */
#ifndef GST_T2V_SCHEDULE_H
#define GST_T2V_SCHEDULE_H

#include <gst/gst.h>

#include "messages.h"

G_BEGIN_DECLS

typedef struct GstT2vSchedule {
    int rate_num, rate_den;
    GstClockTime first; /**< time of place 0; GST_CLOCK_TIME_NONE until the first frame is there */
    guint64 place;      /**< of the next frame */
    guint64 handed_out; /**< since gst_t2v_schedule_reset, as are the next two */
    guint64 repeated, dropped;
    /* lateness is judged over a window of some seconds */
    GstClockTime window_begin, last_warning;
    guint64 window_handed_out, window_repeated, window_dropped;
} GstT2vSchedule;

void gst_t2v_schedule_reset(GstT2vSchedule *schedule);

GstClockTime gst_t2v_schedule_time(const GstT2vSchedule *schedule, guint64 place);
/** Of one frame, rounded down. */
GstClockTime gst_t2v_schedule_duration(const GstT2vSchedule *schedule);

/** Leaves out the places that begin before `time`. Returns how many. */
guint64 gst_t2v_schedule_skip_to(GstT2vSchedule *schedule, GstClockTime time);

/**
 * Whether it is time to complain: more than one frame in twenty was late during the last seconds,
 * and the last complaint was a while ago.
 *
 * @param now running time
 */
gboolean gst_t2v_schedule_too_slow(GstT2vSchedule *schedule, GstClockTime now,
                                   GstT2vLateness *lateness);

G_END_DECLS

#endif
