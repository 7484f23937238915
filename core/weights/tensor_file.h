/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A file of named tensors, whichever format it has: safetensors or GGUF. */
#ifndef T2V_WEIGHTS_TENSOR_FILE_H
#define T2V_WEIGHTS_TENSOR_FILE_H

#include "tensor/tensor.h"
#include "weights/gguf.h"
#include "weights/safetensors.h"

/** A mapped file, checked as t2v_safetensors_open and t2v_gguf_open say. */
typedef struct t2v_tensor_file t2v_tensor_file;

/** Opens a file by what it begins with; its name does not matter. Pickles are refused. */
t2v_status t2v_tensor_file_open(const char *path, t2v_tensor_file **file, t2v_error *error);
/** Unmaps and sets *file to NULL. NULL is allowed. */
void t2v_tensor_file_close(t2v_tensor_file **file);

size_t t2v_tensor_file_count(const t2v_tensor_file *file);
/** Tensor `index` in the order of the file, with its name. */
const t2v_tensor *t2v_tensor_file_at(const t2v_tensor_file *file, size_t index, const char **name);
/** A text of safetensors' `__metadata__`, or NULL. */
const char *t2v_tensor_file_note(const t2v_tensor_file *file, const char *key);
/** All pairs of safetensors' `__metadata__`, the file's own; *count is 0 when there are none. */
const t2v_safetensors_note *t2v_tensor_file_notes(const t2v_tensor_file *file, size_t *count);
/** The GGUF file behind it, or NULL. */
const t2v_gguf *t2v_tensor_file_gguf(const t2v_tensor_file *file);
const char *t2v_tensor_file_path(const t2v_tensor_file *file);
/** Length of the file. */
size_t t2v_tensor_file_bytes(const t2v_tensor_file *file);

#endif
