/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/band_decoder.h"

#include <string.h>

enum { COLOURS = 3 };

static t2v_status gather(t2v_band_decoder *d, const float *rgb, int64_t height, int64_t width)
{
    const int64_t plane = t2v_bands_whole(d->exec, height) * width, own = height * width;
    const size_t bytes = (size_t)plane * COLOURS * sizeof(*rgb);
    if (!d->picture && !(d->picture = t2v_alloc(bytes)))
        return t2v_fail_memory(d->exec->error, "a picture", bytes);
    for (int64_t i = 0; i < COLOURS; i++) {
        float *colour = d->picture + i * plane;
        memcpy(colour + t2v_bands_above(d->exec, height) * width, rgb + i * own,
               (size_t)own * sizeof(*rgb));
        T2V_TRY(t2v_bands_gather(d->exec, colour, height, width));
    }
    return T2V_OK;
}

static t2v_status on_band(void *opaque, const float *rgb, int64_t height, int64_t width)
{
    t2v_band_decoder *d = opaque;
    T2V_TRY(gather(d, rgb, height, width));
    return d->sink(d->opaque, d->picture, t2v_bands_whole(d->exec, height), width);
}

/* Operations know of the bands while the decoder runs, and no longer. */
static void enter(t2v_band_decoder *d)
{
    d->exec->bands = d->bands.team.count > 1 ? &d->bands : NULL;
}

static void leave(t2v_band_decoder *d)
{
    d->exec->bands = NULL;
}

t2v_status t2v_band_decoder_begin(t2v_exec *exec, t2v_band_decoder *d,
                                  const t2v_vae_class *vae_class, const void *vae,
                                  const t2v_ranks *ranks, const t2v_decoder_params *params)
{
    t2v_decoder_params own = *params;
    t2v_vae_info info;
    *d = (t2v_band_decoder){.exec = exec, .vae_class = vae_class};
    if (ranks && ranks->count > 1 && ranks->count <= params->height) {
        d->bands = (t2v_bands){.team = {ranks, 0, ranks->count}, .rows = params->height};
        d->sink = params->sink;
        d->opaque = params->opaque;
        const int64_t above = t2v_bands_start(&d->bands, ranks->rank);
        own.height = t2v_bands_start(&d->bands, ranks->rank + 1) - above;
        own.sink = on_band;
        own.opaque = d;
        vae_class->describe(vae, &info);
        d->above = (size_t)(above * params->width * info.latent_channels);
    }
    enter(d);
    t2v_status status = vae_class->decoder_create(exec, vae, &own, &d->decoder);
    leave(d);
    return status;
}

void t2v_band_decoder_end(t2v_band_decoder *d)
{
    if (d->decoder)
        d->vae_class->decoder_destroy(d->decoder);
    t2v_free(d->picture);
    memset(d, 0, sizeof(*d));
}

t2v_status t2v_band_decoder_run(t2v_band_decoder *d, const float *latent, bool last)
{
    const t2v_arena_mark mark = t2v_arena_get_mark(&d->exec->arena);
    enter(d);
    t2v_status status = d->vae_class->decode(d->exec, d->decoder, latent + d->above, last);
    leave(d);
    t2v_arena_reset(&d->exec->arena, mark);
    return status;
}
