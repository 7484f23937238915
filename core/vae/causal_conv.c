/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vae/causal_conv.h"

#include <string.h>

#include "ops/elementwise.h"

static size_t frame_floats(const t2v_conv_state *state)
{
    return (size_t)(state->h * state->w * t2v_conv3d_inputs(state->conv));
}

static int64_t reach(const t2v_conv_state *state)
{
    return t2v_conv3d_kernel_time(state->conv) - 1;
}

/* Frames of padding in front of the clip, and behind it. */
static int64_t padding_before(const t2v_conv_state *state)
{
    return state->causal ? reach(state) : reach(state) / 2;
}

static int64_t padding_behind(const t2v_conv_state *state)
{
    return state->causal ? 0 : reach(state) / 2;
}

/* Frames in front of the new ones in a call. */
static int64_t lead(const t2v_conv_state *state)
{
    return state->started ? state->kept_frames : padding_before(state);
}

t2v_status t2v_conv_state_init(t2v_conv_state *state, const t2v_conv3d *conv, int64_t h, int64_t w,
                               bool causal, t2v_error *error)
{
    *state = (t2v_conv_state){.conv = conv, .h = h, .w = w, .causal = causal};
    size_t floats = frame_floats(state) * (size_t)reach(state);
    state->kept = t2v_alloc(floats * sizeof(float));
    return state->kept ? T2V_OK
                       : t2v_fail_memory(error, "the decoder's memory", floats * sizeof(float));
}

size_t t2v_conv_state_bytes(const t2v_conv_state *state)
{
    return state->kept ? frame_floats(state) * (size_t)reach(state) * sizeof(float) : 0;
}

void t2v_conv_state_free(t2v_conv_state *state)
{
    t2v_free(state->kept);
    memset(state, 0, sizeof(*state));
}

static int64_t total_frames(const t2v_conv_state *state, int64_t frames, bool last)
{
    if (!state->started && frames == 0)
        return 0;
    return lead(state) + frames + (last ? padding_behind(state) : 0);
}

int64_t t2v_conv_state_outputs(const t2v_conv_state *state, int64_t frames, bool last)
{
    int64_t outputs = total_frames(state, frames, last) - reach(state);
    return outputs > 0 ? outputs : 0;
}

t2v_status t2v_conv_state_begin(t2v_exec *exec, const t2v_conv_state *state, int64_t frames,
                                bool last, float **buffer, float **input)
{
    int64_t total = total_frames(state, frames, last);
    *buffer = t2v_exec_floats(exec, (size_t)(total > 0 ? total : 1), frame_floats(state));
    if (!*buffer)
        return T2V_ERROR_MEMORY;
    *input = *buffer + (size_t)lead(state) * frame_floats(state);
    return T2V_OK;
}

/* One frame of padding beside the edge frame. */
static void pad(t2v_exec *exec, const t2v_conv_state *state, const float *edge, float *to)
{
    if (state->zeros)
        memset(to, 0, frame_floats(state) * sizeof(float));
    else
        t2v_copy(exec, to, edge, (int64_t)frame_floats(state));
}

/* Completes the buffer: what was kept, or padding. */
static void fill_edges(t2v_exec *exec, const t2v_conv_state *state, float *buffer, int64_t frames,
                       bool last)
{
    const size_t frame = frame_floats(state);
    float *input = buffer + (size_t)lead(state) * frame;
    if (state->started)
        t2v_copy(exec, buffer, state->kept, state->kept_frames * (int64_t)frame);
    else
        for (int64_t i = 0; i < padding_before(state); i++)
            pad(exec, state, input, buffer + (size_t)i * frame);
    float *behind = input + (size_t)frames * frame;
    for (int64_t i = 0; last && i < padding_behind(state); i++)
        pad(exec, state, behind - frame, behind + (size_t)i * frame);
}

static void keep(t2v_exec *exec, t2v_conv_state *state, const float *buffer, int64_t total)
{
    const size_t frame = frame_floats(state);
    state->kept_frames = total < reach(state) ? total : reach(state);
    t2v_copy(exec, state->kept, buffer + (size_t)(total - state->kept_frames) * frame,
             state->kept_frames * (int64_t)frame);
    state->started = true;
}

t2v_status t2v_conv_state_run(t2v_exec *exec, t2v_conv_state *state, float *buffer, int64_t frames,
                              bool last, bool accumulate, float *y)
{
    int64_t total = total_frames(state, frames, last);
    if (total == 0)
        return T2V_OK;
    fill_edges(exec, state, buffer, frames, last);
    if (total > reach(state))
        T2V_TRY(
            t2v_conv3d_run(exec, state->conv, buffer, total, state->h, state->w, accumulate, y));
    keep(exec, state, buffer, total);
    return T2V_OK;
}

t2v_status t2v_frame_queue_init(t2v_frame_queue *queue, size_t frame, int64_t capacity,
                                t2v_error *error)
{
    *queue = (t2v_frame_queue){.frame = frame, .capacity = capacity};
    queue->data = t2v_alloc((size_t)capacity * frame * sizeof(float));
    return queue->data ? T2V_OK
                       : t2v_fail_memory(error, "the decoder's memory",
                                         (size_t)capacity * frame * sizeof(float));
}

size_t t2v_frame_queue_bytes(const t2v_frame_queue *queue)
{
    return (size_t)queue->capacity * queue->frame * sizeof(float);
}

void t2v_frame_queue_free(t2v_frame_queue *queue)
{
    t2v_free(queue->data);
    memset(queue, 0, sizeof(*queue));
}

void t2v_frame_queue_pass(t2v_exec *exec, t2v_frame_queue *queue, const float *x, int64_t in,
                          int64_t out, float *y)
{
    const int64_t frame = (int64_t)queue->frame;
    int64_t waiting = queue->count < out ? queue->count : out, fresh = out - waiting;
    t2v_copy(exec, y, queue->data, waiting * frame);
    t2v_copy(exec, y + waiting * frame, x, fresh * frame);
    queue->count -= waiting;
    memmove(queue->data, queue->data + waiting * frame,
            (size_t)(queue->count * frame) * sizeof(float));
    t2v_copy(exec, queue->data + queue->count * frame, x + fresh * frame, (in - fresh) * frame);
    queue->count += in - fresh;
}
