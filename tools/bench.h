/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The parts of `t2v bench`. */
#ifndef T2V_TOOLS_BENCH_H
#define T2V_TOOLS_BENCH_H

#include "ops/onednn.h"
#include "t2v/t2v.h"

/** The fastest that each kind of work was, in operations per second; 0: not measured. */
typedef struct bench_peaks {
    double rate[T2V_PEAKS];
} bench_peaks;

/**
 * @param rounds       runs of each kind, in turn, after one that is not counted
 * @param processor    count processor time instead of time on the clock
 */
t2v_status bench_peaks_measure(struct t2v_exec *exec, int rounds, bool processor,
                               bench_peaks *peaks);
void bench_peaks_print(const bench_peaks *peaks);

/** What `t2v bench --profile` shall run. */
typedef struct bench_profile_request {
    const char *model; /**< NULL: the embedded one */
    t2v_model_params model_params;
    t2v_stream_params params;
    int rounds;     /**< of the peaks */
    bool processor; /**< shares and rates are of processor time instead of time on the clock */
} bench_profile_request;

/** Generates a video, throws its frames away and prints where the time went. */
t2v_status bench_profile_run(t2v_model *model, const bench_profile_request *request,
                             t2v_error *error);

#endif
