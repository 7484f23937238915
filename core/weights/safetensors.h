/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Reading and writing safetensors files. */
#ifndef T2V_WEIGHTS_SAFETENSORS_H
#define T2V_WEIGHTS_SAFETENSORS_H

#include "tensor/tensor.h"

/** A mapped safetensors file and the tensors in it. */
typedef struct t2v_safetensors t2v_safetensors;

/**
 * Maps a file and checks its whole header: lengths, offsets, shapes, types, overlaps, names.
 * Every tensor of it can be read without further checks afterwards.
 */
t2v_status t2v_safetensors_open(const char *path, t2v_safetensors **file, t2v_error *error);
void t2v_safetensors_close(t2v_safetensors **file);

/** The tensor of that name, or NULL. Valid until the file is closed. */
const t2v_tensor *t2v_safetensors_find(const t2v_safetensors *file, const char *name);
size_t t2v_safetensors_count(const t2v_safetensors *file);
/** Tensor `index` in the order of the header, with its name. */
const t2v_tensor *t2v_safetensors_at(const t2v_safetensors *file, size_t index, const char **name);
const char *t2v_safetensors_path(const t2v_safetensors *file);
size_t t2v_safetensors_bytes(const t2v_safetensors *file);

/** What is about to be written. */
typedef struct t2v_safetensors_entry {
    const char *name;
    t2v_dtype dtype;
    t2v_shape shape;
} t2v_safetensors_entry;

/** A file being written: the header first, then each tensor's bytes, in any order and pieces. */
typedef struct t2v_safetensors_writer t2v_safetensors_writer;

t2v_status t2v_safetensors_create(const char *path, const t2v_safetensors_entry *entries,
                                  size_t count, t2v_safetensors_writer **writer, t2v_error *error);
/** Appends `bytes` to tensor `index`. */
t2v_status t2v_safetensors_append(t2v_safetensors_writer *writer, size_t index, const void *data,
                                  size_t bytes, t2v_error *error);
/** Closes; fails when a tensor is not complete or the disk is full. *writer becomes NULL. */
t2v_status t2v_safetensors_finish(t2v_safetensors_writer **writer, t2v_error *error);

#endif
