/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/timestep.h"
#include "weights/component.h"
#include "weights/safetensors.h"

enum { CHANNELS = 128, HEADS = 32, HEAD_DIM = 64, WIDTH = HEADS * HEAD_DIM, TEXT_WIDTH = 4096 };
enum { FEED = 4 * WIDTH, MAX_TENSORS = 64, SLICE = 1 << 16 };

struct bench_layer {
    t2v_component *component;
    void *dit;
    t2v_dit_info info;
    t2v_dit_text *text;
    t2v_positions positions;
    int64_t tokens, text_length;
    t2v_precision precision;
    float *x, *out;
};

/* ------------------------------------------------------------------ a checkpoint of random bytes
 */

typedef struct layout {
    t2v_safetensors_entry entry[MAX_TENSORS];
    char name[MAX_TENSORS][128];
    size_t count;
} layout;

static void add(layout *l, const char *name, int64_t rows, int64_t columns)
{
    t2v_safetensors_entry *e = &l->entry[l->count];
    snprintf(l->name[l->count], sizeof(l->name[0]), "%s", name);
    *e = (t2v_safetensors_entry){l->name[l->count], T2V_BF16, {columns ? 2 : 1, {rows, columns}}};
    l->count++;
}

static void add_linear(layout *l, const char *name, int64_t out, int64_t in)
{
    char full[112];
    snprintf(full, sizeof(full), "%s.weight", name);
    add(l, full, out, in);
    snprintf(full, sizeof(full), "%s.bias", name);
    add(l, full, out, 0);
}

static void add_attention(layout *l, const char *name)
{
    static const char *const linear[] = {"to_q", "to_k", "to_v", "to_out.0"};
    static const char *const norm[] = {"norm_q.weight", "norm_k.weight"};
    char full[96];
    for (int i = 0; i < 4; i++) {
        snprintf(full, sizeof(full), "transformer_blocks.0.%s.%s", name, linear[i]);
        add_linear(l, full, WIDTH, WIDTH);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(full, sizeof(full), "transformer_blocks.0.%s.%s", name, norm[i]);
        add(l, full, WIDTH, 0);
    }
}

static void fill_layout(layout *l)
{
    add_linear(l, "proj_in", WIDTH, CHANNELS);
    add_linear(l, "proj_out", CHANNELS, WIDTH);
    add_linear(l, "time_embed.emb.timestep_embedder.linear_1", WIDTH, T2V_SINUSOIDS);
    add_linear(l, "time_embed.emb.timestep_embedder.linear_2", WIDTH, WIDTH);
    add_linear(l, "time_embed.linear", 6 * WIDTH, WIDTH);
    add_linear(l, "caption_projection.linear_1", WIDTH, TEXT_WIDTH);
    add_linear(l, "caption_projection.linear_2", WIDTH, WIDTH);
    add(l, "scale_shift_table", 2, WIDTH);
    add_attention(l, "attn1");
    add_attention(l, "attn2");
    add_linear(l, "transformer_blocks.0.ff.net.0.proj", FEED, WIDTH);
    add_linear(l, "transformer_blocks.0.ff.net.2", WIDTH, FEED);
    add(l, "transformer_blocks.0.scale_shift_table", 6, WIDTH);
}

static t2v_status write_tensor(t2v_safetensors_writer *writer, const layout *l, size_t index,
                               uint32_t *state, t2v_error *error)
{
    uint16_t slice[SLICE];
    size_t left;
    t2v_shape_count(&l->entry[index].shape, &left);
    while (left) {
        size_t n = left < SLICE ? left : SLICE;
        for (size_t i = 0; i < n; i++) { /* ±0.016 to ±0.031 in bfloat16 */
            *state = *state * 1664525u + 1013904223u;
            slice[i] = (uint16_t)(0x3c80 | (*state >> 16 & 0x807f));
        }
        T2V_TRY(t2v_safetensors_append(writer, index, slice, n * sizeof(*slice), error));
        left -= n;
    }
    return T2V_OK;
}

static t2v_status write_weights(const char *path, t2v_error *error)
{
    static const layout empty;
    layout l = empty;
    t2v_safetensors_writer *writer;
    uint32_t state = 7;
    fill_layout(&l);
    T2V_TRY(t2v_safetensors_create(path, l.entry, l.count, &writer, error));
    t2v_status status = T2V_OK;
    for (size_t i = 0; i < l.count && status >= 0; i++)
        status = write_tensor(writer, &l, i, &state, error);
    t2v_status finished = t2v_safetensors_finish(&writer, status < 0 ? NULL : error);
    return status < 0 ? status : finished;
}

