/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Norms that a timestep shifts and scales, and results that it gates (adaLN; Peebles and Xie 2023,
 * section 3.2), with a table for each block and one network for all of them (PixArt-α).
 */
#ifndef T2V_DIT_ADAPTIVE_H
#define T2V_DIT_ADAPTIVE_H

#include "dit/dit.h"
#include "ops/linear.h"
#include "ops/norm.h"

/** Modulations of a block: shift, scale and gate of the attention, then of the feed-forward. */
enum { T2V_MODULATIONS = 6 };

/** The network from a timestep's sinusoids to its embedding, and on to all modulations. */
typedef struct t2v_time_layers {
    int64_t dim, sinusoids;
    t2v_linear *in, *out, *modulation;
} t2v_time_layers;

void t2v_time_layers_free(t2v_time_layers *layers);

/** What one run's timesteps say, in the arena. */
typedef struct t2v_adaptive {
    int64_t dim, tokens;
    int groups;
    const int32_t *group;   /**< of each token; NULL: all of group 0 */
    float *time;            /**< [groups, dim]: the embedded timesteps */
    float *time_modulation; /**< [groups, T2V_MODULATIONS, dim] */
    float *modulation;      /**< likewise, of the block at hand */
} t2v_adaptive;

t2v_status t2v_adaptive_begin(t2v_exec *exec, const t2v_time_layers *layers,
                              const t2v_dit_input *input, t2v_adaptive *adaptive);

/** From here on the block whose table [T2V_MODULATIONS, dim] is given. */
void t2v_adaptive_block(t2v_adaptive *adaptive, const float *table);

/** From here on the last norm: its table [2, dim], shift and scale, plus the embedded timestep. */
void t2v_adaptive_last(t2v_adaptive *adaptive, const float *table);

/**
 * y = norm(x) · (1 + scale) + shift, rows of x and y dense.
 *
 * @param norm  without modulation
 * @param which the shift's place in the table; the scale follows it
 */
void t2v_adaptive_norm(t2v_exec *exec, const t2v_adaptive *adaptive, const t2v_norm *norm,
                       int which, const float *x, float *y);

/** y += x · gate, `which` being the gate's place in the table. */
void t2v_adaptive_add(t2v_exec *exec, const t2v_adaptive *adaptive, int which, const float *x,
                      float *y);

#endif
