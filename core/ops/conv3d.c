/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/conv3d.h"

#include <string.h>

#include "ops/bands.h"
#include "ops/bf16.h"
#include "ops/kept.h"
#include "ops/onednn.h"
#include "ops/profile.h"
#include "ops/quantize.h"

/* A convolution is cut into panels of output channels with at most this many weights, which take
 * some 30 ms to be read and reordered, and its output into pieces of so many operations of a panel:
 * 10 to 30 ms, the time within which a stream must be able to stop. */
enum { PANEL_WEIGHTS = 1 << 23, PANEL_STEP = 64 };
static const double PIECE_OPERATIONS = 2.5e9, BYTE_PIECE_OPERATIONS = 1e10;

struct t2v_conv3d {
    int64_t in, out, kernel[3], stride[3];
    bool behind; /* padding of height and width, else on both sides */
    t2v_precision precision;
    float *bias;
    int64_t panel_channels; /* of the output; the last panel may have fewer */
    int panels;
    t2v_operand *panel;
};

/* Evenly divided. `each` is the number of weights of one channel. */
static int64_t divide_channels(int64_t channels, int64_t each)
{
    int64_t most = PANEL_WEIGHTS / each;
    most = most < PANEL_STEP ? PANEL_STEP : most;
    const int64_t panels = (channels + most - 1) / most, even = (channels + panels - 1) / panels;
    const int64_t rounded = (even + PANEL_STEP - 1) / PANEL_STEP * PANEL_STEP;
    return rounded < channels ? rounded : channels;
}

static int64_t channels_of(const t2v_conv3d *conv, int64_t panel)
{
    const int64_t left = conv->out - panel * conv->panel_channels;
    return left < conv->panel_channels ? left : conv->panel_channels;
}

t2v_status t2v_conv3d_create(const t2v_tensor *weight, const t2v_tensor *bias,
                             const int64_t stride[3], t2v_conv3d **out, t2v_error *error)
{
    int64_t dim[5];
    memcpy(dim, weight->shape.dim, sizeof(dim));
    const int64_t each = dim[1] * dim[2] * dim[3] * dim[4];
    t2v_conv3d *conv = t2v_calloc(1, sizeof(*conv));
    *out = conv;
    if (!conv)
        return t2v_fail_memory(error, "a convolution", sizeof(*conv));
    conv->out = dim[0];
    conv->in = dim[1];
    for (int i = 0; i < 3; i++) {
        conv->kernel[i] = dim[2 + i];
        conv->stride[i] = stride ? stride[i] : 1;
    }
    conv->panel_channels = divide_channels(conv->out, each);
    const int64_t panels = (conv->out + conv->panel_channels - 1) / conv->panel_channels;
    conv->bias = t2v_calloc((size_t)conv->out, sizeof(*conv->bias));
    conv->panel = t2v_calloc((size_t)panels, sizeof(*conv->panel));
    if (!conv->bias || !conv->panel) {
        t2v_conv3d_free(out);
        return t2v_fail_memory(error, "a convolution", (size_t)conv->out * sizeof(*conv->bias));
    }
    if (bias)
        t2v_tensor_read_f32(bias, 0, (size_t)conv->out, conv->bias);
    for (; conv->panels < panels; conv->panels++) {
        dim[0] = channels_of(conv, conv->panels);
        t2v_operand_init(&conv->panel[conv->panels], weight,
                         (size_t)(conv->panels * conv->panel_channels * each), 5, dim);
    }
    return T2V_OK;
}

void t2v_conv3d_free(t2v_conv3d **conv)
{
    if (!*conv)
        return;
    for (int i = 0; i < (*conv)->panels; i++)
        t2v_operand_free(&(*conv)->panel[i]);
    t2v_free((*conv)->panel);
    t2v_free((*conv)->bias);
    t2v_free(*conv);
    *conv = NULL;
}

void t2v_conv3d_pad_behind(t2v_conv3d *conv)
{
    conv->behind = true;
}

