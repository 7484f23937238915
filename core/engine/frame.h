/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A finished picture, and the queue between the engine thread and the caller. */
#ifndef T2V_ENGINE_FRAME_H
#define T2V_ENGINE_FRAME_H

#include <stdbool.h>

#include "base/error.h"
#include "media/write_picture.h"

enum { T2V_PROMPT_HASH_SIZE = 17 }; /* 16 hexadecimal digits and a NUL */

struct t2v_frame {
    struct t2v_frame *next; /* in the queue */
    int64_t index;
    int width, height;
    t2v_alpha alpha;
    char prompt_hash[T2V_PROMPT_HASH_SIZE];
    int64_t seed;
    float *rgb; /* [3, height, width] */
};

/**
 * The middle `width` × `height` of a picture [3, full_height, full_width].
 */
t2v_status t2v_frame_create(const float *rgb, int64_t full_height, int64_t full_width, int width,
                            int height, int64_t index, t2v_frame **frame, t2v_error *error);

/**
 * Finished frames that may wait: enough to go on while a new scene's first chunk is denoised, and
 * few, because a new scene waits for them; but no more than some bytes, and never fewer than two.
 *
 * @param limited as few as may be, to save memory
 */
int t2v_frames_waiting(int width, int height, bool limited);

#endif
