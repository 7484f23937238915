/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "debug.h"

/* Timestamps that jump by less are rounding, and the jitter of a live source. */
static const GstClockTime JITTER = 40 * GST_MSECOND;
static const gint64 LOOK_EVERY = 10 * G_TIME_SPAN_MILLISECOND; /* whether the pipe has room */

enum { SILENCE = 8192, HEADER = 44 }; /* bytes */

void gst_t2v_sound_init(GstT2vSound *s)
{
    memset(s, 0, sizeof(*s));
    g_mutex_init(&s->lock);
    g_cond_init(&s->changed);
    s->reader = s->writer = -1;
    s->origin = GST_CLOCK_TIME_NONE;
    gst_segment_init(&s->segment, GST_FORMAT_TIME);
    gst_audio_info_init(&s->info);
}

void gst_t2v_sound_clear(GstT2vSound *s)
{
    gst_t2v_sound_close(s);
    g_cond_clear(&s->changed);
    g_mutex_clear(&s->lock);
}

/* ------------------------------------------------------------------ the pipe; the lock is held */

static void close_end(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static void set_state(GstT2vSound *s, GstT2vSoundState state)
{
    s->state = state;
    g_cond_broadcast(&s->changed);
}

/** Waits for a stream. FALSE: flushing. */
static gboolean wait_for_stream(GstT2vSound *s)
{
    while (s->state == GST_T2V_SOUND_WAITS && !s->flushing)
        g_cond_wait(&s->changed, &s->lock);
    return !s->flushing;
}

/** Whether there is still the pipe that there was, and somebody who listens. */
static gboolean runs(const GstT2vSound *s, guint pipe)
{
    return s->state == GST_T2V_SOUND_RUNS && s->pipes == pipe && !s->flushing;
}

/** Writes all of it, unless the stream ends meanwhile or the pad is flushed. */
static void put(GstT2vSound *s, const guint8 *data, gsize size)
{
    const guint pipe = s->pipes;
    while (size && runs(s, pipe)) {
        const gssize written = write(s->writer, data, size);
        if (written > 0) {
            data += written;
            size -= (gsize)written;
        } else if (errno == EAGAIN) {
            g_cond_wait_until(&s->changed, &s->lock, g_get_monotonic_time() + LOOK_EVERY);
        } else if (errno != EINTR) {
            set_state(s, GST_T2V_SOUND_IDLES);
        }
    }
}

/** The header of a WAV file of unknown length, as programs write it to pipes. */
static void put_header(GstT2vSound *s)
{
    if (s->headed)
        return;
    const gboolean real = GST_AUDIO_INFO_IS_FLOAT(&s->info);
    const gboolean known = GST_AUDIO_INFO_IS_VALID(&s->info);
    const guint32 rate = known ? (guint32)GST_AUDIO_INFO_RATE(&s->info) : 8000;
    const guint16 frame = known ? (guint16)GST_AUDIO_INFO_BPF(&s->info) : 2;
    guint8 header[HEADER] = "RIFF\xff\xff\xff\xffWAVEfmt ";
    GST_WRITE_UINT32_LE(header + 16, 16);
    GST_WRITE_UINT16_LE(header + 20, known && real ? 3 : 1); /* IEEE float, PCM */
    GST_WRITE_UINT16_LE(header + 22, known ? GST_AUDIO_INFO_CHANNELS(&s->info) : 1);
    GST_WRITE_UINT32_LE(header + 24, rate);
    GST_WRITE_UINT32_LE(header + 28, rate * frame);
    GST_WRITE_UINT16_LE(header + 32, frame);
    GST_WRITE_UINT16_LE(header + 34, known ? GST_AUDIO_INFO_WIDTH(&s->info) : 16);
    memcpy(header + 36, "data\xff\xff\xff\xff", 8);
    if (write(s->writer, header, sizeof(header)) != sizeof(header)) /* an empty pipe has room */
        set_state(s, GST_T2V_SOUND_IDLES);
    s->headed = TRUE;
}

static void put_silence(GstT2vSound *s, guint64 frames)
{
    static const guint8 silence[SILENCE];
    const guint64 frame = (guint64)GST_AUDIO_INFO_BPF(&s->info);
    const guint pipe = s->pipes;
    s->written += frames;
    for (guint64 left = frames * frame; left && runs(s, pipe);) {
        const gsize bytes = left < SILENCE ? (gsize)left : SILENCE;
        put(s, silence, bytes);
        left -= bytes;
    }
}

/** The sound's end for the stream that listens. */
static void end(GstT2vSound *s, GstT2vSoundState next)
{
    if (s->writer >= 0)
        put_header(s);
    close_end(&s->writer);
    set_state(s, next);
}

/* ------------------------------------------------------------------ time; the lock is held */

static guint64 to_samples(const GstT2vSound *s, GstClockTime time)
{
    return gst_util_uint64_scale_round(time, (guint64)GST_AUDIO_INFO_RATE(&s->info), GST_SECOND);
}

/**
 * Fills a gap in front of what belongs to a running time.
 *
 * @return sample frames of it that are to be left out, for their time has passed
 */
static guint64 align(GstT2vSound *s, GstClockTime running)
{
    if (!GST_CLOCK_TIME_IS_VALID(s->origin))
        s->origin = running;
    const GstClockTime there =
        s->origin +
        gst_util_uint64_scale(s->written, GST_SECOND, (guint64)GST_AUDIO_INFO_RATE(&s->info));
    const GstClockTime jitter = s->written ? JITTER : 0;
    if (running > there + jitter)
        put_silence(s, to_samples(s, running - there));
    return running + jitter < there ? to_samples(s, there - running) : 0;
}

/* ------------------------------------------------------------------ the pad */

static GstFlowReturn take(GstT2vSound *s, GstBuffer *buffer)
{
    const gsize frame = (gsize)GST_AUDIO_INFO_BPF(&s->info);
    const guint pipe = s->pipes;
    const GstClockTime running =
        gst_segment_to_running_time(&s->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    GstMapInfo map;
    put_header(s);
    const guint64 late = GST_CLOCK_TIME_IS_VALID(running) ? align(s, running) : 0;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
        return GST_FLOW_ERROR;
    const guint64 frames = map.size / frame;
    if (late < frames && runs(s, pipe)) {
        s->written += frames - late;
        put(s, map.data + late * frame, (gsize)(frames - late) * frame);
    }
    gst_buffer_unmap(buffer, &map);
    return s->flushing ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

static GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    GstT2vSound *s = gst_pad_get_element_private(pad);
    GstFlowReturn flow = GST_FLOW_OK;
    (void)parent;
    g_mutex_lock(&s->lock);
    if (!GST_AUDIO_INFO_IS_VALID(&s->info))
        flow = GST_FLOW_NOT_NEGOTIATED;
    else if (!wait_for_stream(s))
        flow = GST_FLOW_FLUSHING;
    if (flow == GST_FLOW_OK)
        buffer = gst_audio_buffer_clip(buffer, &s->segment, GST_AUDIO_INFO_RATE(&s->info),
                                       GST_AUDIO_INFO_BPF(&s->info));
    if (flow == GST_FLOW_OK && buffer && s->state == GST_T2V_SOUND_RUNS)
        flow = take(s, buffer);
    g_mutex_unlock(&s->lock);
    gst_clear_buffer(&buffer);
    return flow;
}

/** FALSE: a WAV stream cannot change. */
static gboolean take_caps(GstT2vSound *s, GstEvent *event)
{
    GstCaps *caps;
    GstAudioInfo info;
    gst_event_parse_caps(event, &caps);
    if (!gst_audio_info_from_caps(&info, caps) ||
        (s->headed && !gst_audio_info_is_equal(&info, &s->info)))
        return FALSE;
    s->info = info;
    return TRUE;
}

static void take_gap(GstT2vSound *s, GstEvent *event)
{
    GstClockTime begin, length;
    gst_event_parse_gap(event, &begin, &length);
    const GstClockTime running = gst_segment_to_running_time(
        &s->segment, GST_FORMAT_TIME, begin + (GST_CLOCK_TIME_IS_VALID(length) ? length : 0));
    if (!GST_AUDIO_INFO_IS_VALID(&s->info) || !GST_CLOCK_TIME_IS_VALID(running) ||
        !wait_for_stream(s) || s->state != GST_T2V_SOUND_RUNS)
        return;
    put_header(s);
    align(s, running);
}

static void set_flushing(GstT2vSound *s, gboolean flushing)
{
    s->flushing = flushing;
    if (!flushing) {
        s->ended = FALSE;
        gst_segment_init(&s->segment, GST_FORMAT_TIME);
    }
    g_cond_broadcast(&s->changed);
}

/** What the stream has heard is none of the sound that comes now. */
static void end_flush(GstT2vSound *s)
{
    if (s->state == GST_T2V_SOUND_RUNS && s->headed) {
        s->stale = TRUE;
        end(s, GST_T2V_SOUND_WAITS);
    }
    set_flushing(s, FALSE);
}

/** FALSE: running times cannot be told. */
static gboolean take_segment(GstT2vSound *s, GstEvent *event)
{
    const GstSegment *segment;
    gst_event_parse_segment(event, &segment);
    if (segment->format != GST_FORMAT_TIME)
        return FALSE;
    s->segment = *segment;
    return TRUE;
}

static void take_end(GstT2vSound *s)
{
    s->ended = TRUE;
    if (wait_for_stream(s) && s->state == GST_T2V_SOUND_RUNS)
        end(s, GST_T2V_SOUND_IDLES);
}

static gboolean on_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    GstT2vSound *s = gst_pad_get_element_private(pad);
    gboolean handled = TRUE;
    (void)parent;
    g_mutex_lock(&s->lock);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        set_flushing(s, TRUE);
        break;
    case GST_EVENT_FLUSH_STOP:
        end_flush(s);
        break;
    case GST_EVENT_STREAM_START:
        s->ended = FALSE;
        break;
    case GST_EVENT_SEGMENT:
        handled = take_segment(s, event);
        break;
    case GST_EVENT_CAPS:
        handled = take_caps(s, event);
        break;
    case GST_EVENT_GAP:
        take_gap(s, event);
        break;
    case GST_EVENT_EOS:
        take_end(s);
        break;
    default: /* what the sound is called, say, is none of the picture's */
        break;
    }
    g_mutex_unlock(&s->lock);
    gst_event_unref(event);
    return handled;
}

