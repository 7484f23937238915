/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vae/tiles.h"

#include <string.h>

#include "ops/profile.h"

/* A tile reaches beyond its share by as many pixels, and at least so many latent positions. */
enum { OVERLAP_PIXELS = 32, LEAST_OVERLAP = 2, COLOURS = 3 };

t2v_tiles t2v_tiles_whole(const t2v_vae_info *vae, int64_t height, int64_t width)
{
    const int64_t overlap = (OVERLAP_PIXELS + vae->spatial_ratio - 1) / vae->spatial_ratio;
    return (t2v_tiles){
        .rows = 1,
        .columns = 1,
        .height = height,
        .width = width,
        .ratio = vae->spatial_ratio,
        .overlap = overlap < LEAST_OVERLAP ? LEAST_OVERLAP : overlap,
    };
}

/* A share is at least as large as what it has in common with its neighbours. */
static int64_t most_parts(const t2v_tiles *t, int64_t size)
{
    const int64_t parts = size / (2 * t->overlap);
    return parts < 1 ? 1 : parts;
}

static int64_t parts_of(const t2v_tiles *t, int64_t size, int64_t pixels)
{
    const int64_t parts = (size * t->ratio + pixels - 1) / pixels, most = most_parts(t, size);
    return parts < most ? parts : most;
}

t2v_tiles t2v_tiles_of(const t2v_vae_info *vae, int64_t height, int64_t width, int64_t pixels)
{
    t2v_tiles t = t2v_tiles_whole(vae, height, width);
    t.rows = parts_of(&t, height, pixels);
    t.columns = parts_of(&t, width, pixels);
    return t;
}

bool t2v_tiles_divide(t2v_tiles *t)
{
    const bool can_rows = t->rows < most_parts(t, t->height);
    const bool can_columns = t->columns < most_parts(t, t->width);
    if (!can_rows && !can_columns)
        return false;
    if (can_columns && (!can_rows || t->width * t->rows >= t->height * t->columns))
        t->columns++;
    else
        t->rows++;
    return true;
}

int64_t t2v_tiles_count(const t2v_tiles *t)
{
    return t->rows * t->columns;
}

/* Where part `index` of evenly divided positions begins. */
static int64_t boundary(int64_t size, int64_t parts, int64_t index)
{
    return size * index / parts;
}

static void find_span(int64_t size, int64_t parts, int64_t index, int64_t overlap, int64_t *first,
                      int64_t *count)
{
    const int64_t begin = boundary(size, parts, index) - overlap;
    const int64_t end = boundary(size, parts, index + 1) + overlap;
    *first = begin < 0 ? 0 : begin;
    *count = (end > size ? size : end) - *first;
}

t2v_tile t2v_tiles_at(const t2v_tiles *t, int64_t index)
{
    t2v_tile tile;
    find_span(t->height, t->rows, index / t->columns, t->overlap, &tile.top, &tile.height);
    find_span(t->width, t->columns, index % t->columns, t->overlap, &tile.left, &tile.width);
    return tile;
}

t2v_tile t2v_tiles_largest(const t2v_tiles *t)
{
    t2v_tile largest = {0};
    for (int64_t i = 0; i < t2v_tiles_count(t); i++) {
        const t2v_tile tile = t2v_tiles_at(t, i);
        largest.height = tile.height > largest.height ? tile.height : largest.height;
        largest.width = tile.width > largest.width ? tile.width : largest.width;
    }
    return largest;
}

void t2v_tiles_cut(const t2v_tiles *t, int64_t index, int64_t channels, const float *latents,
                   float *out)
{
    const t2v_tile tile = t2v_tiles_at(t, index);
    const int64_t row = tile.width * channels;
    for (int64_t y = 0; y < tile.height; y++)
        memcpy(out + y * row, latents + ((tile.top + y) * t->width + tile.left) * channels,
               (size_t)row * sizeof(*out));
}

/* How much of a pixel is the tile's: from 0 to 1 behind the boundary that it begins with, and back
 * around the one that it ends with. */
static float share(const t2v_tiles *t, int64_t size, int64_t parts, int64_t index, int64_t pixel)
{
    const float reach = 0.5f * (float)(t->overlap * t->ratio), at = (float)pixel + 0.5f;
    float weight = 1;
    if (index > 0) {
        const float begin = (float)(boundary(size, parts, index) * t->ratio);
        weight = (at - begin + reach) / (2 * reach);
    }
    if (index + 1 < parts) {
        const float end = (float)(boundary(size, parts, index + 1) * t->ratio);
        const float left = (end + reach - at) / (2 * reach);
        weight = left < weight ? left : weight;
    }
    return weight < 0 ? 0 : weight > 1 ? 1 : weight;
}

static uint16_t add_level(uint16_t level, float more)
{
    const float sum = (float)level + more + 0.5f;
    return sum < 65535 ? (uint16_t)sum : 65535;
}

void t2v_tiles_add(t2v_exec *exec, const t2v_tiles *t, int64_t index, const float *rgb,
                   uint16_t *picture)
{
    const t2v_tile tile = t2v_tiles_at(t, index);
    const int64_t height = tile.height * t->ratio, width = tile.width * t->ratio;
    const int64_t top = tile.top * t->ratio, left = tile.left * t->ratio;
    const t2v_work work = {
        .operation = T2V_OPERATION_COPY,
        .bytes = 8 * (double)(COLOURS * height * width),
    };
    const int before = t2v_work_begin(exec, &work);
#pragma omp parallel for num_threads(exec->threads) schedule(static)
    for (int64_t row = 0; row < COLOURS * height; row++) {
        const int64_t y = top + row % height, plane = row / height * t->height * t->ratio;
        const float down = 65535 * share(t, t->height, t->rows, index / t->columns, y);
        uint16_t *to = picture + (plane + y) * t->width * t->ratio + left;
        for (int64_t x = 0; x < width && !t2v_exec_stopping(exec); x++)
            to[x] = add_level(to[x],
                              down * share(t, t->width, t->columns, index % t->columns, left + x) *
                                  rgb[row * width + x]);
    }
    t2v_work_end(exec, before);
}
