/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The diffusion transformer of Wan 2.1 and 2.2 (Wan Team 2025), as WanTransformer3DModel without
 * the branch that reads pictures. */
#include <math.h>

#include "dit/adaptive.h"
#include "dit/text_keys.h"
#include "layers/load.h"
#include "ops/attention.h"
#include "ops/rope.h"
#include "ops/timestep.h"

/* Rows of the feed-forward that are computed at once. Tokens whose angles are computed, or whose
 * output is put in order, between two looks at the interruption. */
enum { FEED_ROWS = 2048, POSITION_TOKENS = 512, OUTPUT_TOKENS = 4096 };

static const double ROPE_THETA = 10000.0;

typedef struct block {
    float *modulation; /* [T2V_MODULATIONS, dim] */
    t2v_linear *qkv, *attention_out;
    float *query_norm, *key_norm;
    float *text_norm, *text_norm_bias; /* [dim]; NULL: no norm before cross-attention */
    t2v_linear *text_query, *text_keys_values, *text_out;
    float *text_query_norm, *text_key_norm;
    t2v_linear *feed_in, *feed_out;
} block;

typedef struct wan {
    int64_t in, out, patch, patch_time; /* in, out: channels of latents */
    int64_t heads, head_dim, dim, layers, text_width, feed;
    double eps;
    bool text_normed;
    t2v_linear *patches_in, *proj_out;
    t2v_time_layers time;
    t2v_linear *text_in, *text_out;
    float *modulation; /* [2, dim]: shift and scale of the last norm */
    block *block;
    struct wan *expert; /* Wan 2.2: for timesteps below the boundary; NULL: none */
    double boundary;
} wan;

/* ------------------------------------------------------------------ loading */

static t2v_status read_patch_size(const t2v_config *config, wan *m, t2v_error *error)
{
    int64_t patch[3] = {1, 2, 2};
    int count;
    T2V_TRY(t2v_config_ints(config, "patch_size", 1, 64, 3, patch, &count, error));
    if ((count >= 0 && count != 3) || patch[1] != patch[2])
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: patch_size must be three numbers, the last two of them equal",
                        t2v_config_path(config));
    m->patch_time = patch[0];
    m->patch = patch[1];
    return T2V_OK;
}

/* What a checkpoint for pictures has and one for text alone does not. */
static t2v_status refuse_pictures(const t2v_config *config, t2v_error *error)
{
    static const char *const keys[] = {"image_dim", "added_kv_proj_dim", "pos_embed_seq_len"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (t2v_config_has(config, keys[i]))
            return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                            "%s: %s is set: a model that needs a picture cannot be run",
                            t2v_config_path(config), keys[i]);
    return T2V_OK;
}

static t2v_status read_config(const t2v_config *config, wan *m, t2v_error *error)
{
    T2V_TRY(read_patch_size(config, m, error));
    T2V_TRY(refuse_pictures(config, error));
    T2V_TRY(t2v_config_int(config, "num_attention_heads", 40, 1, 1024, &m->heads, error));
    T2V_TRY(t2v_config_int(config, "attention_head_dim", 128, 6, 4096, &m->head_dim, error));
    T2V_TRY(t2v_config_int(config, "in_channels", 16, 1, 4096, &m->in, error));
    T2V_TRY(t2v_config_int(config, "out_channels", m->in, 1, 4096, &m->out, error));
    T2V_TRY(t2v_config_int(config, "text_dim", 4096, 1, 65536, &m->text_width, error));
    T2V_TRY(t2v_config_int(config, "freq_dim", T2V_SINUSOIDS, 2, 65536, &m->time.sinusoids, error));
    T2V_TRY(t2v_config_int(config, "ffn_dim", 13824, 1, 1 << 20, &m->feed, error));
    T2V_TRY(t2v_config_int(config, "num_layers", 40, 1, 1024, &m->layers, error));
    T2V_TRY(t2v_config_bool(config, "cross_attn_norm", true, &m->text_normed, error));
    T2V_TRY(t2v_config_double(config, "eps", 1e-6, 0, 1, &m->eps, error));
    m->dim = m->time.dim = m->heads * m->head_dim;
    if (m->head_dim % 2 || m->time.sinusoids % 2)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: attention_head_dim is %lld and freq_dim %lld; both must be even",
                        t2v_config_path(config), (long long)m->head_dim,
                        (long long)m->time.sinusoids);
    return T2V_OK;
}

