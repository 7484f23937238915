/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The video autoencoders of Wan 2.1 and of Wan 2.2 TI2V (Wan Team 2025), as AutoencoderKLWan:
 * decoding. All of it is causal in time, so that one frame after another runs through the whole
 * decoder.
 */
#include <stdio.h>
#include <string.h>

#include "layers/load.h"
#include "ops/attention.h"
#include "ops/profile.h"
#include "ops/resample.h"
#include "vae/picture.h"
#include "vae/wan_encoder.h"
#include "vae/wan_layers.h"

enum { MAX_LEVELS = 8, MAX_RESNETS = 64, MAX_CHANNELS = 1024, SCALE = 2, CELL = 4, COLOURS = 3 };

/* Resnets and what enlarges their result. */
typedef struct level {
    int64_t in, out, wide; /* channels: of the input, of the resnets, behind the enlargement */
    int64_t resnets;
    t2v_wan_resnet *resnet;
    bool enlarges, in_time;
    t2v_conv3d *time, *space; /* NULL: does not enlarge */
} level;

typedef struct wan_vae {
    int64_t latent_channels, patch, levels, spatial_ratio, temporal_ratio;
    bool residual; /* Wan 2.2: levels have a path around them */
    float *mean, *deviation;
    t2v_wan_encoder *encoder;
    t2v_linear *first; /* post_quant_conv */
    t2v_conv3d *conv_in, *conv_out;
    t2v_wan_middle middle;
    level level[MAX_LEVELS];
    float *norm_out;
    double operations; /* products of decoding one latent position */
} wan_vae;

/* ------------------------------------------------------------------ configuration */

/* What Wan 2.1's configuration may leave out, since it is the reference's default. */
static const double default_mean[16] = {-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,
                                        -0.1517, 1.5508,  0.4134,  -0.0715, 0.5517,  -0.3632,
                                        -0.1922, -0.9497, 0.2503,  -0.2921};
static const double default_deviation[16] = {2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708,
                                             2.6052, 2.0743, 3.2687, 2.1526, 2.8652, 1.5579,
                                             1.6382, 1.1253, 2.8251, 1.9160};

static t2v_status read_statistics(const t2v_config *config, const wan_vae *v, const char *key,
                                  const double *defaults, double min, float **out, t2v_error *error)
{
    double values[MAX_CHANNELS];
    int count;
    T2V_TRY(t2v_config_doubles(config, key, min, 1e6, MAX_CHANNELS, values, &count, error));
    const bool given = count >= 0;
    if (!given) {
        memcpy(values, defaults, 16 * sizeof(*values));
        count = 16;
    }
    if (count != v->latent_channels)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s has %d numbers%s, but z_dim is %lld",
                        t2v_config_path(config), key, count, given ? "" : " when it is left out",
                        (long long)v->latent_channels);
    *out = t2v_calloc((size_t)count, sizeof(float));
    if (!*out)
        return t2v_fail_memory(error, key, (size_t)count * sizeof(float));
    for (int i = 0; i < count; i++)
        (*out)[i] = (float)values[i];
    return T2V_OK;
}

/* Channels of each level; the lists are in the order of encoding. */
static t2v_status read_levels(const t2v_config *config, wan_vae *v, t2v_error *error)
{
    int64_t base, resnets, multiple[MAX_LEVELS] = {1, 2, 4, 4}, before;
    bool in_time[MAX_LEVELS] = {false, true, true};
    int count, flags;
    T2V_TRY(t2v_config_int(config, "base_dim", 96, 1, 8192, &base, error));
    T2V_TRY(t2v_config_int(config, "decoder_base_dim", base, 1, 8192, &base, error));
    T2V_TRY(t2v_config_int(config, "num_res_blocks", 2, 0, MAX_RESNETS - 1, &resnets, error));
    T2V_TRY(t2v_config_ints(config, "dim_mult", 1, 64, MAX_LEVELS, multiple, &count, error));
    T2V_TRY(t2v_config_bools(config, "temperal_downsample", MAX_LEVELS, in_time, &flags, error));
    count = count < 0 ? 4 : count;
    flags = flags < 0 ? 3 : flags;
    if (count < 1 || flags < count - 1)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: dim_mult has %d entries and temperal_downsample %d, wanted at least 1 "
                        "and one fewer",
                        t2v_config_path(config), count, flags);
    v->levels = count;
    before = base * multiple[count - 1];
    for (int i = 0; i < count; i++) {
        level *l = &v->level[i];
        l->in = before;
        l->out = base * multiple[count - 1 - i];
        l->resnets = resnets + 1;
        l->enlarges = i < count - 1;
        l->in_time = l->enlarges && in_time[flags - 1 - i];
        l->wide = v->residual || !l->enlarges ? l->out : l->out / 2;
        before = l->wide;
    }
    return T2V_OK;
}

