/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The encoder of Wan's autoencoders, as WanEncoder3d. The reference encodes the first picture by
 * itself and then groups of four; since everything is causal, one picture after another gives the
 * same: where time is halved, a level waits for the second of two frames.
 */
#include "vae/wan_encoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/elementwise.h"
#include "ops/profile.h"
#include "vae/picture.h"
#include "vae/wan_layers.h"

enum { MAX_LEVELS = 8, MAX_RESNETS = 64, SCALE = 2, CELL = 4, COLOURS = 3 };

/* Resnets and what makes their result smaller. */
typedef struct level {
    int64_t in, out, resnets;
    t2v_wan_resnet *resnet;
    bool reduces, in_time;
    t2v_conv3d *space, *time; /* NULL: does not reduce */
} level;

struct t2v_wan_encoder {
    int64_t latent_channels, patch, channels; /* channels: of a patch */
    bool residual;
    int64_t levels, resnets;
    level level[MAX_LEVELS];
    t2v_conv3d *conv_in, *conv_out;
    t2v_wan_middle middle;
    float *norm_out;
    t2v_linear *last;  /* quant_conv */
    char problem[256]; /* why nothing can be encoded; "": it can */
};

typedef t2v_wan_encoder encoder;

/* ------------------------------------------------------------------ configuration */

static t2v_status read_levels(const t2v_config *config, encoder *e, t2v_error *error)
{
    int64_t base, multiple[MAX_LEVELS] = {1, 2, 4, 4}, before;
    bool in_time[MAX_LEVELS] = {false, true, true};
    int count, flags;
    T2V_TRY(t2v_config_int(config, "base_dim", 96, 1, 8192, &base, error));
    T2V_TRY(t2v_config_int(config, "num_res_blocks", 2, 0, MAX_RESNETS, &e->resnets, error));
    T2V_TRY(t2v_config_ints(config, "dim_mult", 1, 64, MAX_LEVELS, multiple, &count, error));
    T2V_TRY(t2v_config_bools(config, "temperal_downsample", MAX_LEVELS, in_time, &flags, error));
    e->levels = count < 0 ? 4 : count; /* the decoder has compared their numbers */
    before = base;
    for (int i = 0; i < e->levels; i++) {
        level *l = &e->level[i];
        l->in = before;
        before = l->out = base * multiple[i];
        l->resnets = e->resnets;
        l->reduces = i < e->levels - 1;
        l->in_time = l->reduces && in_time[i];
    }
    return T2V_OK;
}

/* Of the path around a level: neighbouring channels and cells are averaged. */
static int64_t group_size(const level *l)
{
    return l->in * (l->reduces ? CELL : 1) * (1 + l->in_time) / l->out;
}

static t2v_status check_levels(const t2v_config *config, const encoder *e, t2v_error *error)
{
    for (int i = 0; e->residual && i < e->levels; i++) {
        const level *l = &e->level[i];
        if (group_size(l) * l->out != l->in * (l->reduces ? CELL : 1) * (1 + l->in_time))
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: the %lld channels of level %d of the encoder cannot be averaged "
                            "to %lld",
                            t2v_config_path(config), (long long)l->in, i, (long long)l->out);
    }
    return T2V_OK;
}

/* What the reference takes as long as nothing is encoded. */
static t2v_status find_problems(const t2v_config *config, const t2v_vae_info *info, encoder *e,
                                t2v_error *error)
{
    int64_t space = e->patch << (e->levels - 1), time = 1;
    double scale;
    int scales;
    T2V_TRY(t2v_config_doubles(config, "attn_scales", 0, 1, 1, &scale, &scales, error));
    if (scales > 0)
        snprintf(e->problem, sizeof(e->problem), "%.150s: attn_scales is not empty",
                 t2v_config_path(config));
    for (int i = 0; i < e->levels; i++) {
        time <<= e->level[i].in_time;
        if (!e->resnets && e->level[i].in != e->level[i].out)
            snprintf(e->problem, sizeof(e->problem),
                     "%.150s: num_res_blocks is 0, but level %d has %d channels and makes %d",
                     t2v_config_path(config), i, (int)e->level[i].in, (int)e->level[i].out);
    }
    if (space != info->spatial_ratio || time != info->temporal_ratio)
        snprintf(e->problem, sizeof(e->problem),
                 "%.100s: the encoder reduces %d times in space and %d times in time, the decoder "
                 "enlarges %d and %d times",
                 t2v_config_path(config), (int)space, (int)time, (int)info->spatial_ratio,
                 (int)info->temporal_ratio);
    return T2V_OK;
}

