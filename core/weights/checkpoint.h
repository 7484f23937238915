/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A published checkpoint, in one of three forms:
 * - a diffusers folder: model_index.json, and a sub-folder for each component with a config.json
 * and one or several safetensors files;
 * - a tensor file (safetensors or GGUF) with the transformer, and maybe the other components;
 * - a manifest: JSON that names the file or the diffusers sub-folder of each component.
 *
 * What the latter two do not name is looked for beside the transformer, see docs/models.md.
 */
#ifndef T2V_WEIGHTS_CHECKPOINT_H
#define T2V_WEIGHTS_CHECKPOINT_H

#include "tensor/precision.h"
#include "tensor/tensor.h"
#include "weights/config.h"
#include "weights/gguf.h"

/** Which files a model is made of. */
typedef struct t2v_checkpoint t2v_checkpoint;
/** One component (`transformer`, `vae` …): its configuration and its tensors. */
typedef struct t2v_component t2v_component;

/**
 * @param path of a folder, a tensor file, or a manifest (whose name ends in .json)
 * @param vae  file or component's folder of the autoencoder; NULL: what `path` says
 */
t2v_status t2v_checkpoint_open(const char *path, const char *vae, t2v_checkpoint **checkpoint,
                               t2v_error *error);
void t2v_checkpoint_close(t2v_checkpoint **checkpoint);

/** model_index.json; empty for a model of files. */
const t2v_config *t2v_checkpoint_index(const t2v_checkpoint *checkpoint);
/** Path of what says the pipeline: model_index.json, the manifest, or the file. */
const char *t2v_checkpoint_path(const t2v_checkpoint *checkpoint);
/** Class of the pipeline: `_class_name`, the manifest's `pipeline`, or what the files imply. */
const char *t2v_checkpoint_pipeline(const t2v_checkpoint *checkpoint);
/** The model's own description and defaults: t2v.json or the manifest; NULL: there are none. */
const t2v_config *t2v_checkpoint_defaults(const t2v_checkpoint *checkpoint);
/** A key of theirs that nobody asked for so far, NULL: there is none. To be called once. */
const char *t2v_checkpoint_unread(t2v_checkpoint *checkpoint);
/** What the transformer's file says of the model in its metadata; NULL: nothing. */
const t2v_config *t2v_checkpoint_published(const t2v_checkpoint *checkpoint);
/**
 * Path of the tokenizer's file, spiece.model or tokenizer.json, owned by the caller (t2v_free).
 * *path is NULL when there is none beside the other files: the text encoder's may hold it.
 */
t2v_status t2v_checkpoint_tokenizer(const t2v_checkpoint *checkpoint, char **path,
                                    t2v_error *error);

/**
 * Opens a component. Of a folder it is `folder/name`: its config file (config.json,
 * scheduler_config.json for a scheduler, preprocessor_config.json for an image processor) and, when
 * `weights` is true, its safetensors: `diffusion_pytorch_model.safetensors` or `model.safetensors`,
 * or the shards that `….safetensors.index.json` lists. `class_name` is compared with the class that
 * model_index.json and the config name. Of single files an `image_processor` that is not named is
 * none: *component is NULL.
 */
t2v_status t2v_checkpoint_component(const t2v_checkpoint *checkpoint, const char *name,
                                    const char *class_name, bool weights, t2v_component **component,
                                    t2v_error *error);
void t2v_component_close(t2v_component **component);

/** The arithmetic of its layers that do not need floats (weights/layer_precision.h); to be said
 * before they are made. */
void t2v_component_set_precision(t2v_component *component, t2v_precision precision);
t2v_precision t2v_component_precision(const t2v_component *component);

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
/** A tensor of any type and shape, or NULL: something that is kept among the weights. */
const t2v_tensor *t2v_component_bytes_of(const t2v_component *component, const char *name);
/** The GGUF file that the tensors are in, or NULL. */
const t2v_gguf *t2v_component_gguf(const t2v_component *component);
/** Whether a tensor of that name is there. */
bool t2v_component_has(const t2v_component *component, const char *name, ...)
    __attribute__((format(printf, 2, 3)));

#endif
