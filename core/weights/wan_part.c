/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wan 2.1 and 2.2 as their authors publish them and others repackage them. Names are replaced as
 * diffusers' from_single_file does (single_file_utils.py); sizes are read off the tensors.
 */
#include "weights/part.h"

enum { MAX_LAYERS = 1024, HEAD_DIM = 128 /* of every transformer that was published */ };

/* ------------------------------------------------------------------ transformer */

/* The number of heads is no tensor's size; a file may say that it is not dim / 128. */
static t2v_status read_heads(const t2v_config *published, int64_t dim, int64_t *heads,
                             t2v_error *error)
{
    t2v_config *own = NULL;
    *heads = dim % HEAD_DIM ? 0 : dim / HEAD_DIM;
    if (!published)
        return T2V_OK;
    T2V_TRY(t2v_config_object(published, "transformer", &own, error));
    t2v_status status =
        own ? t2v_config_int(own, "num_attention_heads", *heads, 1, 1024, heads, error) : T2V_OK;
    t2v_config_close(&own);
    return status;
}

/* What transformers that read pictures through CLIP have besides. */
static void set_pictures(json_t *config, const t2v_tensor_table *t, bool *good)
{
    static const char embedder[] = "condition_embedder.image_embedder.";
    const int64_t width = t2v_part_size(t, 0, "%snorm1.weight", embedder);
    const int64_t positions = t2v_part_size(t, 1, "%spos_embed", embedder);
    const int64_t added = t2v_part_size(t, 1, "blocks.0.attn2.add_k_proj.weight");
    if (width)
        t2v_part_set(config, "image_dim", json_integer(width), good);
    if (added)
        t2v_part_set(config, "added_kv_proj_dim", json_integer(added), good);
    if (positions)
        t2v_part_set(config, "pos_embed_seq_len", json_integer(positions), good);
}

static void set_sizes(json_t *config, const t2v_tensor_table *t, bool *good)
{
    static const char patches[] = "patch_embedding.weight";
    static const char embedder[] = "condition_embedder.";
    int64_t positions = 1;
    json_t *patch = json_array();
    for (int axis = 2; axis < 5; axis++) {
        const int64_t size = t2v_part_size(t, axis, patches);
        positions *= size > 0 && size < 64 ? size : 1;
        *good = !json_array_append_new(patch, json_integer(size)) && *good;
    }
    t2v_part_set(config, "patch_size", patch, good);
    t2v_part_set(config, "in_channels", json_integer(t2v_part_size(t, 1, patches)), good);
    t2v_part_set(config, "out_channels",
                 json_integer(t2v_part_size(t, 0, "proj_out.weight") / positions), good);
    t2v_part_set(config, "text_dim",
                 json_integer(t2v_part_size(t, 1, "%stext_embedder.linear_1.weight", embedder)),
                 good);
    t2v_part_set(config, "freq_dim",
                 json_integer(t2v_part_size(t, 1, "%stime_embedder.linear_1.weight", embedder)),
                 good);
    t2v_part_set(config, "ffn_dim",
                 json_integer(t2v_part_size(t, 0, "blocks.0.ffn.net.0.proj.weight")), good);
}

static t2v_status configure_transformer(const t2v_tensor_table *t, const t2v_config *published,
                                        json_t *config, t2v_error *error)
{
    const int64_t dim = t2v_part_size(t, 0, "patch_embedding.weight");
    int64_t heads;
    int layers = 0;
    bool good = true;
    T2V_TRY(read_heads(published, dim, &heads, error));
    while (layers < MAX_LAYERS && t2v_part_has(t, "blocks.%d.scale_shift_table", layers))
        layers++;
    if (!heads || dim % heads || !layers)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: a transformer of %d layers and %lld channels, wanted some layers and "
                        "a multiple of %d channels",
                        t->entries[0].path, layers, (long long)dim, HEAD_DIM);
    t2v_part_set(config, "num_attention_heads", json_integer(heads), &good);
    t2v_part_set(config, "attention_head_dim", json_integer(dim / heads), &good);
    t2v_part_set(config, "num_layers", json_integer(layers), &good);
    t2v_part_set(config, "cross_attn_norm", json_boolean(t2v_part_has(t, "blocks.0.norm2.weight")),
                 &good);
    set_sizes(config, t, &good);
    set_pictures(config, t, &good);
    return t2v_part_finished(good, error);
}

