/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Linear layers and convolutions of any size and precision, made, run once and freed. */
#ifndef T2V_TESTS_LAYERS_H
#define T2V_TESTS_LAYERS_H

#include "operations.h"

#include "ops/conv3d.h"
#include "ops/linear.h"

static inline t2v_tensor floats(const float *data, int64_t rows, int64_t columns)
{
    return (t2v_tensor){.dtype = T2V_F32,
                        .shape = {2, {rows, columns}},
                        .data = data,
                        .bytes = (size_t)(rows * columns) * sizeof(float)};
}

/* ------------------------------------------------------------------ linear layers */

typedef struct layer_case {
    int64_t rows, in, out;
    bool bias, accumulate;
    t2v_activation activation;
} layer_case;

static inline void run_layer(const layer_case *c, t2v_precision precision, const t2v_tensor *weight,
                             const float *bias, const float *x, float *y)
{
    t2v_linear *linear;
    t2v_tensor bias_tensor = floats(bias, c->out, 1);
    bias_tensor.shape.rank = 1;
    assert_int_equal(
        t2v_linear_create(1, weight, c->bias ? &bias_tensor : NULL, precision, &linear, &error),
        T2V_OK);
    assert_int_equal(t2v_linear_run(exec, linear, x, c->rows, c->activation, c->accumulate, y),
                     T2V_OK);
    t2v_linear_free(&linear);
}

/* ------------------------------------------------------------------ convolutions */

typedef struct conv_case {
    int64_t in, out, kernel[3], stride[3], frames, h, w;
    bool accumulate, behind;
} conv_case;

static inline t2v_tensor floats5(const float *data, const conv_case *c)
{
    const int64_t count = c->out * c->in * c->kernel[0] * c->kernel[1] * c->kernel[2];
    return (t2v_tensor){.dtype = T2V_F32,
                        .shape = {5, {c->out, c->in, c->kernel[0], c->kernel[1], c->kernel[2]}},
                        .data = data,
                        .bytes = (size_t)count * sizeof(float)};
}

/* Along an axis: time is not padded. */
static inline int64_t conv_outputs(const conv_case *c, int axis, int64_t size)
{
    const int64_t half = axis ? c->kernel[axis] / 2 : 0;
    return (size + (c->behind ? half : 2 * half) - c->kernel[axis]) / c->stride[axis] + 1;
}

static inline void run_conv(const conv_case *c, t2v_precision precision, const float *x,
                            const float *w, const float *b, float *y)
{
    const t2v_tensor weight = floats5(w, c);
    t2v_tensor bias = floats(b, c->out, 1);
    t2v_conv3d *conv;
    bias.shape.rank = 1;
    assert_int_equal(t2v_conv3d_create(&weight, &bias, c->stride, &conv, &error), T2V_OK);
    t2v_conv3d_set_precision(conv, precision);
    if (c->behind)
        t2v_conv3d_pad_behind(conv);
    assert_int_equal(t2v_conv3d_run(exec, conv, x, c->frames, c->h, c->w, c->accumulate, y),
                     T2V_OK);
    t2v_conv3d_free(&conv);
}

#endif