static gboolean activate(GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
    GstT2vSound *s = gst_pad_get_element_private(pad);
    (void)parent;
    g_mutex_lock(&s->lock);
    set_flushing(s, !active);
    if (active)
        gst_audio_info_init(&s->info); /* the caps come anew */
    g_mutex_unlock(&s->lock);
    return mode == GST_PAD_MODE_PUSH;
}

GstPadTemplate *gst_t2v_sound_template(void)
{
    GstCaps *caps = gst_caps_from_string("audio/x-raw, format = (string) { F32LE, S16LE }, "
                                         "layout = (string) interleaved, "
                                         "rate = (int) [ 1, 768000 ], channels = (int) [ 1, 64 ]");
    GstPadTemplate *template = gst_pad_template_new("audio", GST_PAD_SINK, GST_PAD_REQUEST, caps);
    gst_caps_unref(caps);
    return template;
}

GstPad *gst_t2v_sound_connect(GstT2vSound *s, GstPadTemplate *template)
{
    GstPad *pad = NULL;
    g_mutex_lock(&s->lock);
    if (!s->pad) {
        pad = s->pad = gst_pad_new_from_template(template, "audio");
        gst_pad_set_element_private(pad, s);
        gst_pad_set_chain_function(pad, chain);
        gst_pad_set_event_function(pad, on_event);
        gst_pad_set_activatemode_function(pad, activate);
    }
    g_mutex_unlock(&s->lock);
    return pad;
}

