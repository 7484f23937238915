/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What oneDNN reaches on this machine: the yardstick for everything else. */
#include <stdio.h>
#include <time.h>

#include "bench.h"
#include "ops/exec.h"

static double now(bool processor)
{
    struct timespec t;
    clock_gettime(processor ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static t2v_status measure(t2v_exec *exec, t2v_peak *const *peak, int rounds, bool processor,
                          bench_peaks *peaks)
{
    for (int round = -1; round < rounds; round++)
        for (int i = 0; i < T2V_PEAKS; i++) {
            if (!peak[i])
                continue;
            const double start = now(processor);
            T2V_TRY(t2v_peak_run(exec, peak[i]));
            const double rate = t2v_peak_operations(peak[i]) / (now(processor) - start);
            if (round >= 0 && rate > peaks->rate[i])
                peaks->rate[i] = rate;
        }
    return T2V_OK;
}

t2v_status bench_peaks_measure(t2v_exec *exec, int rounds, bool processor, bench_peaks *peaks)
{
    t2v_peak *peak[T2V_PEAKS] = {NULL};
    t2v_status status = T2V_OK;
    *peaks = (bench_peaks){{0}};
    for (int i = 0; i < T2V_PEAKS && status >= 0; i++)
        status = t2v_peak_create(exec, (t2v_peak_kind)i, &peak[i]);
    if (status >= 0)
        status = measure(exec, peak, rounds, processor, peaks);
    for (int i = 0; i < T2V_PEAKS; i++)
        t2v_peak_destroy(&peak[i]);
    return status;
}

void bench_peaks_print(const bench_peaks *peaks)
{
    static const char *const name[T2V_PEAKS] = {
        [T2V_PEAK_PRODUCT] = "f32 product, 4096 x 4096 x 4096",
        [T2V_PEAK_CONVOLUTION] = "f32 convolution, 3 x 3 x 3, 256 channels, blocked",
        [T2V_PEAK_BF16_PRODUCT] = "bf16 product, 4096 x 4096 x 4096",
        [T2V_PEAK_BYTE_PRODUCT] = "u8 x s8 product, 4096 x 4096 x 4096",
    };
    char version[32];
    t2v_onednn_version(version, sizeof(version));
    printf("The best of oneDNN %s on this machine\n\n", version);
    for (int i = 0; i < T2V_PEAKS; i++)
        if (peaks->rate[i] > 0)
            printf("%-52s %9.1f GFLOP/s\n", name[i], peaks->rate[i] * 1e-9);
}
