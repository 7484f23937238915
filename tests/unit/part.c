/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files.h"
#include "weights/beside.h"
#include "weights/checkpoint.h"
#include "weights/part.h"

/* ------------------------------------------------------------------ configurations */

/* A tensor of a table that has shapes alone. */
static void add(t2v_tensor_table *t, int64_t out, int64_t in, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add(t2v_tensor_table *t, int64_t out, int64_t in, const char *format, ...)
{
    char name[128];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    assert_true(t->count < t->capacity);
    t2v_tensor_entry *entry = &t->entries[t->count++];
    *entry = (t2v_tensor_entry){.path = "file"};
    entry->name = t2v_strdup(name);
    entry->tensor.shape = (t2v_shape){5, {out, in, 3, 3, 3}};
}

static t2v_tensor_table new_table(void)
{
    t2v_tensor_table table = {.capacity = 512};
    table.entries = t2v_calloc(table.capacity, sizeof(*table.entries));
    assert_non_null(table.entries);
    return table;
}

static void add_resnets(t2v_tensor_table *t, const char *prefix, int layers, int64_t width,
                        bool noise)
{
    for (int i = 0; i < layers; i++)
        add(t, width, width, "%s.resnets.%d.conv1.conv.weight", prefix, i);
    if (noise)
        add(t, width, 1, "%s.resnets.0.per_channel_scale1", prefix);
}

/* The configuration that the table's shapes lead to must have these parts. */
static void assert_configuration(const t2v_part_format *format, t2v_tensor_table *table,
                                 const char *const *wanted)
{
    t2v_error error = {0};
    json_t *config = json_object();
    assert_int_equal(t2v_tensor_table_finish(table, "file", &error), T2V_OK);
    if (format->configure(table, NULL, config, &error) < 0)
        fail_msg("%s", error.text);
    char *text = json_dumps(config, JSON_COMPACT);
    for (; *wanted; wanted++)
        if (!strstr(text, *wanted))
            fail_msg("%s lacks %s", text, *wanted);
    free(text);
    json_decref(config);
    t2v_tensor_table_free(table);
}

static void the_autoencoder_of_090_is_recognised(void **state)
{
    (void)state;
    static const int64_t down[] = {128, 256, 512, 512}, up[] = {512, 512, 256, 128};
    static const int down_layers[] = {4, 3, 3, 3}, up_layers[] = {3, 3, 3, 4};
    static const char *const published[] = {
        "\"latent_channels\":128",
        "\"patch_size\":4",
        "\"block_out_channels\":[128,256,512,512]",
        "\"layers_per_block\":[4,3,3,3,4]",
        "\"spatio_temporal_scaling\":[true,true,true,false]",
        "\"down_block_types\":[\"LTXVideoDownBlock3D\"",
        "\"downsample_type\":[\"conv\",\"conv\",\"conv\",\"conv\"]",
        "\"decoder_block_out_channels\":[128,256,512,512]",
        "\"decoder_layers_per_block\":[4,3,3,3,4]",
        "\"decoder_spatio_temporal_scaling\":[true,true,true,false]",
        "\"upsample_factor\":[1,1,1,1]",
        "\"upsample_residual\":[false,false,false,false]",
        "\"timestep_conditioning\":false",
        "\"spatial_compression_ratio\":32",
        "\"temporal_compression_ratio\":8",
        NULL,
    };
    t2v_tensor_table t = new_table();
    char prefix[64];
    add(&t, 512, 128, "decoder.conv_in.conv.weight");
    add(&t, 48, 128, "decoder.conv_out.conv.weight");
    add(&t, 128, 48, "encoder.conv_in.conv.weight");
    add(&t, 129, 512, "encoder.conv_out.conv.weight");
    add_resnets(&t, "decoder.mid_block", 4, 512, false);
    add_resnets(&t, "encoder.mid_block", 4, 512, false);
    for (int i = 0; i < 4; i++) {
        snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d", i);
        add_resnets(&t, prefix, down_layers[i], down[i], false);
        if (i < 3)
            add(&t, down[i], down[i], "%s.downsamplers.0.conv.weight", prefix);
        snprintf(prefix, sizeof(prefix), "decoder.up_blocks.%d", i);
        add_resnets(&t, prefix, up_layers[i], up[i], false);
        if (i)
            add(&t, 8 * up[i], up[i], "%s.upsamplers.0.conv.conv.weight", prefix);
    }
    assert_configuration(&t2v_part_ltx_vae_090, &t, published);
}

static void the_autoencoder_since_095_is_recognised(void **state)
{
    (void)state;
    static const int64_t down[] = {128, 256, 512, 1024, 2048}, up[] = {512, 256, 128};
    static const int down_layers[] = {4, 6, 6, 2}, positions[] = {4, 2, 8, 8};
    static const char *const published[] = {
        "\"block_out_channels\":[128,256,512,1024,2048]",
        "\"layers_per_block\":[4,6,6,2,2]",
        "\"spatio_temporal_scaling\":[true,true,true,true]",
        "\"down_block_types\":[\"LTXVideo095DownBlock3D\"",
        "\"downsample_type\":[\"spatial\",\"temporal\",\"spatiotemporal\",\"spatiotemporal\"]",
        "\"decoder_block_out_channels\":[256,512,1024]",
        "\"decoder_layers_per_block\":[5,5,5,5]",
        "\"decoder_inject_noise\":[false,false,false,false]",
        "\"upsample_factor\":[2,2,2]",
        "\"upsample_residual\":[true,true,true]",
        "\"timestep_conditioning\":true",
        NULL,
    };
    t2v_tensor_table t = new_table();
    char prefix[64];
    add(&t, 1024, 128, "decoder.conv_in.conv.weight");
    add(&t, 48, 128, "decoder.conv_out.conv.weight");
    add(&t, 128, 48, "encoder.conv_in.conv.weight");
    add(&t, 129, 2048, "encoder.conv_out.conv.weight");
    add(&t, 1, 1, "decoder.time_embedder.timestep_embedder.linear_1.weight");
    add_resnets(&t, "decoder.mid_block", 5, 1024, false);
    add_resnets(&t, "encoder.mid_block", 2, 2048, false);
    for (int i = 0; i < 4; i++) {
        snprintf(prefix, sizeof(prefix), "encoder.down_blocks.%d", i);
        add_resnets(&t, prefix, down_layers[i], down[i], false);
        add(&t, down[i + 1] / positions[i], down[i], "%s.downsamplers.0.conv.conv.weight", prefix);
    }
    for (int i = 0; i < 3; i++) {
        snprintf(prefix, sizeof(prefix), "decoder.up_blocks.%d", i);
        add_resnets(&t, prefix, 5, up[i], false);
        add(&t, 8 * up[i], 2 * up[i], "%s.upsamplers.0.conv.conv.weight", prefix);
    }
    assert_configuration(&t2v_part_ltx_vae_095, &t, published);
}

static void the_transformer_is_recognised(void **state)
{
    (void)state;
    static const char *const published[] = {
        "\"in_channels\":128",
        "\"out_channels\":128",
        "\"num_attention_heads\":32",
        "\"attention_head_dim\":64",
        "\"cross_attention_dim\":2048",
        "\"num_layers\":28",
        "\"caption_channels\":4096",
        "\"norm_elementwise_affine\":false",
        "\"attention_bias\":true",
        "\"attention_out_bias\":true",
        NULL,
    };
    t2v_tensor_table t = new_table();
    add(&t, 2048, 128, "proj_in.weight");
    add(&t, 128, 2048, "proj_out.weight");
    add(&t, 2048, 4096, "caption_projection.linear_1.weight");
    add(&t, 2048, 1, "transformer_blocks.0.attn1.to_q.bias");
    add(&t, 2048, 1, "transformer_blocks.0.attn1.to_out.0.bias");
    for (int i = 0; i < 28; i++)
        add(&t, 6, 2048, "transformer_blocks.%d.scale_shift_table", i);
    assert_configuration(&t2v_part_ltx_transformer, &t, published);
}

/* ------------------------------------------------------------------ names */

static void the_authors_names_become_the_references(void **state)
{
    (void)state;
    static const struct {
        const t2v_part_format *format;
        const char *prefix, *theirs, *wanted;
    } cases[] = {
        {&t2v_part_ltx_transformer, "model.diffusion_model.",
         "model.diffusion_model.transformer_blocks.12.attn1.q_norm.weight",
         "transformer_blocks.12.attn1.norm_q.weight"},
        {&t2v_part_ltx_transformer, "", "adaln_single.emb.timestep_embedder.linear_1.bias",
         "time_embed.emb.timestep_embedder.linear_1.bias"},
        {&t2v_part_ltx_vae_090, "vae.", "vae.decoder.up_blocks.4.conv_shortcut.weight",
         "decoder.up_blocks.2.conv_in.conv_shortcut.conv.weight"},
        {&t2v_part_ltx_vae_090, "vae.", "vae.encoder.down_blocks.9.res_blocks.3.conv1.conv.bias",
         "encoder.mid_block.resnets.3.conv1.conv.bias"},
        {&t2v_part_ltx_vae_091, "vae.", "vae.decoder.up_blocks.3.conv.conv.weight",
         "decoder.up_blocks.1.upsamplers.0.conv.conv.weight"},
        {&t2v_part_ltx_vae_095, "vae.", "vae.encoder.down_blocks.2.res_blocks.0.conv2.conv.bias",
         "encoder.down_blocks.1.resnets.0.conv2.conv.bias"},
        {&t2v_part_ltx_vae_095, "vae.", "vae.per_channel_statistics.std-of-means", "latents_std"},
        {&t2v_part_t5_gguf, "", "enc.blk.3.ffn_gate.weight",
         "encoder.block.3.layer.1.DenseReluDense.wi_0.weight"},
        {&t2v_part_t5_gguf, "", "token_embd.weight", "shared.weight"},
    };
    char name[T2V_MAX_TENSOR_NAME];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const t2v_part part = {cases[i].format, cases[i].prefix};
        assert_true(t2v_part_rename(&part, cases[i].theirs, name));
        assert_string_equal(name, cases[i].wanted);
    }
    const t2v_part part = {&t2v_part_ltx_vae_090, "vae."};
    assert_false(t2v_part_rename(&part, "model.diffusion_model.proj_out.bias", name));
}

