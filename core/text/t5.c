/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/t5.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "layers/load.h"
#include "ops/attention.h"
#include "ops/elementwise.h"
#include "ops/norm.h"

typedef struct layer {
    float *attention_norm, *feed_norm; /* [width] */
    t2v_linear *qkv, *output;
    t2v_linear *gate, *up, *down;
    float *position_bias; /* [buckets, heads]; NULL: that of the layer before */
} layer;

struct t2v_t5 {
    t2v_t5_kind kind;
    int64_t width, head_dim, heads, feed, layers, vocabulary, buckets, distance;
    double eps;
    t2v_tensor embedding;
    float *final_norm;
    layer *layer;
};

/* ------------------------------------------------------------------ loading */

static t2v_status read_config(const t2v_config *config, t2v_t5 *t5, t2v_error *error)
{
    const char *feed, *const usual_feed = t5->kind == T2V_UMT5 ? "gated-gelu" : "relu";
    T2V_TRY(t2v_config_int(config, "d_model", 512, 1, 65536, &t5->width, error));
    T2V_TRY(t2v_config_int(config, "d_kv", 64, 1, 4096, &t5->head_dim, error));
    T2V_TRY(t2v_config_int(config, "num_heads", 8, 1, 1024, &t5->heads, error));
    T2V_TRY(t2v_config_int(config, "d_ff", 2048, 1, 262144, &t5->feed, error));
    T2V_TRY(t2v_config_int(config, "num_layers", 6, 1, 256, &t5->layers, error));
    T2V_TRY(t2v_config_int(config, "vocab_size", 32128, 1, 1 << 22, &t5->vocabulary, error));
    T2V_TRY(
        t2v_config_int(config, "relative_attention_num_buckets", 32, 4, 4096, &t5->buckets, error));
    T2V_TRY(t2v_config_int(config, "relative_attention_max_distance", 128, 2, 1 << 20,
                           &t5->distance, error));
    T2V_TRY(t2v_config_double(config, "layer_norm_epsilon", 1e-6, 0, 1, &t5->eps, error));
    T2V_TRY(t2v_config_string(config, "feed_forward_proj", usual_feed, &feed, error));
    if (strcmp(feed, "gated-gelu"))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: feed_forward_proj is \"%s\"; only \"gated-gelu\" (T5 1.1) can be run",
                        t2v_config_path(config), feed);
    if (t5->distance <= t5->buckets / 4)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: relative_attention_max_distance is %lld, which must be above a "
                        "quarter of relative_attention_num_buckets (%lld)",
                        t2v_config_path(config), (long long)t5->distance, (long long)t5->buckets);
    return T2V_OK;
}

static t2v_status load_attention(const t2v_component *c, const t2v_t5 *t5, layer *l, int i,
                                 t2v_error *error)
{
    const int64_t inner = t5->heads * t5->head_dim, width = t5->width;
#define NAME(name) error, "encoder.block.%d.layer.0." name, i
    T2V_TRY(t2v_load_joined(c, inner, width, false, "qkv", &l->qkv, NAME("SelfAttention.")));
    T2V_TRY(t2v_load_linear(c, width, inner, false, &l->output, NAME("SelfAttention.o")));
    return t2v_load_floats(c, 1, &width, &l->attention_norm, NAME("layer_norm.weight"));
#undef NAME
}

static t2v_status load_feed(const t2v_component *c, const t2v_t5 *t5, layer *l, int i,
                            t2v_error *error)
{
    const int64_t feed = t5->feed, width = t5->width;
#define NAME(name) error, "encoder.block.%d.layer.1." name, i
    T2V_TRY(t2v_load_linear(c, feed, width, false, &l->gate, NAME("DenseReluDense.wi_0")));
    T2V_TRY(t2v_load_linear(c, feed, width, false, &l->up, NAME("DenseReluDense.wi_1")));
    T2V_TRY(t2v_load_linear(c, width, feed, false, &l->down, NAME("DenseReluDense.wo")));
    return t2v_load_floats(c, 1, &width, &l->feed_norm, NAME("layer_norm.weight"));
#undef NAME
}

/* In T5 the first layer's table serves all layers, in UMT5 each has its own. */
static t2v_status load_position_bias(const t2v_component *c, const t2v_t5 *t5, layer *l, int i,
                                     t2v_error *error)
{
    const int64_t dim[2] = {t5->buckets, t5->heads};
    if (i > 0 && t5->kind == T2V_T5)
        return T2V_OK;
    return t2v_load_floats(c, 2, dim, &l->position_bias, error,
                           "encoder.block.%d.layer.0.SelfAttention.relative_attention_bias.weight",
                           i);
}

