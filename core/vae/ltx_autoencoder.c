/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The video autoencoder of LTX-Video (HaCohen et al. 2024), as AutoencoderKLLTXVideo. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "layers/load.h"
#include "ops/bands.h"
#include "ops/elementwise.h"
#include "ops/norm.h"
#include "ops/profile.h"
#include "ops/timestep.h"
#include "vae/causal_conv.h"
#include "vae/ltx_encoder.h"
#include "vae/picture.h"
#include "vae/vae.h"

enum { MAX_BLOCKS = 8, MAX_LAYERS = 64, UPSCALE = 2, CELL = 8 };
static const float PIXEL_NORM_EPS = 1e-8f;

/* Maps a timestep to shifts and scales. */
typedef struct time_embedder {
    t2v_linear *in, *out;
} time_embedder;

typedef struct resnet {
    int64_t in, out;
    float eps; /* of the LayerNorm before the shortcut */
    t2v_conv3d *conv1, *conv2;
    float *shortcut_weight, *shortcut_bias; /* of that LayerNorm */
    t2v_conv3d *shortcut;                   /* NULL: identity */
    float *noise1, *noise2;                 /* [channels]: how much noise is injected; or NULL */
    float *modulation;                      /* [4, channels]: shift, scale of both norms; or NULL */
} resnet;

typedef struct block {
    int64_t in, out;
    bool upsamples, residual, noise;
    int64_t factor, layers; /* channels are divided by factor */
    resnet *conv_in;        /* NULL: the channels stay */
    t2v_conv3d *upsampler;
    time_embedder time;
    resnet *resnet; /* [layers] */
} block;

typedef struct ltx_vae {
    int64_t latent_channels, pictures, patch, blocks;
    bool causal, conditioned;
    double eps, scaling, timestep_scale;
    int64_t spatial_ratio, temporal_ratio;
    float *mean, *deviation;
    t2v_conv3d *conv_in, *conv_out;
    block mid, block[MAX_BLOCKS]; /* in the order of decoding */
    int64_t out_channels;         /* before conv_out */
    time_embedder time;
    float *modulation; /* [2, out_channels] */
    double operations; /* products of decoding one latent position */
    t2v_ltx_encoder *encoder;
} ltx_vae;

/* ------------------------------------------------------------------ configuration */

/* What the first published configuration leaves out, in the order of decoding. */
static const int64_t default_channels[] = {512, 512, 256, 128};
static const int64_t default_layers[] = {4, 3, 3, 3, 4};
static const int64_t default_factors[] = {1, 1, 1, 1};
static const bool default_scaling[] = {false, true, true, true};
static const bool default_flags[] = {false, false, false, false, false};

static t2v_status check_length(const t2v_config *config, const char *key, int found, int64_t wanted,
                               t2v_error *error)
{
    if (found < wanted)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s has %d entries, wanted %lld",
                        t2v_config_path(config), key, found, (long long)wanted);
    return T2V_OK;
}

/*
 * The last `count` entries of a list in the order of decoding (reversed). As in the reference a
 * list may be longer than the decoder is deep.
 */
static t2v_status read_list(const t2v_config *config, const char *key, int64_t min, int64_t max,
                            int64_t count, const int64_t *defaults, int default_count,
                            int64_t *values, t2v_error *error)
{
    int64_t found[MAX_BLOCKS + 2];
    int n;
    T2V_TRY(t2v_config_ints(config, key, min, max, MAX_BLOCKS + 2, found, &n, error));
    T2V_TRY(check_length(config, key, n < 0 ? default_count : n, count, error));
    for (int64_t i = 0; i < count; i++)
        values[i] = n < 0 ? defaults[i] : found[n - 1 - i];
    return T2V_OK;
}

static t2v_status read_flags(const t2v_config *config, const char *key, int64_t count,
                             const bool *defaults, int default_count, bool *values,
                             t2v_error *error)
{
    bool found[MAX_BLOCKS + 2];
    int n;
    T2V_TRY(t2v_config_bools(config, key, MAX_BLOCKS + 2, found, &n, error));
    T2V_TRY(check_length(config, key, n < 0 ? default_count : n, count, error));
    for (int64_t i = 0; i < count; i++)
        values[i] = n < 0 ? defaults[i] : found[n - 1 - i];
    return T2V_OK;
}

/* The published ratios are computed from the encoder's side unless the file states them. */
static t2v_status read_ratios(const t2v_config *config, ltx_vae *v, int64_t ups, t2v_error *error)
{
    bool scaling[MAX_BLOCKS + 2];
    int count;
    int64_t downs = 0;
    T2V_TRY(t2v_config_bools(config, "spatio_temporal_scaling", MAX_BLOCKS + 2, scaling, &count,
                             error));
    for (int i = 0; i < count; i++)
        downs += scaling[i];
    if (count < 0)
        downs = 3;
    T2V_TRY(t2v_config_int(config, "spatial_compression_ratio",
                           v->patch << (downs < 16 ? downs : 16), 1, 1 << 20, &v->spatial_ratio,
                           error));
    T2V_TRY(t2v_config_int(config, "temporal_compression_ratio",
                           (int64_t)1 << (downs < 16 ? downs : 16), 1, 1 << 20, &v->temporal_ratio,
                           error));
    if (v->spatial_ratio != v->patch << ups || v->temporal_ratio != (int64_t)1 << ups)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: the decoder enlarges %lld times in space and %lld times in time, but "
                        "the compression ratios are %lld and %lld",
                        t2v_config_path(config), (long long)(v->patch << ups),
                        (long long)((int64_t)1 << ups), (long long)v->spatial_ratio,
                        (long long)v->temporal_ratio);
    return T2V_OK;
}

