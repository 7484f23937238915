/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares a dump with the reference's tensors: compare [--bf16|--int8] DUMP REFERENCE
 *
 * Prints a line for each tensor and ends with 0 when all are as near as right arithmetic comes: in
 * float32, with --bf16 in bfloat16, or with --int8 that of bytes, which must also be seen.
 * The reference may hold `video_every_third` instead of `video`: every third row and column.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "weights/safetensors.h"

/* What is compared, and how far apart it may be: relative L2, for video decibels. */
typedef struct row {
    const char *name;
    double exact;     /* right arithmetic reaches this with ease */
    double tolerance; /* beyond it the results are not equal at all */
} row;

enum { ROWS = 7, STRIDE = 3 };

static const row rows[ROWS] = {
    {"token_ids", 0, 0},           {"prompt_embeds", 1e-5, 1e-4}, {"negative_embeds", 1e-5, 1e-4},
    {"step0_output", 4e-5, 1e-3},  {"latents", 4e-5, 1e-3},       {"video", 90, 50},
    {"video_every_third", 90, 50},
};

/* Processors without bfloat16 compute with floats. */
static const row bf16_rows[ROWS] = {
    {"token_ids", 0, 0},           {"prompt_embeds", 0.01, 0.01}, {"negative_embeds", 0.01, 0.01},
    {"step0_output", 0.01, 0.01},  {"latents", 0.02, 0.02},       {"video", 45, 45},
    {"video_every_third", 45, 45},
};

/* With bytes, of 7 bits where the processor has no VNNI. */
static const row int8_rows[ROWS] = {
    {"token_ids", 0, 0},           {"prompt_embeds", 0.03, 0.03}, {"negative_embeds", 0.03, 0.03},
    {"step0_output", 0.03, 0.03},  {"latents", 0.06, 0.06},       {"video", 40, 40},
    {"video_every_third", 40, 40},
};
static const double int8_least = 1e-4; /* nearer than this only float32 comes */

static bool fails(const char *name, const char *why)
{
    printf("%-18s %-24s FAIL\n", name, why);
    return false;
}

static bool verdict(const char *name, const char *figure, bool exact, bool tolerated)
{
    printf("%-18s %-24s %s\n", name, figure, exact ? "ok" : tolerated ? "suspicious" : "FAIL");
    return exact;
}

static float *read_all(const t2v_tensor *tensor, size_t *count)
{
    float *values = NULL;
    if (tensor->dtype == T2V_F32 && t2v_shape_count(&tensor->shape, count))
        values = t2v_calloc(*count, sizeof(float));
    if (values)
        t2v_tensor_read_f32(tensor, 0, *count, values);
    return values;
}

/* Every third row and column of a [frames, 3, height, width] video, in place. */
static size_t thin_out(float *video, const t2v_shape *shape)
{
    size_t kept = 0;
    int64_t height = shape->dim[2], width = shape->dim[3];
    for (int64_t plane = 0; plane < shape->dim[0] * shape->dim[1]; plane++)
        for (int64_t y = 0; y < height; y += STRIDE)
            for (int64_t x = 0; x < width; x += STRIDE)
                video[kept++] = video[(plane * height + y) * width + x];
    return kept;
}

static bool same_shape(const t2v_tensor *ours, const t2v_tensor *theirs, bool thinned)
{
    t2v_shape shape = ours->shape;
    if (thinned && shape.rank == 4)
        for (int axis = 2; axis < 4; axis++)
            shape.dim[axis] = (shape.dim[axis] + STRIDE - 1) / STRIDE;
    return ours->dtype == theirs->dtype && t2v_shape_equal(&shape, &theirs->shape);
}

static bool compare_ids(const row *row, const t2v_tensor *ours, const t2v_tensor *theirs)
{
    bool equal = ours->bytes == theirs->bytes && !memcmp(ours->data, theirs->data, ours->bytes);
    return verdict(row->name, equal ? "equal" : "different", equal, equal);
}

static bool compare_floats(const row *row, const float *ours, const float *theirs, size_t count,
                           double least)
{
    double error = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(ours[i]))
            return fails(row->name, "holds infinite numbers");
        double difference = (double)ours[i] - theirs[i];
        error += difference * difference;
        norm += (double)theirs[i] * theirs[i];
    }
    char figure[32];
    if (row->exact > 1) {
        double decibels = -10 * log10(error / (double)count);
        snprintf(figure, sizeof(figure), "%.1f dB", decibels);
        return verdict(row->name, figure, decibels >= row->exact, decibels >= row->tolerance);
    }
    double distance = sqrt(error / norm);
    snprintf(figure, sizeof(figure), "%.1e", distance);
    if (distance < least)
        return fails(row->name, "equal: not made with bytes");
    return verdict(row->name, figure, distance <= row->exact, distance <= row->tolerance);
}

static bool compare_row(const row *row, const t2v_safetensors *dump,
                        const t2v_safetensors *reference, double least)
{
    const t2v_tensor *theirs = t2v_safetensors_find(reference, row->name);
    if (!theirs)
        return true;
    bool thinned = !strcmp(row->name, "video_every_third");
    const t2v_tensor *ours = t2v_safetensors_find(dump, thinned ? "video" : row->name);
    if (!ours)
        return fails(row->name, "missing in the dump");
    if (!same_shape(ours, theirs, thinned))
        return fails(row->name, "another shape or type");
    if (theirs->dtype == T2V_I64)
        return compare_ids(row, ours, theirs);

    size_t count = 0;
    float *a = read_all(ours, &count);
    if (a && thinned)
        thin_out(a, &ours->shape);
    float *b = read_all(theirs, &count);
    bool good =
        a && b ? compare_floats(row, a, b, count, least) : fails(row->name, "cannot be read");
    t2v_free(a);
    t2v_free(b);
    return good;
}

int main(int argc, char **argv)
{
    const bool int8 = argc == 4 && !strcmp(argv[1], "--int8");
    const bool bf16 = argc == 4 && !strcmp(argv[1], "--bf16");
    const row *limits = int8 ? int8_rows : bf16 ? bf16_rows : rows;
    if (argc != 3 && !int8 && !bf16) {
        fprintf(stderr, "usage: %s [--bf16|--int8] DUMP REFERENCE\n", argv[0]);
        return 2;
    }
    argv += int8 || bf16;
    t2v_error error;
    t2v_safetensors *dump = NULL, *reference = NULL;
    if (t2v_safetensors_open(argv[1], &dump, &error) < 0 ||
        t2v_safetensors_open(argv[2], &reference, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        t2v_safetensors_close(&dump);
        return 2;
    }
    bool good = true;
    for (int i = 0; i < ROWS; i++)
        good = compare_row(&limits[i], dump, reference, int8 ? int8_least : 0) && good;
    t2v_safetensors_close(&dump);
    t2v_safetensors_close(&reference);
    return good ? 0 : 1;
}
