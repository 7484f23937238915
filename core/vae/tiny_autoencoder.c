/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tiny autoencoders that stand in for the large ones of video models: TAEHV (Ollin Boer Bohan 2025,
 * github.com/madebyollin/taehv). Encoder and decoder are rows of blocks through which one frame
 * goes after another; what carries over time is the frame before, kept by each block that looks at
 * it, and zeros in front of the clip. Latents are those that the transformer works with: nothing is
 * normalised.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "layers/load.h"
#include "ops/elementwise.h"
#include "ops/resample.h"
#include "vae/picture.h"
#include "vae/vae.h"

enum {
    MAX_BLOCKS = 32,
    LEVELS = 3,   /* each halves or doubles height and width */
    MEMORIES = 3, /* blocks of a level that look at the frame before */
    SCALE = 2,
    COLOURS = 3,
    MAX_CHANNELS = 8192,
    MAX_PATCH = 16,
};

/* What a block does to a frame [h, w, in]. */
typedef enum kind {
    CONV, /* 3 × 3, in the encoder also with a stride of 2; the first one of a wide decoder 1 × 1 */
    MEMORY,  /* three convolutions of it and the frame before, and a path around them */
    POOL,    /* `times` frames become one */
    GROW,    /* one becomes `times` */
    ENLARGE, /* every position becomes four */
} kind;

typedef struct block {
    kind kind;
    int number; /* among the published layers */
    int64_t in, out, times, stride;
    bool bias, relu;
    bool last_growth; /* nothing behind it keeps a frame */
    t2v_conv3d *conv[3];
    t2v_linear *mix; /* of POOL and GROW */
} block;

/* An encoder or a decoder. */
typedef struct coder {
    const char *name;
    int count;
    block block[MAX_BLOCKS];
} coder;

typedef struct tiny_vae {
    int64_t latent_channels, patch, temporal_ratio;
    bool encodes;
    char *path; /* for messages */
    float *mean, *deviation;
    coder encoder, decoder;
    double operations;
} tiny_vae;

/* ------------------------------------------------------------------ configuration */

static block *add(coder *c, kind kind, int number, int64_t in, int64_t out)
{
    block *b = &c->block[c->count++];
    *b = (block){.kind = kind, .number = number, .in = in, .out = out, .times = 1, .stride = 1};
    return b;
}

static int add_memories(coder *c, int number, int64_t channels)
{
    for (int i = 0; i < MEMORIES; i++)
        add(c, MEMORY, number++, channels, channels);
    return number;
}

static void add_conv(coder *c, int number, int64_t in, int64_t out, bool bias, bool relu)
{
    block *b = add(c, CONV, number, in, out);
    b->bias = bias;
    b->relu = relu;
}

/*
 * Published layers: 0 clamps, 1 and 2 are a convolution and its ReLU; each level has three
 * memories, an enlargement, a growth and a convolution; 21 is a ReLU. A growth is a product for
 * each position, so it is the same in front of the enlargement, at a quarter of the work.
 */
static void plan_decoder(tiny_vae *v, const int64_t width[LEVELS + 1], const int64_t time[LEVELS])
{
    coder *c = &v->decoder;
    c->name = "decoder";
    add_conv(c, 1, v->latent_channels, width[0], true, true);
    for (int i = 0, number = 3; i < LEVELS; i++) {
        number = add_memories(c, number, width[i]);
        block *growth = add(c, GROW, number + 1, width[i], width[i]);
        growth->times = time[i];
        growth->last_growth = i == LEVELS - 1;
        add(c, ENLARGE, number, width[i], width[i]);
        add_conv(c, number + 2, width[i], width[i + 1], false, i == LEVELS - 1);
        number += 3;
    }
    add_conv(c, 22, width[LEVELS], COLOURS * v->patch * v->patch, true, false);
}

/* Published layers: a convolution and its ReLU; each level a pool, a convolution with a stride and
 * three memories; a convolution. */
