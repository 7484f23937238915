/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Sound from files and pipes, mixed to one channel. */
#ifndef T2V_MEDIA_AUDIO_FILE_H
#define T2V_MEDIA_AUDIO_FILE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"

/** The most channels and samples a second that are read. */
enum { T2V_AUDIO_CHANNELS = 64, T2V_AUDIO_RATE = 768000 };

/** An open sound, read block by block: memory does not depend on its length. */
typedef struct t2v_audio_file t2v_audio_file;

/** Whether there is sound that can be read. A pipe is taken at its word: looking would take from
 * it. */
t2v_status t2v_audio_file_probe(const char *path, t2v_error *error);

/**
 * Opens what libsndfile reads: WAV, FLAC, Ogg (Vorbis, Opus), MP3, AIFF, AU … A named pipe or
 * /dev/stdin may hold what libsndfile reads without going back, as WAV and AU.
 *
 * @param interrupted read while a pipe is waited for; true ends the waiting; may be NULL; outlives
 *                    the file
 * @param file        receives the sound, ended by t2v_audio_file_close; NULL on failure
 */
t2v_status t2v_audio_file_open(const char *path, const atomic_bool *interrupted,
                               t2v_audio_file **file, t2v_error *error);
void t2v_audio_file_close(t2v_audio_file **file);

/** Samples a second, 1 to T2V_AUDIO_RATE. */
int t2v_audio_file_rate(const t2v_audio_file *file);

/**
 * The next sample: the mean of the channels, full scale being 1. Numbers that are none count as
 * silence, those beyond 8 as 8.
 *
 * @param ended  set when no sample is left; *sample is 0 then
 * @return T2V_INTERRUPTED, or a failure to read
 */
t2v_status t2v_audio_file_next(t2v_audio_file *file, float *sample, bool *ended, t2v_error *error);

#endif
