/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/plan.h"

#include <string.h>

/* New pictures of a pass in a stream without end, when the model is one that makes chunks: soon
 * enough for what is asked of it while it runs. */
enum { LIVE_PICTURES = 16 };

static int64_t round_up(int64_t value, int64_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

/* Latent frames, a multiple of the transformer's patch, that hold `pictures`. */
static int64_t latent_frames(const t2v_model *model, int64_t pictures)
{
    int64_t ratio = model->vae_info.temporal_ratio;
    return round_up((pictures + ratio - 2) / ratio + 1, model->dit_info.patch_time);
}

static void plan_size(const t2v_model *model, int width, int height, t2v_plan *plan)
{
    const int64_t ratio = model->vae_info.spatial_ratio, step = ratio * model->dit_info.patch;
    plan->picture_width = round_up(width, step);
    plan->picture_height = round_up(height, step);
    plan->size = (t2v_latent_size){
        .channels = model->vae_info.latent_channels,
        .height = plan->picture_height / ratio,
        .width = plan->picture_width / ratio,
        .patch = model->dit_info.patch,
        .patch_time = model->dit_info.patch_time,
    };
}

/* Latent frames of a window for `chunk` pictures; `live`: of what such a model makes live. */
static int64_t window_frames(const t2v_model *model, int64_t chunk, int64_t context, bool live)
{
    const int64_t window = chunk ? latent_frames(model, chunk) : 0;
    const int64_t most = context + round_up(LIVE_PICTURES / model->vae_info.temporal_ratio,
                                            model->dit_info.patch_time);
    return live && window > most ? most : window;
}

size_t t2v_plan_picture_floats(const t2v_plan *plan)
{
    return 3 * (size_t)plan->picture_height * (size_t)plan->picture_width;
}

int64_t t2v_plan_pictures(const t2v_model *model, int64_t latents)
{
    return latents ? (latents - 1) * model->vae_info.temporal_ratio + 1 : 0;
}

static int64_t context_frames(const t2v_model *model)
{
    return round_up(model->context, model->dit_info.patch_time);
}

/* A clip begins with a latent frame of a single picture, and then what a pass is given of the one
 * before; Wan's models were trained for the picture alone. */
static int64_t lead_frames(const t2v_model *model)
{
    return round_up(model->family->takes_clips ? context_frames(model) + 1 : 1,
                    model->dit_info.patch_time);
}

int64_t t2v_plan_lead_pictures(const t2v_model *model)
{
    return t2v_plan_pictures(model, lead_frames(model));
}

static void plan_chunks(const t2v_model *model, int64_t frames, int64_t chunk, bool live,
                        t2v_plan *plan)
{
    const int64_t context = context_frames(model);
    const int64_t least = context + model->dit_info.patch_time; /* something new in every window */
    const int64_t lead = t2v_plan_pictures(model, plan->lead);
    const int64_t all = frames < 0 ? 0 : latent_frames(model, lead + frames);
    int64_t window = window_frames(model, chunk, context, live);
    if (chunk && window < least)
        window = least; /* the first one too: the second is given its last frames */
    const int64_t first = plan->lead ? plan->lead + window - context : window;
    plan->size.frames = first;
    plan->window_frames = window;
    plan->context = context;
    plan->chunks = -1;
    if (frames >= 0 && (!chunk || all <= first)) {
        plan->size.frames = plan->scenes && all < context ? context : all;
        plan->chunks = 1;
    } else if (frames >= 0) {
        const int64_t fresh = window - context;
        plan->chunks = 1 + (all - first + fresh - 1) / fresh;
    }
}

/* Everything that is computed later from the size must fit into what counts it. */
static t2v_status check_size(const t2v_plan *plan, t2v_error *error)
{
    const t2v_latent_size *s = &plan->size;
    int64_t frames = s->frames > plan->window_frames ? s->frames : plan->window_frames;
    const t2v_shape shape = {4, {s->channels, frames, s->height, s->width}};
    size_t count;
    if (!t2v_shape_count(&shape, &count) || count > SIZE_MAX / 4096)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "%lld frames of %lld × %lld are too many for one pass", (long long)frames,
                        (long long)plan->picture_width, (long long)plan->picture_height);
    return T2V_OK;
}

t2v_status t2v_plan_make(const t2v_model *model, int width, int height, int64_t frames, int chunk,
                         unsigned flags, t2v_plan *plan, t2v_error *error)
{
    memset(plan, 0, sizeof(*plan));
    plan_size(model, width, height, plan);
    plan->lead = flags & T2V_PLAN_CONTINUES ? lead_frames(model) : 0;
    plan->scenes = flags & T2V_PLAN_SCENES;
    const bool live = chunk < 0 && frames < 0 && model->chunk > 0;
    if (chunk < 0)
        chunk = model->chunk;
    if (!chunk && (frames < 0 || plan->scenes)) /* not in one pass, but the model names no chunk */
        chunk = model->defaults.frames;
    plan_chunks(model, frames, chunk, live, plan);
    return check_size(plan, error);
}

int64_t t2v_plan_new_frames(const t2v_plan *plan, int64_t index)
{
    return index == 0 ? plan->size.frames : plan->window_frames - plan->context;
}

bool t2v_plan_may_tile(const t2v_model *model, const t2v_plan *plan)
{
    return (plan->chunks == 1 && !plan->scenes) || t2v_joins_by_picture(model);
}
