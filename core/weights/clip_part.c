/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLIP's vision encoder (Radford et al. 2021) as a file by itself: by the names of transformers
 * (clip_vision_h.safetensors) and by those of Wan's authors
 * (models_clip_open-clip-xlm-roberta-large-vit-huge-14), whose text encoder beside it is not read.
 */
#include "weights/part.h"

enum { MAX_LAYERS = 256, HEAD_DIM = 80 /* of ViT-H, the one that Wan was trained with */ };

/* The side of the square whose cells `positions` stand for. */
static int64_t root_of(int64_t positions)
{
    int64_t side = 0;
    while (side * side < positions)
        side++;
    return side * side == positions ? side : 0;
}

static int64_t count_layers(const t2v_tensor_table *t)
{
    int layers = 0;
    while (layers < MAX_LAYERS && t2v_part_has(t, "encoder.layers.%d.mlp.fc1.weight", layers))
        layers++;
    return layers;
}

/* Sizes; `positions` includes the one of the whole picture. */
static t2v_status configure_sizes(const t2v_tensor_table *t, int64_t positions, json_t *config,
                                  t2v_error *error)
{
    const int64_t width = t2v_part_size(t, 0, "embeddings.patch_embedding.weight");
    const int64_t patch = t2v_part_size(t, 3, "embeddings.patch_embedding.weight");
    const int64_t layers = count_layers(t);
    const int64_t cells = positions > 1 && positions < 1 << 20 ? root_of(positions - 1) : 0;
    bool good = true;
    if (!width || width % HEAD_DIM || !patch || patch > 4096 || !layers || !cells)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: a vision encoder of %lld layers, %lld channels and %lld positions, "
                        "wanted some layers, a multiple of %d channels and a square of positions "
                        "and one more",
                        t->entries[0].path, (long long)layers, (long long)width,
                        (long long)positions, HEAD_DIM);
    t2v_part_set(config, "hidden_size", json_integer(width), &good);
    t2v_part_set(config, "num_attention_heads", json_integer(width / HEAD_DIM), &good);
    t2v_part_set(config, "num_hidden_layers", json_integer(layers), &good);
    t2v_part_set(config, "intermediate_size",
                 json_integer(t2v_part_size(t, 0, "encoder.layers.0.mlp.fc1.weight")), &good);
    t2v_part_set(config, "patch_size", json_integer(patch), &good);
    t2v_part_set(config, "image_size", json_integer(cells * patch), &good);
    t2v_part_set(config, "hidden_act", json_string("gelu"), &good);
    return t2v_part_finished(good, error);
}

static t2v_status configure(const t2v_tensor_table *t, const t2v_config *published, json_t *config,
                            t2v_error *error)
{
    (void)published;
    return configure_sizes(t, t2v_part_size(t, 0, "embeddings.position_embedding.weight"), config,
                           error);
}

/* The authors keep the positions as a batch of one. */
static t2v_status configure_original(const t2v_tensor_table *t, const t2v_config *published,
                                     json_t *config, t2v_error *error)
{
    (void)published;
    return configure_sizes(t, t2v_part_size(t, 1, "embeddings.position_embedding"), config, error);
}

static const char *const prefixes[] = {"", "image_encoder.", "clip_vision.", "model.", NULL};

static const t2v_rename names[] = {{"^vision_model.", ""}, {NULL, NULL}};

static const t2v_rename original_names[] = {
    {"^visual.", ""},
    {"^cls_embedding", "embeddings.class_embedding"},
    {"^pos_embedding", "embeddings.position_embedding"},
    {"^patch_embedding.", "embeddings.patch_embedding."},
    {"^pre_norm.", "pre_layrnorm."},
    {"^transformer.", "encoder.layers."},
    {".norm1.", ".layer_norm1."},
    {".norm2.", ".layer_norm2."},
    {".attn.to_qkv.", ".self_attn.to_qkv."},
    {".attn.proj.", ".self_attn.out_proj."},
    {".mlp.0.", ".mlp.fc1."},
    {".mlp.2.", ".mlp.fc2."},
    {NULL, NULL},
};

const t2v_part_format t2v_part_clip = {
    .component = "image_encoder",
    .mark = "vision_model.embeddings.class_embedding",
    .prefixes = prefixes,
    .renames = names,
    .configure = configure,
};

/* As transformers writes it since its fifth version. */
const t2v_part_format t2v_part_clip_bare = {
    .component = "image_encoder",
    .mark = "embeddings.class_embedding",
    .prefixes = prefixes,
    .configure = configure,
};

const t2v_part_format t2v_part_clip_original = {
    .component = "image_encoder",
    .mark = "visual.cls_embedding",
    .prefixes = prefixes,
    .renames = original_names,
    .configure = configure_original,
};
