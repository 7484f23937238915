/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Copies of models with their weights as bytes, see weights/int8.h. */
#ifndef T2V_ENGINE_QUANTIZE_H
#define T2V_ENGINE_QUANTIZE_H

#include "base/error.h"

/** Hears how much is done, 0 to 1. */
typedef void (*t2v_quantize_report)(void *opaque, double share);

/**
 * Writes a copy of a model in the same form: a folder for a diffusers folder, a safetensors file
 * for a safetensors file. In it the transformers' and text encoders' weights are bytes, all else is
 * as it was. Of a folder the components that model_index.json names are copied, and small files
 * beside it. What is written takes its name when it is complete.
 *
 * @param out    must not exist
 * @param report may be NULL
 */
t2v_status t2v_quantize_model(const char *model, const char *out, t2v_quantize_report report,
                              void *opaque, t2v_error *error);

#endif
