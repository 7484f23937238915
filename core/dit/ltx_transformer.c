/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The diffusion transformer of LTX-Video (HaCohen et al. 2024), as LTXVideoTransformer3DModel. */
#include <math.h>
#include <string.h>

#include "dit/blocks.h"
#include "dit/positions.h"
#include "layers/load.h"
#include "ops/timestep.h"

enum { FEED_FACTOR = 4 }; /* the feed-forward's width */

/* The reference fixes these: positions are scaled to a clip of 20 s and 2048 pixels. */
static const float POSITION_BASE[3] = {20.0f, 2048.0f, 2048.0f};
static const float ROPE_THETA = 10000.0f;
static const float QK_EPS = 1e-5f, OUT_EPS = 1e-6f;

/* TeaCache4LTX-Video, fitted to 0.9.1. */
static const t2v_teacache TEACACHE_2B = {
    {2.14700694e+01, -1.28016453e+01, 2.31279151e+00, 7.92487521e-01, 9.69274326e-03},
    .threshold = 0.03,
};

typedef struct ltx {
    int64_t in, out, patch, patch_time, text_width;
    bool affine, bias, out_bias;
    t2v_linear *proj_in, *proj_out;
    t2v_time_layers time;
    t2v_linear *caption_in, *caption_out;
    float *modulation; /* [2, dim]: shift and scale of the last norm */
    t2v_dit_blocks blocks;
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
    t2v_dit_blocks *b = &m->blocks;
    int64_t cross;
    double eps;
    T2V_TRY(t2v_config_int(config, "in_channels", 128, 1, 65536, &m->in, error));
    T2V_TRY(t2v_config_int(config, "out_channels", m->in, 1, 65536, &m->out, error));
    /* the pipelines of the reference fail with any other */
    T2V_TRY(t2v_config_int(config, "patch_size", 1, 1, 1, &m->patch, error));
    T2V_TRY(t2v_config_int(config, "patch_size_t", 1, 1, 1, &m->patch_time, error));
    T2V_TRY(t2v_config_int(config, "num_attention_heads", 32, 1, 1024, &b->heads, error));
    T2V_TRY(t2v_config_int(config, "attention_head_dim", 64, 1, 4096, &b->head_dim, error));
    T2V_TRY(t2v_config_int(config, "cross_attention_dim", 2048, 1, 1 << 20, &cross, error));
    T2V_TRY(t2v_config_int(config, "num_layers", 28, 1, 1024, &b->layers, error));
    T2V_TRY(t2v_config_int(config, "caption_channels", 4096, 1, 65536, &m->text_width, error));
    T2V_TRY(t2v_config_double(config, "norm_eps", 1e-6, 0, 1, &eps, error));
    T2V_TRY(t2v_config_bool(config, "norm_elementwise_affine", false, &m->affine, error));
    T2V_TRY(t2v_config_bool(config, "attention_bias", true, &m->bias, error));
    T2V_TRY(t2v_config_bool(config, "attention_out_bias", true, &m->out_bias, error));
    T2V_TRY(must_be(config, "activation_fn", "gelu-approximate", error));
    T2V_TRY(must_be(config, "qk_norm", "rms_norm_across_heads", error));
    b->dim = b->rotary_dim = m->time.dim = b->heads * b->head_dim;
    b->feed = FEED_FACTOR * b->dim;
    b->eps = (float)eps;
    b->head_eps = QK_EPS;
    m->time.sinusoids = T2V_SINUSOIDS;
    b->teacache = b->dim == 2048 && b->layers == 28 ? &TEACACHE_2B : NULL;
    if (cross != b->dim)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: cross_attention_dim is %lld, but the projected text has "
                        "num_attention_heads × attention_head_dim = %lld channels",
                        t2v_config_path(config), (long long)cross, (long long)b->dim);
    if (b->dim % 2)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: num_attention_heads × attention_head_dim is %lld, which must be even",
                        t2v_config_path(config), (long long)b->dim);
    return T2V_OK;
}

