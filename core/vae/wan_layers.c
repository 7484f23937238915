/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vae/wan_layers.h"

#include <math.h>
#include <stdio.h>

#include "ops/attention.h"
#include "ops/bands.h"
#include "ops/elementwise.h"
#include "ops/norm.h"

/* The reference divides by the length of the channels' vector, without an epsilon; this one only
 * keeps zeros from becoming NaN. */
static const float NORM_EPS = 1e-30f;

/* ------------------------------------------------------------------ loading */

t2v_status t2v_wan_load_conv(const t2v_component *c, int64_t out, int64_t in, t2v_conv3d **conv,
                             t2v_error *error, const char *prefix, const char *name)
{
    const int64_t dim[5] = {out, in, 3, 3, 3};
    return t2v_load_conv3d(c, 5, dim, conv, error, "%s.%s", prefix, name);
}

t2v_status t2v_wan_load_gamma(const t2v_component *c, int64_t channels, float **gamma,
                              t2v_error *error, const char *prefix, const char *name)
{
    const int64_t dim[4] = {channels, 1, 1, 1};
    return t2v_load_floats(c, 4, dim, gamma, error, "%s.%s.gamma", prefix, name);
}

t2v_status t2v_wan_load_resnet(const t2v_component *c, int64_t in, int64_t out, t2v_wan_resnet *r,
                               t2v_error *error, const char *prefix)
{
    const int64_t shortcut[5] = {out, in, 1, 1, 1};
    r->in = in;
    r->out = out;
    T2V_TRY(t2v_wan_load_gamma(c, in, &r->norm1, error, prefix, "norm1"));
    T2V_TRY(t2v_wan_load_conv(c, out, in, &r->conv1, error, prefix, "conv1"));
    T2V_TRY(t2v_wan_load_gamma(c, out, &r->norm2, error, prefix, "norm2"));
    T2V_TRY(t2v_wan_load_conv(c, out, out, &r->conv2, error, prefix, "conv2"));
    if (in == out)
        return T2V_OK;
    return t2v_load_patches(c, 5, shortcut, &r->shortcut, error, "%s.conv_shortcut", prefix);
}

void t2v_wan_free_resnet(t2v_wan_resnet *r)
{
    t2v_free(r->norm1);
    t2v_free(r->norm2);
    t2v_conv3d_free(&r->conv1);
    t2v_conv3d_free(&r->conv2);
    t2v_linear_free(&r->shortcut);
}

t2v_status t2v_wan_load_middle(const t2v_component *c, int64_t n, t2v_wan_middle *m,
                               t2v_error *error, const char *coder)
{
    const int64_t gamma[3] = {n, 1, 1}, qkv[4] = {3 * n, n, 1, 1}, out[4] = {n, n, 1, 1};
    char prefix[T2V_WAN_PREFIX_BYTES];
    m->channels = n;
    for (int i = 0; i < 2; i++) {
        snprintf(prefix, sizeof(prefix), "%.20s.mid_block.resnets.%d", coder, i);
        T2V_TRY(t2v_wan_load_resnet(c, n, n, &m->resnet[i], error, prefix));
    }
#define NAME(name) error, "%s.mid_block.attentions.0." name, coder
    T2V_TRY(t2v_load_floats(c, 3, gamma, &m->norm, NAME("norm.gamma")));
    T2V_TRY(t2v_load_patches(c, 4, qkv, &m->qkv, NAME("to_qkv")));
    return t2v_load_patches(c, 4, out, &m->out, NAME("proj"));
#undef NAME
}

void t2v_wan_free_middle(t2v_wan_middle *m)
{
    t2v_wan_free_resnet(&m->resnet[0]);
    t2v_wan_free_resnet(&m->resnet[1]);
    t2v_free(m->norm);
    t2v_linear_free(&m->qkv);
    t2v_linear_free(&m->out);
}

double t2v_wan_resnet_operations(const t2v_wan_resnet *r)
{
    return 2.0 * (double)r->out * (double)(27 * (r->in + r->out) + (r->in != r->out ? r->in : 0));
}

double t2v_wan_middle_operations(const t2v_wan_middle *m)
{
    const double channels = (double)m->channels;
    return 2 * t2v_wan_resnet_operations(&m->resnet[0]) + 8 * channels * channels;
}

/* ------------------------------------------------------------------ memory of the frames before */

t2v_status t2v_wan_start_conv(t2v_conv_state *state, const t2v_conv3d *conv, int64_t h, int64_t w,
                              t2v_error *error)
{
    T2V_TRY(t2v_conv_state_init(state, conv, h, w, true, error));
    state->zeros = true;
    return T2V_OK;
}

t2v_status t2v_wan_start_resnet(t2v_wan_resnet_state *s, const t2v_wan_resnet *r, int64_t h,
                                int64_t w, t2v_error *error)
{
    s->resnet = r;
    T2V_TRY(t2v_wan_start_conv(&s->conv1, r->conv1, h, w, error));
    return t2v_wan_start_conv(&s->conv2, r->conv2, h, w, error);
}

void t2v_wan_end_resnet(t2v_wan_resnet_state *s)
{
    t2v_conv_state_free(&s->conv1);
    t2v_conv_state_free(&s->conv2);
}

size_t t2v_wan_resnet_bytes(const t2v_wan_resnet_state *s)
{
    return t2v_conv_state_bytes(&s->conv1) + t2v_conv_state_bytes(&s->conv2);
}

t2v_status t2v_wan_start_middle(t2v_wan_middle_state *s, const t2v_wan_middle *m, int64_t h,
                                int64_t w, t2v_error *error)
{
    s->middle = m;
    T2V_TRY(t2v_wan_start_resnet(&s->resnet[0], &m->resnet[0], h, w, error));
    return t2v_wan_start_resnet(&s->resnet[1], &m->resnet[1], h, w, error);
}

