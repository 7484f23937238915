/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/timestep.h"

#include <math.h>

void t2v_timestep_sinusoids(float timestep, int64_t channels, float *out)
{
    const int64_t half = channels / 2;
    for (int64_t i = 0; i < half; i++) {
        float frequency = expf(-logf(10000.0f) * (float)i / (float)half);
        out[i] = cosf(timestep * frequency);
        out[half + i] = sinf(timestep * frequency);
    }
}
