/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The diffusion transformer of Wan 2.1 and 2.2 (Wan Team 2025), as WanTransformer3DModel. */
#include <math.h>

#include "dit/blocks.h"
#include "dit/positions.h"
#include "dit/wan_pictures.h"
#include "layers/load.h"
#include "ops/timestep.h"

/* Tokens whose output is put in order between two looks at the interruption. */
enum { OUTPUT_TOKENS = 4096 };

static const double ROPE_THETA = 10000.0;

/* TeaCache4Wan2.1, without retention steps. Nothing in a configuration tells the two transformers
 * of 2.1 for pictures apart: the polynomial is that of the one for 480 rows. */
static const struct {
    int64_t dim, layers;
    bool pictures;
    t2v_teacache teacache;
} TEACACHE[] = {
    {1536,
     30,
     false, /* T2V 1.3B */
     {{2.39676752e+03, -1.31110545e+03, 2.01331979e+02, -8.29855975e+00, 1.37887774e-01},
      0.05,
      true}},
    {5120,
     40,
     false, /* T2V 14B */
     {{-5784.54975374, 5449.50911966, -1811.16591783, 256.27178429, -13.02252404}, 0.14, true}},
    {5120,
     40,
     true, /* I2V 14B */
     {{-3.02331670e+02, 2.23948934e+02, -5.25463970e+01, 5.87348440e+00, -2.01973289e-01},
      0.13,
      true}},
};

typedef struct wan {
    int64_t in, out, patch, patch_time; /* in, out: channels of latents */
    int64_t text_width;
    bool text_normed;
    t2v_linear *patches_in, *proj_out;
    t2v_time_layers time;
    t2v_linear *text_in, *text_out;
    t2v_wan_pictures pictures;
    float *modulation; /* [2, dim]: shift and scale of the last norm */
    t2v_dit_blocks blocks;
    struct wan *expert; /* Wan 2.2: for timesteps below the boundary; NULL: none */
    double boundary;
} wan;

/* ------------------------------------------------------------------ loading */

static const t2v_teacache *find_teacache(const wan *m)
{
    const t2v_dit_blocks *b = &m->blocks;
    for (size_t i = 0; i < sizeof(TEACACHE) / sizeof(TEACACHE[0]); i++)
        if (TEACACHE[i].dim == b->dim && TEACACHE[i].layers == b->layers &&
            TEACACHE[i].pictures == (m->in != m->out))
            return &TEACACHE[i].teacache;
    return NULL;
}

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

static t2v_status read_config(const t2v_config *config, wan *m, t2v_error *error)
{
    t2v_dit_blocks *b = &m->blocks;
    double eps;
    T2V_TRY(read_patch_size(config, m, error));
    T2V_TRY(t2v_config_int(config, "num_attention_heads", 40, 1, 1024, &b->heads, error));
    T2V_TRY(t2v_config_int(config, "attention_head_dim", 128, 6, 4096, &b->head_dim, error));
    T2V_TRY(t2v_config_int(config, "in_channels", 16, 1, 4096, &m->in, error));
    T2V_TRY(t2v_config_int(config, "out_channels", m->in, 1, 4096, &m->out, error));
    T2V_TRY(t2v_config_int(config, "text_dim", 4096, 1, 65536, &m->text_width, error));
    T2V_TRY(t2v_config_int(config, "freq_dim", T2V_SINUSOIDS, 2, 65536, &m->time.sinusoids, error));
    T2V_TRY(t2v_config_int(config, "ffn_dim", 13824, 1, 1 << 20, &b->feed, error));
    T2V_TRY(t2v_config_int(config, "num_layers", 40, 1, 1024, &b->layers, error));
    T2V_TRY(t2v_config_bool(config, "cross_attn_norm", true, &m->text_normed, error));
    T2V_TRY(t2v_config_double(config, "eps", 1e-6, 0, 1, &eps, error));
    b->dim = m->time.dim = b->heads * b->head_dim;
    b->rotary_dim = b->head_dim;
    b->centred = true;
    b->eps = b->head_eps = (float)eps;
    b->teacache = find_teacache(m);
    if (b->head_dim % 2 || m->time.sinusoids % 2)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: attention_head_dim is %lld and freq_dim %lld; both must be even",
                        t2v_config_path(config), (long long)b->head_dim,
                        (long long)m->time.sinusoids);
    return T2V_OK;
}