static t2v_status read_ratios(const t2v_config *config, wan_vae *v, t2v_error *error)
{
    int64_t spatial = v->patch << (v->levels - 1), temporal = 1;
    for (int64_t i = 0; i < v->levels; i++)
        temporal <<= v->level[i].in_time;
    T2V_TRY(
        t2v_config_int(config, "scale_factor_spatial", 8, 1, 1 << 20, &v->spatial_ratio, error));
    T2V_TRY(
        t2v_config_int(config, "scale_factor_temporal", 4, 1, 1 << 20, &v->temporal_ratio, error));
    if (v->spatial_ratio != spatial || v->temporal_ratio != temporal)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: scale_factor_spatial is %lld and scale_factor_temporal %lld, but the "
                        "levels make %lld and %lld",
                        t2v_config_path(config), (long long)v->spatial_ratio,
                        (long long)v->temporal_ratio, (long long)spatial, (long long)temporal);
    return T2V_OK;
}

/* The path around a level repeats channels so that they fill what the level makes. */
static t2v_status check_levels(const t2v_config *config, const wan_vae *v, t2v_error *error)
{
    for (int64_t i = 0; i < v->levels; i++) {
        const level *l = &v->level[i];
        if (l->in < 1 || l->wide < 1)
            return t2v_fail(error, T2V_ERROR_FORMAT, "%s: level %lld has no channels",
                            t2v_config_path(config), (long long)i);
        if (v->residual && l->enlarges && l->out * CELL * (1 + l->in_time) % l->in)
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: the %lld channels of level %lld do not divide the %lld that they "
                            "are repeated to",
                            t2v_config_path(config), (long long)l->in, (long long)i,
                            (long long)(l->out * CELL * (1 + l->in_time)));
    }
    return T2V_OK;
}

static t2v_status read_config(const t2v_config *config, wan_vae *v, t2v_error *error)
{
    int64_t outputs;
    T2V_TRY(t2v_config_int(config, "z_dim", 16, 1, MAX_CHANNELS, &v->latent_channels, error));
    T2V_TRY(t2v_config_int(config, "patch_size", 1, 1, 16, &v->patch, error));
    T2V_TRY(t2v_config_int(config, "out_channels", COLOURS, 1, MAX_CHANNELS, &outputs, error));
    T2V_TRY(t2v_config_bool(config, "is_residual", false, &v->residual, error));
    if (outputs != COLOURS * v->patch * v->patch)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: out_channels is %lld, wanted %lld: three colours of a patch",
                        t2v_config_path(config), (long long)outputs,
                        (long long)(COLOURS * v->patch * v->patch));
    T2V_TRY(read_levels(config, v, error));
    T2V_TRY(check_levels(config, v, error));
    T2V_TRY(read_ratios(config, v, error));
    T2V_TRY(read_statistics(config, v, "latents_mean", default_mean, -1e6, &v->mean, error));
    return read_statistics(config, v, "latents_std", default_deviation, 1e-6, &v->deviation, error);
}

/* ------------------------------------------------------------------ loading */

