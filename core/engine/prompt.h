/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A prompt on its way into the transformer. */
#ifndef T2V_ENGINE_PROMPT_H
#define T2V_ENGINE_PROMPT_H

#include "engine/model.h"

/** Intermediate tensors for whoever listens; a zeroed one for nobody. */
typedef struct t2v_tap {
    t2v_tap_fn fn;
    void *opaque;
} t2v_tap;

void t2v_tap_floats(const t2v_tap *tap, const char *name, int rank, const int64_t *shape,
                    const float *data);

/**
 * Tokenizes and encodes a text.
 *
 * @param option   "prompt" or "negative", for messages
 * @param ids_name, embeds_name names for the tap; ids_name may be NULL
 * @param text     receives the transformer's keys and values, ended by the class's free_text
 */
t2v_status t2v_prompt_encode(t2v_exec *exec, const t2v_model *model, const char *prompt,
                             const char *option, const t2v_tap *tap, const char *ids_name,
                             const char *embeds_name, t2v_dit_text **text);

/**
 * Some digits of the SHA-256 of a prompt, as t2v_frame_prompt_hash describes them.
 *
 * @param size of `hash`, with the NUL
 */
void t2v_prompt_hash(const char *text, char *hash, size_t size);

#endif