/* Names that grow beyond the limit are passed over, not cut. */
static void endless_names_are_passed_over(void **state)
{
    (void)state;
    char name[T2V_MAX_TENSOR_NAME], out[T2V_MAX_TENSOR_NAME];
    const t2v_part part = {&t2v_part_t5_gguf, ""};
    name[0] = 0;
    for (int i = 0; i < 60; i++)
        strcat(name, "ffn_up.");
    assert_false(t2v_part_rename(&part, name, out));
}

/* ------------------------------------------------------------------ files beside each other */

static void assert_refused(const char *path, t2v_status status, const char *words)
{
    t2v_checkpoint *checkpoint;
    t2v_error error = {0};
    t2v_status got = t2v_checkpoint_open(path, NULL, &checkpoint, &error);
    if (got != status || checkpoint || !strstr(error.text, words))
        fail_msg("status %d, \"%s\", wanted %d and \"%s\"", got, error.text, status, words);
}

#define F32_OF(name) "{\"" name "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"

static void missing_parts_are_named(void **state)
{
    (void)state;
    files_write_safetensors("a/dit.safetensors", F32_OF("patchify_proj.weight"), 4);
    files_write_safetensors("a/other.safetensors", F32_OF("x"), 4);
    assert_refused(files_path("a/other.safetensors"), T2V_ERROR_UNSUPPORTED,
                   "holds no transformer of a known kind");
    assert_refused(files_path("a/dit.safetensors"), T2V_ERROR_NOT_FOUND, "has no vae");
    files_write_safetensors("a/my_vae.safetensors", F32_OF("x"), 4);
    assert_refused(files_path("a/dit.safetensors"), T2V_ERROR_UNSUPPORTED,
                   "my_vae.safetensors: holds no vae of a known kind");
    files_write_safetensors("a/my_vae.safetensors", F32_OF("per_channel_statistics.mean-of-means"),
                            4);
    assert_refused(files_path("a/dit.safetensors"), T2V_ERROR_NOT_FOUND, "has no text encoder");
    assert_refused(files_path("a/my_vae.safetensors"), T2V_ERROR_UNSUPPORTED,
                   "holds no transformer of a known kind, but a model's vae");
    files_write_safetensors("b/A14B-HighNoise.safetensors", F32_OF("patchify_proj.weight"), 4);
    assert_refused(files_path("b/A14B-HighNoise.safetensors"), T2V_ERROR_NOT_FOUND,
                   "is the first of two transformers");
    files_write_safetensors("b/a14b_low_noise.safetensors", F32_OF("patchify_proj.weight"), 4);
    assert_refused(files_path("b/a14b_low_noise.safetensors"), T2V_ERROR_NOT_FOUND,
                   "is the second of two transformers");
    assert_refused(files_path("b/A14B-HighNoise.safetensors"), T2V_ERROR_NOT_FOUND, "has no vae");
    files_write_text("a/m.t2v.json", "{\"name\": \"x\"}");
    assert_refused(files_path("a/m.t2v.json"), T2V_ERROR_NOT_FOUND, "names no \"transformer\"");
    files_write_text("a/m.t2v.json", "{\"transformer\": \"none.gguf\"}");
    assert_refused(files_path("a/m.t2v.json"), T2V_ERROR_NOT_FOUND, "a/none.gguf: No such file");
}

