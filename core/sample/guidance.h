/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Classifier-free guidance (Ho and Salimans 2022). */
#ifndef T2V_SAMPLE_GUIDANCE_H
#define T2V_SAMPLE_GUIDANCE_H

#include <stddef.h>

/**
 * cond = uncond + scale · (cond − uncond), in place.
 *
 * @param cond   [count] the model's output for the prompt, receives the guided output
 * @param uncond [count] its output for the negative prompt
 */
void t2v_guidance(float *cond, const float *uncond, float scale, size_t count);

#endif