static t2v_status read_config(const t2v_config *config, const t2v_vae_info *info, encoder *e,
                              t2v_error *error)
{
    T2V_TRY(t2v_config_int(config, "in_channels", COLOURS, 1, 65536, &e->channels, error));
    if (e->channels != COLOURS * e->patch * e->patch)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: in_channels is %lld, wanted %lld: three colours of a patch",
                        t2v_config_path(config), (long long)e->channels,
                        (long long)(COLOURS * e->patch * e->patch));
    T2V_TRY(read_levels(config, e, error));
    T2V_TRY(check_levels(config, e, error));
    return find_problems(config, info, e, error);
}

/* ------------------------------------------------------------------ loading */

/* Fewer rows and columns: a stride, and a row and a column of zeros behind the last. */
static t2v_status load_space(const t2v_component *c, int64_t channels, t2v_conv3d **conv,
                             t2v_error *error, const char *prefix)
{
    const int64_t dim[4] = {channels, channels, 3, 3}, stride[3] = {1, SCALE, SCALE};
    t2v_tensor weight, bias;
    T2V_TRY(t2v_component_tensor(c, &weight, error, 4, dim, "%s.resample.1.weight", prefix));
    T2V_TRY(t2v_component_tensor(c, &bias, error, 1, dim, "%s.resample.1.bias", prefix));
    weight.shape = (t2v_shape){5, {channels, channels, 1, 3, 3}};
    T2V_TRY(t2v_conv3d_create(&weight, &bias, stride, conv, error));
    t2v_conv3d_pad_behind(*conv);
    return T2V_OK;
}

/*
 * Wan 2.2 names a level and its layers, Wan 2.1 counts all layers.
 *
 * @param layers those before the level, in 2.1
 */
static t2v_status load_level(const t2v_component *c, const encoder *e, int i, int layers, level *l,
                             t2v_error *error)
{
    const int64_t time[5] = {l->out, l->out, 3, 1, 1};
    char prefix[T2V_WAN_PREFIX_BYTES];
    l->resnet = t2v_calloc((size_t)l->resnets, sizeof(*l->resnet));
    if (!l->resnet)
        return t2v_fail_memory(error, "a level", (size_t)l->resnets * sizeof(*l->resnet));
    for (int j = 0; j < l->resnets; j++) {
        if (e->residual)
            snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d.resnets.%d", i, j);
        else
            snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d", layers + j);
        T2V_TRY(t2v_wan_load_resnet(c, j ? l->out : l->in, l->out, &l->resnet[j], error, prefix));
    }
    if (e->residual)
        snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d.downsampler", i);
    else
        snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d", layers + (int)l->resnets);
    if (l->reduces)
        T2V_TRY(load_space(c, l->out, &l->space, error, prefix));
    if (!l->in_time)
        return T2V_OK;
    return t2v_load_conv3d(c, 5, time, &l->time, error, "%s.time_conv", prefix);
}

static t2v_status load(const t2v_component *c, const t2v_vae_info *info, encoder *e,
                       t2v_error *error)
{
    T2V_TRY(read_config(t2v_component_config(c), info, e, error));
    if (!t2v_component_has(c, "encoder.conv_in.weight")) {
        snprintf(e->problem, sizeof(e->problem),
                 "the autoencoder has no tensor encoder.conv_in.weight");
        return T2V_OK;
    }
    const int64_t outputs = 2 * e->latent_channels, last[5] = {outputs, outputs, 1, 1, 1};
    const int64_t deepest = e->level[e->levels - 1].out;
    T2V_TRY(t2v_wan_load_conv(c, e->level[0].in, e->channels, &e->conv_in, error, "encoder",
                              "conv_in"));
    for (int i = 0; i < e->levels; i++)
        T2V_TRY(load_level(c, e, i, i * (int)(e->resnets + 1), &e->level[i], error));
    T2V_TRY(t2v_wan_load_middle(c, deepest, &e->middle, error, "encoder"));
    T2V_TRY(t2v_wan_load_gamma(c, deepest, &e->norm_out, error, "encoder", "norm_out"));
    T2V_TRY(t2v_wan_load_conv(c, outputs, deepest, &e->conv_out, error, "encoder", "conv_out"));
    return t2v_load_patches(c, 5, last, &e->last, error, "quant_conv");
}