static void pictures_want_a_vision_encoder(void **state)
{
    (void)state;
    static const char two[] =
        "{\"text_embedding.0.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        "\"img_emb.proj.0.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
    files_write_safetensors("i/dit.safetensors", two, 8);
    files_write_safetensors("i/wan_vae.safetensors", F32_OF("decoder.middle.0.residual.0.gamma"),
                            4);
    files_write_safetensors("i/umt5.safetensors",
                            F32_OF("encoder.block.0.layer.0.SelfAttention.q.weight"), 4);
    assert_refused(files_path("i/dit.safetensors"), T2V_ERROR_NOT_FOUND, "has no vision encoder");
    t2v_checkpoint *checkpoint;
    t2v_error error;
    files_write_safetensors("i/clip_vision_h.safetensors", F32_OF("x"), 4);
    assert_int_equal(
        t2v_checkpoint_open(files_path("i/dit.safetensors"), NULL, &checkpoint, &error), T2V_OK);
    assert_string_equal(t2v_checkpoint_pipeline(checkpoint), "WanImageToVideoPipeline");
    t2v_checkpoint_close(&checkpoint);
}

static void parts_are_found_by_the_words_in_their_names(void **state)
{
    (void)state;
    static const char *const folders[] = {".", "../b", NULL};
    const t2v_beside wanted = {"text encoder", "t5", folders};
    const char *file = files_write_text("c/dit.gguf", "");
    char *path;
    t2v_error error;
    files_write_text("b/umt5_xxl.safetensors", "");
    files_write_text("b/t5.txt", "");
    assert_int_equal(t2v_beside_find(file, &wanted, &path, &error), T2V_OK);
    assert_null(path);
    files_write_text("b/google_T5-xxl.gguf", "");
    assert_int_equal(t2v_beside_find(files_path("c/dit.gguf"), &wanted, &path, &error), T2V_OK);
    assert_non_null(strstr(path, "/b/google_T5-xxl.gguf"));
    t2v_free(path);
    files_write_text("b/t5xxl.safetensors", "");
    assert_int_equal(t2v_beside_find(files_path("c/dit.gguf"), &wanted, &path, &error),
                     T2V_ERROR_NOT_FOUND);
    assert_null(path);
    assert_non_null(strstr(error.text, "say which in a manifest"));
}

