/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening and writing files while memory ends at the first allocation, at the second, and so on.
 * The linker sends the library's allocations here (--wrap=aligned_alloc), jansson takes functions.
 * What a failure leaves behind is found by AddressSanitizer and valgrind.
 */
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "weights/checkpoint.h"
#include "weights/safetensors.h"

/* Allocations until the one that fails; negative: none does. */
static int left = -1;
static int in_jansson; /* whether it was jansson's */

static int spent(void)
{
    if (left < 0)
        return 0;
    return left-- == 0;
}

void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return spent() ? NULL : __real_aligned_alloc(alignment, bytes);
}

static void *failing_malloc(size_t bytes)
{
    in_jansson = spent();
    return in_jansson ? NULL : malloc(bytes);
}

typedef t2v_status (*attempt_fn)(t2v_error *error);

/* Lets each allocation of `attempt` fail in turn, until it gets through without meeting the end. */
static void assert_failures_are_reported(attempt_fn attempt)
{
    for (int n = 0;; n++) {
        t2v_error error = {0};
        left = n;
        in_jansson = 0;
        t2v_status status = attempt(&error);
        int met = left < 0;
        left = -1;
        if (!met) {
            assert_int_equal(status, T2V_OK);
            assert_true(n > 3);
            return;
        }
        /* jansson takes a string that it has no memory for as a wrong one */
        if (in_jansson && status == T2V_ERROR_FORMAT && strstr(error.text, "not valid JSON"))
            continue;
        if (status != T2V_ERROR_MEMORY || !strstr(error.text, "out of memory"))
            fail_msg("allocation %d: status %d, \"%s\"", n, status, error.text);
    }
}

static t2v_status open_checkpoint(t2v_error *error)
{
    t2v_checkpoint *checkpoint;
    t2v_component *component = NULL;
    T2V_TRY(t2v_checkpoint_open(files_path("m"), NULL, &checkpoint, error));
    t2v_status status =
        t2v_checkpoint_component(checkpoint, "vae", "AutoencoderKL", true, &component, error);
    t2v_component_close(&component);
    t2v_checkpoint_close(&checkpoint);
    return status;
}

static void a_checkpoint_is_opened_whole_or_not_at_all(void **state)
{
    (void)state;
    files_write_text("m/model_index.json",
                     "{\"_class_name\": \"P\", \"vae\": [\"diffusers\", \"AutoencoderKL\"]}");
    files_write_text("m/t2v.json", "{\"name\": \"n\"}");
    files_write_text("m/vae/config.json", "{\"_class_name\": \"AutoencoderKL\"}");
    files_write_text("m/vae/diffusion_pytorch_model.safetensors.index.json",
                     "{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"2.safetensors\"}}");
    files_write_safetensors("m/vae/1.safetensors",
                            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    files_write_safetensors("m/vae/2.safetensors",
                            "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    assert_failures_are_reported(open_checkpoint);
}

static t2v_status write_file(t2v_error *error)
{
    static const t2v_safetensors_entry entries[] = {{"a", T2V_U8, {1, {2}}},
                                                    {"b", T2V_F32, {0, {0}}}};
    t2v_safetensors_writer *writer;
    T2V_TRY(t2v_safetensors_create(files_path("out"), entries, 2, &writer, error));
    t2v_status status = t2v_safetensors_append(writer, 0, "ab", 2, error);
    if (status == T2V_OK)
        status = t2v_safetensors_append(writer, 1, "abcd", 4, error);
    t2v_status finished = t2v_safetensors_finish(&writer, status == T2V_OK ? error : NULL);
    return status == T2V_OK ? finished : status;
}

static void a_file_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    int before = files_count();
    assert_failures_are_reported(write_file);
    assert_int_equal(files_count(), before + 1);
    assert_true(files_exists("out"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_is_opened_whole_or_not_at_all),
        cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
    };
    json_set_alloc_funcs(failing_malloc, free);
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
