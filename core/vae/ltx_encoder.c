/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vae/ltx_encoder.h"

#include <stdio.h>
#include <string.h>

enum { MAX_BLOCKS = 8, MAX_LAYERS = 64 };

/* One down block: layers of its input's width, then fewer positions, then its output's width. */
typedef struct down_block {
    int64_t in, out, layers;
    bool newer;         /* LTXVideo095DownBlock3D */
    int64_t downsample; /* 0: none; 1: strided convolution; else positions that become channels */
} down_block;

typedef struct encoder {
    int64_t blocks, middle_layers;
    down_block block[MAX_BLOCKS];
} encoder;

/* ------------------------------------------------------------------ configuration */

/* `count` integers or more; the published defaults when the key is absent. */
static t2v_status read_ints(const t2v_config *config, const char *key, int64_t min, int64_t max,
                            const int64_t *defaults, int *count, int64_t *values, t2v_error *error)
{
    int wanted = *count;
    T2V_TRY(t2v_config_ints(config, key, min, max, MAX_BLOCKS + 2, values, count, error));
    if (*count < 0) {
        *count = 5 < wanted ? 5 : wanted;
        memcpy(values, defaults, (size_t)*count * sizeof(*values));
    }
    if (*count < 1 || *count < wanted)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s has %d entries, wanted %d",
                        t2v_config_path(config), key, *count, wanted < 1 ? 1 : wanted);
    return T2V_OK;
}

/* How many positions become one, by downsample_type. */
static t2v_status read_downsample(const t2v_config *config, int index, down_block *b,
                                  t2v_error *error)
{
    static const struct {
        const char *name;
        int64_t positions;
    } kinds[] = {{"conv", 1}, {"spatial", 4}, {"temporal", 2}, {"spatiotemporal", 8}};
    const char *kind = "conv";
    if (b->newer)
        T2V_TRY(t2v_config_string_at(config, "downsample_type", index, &kind, error));
    for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (!strcmp(kind, kinds[i].name))
            b->downsample = kinds[i].positions;
    if (!b->downsample)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: entry %d of downsample_type is %.80s",
                        t2v_config_path(config), index, kind ? kind : "missing");
    if (b->downsample > 1 && b->out < b->downsample)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: block_out_channels leaves no channels for downsample_type %.80s",
                        t2v_config_path(config), kind);
    return T2V_OK;
}

static t2v_status read_type(const t2v_config *config, int index, bool *newer, t2v_error *error)
{
    const char *type;
    *newer = false;
    if (!t2v_config_has(config, "down_block_types"))
        return T2V_OK;
    T2V_TRY(t2v_config_string_at(config, "down_block_types", index, &type, error));
    *newer = type && !strcmp(type, "LTXVideo095DownBlock3D");
    if (!*newer && (!type || strcmp(type, "LTXVideoDownBlock3D")))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: entry %d of down_block_types is %.80s",
                        t2v_config_path(config), index, type ? type : "missing");
    return T2V_OK;
}

/* Blocks of the newer kind have one width more than there are blocks. */
static t2v_status read_config(const t2v_config *config, encoder *e, t2v_error *error)
{
    static const int64_t widths_of_090[] = {128, 256, 512, 512}, layers_of_090[] = {4, 3, 3, 3, 4};
    int64_t width[MAX_BLOCKS + 2], layers[MAX_BLOCKS + 2];
    bool scaling[MAX_BLOCKS + 2] = {true, true, true}, newer;
    int widths = 4, count = 4, scalings;
    T2V_TRY(
        t2v_config_ints(config, "block_out_channels", 1, 65536, MAX_BLOCKS, width, &widths, error));
    if (widths < 0) {
        widths = 4;
        memcpy(width, widths_of_090, sizeof(widths_of_090));
    }
    if (widths < 2)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: block_out_channels has %d entries, wanted 2",
                        t2v_config_path(config), widths);
    T2V_TRY(read_type(config, widths - 2, &newer, error));
    e->blocks = count = widths - newer;
    count++;
    T2V_TRY(
        read_ints(config, "layers_per_block", 0, MAX_LAYERS, layers_of_090, &count, layers, error));
    e->middle_layers = layers[count - 1];
    T2V_TRY(t2v_config_bools(config, "spatio_temporal_scaling", MAX_BLOCKS + 2, scaling, &scalings,
                             error));
    if (scalings >= 0 && scalings < e->blocks)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: spatio_temporal_scaling has %d entries, wanted %d",
                        t2v_config_path(config), scalings, (int)e->blocks);
    for (int i = 0; i < e->blocks; i++) {
        down_block *b = &e->block[i];
        *b = (down_block){.in = i ? e->block[i - 1].out : width[0],
                          .out = i + 1 < widths ? width[i + 1] : width[i],
                          .layers = layers[i]};
        T2V_TRY(read_type(config, i, &b->newer, error));
        if (scaling[i])
            T2V_TRY(read_downsample(config, i, b, error));
    }
    return T2V_OK;
}

