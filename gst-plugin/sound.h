/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The element's request pad for sound, and what it hands to the stream: a pipe with WAV, as the
 * option `audio` takes it.
 *
 * The first sample in the pipe belongs to the stream's first frame; a gap in the sound becomes
 * silence, what overlaps is left out. The pad's thread waits while the stream has enough, so that
 * no more than the pipe holds is ahead.
 */
#ifndef GST_T2V_SOUND_H
#define GST_T2V_SOUND_H

#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <t2v/t2v.h>

G_BEGIN_DECLS

typedef enum {
    GST_T2V_SOUND_WAITS, /**< for a stream */
    GST_T2V_SOUND_RUNS,  /**< into the pipe */
    GST_T2V_SOUND_IDLES, /**< nobody listens any more: what comes is left out */
} GstT2vSoundState;

/** All by `lock`, which the pad's thread holds except where it waits. */
typedef struct GstT2vSound {
    GMutex lock;
    GCond changed;
    gboolean flushing;
    GstT2vSoundState state;
    GstPad *pad;         /* NULL: none; the element's */
    int reader, writer;  /* the pipe's ends; -1: none */
    guint pipes;         /* that were opened so far */
    GstClockTime origin; /* running time of the first sample; NONE: of what comes first */
    GstSegment segment;
    GstAudioInfo info;
    gboolean ended;  /* the sound is */
    gboolean headed; /* the WAV header is written */
    gboolean stale;  /* what was written is over: a new stream is wanted */
    guint64 written; /* sample frames behind it */
} GstT2vSound;

void gst_t2v_sound_init(GstT2vSound *sound);
void gst_t2v_sound_clear(GstT2vSound *sound);

/** The pad's template. */
GstPadTemplate *gst_t2v_sound_template(void);

/** Makes a pad for an element that has none yet, to be added to it; NULL: it has one. */
GstPad *gst_t2v_sound_connect(GstT2vSound *sound, GstPadTemplate *template);
/** The pad goes; what is in the pipe is the end of the sound. */
void gst_t2v_sound_disconnect(GstT2vSound *sound);
/** Whether something gives sound. */
gboolean gst_t2v_sound_is_connected(GstT2vSound *sound);

/**
 * Makes the pipe of a stream that begins; the sound starts to run.
 *
 * @param origin running time of the stream's first frame; NONE: where the sound begins
 * @param path   receives the pipe's for the option `audio`, freed with g_free; NULL: nothing gives
 *               sound
 */
t2v_status gst_t2v_sound_open(GstT2vSound *sound, GstClockTime origin, char **path,
                              t2v_error *error);
/** Wants a new stream: the pad waits for it, and the one that runs hears no more. */
void gst_t2v_sound_await(GstT2vSound *sound);
/** Whether a new stream is wanted, since the sound was flushed: it is made with what comes now. */
gboolean gst_t2v_sound_is_stale(GstT2vSound *sound);
/** Sends a seek on to where the sound comes from. FALSE: nothing comes, or it cannot be sought. */
gboolean gst_t2v_sound_seek(GstT2vSound *sound, GstEvent *seek);
/** The stream has ended by itself: the pad takes what comes and leaves it out. */
void gst_t2v_sound_idle(GstT2vSound *sound);
/** Ends the pipe, after the stream. The sound waits for the next one. */
void gst_t2v_sound_close(GstT2vSound *sound);

/** Running time of the first sample; NONE: none has come. */
GstClockTime gst_t2v_sound_origin(GstT2vSound *sound);

/** How late the sound comes when it is live; 0: it is not. */
GstClockTime gst_t2v_sound_latency(GstT2vSound *sound);

/** The stream's frames are shown later by this from here on: as much sound is left out. */
void gst_t2v_sound_delay(GstT2vSound *sound, GstClockTime time);

G_END_DECLS

#endif
