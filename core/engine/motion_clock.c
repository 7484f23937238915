/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/motion_clock.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static const double SLOWEST = 0.4, FASTEST = 16; /* d */
static const double ENERGY = 0.5, ONSETS = 8;    /* in f */
static const double MEAN_SECONDS = 4, FALL_SECONDS = 0.02;

enum { LEAP = 4 /* pictures */ };

/* A list that grows at its end and is taken from at its beginning. */
typedef struct list {
    double *values;
    size_t first, count, room;
} list;

struct t2v_motion_clock {
    t2v_audio_listener *listener;
    double keep_mean, keep_surge; /* from frame to frame */
    double mean, surge;
    list ahead;      /* f - mean of the frames behind the one that is due */
    list shown;      /* numbers of the pictures that will be shown */
    int64_t ratio;   /* pictures of a latent frame */
    int64_t frames;  /* shown */
    int64_t due;     /* picture that the first frame behind them shows */
    int64_t left;    /* frames from that one on; -1: without end */
    int64_t planned; /* number of the first picture that nothing is decided of */
    double pace;     /* of the chunk that was planned last */
};

static t2v_status append(list *l, double value, t2v_error *error)
{
    if (l->first + l->count == l->room) {
        const size_t room = 2 * l->count + 64;
        double *values = t2v_calloc(room, sizeof(*values));
        if (!values)
            return t2v_fail_memory(error, "the clock of the sound", room * sizeof(*values));
        if (l->count)
            memcpy(values, l->values + l->first, l->count * sizeof(*values));
        t2v_free(l->values);
        *l = (list){values, 0, l->count, room};
    }
    l->values[l->first + l->count++] = value;
    return T2V_OK;
}

static double take_first(list *l)
{
    l->count--;
    return l->values[l->first++];
}

/* ------------------------------------------------------------------ listening */

static t2v_status listen(t2v_motion_clock *c, t2v_error *error)
{
    t2v_audio_features now;
    T2V_TRY(t2v_audio_listen(c->listener, &now, error));
    if (!now.sound)
        return append(&c->ahead, 0, error);
    c->surge = fmax((double)now.onset * now.onset, c->keep_surge * c->surge);
    const double f = ENERGY * now.energy + ONSETS * c->surge;
    c->mean = f + c->keep_mean * (c->mean - f);
    return append(&c->ahead, f - c->mean, error);
}

static double speed(double above_mean, double amount)
{
    return fmin(fmax(1 + amount * above_mean, SLOWEST), FASTEST);
}

/* The speed of the slowest of the next `count` frames. */
static double slowest(const t2v_motion_clock *c, int64_t count, double amount)
{
    double least = count > 0 ? FASTEST : 1;
    for (int64_t i = 0; i < count; i++)
        least = fmin(least, speed(c->ahead.values[c->ahead.first + (size_t)i], amount));
    return least;
}

/*
 * The picture that the frame behind the one that is due shows. A leap goes on to the beginning of
 * a latent frame, so that the seams that a model leaves there fall on the beat; and rather than to
 * the chunk's last one to the next chunk, where that is near.
 */
static int64_t next_due(t2v_motion_clock *c, int64_t end, double amount)
{
    const double steps = fmin(round(speed(take_first(&c->ahead), amount) / c->pace), FASTEST);
    int64_t due = c->due + (int64_t)steps;
    if (steps < LEAP)
        return due;
    due += ((end - due) % c->ratio + c->ratio) % c->ratio;
    return due == end - c->ratio && end - c->due <= (int64_t)FASTEST ? end : due;
}

/* The first frame is shown however it sounds. */
static t2v_status start(t2v_motion_clock *c, t2v_error *error)
{
    if (c->planned)
        return T2V_OK;
    T2V_TRY(listen(c, error));
    take_first(&c->ahead);
    return T2V_OK;
}

t2v_status t2v_motion_clock_plan(t2v_motion_clock *c, int64_t end, double amount, double *pace,
                                 t2v_error *error)
{
    *pace = c ? c->pace : 1;
    if (!c || end <= c->planned)
        return T2V_OK;
    T2V_TRY(start(c, error));
    int64_t most = end - c->due; /* frames that could be shown */
    if (c->left >= 0 && most > c->left - 1)
        most = c->left - 1; /* the last one has none behind it */
    while ((int64_t)c->ahead.count < most)
        T2V_TRY(listen(c, error));
    if (most > 0)
        c->pace = slowest(c, most, amount);
    while (c->left && c->due < end) {
        T2V_TRY(append(&c->shown, (double)c->due, error));
        c->left -= c->left > 0;
        if (c->left)
            c->due = next_due(c, end, amount);
    }
    c->planned = end;
    *pace = c->pace;
    return T2V_OK;
}

bool t2v_motion_clock_shows(t2v_motion_clock *c, int64_t picture)
{
    if (!c)
        return true;
    if (!c->shown.count || t2v_motion_clock_next_picture(c, 0) != picture)
        return false;
    take_first(&c->shown);
    c->frames++;
    return true;
}

int64_t t2v_motion_clock_next_picture(const t2v_motion_clock *c, int64_t frame)
{
    if (!c)
        return frame;
    return c->shown.count ? (int64_t)c->shown.values[c->shown.first] : c->due;
}

int64_t t2v_motion_clock_frame(const t2v_motion_clock *c, int64_t picture)
{
    if (!c)
        return picture;
    int64_t frames = c->frames;
    for (size_t i = 0; i < c->shown.count; i++)
        frames += (int64_t)c->shown.values[c->shown.first + i] < picture;
    return frames;
}

/* ------------------------------------------------------------------ life */

t2v_status t2v_motion_clock_open(const char *path, int rate_num, int rate_den, int64_t frames,
                                 int64_t ratio, const atomic_bool *interrupted,
                                 t2v_motion_clock **out, t2v_error *error)
{
    const double frame = (double)rate_den / rate_num;
    *out = NULL;
    if (!path || !*path)
        return T2V_OK;
    t2v_motion_clock *c = t2v_calloc(1, sizeof(*c));
    if (!c)
        return t2v_fail_memory(error, path, sizeof(*c));
    c->left = frames;
    c->pace = 1;
    c->ratio = ratio;
    c->keep_mean = exp(-frame / MEAN_SECONDS);
    c->keep_surge = exp(-frame / FALL_SECONDS);
    t2v_status status =
        t2v_audio_listener_open(path, rate_num, rate_den, interrupted, &c->listener, error);
    if (status < 0)
        t2v_motion_clock_close(&c);
    *out = c;
    return status;
}

void t2v_motion_clock_close(t2v_motion_clock **clock)
{
    if (!*clock)
        return;
    t2v_audio_listener_close(&(*clock)->listener);
    t2v_free((*clock)->ahead.values);
    t2v_free((*clock)->shown.values);
    t2v_free(*clock);
    *clock = NULL;
}
