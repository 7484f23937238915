/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encoder of LTX-Video's autoencoder (HaCohen et al. 2024), as LTXVideoEncoder3d. */
#include "vae/ltx_encoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/conv3d.h"
#include "ops/elementwise.h"
#include "ops/norm.h"
#include "vae/picture.h"

enum { MAX_BLOCKS = 8, MAX_LAYERS = 64, MAX_CELL = 8, COLOURS = 3 };
static const float PIXEL_NORM_EPS = 1e-8f;

typedef struct resnet {
    int64_t in, out;
    t2v_conv3d *conv1, *conv2;
    float *shortcut_weight, *shortcut_bias; /* of the LayerNorm before the shortcut */
    t2v_conv3d *shortcut;                   /* NULL: identity */
} resnet;

/* One down block: layers of its input's width, then fewer positions, then its output's width. */
typedef struct down_block {
    int64_t in, out, layers;
    bool newer;          /* LTXVideo095DownBlock3D */
    int64_t downsample;  /* 0: none; 1: strided convolution; else positions that become channels */
    int64_t space, time; /* by how much fewer positions come out: 1 or 2 */
    resnet *resnet;      /* [layers] */
    t2v_conv3d *downsampler;
    resnet *conv_out; /* NULL: the channels stay */
} down_block;

struct t2v_ltx_encoder {
    int64_t latent_channels, patch, channels; /* channels: of a patch */
    int64_t space, time;                      /* by how much it reduces patches and frames */
    bool causal;
    double eps;
    int64_t blocks;
    down_block block[MAX_BLOCKS], middle; /* in the middle: layers only */
    t2v_conv3d *conv_in, *conv_out;
    char problem[256]; /* why nothing can be encoded; "": it can */
};

typedef t2v_ltx_encoder encoder;

/* ------------------------------------------------------------------ configuration */

/* `count` integers or more; the published defaults when the key is absent. */
static t2v_status read_ints(const t2v_config *config, const char *key, int64_t min, int64_t max,
                            const int64_t *defaults, int *count, int64_t *values, t2v_error *error)
{
    int wanted = *count;
    T2V_TRY(t2v_config_ints(config, key, min, max, MAX_BLOCKS + 2, values, count, error));
    if (*count < 0) {
        *count = 5 < wanted ? 5 : wanted;
        memcpy(values, defaults, (size_t)*count * sizeof(*values));
    }
    if (*count < 1 || *count < wanted)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s has %d entries, wanted %d",
                        t2v_config_path(config), key, *count, wanted < 1 ? 1 : wanted);
    return T2V_OK;
}

/* How many positions become one, by downsample_type. */
static t2v_status read_downsample(const t2v_config *config, int index, down_block *b,
                                  t2v_error *error)
{
    static const struct {
        const char *name;
        int64_t positions, space, time;
    } kinds[] = {{"conv", 1, 2, 2},
                 {"spatial", 4, 2, 1},
                 {"temporal", 2, 1, 2},
                 {"spatiotemporal", 8, 2, 2}};
    const char *kind = "conv";
    if (b->newer)
        T2V_TRY(t2v_config_string_at(config, "downsample_type", index, &kind, error));
    for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(kind, kinds[i].name)) {
            b->downsample = kinds[i].positions;
            b->space = kinds[i].space;
            b->time = kinds[i].time;
        }
    if (!b->downsample)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: entry %d of downsample_type is %.80s",
                        t2v_config_path(config), index, kind ? kind : "missing");
    if (b->downsample > 1 && b->out < b->downsample)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: block_out_channels leaves no channels for downsample_type %.80s",
                        t2v_config_path(config), kind);
    return T2V_OK;
}

static t2v_status read_type(const t2v_config *config, int index, bool *newer, t2v_error *error)
{
    const char *type;
    *newer = false;
    if (!t2v_config_has(config, "down_block_types"))
        return T2V_OK;
    T2V_TRY(t2v_config_string_at(config, "down_block_types", index, &type, error));
    *newer = type && !strcmp(type, "LTXVideo095DownBlock3D");
    if (!*newer && (!type || strcmp(type, "LTXVideoDownBlock3D")))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: entry %d of down_block_types is %.80s",
                        t2v_config_path(config), index, type ? type : "missing");
    return T2V_OK;
}

