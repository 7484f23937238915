/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The diffusion transformer of LTX-Video (HaCohen et al. 2024), as LTXVideoTransformer3DModel. */
#include <math.h>
#include <string.h>

#include "dit/adaptive.h"
#include "dit/text_keys.h"
#include "layers/load.h"
#include "ops/attention.h"
#include "ops/rope.h"
#include "ops/timestep.h"

/* The feed-forward's width, and its rows that are computed at once. */
enum { FEED_FACTOR = 4, FEED_ROWS = 2048 };
/* Tokens whose angles are computed between two looks at the interruption. */
enum { POSITION_TOKENS = 512 };

/* The reference fixes these: positions are scaled to a clip of 20 s and 2048 pixels. */
static const float POSITION_BASE[3] = {20.0f, 2048.0f, 2048.0f};
static const float ROPE_THETA = 10000.0f;
static const float TEXT_MASK = -10000.0f;
static const float QK_EPS = 1e-5f, OUT_EPS = 1e-6f;

typedef struct block {
    float *norm1, *norm2; /* [dim]; NULL: no weights */
    float *modulation;    /* [T2V_MODULATIONS, dim] */
    t2v_linear *qkv, *attention_out;
    float *query_norm, *key_norm;
    t2v_linear *text_query, *text_keys_values, *text_out;
    float *text_query_norm, *text_key_norm;
    t2v_linear *feed_in, *feed_out;
} block;

typedef struct ltx {
    int64_t in, out, patch, patch_time, heads, head_dim, dim, layers, text_width;
    double eps;
    bool affine, bias, out_bias;
    t2v_linear *proj_in, *proj_out;
    t2v_time_layers time;
    t2v_linear *caption_in, *caption_out;
    float *modulation; /* [2, dim]: shift and scale of the last norm */
    block *block;
} ltx;

/* ------------------------------------------------------------------ loading */

static t2v_status must_be(const t2v_config *config, const char *key, const char *wanted,
                          t2v_error *error)
{
    const char *value;
    T2V_TRY(t2v_config_string(config, key, wanted, &value, error));
    if (strcmp(value, wanted))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: %s is \"%s\"; only \"%s\" is known",
                        t2v_config_path(config), key, value, wanted);
    return T2V_OK;
}

static t2v_status read_config(const t2v_config *config, ltx *m, t2v_error *error)
{
    int64_t cross;
    T2V_TRY(t2v_config_int(config, "in_channels", 128, 1, 65536, &m->in, error));
    T2V_TRY(t2v_config_int(config, "out_channels", m->in, 1, 65536, &m->out, error));
    /* the pipelines of the reference fail with any other */
    T2V_TRY(t2v_config_int(config, "patch_size", 1, 1, 1, &m->patch, error));
    T2V_TRY(t2v_config_int(config, "patch_size_t", 1, 1, 1, &m->patch_time, error));
    T2V_TRY(t2v_config_int(config, "num_attention_heads", 32, 1, 1024, &m->heads, error));
    T2V_TRY(t2v_config_int(config, "attention_head_dim", 64, 1, 4096, &m->head_dim, error));
    T2V_TRY(t2v_config_int(config, "cross_attention_dim", 2048, 1, 1 << 20, &cross, error));
    T2V_TRY(t2v_config_int(config, "num_layers", 28, 1, 1024, &m->layers, error));
    T2V_TRY(t2v_config_int(config, "caption_channels", 4096, 1, 65536, &m->text_width, error));
    T2V_TRY(t2v_config_double(config, "norm_eps", 1e-6, 0, 1, &m->eps, error));
    T2V_TRY(t2v_config_bool(config, "norm_elementwise_affine", false, &m->affine, error));
    T2V_TRY(t2v_config_bool(config, "attention_bias", true, &m->bias, error));
    T2V_TRY(t2v_config_bool(config, "attention_out_bias", true, &m->out_bias, error));
    T2V_TRY(must_be(config, "activation_fn", "gelu-approximate", error));
    T2V_TRY(must_be(config, "qk_norm", "rms_norm_across_heads", error));
    m->dim = m->heads * m->head_dim;
    m->time.dim = m->dim;
    m->time.sinusoids = T2V_SINUSOIDS;
    if (cross != m->dim)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: cross_attention_dim is %lld, but the projected text has "
                        "num_attention_heads × attention_head_dim = %lld channels",
                        t2v_config_path(config), (long long)cross, (long long)m->dim);
    if (m->dim % 2)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: num_attention_heads × attention_head_dim is %lld, which must be even",
                        t2v_config_path(config), (long long)m->dim);
    return T2V_OK;
}