static t2v_status load_block(const t2v_component *c, const wan *m, int i, t2v_error *error)
{
    t2v_dit_block *b = &m->blocks.block[i];
    const int64_t dim = m->blocks.dim, feed = m->blocks.feed, table[3] = {1, T2V_MODULATIONS, dim};
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
    if (m->pictures.width) {
        T2V_TRY(t2v_load_linear(c, dim, dim, true, &b->picture_key, NAME("attn2.add_k_proj")));
        T2V_TRY(t2v_load_linear(c, dim, dim, true, &b->picture_value, NAME("attn2.add_v_proj")));
        T2V_TRY(
            t2v_load_floats(c, 1, &dim, &b->picture_key_norm, NAME("attn2.norm_added_k.weight")));
    }
    T2V_TRY(t2v_load_linear(c, feed, dim, true, &b->feed_in, NAME("ffn.net.0.proj")));
    return t2v_load_linear(c, dim, feed, true, &b->feed_out, NAME("ffn.net.2"));
#undef NAME
}

static int64_t patch_positions(const wan *m)
{
    return m->patch_time * m->patch * m->patch;
}

static t2v_status load(const t2v_component *c, void *network, t2v_error *error)
{
    wan *m = network;
    T2V_TRY(read_config(t2v_component_config(c), m, error));
    m->blocks.bf16 = t2v_component_precision(c) != T2V_PRECISION_F32;
    const int64_t dim = m->blocks.dim, table[3] = {1, 2, dim};
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
    T2V_TRY(t2v_wan_pictures_load(c, dim, &m->pictures, error));
    T2V_TRY(t2v_dit_blocks_allocate(&m->blocks, error));
    for (int i = 0; i < m->blocks.layers; i++)
        T2V_TRY(load_block(c, m, i, error));
    return T2V_OK;
}

static void destroy(void *dit)
{
    wan *m = dit;
    if (!m)
        return;
    t2v_dit_blocks_free(&m->blocks);
    destroy(m->expert);
    t2v_linear_free(&m->patches_in);
    t2v_linear_free(&m->proj_out);
    t2v_time_layers_free(&m->time);
    t2v_linear_free(&m->text_in);
    t2v_linear_free(&m->text_out);
    t2v_wan_pictures_free(&m->pictures);
    t2v_free(m->modulation);
    t2v_free(m);
}

static t2v_status create(const t2v_component *component, void **dit, t2v_error *error)
{
    return t2v_load_network(component, sizeof(wan), "the transformer", load, destroy, dit, error);
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
        e->patch_time != m->patch_time || e->blocks.head_dim != m->blocks.head_dim ||
        e->text_width != m->text_width || e->pictures.width != m->pictures.width ||
        e->pictures.tokens != m->pictures.tokens)
        return t2v_fail(
            error, T2V_ERROR_FORMAT,
            "%s: channels, patch_size, attention_head_dim, text_dim or image_dim differ from "
            "those of the first transformer",
            t2v_config_path(t2v_component_config(component)));
    return T2V_OK;
}

static void describe(const void *dit, t2v_dit_info *info)
{
    const wan *m = dit;
    const double dim = (double)m->blocks.dim, layers = (double)m->blocks.layers;
    *info = (t2v_dit_info){
        .in_channels = m->in * patch_positions(m),
        .out_channels = m->out * patch_positions(m),
        .text_width = m->text_width,
        .picture_width = m->pictures.width,
        .picture_tokens = m->pictures.tokens,
        .patch = m->patch,
        .patch_time = m->patch_time,
        .position_pairs = m->blocks.rotary_dim / 2,
        /* qkv, out; query and out of cross-attention; feed-forward */
        .operations_per_token = layers * 2 * dim * (6 * dim + 2 * (double)m->blocks.feed) +
                                2 * dim * (double)((m->in + m->out) * patch_positions(m)),
        .operations_per_pair = layers * 4 * dim,
        .teacache = m->blocks.teacache,
    };
}

