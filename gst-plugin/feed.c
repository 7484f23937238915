/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feed.h"

void gst_t2v_feed_init(GstT2vFeed *feed)
{
    gst_t2v_sound_init(&feed->sound);
    g_mutex_init(&feed->lock);
    g_cond_init(&feed->changed);
    gst_t2v_options_init(&feed->options);
    feed->drawn_seed = -1;
}

void gst_t2v_feed_clear(GstT2vFeed *feed)
{
    gst_t2v_feed_stop(feed);
    gst_t2v_sound_clear(&feed->sound);
    gst_t2v_options_clear(&feed->options);
    g_cond_clear(&feed->changed);
    g_mutex_clear(&feed->lock);
}

/* ------------------------------------------------------------------ the reader */

/** Puts a frame into the empty place. FALSE: the feed stops. */
static gboolean offer(GstT2vFeed *feed, t2v_frame *frame)
{
    g_mutex_lock(&feed->lock);
    while (feed->frame && !feed->stopping)
        g_cond_wait(&feed->changed, &feed->lock);
    gboolean stopping = feed->stopping;
    if (!stopping)
        feed->frame = frame;
    g_cond_broadcast(&feed->changed);
    g_mutex_unlock(&feed->lock);
    if (stopping)
        t2v_frame_release(&frame);
    return !stopping;
}

static gpointer read_frames(gpointer data)
{
    GstT2vFeed *feed = data;
    t2v_stream *stream = feed->reading;
    t2v_frame *frame;
    t2v_error error = {T2V_OK, ""};
    t2v_status status;
    while ((status = t2v_stream_next(stream, &frame, &error)) == T2V_OK)
        if (!offer(feed, frame))
            return NULL;
    error.status = status;
    g_mutex_lock(&feed->lock);
    if (!feed->stopping) /* another stream may follow, which wants the sound */
        gst_t2v_sound_idle(&feed->sound);
    feed->error = error;
    feed->ended = TRUE;
    g_cond_broadcast(&feed->changed);
    g_mutex_unlock(&feed->lock);
    return NULL;
}

/* ------------------------------------------------------------------ starting and stopping */

/* The lock is held, so that no option changes between being read and being the stream's. */
static t2v_status start(GstT2vFeed *feed, t2v_model *model, const t2v_stream_params *shape,
                        const char *sound, t2v_error *error)
{
    t2v_stream_params params = gst_t2v_options_stream_params(&feed->options, model);
    params.width = shape->width;
    params.height = shape->height;
    params.rate_num = shape->rate_num;
    params.rate_den = shape->rate_den;
    params.frames = shape->frames;
    if (params.seed < 0)
        params.seed = feed->drawn_seed;
    if (sound)
        params.audio = sound;
    const t2v_status status = t2v_stream_create(model, &params, &feed->stream, error);
    if (status < 0)
        return status;
    feed->drawn_seed = t2v_stream_seed(feed->stream);
    feed->ended = feed->stopping = FALSE;
    feed->reading = feed->stream;
    feed->reader = g_thread_new("t2v-feed", read_frames, feed);
    return T2V_OK;
}

t2v_status gst_t2v_feed_start(GstT2vFeed *feed, t2v_model *model, const t2v_stream_params *shape,
                              GstClockTime begin, t2v_error *error)
{
    char *sound;
    t2v_status status = gst_t2v_sound_open(&feed->sound, begin, &sound, error);
    if (status < 0)
        return status;
    g_mutex_lock(&feed->lock);
    status = start(feed, model, shape, sound, error);
    g_mutex_unlock(&feed->lock);
    if (status < 0)
        gst_t2v_sound_close(&feed->sound);
    g_free(sound);
    return status;
}

void gst_t2v_feed_stop(GstT2vFeed *feed)
{
    g_mutex_lock(&feed->lock);
    t2v_stream *stream = feed->stream;
    GThread *reader = feed->reader;
    feed->stopping = TRUE;
    feed->stream = NULL; /* from here on nobody else uses it but the reader */
    feed->reader = NULL;
    if (stream)
        t2v_stream_interrupt(stream);
    g_cond_broadcast(&feed->changed);
    g_mutex_unlock(&feed->lock);
    if (!stream)
        return;
    g_thread_join(reader);
    t2v_stream_destroy(&stream);
    t2v_frame_release(&feed->frame);
    gst_t2v_sound_close(&feed->sound);
}

