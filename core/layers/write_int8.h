/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Writes tensors to a safetensors file, some of them as bytes, see weights/int8.h. */
#ifndef T2V_LAYERS_WRITE_INT8_H
#define T2V_LAYERS_WRITE_INT8_H

#include "weights/tensor_table.h"

/** Whether a tensor of the table is to be written as bytes. Asked for matrices of numbers alone. */
typedef bool (*t2v_int8_choice_fn)(const void *opaque, const char *name, const t2v_shape *shape);

/** Work that is done, and who hears of it. */
typedef struct t2v_int8_progress {
    size_t done, total; /**< bytes read */
    void (*report)(void *opaque, double share);
    void *opaque;
} t2v_int8_progress;

/** What is written. */
typedef struct t2v_int8_source {
    const t2v_tensor_table *table; /**< of safetensors files */
    const t2v_tensor_file *notes;  /**< whose `__metadata__` is kept */
    t2v_int8_choice_fn choose;
    const void *opaque; /**< given to choose */
} t2v_int8_source;

/** How many tensors will become bytes. */
size_t t2v_int8_count(const t2v_int8_source *source);

/**
 * Writes every tensor of the table, those that are not chosen as they are stored. The scales of
 * FP8 weights that become bytes are left out.
 *
 * @param made increased by the number of tensors that became bytes
 */
t2v_status t2v_write_int8(const char *path, const t2v_int8_source *source,
                          t2v_int8_progress *progress, int64_t *made, t2v_error *error);

#endif
