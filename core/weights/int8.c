/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/int8.h"

#include <string.h>

#include "base/text.h"
#include "weights/layer_precision.h"

bool t2v_int8_stored(const char *name, const t2v_shape *shape)
{
    if (shape->rank != 2 || !shape->dim[0] || !shape->dim[1])
        return false;
    if (!strcmp(name, "shared.weight"))
        return true;
    /* a table of numbers that are added to logits, not a layer */
    return t2v_is_of_block(name) && t2v_ends_with(name, ".weight") &&
           !t2v_ends_with(name, ".relative_attention_bias.weight");
}
