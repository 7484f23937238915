/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dit/blocks.h"

#include <math.h>

#include "ops/attention.h"
#include "ops/elementwise.h"
#include "ops/kept.h"
#include "ops/rope.h"

/* Rows that are computed at once where inner activations are several times as wide. */
enum { FEED_ROWS = 2048 };

/* ------------------------------------------------------------------ weights */

t2v_status t2v_dit_blocks_allocate(t2v_dit_blocks *blocks, t2v_error *error)
{
    blocks->block = t2v_calloc((size_t)blocks->layers, sizeof(*blocks->block));
    return blocks->block ? T2V_OK
                         : t2v_fail_memory(error, "the transformer",
                                           (size_t)blocks->layers * sizeof(*blocks->block));
}

static void free_block(t2v_dit_block *b)
{
    t2v_free(b->modulation);
    t2v_free(b->norm1);
    t2v_free(b->norm2);
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
    t2v_linear_free(&b->picture_key);
    t2v_linear_free(&b->picture_value);
    t2v_free(b->picture_key_norm);
    t2v_linear_free(&b->feed_in);
    t2v_linear_free(&b->feed_out);
}

void t2v_dit_blocks_free(t2v_dit_blocks *blocks)
{
    for (int64_t i = 0; blocks->block && i < blocks->layers; i++)
        free_block(&blocks->block[i]);
    t2v_free(blocks->block);
    blocks->block = NULL;
}

/* ------------------------------------------------------------------ the prompt
 * What is prepared of a layer that runs once for a generation goes when it has run. */

/* RMS norm over all heads together, on columns of a wider matrix. */
static void norm_heads(t2v_exec *exec, const t2v_dit_blocks *m, const float *weight, const float *x,
                       int64_t rows, int64_t stride, float *y)
{
    const t2v_norm norm = {.dim = m->dim, .eps = m->head_eps, .weight = weight};
    t2v_norm_run(exec, &norm, x, rows, stride, y);
}

static t2v_status project_text(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_linear *in,
                               const t2v_linear *out, const float *embeddings, t2v_dit_text *text)
{
    const int64_t n = text->keys, dim = m->dim;
    float *inner = t2v_exec_floats(exec, (size_t)n, (size_t)dim);
    float *projected = t2v_exec_floats(exec, (size_t)n, (size_t)dim);
    float *kv = t2v_exec_floats(exec, (size_t)n, (size_t)(2 * dim));
    if (!inner || !projected || !kv)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_linear_run(exec, in, embeddings, n, T2V_ACTIVATION_GELU_TANH, false, inner));
    T2V_TRY(t2v_linear_run(exec, out, inner, n, T2V_ACTIVATION_NONE, false, projected));
    for (int64_t i = 0; i < m->layers; i++) {
        const t2v_dit_block *b = &m->block[i];
        T2V_TRY(t2v_linear_run(exec, b->text_keys_values, projected, n, T2V_ACTIVATION_NONE, false,
                               kv));
        norm_heads(exec, m, b->text_key_norm, kv, n, 2 * dim, inner);
        t2v_split_heads(exec, inner, n, dim, m->heads, m->head_dim, text->key[i]);
        t2v_split_heads(exec, kv + dim, n, 2 * dim, m->heads, m->head_dim, text->value[i]);
        t2v_linear_forget(b->text_keys_values);
    }
    return T2V_OK;
}

t2v_status t2v_dit_blocks_read(t2v_exec *exec, const t2v_dit_blocks *blocks, const t2v_linear *in,
                               const t2v_linear *out, const float *embeddings, int64_t keys,
                               t2v_dit_text **text)
{
    T2V_TRY(t2v_dit_text_create(blocks->layers, keys, blocks->dim, text, exec->error));
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = project_text(exec, blocks, in, out, embeddings, *text);
    t2v_arena_reset(&exec->arena, mark);
    if (status < 0) {
        t2v_dit_text_free(*text);
        *text = NULL;
    }
    return status;
}

static t2v_status project_picture(t2v_exec *exec, const t2v_dit_blocks *m, const float *projected,
                                  t2v_dit_text *picture)
{
    const int64_t n = picture->keys, dim = m->dim;
    float *x = t2v_exec_floats(exec, (size_t)n, (size_t)dim);
    if (!x)
        return T2V_ERROR_MEMORY;
    for (int64_t i = 0; i < m->layers; i++) {
        const t2v_dit_block *b = &m->block[i];
        T2V_TRY(t2v_linear_run(exec, b->picture_key, projected, n, T2V_ACTIVATION_NONE, false, x));
        norm_heads(exec, m, b->picture_key_norm, x, n, dim, x);
        t2v_split_heads(exec, x, n, dim, m->heads, m->head_dim, picture->key[i]);
        T2V_TRY(
            t2v_linear_run(exec, b->picture_value, projected, n, T2V_ACTIVATION_NONE, false, x));
        t2v_split_heads(exec, x, n, dim, m->heads, m->head_dim, picture->value[i]);
        t2v_linear_forget(b->picture_key);
        t2v_linear_forget(b->picture_value);
    }
    return T2V_OK;
}

