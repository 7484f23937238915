/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stream will need, from a rehearsal of it and a short measurement of this machine. */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "engine/condition.h"
#include "engine/generate.h"
#include "engine/needs.h"
#include "engine/params.h"
#include "engine/storyboard.h"
#include "ops/onednn.h"

/* What the engine reaches of oneDNN's best, with what lies between the products, as `t2v bench
 * --profile` shows it for the published sizes. */
static const double LINEAR_SHARE = 0.85, ATTENTION_SHARE = 0.55, CONVOLUTION_SHARE = 0.75;
/* Floats that a thread reads, dequantises and reorders in a second, relative to the products that
 * it computes meanwhile. */
static const double PREPARED_BYTES_PER_OPERATION = 0.01;

/* Operations per second; convolutions reach about what products reach. */
typedef struct rates {
    double product, bytes;
} rates;

/* A measurement that took as long is not repeated. */
static const double LONG_SECONDS = 2;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The better of two runs, as the first wakes threads and touches memory; of one that took long. */
static t2v_status measure(t2v_exec *exec, t2v_peak_kind kind, double *rate)
{
    t2v_peak *peak;
    T2V_TRY(t2v_peak_create(exec, kind, &peak));
    const double start = now();
    t2v_status status = t2v_peak_run(exec, peak);
    const double middle = now();
    *rate = t2v_peak_operations(peak) / (middle - start);
    if (status >= 0 && middle - start < LONG_SECONDS) {
        status = t2v_peak_run(exec, peak);
        const double again = t2v_peak_operations(peak) / (now() - middle);
        *rate = again > *rate ? again : *rate;
    }
    t2v_peak_destroy(&peak);
    return status;
}

static t2v_status measure_rates(t2v_exec *exec, bool bytes, rates *r)
{
    T2V_TRY(measure(exec, T2V_PEAK_PRODUCT, &r->product));
    return bytes ? measure(exec, T2V_PEAK_BYTE_PRODUCT, &r->bytes) : T2V_OK;
}

/* Of the operations of one pass over a stage, in which linear layers or convolutions are of bytes.
 */
static double seconds_of(const t2v_stage_needs *stage, const rates *r, bool linear_bytes,
                         bool convolution_bytes)
{
    const double linear = linear_bytes ? r->bytes : r->product;
    const double convolution = convolution_bytes ? r->bytes : r->product;
    return stage->operations[T2V_OPERATION_LINEAR] / (linear * LINEAR_SHARE) +
           stage->operations[T2V_OPERATION_ATTENTION] / (r->product * ATTENTION_SHARE) +
           stage->operations[T2V_OPERATION_CONV3D] / (convolution * CONVOLUTION_SHARE);
}

/* Of weights that find no place and are prepared again. */
static double preparing_seconds(const t2v_needs *needs, t2v_stage stage, size_t limit,
                                const rates *r)
{
    const size_t reserve = t2v_needs_reserve(needs, stage);
    const size_t room = limit > reserve ? limit - reserve : 0;
    const size_t weights = needs->stage[stage].weights;
    return weights > room ? (double)(weights - room) / (r->product * PREPARED_BYTES_PER_OPERATION)
                          : 0;
}

static void fill_times(const t2v_model *model, const t2v_needs *needs, const rates *r,
                       t2v_estimate *e)
{
    const bool bytes = t2v_model_wants_int8(model);
    const bool decodes_bytes =
        bytes && t2v_onednn_convolves_bytes() && model->vae_class != &t2v_vae_tiny;
    const size_t limit = model->kept.limit;
    const t2v_stage_needs *stage = needs->stage;
    e->text_seconds = seconds_of(&stage[T2V_STAGE_TEXT], r, bytes, false) +
                      seconds_of(&stage[T2V_STAGE_PICTURES], r, false, false) +
                      preparing_seconds(needs, T2V_STAGE_TEXT, 0, r);
    e->step_seconds = seconds_of(&stage[T2V_STAGE_DENOISING], r, bytes, false) +
                      preparing_seconds(needs, T2V_STAGE_DENOISING, limit, r);
    e->decode_seconds = seconds_of(&stage[T2V_STAGE_DECODING], r, false, decodes_bytes);
}

static t2v_status make_plan(const t2v_model *model, const t2v_stream_params *params, t2v_plan *plan,
                            t2v_error *error)
{
    t2v_storyboard board = {0};
    if (t2v_given(params->prompt_file))
        T2V_TRY(t2v_storyboard_read(params->prompt_file, &board, error));
    const size_t shots = board.count;
    t2v_storyboard_free(&board);
    return t2v_params_plan(model, params, shots, plan, error);
}

static t2v_status rehearse(t2v_exec *exec, const t2v_model *model, const t2v_stream_params *params,
                           t2v_estimate *e)
{
    t2v_plan plan;
    t2v_conditions given = {0};
    t2v_needs needs;
    t2v_stage stage;
    rates r;
    T2V_TRY(make_plan(model, params, &plan, exec->error));
    t2v_status status = t2v_conditions_read(exec, model, params, &plan, &given);
    if (status >= 0)
        status = t2v_needs_rehearse(exec, model, params, &plan, &given, &needs);
    t2v_conditions_free(model, &given);
    T2V_TRY(status);
    T2V_TRY(measure_rates(exec, t2v_model_wants_int8(model), &r));
    e->least_bytes = (int64_t)t2v_needs_least(&needs, &stage);
    e->bytes = (int64_t)t2v_needs_most(&needs, model->kept.limit);
    e->unlimited_bytes = (int64_t)t2v_needs_most(&needs, SIZE_MAX);
    e->chunks = plan.chunks;
    e->tiles = (int)t2v_tiles_count(&needs.tiles);
    e->steps = t2v_effective_steps(model, params);
    fill_times(model, &needs, &r, e);
    return T2V_OK;
}

t2v_status t2v_model_estimate(t2v_model *model, const t2v_stream_params *params,
                              t2v_estimate *estimate, t2v_error *error)
{
    const t2v_stream_params defaults = t2v_stream_params_default(model);
    t2v_exec *exec;
    memset(estimate, 0, sizeof(*estimate));
    params = params ? params : &defaults;
    T2V_TRY(t2v_params_check(model, params, error));
    T2V_TRY(t2v_exec_create(model->params.threads, NULL, error, &exec));
    t2v_status status = rehearse(exec, model, params, estimate);
    t2v_exec_destroy(&exec);
    return status;
}