static const t2v_rename transformer_names[] = {
    {"time_embedding.0.", "condition_embedder.time_embedder.linear_1."},
    {"time_embedding.2.", "condition_embedder.time_embedder.linear_2."},
    {"text_embedding.0.", "condition_embedder.text_embedder.linear_1."},
    {"text_embedding.2.", "condition_embedder.text_embedder.linear_2."},
    {"time_projection.1.", "condition_embedder.time_proj."},
    {"cross_attn.", "attn2."},
    {"self_attn.", "attn1."},
    {"attn1.q.", "attn1.to_q."},
    {"attn1.k.", "attn1.to_k."},
    {"attn1.v.", "attn1.to_v."},
    {"attn1.o.", "attn1.to_out.0."},
    {"attn2.q.", "attn2.to_q."},
    {"attn2.k.", "attn2.to_k."},
    {"attn2.v.", "attn2.to_v."},
    {"attn2.o.", "attn2.to_out.0."},
    {"attn2.k_img.", "attn2.add_k_proj."},
    {"attn2.v_img.", "attn2.add_v_proj."},
    {"attn2.norm_k_img.", "attn2.norm_added_k."},
    {"head.modulation", "scale_shift_table"},
    {"head.head.", "proj_out."},
    {"modulation", "scale_shift_table"},
    {"ffn.0.", "ffn.net.0.proj."},
    {"ffn.2.", "ffn.net.2."},
    {"norm3.", "norm2."}, /* the authors' norms 1 and 2 have no weights */
    {"img_emb.proj.0.", "condition_embedder.image_embedder.norm1."},
    {"img_emb.proj.1.", "condition_embedder.image_embedder.ff.net.0.proj."},
    {"img_emb.proj.3.", "condition_embedder.image_embedder.ff.net.2."},
    {"img_emb.proj.4.", "condition_embedder.image_embedder.norm2."},
    {"img_emb.emb_pos", "condition_embedder.image_embedder.pos_embed"},
    {NULL, NULL},
};

/* ------------------------------------------------------------------ releases */

#define UNIPC(shift)                                                                               \
    "{\"_class_name\": \"UniPCMultistepScheduler\", \"num_train_timesteps\": 1000,"                \
    " \"prediction_type\": \"flow_prediction\", \"use_flow_sigmas\": true,"                        \
    " \"solver_order\": 2, \"solver_type\": \"bh2\", \"flow_shift\": " shift "}"

enum { TI2V_CHANNELS = 48, AXES = 5 };

const char t2v_part_wan_scheduler[] = UNIPC("3.0");

/* Either of two names. */
static const t2v_tensor *either(const t2v_tensor_file *file, const char *prefix, const char *name,
                                const char *other)
{
    const t2v_tensor *tensor = t2v_part_tensor(file, prefix, name);
    return tensor ? tensor : t2v_part_tensor(file, prefix, other);
}

/* Whether more channels go in than come out: those of given pictures lie beside. */
static bool takes_pictures(const t2v_tensor *patches, const t2v_tensor *last)
{
    if (!patches || !last || patches->shape.rank != AXES || last->shape.rank < 1)
        return false;
    const int64_t *dim = patches->shape.dim;
    int64_t inputs = dim[1];
    for (int axis = 2; axis < AXES; axis++)
        if (dim[axis] < 1 || dim[axis] > 64 || inputs > INT32_MAX)
            return false;
        else
            inputs *= dim[axis];
    return inputs > last->shape.dim[0];
}

/* 2.2 TI2V has an autoencoder of its own, which no other transformer works with; a transformer that
 * makes video from pictures has channels for them, 2.1's looks at them through CLIP too, and that
 * for first and last picture knows two places. */
