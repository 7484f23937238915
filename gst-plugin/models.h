/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The models that this process has open: elements with the same model share its weights. */
#ifndef GST_T2V_MODELS_H
#define GST_T2V_MODELS_H

#include <t2v/t2v.h>

/**
 * The model that is open already, else a newly opened one. Any thread.
 *
 * @param path NULL or "": the embedded model
 * @param model to be given back with gst_t2v_model_put
 */
t2v_status gst_t2v_model_get(const char *path, const t2v_model_params *params, t2v_model **model,
                             t2v_error *error);

/**
 * Gives a model back and sets *model to NULL. NULL is allowed. A model that nobody uses any more is
 * closed by a thread of its own.
 */
void gst_t2v_model_put(t2v_model **model);

#endif
