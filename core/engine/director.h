/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Plays a storyboard: says which shot begins when, and looks after its file. */
#ifndef T2V_ENGINE_DIRECTOR_H
#define T2V_ENGINE_DIRECTOR_H

#include <sys/stat.h>

#include "base/log.h"
#include "engine/storyboard.h"

/** Zeroed: there is no storyboard. Ended by t2v_director_close. Belongs to one thread. */
typedef struct t2v_director {
    const char *path; /**< not its own */
    bool reload;      /**< the file is read again when it changes */
    double rate;      /**< frames per second */
    const t2v_log *log;
    struct stat seen; /**< the file when it was read */
    t2v_storyboard board;
    size_t next;  /**< the first shot that has not begun */
    bool changed; /**< the shot before it is another one since the file was read again */
} t2v_director;

/**
 * @param path NULL or "": there is no storyboard
 * @param log  outlives the director, as does the path
 */
t2v_status t2v_director_open(t2v_director *d, const char *path, bool reload, double rate,
                             const t2v_log *log, t2v_error *error);
void t2v_director_close(t2v_director *d);

/**
 * The frame with which the next shot begins; INT64_MAX: there is none. Looks at the file.
 *
 * @param frame      the next one to be made; a shot that begins now has it or one before
 * @param transition receives the shot's, T2V_TRANSITIONS when it names none
 */
int64_t t2v_director_due(t2v_director *d, int64_t frame, t2v_transition *transition);

/** The shot that begins with `frame`, once; NULL: none. Valid until the next call. */
const t2v_shot *t2v_director_take(t2v_director *d, int64_t frame);

#endif
