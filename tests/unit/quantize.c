/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of models with their weights as bytes, and files of such weights that are damaged. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "engine/quantize.h"
#include "files.h"
#include "weights/component.h"
#include "weights/safetensors.h"

static t2v_error error;

/* Row 0: ±1 and a half; row 1 has another scale; row 2 is 0. */
static const float weights[12] = {1, -1, 0.5f, 0.004f, 30, 20, 10, -5, 0, 0, 0, 0};

/* Writes F32 tensors [3, 4] that all hold `weights`, with a note. */
static void write_tensors(const char *name, const char *const *tensors, size_t count)
{
    const t2v_safetensors_note note = {"format", "p\"t"};
    t2v_safetensors_entry entries[8];
    t2v_safetensors_writer *writer;
    for (size_t i = 0; i < count; i++)
        entries[i] = (t2v_safetensors_entry){tensors[i], T2V_F32, {2, {3, 4}}};
    files_write_text(name, ""); /* makes the folder */
    assert_int_equal(
        t2v_safetensors_create_noted(files_path(name), entries, count, &note, 1, &writer, &error),
        T2V_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(t2v_safetensors_append(writer, i, weights, sizeof(weights), &error),
                         T2V_OK);
    assert_int_equal(t2v_safetensors_finish(&writer, &error), T2V_OK);
}

#define WRITE(name, ...)                                                                           \
    do {                                                                                           \
        static const char *const names[] = {__VA_ARGS__};                                          \
        write_tensors(name, names, sizeof(names) / sizeof(names[0]));                              \
    } while (0)

#define BLOCK "transformer_blocks.0."
#define T5 "encoder.block.0.layer.0."

static int make_model(void **state)
{
    (void)state;
    files_write_text("m/model_index.json",
                     "{\"_class_name\": \"LTXPipeline\", \"transformer\": [\"a\", \"b\"],"
                     " \"vae\": [\"a\", \"b\"], \"text_encoder\": [\"a\", \"b\"],"
                     " \"tokenizer\": [\"a\", \"b\"]}");
    files_write_text("m/LICENSE", "free");
    files_write_text("m/transformer/config.json", "{}");
    files_write_text("m/transformer/diffusion_pytorch_model.bin", "pickle");
    files_write_text("m/vae/config.json", "{}");
    files_write_text("m/text_encoder/config.json", "{}");
    files_write_text("m/tokenizer/spiece.model", "pieces");
    files_write_text("m/samples/clip.txt", "no component");
    WRITE("m/transformer/diffusion_pytorch_model.safetensors", BLOCK "attn1.to_q.weight",
          "proj_in.weight", BLOCK "scale_shift_table");
    WRITE("m/transformer/diffusion_pytorch_model.fp16.safetensors", "other");
    WRITE("m/vae/diffusion_pytorch_model.safetensors", BLOCK "linear.weight");
    WRITE("m/text_encoder/one.safetensors", T5 "SelfAttention.q.weight", "shared.weight");
    WRITE("m/text_encoder/two.safetensors", T5 "SelfAttention.relative_attention_bias.weight");
    files_write_text("m/text_encoder/model.safetensors.index.json",
                     "{\"weight_map\": {\"" T5 "SelfAttention.q.weight\": \"one.safetensors\","
                     " \"shared.weight\": \"one.safetensors\", \"" T5
                     "SelfAttention.relative_attention_bias.weight\": \"two.safetensors\"}}");
    return 0;
}

static int setup(void **state)
{
    return files_setup(state) || make_model(state);
}

static void assert_stored(const char *folder, const char *name, bool bytes)
{
    static const int64_t dim[2] = {3, 4};
    t2v_component *component;
    t2v_tensor tensor;
    float *values;
    if (t2v_component_open(files_path(folder), NULL, true, &component, &error) < 0 ||
        t2v_component_tensor(component, &tensor, &error, 2, dim, "%s", name) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(tensor.dtype, bytes ? T2V_I8 : T2V_F32);
    assert_int_equal(t2v_tensor_bytes(&tensor) != NULL, bytes);
    assert_int_equal(t2v_tensor_to_floats(&tensor, &values, &error), T2V_OK);
    for (int i = 0; i < 12; i++) {
        const double step = (i < 4 ? 1.0 : i < 8 ? 30.0 : 0.0) / 127;
        assert_float_equal(values[i], weights[i], bytes ? 0.5 * step + 1e-6 : 0);
    }
    t2v_free(values);
    assert_int_equal(t2v_component_parameters(component) % 12, 0); /* scales do not count */
    t2v_component_close(&component);
}

static void folders_are_copied_with_bytes_for_weights(void **state)
{
    (void)state;
    if (t2v_quantize_model(files_path("m"), files_path("out"), NULL, NULL, &error) < 0)
        fail_msg("%s", error.text);
    assert_stored("out/transformer", BLOCK "attn1.to_q.weight", true);
    assert_stored("out/transformer", "proj_in.weight", false);
    assert_stored("out/transformer", BLOCK "scale_shift_table", false);
    assert_stored("out/vae", BLOCK "linear.weight", false);
    assert_stored("out/text_encoder", T5 "SelfAttention.q.weight", true);
    assert_stored("out/text_encoder", "shared.weight", true);
    assert_stored("out/text_encoder", T5 "SelfAttention.relative_attention_bias.weight", false);
    assert_true(files_exists("out/tokenizer/spiece.model") && files_exists("out/LICENSE"));
    assert_true(files_exists("out/text_encoder/model.safetensors"));
    assert_false(files_exists("out/text_encoder/model.safetensors.index.json"));
    assert_false(files_exists("out/transformer/diffusion_pytorch_model.bin"));
    assert_false(files_exists("out/transformer/diffusion_pytorch_model.fp16.safetensors"));
    assert_false(files_exists("out/samples"));
}

static void single_files_are_copied_under_their_own_names(void **state)
{
    (void)state;
    t2v_safetensors *file;
    WRITE("single.safetensors", "model.diffusion_model." BLOCK "attn1.to_q.weight",
          "model.diffusion_model.patchify_proj.weight",
          "model.diffusion_model.adaln_single.emb.timestep_embedder.linear_1.weight",
          "vae.decoder.up_blocks.0.weight");
    if (t2v_quantize_model(files_path("single.safetensors"), files_path("small"), NULL, NULL,
                           &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(t2v_safetensors_open(files_path("small"), &file, &error), T2V_OK);
    assert_string_equal(t2v_safetensors_metadata(file, "format"), "p\"t");
    assert_int_equal(t2v_safetensors_count(file), 5);
    assert_int_equal(
        t2v_safetensors_find(file, "model.diffusion_model." BLOCK "attn1.to_q.weight")->dtype,
        T2V_I8);
    assert_non_null(
        t2v_safetensors_find(file, "model.diffusion_model." BLOCK "attn1.to_q.weight.scale"));
    assert_int_equal(t2v_safetensors_find(file, "vae.decoder.up_blocks.0.weight")->dtype, T2V_F32);
    t2v_safetensors_close(&file);
}

static void assert_refused(const char *model, const char *out, const char *words)
{
    const int before = files_count();
    assert_true(t2v_quantize_model(files_path(model), files_path(out), NULL, NULL, &error) < 0);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    assert_int_equal(files_count(), before); /* nothing is left behind */
}

static void what_cannot_be_copied_is_refused(void **state)
{
    (void)state;
    static const float broken[12] = {0, 0, 0, 0, 0, NAN};
    files_write_text("here", "a file");
    files_write_text("manifest.json", "{}");
    files_write("model.gguf", "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24);
    WRITE("vae.safetensors", "decoder.conv_in.weight");
    assert_refused("m", "here", "here: exists already");
    assert_refused("none", "new", "none: No such file");
    assert_refused("m/vae", "new", "has no model_index.json");
    assert_refused("manifest.json", "new", "is a manifest");
    assert_refused("model.gguf", "new", "model.gguf: ");
    assert_refused("vae.safetensors", "new", "holds no transformer and no text encoder");
    assert_refused("m/model_index.json", "new", "is a manifest");
    files_write_text("m/text_encoder/two.safetensors", "x");
    assert_refused("m", "new", "two.safetensors: ");
    WRITE("m/text_encoder/two.safetensors", T5 "SelfAttention.relative_attention_bias.weight");
    /* the numbers are the last bytes of a file with one tensor */
    WRITE("bad/transformer/diffusion_pytorch_model.safetensors", BLOCK "attn1.to_q.weight");
    files_write_text("bad/transformer/config.json", "{}");
    files_write_text("bad/model_index.json", "{\"transformer\": [\"a\", \"b\"]}");
    FILE *file = fopen(files_path("bad/transformer/diffusion_pytorch_model.safetensors"), "r+b");
    fseek(file, -(long)sizeof(broken), SEEK_END);
    fwrite(broken, sizeof(broken), 1, file);
    fclose(file);
    assert_refused("bad", "new", "row 1 holds a number that is not finite");
}

static void a_copy_is_not_copied_again(void **state)
{
    (void)state;
    assert_int_equal(t2v_quantize_model(files_path("m"), files_path("once"), NULL, NULL, &error),
                     T2V_OK);
    assert_refused("once", "twice", "has no weights that could become bytes");
}

/* ------------------------------------------------------------------ damaged files */

static void assert_damaged(const char *header, size_t bytes, const char *words)
{
    static const int64_t dim[2] = {2, 2};
    t2v_component *component = NULL;
    t2v_tensor tensor;
    files_write_text("d/config.json", "{}");
    files_write_safetensors("d/model.safetensors", header, bytes);
    t2v_status status = t2v_component_open(files_path("d"), NULL, true, &component, &error);
    if (status >= 0)
        status = t2v_component_tensor(component, &tensor, &error, 2, dim, "x");
    t2v_component_close(&component);
    assert_true(status < 0);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

static void damaged_bytes_are_refused(void **state)
{
    (void)state;
#define X "\"x\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]}"
    assert_damaged("{" X "}", 4, "tensor x is of type I8, but has no scales");
    assert_damaged("{" X ",\"x.scale\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[4,16]}}",
                   16, "3 numbers of type F32, wanted one scale for all of x or one for each");
    assert_damaged("{" X ",\"x.scale\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[4,20]}}",
                   20, "2 numbers of type I64");
    /* as F16: 0x7b7a is finite, 0x7d7c no number, 0x8382 negative */
    assert_damaged("{" X
                   ",\"x.scale\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[122,126]},"
                   "\"y\":{\"dtype\":\"U8\",\"shape\":[118],\"data_offsets\":[4,122]}}",
                   126, "scale 1 is nan, wanted a finite number that is not negative");
    assert_damaged("{" X
                   ",\"x.scale\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[130,134]},"
                   "\"y\":{\"dtype\":\"U8\",\"shape\":[126],\"data_offsets\":[4,130]}}",
                   134, "scale 0 is -5");
#undef X
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_copied_with_bytes_for_weights),
        cmocka_unit_test(single_files_are_copied_under_their_own_names),
        cmocka_unit_test(what_cannot_be_copied_is_refused),
        cmocka_unit_test(a_copy_is_not_copied_again),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, files_teardown);
}
