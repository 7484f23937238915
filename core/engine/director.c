/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/director.h"

#include <math.h>
#include <string.h>

t2v_status t2v_director_open(t2v_director *d, const char *path, bool reload, double rate,
                             const t2v_log *log, t2v_error *error)
{
    *d = (t2v_director){.path = path, .reload = reload, .rate = rate, .log = log};
    if (!path || !*path)
        return T2V_OK;
    if (stat(path, &d->seen)) /* then reading says what is wrong */
        memset(&d->seen, 0, sizeof(d->seen));
    return t2v_storyboard_read(path, &d->board, error);
}

void t2v_director_close(t2v_director *d)
{
    t2v_storyboard_free(&d->board);
}

/* The first frame that is not before the shot's time; a millionth of one is rounding. */
static int64_t first_frame(const t2v_director *d, const t2v_shot *shot)
{
    return (int64_t)ceil(shot->seconds * d->rate - 1e-6);
}

/* ------------------------------------------------------------------ the file */

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool same_shot(const t2v_shot *a, const t2v_shot *b)
{
    return a->transition == b->transition && a->seed == b->seed && !strcmp(a->prompt, b->prompt);
}

/* Puts another storyboard in place of the one that plays at `frame`. */
static void replace(t2v_director *d, t2v_storyboard *board, int64_t frame)
{
    const t2v_shot *old = d->next ? &d->board.shots[d->next - 1] : NULL;
    size_t next = 0;
    while (next < board->count && first_frame(d, &board->shots[next]) <= frame)
        next++;
    d->changed = next && (d->changed || !old || !same_shot(old, &board->shots[next - 1]));
    d->next = next;
    t2v_storyboard_free(&d->board);
    d->board = *board;
}

/* A file that cannot be read now may be the next time: the old storyboard goes on. */
static void look_at_file(t2v_director *d, int64_t frame)
{
    t2v_storyboard board = {0};
    struct stat now;
    t2v_error error;
    if (!d->reload || !d->board.count || stat(d->path, &now) || same_file(&now, &d->seen) ||
        !S_ISREG(now.st_mode)) /* a pipe is read once: its next writer may never come */
        return;
    d->seen = now;
    if (t2v_storyboard_read(d->path, &board, &error) < 0) {
        t2v_log_write(d->log, T2V_LOG_WARNING, "%s; the storyboard read before goes on",
                      error.text);
        return;
    }
    replace(d, &board, frame);
    t2v_log_write(d->log, T2V_LOG_INFO, "%s: read again", d->path);
}

/* ------------------------------------------------------------------ shots */

int64_t t2v_director_due(t2v_director *d, int64_t frame, t2v_transition *transition)
{
    look_at_file(d, frame);
    *transition = T2V_TRANSITIONS;
    if (d->changed) {
        *transition = d->board.shots[d->next - 1].transition;
        return frame;
    }
    if (d->next == d->board.count)
        return INT64_MAX;
    *transition = d->board.shots[d->next].transition;
    return first_frame(d, &d->board.shots[d->next]);
}

const t2v_shot *t2v_director_take(t2v_director *d, int64_t frame)
{
    const t2v_shot *shot = d->changed ? &d->board.shots[d->next - 1] : NULL;
    d->changed = false;
    for (; d->next < d->board.count; d->next++) {
        if (first_frame(d, &d->board.shots[d->next]) > frame)
            break;
        shot = &d->board.shots[d->next];
    }
    return shot;
}