static const t2v_part_release *find_release(const t2v_tensor_file *file, const char *prefix)
{
    static const char by_token[] = "{\"expand_timesteps\": true}";
    static const char pictures[] = "WanImageToVideoPipeline";
    static const t2v_part_release ti2v = {NULL, by_token, UNIPC("5.0"), 0.875, false};
    static const t2v_part_release t2v = {NULL, "{}", t2v_part_wan_scheduler, 0.875, false};
    static const t2v_part_release i2v = {pictures, "{}", t2v_part_wan_scheduler, 0.9, true};
    static const t2v_part_release flf2v = {pictures, "{}", UNIPC("16.0"), 0.9, true};
    static const t2v_part_release i2v_22 = {pictures, "{}", t2v_part_wan_scheduler, 0.9, false};
    static const char look[] = "condition_embedder.image_embedder.norm1.weight";
    static const char places[] = "condition_embedder.image_embedder.pos_embed";
    const t2v_tensor *patches = t2v_part_tensor(file, prefix, "patch_embedding.weight");
    if (either(file, prefix, "img_emb.emb_pos", places))
        return &flf2v;
    if (either(file, prefix, "img_emb.proj.0.weight", look))
        return &i2v;
    if (takes_pictures(patches, either(file, prefix, "head.head.weight", "proj_out.weight")))
        return &i2v_22;
    return patches && patches->shape.rank > 1 && patches->shape.dim[1] == TI2V_CHANNELS ? &ti2v
                                                                                        : &t2v;
}

const t2v_part_format t2v_part_wan_transformer = {
    .component = "transformer",
    .class_name = "WanTransformer3DModel",
    .mark = "text_embedding.0.weight",
    .prefixes = t2v_part_transformer_prefixes,
    .renames = transformer_names,
    .configure = configure_transformer,
    .pipeline = "WanPipeline",
    .vae = "AutoencoderKLWan",
    .text = "umt5",
    .release = find_release,
};

/* The file of a diffusers folder by itself. */
const t2v_part_format t2v_part_wan_transformer_diffusers = {
    .component = "transformer",
    .class_name = "WanTransformer3DModel",
    .mark = "condition_embedder.text_embedder.linear_1.weight",
    .prefixes = t2v_part_transformer_prefixes,
    .configure = configure_transformer,
    .pipeline = "WanPipeline",
    .vae = "AutoencoderKLWan",
    .text = "umt5",
    .release = find_release,
};

/* ------------------------------------------------------------------ autoencoder */

enum { MAX_LEVELS = 8 };

/* Statistics of the latents, as the configuration of 2.2 publishes them (2.1's are the default). */
static const double mean_22[TI2V_CHANNELS] = {
    -0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174,  0.1838,  0.1557,  -0.1382, 0.0542,
    0.2813,  0.0891,  0.1570,  -0.0098, 0.0375,  -0.1825, -0.2246, -0.1207, -0.0698, 0.5109,
    0.2665,  -0.2108, -0.2158, 0.2502,  -0.2055, -0.0322, 0.1109,  0.1567,  -0.0729, 0.0899,
    -0.2799, -0.1230, -0.0313, -0.1649, 0.0117,  0.0723,  -0.2839, -0.2083, -0.0520, 0.3748,
    0.0152,  0.1957,  0.1433,  -0.2944, 0.3573,  -0.0548, -0.1681, -0.0667};
static const double deviation_22[TI2V_CHANNELS] = {
    0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.4990, 0.4818, 0.5013, 0.8158, 1.0344, 0.5894, 1.0901,
    0.6885, 0.6165, 0.8454, 0.4978, 0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146, 0.8986, 0.5659,
    0.7069, 0.5338, 0.4889, 0.4917, 0.4069, 0.4999, 0.6866, 0.4093, 0.5709, 0.6065, 0.6415, 0.4944,
    0.5726, 1.2042, 0.5458, 1.6887, 0.3971, 1.0600, 0.3943, 0.5537, 0.5444, 0.4089, 0.7468, 0.7744};

static void set_numbers(json_t *config, const char *key, const double *values, int count,
                        bool *good)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        *good = !json_array_append_new(list, json_real(values[i])) && *good;
    t2v_part_set(config, key, list, good);
}

