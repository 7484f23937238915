/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files.h"
#include "tensor/difference.h"
#include "weights/lora.h"
#include "weights/lora_name.h"
#include "weights/safetensors.h"

/* ------------------------------------------------------------------ arithmetic */

static float pseudo_random(int i)
{
    return (float)((i * 7919 + 13) % 1009) / 1009 - 0.5f;
}

static t2v_tensor matrix(float *values, int64_t rows, int64_t columns)
{
    for (int i = 0; i < rows * columns; i++)
        values[i] = pseudo_random(i);
    return (t2v_tensor){.dtype = T2V_F32, .shape = {2, {rows, columns}}, .data = values};
}

/* Larger than the blocks in which the product is made, in every direction. */
enum { ROWS = 70, RANK = 35, COLUMNS = 530 };

typedef struct product_case {
    float up[ROWS * RANK], down[RANK * COLUMNS], expected[ROWS * COLUMNS], found[ROWS * COLUMNS];
} product_case;

static void a_product_is_added_to_any_part_of_a_tensor(void **state)
{
    (void)state;
    static const size_t parts[][2] = {
        {0, ROWS * COLUMNS}, {0, 7}, {517, 40}, {529, 1}, {3, 5 * COLUMNS}, {COLUMNS, 66 * COLUMNS},
        {ROWS * COLUMNS, 0}};
    product_case *c = calloc(1, sizeof(*c));
    t2v_difference d;
    assert_non_null(c);
    const t2v_tensor up = matrix(c->up, ROWS, RANK), down = matrix(c->down, RANK, COLUMNS);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            double sum = 0;
            for (int k = 0; k < RANK; k++)
                sum += (double)c->up[i * RANK + k] * (double)c->down[k * COLUMNS + j];
            c->expected[i * COLUMNS + j] = (float)(0.75 * sum + i / 64.0);
        }
    t2v_difference_product(&d, &up, &down, RANK, COLUMNS, 0.75f);
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        const size_t first = parts[p][0], count = parts[p][1];
        for (size_t i = 0; i < count; i++)
            c->found[i] = (float)((first + i) / COLUMNS) / 64;
        d.adjust.apply(&d.adjust, first, count, c->found);
        for (size_t i = 0; i < count; i++)
            assert_true(fabsf(c->found[i] - c->expected[first + i]) < 1e-5f);
    }
    free(c);
}

/* ------------------------------------------------------------------ names */

static void names_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name, *module;
        t2v_lora_kind kind;
        bool second, flat;
    } cases[] = {
        {"transformer.blocks.0.attn1.to_q.lora_A.weight", "blocks.0.attn1.to_q", T2V_LORA_DOWN, 0,
         0},
        {"transformer_2.blocks.1.ffn.net.2.lora_B.weight", "blocks.1.ffn.net.2", T2V_LORA_UP, 1, 0},
        {"transformer.proj_out.lora_B.bias", "proj_out", T2V_LORA_UP_BIAS, 0, 0},
        {"base_model.model.proj_in.lora_A.default.weight", "proj_in", T2V_LORA_DOWN, 0, 0},
        {"transformer.a.to_k.lora.down.weight", "a.to_k", T2V_LORA_DOWN, 0, 0},
        {"diffusion_model.blocks.0.self_attn.q.lora_up.weight", "blocks.0.self_attn.q", T2V_LORA_UP,
         0, 0},
        {"model.diffusion_model.head.head.diff_b", "head.head", T2V_LORA_DIFF_BIAS, 0, 0},
        {"diffusion_model.blocks.0.norm3.diff", "blocks.0.norm3", T2V_LORA_DIFF, 0, 0},
        {"lora_unet_blocks_0_ffn_2.alpha", "blocks_0_ffn_2", T2V_LORA_ALPHA, 0, 1},
        {"lora_unet__blocks_0_ffn_2.lora_down.weight", "blocks_0_ffn_2", T2V_LORA_DOWN, 0, 1},
        {"transformer.x.lora_A.bias", "x", T2V_LORA_OTHER, 0, 0},
        {"transformer.x.lokr_w1", "x.lokr_w1", T2V_LORA_OTHER, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const t2v_lora_name name = t2v_lora_name_read(cases[i].name);
        assert_int_equal(name.kind, cases[i].kind);
        assert_int_equal(name.second, cases[i].second);
        assert_int_equal(name.flat, cases[i].flat);
        assert_int_equal(name.length, strlen(cases[i].module));
        assert_memory_equal(name.module, cases[i].module, name.length);
    }
}

