/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/params.h"

#include <math.h>
#include <string.h>

#include "base/ranks.h"
#include "base/text.h"
#include "engine/condition.h"
#include "engine/options.h"
#include "media/audio_file.h"
#include "sample/step_cache.h"

static t2v_status check_range(const char *name, int64_t value, int64_t min, int64_t max,
                              t2v_error *error)
{
    if (value < min || value > max)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: %lld is out of range; wanted %lld to %lld",
                        name, (long long)value, (long long)min, (long long)max);
    return T2V_OK;
}

/* -1 stands for the model's own value; what lies between it and the values proper is nothing. */
static t2v_status check_gaps(const t2v_stream_params *p, t2v_error *error)
{
    t2v_sigmas sigmas;
    T2V_TRY(t2v_sigmas_read(p->sigmas, &sigmas, error));
    if (p->steps == 0)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "steps: 0 is out of range; wanted 1 to 1000");
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"guidance", p->guidance},
        {"guidance_2", p->guidance_2},
        {"cache_threshold", p->cache_threshold},
        {"decode_timestep", p->decode_timestep},
        {"decode_noise_scale", p->decode_noise_scale},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].value < 0 && numbers[i].value != -1)
            return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: %g is out of range; wanted 0 or more",
                            numbers[i].name, numbers[i].value);
    return T2V_OK;
}

static t2v_status check_video(const t2v_stream_params *p, t2v_error *error)
{
    T2V_TRY(check_range("width", p->width, 64, 8192, error));
    T2V_TRY(check_range("height", p->height, 64, 8192, error));
    T2V_TRY(check_range("rate (numerator)", p->rate_num, 1, 1 << 30, error));
    T2V_TRY(check_range("rate (denominator)", p->rate_den, 1, 1 << 30, error));
    double rate = (double)p->rate_num / p->rate_den;
    if (rate < 1 || rate > 240)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "rate: %g is out of range; wanted 1 to 240",
                        rate);
    if (p->frames != -1)
        T2V_TRY(check_range("frames", p->frames, 1, (int64_t)1 << 40, error));
    return T2V_OK;
}

int64_t t2v_params_frames(const t2v_stream_params *params, double seconds)
{
    const int64_t frames = llround(seconds * params->rate_num / params->rate_den);
    return frames > 0 ? frames : 1;
}

static t2v_status check_loop(const t2v_stream_params *p, t2v_error *error)
{
    const int64_t frames = t2v_params_frames(p, p->loop);
    if (p->loop == 0 || p->frames == -1 || p->frames == frames)
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_ARGUMENT,
                    "loop: %g seconds are %lld frames, but the video is to have %lld; wanted the "
                    "seconds alone",
                    p->loop, (long long)frames, (long long)p->frames);
}

bool t2v_goes_on(const t2v_stream_params *params)
{
    return params->video_end || t2v_given(params->continue_);
}

void t2v_params_settle(t2v_stream_params *params)
{
    if (params->loop > 0 && params->frames == -1)
        params->frames = t2v_params_frames(params, params->loop);
}

/* TeaCache knows how far the results of published transformers move, and of no others. */
static t2v_status check_cache(const t2v_model *model, const t2v_stream_params *p, t2v_error *error)
{
    if (t2v_cache_kind_from_name(p->cache) != T2V_CACHE_TEACACHE || model->dit_info.teacache)
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                    "cache: no polynomial of TeaCache is published for the transformer of %s; "
                    "wanted first-block or none",
                    model->name);
}

/* What depends on the time would part the ranks. */
static t2v_status check_ranks(const t2v_stream_params *p, t2v_error *error)
{
    const t2v_ranks *r = p->ranks;
    if (!r)
        return T2V_OK;
    if (r->count < 1 || r->rank < 0 || r->rank >= r->count || !r->exchange)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "ranks: rank %d of %d; wanted one from 0 on, and a way to talk", r->rank,
                        r->count);
    if (r->count > 1 && p->prompt_file_reload)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "prompt_file_reload: several processes would not see the same file");
    return T2V_OK;
}

t2v_status t2v_params_check_live(const t2v_model *model, const t2v_stream_params *p,
                                 t2v_error *error)
{
    T2V_TRY(check_gaps(p, error));
    return check_cache(model, p, error);
}

t2v_status t2v_params_check(const t2v_model *model, const t2v_stream_params *p, t2v_error *error)
{
    T2V_TRY(t2v_options_check(t2v_stream_options(), p, error));
    T2V_TRY(t2v_params_check_live(model, p, error));
    T2V_TRY(check_video(p, error));
    T2V_TRY(check_loop(p, error));
    return check_ranks(p, error);
}

/* ------------------------------------------------------------------ the plan */

static unsigned plan_flags(const t2v_stream_params *p, size_t shots)
{
    const bool scenes = shots > 1 || p->prompt_file_reload || t2v_given(p->audio);
    return (scenes ? T2V_PLAN_SCENES : 0) | (t2v_goes_on(p) ? T2V_PLAN_CONTINUES : 0);
}

t2v_status t2v_params_plan(const t2v_model *model, const t2v_stream_params *p, size_t shots,
                           t2v_plan *plan, t2v_error *error)
{
    T2V_TRY(t2v_plan_make(model, p->width, p->height, p->frames, p->chunk, plan_flags(p, shots),
                          plan, error));
    if (t2v_given(p->audio))
        T2V_TRY(t2v_audio_file_probe(p->audio, error));
    if (p->tile > 0 && !t2v_plan_may_tile(model, plan))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "tile: passes that go on from each other's latents are not decoded in "
                        "tiles; wanted 0, or a chunk as long as the video");
    return t2v_conditions_check(model, p, plan, error);
}
