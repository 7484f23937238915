/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Convolution in time by pieces: each call takes some frames and gives those whose neighbours are
 * all known, exactly as one convolution over the whole clip whose ends repeat the edge frames, or
 * are zeros.
 */
#ifndef T2V_VAE_CAUSAL_CONV_H
#define T2V_VAE_CAUSAL_CONV_H

#include "ops/conv3d.h"

/** The convolution's memory of the frames before. */
typedef struct t2v_conv_state {
    const t2v_conv3d *conv;
    int64_t h, w;
    bool causal; /**< all padding before the clip, else half of it behind */
    bool zeros;  /**< padding is zeros rather than copies; to be set after t2v_conv_state_init */
    bool started;
    float *kept; /**< [kernel - 1, h, w, in] */
    int64_t kept_frames;
} t2v_conv_state;

t2v_status t2v_conv_state_init(t2v_conv_state *state, const t2v_conv3d *conv, int64_t h, int64_t w,
                               bool causal, t2v_error *error);
void t2v_conv_state_free(t2v_conv_state *state);
/** Memory for the frames before. */
size_t t2v_conv_state_bytes(const t2v_conv_state *state);

/** Frames that come out when `frames` go in. */
int64_t t2v_conv_state_outputs(const t2v_conv_state *state, int64_t frames, bool last);

/**
 * Scratch memory for a call with `frames` frames; *input is where the caller writes them,
 * [frames, h, w, in].
 */
t2v_status t2v_conv_state_begin(t2v_exec *exec, const t2v_conv_state *state, int64_t frames,
                                bool last, float **buffer, float **input);

/** Convolves what was written after t2v_conv_state_begin. y: [outputs, h, w, out]. */
t2v_status t2v_conv_state_run(t2v_exec *exec, t2v_conv_state *state, float *buffer, int64_t frames,
                              bool last, bool accumulate, float *y);

/** Frames that wait for a longer path to catch up: a residual connection's memory. */
typedef struct t2v_frame_queue {
    size_t frame; /**< floats of a frame */
    int64_t capacity, count;
    float *data;
} t2v_frame_queue;

t2v_status t2v_frame_queue_init(t2v_frame_queue *queue, size_t frame, int64_t capacity,
                                t2v_error *error);
void t2v_frame_queue_free(t2v_frame_queue *queue);
size_t t2v_frame_queue_bytes(const t2v_frame_queue *queue);
/**
 * Puts `in` frames of x behind those that wait and takes the first `out` of all into y. What
 * remains must fit into the queue.
 */
void t2v_frame_queue_pass(t2v_exec *exec, t2v_frame_queue *queue, const float *x, int64_t in,
                          int64_t out, float *y);

#endif
