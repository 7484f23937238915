/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LTX-Video 0.9.0 to 0.9.8 as Lightricks publish it and others repackage it. Versions are told
 * apart, and names replaced, as diffusers' from_single_file does (single_file_utils.py); the sizes
 * that it takes from a published configuration are read off the tensors.
 */
#include <string.h>

#include "weights/part.h"

enum { MAX_BLOCKS = 16, MAX_LAYERS = 1024 };

/* ------------------------------------------------------------------ transformer */

/* 0.9.7 and later have 48 layers of 32 × 128, the others 28 of 32 × 64; a file may say otherwise.
 */
static t2v_status read_heads(const t2v_config *published, int64_t *heads, t2v_error *error)
{
    t2v_config *own = NULL;
    *heads = 32;
    if (!published)
        return T2V_OK;
    T2V_TRY(t2v_config_object(published, "transformer", &own, error));
    t2v_status status =
        own ? t2v_config_int(own, "num_attention_heads", 32, 1, 1024, heads, error) : T2V_OK;
    t2v_config_close(&own);
    return status;
}

static t2v_status configure_transformer(const t2v_tensor_table *t, const t2v_config *published,
                                        json_t *config, t2v_error *error)
{
    const int64_t dim = t2v_part_size(t, 0, "proj_in.weight");
    int64_t heads, layers = 0;
    bool good = true;
    T2V_TRY(read_heads(published, &heads, error));
    while (layers < MAX_LAYERS &&
           t2v_part_has(t, "transformer_blocks.%d.scale_shift_table", (int)layers))
        layers++;
    if (!dim || dim % heads || !layers)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: a transformer of %lld layers and %lld channels for %lld heads",
                        t->entries[0].path, (long long)layers, (long long)dim, (long long)heads);
    t2v_part_set(config, "in_channels", json_integer(t2v_part_size(t, 1, "proj_in.weight")), &good);
    t2v_part_set(config, "out_channels", json_integer(t2v_part_size(t, 0, "proj_out.weight")),
                 &good);
    t2v_part_set(config, "num_attention_heads", json_integer(heads), &good);
    t2v_part_set(config, "attention_head_dim", json_integer(dim / heads), &good);
    t2v_part_set(config, "cross_attention_dim", json_integer(dim), &good);
    t2v_part_set(config, "num_layers", json_integer(layers), &good);
    t2v_part_set(config, "caption_channels",
                 json_integer(t2v_part_size(t, 1, "caption_projection.linear_1.weight")), &good);
    t2v_part_set(config, "norm_elementwise_affine",
                 json_boolean(t2v_part_has(t, "transformer_blocks.0.norm1.weight")), &good);
    t2v_part_set(config, "attention_bias",
                 json_boolean(t2v_part_has(t, "transformer_blocks.0.attn1.to_q.bias")), &good);
    t2v_part_set(config, "attention_out_bias",
                 json_boolean(t2v_part_has(t, "transformer_blocks.0.attn1.to_out.0.bias")), &good);
    return t2v_part_finished(good, error);
}

static const t2v_rename transformer_names[] = {
    {"patchify_proj", "proj_in"},
    {"adaln_single", "time_embed"},
    {"q_norm", "norm_q"},
    {"k_norm", "norm_k"},
    {NULL, NULL},
};

const t2v_part_format t2v_part_ltx_transformer = {
    .component = "transformer",
    .class_name = "LTXVideoTransformer3DModel",
    .mark = "patchify_proj.weight",
    .prefixes = t2v_part_transformer_prefixes,
    .renames = transformer_names,
    .configure = configure_transformer,
    .vae = "AutoencoderKLLTXVideo",
    .text = "t5",
};

const t2v_part_format t2v_part_ltx_transformer_diffusers = {
    .component = "transformer",
    .class_name = "LTXVideoTransformer3DModel",
    .mark = "time_embed.emb.timestep_embedder.linear_1.weight",
    .prefixes = t2v_part_transformer_prefixes,
    .configure = configure_transformer,
    .vae = "AutoencoderKLLTXVideo",
    .text = "t5",
};

/* ------------------------------------------------------------------ decoder */

/* Lists of the decoder, in the order of decoding. */
typedef struct decoder {
    int blocks;
    int64_t width[MAX_BLOCKS], factor[MAX_BLOCKS], layers[MAX_BLOCKS + 1];
    bool scaling[MAX_BLOCKS], noise[MAX_BLOCKS + 1];
} decoder;

static int64_t count_layers(const t2v_tensor_table *t, const char *prefix)
{
    int64_t layers = 0;
    while (layers < MAX_LAYERS &&
           t2v_part_has(t, "%s.resnets.%d.conv1.conv.weight", prefix, (int)layers))
        layers++;
    return layers;
}

