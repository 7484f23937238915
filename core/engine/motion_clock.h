/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The clock of a scene that moves with a sound. */
#ifndef T2V_ENGINE_MOTION_CLOCK_H
#define T2V_ENGINE_MOTION_CLOCK_H

#include "media/audio_features.h"

/**
 * Which of the generated pictures become frames. Within a latent frame a decoder's pictures follow
 * each other evenly, so a surge is made of pictures that are left out: frame n shows the generated
 * picture that the clock has come to. Frames are whole pictures, never mixtures; none is shown
 * twice.
 *
 * The speed of the clock at frame n, which lasts t seconds, is
 *
 *     d(n) = 1 + amount · (f(n) − mean of f over the last four seconds), within 0.4 and 16
 *     f(n) = energy(n) / 2 + 8 · surge(n)
 *     surge(n) = max(onset(n)², e^(−t / 20 ms) · surge(n − 1))
 *
 * A chunk is generated at the pace of its slowest frame, h = min d, by the model's own time
 * coordinates; frame n then lies round(d(n) / h) pictures behind frame n − 1, 1 to 16. From 4 on it
 * is a leap, which goes on to the beginning of a latent frame: the seams there, where pictures may
 * differ more than elsewhere, fall on the beat. Without a sound, in silence and behind its end,
 * d = h = 1: plain motion.
 */
typedef struct t2v_motion_clock t2v_motion_clock;

/**
 * @param path        of the sound; NULL or "": every picture is shown, and the clock is NULL
 * @param frames      to be shown; -1: without end
 * @param ratio       pictures of a latent frame
 * @param interrupted as for t2v_audio_file_open
 * @param clock       ended by t2v_motion_clock_close
 */
t2v_status t2v_motion_clock_open(const char *path, int rate_num, int rate_den, int64_t frames,
                                 int64_t ratio, const atomic_bool *interrupted,
                                 t2v_motion_clock **clock, t2v_error *error);
void t2v_motion_clock_close(t2v_motion_clock **clock);

/**
 * Listens for as long as the next chunk lasts, and decides which of its pictures are shown. What
 * was decided before stays, also for pictures that were made in vain and are made again.
 *
 * @param clock  NULL is allowed, here and below
 * @param end    number of the first picture behind the chunk
 * @param amount the option audio_amount
 * @param pace   receives h, 0.4 to 16
 */
t2v_status t2v_motion_clock_plan(t2v_motion_clock *clock, int64_t end, double amount, double *pace,
                                 t2v_error *error);

/**
 * Whether a picture is shown, which makes it a frame. To be asked once for each, in order; those
 * between may be left out.
 */
bool t2v_motion_clock_shows(t2v_motion_clock *clock, int64_t picture);

/** Number of the picture that the next frame shows; without a clock, the frame's own number. */
int64_t t2v_motion_clock_next_picture(const t2v_motion_clock *clock, int64_t frame);

/** Frames that the pictures before this one show, which is not beyond what is planned. */
int64_t t2v_motion_clock_frame(const t2v_motion_clock *clock, int64_t picture);

#endif
