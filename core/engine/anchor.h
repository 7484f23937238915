/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Keeps a scene that goes on for minutes from fading. Each chunk continues the one before, and a
 * model that makes everything by a hair darker than it was given makes a dark scene in the end. So
 * the mean and the deviation of each latent channel are drawn back a little, in every chunk,
 * towards what they were as the scene began: adaptive instance normalization (Huang and Belongie,
 * 2017), as Lightricks' sampler for long videos does it (`adain_factor`).
 */
#ifndef T2V_ENGINE_ANCHOR_H
#define T2V_ENGINE_ANCHOR_H

#include "engine/latents.h"

enum { T2V_ANCHOR_SCENES = 16, T2V_ANCHOR_NAME = 65 };

/** What a scene's latents were like at first, by channel. */
typedef struct t2v_anchored {
    char name[T2V_ANCHOR_NAME];
    bool set;
    double *mean, *deviation; /**< [channels] */
} t2v_anchored;

typedef struct t2v_anchor {
    double strength; /**< 0: nothing is done, to 1: all that was changed is taken back */
    int wait;        /**< chunks to come before the scene is what it will be */
    t2v_anchored scene[T2V_ANCHOR_SCENES];
    int current, next; /**< next: the one whose place another takes */
} t2v_anchor;

t2v_status t2v_anchor_init(t2v_anchor *anchor, double strength, int64_t channels, t2v_error *error);
void t2v_anchor_free(t2v_anchor *anchor);

/**
 * A scene begins. One that comes back by a morph, among the last sixteen, is held to what it was
 * when it was new: what wears out from scene to scene is no other matter.
 *
 * @param name   of the scene, T2V_ANCHOR_NAME bytes at most: the hash of its prompt
 * @param morphs out of the one before, which takes some chunks; else it begins anew
 */
void t2v_anchor_enter(t2v_anchor *anchor, const char *name, bool morphs);

/** @param latents [C, F, H, W] of a chunk, of which the `known` leading frames stay as they are */
void t2v_anchor_hold(t2v_anchor *anchor, const t2v_latent_size *size, int64_t known,
                     float *latents);

#endif