static bool has_noise(const t2v_tensor_table *t, const char *prefix)
{
    return t2v_part_has(t, "%s.resnets.0.per_channel_scale1", prefix);
}

/* The upsampler gives 8 positions and divides the channels by the factor: [8 c, c × factor]. */
static void read_up_block(const t2v_tensor_table *t, int i, decoder *d)
{
    char prefix[64], upsampler[96];
    snprintf(prefix, sizeof(prefix), "decoder.up_blocks.%d", i);
    snprintf(upsampler, sizeof(upsampler), "%s.upsamplers.0.conv.conv.weight", prefix);
    const int64_t rows = t2v_part_size(t, 0, "%s", upsampler) / 8;
    d->factor[i] = rows ? t2v_part_size(t, 1, "%s", upsampler) / rows : 1;
    d->width[i] = t2v_part_size(t, 0, "%s.resnets.0.conv1.conv.weight", prefix) * d->factor[i];
    d->scaling[i] = rows > 0;
    d->layers[i + 1] = count_layers(t, prefix);
    d->noise[i + 1] = has_noise(t, prefix);
}

static void read_decoder(const t2v_tensor_table *t, decoder *d)
{
    char prefix[64] = "decoder.mid_block";
    memset(d, 0, sizeof(*d));
    d->layers[0] = count_layers(t, prefix);
    d->noise[0] = has_noise(t, prefix);
    for (int i = 0; i < MAX_BLOCKS; i++) {
        snprintf(prefix, sizeof(prefix), "decoder.up_blocks.%d", i);
        if (!count_layers(t, prefix))
            break;
        read_up_block(t, i, d);
        d->blocks++;
    }
}

/* The reference lists what belongs to a decoder from its end to its beginning. */
static void set_decoder(json_t *config, const decoder *d, bool *good)
{
    json_t *width = json_array(), *factor = json_array(), *scaling = json_array();
    json_t *residual = json_array(), *layers = json_array(), *noise = json_array();
    int failed = 0;
    for (int i = d->blocks; i >= 0; i--) {
        failed |= json_array_append_new(layers, json_integer(d->layers[i]));
        failed |= json_array_append_new(noise, json_boolean(d->noise[i]));
    }
    for (int i = d->blocks - 1; i >= 0; i--) {
        failed |= json_array_append_new(width, json_integer(d->width[i]));
        failed |= json_array_append_new(factor, json_integer(d->factor[i]));
        failed |= json_array_append_new(scaling, json_boolean(d->scaling[i]));
        /* upsamplers that divide the channels were published with a residual, the others without */
        failed |= json_array_append_new(residual, json_boolean(d->factor[i] > 1));
    }
    *good = *good && !failed;
    t2v_part_set(config, "decoder_block_out_channels", width, good);
    t2v_part_set(config, "upsample_factor", factor, good);
    t2v_part_set(config, "decoder_spatio_temporal_scaling", scaling, good);
    t2v_part_set(config, "upsample_residual", residual, good);
    t2v_part_set(config, "decoder_layers_per_block", layers, good);
    t2v_part_set(config, "decoder_inject_noise", noise, good);
}

/* ------------------------------------------------------------------ encoder */

/* 0.9.5 and later go from space to depth, 0.9.0 and 0.9.1 stride and widen in a block of its own.
 */
static bool is_newer_encoder(const t2v_tensor_table *t)
{
    return t2v_part_has(t, "encoder.down_blocks.0.downsamplers.0.conv.conv.weight");
}

/* Channels after down block i, which the next block or the middle works on. */
static int64_t width_after(const t2v_tensor_table *t, int i)
{
    int64_t next = t2v_part_size(t, 0, "encoder.down_blocks.%d.resnets.0.conv1.conv.weight", i + 1);
    return next ? next : t2v_part_size(t, 1, "encoder.conv_out.conv.weight");
}

/* Named by how many positions become one: 8, 4 or 2; a strided convolution of the older kind:
 * "conv". */
static const char *downsample_name(const t2v_tensor_table *t, int i)
{
    const int64_t rows =
        t2v_part_size(t, 0, "encoder.down_blocks.%d.downsamplers.0.conv.conv.weight", i);
    const int64_t positions = rows ? width_after(t, i) / rows : 0;
    return positions == 8   ? "spatiotemporal"
           : positions == 4 ? "spatial"
           : positions == 2 ? "temporal"
                            : "conv";
}

