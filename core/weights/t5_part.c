/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encoders of T5 1.1 and UMT5 as single files: by the names of transformers, and by llama.cpp's. */
#include "weights/part.h"

enum { MAX_LAYERS = 256 };

static t2v_status configure(const t2v_tensor_table *t, const t2v_config *published, json_t *config,
                            t2v_error *error)
{
    static const char attention[] = "encoder.block.0.layer.0.SelfAttention.";
    const int64_t buckets = t2v_part_size(t, 0, "%srelative_attention_bias.weight", attention);
    const int64_t heads = t2v_part_size(t, 1, "%srelative_attention_bias.weight", attention);
    const int64_t inner = t2v_part_size(t, 0, "%sq.weight", attention);
    int layers = 0;
    (void)published;
    while (layers < MAX_LAYERS &&
           t2v_part_has(t, "encoder.block.%d.layer.0.SelfAttention.q.weight", layers))
        layers++;
    if (!heads || inner % heads)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: a text encoder of %lld heads and %lld channels in its attention",
                        t->entries[0].path, (long long)heads, (long long)inner);
    json_t *more = json_pack(
        "{s:I, s:I, s:I, s:I, s:i, s:I, s:I, s:s}", "d_model",
        (json_int_t)t2v_part_size(t, 1, "shared.weight"), "vocab_size",
        (json_int_t)t2v_part_size(t, 0, "shared.weight"), "num_heads", (json_int_t)heads, "d_kv",
        (json_int_t)(inner / heads), "num_layers", layers, "relative_attention_num_buckets",
        (json_int_t)buckets, "d_ff",
        (json_int_t)t2v_part_size(t, 0, "encoder.block.0.layer.1.DenseReluDense.wi_0.weight"),
        "feed_forward_proj", "gated-gelu");
    const int failed = json_object_update(config, more);
    json_decref(more);
    return failed ? t2v_fail_memory(error, "a configuration", 0) : T2V_OK;
}

static const char *const prefixes[] = {"",
                                       "text_encoder.",
                                       "text_encoders.t5xxl.transformer.",
                                       "text_encoders.umt5xxl.transformer.",
                                       "cond_stage_model.transformer.",
                                       NULL};

const t2v_part_format t2v_part_t5 = {
    .component = "text_encoder",
    .mark = "encoder.block.0.layer.0.SelfAttention.q.weight",
    .prefixes = prefixes,
    .configure = configure,
};

static const t2v_rename llama_names[] = {
    {"enc.blk.", "encoder.block."},
    {"enc.output_norm", "encoder.final_layer_norm"},
    {"token_embd", "shared"},
    {"attn_q.", "layer.0.SelfAttention.q."},
    {"attn_k.", "layer.0.SelfAttention.k."},
    {"attn_v.", "layer.0.SelfAttention.v."},
    {"attn_o.", "layer.0.SelfAttention.o."},
    {"attn_norm", "layer.0.layer_norm"},
    {"attn_rel_b", "layer.0.SelfAttention.relative_attention_bias"},
    {"ffn_up", "layer.1.DenseReluDense.wi_1"},
    {"ffn_down", "layer.1.DenseReluDense.wo"},
    {"ffn_gate", "layer.1.DenseReluDense.wi_0"},
    {"ffn_norm", "layer.1.layer_norm"},
    {NULL, NULL},
};

const t2v_part_format t2v_part_t5_gguf = {
    .component = "text_encoder",
    .mark = "enc.blk.0.attn_q.weight",
    .prefixes = prefixes,
    .renames = llama_names,
    .configure = configure,
};

/* UMT5 as Wan's authors publish it. */
static const t2v_rename original_names[] = {
    {"^token_embedding.", "shared."},
    {"^norm.", "encoder.final_layer_norm."},
    {"^blocks.", "encoder.block."},
    {".norm1.", ".layer.0.layer_norm."},
    {".norm2.", ".layer.1.layer_norm."},
    {".attn.", ".layer.0.SelfAttention."},
    {".pos_embedding.embedding.", ".layer.0.SelfAttention.relative_attention_bias."},
    {".ffn.gate.0.", ".layer.1.DenseReluDense.wi_0."},
    {".ffn.fc1.", ".layer.1.DenseReluDense.wi_1."},
    {".ffn.fc2.", ".layer.1.DenseReluDense.wo."},
    {NULL, NULL},
};

const t2v_part_format t2v_part_umt5_original = {
    .component = "text_encoder",
    .mark = "blocks.0.pos_embedding.embedding.weight",
    .prefixes = prefixes,
    .renames = original_names,
    .configure = configure,
};