void gst_t2v_sound_disconnect(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    if (s->state == GST_T2V_SOUND_RUNS)
        end(s, GST_T2V_SOUND_IDLES);
    s->pad = NULL;
    g_mutex_unlock(&s->lock);
}

gboolean gst_t2v_sound_is_connected(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    gboolean connected = s->pad && gst_pad_is_linked(s->pad);
    g_mutex_unlock(&s->lock);
    return connected;
}

/* ------------------------------------------------------------------ the stream */

/** The lock is held. */
static t2v_status make_pipe(GstT2vSound *s, t2v_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        error->status = T2V_ERROR_INTERNAL;
        g_snprintf(error->text, sizeof(error->text), "a pipe for the sound could not be made: %s",
                   g_strerror(errno));
        return error->status;
    }
    s->reader = ends[0];
    s->writer = ends[1];
    fcntl(s->writer, F_SETFL, O_NONBLOCK);
    return T2V_OK;
}

/** The lock is held. */
static t2v_status begin(GstT2vSound *s, GstClockTime origin, char **path, t2v_error *error)
{
    s->stale = FALSE;
    if (!s->pad || !gst_pad_is_linked(s->pad)) {
        set_state(s, GST_T2V_SOUND_IDLES);
        return T2V_OK;
    }
    if (make_pipe(s, error) < 0)
        return error->status;
    *path = g_strdup_printf("/dev/fd/%d", s->reader);
    s->pipes++;
    s->origin = origin;
    s->headed = FALSE;
    s->written = 0;
    set_state(s, GST_T2V_SOUND_RUNS);
    if (s->ended)
        end(s, GST_T2V_SOUND_IDLES);
    return T2V_OK;
}

