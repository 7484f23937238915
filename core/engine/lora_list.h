/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The option `lora`: which files, how much of each, for which transformer. */
#ifndef T2V_ENGINE_LORA_LIST_H
#define T2V_ENGINE_LORA_LIST_H

#include "weights/component.h"
#include "weights/lora.h"

/** Opened files, in the order of the option. A zeroed one is empty. */
typedef struct t2v_lora_list {
    t2v_lora **lora;
    int count;
} t2v_lora_list;

/**
 * Opens what the option names and adjusts the components' weights. The value is a list, separated
 * by `|` or `,`, of
 *
 *     FILE[@N][=WEIGHT]      or      FILE[@N][:WEIGHT]
 *
 * N is 2 for the second transformer, 1 (the default) for the first, WEIGHT a number (default 1). In
 * a list with `|` a comma is part of a name.
 *
 * @param option NULL or "": none
 * @param second NULL: there is one transformer
 * @param list   outlives what is made of the components; to be ended with t2v_lora_list_close, on
 *               failure too
 */
t2v_status t2v_lora_list_open(const char *option, t2v_component *first, t2v_component *second,
                              const t2v_log *log, t2v_lora_list *list, t2v_error *error);
void t2v_lora_list_close(t2v_lora_list *list);

#endif