/* ------------------------------------------------------------------ tensors */

static t2v_status check_tensor(const t2v_component *c, int rank, const int64_t *dim,
                               const char *prefix, const char *name, t2v_error *error)
{
    t2v_tensor tensor;
    if (!t2v_component_has(c, "encoder.%s.%s", prefix, name))
        return T2V_OK;
    return t2v_component_tensor(c, &tensor, error, rank, dim, "encoder.%s.%s", prefix, name);
}

static t2v_status check_conv(const t2v_component *c, int64_t out, int64_t in, int64_t kernel,
                             const char *prefix, t2v_error *error)
{
    const int64_t dim[5] = {out, in, kernel, kernel, kernel};
    T2V_TRY(check_tensor(c, 5, dim, prefix, "conv.weight", error));
    return check_tensor(c, 1, &out, prefix, "conv.bias", error);
}

static t2v_status check_resnet(const t2v_component *c, int64_t in, int64_t out, const char *prefix,
                               t2v_error *error)
{
    char name[160];
    snprintf(name, sizeof(name), "%s.conv1", prefix);
    T2V_TRY(check_conv(c, out, in, 3, name, error));
    snprintf(name, sizeof(name), "%s.conv2", prefix);
    T2V_TRY(check_conv(c, out, out, 3, name, error));
    if (in == out)
        return T2V_OK;
    T2V_TRY(check_tensor(c, 1, &in, prefix, "norm3.weight", error));
    T2V_TRY(check_tensor(c, 1, &in, prefix, "norm3.bias", error));
    snprintf(name, sizeof(name), "%s.conv_shortcut", prefix);
    return check_conv(c, out, in, 1, name, error);
}

static t2v_status check_resnets(const t2v_component *c, int64_t layers, int64_t width,
                                const char *prefix, t2v_error *error)
{
    char name[128];
    for (int64_t i = 0; i < layers; i++) {
        snprintf(name, sizeof(name), "%s.resnets.%d", prefix, (int)i);
        T2V_TRY(check_resnet(c, width, width, name, error));
    }
    return T2V_OK;
}

static t2v_status check_block(const t2v_component *c, const down_block *b, int index,
                              t2v_error *error)
{
    char prefix[64], name[128];
    snprintf(prefix, sizeof(prefix), "down_blocks.%d", index);
    T2V_TRY(check_resnets(c, b->layers, b->in, prefix, error));
    snprintf(name, sizeof(name), "%s.downsamplers.0%s", prefix, b->downsample > 1 ? ".conv" : "");
    if (b->downsample > 1)
        return check_conv(c, b->out / b->downsample, b->in, 3, name, error);
    if (b->downsample)
        T2V_TRY(check_conv(c, b->in, b->in, 3, name, error));
    if (b->in == b->out || b->newer)
        return T2V_OK;
    snprintf(name, sizeof(name), "%s.conv_out", prefix);
    return check_resnet(c, b->in, b->out, name, error);
}

t2v_status t2v_ltx_encoder_check(const t2v_component *component, int64_t latent_channels,
                                 int64_t channels, t2v_error *error)
{
    encoder e = {0};
    T2V_TRY(read_config(t2v_component_config(component), &e, error));
    int64_t width = e.block[e.blocks - 1].out;
    T2V_TRY(check_conv(component, e.block[0].in, channels, 3, "conv_in", error));
    for (int i = 0; i < e.blocks; i++)
        T2V_TRY(check_block(component, &e.block[i], i, error));
    T2V_TRY(check_resnets(component, e.middle_layers, width, "mid_block", error));
    return check_conv(component, latent_channels + 1, width, 3, "conv_out", error);
}