/* Blocks of the newer kind have one width more than there are blocks. */
static t2v_status read_config(const t2v_config *config, encoder *e, t2v_error *error)
{
    static const int64_t widths_of_090[] = {128, 256, 512, 512}, layers_of_090[] = {4, 3, 3, 3, 4};
    int64_t width[MAX_BLOCKS + 2], layers[MAX_BLOCKS + 2];
    bool scaling[MAX_BLOCKS + 2] = {true, true, true}, newer;
    int widths = 4, count = 4, scalings;
    T2V_TRY(
        t2v_config_ints(config, "block_out_channels", 1, 65536, MAX_BLOCKS, width, &widths, error));
    if (widths < 0) {
        widths = 4;
        memcpy(width, widths_of_090, sizeof(widths_of_090));
    }
    if (widths < 2)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: block_out_channels has %d entries, wanted 2",
                        t2v_config_path(config), widths);
    T2V_TRY(read_type(config, widths - 2, &newer, error));
    e->blocks = count = widths - newer;
    count++;
    T2V_TRY(
        read_ints(config, "layers_per_block", 0, MAX_LAYERS, layers_of_090, &count, layers, error));
    e->middle.layers = layers[count - 1];
    T2V_TRY(t2v_config_bools(config, "spatio_temporal_scaling", MAX_BLOCKS + 2, scaling, &scalings,
                             error));
    if (scalings >= 0 && scalings < e->blocks)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: spatio_temporal_scaling has %d entries, wanted %d",
                        t2v_config_path(config), scalings, (int)e->blocks);
    for (int i = 0; i < e->blocks; i++) {
        down_block *b = &e->block[i];
        *b = (down_block){.in = i ? e->block[i - 1].out : width[0],
                          .out = i + 1 < widths ? width[i + 1] : width[i],
                          .layers = layers[i],
                          .space = 1,
                          .time = 1};
        T2V_TRY(read_type(config, i, &b->newer, error));
        if (scaling[i])
            T2V_TRY(read_downsample(config, i, b, error));
    }
    e->middle.in = e->middle.out = e->block[e->blocks - 1].out;
    T2V_TRY(t2v_config_double(config, "resnet_norm_eps", 1e-6, 0, 1, &e->eps, error));
    return t2v_config_bool(config, "encoder_causal", true, &e->causal, error);
}

/* What the reference takes as long as nothing is encoded. */
static void find_problems(const t2v_config *config, const t2v_vae_info *info, encoder *e)
{
    e->space = e->time = 1;
    for (int64_t i = 0; i < e->blocks && !e->problem[0]; i++) {
        const down_block *b = &e->block[i];
        e->space *= b->space;
        e->time *= b->time;
        if (b->downsample > 1 ? b->out % b->downsample || b->in * b->downsample % b->out
                              : b->newer && b->in != b->out)
            snprintf(e->problem, sizeof(e->problem),
                     "%.150s: %d channels cannot become %d in the encoder's block %d",
                     t2v_config_path(config), (int)b->in, (int)b->out, (int)i);
    }
    if (!e->problem[0] &&
        (e->space * e->patch != info->spatial_ratio || e->time != info->temporal_ratio))
        snprintf(e->problem, sizeof(e->problem),
                 "%.100s: the encoder reduces %d times in space and %d times in time, the decoder "
                 "enlarges %d and %d times",
                 t2v_config_path(config), (int)(e->space * e->patch), (int)e->time,
                 (int)info->spatial_ratio, (int)info->temporal_ratio);
}

/* ------------------------------------------------------------------ loading */

/* Whether a tensor is there; the first that is not is remembered. */
static bool find(const t2v_component *c, encoder *e, const char *name)
{
    if (t2v_component_has(c, "encoder.%s", name))
        return true;
    if (!e->problem[0])
        snprintf(e->problem, sizeof(e->problem), "the autoencoder has no tensor encoder.%s", name);
    return false;
}

