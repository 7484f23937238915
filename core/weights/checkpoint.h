/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A published checkpoint: a diffusers folder with one sub-folder for each component, each with a
 * config.json and one or several safetensors files.
 */
#ifndef T2V_WEIGHTS_CHECKPOINT_H
#define T2V_WEIGHTS_CHECKPOINT_H

#include "tensor/tensor.h"
#include "weights/config.h"

/** A folder with model_index.json. */
typedef struct t2v_checkpoint t2v_checkpoint;
/** One component (`transformer`, `vae` …): its configuration and its tensors. */
typedef struct t2v_component t2v_component;

t2v_status t2v_checkpoint_open(const char *folder, t2v_checkpoint **checkpoint, t2v_error *error);
void t2v_checkpoint_close(t2v_checkpoint **checkpoint);

/** model_index.json. */
const t2v_config *t2v_checkpoint_index(const t2v_checkpoint *checkpoint);
/** `_class_name` of model_index.json. */
const char *t2v_checkpoint_pipeline(const t2v_checkpoint *checkpoint);
/** t2v.json, the folder's own description and defaults; NULL when there is none. */
const t2v_config *t2v_checkpoint_defaults(const t2v_checkpoint *checkpoint);
/** Path of a file in the folder, `name` relative to it; owned by the caller (t2v_free). */
char *t2v_checkpoint_file(const t2v_checkpoint *checkpoint, const char *name);

/**
 * Opens `folder/name`: its config file (config.json, scheduler_config.json for a scheduler) and,
 * when `weights` is true, its safetensors: `diffusion_pytorch_model.safetensors` or
 * `model.safetensors`, or the shards that `….safetensors.index.json` lists. `class_name` is
 * compared with the class that model_index.json and the config name.
 */
t2v_status t2v_checkpoint_component(const t2v_checkpoint *checkpoint, const char *name,
                                    const char *class_name, bool weights, t2v_component **component,
                                    t2v_error *error);
void t2v_component_close(t2v_component **component);

const t2v_config *t2v_component_config(const t2v_component *component);
/** Number of weights, and bytes of the files. */
int64_t t2v_component_parameters(const t2v_component *component);
int64_t t2v_component_bytes(const t2v_component *component);

/**
 * A floating-point tensor that must be there with just this shape. A dimension of -1 matches any
 * size. Failures name the file, the tensor, and both shapes.
 *
 * @param name format of the name, as in printf: t2v_component_tensor(c, &t, e, 2, dims, "a.%d.b",
 * i)
 */
t2v_status t2v_component_tensor(const t2v_component *component, t2v_tensor *tensor,
                                t2v_error *error, int rank, const int64_t *dim, const char *name,
                                ...) __attribute__((format(printf, 6, 7)));
/** Whether a tensor of that name is there. */
bool t2v_component_has(const t2v_component *component, const char *name, ...)
    __attribute__((format(printf, 2, 3)));

#endif