static void wan_transformers_are_recognised(void **state)
{
    (void)state;
    static const char *const published[] = {
        "\"num_attention_heads\":12", "\"attention_head_dim\":128",
        "\"num_layers\":3",           "\"in_channels\":16",
        "\"out_channels\":16",        "\"text_dim\":4096",
        "\"freq_dim\":256",           "\"ffn_dim\":8960",
        "\"cross_attn_norm\":true",   NULL,
    };
    t2v_tensor_table t = new_table();
    add(&t, 1536, 16, "patch_embedding.weight");
    add(&t, 27 * 16, 1536, "proj_out.weight");
    add(&t, 1536, 4096, "condition_embedder.text_embedder.linear_1.weight");
    add(&t, 1536, 256, "condition_embedder.time_embedder.linear_1.weight");
    for (int i = 0; i < 3; i++) {
        add(&t, 1, 6, "blocks.%d.scale_shift_table", i);
        add(&t, 8960, 1536, "blocks.%d.ffn.net.0.proj.weight", i);
        add(&t, 1536, 1, "blocks.%d.norm2.weight", i);
    }
    assert_configuration(&t2v_part_wan_transformer, &t, published);
}

/* The table's shapes lead to no configuration, and the sentence has these words. */
static void assert_no_configuration(const t2v_part_format *format, t2v_tensor_table *table,
                                    const char *words)
{
    t2v_error error = {0};
    json_t *config = json_object();
    assert_int_equal(t2v_tensor_table_finish(table, "file", &error), T2V_OK);
    assert_true(format->configure(table, NULL, config, &error) < 0);
    assert_non_null(strstr(error.text, words));
    json_decref(config);
    t2v_tensor_table_free(table);
}

