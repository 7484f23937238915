/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Convolution over time, height and width; frames are [h, w, c], channels innermost. */
#ifndef T2V_OPS_CONV3D_H
#define T2V_OPS_CONV3D_H

#include "ops/exec.h"
#include "tensor/precision.h"
#include "tensor/tensor.h"

/** A layer's weights; immutable, shared by all streams of a model. */
typedef struct t2v_conv3d t2v_conv3d;

/**
 * @param weight [out, in, kt, kh, kw], kernels odd; its memory outlives the layer
 * @param bias   [out]; NULL: none
 * @param stride of time, height and width; NULL: 1
 */
t2v_status t2v_conv3d_create(const t2v_tensor *weight, const t2v_tensor *bias,
                             const int64_t stride[3], t2v_conv3d **conv, t2v_error *error);
void t2v_conv3d_free(t2v_conv3d **conv);
/** Height and width are padded behind only, by half a kernel. To be said before the first run. */
void t2v_conv3d_pad_behind(t2v_conv3d *conv);

/**
 * The arithmetic from here on; F32 before, and where the processor has no instructions for what is
 * wanted. With bytes each piece of activations has a scale of its own. To be said before the first
 * run.
 */
void t2v_conv3d_set_precision(t2v_conv3d *conv, t2v_precision precision);

int64_t t2v_conv3d_inputs(const t2v_conv3d *conv);
int64_t t2v_conv3d_outputs(const t2v_conv3d *conv);
/** Size of the kernel in time. */
int64_t t2v_conv3d_kernel_time(const t2v_conv3d *conv);

/**
 * Convolves `frames` frames of h × w. Height and width are padded with zeros on both sides by half
 * a kernel (but see t2v_conv3d_pad_behind), time is not padded: (frames - kt) / stride + 1 frames
 * come out. In a band of a picture (ops/bands.h) the stride is 1.
 *
 * @param x          [frames, h, w, in]
 * @param accumulate add to y instead of replacing it
 * @param y          [.., .., .., out]
 */
t2v_status t2v_conv3d_run(t2v_exec *exec, const t2v_conv3d *conv, const float *x, int64_t frames,
                          int64_t h, int64_t w, bool accumulate, float *y);

#endif
