/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What of a sound moves a picture: its loudness and its onsets, frame of video by frame. */
#ifndef T2V_MEDIA_AUDIO_FEATURES_H
#define T2V_MEDIA_AUDIO_FEATURES_H

#include "media/audio_file.h"

/** The features of one frame of video: of the samples from its beginning to the next one's. */
typedef struct t2v_audio_features {
    float energy; /**< loudness (RMS), 0 to 1: the loudest of the last seconds */
    float onset;  /**< strongest onset, 0 to 1: the strongest of the last seconds */
    bool sound;   /**< false behind the end of the sound, where the others are 0 */
} t2v_audio_features;

/** A sound that is being listened to, sample by sample: constant memory, and no look ahead. */
typedef struct t2v_audio_listener t2v_audio_listener;

/**
 * Energy is the root of the power, smoothed over a tenth of a second.
 *
 * Onsets are the energy flux of three bands (below 150 Hz, up to 2 kHz, above; split by one-pole
 * filters): the rise of the logarithm of a band's power over its highest of the last 35 ms (the
 * maximum that keeps a tone's ripple out: Böck and Widmer, DAFx 2013), added up, above a threshold
 * that follows the mean flux (Bello et al., IEEE TSAP 13(5), 2005). The beginning of the sound is
 * none.
 *
 * Both are divided by a running maximum that is forgotten over some ten seconds, but which is
 * never less than that of a sound of -40 dB, so that silence and its noise stay at 0.
 *
 * @param rate_num,rate_den frames of video a second
 * @param interrupted       as for t2v_audio_file_open
 * @param listener          ended by t2v_audio_listener_close; NULL on failure
 */
t2v_status t2v_audio_listener_open(const char *path, int rate_num, int rate_den,
                                   const atomic_bool *interrupted, t2v_audio_listener **listener,
                                   t2v_error *error);
void t2v_audio_listener_close(t2v_audio_listener **listener);

/** The features of the next frame of video. */
t2v_status t2v_audio_listen(t2v_audio_listener *listener, t2v_audio_features *features,
                            t2v_error *error);

#endif