static t2v_status read_scalars(const t2v_config *config, ltx_vae *v, t2v_error *error)
{
    int64_t patch_time;
    T2V_TRY(t2v_config_int(config, "latent_channels", 128, 1, 65536, &v->latent_channels, error));
    T2V_TRY(t2v_config_int(config, "out_channels", 3, 3, 3, &v->pictures, error));
    T2V_TRY(t2v_config_int(config, "patch_size", 4, 1, 64, &v->patch, error));
    T2V_TRY(t2v_config_int(config, "patch_size_t", 1, 1, 1, &patch_time, error));
    T2V_TRY(t2v_config_double(config, "resnet_norm_eps", 1e-6, 0, 1, &v->eps, error));
    T2V_TRY(t2v_config_double(config, "scaling_factor", 1, 1e-6, 1e6, &v->scaling, error));
    T2V_TRY(t2v_config_bool(config, "decoder_causal", false, &v->causal, error));
    return t2v_config_bool(config, "timestep_conditioning", false, &v->conditioned, error);
}

/* Widths of the blocks as the reference derives them. */
static t2v_status check_widths(const t2v_config *config, ltx_vae *v, const int64_t *channels,
                               t2v_error *error)
{
    int64_t width = channels[0];
    v->mid.in = v->mid.out = width;
    for (int64_t i = 0; i < v->blocks; i++) {
        block *b = &v->block[i];
        b->in = width / b->factor;
        b->out = width = channels[i] / b->factor;
        if (b->in < 1 || b->out < 1)
            return t2v_fail(error, T2V_ERROR_FORMAT, "%s: upsample_factor leaves no channels",
                            t2v_config_path(config));
        if (b->upsamples && b->residual && (b->out * b->factor % CELL || CELL % b->factor))
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: %lld channels with upsample_factor %lld cannot be added to an "
                            "upsampled residual",
                            t2v_config_path(config), (long long)(b->out * b->factor),
                            (long long)b->factor);
        if (v->conditioned && b->in != b->out)
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: a timestep-conditioned decoder cannot change its width inside a "
                            "block (%lld to %lld channels)",
                            t2v_config_path(config), (long long)b->in, (long long)b->out);
    }
    v->out_channels = width;
    return T2V_OK;
}

static t2v_status read_config(const t2v_config *config, ltx_vae *v, t2v_error *error)
{
    int64_t channels[MAX_BLOCKS], layers[MAX_BLOCKS + 1], factors[MAX_BLOCKS];
    bool scaling[MAX_BLOCKS], residual[MAX_BLOCKS], noise[MAX_BLOCKS + 1];
    int count;
    int64_t ups = 0;
    T2V_TRY(read_scalars(config, v, error));
    T2V_TRY(t2v_config_ints(config, "decoder_block_out_channels", 1, 65536, MAX_BLOCKS, channels,
                            &count, error));
    if (count < 0)
        count = 4;
    T2V_TRY(check_length(config, "decoder_block_out_channels", count, 1, error));
    v->blocks = count;
    T2V_TRY(read_list(config, "decoder_block_out_channels", 1, 65536, count, default_channels, 4,
                      channels, error));
    T2V_TRY(read_list(config, "decoder_layers_per_block", 0, MAX_LAYERS, count + 1, default_layers,
                      5, layers, error));
    T2V_TRY(read_list(config, "upsample_factor", 1, 8, count, default_factors, 4, factors, error));
    T2V_TRY(read_flags(config, "decoder_spatio_temporal_scaling", count, default_scaling, 4,
                       scaling, error));
    T2V_TRY(read_flags(config, "upsample_residual", count, default_flags, 4, residual, error));
    T2V_TRY(read_flags(config, "decoder_inject_noise", count + 1, default_flags, 5, noise, error));
    v->mid.layers = layers[0];
    v->mid.noise = noise[0];
    for (int i = 0; i < count; i++) {
        v->block[i] = (block){.upsamples = scaling[i],
                              .residual = residual[i],
                              .noise = noise[i + 1],
                              .factor = factors[i],
                              .layers = layers[i + 1]};
        ups += scaling[i];
    }
    T2V_TRY(check_widths(config, v, channels, error));
    return read_ratios(config, v, ups, error);
}

/* ------------------------------------------------------------------ loading */

static t2v_status load_conv(const t2v_component *c, int64_t out, int64_t in, int64_t kernel,
                            const char *prefix, t2v_conv3d **conv, t2v_error *error)
{
    const int64_t dim[5] = {out, in, kernel, kernel, kernel};
    return t2v_load_conv3d(c, 5, dim, conv, error, "%s.conv", prefix);
}

static t2v_status load_time(const t2v_component *c, int64_t width, const char *prefix,
                            time_embedder *time, t2v_error *error)
{
#define NAME(name) error, "%s.time_embedder.timestep_embedder." name, prefix
    T2V_TRY(t2v_load_linear(c, width, T2V_SINUSOIDS, true, &time->in, NAME("linear_1")));
    return t2v_load_linear(c, width, width, true, &time->out, NAME("linear_2"));
#undef NAME
}

