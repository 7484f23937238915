/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "files.h"
#include "weights/checkpoint.h"

static const char model_index[] =
    "{\"_class_name\": \"LTXPipeline\", \"_diffusers_version\": \"0.42.1\","
    " \"transformer\": [\"diffusers\", \"LTXVideoTransformer3DModel\"],"
    " \"text_encoder\": [\"transformers\", \"T5EncoderModel\"],"
    " \"scheduler\": [\"diffusers\", \"FlowMatchEulerDiscreteScheduler\"],"
    " \"image_encoder\": [null, null]}";

#define TENSOR(name, begin, end, size)                                                             \
    "\"" name "\":{\"dtype\":\"F16\",\"shape\":[" #size ",1],\"data_offsets\":[" #begin "," #end   \
    "]}"
static const char dit_class[] = "LTXVideoTransformer3DModel";

/* A good checkpoint: a DiT in one file, a text encoder in two shards, a scheduler. */
static int make_checkpoint(void **state)
{
    (void)state;
    files_write_text("m/model_index.json", model_index);
    files_write_text("m/transformer/config.json",
                     "{\"_class_name\": \"LTXVideoTransformer3DModel\"}");
    files_write_safetensors(
        "m/transformer/diffusion_pytorch_model.safetensors",
        "{" TENSOR("blocks.0.weight", 0, 6,
                   3) ","
                      "\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[6,14]},"
                      "\"wide\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[14,22]}}",
        22);
    files_write_text("m/text_encoder/config.json", "{\"architectures\": [\"T5EncoderModel\"]}");
    files_write_safetensors("m/text_encoder/model-00001-of-00002.safetensors",
                            "{" TENSOR("a", 0, 4, 2) "}", 4);
    files_write_safetensors("m/text_encoder/model-00002-of-00002.safetensors",
                            "{" TENSOR("b", 0, 2, 1) "}", 2);
    files_write_text("m/text_encoder/model.safetensors.index.json",
                     "{\"metadata\": {\"total_size\": 6}, \"weight_map\": {"
                     "\"a\": \"model-00001-of-00002.safetensors\","
                     "\"b\": \"model-00002-of-00002.safetensors\"}}");
    files_write_text("m/scheduler/scheduler_config.json",
                     "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}");
    return 0;
}

static int setup(void **state)
{
    return files_setup(state) || make_checkpoint(state);
}

static t2v_checkpoint *open_checkpoint(void)
{
    t2v_checkpoint *checkpoint;
    t2v_error error;
    if (t2v_checkpoint_open(files_path("m"), NULL, &checkpoint, &error) < 0)
        fail_msg("%s", error.text);
    return checkpoint;
}

static t2v_component *open_component(const char *name, const char *class_name)
{
    t2v_checkpoint *checkpoint = open_checkpoint();
    t2v_component *component;
    t2v_error error;
    if (t2v_checkpoint_component(checkpoint, name, class_name, true, &component, &error) < 0)
        fail_msg("%s", error.text);
    t2v_checkpoint_close(&checkpoint);
    return component;
}

static void assert_words(t2v_status got, t2v_status status, const t2v_error *error,
                         const char *words)
{
    if (got != status || error->status != status || !strstr(error->text, words))
        fail_msg("status %d, \"%s\", wanted %d and \"%s\"", got, error->text, status, words);
}

static void assert_folder_refused(const char *folder, t2v_status status, const char *words)
{
    t2v_checkpoint *checkpoint;
    t2v_error error = {0};
    assert_words(t2v_checkpoint_open(folder, NULL, &checkpoint, &error), status, &error, words);
    assert_null(checkpoint);
}

static void assert_component_refused(const char *name, const char *class_name, t2v_status status,
                                     const char *words)
{
    t2v_checkpoint *checkpoint = open_checkpoint();
    t2v_component *component;
    t2v_error error = {0};
    assert_words(t2v_checkpoint_component(checkpoint, name, class_name, true, &component, &error),
                 status, &error, words);
    assert_null(component);
    t2v_checkpoint_close(&checkpoint);
}

static void a_folder_is_opened(void **state)
{
    (void)state;
    t2v_checkpoint *checkpoint = open_checkpoint();
    assert_string_equal(t2v_checkpoint_pipeline(checkpoint), "LTXPipeline");
    assert_string_equal(t2v_checkpoint_path(checkpoint), files_path("m/model_index.json"));
    assert_null(t2v_checkpoint_defaults(checkpoint));
    char *path;
    assert_int_equal(t2v_checkpoint_tokenizer(checkpoint, &path, NULL), T2V_OK);
    assert_string_equal(path, files_path("m/tokenizer/spiece.model"));
    t2v_free(path);
    t2v_checkpoint_close(&checkpoint);
    assert_null(checkpoint);
    t2v_checkpoint_close(&checkpoint);

    files_write_text("m/t2v.json", "{\"name\": \"tiny\"}");
    checkpoint = open_checkpoint();
    assert_true(t2v_config_has(t2v_checkpoint_defaults(checkpoint), "name"));
    t2v_checkpoint_close(&checkpoint);
    files_write_text("m/t2v.json", "[]");
    assert_folder_refused(files_path("m"), T2V_ERROR_FORMAT, "t2v.json: holds a list");
    unlink(files_path("m/t2v.json"));
}

