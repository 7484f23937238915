/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Reading and writing safetensors files. */
#ifndef T2V_WEIGHTS_SAFETENSORS_H
#define T2V_WEIGHTS_SAFETENSORS_H

#include "tensor/tensor.h"

/** A mapped safetensors file and the tensors in it. */
typedef struct t2v_safetensors t2v_safetensors;

/**
 * Maps a file and checks its whole header: lengths, offsets, shapes, types, overlaps, names.
 * Every tensor of it can be read without further checks afterwards, as long as nobody cuts the
 * file short meanwhile.
 */
t2v_status t2v_safetensors_open(const char *path, t2v_safetensors **file, t2v_error *error);
/** Unmaps and sets *file to NULL. NULL is allowed. */
void t2v_safetensors_close(t2v_safetensors **file);

/** The tensor of that name, or NULL. Valid until the file is closed. */
const t2v_tensor *t2v_safetensors_find(const t2v_safetensors *file, const char *name);
/** Number of tensors. */
size_t t2v_safetensors_count(const t2v_safetensors *file);
/** Tensor `index` in the order of the header, with its name; `name` may be NULL. */
const t2v_tensor *t2v_safetensors_at(const t2v_safetensors *file, size_t index, const char **name);
/** A pair of `__metadata__`. */
typedef struct t2v_safetensors_note {
    const char *key, *value;
} t2v_safetensors_note;

/** All pairs, the file's own. */
const t2v_safetensors_note *t2v_safetensors_notes(const t2v_safetensors *file, size_t *count);
/** An entry of `__metadata__`, or NULL. */
const char *t2v_safetensors_metadata(const t2v_safetensors *file, const char *key);
const char *t2v_safetensors_path(const t2v_safetensors *file);
/** Length of the file. */
size_t t2v_safetensors_bytes(const t2v_safetensors *file);

/** What is about to be written. */
typedef struct t2v_safetensors_entry {
    const char *name;
    t2v_dtype dtype;
    t2v_shape shape;
} t2v_safetensors_entry;

/** A file being written: the header first, then each tensor's bytes, in any order and pieces. */
typedef struct t2v_safetensors_writer t2v_safetensors_writer;

/**
 * Begins a file. It is written beside `path` under a name of its own and takes its place when it
 * is finished, so a file of that name may be read meanwhile and survives a failure.
 *
 * @param entries names unique, without NUL, in UTF-8; copied
 * @param writer  receives the writer, to be ended with t2v_safetensors_finish; NULL on failure
 */
t2v_status t2v_safetensors_create(const char *path, const t2v_safetensors_entry *entries,
                                  size_t count, t2v_safetensors_writer **writer, t2v_error *error);
/** Likewise, with `__metadata__`. */
t2v_status t2v_safetensors_create_noted(const char *path, const t2v_safetensors_entry *entries,
                                        size_t count, const t2v_safetensors_note *notes,
                                        size_t note_count, t2v_safetensors_writer **writer,
                                        t2v_error *error);
/** Appends `bytes` to tensor `index`; fails when that is more than its shape holds. */
t2v_status t2v_safetensors_append(t2v_safetensors_writer *writer, size_t index, const void *data,
                                  size_t bytes, t2v_error *error);
/**
 * Closes; fails, and leaves no file, when a tensor is not complete or an append has failed.
 * *writer becomes NULL; NULL is allowed.
 */
t2v_status t2v_safetensors_finish(t2v_safetensors_writer **writer, t2v_error *error);

#endif
