/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The flags that say how large and how long a video is. */
#ifndef T2V_TOOLS_VIDEO_H
#define T2V_TOOLS_VIDEO_H

#include <stdbool.h>

#include "flags.h"
#include "t2v/t2v.h"

/** What the command line says; NULL: nothing. */
typedef struct video_flags {
    const char *size, *width, *height, *frames, *duration, *rate;
} video_flags;

/** Lines for a table of flags that fill in `video`, a video_flags *. */
#define VIDEO_FLAGS(video)                                                                         \
    {"size", "WxH", "size in pixels, 64 to 8192 each", &(video)->size, NULL},                      \
        {"width", "N", "width in pixels", &(video)->width, NULL},                                  \
        {"height", "N", "height in pixels", &(video)->height, NULL},                               \
        {"frames", "N", "number of frames; -1: without end", &(video)->frames, NULL},              \
        {"duration", "SECONDS", "length instead of a number of frames; -1: without end",           \
         &(video)->duration, NULL},                                                                \
    {                                                                                              \
        "rate", "R", "frames per second: 24, 30000/1001 …", &(video)->rate, NULL                   \
    }

/**
 * Puts what was given into params, the stream's options too; false after a message on standard
 * error.
 *
 * @param compared the numbers of the run will be compared with one pass of the reference, as those
 *                 with --noise: then it is one pass too, unless --chunk says otherwise
 */
bool video_flags_apply(const video_flags *video, flags *flags, bool compared,
                       t2v_stream_params *params);

#endif
