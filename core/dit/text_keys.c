/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dit/text_keys.h"

/* Of each layer one block of keys × width; what could not be had stays NULL. */
static bool allocate_layers(t2v_dit_text *text, float ***blocks, int64_t width)
{
    bool complete = true;
    *blocks = t2v_calloc((size_t)text->layers, sizeof(**blocks));
    for (int64_t i = 0; *blocks && i < text->layers; i++) {
        (*blocks)[i] = t2v_calloc((size_t)(text->keys * width), sizeof(float));
        complete = complete && (*blocks)[i];
    }
    return *blocks && complete;
}

static void free_layers(const t2v_dit_text *text, float **blocks)
{
    for (int64_t i = 0; blocks && i < text->layers; i++)
        t2v_free(blocks[i]);
    t2v_free(blocks);
}

t2v_status t2v_dit_text_create(int64_t layers, int64_t keys, int64_t width, t2v_dit_text **out,
                               t2v_error *error)
{
    t2v_dit_text *text = *out = t2v_calloc(1, sizeof(*text));
    if (text) {
        text->keys = keys;
        text->layers = layers;
        text->width = width;
        text->bias = t2v_calloc((size_t)keys, sizeof(float));
        if (text->bias && allocate_layers(text, &text->key, width) &&
            allocate_layers(text, &text->value, width))
            return T2V_OK;
    }
    t2v_dit_text_free(text);
    *out = NULL;
    return t2v_fail_memory(error, "the prompt's keys and values",
                           (size_t)(2 * layers * keys * width) * sizeof(float));
}

size_t t2v_dit_text_bytes(const t2v_dit_text *text)
{
    if (!text)
        return 0;
    const int64_t floats = text->keys * (1 + 2 * text->layers * text->width);
    return (size_t)floats * sizeof(float) + t2v_dit_text_bytes(text->expert);
}

void t2v_dit_text_free(t2v_dit_text *text)
{
    if (!text)
        return;
    t2v_dit_text_free(text->expert);
    free_layers(text, text->key);
    free_layers(text, text->value);
    t2v_free(text->bias);
    t2v_free(text);
}