void t2v_wan_end_middle(t2v_wan_middle_state *s)
{
    t2v_wan_end_resnet(&s->resnet[0]);
    t2v_wan_end_resnet(&s->resnet[1]);
}

/* ------------------------------------------------------------------ running, one frame */

static void norm(t2v_exec *exec, int64_t channels, const float *gamma, t2v_activation activation,
                 const float *x, int64_t positions, float *y)
{
    const t2v_norm norm = {
        .dim = channels, .eps = NORM_EPS, .weight = gamma, .activation = activation};
    t2v_norm_run(exec, &norm, x, positions, channels, y);
}

/* norm and SiLU where there is a gamma, and a convolution with its memory: x to y */
t2v_status t2v_wan_run_conv(t2v_exec *exec, t2v_conv_state *s, const float *gamma, const float *x,
                            bool accumulate, float *y)
{
    const int64_t channels = t2v_conv3d_inputs(s->conv), positions = s->h * s->w;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *buffer, *input;
    T2V_TRY(t2v_conv_state_begin(exec, s, 1, false, &buffer, &input));
    if (gamma)
        norm(exec, channels, gamma, T2V_ACTIVATION_SILU, x, positions, input);
    else
        t2v_copy(exec, input, x, positions * channels);
    t2v_status status = t2v_conv_state_run(exec, s, buffer, 1, false, accumulate, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

t2v_status t2v_wan_run_resnet(t2v_exec *exec, t2v_wan_resnet_state *s, const float *x, float *y)
{
    const t2v_wan_resnet *r = s->resnet;
    const int64_t positions = s->conv1.h * s->conv1.w;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *inner = t2v_exec_floats(exec, (size_t)positions, (size_t)r->out);
    if (!inner)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_wan_run_conv(exec, &s->conv1, r->norm1, x, false, inner));
    if (r->shortcut)
        T2V_TRY(t2v_linear_run(exec, r->shortcut, x, positions, T2V_ACTIVATION_NONE, false, y));
    else
        t2v_copy(exec, y, x, positions * r->out);
    t2v_status status = t2v_wan_run_conv(exec, &s->conv2, r->norm2, inner, true, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

t2v_status t2v_wan_run_resnets(t2v_exec *exec, t2v_wan_resnet_state *state, int64_t count,
                               const float *x, int64_t positions, int64_t channels,
                               float *result[2])
{
    for (int i = 0; i < 2; i++)
        if (!(result[i] = t2v_exec_floats(exec, (size_t)positions, (size_t)channels)))
            return T2V_ERROR_MEMORY;
    if (!count)
        t2v_copy(exec, result[0], x, positions * channels);
    for (int64_t i = 0; i < count; i++) {
        float *made = result[1];
        T2V_TRY(t2v_wan_run_resnet(exec, &state[i], i ? result[0] : x, made));
        result[1] = result[0];
        result[0] = made;
    }
    return T2V_OK;
}

/* All positions of the frame attend to each other, those of a band to the whole frame's; added to
 * x. */
static t2v_status run_attention(t2v_exec *exec, const t2v_wan_middle *m, int64_t h, int64_t w,
                                float *x)
{
    const int64_t channels = m->channels, n = h * w, keys = t2v_bands_whole(exec, h) * w;
    const int64_t above = t2v_bands_above(exec, h) * w * channels;
    float *normed = t2v_exec_floats(exec, (size_t)n, (size_t)channels);
    float *qkv = t2v_exec_floats(exec, (size_t)n, (size_t)(3 * channels)), *part[3];
    for (int i = 0; i < 3; i++)
        part[i] = t2v_exec_floats(exec, (size_t)(i ? keys : n), (size_t)channels);
    if (!normed || !qkv || !part[0] || !part[1] || !part[2])
        return T2V_ERROR_MEMORY;
    norm(exec, channels, m->norm, T2V_ACTIVATION_NONE, x, n, normed);
    T2V_TRY(t2v_linear_run(exec, m->qkv, normed, n, T2V_ACTIVATION_NONE, false, qkv));
    for (int i = 0; i < 3; i++)
        t2v_split_heads(exec, qkv + i * channels, n, 3 * channels, 1, channels,
                        part[i] + (i ? above : 0));
    for (int i = 1; i < 3; i++)
        T2V_TRY(t2v_bands_gather(exec, part[i], h, w * channels));
    const t2v_attention attention = {
        .heads = 1,
        .head_dim = channels,
        .queries = n,
        .keys = keys,
        .q = part[0],
        .k = part[1],
        .v = part[2],
        .scale = 1 / sqrtf((float)channels),
        .out = normed,
    };
    T2V_TRY(t2v_attention_run(exec, &attention));
    return t2v_linear_run(exec, m->out, normed, n, T2V_ACTIVATION_NONE, true, x);
}

t2v_status t2v_wan_run_middle(t2v_exec *exec, t2v_wan_middle_state *s, float *x)
{
    const int64_t h = s->resnet[0].conv1.h, w = s->resnet[0].conv1.w;
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *y = t2v_exec_floats(exec, (size_t)(h * w), (size_t)s->middle->channels);
    if (!y)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_wan_run_resnet(exec, &s->resnet[0], x, y));
    t2v_arena_mark inner = t2v_arena_get_mark(&exec->arena);
    T2V_TRY(run_attention(exec, s->middle, h, w, y));
    t2v_arena_reset(&exec->arena, inner);
    t2v_status status = t2v_wan_run_resnet(exec, &s->resnet[1], y, x);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}