/* A width that changes needs a shortcut: a LayerNorm and a convolution of one position. */
static t2v_status load_shortcut(const t2v_component *c, resnet *r, const char *prefix,
                                t2v_error *error)
{
    char name[160];
    T2V_TRY(t2v_load_floats(c, 1, &r->in, &r->shortcut_weight, error, "%s.norm3.weight", prefix));
    T2V_TRY(t2v_load_floats(c, 1, &r->in, &r->shortcut_bias, error, "%s.norm3.bias", prefix));
    snprintf(name, sizeof(name), "%s.conv_shortcut", prefix);
    return load_conv(c, r->out, r->in, 1, name, &r->shortcut, error);
}

static t2v_status load_resnet(const t2v_component *c, const ltx_vae *v, int64_t in, int64_t out,
                              bool noise, const char *prefix, resnet *r, t2v_error *error)
{
    const int64_t table[2] = {4, in}, scale[3] = {in, 1, 1};
    char name[160];
    r->in = in;
    r->out = out;
    r->eps = (float)v->eps;
    snprintf(name, sizeof(name), "%s.conv1", prefix);
    T2V_TRY(load_conv(c, out, in, 3, name, &r->conv1, error));
    snprintf(name, sizeof(name), "%s.conv2", prefix);
    T2V_TRY(load_conv(c, out, out, 3, name, &r->conv2, error));
    if (in != out)
        T2V_TRY(load_shortcut(c, r, prefix, error));
    if (noise && in != out)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s injects noise where it changes its width, which the reference cannot",
                        prefix);
    if (noise) {
        T2V_TRY(t2v_load_floats(c, 3, scale, &r->noise1, error, "%s.per_channel_scale1", prefix));
        T2V_TRY(t2v_load_floats(c, 3, scale, &r->noise2, error, "%s.per_channel_scale2", prefix));
    }
    if (v->conditioned)
        T2V_TRY(
            t2v_load_floats(c, 2, table, &r->modulation, error, "%s.scale_shift_table", prefix));
    return T2V_OK;
}

static t2v_status load_resnets(const t2v_component *c, const ltx_vae *v, block *b,
                               const char *prefix, t2v_error *error)
{
    char name[128];
    b->resnet = t2v_calloc((size_t)b->layers, sizeof(*b->resnet));
    if (!b->resnet)
        return t2v_fail_memory(error, "the decoder", (size_t)b->layers * sizeof(*b->resnet));
    for (int64_t i = 0; i < b->layers; i++) {
        snprintf(name, sizeof(name), "%s.resnets.%lld", prefix, (long long)i);
        T2V_TRY(load_resnet(c, v, b->out, b->out, b->noise, name, &b->resnet[i], error));
    }
    return v->conditioned ? load_time(c, 4 * b->in, prefix, &b->time, error) : T2V_OK;
}

static t2v_status load_block(const t2v_component *c, const ltx_vae *v, int64_t index, block *b,
                             t2v_error *error)
{
    char prefix[64], name[128];
    snprintf(prefix, sizeof(prefix), "decoder.up_blocks.%lld", (long long)index);
    if (b->in != b->out) {
        b->conv_in = t2v_calloc(1, sizeof(*b->conv_in));
        if (!b->conv_in)
            return t2v_fail_memory(error, "the decoder", sizeof(*b->conv_in));
        snprintf(name, sizeof(name), "%s.conv_in", prefix);
        T2V_TRY(load_resnet(c, v, b->in, b->out, b->noise, name, b->conv_in, error));
    }
    if (b->upsamples) {
        snprintf(name, sizeof(name), "%s.upsamplers.0.conv", prefix);
        T2V_TRY(load_conv(c, b->out * CELL, b->out * b->factor, 3, name, &b->upsampler, error));
    }
    return load_resnets(c, v, b, prefix, error);
}

static t2v_status load_statistics(const t2v_component *c, ltx_vae *v, t2v_error *error)
{
    const int64_t *n = &v->latent_channels;
    T2V_TRY(t2v_load_floats(c, 1, n, &v->mean, error, "latents_mean"));
    return t2v_load_floats(c, 1, n, &v->deviation, error, "latents_std");
}

static t2v_status load_conditioning(const t2v_component *c, ltx_vae *v, t2v_error *error)
{
    const int64_t table[2] = {2, v->out_channels};
    t2v_tensor scale;
    float value;
    T2V_TRY(t2v_load_floats(c, 2, table, &v->modulation, error, "decoder.scale_shift_table"));
    T2V_TRY(t2v_component_tensor(c, &scale, error, 0, NULL, "decoder.timestep_scale_multiplier"));
    t2v_tensor_read_f32(&scale, 0, 1, &value);
    v->timestep_scale = value;
    return load_time(c, 2 * v->out_channels, "decoder", &v->time, error);
}

static double conv_operations(const t2v_conv3d *conv, double positions)
{
    double kernel = (double)t2v_conv3d_kernel_time(conv);
    return 2 * positions * (double)t2v_conv3d_inputs(conv) * (double)t2v_conv3d_outputs(conv) *
           kernel * kernel * kernel;
}

static void count_operations(ltx_vae *v)
{
    double positions = 1;
    v->operations = conv_operations(v->conv_in, 1);
    for (int64_t j = 0; j < v->mid.layers; j++)
        v->operations += 2 * conv_operations(v->mid.resnet[j].conv1, 1);
    for (int64_t i = 0; i < v->blocks; i++) {
        const block *b = &v->block[i];
        if (b->conv_in)
            v->operations += conv_operations(b->conv_in->conv1, positions) +
                             conv_operations(b->conv_in->conv2, positions);
        if (b->upsamples) {
            v->operations += conv_operations(b->upsampler, positions);
            positions *= CELL;
        }
        for (int64_t j = 0; j < b->layers; j++)
            v->operations += 2 * conv_operations(b->resnet[j].conv1, positions);
    }
    v->operations += conv_operations(v->conv_out, positions);
}