static void plan_encoder(tiny_vae *v, int64_t width, const int64_t time[LEVELS])
{
    coder *c = &v->encoder;
    c->name = "encoder";
    add_conv(c, 0, COLOURS * v->patch * v->patch, width, true, true);
    for (int i = 0, number = 2; i < LEVELS; i++) {
        add(c, POOL, number, width, width)->times = time[i];
        add_conv(c, number + 1, width, width, false, false);
        c->block[c->count - 1].stride = SCALE;
        number = add_memories(c, number + 2, width);
    }
    add_conv(c, 17, width, v->latent_channels, true, false);
}

/* A list of `count` integers. */
static t2v_status read_list(const t2v_config *config, const char *key, int64_t max, int count,
                            int64_t *values, t2v_error *error)
{
    int found;
    T2V_TRY(t2v_config_ints(config, key, 1, max, count, values, &found, error));
    if (found != count)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s has %d entries, wanted %d",
                        t2v_config_path(config), key, found < 0 ? 0 : found, count);
    return T2V_OK;
}

static t2v_status read_encoder(const t2v_config *config, tiny_vae *v, t2v_error *error)
{
    int64_t width, time[LEVELS];
    T2V_TRY(t2v_config_int(config, "encoder_channels", 0, 0, MAX_CHANNELS, &width, error));
    v->encodes = width > 0;
    if (!v->encodes)
        return T2V_OK;
    T2V_TRY(read_list(config, "encoder_time", 2, LEVELS, time, error));
    if (time[0] * time[1] * time[2] != v->temporal_ratio)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: the encoder makes one latent frame of %lld pictures, but the decoder "
                        "%lld pictures of one",
                        v->path, (long long)(time[0] * time[1] * time[2]),
                        (long long)v->temporal_ratio);
    plan_encoder(v, width, time);
    return T2V_OK;
}

static t2v_status read_config(const t2v_config *config, tiny_vae *v, t2v_error *error)
{
    int64_t width[LEVELS + 1], time[LEVELS];
    T2V_TRY(
        t2v_config_int(config, "latent_channels", 16, 1, MAX_CHANNELS, &v->latent_channels, error));
    T2V_TRY(t2v_config_int(config, "patch_size", 1, 1, MAX_PATCH, &v->patch, error));
    T2V_TRY(read_list(config, "decoder_channels", MAX_CHANNELS, LEVELS + 1, width, error));
    T2V_TRY(read_list(config, "decoder_time", 2, LEVELS, time, error));
    v->temporal_ratio = time[0] * time[1] * time[2];
    plan_decoder(v, width, time);
    return read_encoder(config, v, error);
}

/* ------------------------------------------------------------------ loading */

/* `coder`.`block`.`name`.weight [out, in, 3, 3] and, where there is one, its bias */
static t2v_status load_conv(const t2v_component *c, int64_t out, int64_t in, int64_t stride,
                            bool has_bias, t2v_conv3d **conv, t2v_error *error, const char *name)
{
    const int64_t dim[4] = {out, in, 3, 3}, strides[3] = {1, stride, stride};
    t2v_tensor weight, bias;
    T2V_TRY(t2v_component_tensor(c, &weight, error, 4, dim, "%s.weight", name));
    if (has_bias)
        T2V_TRY(t2v_component_tensor(c, &bias, error, 1, dim, "%s.bias", name));
    weight.shape = (t2v_shape){5, {out, in, 1, 3, 3}};
    return t2v_conv3d_create(&weight, has_bias ? &bias : NULL, strides, conv, error);
}

/* `name`.weight [out, in, 1, 1], a product for each position */
static t2v_status load_mix(const t2v_component *c, int64_t out, int64_t in, t2v_linear **mix,
                           t2v_error *error, const char *name)
{
    const int64_t dim[4] = {out, in, 1, 1};
    t2v_tensor weight;
    T2V_TRY(t2v_component_tensor(c, &weight, error, 4, dim, "%s.weight", name));
    weight.shape.rank = 2;
    return t2v_linear_create(1, &weight, NULL, T2V_PRECISION_F32, mix, error);
}