static t2v_status write_config(const char *path, t2v_error *error)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return t2v_fail(error, T2V_ERROR_IO, "%s: cannot be written", path);
    fprintf(file,
            "{\"_class_name\": \"LTXVideoTransformer3DModel\", \"num_layers\": 1, "
            "\"in_channels\": %d, \"out_channels\": %d, \"num_attention_heads\": %d, "
            "\"attention_head_dim\": %d, \"cross_attention_dim\": %d, \"caption_channels\": %d}\n",
            CHANNELS, CHANNELS, HEADS, HEAD_DIM, WIDTH, TEXT_WIDTH);
    return fclose(file) ? t2v_fail(error, T2V_ERROR_IO, "%s: writing failed", path) : T2V_OK;
}

static t2v_status open_random(bench_layer *b, t2v_error *error)
{
    const char *base = getenv("TMPDIR");
    char folder[256], weights[320], config[320];
    snprintf(folder, sizeof(folder), "%s/t2v-bench-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder))
        return t2v_fail(error, T2V_ERROR_IO, "%s: no temporary folder can be made", folder);
    snprintf(weights, sizeof(weights), "%s/diffusion_pytorch_model.safetensors", folder);
    snprintf(config, sizeof(config), "%s/config.json", folder);
    t2v_status status = write_config(config, error);
    if (status >= 0)
        status = write_weights(weights, error);
    if (status >= 0)
        status = t2v_component_open(folder, t2v_dit_ltx.name, true, &b->component, error);
    unlink(weights); /* the mapping stays */
    unlink(config);
    rmdir(folder);
    return status;
}

/* ------------------------------------------------------------------ the layer */

static t2v_status prepare(bench_layer *b, t2v_exec *exec, t2v_error *error)
{
    T2V_TRY(open_random(b, error));
    t2v_component_set_precision(b->component, b->precision);
    T2V_TRY(t2v_dit_ltx.create(b->component, &b->dit, error));
    t2v_dit_ltx.describe(b->dit, &b->info);
    const size_t n = (size_t)b->tokens, pairs = (size_t)b->info.position_pairs;
    float *text = t2v_calloc((size_t)b->text_length, TEXT_WIDTH * sizeof(float));
    float *coordinates = t2v_calloc(n, 3 * sizeof(float));
    b->x = t2v_calloc(n, CHANNELS * sizeof(float));
    b->out = t2v_calloc(n, CHANNELS * sizeof(float));
    b->positions.cosine = t2v_calloc(n, pairs * sizeof(float));
    b->positions.sine = t2v_calloc(n, pairs * sizeof(float));
    t2v_status status = T2V_ERROR_MEMORY;
    if (text && coordinates && b->x && b->out && b->positions.cosine && b->positions.sine)
        status =
            t2v_dit_ltx.prepare_text(exec, b->dit, text, b->text_length, b->text_length, &b->text);
    else
        t2v_fail_memory(error, "the layer", n * pairs * sizeof(float));
    for (size_t i = 0; status >= 0 && i < n * CHANNELS; i++)
        b->x[i] = (float)((int)(i * 37 % 101) - 50) / 50;
    if (status >= 0)
        status = t2v_dit_ltx.prepare_positions(exec, b->dit, coordinates, b->tokens, &b->positions);
    t2v_free(text);
    t2v_free(coordinates);
    return status;
}

t2v_status bench_layer_create(t2v_exec *exec, int64_t tokens, int64_t text, t2v_precision precision,
                              bench_layer **layer, t2v_error *error)
{
    bench_layer *b = *layer = t2v_calloc(1, sizeof(*b));
    if (!b)
        return t2v_fail_memory(error, "the layer", sizeof(*b));
    b->tokens = tokens;
    b->text_length = text;
    b->precision = precision;
    return prepare(b, exec, error);
}

void bench_layer_destroy(bench_layer **layer)
{
    bench_layer *b = *layer;
    if (!b)
        return;
    t2v_dit_ltx.free_text(b->text);
    t2v_dit_ltx.destroy(b->dit);
    t2v_component_close(&b->component);
    t2v_free(b->x);
    t2v_free(b->out);
    t2v_free(b->positions.cosine);
    t2v_free(b->positions.sine);
    t2v_free(b);
    *layer = NULL;
}

double bench_layer_operations(const bench_layer *layer)
{
    const double tokens = (double)layer->tokens;
    return tokens * (layer->info.operations_per_token +
                     layer->info.operations_per_pair * (tokens + (double)layer->text_length));
}

t2v_status bench_layer_run(bench_layer *layer, t2v_exec *exec)
{
    const float timestep = 500;
    const t2v_dit_input input = {
        .tokens = layer->tokens,
        .x = layer->x,
        .groups = 1,
        .timestep = &timestep,
        .text = layer->text,
        .positions = &layer->positions,
    };
    return t2v_dit_ltx.run(exec, layer->dit, &input, layer->out);
}
