/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever bytes a safetensors file has, opening it and reading every tensor must be safe. */
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "weights/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t sum = 0;
    t2v_safetensors *file;
    t2v_error error;
    if (t2v_safetensors_open(fuzz_file(data, size), &file, &error) < 0) {
        fuzz_check_error(&error);
        return 0;
    }
    for (size_t i = 0; i < t2v_safetensors_count(file); i++) {
        const char *name;
        const t2v_tensor *tensor = t2v_safetensors_at(file, i, &name);
        for (size_t j = 0; j < tensor->bytes; j++)
            sum += ((const unsigned char *)tensor->data)[j];
        if (t2v_safetensors_find(file, name) != tensor)
            abort();
    }
    if (sum == UINT64_MAX) /* never: the bytes must be looked at */
        abort();
    t2v_safetensors_close(&file);
    return 0;
}