/* The decoder's levels, which the lists of the configuration name from its end to its beginning. */
typedef struct levels {
    int count, resnets;
    int64_t base; /* channels of the last */
    int64_t width[MAX_LEVELS];
    bool time[MAX_LEVELS]; /* enlarges in time too */
} levels;

static void read_levels(const t2v_tensor_table *t, const char *upsampler, levels *l)
{
    *l = (levels){.base = t2v_part_size(t, 0, "decoder.norm_out.gamma")};
    while (l->count < MAX_LEVELS &&
           t2v_part_has(t, "decoder.up_blocks.%d.resnets.0.conv1.weight", l->count)) {
        const int i = l->count++;
        l->width[i] = t2v_part_size(t, 0, "decoder.up_blocks.%d.resnets.0.conv1.weight", i);
        l->time[i] = t2v_part_has(t, "decoder.up_blocks.%d.%s.time_conv.weight", i, upsampler);
    }
    while (l->resnets < MAX_LAYERS &&
           t2v_part_has(t, "decoder.up_blocks.0.resnets.%d.conv1.weight", l->resnets))
        l->resnets++;
}

static void set_levels(json_t *config, const levels *l, int64_t patch, bool *good)
{
    json_t *multiple = json_array(), *in_time = json_array();
    int64_t time_ratio = 1;
    for (int i = l->count - 1; i >= 0; i--) {
        *good = !json_array_append_new(multiple, json_integer(l->width[i] / l->base)) && *good;
        if (i == l->count - 1) /* the last level enlarges nothing */
            continue;
        *good = !json_array_append_new(in_time, json_boolean(l->time[i])) && *good;
        time_ratio *= l->time[i] ? 2 : 1;
    }
    t2v_part_set(config, "dim_mult", multiple, good);
    t2v_part_set(config, "temperal_downsample", in_time, good);
    t2v_part_set(config, "num_res_blocks", json_integer(l->resnets - 1), good);
    t2v_part_set(config, "scale_factor_spatial", json_integer(patch << (l->count - 1)), good);
    t2v_part_set(config, "scale_factor_temporal", json_integer(time_ratio), good);
}

/* Three colours of each pixel of a patch. */
static int64_t patch_of(int64_t channels)
{
    return channels == 12 ? 2 : 1;
}

static t2v_status configure(const t2v_tensor_table *t, bool residual, json_t *config,
                            t2v_error *error)
{
    const int64_t channels = t2v_part_size(t, 0, "post_quant_conv.weight");
    const int64_t outputs = t2v_part_size(t, 0, "decoder.conv_out.weight");
    const int64_t base = t2v_part_size(t, 0, "encoder.conv_in.weight");
    bool good = true;
    levels l;
    read_levels(t, residual ? "upsampler" : "upsamplers.0", &l);
    if (!l.count || !l.base || !l.resnets)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: an autoencoder whose decoder has %d levels and %lld channels at last",
                        t->entries[0].path, l.count, (long long)l.base);
    set_levels(config, &l, patch_of(outputs), &good);
    t2v_part_set(config, "z_dim", json_integer(channels), &good);
    t2v_part_set(config, "base_dim", json_integer(base ? base : l.base), &good);
    t2v_part_set(config, "decoder_base_dim", json_integer(l.base), &good);
    t2v_part_set(config, "out_channels", json_integer(outputs), &good);
    t2v_part_set(config, "in_channels", json_integer(outputs), &good);
    t2v_part_set(config, "patch_size", json_integer(patch_of(outputs)), &good);
    t2v_part_set(config, "is_residual", json_boolean(residual), &good);
    if (channels == TI2V_CHANNELS) {
        set_numbers(config, "latents_mean", mean_22, TI2V_CHANNELS, &good);
        set_numbers(config, "latents_std", deviation_22, TI2V_CHANNELS, &good);
    }
    return t2v_part_finished(good, error);
}

static t2v_status configure_21(const t2v_tensor_table *t, const t2v_config *published,
                               json_t *config, t2v_error *error)
{
    (void)published;
    return configure(t, false, config, error);
}

static t2v_status configure_22(const t2v_tensor_table *t, const t2v_config *published,
                               json_t *config, t2v_error *error)
{
    (void)published;
    return configure(t, true, config, error);
}

