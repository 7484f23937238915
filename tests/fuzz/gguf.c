/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever bytes a GGUF file has, opening it and reading every tensor and value must be safe. */
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "fuzz.h"
#include "weights/gguf.h"

/* Every element of a tensor, from one that is in the middle of a block on. */
static void read_tensor(const t2v_tensor *tensor)
{
    size_t count;
    if (!t2v_shape_count(&tensor->shape, &count))
        abort();
    if (!t2v_dtype_is_float(tensor->dtype) || count < 2)
        return;
    float *values = t2v_calloc(count - 1, sizeof(*values));
    if (values)
        t2v_tensor_read_f32(tensor, 1, count - 1, values);
    t2v_free(values);
}

static void read_value(const t2v_gguf *file, const char *key)
{
    const t2v_gguf_value *value = t2v_gguf_metadata(file, key);
    const uint8_t *next = value ? value->data : NULL;
    volatile int64_t sum = 0;
    for (size_t i = 0; value && i < value->count; i++) {
        if (value->type == T2V_GGUF_STRING) {
            const t2v_gguf_string string = t2v_gguf_string_at(next, &next);
            sum += string.bytes ? string.text[string.bytes - 1] : 0;
        } else {
            sum += t2v_gguf_integer_at(value, i) & 1;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    t2v_gguf *file;
    t2v_error error;
    if (t2v_gguf_open(fuzz_file(data, size), &file, &error) < 0) {
        fuzz_check_error(&error);
        return 0;
    }
    for (size_t i = 0; i < t2v_gguf_count(file); i++)
        read_tensor(t2v_gguf_at(file, i, NULL));
    read_value(file, "a");
    read_value(file, "general.alignment");
    t2v_gguf_close(&file);
    return 0;
}