t2v_status gst_t2v_sound_open(GstT2vSound *s, GstClockTime origin, char **path, t2v_error *error)
{
    *path = NULL;
    g_mutex_lock(&s->lock);
    const t2v_status status = begin(s, origin, path, error);
    g_mutex_unlock(&s->lock);
    return status;
}

void gst_t2v_sound_await(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    if (s->pad) {
        s->stale = TRUE;
        end(s, GST_T2V_SOUND_WAITS);
    }
    g_mutex_unlock(&s->lock);
}

gboolean gst_t2v_sound_is_stale(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    gboolean stale = s->stale;
    g_mutex_unlock(&s->lock);
    return stale;
}

/** The pad, to be used without the lock and given back; NULL: there is none. */
static GstPad *take_pad(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    GstPad *pad = s->pad ? gst_object_ref(s->pad) : NULL;
    g_mutex_unlock(&s->lock);
    return pad;
}

gboolean gst_t2v_sound_seek(GstT2vSound *s, GstEvent *seek)
{
    GstPad *pad = take_pad(s);
    const gboolean done = pad && gst_pad_push_event(pad, gst_event_ref(seek));
    gst_clear_object(&pad);
    return done;
}

void gst_t2v_sound_idle(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    if (s->state == GST_T2V_SOUND_RUNS)
        set_state(s, GST_T2V_SOUND_IDLES);
    g_mutex_unlock(&s->lock);
}

void gst_t2v_sound_close(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    close_end(&s->reader);
    close_end(&s->writer);
    s->headed = s->stale = FALSE;
    set_state(s, GST_T2V_SOUND_WAITS);
    g_mutex_unlock(&s->lock);
}

GstClockTime gst_t2v_sound_origin(GstT2vSound *s)
{
    g_mutex_lock(&s->lock);
    GstClockTime origin = s->origin;
    g_mutex_unlock(&s->lock);
    return origin;
}

GstClockTime gst_t2v_sound_latency(GstT2vSound *s)
{
    GstClockTime least = 0;
    gboolean live = FALSE;
    GstQuery *query = gst_query_new_latency();
    GstPad *pad = take_pad(s);
    if (pad && gst_pad_peer_query(pad, query))
        gst_query_parse_latency(query, &live, &least, NULL);
    gst_clear_object(&pad);
    gst_query_unref(query);
    return live ? least : 0;
}

void gst_t2v_sound_delay(GstT2vSound *s, GstClockTime time)
{
    g_mutex_lock(&s->lock);
    if (GST_CLOCK_TIME_IS_VALID(s->origin))
        s->origin += time;
    g_mutex_unlock(&s->lock);
}
