/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule.h"

static const GstClockTime WINDOW = 2 * GST_SECOND, BETWEEN_WARNINGS = 10 * GST_SECOND;
enum { LATE_ONE_IN = 20 };

void gst_t2v_schedule_reset(GstT2vSchedule *s)
{
    *s = (GstT2vSchedule){
        .rate_num = s->rate_num,
        .rate_den = s->rate_den,
        .first = GST_CLOCK_TIME_NONE,
        .window_begin = GST_CLOCK_TIME_NONE,
        .last_warning = GST_CLOCK_TIME_NONE,
    };
}

static GstClockTime after_first(const GstT2vSchedule *s, guint64 place)
{
    return gst_util_uint64_scale(place, s->rate_den * GST_SECOND, s->rate_num);
}

GstClockTime gst_t2v_schedule_time(const GstT2vSchedule *s, guint64 place)
{
    return s->first + after_first(s, place);
}

GstClockTime gst_t2v_schedule_duration(const GstT2vSchedule *s)
{
    return after_first(s, 1);
}

guint64 gst_t2v_schedule_skip_to(GstT2vSchedule *s, GstClockTime time)
{
    const guint64 before = s->place;
    if (time <= gst_t2v_schedule_time(s, s->place))
        return 0;
    s->place = gst_util_uint64_scale_ceil(time - s->first, s->rate_num, s->rate_den * GST_SECOND);
    if (s->place < before) /* rounding */
        s->place = before;
    s->dropped += s->place - before;
    return s->place - before;
}

static void begin_window(GstT2vSchedule *s, GstClockTime now)
{
    s->window_begin = now;
    s->window_handed_out = s->handed_out;
    s->window_repeated = s->repeated;
    s->window_dropped = s->dropped;
}

gboolean gst_t2v_schedule_too_slow(GstT2vSchedule *s, GstClockTime now, GstT2vLateness *lateness)
{
    if (!GST_CLOCK_TIME_IS_VALID(s->window_begin))
        begin_window(s, now);
    if (now < s->window_begin + WINDOW)
        return FALSE;
    const guint64 repeated = s->repeated - s->window_repeated;
    const guint64 late = repeated + s->dropped - s->window_dropped;
    const guint64 made = s->handed_out - s->window_handed_out - repeated;
    *lateness = (GstT2vLateness){
        .made = (double)made * GST_SECOND / (double)(now - s->window_begin),
        .wanted = (double)s->rate_num / s->rate_den,
        .processed = s->handed_out,
        .repeated = s->repeated,
        .dropped = s->dropped,
    };
    begin_window(s, now);
    if (late * LATE_ONE_IN <= made + late)
        return FALSE;
    if (GST_CLOCK_TIME_IS_VALID(s->last_warning) && now < s->last_warning + BETWEEN_WARNINGS)
        return FALSE;
    s->last_warning = now;
    return TRUE;
}