/* ------------------------------------------------------------------ files */

/* A table of two weights of [3, 2] and a bias, all zeros. */
static const float zeros[6] = {0};

static t2v_tensor_table new_table(void)
{
    static const struct {
        const char *name;
        t2v_shape shape;
    } tensors[] = {
        {"blocks.0.attn1.to_q.weight", {2, {3, 2}}},
        {"blocks.0.attn1.to_q.bias", {1, {3}}},
        {"proj_out.weight", {2, {3, 2}}},
    };
    t2v_tensor_table table = {.capacity = 3};
    t2v_error error;
    table.entries = t2v_calloc(table.capacity, sizeof(*table.entries));
    assert_non_null(table.entries);
    for (; table.count < table.capacity; table.count++) {
        t2v_tensor_entry *entry = &table.entries[table.count];
        entry->name = t2v_strdup(tensors[table.count].name);
        entry->tensor = (t2v_tensor){.dtype = T2V_F32,
                                     .shape = tensors[table.count].shape,
                                     .data = zeros,
                                     .bytes = sizeof(zeros)};
    }
    assert_int_equal(t2v_tensor_table_finish(&table, "table", &error), T2V_OK);
    return table;
}

/* A tensor of the file that the tests write; values are 1, 2, 3 … */
typedef struct given {
    const char *name;
    t2v_shape shape;
} given;

static bool whole_alphas; /* are written, as I64 */

static bool is_whole(const given *tensor)
{
    return whole_alphas && strstr(tensor->name, ".alpha");
}

static const char *write_file(const given *tensors, int count)
{
    static const float numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const int64_t integers[] = {1, 2};
    t2v_safetensors_entry entries[8];
    t2v_safetensors_writer *writer;
    t2v_error error;
    const char *path = files_path("lora.safetensors");
    for (int i = 0; i < count; i++)
        entries[i] = (t2v_safetensors_entry){
            tensors[i].name, is_whole(&tensors[i]) ? T2V_I64 : T2V_F32, tensors[i].shape};
    assert_int_equal(t2v_safetensors_create(path, entries, (size_t)count, &writer, &error), T2V_OK);
    for (int i = 0; i < count; i++) {
        size_t numbers_of;
        assert_true(t2v_shape_count(&tensors[i].shape, &numbers_of));
        const bool whole = is_whole(&tensors[i]);
        assert_int_equal(
            t2v_safetensors_append(writer, (size_t)i, whole ? (const void *)integers : numbers,
                                   numbers_of * (whole ? sizeof(int64_t) : sizeof(float)), &error),
            T2V_OK);
    }
    assert_int_equal(t2v_safetensors_finish(&writer, &error), T2V_OK);
    return path;
}

/* Keeps the last warning. */
static void keep_warning(void *opaque, t2v_log_level level, const char *text)
{
    if (level == T2V_LOG_WARNING)
        snprintf(opaque, 512, "%s", text);
}

#define Q "diffusion_model.blocks.0.self_attn.q"
#define FILE_OF(...)                                                                               \
    write_file((const given[]){__VA_ARGS__},                                                       \
               (int)(sizeof((const given[]){__VA_ARGS__}) / sizeof(given)))

static void add_up(void)
{
    t2v_tensor_table table = new_table();
    const t2v_lora_target target = {&table, NULL, false};
    char warning[512] = "";
    const t2v_log log = {keep_warning, warning};
    float values[6];
    t2v_lora *lora;
    t2v_error error;
    const char *path = FILE_OF({Q ".lora_down.weight", {2, {2, 2}}},
                               {Q ".lora_up.weight", {2, {3, 2}}}, {Q ".alpha", {0}},
                               {Q ".diff_b", {1, {3}}}, {"lora_unet_head_head.diff", {2, {3, 2}}});
    assert_int_equal(t2v_lora_open(path, 2, &target, &log, &lora, &error), T2V_OK);
    /* 2 · (1 / 2) · [1 2; 3 4; 5 6] · [1 2; 3 4] */
    static const float product[] = {7, 10, 15, 22, 23, 34};
    t2v_tensor_read_f32(&t2v_tensor_table_find(&table, "blocks.0.attn1.to_q.weight")->tensor, 0, 6,
                        values);
    assert_memory_equal(values, product, sizeof(product));
    static const float twice[] = {2, 4, 6, 8, 10, 12};
    t2v_tensor_read_f32(&t2v_tensor_table_find(&table, "blocks.0.attn1.to_q.bias")->tensor, 0, 3,
                        values);
    assert_memory_equal(values, twice, 3 * sizeof(float));
    t2v_tensor_read_f32(&t2v_tensor_table_find(&table, "proj_out.weight")->tensor, 0, 6, values);
    assert_memory_equal(values, twice, sizeof(twice));
    assert_string_equal(warning, "");
    t2v_lora_close(&lora);
    t2v_tensor_table_free(&table);
}

