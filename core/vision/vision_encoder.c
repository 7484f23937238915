/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/vision_encoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "layers/load.h"
#include "ops/attention.h"
#include "ops/elementwise.h"
#include "ops/norm.h"

enum { COLOURS = 3 };

/* Of a LayerNorm; [width] */
typedef struct layer_norm {
    float *weight, *bias;
} layer_norm;

typedef struct layer {
    layer_norm before_attention, before_feed;
    t2v_linear *qkv, *output, *up, *down;
} layer;

struct t2v_vision {
    int64_t width, feed, heads, layers, side, patch;
    double eps;
    bool quick; /* x · sigmoid(1.702 x) in place of GELU */
    const char *prefix;
    t2v_linear *patches;
    float *whole;     /* [width]: class_embedding */
    float *positions; /* [tokens, width] */
    layer_norm first;
    layer *layer; /* [layers]: all but the last, which nothing is made of */
};

/* ------------------------------------------------------------------ loading */

static t2v_status read_config(const t2v_config *config, t2v_vision *v, t2v_error *error)
{
    const char *activation;
    int64_t colours;
    T2V_TRY(t2v_config_int(config, "hidden_size", 768, 1, 65536, &v->width, error));
    T2V_TRY(t2v_config_int(config, "intermediate_size", 3072, 1, 1 << 20, &v->feed, error));
    T2V_TRY(t2v_config_int(config, "num_hidden_layers", 12, 1, 1024, &v->layers, error));
    T2V_TRY(t2v_config_int(config, "num_attention_heads", 12, 1, 1024, &v->heads, error));
    T2V_TRY(t2v_config_int(config, "num_channels", COLOURS, COLOURS, COLOURS, &colours, error));
    T2V_TRY(t2v_config_int(config, "image_size", 224, 1, 4096, &v->side, error));
    T2V_TRY(t2v_config_int(config, "patch_size", 32, 1, 4096, &v->patch, error));
    T2V_TRY(t2v_config_double(config, "layer_norm_eps", 1e-5, 0, 1, &v->eps, error));
    T2V_TRY(t2v_config_string(config, "hidden_act", "quick_gelu", &activation, error));
    v->layers--;
    v->quick = !strcmp(activation, "quick_gelu");
    if (!v->quick && strcmp(activation, "gelu"))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: hidden_act is \"%.40s\", wanted \"gelu\" or \"quick_gelu\"",
                        t2v_config_path(config), activation);
    if (v->width % v->heads || v->patch > v->side)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: hidden_size is %lld, num_attention_heads %lld, patch_size %lld and "
                        "image_size %lld; wanted whole heads and at least one patch",
                        t2v_config_path(config), (long long)v->width, (long long)v->heads,
                        (long long)v->patch, (long long)v->side);
    return T2V_OK;
}

static t2v_status load_norm(const t2v_component *c, const t2v_vision *v, layer_norm *norm,
                            t2v_error *error, const char *where, const char *name)
{
    T2V_TRY(t2v_load_floats(c, 1, &v->width, &norm->weight, error, "%s%s.weight", where, name));
    return t2v_load_floats(c, 1, &v->width, &norm->bias, error, "%s%s.bias", where, name);
}

/* Query, key and value as one layer. */
static t2v_status load_qkv(const t2v_component *c, const t2v_vision *v, t2v_linear **qkv,
                           t2v_error *error, const char *where)
{
    static const char letters[] = "qkv";
    const int64_t dim[2] = {v->width, v->width};
    t2v_tensor weight[3], bias[3];
    if (t2v_component_has(c, "%sself_attn.to_qkv.weight", where))
        return t2v_load_linear(c, 3 * v->width, v->width, true, qkv, error, "%sself_attn.to_qkv",
                               where);
    for (int i = 0; i < 3; i++) {
        T2V_TRY(t2v_component_tensor(c, &weight[i], error, 2, dim, "%sself_attn.%c_proj.weight",
                                     where, letters[i]));
        T2V_TRY(t2v_component_tensor(c, &bias[i], error, 1, dim, "%sself_attn.%c_proj.bias", where,
                                     letters[i]));
    }
    return t2v_linear_create(3, weight, bias, T2V_PRECISION_F32, qkv, error);
}

static t2v_status load_layer(const t2v_component *c, const t2v_vision *v, int i, layer *l,
                             t2v_error *error)
{
    const int64_t width = v->width;
    char where[96];
    snprintf(where, sizeof(where), "%sencoder.layers.%d.", v->prefix, i);
    T2V_TRY(load_norm(c, v, &l->before_attention, error, where, "layer_norm1"));
    T2V_TRY(load_qkv(c, v, &l->qkv, error, where));
    T2V_TRY(
        t2v_load_linear(c, width, width, true, &l->output, error, "%sself_attn.out_proj", where));
    T2V_TRY(load_norm(c, v, &l->before_feed, error, where, "layer_norm2"));
    T2V_TRY(t2v_load_linear(c, v->feed, width, true, &l->up, error, "%smlp.fc1", where));
    return t2v_load_linear(c, width, v->feed, true, &l->down, error, "%smlp.fc2", where);
}