static void set_encoder(json_t *config, const t2v_tensor_table *t, bool *good)
{
    const bool newer = is_newer_encoder(t);
    json_t *width = json_array(), *layers = json_array(), *scaling = json_array();
    json_t *types = json_array(), *downsample = json_array();
    char prefix[64];
    int failed = json_array_append_new(
        width, json_integer(t2v_part_size(t, 0, "encoder.conv_in.conv.weight")));
    int blocks = 0;
    for (; blocks < MAX_BLOCKS; blocks++) {
        snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d", blocks);
        const int64_t count = count_layers(t, prefix);
        if (!count)
            break;
        const bool scales = t2v_part_has(t, "%s.downsamplers.0.conv.weight", prefix) ||
                            t2v_part_has(t, "%s.downsamplers.0.conv.conv.weight", prefix);
        failed |= json_array_append_new(layers, json_integer(count));
        failed |= json_array_append_new(scaling, json_boolean(scales));
        failed |= json_array_append_new(downsample, json_string(downsample_name(t, blocks)));
        failed |= json_array_append_new(
            types, json_string(newer ? "LTXVideo095DownBlock3D" : "LTXVideoDownBlock3D"));
        failed |= json_array_append_new(width, json_integer(width_after(t, blocks)));
    }
    failed |= json_array_append_new(layers, json_integer(count_layers(t, "encoder.mid_block")));
    if (!newer) /* one width for each block, the last staying as it is */
        failed |= json_array_remove(width, json_array_size(width) - 1);
    *good = *good && !failed;
    t2v_part_set(config, "block_out_channels", width, good);
    t2v_part_set(config, "layers_per_block", layers, good);
    t2v_part_set(config, "spatio_temporal_scaling", scaling, good);
    t2v_part_set(config, "down_block_types", types, good);
    t2v_part_set(config, "downsample_type", downsample, good);
}

/* ------------------------------------------------------------------ autoencoder */

/* The last convolution gives 3 colours for each pixel of a patch. */
static int64_t patch_of(const t2v_tensor_table *t)
{
    const int64_t rows = t2v_part_size(t, 0, "decoder.conv_out.conv.weight");
    for (int64_t patch = 1; patch <= 64; patch++)
        if (3 * patch * patch == rows)
            return patch;
    return 0;
}

static t2v_status configure_vae(const t2v_tensor_table *t, const t2v_config *published,
                                json_t *config, t2v_error *error)
{
    const int64_t patch = patch_of(t);
    bool good = true;
    int ups = 0;
    decoder d;
    (void)published;
    read_decoder(t, &d);
    if (!patch || !d.blocks)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: an autoencoder whose decoder has %d blocks and gives %lld channels",
                        t->entries[0].path, d.blocks,
                        (long long)t2v_part_size(t, 0, "decoder.conv_out.conv.weight"));
    for (int i = 0; i < d.blocks; i++)
        ups += d.scaling[i];
    t2v_part_set(config, "latent_channels",
                 json_integer(t2v_part_size(t, 1, "decoder.conv_in.conv.weight")), &good);
    t2v_part_set(config, "patch_size", json_integer(patch), &good);
    t2v_part_set(config, "spatial_compression_ratio", json_integer(patch << ups), &good);
    t2v_part_set(config, "temporal_compression_ratio", json_integer(1 << ups), &good);
    t2v_part_set(
        config, "timestep_conditioning",
        json_boolean(t2v_part_has(t, "decoder.time_embedder.timestep_embedder.linear_1.weight")),
        &good);
    set_decoder(config, &d, &good);
    if (t2v_part_has(t, "encoder.conv_in.conv.weight"))
        set_encoder(config, t, &good);
    return t2v_part_finished(good, error);
}

#define VAE_COMMON                                                                                 \
    {"conv_shortcut", "conv_shortcut.conv"}, {"res_blocks", "resnets"}, {"norm3.norm", "norm3"},   \
        {"per_channel_statistics.mean-of-means", "latents_mean"},                                  \
        {"per_channel_statistics.std-of-means", "latents_std"},                                    \
        {"last_time_embedder", "time_embedder"}, {"last_scale_shift_table", "scale_shift_table"},  \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

#define ENCODER_090                                                                                \
    {"down_blocks.1.", "down_blocks.0.downsamplers.0."},                                           \
        {"down_blocks.2.", "down_blocks.0.conv_out."}, {"down_blocks.3.", "down_blocks.1."},       \
        {"down_blocks.4.", "down_blocks.1.downsamplers.0."},                                       \
        {"down_blocks.5.", "down_blocks.1.conv_out."}, {"down_blocks.6.", "down_blocks.2."},       \
        {"down_blocks.7.", "down_blocks.2.downsamplers.0."}, {"down_blocks.8.", "down_blocks.3."}, \
    {                                                                                              \
        "down_blocks.9.", "mid_block."                                                             \
    }

