/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A decoder that all ranks run together: each decodes a band of the rows, with what it needs of its
 * neighbours' (ops/bands.h), and all get the whole pictures, which are those of one process alone
 * but for rounding. A single rank, and ranks that are more than there are rows of latents, decode
 * all of it each for itself.
 */
#ifndef T2V_ENGINE_BAND_DECODER_H
#define T2V_ENGINE_BAND_DECODER_H

#include "ops/bands.h"
#include "vae/vae.h"

/** Zero-initialise; it stays where it is until its end, which may come at any time, and again. */
typedef struct t2v_band_decoder {
    t2v_exec *exec;
    const t2v_vae_class *vae_class;
    void *decoder;   /**< of that class; NULL: not begun */
    t2v_bands bands; /**< a team of 1: the picture is whole */
    size_t above;    /**< floats of a latent frame above this process's own */
    t2v_picture_fn sink;
    void *opaque;
    float *picture; /**< [3, height, width] of the whole; NULL until a band was decoded */
} t2v_band_decoder;

/**
 * @param ranks  NULL: this process is alone
 * @param params of the whole picture
 */
t2v_status t2v_band_decoder_begin(t2v_exec *exec, t2v_band_decoder *decoder,
                                  const t2v_vae_class *vae_class, const void *vae,
                                  const t2v_ranks *ranks, const t2v_decoder_params *params);
void t2v_band_decoder_end(t2v_band_decoder *decoder);

/**
 * Decodes a latent frame.
 *
 * @param latent [height, width, channels] of the whole picture, denormalised
 * @param last   no more will come: what is still held back is delivered
 */
t2v_status t2v_band_decoder_run(t2v_band_decoder *decoder, const float *latent, bool last);

#endif