static t2v_status take(const t2v_component *c, encoder *e, int rank, const int64_t *dim,
                       const char *prefix, const char *leaf, t2v_tensor *tensor, bool *found,
                       t2v_error *error)
{
    char name[192];
    snprintf(name, sizeof(name), "%s.%s", prefix, leaf);
    if (!find(c, e, name)) {
        *found = false;
        return T2V_OK;
    }
    return t2v_component_tensor(c, tensor, error, rank, dim, "encoder.%s", name);
}

static t2v_status load_conv(const t2v_component *c, encoder *e, int64_t out, int64_t in,
                            int64_t kernel, int64_t stride, const char *prefix, t2v_conv3d **conv,
                            t2v_error *error)
{
    const int64_t dim[5] = {out, in, kernel, kernel, kernel};
    const int64_t strides[3] = {stride, stride, stride};
    t2v_tensor weight, bias;
    bool found = true;
    T2V_TRY(take(c, e, 5, dim, prefix, "conv.weight", &weight, &found, error));
    T2V_TRY(take(c, e, 1, &out, prefix, "conv.bias", &bias, &found, error));
    return found ? t2v_conv3d_create(&weight, &bias, strides, conv, error) : T2V_OK;
}

static t2v_status load_floats(const t2v_component *c, encoder *e, int64_t count, const char *prefix,
                              const char *leaf, float **out, t2v_error *error)
{
    t2v_tensor tensor;
    bool found = true;
    T2V_TRY(take(c, e, 1, &count, prefix, leaf, &tensor, &found, error));
    return found ? t2v_tensor_to_floats(&tensor, out, error) : T2V_OK;
}

static t2v_status load_resnet(const t2v_component *c, encoder *e, int64_t in, int64_t out,
                              const char *prefix, resnet *r, t2v_error *error)
{
    char name[160];
    r->in = in;
    r->out = out;
    snprintf(name, sizeof(name), "%s.conv1", prefix);
    T2V_TRY(load_conv(c, e, out, in, 3, 1, name, &r->conv1, error));
    snprintf(name, sizeof(name), "%s.conv2", prefix);
    T2V_TRY(load_conv(c, e, out, out, 3, 1, name, &r->conv2, error));
    if (in == out)
        return T2V_OK;
    T2V_TRY(load_floats(c, e, in, prefix, "norm3.weight", &r->shortcut_weight, error));
    T2V_TRY(load_floats(c, e, in, prefix, "norm3.bias", &r->shortcut_bias, error));
    snprintf(name, sizeof(name), "%s.conv_shortcut", prefix);
    return load_conv(c, e, out, in, 1, 1, name, &r->shortcut, error);
}

static t2v_status load_resnets(const t2v_component *c, encoder *e, const char *prefix,
                               down_block *b, t2v_error *error)
{
    char name[128];
    b->resnet = t2v_calloc((size_t)b->layers, sizeof(*b->resnet));
    if (!b->resnet)
        return t2v_fail_memory(error, "the encoder", (size_t)b->layers * sizeof(*b->resnet));
    for (int64_t i = 0; i < b->layers; i++) {
        snprintf(name, sizeof(name), "%s.resnets.%d", prefix, (int)i);
        T2V_TRY(load_resnet(c, e, b->in, b->in, name, &b->resnet[i], error));
    }
    return T2V_OK;
}

static t2v_status load_block(const t2v_component *c, encoder *e, int index, t2v_error *error)
{
    down_block *b = &e->block[index];
    char prefix[64], name[128];
    snprintf(prefix, sizeof(prefix), "down_blocks.%d", index);
    T2V_TRY(load_resnets(c, e, prefix, b, error));
    snprintf(name, sizeof(name), "%s.downsamplers.0%s", prefix, b->downsample > 1 ? ".conv" : "");
    if (b->downsample > 1)
        return load_conv(c, e, b->out / b->downsample, b->in, 3, 1, name, &b->downsampler, error);
    if (b->downsample)
        T2V_TRY(load_conv(c, e, b->in, b->in, 3, 2, name, &b->downsampler, error));
    if (b->in == b->out || b->newer)
        return T2V_OK;
    b->conv_out = t2v_calloc(1, sizeof(*b->conv_out));
    if (!b->conv_out)
        return t2v_fail_memory(error, "the encoder", sizeof(*b->conv_out));
    snprintf(name, sizeof(name), "%s.conv_out", prefix);
    return load_resnet(c, e, b->in, b->out, name, b->conv_out, error);
}

