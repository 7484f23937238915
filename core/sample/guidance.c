/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/guidance.h"

void t2v_guidance(float *restrict cond, const float *restrict uncond, float scale, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cond[i] = uncond[i] + scale * (cond[i] - uncond[i]);
}