static void describe(const void *vae, t2v_vae_info *info)
{
    const ltx_vae *v = vae;
    memset(info, 0, sizeof(*info));
    info->latent_channels = v->latent_channels;
    info->spatial_ratio = v->spatial_ratio;
    info->temporal_ratio = v->temporal_ratio;
    info->timestep_conditioning = v->conditioned;
    info->mean = v->mean;
    info->deviation = v->deviation;
    info->scaling = v->scaling;
    info->operations_per_position = v->operations;
}

static t2v_status load(const t2v_component *c, void *network, t2v_error *error)
{
    ltx_vae *v = network;
    T2V_TRY(read_config(t2v_component_config(c), v, error));
    T2V_TRY(load_statistics(c, v, error));
    T2V_TRY(load_conv(c, v->mid.in, v->latent_channels, 3, "decoder.conv_in", &v->conv_in, error));
    T2V_TRY(load_resnets(c, v, &v->mid, "decoder.mid_block", error));
    for (int64_t i = 0; i < v->blocks; i++)
        T2V_TRY(load_block(c, v, i, &v->block[i], error));
    T2V_TRY(load_conv(c, v->pictures * v->patch * v->patch, v->out_channels, 3, "decoder.conv_out",
                      &v->conv_out, error));
    if (v->conditioned)
        T2V_TRY(load_conditioning(c, v, error));
    count_operations(v);
    t2v_vae_info info;
    describe(v, &info);
    return t2v_ltx_encoder_create(c, &info, v->patch, &v->encoder, error);
}

static void free_resnet(resnet *r)
{
    t2v_conv3d_free(&r->conv1);
    t2v_conv3d_free(&r->conv2);
    t2v_conv3d_free(&r->shortcut);
    t2v_free(r->shortcut_weight);
    t2v_free(r->shortcut_bias);
    t2v_free(r->noise1);
    t2v_free(r->noise2);
    t2v_free(r->modulation);
}

static void free_block(block *b)
{
    if (b->conv_in)
        free_resnet(b->conv_in);
    t2v_free(b->conv_in);
    t2v_conv3d_free(&b->upsampler);
    t2v_linear_free(&b->time.in);
    t2v_linear_free(&b->time.out);
    for (int64_t i = 0; b->resnet && i < b->layers; i++)
        free_resnet(&b->resnet[i]);
    t2v_free(b->resnet);
}

static void destroy(void *vae)
{
    ltx_vae *v = vae;
    if (!v)
        return;
    free_block(&v->mid);
    for (int64_t i = 0; i < v->blocks; i++)
        free_block(&v->block[i]);
    t2v_conv3d_free(&v->conv_in);
    t2v_conv3d_free(&v->conv_out);
    t2v_linear_free(&v->time.in);
    t2v_linear_free(&v->time.out);
    t2v_ltx_encoder_free(&v->encoder);
    t2v_free(v->modulation);
    t2v_free(v->mean);
    t2v_free(v->deviation);
    t2v_free(v);
}

static t2v_status create(const t2v_component *component, void **vae, t2v_error *error)
{
    return t2v_load_network(component, sizeof(ltx_vae), "the autoencoder", load, destroy, vae,
                            error);
}

/* ------------------------------------------------------------------ the decoder's state */

typedef struct resnet_state {
    const resnet *resnet;
    t2v_conv_state conv1, conv2;
    t2v_frame_queue waiting; /* of the residual connection */
    float *noise1, *noise2;  /* [h, w]; NULL: none */
    const float *modulation; /* [4, channels] of this run; NULL: none */
} resnet_state;

typedef struct block_state {
    const block *block;
    int64_t h, w;      /* before upsampling */
    float *modulation; /* [layers, 4, channels] */
    resnet_state conv_in;
    t2v_conv_state upsampler;
    t2v_frame_queue waiting;
    bool upsampled; /* the first frame has been dropped */
    resnet_state *resnet;
} block_state;

typedef struct decoder {
    const ltx_vae *vae;
    t2v_decoder_params params;
    t2v_conv_state conv_in, conv_out;
    block_state mid, block[MAX_BLOCKS];
    float *modulation; /* [2, out_channels]: shift, scale of the last norm */
    float *picture;    /* [3, height, width] */
} decoder;

/* Frames of activations, [count, h, w, channels]. */
typedef struct frames {
    float *data;
    int64_t count;
} frames;

/* Of the whole picture, of which a band keeps its own rows in front. */
static float *draw_noise(const t2v_exec *exec, t2v_rng *rng, int64_t h, int64_t w)
{
    const size_t count = (size_t)(t2v_bands_whole(exec, h) * w);
    float *noise = t2v_calloc(count, sizeof(*noise));
    if (noise && rng) {
        t2v_rng_normal(rng, noise, count);
        memmove(noise, noise + t2v_bands_above(exec, h) * w, (size_t)(h * w) * sizeof(*noise));
    }
    return noise;
}