static t2v_status load_resnets(const t2v_component *c, level *l, t2v_error *error,
                               const char *prefix)
{
    char name[T2V_WAN_PREFIX_BYTES + 24];
    l->resnet = t2v_calloc((size_t)l->resnets, sizeof(*l->resnet));
    if (!l->resnet)
        return t2v_fail_memory(error, "a level", (size_t)l->resnets * sizeof(*l->resnet));
    for (int64_t i = 0; i < l->resnets; i++) {
        snprintf(name, sizeof(name), "%s.resnets.%d", prefix, (int)i);
        T2V_TRY(t2v_wan_load_resnet(c, i ? l->out : l->in, l->out, &l->resnet[i], error, name));
    }
    return T2V_OK;
}

static t2v_status load_level(const t2v_component *c, bool residual, int i, level *l,
                             t2v_error *error)
{
    const int64_t space[4] = {l->wide, l->out, 3, 3}, time[5] = {2 * l->out, l->out, 3, 1, 1};
    const char *upsampler = residual ? "upsampler" : "upsamplers.0";
    char prefix[T2V_WAN_PREFIX_BYTES];
    snprintf(prefix, sizeof(prefix), "decoder.up_blocks.%d", i);
    T2V_TRY(load_resnets(c, l, error, prefix));
    if (l->in_time)
        T2V_TRY(t2v_load_conv3d(c, 5, time, &l->time, error, "%s.%s.time_conv", prefix, upsampler));
    if (!l->enlarges)
        return T2V_OK;
    return t2v_load_conv3d(c, 4, space, &l->space, error, "%s.%s.resample.1", prefix, upsampler);
}

/* Products for one latent position, attention left out. */
static double count_operations(const wan_vae *v)
{
    const double middle = (double)v->level[0].in;
    double frames = 1, positions = 1, sum = t2v_wan_middle_operations(&v->middle);
    sum += 54 * middle * (double)v->latent_channels;
    for (int64_t i = 0; i < v->levels; i++) {
        const level *l = &v->level[i];
        const double out = (double)l->out, wide = (double)l->wide;
        for (int64_t j = 0; j < l->resnets; j++)
            sum += frames * positions * t2v_wan_resnet_operations(&l->resnet[j]);
        if (l->in_time)
            sum += frames * positions * 12 * out * out;
        frames *= 1 + l->in_time;
        positions *= l->enlarges ? CELL : 1;
        if (l->enlarges)
            sum += frames * positions * 18 * out * wide;
    }
    return sum + frames * positions * 54 * (double)v->level[v->levels - 1].out * COLOURS *
                     (double)(v->patch * v->patch);
}

static void describe(const void *vae, t2v_vae_info *info)
{
    const wan_vae *v = vae;
    *info = (t2v_vae_info){
        .latent_channels = v->latent_channels,
        .spatial_ratio = v->spatial_ratio,
        .temporal_ratio = v->temporal_ratio,
        .mean = v->mean,
        .deviation = v->deviation,
        .scaling = 1,
        .operations_per_position = v->operations,
    };
}

static t2v_status load(const t2v_component *c, void *network, t2v_error *error)
{
    wan_vae *v = network;
    t2v_vae_info info;
    T2V_TRY(read_config(t2v_component_config(c), v, error));
    const int64_t z = v->latent_channels, last = v->level[v->levels - 1].out;
    const int64_t first[5] = {z, z, 1, 1, 1}, outputs = COLOURS * v->patch * v->patch;
    T2V_TRY(t2v_load_patches(c, 5, first, &v->first, error, "post_quant_conv"));
    T2V_TRY(t2v_wan_load_conv(c, v->level[0].in, z, &v->conv_in, error, "decoder", "conv_in"));
    T2V_TRY(t2v_wan_load_middle(c, v->level[0].in, &v->middle, error, "decoder"));
    for (int i = 0; i < v->levels; i++)
        T2V_TRY(load_level(c, v->residual, i, &v->level[i], error));
    T2V_TRY(t2v_wan_load_gamma(c, last, &v->norm_out, error, "decoder", "norm_out"));
    T2V_TRY(t2v_wan_load_conv(c, outputs, last, &v->conv_out, error, "decoder", "conv_out"));
    v->operations = count_operations(v);
    describe(v, &info);
    return t2v_wan_encoder_create(c, &info, v->patch, v->residual, &v->encoder, error);
}