static void vision_encoders_are_recognised(void **state)
{
    (void)state;
    static const char *const published[] = {
        "\"hidden_size\":1280",     "\"num_attention_heads\":16",
        "\"num_hidden_layers\":32", "\"intermediate_size\":5120",
        "\"patch_size\":14",        "\"image_size\":224",
        "\"hidden_act\":\"gelu\"",  NULL,
    };
    for (int original = 0; original < 2; original++) {
        t2v_tensor_table t = new_table();
        add(&t, 1280, 3, "embeddings.patch_embedding.weight");
        t.entries[0].tensor.shape = (t2v_shape){4, {1280, 3, 14, 14}};
        if (original)
            add(&t, 1, 257, "embeddings.position_embedding");
        else
            add(&t, 257, 1280, "embeddings.position_embedding.weight");
        for (int i = 0; i < 32; i++)
            add(&t, 5120, 1280, "encoder.layers.%d.mlp.fc1.weight", i);
        assert_configuration(original ? &t2v_part_clip_original : &t2v_part_clip, &t, published);
    }
    t2v_tensor_table t = new_table();
    add(&t, 1280, 3, "embeddings.patch_embedding.weight");
    add(&t, 256, 1280, "embeddings.position_embedding.weight");
    add(&t, 5120, 1280, "encoder.layers.0.mlp.fc1.weight");
    assert_no_configuration(&t2v_part_clip, &t, "256 positions");
}