static t2v_status load_block(const t2v_component *c, const char *coder, block *b, t2v_error *error)
{
    char name[48];
    const int length = snprintf(name, sizeof(name), "%s.%d", coder, b->number);
    switch (b->kind) {
    case CONV:
        return load_conv(c, b->out, b->in, b->stride, b->bias, &b->conv[0], error, name);
    case MEMORY:
        for (int i = 0; i < 3; i++) {
            snprintf(name + length, sizeof(name) - (size_t)length, ".conv.%d", 2 * i);
            T2V_TRY(
                load_conv(c, b->out, i ? b->out : 2 * b->in, 1, true, &b->conv[i], error, name));
        }
        return T2V_OK;
    case POOL:
        snprintf(name + length, sizeof(name) - (size_t)length, ".conv");
        return load_mix(c, b->out, b->in * b->times, &b->mix, error, name);
    case GROW:
        snprintf(name + length, sizeof(name) - (size_t)length, ".conv");
        return load_mix(c, b->out * b->times, b->in, &b->mix, error, name);
    case ENLARGE:
        break;
    }
    return T2V_OK;
}

/* Products of a block for one position of its input. */
static double block_operations(const block *b)
{
    const double product = 2.0 * (double)(b->in * b->out);
    switch (b->kind) {
    case CONV:
        return 9 * product / (double)(b->stride * b->stride);
    case MEMORY:
        return 4 * 9 * product;
    default:
        return b->mix ? product * (double)b->times : 0;
    }
}

/* Products for one latent position. */
static double count_operations(const coder *c)
{
    double positions = 1, sum = 0;
    for (int i = 0; i < c->count; i++) {
        sum += positions * block_operations(&c->block[i]);
        positions *= c->block[i].kind == ENLARGE ? SCALE * SCALE
                     : c->block[i].kind == GROW  ? (double)c->block[i].times
                                                 : 1;
    }
    return sum;
}

static t2v_status load_coder(const t2v_component *component, coder *c, t2v_error *error)
{
    for (int i = 0; i < c->count; i++)
        T2V_TRY(load_block(component, c->name, &c->block[i], error));
    return T2V_OK;
}

static t2v_status load(const t2v_component *c, void *network, t2v_error *error)
{
    tiny_vae *v = network;
    const t2v_config *config = t2v_component_config(c);
    v->path = t2v_strdup(t2v_config_path(config));
    if (!v->path)
        return t2v_fail_memory(error, "a file name", 0);
    T2V_TRY(read_config(config, v, error));
    v->mean = t2v_calloc((size_t)v->latent_channels, sizeof(float));
    v->deviation = t2v_calloc((size_t)v->latent_channels, sizeof(float));
    if (!v->mean || !v->deviation)
        return t2v_fail_memory(error, "the autoencoder", (size_t)v->latent_channels);
    for (int64_t i = 0; i < v->latent_channels; i++)
        v->deviation[i] = 1;
    T2V_TRY(load_coder(c, &v->decoder, error));
    v->operations = count_operations(&v->decoder);
    return load_coder(c, &v->encoder, error);
}

static void free_coder(coder *c)
{
    for (int i = 0; i < c->count; i++) {
        for (int j = 0; j < 3; j++)
            t2v_conv3d_free(&c->block[i].conv[j]);
        t2v_linear_free(&c->block[i].mix);
    }
}

static void destroy(void *vae)
{
    tiny_vae *v = vae;
    if (!v)
        return;
    free_coder(&v->encoder);
    free_coder(&v->decoder);
    t2v_free(v->mean);
    t2v_free(v->deviation);
    t2v_free(v->path);
    t2v_free(v);
}

static t2v_status create(const t2v_component *component, void **vae, t2v_error *error)
{
    return t2v_load_network(component, sizeof(tiny_vae), "the autoencoder", load, destroy, vae,
                            error);
}

static void describe(const void *vae, t2v_vae_info *info)
{
    const tiny_vae *v = vae;
    *info = (t2v_vae_info){
        .latent_channels = v->latent_channels,
        .spatial_ratio = v->patch << LEVELS,
        .temporal_ratio = v->temporal_ratio,
        .mean = v->mean,
        .deviation = v->deviation,
        .scaling = 1,
        .operations_per_position = v->operations,
    };
}

/* ------------------------------------------------------------------ running */

/* Receives what leaves the last block: [h, w, channels]. */
typedef t2v_status (*finish_fn)(t2v_exec *exec, void *opaque, const float *x, int64_t h, int64_t w);