static t2v_status load_block(const t2v_component *c, const ltx *m, int i, block *b,
                             t2v_error *error)
{
    const int64_t dim = m->dim, feed = FEED_FACTOR * dim, table[2] = {T2V_MODULATIONS, dim};
#define NAME(name) error, "transformer_blocks.%d." name, i
    if (m->affine) {
        T2V_TRY(t2v_load_floats(c, 1, &dim, &b->norm1, NAME("norm1.weight")));
        T2V_TRY(t2v_load_floats(c, 1, &dim, &b->norm2, NAME("norm2.weight")));
    }
    T2V_TRY(t2v_load_floats(c, 2, table, &b->modulation, NAME("scale_shift_table")));
    T2V_TRY(t2v_load_joined(c, dim, dim, m->bias, "qkv", &b->qkv, NAME("attn1.to_")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->query_norm, NAME("attn1.norm_q.weight")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->key_norm, NAME("attn1.norm_k.weight")));
    T2V_TRY(t2v_load_linear(c, dim, dim, m->out_bias, &b->attention_out, NAME("attn1.to_out.0")));
    T2V_TRY(t2v_load_joined(c, dim, dim, m->bias, "q", &b->text_query, NAME("attn2.to_")));
    T2V_TRY(t2v_load_joined(c, dim, dim, m->bias, "kv", &b->text_keys_values, NAME("attn2.to_")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->text_query_norm, NAME("attn2.norm_q.weight")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->text_key_norm, NAME("attn2.norm_k.weight")));
    T2V_TRY(t2v_load_linear(c, dim, dim, m->out_bias, &b->text_out, NAME("attn2.to_out.0")));
    T2V_TRY(t2v_load_linear(c, feed, dim, true, &b->feed_in, NAME("ff.net.0.proj")));
    return t2v_load_linear(c, dim, feed, true, &b->feed_out, NAME("ff.net.2"));
#undef NAME
}

static t2v_status load(const t2v_component *c, ltx *m, t2v_error *error)
{
    T2V_TRY(read_config(t2v_component_config(c), m, error));
    const int64_t dim = m->dim, table[2] = {2, dim};
#define TIME "time_embed.emb.timestep_embedder."
    T2V_TRY(t2v_load_linear(c, dim, m->in, true, &m->proj_in, error, "proj_in"));
    T2V_TRY(t2v_load_linear(c, m->out, dim, true, &m->proj_out, error, "proj_out"));
    T2V_TRY(t2v_load_linear(c, dim, T2V_SINUSOIDS, true, &m->time.in, error, TIME "linear_1"));
    T2V_TRY(t2v_load_linear(c, dim, dim, true, &m->time.out, error, TIME "linear_2"));
#undef TIME
    T2V_TRY(t2v_load_linear(c, T2V_MODULATIONS * dim, dim, true, &m->time.modulation, error,
                            "time_embed.linear"));
    T2V_TRY(t2v_load_linear(c, dim, m->text_width, true, &m->caption_in, error,
                            "caption_projection.linear_1"));
    T2V_TRY(
        t2v_load_linear(c, dim, dim, true, &m->caption_out, error, "caption_projection.linear_2"));
    T2V_TRY(t2v_load_floats(c, 2, table, &m->modulation, error, "scale_shift_table"));
    m->block = t2v_calloc((size_t)m->layers, sizeof(*m->block));
    if (!m->block)
        return t2v_fail_memory(error, "the transformer", (size_t)m->layers * sizeof(*m->block));
    for (int i = 0; i < m->layers; i++)
        T2V_TRY(load_block(c, m, i, &m->block[i], error));
    return T2V_OK;
}

static void free_block(block *b)
{
    t2v_free(b->norm1);
    t2v_free(b->norm2);
    t2v_free(b->modulation);
    t2v_linear_free(&b->qkv);
    t2v_linear_free(&b->attention_out);
    t2v_free(b->query_norm);
    t2v_free(b->key_norm);
    t2v_linear_free(&b->text_query);
    t2v_linear_free(&b->text_keys_values);
    t2v_linear_free(&b->text_out);
    t2v_free(b->text_query_norm);
    t2v_free(b->text_key_norm);
    t2v_linear_free(&b->feed_in);
    t2v_linear_free(&b->feed_out);
}