static t2v_status load_embeddings(const t2v_component *c, t2v_vision *v, t2v_error *error)
{
    const int64_t table[3] = {1, t2v_vision_tokens(v), v->width};
    /* the authors keep these two as a batch of one */
    const bool original = t2v_component_has(c, "%sembeddings.position_embedding", v->prefix);
    const int64_t whole[3] = {1, 1, v->width};
    const int64_t patch[4] = {v->width, COLOURS, v->patch, v->patch};
    t2v_tensor weight;
#define NAME(name) "%sembeddings." name, v->prefix
    if (original) {
        T2V_TRY(t2v_load_floats(c, 3, whole, &v->whole, error, NAME("class_embedding")));
        T2V_TRY(t2v_load_floats(c, 3, table, &v->positions, error, NAME("position_embedding")));
    } else {
        T2V_TRY(t2v_load_floats(c, 1, &v->width, &v->whole, error, NAME("class_embedding")));
        T2V_TRY(t2v_load_floats(c, 2, table + 1, &v->positions, error,
                                NAME("position_embedding.weight")));
    }
    T2V_TRY(t2v_component_tensor(c, &weight, error, 4, patch, NAME("patch_embedding.weight")));
#undef NAME
    weight.shape = (t2v_shape){2, {v->width, COLOURS * v->patch * v->patch}};
    return t2v_linear_create(1, &weight, NULL, T2V_PRECISION_F32, &v->patches, error);
}

static t2v_status load(const t2v_component *c, t2v_vision *v, t2v_error *error)
{
    T2V_TRY(read_config(t2v_component_config(c), v, error));
    /* which of the two depends on who saved it */
    v->prefix = t2v_component_has(c, "embeddings.patch_embedding.weight") ? "" : "vision_model.";
    T2V_TRY(load_embeddings(c, v, error));
    T2V_TRY(load_norm(c, v, &v->first, error, v->prefix, "pre_layrnorm"));
    v->layer = t2v_calloc((size_t)v->layers, sizeof(*v->layer));
    if (!v->layer)
        return t2v_fail_memory(error, "the vision encoder", (size_t)v->layers * sizeof(*v->layer));
    for (int i = 0; i < v->layers; i++)
        T2V_TRY(load_layer(c, v, i, &v->layer[i], error));
    return T2V_OK;
}

t2v_status t2v_vision_create(const t2v_component *component, t2v_vision **vision, t2v_error *error)
{
    *vision = t2v_calloc(1, sizeof(**vision));
    if (!*vision)
        return t2v_fail_memory(error, "the vision encoder", sizeof(**vision));
    t2v_status status = load(component, *vision, error);
    if (status < 0)
        t2v_vision_free(vision);
    return status;
}

static void free_norm(layer_norm *norm)
{
    t2v_free(norm->weight);
    t2v_free(norm->bias);
}

void t2v_vision_free(t2v_vision **vision)
{
    t2v_vision *v = *vision;
    *vision = NULL;
    if (!v)
        return;
    for (int64_t i = 0; v->layer && i < v->layers; i++) {
        layer *l = &v->layer[i];
        free_norm(&l->before_attention);
        free_norm(&l->before_feed);
        t2v_linear_free(&l->qkv);
        t2v_linear_free(&l->output);
        t2v_linear_free(&l->up);
        t2v_linear_free(&l->down);
    }
    t2v_free(v->layer);
    free_norm(&v->first);
    t2v_linear_free(&v->patches);
    t2v_free(v->whole);
    t2v_free(v->positions);
    t2v_free(v);
}

int64_t t2v_vision_width(const t2v_vision *v)
{
    return v->width;
}

int64_t t2v_vision_tokens(const t2v_vision *v)
{
    const int64_t patches = v->side / v->patch;
    return patches * patches + 1;
}

int64_t t2v_vision_side(const t2v_vision *v)
{
    return v->side;
}

/* ------------------------------------------------------------------ running */

/* Buffers of one run, all in the arena. */
typedef struct buffers {
    float *hidden, *normed; /* [tokens, width] */
    float *qkv;             /* [tokens, 3 width] */
    float *heads[3];        /* [heads, tokens, width / heads] */
    float *feed;            /* [tokens, feed] */
} buffers;

