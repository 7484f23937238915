/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/layer_precision.h"

#include <string.h>

#include "base/text.h"

bool t2v_is_of_block(const char *name)
{
    return t2v_starts_with(name, "transformer_blocks.") || t2v_starts_with(name, "blocks.") ||
           t2v_starts_with(name, "encoder.block.");
}

t2v_precision t2v_linear_precision(t2v_precision wanted, const char *layer)
{
    const bool too_wide =
        wanted == T2V_PRECISION_INT8 && t2v_ends_with(layer, ".DenseReluDense.wo");
    return t2v_is_of_block(layer) && !too_wide ? wanted : T2V_PRECISION_F32;
}

/* Where bytes are enough. */
static bool enlarges(const char *layer)
{
    return t2v_starts_with(layer, "decoder.up_blocks.") &&
           !t2v_starts_with(layer, "decoder.up_blocks.0.") && !strstr(layer, ".conv_shortcut");
}

t2v_precision t2v_convolution_precision(t2v_precision wanted, const char *layer)
{
    const bool enough =
        wanted == T2V_PRECISION_INT8 ? enlarges(layer) : t2v_starts_with(layer, "decoder.");
    return enough ? wanted : T2V_PRECISION_F32;
}
