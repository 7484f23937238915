/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/int8.h"

#include <string.h>

static bool starts_with(const char *text, const char *begin)
{
    return !strncmp(text, begin, strlen(begin));
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && !strcmp(text + length - tail, end);
}

static bool in_block(const char *name)
{
    return starts_with(name, "transformer_blocks.") || starts_with(name, "blocks.") ||
           starts_with(name, "encoder.block.");
}

bool t2v_int8_stored(const char *name, const t2v_shape *shape)
{
    if (shape->rank != 2 || !shape->dim[0] || !shape->dim[1])
        return false;
    if (!strcmp(name, "shared.weight"))
        return true;
    /* a table of numbers that are added to logits, not a layer */
    return in_block(name) && ends_with(name, ".weight") &&
           !ends_with(name, ".relative_attention_bias.weight");
}

bool t2v_int8_layer(const char *layer)
{
    return in_block(layer) && !ends_with(layer, ".DenseReluDense.wo");
}