static void destroy(void *dit)
{
    ltx *m = dit;
    if (!m)
        return;
    for (int64_t i = 0; m->block && i < m->layers; i++)
        free_block(&m->block[i]);
    t2v_free(m->block);
    t2v_linear_free(&m->proj_in);
    t2v_linear_free(&m->proj_out);
    t2v_time_layers_free(&m->time);
    t2v_linear_free(&m->caption_in);
    t2v_linear_free(&m->caption_out);
    t2v_free(m->modulation);
    t2v_free(m);
}

static t2v_status create(const t2v_component *component, void **dit, t2v_error *error)
{
    ltx *m = t2v_calloc(1, sizeof(*m));
    *dit = NULL;
    if (!m)
        return t2v_fail_memory(error, "the transformer", sizeof(*m));
    t2v_status status = load(component, m, error);
    if (status < 0)
        destroy(m);
    else
        *dit = m;
    return status;
}

static void describe(const void *dit, t2v_dit_info *info)
{
    const ltx *m = dit;
    const double dim = (double)m->dim, layers = (double)m->layers;
    memset(info, 0, sizeof(*info));
    info->in_channels = m->in;
    info->out_channels = m->out;
    info->text_width = m->text_width;
    info->patch = m->patch;
    info->patch_time = m->patch_time;
    info->position_pairs = m->dim / 2;
    /* qkv, out; query and out of cross-attention; feed-forward */
    info->operations_per_token =
        layers * 2 * dim * dim * (4 + 2 + 2 * FEED_FACTOR) + 2 * dim * (double)(m->in + m->out);
    info->operations_per_pair = layers * 4 * dim;
}

/* ------------------------------------------------------------------ text and positions */

/* RMS norm over all heads together, on columns of a wider matrix, in place of a copy. */
static void norm_heads(t2v_exec *exec, const ltx *m, const float *weight, const float *x,
                       int64_t rows, int64_t stride, float *y)
{
    const t2v_norm norm = {.dim = m->dim, .eps = QK_EPS, .weight = weight};
    t2v_norm_run(exec, &norm, x, rows, stride, y);
}

static t2v_status project_text(t2v_exec *exec, const ltx *m, const float *embeddings,
                               t2v_dit_text *text)
{
    const int64_t n = text->keys;
    float *inner = t2v_exec_floats(exec, (size_t)n, (size_t)m->dim);
    float *projected = t2v_exec_floats(exec, (size_t)n, (size_t)m->dim);
    float *kv = t2v_exec_floats(exec, (size_t)n, (size_t)(2 * m->dim));
    if (!inner || !projected || !kv)
        return T2V_ERROR_MEMORY;
    T2V_TRY(
        t2v_linear_run(exec, m->caption_in, embeddings, n, T2V_ACTIVATION_GELU_TANH, false, inner));
    T2V_TRY(t2v_linear_run(exec, m->caption_out, inner, n, T2V_ACTIVATION_NONE, false, projected));
    for (int64_t i = 0; i < m->layers; i++) {
        const block *b = &m->block[i];
        T2V_TRY(t2v_linear_run(exec, b->text_keys_values, projected, n, T2V_ACTIVATION_NONE, false,
                               kv));
        norm_heads(exec, m, b->text_key_norm, kv, n, 2 * m->dim, inner);
        t2v_split_heads(exec, inner, n, m->dim, m->heads, m->head_dim, text->key[i]);
        t2v_split_heads(exec, kv + m->dim, n, 2 * m->dim, m->heads, m->head_dim, text->value[i]);
    }
    return T2V_OK;
}

static t2v_status prepare_text(t2v_exec *exec, const void *dit, const float *embeddings,
                               int64_t length, int64_t used, t2v_dit_text **out)
{
    const ltx *m = dit;
    t2v_dit_text *text;
    *out = NULL;
    T2V_TRY(t2v_dit_text_create(m->layers, length, m->dim, &text, exec->error));
    for (int64_t i = used; i < length; i++)
        text->bias[i] = TEXT_MASK;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = project_text(exec, m, embeddings, text);
    t2v_arena_reset(&exec->arena, mark);
    if (status < 0)
        t2v_dit_text_free(text);
    else
        *out = text;
    return status;
}

/* torch.linspace(0, 1, count) in float32: from both ends towards the middle */
static float linspace(int64_t i, int64_t count)
{
    if (count == 1)
        return 0;
    float step = 1.0f / (float)(count - 1);
    return i < count / 2 ? step * (float)i : 1 - step * (float)(count - 1 - i);
}