static t2v_status load(const t2v_component *c, t2v_t5 *t5, t2v_error *error)
{
    T2V_TRY(read_config(t2v_component_config(c), t5, error));
    const int64_t table[2] = {t5->vocabulary, t5->width};
    T2V_TRY(t2v_component_tensor(c, &t5->embedding, error, 2, table, "shared.weight"));
    T2V_TRY(t2v_load_floats(c, 1, &t5->width, &t5->final_norm, error,
                            "encoder.final_layer_norm.weight"));
    t5->layer = t2v_calloc((size_t)t5->layers, sizeof(*t5->layer));
    if (!t5->layer)
        return t2v_fail_memory(error, "T5's layers", (size_t)t5->layers * sizeof(*t5->layer));
    for (int i = 0; i < t5->layers; i++) {
        T2V_TRY(load_attention(c, t5, &t5->layer[i], i, error));
        T2V_TRY(load_feed(c, t5, &t5->layer[i], i, error));
        T2V_TRY(load_position_bias(c, t5, &t5->layer[i], i, error));
    }
    return T2V_OK;
}

t2v_status t2v_t5_create(const t2v_component *component, t2v_t5_kind kind, t2v_t5 **t5,
                         t2v_error *error)
{
    *t5 = t2v_calloc(1, sizeof(**t5));
    if (!*t5)
        return t2v_fail_memory(error, "the text encoder", sizeof(**t5));
    (*t5)->kind = kind;
    t2v_status status = load(component, *t5, error);
    if (status < 0)
        t2v_t5_free(t5);
    return status;
}

void t2v_t5_forget(const t2v_t5 *t5)
{
    for (int64_t i = 0; i < t5->layers; i++) {
        const layer *l = &t5->layer[i];
        t2v_linear *const linears[] = {l->qkv, l->output, l->gate, l->up, l->down};
        for (size_t j = 0; j < sizeof(linears) / sizeof(linears[0]); j++)
            t2v_linear_forget(linears[j]);
    }
}

void t2v_t5_free(t2v_t5 **t5)
{
    if (!*t5)
        return;
    for (int64_t i = 0; (*t5)->layer && i < (*t5)->layers; i++) {
        layer *l = &(*t5)->layer[i];
        t2v_free(l->attention_norm);
        t2v_free(l->feed_norm);
        t2v_linear_free(&l->qkv);
        t2v_linear_free(&l->output);
        t2v_linear_free(&l->gate);
        t2v_linear_free(&l->up);
        t2v_linear_free(&l->down);
        t2v_free(l->position_bias);
    }
    t2v_free((*t5)->layer);
    t2v_free((*t5)->final_norm);
    t2v_free(*t5);
    *t5 = NULL;
}

int64_t t2v_t5_width(const t2v_t5 *t5)
{
    return t5->width;
}

int64_t t2v_t5_vocabulary(const t2v_t5 *t5)
{
    return t5->vocabulary;
}

/* ------------------------------------------------------------------ running */

/* Bucket of key − query: half the buckets for each sign; of each half one half exact, the other
 * logarithmic up to the maximum distance (T5, section 2.1). float arithmetic as in transformers. */
static int64_t position_bucket(const t2v_t5 *t5, int64_t offset)
{
    int64_t half = t5->buckets / 2, exact = half / 2, bucket = offset > 0 ? half : 0;
    int64_t distance = offset < 0 ? -offset : offset;
    if (distance < exact)
        return bucket + distance;
    float scaled = logf((float)distance / (float)exact) /
                   (float)log((double)t5->distance / (double)exact) * (float)(half - exact);
    int64_t large = exact + (int64_t)scaled;
    return bucket + (large < half - 1 ? large : half - 1);
}

/* [heads, length, length]; the logarithms once for each offset, of which there are few */
static void fill_bias(const t2v_t5 *t5, const float *table, int64_t length, float *bias)
{
    for (int64_t offset = 1 - length; offset < length; offset++) {
        const float *of_heads = table + position_bucket(t5, offset) * t5->heads;
        const int64_t first = offset < 0 ? -offset : 0;
        const int64_t end = offset < 0 ? length : length - offset;
        for (int64_t head = 0; head < t5->heads; head++)
            for (int64_t query = first; query < end; query++)
                bias[(head * length + query) * length + query + offset] = of_heads[head];
    }
}

/* Buffers of one run, all in the arena. */
typedef struct buffers {
    float *hidden;    /* [length, width] */
    float *normed;    /* [length, width] */
    float *qkv;       /* [length, 3 inner] */
    float *heads[3];  /* [heads, length, head_dim] */
    float *merged;    /* [length, inner] */
    float *gate, *up; /* [length, feed] */
    float *bias;      /* [heads, length, length] */
    float *mask;      /* [length] */
} buffers;

