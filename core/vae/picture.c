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

static float to_unit(float value)
{
    float unit = value * 0.5f + 0.5f;
    return unit > 0 ? (unit < 1 ? unit : 1) : 0;
}

void t2v_unpatchify(t2v_exec *exec, const float *patches, int64_t height, int64_t width,
                    int64_t patch, float *rgb)
{
    const int64_t p = patch, rows = height * p, channels = COLOURS * p * p;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 2 * sizeof(float) * (double)(height * width * channels),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < COLOURS * rows; row++) {
        const int64_t colour = row / rows, y = row % rows;
        const float *from = patches + (y / p) * width * channels + colour * p * p + y % p;
        float *to = rgb + row * width * p;
        for (int64_t x = 0; x < width; x++, from += channels)
            for (int64_t i = 0; i < p; i++)
                *to++ = to_unit(from[i * p]);
    }
    t2v_work_end(exec, before);
}

void t2v_patchify(t2v_exec *exec, const float *rgb, int64_t height, int64_t width, int64_t patch,
                  float *patches)
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
        if (!rgb)
            memset(to, 0, (size_t)(width / p * channels) * sizeof(*to));
        for (int64_t x = 0; rgb && x < width; x += p)
            for (int64_t i = 0; i < channels; i++) {
                const int64_t colour = i / (p * p), column = x + i / p % p, row = y + i % p;
                *to++ = 2 * rgb[colour * plane + row * width + column] - 1;
            }
    }
    t2v_work_end(exec, before);
}
