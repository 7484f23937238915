/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The tensors of a component by the names that the reference gives them, gathered from one or
 * several files that may call them otherwise.
 */
#ifndef T2V_WEIGHTS_TENSOR_TABLE_H
#define T2V_WEIGHTS_TENSOR_TABLE_H

#include "weights/tensor_file.h"

enum { T2V_MAX_TENSOR_NAME = 512 };

/**
 * Gives a file's tensor the name that it is to have in the table.
 *
 * @param name of the tensor in the file
 * @param out  receives the name in the table, T2V_MAX_TENSOR_NAME bytes with the NUL
 * @return false: the tensor is not wanted
 */
typedef bool (*t2v_tensor_name_fn)(const void *opaque, const char *name, char *out);

/** An entry: a tensor of a file that outlives the table. */
typedef struct t2v_tensor_entry {
    char *name;
    const char *path; /**< of the file */
    t2v_tensor tensor;
    t2v_adjust *scale; /**< the entry's own, or NULL */
    t2v_adjust *last;  /**< that the tensor's adjustments end with, or NULL */
    float *row_scale;  /**< the tensor's, the entry's own, or NULL */
} t2v_tensor_entry;

/** Empty when zeroed. */
typedef struct t2v_tensor_table {
    t2v_tensor_entry *entries; /**< sorted by name once t2v_tensor_table_finish has been called */
    size_t count, capacity;
} t2v_tensor_table;

/** Adds the tensors of a file. @param rename NULL: under the names that they have */
t2v_status t2v_tensor_table_add(t2v_tensor_table *table, const t2v_tensor_file *file,
                                t2v_tensor_name_fn rename, const void *opaque, t2v_error *error);
/**
 * Sorts, refuses names that are there twice, and joins weights with their scales, one number or one
 * for each row: `X.scale_weight` or `X.weight_scale` with `X.weight` (FP8), and `X.scale` with a
 * tensor `X` of type I8 (weights/int8.h).
 *
 * @param label a path for messages
 */
t2v_status t2v_tensor_table_finish(t2v_tensor_table *table, const char *label, t2v_error *error);
void t2v_tensor_table_free(t2v_tensor_table *table);

/** Appends to what is done to the entry's values; it outlives the tensor. */
void t2v_tensor_table_adjust(t2v_tensor_entry *entry, t2v_adjust *adjust);

/** The entry whose scales a tensor of that name holds, or NULL. */
t2v_tensor_entry *t2v_tensor_table_scaled(const t2v_tensor_table *table, const char *name);

/** The entry of that name in a finished table, or NULL. */
t2v_tensor_entry *t2v_tensor_table_find(const t2v_tensor_table *table, const char *name);

#endif