static t2v_status load(const t2v_component *c, const t2v_vae_info *info, encoder *e,
                       t2v_error *error)
{
    const t2v_config *config = t2v_component_config(c);
    T2V_TRY(read_config(config, e, error));
    find_problems(config, info, e);
    T2V_TRY(load_conv(c, e, e->block[0].in, e->channels, 3, 1, "conv_in", &e->conv_in, error));
    for (int i = 0; i < e->blocks; i++)
        T2V_TRY(load_block(c, e, i, error));
    T2V_TRY(load_resnets(c, e, "mid_block", &e->middle, error));
    return load_conv(c, e, e->latent_channels + 1, e->middle.out, 3, 1, "conv_out", &e->conv_out,
                     error);
}

static void free_resnet(resnet *r)
{
    t2v_conv3d_free(&r->conv1);
    t2v_conv3d_free(&r->conv2);
    t2v_conv3d_free(&r->shortcut);
    t2v_free(r->shortcut_weight);
    t2v_free(r->shortcut_bias);
}

static void free_block(down_block *b)
{
    for (int64_t i = 0; b->resnet && i < b->layers; i++)
        free_resnet(&b->resnet[i]);
    t2v_free(b->resnet);
    t2v_conv3d_free(&b->downsampler);
    if (b->conv_out)
        free_resnet(b->conv_out);
    t2v_free(b->conv_out);
}

void t2v_ltx_encoder_free(t2v_ltx_encoder **encoder)
{
    t2v_ltx_encoder *e = *encoder;
    *encoder = NULL;
    if (!e)
        return;
    for (int64_t i = 0; i < e->blocks; i++)
        free_block(&e->block[i]);
    free_block(&e->middle);
    t2v_conv3d_free(&e->conv_in);
    t2v_conv3d_free(&e->conv_out);
    t2v_free(e);
}

t2v_status t2v_ltx_encoder_create(const t2v_component *component, const t2v_vae_info *info,
                                  int64_t patch, t2v_ltx_encoder **out, t2v_error *error)
{
    t2v_ltx_encoder *e = t2v_calloc(1, sizeof(*e));
    *out = NULL;
    if (!e)
        return t2v_fail_memory(error, "the encoder", sizeof(*e));
    e->latent_channels = info->latent_channels;
    e->patch = patch;
    e->channels = COLOURS * patch * patch;
    t2v_status status = load(component, info, e, error);
    if (status < 0)
        t2v_ltx_encoder_free(&e);
    *out = e;
    return status;
}

/* ------------------------------------------------------------------ running */

/* Activations [frames, h, w, channels]. */
typedef struct volume {
    float *data;
    int64_t frames, h, w, channels;
} volume;

static int64_t frame_floats(const volume *x)
{
    return x->h * x->w * x->channels;
}

static t2v_status allocate(t2v_exec *exec, volume *x)
{
    x->data = t2v_exec_floats(exec, (size_t)x->frames, (size_t)frame_floats(x));
    return x->data ? T2V_OK : T2V_ERROR_MEMORY;
}

/* Pixel norm and SiLU, before most convolutions. */
static void norm_silu(t2v_exec *exec, const volume *x, float *y)
{
    const t2v_norm norm = {
        .dim = x->channels, .eps = PIXEL_NORM_EPS, .activation = T2V_ACTIVATION_SILU};
    t2v_norm_run(exec, &norm, x->data, x->frames * x->h * x->w, x->channels, y);
}

