/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/timestep.h"

#include <math.h>

void t2v_timestep_sinusoids(float timestep, float *out)
{
    enum { HALF = T2V_SINUSOIDS / 2 };
    for (int i = 0; i < HALF; i++) {
        float frequency = expf(-logf(10000.0f) * (float)i / (float)HALF);
        out[i] = cosf(timestep * frequency);
        out[HALF + i] = sinf(timestep * frequency);
    }
}
