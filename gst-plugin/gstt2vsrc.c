/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-t2vsrc
 * @title: t2vsrc
 *
 * Makes video from a text prompt on the CPU while the pipeline runs.
 *
 * |[
 * gst-launch-1.0 t2vsrc prompt="gold bokeh lights" ! videoconvert ! autovideosink
 * ]|
 *
 * Sound that comes to the request pad "audio" moves the scene.
 *
 * |[
 * gst-launch-1.0 pulsesrc ! audioconvert ! scene.audio
 *     t2vsrc name=scene is-live=true prompt="gold bokeh lights"
 *     ! queue ! videoconvert ! autovideosink
 * ]|
 *
 * Live properties and the custom upstream event "t2v" change the video while it runs.
 */
#include "gstt2vsrc.h"

#include "debug.h"
#include "feed.h"
#include "formats.h"
#include "messages.h"
#include "models.h"
#include "origin.h"
#include "schedule.h"
#include "steer.h"

GST_DEBUG_CATEGORY(gst_t2v_debug);

/* Progress is looked at, and reported when it has changed, this often while a frame is waited for.
 */
static const gint64 LOOK_EVERY = G_TIME_SPAN_SECOND / 5;
static const gint64 REPORT_EVERY = G_TIME_SPAN_SECOND / 2;

struct _GstT2vSrc {
    GstPushSrc parent;
    GstT2vFeed feed; /* locks itself */

    /* by the object lock */
    GstClockTime lead;
    GstClockTime latency; /* that the pipeline gives all its sinks */
    gboolean qos, post_messages;
    GstT2vSrcWhenLate when_late;
    GstClockTime earliest; /* running time before which downstream would be late again, or NONE */
    GstClockID waiting;    /* what the streaming thread waits for */
    gboolean unlocked;     /* it shall not wait */

    t2v_model *model; /* between start and stop, as is all below */
    t2v_model_info info;

    /* of the streaming thread */
    GstVideoInfo video;
    gint64 seed; /* of the stream that runs */
    GstT2vSchedule schedule;
    GstClockTime begin;     /* where a source that is not live puts its next first frame */
    gboolean restart;       /* the stream is to begin anew before the next frame */
    gboolean discont;       /* the next buffer does not follow the last one */
    t2v_frame *frame;       /* the last one, kept to be repeated */
    gboolean pending;       /* it has not been handed out yet */
    gint64 reported;        /* when progress was, in g_get_monotonic_time's microseconds */
    t2v_progress said;      /* the last report */
    guint64 late_when_said; /* frames repeated and dropped at the last QoS message */
};

G_DEFINE_TYPE(GstT2vSrc, gst_t2v_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(t2vsrc, "t2vsrc", GST_RANK_NONE, GST_TYPE_T2V_SRC,
                                      GST_DEBUG_CATEGORY_INIT(gst_t2v_debug, "t2vsrc", 0,
                                                              "video from text"))

enum {
    PROP_IS_LIVE = GST_T2V_PROPS,
    PROP_LEAD,
    PROP_QOS,
    PROP_WHEN_LATE,
    PROP_POST_MESSAGES,
};

/* ------------------------------------------------------------------ properties */

#define GST_TYPE_T2V_SRC_WHEN_LATE (gst_t2v_src_when_late_get_type())

static GType gst_t2v_src_when_late_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_T2V_SRC_REPEAT, "Hand the last frame out again; the rate stays constant", "repeat"},
        {GST_T2V_SRC_DROP, "Leave the frame's place empty", "drop"},
        {0, NULL, NULL},
    };
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstT2vSrcWhenLate", values));
    return type;
}

static gboolean posts_messages(GstT2vSrc *self)
{
    GST_OBJECT_LOCK(self);
    gboolean post = self->post_messages;
    GST_OBJECT_UNLOCK(self);
    return post;
}

static void report_change(GstT2vSrc *self, const GValue *value, GParamSpec *spec)
{
    t2v_progress progress;
    if (posts_messages(self) && gst_t2v_feed_get_progress(&self->feed, &progress))
        gst_t2v_post_changed(GST_ELEMENT(self), spec->name, value, progress.chunk + 1);
}

/** The engine would fail at the next chunk, so what is not UTF-8 is refused here. */
static gboolean is_text(const GValue *value)
{
    return !G_VALUE_HOLDS_STRING(value) || !g_value_get_string(value) ||
           g_utf8_validate(g_value_get_string(value), -1, NULL);
}

/** GstT2vSetOption */
static char *set_option(GstElement *element, const GValue *value, GParamSpec *spec)
{
    GstT2vSrc *self = GST_T2V_SRC(element);
    gboolean changed = FALSE;
    t2v_error error = {T2V_OK, ""};
    if (spec->param_id != GST_T2V_PROP_MODEL && !is_text(value))
        return g_strdup("the text is not valid UTF-8");
    if (gst_t2v_feed_set(&self->feed, value, spec, &changed, &error) < 0)
        return g_strdup(error.text);
    if (changed)
        report_change(self, value, spec);
    return NULL;
}

static void set_option_property(GstT2vSrc *self, const GValue *value, GParamSpec *spec)
{
    char *refusal = set_option(GST_ELEMENT(self), value, spec);
    if (refusal)
        gst_t2v_post_refused(GST_ELEMENT(self), spec->name, refusal);
    g_free(refusal);
}

