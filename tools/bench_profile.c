/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the time of a generation goes, operation by operation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench.h"
#include "engine/generate.h"
#include "engine/options.h"
#include "engine/params.h"
#include "ops/profile.h"

enum { SHAPES = 16 };

typedef struct run {
    const bench_profile_request *request;
    double start, first_frame, phase_start;
    double phase_seconds[T2V_PHASE_DONE + 1];
    t2v_phase phase;
    int64_t frames;
} run;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ------------------------------------------------------------------ the generation's host */

static t2v_status host_options(void *opaque, int64_t frame, t2v_stream_params *params,
                               t2v_scene *scene, t2v_error *error)
{
    const run *r = opaque;
    (void)frame;
    *scene = (t2v_scene){.seed = -1};
    *params = r->request->params;
    return t2v_options_copy_strings(t2v_stream_options(), params, error);
}

static int64_t host_next_scene(void *opaque, int64_t frame, bool *joins)
{
    (void)opaque, (void)frame;
    *joins = true;
    return INT64_MAX;
}

static t2v_status host_deliver(void *opaque, t2v_frame *frame, t2v_error *error)
{
    run *r = opaque;
    (void)error;
    if (!r->frames++)
        r->first_frame = now() - r->start;
    t2v_frame_release(&frame);
    return T2V_OK;
}

static void host_progress(void *opaque, t2v_phase phase, int64_t chunk, int step, int steps,
                          double done)
{
    run *r = opaque;
    const double time = now();
    (void)chunk, (void)step, (void)steps, (void)done;
    r->phase_seconds[r->phase] += time - r->phase_start;
    r->phase_start = time;
    r->phase = phase;
}

static t2v_status generate(t2v_exec *exec, t2v_model *model, run *r)
{
    const t2v_stream_params *p = &r->request->params;
    const t2v_generation_host host = {r, host_options, host_next_scene, host_deliver,
                                      host_progress};
    t2v_plan plan;
    T2V_TRY(t2v_params_check(model, p, exec->error));
    T2V_TRY(t2v_params_plan(model, p, 0, &plan, exec->error));
    r->start = r->phase_start = now();
    t2v_profile_start(exec->profile);
    T2V_TRY(t2v_generate(exec, model, p, &plan, p->seed < 0 ? 1 : p->seed, &host));
    t2v_profile_stop(exec->profile);
    host_progress(r, T2V_PHASE_DONE, 0, 0, 0, 0);
    return T2V_OK;
}

/* ------------------------------------------------------------------ the tables */

typedef struct table {
    const t2v_profile *profile;
    const bench_peaks *peaks;
    bool processor;
    double seconds; /* of all rows */
} table;

static double seconds_of(const table *t, const t2v_profile_row *row)
{
    return t->processor ? row->processor : row->seconds;
}

/* What an operation is measured by; 0: it computes no products. */
static double peak_of(const table *t, t2v_operation operation)
{
    if (operation == T2V_OPERATION_CONV3D)
        return t->peaks->rate[T2V_PEAK_CONVOLUTION];
    if (operation == T2V_OPERATION_LINEAR || operation == T2V_OPERATION_ATTENTION)
        return t->peaks->rate[T2V_PEAK_PRODUCT];
    return 0;
}

static void print_head(const char *title)
{
    printf("\n%-44s %7s %9s %8s %9s %6s %8s %6s %7s\n", title, "calls", "GFLOP", "GB", "seconds",
           "share", "GFLOP/s", "peak", "GB/s");
}

/* Nothing rather than a nought. */
static void print_figure(int width, int digits, double figure)
{
    if (figure > 0)
        printf("%*.*f ", width, digits, figure);
    else
        printf("%*s ", width, "");
}

static void print_row(const table *t, const char *name, const t2v_profile_row *row)
{
    const double seconds = seconds_of(t, row), peak = peak_of(t, row->each.operation);
    const double rate = seconds > 0 ? row->each.operations / seconds : 0;
    printf("%-44s %7lld ", name, (long long)row->calls);
    print_figure(9, 2, row->each.operations * 1e-9);
    print_figure(8, 3, row->each.bytes * 1e-9);
    printf("%9.4f %5.1f%% ", seconds, 100 * seconds / t->seconds);
    if (peak > 0)
        printf("%8.1f %5.0f%% ", rate * 1e-9, 100 * rate / peak);
    else
        printf("%8s %6s ", "", "");
    print_figure(7, 1, seconds > 0 ? row->each.bytes / seconds * 1e-9 : 0);
    printf("\n");
}

static void add_row(t2v_profile_row *sum, const t2v_profile_row *row)
{
    sum->each.operation = row->each.operation;
    sum->each.operations += row->each.operations;
    sum->each.bytes += row->each.bytes;
    sum->calls += row->calls;
    sum->seconds += row->seconds;
    sum->processor += row->processor;
}

