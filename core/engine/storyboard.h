/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Prompts over time, from a text file:
 *
 *     # a comment
 *     0:00     blue waves at sunset
 *     0:12.5   a night sky full of stars | transition=cut seed=7
 *
 * A line is a time, [hours:]minutes:seconds, and a prompt; behind the last '|' there may be
 * settings. Times increase. A file whose first line has no time is one prompt, whatever its lines.
 */
#ifndef T2V_ENGINE_STORYBOARD_H
#define T2V_ENGINE_STORYBOARD_H

#include "base/error.h"
#include "engine/scene.h"

/** A line of a storyboard. */
typedef struct t2v_shot {
    double seconds; /**< at which it begins */
    char *prompt;
    t2v_transition transition; /**< T2V_TRANSITIONS: not said */
    int64_t seed;              /**< -1: not said */
} t2v_shot;

/** Shots in the order of their times, one at least. Zero-initialise; ended by
 *  t2v_storyboard_free. */
typedef struct t2v_storyboard {
    t2v_shot *shots;
    size_t count;
} t2v_storyboard;

/** Replaces nothing on failure; the message names the file and the line. */
t2v_status t2v_storyboard_read(const char *path, t2v_storyboard *board, t2v_error *error);
/** @param name of the file, for messages */
t2v_status t2v_storyboard_parse(const char *name, const char *text, size_t bytes,
                                t2v_storyboard *board, t2v_error *error);
void t2v_storyboard_free(t2v_storyboard *board);

#endif