static void tiny_autoencoders_are_recognised(void **state)
{
    (void)state;
    static const char *const published[] = {
        "\"_class_name\":\"TAEHV\"", "\"latent_channels\":48",
        "\"patch_size\":2",          "\"decoder_channels\":[256,128,64,64]",
        "\"decoder_time\":[1,2,2]",  "\"encoder_channels\":64",
        "\"encoder_time\":[2,2,1]",  NULL,
    };
    static const int growth[] = {7, 13, 19}, pool[] = {2, 7, 12}, conv[] = {8, 14, 20};
    static const int width[] = {256, 128, 64, 64}, times[] = {1, 2, 2}, pooled[] = {2, 2, 1};
    t2v_tensor_table t = new_table();
    add(&t, 256, 48, "decoder.1.weight");
    add(&t, 12, 1, "decoder.22.bias");
    add(&t, 64, 12, "encoder.0.weight");
    for (int i = 0; i < 3; i++) {
        add(&t, width[i] * times[i], width[i], "decoder.%d.conv.weight", growth[i]);
        add(&t, width[i + 1], width[i], "decoder.%d.weight", conv[i]);
        add(&t, 64, 64 * pooled[i], "encoder.%d.conv.weight", pool[i]);
    }
    assert_configuration(&t2v_part_tiny_vae, &t, published);
    t = new_table();
    add(&t, 10, 1, "decoder.22.bias");
    assert_no_configuration(&t2v_part_tiny_vae, &t, "10 elements");
}

static void add_wan_decoder(t2v_tensor_table *t, int64_t base, const char *upsampler)
{
    static const int multiple[] = {4, 4, 2, 1};
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 3; j++)
            add(t, base * multiple[i], 1, "decoder.up_blocks.%d.resnets.%d.conv1.weight", i, j);
        if (i < 2)
            add(t, 1, 1, "decoder.up_blocks.%d.%s.time_conv.weight", i, upsampler);
    }
    add(t, base, 1, "decoder.norm_out.gamma");
}

static void wan_autoencoders_are_recognised(void **state)
{
    (void)state;
    static const char *const first[] = {"\"base_dim\":96",
                                        "\"dim_mult\":[1,2,4,4]",
                                        "\"num_res_blocks\":2",
                                        "\"temperal_downsample\":[false,true,true]",
                                        "\"z_dim\":16",
                                        "\"scale_factor_spatial\":8",
                                        "\"scale_factor_temporal\":4",
                                        "\"patch_size\":1",
                                        "\"is_residual\":false",
                                        NULL};
    static const char *const second[] = {"\"base_dim\":160",
                                         "\"decoder_base_dim\":256",
                                         "\"dim_mult\":[1,2,4,4]",
                                         "\"z_dim\":48",
                                         "\"scale_factor_spatial\":16",
                                         "\"patch_size\":2",
                                         "\"out_channels\":12",
                                         "\"is_residual\":true",
                                         "\"latents_mean\":[-0.2288",
                                         NULL};
    t2v_tensor_table t = new_table();
    add_wan_decoder(&t, 96, "upsamplers.0");
    add(&t, 96, 3, "encoder.conv_in.weight");
    add(&t, 16, 16, "post_quant_conv.weight");
    add(&t, 3, 96, "decoder.conv_out.weight");
    assert_configuration(&t2v_part_wan_vae_21, &t, first);
    t = new_table();
    add_wan_decoder(&t, 256, "upsampler");
    add(&t, 160, 12, "encoder.conv_in.weight");
    add(&t, 48, 48, "post_quant_conv.weight");
    add(&t, 12, 256, "decoder.conv_out.weight");
    assert_configuration(&t2v_part_wan_vae_22, &t, second);
}