gboolean gst_t2v_feed_is_running(GstT2vFeed *feed)
{
    g_mutex_lock(&feed->lock);
    gboolean running = feed->stream != NULL;
    g_mutex_unlock(&feed->lock);
    return running;
}

gint64 gst_t2v_feed_seed(GstT2vFeed *feed)
{
    g_mutex_lock(&feed->lock);
    gint64 seed = feed->stream ? t2v_stream_seed(feed->stream) : -1;
    g_mutex_unlock(&feed->lock);
    return seed;
}

int gst_t2v_feed_get_chunk(GstT2vFeed *feed)
{
    g_mutex_lock(&feed->lock);
    int chunk = feed->options.stream.chunk;
    g_mutex_unlock(&feed->lock);
    return chunk;
}

gboolean gst_t2v_feed_wants_alpha(GstT2vFeed *feed)
{
    g_mutex_lock(&feed->lock);
    gboolean wants = strcmp(feed->options.stream.alpha, "none") != 0;
    g_mutex_unlock(&feed->lock);
    return wants;
}

void gst_t2v_feed_forget_seed(GstT2vFeed *feed)
{
    g_mutex_lock(&feed->lock);
    feed->drawn_seed = -1;
    g_mutex_unlock(&feed->lock);
}

/* ------------------------------------------------------------------ frames */

void gst_t2v_feed_set_flushing(GstT2vFeed *feed, gboolean flushing)
{
    g_mutex_lock(&feed->lock);
    feed->flushing = flushing;
    g_cond_broadcast(&feed->changed);
    g_mutex_unlock(&feed->lock);
}

GstT2vFeedResult gst_t2v_feed_take(GstT2vFeed *feed, gint64 until, t2v_frame **frame,
                                   t2v_error *error)
{
    GstT2vFeedResult result;
    g_mutex_lock(&feed->lock);
    while (!feed->frame && !feed->ended && !feed->flushing)
        if (!g_cond_wait_until(&feed->changed, &feed->lock, until))
            break;
    if (feed->flushing) {
        result = GST_T2V_FEED_FLUSHING;
    } else if (feed->frame) {
        result = GST_T2V_FEED_FRAME;
        *frame = feed->frame;
        feed->frame = NULL;
        g_cond_broadcast(&feed->changed);
    } else if (feed->ended) {
        result = feed->error.status == T2V_END ? GST_T2V_FEED_END : GST_T2V_FEED_FAILED;
        *error = feed->error;
    } else {
        result = GST_T2V_FEED_TIMEOUT;
    }
    g_mutex_unlock(&feed->lock);
    return result;
}

/* ------------------------------------------------------------------ options */

static t2v_status set_live(t2v_stream *stream, const GValue *value, const GParamSpec *spec,
                           t2v_error *error)
{
    char *name = gst_t2v_option_name(spec), *text = gst_t2v_option_text(value);
    t2v_status status = t2v_stream_set(stream, name, text, error);
    g_free(name);
    g_free(text);
    return status;
}

t2v_status gst_t2v_feed_set(GstT2vFeed *feed, const GValue *value, GParamSpec *spec,
                            gboolean *changed, t2v_error *error)
{
    t2v_status status = T2V_OK;
    GValue old = G_VALUE_INIT;
    g_value_init(&old, spec->value_type);
    g_mutex_lock(&feed->lock);
    gst_t2v_options_get(&feed->options, &old, spec);
    *changed =
        feed->stream && gst_t2v_option_is_live(spec) && g_param_values_cmp(spec, &old, value);
    if (*changed)
        status = set_live(feed->stream, value, spec, error);
    if (status == T2V_OK)
        gst_t2v_options_set(&feed->options, value, spec);
    if (spec->param_id == GST_T2V_PROP_seed)
        feed->drawn_seed = -1;
    g_mutex_unlock(&feed->lock);
    g_value_unset(&old);
    return status;
}

void gst_t2v_feed_get(GstT2vFeed *feed, GValue *value, GParamSpec *spec)
{
    g_mutex_lock(&feed->lock);
    gst_t2v_options_get(&feed->options, value, spec);
    g_mutex_unlock(&feed->lock);
}

gboolean gst_t2v_feed_get_progress(GstT2vFeed *feed, t2v_progress *progress)
{
    g_mutex_lock(&feed->lock);
    gboolean running = feed->stream != NULL;
    if (running)
        t2v_stream_get_progress(feed->stream, progress);
    g_mutex_unlock(&feed->lock);
    return running;
}