static void free_level(level *l)
{
    for (int64_t i = 0; l->resnet && i < l->resnets; i++)
        t2v_wan_free_resnet(&l->resnet[i]);
    t2v_free(l->resnet);
    t2v_conv3d_free(&l->time);
    t2v_conv3d_free(&l->space);
}

static void destroy(void *vae)
{
    wan_vae *v = vae;
    if (!v)
        return;
    t2v_wan_encoder_free(&v->encoder);
    t2v_free(v->mean);
    t2v_free(v->deviation);
    t2v_linear_free(&v->first);
    t2v_conv3d_free(&v->conv_in);
    t2v_conv3d_free(&v->conv_out);
    t2v_wan_free_middle(&v->middle);
    for (int i = 0; i < MAX_LEVELS; i++)
        free_level(&v->level[i]);
    t2v_free(v->norm_out);
    t2v_free(v);
}

static t2v_status create(const t2v_component *component, void **vae, t2v_error *error)
{
    return t2v_load_network(component, sizeof(wan_vae), "the autoencoder", load, destroy, vae,
                            error);
}

/* ------------------------------------------------------------------ the decoder's memory */

typedef struct level_state {
    const level *level;
    int64_t h, w;
    bool started; /* the clip's first frame has passed */
    t2v_wan_resnet_state *resnet;
    t2v_conv_state time;
} level_state;

typedef struct decoder {
    const wan_vae *vae;
    t2v_decoder_params params;
    t2v_conv_state conv_in, conv_out;
    t2v_wan_middle_state middle;
    level_state level[MAX_LEVELS];
    float *picture; /* [3, height, width] */
} decoder;

static t2v_status start_level(level_state *s, const level *l, int64_t h, int64_t w,
                              t2v_error *error)
{
    s->h = h;
    s->w = w;
    s->resnet = t2v_calloc((size_t)l->resnets, sizeof(*s->resnet));
    if (!s->resnet)
        return t2v_fail_memory(error, "a level", (size_t)l->resnets * sizeof(*s->resnet));
    s->level = l;
    for (int64_t i = 0; i < l->resnets; i++)
        T2V_TRY(t2v_wan_start_resnet(&s->resnet[i], &l->resnet[i], h, w, error));
    return l->in_time ? t2v_wan_start_conv(&s->time, l->time, h, w, error) : T2V_OK;
}

static t2v_status start(decoder *d, t2v_error *error)
{
    const wan_vae *v = d->vae;
    int64_t h = d->params.height, w = d->params.width;
    T2V_TRY(t2v_wan_start_conv(&d->conv_in, v->conv_in, h, w, error));
    T2V_TRY(t2v_wan_start_middle(&d->middle, &v->middle, h, w, error));
    for (int64_t i = 0; i < v->levels; i++) {
        T2V_TRY(start_level(&d->level[i], &v->level[i], h, w, error));
        h *= v->level[i].enlarges ? SCALE : 1;
        w *= v->level[i].enlarges ? SCALE : 1;
    }
    T2V_TRY(t2v_wan_start_conv(&d->conv_out, v->conv_out, h, w, error));
    const size_t numbers = (size_t)(COLOURS * h * w * v->patch * v->patch);
    d->picture = t2v_calloc(numbers, sizeof(float));
    return d->picture ? T2V_OK : t2v_fail_memory(error, "a picture", numbers * sizeof(float));
}

static void decoder_destroy(void *opaque)
{
    decoder *d = opaque;
    if (!d)
        return;
    t2v_conv_state_free(&d->conv_in);
    t2v_conv_state_free(&d->conv_out);
    t2v_wan_end_middle(&d->middle);
    for (int i = 0; i < MAX_LEVELS; i++) {
        level_state *s = &d->level[i];
        for (int64_t j = 0; s->level && j < s->level->resnets; j++)
            t2v_wan_end_resnet(&s->resnet[j]);
        t2v_free(s->resnet);
        t2v_conv_state_free(&s->time);
    }
    t2v_free(d->picture);
    t2v_free(d);
}