static void folders_that_are_no_checkpoint_are_refused(void **state)
{
    (void)state;
    assert_folder_refused(files_path("none"), T2V_ERROR_NOT_FOUND, "none: No such file");
    assert_folder_refused(files_path("m/model_index.json"), T2V_ERROR_FORMAT, "wanted a string");
    assert_folder_refused(files_path("m/transformer"), T2V_ERROR_NOT_FOUND,
                          "has no model_index.json");
    files_write_text("odd/model_index.json", "{\"_class_name\": 1}");
    assert_folder_refused(files_path("odd"), T2V_ERROR_FORMAT, "_class_name is 1, wanted a string");
    files_write_text("odd/model_index.json", "{}");
    assert_folder_refused(files_path("odd"), T2V_ERROR_FORMAT, "_class_name is missing");
    files_write_text("odd/model_index.json", "{");
    assert_folder_refused(files_path("odd"), T2V_ERROR_FORMAT, "not valid JSON");
}

static void a_component_gives_its_tensors(void **state)
{
    (void)state;
    t2v_component *component = open_component("transformer", dit_class);
    t2v_tensor tensor;
    t2v_error error;
    float values[3];
    assert_int_equal(t2v_component_tensor(component, &tensor, &error, 2, (int64_t[]){3, 1},
                                          "blocks.%d.weight", 0),
                     T2V_OK);
    assert_int_equal(tensor.dtype, T2V_F16);
    t2v_tensor_read_f32(&tensor, 0, 3, values);
    assert_float_equal(values[0], t2v_f16_to_f32(0x0100), 0);
    assert_int_equal(t2v_component_tensor(component, &tensor, NULL, 2, (int64_t[]){-1, 1},
                                          "blocks.%d.weight", 0),
                     T2V_OK);
    assert_true(t2v_component_has(component, "blocks.%d.weight", 0));
    assert_true(t2v_component_has(component, "ids"));
    assert_false(t2v_component_has(component, "blocks.%d.weight", 1));
    assert_int_equal(t2v_component_parameters(component), 3);
    assert_string_equal(t2v_config_path(t2v_component_config(component)),
                        files_path("m/transformer/config.json"));
    struct stat info;
    stat(files_path("m/transformer/diffusion_pytorch_model.safetensors"), &info);
    assert_int_equal(t2v_component_bytes(component), info.st_size);
    t2v_component_close(&component);
    assert_null(component);
    t2v_component_close(&component);
}

static void tensors_other_than_wanted_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int rank;
        int64_t dim[3];
        t2v_status status;
        const char *words;
    } cases[] = {
        {"none",
         2,
         {-1, 128},
         T2V_ERROR_NOT_FOUND,
         "model.safetensors: has no tensor none, wanted one of shape [any, 128]"},
        {"blocks.0.weight",
         2,
         {3, 2},
         T2V_ERROR_FORMAT,
         "tensor blocks.0.weight has shape [3, 1], wanted [3, 2]"},
        {"blocks.0.weight", 1, {3}, T2V_ERROR_FORMAT, "has shape [3, 1], wanted [3]"},
        {"blocks.0.weight", 3, {3, 1, -1}, T2V_ERROR_FORMAT, "wanted [3, 1, any]"},
        {"blocks.0.weight", 0, {0}, T2V_ERROR_FORMAT, "wanted []"},
        {"ids", 1, {1}, T2V_ERROR_UNSUPPORTED, "tensor ids is of type I64, wanted F32"},
        {"wide", 1, {1}, T2V_ERROR_UNSUPPORTED, "tensor wide is of type F64, wanted F32"},
    };
    t2v_component *component = open_component("transformer", dit_class);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t2v_tensor tensor = {.bytes = 99};
        t2v_error error;
        t2v_status status = t2v_component_tensor(component, &tensor, &error, cases[i].rank,
                                                 cases[i].dim, "%s", cases[i].name);
        assert_words(status, cases[i].status, &error, cases[i].words);
        assert_int_equal(tensor.bytes, 99);
    }
    t2v_component_close(&component);
}

