/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/video_end.h"

#include "base/memory.h"

t2v_status t2v_video_end_make(int64_t most, t2v_video_end **out, t2v_error *error)
{
    t2v_video_end *end = t2v_calloc(1, sizeof(*end));
    uint8_t **frame = t2v_calloc((size_t)most, sizeof(*frame));
    *out = NULL;
    if (!end || !frame) {
        t2v_free(frame);
        t2v_free(end);
        return t2v_fail_memory(error, "the end of a video", (size_t)most * sizeof(*frame));
    }
    end->slots = most;
    end->frame = frame;
    *out = end;
    return T2V_OK;
}

void t2v_video_end_destroy(t2v_video_end **out)
{
    t2v_video_end *end = *out;
    if (!end)
        return;
    for (int64_t i = 0; i < end->slots; i++)
        t2v_free(end->frame[i]);
    t2v_free(end->frame);
    t2v_free(end);
    *out = NULL;
}

t2v_status t2v_video_end_room(t2v_video_end *end, uint8_t **planes, t2v_error *error)
{
    uint8_t **slot = &end->frame[end->frames % end->slots];
    const size_t bytes = t2v_yuv_bytes(&end->layout);
    if (!*slot)
        *slot = t2v_alloc(bytes);
    *planes = *slot;
    return *slot ? T2V_OK : t2v_fail_memory(error, "a picture of a video", bytes);
}

void t2v_video_end_took(t2v_video_end *end)
{
    end->frames++;
}

int64_t t2v_video_end_count(const t2v_video_end *end)
{
    return end->frames < end->slots ? end->frames : end->slots;
}

double t2v_video_end_rate(const t2v_video_end *end)
{
    return end->rate_den ? (double)end->rate_num / end->rate_den : 0;
}

t2v_status t2v_video_end_picture(const t2v_video_end *end, int64_t index,
                                 const atomic_bool *interrupted, t2v_image *image, t2v_error *error)
{
    const int64_t number = end->frames - t2v_video_end_count(end) + index;
    return t2v_read_picture(&end->layout, end->frame[number % end->slots], interrupted, image,
                            error);
}