static size_t decoder_bytes(const void *opaque)
{
    const decoder *d = opaque;
    const int64_t patch = d->vae->patch;
    size_t sum = t2v_conv_state_bytes(&d->conv_in) + t2v_conv_state_bytes(&d->conv_out);
    sum += COLOURS * sizeof(float) * (size_t)(d->conv_out.h * d->conv_out.w * patch * patch);
    for (int i = 0; i < 2; i++)
        sum += t2v_wan_resnet_bytes(&d->middle.resnet[i]);
    for (int64_t i = 0; i < d->vae->levels; i++) {
        const level_state *s = &d->level[i];
        for (int64_t j = 0; j < s->level->resnets; j++)
            sum += t2v_wan_resnet_bytes(&s->resnet[j]);
        sum += t2v_conv_state_bytes(&s->time);
    }
    return sum;
}

static t2v_status decoder_create(t2v_exec *exec, const void *vae, const t2v_decoder_params *params,
                                 void **out)
{
    decoder *d = t2v_calloc(1, sizeof(*d));
    *out = NULL;
    if (!d)
        return t2v_fail_memory(exec->error, "the decoder", sizeof(*d));
    d->vae = vae;
    d->params = *params;
    t2v_status status = start(d, exec->error);
    if (status < 0)
        decoder_destroy(d);
    else
        *out = d;
    return status;
}

/* ------------------------------------------------------------------ decoding, one frame */

/*
 * The path around a level of Wan 2.2: each channel of its input repeated to fill the cells of time,
 * rows and columns, of which the frame `part` is added to y [2 h, 2 w, out].
 */
static void add_repeated(t2v_exec *exec, const level_state *s, const float *x, int64_t part,
                         float *y)
{
    const level *l = s->level;
    const int64_t times = 1 + l->in_time, width = SCALE * s->w;
    const int64_t repeats = l->out * CELL * times / l->in;
    const t2v_work work = {
        .operation = T2V_OPERATION_ELEMENTWISE,
        .bytes = 3 * sizeof(float) * (double)(SCALE * s->h * width * l->out),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t i = 0; i < SCALE * s->h * width; i++) {
        const int64_t row = i / width, column = i % width;
        const int64_t cell = row % SCALE * SCALE + column % SCALE;
        const float *from = x + (row / SCALE * s->w + column / SCALE) * l->in;
        for (int64_t c = 0; c < l->out && !t2v_exec_stopping(exec); c++)
            y[i * l->out + c] += from[((c * times + part) * CELL + cell) / repeats];
    }
    t2v_work_end(exec, before);
}

/* Columns part · channels … of the rows of wide [positions, 2 channels]. */
static void take_half(t2v_exec *exec, const float *wide, int64_t positions, int64_t channels,
                      int64_t part, float *half)
{
    t2v_split_heads(exec, wide + part * channels, positions, 2 * channels, 1, channels, half);
}

static t2v_status run_level(t2v_exec *exec, decoder *d, int64_t level, const float *x);

/*
 * One frame behind the resnets to twice its height and width, and on.
 *
 * @param part  of the frames that one becomes
 * @param input of the level
 */