static void a_component_without_weights_has_a_configuration(void **state)
{
    (void)state;
    t2v_checkpoint *checkpoint = open_checkpoint();
    t2v_component *component;
    t2v_tensor tensor;
    t2v_error error;
    assert_int_equal(t2v_checkpoint_component(checkpoint, "scheduler",
                                              "FlowMatchEulerDiscreteScheduler", false, &component,
                                              &error),
                     T2V_OK);
    t2v_checkpoint_close(&checkpoint);
    assert_true(t2v_config_has(t2v_component_config(component), "_class_name"));
    assert_int_equal(t2v_component_bytes(component), 0);
    assert_words(t2v_component_tensor(component, &tensor, &error, 0, NULL, "x"),
                 T2V_ERROR_NOT_FOUND, &error, "scheduler: has no tensor x");
    t2v_component_close(&component);
}

static void classes_must_agree(void **state)
{
    (void)state;
    assert_component_refused("vae", NULL, T2V_ERROR_NOT_FOUND, "names no component vae");
    assert_component_refused("image_encoder", NULL, T2V_ERROR_NOT_FOUND,
                             "names no component image_encoder");
    assert_component_refused("_class_name", NULL, T2V_ERROR_FORMAT, "wanted a list of strings");
    assert_component_refused("transformer", "WanTransformer3DModel", T2V_ERROR_UNSUPPORTED,
                             "transformer is of class LTXVideoTransformer3DModel, wanted "
                             "WanTransformer3DModel");
    files_write_text("m/transformer/config.json", "{\"_class_name\": \"Other\"}");
    assert_component_refused("transformer", dit_class, T2V_ERROR_FORMAT,
                             "is for class Other, wanted LTXVideoTransformer3DModel");
    files_write_text("m/text_encoder/config.json", "{\"architectures\": [\"Other\", \"More\"]}");
    assert_component_refused("text_encoder", "T5EncoderModel", T2V_ERROR_FORMAT,
                             "is for class Other, wanted T5EncoderModel");
    static const char *const agreeing[] = {"{}", "{\"architectures\": []}",
                                           "{\"architectures\": [\"Other\", \"T5EncoderModel\"]}"};
    for (int i = 0; i < 3; i++) {
        files_write_text("m/text_encoder/config.json", agreeing[i]);
        t2v_component *component = open_component("text_encoder", "T5EncoderModel");
        t2v_component_close(&component);
    }
    make_checkpoint(state);
}

static void shards_are_one_component(void **state)
{
    (void)state;
    t2v_component *component = open_component("text_encoder", "T5EncoderModel");
    t2v_tensor tensor;
    assert_int_equal(t2v_component_tensor(component, &tensor, NULL, 2, (int64_t[]){2, 1}, "a"),
                     T2V_OK);
    assert_int_equal(t2v_component_tensor(component, &tensor, NULL, 2, (int64_t[]){1, 1}, "b"),
                     T2V_OK);
    assert_int_equal(t2v_component_parameters(component), 3);
    t2v_component_close(&component);
}

static void contradicting_shards_are_refused(void **state)
{
    (void)state;
#define SHARD_1 "\"model-00001-of-00002.safetensors\""
#define SHARD_2 "\"model-00002-of-00002.safetensors\""
    static const struct {
        const char *index;
        t2v_status status;
        const char *words;
    } cases[] = {
        {"{}", T2V_ERROR_FORMAT, "weight_map is nothing, wanted an object of strings"},
        {"{\"weight_map\": []}", T2V_ERROR_FORMAT, "wanted an object of strings"},
        {"{\"weight_map\": {\"a\": 1}}", T2V_ERROR_FORMAT, "wanted strings"},
        {"{\"weight_map\": {\"a\": \"none.safetensors\"}}", T2V_ERROR_NOT_FOUND,
         "none.safetensors: No such file"},
        {"{\"weight_map\": {\"a\": " SHARD_2 "}}", T2V_ERROR_FORMAT,
         "lists tensor a in model-00002-of-00002.safetensors, which does not have it"},
        {"{\"weight_map\": {\"a\": " SHARD_1 ", \"c\": " SHARD_1 "}}", T2V_ERROR_FORMAT,
         "lists tensor c"},
        {"{\"weight_map\": {\"a\": " SHARD_1 ", \"a\": " SHARD_1 "}}", T2V_ERROR_FORMAT,
         "duplicate object key"},
        {"{\"weight_map\": {\"a\": \"../transformer/diffusion_pytorch_model.safetensors\"}}",
         T2V_ERROR_FORMAT, "in the same folder"},
        {"{\"weight_map\": {\"a\": \"..\"}}", T2V_ERROR_FORMAT, "in the same folder"},
        {"{\"weight_map\": {\"a\": \"\"}}", T2V_ERROR_FORMAT, "in the same folder"},
        {"{\"weight_map\": {\"a\": \"/etc/a.safetensors\"}}", T2V_ERROR_FORMAT,
         "in the same folder"},
        {"{\"weight_map\": {\"a\": \"config.json\"}}", T2V_ERROR_FORMAT, "in the same folder"},
        {"{\"weight_map\": {\"a\": " SHARD_1 ", \"b\": \"again.safetensors\"}}", T2V_ERROR_FORMAT,
         "two tensors a, in "},
        {"{\"weight_map\": {\"a\": \"short.safetensors\"}}", T2V_ERROR_FORMAT,
         "short.safetensors: tensor a: data ends at byte 4, the file has 3"},
    };
    files_write_safetensors("m/text_encoder/again.safetensors",
                            "{" TENSOR("b", 0, 2, 1) "," TENSOR("a", 2, 4, 1) "}", 4);
    files_write_safetensors("m/text_encoder/short.safetensors", "{" TENSOR("a", 0, 4, 2) "}", 3);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        files_write_text("m/text_encoder/model.safetensors.index.json", cases[i].index);
        assert_component_refused("text_encoder", NULL, cases[i].status, cases[i].words);
    }
    make_checkpoint(state);
}

