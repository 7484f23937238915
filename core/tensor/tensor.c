/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [T2V_F32] = {"F32", 4}, [T2V_F16] = {"F16", 2}, [T2V_BF16] = {"BF16", 2},
    [T2V_I64] = {"I64", 8}, [T2V_I32] = {"I32", 4}, [T2V_U8] = {"U8", 1},
};

size_t t2v_dtype_size(t2v_dtype dtype)
{
    return dtypes[dtype].size;
}

const char *t2v_dtype_name(t2v_dtype dtype)
{
    return dtypes[dtype].name;
}

bool t2v_shape_count(const t2v_shape *shape, size_t *count)
{
    *count = 1;
    for (int i = 0; i < shape->rank; i++)
        if (shape->dim[i] < 0 || __builtin_mul_overflow(*count, (size_t)shape->dim[i], count))
            return false;
    return true;
}

bool t2v_shape_equal(const t2v_shape *a, const t2v_shape *b)
{
    return a->rank == b->rank && !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof(a->dim[0]));
}

void t2v_shape_format(const t2v_shape *shape, char *text, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < shape->rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i ? ", " : "[",
                                 (long long)shape->dim[i]);
    if (used < size)
        snprintf(text + used, size - used, shape->rank ? "]" : "[]");
}

float t2v_bf16_to_f32(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof(value));
    return value;
}

float t2v_f16_to_f32(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff, wide;
    float value;
    if (exponent == 0) { /* zero or subnormal: mantissa × 2^-24 is exact in a float */
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    if (exponent == 31)
        wide = sign | 0x7f800000u | mantissa << 13;
    else
        wide = sign | (exponent + 112) << 23 | mantissa << 13;
    memcpy(&value, &wide, sizeof(value));
    return value;
}

static void read_half(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    const char *source = (const char *)tensor->data + 2 * first;
    bool brain = tensor->dtype == T2V_BF16;
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, source + 2 * i, sizeof(bits));
        out[i] = brain ? t2v_bf16_to_f32(bits) : t2v_f16_to_f32(bits);
    }
}

void t2v_tensor_read_f32(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    if (tensor->dtype == T2V_F32)
        memcpy(out, (const char *)tensor->data + first * sizeof(*out), count * sizeof(*out));
    else
        read_half(tensor, first, count, out);
}

t2v_status t2v_tensor_to_floats(const t2v_tensor *tensor, float **out, t2v_error *error)
{
    size_t count;
    *out = NULL;
    if (t2v_shape_count(&tensor->shape, &count))
        *out = t2v_calloc(count, sizeof(float));
    if (!*out)
        return t2v_fail_memory(error, "weights", tensor->bytes);
    t2v_tensor_read_f32(tensor, 0, count, *out);
    return T2V_OK;
}
