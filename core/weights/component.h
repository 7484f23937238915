/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One folder of a checkpoint: a configuration, and weights in one or several files. */
#ifndef T2V_WEIGHTS_COMPONENT_H
#define T2V_WEIGHTS_COMPONENT_H

#include "weights/checkpoint.h"
#include "weights/tensor_table.h"

/**
 * Opens a component's folder, as described at t2v_checkpoint_component.
 *
 * @param class_name compared with `_class_name` or `architectures` of the config, where there is
 *                   one of these; NULL: any
 */
t2v_status t2v_component_open(const char *folder, const char *class_name, bool weights,
                              t2v_component **component, t2v_error *error);

/**
 * Opens a component that a single file holds, see weights/part.h.
 *
 * @param name       "transformer", "vae" or "text_encoder"
 * @param class_name that it must be of, where its names tell; NULL: any
 */
t2v_status t2v_component_open_file(const char *path, const char *name, const char *class_name,
                                   t2v_component **component, t2v_error *error);
/** A component that is a configuration alone. @param path of where it comes from, for messages */
t2v_status t2v_component_open_text(const char *path, const char *config, t2v_component **component,
                                   t2v_error *error);

/** Whether a folder holds weights that t2v_component_open would open. */
t2v_status t2v_component_has_weights(const char *folder, bool *has, t2v_error *error);
/** The component's tensors, to adjust them before layers are made of them. */
t2v_tensor_table *t2v_component_table(t2v_component *component);
/** The file of tensors that was opened first. */
const t2v_tensor_file *t2v_component_first_file(const t2v_component *component);
/** What a folder's weights are called when they are in one file. */
const char *t2v_component_weights_name(const t2v_component *component);

/** `folder/name`, owned by the caller; NULL when out of memory. */
char *t2v_join_path(const char *folder, const char *name);
/** Whether something that is not a folder is there. */
bool t2v_is_file(const char *path);
/** Whether a folder is there. */
bool t2v_is_folder(const char *path);

/** Makes a path, owned by the caller, from where to start and a name; NULL when out of memory. */
typedef char *(*t2v_join_fn)(const char *base, const char *name);
/** The first of `names`, ended by NULL, that is a file; *path is NULL when there is none. */
t2v_status t2v_first_file(t2v_join_fn join, const char *base, const char *const *names, char **path,
                          t2v_error *error);

#endif
