/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** From noise to latents: the sampling of one window. */
#ifndef T2V_ENGINE_DENOISE_H
#define T2V_ENGINE_DENOISE_H

#include "engine/latents.h"
#include "engine/model.h"
#include "engine/noise.h"
#include "engine/prompt.h"

/** What is sampled. */
typedef struct t2v_window {
    t2v_latent_size size;
    int64_t known; /**< leading latent frames that are given */
    /**
     * Latents [C, 1, H, W] of a picture that the clip leads to, which is none of the window's own
     * frames but more tokens beside them; NULL: none.
     */
    const float *goal;
    int64_t goal_picture; /**< its number, counted from the window's first picture */
    const float
        *beside; /**< [t2v_beside_channels, F, H, W]: given with the latents; NULL: nothing */
    bool middle; /**< the window continues a clip */
    double rate; /**< pictures per second by the model's clock: rate / speed */
    int steps;
    const t2v_sigmas *sigmas;    /**< as many, of the caller's own; or none: the pipeline's */
    double guidance, guidance_2; /**< the latter: of a second transformer */
    t2v_cache_kind cache;
    double cache_threshold;                /**< -1: the usual one */
    const t2v_dit_text *prompt, *negative; /**< negative: NULL when guidance is off */
    const t2v_dit_text *picture;           /**< NULL: none is looked at */
    t2v_noise *noise;                      /**< of the noise on known latents */
    const t2v_ranks *ranks;                /**< who samples it together; NULL: this process alone */
    const t2v_tap *tap;
    /** Called after each step; a failure ends the sampling and is handed through. */
    t2v_status (*progress)(void *opaque, int step, int steps);
    void *opaque;
} t2v_window;

/**
 * @param latents [C, F, H, W]: noise, but for the known frames, which hold what is known; replaced
 *                by the result
 */
t2v_status t2v_denoise(t2v_exec *exec, const t2v_model *model, const t2v_window *window,
                       float *latents);

#endif