/* All in float32, as the reference: angles reach 15,700, so the rounding can be seen. */
static void position_token(const ltx *m, const float *coordinates, float *cosine, float *sine)
{
    const int64_t frequencies = m->dim / 6, padding = m->dim % 6 / 2;
    for (int64_t i = 0; i < padding; i++) {
        *cosine++ = 1;
        *sine++ = 0;
    }
    for (int64_t f = 0; f < frequencies; f++) {
        float frequency = powf(ROPE_THETA, linspace(f, frequencies)) * (float)(M_PI / 2);
        for (int axis = 0; axis < 3; axis++) {
            float angle = frequency * (coordinates[axis] / POSITION_BASE[axis] * 2 - 1);
            *cosine++ = cosf(angle);
            *sine++ = sinf(angle);
        }
    }
}

static t2v_status prepare_positions(t2v_exec *exec, const void *dit, const float *coordinates,
                                    int64_t tokens, t2v_positions *positions)
{
    const ltx *m = dit;
    const int64_t pairs = m->dim / 2;
    for (int64_t at = 0; at < tokens; at += POSITION_TOKENS) {
        const int64_t end = at + POSITION_TOKENS < tokens ? at + POSITION_TOKENS : tokens;
        T2V_TRY(t2v_exec_check(exec));
#pragma omp parallel for num_threads(exec->threads) schedule(static)
        for (int64_t i = at; i < end; i++)
            position_token(m, coordinates + 3 * i, positions->cosine + i * pairs,
                           positions->sine + i * pairs);
    }
    return T2V_OK;
}

/* ------------------------------------------------------------------ running */

/* Buffers of one run, all in the arena. */
typedef struct buffers {
    float *hidden;              /* [tokens, dim] */
    float *normed;              /* [tokens, dim] */
    float *wide;                /* [tokens, 3 dim]: q, k, v side by side */
    float *query, *key, *value; /* [heads, tokens, head_dim] */
    float *feed;                /* [FEED_ROWS, 4 dim] */
    t2v_adaptive adaptive;
} buffers;

static t2v_status allocate(t2v_exec *exec, const ltx *m, const t2v_dit_input *in, buffers *b)
{
    const size_t n = (size_t)in->tokens, dim = (size_t)m->dim;
    const size_t feed_rows = n < FEED_ROWS ? n : FEED_ROWS;
    b->hidden = t2v_exec_floats(exec, n, dim);
    b->normed = t2v_exec_floats(exec, n, dim);
    b->wide = t2v_exec_floats(exec, n, 3 * dim);
    b->query = t2v_exec_floats(exec, n, dim);
    b->key = t2v_exec_floats(exec, n, dim);
    b->value = t2v_exec_floats(exec, n, dim);
    b->feed = t2v_exec_floats(exec, feed_rows, FEED_FACTOR * dim);
    bool complete = b->hidden && b->normed && b->wide && b->query && b->key && b->value && b->feed;
    return complete ? t2v_adaptive_begin(exec, &m->time, in, &b->adaptive) : T2V_ERROR_MEMORY;
}

/* normed = norm(hidden), shifted and scaled, `which` being the first of a triple */
static void norm_modulated(t2v_exec *exec, const ltx *m, const float *weight, int which, buffers *b)
{
    const t2v_norm norm = {.dim = m->dim, .eps = (float)m->eps, .weight = weight};
    t2v_adaptive_norm(exec, &b->adaptive, &norm, which, b->hidden, b->normed);
}

static t2v_status self_attention(t2v_exec *exec, const ltx *m, const block *block,
                                 const t2v_dit_input *in, buffers *b)
{
    const int64_t n = in->tokens, dim = m->dim;
    float *const target[2] = {b->query, b->key};
    const float *const weight[2] = {block->query_norm, block->key_norm};
    norm_modulated(exec, m, block->norm1, 0, b);
    T2V_TRY(t2v_linear_run(exec, block->qkv, b->normed, n, T2V_ACTIVATION_NONE, false, b->wide));
    for (int i = 0; i < 2; i++) {
        norm_heads(exec, m, weight[i], b->wide + i * dim, n, 3 * dim, b->normed);
        t2v_rope_run(exec, b->normed, n, dim, dim, in->positions->cosine, in->positions->sine);
        t2v_split_heads(exec, b->normed, n, dim, m->heads, m->head_dim, target[i]);
    }
    t2v_split_heads(exec, b->wide + 2 * dim, n, 3 * dim, m->heads, m->head_dim, b->value);
    const t2v_attention attention = {
        .heads = m->heads,
        .head_dim = m->head_dim,
        .queries = n,
        .keys = n,
        .q = b->query,
        .k = b->key,
        .v = b->value,
        .scale = 1 / sqrtf((float)m->head_dim),
        .out = b->normed,
    };
    T2V_TRY(t2v_attention_run(exec, &attention));
    T2V_TRY(t2v_linear_run(exec, block->attention_out, b->normed, n, T2V_ACTIVATION_NONE, false,
                           b->wide));
    t2v_adaptive_add(exec, &b->adaptive, 2, b->wide, b->hidden);
    return T2V_OK;
}

