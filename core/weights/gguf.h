/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Reading GGUF files, versions 2 and 3, little endian: metadata of typed values, then tensors whose
 * dimensions are stored innermost first.
 */
#ifndef T2V_WEIGHTS_GGUF_H
#define T2V_WEIGHTS_GGUF_H

#include "tensor/tensor.h"

/** A mapped GGUF file, its metadata and tensors. */
typedef struct t2v_gguf t2v_gguf;

/** Types of metadata values, numbered as in the file. */
typedef enum t2v_gguf_type {
    T2V_GGUF_U8,
    T2V_GGUF_I8,
    T2V_GGUF_U16,
    T2V_GGUF_I16,
    T2V_GGUF_U32,
    T2V_GGUF_I32,
    T2V_GGUF_F32,
    T2V_GGUF_BOOL,
    T2V_GGUF_STRING,
    T2V_GGUF_ARRAY,
    T2V_GGUF_U64,
    T2V_GGUF_I64,
    T2V_GGUF_F64,
    T2V_GGUF_TYPES,
} t2v_gguf_type;

/** A metadata value, or an array of them. */
typedef struct t2v_gguf_value {
    t2v_gguf_type type; /**< of the elements; never an array */
    bool array;
    size_t count;        /**< elements; 1 when no array */
    const uint8_t *data; /**< of the first element, unaligned; strings follow each other */
} t2v_gguf_value;

/** A string of a file: no NUL at its end, and not checked to be UTF-8. */
typedef struct t2v_gguf_string {
    const char *text;
    size_t bytes;
} t2v_gguf_string;

/**
 * Maps a file and checks all of its header: counts, names, types, sizes, and that each tensor lies
 * in the file where its alignment allows. Every tensor and value can be read without further
 * checks afterwards, as long as nobody cuts the file short meanwhile. Shapes are given outermost
 * dimension first; `comfy.gguf.orig_shape.NAME` replaces one that GGUF cannot hold.
 */
t2v_status t2v_gguf_open(const char *path, t2v_gguf **file, t2v_error *error);
/** Unmaps and sets *file to NULL. NULL is allowed. */
void t2v_gguf_close(t2v_gguf **file);

size_t t2v_gguf_count(const t2v_gguf *file);
/** Tensor `index` in the order of the file, with its name; `name` may be NULL. */
const t2v_tensor *t2v_gguf_at(const t2v_gguf *file, size_t index, const char **name);
/** The metadata value of that key, or NULL. */
const t2v_gguf_value *t2v_gguf_metadata(const t2v_gguf *file, const char *key);
/** The string at `data`; *next is where the one after it begins. */
t2v_gguf_string t2v_gguf_string_at(const uint8_t *data, const uint8_t **next);
/** Element `index` of a value of integers or booleans. */
int64_t t2v_gguf_integer_at(const t2v_gguf_value *value, size_t index);

const char *t2v_gguf_path(const t2v_gguf *file);
/** Length of the file. */
size_t t2v_gguf_bytes(const t2v_gguf *file);

#endif
