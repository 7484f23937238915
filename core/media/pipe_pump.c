/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/pipe_pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { BYTES = 16384, PATIENCE = 20 /* milliseconds until the next look whether to stop */ };

struct t2v_pipe_pump {
    int source, sink;
    const atomic_bool *interrupted;
    atomic_bool stopped;
    pthread_t thread;
    char bytes[BYTES];
};

static bool shall_stop(const t2v_pipe_pump *p)
{
    return atomic_load(&p->stopped) || (p->interrupted && atomic_load(p->interrupted));
}

/* Waits for `events`, or for the other end to go; false: stop. */
static bool await(const t2v_pipe_pump *p, int descriptor, short events)
{
    while (!shall_stop(p)) {
        struct pollfd wanted = {.fd = descriptor, .events = events};
        if (poll(&wanted, 1, PATIENCE) < 0 && errno != EINTR)
            return false;
        if (wanted.revents)
            return true;
    }
    return false;
}

static bool is_passing(int reason)
{
    return reason == EAGAIN || reason == EINTR;
}

static bool hand_on(t2v_pipe_pump *p, size_t count)
{
    for (size_t done = 0; done < count;) {
        if (!await(p, p->sink, POLLOUT))
            return false;
        const ssize_t written = write(p->sink, p->bytes + done, count - done);
        if (written < 0 && !is_passing(errno))
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

static void *work(void *opaque)
{
    t2v_pipe_pump *p = opaque;
    while (await(p, p->source, POLLIN)) {
        const ssize_t got = read(p->source, p->bytes, sizeof(p->bytes));
        if (got < 0 && is_passing(errno))
            continue;
        if (got <= 0 || !hand_on(p, (size_t)got))
            break;
    }
    close(p->sink); /* the reader's end of file */
    return NULL;
}

t2v_status t2v_pipe_pump_start(int source, const atomic_bool *interrupted, t2v_pipe_pump **out,
                               int *reader, t2v_error *error)
{
    t2v_pipe_pump *p = t2v_calloc(1, sizeof(*p));
    int ends[2];
    *out = NULL;
    *reader = -1;
    if (!p || pipe2(ends, O_CLOEXEC) < 0) {
        const int reason = p ? errno : ENOMEM;
        t2v_free(p);
        close(source);
        return t2v_fail(error, T2V_ERROR_INTERNAL, "a pipe could not be made: %s",
                        strerror(reason));
    }
    p->source = source;
    p->sink = ends[1];
    p->interrupted = interrupted;
    fcntl(p->sink, F_SETFL, O_NONBLOCK);
    if (pthread_create(&p->thread, NULL, work, p)) {
        close(source);
        close(ends[0]);
        close(ends[1]);
        t2v_free(p);
        return t2v_fail(error, T2V_ERROR_INTERNAL, "no thread could be started");
    }
    *out = p;
    *reader = ends[0];
    return T2V_OK;
}

void t2v_pipe_pump_stop(t2v_pipe_pump **pump)
{
    t2v_pipe_pump *p = *pump;
    if (!p)
        return;
    atomic_store(&p->stopped, true);
    pthread_join(p->thread, NULL);
    close(p->source);
    t2v_free(p);
    *pump = NULL;
}