/* ------------------------------------------------------------------ text and positions */

/* The reference attends to all of the padding, whose embeddings are all the same: one key stands
 * for it, with the logarithm of its number added to the scores. */
static t2v_status prepare_own(t2v_exec *exec, const wan *m, const float *embeddings, int64_t length,
                              int64_t used, t2v_dit_text **text)
{
    const int64_t padding = length - used, keys = used + (padding > 0);
    T2V_TRY(t2v_dit_blocks_read(exec, &m->blocks, m->text_in, m->text_out, embeddings, keys, text));
    if (padding > 0)
        (*text)->bias[used] = logf((float)padding);
    return T2V_OK;
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

static t2v_status look(t2v_exec *exec, const wan *m, const float *embeddings, int64_t tokens,
                       t2v_dit_text **picture)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *projected = t2v_exec_floats(exec, (size_t)tokens, (size_t)m->blocks.dim);
    if (!projected)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_wan_pictures_project(exec, &m->pictures, embeddings, tokens, projected));
    t2v_status status = t2v_dit_blocks_look(exec, &m->blocks, projected, tokens, picture);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status prepare_picture(t2v_exec *exec, const void *dit, const float *embeddings,
                                  int64_t tokens, t2v_dit_text **out)
{
    const wan *m = dit;
    T2V_TRY(look(exec, m, embeddings, tokens, out));
    if (!m->expert)
        return T2V_OK;
    t2v_status status = look(exec, m->expert, embeddings, tokens, &(*out)->expert);
    if (status < 0) {
        t2v_dit_text_free(*out);
        *out = NULL;
    }
    return status;
}

/* Of a head's channels a sixth each turn with the row and the column, in pairs, the rest with the
 * time. In double, as the reference. */
static void position(const void *dit, const float *coordinates, float *cosine, float *sine)
{
    const wan *m = dit;
    const int64_t channels = m->blocks.head_dim, side = 2 * (channels / 6);
    const int64_t widths[3] = {channels - 2 * side, side, side};
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
    return t2v_positions_fill(exec, position, m, coordinates, tokens, m->blocks.rotary_dim / 2,
                              positions);
}

/* ------------------------------------------------------------------ running */

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

static t2v_status project_out(t2v_exec *exec, const wan *m, const t2v_dit_input *in,
                              t2v_dit_pass *p, float *out)
{
    const t2v_norm norm = {.dim = m->blocks.dim, .eps = m->blocks.eps, .centred = true};
    float *tokens =
        t2v_exec_floats(exec, (size_t)in->tokens, (size_t)(m->out * patch_positions(m)));
    if (!tokens)
        return T2V_ERROR_MEMORY;
    t2v_adaptive_last(&p->adaptive, m->modulation);
    t2v_adaptive_norm(exec, &p->adaptive, &norm, 0, p->hidden, p->normed);
    T2V_TRY(t2v_linear_run(exec, m->proj_out, p->normed, in->tokens, T2V_ACTIVATION_NONE, false,
                           tokens));
    return reorder(exec, m, tokens, in->tokens, out);
}

static t2v_status run_all(t2v_exec *exec, const wan *m, const t2v_dit_input *in, float *out)
{
    t2v_dit_pass pass;
    T2V_TRY(t2v_dit_pass_begin(exec, &m->blocks, &m->time, in, &pass));
    T2V_TRY(t2v_linear_run(exec, m->patches_in, in->x, in->tokens, T2V_ACTIVATION_NONE, false,
                           pass.hidden));
    T2V_TRY(t2v_dit_blocks_run(exec, &m->blocks, in, &pass));
    return project_out(exec, m, in, &pass, out);
}

static t2v_status run(t2v_exec *exec, const void *dit, const t2v_dit_input *input, float *out)
{
    const wan *m = dit;
    t2v_dit_input own = *input;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    if (m->expert && (double)input->timestep[0] < m->boundary) {
        m = m->expert;
        own.text = input->text->expert;
        own.picture = input->picture ? input->picture->expert : NULL;
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
    .prepare_picture = prepare_picture,
    .free_text = t2v_dit_text_free,
    .prepare_positions = prepare_positions,
    .run = run,
    .add_expert = add_expert,
};
