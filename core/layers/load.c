/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "weights/layer_precision.h"

enum { NAME_BYTES = 256, MAX_JOINED = 3 };

/* Formats the arguments behind `name` into `text`, which holds every name that this library uses.
 */
#define FORMAT_NAME(text, name)                                                                    \
    do {                                                                                           \
        va_list args;                                                                              \
        va_start(args, name);                                                                      \
        vsnprintf(text, sizeof(text), name, args);                                                 \
        va_end(args);                                                                              \
    } while (0)

t2v_status t2v_load_network(const t2v_component *component, size_t bytes, const char *what,
                            t2v_status (*load)(const t2v_component *component, void *network,
                                               t2v_error *error),
                            void (*destroy)(void *network), void **out, t2v_error *error)
{
    *out = t2v_calloc(1, bytes);
    if (!*out)
        return t2v_fail_memory(error, what, bytes);
    t2v_status status = load(component, *out, error);
    if (status < 0) {
        destroy(*out);
        *out = NULL;
    }
    return status;
}

t2v_status t2v_load_floats(const t2v_component *c, int rank, const int64_t *dim, float **out,
                           t2v_error *error, const char *name, ...)
{
    char text[NAME_BYTES];
    t2v_tensor tensor;
    FORMAT_NAME(text, name);
    T2V_TRY(t2v_component_tensor(c, &tensor, error, rank, dim, "%s", text));
    return t2v_tensor_to_floats(&tensor, out, error);
}

/* Weight and, where `bias`, bias of one layer. */
static t2v_status find_pair(const t2v_component *c, int rank, const int64_t *dim, bool has_bias,
                            const char *name, t2v_tensor *weight, t2v_tensor *bias,
                            t2v_error *error)
{
    T2V_TRY(t2v_component_tensor(c, weight, error, rank, dim, "%s.weight", name));
    if (!has_bias)
        return T2V_OK;
    return t2v_component_tensor(c, bias, error, 1, dim, "%s.bias", name);
}

static t2v_precision precision_of(const t2v_component *c, const char *layer)
{
    return t2v_linear_precision(t2v_component_precision(c), layer);
}

t2v_status t2v_load_linear(const t2v_component *c, int64_t out, int64_t in, bool has_bias,
                           t2v_linear **linear, t2v_error *error, const char *name, ...)
{
    const int64_t dim[2] = {out, in};
    char text[NAME_BYTES];
    t2v_tensor weight, bias;
    FORMAT_NAME(text, name);
    T2V_TRY(find_pair(c, 2, dim, has_bias, text, &weight, &bias, error));
    return t2v_linear_create(1, &weight, has_bias ? &bias : NULL, precision_of(c, text), linear,
                             error);
}

t2v_status t2v_load_joined(const t2v_component *c, int64_t out, int64_t in, bool has_bias,
                           const char *letters, t2v_linear **linear, t2v_error *error,
                           const char *name, ...)
{
    const int64_t dim[2] = {out, in};
    const int parts = (int)strnlen(letters, MAX_JOINED);
    char prefix[NAME_BYTES], text[NAME_BYTES + 1];
    t2v_tensor weight[MAX_JOINED], bias[MAX_JOINED];
    FORMAT_NAME(prefix, name);
    for (int i = 0; i < parts; i++) {
        snprintf(text, sizeof(text), "%s%c", prefix, letters[i]);
        T2V_TRY(find_pair(c, 2, dim, has_bias, text, &weight[i], &bias[i], error));
    }
    return t2v_linear_create(parts, weight, has_bias ? bias : NULL, precision_of(c, prefix), linear,
                             error);
}

t2v_status t2v_load_patches(const t2v_component *c, int rank, const int64_t *dim,
                            t2v_linear **linear, t2v_error *error, const char *name, ...)
{
    char text[NAME_BYTES];
    t2v_tensor weight, bias;
    FORMAT_NAME(text, name);
    T2V_TRY(find_pair(c, rank, dim, true, text, &weight, &bias, error));
    for (int i = 2; i < rank; i++)
        weight.shape.dim[1] *= weight.shape.dim[i];
    weight.shape.rank = 2;
    return t2v_linear_create(1, &weight, &bias, precision_of(c, text), linear, error);
}

t2v_status t2v_load_conv3d(const t2v_component *c, int rank, const int64_t *dim, t2v_conv3d **conv,
                           t2v_error *error, const char *name, ...)
{
    char text[NAME_BYTES];
    t2v_tensor weight, bias;
    FORMAT_NAME(text, name);
    T2V_TRY(find_pair(c, rank, dim, true, text, &weight, &bias, error));
    if (rank == 4)
        weight.shape = (t2v_shape){5, {dim[0], dim[1], 1, dim[2], dim[3]}};
    T2V_TRY(t2v_conv3d_create(&weight, &bias, NULL, conv, error));
    t2v_conv3d_set_precision(*conv, t2v_convolution_precision(t2v_component_precision(c), text));
    return T2V_OK;
}