/* Reads the hidden state without a norm and has no gate. */
static t2v_status cross_attention(t2v_exec *exec, const ltx *m, const block *block, int64_t layer,
                                  const t2v_dit_input *in, buffers *b)
{
    const int64_t n = in->tokens, dim = m->dim;
    T2V_TRY(
        t2v_linear_run(exec, block->text_query, b->hidden, n, T2V_ACTIVATION_NONE, false, b->wide));
    norm_heads(exec, m, block->text_query_norm, b->wide, n, dim, b->normed);
    t2v_split_heads(exec, b->normed, n, dim, m->heads, m->head_dim, b->query);
    const t2v_attention attention = {
        .heads = m->heads,
        .head_dim = m->head_dim,
        .queries = n,
        .keys = in->text->keys,
        .q = b->query,
        .k = in->text->key[layer],
        .v = in->text->value[layer],
        .scale = 1 / sqrtf((float)m->head_dim),
        .key_bias = in->text->bias,
        .out = b->normed,
    };
    T2V_TRY(t2v_attention_run(exec, &attention));
    return t2v_linear_run(exec, block->text_out, b->normed, n, T2V_ACTIVATION_NONE, true,
                          b->hidden);
}

/* In blocks of rows: the inner activations are four times as wide. */
static t2v_status feed_forward(t2v_exec *exec, const ltx *m, const block *block,
                               const t2v_dit_input *in, buffers *b)
{
    norm_modulated(exec, m, block->norm2, 3, b);
    for (int64_t at = 0; at < in->tokens; at += FEED_ROWS) {
        int64_t rows = in->tokens - at < FEED_ROWS ? in->tokens - at : FEED_ROWS;
        float *x = b->normed + at * m->dim;
        T2V_TRY(t2v_linear_run(exec, block->feed_in, x, rows, T2V_ACTIVATION_GELU_TANH, false,
                               b->feed));
        T2V_TRY(
            t2v_linear_run(exec, block->feed_out, b->feed, rows, T2V_ACTIVATION_NONE, false, x));
    }
    t2v_adaptive_add(exec, &b->adaptive, 5, b->normed, b->hidden);
    return T2V_OK;
}

/* The last norm is a LayerNorm, modulated by the embedded timestep itself. */
static t2v_status project_out(t2v_exec *exec, const ltx *m, const t2v_dit_input *in, buffers *b,
                              float *out)
{
    const t2v_norm norm = {.dim = m->dim, .eps = OUT_EPS, .centred = true};
    t2v_adaptive_last(&b->adaptive, m->modulation);
    t2v_adaptive_norm(exec, &b->adaptive, &norm, 0, b->hidden, b->normed);
    return t2v_linear_run(exec, m->proj_out, b->normed, in->tokens, T2V_ACTIVATION_NONE, false,
                          out);
}

static t2v_status run_all(t2v_exec *exec, const ltx *m, const t2v_dit_input *in, float *out)
{
    buffers b;
    T2V_TRY(allocate(exec, m, in, &b));
    T2V_TRY(
        t2v_linear_run(exec, m->proj_in, in->x, in->tokens, T2V_ACTIVATION_NONE, false, b.hidden));
    for (int64_t i = 0; i < m->layers; i++) {
        const block *block = &m->block[i];
        t2v_adaptive_block(&b.adaptive, block->modulation);
        T2V_TRY(self_attention(exec, m, block, in, &b));
        T2V_TRY(cross_attention(exec, m, block, i, in, &b));
        T2V_TRY(feed_forward(exec, m, block, in, &b));
    }
    return project_out(exec, m, in, &b, out);
}

static t2v_status run(t2v_exec *exec, const void *dit, const t2v_dit_input *input, float *out)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_all(exec, dit, input, out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

const t2v_dit_class t2v_dit_ltx = {
    .name = "LTXVideoTransformer3DModel",
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .prepare_text = prepare_text,
    .free_text = t2v_dit_text_free,
    .prepare_positions = prepare_positions,
    .run = run,
};
