/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `t2v bench`: what this machine can compute, and how much of it the engine uses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "bench_layer.h"
#include "command.h"
#include "flags.h"
#include "ops/attention.h"
#include "ops/conv3d.h"
#include "ops/linear.h"
#include "video.h"

enum { MAX_ROUNDS = 99, MEASUREMENTS = 8 };

/* One thing that is measured again and again, in turn with the others. */
typedef struct measurement {
    const char *name;
    double operations;
    t2v_status (*run)(struct measurement *m, t2v_exec *exec);
    t2v_linear *linear;
    t2v_conv3d *conv;
    bench_layer *layer;
    float *input, *output, *keys, *values;
    int64_t rows, frames, height, width;
    double seconds[MAX_ROUNDS];
} measurement;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_seconds(const measurement *m, int rounds)
{
    double sorted[MAX_ROUNDS];
    memcpy(sorted, m->seconds, (size_t)rounds * sizeof(*sorted));
    qsort(sorted, (size_t)rounds, sizeof(*sorted), compare_doubles);
    return sorted[rounds / 2];
}

/* Small numbers of both signs; the same every time. */
static float *make_numbers(size_t count)
{
    float *numbers = t2v_calloc(count, sizeof(*numbers));
    uint32_t state = 1;
    for (size_t i = 0; numbers && i < count; i++) {
        state = state * 1664525u + 1013904223u;
        numbers[i] = ((float)(state >> 8) / (float)(1 << 24) - 0.5f) * 0.1f;
    }
    return numbers;
}

static t2v_status run_product(measurement *m, t2v_exec *exec)
{
    return t2v_linear_run(exec, m->linear, m->input, m->rows, T2V_ACTIVATION_NONE, false,
                          m->output);
}

static t2v_status run_convolution(measurement *m, t2v_exec *exec)
{
    return t2v_conv3d_run(exec, m->conv, m->input, m->frames, m->height, m->width, false,
                          m->output);
}

enum { HEADS = 2, HEAD_DIM = 128, QUERIES = 3072, KEYS = 32760 };

static t2v_status run_attention(measurement *m, t2v_exec *exec)
{
    const t2v_attention attention = {
        .heads = HEADS,
        .head_dim = HEAD_DIM,
        .queries = QUERIES,
        .keys = KEYS,
        .q = m->input,
        .k = m->keys,
        .v = m->values,
        .scale = 1 / sqrtf(HEAD_DIM),
        .out = m->output,
    };
    return t2v_attention_run(exec, &attention);
}

static t2v_status run_layer(measurement *m, t2v_exec *exec)
{
    return bench_layer_run(m->layer, exec);
}

static t2v_tensor view(const float *data, int rank, const int64_t *dim)
{
    t2v_tensor tensor = {.dtype = T2V_F32, .data = data};
    size_t count;
    tensor.shape.rank = rank;
    memcpy(tensor.shape.dim, dim, (size_t)rank * sizeof(*dim));
    t2v_shape_count(&tensor.shape, &count);
    tensor.bytes = count * sizeof(float);
    return tensor;
}

/* A product of n × n matrices. */
static t2v_status make_product(measurement *m, t2v_precision precision, int64_t n, float *numbers,
                               t2v_error *error)
{
    const int64_t dim[2] = {n, n};
    const t2v_tensor weight = view(numbers, 2, dim);
    static const char *const name[] = {
        [T2V_PRECISION_F32] = "f32 product, 4096 x 4096 x 4096",
        [T2V_PRECISION_BF16] = "bf16 product, 4096 x 4096 x 4096",
        [T2V_PRECISION_INT8] = "int8 product, 4096 x 4096 x 4096",
    };
    m->name = name[precision];
    m->operations = 2.0 * (double)n * (double)n * (double)n;
    m->run = run_product;
    m->rows = n;
    m->input = make_numbers((size_t)(n * n));
    m->output = make_numbers((size_t)(n * n));
    if (!m->input || !m->output)
        return t2v_fail_memory(error, "the product", (size_t)(n * n) * 8);
    return t2v_linear_create(1, &weight, NULL, precision, &m->linear, error);
}

