/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/linear.h"

#include <string.h>

#include "ops/bf16.h"
#include "ops/kept.h"
#include "ops/profile.h"
#include "ops/quantize.h"

/* A product is cut into blocks of at most this many rows, and the weights into panels of columns
 * so that one block times one panel stays under this many operations: some 10 to 30 ms, the time
 * within which a stream must be able to stop. Columns are cut rather than rows, so that the
 * weights are read from memory once for a whole block of rows. */
enum { BLOCK_ROWS = 1024, PANEL_STEP = 64 };
static const double BLOCK_OPERATIONS = 2.5e9;

struct t2v_linear {
    t2v_precision precision;
    int64_t in, out;
    float *bias; /* [out]; NULL: none */
    int panels;
    struct panel {
        int64_t first, count; /* columns of the output */
        t2v_operand weights;
    } * panel;
};

static int64_t panel_columns(int64_t in)
{
    int64_t columns = (int64_t)(BLOCK_OPERATIONS / (2.0 * BLOCK_ROWS * (double)in));
    columns -= columns % PANEL_STEP;
    return columns < PANEL_STEP ? PANEL_STEP : columns;
}

static int64_t panels_of(int64_t out, int64_t columns)
{
    return (out + columns - 1) / columns;
}

/* The columns of one part, evenly divided. */
static void add_panels(t2v_linear *linear, const t2v_tensor *weight, int64_t first)
{
    int64_t out = weight->shape.dim[0], in = weight->shape.dim[1];
    int64_t count = panels_of(out, panel_columns(in));
    int64_t columns = (out + count - 1) / count;
    columns = (columns + PANEL_STEP - 1) / PANEL_STEP * PANEL_STEP;
    for (int64_t at = 0; at < out; at += columns) {
        struct panel *panel = &linear->panel[linear->panels++];
        panel->first = first + at;
        panel->count = out - at < columns ? out - at : columns;
        const int64_t dim[2] = {panel->count, in};
        t2v_operand_init(&panel->weights, weight, (size_t)(at * in), 2, dim);
    }
}

static void read_bias(t2v_linear *linear, int parts, const t2v_tensor *bias)
{
    float *out = linear->bias;
    for (int i = 0; i < parts; i++) {
        t2v_tensor_read_f32(&bias[i], 0, (size_t)bias[i].shape.dim[0], out);
        out += bias[i].shape.dim[0];
    }
}

t2v_status t2v_linear_create(int parts, const t2v_tensor *weight, const t2v_tensor *bias,
                             t2v_precision precision, t2v_linear **out, t2v_error *error)
{
    int64_t panels = 0;
    t2v_linear *linear = t2v_calloc(1, sizeof(*linear));
    *out = linear;
    if (!linear)
        return t2v_fail_memory(error, "a linear layer", sizeof(*linear));
    linear->precision =
        precision == T2V_PRECISION_BF16 && !t2v_onednn_has_bf16() ? T2V_PRECISION_F32 : precision;
    linear->in = weight[0].shape.dim[1];
    for (int i = 0; i < parts; i++) {
        linear->out += weight[i].shape.dim[0];
        panels += panels_of(weight[i].shape.dim[0], panel_columns(linear->in));
    }
    linear->panel = t2v_calloc((size_t)panels, sizeof(*linear->panel));
    if (bias)
        linear->bias = t2v_calloc((size_t)linear->out, sizeof(float));
    if (!linear->panel || (bias && !linear->bias)) {
        t2v_linear_free(out);
        return t2v_fail_memory(error, "a linear layer", (size_t)panels * sizeof(*linear->panel));
    }
    int64_t first = 0;
    for (int i = 0; i < parts; i++) {
        add_panels(linear, &weight[i], first);
        first += weight[i].shape.dim[0];
    }
    if (bias)
        read_bias(linear, parts, bias);
    return T2V_OK;
}

void t2v_linear_free(t2v_linear **linear)
{
    if (!*linear)
        return;
    for (int i = 0; i < (*linear)->panels; i++)
        t2v_operand_free(&(*linear)->panel[i].weights);
    t2v_free((*linear)->panel);
    t2v_free((*linear)->bias);
    t2v_free(*linear);
    *linear = NULL;
}

void t2v_linear_forget(t2v_linear *linear)
{
    for (int i = 0; i < linear->panels; i++)
        t2v_operand_forget(&linear->panel[i].weights);
}

int64_t t2v_linear_outputs(const t2v_linear *linear)
{
    return linear->out;
}

/* x: floats or, with that precision, bfloat16. */
static t2v_status run_panels(t2v_exec *exec, const t2v_linear *linear, const void *x, int64_t rows,
                             t2v_activation activation, bool accumulate, float *y)
{
    for (int i = 0; i < linear->panels; i++) {
        struct panel *panel = &linear->panel[i];
        const t2v_product product = {
            .m = rows,
            .n = panel->count,
            .k = linear->in,
            .src_stride = linear->in,
            .dst_stride = linear->out,
            .bias = linear->bias,
            .accumulate = accumulate,
            .bf16 = linear->precision == T2V_PRECISION_BF16,
            .activation = activation,
        };
        T2V_TRY(t2v_exec_check(exec));
        T2V_TRY(t2v_onednn_product(exec, &product, x, &panel->weights,
                                   linear->bias ? linear->bias + panel->first : NULL,
                                   y + panel->first));
    }
    return T2V_OK;
}

static t2v_status run_block(t2v_exec *exec, const t2v_linear *linear, const float *x, int64_t rows,
                            t2v_activation activation, bool accumulate, float *y)
{
    return run_panels(exec, linear, x, rows, activation, accumulate, y);
}

