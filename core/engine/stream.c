/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/ranks.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/director.h"
#include "engine/frame.h"
#include "engine/generate.h"
#include "engine/options.h"
#include "engine/params.h"

struct t2v_stream {
    t2v_model *model;
    t2v_stream_params params; /* as created; strings are its own */
    t2v_plan plan;
    int64_t seed;
    t2v_director director; /* the engine thread's */
    pthread_t thread;
    atomic_bool interrupted;
    struct timespec created;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    t2v_stream_params live; /* options for the next chunk; strings are its own */
    bool prompted;          /* a prompt was set and has begun no scene yet */
    t2v_frame *first, *last;
    int waiting, most_waiting;
    bool ended;
    t2v_status status; /* of the engine thread */
    t2v_error error;
    t2v_progress progress;
    double operations, operations_done; /* in all, and so far */
};

static double elapsed(const t2v_stream *s)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - s->created.tv_sec) +
           1e-9 * (double)(now.tv_nsec - s->created.tv_nsec);
}

/* ------------------------------------------------------------------ the engine's side */

/* The lock is held. */
static t2v_transition live_transition(const t2v_stream *s)
{
    return t2v_transition_from_name(s->live.transition, strlen(s->live.transition));
}

/* The lock is held. A shot is what was set last. */
static t2v_status begin_shot(t2v_stream *s, const t2v_shot *shot, t2v_scene *scene,
                             t2v_error *error)
{
    char *prompt = t2v_strdup(shot->prompt);
    if (!prompt)
        return t2v_fail_memory(error, "prompt", strlen(shot->prompt));
    t2v_free((void *)s->live.prompt);
    s->live.prompt = prompt;
    scene->begins = true;
    scene->seed = shot->seed;
    if (shot->transition != T2V_TRANSITIONS)
        scene->transition = shot->transition;
    return T2V_OK;
}

static t2v_status host_options(void *opaque, int64_t frame, t2v_stream_params *params,
                               t2v_scene *scene, t2v_error *error)
{
    t2v_stream *s = opaque;
    const t2v_shot *shot = t2v_director_take(&s->director, frame);
    t2v_status status = T2V_OK;
    pthread_mutex_lock(&s->lock);
    *scene = (t2v_scene){s->prompted, live_transition(s), -1};
    s->prompted = false;
    if (shot)
        status = begin_shot(s, shot, scene, error);
    *params = s->live;
    t2v_status copied = t2v_options_copy_strings(t2v_stream_options(), params, error);
    pthread_mutex_unlock(&s->lock);
    return status < 0 ? status : copied;
}

static int64_t host_next_scene(void *opaque, int64_t frame, bool *joins)
{
    t2v_stream *s = opaque;
    t2v_transition transition;
    int64_t due = t2v_director_due(&s->director, frame, &transition);
    pthread_mutex_lock(&s->lock);
    if (s->prompted || transition == T2V_TRANSITIONS)
        transition = live_transition(s);
    if (s->prompted)
        due = frame;
    pthread_mutex_unlock(&s->lock);
    *joins = transition == T2V_TRANSITION_MORPH;
    return due;
}

