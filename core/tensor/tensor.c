/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/dequantize.h"

static const struct {
    const char *name;
    size_t block, size;
} dtypes[T2V_DTYPES] = {
    [T2V_F32] = {"F32", 1, 4},
    [T2V_F16] = {"F16", 1, 2},
    [T2V_BF16] = {"BF16", 1, 2},
    [T2V_I64] = {"I64", 1, 8},
    [T2V_I32] = {"I32", 1, 4},
    [T2V_U8] = {"U8", 1, 1},
    [T2V_F8_E4M3] = {"F8_E4M3", 1, 1},
    [T2V_F8_E5M2] = {"F8_E5M2", 1, 1},
    [T2V_F64] = {"F64", 1, 8},
    [T2V_C64] = {"C64", 1, 8},
    [T2V_U64] = {"U64", 1, 8},
    [T2V_U32] = {"U32", 1, 4},
    [T2V_I16] = {"I16", 1, 2},
    [T2V_U16] = {"U16", 1, 2},
    [T2V_I8] = {"I8", 1, 1},
    [T2V_BOOL] = {"BOOL", 1, 1},
    [T2V_F8_E8M0] = {"F8_E8M0", 1, 1},
    [T2V_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 1, 1},
    [T2V_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 1, 1},
    [T2V_F6_E2M3] = {"F6_E2M3", 4, 3},
    [T2V_F6_E3M2] = {"F6_E3M2", 4, 3},
    [T2V_F4] = {"F4", 2, 1},
    [T2V_Q4_0] = {"Q4_0", 32, 18},
    [T2V_Q4_1] = {"Q4_1", 32, 20},
    [T2V_Q5_0] = {"Q5_0", 32, 22},
    [T2V_Q5_1] = {"Q5_1", 32, 24},
    [T2V_Q8_0] = {"Q8_0", 32, 34},
    [T2V_Q2_K] = {"Q2_K", 256, 84},
    [T2V_Q3_K] = {"Q3_K", 256, 110},
    [T2V_Q4_K] = {"Q4_K", 256, 144},
    [T2V_Q5_K] = {"Q5_K", 256, 176},
    [T2V_Q6_K] = {"Q6_K", 256, 210},
    [T2V_IQ4_NL] = {"IQ4_NL", 32, 18},
    [T2V_IQ4_XS] = {"IQ4_XS", 256, 136},
};

size_t t2v_dtype_block(t2v_dtype dtype)
{
    return dtypes[dtype].block;
}

size_t t2v_dtype_size(t2v_dtype dtype)
{
    return dtypes[dtype].size;
}

bool t2v_dtype_bytes(t2v_dtype dtype, size_t count, size_t *bytes)
{
    const size_t block = dtypes[dtype].block;
    return count % block == 0 && t2v_mul_size(count / block, dtypes[dtype].size, bytes);
}

const char *t2v_dtype_name(t2v_dtype dtype)
{
    return dtypes[dtype].name;
}

bool t2v_dtype_is_float(t2v_dtype dtype)
{
    return dtype == T2V_F32 || dtype == T2V_F16 || dtype == T2V_BF16 || dtype == T2V_F8_E4M3 ||
           dtype == T2V_F8_E5M2 || dtype == T2V_I8 || t2v_dequantizer(dtype);
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

float t2v_f8_e4m3_to_f32(uint8_t bits)
{
    /* exponent and mantissa one above the other in both types; 2^120 mends the exponent's bias */
    uint32_t sign = (uint32_t)(bits & 0x80) << 24, wide = (uint32_t)(bits & 0x7f) << 20;
    float value;
    if ((bits & 0x7f) == 0x7f)
        wide = 0x7fc00000u;
    memcpy(&value, &wide, sizeof(value));
    value *= 0x1p120f;
    return sign ? -value : value;
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

static void read_f8(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    const uint8_t *source = (const uint8_t *)tensor->data + first;
    bool wide_exponent = tensor->dtype == T2V_F8_E5M2; /* the upper half of an F16 */
    for (size_t i = 0; i < count; i++)
        out[i] = wide_exponent ? t2v_f16_to_f32((uint16_t)(source[i] << 8))
                               : t2v_f8_e4m3_to_f32(source[i]);
}

static void read_i8(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    const int8_t *source = (const int8_t *)tensor->data + first;
    for (size_t i = 0; i < count; i++)
        out[i] = source[i];
    if (!tensor->row_scale)
        return;
    const t2v_shape *shape = &tensor->shape; /* not empty, being read */
    const size_t row = shape->rank ? tensor->bytes / (size_t)shape->dim[0] : 1;
    for (size_t i = 0; i < count;) {
        const float scale = tensor->row_scale[(first + i) / row];
        for (size_t rest = row - (first + i) % row; rest && i < count; rest--)
            out[i++] *= scale;
    }
}

/* Whole blocks straight to their place, a part of a block through a buffer. */
static void read_blocks(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    const size_t block = dtypes[tensor->dtype].block, size = dtypes[tensor->dtype].size;
    const t2v_dequantize_fn dequantize = t2v_dequantizer(tensor->dtype);
    const uint8_t *source = (const uint8_t *)tensor->data + first / block * size;
    float buffer[T2V_MAX_BLOCK];
    while (count) {
        size_t skipped = first % block, taken = block - skipped;
        if (!skipped && count >= block) {
            taken = count - count % block;
            dequantize(source, count / block, out);
        } else {
            taken = taken < count ? taken : count;
            dequantize(source, 1, buffer);
            memcpy(out, buffer + skipped, taken * sizeof(*out));
        }
        source += (skipped + taken) / block * size;
        first += taken;
        count -= taken;
        out += taken;
    }
}

static void read_stored(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    switch (tensor->dtype) {
    case T2V_F32:
        memcpy(out, (const char *)tensor->data + first * sizeof(*out), count * sizeof(*out));
        break;
    case T2V_F16:
    case T2V_BF16:
        read_half(tensor, first, count, out);
        break;
    case T2V_F8_E4M3:
    case T2V_F8_E5M2:
        read_f8(tensor, first, count, out);
        break;
    case T2V_I8:
        read_i8(tensor, first, count, out);
        break;
    default:
        read_blocks(tensor, first, count, out);
    }
}

void t2v_tensor_read_f32(const t2v_tensor *tensor, size_t first, size_t count, float *out)
{
    read_stored(tensor, first, count, out);
    for (const t2v_adjust *adjust = tensor->adjust; adjust; adjust = adjust->next)
        adjust->apply(adjust, first, count, out);
}

const int8_t *t2v_tensor_bytes(const t2v_tensor *tensor)
{
    return tensor->dtype == T2V_I8 && tensor->row_scale && !tensor->adjust ? tensor->data : NULL;
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