static t2v_status start_resnet(t2v_exec *exec, const decoder *d, const resnet *r, int64_t h,
                               int64_t w, const float *modulation, resnet_state *s)
{
    const bool causal = d->vae->causal;
    s->resnet = r;
    s->modulation = modulation;
    T2V_TRY(t2v_conv_state_init(&s->conv1, r->conv1, h, w, causal, exec->error));
    T2V_TRY(t2v_conv_state_init(&s->conv2, r->conv2, h, w, causal, exec->error));
    T2V_TRY(t2v_frame_queue_init(&s->waiting, (size_t)(h * w * r->in), 2, exec->error));
    if (!r->noise1)
        return T2V_OK;
    s->noise1 = draw_noise(exec, d->params.rng, h, w);
    s->noise2 = draw_noise(exec, d->params.rng, h, w);
    return s->noise1 && s->noise2 ? T2V_OK
                                  : t2v_fail_memory(exec->error, "the decoder's noise",
                                                    (size_t)(h * w) * sizeof(float));
}

/* A timestep's sinusoids, cosines first, through two linear layers into out [width]. */
static t2v_status embed_time(t2v_exec *exec, const time_embedder *time, float timestep, float *out)
{
    const int64_t width = t2v_linear_outputs(time->in);
    float sinusoids[T2V_SINUSOIDS];
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *inner = t2v_exec_floats(exec, (size_t)width, 1);
    if (!inner)
        return T2V_ERROR_MEMORY;
    t2v_timestep_sinusoids(timestep, T2V_SINUSOIDS, sinusoids);
    t2v_status status =
        t2v_linear_run(exec, time->in, sinusoids, 1, T2V_ACTIVATION_SILU, false, inner);
    if (status >= 0)
        status = t2v_linear_run(exec, time->out, inner, 1, T2V_ACTIVATION_NONE, false, out);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

static float scaled_timestep(const decoder *d)
{
    return d->params.timestep * (float)d->vae->timestep_scale;
}

/* Each layer's own table plus what the timestep says. */
static t2v_status make_modulation(t2v_exec *exec, const decoder *d, block_state *s)
{
    const block *b = s->block;
    const int64_t n = 4 * b->out;
    s->modulation = t2v_calloc((size_t)((b->layers + 1) * n), sizeof(float));
    if (!s->modulation)
        return t2v_fail_memory(exec->error, "the decoder", (size_t)(b->layers * n));
    float *embedded = s->modulation + b->layers * n;
    T2V_TRY(embed_time(exec, &b->time, scaled_timestep(d), embedded));
    for (int64_t i = 0; i < b->layers; i++)
        for (int64_t j = 0; j < n; j++)
            s->modulation[i * n + j] = b->resnet[i].modulation[j] + embedded[j];
    return T2V_OK;
}

static t2v_status start_block(t2v_exec *exec, const decoder *d, const block *b, int64_t h,
                              int64_t w, block_state *s)
{
    const bool causal = d->vae->causal;
    s->block = b;
    s->h = h;
    s->w = w;
    if (d->vae->conditioned)
        T2V_TRY(make_modulation(exec, d, s));
    if (b->conv_in)
        T2V_TRY(start_resnet(exec, d, b->conv_in, h, w, NULL, &s->conv_in));
    if (b->upsamples) {
        const size_t frame = (size_t)(h * w * b->out * b->factor);
        T2V_TRY(t2v_conv_state_init(&s->upsampler, b->upsampler, h, w, causal, exec->error));
        T2V_TRY(t2v_frame_queue_init(&s->waiting, frame, 1, exec->error));
        h *= UPSCALE;
        w *= UPSCALE;
    }
    s->resnet = t2v_calloc((size_t)b->layers, sizeof(*s->resnet));
    if (!s->resnet)
        return t2v_fail_memory(exec->error, "the decoder", (size_t)b->layers * sizeof(*s->resnet));
    for (int64_t i = 0; i < b->layers; i++)
        T2V_TRY(start_resnet(exec, d, &b->resnet[i], h, w,
                             s->modulation ? s->modulation + i * 4 * b->out : NULL, &s->resnet[i]));
    return T2V_OK;
}

static t2v_status start_output(t2v_exec *exec, decoder *d, int64_t h, int64_t w)
{
    const ltx_vae *v = d->vae;
    const int64_t n = 2 * v->out_channels;
    const size_t pixels = (size_t)(h * v->patch) * (size_t)(w * v->patch);
    d->picture = t2v_calloc((size_t)v->pictures * pixels, sizeof(float));
    d->modulation = t2v_calloc((size_t)n, sizeof(float));
    if (!d->picture || !d->modulation)
        return t2v_fail_memory(exec->error, "a picture", pixels * 3 * sizeof(float));
    T2V_TRY(t2v_conv_state_init(&d->conv_out, v->conv_out, h, w, v->causal, exec->error));
    if (!v->conditioned)
        return T2V_OK;
    T2V_TRY(embed_time(exec, &v->time, scaled_timestep(d), d->modulation));
    for (int64_t i = 0; i < n; i++)
        d->modulation[i] += v->modulation[i];
    return T2V_OK;
}

static t2v_status start(t2v_exec *exec, decoder *d)
{
    const ltx_vae *v = d->vae;
    int64_t h = d->params.height, w = d->params.width;
    T2V_TRY(t2v_conv_state_init(&d->conv_in, v->conv_in, h, w, v->causal, exec->error));
    T2V_TRY(start_block(exec, d, &v->mid, h, w, &d->mid));
    for (int64_t i = 0; i < v->blocks; i++) {
        T2V_TRY(start_block(exec, d, &v->block[i], h, w, &d->block[i]));
        if (v->block[i].upsamples) {
            h *= UPSCALE;
            w *= UPSCALE;
        }
    }
    return start_output(exec, d, h, w);
}

static void end_resnet(resnet_state *s)
{
    t2v_conv_state_free(&s->conv1);
    t2v_conv_state_free(&s->conv2);
    t2v_frame_queue_free(&s->waiting);
    t2v_free(s->noise1);
    t2v_free(s->noise2);
}

static void end_block(block_state *s)
{
    end_resnet(&s->conv_in);
    t2v_conv_state_free(&s->upsampler);
    t2v_frame_queue_free(&s->waiting);
    for (int64_t i = 0; s->resnet && i < s->block->layers; i++)
        end_resnet(&s->resnet[i]);
    t2v_free(s->resnet);
    t2v_free(s->modulation);
}

static void decoder_destroy(void *opaque)
{
    decoder *d = opaque;
    if (!d)
        return;
    t2v_conv_state_free(&d->conv_in);
    t2v_conv_state_free(&d->conv_out);
    end_block(&d->mid);
    for (int64_t i = 0; i < d->vae->blocks; i++)
        end_block(&d->block[i]);
    t2v_free(d->modulation);
    t2v_free(d->picture);
    t2v_free(d);
}

static size_t resnet_bytes(const resnet_state *s)
{
    return t2v_conv_state_bytes(&s->conv1) + t2v_conv_state_bytes(&s->conv2) +
           t2v_frame_queue_bytes(&s->waiting);
}

static size_t block_bytes(const block_state *s)
{
    size_t sum = t2v_conv_state_bytes(&s->upsampler) + t2v_frame_queue_bytes(&s->waiting);
    sum += s->conv_in.resnet ? resnet_bytes(&s->conv_in) : 0;
    for (int64_t i = 0; i < s->block->layers; i++)
        sum += resnet_bytes(&s->resnet[i]);
    return sum;
}

static size_t decoder_bytes(const void *opaque)
{
    const decoder *d = opaque;
    const size_t patch = (size_t)d->vae->patch;
    const size_t pixels = (size_t)d->conv_out.h * (size_t)d->conv_out.w * patch * patch;
    size_t sum = t2v_conv_state_bytes(&d->conv_in) + t2v_conv_state_bytes(&d->conv_out);
    sum += (size_t)d->vae->pictures * pixels * sizeof(float) + block_bytes(&d->mid);
    for (int64_t i = 0; i < d->vae->blocks; i++)
        sum += block_bytes(&d->block[i]);
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
    t2v_status status = start(exec, d);
    if (status < 0)
        decoder_destroy(d);
    else
        *out = d;
    return status;
}

/* ------------------------------------------------------------------ decoding */

/* Pixel norm, modulation by a shift and a scale, and SiLU, of positions in a row. */
static void norm_silu(t2v_exec *exec, int64_t channels, const float *shift_scale, const float *x,
                      int64_t positions, float *y)
{
    const t2v_modulation modulation = {.shift = shift_scale, .scale = shift_scale + channels};
    const t2v_norm norm = {
        .dim = channels,
        .eps = PIXEL_NORM_EPS,
        .modulation = shift_scale ? &modulation : NULL,
        .activation = T2V_ACTIVATION_SILU,
    };
    t2v_norm_run(exec, &norm, x, positions, channels, y);
}

/* One picture of noise for all frames, scaled for each channel. */
static void inject_noise(t2v_exec *exec, const float *noise, const float *scale, const frames *x,
                         int64_t positions, int64_t channels)
{
    if (!noise)
        return;
    const t2v_work work = {
        .operation = T2V_OPERATION_ELEMENTWISE,
        .bytes = 2 * sizeof(float) * (double)(x->count * positions * channels),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t p = 0; p < x->count * positions; p++)
        for (int64_t c = 0; c < channels && !t2v_exec_stopping(exec); c++)
            x->data[p * channels + c] += noise[p % positions] * scale[c];
    t2v_work_end(exec, before);
}

/* What the second convolution is added to: the input itself, or its shortcut. */
static t2v_status run_shortcut(t2v_exec *exec, resnet_state *s, const frames *x, frames *y)
{
    const resnet *r = s->resnet;
    const int64_t h = s->conv1.h, w = s->conv1.w;
    if (!r->shortcut) {
        t2v_frame_queue_pass(exec, &s->waiting, x->data, x->count, y->count, y->data);
        return T2V_OK;
    }
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *passed = t2v_exec_floats(exec, (size_t)y->count + 1, (size_t)(h * w * r->in));
    if (!passed)
        return T2V_ERROR_MEMORY;
    t2v_frame_queue_pass(exec, &s->waiting, x->data, x->count, y->count, passed);
    const t2v_norm norm = {.dim = r->in,
                           .eps = r->eps,
                           .centred = true,
                           .weight = r->shortcut_weight,
                           .bias = r->shortcut_bias};
    t2v_norm_run(exec, &norm, passed, y->count * h * w, r->in, passed);
    t2v_status status = T2V_OK;
    if (y->count)
        status = t2v_conv3d_run(exec, r->shortcut, passed, y->count, h, w, false, y->data);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* norm, SiLU and one convolution: x to y */
static t2v_status run_half(t2v_exec *exec, t2v_conv_state *conv, const float *shift_scale,
                           const frames *x, bool last, bool accumulate, float *y)
{
    const int64_t channels = t2v_conv3d_inputs(conv->conv);
    float *buffer, *input;
    T2V_TRY(t2v_conv_state_begin(exec, conv, x->count, last, &buffer, &input));
    norm_silu(exec, channels, shift_scale, x->data, x->count * conv->h * conv->w, input);
    return t2v_conv_state_run(exec, conv, buffer, x->count, last, accumulate, y);
}

static t2v_status run_inner(t2v_exec *exec, resnet_state *s, const frames *x, bool last, frames *y)
{
    const resnet *r = s->resnet;
    const int64_t positions = s->conv1.h * s->conv1.w;
    frames inner = {.count = t2v_conv_state_outputs(&s->conv1, x->count, last)};
    inner.data = t2v_exec_floats(exec, (size_t)inner.count + 1, (size_t)(positions * r->out));
    if (!inner.data)
        return T2V_ERROR_MEMORY;
    T2V_TRY(run_half(exec, &s->conv1, s->modulation, x, last, false, inner.data));
    inject_noise(exec, s->noise1, r->noise1, &inner, positions, r->out);
    y->count = t2v_conv_state_outputs(&s->conv2, inner.count, last);
    T2V_TRY(run_shortcut(exec, s, x, y));
    T2V_TRY(run_half(exec, &s->conv2, s->modulation ? s->modulation + 2 * r->out : NULL, &inner,
                     last, true, y->data));
    inject_noise(exec, s->noise2, r->noise2, y, positions, r->out);
    return T2V_OK;
}

/* x to y, which has room for two more frames than x */
static t2v_status run_resnet(t2v_exec *exec, resnet_state *s, const frames *x, bool last, frames *y)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_inner(exec, s, x, last, y);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* One position of the finer grid from its cell [cells, 2, 2, 2]; channel c reads cell channel c
 * modulo `cells`. */
static void spread_position(const float *cell, int64_t cells, int64_t channels, bool add, float *to)
{
    for (int64_t first = 0; first < channels; first += cells)
        for (int64_t c = 0; c < cells && first + c < channels; c++)
            to[first + c] = cell[c * CELL] + (add ? to[first + c] : 0);
}

/* A frame [h, w, (c, 2, 2, 2)], part `a` in time, into the frame [2 h, 2 w, channels]. */
static void spread_frame(t2v_exec *exec, const block_state *s, const float *coarse, int64_t cells,
                         int64_t a, bool add, float *fine)
{
    const int64_t w = s->w, channels = s->block->out;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = (add ? 3 : 2) * sizeof(float) * (double)(UPSCALE * UPSCALE * s->h * w * channels),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t y = 0; y < UPSCALE * s->h; y++)
        for (int64_t x = 0; x < UPSCALE * w && !t2v_exec_stopping(exec); x++)
            spread_position(coarse + ((y / 2) * w + x / 2) * cells * CELL + a * 4 + (y % 2) * 2 +
                                x % 2,
                            cells, channels, add, fine + (y * UPSCALE * w + x) * channels);
    t2v_work_end(exec, before);
}

/* Depth to space in time, height and width; the first frame of the clip is dropped. */
static t2v_status spread(t2v_exec *exec, const block_state *s, const frames *coarse, int64_t cells,
                         bool add, frames *fine)
{
    const int64_t channels = s->block->out, skip = s->upsampled ? 0 : 1;
    const int64_t coarse_frame = s->h * s->w * cells * CELL;
    const int64_t fine_frame = CELL / 2 * s->h * s->w * channels;
    for (int64_t t = skip; t < 2 * coarse->count; t++) {
        T2V_TRY(t2v_exec_check(exec));
        spread_frame(exec, s, coarse->data + t / 2 * coarse_frame, cells, t % 2, add,
                     fine->data + (t - skip) * fine_frame);
    }
    return T2V_OK;
}

static t2v_status add_upsampled_residual(t2v_exec *exec, block_state *s, const frames *x,
                                         int64_t outputs, frames *y)
{
    const int64_t channels = s->block->out * s->block->factor;
    frames passed = {.count = outputs};
    passed.data = t2v_exec_floats(exec, (size_t)outputs + 1, (size_t)(s->h * s->w * channels));
    if (!passed.data)
        return T2V_ERROR_MEMORY;
    t2v_frame_queue_pass(exec, &s->waiting, x->data, x->count, outputs, passed.data);
    return spread(exec, s, &passed, channels / CELL, true, y);
}

/* Doubles time, height and width: x to y. */
static t2v_status upsample(t2v_exec *exec, block_state *s, const frames *x, bool last, frames *y)
{
    const block *b = s->block;
    const int64_t channels = b->out * b->factor, positions = s->h * s->w;
    float *buffer, *input;
    frames coarse = {.count = t2v_conv_state_outputs(&s->upsampler, x->count, last)};
    y->count = 2 * coarse.count - (coarse.count && !s->upsampled);
    T2V_TRY(t2v_conv_state_begin(exec, &s->upsampler, x->count, last, &buffer, &input));
    t2v_copy(exec, input, x->data, x->count * positions * channels);
    coarse.data =
        t2v_exec_floats(exec, (size_t)coarse.count + 1, (size_t)(positions * b->out * CELL));
    if (!coarse.data)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_conv_state_run(exec, &s->upsampler, buffer, x->count, last, false, coarse.data));
    T2V_TRY(spread(exec, s, &coarse, b->out, false, y));
    if (b->residual)
        T2V_TRY(add_upsampled_residual(exec, s, x, coarse.count, y));
    s->upsampled = s->upsampled || coarse.count;
    return T2V_OK;
}

