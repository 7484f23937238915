/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "video.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "engine/params.h"

static bool read_size(const video_flags *v, t2v_stream_params *params)
{
    long long width = params->width, height = params->height;
    int end = 0;
    if (v->size && (sscanf(v->size, "%lldx%lld%n", &width, &height, &end) != 2 || v->size[end])) {
        complain("--size: \"%s\" is not WIDTHxHEIGHT", v->size);
        return false;
    }
    if (v->width && !parse_number("width", v->width, 64, 8192, &width))
        return false;
    if (v->height && !parse_number("height", v->height, 64, 8192, &height))
        return false;
    if (width < 64 || width > 8192 || height < 64 || height > 8192) {
        complain("--size: %lldx%lld is out of range; wanted 64x64 to 8192x8192", width, height);
        return false;
    }
    params->width = (int)width;
    params->height = (int)height;
    return true;
}

static bool read_length(const video_flags *v, t2v_stream_params *params)
{
    long long frames;
    if (v->rate && !parse_rate(v->rate, &params->rate_num, &params->rate_den)) {
        complain("--rate: \"%s\" is no rate; wanted 24, 30000/1001 or the like", v->rate);
        return false;
    }
    if (v->frames) {
        if (!parse_number("frames", v->frames, -1, 1LL << 40, &frames))
            return false;
        params->frames = frames;
    }
    if (v->duration) {
        char *end;
        double seconds = strtod(v->duration, &end);
        if (end == v->duration || *end || !(seconds == -1 || (seconds > 0 && seconds < 1e9))) {
            complain("--duration: \"%s\" is no time in seconds (-1: without end)", v->duration);
            return false;
        }
        params->frames = seconds < 0 ? -1 : t2v_params_frames(params, seconds);
    }
    if (params->loop > 0 && !v->frames && !v->duration)
        params->frames = -1;
    t2v_params_settle(params);
    return true;
}

bool video_flags_apply(const video_flags *video, flags *flags, bool compared,
                       t2v_stream_params *params)
{
    if (!flags_apply(flags, 1, params) || !read_size(video, params) || !read_length(video, params))
        return false;
    if ((compared || flags_given(flags, "noise")) && !flags_given(flags, "chunk"))
        params->chunk = 0;
    return true;
}