static void too_many_shards_are_refused(void **state)
{
    (void)state;
    char index[32768] = "{\"weight_map\": {", header[80], name[80];
    for (int i = 0; i < 257; i++) {
        snprintf(name, sizeof(name), "m/text_encoder/s%d.safetensors", i);
        snprintf(header, sizeof(header),
                 "{\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", i);
        files_write_safetensors(name, header, 1);
        size_t used = strlen(index);
        snprintf(index + used, sizeof(index) - used, "%s\"t%d\": \"s%d.safetensors\"",
                 i ? ", " : "", i, i);
    }
    files_write_text("m/text_encoder/model.safetensors.index.json", strcat(index, "}}"));
    assert_component_refused("text_encoder", NULL, T2V_ERROR_UNSUPPORTED, "more than 256 shards");
    make_checkpoint(state);
}

static void pickles_are_refused_with_the_way_out(void **state)
{
    (void)state;
    rename(files_path("m/transformer/diffusion_pytorch_model.safetensors"), files_path("aside"));
    assert_component_refused("transformer", dit_class, T2V_ERROR_NOT_FOUND,
                             "transformer: has no weights; wanted diffusion_pytorch_model");
    files_write_text("m/transformer/diffusion_pytorch_model.bin", "pickle");
    assert_component_refused(
        "transformer", dit_class, T2V_ERROR_UNSUPPORTED,
        "weights in diffusion_pytorch_model.bin, and pickle files are refused");
    files_write_text("m/transformer/diffusion_pytorch_model.fp16.safetensors", "");
    assert_component_refused("transformer", dit_class, T2V_ERROR_NOT_FOUND,
                             "has no weights but diffusion_pytorch_model.fp16.safetensors; wanted");
    unlink(files_path("m/transformer/diffusion_pytorch_model.fp16.safetensors"));
    rename(files_path("aside"), files_path("m/transformer/diffusion_pytorch_model.safetensors"));
    t2v_component *component = open_component("transformer", dit_class);
    t2v_component_close(&component);
}

static void components_that_are_not_there_are_refused(void **state)
{
    (void)state;
    rename(files_path("m/transformer"), files_path("m/aside"));
    assert_component_refused("transformer", dit_class, T2V_ERROR_NOT_FOUND,
                             "transformer: is no folder");
    files_write_text("m/transformer", "a file");
    assert_component_refused("transformer", dit_class, T2V_ERROR_NOT_FOUND, "is no folder");
    unlink(files_path("m/transformer"));
    mkdir(files_path("m/transformer"), 0777);
    assert_component_refused("transformer", dit_class, T2V_ERROR_NOT_FOUND,
                             "has no config.json, scheduler_config.json or");
    rmdir(files_path("m/transformer"));
    rename(files_path("m/aside"), files_path("m/transformer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_opened),
        cmocka_unit_test(folders_that_are_no_checkpoint_are_refused),
        cmocka_unit_test(a_component_gives_its_tensors),
        cmocka_unit_test(tensors_other_than_wanted_are_refused),
        cmocka_unit_test(a_component_without_weights_has_a_configuration),
        cmocka_unit_test(classes_must_agree),
        cmocka_unit_test(shards_are_one_component),
        cmocka_unit_test(contradicting_shards_are_refused),
        cmocka_unit_test(too_many_shards_are_refused),
        cmocka_unit_test(pickles_are_refused_with_the_way_out),
        cmocka_unit_test(components_that_are_not_there_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, files_teardown);
}