/* Room for the frames that `count` frames of a block's input become, and those that waited. */
static float *allocate_frames(t2v_exec *exec, const block_state *s, int64_t count)
{
    const int64_t scale = s->block->upsamples ? UPSCALE : 1;
    const int64_t before = s->block->conv_in ? 2 : 0; /* a resnet gives away two */
    const int64_t most = (count + before + 1) * scale + 2 * s->block->layers;
    return t2v_exec_floats(exec, (size_t)most,
                           (size_t)(scale * scale * s->h * s->w * s->block->out));
}

/* All layers of a block; x is replaced by the result, which lies in the arena. */
static t2v_status run_block(t2v_exec *exec, block_state *s, bool last, frames *x)
{
    const block *b = s->block;
    frames narrowed, a = {0}, other = {0};
    a.data = allocate_frames(exec, s, x->count);
    other.data = allocate_frames(exec, s, x->count);
    if (!a.data || !other.data)
        return T2V_ERROR_MEMORY;
    if (b->conv_in) {
        narrowed.data = t2v_exec_floats(exec, (size_t)x->count + 2, (size_t)(s->h * s->w * b->out));
        if (!narrowed.data)
            return T2V_ERROR_MEMORY;
        T2V_TRY(run_resnet(exec, &s->conv_in, x, last, &narrowed));
        *x = narrowed;
    }
    if (b->upsamples) {
        t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
        T2V_TRY(upsample(exec, s, x, last, &a));
        t2v_arena_reset(&exec->arena, mark);
        *x = a;
    }
    for (int64_t i = 0; i < b->layers; i++) {
        frames *target = x->data == a.data ? &other : &a;
        T2V_TRY(run_resnet(exec, &s->resnet[i], x, last, target));
        *x = *target;
    }
    return T2V_OK;
}

