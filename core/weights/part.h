/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Components as single files hold them: under the authors' own tensor names, several in one file or
 * one by itself, and without a config.json. What the reference's configuration would say is read
 * off the tensors.
 *
 * A family adds one t2v_part_format for each way in which one of its components was published, and
 * names it in the list in part.c.
 */
#ifndef T2V_WEIGHTS_PART_H
#define T2V_WEIGHTS_PART_H

#include <jansson.h>

#include "weights/config.h"
#include "weights/tensor_table.h"

/** One replacement in tensor names: every `from` becomes `to`; `^` ties it to the name's begin. */
typedef struct t2v_rename {
    const char *from, *to;
} t2v_rename;

/** What a publication says beside its weights. */
typedef struct t2v_part_release {
    const char *pipeline;  /**< class; NULL: the format's */
    const char *index;     /**< what model_index.json says but for the classes */
    const char *scheduler; /**< scheduler_config.json */
    double boundary;       /**< boundary_ratio where there is a second transformer */
    bool vision;           /**< the transformer reads what a vision encoder says of pictures */
} t2v_part_release;

/** One way of publishing a component. */
typedef struct t2v_part_format {
    const char *component;       /**< "transformer", "vae", "text_encoder", "image_encoder" */
    const char *class_name;      /**< in the reference; NULL: one of several */
    const char *mark;            /**< a tensor that no other format has, without the prefix */
    const char *const *prefixes; /**< that may stand before its names, ended by NULL */
    const t2v_rename *renames;   /**< to the reference's names, in this order, ended by NULL */
    /**
     * Writes what the reference's configuration says into `config`.
     *
     * @param table     the tensors under the reference's names
     * @param published of the file's own metadata; NULL: it has none
     */
    t2v_status (*configure)(const t2v_tensor_table *table, const t2v_config *published,
                            json_t *config, t2v_error *error);
    const char *pipeline; /**< class that these files were published for; NULL: no matter */
    const char *vae;      /**< of a transformer: class of the autoencoder that it works with */
    bool stands_in;       /**< of an autoencoder: works in place of another class's */
    const char *text;     /**< how names of its text encoder's files begin; NULL: no matter */
    /** Of a transformer: the release that its file is of. NULL: the pipeline's only one */
    const t2v_part_release *(*release)(const t2v_tensor_file *file, const char *prefix);
} t2v_part_format;

/** A format and the prefix that a file has it with. */
typedef struct t2v_part {
    const t2v_part_format *format; /**< NULL: the file has no such component */
    const char *prefix;
} t2v_part;

/** Which format a file holds a component in. */
t2v_part t2v_part_find(const t2v_tensor_file *file, const char *component);
/** The failure of a file without a component; says what it holds instead. */
t2v_status t2v_part_fail_missing(const t2v_tensor_file *file, const char *component,
                                 t2v_error *error);
/** t2v_tensor_name_fn; `opaque` is a t2v_part. */
bool t2v_part_rename(const void *opaque, const char *name, char *out);
/** The replacements of the component's format `index` that has some; NULL behind the last. */
const t2v_rename *t2v_part_renames(const char *component, int index);
/**
 * Does replacements to a name of T2V_MAX_TENSOR_NAME bytes; false when the result does not fit.
 *
 * @param flat the name has '_' where others have '.'
 */
bool t2v_part_replace(const t2v_rename *rules, bool flat, char *name);
/** The configuration of a part whose tensors are in the table; `file` for its metadata. */
t2v_status t2v_part_configure(const t2v_part *part, const t2v_tensor_file *file,
                              const t2v_tensor_table *table, t2v_config **config, t2v_error *error);
/** What the authors wrote into a file's metadata: `config`, JSON; *published is NULL without. */
t2v_status t2v_part_published(const t2v_tensor_file *file, t2v_config **published,
                              t2v_error *error);
/** scheduler_config.json as it was published with a pipeline class, or NULL. */
const char *t2v_part_scheduler(const char *pipeline);

/* For formats. */

/** scheduler_config.json of most Wan models. */
extern const char t2v_part_wan_scheduler[];

/** Size of a tensor along an axis; 0 when there is no such tensor or axis. */
int64_t t2v_part_size(const t2v_tensor_table *table, int axis, const char *name, ...)
    __attribute__((format(printf, 3, 4)));
/** json_object_set_new; of a value that is NULL or finds no memory *good becomes false. */
void t2v_part_set(json_t *config, const char *key, json_t *value, bool *good);
/** What a `configure` returns: T2V_ERROR_MEMORY unless all was good. */
t2v_status t2v_part_finished(bool good, t2v_error *error);
/** How names of a component's tensors may begin. */
extern const char *const t2v_part_transformer_prefixes[];
extern const char *const t2v_part_vae_prefixes[];
/** The file's tensor whose name is `prefix` and `name`, or NULL. */
const t2v_tensor *t2v_part_tensor(const t2v_tensor_file *file, const char *prefix,
                                  const char *name);
/** Whether there is a tensor of that name. */
bool t2v_part_has(const t2v_tensor_table *table, const char *name, ...)
    __attribute__((format(printf, 2, 3)));

extern const t2v_part_format t2v_part_ltx_transformer, t2v_part_ltx_transformer_diffusers;
extern const t2v_part_format t2v_part_ltx_vae_095, t2v_part_ltx_vae_091, t2v_part_ltx_vae_090;
extern const t2v_part_format t2v_part_ltx_vae_diffusers_095, t2v_part_ltx_vae_diffusers;
extern const t2v_part_format t2v_part_t5, t2v_part_t5_gguf, t2v_part_umt5_original;
extern const t2v_part_format t2v_part_wan_transformer, t2v_part_wan_transformer_diffusers;
extern const t2v_part_format t2v_part_wan_vae_22, t2v_part_wan_vae_21;
extern const t2v_part_format t2v_part_wan_vae_diffusers_22, t2v_part_wan_vae_diffusers_21;
extern const t2v_part_format t2v_part_tiny_vae;
extern const t2v_part_format t2v_part_clip, t2v_part_clip_bare, t2v_part_clip_original;

#endif