static void set_lead(GstT2vSrc *self, GstClockTime lead)
{
    GST_OBJECT_LOCK(self);
    gboolean changed = self->lead != lead;
    self->lead = lead;
    GST_OBJECT_UNLOCK(self);
    if (changed && gst_base_src_is_live(GST_BASE_SRC(self)))
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

static void gst_t2v_src_set_property(GObject *object, guint id, const GValue *value,
                                     GParamSpec *spec)
{
    GstT2vSrc *self = GST_T2V_SRC(object);
    if (id < GST_T2V_PROPS) {
        set_option_property(self, value, spec);
        return;
    }
    if (id == PROP_LEAD) {
        set_lead(self, g_value_get_uint64(value));
        return;
    }
    if (id == PROP_IS_LIVE) {
        gst_base_src_set_live(GST_BASE_SRC(self), g_value_get_boolean(value));
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_QOS:
        self->qos = g_value_get_boolean(value);
        break;
    case PROP_WHEN_LATE:
        self->when_late = g_value_get_enum(value);
        break;
    case PROP_POST_MESSAGES:
        self->post_messages = g_value_get_boolean(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void gst_t2v_src_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    GstT2vSrc *self = GST_T2V_SRC(object);
    if (id < GST_T2V_PROPS) {
        gst_t2v_feed_get(&self->feed, value, spec);
        return;
    }
    if (id == PROP_IS_LIVE) {
        g_value_set_boolean(value, gst_base_src_is_live(GST_BASE_SRC(self)));
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_LEAD:
        g_value_set_uint64(value, self->lead);
        break;
    case PROP_QOS:
        g_value_set_boolean(value, self->qos);
        break;
    case PROP_WHEN_LATE:
        g_value_set_enum(value, self->when_late);
        break;
    case PROP_POST_MESSAGES:
        g_value_set_boolean(value, self->post_messages);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

/* ------------------------------------------------------------------ starting and stopping */

#define OWN_STRING(name, ...) params.name = g_strdup(params.name);
#define FREE_STRING(name, ...) g_free((char *)params.name);
#define LEAVE(...)

/** The options' strings may be replaced while the model opens. */
static t2v_status open_model(GstT2vSrc *self, t2v_error *error)
{
    g_mutex_lock(&self->feed.lock);
    t2v_model_params params = self->feed.options.model;
    char *path = g_strdup(self->feed.options.model_path);
    T2V_MODEL_OPTIONS(OWN_STRING, LEAVE, LEAVE)
    g_mutex_unlock(&self->feed.lock);
    t2v_status status = gst_t2v_model_get(path, &params, &self->model, error);
    T2V_MODEL_OPTIONS(FREE_STRING, LEAVE, LEAVE)
    g_free(path);
    return status;
}

static gboolean gst_t2v_src_start(GstBaseSrc *base)
{
    GstT2vSrc *self = GST_T2V_SRC(base);
    t2v_error error;
    if (open_model(self, &error) < 0) {
        gst_t2v_post_error(GST_ELEMENT(self), &error);
        return FALSE;
    }
    t2v_model_get_info(self->model, &self->info);
    gst_video_info_init(&self->video);
    gst_t2v_schedule_reset(&self->schedule);
    gst_t2v_feed_forget_seed(&self->feed);
    self->begin = 0;
    self->late_when_said = 0;
    self->restart = self->discont = FALSE;
    self->earliest = GST_CLOCK_TIME_NONE;
    return TRUE;
}

static gboolean gst_t2v_src_stop(GstBaseSrc *base)
{
    GstT2vSrc *self = GST_T2V_SRC(base);
    gst_t2v_feed_stop(&self->feed);
    t2v_frame_release(&self->frame);
    gst_t2v_model_put(&self->model);
    return TRUE;
}

static void set_unlocked(GstT2vSrc *self, gboolean unlocked)
{
    gst_t2v_feed_set_flushing(&self->feed, unlocked);
    GST_OBJECT_LOCK(self);
    self->unlocked = unlocked;
    if (unlocked && self->waiting)
        gst_clock_id_unschedule(self->waiting);
    GST_OBJECT_UNLOCK(self);
}

static gboolean gst_t2v_src_unlock(GstBaseSrc *base)
{
    set_unlocked(GST_T2V_SRC(base), TRUE);
    return TRUE;
}

static gboolean gst_t2v_src_unlock_stop(GstBaseSrc *base)
{
    set_unlocked(GST_T2V_SRC(base), FALSE);
    return TRUE;
}

/** With a known number of buffers the model makes just those frames. */
static gint64 count_frames(GstT2vSrc *self)
{
    int buffers;
    g_object_get(self, "num-buffers", &buffers, NULL);
    return buffers > 0 ? buffers : -1;
}

/** Through the base class, which puts tags into the stream where they belong. */
static void send_tags(GstT2vSrc *self)
{
    const GstT2vOrigin origin = {self->info.name, self->seed, 0, NULL};
    GstTagList *tags = gst_t2v_origin_tags(&origin);
    GST_ELEMENT_CLASS(gst_t2v_src_parent_class)
        ->send_event(GST_ELEMENT(self), gst_event_new_tag(tags));
}

static GstClockTime to_running_time(GstT2vSrc *self, GstClockTime position)
{
    return gst_segment_to_running_time(&GST_BASE_SRC(self)->segment, GST_FORMAT_TIME, position);
}

/** Begins the stream from its seed. */
static gboolean start_feed(GstT2vSrc *self)
{
    const t2v_stream_params shape = {
        .width = GST_VIDEO_INFO_WIDTH(&self->video),
        .height = GST_VIDEO_INFO_HEIGHT(&self->video),
        .rate_num = GST_VIDEO_INFO_FPS_N(&self->video),
        .rate_den = GST_VIDEO_INFO_FPS_D(&self->video),
        .frames = count_frames(self),
    };
    t2v_error error;
    gst_t2v_feed_stop(&self->feed);
    t2v_frame_release(&self->frame);
    self->restart = self->pending = FALSE;
    self->said = (t2v_progress){.chunk = -1};
    /* live sound is what it is when it comes; any other begins with the first frame */
    const GstClockTime begin = gst_base_src_is_live(GST_BASE_SRC(self))
                                   ? GST_CLOCK_TIME_NONE
                                   : to_running_time(self, self->begin);
    if (gst_t2v_feed_start(&self->feed, self->model, &shape, begin, &error) < 0) {
        gst_t2v_post_error(GST_ELEMENT(self), &error);
        return FALSE;
    }
    self->seed = gst_t2v_feed_seed(&self->feed);
    send_tags(self);
    if (posts_messages(self))
        gst_t2v_post_started(GST_ELEMENT(self), &self->info, self->seed, shape.width, shape.height);
    return TRUE;
}

/* ------------------------------------------------------------------ caps */

static GstCaps *gst_t2v_src_get_caps(GstBaseSrc *base, GstCaps *filter)
{
    GstCaps *caps = gst_t2v_formats_caps();
    if (gst_t2v_feed_wants_alpha(&GST_T2V_SRC(base)->feed))
        caps = gst_t2v_formats_prefer_alpha(caps);
    if (filter) {
        GstCaps *both = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
        gst_caps_unref(caps);
        caps = both;
    }
    return caps;
}

static GstCaps *gst_t2v_src_fixate(GstBaseSrc *base, GstCaps *caps)
{
    caps = gst_t2v_formats_fixate(caps, &GST_T2V_SRC(base)->info);
    return GST_BASE_SRC_CLASS(gst_t2v_src_parent_class)->fixate(base, caps);
}

/** The next stream's first frame takes the place of the next frame. */
static void begin_here(GstT2vSrc *self)
{
    if (GST_CLOCK_TIME_IS_VALID(self->schedule.first))
        self->begin = gst_t2v_schedule_time(&self->schedule, self->schedule.place);
    self->schedule.first = GST_CLOCK_TIME_NONE;
    self->schedule.place = 0;
}

static gboolean same_shape(const GstVideoInfo *a, const GstVideoInfo *b)
{
    return a->width == b->width && a->height == b->height && a->fps_n == b->fps_n &&
           a->fps_d == b->fps_d;
}

/** Starts the engine now, so that it is at work while a live pipeline is still paused. */
static gboolean gst_t2v_src_set_caps(GstBaseSrc *base, GstCaps *caps)
{
    GstT2vSrc *self = GST_T2V_SRC(base);
    GstVideoInfo video;
    if (!gst_video_info_from_caps(&video, caps))
        return FALSE;
    gboolean same = same_shape(&video, &self->video);
    self->video = video;
    if (same && gst_t2v_feed_is_running(&self->feed))
        return TRUE;
    begin_here(self);
    self->schedule.rate_num = video.fps_n;
    self->schedule.rate_den = video.fps_d;
    if (gst_base_src_is_live(base))
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
    return start_feed(self);
}

/** Downstream's pool if it has one, with whatever strides it likes. */
static gboolean gst_t2v_src_decide_allocation(GstBaseSrc *base, GstQuery *query)
{
    GstT2vSrc *self = GST_T2V_SRC(base);
    GstBufferPool *pool = NULL;
    guint size = (guint)GST_VIDEO_INFO_SIZE(&self->video), least = 0, most = 0;
    gboolean proposed = gst_query_get_n_allocation_pools(query) > 0;
    if (proposed) {
        guint theirs;
        gst_query_parse_nth_allocation_pool(query, 0, &pool, &theirs, &least, &most);
        size = MAX(size, theirs);
    }
    if (!pool)
        pool = gst_video_buffer_pool_new();

    GstStructure *config = gst_buffer_pool_get_config(pool);
    GstCaps *caps = NULL;
    gst_query_parse_allocation(query, &caps, NULL);
    if (caps)
        gst_buffer_pool_config_set_params(config, caps, size, least, most);
    if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL))
        gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config(pool, config);

    if (proposed)
        gst_query_set_nth_allocation_pool(query, 0, pool, size, least, most);
    else
        gst_query_add_allocation_pool(query, pool, size, least, most);
    gst_object_unref(pool);
    return GST_BASE_SRC_CLASS(gst_t2v_src_parent_class)->decide_allocation(base, query);
}

/* ------------------------------------------------------------------ time */

/** NONE when there is no clock. */
static GstClockTime running_time(GstT2vSrc *self)
{
    GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
    if (!clock)
        return GST_CLOCK_TIME_NONE;
    GstClockTime now = gst_clock_get_time(clock),
                 base = gst_element_get_base_time(GST_ELEMENT(self));
    gst_object_unref(clock);
    return now > base ? now - base : 0;
}

static GstClockTime to_position(GstT2vSrc *self, GstClockTime running)
{
    return gst_segment_position_from_running_time(&GST_BASE_SRC(self)->segment, GST_FORMAT_TIME,
                                                  running);
}

/** When the next frame is to be handed out. */
static GstClockTime due(GstT2vSrc *self)
{
    return to_running_time(self, gst_t2v_schedule_time(&self->schedule, self->schedule.place));
}

static gboolean is_paced(GstT2vSrc *self)
{
    return gst_base_src_is_live(GST_BASE_SRC(self)) && GST_CLOCK_TIME_IS_VALID(running_time(self));
}

static GstClockTime get_lead(GstT2vSrc *self)
{
    GST_OBJECT_LOCK(self);
    GstClockTime lead = self->lead;
    GST_OBJECT_UNLOCK(self);
    return lead;
}

/**
 * How long after its time a frame is ready that moves with live sound: the sound of a whole pass is
 * waited for, and the next one meanwhile.
 */
static GstClockTime get_sound_latency(GstT2vSrc *self)
{
    const int passes = 2, usual = 17; /* frames of a live pass, unless it is set */
    if (!gst_t2v_sound_is_connected(&self->feed.sound))
        return 0;
    const int chunk = gst_t2v_feed_get_chunk(&self->feed);
    return gst_t2v_schedule_duration(&self->schedule) * passes *
           (GstClockTime)(chunk > 0 ? chunk : usual);
}

/** How much later than its time a frame may be handed out. */
static GstClockTime get_allowance(GstT2vSrc *self)
{
    return get_lead(self) + get_sound_latency(self);
}

/**
 * The first frame of a live source is for the moment at which it is ready, or for that of the sound
 * that it moves with.
 */
static void begin_schedule(GstT2vSrc *self)
{
    self->schedule.first = self->begin;
    self->schedule.place = 0;
    if (is_paced(self)) {
        const GstClockTime sound = gst_t2v_sound_is_connected(&self->feed.sound)
                                       ? gst_t2v_sound_origin(&self->feed.sound)
                                       : GST_CLOCK_TIME_NONE;
        GstClockTime now =
            to_position(self, GST_CLOCK_TIME_IS_VALID(sound) ? sound : running_time(self));
        if (GST_CLOCK_TIME_IS_VALID(now) && now > self->begin)
            self->schedule.first = now;
    }
}

/** The stream is behind its places by some more, so its sound is too. */
static void fall_behind(GstT2vSrc *self, guint64 places)
{
    gst_t2v_sound_delay(&self->feed.sound, places * gst_t2v_schedule_duration(&self->schedule));
}

static void skip_to(GstT2vSrc *self, GstClockTime running)
{
    GstClockTime position = to_position(self, running);
    guint64 skipped =
        GST_CLOCK_TIME_IS_VALID(position) ? gst_t2v_schedule_skip_to(&self->schedule, position) : 0;
    if (skipped > 0) {
        self->discont = TRUE;
        fall_behind(self, skipped);
    }
}

/**
 * How late a frame may be handed out and yet be shown in time: by the latency of the pipeline. A
 * source without a queue behind it is late by nearly that much all the time, because its thread
 * waits in the sink.
 */
static GstClockTime get_patience(GstT2vSrc *self)
{
    GstClockTime own = get_allowance(self) + gst_t2v_schedule_duration(&self->schedule);
    GST_OBJECT_LOCK(self);
    GstClockTime patience = MAX(own, self->latency);
    GST_OBJECT_UNLOCK(self);
    return patience;
}

/** Leaves out the places for which any frame would be too late. */
static void skip_missed(GstT2vSrc *self)
{
    GST_OBJECT_LOCK(self);
    GstClockTime earliest = self->qos ? self->earliest : GST_CLOCK_TIME_NONE;
    GST_OBJECT_UNLOCK(self);
    if (GST_CLOCK_TIME_IS_VALID(earliest))
        skip_to(self, earliest);
    if (is_paced(self)) {
        GstClockTime patience = get_patience(self), now = running_time(self);
        if (now > due(self) + patience)
            skip_to(self, now - patience);
    }
}

/**
 * Waits for the moment of the next frame. The base class could, but it would delay all frames by
 * what happened to pass between the first frame's time and its own look at the clock.
 */
static GstFlowReturn wait_until_due(GstT2vSrc *self)
{
    GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
    GstClockReturn result = GST_CLOCK_UNSCHEDULED;
    if (!clock)
        return GST_FLOW_OK;
    GstClockTime time = gst_element_get_base_time(GST_ELEMENT(self)) + due(self);
    GST_OBJECT_LOCK(self);
    if (!self->unlocked) {
        GstClockID id = self->waiting = gst_clock_new_single_shot_id(clock, time);
        GST_OBJECT_UNLOCK(self);
        result = gst_clock_id_wait(id, NULL);
        GST_OBJECT_LOCK(self);
        self->waiting = NULL;
        gst_clock_id_unref(id);
    }
    GST_OBJECT_UNLOCK(self);
    gst_object_unref(clock);
    return result == GST_CLOCK_UNSCHEDULED ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

/* ------------------------------------------------------------------ messages while it runs */

static gboolean is_news(const t2v_progress *a, const t2v_progress *b)
{
    return a->chunk != b->chunk || a->phase != b->phase || a->step != b->step;
}

static void report_progress(GstT2vSrc *self)
{
    t2v_progress progress;
    gint64 now = g_get_monotonic_time();
    if (!posts_messages(self) || !gst_t2v_feed_get_progress(&self->feed, &progress) ||
        !is_news(&progress, &self->said))
        return;
    if (progress.chunk == self->said.chunk && now < self->reported + REPORT_EVERY)
        return;
    self->said = progress;
    self->reported = now;
    gst_t2v_post_progress(GST_ELEMENT(self), &progress);
}

/** A QoS message for what was repeated or left out since the last one. */
static void report_lateness(GstT2vSrc *self, GstClockTime position)
{
    GstT2vSchedule *s = &self->schedule;
    GstClockTime now = running_time(self), running = to_running_time(self, position);
    GstT2vLateness lateness;
    if (!GST_CLOCK_TIME_IS_VALID(now))
        return;
    if (s->repeated + s->dropped != self->late_when_said) {
        self->late_when_said = s->repeated + s->dropped;
        GstMessage *message = gst_message_new_qos(
            GST_OBJECT(self), gst_base_src_is_live(GST_BASE_SRC(self)), running,
            gst_segment_to_stream_time(&GST_BASE_SRC(self)->segment, GST_FORMAT_TIME, position),
            position, gst_t2v_schedule_duration(s));
        gst_message_set_qos_values(message, GST_CLOCK_DIFF(running, now), 1.0, 1000000);
        gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, s->handed_out - s->repeated,
                                  self->late_when_said);
        gst_element_post_message(GST_ELEMENT(self), message);
    }
    if (gst_t2v_schedule_too_slow(s, now, &lateness))
        gst_t2v_post_too_slow(GST_ELEMENT(self), &lateness);
}

/* ------------------------------------------------------------------ frames */

/**
 * Waits until self->frame is the next frame.
 *
 * @param deadline running time at which to be content with the last frame; NONE: never
 * @param late     receives whether it is still the last one
 */
static GstFlowReturn fetch(GstT2vSrc *self, GstClockTime deadline, gboolean *late)
{
    t2v_frame *frame;
    t2v_error error;
    *late = FALSE;
    for (;;) {
        gint64 wait = LOOK_EVERY;
        GstClockTime now = running_time(self);
        if (GST_CLOCK_TIME_IS_VALID(deadline) && GST_CLOCK_TIME_IS_VALID(now))
            wait = now < deadline ? MIN(wait, (gint64)((deadline - now + 999) / 1000)) : 0;
        report_progress(self);
        switch (gst_t2v_feed_take(&self->feed, g_get_monotonic_time() + wait, &frame, &error)) {
        case GST_T2V_FEED_FRAME:
            t2v_frame_release(&self->frame);
            self->frame = frame;
            self->pending = TRUE;
            return GST_FLOW_OK;
        case GST_T2V_FEED_TIMEOUT:
            *late = wait == 0;
            if (*late)
                return GST_FLOW_OK;
            break;
        case GST_T2V_FEED_FLUSHING:
            return GST_FLOW_FLUSHING;
        case GST_T2V_FEED_END:
            return GST_FLOW_EOS;
        case GST_T2V_FEED_FAILED:
            gst_t2v_post_error(GST_ELEMENT(self), &error);
            return GST_FLOW_ERROR;
        }
    }
}

/** Decides which frame comes next, and for when. */
static GstFlowReturn next_frame(GstT2vSrc *self)
{
    gboolean late;
    if (self->pending) /* it was ready when a pause came */
        return GST_FLOW_OK;
    if (!GST_CLOCK_TIME_IS_VALID(self->schedule.first)) {
        GstFlowReturn flow = fetch(self, GST_CLOCK_TIME_NONE, &late);
        if (flow == GST_FLOW_OK)
            begin_schedule(self);
        return flow;
    }
    GST_OBJECT_LOCK(self);
    GstT2vSrcWhenLate when_late = self->when_late;
    GST_OBJECT_UNLOCK(self);
    skip_missed(self);
    GstClockTime deadline = GST_CLOCK_TIME_NONE;
    if (is_paced(self) && when_late == GST_T2V_SRC_REPEAT && self->frame)
        deadline = due(self) + get_allowance(self);
    GstFlowReturn flow = fetch(self, deadline, &late);
    if (flow != GST_FLOW_OK)
        return flow;
    if (late) {
        self->schedule.repeated++;
        fall_behind(self, 1);
    } else if (!GST_CLOCK_TIME_IS_VALID(deadline)) {
        skip_missed(self);
    }
    return GST_FLOW_OK;
}

static GstFlowReturn write_frame(GstT2vSrc *self, GstBuffer *buffer)
{
    GstVideoFrame mapped;
    t2v_picture picture;
    t2v_error error;
    if (!gst_video_frame_map(&mapped, &self->video, buffer, GST_MAP_WRITE)) {
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, (NULL), ("a buffer could not be mapped"));
        return GST_FLOW_ERROR;
    }
    gst_t2v_formats_describe(&mapped, &picture);
    t2v_status status = t2v_frame_write(self->frame, &picture, &error);
    gst_video_frame_unmap(&mapped);
    if (status == T2V_OK)
        return GST_FLOW_OK;
    gst_t2v_post_error(GST_ELEMENT(self), &error);
    return GST_FLOW_ERROR;
}

static void stamp(GstT2vSrc *self, GstBuffer *buffer)
{
    GstT2vSchedule *s = &self->schedule;
    const GstT2vOrigin origin = {self->info.name, t2v_frame_seed(self->frame),
                                 t2v_frame_index(self->frame), t2v_frame_prompt_hash(self->frame)};
    gst_t2v_origin_mark(buffer, &origin);
    GST_BUFFER_PTS(buffer) = gst_t2v_schedule_time(s, s->place);
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer) = gst_t2v_schedule_time(s, s->place + 1) - GST_BUFFER_PTS(buffer);
    GST_BUFFER_OFFSET(buffer) = s->place;
    GST_BUFFER_OFFSET_END(buffer) = s->place + 1;
    if (self->discont)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    self->discont = self->pending = FALSE;
    s->place++;
    s->handed_out++;
}

/** Controlled properties have the values of the moment that the next frame is for. */
static void sync_values(GstT2vSrc *self)
{
    const GstT2vSchedule *s = &self->schedule;
    GstClockTime position =
        GST_CLOCK_TIME_IS_VALID(s->first) ? gst_t2v_schedule_time(s, s->place) : self->begin;
    GstClockTime time =
        gst_segment_to_stream_time(&GST_BASE_SRC(self)->segment, GST_FORMAT_TIME, position);
    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_object_sync_values(GST_OBJECT(self), time);
}

static GstFlowReturn make_buffer(GstT2vSrc *self, GstBuffer **buffer)
{
    GstBaseSrc *base = GST_BASE_SRC(self);
    GstFlowReturn flow = GST_BASE_SRC_GET_CLASS(base)->alloc(
        base, GST_BUFFER_OFFSET_NONE, (guint)GST_VIDEO_INFO_SIZE(&self->video), buffer);
    if (flow != GST_FLOW_OK)
        return flow;
    flow = write_frame(self, *buffer);
    if (flow == GST_FLOW_OK && is_paced(self))
        flow = wait_until_due(self);
    if (flow == GST_FLOW_OK)
        stamp(self, *buffer);
    else
        gst_clear_buffer(buffer);
    return flow;
}

/** A stream that can go on; FALSE: a new one was wanted and failed. */
static gboolean keep_feed(GstT2vSrc *self)
{
    if (gst_t2v_sound_is_stale(&self->feed.sound)) {
        begin_here(self);
        self->restart = TRUE;
    }
    return (!self->restart && gst_t2v_feed_is_running(&self->feed)) || start_feed(self);
}

static GstFlowReturn gst_t2v_src_create(GstPushSrc *push, GstBuffer **buffer)
{
    GstT2vSrc *self = GST_T2V_SRC(push);
    GstFlowReturn flow;
    if (!GST_VIDEO_INFO_WIDTH(&self->video))
        return GST_FLOW_NOT_NEGOTIATED;
    do { /* a frame whose sound was flushed meanwhile is none */
        if (!keep_feed(self))
            return GST_FLOW_ERROR;
        sync_values(self);
        flow = next_frame(self);
    } while (flow == GST_FLOW_OK && gst_t2v_sound_is_stale(&self->feed.sound));
    if (flow == GST_FLOW_OK)
        flow = make_buffer(self, buffer);
    if (flow == GST_FLOW_OK)
        report_lateness(self, GST_BUFFER_PTS(*buffer));
    return flow;
}

/* ------------------------------------------------------------------ seeking */

static gboolean gst_t2v_src_is_seekable(GstBaseSrc *base)
{
    (void)base;
    return TRUE;
}

/** Only the beginning can be sought, and what cannot be is refused before anything is flushed. */
static gboolean is_impossible_seek(GstEvent *event)
{
    double rate;
    GstFormat format;
    GstSeekType start_type;
    gint64 start;
    if (GST_EVENT_TYPE(event) != GST_EVENT_SEEK)
        return FALSE;
    gst_event_parse_seek(event, &rate, &format, NULL, &start_type, &start, NULL, NULL);
    return rate <= 0 || format != GST_FORMAT_TIME || start_type == GST_SEEK_TYPE_END ||
           (start_type == GST_SEEK_TYPE_SET && start != 0);
}

/**
 * Back at the beginning, the sound is wanted from its beginning too. Only with a flush: otherwise
 * the sound's thread would wait for the pictures, and the seek for the sound's thread.
 */
static void seek_sound(GstT2vSrc *self, GstEvent *event)
{
    GstSeekFlags flags;
    GstSeekType start_type;
    if (GST_EVENT_TYPE(event) != GST_EVENT_SEEK)
        return;
    gst_event_parse_seek(event, NULL, NULL, &flags, &start_type, NULL, NULL, NULL);
    if (!(flags & GST_SEEK_FLAG_FLUSH) || start_type != GST_SEEK_TYPE_SET ||
        !gst_t2v_feed_is_running(&self->feed))
        return;
    gst_t2v_sound_await(&self->feed.sound);
    gst_t2v_sound_seek(&self->feed.sound, event);
}

/** The streaming thread stands still meanwhile. */
static gboolean gst_t2v_src_do_seek(GstBaseSrc *base, GstSegment *segment)
{
    GstT2vSrc *self = GST_T2V_SRC(base);
    const gboolean fresh = !GST_CLOCK_TIME_IS_VALID(self->schedule.first);
    if (segment->format != GST_FORMAT_TIME)
        return FALSE;
    if (segment->position != 0) /* a new rate or stop: the stream goes on where it is */
        return !fresh;
    if (!fresh)
        self->restart = self->discont = TRUE;
    self->schedule.first = GST_CLOCK_TIME_NONE;
    self->schedule.place = 0;
    self->begin = 0;
    GST_OBJECT_LOCK(self);
    self->earliest = GST_CLOCK_TIME_NONE;
    GST_OBJECT_UNLOCK(self);
    return TRUE;
}

/* ------------------------------------------------------------------ queries and events */

static gboolean answer_latency(GstT2vSrc *self, GstQuery *query)
{
    if (!gst_base_src_is_live(GST_BASE_SRC(self)) || !self->schedule.rate_num)
        return FALSE;
    GstClockTime least = gst_t2v_schedule_duration(&self->schedule) + get_allowance(self) +
                         gst_t2v_sound_latency(&self->feed.sound);
    gst_query_set_latency(query, TRUE, least, GST_CLOCK_TIME_NONE);
    return TRUE;
}

static gboolean answer_duration(GstT2vSrc *self, GstQuery *query)
{
    GstFormat format;
    gint64 frames = count_frames(self);
    gst_query_parse_duration(query, &format, NULL);
    if (frames < 0 || !self->schedule.rate_num)
        return FALSE;
    if (format == GST_FORMAT_TIME)
        frames = gst_util_uint64_scale(frames, GST_SECOND * self->schedule.rate_den,
                                       self->schedule.rate_num);
    else if (format != GST_FORMAT_DEFAULT)
        return FALSE;
    gst_query_set_duration(query, format, frames);
    return TRUE;
}

/** Frames, bytes and time. */
static gboolean answer_convert(GstT2vSrc *self, GstQuery *query)
{
    GstCaps *caps = gst_pad_get_current_caps(GST_BASE_SRC_PAD(self));
    GstVideoInfo video;
    GstFormat from, to;
    gint64 value, converted;
    const gboolean known = caps && gst_video_info_from_caps(&video, caps);
    gst_clear_caps(&caps);
    gst_query_parse_convert(query, &from, &value, &to, NULL);
    if (!known || !gst_video_info_convert(&video, from, value, to, &converted))
        return FALSE;
    gst_query_set_convert(query, from, value, to, converted);
    return TRUE;
}

static gboolean gst_t2v_src_query(GstBaseSrc *base, GstQuery *query)
{
    GstT2vSrc *self = GST_T2V_SRC(base);
    GstFormat format;
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_LATENCY:
        if (answer_latency(self, query))
            return TRUE;
        break;
    case GST_QUERY_DURATION:
        if (answer_duration(self, query))
            return TRUE;
        break;
    case GST_QUERY_CONVERT:
        if (answer_convert(self, query))
            return TRUE;
        break;
    case GST_QUERY_SEEKING:
        gst_query_parse_seeking(query, &format, NULL, NULL, NULL);
        if (format == GST_FORMAT_TIME) {
            gst_query_set_seeking(query, format, TRUE, 0, 0);
            return TRUE;
        }
        break;
    default:
        break;
    }
    return GST_BASE_SRC_CLASS(gst_t2v_src_parent_class)->query(base, query);
}

