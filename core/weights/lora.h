/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * LoRA files (Hu et al. 2021): what was learnt on top of a transformer, as products of two narrow
 * matrices, some as whole differences. They are added to the weights when these are read, so that
 * neither the model nor its changed weights are kept twice.
 */
#ifndef T2V_WEIGHTS_LORA_H
#define T2V_WEIGHTS_LORA_H

#include "base/log.h"
#include "weights/tensor_table.h"

/** An opened file, whose tensors adjust those of one or two tables. */
typedef struct t2v_lora t2v_lora;

/** What a file is merged into. */
typedef struct t2v_lora_target {
    t2v_tensor_table *first, *second; /**< of the transformers; second: NULL when there is one */
    bool all_second; /**< all of the file is for the second; else names tell, `transformer_2.` */
} t2v_lora_target;

/**
 * Opens a file and appends its differences to the adjustments of the tables' tensors, weight times
 * as much as the file says: alpha / rank, from its tensors `.alpha` or its lora_adapter_metadata,
 * else 1. What fits no tensor is named in a warning; a file of which nothing fits, a pair without
 * its other half and a wrong shape are failures, after which the tables must not be read.
 *
 * @param lora receives what must outlive the tables' readers
 */
t2v_status t2v_lora_open(const char *path, double weight, const t2v_lora_target *target,
                         const t2v_log *log, t2v_lora **lora, t2v_error *error);
/** Sets *lora to NULL. NULL is allowed. */
void t2v_lora_close(t2v_lora **lora);

#endif