/* Frames on their way through a coder. */
typedef struct run {
    const coder *coder;
    float *kept[MAX_BLOCKS];     /* MEMORY: the frame before; POOL: those that wait */
    int64_t waiting[MAX_BLOCKS]; /* POOL: how many do */
    int64_t dropped;             /* frames that leave the last growth and are not wanted */
    finish_fn finish;
    void *opaque;
} run;

/* Memory of the frames before, zeros. Ended by end_run also after a failure. */
static t2v_status start_run(run *r, int64_t h, int64_t w, t2v_error *error)
{
    for (int i = 0; i < r->coder->count; i++) {
        const block *b = &r->coder->block[i];
        const size_t floats = (size_t)(h * w * b->in) * (size_t)(b->kind == POOL ? b->times : 1);
        if (b->kind == MEMORY || b->kind == POOL) {
            r->kept[i] = t2v_calloc(floats, sizeof(float));
            if (!r->kept[i])
                return t2v_fail_memory(error, "the autoencoder's memory", floats * sizeof(float));
        }
        h = b->kind == ENLARGE ? h * SCALE : h / b->stride;
        w = b->kind == ENLARGE ? w * SCALE : w / b->stride;
    }
    return T2V_OK;
}

static void end_run(run *r)
{
    for (int i = 0; i < MAX_BLOCKS; i++)
        t2v_free(r->kept[i]);
}

static t2v_status push(t2v_exec *exec, run *r, int at, float *x, int64_t h, int64_t w);

static t2v_status run_conv(t2v_exec *exec, run *r, int at, const float *x, int64_t h, int64_t w)
{
    const block *b = &r->coder->block[at];
    const int64_t positions = h / b->stride * (w / b->stride);
    float *y = t2v_exec_floats(exec, (size_t)positions, (size_t)b->out);
    if (!y)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_conv3d_run(exec, b->conv[0], x, 1, h, w, false, y));
    if (b->relu)
        t2v_relu(exec, y, positions * b->out);
    return push(exec, r, at + 1, y, h / b->stride, w / b->stride);
}

/* Channels of the frame and of the one before, side by side; then the frame is the one before. */
static float *remember(t2v_exec *exec, run *r, int at, const float *x, int64_t positions)
{
    const int64_t channels = r->coder->block[at].in;
    float *both = t2v_exec_floats(exec, (size_t)positions, (size_t)(2 * channels));
    if (!both)
        return NULL;
    t2v_put_columns(exec, x, positions, channels, both, 2 * channels);
    t2v_put_columns(exec, r->kept[at], positions, channels, both + channels, 2 * channels);
    t2v_copy(exec, r->kept[at], x, positions * channels);
    return both;
}

static t2v_status run_memory(t2v_exec *exec, run *r, int at, float *x, int64_t h, int64_t w)
{
    const block *b = &r->coder->block[at];
    const int64_t count = h * w * b->out;
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *inner[2];
    for (int i = 0; i < 2; i++)
        if (!(inner[i] = t2v_exec_floats(exec, (size_t)(h * w), (size_t)b->out)))
            return T2V_ERROR_MEMORY;
    const float *both = remember(exec, r, at, x, h * w);
    if (!both)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_conv3d_run(exec, b->conv[0], both, 1, h, w, false, inner[0]));
    t2v_relu(exec, inner[0], count);
    T2V_TRY(t2v_conv3d_run(exec, b->conv[1], inner[0], 1, h, w, false, inner[1]));
    t2v_relu(exec, inner[1], count);
    T2V_TRY(t2v_conv3d_run(exec, b->conv[2], inner[1], 1, h, w, true, x));
    t2v_relu(exec, x, count);
    t2v_arena_reset(&exec->arena, mark);
    return push(exec, r, at + 1, x, h, w);
}

static t2v_status run_pool(t2v_exec *exec, run *r, int at, const float *x, int64_t h, int64_t w)
{
    const block *b = &r->coder->block[at];
    t2v_put_columns(exec, x, h * w, b->in, r->kept[at] + r->waiting[at] * b->in, b->times * b->in);
    if (++r->waiting[at] < b->times)
        return T2V_OK;
    r->waiting[at] = 0;
    float *y = t2v_exec_floats(exec, (size_t)(h * w), (size_t)b->out);
    if (!y)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_linear_run(exec, b->mix, r->kept[at], h * w, T2V_ACTIVATION_NONE, false, y));
    return push(exec, r, at + 1, y, h, w);
}

