/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** One layer of LTX-Video 2B's transformer with random weights, to be timed. */
#ifndef T2V_TOOLS_BENCH_LAYER_H
#define T2V_TOOLS_BENCH_LAYER_H

#include "dit/dit.h"

typedef struct bench_layer bench_layer;

/**
 * Writes the weights to a temporary folder, opens them as any checkpoint, removes the folder.
 *
 * @param precision of the block's linear layers
 */
t2v_status bench_layer_create(t2v_exec *exec, int64_t tokens, int64_t text, t2v_precision precision,
                              bench_layer **layer, t2v_error *error);
void bench_layer_destroy(bench_layer **layer);
double bench_layer_operations(const bench_layer *layer);
t2v_status bench_layer_run(bench_layer *layer, t2v_exec *exec);

#endif