static t2v_status load_block(const t2v_component *c, const wan *m, int i, block *b,
                             t2v_error *error)
{
    const int64_t dim = m->dim, table[3] = {1, T2V_MODULATIONS, dim};
#define NAME(name) error, "blocks.%d." name, i
    T2V_TRY(t2v_load_floats(c, 3, table, &b->modulation, NAME("scale_shift_table")));
    T2V_TRY(t2v_load_joined(c, dim, dim, true, "qkv", &b->qkv, NAME("attn1.to_")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->query_norm, NAME("attn1.norm_q.weight")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->key_norm, NAME("attn1.norm_k.weight")));
    T2V_TRY(t2v_load_linear(c, dim, dim, true, &b->attention_out, NAME("attn1.to_out.0")));
    if (m->text_normed) {
        T2V_TRY(t2v_load_floats(c, 1, &dim, &b->text_norm, NAME("norm2.weight")));
        T2V_TRY(t2v_load_floats(c, 1, &dim, &b->text_norm_bias, NAME("norm2.bias")));
    }
    T2V_TRY(t2v_load_linear(c, dim, dim, true, &b->text_query, NAME("attn2.to_q")));
    T2V_TRY(t2v_load_joined(c, dim, dim, true, "kv", &b->text_keys_values, NAME("attn2.to_")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->text_query_norm, NAME("attn2.norm_q.weight")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &b->text_key_norm, NAME("attn2.norm_k.weight")));
    T2V_TRY(t2v_load_linear(c, dim, dim, true, &b->text_out, NAME("attn2.to_out.0")));
    T2V_TRY(t2v_load_linear(c, m->feed, dim, true, &b->feed_in, NAME("ffn.net.0.proj")));
    return t2v_load_linear(c, dim, m->feed, true, &b->feed_out, NAME("ffn.net.2"));
#undef NAME
}

static int64_t patch_positions(const wan *m)
{
    return m->patch_time * m->patch * m->patch;
}

static t2v_status load(const t2v_component *c, wan *m, t2v_error *error)
{
    T2V_TRY(read_config(t2v_component_config(c), m, error));
    const int64_t dim = m->dim, table[3] = {1, 2, dim};
    const int64_t patches[5] = {dim, m->in, m->patch_time, m->patch, m->patch};
#define NAME(name) error, "condition_embedder." name
    T2V_TRY(t2v_load_patches(c, 5, patches, &m->patches_in, error, "patch_embedding"));
    T2V_TRY(t2v_load_linear(c, dim, m->time.sinusoids, true, &m->time.in,
                            NAME("time_embedder.linear_1")));
    T2V_TRY(t2v_load_linear(c, dim, dim, true, &m->time.out, NAME("time_embedder.linear_2")));
    T2V_TRY(t2v_load_linear(c, T2V_MODULATIONS * dim, dim, true, &m->time.modulation,
                            NAME("time_proj")));
    T2V_TRY(
        t2v_load_linear(c, dim, m->text_width, true, &m->text_in, NAME("text_embedder.linear_1")));
    T2V_TRY(t2v_load_linear(c, dim, dim, true, &m->text_out, NAME("text_embedder.linear_2")));
#undef NAME
    T2V_TRY(t2v_load_linear(c, m->out * patch_positions(m), dim, true, &m->proj_out, error,
                            "proj_out"));
    T2V_TRY(t2v_load_floats(c, 3, table, &m->modulation, error, "scale_shift_table"));
    m->block = t2v_calloc((size_t)m->layers, sizeof(*m->block));
    if (!m->block)
        return t2v_fail_memory(error, "the transformer", (size_t)m->layers * sizeof(*m->block));
    for (int i = 0; i < m->layers; i++)
        T2V_TRY(load_block(c, m, i, &m->block[i], error));
    return T2V_OK;
}

