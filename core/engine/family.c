/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/family.h"

#include <stdio.h>
#include <string.h>

static t2v_status linear(const t2v_scheduler *scheduler, int steps, int64_t tokens,
                         t2v_schedule *schedule, t2v_error *error)
{
    return t2v_schedule_linear(&scheduler->euler, steps, tokens, schedule, error);
}

static t2v_status given(const t2v_scheduler *scheduler, const t2v_sigmas *sigmas, int64_t tokens,
                        t2v_schedule *schedule, t2v_error *error)
{
    return t2v_schedule_given(&scheduler->euler, sigmas, tokens, schedule, error);
}

static t2v_status given_timesteps(const t2v_scheduler *scheduler, const t2v_sigmas *sigmas,
                                  int64_t tokens, t2v_schedule *schedule, t2v_error *error)
{
    (void)tokens;
    return t2v_schedule_given_timesteps(&scheduler->euler, sigmas, schedule, error);
}

static t2v_status linear_quadratic(const t2v_scheduler *scheduler, int steps, int64_t tokens,
                                   t2v_schedule *schedule, t2v_error *error)
{
    (void)tokens;
    return t2v_schedule_linear_quadratic(&scheduler->euler, steps, schedule, error);
}

/* LTXPipeline: every latent frame stands for `ratio` pictures, the first one too. */
static float even_seconds(int64_t frame, int64_t ratio, bool middle, double rate)
{
    (void)middle;
    return (float)frame * (float)((double)ratio / rate);
}

static float picture_seconds(int64_t picture, double rate)
{
    return (float)picture * (float)(1.0 / rate);
}

/* LTXConditionPipeline: the first latent frame of a clip is a single picture. */
static float causal_seconds(int64_t frame, int64_t ratio, bool middle, double rate)
{
    int64_t picture = middle ? frame * ratio + 1 : frame * ratio + 1 - ratio;
    return picture_seconds(picture < 0 ? 0 : picture, rate);
}

static t2v_status as_scheduled(const t2v_scheduler *scheduler, int steps, int64_t tokens,
                               t2v_schedule *schedule, t2v_error *error)
{
    (void)tokens;
    return t2v_scheduler_schedule(scheduler, steps, schedule, error);
}

static t2v_status as_given(const t2v_scheduler *scheduler, const t2v_sigmas *sigmas, int64_t tokens,
                           t2v_schedule *schedule, t2v_error *error)
{
    (void)tokens;
    return t2v_scheduler_schedule_given(scheduler, sigmas, schedule, error);
}

/* WanPipeline knows no time but the number of the frame. */
static float frame_number(int64_t frame, int64_t ratio, bool middle, double rate)
{
    (void)ratio;
    (void)middle;
    (void)rate;
    return (float)frame;
}

/* Wan 2.2 is published under the classes of 2.1: TI2V tells every token its own timestep, A14B has
 * two transformers. */
static t2v_status refine(const t2v_config *index, double guidance, double guidance_2,
                         t2v_family_defaults *defaults, t2v_error *error)
{
    const t2v_family_defaults ti2v = {1280, 704, 24, 121, 50, 5, 5};
    const t2v_family_defaults a14b = {1280, 720, 16, 81, 40, guidance, guidance_2};
    double boundary;
    bool by_token;
    T2V_TRY(t2v_config_double(index, "boundary_ratio", 0, 0, 1, &boundary, error));
    T2V_TRY(t2v_config_bool(index, "expand_timesteps", false, &by_token, error));
    if (by_token)
        *defaults = ti2v;
    else if (boundary > 0)
        *defaults = a14b;
    return T2V_OK;
}

static t2v_status refine_wan(const t2v_config *index, t2v_family_defaults *defaults,
                             t2v_error *error)
{
    return refine(index, 4, 3, defaults, error);
}

static t2v_status refine_wan_pictures(const t2v_config *index, t2v_family_defaults *defaults,
                                      t2v_error *error)
{
    return refine(index, 3.5, 3.5, defaults, error);
}

#define LTX                                                                                        \
    .name = "ltx-video", .dit = &t2v_dit_ltx, .vae = &t2v_vae_ltx,                                 \
    .text_encoder = "T5EncoderModel", .scheduler = "FlowMatchEulerDiscreteScheduler",              \
    .pictures = T2V_PICTURES_KNOWN, .takes_clips = true,                                           \
    .defaults = {                                                                                  \
        .width = 704,                                                                              \
        .height = 512,                                                                             \
        .rate = 25,                                                                                \
        .frames = 161,                                                                             \
        .steps = 50,                                                                               \
        .guidance = 3,                                                                             \
    }

#define WAN                                                                                        \
    .name = "wan", .dit = &t2v_dit_wan, .vae = &t2v_vae_wan, .text_encoder = "UMT5EncoderModel",   \
    .text_kind = T2V_UMT5, .text_length = 512, .text_mask = true, .text_zeros = true,              \
    .text_clean = true, .schedule = as_scheduled, .schedule_given = as_given,                      \
    .seconds = frame_number, .token_grid = true, .posterior_mean = true

static const t2v_family families[] = {
    {
        LTX,
        .pipeline = "LTXPipeline",
        .text_length = 128,
        .schedule = linear,
        .schedule_given = given,
        .seconds = even_seconds,
        .encodes_first = true,
    },
    {
        LTX,
        .pipeline = "LTXConditionPipeline",
        .text_length = 256,
        .text_mask = true,
        .schedule = linear_quadratic,
        .schedule_given = given_timesteps,
        .seconds = causal_seconds,
        .picture_seconds = picture_seconds,
        .known_noise = 0.15f,
        .steps_by_token = true,
    },
    {
        WAN,
        .pipeline = "WanPipeline",
        .defaults = {832, 480, 16, 81, 50, 5},
        .refine = refine_wan,
    },
    {
        WAN,
        .pipeline = "WanImageToVideoPipeline",
        .pictures = T2V_PICTURES_BESIDE,
        .defaults = {832, 480, 16, 81, 40, 5},
        .refine = refine_wan_pictures,
    },
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

const t2v_family *t2v_family_find(const char *pipeline)
{
    for (int i = 0; i < FAMILIES; i++)
        if (!strcmp(families[i].pipeline, pipeline))
            return &families[i];
    return NULL;
}

void t2v_family_names(char *text, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < FAMILIES && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", families[i].pipeline);
}