static void note_qos(GstT2vSrc *self, GstEvent *event)
{
    GstClockTimeDiff late;
    GstClockTime time;
    gst_event_parse_qos(event, NULL, NULL, &late, &time);
    GST_OBJECT_LOCK(self);
    if (!GST_CLOCK_TIME_IS_VALID(time))
        self->earliest = GST_CLOCK_TIME_NONE;
    else if (late > 0) /* so far ahead that the next one is in time */
        self->earliest = time + 2 * late;
    else
        self->earliest = time;
    GST_OBJECT_UNLOCK(self);
}

static void note_latency(GstT2vSrc *self, GstEvent *event)
{
    GST_OBJECT_LOCK(self);
    gst_event_parse_latency(event, &self->latency);
    GST_OBJECT_UNLOCK(self);
}

static gboolean gst_t2v_src_event(GstBaseSrc *base, GstEvent *event)
{
    if (gst_t2v_is_steering(event))
        return gst_t2v_steer(GST_ELEMENT(base), event, set_option);
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS)
        note_qos(GST_T2V_SRC(base), event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_LATENCY)
        note_latency(GST_T2V_SRC(base), event);
    if (is_impossible_seek(event))
        return FALSE;
    seek_sound(GST_T2V_SRC(base), event);
    return GST_BASE_SRC_CLASS(gst_t2v_src_parent_class)->event(base, event);
}