static void print_operations(const table *t)
{
    t2v_profile_row sum[T2V_OPERATIONS] = {0};
    for (int i = 0; i < t->profile->count; i++)
        add_row(&sum[t->profile->row[i].each.operation], &t->profile->row[i]);
    print_head("operation");
    for (int i = 1; i < T2V_OPERATIONS; i++)
        if (sum[i].calls)
            print_row(t, t2v_operation_name((t2v_operation)i), &sum[i]);
    print_row(t, t2v_operation_name(T2V_OPERATION_OTHER), &sum[T2V_OPERATION_OTHER]);
}

/* "conv3d 24 x 72 x 128, 64 to 48, 3 x 3 x 3" */
static void name_shape(const t2v_work *work, char *name, size_t size)
{
    const char *operation = t2v_operation_name(work->operation);
    long long s[T2V_PROFILE_RANK];
    for (int i = 0; i < T2V_PROFILE_RANK; i++)
        s[i] = work->shape[i];
    switch (work->operation) {
    case T2V_OPERATION_LINEAR:
        snprintf(name, size, "%s %lld x %lld x %lld", operation, s[0], s[1], s[2]);
        break;
    case T2V_OPERATION_ATTENTION:
        snprintf(name, size, "%s %lld heads, %lld x %lld x %lld", operation, s[0], s[1], s[2],
                 s[3]);
        break;
    case T2V_OPERATION_CONV3D:
        snprintf(name, size, "%s %lld x %lld x %lld, %lld to %lld, %lldx%lldx%lld", operation, s[0],
                 s[1], s[2], s[3], s[4], s[5], s[6], s[7]);
        break;
    case T2V_OPERATION_NORM:
        snprintf(name, size, "%s %lld x %lld", operation, s[0], s[1]);
        break;
    default:
        snprintf(name, size, "%s", operation);
    }
}

static const t2v_profile_row *costliest(const table *t, const bool *taken)
{
    const t2v_profile_row *best = NULL;
    for (int i = 0; i < t->profile->count; i++) {
        const t2v_profile_row *row = &t->profile->row[i];
        if (!taken[i] && (!best || seconds_of(t, row) > seconds_of(t, best)))
            best = row;
    }
    return best;
}

static void print_shapes(const table *t)
{
    bool taken[T2V_PROFILE_ROWS] = {false};
    char name[96];
    const t2v_profile_row *row;
    print_head("the costliest shapes");
    for (int i = 0; i < SHAPES && (row = costliest(t, taken)); i++) {
        taken[row - t->profile->row] = true;
        name_shape(&row->each, name, sizeof(name));
        print_row(t, name, row);
    }
}

static double peak_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void print_run(const run *r, const t2v_exec *exec, double memory)
{
    const t2v_stream_params *p = &r->request->params;
    printf("\n%lld frames of %d x %d, %d threads, without conversion to a pixel format:\n",
           (long long)r->frames, p->width, p->height, exec->threads);
    printf("first frame after %.2f s; prompt and weights %.2f s, denoising %.2f s, decoding "
           "%.2f s (%.4f s a frame); peak memory %.0f MiB\n",
           r->first_frame, r->phase_seconds[T2V_PHASE_LOADING],
           r->phase_seconds[T2V_PHASE_DENOISING], r->phase_seconds[T2V_PHASE_DECODING],
           r->phase_seconds[T2V_PHASE_DECODING] / (double)r->frames, memory);
}

static t2v_status profile(t2v_exec *exec, t2v_model *model, run *r)
{
    bench_peaks peaks;
    T2V_TRY(generate(exec, model, r));
    const double memory = peak_memory(); /* of the generation, not of the peaks */
    T2V_TRY(bench_peaks_measure(exec, r->request->rounds, r->request->processor, &peaks));
    table t = {.profile = exec->profile, .peaks = &peaks, .processor = r->request->processor};
    for (int i = 0; i < t.profile->count; i++)
        t.seconds += seconds_of(&t, &t.profile->row[i]);
    bench_peaks_print(&peaks);
    print_run(r, exec, memory);
    print_operations(&t);
    print_shapes(&t);
    printf("\nseconds: %s, without those of operations inside; peak: share of oneDNN's best\n",
           t.processor ? "of all processors together" : "on the clock");
    return T2V_OK;
}

t2v_status bench_profile_run(t2v_model *model, const bench_profile_request *request,
                             t2v_error *error)
{
    run r = {.request = request};
    t2v_exec *exec;
    t2v_profile *counts = calloc(1, sizeof(*counts));
    if (!counts)
        return t2v_fail_memory(error, "the profile", sizeof(*counts));
    t2v_status status = t2v_exec_create(request->model_params.threads, NULL, error, &exec);
    if (status >= 0) {
        exec->profile = counts;
        status = profile(exec, model, &r);
        t2v_exec_destroy(&exec);
    }
    free(counts);
    return status;
}