void t2v_wan_encoder_free(t2v_wan_encoder **encoder)
{
    t2v_wan_encoder *e = *encoder;
    *encoder = NULL;
    if (!e)
        return;
    for (int i = 0; i < e->levels; i++) {
        level *l = &e->level[i];
        for (int64_t j = 0; l->resnet && j < l->resnets; j++)
            t2v_wan_free_resnet(&l->resnet[j]);
        t2v_free(l->resnet);
        t2v_conv3d_free(&l->space);
        t2v_conv3d_free(&l->time);
    }
    t2v_conv3d_free(&e->conv_in);
    t2v_conv3d_free(&e->conv_out);
    t2v_wan_free_middle(&e->middle);
    t2v_free(e->norm_out);
    t2v_linear_free(&e->last);
    t2v_free(e);
}

t2v_status t2v_wan_encoder_create(const t2v_component *component, const t2v_vae_info *info,
                                  int64_t patch, bool residual, t2v_wan_encoder **out,
                                  t2v_error *error)
{
    t2v_wan_encoder *e = t2v_calloc(1, sizeof(*e));
    *out = NULL;
    if (!e)
        return t2v_fail_memory(error, "the encoder", sizeof(*e));
    e->latent_channels = info->latent_channels;
    e->patch = patch;
    e->residual = residual;
    t2v_status status = load(component, info, e, error);
    if (status < 0)
        t2v_wan_encoder_free(&e);
    *out = e;
    return status;
}

/* ------------------------------------------------------------------ memory of the frames before */

typedef struct level_state {
    const level *level;
    int64_t h, w; /* of its input */
    t2v_wan_resnet_state *resnet;
    bool started, waiting; /* the clip's first frame has passed; the first of two frames is here */
    float *frames;         /* [3, h / 2, w / 2, out]: the last of the two before, and both */
    float *before; /* [h, w, in]: the input that belongs to the frame that waits, or zeros */
} level_state;

/* One clip's encoding. */
typedef struct run {
    const encoder *encoder;
    const t2v_clip *clip;
    t2v_conv_state conv_in, conv_out;
    t2v_wan_middle_state middle;
    level_state level[MAX_LEVELS];
    int64_t done, frames; /* latent frames */
    float *mean, *deviation;
} run;

static t2v_status start_level(level_state *s, const encoder *e, const level *l, int64_t h,
                              int64_t w, t2v_error *error)
{
    const size_t half = (size_t)(h / SCALE * (w / SCALE) * l->out), whole = (size_t)(h * w * l->in);
    s->h = h;
    s->w = w;
    s->resnet = t2v_calloc((size_t)l->resnets, sizeof(*s->resnet));
    if (!s->resnet)
        return t2v_fail_memory(error, "a level", (size_t)l->resnets * sizeof(*s->resnet));
    s->level = l;
    for (int64_t i = 0; i < l->resnets; i++)
        T2V_TRY(t2v_wan_start_resnet(&s->resnet[i], &l->resnet[i], h, w, error));
    if (!l->in_time)
        return T2V_OK;
    s->frames = t2v_calloc(3 * half, sizeof(float));
    s->before = e->residual ? t2v_calloc(whole, sizeof(float)) : NULL;
    return s->frames && (s->before || !e->residual)
               ? T2V_OK
               : t2v_fail_memory(error, "a level", (3 * half + whole) * sizeof(float));
}