static t2v_status load_block(const t2v_component *c, const ltx *m, int i, t2v_error *error)
{
    t2v_dit_block *b = &m->blocks.block[i];
    const int64_t dim = m->blocks.dim, feed = m->blocks.feed, table[2] = {T2V_MODULATIONS, dim};
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

static t2v_status load(const t2v_component *c, void *network, t2v_error *error)
{
    ltx *m = network;
    T2V_TRY(read_config(t2v_component_config(c), m, error));
    m->blocks.bf16 = t2v_component_precision(c) != T2V_PRECISION_F32;
    const int64_t dim = m->blocks.dim, table[2] = {2, dim};
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
    T2V_TRY(t2v_dit_blocks_allocate(&m->blocks, error));
    for (int i = 0; i < m->blocks.layers; i++)
        T2V_TRY(load_block(c, m, i, error));
    return T2V_OK;
}

static void destroy(void *dit)
{
    ltx *m = dit;
    if (!m)
        return;
    t2v_dit_blocks_free(&m->blocks);
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
    return t2v_load_network(component, sizeof(ltx), "the transformer", load, destroy, dit, error);
}

static void describe(const void *dit, t2v_dit_info *info)
{
    const ltx *m = dit;
    const double dim = (double)m->blocks.dim, layers = (double)m->blocks.layers;
    memset(info, 0, sizeof(*info));
    info->in_channels = m->in;
    info->out_channels = m->out;
    info->text_width = m->text_width;
    info->patch = m->patch;
    info->patch_time = m->patch_time;
    info->position_pairs = m->blocks.rotary_dim / 2;
    /* qkv, out; query and out of cross-attention; feed-forward */
    info->operations_per_token =
        layers * 2 * dim * dim * (4 + 2 + 2 * FEED_FACTOR) + 2 * dim * (double)(m->in + m->out);
    info->operations_per_pair = layers * 4 * dim;
    info->teacache = m->blocks.teacache;
}

/* ------------------------------------------------------------------ text and positions */

static t2v_status prepare_text(t2v_exec *exec, const void *dit, const float *embeddings,
                               int64_t length, int64_t used, t2v_dit_text **text)
{
    const ltx *m = dit;
    const int64_t keys = used > 0 && used < length ? used : length;
    return t2v_dit_blocks_read(exec, &m->blocks, m->caption_in, m->caption_out, embeddings, keys,
                               text);
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
static void position(const void *dit, const float *coordinates, float *cosine, float *sine)
{
    const ltx *m = dit;
    const int64_t frequencies = m->blocks.dim / 6, padding = m->blocks.dim % 6 / 2;
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
    return t2v_positions_fill(exec, position, m, coordinates, tokens, m->blocks.rotary_dim / 2,
                              positions);
}

/* ------------------------------------------------------------------ running */

/* The last norm is a LayerNorm, modulated by the embedded timestep itself. */
static t2v_status project_out(t2v_exec *exec, const ltx *m, const t2v_dit_input *in,
                              t2v_dit_pass *p, float *out)
{
    const t2v_norm norm = {.dim = m->blocks.dim, .eps = OUT_EPS, .centred = true};
    t2v_adaptive_last(&p->adaptive, m->modulation);
    t2v_adaptive_norm(exec, &p->adaptive, &norm, 0, p->hidden, p->normed);
    return t2v_linear_run(exec, m->proj_out, p->normed, in->tokens, T2V_ACTIVATION_NONE, false,
                          out);
}

static t2v_status run_all(t2v_exec *exec, const ltx *m, const t2v_dit_input *in, float *out)
{
    t2v_dit_pass pass;
    T2V_TRY(t2v_dit_pass_begin(exec, &m->blocks, &m->time, in, &pass));
    T2V_TRY(t2v_linear_run(exec, m->proj_in, in->x, in->tokens, T2V_ACTIVATION_NONE, false,
                           pass.hidden));
    T2V_TRY(t2v_dit_blocks_run(exec, &m->blocks, in, &pass));
    return project_out(exec, m, in, &pass, out);
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
