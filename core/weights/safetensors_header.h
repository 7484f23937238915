/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The header of a safetensors file: JSON in a fixed form,
 *
 *     {"__metadata__": {"key": "text"},
 *      "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
 *
 * It is read without a document tree: a hostile header may have 100 MB, which a general parser
 * turns into gigabytes, and the form leaves no room for nesting.
 */
#ifndef T2V_WEIGHTS_SAFETENSORS_HEADER_H
#define T2V_WEIGHTS_SAFETENSORS_HEADER_H

#include "weights/safetensors.h"

/** One tensor as the header describes it. */
typedef struct t2v_safetensors_item {
    const char *name;  /**< UTF-8 without NUL; in the header's `names` */
    t2v_tensor tensor; /**< data is NULL */
    size_t begin;      /**< of the data, from the end of the header */
} t2v_safetensors_item;

/** The tensors of one header. */
typedef struct t2v_safetensors_header {
    t2v_safetensors_item *items;    /**< in the order of the header */
    t2v_safetensors_item **by_name; /**< sorted by strcmp */
    size_t count;
    t2v_safetensors_note *metadata; /**< its texts in `names` */
    size_t metadata_count;
    char *names;
} t2v_safetensors_header;

/**
 * Reads and checks a header: its grammar, names, types, shapes, and that the tensors fill
 * `data_bytes` bytes without holes or overlaps.
 *
 * @param path   for messages
 * @param header receives the tensors, ended by t2v_safetensors_header_free; empty on failure
 */
t2v_status t2v_safetensors_header_parse(const char *path, const char *text, size_t bytes,
                                        size_t data_bytes, t2v_safetensors_header *header,
                                        t2v_error *error);
void t2v_safetensors_header_free(t2v_safetensors_header *header);

/** The tensor of that name; NULL when there is none. */
const t2v_safetensors_item *t2v_safetensors_header_find(const t2v_safetensors_header *header,
                                                        const char *name);

#endif