static t2v_status deliver(t2v_exec *exec, decoder *d, const frames *x, bool last)
{
    const ltx_vae *v = d->vae;
    const int64_t h = d->conv_out.h, w = d->conv_out.w;
    const int64_t frame = h * w * v->pictures * v->patch * v->patch;
    const int64_t count = t2v_conv_state_outputs(&d->conv_out, x->count, last);
    float *patches = t2v_exec_floats(exec, (size_t)count + 1, (size_t)frame);
    if (!patches)
        return T2V_ERROR_MEMORY;
    T2V_TRY(run_half(exec, &d->conv_out, v->conditioned ? d->modulation : NULL, x, last, false,
                     patches));
    for (int64_t i = 0; i < count; i++) {
        t2v_unpatchify(exec, patches + i * frame, h, w, v->patch, d->picture);
        T2V_TRY(d->params.sink(d->params.opaque, d->picture, h * v->patch, w * v->patch));
    }
    return T2V_OK;
}

/* Floats in a frame of what a level reads; the levels are the middle block, the others, the end. */
static size_t level_frame(const decoder *d, int64_t level)
{
    const ltx_vae *v = d->vae;
    const int64_t channels = level > 1 ? v->block[level - 2].out : v->mid.out;
    if (level > v->blocks)
        return (size_t)(d->conv_out.h * d->conv_out.w * channels);
    const block_state *s = level ? &d->block[level - 1] : &d->mid;
    return (size_t)(s->h * s->w * channels);
}

