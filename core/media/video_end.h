/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The last pictures of a video, which come one after another; ended by t2v_video_end_destroy. */
#ifndef T2V_MEDIA_VIDEO_END_H
#define T2V_MEDIA_VIDEO_END_H

#include "media/image.h"
#include "media/read_picture.h"

struct t2v_video_end {
    t2v_yuv_layout layout;
    int rate_num, rate_den; /**< pictures per second; 0: not known */
    int64_t slots, frames;  /**< pictures that are kept; pictures that came */
    uint8_t **frame;        /**< [slots]: picture n in slot n % slots */
};

/** @param most how many are kept, 1 or more */
t2v_status t2v_video_end_make(int64_t most, t2v_video_end **end, t2v_error *error);

/**
 * Room for the next picture, in place of the oldest one when there are enough. It counts from
 * t2v_video_end_took on. Until the first one the layout may change.
 */
t2v_status t2v_video_end_room(t2v_video_end *end, uint8_t **planes, t2v_error *error);
void t2v_video_end_took(t2v_video_end *end);

/** Pictures that there are. */
int64_t t2v_video_end_count(const t2v_video_end *end);

/** Pictures per second; 0: not known. */
double t2v_video_end_rate(const t2v_video_end *end);

/**
 * One of them as RGB.
 *
 * @param index       0 to count - 1, in order of time
 * @param interrupted read now and then: true ends the work with T2V_INTERRUPTED; may be NULL
 * @param image       ended by t2v_image_free; empty on failure
 */
t2v_status t2v_video_end_picture(const t2v_video_end *end, int64_t index,
                                 const atomic_bool *interrupted, t2v_image *image,
                                 t2v_error *error);

#endif
