/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/conv3d.h"

#include <string.h>

#include "ops/onednn.h"
#include "ops/profile.h"

/* Operations of one uninterrupted piece: some 10 to 30 ms. */
static const double PIECE_OPERATIONS = 2.5e9;

struct t2v_conv3d {
    int64_t in, out, kernel[3], stride[3];
    bool behind; /* padding of height and width, else on both sides */
    float *bias;
    t2v_operand weights;
};

t2v_status t2v_conv3d_create(const t2v_tensor *weight, const t2v_tensor *bias,
                             const int64_t stride[3], t2v_conv3d **out, t2v_error *error)
{
    t2v_conv3d *conv = t2v_calloc(1, sizeof(*conv));
    float *values = t2v_calloc((size_t)weight->shape.dim[0], sizeof(*values));
    *out = NULL;
    if (!conv || !values) {
        t2v_free(conv);
        t2v_free(values);
        return t2v_fail_memory(error, "a convolution", sizeof(*conv));
    }
    conv->out = weight->shape.dim[0];
    conv->in = weight->shape.dim[1];
    for (int i = 0; i < 3; i++) {
        conv->kernel[i] = weight->shape.dim[2 + i];
        conv->stride[i] = stride ? stride[i] : 1;
    }
    conv->bias = values;
    t2v_tensor_read_f32(bias, 0, (size_t)conv->out, values);
    t2v_operand_init(&conv->weights, weight, 0, 5, weight->shape.dim);
    *out = conv;
    return T2V_OK;
}

void t2v_conv3d_free(t2v_conv3d **conv)
{
    if (!*conv)
        return;
    t2v_operand_free(&(*conv)->weights);
    t2v_free((*conv)->bias);
    t2v_free(*conv);
    *conv = NULL;
}

void t2v_conv3d_pad_behind(t2v_conv3d *conv)
{
    conv->behind = true;
}

int64_t t2v_conv3d_inputs(const t2v_conv3d *conv)
{
    return conv->in;
}

int64_t t2v_conv3d_outputs(const t2v_conv3d *conv)
{
    return conv->out;
}

int64_t t2v_conv3d_kernel_time(const t2v_conv3d *conv)
{
    return conv->kernel[0];
}

/* A run's sizes. Pieces are whole output frames, or strips of rows of one output frame. */
typedef struct geometry {
    int64_t h, w, out_h, out_w;
    int64_t top, left;     /* padding there */
    double row_operations; /* of one output row */
    bool accumulate;
} geometry;

static geometry measure(const t2v_conv3d *conv, int64_t h, int64_t w, bool accumulate)
{
    geometry g = {.h = h, .w = w, .accumulate = accumulate};
    g.top = conv->behind ? 0 : conv->kernel[1] / 2;
    g.left = conv->behind ? 0 : conv->kernel[2] / 2;
    g.out_h = (h + g.top + conv->kernel[1] / 2 - conv->kernel[1]) / conv->stride[1] + 1;
    g.out_w = (w + g.left + conv->kernel[2] / 2 - conv->kernel[2]) / conv->stride[2] + 1;
    g.row_operations = 2.0 * (double)(conv->in * conv->out * g.out_w) *
                       (double)(conv->kernel[0] * conv->kernel[1] * conv->kernel[2]);
    return g;
}

static t2v_status run_frames(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                             const float *x, int64_t out_frames, float *y)
{
    const t2v_convolution convolution = {
        .ic = conv->in,
        .oc = conv->out,
        .d = (out_frames - 1) * conv->stride[0] + conv->kernel[0],
        .h = g->h,
        .w = g->w,
        .kernel = {conv->kernel[0], conv->kernel[1], conv->kernel[2]},
        .stride = {conv->stride[0], conv->stride[1], conv->stride[2]},
        .pad_top = g->top,
        .pad_bottom = conv->kernel[1] / 2,
        .pad_left = g->left,
        .pad_right = conv->kernel[2] / 2,
        .accumulate = g->accumulate,
    };
    T2V_TRY(t2v_exec_check(exec));
    return t2v_onednn_convolution(exec, &convolution, x, (t2v_operand *)&conv->weights, conv->bias,
                                  y);
}

