/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Layers by the names of their tensors: each function formats the name as printf does, takes the
 * tensors from the component with their shapes checked, and makes the layer. The component outlives
 * the layer.
 */
#ifndef T2V_LAYERS_LOAD_H
#define T2V_LAYERS_LOAD_H

#include "ops/conv3d.h"
#include "ops/linear.h"
#include "weights/checkpoint.h"

/**
 * A network: `bytes` zeroed bytes, which `load` fills from the component.
 *
 * @param what for the message when there is no memory: "the transformer"
 * @param out  receives it, to be ended by `destroy`; NULL after a failure
 */
t2v_status t2v_load_network(const t2v_component *component, size_t bytes, const char *what,
                            t2v_status (*load)(const t2v_component *component, void *network,
                                               t2v_error *error),
                            void (*destroy)(void *network), void **out, t2v_error *error);

/** All elements of the tensor `name` as floats, owned by the caller (t2v_free). */
t2v_status t2v_load_floats(const t2v_component *component, int rank, const int64_t *dim,
                           float **out, t2v_error *error, const char *name, ...)
    __attribute__((format(printf, 6, 7)));

/** `name`.weight [out, in] and, where `bias`, `name`.bias [out]. */
t2v_status t2v_load_linear(const t2v_component *component, int64_t out, int64_t in, bool bias,
                           t2v_linear **linear, t2v_error *error, const char *name, ...)
    __attribute__((format(printf, 7, 8)));

/**
 * Layers that read the same input, as one, their outputs side by side: for each letter of `letters`
 * (at most 3) `name` followed by the letter, with weights [out, in].
 */
t2v_status t2v_load_joined(const t2v_component *component, int64_t out, int64_t in, bool bias,
                           const char *letters, t2v_linear **linear, t2v_error *error,
                           const char *name, ...) __attribute__((format(printf, 8, 9)));

/**
 * `name`.weight and `name`.bias [out] as a linear layer of the flattened rest: a convolution whose
 * kernel is its stride, on patches whose numbers lie in the order of the kernel.
 *
 * @param dim of the weight, [out, in, …]
 */
t2v_status t2v_load_patches(const t2v_component *component, int rank, const int64_t *dim,
                            t2v_linear **linear, t2v_error *error, const char *name, ...)
    __attribute__((format(printf, 6, 7)));

/**
 * `name`.weight and `name`.bias [out] as a convolution with stride 1.
 *
 * @param rank of the weight: 5, [out, in, kt, kh, kw], or 4, [out, in, kh, kw], where kt is 1
 */
t2v_status t2v_load_conv3d(const t2v_component *component, int rank, const int64_t *dim,
                           t2v_conv3d **conv, t2v_error *error, const char *name, ...)
    __attribute__((format(printf, 6, 7)));

#endif