static t2v_status make_convolution(measurement *m, float *numbers, t2v_error *error)
{
    const int64_t channels = 128, frames = 8, height = 64, width = 96;
    const int64_t dim[5] = {channels, channels, 3, 3, 3};
    const t2v_tensor weight = view(numbers, 5, dim), bias = view(numbers, 1, dim);
    const size_t frame = (size_t)(height * width * channels);
    m->name = "f32 convolution, 3 x 3 x 3, 128 to 128 channels, 8 x 64 x 96";
    m->operations = 2.0 * 27 * (double)(channels * frames) * (double)frame;
    m->run = run_convolution;
    m->frames = frames + 2;
    m->height = height;
    m->width = width;
    m->input = make_numbers((size_t)m->frames * frame);
    m->output = make_numbers((size_t)frames * frame);
    if (!m->input || !m->output)
        return t2v_fail_memory(error, "the convolution", frame * 72);
    return t2v_conv3d_create(&weight, &bias, NULL, &m->conv, error);
}

/* Of 81 frames of 832 × 480 in Wan 2.1; it has 12 heads and as many queries as keys, all alike. */
static t2v_status make_attention(measurement *m, t2v_error *error)
{
    const size_t queries = (size_t)HEADS * QUERIES * HEAD_DIM,
                 keys = (size_t)HEADS * KEYS * HEAD_DIM;
    m->name = "f32 attention, 2 heads of 128, 3072 queries, 32760 keys";
    m->operations = 4.0 * HEADS * HEAD_DIM * QUERIES * KEYS;
    m->run = run_attention;
    m->input = make_numbers(queries);
    m->output = make_numbers(queries);
    m->keys = make_numbers(keys);
    m->values = make_numbers(keys);
    if (!m->input || !m->output || !m->keys || !m->values)
        return t2v_fail_memory(error, "the attention", keys * 8);
    return T2V_OK;
}

static t2v_status make_layer(measurement *m, t2v_precision precision, t2v_exec *exec,
                             t2v_error *error)
{
    static const char *const name[] = {
        [T2V_PRECISION_F32] = "DiT layer of LTX-Video 2B's size, 640 tokens, 128 of text, f32",
        [T2V_PRECISION_BF16] = "DiT layer of LTX-Video 2B's size, 640 tokens, 128 of text, bf16",
        [T2V_PRECISION_INT8] = "DiT layer of LTX-Video 2B's size, 640 tokens, 128 of text, int8",
    };
    m->name = name[precision];
    m->run = run_layer;
    T2V_TRY(bench_layer_create(exec, 640, 128, precision, &m->layer, error));
    m->operations = bench_layer_operations(m->layer);
    return T2V_OK;
}

static void free_measurement(measurement *m)
{
    t2v_linear_free(&m->linear);
    t2v_conv3d_free(&m->conv);
    bench_layer_destroy(&m->layer);
    t2v_free(m->input);
    t2v_free(m->output);
    t2v_free(m->keys);
    t2v_free(m->values);
}

static t2v_status measure(measurement *m, int count, int rounds, t2v_exec *exec)
{
    for (int round = -1; round < rounds;
         round++) /* the first prepares weights and is not counted */
        for (int i = 0; i < count; i++) {
            double start = now();
            T2V_TRY(m[i].run(&m[i], exec));
            if (round >= 0)
                m[i].seconds[round] = now() - start;
        }
    return T2V_OK;
}

static void print_table(const measurement *m, int count, int rounds)
{
    const double peak = m[0].operations / median_seconds(&m[0], rounds);
    char version[32];
    t2v_onednn_version(version, sizeof(version));
    printf("oneDNN %s, medians of %d rounds taken in turn\n\n", version, rounds);
    printf("%-66s %9s %9s %9s %6s\n", "", "GFLOP", "seconds", "GFLOP/s", "share");
    for (int i = 0; i < count; i++) {
        double seconds = median_seconds(&m[i], rounds), rate = m[i].operations / seconds;
        printf("%-66s %9.2f %9.4f %9.1f %5.0f%%\n", m[i].name, m[i].operations * 1e-9, seconds,
               rate * 1e-9, 100 * rate / peak);
    }
    printf("\nshare: of the first product's GFLOP/s in this run\n");
}

/* The first is what all others are compared with. *count is as far as they can be freed. */
static t2v_status make_all(measurement *m, int *count, float *numbers, t2v_exec *exec,
                           t2v_error *error)
{
    const bool has_bf16 = t2v_onednn_has_bf16();
    T2V_TRY(make_product(&m[(*count)++], T2V_PRECISION_F32, 4096, numbers, error));
    T2V_TRY(make_convolution(&m[(*count)++], numbers, error));
    if (has_bf16)
        T2V_TRY(make_product(&m[(*count)++], T2V_PRECISION_BF16, 4096, numbers, error));
    T2V_TRY(make_product(&m[(*count)++], T2V_PRECISION_INT8, 4096, numbers, error));
    T2V_TRY(make_layer(&m[(*count)++], T2V_PRECISION_F32, exec, error));
    if (has_bf16)
        T2V_TRY(make_layer(&m[(*count)++], T2V_PRECISION_BF16, exec, error));
    T2V_TRY(make_layer(&m[(*count)++], T2V_PRECISION_INT8, exec, error));
    return make_attention(&m[(*count)++], error);
}