t2v_status t2v_dit_blocks_look(t2v_exec *exec, const t2v_dit_blocks *blocks, const float *projected,
                               int64_t keys, t2v_dit_text **picture)
{
    T2V_TRY(t2v_dit_text_create(blocks->layers, keys, blocks->dim, picture, exec->error));
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = project_picture(exec, blocks, projected, *picture);
    t2v_arena_reset(&exec->arena, mark);
    if (status < 0) {
        t2v_dit_text_free(*picture);
        *picture = NULL;
    }
    return status;
}

/* ------------------------------------------------------------------ running */

static int64_t all_tokens(const t2v_dit_input *in)
{
    return in->team ? in->team_tokens : in->tokens;
}

/* Room for the rows of a team, if there is one. */
static bool begin_team(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in,
                       t2v_dit_pass *p)
{
    for (int i = 0; i < 2; i++) {
        p->gathered[i] =
            in->team ? t2v_exec_floats(exec, (size_t)in->team_tokens, (size_t)m->dim) : NULL;
        if (in->team && !p->gathered[i])
            return false;
    }
    return true;
}

t2v_status t2v_dit_pass_begin(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_time_layers *time,
                              const t2v_dit_input *in, t2v_dit_pass *p)
{
    const size_t n = (size_t)in->tokens, dim = (size_t)m->dim;
    const size_t feed_rows = n < FEED_ROWS ? n : FEED_ROWS;
    const size_t feed = m->feed > 4 * m->dim ? (size_t)m->feed : 4 * dim;
    p->hidden = t2v_exec_floats(exec, n, dim);
    p->normed = t2v_exec_floats(exec, n, dim);
    p->query = t2v_exec_floats(exec, n, dim);
    p->key = t2v_exec_floats(exec, (size_t)all_tokens(in), dim);
    p->value = t2v_exec_floats(exec, (size_t)all_tokens(in), dim);
    p->feed = t2v_exec_floats(exec, feed_rows, feed);
    bool complete = p->hidden && p->normed && p->query && p->key && p->value && p->feed &&
                    begin_team(exec, m, in, p);
    return complete ? t2v_adaptive_begin(exec, time, in, &p->adaptive) : T2V_ERROR_MEMORY;
}

/* normed = norm(hidden), shifted and scaled, `which` being the first of a triple */
static void norm_modulated(t2v_exec *exec, const t2v_dit_blocks *m, const float *weight, int which,
                           t2v_dit_pass *p)
{
    const t2v_norm norm = {.dim = m->dim, .eps = m->eps, .weight = weight, .centred = m->centred};
    t2v_adaptive_norm(exec, &p->adaptive, &norm, which, p->hidden, p->normed);
}

/* Rows `first` … of the tokens. */
static void rotate(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in, int64_t first,
                   int64_t rows, float *x)
{
    const int64_t angles = first * (m->rotary_dim / 2);
    for (int64_t at = 0; at < m->dim; at += m->rotary_dim)
        t2v_rope_run(exec, x + at, rows, m->dim, m->rotary_dim, in->positions->cosine + angles,
                     in->positions->sine + angles);
}

typedef enum projection { QUERY, KEY, VALUE } projection;

/* Some rows of x to where those of all tokens are wanted; a team's keys and values, to where they
 * are gathered. */
static void place(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in, const float *x,
                  int64_t stride, int64_t first, int64_t rows, projection what, t2v_dit_pass *p)
{
    float *const target[3] = {p->query, p->key, p->value};
    if (what == QUERY || !in->team) {
        t2v_split_some_heads(exec, x, rows, stride, m->heads, m->head_dim, in->tokens,
                             target[what] + first * m->head_dim);
        return;
    }
    first += t2v_team_start(in->team, in->team_tokens, t2v_team_place(in->team));
    t2v_split_heads(exec, x, rows, stride, 1, m->dim, p->gathered[what - KEY] + first * m->dim);
}

/* Keys and values of all tokens of a team. */
static t2v_status gather(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in,
                         t2v_dit_pass *p)
{
    float *const target[2] = {p->key, p->value};
    for (int i = 0; i < 2; i++) {
        T2V_TRY(t2v_team_gather(in->team, p->gathered[i], in->team_tokens, m->dim, exec->error));
        t2v_split_heads(exec, p->gathered[i], in->team_tokens, m->dim, m->heads, m->head_dim,
                        target[i]);
    }
    return T2V_OK;
}

