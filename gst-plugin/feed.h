/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Frames of a t2v_stream, waited for in a way that can be given up without ending the stream.
 *
 * A stream that was interrupted is over, but an element that is flushed or paused goes on. So a
 * thread of the feed waits for the stream, and the element waits for the feed.
 */
#ifndef GST_T2V_FEED_H
#define GST_T2V_FEED_H

#include "options.h"
#include "sound.h"

G_BEGIN_DECLS

typedef struct GstT2vFeed {
    GstT2vSound sound; /* locks itself */
    GMutex lock;
    GCond changed;
    /* all below by `lock` */
    GstT2vOptions options;
    gint64 drawn_seed;  /* that seed -1 stands for until gst_t2v_feed_forget_seed; -1: none yet */
    t2v_stream *stream; /* NULL: none runs */
    GThread *reader;
    t2v_stream *reading; /* the reader's, which ends before this does */
    t2v_frame *frame;    /* the next one, NULL while it is made */
    gboolean stopping, flushing, ended;
    t2v_error error; /* when ended: why */
} GstT2vFeed;

void gst_t2v_feed_init(GstT2vFeed *feed);
void gst_t2v_feed_clear(GstT2vFeed *feed);

/**
 * Starts a stream of this size, rate and length with the options as they are.
 *
 * @param shape width, height, rate_num, rate_den and frames are used
 * @param begin as for gst_t2v_sound_open
 */
t2v_status gst_t2v_feed_start(GstT2vFeed *feed, t2v_model *model, const t2v_stream_params *shape,
                              GstClockTime begin, t2v_error *error);

/** Ends the stream, if there is one, within the time of t2v_stream_destroy. */
void gst_t2v_feed_stop(GstT2vFeed *feed);
gboolean gst_t2v_feed_is_running(GstT2vFeed *feed);

/** The seed of the stream that runs, whatever the property says by now; -1: none runs. */
gint64 gst_t2v_feed_seed(GstT2vFeed *feed);

/** The option `chunk`. */
int gst_t2v_feed_get_chunk(GstT2vFeed *feed);

/** Whether the pictures shall have alpha. */
gboolean gst_t2v_feed_wants_alpha(GstT2vFeed *feed);

/** The next stream with seed -1 draws a new one. */
void gst_t2v_feed_forget_seed(GstT2vFeed *feed);

/** While flushing nothing waits in gst_t2v_feed_take. Any thread; does not block. */
void gst_t2v_feed_set_flushing(GstT2vFeed *feed, gboolean flushing);

typedef enum {
    GST_T2V_FEED_FRAME,
    GST_T2V_FEED_TIMEOUT,
    GST_T2V_FEED_FLUSHING,
    GST_T2V_FEED_END,
    GST_T2V_FEED_FAILED,
} GstT2vFeedResult;

/**
 * Waits for the next frame.
 *
 * @param until g_get_monotonic_time at which to give up
 * @param frame receives the frame, to be released by the caller
 * @param error receives the failure
 */
GstT2vFeedResult gst_t2v_feed_take(GstT2vFeed *feed, gint64 until, t2v_frame **frame,
                                   t2v_error *error);

/**
 * Sets an option, also of the stream that runs when the option is a live one. Any thread.
 *
 * @param changed receives whether a stream that runs has got another value
 */
t2v_status gst_t2v_feed_set(GstT2vFeed *feed, const GValue *value, GParamSpec *spec,
                            gboolean *changed, t2v_error *error);
void gst_t2v_feed_get(GstT2vFeed *feed, GValue *value, GParamSpec *spec);

/** FALSE: no stream runs. */
gboolean gst_t2v_feed_get_progress(GstT2vFeed *feed, t2v_progress *progress);

G_END_DECLS

#endif