static t2v_status run_bench(int threads, int rounds, t2v_error *error)
{
    measurement m[MEASUREMENTS] = {0};
    int count = 0;
    t2v_exec *exec;
    float *numbers = make_numbers((size_t)4096 * 4096);
    if (!numbers)
        return t2v_fail_memory(error, "the weights", (size_t)4096 * 4096 * 4);
    t2v_status status = t2v_exec_create(threads, NULL, error, &exec);
    if (status >= 0)
        status = make_all(m, &count, numbers, exec, error);
    if (status >= 0)
        status = measure(m, count, rounds, exec);
    if (status >= 0)
        print_table(m, count, rounds);
    for (int i = 0; i < count; i++)
        free_measurement(&m[i]);
    if (exec)
        t2v_exec_destroy(&exec);
    t2v_free(numbers);
    return status;
}

static t2v_status run_peaks(int threads, int rounds, bool processor, t2v_error *error)
{
    bench_peaks peaks;
    t2v_exec *exec;
    T2V_TRY(t2v_exec_create(threads, NULL, error, &exec));
    t2v_status status = bench_peaks_measure(exec, rounds, processor, &peaks);
    if (status >= 0)
        bench_peaks_print(&peaks);
    t2v_exec_destroy(&exec);
    return status;
}

/* The model's usual video unless the command line says otherwise. */
static int run_profile(flags *flags, const video_flags *video, bench_profile_request *request)
{
    t2v_log_level level = T2V_LOG_WARNING;
    t2v_model *model;
    t2v_error error;
    request->model_params.log = log_to_stderr;
    request->model_params.log_opaque = &level;
    if (t2v_model_open(request->model, &request->model_params, &model, &error) < 0)
        return complain("%s", error.text);
    int code = EXIT_USAGE;
    request->params = t2v_stream_params_default(model);
    if (video_flags_apply(video, flags, false, &request->params))
        code =
            bench_profile_run(model, request, &error) < 0 ? complain("%s", error.text) : EXIT_DONE;
    t2v_model_close(&model);
    return code;
}

/* What only a generation heeds is nothing without one. */
static bool check_flags(const flags *flags, bool profile)
{
    if (flags->operand)
        complain("\"%s\" is no flag", flags->operand);
    else if (!profile && flags->given_count[1])
        complain("--%s is for --profile", flags->given[1][0].option->name);
    else
        return true;
    return false;
}

int command_bench(int argc, char **argv)
{
    const char *rounds_text = NULL;
    bool help, peak = false, profile = false;
    long long rounds = 7;
    video_flags video = {0};
    bench_profile_request request = {.model_params = t2v_model_params_default()};
    t2v_error error;
    const flag own[] = {
        {"peak", NULL, "only what oneDNN reaches, without the engine", NULL, &peak},
        {"profile", NULL, "generate a video and print where the time goes", NULL, &profile},
        {"model", "PATH", "for --profile: as for generate; without it, the embedded model",
         &request.model, NULL},
        VIDEO_FLAGS(&video),
        {"rounds", "N", "measurements of each (default 7)", &rounds_text, NULL},
        {"processor-time", NULL,
         "count processor time instead of time on the clock: for one thread on a busy machine",
         NULL, &request.processor},
        {0},
    };
    flags flags = {.own = own, .table = {t2v_model_options(), t2v_stream_options()}};
    if (!flags_read(&flags, argc, argv, &help))
        return EXIT_USAGE;
    if (help) {
        flags_help(&flags, "t2v bench [OPTION …]");
        return EXIT_DONE;
    }
    if (!check_flags(&flags, profile) || !flags_apply(&flags, 0, &request.model_params))
        return EXIT_USAGE;
    if (rounds_text && !parse_number("rounds", rounds_text, 1, MAX_ROUNDS, &rounds))
        return EXIT_USAGE;
    request.rounds = (int)rounds;
    if (profile)
        return run_profile(&flags, &video, &request);
    const int threads = request.model_params.threads;
    if ((peak ? run_peaks(threads, request.rounds, request.processor, &error)
              : run_bench(threads, request.rounds, &error)) < 0)
        return complain("%s", error.text);
    return EXIT_DONE;
}