static gboolean gst_t2v_src_send_event(GstElement *element, GstEvent *event)
{
    gboolean accepted = FALSE;
    if (!gst_t2v_is_steering(event) && !is_impossible_seek(event)) {
        seek_sound(GST_T2V_SRC(element), event);
        return GST_ELEMENT_CLASS(gst_t2v_src_parent_class)->send_event(element, event);
    }
    if (gst_t2v_is_steering(event))
        accepted = gst_t2v_steer(element, event, set_option);
    gst_event_unref(event);
    return accepted;
}

/* ------------------------------------------------------------------ the pad for sound */

static GstPad *gst_t2v_src_request_new_pad(GstElement *element, GstPadTemplate *template,
                                           const gchar *name, const GstCaps *caps)
{
    GstPad *pad = gst_t2v_sound_connect(&GST_T2V_SRC(element)->feed.sound, template);
    (void)name; /* there is one only */
    (void)caps;
    if (!pad)
        return NULL;
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(element, pad);
    return pad;
}

static void gst_t2v_src_release_pad(GstElement *element, GstPad *pad)
{
    gst_pad_set_active(pad, FALSE);
    gst_t2v_sound_disconnect(&GST_T2V_SRC(element)->feed.sound);
    gst_element_remove_pad(element, pad);
}