static t2v_status run_grow(t2v_exec *exec, run *r, int at, const float *x, int64_t h, int64_t w)
{
    const block *b = &r->coder->block[at];
    const int64_t wide = b->out * b->times;
    float *y = t2v_exec_floats(exec, (size_t)(h * w), (size_t)wide);
    float *one = t2v_exec_floats(exec, (size_t)(h * w), (size_t)b->out);
    if (!y || !one)
        return T2V_ERROR_MEMORY;
    T2V_TRY(t2v_linear_run(exec, b->mix, x, h * w, T2V_ACTIVATION_NONE, false, y));
    for (int64_t i = 0; i < b->times; i++) {
        if (b->last_growth && r->dropped > 0) {
            r->dropped--;
            continue;
        }
        t2v_take_columns(exec, y + i * b->out, h * w, wide, one, b->out);
        T2V_TRY(push(exec, r, at + 1, one, h, w));
    }
    return T2V_OK;
}

static t2v_status run_enlarge(t2v_exec *exec, run *r, int at, const float *x, int64_t h, int64_t w)
{
    const int64_t channels = r->coder->block[at].in;
    float *y = t2v_exec_floats(exec, (size_t)(SCALE * h * SCALE * w), (size_t)channels);
    if (!y)
        return T2V_ERROR_MEMORY;
    t2v_repeat_positions(exec, x, h, w, channels, y);
    return push(exec, r, at + 1, y, SCALE * h, SCALE * w);
}

static t2v_status run_block(t2v_exec *exec, run *r, int at, float *x, int64_t h, int64_t w)
{
    if (at == r->coder->count)
        return r->finish(exec, r->opaque, x, h, w);
    switch (r->coder->block[at].kind) {
    case CONV:
        return run_conv(exec, r, at, x, h, w);
    case MEMORY:
        return run_memory(exec, r, at, x, h, w);
    case POOL:
        return run_pool(exec, r, at, x, h, w);
    case GROW:
        return run_grow(exec, r, at, x, h, w);
    case ENLARGE:
        return run_enlarge(exec, r, at, x, h, w);
    }
    return T2V_OK;
}