static t2v_status enlarge(t2v_exec *exec, decoder *d, int64_t index, const float *x, int64_t part,
                          const float *input)
{
    const level_state *s = &d->level[index];
    const level *l = s->level;
    const size_t positions = (size_t)(CELL * s->h * s->w);
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *y = t2v_exec_floats(exec, positions, (size_t)l->wide);
    t2v_arena_mark scratch = t2v_arena_get_mark(&exec->arena);
    float *repeated = t2v_exec_floats(exec, positions, (size_t)l->out);
    if (!y || !repeated)
        return T2V_ERROR_MEMORY;
    t2v_repeat_positions(exec, x, s->h, s->w, l->out, repeated);
    T2V_TRY(t2v_conv3d_run(exec, l->space, repeated, 1, SCALE * s->h, SCALE * s->w, false, y));
    t2v_arena_reset(&exec->arena, scratch);
    if (d->vae->residual)
        add_repeated(exec, s, input, part, y);
    t2v_status status = run_level(exec, d, index + 1, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* A frame becomes two, but for the clip's first: the convolution over time has not seen it. */
static t2v_status enlarge_in_time(t2v_exec *exec, decoder *d, int64_t index, const float *x,
                                  const float *input)
{
    level_state *s = &d->level[index];
    const int64_t positions = s->h * s->w, channels = s->level->out;
    if (!s->started) {
        s->started = true;
        return enlarge(exec, d, index, x, s->level->in_time, input);
    }
    float *wide = t2v_exec_floats(exec, (size_t)positions, (size_t)(2 * channels));
    float *half = t2v_exec_floats(exec, (size_t)positions, (size_t)channels);
    if (!wide || !half)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_wan_run_conv(exec, &s->time, NULL, x, false, wide));
    for (int64_t part = 0; part < 2; part++) {
        take_half(exec, wide, positions, channels, part, half);
        T2V_TRY(enlarge(exec, d, index, half, part, input));
    }
    return T2V_OK;
}

static t2v_status deliver(t2v_exec *exec, decoder *d, const float *x)
{
    const int64_t patch = d->vae->patch, h = d->conv_out.h, w = d->conv_out.w;
    float *patches =
        t2v_exec_floats(exec, (size_t)(h * w), (size_t)t2v_conv3d_outputs(d->conv_out.conv));
    if (!patches)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_wan_run_conv(exec, &d->conv_out, d->vae->norm_out, x, false, patches));
    t2v_unpatchify(exec, patches, h, w, patch, d->picture);
    return d->params.sink(d->params.opaque, d->picture, h * patch, w * patch);
}

/* The resnets of a level, and all that follows. */
static t2v_status run_resnets(t2v_exec *exec, decoder *d, int64_t index, const float *input)
{
    const level_state *s = &d->level[index];
    const level *l = s->level;
    float *buffer[2];
    T2V_TRY(t2v_wan_run_resnets(exec, s->resnet, l->resnets, input, s->h * s->w, l->out, buffer));
    const float *x = buffer[0];
    if (l->in_time)
        return enlarge_in_time(exec, d, index, x, input);
    return l->enlarges ? enlarge(exec, d, index, x, 0, input) : deliver(exec, d, x);
}

/* Takes one frame as far as it goes: what becomes two frames goes on one by one, so that memory
 * holds a single frame of each level. */
static t2v_status run_level(t2v_exec *exec, decoder *d, int64_t level, const float *x)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_resnets(exec, d, level, x);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static t2v_status decode(t2v_exec *exec, void *opaque, const float *latent, bool last)
{
    decoder *d = opaque;
    const wan_vae *v = d->vae;
    const size_t positions = (size_t)(d->params.height * d->params.width);
    float *z = t2v_exec_floats(exec, positions, (size_t)v->latent_channels);
    float *x = t2v_exec_floats(exec, positions, (size_t)v->level[0].in);
    (void)last; /* nothing is held back */
    if (!z || !x)
        return T2V_ERROR_MEMORY;
    T2V_TRY(
        t2v_linear_run(exec, v->first, latent, (int64_t)positions, T2V_ACTIVATION_NONE, false, z));
    T2V_TRY(t2v_wan_run_conv(exec, &d->conv_in, NULL, z, false, x));
    T2V_TRY(t2v_wan_run_middle(exec, &d->middle, x));
    return run_level(exec, d, 0, x);
}

static t2v_status encode(t2v_exec *exec, const void *vae, const t2v_clip *clip, float *mean,
                         float *deviation)
{
    const wan_vae *v = vae;
    return t2v_wan_encode(exec, v->encoder, clip, mean, deviation);
}

const t2v_vae_class t2v_vae_wan = {
    .name = "AutoencoderKLWan",
    .decodes_in_int8 = true,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .decoder_create = decoder_create,
    .decoder_destroy = decoder_destroy,
    .decoder_bytes = decoder_bytes,
    .decode = decode,
    .encode = encode,
};
