/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the names of a LoRA file's tensors mean, in the ways that such files are published. */
#ifndef T2V_WEIGHTS_LORA_NAME_H
#define T2V_WEIGHTS_LORA_NAME_H

#include "weights/tensor_table.h"

/** What a tensor is to its module, in the order in which they are merged. */
typedef enum t2v_lora_kind {
    T2V_LORA_DOWN,      /**< lora_A, lora_down: [rank, in, …] */
    T2V_LORA_UP,        /**< lora_B, lora_up: [out, rank, …] */
    T2V_LORA_ALPHA,     /**< the product counts alpha / rank times */
    T2V_LORA_UP_BIAS,   /**< bias of lora_B: added to the module's, counts alpha / rank times */
    T2V_LORA_DIFF,      /**< difference of the module's weight, or of a parameter by itself */
    T2V_LORA_DIFF_BIAS, /**< difference of the module's bias */
    T2V_LORA_OTHER,     /**< something that is not known */
} t2v_lora_kind;

/** A name taken apart. */
typedef struct t2v_lora_name {
    t2v_lora_kind kind;
    bool second;        /**< for the second transformer: `transformer_2.` */
    bool flat;          /**< the module's name has '_' where others have '.' (kohya) */
    const char *module; /**< within the name */
    size_t length;      /**< of the module */
} t2v_lora_name;

/**
 * `PREFIX.MODULE.KIND`, where PREFIX is transformer, transformer_2, diffusion_model,
 * model.diffusion_model, unet or nothing, maybe behind base_model.model; or lora_unet_MODULE.KIND.
 */
t2v_lora_name t2v_lora_name_read(const char *name);

/**
 * The entry of a transformer's table that a module's parameter is, by the names of diffusers or of
 * the authors; NULL: there is none.
 *
 * @param parameter "weight" or "bias"; "": the module itself
 */
t2v_tensor_entry *t2v_lora_name_find(const t2v_tensor_table *table, const t2v_lora_name *name,
                                     const char *parameter);

#endif