static t2v_status allocate(t2v_exec *exec, const t2v_vision *v, buffers *b)
{
    const size_t n = (size_t)t2v_vision_tokens(v), width = (size_t)v->width;
    b->hidden = t2v_exec_floats(exec, n, width);
    b->normed = t2v_exec_floats(exec, n, width);
    b->qkv = t2v_exec_floats(exec, n, 3 * width);
    for (int i = 0; i < 3; i++)
        b->heads[i] = t2v_exec_floats(exec, n, width);
    b->feed = t2v_exec_floats(exec, n, (size_t)v->feed);
    bool complete =
        b->hidden && b->normed && b->qkv && b->heads[0] && b->heads[1] && b->heads[2] && b->feed;
    return complete ? T2V_OK : T2V_ERROR_MEMORY;
}

static void norm(t2v_exec *exec, const t2v_vision *v, const layer_norm *weights, const float *x,
                 float *y)
{
    const t2v_norm n = {.dim = v->width,
                        .eps = (float)v->eps,
                        .centred = true,
                        .weight = weights->weight,
                        .bias = weights->bias};
    t2v_norm_run(exec, &n, x, t2v_vision_tokens(v), v->width, y);
}

/* Numbers of a patch in the order of the convolution's kernel: colour, row, column. */
static void take_patches(const t2v_vision *v, const float *pixels, float *patches)
{
    const int64_t p = v->patch, across = v->side / p;
    for (int64_t i = 0; i < across * across; i++)
        for (int64_t line = 0; line < COLOURS * p; line++, patches += p)
            memcpy(patches,
                   pixels + (line / p * v->side + i / across * p + line % p) * v->side +
                       i % across * p,
                   (size_t)p * sizeof(*patches));
}

static t2v_status embed(t2v_exec *exec, const t2v_vision *v, const float *pixels, buffers *b)
{
    const int64_t n = t2v_vision_tokens(v), width = v->width;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *patches =
        t2v_exec_floats(exec, (size_t)(n - 1), (size_t)(COLOURS * v->patch * v->patch));
    if (!patches)
        return T2V_ERROR_MEMORY;
    take_patches(v, pixels, patches);
    memcpy(b->normed, v->whole, (size_t)width * sizeof(float));
    T2V_TRY(t2v_linear_run(exec, v->patches, patches, n - 1, T2V_ACTIVATION_NONE, false,
                           b->normed + width));
    t2v_arena_reset(&exec->arena, mark);
    t2v_add(exec, b->normed, v->positions, n * width);
    norm(exec, v, &v->first, b->normed, b->hidden);
    return T2V_OK;
}

static t2v_status run_attention(t2v_exec *exec, const t2v_vision *v, const layer *l, buffers *b)
{
    const int64_t n = t2v_vision_tokens(v), head = v->width / v->heads;
    norm(exec, v, &l->before_attention, b->hidden, b->normed);
    T2V_TRY(t2v_linear_run(exec, l->qkv, b->normed, n, T2V_ACTIVATION_NONE, false, b->qkv));
    for (int i = 0; i < 3; i++)
        t2v_split_heads(exec, b->qkv + i * v->width, n, 3 * v->width, v->heads, head, b->heads[i]);
    const t2v_attention attention = {
        .heads = v->heads,
        .head_dim = head,
        .queries = n,
        .keys = n,
        .q = b->heads[0],
        .k = b->heads[1],
        .v = b->heads[2],
        .scale = 1 / sqrtf((float)head),
        .out = b->normed,
    };
    T2V_TRY(t2v_attention_run(exec, &attention));
    return t2v_linear_run(exec, l->output, b->normed, n, T2V_ACTIVATION_NONE, true, b->hidden);
}

static t2v_status run_feed(t2v_exec *exec, const t2v_vision *v, const layer *l, buffers *b)
{
    const int64_t n = t2v_vision_tokens(v);
    norm(exec, v, &l->before_feed, b->hidden, b->normed);
    T2V_TRY(t2v_linear_run(exec, l->up, b->normed, n, T2V_ACTIVATION_NONE, false, b->feed));
    if (v->quick)
        t2v_quick_gelu(exec, b->feed, n * v->feed);
    else
        t2v_gelu(exec, b->feed, n * v->feed);
    return t2v_linear_run(exec, l->down, b->feed, n, T2V_ACTIVATION_NONE, true, b->hidden);
}

static t2v_status run(t2v_exec *exec, const t2v_vision *v, const float *pixels, float *out)
{
    buffers b;
    T2V_TRY(allocate(exec, v, &b));
    T2V_TRY(embed(exec, v, pixels, &b));
    for (int64_t i = 0; i < v->layers; i++) {
        T2V_TRY(run_attention(exec, v, &v->layer[i], &b));
        T2V_TRY(run_feed(exec, v, &v->layer[i], &b));
    }
    t2v_copy(exec, out, b.hidden, t2v_vision_tokens(v) * v->width);
    return T2V_OK;
}

t2v_status t2v_vision_run(t2v_exec *exec, const t2v_vision *vision, const float *pixels, float *out)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run(exec, vision, pixels, out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}
