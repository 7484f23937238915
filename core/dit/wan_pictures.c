/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dit/wan_pictures.h"

#include "ops/elementwise.h"
#include "ops/norm.h"

/* Torch's default for a LayerNorm. */
static const float NORM_EPS = 1e-5f;

static t2v_status read_config(const t2v_config *config, t2v_wan_pictures *p, t2v_error *error)
{
    int64_t keys;
    T2V_TRY(t2v_config_int(config, "image_dim", 0, 1, 65536, &p->width, error));
    T2V_TRY(t2v_config_int(config, "added_kv_proj_dim", 0, 1, 1 << 20, &keys, error));
    T2V_TRY(t2v_config_int(config, "pos_embed_seq_len", 0, 1, 1 << 20, &p->tokens, error));
    if (p->width ? keys != p->dim : keys || p->tokens)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: image_dim is %lld, added_kv_proj_dim %lld and pos_embed_seq_len %lld "
                        "(0: not set); a transformer that reads pictures has an image_dim and an "
                        "added_kv_proj_dim of its own width, %lld, any other has none of them",
                        t2v_config_path(config), (long long)p->width, (long long)keys,
                        (long long)p->tokens, (long long)p->dim);
    return T2V_OK;
}

t2v_status t2v_wan_pictures_load(const t2v_component *c, int64_t dim, t2v_wan_pictures *p,
                                 t2v_error *error)
{
    p->dim = dim;
    T2V_TRY(read_config(t2v_component_config(c), p, error));
    if (!p->width)
        return T2V_OK;
    const int64_t width = p->width, table[3] = {1, p->tokens, width};
#define NAME(name) error, "condition_embedder.image_embedder." name
    if (p->tokens)
        T2V_TRY(t2v_load_floats(c, 3, table, &p->positions, NAME("pos_embed")));
    T2V_TRY(t2v_load_floats(c, 1, &width, &p->norm_in, NAME("norm1.weight")));
    T2V_TRY(t2v_load_floats(c, 1, &width, &p->norm_in_bias, NAME("norm1.bias")));
    T2V_TRY(t2v_load_linear(c, width, width, true, &p->in, NAME("ff.net.0.proj")));
    T2V_TRY(t2v_load_linear(c, dim, width, true, &p->out, NAME("ff.net.2")));
    T2V_TRY(t2v_load_floats(c, 1, &dim, &p->norm_out, NAME("norm2.weight")));
    return t2v_load_floats(c, 1, &dim, &p->norm_out_bias, NAME("norm2.bias"));
#undef NAME
}

void t2v_wan_pictures_free(t2v_wan_pictures *p)
{
    t2v_free(p->positions);
    t2v_free(p->norm_in);
    t2v_free(p->norm_in_bias);
    t2v_free(p->norm_out);
    t2v_free(p->norm_out_bias);
    t2v_linear_free(&p->in);
    t2v_linear_free(&p->out);
}

static t2v_status project(t2v_exec *exec, const t2v_wan_pictures *p, const float *embeddings,
                          int64_t tokens, float *out)
{
    const t2v_norm norm_in = {.dim = p->width,
                              .eps = NORM_EPS,
                              .centred = true,
                              .weight = p->norm_in,
                              .bias = p->norm_in_bias};
    const t2v_norm norm_out = {.dim = p->dim,
                               .eps = NORM_EPS,
                               .centred = true,
                               .weight = p->norm_out,
                               .bias = p->norm_out_bias};
    float *x = t2v_exec_floats(exec, (size_t)tokens, (size_t)p->width);
    float *inner = t2v_exec_floats(exec, (size_t)tokens, (size_t)p->width);
    if (!x || !inner)
        return T2V_ERROR_MEMORY;
    t2v_copy(exec, x, embeddings, tokens * p->width);
    if (p->positions)
        t2v_add(exec, x, p->positions, tokens * p->width);
    t2v_norm_run(exec, &norm_in, x, tokens, p->width, x);
    T2V_TRY(t2v_linear_run(exec, p->in, x, tokens, T2V_ACTIVATION_NONE, false, inner));
    t2v_gelu(exec, inner, tokens * p->width);
    T2V_TRY(t2v_linear_run(exec, p->out, inner, tokens, T2V_ACTIVATION_NONE, false, out));
    t2v_norm_run(exec, &norm_out, out, tokens, p->dim, out);
    return T2V_OK;
}

t2v_status t2v_wan_pictures_project(t2v_exec *exec, const t2v_wan_pictures *pictures,
                                    const float *embeddings, int64_t tokens, float *out)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = project(exec, pictures, embeddings, tokens, out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}
