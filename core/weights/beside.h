/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Files that lie beside another one, where people who download single files put them. */
#ifndef T2V_WEIGHTS_BESIDE_H
#define T2V_WEIGHTS_BESIDE_H

#include <stdbool.h>

#include "base/error.h"

/** What is looked for. */
typedef struct t2v_beside {
    const char *what;           /**< for messages: "vae" */
    const char *word;           /**< in the file's name, not behind a letter, in any case; one of
                                     several, separated by '|' */
    const char *const *folders; /**< relative to the folder of `file`, ended by NULL */
} t2v_beside;

/**
 * The tensor file (.safetensors, .gguf) that `wanted` describes, in the first folder that has one;
 * two in the same folder are an error that names both.
 *
 * @param file the file beside which is looked; it is never found itself
 * @param path receives a path owned by the caller (t2v_free), or NULL when nothing is found
 */
t2v_status t2v_beside_find(const char *file, const t2v_beside *wanted, char **path,
                           t2v_error *error);

/** Whether the file's own name is such as `wanted` describes, whatever folder it is in. */
bool t2v_beside_matches(const char *file, const t2v_beside *wanted);

/** `name` relative to the folder of `file`, owned by the caller; NULL when out of memory. */
char *t2v_beside_path(const char *file, const char *name);

#endif
