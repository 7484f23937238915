/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scene.h"

#include <string.h>

t2v_transition t2v_transition_from_name(const char *name, size_t length)
{
    static const char *const names[T2V_TRANSITIONS] = {"morph", "cut", "fade"};
    for (int i = 0; i < T2V_TRANSITIONS; i++)
        if (strlen(names[i]) == length && !memcmp(names[i], name, length))
            return i;
    return T2V_TRANSITIONS;
}
