/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the engine knows of a video autoencoder, whatever its family. */
#ifndef T2V_VAE_VAE_H
#define T2V_VAE_VAE_H

#include "base/rng.h"
#include "ops/exec.h"
#include "weights/checkpoint.h"

/** Sizes and statistics of an autoencoder. Pointers live as long as it. */
typedef struct t2v_vae_info {
    int64_t latent_channels;
    int64_t spatial_ratio;  /**< pixels to a latent position */
    int64_t temporal_ratio; /**< n latent frames are (n - 1) × this + 1 pictures */
    bool timestep_conditioning;
    const float *mean, *deviation;  /**< [latent_channels]: what the latents were normalised by */
    double scaling;                 /**< latents were multiplied by this */
    double operations_per_position; /**< decoding of one latent position, products only */
} t2v_vae_info;

/**
 * Receives a decoded picture: [3, height, width] in [0, 1], valid during the call. A failure ends
 * the decoding and is handed through.
 */
typedef t2v_status (*t2v_picture_fn)(void *opaque, const float *rgb, int64_t height, int64_t width);

/** What a decoder is started with. */
typedef struct t2v_decoder_params {
    int64_t height, width; /**< in latent positions */
    float timestep;        /**< noise level, for a timestep-conditioned decoder */
    t2v_rng *rng;          /**< for decoders that inject noise; used while starting */
    t2v_picture_fn sink;
    void *opaque;
} t2v_decoder_params;

/** Pictures to be encoded. */
typedef struct t2v_clip {
    /** [frames]: each [3, height, width] in [0, 1]; NULL: a grey one, zeros to the network */
    const float *const *picture;
    int64_t frames;        /**< n × temporal_ratio + 1 */
    int64_t height, width; /**< multiples of spatial_ratio */
} t2v_clip;

/** A class of autoencoders. */
typedef struct t2v_vae_class {
    const char *name;     /**< of the class in the reference */
    bool decodes_in_int8; /**< where a component asks for int8, its decoder's convolutions are */

    /** @param component outlives the autoencoder */
    t2v_status (*create)(const t2v_component *component, void **vae, t2v_error *error);
    void (*destroy)(void *vae);
    void (*describe)(const void *vae, t2v_vae_info *info);

    /**
     * A decoder takes latents bit by bit and carries what it needs from one call to the next, so
     * that the pictures are those of one decoding in a single piece, at constant memory.
     */
    t2v_status (*decoder_create)(t2v_exec *exec, const void *vae, const t2v_decoder_params *params,
                                 void **decoder);
    void (*decoder_destroy)(void *decoder);
    /** Memory that it carries from one call to the next. */
    size_t (*decoder_bytes)(const void *decoder);
    /**
     * What it takes from the arena is the caller's to give back.
     *
     * @param latent [height, width, latent_channels], denormalised
     * @param last   no more latents will come: what is still held back is delivered
     */
    t2v_status (*decode)(t2v_exec *exec, void *decoder, const float *latent, bool last);

    /**
     * The distribution of a clip's latents, not normalised: mean and standard deviation, each
     * [latent_channels, n + 1, height / spatial_ratio, width / spatial_ratio].
     * NULL: the class cannot encode.
     */
    t2v_status (*encode)(t2v_exec *exec, const void *vae, const t2v_clip *clip, float *mean,
                         float *deviation);
} t2v_vae_class;

/** AutoencoderKLLTXVideo */
extern const t2v_vae_class t2v_vae_ltx;
/** AutoencoderKLWan, of Wan 2.1 and 2.2 */
extern const t2v_vae_class t2v_vae_wan;
/** TAEHV: small ones that stand in for either, less exact and much quicker */
extern const t2v_vae_class t2v_vae_tiny;

#endif