static t2v_status start(run *r, t2v_error *error)
{
    const encoder *e = r->encoder;
    int64_t h = r->clip->height / e->patch, w = r->clip->width / e->patch;
    T2V_TRY(t2v_wan_start_conv(&r->conv_in, e->conv_in, h, w, error));
    for (int i = 0; i < e->levels; i++) {
        T2V_TRY(start_level(&r->level[i], e, &e->level[i], h, w, error));
        h /= e->level[i].reduces ? SCALE : 1;
        w /= e->level[i].reduces ? SCALE : 1;
    }
    T2V_TRY(t2v_wan_start_middle(&r->middle, &e->middle, h, w, error));
    return t2v_wan_start_conv(&r->conv_out, e->conv_out, h, w, error);
}

static void end(run *r)
{
    for (int i = 0; i < MAX_LEVELS; i++) {
        level_state *s = &r->level[i];
        for (int64_t j = 0; s->level && j < s->level->resnets; j++)
            t2v_wan_end_resnet(&s->resnet[j]);
        t2v_free(s->resnet);
        t2v_free(s->frames);
        t2v_free(s->before);
    }
    t2v_conv_state_free(&r->conv_in);
    t2v_conv_state_free(&r->conv_out);
    t2v_wan_end_middle(&r->middle);
}

/* ------------------------------------------------------------------ running, one frame */

static t2v_status run_level(t2v_exec *exec, run *r, int64_t index, const float *x);

/* Channels are means and logarithms of variances (DiagonalGaussianDistribution). */
static void split_posterior(const run *r, const float *x, int64_t positions)
{
    const int64_t channels = r->encoder->latent_channels, all = r->frames * positions;
    for (int64_t i = 0; i < positions; i++, x += 2 * channels)
        for (int64_t c = 0; c < channels; c++) {
            const int64_t to = c * all + r->done * positions + i;
            r->mean[to] = x[c];
            r->deviation[to] = t2v_posterior_deviation(x[channels + c]);
        }
}

/* x is used up. */
static t2v_status finish(t2v_exec *exec, run *r, float *x)
{
    const encoder *e = r->encoder;
    const int64_t positions = r->conv_out.h * r->conv_out.w;
    float *inner = t2v_exec_floats(exec, (size_t)positions, (size_t)(2 * e->latent_channels));
    float *posterior = t2v_exec_floats(exec, (size_t)positions, (size_t)(2 * e->latent_channels));
    if (!inner || !posterior)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_wan_run_middle(exec, &r->middle, x));
    T2V_TRY(t2v_wan_run_conv(exec, &r->conv_out, e->norm_out, x, false, inner));
    T2V_TRY(t2v_linear_run(exec, e->last, inner, positions, T2V_ACTIVATION_NONE, false, posterior));
    split_posterior(r, posterior, positions);
    r->done++;
    return T2V_OK;
}

/*
 * The path around a level of Wan 2.2 (AvgDown3D): channels of the cells of time, rows and columns
 * in this order, and of them the mean of each group is added to y.
 *
 * @param input of two frames where time is halved, else of one
 */
static void add_means(t2v_exec *exec, const level_state *s, const float *const input[2], float *y)
{
    const level *l = s->level;
    const int64_t scale = l->reduces ? SCALE : 1, cells = (1 + l->in_time) * scale * scale;
    const int64_t group = group_size(l), width = s->w / scale;
    const t2v_work work = {
        .operation = T2V_OPERATION_ELEMENTWISE,
        .bytes = sizeof(float) * (double)(s->h * s->w * l->in * (1 + l->in_time)),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t i = 0; i < s->h / scale * width; i++) {
        const int64_t row = i / width * scale, column = i % width * scale;
        for (int64_t c = 0; c < l->out; c++) {
            float sum = 0;
            for (int64_t k = c * group; k < (c + 1) * group; k++) {
                const int64_t cell = k % cells, dt = cell / (scale * scale);
                const int64_t at = (row + cell / scale % scale) * s->w + column + cell % scale;
                sum += input[dt][at * l->in + k / cells];
            }
            y[i * l->out + c] += sum / (float)group;
        }
    }
    t2v_work_end(exec, before);
}

