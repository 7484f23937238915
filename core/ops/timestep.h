/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A timestep as sinusoids, what networks that are told the noise level read first. */
#ifndef T2V_OPS_TIMESTEP_H
#define T2V_OPS_TIMESTEP_H

#include <stdint.h>

/** Channels of the sinusoids where a configuration does not say. */
enum { T2V_SINUSOIDS = 256 };

/**
 * out [channels], an even number: cosines first, then sines, of frequencies from 1 down to 1/10000.
 * In float, in the order of diffusers' get_timestep_embedding with flip_sin_to_cos.
 */
void t2v_timestep_sinusoids(float timestep, int64_t channels, float *out);

#endif
