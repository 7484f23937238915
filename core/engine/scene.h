/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a new prompt begins. */
#ifndef T2V_ENGINE_SCENE_H
#define T2V_ENGINE_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a scene follows the one before: the values of the option `transition`, in its order. */
typedef enum t2v_transition {
    T2V_TRANSITION_MORPH, /**< continues from the last frames */
    T2V_TRANSITION_CUT,   /**< begins from noise alone */
    T2V_TRANSITION_FADE,  /**< likewise, and comes out of the last frame, held, in one second */
    T2V_TRANSITIONS       /**< how many there are; unset */
} t2v_transition;

/** T2V_TRANSITIONS: there is none of that name. */
t2v_transition t2v_transition_from_name(const char *name, size_t length);

/** Whether a chunk begins a scene, and how. */
typedef struct t2v_scene {
    bool begins;
    t2v_transition transition;
    int64_t seed; /**< of its random numbers; -1: they go on */
} t2v_scene;

#endif