void t2v_conv3d_set_precision(t2v_conv3d *conv, t2v_precision precision)
{
    const bool has[] = {[T2V_PRECISION_F32] = true,
                        [T2V_PRECISION_BF16] = t2v_onednn_has_bf16(),
                        [T2V_PRECISION_INT8] = t2v_onednn_convolves_bytes()};
    conv->precision = has[precision] ? precision : T2V_PRECISION_F32;
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

/* A run's sizes. Pieces are whole output frames, or strips of rows of one output frame; of each
 * one panel after another. */
typedef struct geometry {
    int64_t h, w, out_h, out_w;
    int64_t top, bottom, left; /* padding there */
    double row_operations;     /* of one output row */
    bool accumulate;
} geometry;

static geometry measure(const t2v_conv3d *conv, int64_t h, int64_t w, bool accumulate)
{
    geometry g = {.h = h, .w = w, .accumulate = accumulate};
    g.top = conv->behind ? 0 : conv->kernel[1] / 2;
    g.bottom = conv->kernel[1] / 2;
    g.left = conv->behind ? 0 : conv->kernel[2] / 2;
    g.out_h = (h + g.top + g.bottom - conv->kernel[1]) / conv->stride[1] + 1;
    g.out_w = (w + g.left + conv->kernel[2] / 2 - conv->kernel[2]) / conv->stride[2] + 1;
    g.row_operations = 2.0 * (double)(conv->in * conv->out * g.out_w) *
                       (double)(conv->kernel[0] * conv->kernel[1] * conv->kernel[2]);
    return g;
}

/* Channels that a panel has made, to their places in the output. */
static void put_channels(t2v_exec *exec, const t2v_conv3d *conv, int64_t panel, const float *made,
                         int64_t pixels, bool accumulate, float *y)
{
    const int64_t channels = channels_of(conv, panel), first = panel * conv->panel_channels;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = (accumulate ? 3 : 2) * sizeof(float) * (double)(pixels * channels),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t pixel = 0; pixel < pixels; pixel++) {
        const float *from = made + pixel * channels;
        float *to = y + pixel * conv->out + first;
        if (accumulate)
            for (int64_t i = 0; i < channels; i++)
                to[i] += from[i];
        else
            memcpy(to, from, (size_t)channels * sizeof(*to));
    }
    t2v_work_end(exec, before);
}