static t2v_status host_deliver(void *opaque, t2v_frame *frame, t2v_error *error)
{
    t2v_stream *s = opaque;
    pthread_mutex_lock(&s->lock);
    while (s->waiting >= s->most_waiting && !atomic_load(&s->interrupted))
        pthread_cond_wait(&s->changed, &s->lock);
    bool interrupted = atomic_load(&s->interrupted);
    if (!interrupted) {
        if (s->last)
            s->last->next = frame;
        else
            s->first = frame;
        s->last = frame;
        s->waiting++;
        s->progress.frames_made++;
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    if (!interrupted)
        return T2V_OK;
    t2v_frame_release(&frame);
    return t2v_fail(error, T2V_INTERRUPTED, "interrupted");
}

static void host_progress(void *opaque, t2v_phase phase, int64_t chunk, int step, int steps,
                          double done)
{
    t2v_stream *s = opaque;
    pthread_mutex_lock(&s->lock);
    s->progress.phase = phase;
    s->progress.chunk = chunk;
    if (s->progress.chunks >= 0 && s->progress.chunks <= chunk) /* scenes take more of them */
        s->progress.chunks = chunk + 1;
    s->progress.step = step;
    s->progress.steps = steps;
    s->operations_done = done;
    pthread_mutex_unlock(&s->lock);
}

static t2v_status work(t2v_stream *s, t2v_error *error)
{
    const t2v_generation_host host = {s, host_options, host_next_scene, host_deliver,
                                      host_progress};
    t2v_exec *exec;
    T2V_TRY(t2v_exec_create(s->model->params.threads, &s->interrupted, error, &exec));
    exec->kept = &s->model->kept;
    t2v_status status = t2v_generate(exec, s->model, &s->params, &s->plan, s->seed, &host);
    t2v_exec_destroy(&exec);
    return status;
}

static void *engine_thread(void *opaque)
{
    t2v_stream *s = opaque;
    t2v_error error = {T2V_OK, ""};
    t2v_status status = work(s, &error);
    pthread_mutex_lock(&s->lock);
    s->status = status;
    s->error = error;
    s->ended = true;
    s->progress.phase = T2V_PHASE_DONE;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ------------------------------------------------------------------ creating and ending */

t2v_stream_params t2v_stream_params_default(const t2v_model *model)
{
    t2v_stream_params params = {0};
    t2v_options_default(t2v_stream_options(), &params);
    params.width = model->defaults.width;
    params.height = model->defaults.height;
    params.rate_num = model->defaults.rate;
    params.rate_den = 1;
    params.frames = model->defaults.frames;
    return params;
}

static t2v_status choose_seed(t2v_stream *s, t2v_error *error)
{
    s->seed = s->params.seed;
    if (s->seed >= 0)
        return T2V_OK;
    T2V_TRY(t2v_rng_system_seed(&s->seed, error));
    if (s->params.ranks)
        T2V_TRY(t2v_ranks_agree(s->params.ranks, &s->seed, sizeof(s->seed), error));
    t2v_log_write(&s->model->log, T2V_LOG_INFO, "seed: %lld", (long long)s->seed);
    return T2V_OK;
}

static t2v_status open_storyboard(t2v_stream *s, t2v_error *error)
{
    const t2v_stream_params *p = &s->params;
    return t2v_director_open(&s->director, p->prompt_file, p->prompt_file_reload,
                             (double)p->rate_num / p->rate_den, &s->model->log, error);
}

static void start_progress(t2v_stream *s)
{
    const int steps = t2v_effective_steps(s->model, &s->params);
    const bool guided = t2v_effective_guidance(s->model, &s->params) > 1;
    s->progress =
        (t2v_progress){.chunks = s->plan.chunks, .frames = s->params.frames, .steps = steps};
    if (s->plan.chunks > 0)
        s->operations = t2v_chunk_operations(s->model, &s->plan, 0, steps, guided) +
                        (double)(s->plan.chunks - 1) *
                            t2v_chunk_operations(s->model, &s->plan, 1, steps, guided);
    clock_gettime(CLOCK_MONOTONIC, &s->created);
}

/* Everything but the thread. */
static t2v_status prepare(t2v_stream *s, t2v_error *error)
{
    const t2v_stream_params *p = &s->params;
    T2V_TRY(open_storyboard(s, error));
    T2V_TRY(choose_seed(s, error));
    T2V_TRY(t2v_params_plan(s->model, p, s->director.board.count, &s->plan, error));
    s->live = s->params;
    T2V_TRY(t2v_options_copy_strings(t2v_stream_options(), &s->live, error));
    s->most_waiting = t2v_frames_waiting(p->width, p->height, s->model->limited);
    start_progress(s);
    return T2V_OK;
}

static void stream_free(t2v_stream *s)
{
    while (s->first) {
        t2v_frame *frame = s->first;
        s->first = frame->next;
        t2v_frame_release(&frame);
    }
    t2v_options_free(t2v_stream_options(), &s->params);
    t2v_options_free(t2v_stream_options(), &s->live);
    t2v_director_close(&s->director);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    t2v_model_close(&s->model);
    t2v_free(s);
}

t2v_status t2v_stream_params_check(const t2v_model *model, const t2v_stream_params *params,
                                   t2v_error *error)
{
    return t2v_params_check(model, params, error);
}

t2v_status t2v_stream_create(t2v_model *model, const t2v_stream_params *params, t2v_stream **out,
                             t2v_error *error)
{
    const t2v_stream_params defaults = t2v_stream_params_default(model);
    *out = NULL;
    T2V_TRY(t2v_params_check(model, params ? params : &defaults, error));
    t2v_stream *s = t2v_calloc(1, sizeof(*s));
    if (!s)
        return t2v_fail_memory(error, "the stream", sizeof(*s));
    s->model = t2v_model_ref(model);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->params = params ? *params : defaults;
    t2v_params_settle(&s->params);
    t2v_status status = t2v_options_copy_strings(t2v_stream_options(), &s->params, error);
    if (status >= 0)
        status = prepare(s, error);
    if (status >= 0 && pthread_create(&s->thread, NULL, engine_thread, s))
        status = t2v_fail(error, T2V_ERROR_INTERNAL, "no thread could be started");
    if (status < 0)
        stream_free(s);
    else
        *out = s;
    return status;
}

void t2v_stream_interrupt(t2v_stream *stream)
{
    atomic_store(&stream->interrupted, true);
    pthread_mutex_lock(&stream->lock);
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
}

void t2v_stream_destroy(t2v_stream **stream)
{
    if (!*stream)
        return;
    t2v_stream_interrupt(*stream);
    pthread_join((*stream)->thread, NULL);
    stream_free(*stream);
    *stream = NULL;
}

/* ------------------------------------------------------------------ the caller's side */

t2v_status t2v_stream_set(t2v_stream *stream, const char *name, const char *value, t2v_error *error)
{
    const t2v_option *table = t2v_stream_options();
    t2v_status status;
    if (!t2v_utf8_valid(value, strlen(value))) /* the stream would end of it at its next chunk */
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: the text is not UTF-8", name);
    if (stream->params.ranks && stream->params.ranks->count > 1)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: nothing can change while several processes make the stream", name);
    pthread_mutex_lock(&stream->lock);
    t2v_stream_params changed = stream->live;
    status = t2v_options_copy_strings(table, &changed, error);
    if (status >= 0)
        status = t2v_options_set(table, &changed, name, value, T2V_OPTION_LIVE, error);
    if (status >= 0)
        status = t2v_params_check_live(stream->model, &changed, error);
    if (status >= 0) {
        t2v_stream_params before = stream->live;
        stream->live = changed;
        stream->prompted = stream->prompted || !strcmp(name, "prompt");
        changed = before;
    }
    pthread_mutex_unlock(&stream->lock);
    t2v_options_free(table, &changed);
    return status;
}

int64_t t2v_stream_seed(const t2v_stream *stream)
{
    return stream->seed;
}

void t2v_stream_get_progress(t2v_stream *stream, t2v_progress *progress)
{
    pthread_mutex_lock(&stream->lock);
    *progress = stream->progress;
    double done = stream->operations_done, all = stream->operations;
    pthread_mutex_unlock(&stream->lock);
    progress->elapsed = elapsed(stream);
    if (t2v_given(stream->params.audio) && all > 0) { /* which decides how many chunks it takes */
        all = (double)progress->frames;
        done = (double)progress->frames_made;
    }
    if (done > all) /* of chunks that gave way */
        done = all;
    progress->left = all > 0 && done > 0 ? progress->elapsed * (all - done) / done : -1;
}

/* What a caller is told when no frame is left. */
static t2v_status ending(t2v_stream *s, t2v_error *error)
{
    if (s->status == T2V_OK)
        return T2V_END;
    return t2v_fail(error, s->status, "%s", s->error.text);
}

t2v_status t2v_stream_next(t2v_stream *stream, t2v_frame **frame, t2v_error *error)
{
    t2v_status status = T2V_OK;
    *frame = NULL;
    pthread_mutex_lock(&stream->lock);
    while (!stream->first && !stream->ended && !atomic_load(&stream->interrupted))
        pthread_cond_wait(&stream->changed, &stream->lock);
    if (atomic_load(&stream->interrupted)) {
        status = t2v_fail(error, T2V_INTERRUPTED, "interrupted");
    } else if (stream->first) {
        *frame = stream->first;
        stream->first = (*frame)->next;
        if (!stream->first)
            stream->last = NULL;
        (*frame)->next = NULL;
        stream->waiting--;
        pthread_cond_broadcast(&stream->changed);
    } else {
        status = ending(stream, error);
    }
    pthread_mutex_unlock(&stream->lock);
    return status;
}