/* The whole clip at once; its edge frames are repeated where the kernel reaches beyond. */
static t2v_status convolve(t2v_exec *exec, const encoder *e, const t2v_conv3d *conv, bool normed,
                           const volume *x, bool accumulate, float *y)
{
    const int64_t reach = t2v_conv3d_kernel_time(conv) - 1, before = e->causal ? reach : reach / 2;
    const int64_t frame = frame_floats(x);
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *padded = t2v_exec_floats(exec, (size_t)(x->frames + reach), (size_t)frame);
    if (!padded)
        return T2V_ERROR_MEMORY;
    float *inner = padded + before * frame, *behind = inner + x->frames * frame;
    if (normed)
        norm_silu(exec, x, inner);
    else
        t2v_copy(exec, inner, x->data, x->frames * frame);
    for (int64_t i = 0; i < before; i++)
        t2v_copy(exec, padded + i * frame, inner, frame);
    for (int64_t i = 0; i < reach - before; i++)
        t2v_copy(exec, behind + i * frame, behind - frame, frame);
    t2v_status status =
        t2v_conv3d_run(exec, conv, padded, x->frames + reach, x->h, x->w, accumulate, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* A LayerNorm and a convolution of one position. */
static t2v_status run_shortcut(t2v_exec *exec, const encoder *e, const resnet *r, const volume *x,
                               volume *y)
{
    const t2v_norm norm = {.dim = r->in,
                           .eps = (float)e->eps,
                           .centred = true,
                           .weight = r->shortcut_weight,
                           .bias = r->shortcut_bias};
    volume normed = *x;
    T2V_TRY(allocate(exec, &normed));
    t2v_norm_run(exec, &norm, x->data, x->frames * x->h * x->w, r->in, normed.data);
    return convolve(exec, e, r->shortcut, false, &normed, false, y->data);
}

/* x to y, which are the same where the channels stay. */
static t2v_status run_resnet(t2v_exec *exec, const encoder *e, const resnet *r, const volume *x,
                             volume *y)
{
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    volume inner = *x;
    inner.channels = r->out;
    T2V_TRY(allocate(exec, &inner));
    T2V_TRY(convolve(exec, e, r->conv1, true, x, false, inner.data));
    if (r->shortcut)
        T2V_TRY(run_shortcut(exec, e, r, x, y));
    T2V_TRY(convolve(exec, e, r->conv2, true, &inner, true, y->data));
    t2v_arena_reset(&exec->arena, mark);
    return T2V_OK;
}

/* The positions of x, `time` × `space` × `space` of them, that become position (t, row, column). */
static void find_cell(const down_block *b, const volume *x, int64_t t, int64_t row, int64_t column,
                      const float *cell[MAX_CELL])
{
    for (int64_t i = 0; i < b->downsample; i++) {
        const int64_t dt = i / (b->space * b->space), dy = i / b->space % b->space,
                      dx = i % b->space;
        cell[i] = x->data + (((t * b->time + dt) * x->h + row * b->space + dy) * x->w +
                             column * b->space + dx) *
                                x->channels;
    }
}

/*
 * One position: the convolution's channels laid side by side, and what they are added to, means of
 * neighbouring channels of the input laid out in the same way.
 */
static void fold_position(const down_block *b, const float *const *fine, const float *const *input,
                          float *y)
{
    const int64_t cells = b->downsample, group = b->in * cells / b->out;
    for (int64_t j = 0; j < b->out; j++) {
        float sum = 0;
        for (int64_t k = j * group; k < (j + 1) * group; k++)
            sum += input[k % cells][k / cells];
        y[j] = fine[j % cells][j / cells] + sum / (float)group;
    }
}

static t2v_status fold(t2v_exec *exec, const down_block *b, const volume *fine, const volume *input,
                       volume *y)
{
    for (int64_t t = 0; t < y->frames; t++) {
        T2V_TRY(t2v_exec_check(exec));
#pragma omp parallel for num_threads(exec->threads) schedule(static)
        for (int64_t row = 0; row < y->h; row++)
            for (int64_t column = 0; column < y->w; column++) {
                const float *of_fine[MAX_CELL], *of_input[MAX_CELL];
                find_cell(b, fine, t, row, column, of_fine);
                find_cell(b, input, t, row, column, of_input);
                fold_position(b, of_fine, of_input,
                              y->data + ((t * y->h + row) * y->w + column) * y->channels);
            }
    }
    return T2V_OK;
}

/* Space and time to depth (LTXVideoDownsampler3d); the clip's first frame comes twice where time
 * is halved, so that it stays a latent frame of its own. */
static t2v_status downsample_folding(t2v_exec *exec, const encoder *e, const down_block *b,
                                     const volume *x, volume *y)
{
    const int64_t frame = frame_floats(x);
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    volume longer = *x;
    longer.frames += b->time - 1;
    T2V_TRY(allocate(exec, &longer));
    t2v_copy(exec, longer.data, x->data, frame);
    t2v_copy(exec, longer.data + (b->time - 1) * frame, x->data, x->frames * frame);
    volume fine = longer;
    fine.channels = b->out / b->downsample;
    T2V_TRY(allocate(exec, &fine));
    T2V_TRY(convolve(exec, e, b->downsampler, false, &longer, false, fine.data));
    T2V_TRY(fold(exec, b, &fine, &longer, y));
    t2v_arena_reset(&exec->arena, mark);
    return T2V_OK;
}

/* x is replaced by the result, which lies in the arena. */
static t2v_status run_block(t2v_exec *exec, const encoder *e, const down_block *b, volume *x)
{
    for (int64_t i = 0; i < b->layers; i++)
        T2V_TRY(run_resnet(exec, e, &b->resnet[i], x, x));
    if (b->downsample) {
        volume y = {.frames = (x->frames - 1) / b->time + 1,
                    .h = x->h / b->space,
                    .w = x->w / b->space,
                    .channels = b->downsample > 1 ? b->out : b->in};
        T2V_TRY(allocate(exec, &y));
        if (b->downsample > 1)
            T2V_TRY(downsample_folding(exec, e, b, x, &y));
        else
            T2V_TRY(convolve(exec, e, b->downsampler, false, x, false, y.data));
        *x = y;
    }
    if (b->conv_out) {
        volume y = *x;
        y.channels = b->out;
        T2V_TRY(allocate(exec, &y));
        T2V_TRY(run_resnet(exec, e, b->conv_out, x, &y));
        *x = y;
    }
    return T2V_OK;
}

static t2v_status patchify(t2v_exec *exec, const encoder *e, const t2v_clip *clip, volume *x)
{
    *x = (volume){NULL, clip->frames, clip->height / e->patch, clip->width / e->patch, e->channels};
    T2V_TRY(allocate(exec, x));
    for (int64_t i = 0; i < x->frames; i++) {
        T2V_TRY(t2v_exec_check(exec));
        t2v_patchify(exec, clip->picture[i], clip->height, clip->width, e->patch,
                     x->data + i * frame_floats(x));
    }
    return T2V_OK;
}

/* The last channel is the logarithm of the variance of all others (DiagonalGaussianDistribution).
 */
static void split_posterior(const volume *x, float *mean, float *deviation)
{
    const int64_t positions = x->frames * x->h * x->w, channels = x->channels - 1;
    for (int64_t i = 0; i < positions; i++) {
        const float *from = x->data + i * x->channels;
        const float spread = t2v_posterior_deviation(from[channels]);
        for (int64_t c = 0; c < channels; c++) {
            mean[c * positions + i] = from[c];
            deviation[c * positions + i] = spread;
        }
    }
}

static t2v_status run(t2v_exec *exec, const encoder *e, const t2v_clip *clip, float *mean,
                      float *deviation)
{
    volume patches, x;
    T2V_TRY(patchify(exec, e, clip, &patches));
    x = patches;
    x.channels = e->block[0].in;
    T2V_TRY(allocate(exec, &x));
    T2V_TRY(convolve(exec, e, e->conv_in, false, &patches, false, x.data));
    for (int64_t i = 0; i < e->blocks; i++)
        T2V_TRY(run_block(exec, e, &e->block[i], &x));
    T2V_TRY(run_block(exec, e, &e->middle, &x));
    volume posterior = x;
    posterior.channels = e->latent_channels + 1;
    T2V_TRY(allocate(exec, &posterior));
    T2V_TRY(convolve(exec, e, e->conv_out, true, &x, false, posterior.data));
    split_posterior(&posterior, mean, deviation);
    return T2V_OK;
}

t2v_status t2v_ltx_encode(t2v_exec *exec, const t2v_ltx_encoder *encoder, const t2v_clip *clip,
                          float *mean, float *deviation)
{
    if (encoder->problem[0])
        return t2v_fail(exec->error, T2V_ERROR_UNSUPPORTED, "a picture cannot be encoded: %s",
                        encoder->problem);
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run(exec, encoder, clip, mean, deviation);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}