/* All panels over the same input; `whole` says all but the output's channels, x is of its type. */
static t2v_status run_panels(t2v_exec *exec, const t2v_conv3d *conv, const t2v_convolution *whole,
                             const void *x, int64_t pixels, float *y)
{
    const bool one = conv->panels == 1;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *made = one ? y : t2v_exec_floats(exec, (size_t)pixels, (size_t)conv->panel_channels);
    t2v_status status = made ? T2V_OK : T2V_ERROR_MEMORY;
    for (int i = 0; i < conv->panels && status >= 0; i++) {
        t2v_convolution part = *whole;
        part.oc = channels_of(conv, i);
        part.accumulate = one && whole->accumulate;
        status = t2v_exec_check(exec);
        if (status >= 0)
            status = t2v_onednn_convolution(exec, &part, x, &conv->panel[i],
                                            conv->bias + i * conv->panel_channels, made);
        if (status >= 0 && !one)
            put_channels(exec, conv, i, made, pixels, whole->accumulate, y);
    }
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status round_and_run(t2v_exec *exec, const t2v_conv3d *conv,
                                const t2v_convolution *whole, const float *x, int64_t pixels,
                                float *y)
{
    t2v_convolution rounded = *whole;
    const int64_t count = whole->d * whole->h * whole->w * whole->ic;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    const t2v_work work = {.operation = T2V_OPERATION_COPY,
                           .bytes = (sizeof(float) + sizeof(uint16_t)) * (double)count};
    const int before = t2v_work_begin(exec, &work);
    const uint16_t *to = t2v_to_bf16(exec, x, count);
    t2v_work_end(exec, before);
    rounded.bf16 = true;
    t2v_status status = to ? run_panels(exec, conv, &rounded, to, pixels, y) : T2V_ERROR_MEMORY;
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status run_convolution(t2v_exec *exec, const t2v_conv3d *conv,
                                  const t2v_convolution *whole, const float *x, int64_t pixels,
                                  float *y)
{
    return conv->precision == T2V_PRECISION_BF16 ? round_and_run(exec, conv, whole, x, pixels, y)
                                                 : run_panels(exec, conv, whole, x, pixels, y);
}

static t2v_status run_frames(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                             const float *x, int64_t out_frames, float *y)
{
    const t2v_convolution convolution = {
        .ic = conv->in,
        .d = (out_frames - 1) * conv->stride[0] + conv->kernel[0],
        .h = g->h,
        .w = g->w,
        .kernel = {conv->kernel[0], conv->kernel[1], conv->kernel[2]},
        .stride = {conv->stride[0], conv->stride[1], conv->stride[2]},
        .pad_top = g->top,
        .pad_bottom = g->bottom,
        .pad_left = g->left,
        .pad_right = conv->kernel[2] / 2,
        .accumulate = g->accumulate,
    };
    return run_convolution(exec, conv, &convolution, x, out_frames * g->out_h * g->out_w, y);
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
        status = run_convolution(exec, conv, &convolution, strip, out_rows * g->out_w,
                                 y + first * g->out_w * conv->out);
    }
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* ------------------------------------------------------------------ bytes
 * Each piece is made of a window, whose zeros pad it, since oneDNN's own would not be those of the
 * bytes; and has a scale of its own, as the numbers differ from place to place. */

static t2v_window window_of(const t2v_conv3d *conv, const geometry *g, const float *x,
                            int64_t out_frames, int64_t first, int64_t out_rows)
{
    return (t2v_window){
        .x = x,
        .frames = (out_frames - 1) * conv->stride[0] + conv->kernel[0],
        .h = g->h,
        .w = g->w,
        .channels = conv->in,
        .first = first * conv->stride[1] - g->top,
        .rows = (out_rows - 1) * conv->stride[1] + conv->kernel[1],
        .left = g->left,
        .right = conv->kernel[2] / 2,
    };
}

/* A window in bytes, and the sums of one panel at a time. */
typedef struct byte_piece {
    int64_t pixels; /* of the output */
    uint8_t *x;
    t2v_affine affine;
    int32_t *sums;
} byte_piece;

static bool allocate_piece(t2v_exec *exec, const t2v_conv3d *conv, const t2v_window *window,
                           byte_piece *piece)
{
    size_t bytes, sums;
    if (!t2v_window_bytes(window, &bytes) ||
        !t2v_mul_size((size_t)piece->pixels, (size_t)conv->panel_channels, &sums))
        return false;
    piece->x = t2v_arena_alloc(&exec->arena, bytes, 1);
    piece->sums = t2v_arena_alloc(&exec->arena, sums, sizeof(*piece->sums));
    return piece->x && piece->sums;
}

static t2v_status run_byte_panel(t2v_exec *exec, const t2v_conv3d *conv, int panel,
                                 const t2v_window *window, const byte_piece *piece, bool accumulate,
                                 float *y)
{
    const int64_t first = panel * conv->panel_channels;
    const t2v_convolution convolution = {
        .ic = conv->in,
        .oc = channels_of(conv, panel),
        .d = window->frames,
        .h = window->rows,
        .w = window->left + window->w + window->right,
        .kernel = {conv->kernel[0], conv->kernel[1], conv->kernel[2]},
        .stride = {conv->stride[0], conv->stride[1], conv->stride[2]},
    };
    t2v_dequantize d = {
        .rows = piece->pixels,
        .count = convolution.oc,
        .sums = piece->sums,
        .affine = &piece->affine,
        .one_affine = true,
        .bias = conv->bias + first,
        .accumulate = accumulate,
    };
    T2V_TRY(t2v_exec_check(exec));
    T2V_TRY(t2v_onednn_byte_convolution(exec, &convolution, piece->x, &conv->panel[panel],
                                        piece->sums, &d.scale, &d.sum));
    t2v_dequantize_rows(exec, &d, y + first, conv->out);
    return T2V_OK;
}

/* Rows `first` … of output frames. */
static t2v_status run_window(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                             const float *x, int64_t out_frames, int64_t first, int64_t out_rows,
                             float *y)
{
    const t2v_window window = window_of(conv, g, x, out_frames, first, out_rows);
    byte_piece piece = {.pixels = out_frames * out_rows * g->out_w};
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = T2V_OK;
    if (allocate_piece(exec, conv, &window, &piece))
        t2v_quantize_window(exec, &window, t2v_onednn_levels(), piece.x, &piece.affine);
    else
        status = t2v_fail_memory(exec->error, "activations as bytes",
                                 (size_t)piece.pixels * (size_t)conv->panel_channels);
    for (int i = 0; i < conv->panels && status >= 0; i++)
        status = run_byte_panel(exec, conv, i, &window, &piece, g->accumulate, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* One output frame, a few rows at a time. */
static t2v_status run_windows(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                              const float *x, int64_t rows, float *y)
{
    for (int64_t first = 0; first < g->out_h; first += rows)
        T2V_TRY(run_window(exec, conv, g, x, 1, first,
                           g->out_h - first < rows ? g->out_h - first : rows,
                           y + first * g->out_w * conv->out));
    return T2V_OK;
}

/* ------------------------------------------------------------------ running */

static t2v_status run_piece(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                            const float *x, int64_t out_frames, int64_t rows, float *y)
{
    const bool whole = rows >= g->out_h;
    if (conv->precision == T2V_PRECISION_INT8)
        return whole ? run_window(exec, conv, g, x, out_frames, 0, g->out_h, y)
                     : run_windows(exec, conv, g, x, rows, y);
    return whole ? run_frames(exec, conv, g, x, out_frames, y)
                 : run_strips(exec, conv, g, x, rows, y);
}

static t2v_status run_pieces(t2v_exec *exec, const t2v_conv3d *conv, const geometry *g,
                             const float *x, int64_t out_frames, float *y)
{
    const int64_t in_frame = g->h * g->w * conv->in * conv->stride[0];
    const int64_t out_frame = g->out_h * g->out_w * conv->out;
    const double share = (double)conv->panel_channels / (double)conv->out;
    const double most =
        conv->precision == T2V_PRECISION_INT8 ? BYTE_PIECE_OPERATIONS : PIECE_OPERATIONS;
    const int64_t fitting = (int64_t)(most / (g->row_operations * share));
    const int64_t rows = fitting > 0 ? fitting : 1;
    const int64_t step = rows >= g->out_h ? rows / g->out_h : 1;
    for (int64_t t = 0; t < out_frames; t += step)
        T2V_TRY(run_piece(exec, conv, g, x + t * in_frame,
                          out_frames - t < step ? out_frames - t : step, rows, y + t * out_frame));
    return T2V_OK;
}

/* In a band: with the neighbours' rows for padding. */
static t2v_status run_band(t2v_exec *exec, const t2v_conv3d *conv, const geometry *whole,
                           const float *x, int64_t frames, int64_t out_frames, float *y)
{
    const int64_t reach = conv->kernel[1] / 2, row = whole->w * conv->in;
    geometry g = *whole;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *wide = t2v_exec_floats(exec, (size_t)frames, (size_t)((whole->h + 2 * reach) * row));
    t2v_status status = wide ? T2V_OK : T2V_ERROR_MEMORY;
    g.h += 2 * reach;
    g.top = g.bottom = 0;
    if (status >= 0)
        status = t2v_bands_widen(exec, x, frames, whole->h, row, reach, wide);
    if (status >= 0)
        status = run_pieces(exec, conv, &g, wide, out_frames, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
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
    t2v_weights_begin(exec);
    t2v_status status = exec->bands && conv->kernel[1] > 1
                            ? run_band(exec, conv, &g, x, frames, out_frames, y)
                            : run_pieces(exec, conv, &g, x, out_frames, y);
    t2v_weights_end(exec);
    t2v_work_end(exec, before);
    return status;
}