static void free_block(block *b)
{
    t2v_free(b->modulation);
    t2v_linear_free(&b->qkv);
    t2v_linear_free(&b->attention_out);
    t2v_free(b->query_norm);
    t2v_free(b->key_norm);
    t2v_free(b->text_norm);
    t2v_free(b->text_norm_bias);
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
    wan *m = dit;
    if (!m)
        return;
    for (int64_t i = 0; m->block && i < m->layers; i++)
        free_block(&m->block[i]);
    t2v_free(m->block);
    destroy(m->expert);
    t2v_linear_free(&m->patches_in);
    t2v_linear_free(&m->proj_out);
    t2v_time_layers_free(&m->time);
    t2v_linear_free(&m->text_in);
    t2v_linear_free(&m->text_out);
    t2v_free(m->modulation);
    t2v_free(m);
}

static t2v_status create(const t2v_component *component, void **dit, t2v_error *error)
{
    wan *m = t2v_calloc(1, sizeof(*m));
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

static t2v_status add_expert(void *dit, const t2v_component *component, double boundary,
                             t2v_error *error)
{
    wan *m = dit;
    void *made;
    T2V_TRY(create(component, &made, error));
    const wan *e = m->expert = made;
    m->boundary = boundary;
    if (e->in != m->in || e->out != m->out || e->patch != m->patch ||
        e->patch_time != m->patch_time || e->head_dim != m->head_dim ||
        e->text_width != m->text_width)
        return t2v_fail(
            error, T2V_ERROR_FORMAT,
            "%s: channels, patch_size, attention_head_dim or text_dim differ from those "
            "of the first transformer",
            t2v_config_path(t2v_component_config(component)));
    return T2V_OK;
}

static void describe(const void *dit, t2v_dit_info *info)
{
    const wan *m = dit;
    const double dim = (double)m->dim, layers = (double)m->layers;
    *info = (t2v_dit_info){
        .in_channels = m->in * patch_positions(m),
        .out_channels = m->out * patch_positions(m),
        .text_width = m->text_width,
        .patch = m->patch,
        .patch_time = m->patch_time,
        .position_pairs = m->head_dim / 2,
        /* qkv, out; query and out of cross-attention; feed-forward */
        .operations_per_token = layers * 2 * dim * (6 * dim + 2 * (double)m->feed) +
                                2 * dim * (double)((m->in + m->out) * patch_positions(m)),
        .operations_per_pair = layers * 4 * dim,
    };
}

/* ------------------------------------------------------------------ text and positions */

/* RMS norm over all heads together, on columns of a wider matrix. */
static void norm_heads(t2v_exec *exec, const wan *m, const float *weight, const float *x,
                       int64_t rows, int64_t stride, float *y)
{
    const t2v_norm norm = {.dim = m->dim, .eps = (float)m->eps, .weight = weight};
    t2v_norm_run(exec, &norm, x, rows, stride, y);
}

static t2v_status project_text(t2v_exec *exec, const wan *m, const float *embeddings,
                               t2v_dit_text *text)
{
    const int64_t n = text->keys, dim = m->dim;
    float *inner = t2v_exec_floats(exec, (size_t)n, (size_t)dim);
    float *projected = t2v_exec_floats(exec, (size_t)n, (size_t)dim);
    float *kv = t2v_exec_floats(exec, (size_t)n, (size_t)(2 * dim));
    if (!inner || !projected || !kv)
        return T2V_ERROR_MEMORY;
    T2V_TRY(
        t2v_linear_run(exec, m->text_in, embeddings, n, T2V_ACTIVATION_GELU_TANH, false, inner));
    T2V_TRY(t2v_linear_run(exec, m->text_out, inner, n, T2V_ACTIVATION_NONE, false, projected));
    for (int64_t i = 0; i < m->layers; i++) {
        const block *b = &m->block[i];
        T2V_TRY(t2v_linear_run(exec, b->text_keys_values, projected, n, T2V_ACTIVATION_NONE, false,
                               kv));
        norm_heads(exec, m, b->text_key_norm, kv, n, 2 * dim, inner);
        t2v_split_heads(exec, inner, n, dim, m->heads, m->head_dim, text->key[i]);
        t2v_split_heads(exec, kv + dim, n, 2 * dim, m->heads, m->head_dim, text->value[i]);
    }
    return T2V_OK;
}

/* The reference attends to all of the padding, whose embeddings are all the same: one key stands
 * for it, with the logarithm of its number added to the scores. */
static t2v_status prepare_own(t2v_exec *exec, const wan *m, const float *embeddings, int64_t length,
                              int64_t used, t2v_dit_text **out)
{
    const int64_t padding = length - used, keys = used + (padding > 0);
    t2v_dit_text *text;
    *out = NULL;
    T2V_TRY(t2v_dit_text_create(m->layers, keys, m->dim, &text, exec->error));
    if (padding > 0)
        text->bias[used] = logf((float)padding);
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = project_text(exec, m, embeddings, text);
    t2v_arena_reset(&exec->arena, mark);
    if (status < 0)
        t2v_dit_text_free(text);
    else
        *out = text;
    return status;
}

static t2v_status prepare_text(t2v_exec *exec, const void *dit, const float *embeddings,
                               int64_t length, int64_t used, t2v_dit_text **out)
{
    const wan *m = dit;
    T2V_TRY(prepare_own(exec, m, embeddings, length, used, out));
    if (!m->expert)
        return T2V_OK;
    t2v_status status = prepare_own(exec, m->expert, embeddings, length, used, &(*out)->expert);
    if (status < 0) {
        t2v_dit_text_free(*out);
        *out = NULL;
    }
    return status;
}

/* Of a head's channels a sixth each turn with the row and the column, in pairs, the rest with the
 * time. In double, as the reference. */
static void position_token(const wan *m, const float *coordinates, float *cosine, float *sine)
{
    const int64_t side = 2 * (m->head_dim / 6), widths[3] = {m->head_dim - 2 * side, side, side};
    for (int axis = 0; axis < 3; axis++)
        for (int64_t i = 0; i < widths[axis]; i += 2) {
            double frequency = 1 / pow(ROPE_THETA, (double)i / (double)widths[axis]);
            double angle = (double)coordinates[axis] * frequency;
            *cosine++ = (float)cos(angle);
            *sine++ = (float)sin(angle);
        }
}

static t2v_status prepare_positions(t2v_exec *exec, const void *dit, const float *coordinates,
                                    int64_t tokens, t2v_positions *positions)
{
    const wan *m = dit;
    const int64_t pairs = m->head_dim / 2;
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
    float *feed;                /* [FEED_ROWS, feed] */
    t2v_adaptive adaptive;
} buffers;

static t2v_status allocate(t2v_exec *exec, const wan *m, const t2v_dit_input *in, buffers *b)
{
    const size_t n = (size_t)in->tokens, dim = (size_t)m->dim;
    const size_t feed_rows = n < FEED_ROWS ? n : FEED_ROWS;
    b->hidden = t2v_exec_floats(exec, n, dim);
    b->normed = t2v_exec_floats(exec, n, dim);
    b->wide = t2v_exec_floats(exec, n, 3 * dim);
    b->query = t2v_exec_floats(exec, n, dim);
    b->key = t2v_exec_floats(exec, n, dim);
    b->value = t2v_exec_floats(exec, n, dim);
    b->feed = t2v_exec_floats(exec, feed_rows, (size_t)m->feed);
    bool complete = b->hidden && b->normed && b->wide && b->query && b->key && b->value && b->feed;
    return complete ? t2v_adaptive_begin(exec, &m->time, in, &b->adaptive) : T2V_ERROR_MEMORY;
}

/* normed = LayerNorm(hidden), shifted and scaled, `which` being the first of a triple */
static void norm_modulated(t2v_exec *exec, const wan *m, int which, buffers *b)
{
    const t2v_norm norm = {.dim = m->dim, .eps = (float)m->eps, .centred = true};
    t2v_adaptive_norm(exec, &b->adaptive, &norm, which, b->hidden, b->normed);
}

/* All heads turn by the same angles. */
static void rotate(t2v_exec *exec, const wan *m, const t2v_dit_input *in, float *x)
{
    for (int64_t head = 0; head < m->heads; head++)
        t2v_rope_run(exec, x + head * in->tokens * m->head_dim, in->tokens, m->head_dim,
                     m->head_dim, in->positions->cosine, in->positions->sine);
}

static t2v_status self_attention(t2v_exec *exec, const wan *m, const block *block,
                                 const t2v_dit_input *in, buffers *b)
{
    const int64_t n = in->tokens, dim = m->dim;
    float *const target[2] = {b->query, b->key};
    const float *const weight[2] = {block->query_norm, block->key_norm};
    norm_modulated(exec, m, 0, b);
    T2V_TRY(t2v_linear_run(exec, block->qkv, b->normed, n, T2V_ACTIVATION_NONE, false, b->wide));
    for (int i = 0; i < 2; i++) {
        norm_heads(exec, m, weight[i], b->wide + i * dim, n, 3 * dim, b->normed);
        t2v_split_heads(exec, b->normed, n, dim, m->heads, m->head_dim, target[i]);
        rotate(exec, m, in, target[i]);
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

/* Has a norm with weights of its own, and no gate. */
static t2v_status cross_attention(t2v_exec *exec, const wan *m, const block *block, int64_t layer,
                                  const t2v_dit_input *in, buffers *b)
{
    const int64_t n = in->tokens, dim = m->dim;
    const t2v_norm norm = {.dim = dim,
                           .eps = (float)m->eps,
                           .centred = true,
                           .weight = block->text_norm,
                           .bias = block->text_norm_bias};
    const float *x = m->text_normed ? b->normed : b->hidden;
    if (m->text_normed)
        t2v_norm_run(exec, &norm, b->hidden, n, dim, b->normed);
    T2V_TRY(t2v_linear_run(exec, block->text_query, x, n, T2V_ACTIVATION_NONE, false, b->wide));
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

/* In blocks of rows: the inner activations are several times as wide. */
static t2v_status feed_forward(t2v_exec *exec, const wan *m, const block *block,
                               const t2v_dit_input *in, buffers *b)
{
    norm_modulated(exec, m, 3, b);
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

/* Tokens [positions, channels], as the last layer gives them, to [channels, positions]. */
static t2v_status reorder(t2v_exec *exec, const wan *m, const float *x, int64_t tokens, float *out)
{
    const int64_t positions = patch_positions(m), width = positions * m->out;
    for (int64_t at = 0; at < tokens; at += OUTPUT_TOKENS) {
        const int64_t end = at + OUTPUT_TOKENS < tokens ? at + OUTPUT_TOKENS : tokens;
        T2V_TRY(t2v_exec_check(exec));
        for (int64_t i = at * width; i < end * width; i++) {
            int64_t token = i / width, channel = i % width / positions, position = i % positions;
            out[i] = x[token * width + position * m->out + channel];
        }
    }
    return T2V_OK;
}

static t2v_status project_out(t2v_exec *exec, const wan *m, const t2v_dit_input *in, buffers *b,
                              float *out)
{
    float *tokens =
        t2v_exec_floats(exec, (size_t)in->tokens, (size_t)(m->out * patch_positions(m)));
    if (!tokens)
        return T2V_ERROR_MEMORY;
    t2v_adaptive_last(&b->adaptive, m->modulation);
    norm_modulated(exec, m, 0, b);
    T2V_TRY(t2v_linear_run(exec, m->proj_out, b->normed, in->tokens, T2V_ACTIVATION_NONE, false,
                           tokens));
    return reorder(exec, m, tokens, in->tokens, out);
}

static t2v_status run_all(t2v_exec *exec, const wan *m, const t2v_dit_input *in, float *out)
{
    buffers b;
    T2V_TRY(allocate(exec, m, in, &b));
    T2V_TRY(t2v_linear_run(exec, m->patches_in, in->x, in->tokens, T2V_ACTIVATION_NONE, false,
                           b.hidden));
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
    const wan *m = dit;
    t2v_dit_input own = *input;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    if (m->expert && (double)input->timestep[0] < m->boundary) {
        m = m->expert;
        own.text = input->text->expert;
    }
    t2v_status status = run_all(exec, m, &own, out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

const t2v_dit_class t2v_dit_wan = {
    .name = "WanTransformer3DModel",
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .prepare_text = prepare_text,
    .free_text = t2v_dit_text_free,
    .prepare_positions = prepare_positions,
    .run = run,
    .add_expert = add_expert,
};