#define ENCODER_095                                                                                \
    {"down_blocks.1.", "down_blocks.0.downsamplers.0."}, {"down_blocks.2.", "down_blocks.1."},     \
        {"down_blocks.3.", "down_blocks.1.downsamplers.0."}, {"down_blocks.4.", "down_blocks.2."}, \
        {"down_blocks.5.", "down_blocks.2.downsamplers.0."}, {"down_blocks.6.", "down_blocks.3."}, \
        {"down_blocks.7.", "down_blocks.3.downsamplers.0."},                                       \
    {                                                                                              \
        "down_blocks.8.", "mid_block."                                                             \
    }

#define DECODER_090                                                                                \
    {"up_blocks.0.", "mid_block."}, {"up_blocks.1.", "up_blocks.0."},                              \
        {"up_blocks.2.", "up_blocks.1.upsamplers.0."}, {"up_blocks.3.", "up_blocks.1."},           \
        {"up_blocks.4.", "up_blocks.2.conv_in."}, {"up_blocks.5.", "up_blocks.2.upsamplers.0."},   \
        {"up_blocks.6.", "up_blocks.2."}, {"up_blocks.7.", "up_blocks.3.conv_in."},                \
        {"up_blocks.8.", "up_blocks.3.upsamplers.0."},                                             \
    {                                                                                              \
        "up_blocks.9.", "up_blocks.3."                                                             \
    }

#define DECODER_091                                                                                \
    {"up_blocks.0.", "mid_block."}, {"up_blocks.1.", "up_blocks.0.upsamplers.0."},                 \
        {"up_blocks.2.", "up_blocks.0."}, {"up_blocks.3.", "up_blocks.1.upsamplers.0."},           \
        {"up_blocks.4.", "up_blocks.1."}, {"up_blocks.5.", "up_blocks.2.upsamplers.0."},           \
        {"up_blocks.6.", "up_blocks.2."}, {"up_blocks.7.", "up_blocks.3.upsamplers.0."},           \
    {                                                                                              \
        "up_blocks.8.", "up_blocks.3."                                                             \
    }

static const t2v_rename vae_names_090[] = {DECODER_090, ENCODER_090, VAE_COMMON};
static const t2v_rename vae_names_091[] = {DECODER_091, ENCODER_090, VAE_COMMON};
static const t2v_rename vae_names_095[] = {DECODER_091, ENCODER_095, VAE_COMMON};

/* 0.9.5, 0.9.6, 0.9.7, 0.9.8: the encoder goes from space to depth. */
const t2v_part_format t2v_part_ltx_vae_095 = {
    .component = "vae",
    .class_name = "AutoencoderKLLTXVideo",
    .mark = "encoder.down_blocks.1.conv.conv.weight",
    .prefixes = t2v_part_vae_prefixes,
    .renames = vae_names_095,
    .configure = configure_vae,
    .pipeline = "LTXConditionPipeline",
};

const t2v_part_format t2v_part_ltx_vae_091 = {
    .component = "vae",
    .class_name = "AutoencoderKLLTXVideo",
    .mark = "decoder.last_time_embedder.timestep_embedder.linear_1.weight",
    .prefixes = t2v_part_vae_prefixes,
    .renames = vae_names_091,
    .configure = configure_vae,
    .pipeline = "LTXPipeline",
};

const t2v_part_format t2v_part_ltx_vae_090 = {
    .component = "vae",
    .class_name = "AutoencoderKLLTXVideo",
    .mark = "per_channel_statistics.mean-of-means",
    .prefixes = t2v_part_vae_prefixes,
    .renames = vae_names_090,
    .configure = configure_vae,
    .pipeline = "LTXPipeline",
};

/* The file of a diffusers folder by itself. */
const t2v_part_format t2v_part_ltx_vae_diffusers_095 = {
    .component = "vae",
    .class_name = "AutoencoderKLLTXVideo",
    .mark = "encoder.down_blocks.0.downsamplers.0.conv.conv.weight",
    .prefixes = t2v_part_vae_prefixes,
    .configure = configure_vae,
    .pipeline = "LTXConditionPipeline",
};

const t2v_part_format t2v_part_ltx_vae_diffusers = {
    .component = "vae",
    .class_name = "AutoencoderKLLTXVideo",
    .mark = "decoder.up_blocks.0.resnets.0.conv1.conv.weight",
    .prefixes = t2v_part_vae_prefixes,
    .configure = configure_vae,
    .pipeline = "LTXPipeline",
};