static void alphas_weights_and_differences_add_up(void **state)
{
    (void)state;
    add_up();
    whole_alphas = true;
    add_up();
    whole_alphas = false;
}

static void what_fits_nothing_is_counted_and_named(void **state)
{
    (void)state;
    t2v_tensor_table table = new_table();
    const t2v_lora_target target = {&table, NULL, false};
    char warning[512] = "";
    const t2v_log log = {keep_warning, warning};
    t2v_lora *lora;
    t2v_error error;
    const char *path = FILE_OF({Q ".diff_b", {1, {3}}}, {"text_model.layer.dora_scale", {1, {3}}},
                               {"transformer_2.proj_out.diff", {2, {3, 2}}});
    assert_int_equal(t2v_lora_open(path, 1, &target, &log, &lora, &error), T2V_OK);
    assert_non_null(strstr(warning, "2 of 3 tensors fit no weight"));
    assert_non_null(strstr(warning, "text_model.layer.dora_scale"));
    t2v_lora_close(&lora);
    t2v_tensor_table_free(&table);
}

static void assert_refused(const char *path, const char *words)
{
    t2v_tensor_table table = new_table();
    const t2v_lora_target target = {&table, NULL, false};
    const t2v_log log = {NULL, NULL};
    t2v_lora *lora;
    t2v_error error = {0};
    assert_true(t2v_lora_open(path, 1, &target, &log, &lora, &error) < 0);
    assert_null(lora);
    if (!strstr(error.text, words) || !strstr(error.text, path))
        fail_msg("\"%s\" lacks \"%s\" or %s", error.text, words, path);
    t2v_tensor_table_free(&table);
}

static void files_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    assert_refused(FILE_OF({"transformer.other.lora_A.weight", {2, {1, 2}}},
                           {"transformer.other.lora_B.weight", {2, {3, 1}}}),
                   "fits no weight of the transformer, tensor transformer.other.lora_A.weight");
    assert_refused(FILE_OF({"transformer.proj_out.lora_A.weight", {2, {1, 4}}},
                           {"transformer.proj_out.lora_B.weight", {2, {3, 1}}}),
                   "proj_out.lora_A.weight has shape [1, 4], wanted [1 to 16384, 2] for "
                   "proj_out.weight of shape [3, 2]");
    assert_refused(FILE_OF({"transformer.proj_out.lora_A.weight", {2, {2, 2}}},
                           {"transformer.proj_out.lora_B.weight", {2, {3, 1}}}),
                   "proj_out.lora_B.weight has shape [3, 1], wanted [3, 2]");
    assert_refused(FILE_OF({"transformer.proj_out.lora_A.weight", {2, {0, 2}}},
                           {"transformer.proj_out.lora_B.weight", {2, {3, 0}}}),
                   "has shape [0, 2]");
    assert_refused(FILE_OF({Q ".diff_b", {1, {4}}}), "has shape [4], wanted [3]");
    assert_refused(FILE_OF({Q ".lora_down.weight", {2, {2, 2}}}), "stands alone");
    assert_refused(FILE_OF({Q ".lora_down.weight", {2, {1, 2}}}, {Q ".lora_up.weight", {2, {3, 1}}},
                           {Q ".alpha", {1, {2}}}),
                   "is no single number");
    assert_refused(FILE_OF({Q ".diff_b", {1, {3}}}, {"model." Q ".diff_b", {1, {3}}}),
                   "are for the same weight");
    assert_refused(files_write_safetensors("integers.safetensors",
                                           "{\"transformer.proj_out.diff\":{\"dtype\":\"I16\","
                                           "\"shape\":[3,2],\"data_offsets\":[0,12]}}",
                                           12),
                   "is of type I16");
    assert_refused(files_write_safetensors("empty.safetensors", "{}", 0), "holds no tensors");
    assert_refused(files_write("short.safetensors", "0123456789", 10), "");
    assert_refused(files_path("none.safetensors"), "none.safetensors");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_added_to_any_part_of_a_tensor),
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(alphas_weights_and_differences_add_up),
        cmocka_unit_test(what_fits_nothing_is_counted_and_named),
        cmocka_unit_test(files_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
