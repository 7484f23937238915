/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/int8.h"

#include <string.h>

#include "base/text.h"

static bool in_block(const char *name)
{
    return t2v_starts_with(name, "transformer_blocks.") || t2v_starts_with(name, "blocks.") ||
           t2v_starts_with(name, "encoder.block.");
}

bool t2v_int8_stored(const char *name, const t2v_shape *shape)
{
    if (shape->rank != 2 || !shape->dim[0] || !shape->dim[1])
        return false;
    if (!strcmp(name, "shared.weight"))
        return true;
    /* a table of numbers that are added to logits, not a layer */
    return in_block(name) && t2v_ends_with(name, ".weight") &&
           !t2v_ends_with(name, ".relative_attention_bias.weight");
}

bool t2v_int8_layer(const char *layer)
{
    return in_block(layer) && !t2v_ends_with(layer, ".DenseReluDense.wo");
}

bool t2v_int8_convolution(const char *layer)
{
    return t2v_starts_with(layer, "decoder.up_blocks.") &&
           !t2v_starts_with(layer, "decoder.up_blocks.0.") && !strstr(layer, ".conv_shortcut");
}