/* Takes one frame [h, w, in] from block `at` as far as it goes; x is used up. */
static t2v_status push(t2v_exec *exec, run *r, int at, float *x, int64_t h, int64_t w)
{
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_status status = run_block(exec, r, at, x, h, w);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

/* ------------------------------------------------------------------ decoding */

typedef struct decoder {
    const tiny_vae *vae;
    t2v_decoder_params params;
    run run;
    float *picture; /* [3, height, width] */
} decoder;

static void decoder_destroy(void *opaque)
{
    decoder *d = opaque;
    if (!d)
        return;
    end_run(&d->run);
    t2v_free(d->picture);
    t2v_free(d);
}

static size_t decoder_bytes(const void *opaque)
{
    const decoder *d = opaque;
    const coder *c = &d->vae->decoder;
    int64_t positions = d->params.height * d->params.width, floats = 0;
    for (int i = 0; i < c->count; i++) {
        floats += c->block[i].kind == MEMORY ? positions * c->block[i].in : 0;
        positions *= c->block[i].kind == ENLARGE ? SCALE * SCALE : 1;
    }
    return (size_t)(floats + COLOURS * positions * d->vae->patch * d->vae->patch) * sizeof(float);
}

/* finish_fn */
static t2v_status deliver(t2v_exec *exec, void *opaque, const float *x, int64_t h, int64_t w)
{
    decoder *d = opaque;
    const int64_t patch = d->vae->patch;
    t2v_pixel_shuffle(exec, x, h, w, patch, d->picture);
    return d->params.sink(d->params.opaque, d->picture, h * patch, w * patch);
}

static t2v_status decoder_create(t2v_exec *exec, const void *vae, const t2v_decoder_params *params,
                                 void **out)
{
    const tiny_vae *v = vae;
    const size_t scale = (size_t)(v->patch << LEVELS);
    const size_t floats = COLOURS * (size_t)params->height * scale * (size_t)params->width * scale;
    decoder *d = t2v_calloc(1, sizeof(*d));
    *out = NULL;
    if (!d)
        return t2v_fail_memory(exec->error, "the decoder", sizeof(*d));
    d->vae = v;
    d->params = *params;
    d->run =
        (run){.coder = &v->decoder,
              .dropped = v->temporal_ratio - 1, /* a clip's first latent frame is one picture */
              .finish = deliver,
              .opaque = d};
    d->picture = t2v_alloc(floats * sizeof(float));
    t2v_status status = d->picture
                            ? start_run(&d->run, params->height, params->width, exec->error)
                            : t2v_fail_memory(exec->error, "a picture", floats * sizeof(float));
    if (status < 0)
        decoder_destroy(d);
    else
        *out = d;
    return status;
}

static t2v_status decode(t2v_exec *exec, void *opaque, const float *latent, bool last)
{
    decoder *d = opaque;
    const int64_t h = d->params.height, w = d->params.width;
    const int64_t count = h * w * d->vae->latent_channels;
    float *x = t2v_exec_floats(exec, (size_t)count, 1);
    (void)last; /* nothing is held back */
    if (!x)
        return T2V_ERROR_MEMORY;
    for (int64_t i = 0; i < count; i++)
        x[i] = tanhf(latent[i] / 3) * 3;
    return push(exec, &d->run, 0, x, h, w);
}

/* ------------------------------------------------------------------ encoding */

/* Latent frames [channels, frames, h, w] as they are finished. */
typedef struct encoding {
    int64_t channels, frames, done;
    float *latents;
} encoding;

/* finish_fn */
static t2v_status take_latents(t2v_exec *exec, void *opaque, const float *x, int64_t h, int64_t w)
{
    encoding *e = opaque;
    (void)exec;
    for (int64_t c = 0; c < e->channels; c++) {
        float *to = e->latents + (c * e->frames + e->done) * h * w;
        for (int64_t i = 0; i < h * w; i++)
            to[i] = x[i * e->channels + c];
    }
    e->done++;
    return T2V_OK;
}

static t2v_status encode_picture(t2v_exec *exec, const tiny_vae *v, run *r, const t2v_clip *clip,
                                 const float *rgb)
{
    const int64_t h = clip->height / v->patch, w = clip->width / v->patch;
    float *x = t2v_exec_floats(exec, (size_t)(h * w), (size_t)(COLOURS * v->patch * v->patch));
    if (!x)
        return T2V_ERROR_MEMORY;
    t2v_pixel_unshuffle(exec, rgb, clip->height, clip->width, v->patch, x);
    return push(exec, r, 0, x, h, w);
}

/* The last picture is repeated until all latent frames are made of as many. */
static t2v_status encode(t2v_exec *exec, const void *vae, const t2v_clip *clip, float *mean,
                         float *deviation)
{
    const tiny_vae *v = vae;
    const int64_t frames = (clip->frames - 1) / v->temporal_ratio + 1;
    const int64_t scale = v->patch << LEVELS;
    const int64_t plane = clip->height / scale * (clip->width / scale);
    encoding e = {.channels = v->latent_channels, .frames = frames, .latents = mean};
    run r = {.coder = &v->encoder, .finish = take_latents, .opaque = &e};
    if (!v->encodes)
        return t2v_fail(exec->error, T2V_ERROR_UNSUPPORTED,
                        "a picture cannot be encoded: %s holds no encoder", v->path);
    t2v_status status = start_run(&r, clip->height / v->patch, clip->width / v->patch, exec->error);
    for (int64_t i = 0; i < frames * v->temporal_ratio && status >= 0; i++) {
        const int64_t picture = i < clip->frames ? i : clip->frames - 1;
        const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
        status = encode_picture(exec, v, &r, clip, clip->picture[picture]);
        t2v_arena_reset(&exec->arena, mark);
    }
    end_run(&r);
    memset(deviation, 0, (size_t)(v->latent_channels * frames * plane) * sizeof(float));
    return status;
}

const t2v_vae_class t2v_vae_tiny = {
    .name = "TAEHV",
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .decoder_create = decoder_create,
    .decoder_destroy = decoder_destroy,
    .decoder_bytes = decoder_bytes,
    .decode = decode,
    .encode = encode,
};
