/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Decoding in tiles: a picture is cut into rows and columns of tiles, which are decoded one after
 * the other, each a little larger than its share. Where two meet, the outer half of what they have
 * in common is thrown away, since there a decoder misses what lies beyond, and the inner half is a
 * linear transition from one to the other.
 */
#ifndef T2V_VAE_TILES_H
#define T2V_VAE_TILES_H

#include "vae/vae.h"

/** A grid over latents [height, width]. */
typedef struct t2v_tiles {
    int64_t rows, columns; /**< 1 and 1: one tile, all of the picture */
    int64_t height, width; /**< latent positions */
    int64_t ratio;         /**< pixels to a latent position */
    int64_t overlap;       /**< positions that a tile reaches beyond its share */
} t2v_tiles;

/** A tile with what it has in common with others, in latent positions. */
typedef struct t2v_tile {
    int64_t top, left, height, width;
} t2v_tile;

/** One tile for all. */
t2v_tiles t2v_tiles_whole(const t2v_vae_info *vae, int64_t height, int64_t width);
/** Tiles whose share has at most `pixels` on a side, as far as these can be cut. */
t2v_tiles t2v_tiles_of(const t2v_vae_info *vae, int64_t height, int64_t width, int64_t pixels);
/** One more cut through the longer side; false: they cannot be cut any smaller. */
bool t2v_tiles_divide(t2v_tiles *tiles);

int64_t t2v_tiles_count(const t2v_tiles *tiles);
t2v_tile t2v_tiles_at(const t2v_tiles *tiles, int64_t index);
/** Height and width that no tile exceeds. */
t2v_tile t2v_tiles_largest(const t2v_tiles *tiles);

/** Latents [height, width, channels] of a tile from those of the whole frame. */
void t2v_tiles_cut(const t2v_tiles *tiles, int64_t index, int64_t channels, const float *latents,
                   float *out);

/**
 * Adds a tile's share to a picture that begins as zeros: [3, pixels of the whole], 65535 being 1.
 *
 * @param rgb [3, tile's pixels] in [0, 1]
 */
void t2v_tiles_add(t2v_exec *exec, const t2v_tiles *tiles, int64_t index, const float *rgb,
                   uint16_t *picture);

#endif