/* Names of layers; the two convolutions around the latents belong to no side. */
#define VAE_LAYERS                                                                                 \
    {"^conv1.", "quant_conv."}, {"^conv2.", "post_quant_conv."},                                   \
        {"encoder.conv1.", "encoder.conv_in."}, {"decoder.conv1.", "decoder.conv_in."},            \
        {"coder.middle.0.", "coder.mid_block.resnets.0."},                                         \
        {"coder.middle.1.", "coder.mid_block.attentions.0."},                                      \
        {"coder.middle.2.", "coder.mid_block.resnets.1."}, {"coder.head.0.", "coder.norm_out."},   \
        {"coder.head.2.", "coder.conv_out."}, {".residual.0.", ".norm1."},                         \
        {".residual.2.", ".conv1."}, {".residual.3.", ".norm2."}, {".residual.6.", ".conv2."},     \
    {                                                                                              \
        ".shortcut.", ".conv_shortcut."                                                            \
    }

/* 2.1: the decoder's blocks in a row, three layers and what enlarges behind them. */
#define UP_BLOCK(first, second, third, enlarge, block)                                             \
    {"decoder.upsamples." #first ".", "decoder.up_blocks." #block ".resnets.0."},                  \
        {"decoder.upsamples." #second ".", "decoder.up_blocks." #block ".resnets.1."},             \
        {"decoder.upsamples." #third ".", "decoder.up_blocks." #block ".resnets.2."},              \
    {                                                                                              \
        "decoder.upsamples." #enlarge ".", "decoder.up_blocks." #block ".upsamplers.0."            \
    }

static const t2v_rename vae_names_21[] = {
    VAE_LAYERS,
    {"encoder.downsamples.", "encoder.down_blocks."},
    UP_BLOCK(0, 1, 2, 3, 0),
    UP_BLOCK(4, 5, 6, 7, 1),
    UP_BLOCK(8, 9, 10, 11, 2),
    UP_BLOCK(12, 13, 14, 15, 3),
    {NULL, NULL},
};

/* 2.2: lists within lists; what enlarges or reduces is the last of its list. */
static const t2v_rename vae_names_22[] = {
    VAE_LAYERS,
    {".upsamples.3.resample.", ".upsampler.resample."},
    {".upsamples.3.time_conv.", ".upsampler.time_conv."},
    {".downsamples.2.resample.", ".downsampler.resample."},
    {".downsamples.2.time_conv.", ".downsampler.time_conv."},
    {"decoder.upsamples.", "decoder.up_blocks."},
    {"encoder.downsamples.", "encoder.down_blocks."},
    {".upsamples.", ".resnets."},
    {".downsamples.", ".resnets."},
    {NULL, NULL},
};

const t2v_part_format t2v_part_wan_vae_22 = {
    .component = "vae",
    .class_name = "AutoencoderKLWan",
    .mark = "decoder.upsamples.0.upsamples.0.residual.2.weight",
    .prefixes = t2v_part_vae_prefixes,
    .renames = vae_names_22,
    .configure = configure_22,
};

const t2v_part_format t2v_part_wan_vae_21 = {
    .component = "vae",
    .class_name = "AutoencoderKLWan",
    .mark = "decoder.middle.0.residual.0.gamma",
    .prefixes = t2v_part_vae_prefixes,
    .renames = vae_names_21,
    .configure = configure_21,
};

/* The files of diffusers folders by themselves. */
const t2v_part_format t2v_part_wan_vae_diffusers_22 = {
    .component = "vae",
    .class_name = "AutoencoderKLWan",
    .mark = "decoder.up_blocks.0.upsampler.resample.1.weight",
    .prefixes = t2v_part_vae_prefixes,
    .configure = configure_22,
};

const t2v_part_format t2v_part_wan_vae_diffusers_21 = {
    .component = "vae",
    .class_name = "AutoencoderKLWan",
    .mark = "decoder.up_blocks.0.upsamplers.0.resample.1.weight",
    .prefixes = t2v_part_vae_prefixes,
    .configure = configure_21,
};