static t2v_status allocate(t2v_exec *exec, const t2v_t5 *t5, int64_t length, buffers *b)
{
    size_t n = (size_t)length, inner = (size_t)(t5->heads * t5->head_dim);
    b->hidden = t2v_exec_floats(exec, n, (size_t)t5->width);
    b->normed = t2v_exec_floats(exec, n, (size_t)t5->width);
    b->qkv = t2v_exec_floats(exec, n, 3 * inner);
    for (int i = 0; i < 3; i++)
        b->heads[i] = t2v_exec_floats(exec, n, inner);
    b->merged = t2v_exec_floats(exec, n, inner);
    b->gate = t2v_exec_floats(exec, n, (size_t)t5->feed);
    b->up = t2v_exec_floats(exec, n, (size_t)t5->feed);
    b->bias = t2v_exec_floats(exec, n * n, (size_t)t5->heads);
    b->mask = t2v_exec_floats(exec, n, 1);
    bool complete = b->hidden && b->normed && b->qkv && b->heads[0] && b->heads[1] && b->heads[2] &&
                    b->merged && b->gate && b->up && b->bias && b->mask;
    return complete ? T2V_OK : T2V_ERROR_MEMORY;
}

static void norm(t2v_exec *exec, const t2v_t5 *t5, const float *weight, const float *x,
                 int64_t rows, float *y)
{
    const t2v_norm n = {.dim = t5->width, .eps = (float)t5->eps, .weight = weight};
    t2v_norm_run(exec, &n, x, rows, t5->width, y);
}

static t2v_status run_attention(t2v_exec *exec, const t2v_t5 *t5, const layer *l, int64_t length,
                                buffers *b)
{
    const int64_t inner = t5->heads * t5->head_dim;
    norm(exec, t5, l->attention_norm, b->hidden, length, b->normed);
    T2V_TRY(t2v_linear_run(exec, l->qkv, b->normed, length, T2V_ACTIVATION_NONE, false, b->qkv));
    for (int i = 0; i < 3; i++)
        t2v_split_heads(exec, b->qkv + i * inner, length, 3 * inner, t5->heads, t5->head_dim,
                        b->heads[i]);
    const t2v_attention attention = {
        .heads = t5->heads,
        .head_dim = t5->head_dim,
        .queries = length,
        .keys = length,
        .q = b->heads[0],
        .k = b->heads[1],
        .v = b->heads[2],
        .scale = 1, /* T5 leaves the scores unscaled */
        .key_bias = b->mask,
        .bias = b->bias,
        .out = b->merged,
    };
    T2V_TRY(t2v_attention_run(exec, &attention));
    return t2v_linear_run(exec, l->output, b->merged, length, T2V_ACTIVATION_NONE, true, b->hidden);
}

static t2v_status run_feed(t2v_exec *exec, const t2v_t5 *t5, const layer *l, int64_t length,
                           buffers *b)
{
    norm(exec, t5, l->feed_norm, b->hidden, length, b->normed);
    T2V_TRY(
        t2v_linear_run(exec, l->gate, b->normed, length, T2V_ACTIVATION_GELU_TANH, false, b->gate));
    T2V_TRY(t2v_linear_run(exec, l->up, b->normed, length, T2V_ACTIVATION_NONE, false, b->up));
    t2v_multiply(exec, b->gate, b->up, length * t5->feed);
    return t2v_linear_run(exec, l->down, b->gate, length, T2V_ACTIVATION_NONE, true, b->hidden);
}

static t2v_status embed(t2v_exec *exec, const t2v_t5 *t5, const int64_t *ids, int64_t length,
                        float *out)
{
    for (int64_t i = 0; i < length; i++) {
        if (ids[i] < 0 || ids[i] >= t5->vocabulary)
            return t2v_fail(exec->error, T2V_ERROR_FORMAT,
                            "the tokenizer gave id %lld, but the text encoder knows %lld",
                            (long long)ids[i], (long long)t5->vocabulary);
        t2v_tensor_read_f32(&t5->embedding, (size_t)(ids[i] * t5->width), (size_t)t5->width,
                            out + i * t5->width);
    }
    return T2V_OK;
}

static t2v_status run(t2v_exec *exec, const t2v_t5 *t5, const int64_t *ids, int64_t length,
                      int64_t used, float *out)
{
    buffers b;
    T2V_TRY(allocate(exec, t5, length, &b));
    T2V_TRY(embed(exec, t5, ids, length, b.hidden));
    for (int64_t i = 0; i < length; i++)
        b.mask[i] = i < used ? 0 : -FLT_MAX;
    for (int64_t i = 0; i < t5->layers; i++) {
        if (t5->layer[i].position_bias)
            fill_bias(t5, t5->layer[i].position_bias, length, b.bias);
        T2V_TRY(run_attention(exec, t5, &t5->layer[i], length, &b));
        T2V_TRY(run_feed(exec, t5, &t5->layer[i], length, &b));
    }
    norm(exec, t5, t5->final_norm, b.hidden, length, out);
    return T2V_OK;
}

t2v_status t2v_t5_run(t2v_exec *exec, const t2v_t5 *t5, const int64_t *ids, int64_t length,
                      int64_t used, float *out)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run(exec, t5, ids, length, used, out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}
