/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The layers that the encoder and the decoder of Wan's autoencoders are made of, one frame at a
 * time: each convolution over time keeps the two frames before, and in front of the clip there are
 * zeros.
 */
#ifndef T2V_VAE_WAN_LAYERS_H
#define T2V_VAE_WAN_LAYERS_H

#include "layers/load.h"
#include "vae/causal_conv.h"

/** Layers are named by where they are: a prefix such as "decoder.up_blocks.1". */
enum { T2V_WAN_PREFIX_BYTES = 120 };

/** Two convolutions behind norms, and a path around them. */
typedef struct t2v_wan_resnet {
    int64_t in, out;
    float *norm1, *norm2;
    t2v_conv3d *conv1, *conv2;
    t2v_linear *shortcut; /**< NULL: identity */
} t2v_wan_resnet;

/** Where there are fewest positions: resnet, attention within the frame, resnet. */
typedef struct t2v_wan_middle {
    int64_t channels;
    t2v_wan_resnet resnet[2];
    float *norm;
    t2v_linear *qkv, *out;
} t2v_wan_middle;

typedef struct t2v_wan_resnet_state {
    const t2v_wan_resnet *resnet;
    t2v_conv_state conv1, conv2;
} t2v_wan_resnet_state;

typedef struct t2v_wan_middle_state {
    const t2v_wan_middle *middle;
    t2v_wan_resnet_state resnet[2];
} t2v_wan_middle_state;

/* Loading. What was made before a failure is ended by the same call as the rest. */

/** `prefix`.`name` [out, in, 3, 3, 3] */
t2v_status t2v_wan_load_conv(const t2v_component *component, int64_t out, int64_t in,
                             t2v_conv3d **conv, t2v_error *error, const char *prefix,
                             const char *name);
/** `prefix`.`name`.gamma [channels, 1, 1, 1] */
t2v_status t2v_wan_load_gamma(const t2v_component *component, int64_t channels, float **gamma,
                              t2v_error *error, const char *prefix, const char *name);
t2v_status t2v_wan_load_resnet(const t2v_component *component, int64_t in, int64_t out,
                               t2v_wan_resnet *resnet, t2v_error *error, const char *prefix);
void t2v_wan_free_resnet(t2v_wan_resnet *resnet);
/** @param coder "encoder" or "decoder" */
t2v_status t2v_wan_load_middle(const t2v_component *component, int64_t channels,
                               t2v_wan_middle *middle, t2v_error *error, const char *coder);
void t2v_wan_free_middle(t2v_wan_middle *middle);
/** Products for one position, attention left out. */
double t2v_wan_resnet_operations(const t2v_wan_resnet *resnet);
double t2v_wan_middle_operations(const t2v_wan_middle *middle);

/* Memory of the frames before, zeros. Ended also after a failure. */

t2v_status t2v_wan_start_conv(t2v_conv_state *state, const t2v_conv3d *conv, int64_t h, int64_t w,
                              t2v_error *error);
t2v_status t2v_wan_start_resnet(t2v_wan_resnet_state *state, const t2v_wan_resnet *resnet,
                                int64_t h, int64_t w, t2v_error *error);
void t2v_wan_end_resnet(t2v_wan_resnet_state *state);
/** Memory of the frames before. */
size_t t2v_wan_resnet_bytes(const t2v_wan_resnet_state *state);
t2v_status t2v_wan_start_middle(t2v_wan_middle_state *state, const t2v_wan_middle *middle,
                                int64_t h, int64_t w, t2v_error *error);
void t2v_wan_end_middle(t2v_wan_middle_state *state);

/* Running: one frame [h, w, channels]. */

/** norm and SiLU where there is a gamma, then the convolution: x to y. */
t2v_status t2v_wan_run_conv(t2v_exec *exec, t2v_conv_state *state, const float *gamma,
                            const float *x, bool accumulate, float *y);
t2v_status t2v_wan_run_resnet(t2v_exec *exec, t2v_wan_resnet_state *state, const float *x,
                              float *y);
/**
 * Resnets one after the other; with none of them x is copied.
 *
 * @param x      [positions, channels of the first]
 * @param result receives two frames [positions, channels of the last] in the arena: what they made,
 *               and one to work in
 */
t2v_status t2v_wan_run_resnets(t2v_exec *exec, t2v_wan_resnet_state *state, int64_t count,
                               const float *x, int64_t positions, int64_t channels,
                               float *result[2]);
/** x is replaced. */
t2v_status t2v_wan_run_middle(t2v_exec *exec, t2v_wan_middle_state *state, float *x);

#endif