/* Rows `first` … of `kt` frames, with the rows that the kernel reaches beyond; outside: zeros. */
static void gather_strip(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g, const float *x,
                         int64_t first, int64_t rows, float *strip)
{
    const int64_t row = g->w * conv->in, top = first * conv->stride[1] - g->top;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * sizeof(float) * (double)(conv->kernel[0] * rows * row),
    };
    const int before = t2v_work_begin(exec, &work);
    for (int64_t t = 0; t < conv->kernel[0]; t++)
        for (int64_t r = 0; r < rows; r++, strip += row) {
            int64_t from = top + r;
            if (from < 0 || from >= g->h)
                memset(strip, 0, (size_t)row * sizeof(*strip));
            else
                memcpy(strip, x + (t * g->h + from) * row, (size_t)row * sizeof(*strip));
        }
    t2v_work_end(exec, before);
}

/* One output frame, a few rows at a time. */
static t2v_status run_strips(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                             const float *x, int64_t strip_rows, float *y)
{
    const int64_t most = (strip_rows - 1) * conv->stride[1] + conv->kernel[1];
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *strip =
        t2v_exec_floats(exec, (size_t)(conv->kernel[0] * most), (size_t)(g->w * conv->in));
    t2v_status status = strip ? T2V_OK : T2V_ERROR_MEMORY;
    for (int64_t first = 0; first < g->out_h && status >= 0; first += strip_rows) {
        int64_t out_rows = g->out_h - first < strip_rows ? g->out_h - first : strip_rows;
        int64_t rows = (out_rows - 1) * conv->stride[1] + conv->kernel[1];
        const t2v_convolution convolution = {
            .ic = conv->in,
            .oc = conv->out,
            .d = conv->kernel[0],
            .h = rows,
            .w = g->w,
            .kernel = {conv->kernel[0], conv->kernel[1], conv->kernel[2]},
            .stride = {conv->stride[0], conv->stride[1], conv->stride[2]},
            .pad_left = g->left,
            .pad_right = conv->kernel[2] / 2,
            .accumulate = g->accumulate,
        };
        gather_strip(exec, conv, g, x, first, rows, strip);
        status = t2v_exec_check(exec);
        if (status >= 0)
            status =
                t2v_onednn_convolution(exec, &convolution, strip, (t2v_operand *)&conv->weights,
                                       conv->bias, y + first * g->out_w * conv->out);
    }
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status run_pieces(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                             const float *x, int64_t out_frames, float *y)
{
    const int64_t in_frame = g->h * g->w * conv->in * conv->stride[0];
    const int64_t out_frame = g->out_h * g->out_w * conv->out;
    const int64_t rows = (int64_t)(PIECE_OPERATIONS / g->row_operations);
    const bool whole = rows >= g->out_h;
    const int64_t step = whole ? rows / g->out_h : 1;
    for (int64_t t = 0; t < out_frames; t += step) {
        const int64_t count = out_frames - t < step ? out_frames - t : step;
        if (whole)
            T2V_TRY(run_frames(exec, conv, g, x + t * in_frame, count, y + t * out_frame));
        else
            T2V_TRY(run_strips(exec, conv, g, x + t * in_frame, rows > 0 ? rows : 1,
                               y + t * out_frame));
    }
    return T2V_OK;
}

t2v_status t2v_conv3d_run(t2v_exec *exec, const t2v_conv3d *conv, const float *x, int64_t frames,
                          int64_t h, int64_t w, bool accumulate, float *y)
{
    const geometry g = measure(conv, h, w, accumulate);
    const int64_t out_frames = (frames - conv->kernel[0]) / conv->stride[0] + 1;
    const double in = (double)(frames * h * w * conv->in);
    const double out = (double)(out_frames * g.out_h * g.out_w * conv->out);
    const t2v_work work = {
        .operation = T2V_OPERATION_CONV3D,
        .operations = (double)(out_frames * g.out_h) * g.row_operations,
        .bytes = sizeof(float) * (in + (accumulate ? 2 : 1) * out),
        .shape = {out_frames, g.out_h, g.out_w, conv->in, conv->out, conv->kernel[0],
                  conv->kernel[1], conv->kernel[2]},
    };
    const int before = t2v_work_begin(exec, &work);
    t2v_status status = run_pieces(exec, conv, &g, x, out_frames, y);
    t2v_work_end(exec, before);
    return status;
}