/* Queries, keys and values of some rows of p->normed. */
static t2v_status project_rows(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_block *block,
                               const t2v_dit_input *in, int64_t first, int64_t rows,
                               t2v_dit_pass *p)
{
    const int64_t dim = m->dim;
    const float *const weight[2] = {block->query_norm, block->key_norm};
    float *wide = p->feed, *one = wide + 3 * dim * rows;
    T2V_TRY(t2v_linear_run(exec, block->qkv, p->normed + first * dim, rows, T2V_ACTIVATION_NONE,
                           false, wide));
    for (int i = 0; i < 2; i++) {
        norm_heads(exec, m, weight[i], wide + i * dim, rows, 3 * dim, one);
        rotate(exec, m, in, first, rows, one);
        place(exec, m, in, one, dim, first, rows, i == 0 ? QUERY : KEY, p);
    }
    place(exec, m, in, wide + 2 * dim, 3 * dim, first, rows, VALUE, p);
    return T2V_OK;
}

/* Its weights are those of one hold, however many rows there are. */
static t2v_status project(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_block *block,
                          const t2v_dit_input *in, t2v_dit_pass *p)
{
    t2v_status status = T2V_OK;
    t2v_weights_begin(exec);
    for (int64_t at = 0; at < in->tokens && status >= 0; at += FEED_ROWS) {
        const int64_t rows = in->tokens - at < FEED_ROWS ? in->tokens - at : FEED_ROWS;
        status = project_rows(exec, m, block, in, at, rows, p);
    }
    t2v_weights_end(exec);
    return status;
}

static t2v_status self_attention(t2v_exec *exec, const t2v_dit_blocks *m,
                                 const t2v_dit_block *block, const t2v_dit_input *in,
                                 t2v_dit_pass *p)
{
    const int64_t n = in->tokens;
    norm_modulated(exec, m, block->norm1, 0, p);
    T2V_TRY(project(exec, m, block, in, p));
    if (in->team)
        T2V_TRY(gather(exec, m, in, p));
    const t2v_attention attention = {
        .heads = m->heads,
        .head_dim = m->head_dim,
        .queries = n,
        .keys = all_tokens(in),
        .q = p->query,
        .k = p->key,
        .v = p->value,
        .scale = 1 / sqrtf((float)m->head_dim),
        .out = p->normed,
        .bf16 = m->bf16,
    };
    T2V_TRY(t2v_attention_run(exec, &attention));
    T2V_TRY(t2v_linear_run(exec, block->attention_out, p->normed, n, T2V_ACTIVATION_NONE, false,
                           p->query));
    t2v_adaptive_add(exec, &p->adaptive, 2, p->query, p->hidden);
    return T2V_OK;
}

/* The queries p->query attend to what was made of a prompt or of pictures. */
static t2v_status attend(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_text *to,
                         int64_t layer, const t2v_dit_input *in, const t2v_dit_pass *p, float *out)
{
    const t2v_attention attention = {
        .heads = m->heads,
        .head_dim = m->head_dim,
        .queries = in->tokens,
        .keys = to->keys,
        .q = p->query,
        .k = to->key[layer],
        .v = to->value[layer],
        .scale = 1 / sqrtf((float)m->head_dim),
        .key_bias = to->bias,
        .out = out,
        .bf16 = m->bf16,
    };
    return t2v_attention_run(exec, &attention);
}

/* Is not modulated and has no gate. Keys and values of self-attention are not needed any more. */
static t2v_status cross_attention(t2v_exec *exec, const t2v_dit_blocks *m, int64_t layer,
                                  const t2v_dit_input *in, t2v_dit_pass *p)
{
    const t2v_dit_block *block = &m->block[layer];
    const int64_t n = in->tokens, dim = m->dim;
    const t2v_norm norm = {.dim = dim,
                           .eps = m->eps,
                           .centred = true,
                           .weight = block->text_norm,
                           .bias = block->text_norm_bias};
    const float *x = block->text_norm ? p->normed : p->hidden;
    if (block->text_norm)
        t2v_norm_run(exec, &norm, p->hidden, n, dim, p->normed);
    T2V_TRY(t2v_linear_run(exec, block->text_query, x, n, T2V_ACTIVATION_NONE, false, p->key));
    norm_heads(exec, m, block->text_query_norm, p->key, n, dim, p->normed);
    t2v_split_heads(exec, p->normed, n, dim, m->heads, m->head_dim, p->query);
    T2V_TRY(attend(exec, m, in->text, layer, in, p, p->normed));
    if (in->picture) {
        T2V_TRY(attend(exec, m, in->picture, layer, in, p, p->key));
        t2v_add(exec, p->normed, p->key, n * dim);
    }
    return t2v_linear_run(exec, block->text_out, p->normed, n, T2V_ACTIVATION_NONE, true,
                          p->hidden);
}