static void wan_names_become_the_references(void **state)
{
    (void)state;
    static const struct {
        const t2v_part_format *format;
        const char *theirs, *reference;
    } cases[] = {
        {&t2v_part_wan_transformer, "blocks.7.self_attn.norm_k.weight",
         "blocks.7.attn1.norm_k.weight"},
        {&t2v_part_wan_transformer, "blocks.7.cross_attn.o.bias", "blocks.7.attn2.to_out.0.bias"},
        {&t2v_part_wan_transformer, "blocks.12.norm3.weight", "blocks.12.norm2.weight"},
        {&t2v_part_wan_transformer, "blocks.0.modulation", "blocks.0.scale_shift_table"},
        {&t2v_part_wan_transformer, "head.modulation", "scale_shift_table"},
        {&t2v_part_wan_vae_21, "conv1.weight", "quant_conv.weight"},
        {&t2v_part_wan_vae_21, "decoder.conv1.weight", "decoder.conv_in.weight"},
        {&t2v_part_wan_vae_21, "decoder.upsamples.4.residual.2.weight",
         "decoder.up_blocks.1.resnets.0.conv1.weight"},
        {&t2v_part_wan_vae_21, "decoder.upsamples.4.shortcut.weight",
         "decoder.up_blocks.1.resnets.0.conv_shortcut.weight"},
        {&t2v_part_wan_vae_21, "decoder.upsamples.11.resample.1.weight",
         "decoder.up_blocks.2.upsamplers.0.resample.1.weight"},
        {&t2v_part_wan_vae_21, "encoder.downsamples.10.residual.6.bias",
         "encoder.down_blocks.10.conv2.bias"},
        {&t2v_part_wan_vae_22, "decoder.upsamples.0.upsamples.3.time_conv.bias",
         "decoder.up_blocks.0.upsampler.time_conv.bias"},
        {&t2v_part_wan_vae_22, "decoder.upsamples.2.upsamples.0.shortcut.bias",
         "decoder.up_blocks.2.resnets.0.conv_shortcut.bias"},
        {&t2v_part_wan_vae_22, "encoder.downsamples.1.downsamples.2.resample.1.weight",
         "encoder.down_blocks.1.downsampler.resample.1.weight"},
        {&t2v_part_wan_vae_22, "encoder.middle.1.to_qkv.weight",
         "encoder.mid_block.attentions.0.to_qkv.weight"},
        {&t2v_part_umt5_original, "blocks.3.ffn.gate.0.weight",
         "encoder.block.3.layer.1.DenseReluDense.wi_0.weight"},
        {&t2v_part_wan_transformer, "img_emb.proj.3.weight",
         "condition_embedder.image_embedder.ff.net.2.weight"},
        {&t2v_part_clip, "vision_model.pre_layrnorm.bias", "pre_layrnorm.bias"},
        {&t2v_part_clip_original, "visual.transformer.7.attn.to_qkv.bias",
         "encoder.layers.7.self_attn.to_qkv.bias"},
        {&t2v_part_clip_original, "visual.transformer.7.norm2.weight",
         "encoder.layers.7.layer_norm2.weight"},
        {&t2v_part_clip_original, "visual.pos_embedding", "embeddings.position_embedding"},
        {&t2v_part_umt5_original, "norm.weight", "encoder.final_layer_norm.weight"},
        {&t2v_part_umt5_original, "blocks.3.norm1.weight",
         "encoder.block.3.layer.0.layer_norm.weight"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const t2v_part part = {cases[i].format, ""};
        char name[T2V_MAX_TENSOR_NAME];
        assert_true(t2v_part_rename(&part, cases[i].theirs, name));
        assert_string_equal(name, cases[i].reference);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_autoencoder_of_090_is_recognised),
        cmocka_unit_test(the_autoencoder_since_095_is_recognised),
        cmocka_unit_test(the_transformer_is_recognised),
        cmocka_unit_test(the_authors_names_become_the_references),
        cmocka_unit_test(endless_names_are_passed_over),
        cmocka_unit_test(missing_parts_are_named),
        cmocka_unit_test(parts_are_found_by_the_words_in_their_names),
        cmocka_unit_test(wan_transformers_are_recognised),
        cmocka_unit_test(wan_autoencoders_are_recognised),
        cmocka_unit_test(wan_names_become_the_references),
        cmocka_unit_test(vision_encoders_are_recognised),
        cmocka_unit_test(tiny_autoencoders_are_recognised),
        cmocka_unit_test(pictures_want_a_vision_encoder),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