/*
 * The levels from `level` on. At the end each of them gives away what it held back, and a few
 * frames here are many further up: so a level reads no more at a time than `span`, the frames that
 * one latent frame is there, and the memory in use stays nearly the same to the end.
 */
static t2v_status run_levels(t2v_exec *exec, decoder *d, int64_t level, int64_t span,
                             const frames *x, bool last)
{
    t2v_status status = T2V_OK;
    for (int64_t done = 0; status >= 0 && (done < x->count || (last && !done));) {
        const int64_t rest = x->count - done;
        frames piece = {x->data + (size_t)done * level_frame(d, level), rest < span ? rest : span};
        const bool final = last && piece.count == rest;
        t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
        if (level > d->vae->blocks) {
            status = deliver(exec, d, &piece, final);
        } else {
            block_state *s = level ? &d->block[level - 1] : &d->mid;
            status = run_block(exec, s, final, &piece);
            if (status >= 0)
                status = run_levels(exec, d, level + 1, s->block->upsamples ? UPSCALE * span : span,
                                    &piece, final);
        }
        t2v_arena_reset(&exec->arena, mark);
        done += rest < span ? rest : span;
        if (final)
            break;
    }
    return status;
}

static t2v_status decode(t2v_exec *exec, void *opaque, const float *latent, bool last)
{
    decoder *d = opaque;
    const ltx_vae *v = d->vae;
    const size_t positions = (size_t)(d->params.height * d->params.width);
    float *buffer, *input;
    frames x = {.count = t2v_conv_state_outputs(&d->conv_in, 1, last)};
    x.data = t2v_exec_floats(exec, (size_t)x.count + 1, positions * (size_t)v->mid.in);
    if (!x.data)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_conv_state_begin(exec, &d->conv_in, 1, last, &buffer, &input));
    t2v_copy(exec, input, latent, (int64_t)positions * v->latent_channels);
    T2V_TRY(t2v_conv_state_run(exec, &d->conv_in, buffer, 1, last, false, x.data));
    return run_levels(exec, d, 0, 1, &x, last);
}

static t2v_status encode(t2v_exec *exec, const void *vae, const t2v_clip *clip, float *mean,
                         float *deviation)
{
    const ltx_vae *v = vae;
    return t2v_ltx_encode(exec, v->encoder, clip, mean, deviation);
}

const t2v_vae_class t2v_vae_ltx = {
    .name = "AutoencoderKLLTXVideo",
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