static t2v_status feed_forward(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_block *block,
                               const t2v_dit_input *in, t2v_dit_pass *p)
{
    t2v_status status = T2V_OK;
    norm_modulated(exec, m, block->norm2, 3, p);
    t2v_weights_begin(exec);
    for (int64_t at = 0; at < in->tokens && status >= 0; at += FEED_ROWS) {
        int64_t rows = in->tokens - at < FEED_ROWS ? in->tokens - at : FEED_ROWS;
        float *x = p->normed + at * m->dim;
        status =
            t2v_linear_run(exec, block->feed_in, x, rows, T2V_ACTIVATION_GELU_TANH, false, p->feed);
        if (status >= 0)
            status =
                t2v_linear_run(exec, block->feed_out, p->feed, rows, T2V_ACTIVATION_NONE, false, x);
    }
    t2v_weights_end(exec);
    t2v_adaptive_add(exec, &p->adaptive, 5, p->normed, p->hidden);
    return status;
}

/* The blocks from `first` to before `end`. */
static t2v_status run_blocks(t2v_exec *exec, const t2v_dit_blocks *m, int64_t first, int64_t end,
                             const t2v_dit_input *in, t2v_dit_pass *p)
{
    for (int64_t i = first; i < end; i++) {
        const t2v_dit_block *block = &m->block[i];
        t2v_adaptive_block(&p->adaptive, block->modulation);
        T2V_TRY(self_attention(exec, m, block, in, p));
        T2V_TRY(cross_attention(exec, m, i, in, p));
        T2V_TRY(feed_forward(exec, m, block, in, p));
    }
    return T2V_OK;
}

/* ------------------------------------------------------------------ steps that are not computed */

/* What the first block adds to hidden. */
static t2v_status run_first(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in,
                            t2v_dit_pass *p, float **added)
{
    const int64_t count = in->tokens * m->dim;
    *added = t2v_exec_floats(exec, (size_t)in->tokens, (size_t)m->dim);
    if (!*added)
        return T2V_ERROR_MEMORY;
    t2v_copy(exec, *added, p->hidden, count);
    T2V_TRY(run_blocks(exec, m, 0, 1, in, p));
    t2v_subtract_from(exec, *added, p->hidden, count);
    return T2V_OK;
}

/* The embedded timestep, or the first block's input as it modulates it. */
static const float *timestep_signal(t2v_exec *exec, const t2v_dit_blocks *m,
                                    const t2v_dit_input *in, t2v_dit_pass *p, size_t *count)
{
    if (m->teacache->timestep) {
        *count = (size_t)(in->groups * m->dim);
        return p->adaptive.time;
    }
    *count = (size_t)(in->tokens * m->dim);
    t2v_adaptive_block(&p->adaptive, m->block[0].modulation);
    norm_modulated(exec, m, m->block[0].norm1, 0, p);
    return p->normed;
}

static t2v_status run_cached(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in,
                             t2v_dit_pass *p)
{
    const int64_t first = in->cache->kind == T2V_CACHE_TEACACHE ? 0 : 1; /* of the rest */
    size_t count = (size_t)(in->tokens * m->dim);
    const float *signal;
    float *added;
    bool reuse;
    if (first) {
        T2V_TRY(run_first(exec, m, in, p, &added));
        signal = added;
    } else {
        signal = timestep_signal(exec, m, in, p, &count);
    }
    T2V_TRY(t2v_exec_check(exec)); /* before something that was left undone is compared */
    T2V_TRY(
        t2v_step_cache_decide(exec, in->cache, in->team, m, m->teacache, signal, count, &reuse));
    if (reuse) {
        t2v_step_cache_reuse(exec, in->cache, p->hidden);
        return T2V_OK;
    }
    T2V_TRY(t2v_step_cache_begin(exec, in->cache, p->hidden, (size_t)(in->tokens * m->dim)));
    T2V_TRY(run_blocks(exec, m, first, m->layers, in, p));
    t2v_step_cache_end(exec, in->cache, p->hidden);
    return T2V_OK;
}

t2v_status t2v_dit_blocks_run(t2v_exec *exec, const t2v_dit_blocks *m, const t2v_dit_input *in,
                              t2v_dit_pass *p)
{
    const bool cached =
        in->cache && (in->cache->kind == T2V_CACHE_TEACACHE ? !!m->teacache : m->layers > 1);
    return cached ? run_cached(exec, m, in, p) : run_blocks(exec, m, 0, m->layers, in, p);
}
