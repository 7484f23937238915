/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/frame.h"

#include <string.h>

#include "base/memory.h"

t2v_status t2v_frame_create(const float *rgb, int64_t full_height, int64_t full_width, int width,
                            int height, int64_t index, t2v_frame **out, t2v_error *error)
{
    const size_t pixels = (size_t)width * (size_t)height;
    t2v_frame *frame = t2v_calloc(1, sizeof(*frame));
    float *copy = t2v_alloc(3 * pixels * sizeof(*copy));
    *out = NULL;
    if (!frame || !copy) {
        t2v_free(frame);
        t2v_free(copy);
        return t2v_fail_memory(error, "a frame", 3 * pixels * sizeof(*copy));
    }
    const int64_t top = (full_height - height) / 2, left = (full_width - width) / 2;
    for (int64_t plane = 0; plane < 3; plane++)
        for (int64_t y = 0; y < height; y++)
            memcpy(copy + ((size_t)plane * (size_t)height + (size_t)y) * (size_t)width,
                   rgb + ((plane * full_height + top + y) * full_width + left),
                   (size_t)width * sizeof(*copy));
    *frame = (t2v_frame){.index = index, .width = width, .height = height, .rgb = copy};
    *out = frame;
    return T2V_OK;
}

void t2v_frame_release(t2v_frame **frame)
{
    if (!*frame)
        return;
    t2v_free((*frame)->rgb);
    t2v_free(*frame);
    *frame = NULL;
}

int64_t t2v_frame_index(const t2v_frame *frame)
{
    return frame->index;
}

const char *t2v_frame_prompt_hash(const t2v_frame *frame)
{
    return frame->prompt_hash;
}

int64_t t2v_frame_seed(const t2v_frame *frame)
{
    return frame->seed;
}

const float *t2v_frame_rgb(const t2v_frame *frame, int *width, int *height)
{
    *width = frame->width;
    *height = frame->height;
    return frame->rgb;
}

t2v_status t2v_frame_write(const t2v_frame *frame, const t2v_picture *picture, t2v_error *error)
{
    return t2v_write_picture(frame->rgb, frame->width, frame->height, frame->alpha, frame->index,
                             picture, error);
}

enum { LEAST_WAITING = 2, WAITING = 16 };
static const size_t WAITING_BYTES = (size_t)256 << 20;

int t2v_frames_waiting(int width, int height, bool limited)
{
    const size_t bytes = limited ? 0 : WAITING_BYTES;
    const size_t fits = bytes / (3 * sizeof(float) * (size_t)width * (size_t)height);
    return fits > WAITING ? WAITING : fits < LEAST_WAITING ? LEAST_WAITING : (int)fits;
}
