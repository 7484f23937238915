/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vae/picture.h"

#include <math.h>
#include <string.h>

#include "ops/profile.h"

enum { COLOURS = 3 };

/* Written so that NaN, which damaged weights give, becomes 0. */
float t2v_posterior_deviation(float log_variance)
{
    return expf(0.5f * fminf(fmaxf(log_variance, -30.0f), 20.0f));
}

/* How patches hold pictures. */
typedef struct layout {
    bool rows;          /* channels are (colour, row, column), else (colour, column, row) */
    float gain, offset; /* a channel · gain + offset lies in [0, 1] */
} layout;

static const layout patches_of_columns = {false, 0.5f, 0.5f}, patches_of_rows = {true, 1, 0};

static float to_unit(const layout *l, float value)
{
    float unit = value * l->gain + l->offset;
    return unit > 0 ? (unit < 1 ? unit : 1) : 0;
}

static void join(t2v_exec *exec, const layout *l, const float *patches, int64_t height,
                 int64_t width, int64_t patch, float *rgb)
{
    const int64_t p = patch, rows = height * p, channels = COLOURS * p * p;
    const int64_t down = l->rows ? p : 1, right = l->rows ? 1 : p;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * sizeof(float) * (double)(height * width * channels),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < COLOURS * rows; row++) {
        const int64_t colour = row / rows, y = row % rows;
        const float *from = patches + (y / p) * width * channels + colour * p * p + y % p * down;
        float *to = rgb + row * width * p;
        for (int64_t x = 0; x < width; x++, from += channels)
            for (int64_t i = 0; i < p; i++)
                *to++ = to_unit(l, from[i * right]);
    }
    t2v_work_end(exec, before);
}

static void split(t2v_exec *exec, const layout *l, const float *rgb, int64_t height, int64_t width,
                  int64_t patch, float *patches)
{
    const int64_t p = patch, channels = COLOURS * p * p, plane = height * width;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * sizeof(float) * (double)(COLOURS * plane),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t y = 0; y < height; y += p) {
        float *to = patches + y / p * (width / p) * channels;
        for (int64_t x = 0; x < width; x += p)
            for (int64_t i = 0; i < channels; i++) {
                const int64_t colour = i / (p * p), slow = i / p % p, fast = i % p;
                const int64_t row = y + (l->rows ? slow : fast),
                              column = x + (l->rows ? fast : slow);
                const float unit = rgb ? rgb[colour * plane + row * width + column] : 0.5f;
                *to++ = (unit - l->offset) / l->gain;
            }
    }
    t2v_work_end(exec, before);
}

void t2v_unpatchify(t2v_exec *exec, const float *patches, int64_t height, int64_t width,
                    int64_t patch, float *rgb)
{
    join(exec, &patches_of_columns, patches, height, width, patch, rgb);
}

void t2v_patchify(t2v_exec *exec, const float *rgb, int64_t height, int64_t width, int64_t patch,
                  float *patches)
{
    split(exec, &patches_of_columns, rgb, height, width, patch, patches);
}

void t2v_pixel_shuffle(t2v_exec *exec, const float *patches, int64_t height, int64_t width,
                       int64_t patch, float *rgb)
{
    join(exec, &patches_of_rows, patches, height, width, patch, rgb);
}

void t2v_pixel_unshuffle(t2v_exec *exec, const float *rgb, int64_t height, int64_t width,
                         int64_t patch, float *patches)
{
    split(exec, &patches_of_rows, rgb, height, width, patch, patches);
}
