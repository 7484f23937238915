/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A generation's second half: latents that are finished become frames, one latent at a time. */
#ifndef T2V_ENGINE_DECODE_H
#define T2V_ENGINE_DECODE_H

#include "engine/band_decoder.h"
#include "engine/frame.h"
#include "engine/motion_clock.h"
#include "engine/noise.h"
#include "engine/plan.h"
#include "vae/tiles.h"

/** Takes a frame over; waits while enough frames are ready. */
typedef t2v_status (*t2v_deliver_fn)(void *opaque, t2v_frame *frame, t2v_error *error);

/** Set the first group; zero the rest. Ended by t2v_decoding_free. */
typedef struct t2v_decoding {
    t2v_exec *exec;
    const t2v_model *model;
    const t2v_stream_params *params;
    const t2v_plan *plan;
    t2v_noise *noise;
    t2v_motion_clock *clock; /**< decides which pictures are delivered; NULL: all are */
    t2v_deliver_fn deliver;
    void *opaque;                  /**< of deliver */
    t2v_tiles tiles;               /**< more than one: of what t2v_plan_may_tile */
    void (*advance)(void *opaque); /**< a latent frame of a tile is decoded */
    void *advance_opaque;

    t2v_band_decoder decoder; /**< not begun: the next latents begin a clip */
    float *latents;           /**< [capacity, H, W, C], denormalised: a chunk's new ones */
    int64_t capacity, count,
        next;  /**< latent frames that fit, that are there, the first undecoded */
    bool last; /**< nothing follows them */
    char prompt_hash[T2V_PROMPT_HASH_SIZE]; /**< of what they were made from */
    int64_t seed;                           /**< likewise */

    int64_t frames;   /**< delivered */
    int64_t end;      /**< frames from this number on are dropped */
    int64_t pictures; /**< number of the next one that the decoder makes */
    int64_t first;    /**< those before this number are not shown */
    float *joint;     /**< [3, H, W] as decoded: the last one, where it is wanted; else NULL */

    float *shown;            /**< [3, height, width]: the last picture */
    float *from;             /**< likewise: what a fade begins with */
    int64_t fade, fade_left; /**< its frames, and those to come */

    int64_t tile, tile_pictures; /**< at work, and its pictures so far */
    uint16_t
        *video; /**< [pictures, 3, plan's height, width]: what tiles have made; NULL: nothing */
} t2v_decoding;

void t2v_decoding_free(t2v_decoding *d);

/**
 * Takes the last `fresh` frames of latents [C, frames, H, W]. Those taken before are to be decoded
 * by then.
 */
t2v_status t2v_decoding_take(t2v_decoding *d, const float *latents, int64_t frames, int64_t fresh);

/** Bytes of what tiles of `latents` latent frames, a clip of their own, are put together in. */
size_t t2v_decoding_video_bytes(const t2v_model *model, const t2v_plan *plan, int64_t latents);

/**
 * Decodes the next latent frame and delivers its pictures; in tiles, all frames that are there.
 *
 * @param flush nothing will be decoded behind it
 */
t2v_status t2v_decoding_step(t2v_decoding *d, bool flush);

/** Forgets what is not decoded yet. */
void t2v_decoding_drop(t2v_decoding *d);

/** The next latents begin a new clip; with a fade, its pictures come out of the last one's. */
t2v_status t2v_decoding_restart(t2v_decoding *d, bool fade);

#endif