static t2v_status run_block_in_bf16(t2v_exec *exec, const t2v_linear *linear, const float *x,
                                    int64_t rows, t2v_activation activation, bool accumulate,
                                    float *y)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    const uint16_t *rounded = t2v_to_bf16(exec, x, rows * linear->in);
    t2v_status status = rounded ? run_panels(exec, linear, rounded, rows, activation, accumulate, y)
                                : T2V_ERROR_MEMORY;
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* Of a block in bytes: its rows, and the sums of one panel at a time. */
typedef struct byte_block {
    int64_t rows;
    uint8_t *x;
    t2v_affine *affine;
    int32_t *sums;
} byte_block;

static bool allocate_bytes(t2v_exec *exec, const t2v_linear *linear, byte_block *block)
{
    const size_t rows = (size_t)block->rows;
    int64_t widest = 0;
    size_t sums;
    for (int i = 0; i < linear->panels; i++)
        widest = linear->panel[i].count > widest ? linear->panel[i].count : widest;
    block->x = t2v_arena_alloc(&exec->arena, rows, (size_t)linear->in);
    block->affine = t2v_arena_alloc(&exec->arena, rows, sizeof(*block->affine));
    if (t2v_mul_size(rows, (size_t)widest, &sums))
        block->sums = t2v_arena_alloc(&exec->arena, sums, sizeof(*block->sums));
    return block->x && block->affine && block->sums;
}

static t2v_status run_byte_panel(t2v_exec *exec, const t2v_linear *linear, struct panel *panel,
                                 const byte_block *block, t2v_activation activation,
                                 bool accumulate, float *y)
{
    const t2v_byte_product product = {block->rows, panel->count, linear->in};
    t2v_dequantize d = {
        .rows = block->rows,
        .count = panel->count,
        .sums = block->sums,
        .affine = block->affine,
        .bias = linear->bias ? linear->bias + panel->first : NULL,
        .activation = activation,
        .accumulate = accumulate,
    };
    T2V_TRY(t2v_onednn_byte_product(exec, &product, block->x, &panel->weights, block->sums,
                                    &d.scale, &d.sum));
    t2v_dequantize_rows(exec, &d, y + panel->first, linear->out);
    return T2V_OK;
}

static t2v_status run_byte_panels(t2v_exec *exec, const t2v_linear *linear, const float *x,
                                  int64_t rows, t2v_activation activation, bool accumulate,
                                  float *y)
{
    byte_block block = {.rows = rows};
    if (!allocate_bytes(exec, linear, &block))
        return t2v_fail_memory(exec->error, "activations as bytes",
                               (size_t)rows * (size_t)linear->in);
    t2v_quantize_rows(exec, x, rows, linear->in, t2v_onednn_levels(), block.x, block.affine);
    for (int i = 0; i < linear->panels; i++) {
        T2V_TRY(t2v_exec_check(exec));
        T2V_TRY(run_byte_panel(exec, linear, &linear->panel[i], &block, activation, accumulate, y));
    }
    return T2V_OK;
}

static t2v_status run_block_in_bytes(t2v_exec *exec, const t2v_linear *linear, const float *x,
                                     int64_t rows, t2v_activation activation, bool accumulate,
                                     float *y)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_byte_panels(exec, linear, x, rows, activation, accumulate, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

typedef t2v_status (*run_block_fn)(t2v_exec *exec, const t2v_linear *linear, const float *x,
                                   int64_t rows, t2v_activation activation, bool accumulate,
                                   float *y);

static t2v_status run_blocks(t2v_exec *exec, const t2v_linear *linear, const float *x, int64_t rows,
                             t2v_activation activation, bool accumulate, float *y)
{
    static const run_block_fn run[] = {
        [T2V_PRECISION_F32] = run_block,
        [T2V_PRECISION_BF16] = run_block_in_bf16,
        [T2V_PRECISION_INT8] = run_block_in_bytes,
    };
    for (int64_t at = 0; at < rows; at += BLOCK_ROWS) {
        if (exec->rehearsal && at) /* blocks are alike, but for the last */
            at = (rows - 1) / BLOCK_ROWS * BLOCK_ROWS;
        int64_t count = rows - at < BLOCK_ROWS ? rows - at : BLOCK_ROWS;
        T2V_TRY(run[linear->precision](exec, linear, x + at * linear->in, count, activation,
                                       accumulate, y + at * linear->out));
    }
    return T2V_OK;
}

t2v_status t2v_linear_run(t2v_exec *exec, const t2v_linear *linear, const float *x, int64_t rows,
                          t2v_activation activation, bool accumulate, float *y)
{
    const double m = (double)rows, k = (double)linear->in, n = (double)linear->out;
    static const double weight_bytes[] = {
        [T2V_PRECISION_F32] = 4, [T2V_PRECISION_BF16] = 2, [T2V_PRECISION_INT8] = 1};
    const t2v_work work = {
        .operation = T2V_OPERATION_LINEAR,
        .operations = 2 * m * k * n,
        .bytes = weight_bytes[linear->precision] * k * n +
                 sizeof(float) * (m * k + (accumulate ? 2 : 1) * m * n),
        .shape = {rows, linear->in, linear->out},
    };
    const int before = t2v_work_begin(exec, &work);
    t2v_weights_begin(exec);
    t2v_status status = run_blocks(exec, linear, x, rows, activation, accumulate, y);
    t2v_weights_end(exec);
    t2v_work_end(exec, before);
    return status;
}