/* On to the next level, or to the end. y is used up. */
static t2v_status leave_level(t2v_exec *exec, run *r, int64_t index, const float *const input[2],
                              float *y)
{
    if (r->encoder->residual)
        add_means(exec, &r->level[index], input, y);
    return index + 1 < r->encoder->levels ? run_level(exec, r, index + 1, y) : finish(exec, r, y);
}

/*
 * Two frames become one, but for the clip's first, which stays one.
 *
 * @param y     with half the rows and columns; used up
 * @param input of the level
 */
static t2v_status halve_time(t2v_exec *exec, run *r, int64_t index, const float *input, float *y)
{
    level_state *s = &r->level[index];
    const int64_t h = s->h / SCALE, w = s->w / SCALE, frame = h * w * s->level->out;
    const float *const inputs[2] = {s->before, input};
    const bool first = !s->started;
    if (!first && !s->waiting) {
        s->waiting = true;
        t2v_copy(exec, s->frames + frame, y, frame);
        if (s->before)
            t2v_copy(exec, s->before, input, s->h * s->w * s->level->in);
        return T2V_OK;
    }
    s->started = true;
    s->waiting = false;
    if (!first) {
        t2v_copy(exec, s->frames + 2 * frame, y, frame);
        T2V_TRY(t2v_conv3d_run(exec, s->level->time, s->frames, 3, h, w, false, y));
    }
    t2v_copy(exec, s->frames, first ? y : s->frames + 2 * frame, frame);
    return leave_level(exec, r, index, inputs, y);
}

/* The resnets of a level, and all that follows. */
static t2v_status run_resnets(t2v_exec *exec, run *r, int64_t index, const float *input)
{
    level_state *s = &r->level[index];
    const level *l = s->level;
    const float *const inputs[2] = {input, NULL};
    float *buffer[2];
    T2V_TRY(t2v_wan_run_resnets(exec, s->resnet, l->resnets, input, s->h * s->w, l->out, buffer));
    float *x = buffer[0], *y = buffer[1];
    if (!l->reduces)
        return leave_level(exec, r, index, inputs, x);
    T2V_TRY(t2v_conv3d_run(exec, l->space, x, 1, s->h, s->w, false, y));
    return l->in_time ? halve_time(exec, r, index, input, y)
                      : leave_level(exec, r, index, inputs, y);
}

/* Takes one frame as far as it goes. */
static t2v_status run_level(t2v_exec *exec, run *r, int64_t index, const float *x)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_resnets(exec, r, index, x);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status encode_picture(t2v_exec *exec, run *r, const float *rgb)
{
    const encoder *e = r->encoder;
    const size_t positions = (size_t)(r->conv_in.h * r->conv_in.w);
    float *patches = t2v_exec_floats(exec, positions, (size_t)e->channels);
    float *x = t2v_exec_floats(exec, positions, (size_t)e->level[0].in);
    if (!patches || !x)
        return T2V_ERROR_MEMORY;
    t2v_patchify(exec, rgb, r->clip->height, r->clip->width, e->patch, patches);
    T2V_TRY(t2v_wan_run_conv(exec, &r->conv_in, NULL, patches, false, x));
    return run_level(exec, r, 0, x);
}

t2v_status t2v_wan_encode(t2v_exec *exec, const t2v_wan_encoder *encoder, const t2v_clip *clip,
                          float *mean, float *deviation)
{
    int64_t ratio = 1;
    for (int i = 0; i < encoder->levels; i++)
        ratio <<= encoder->level[i].in_time;
    run r = {.encoder = encoder,
             .clip = clip,
             .frames = (clip->frames - 1) / ratio + 1,
             .mean = mean,
             .deviation = deviation};
    if (encoder->problem[0])
        return t2v_fail(exec->error, T2V_ERROR_UNSUPPORTED, "a picture cannot be encoded: %s",
                        encoder->problem);
    t2v_status status = start(&r, exec->error);
    for (int64_t i = 0; i < clip->frames && status >= 0; i++) {
        t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
        status = encode_picture(exec, &r, clip->picture[i]);
        t2v_arena_reset(&exec->arena, mark);
    }
    end(&r);
    return status;
}
