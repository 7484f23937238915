/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tiny autoencoders as their author publishes them (taew2_1.safetensors, taew2_2, taeltx_2 …): the
 * layers by their numbers. All sizes are read off the tensors.
 */
#include <stdio.h>

#include "weights/part.h"

enum { LEVELS = 3, MAX_PATCH = 16 };

/* The last convolution gives three colours for each pixel of a patch. */
static int64_t patch_of(int64_t outputs)
{
    for (int64_t patch = 1; patch <= MAX_PATCH; patch++)
        if (3 * patch * patch == outputs)
            return patch;
    return 0;
}

/* A list of `count` numbers. */
static void set_list(json_t *config, const char *key, const int64_t *values, int count, bool *good)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        *good = !json_array_append_new(list, json_integer(values[i])) && *good;
    t2v_part_set(config, key, list, good);
}

/* Frames that a growth makes of one; a pool one of. */
static int64_t times(const t2v_tensor_table *t, int axis, const char *coder, int number)
{
    const int64_t wide = t2v_part_size(t, axis, "%s.%d.conv.weight", coder, number);
    const int64_t narrow = t2v_part_size(t, !axis, "%s.%d.conv.weight", coder, number);
    return narrow && wide % narrow == 0 ? wide / narrow : 0;
}

static void set_decoder(json_t *config, const t2v_tensor_table *t, bool *good)
{
    const int64_t width[LEVELS + 1] = {
        t2v_part_size(t, 0, "decoder.1.weight"), t2v_part_size(t, 0, "decoder.8.weight"),
        t2v_part_size(t, 0, "decoder.14.weight"), t2v_part_size(t, 0, "decoder.20.weight")};
    const int64_t time[LEVELS] = {times(t, 0, "decoder", 7), times(t, 0, "decoder", 13),
                                  times(t, 0, "decoder", 19)};
    set_list(config, "decoder_channels", width, LEVELS + 1, good);
    set_list(config, "decoder_time", time, LEVELS, good);
}

static void set_encoder(json_t *config, const t2v_tensor_table *t, bool *good)
{
    const int64_t time[LEVELS] = {times(t, 1, "encoder", 2), times(t, 1, "encoder", 7),
                                  times(t, 1, "encoder", 12)};
    t2v_part_set(config, "encoder_channels", json_integer(t2v_part_size(t, 0, "encoder.0.weight")),
                 good);
    set_list(config, "encoder_time", time, LEVELS, good);
}

static t2v_status configure(const t2v_tensor_table *t, const t2v_config *published, json_t *config,
                            t2v_error *error)
{
    const int64_t outputs = t2v_part_size(t, 0, "decoder.22.bias"), patch = patch_of(outputs);
    bool good = true;
    (void)published;
    if (!patch)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: tensor decoder.22.bias has %lld elements, wanted three colours of the "
                        "pixels of a square",
                        t->entries[0].path, (long long)outputs);
    if (!t2v_part_has(t, "decoder.1.weight"))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: is a tiny autoencoder without a tensor decoder.1.weight, of a kind "
                        "that is not known (those called \"super\" are not)",
                        t->entries[0].path);
    t2v_part_set(config, "_class_name", json_string("TAEHV"), &good);
    t2v_part_set(config, "latent_channels", json_integer(t2v_part_size(t, 1, "decoder.1.weight")),
                 &good);
    t2v_part_set(config, "patch_size", json_integer(patch), &good);
    set_decoder(config, t, &good);
    if (t2v_part_has(t, "encoder.0.weight"))
        set_encoder(config, t, &good);
    return t2v_part_finished(good, error);
}

const t2v_part_format t2v_part_tiny_vae = {
    .component = "vae",
    .class_name = "TAEHV",
    .mark = "decoder.22.bias",
    .prefixes = t2v_part_vae_prefixes,
    .configure = configure,
    .stands_in = true,
};
