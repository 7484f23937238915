/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** How a stream is cut into chunks. */
#ifndef T2V_ENGINE_PLAN_H
#define T2V_ENGINE_PLAN_H

#include "engine/latents.h"
#include "engine/model.h"

/** The same for every chunk but for the first, which has nothing before it. */
typedef struct t2v_plan {
    t2v_latent_size size;   /**< of a chunk's window; frames: of the first chunk */
    int64_t picture_height; /**< as generated, before the crop */
    int64_t picture_width;
    int64_t window_frames; /**< latent frames of a later chunk's window, `context` of them known */
    int64_t context;
    int64_t lead;   /**< latent frames in front of the first new one: of the video that goes on */
    int64_t chunks; /**< -1: without end */
    bool scenes;    /**< each may take passes of its own, beyond `chunks` */
} t2v_plan;

/** What else a plan depends on; combined by `|`. */
enum t2v_plan_flags {
    T2V_PLAN_SCENES = 1 << 0,    /**< there will be more than one, so it cannot be one pass */
    T2V_PLAN_CONTINUES = 1 << 1, /**< it goes on from another video, whose end is given */
};

/**
 * @param frames pictures in all; -1: without end
 * @param chunk  pictures of one pass; 0: all in one pass, -1: the model's own, and 16 new ones at
 *               most when there is no end
 * @param flags  enum t2v_plan_flags
 */
t2v_status t2v_plan_make(const t2v_model *model, int width, int height, int64_t frames, int chunk,
                         unsigned flags, t2v_plan *plan, t2v_error *error);

/** Latent frames of chunk `index` that are decoded: the new ones, and the first one's lead. */
int64_t t2v_plan_new_frames(const t2v_plan *plan, int64_t index);

/**
 * Whether decoding may be cut into tiles, each of which decodes a clip from its beginning to its
 * end: when every pass is a clip of its own.
 */
bool t2v_plan_may_tile(const t2v_model *model, const t2v_plan *plan);

/** Floats of one picture: [3, picture_height, picture_width]. */
size_t t2v_plan_picture_floats(const t2v_plan *plan);

/** Pictures that `latents` latent frames stand for at the beginning of a clip; 0 for none. */
int64_t t2v_plan_pictures(const t2v_model *model, int64_t latents);

/** Pictures of another video that a stream goes on from, at most. */
int64_t t2v_plan_lead_pictures(const t2v_model *model);

#endif
