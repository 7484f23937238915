/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/bands.h"

#include <string.h>

#include "ops/profile.h"

int64_t t2v_bands_start(const t2v_bands *bands, int place)
{
    return t2v_team_start(&bands->team, bands->rows, place);
}

/* How often the picture is enlarged where the band has h rows. */
static int64_t scale(const t2v_bands *b, int64_t h)
{
    const int place = t2v_team_place(&b->team);
    return h / (t2v_bands_start(b, place + 1) - t2v_bands_start(b, place));
}

int64_t t2v_bands_whole(const t2v_exec *exec, int64_t h)
{
    const t2v_bands *b = exec->bands;
    return b ? b->rows * scale(b, h) : h;
}

int64_t t2v_bands_above(const t2v_exec *exec, int64_t h)
{
    const t2v_bands *b = exec->bands;
    return b ? t2v_bands_start(b, t2v_team_place(&b->team)) * scale(b, h) : 0;
}

static int work_begin(const t2v_exec *exec, int64_t floats)
{
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * sizeof(float) * (double)floats,
    };
    return t2v_work_begin(exec, &work);
}

/* Frames, `row` floats of each, which are so many floats apart. */
static void copy_each(const float *from, int64_t from_stride, int64_t frames, int64_t row,
                      float *to, int64_t to_stride)
{
    for (int64_t i = 0; i < frames; i++)
        memcpy(to + i * to_stride, from + i * from_stride, (size_t)row * sizeof(float));
}

/*
 * The rows at one end of each frame go to the neighbour there, while those of the other neighbour
 * come. Where none is, `edge` stays zero.
 *
 * @param step 1: down, -1: up
 */
static t2v_status pass(t2v_exec *exec, int step, const float *x, int64_t frame, int64_t frames,
                       int64_t edge, float *wide, int64_t wide_frame)
{
    float *out = t2v_exec_floats(exec, (size_t)frames, (size_t)edge);
    float *in = t2v_exec_floats(exec, (size_t)frames, (size_t)edge);
    if (!out || !in)
        return T2V_ERROR_MEMORY;
    memset(in, 0, (size_t)(frames * edge) * sizeof(*in));
    copy_each(step > 0 ? x + frame - edge : x, frame, frames, edge, out, edge);
    T2V_TRY(t2v_team_pass(&exec->bands->team, step, out, in, (size_t)(frames * edge), exec->error));
    copy_each(in, edge, frames, edge, step > 0 ? wide : wide + wide_frame - edge, wide_frame);
    return T2V_OK;
}

t2v_status t2v_bands_widen(t2v_exec *exec, const float *x, int64_t frames, int64_t h, int64_t row,
                           int64_t reach, float *wide)
{
    const int64_t frame = h * row, edge = reach * row, wide_frame = frame + 2 * edge;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    const int before = work_begin(exec, frames * wide_frame);
    copy_each(x, frame, frames, frame, wide + edge, wide_frame);
    t2v_status status = pass(exec, 1, x, frame, frames, edge, wide, wide_frame);
    if (status >= 0)
        status = pass(exec, -1, x, frame, frames, edge, wide, wide_frame);
    t2v_work_end(exec, before);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

t2v_status t2v_bands_gather(t2v_exec *exec, float *whole, int64_t h, int64_t row)
{
    const t2v_bands *b = exec->bands;
    if (!b)
        return T2V_OK;
    const int before = work_begin(exec, t2v_bands_whole(exec, h) * row);
    t2v_status status = t2v_team_gather(&b->team, whole, b->rows, scale(b, h) * row, exec->error);
    t2v_work_end(exec, before);
    return status;
}
