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

const t2v_part_format t2v_part_wan_transformer = {
    .component = "transformer",
    .mark = "text_embedding.0.weight",
    .prefixes = t2v_part_transformer_prefixes,
    .renames = transformer_names,
    .configure = configure_transformer,
    .pipeline = "WanPipeline",
    .text = "umt5",
};

/* The file of a diffusers folder by itself. */
const t2v_part_format t2v_part_wan_transformer_diffusers = {
    .component = "transformer",
    .mark = "condition_embedder.text_embedder.linear_1.weight",
    .prefixes = t2v_part_transformer_prefixes,
    .configure = configure_transformer,
    .pipeline = "WanPipeline",
    .text = "umt5",
};
