/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Pictures that several processes work on together, each on a band of their rows. What an operation
 * reads beyond its own band comes from those of the neighbours, so that the bands side by side are
 * what one process makes of the whole.
 */
#ifndef T2V_OPS_BANDS_H
#define T2V_OPS_BANDS_H

#include "base/ranks.h"
#include "ops/exec.h"

/**
 * How rows are cut, where they are fewest: an enlarged picture has for each of them as many as it
 * is enlarged by. Below, `h` is always the number of rows in this process's band, and a band is all
 * of the picture where exec->bands is NULL.
 */
typedef struct t2v_bands {
    t2v_team team;
    int64_t rows; /**< of the whole; at least one for each process */
} t2v_bands;

/** Rows of the first `place` bands at the smallest size. */
int64_t t2v_bands_start(const t2v_bands *bands, int place);

/** Rows of the whole picture. */
int64_t t2v_bands_whole(const t2v_exec *exec, int64_t h);
/** Those of them above the band. */
int64_t t2v_bands_above(const t2v_exec *exec, int64_t h);

/**
 * Copies frames and puts rows of the neighbours, or zeros at the edges of the picture, above and
 * below. All processes call it in turn.
 *
 * @param x     [frames, h, row]
 * @param reach rows wanted on each side; no band has fewer
 * @param wide  receives [frames, reach + h + reach, row]
 */
t2v_status t2v_bands_widen(t2v_exec *exec, const float *x, int64_t frames, int64_t h, int64_t row,
                           int64_t reach, float *wide);

/**
 * Everyone gets the rows of all bands.
 *
 * @param whole [rows of the whole, row], of which the own band is there
 */
t2v_status t2v_bands_gather(t2v_exec *exec, float *whole, int64_t h, int64_t row);

#endif