/* ------------------------------------------------------------------ class */

static void gst_t2v_src_init(GstT2vSrc *self)
{
    gst_t2v_feed_init(&self->feed);
    self->qos = self->post_messages = TRUE;
    self->earliest = GST_CLOCK_TIME_NONE;
    gst_t2v_schedule_reset(&self->schedule);
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}

static void gst_t2v_src_finalize(GObject *object)
{
    gst_t2v_feed_clear(&GST_T2V_SRC(object)->feed);
    G_OBJECT_CLASS(gst_t2v_src_parent_class)->finalize(object);
}

static void install_own_properties(GObjectClass *klass)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;
    g_object_class_install_property(
        klass, PROP_IS_LIVE,
        g_param_spec_boolean("is-live", "is-live",
                             "Hand frames out by the clock; otherwise as fast as they are made",
                             FALSE, flags | GST_PARAM_MUTABLE_READY));
    g_object_class_install_property(
        klass, PROP_LEAD,
        g_param_spec_uint64("lead", "lead",
                            "How far a live source runs ahead of what is shown: a frame may take "
                            "this much longer than usual, and the latency grows by it "
                            "(unit: nanoseconds)",
                            0, G_MAXINT64, 0, flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        klass, PROP_QOS,
        g_param_spec_boolean("qos", "qos",
                             "Leave out the times for which downstream says that it is too late",
                             TRUE, flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        klass, PROP_WHEN_LATE,
        g_param_spec_enum(
            "when-late", "when-late", "What a live source does when a frame is not ready in time",
            GST_TYPE_T2V_SRC_WHEN_LATE, GST_T2V_SRC_REPEAT, flags | GST_PARAM_MUTABLE_PLAYING));
    g_object_class_install_property(
        klass, PROP_POST_MESSAGES,
        g_param_spec_boolean("post-messages", "post-messages",
                             "Post element messages: t2v-started, t2v-progress, t2v-changed", TRUE,
                             flags | GST_PARAM_MUTABLE_PLAYING));
    gst_type_mark_as_plugin_api(GST_TYPE_T2V_SRC_WHEN_LATE, 0);
}

static void gst_t2v_src_class_init(GstT2vSrcClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseSrcClass *base = GST_BASE_SRC_CLASS(klass);

    object->set_property = gst_t2v_src_set_property;
    object->get_property = gst_t2v_src_get_property;
    object->finalize = gst_t2v_src_finalize;
    gst_t2v_options_install(object);
    install_own_properties(object);

    GstCaps *caps = gst_t2v_formats_caps();
    gst_element_class_add_pad_template(
        element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
    gst_caps_unref(caps);
    gst_element_class_add_pad_template(element, gst_t2v_sound_template());
    gst_element_class_set_static_metadata(element, "Video from text", "Source/Video",
                                          "Makes video from a text prompt on the CPU",
                                          "the libt2v project");
    element->send_event = gst_t2v_src_send_event;
    element->request_new_pad = gst_t2v_src_request_new_pad;
    element->release_pad = gst_t2v_src_release_pad;

    base->start = gst_t2v_src_start;
    base->stop = gst_t2v_src_stop;
    base->unlock = gst_t2v_src_unlock;
    base->unlock_stop = gst_t2v_src_unlock_stop;
    base->get_caps = gst_t2v_src_get_caps;
    base->fixate = gst_t2v_src_fixate;
    base->set_caps = gst_t2v_src_set_caps;
    base->decide_allocation = gst_t2v_src_decide_allocation;
    base->is_seekable = gst_t2v_src_is_seekable;
    base->do_seek = gst_t2v_src_do_seek;
    base->query = gst_t2v_src_query;
    base->event = gst_t2v_src_event;
    GST_PUSH_SRC_CLASS(klass)->create = gst_t2v_src_create;
}
