/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MILLISECONDS = 50, TICKS_PER_LINE = 4 };

struct monitor {
    t2v_stream *stream;
    bool line, summary;
    pthread_t thread;
    atomic_bool stop;
};

/* The only thing that a signal handler may touch. */
static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    signalled = 1;
    signal(number, SIG_DFL); /* a second one ends a command whose reader has stalled */
}

static void format_time(double seconds, char *text, size_t size)
{
    long whole = (long)(seconds + 0.5);
    if (seconds < 0)
        snprintf(text, size, "?");
    else if (whole < 3600)
        snprintf(text, size, "%ld:%02ld", whole / 60, whole % 60);
    else
        snprintf(text, size, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

static void format_count(int64_t value, int64_t all, char *text, size_t size)
{
    if (all < 0)
        snprintf(text, size, "%lld", (long long)value);
    else
        snprintf(text, size, "%lld/%lld", (long long)value, (long long)all);
}

static void print_line(monitor *m)
{
    static const char *const phases[] = {"preparing", "denoising", "decoding", "done"};
    char chunk[48], frames[48], step[48] = "", left[32];
    t2v_progress p;
    t2v_stream_get_progress(m->stream, &p);
    format_count(p.chunk + 1, p.chunks, chunk, sizeof(chunk));
    format_count(p.frames_made, p.frames, frames, sizeof(frames));
    format_time(p.left, left, sizeof(left));
    if (p.phase == T2V_PHASE_DENOISING)
        snprintf(step, sizeof(step), ", step %d/%d", p.step, p.steps);
    fprintf(stderr, "\r\033[Kchunk %s: %s%s | frames %s | %.1f frames/s | %s left", chunk,
            phases[p.phase], step, frames, p.elapsed > 0 ? (double)p.frames_made / p.elapsed : 0.0,
            left);
    fflush(stderr);
}

static void print_summary(monitor *m)
{
    t2v_progress p;
    t2v_stream_get_progress(m->stream, &p);
    if (!p.frames_made) {
        fputs(m->line ? "\r\033[K" : "", stderr);
        return;
    }
    fprintf(stderr, "%s%lld frames in %.1f s (%.1f frames/s), seed %lld\n",
            m->line ? "\r\033[K" : "t2v: ", (long long)p.frames_made, p.elapsed,
            p.elapsed > 0 ? (double)p.frames_made / p.elapsed : 0.0,
            (long long)t2v_stream_seed(m->stream));
}

static void *watch(void *opaque)
{
    monitor *m = opaque;
    const struct timespec tick = {0, TICK_MILLISECONDS * 1000000L};
    for (long ticks = 0; !atomic_load(&m->stop); ticks++) {
        if (signalled)
            t2v_stream_interrupt(m->stream);
        if (m->line && ticks % TICKS_PER_LINE == 0)
            print_line(m);
        nanosleep(&tick, NULL);
    }
    return NULL;
}

monitor *monitor_start(t2v_stream *stream, bool show)
{
    monitor *m = calloc(1, sizeof(*m));
    if (!m)
        return NULL;
    m->stream = stream;
    m->summary = show;
    m->line = show && isatty(STDERR_FILENO);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (pthread_create(&m->thread, NULL, watch, m)) {
        free(m);
        return NULL;
    }
    return m;
}

void monitor_stop(monitor **monitor)
{
    if (!*monitor)
        return;
    atomic_store(&(*monitor)->stop, true);
    pthread_join((*monitor)->thread, NULL);
    if ((*monitor)->summary)
        print_summary(*monitor);
    free(*monitor);
    *monitor = NULL;
}
