/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `t2v inspect`: what a model is, and what a video of it needs. */
#include <stdio.h>

#include "command.h"
#include "flags.h"
#include "video.h"

static void print_info(const t2v_model_info *info)
{
    printf("name        %s\n", info->name);
    printf("family      %s (%s)\n", info->family, info->pipeline);
    if (*info->licence)
        printf("licence     %s\n", info->licence);
    printf("parameters  %.1f M text encoder, %.1f M transformer, %.1f M autoencoder\n",
           (double)info->text_parameters * 1e-6, (double)info->dit_parameters * 1e-6,
           (double)info->vae_parameters * 1e-6);
    if (info->vision_parameters)
        printf("            %.1f M vision encoder, for given pictures\n",
               (double)info->vision_parameters * 1e-6);
    printf("files       %.1f MB\n", (double)info->file_bytes * 1e-6);
    printf("defaults    %dx%d, %d frames at %d a second, %d steps, guidance %g", info->width,
           info->height, info->frames, info->rate, info->steps, info->guidance);
    if (info->guidance_2 > 0 && info->guidance_2 != info->guidance)
        printf(", then %g", info->guidance_2);
    printf("\n");
    if (info->chunk)
        printf("streams in  chunks of %d frames\n", info->chunk);
    printf("sizes       any; made as multiples of %d pixels and %d n + 1 frames\n",
           info->size_multiple, info->frame_multiple);
}

static void print_time(const char *before, double seconds)
{
    if (seconds < 100)
        printf("%s%.3g s", before, seconds);
    else if (seconds < 6000)
        printf("%s%.0f min", before, seconds / 60);
    else
        printf("%s%.1f h", before, seconds / 3600);
}

static void print_estimate(const t2v_stream_params *params, const t2v_estimate *e)
{
    const double chunks = e->chunks > 0 ? (double)e->chunks : 1;
    const double chunk = e->steps * e->step_seconds + e->decode_seconds;
    printf("video       %dx%d, ", params->width, params->height);
    if (params->frames < 0)
        printf("without end\n");
    else
        printf("%lld frames\n", (long long)params->frames);
    printf(
        "memory      %.3g GB; %.3g GB at least (--max-memory), %.3g GB with all weights prepared\n",
        (double)e->bytes * 1e-9, (double)e->least_bytes * 1e-9, (double)e->unlimited_bytes * 1e-9);
    print_time("time        about ", e->text_seconds + chunks * chunk);
    print_time(e->chunks < 0 ? " for a first chunk: " : ": ", e->text_seconds);
    print_time(" for the prompt, ", e->step_seconds);
    printf(" for each of %d steps", e->steps);
    print_time(", ", e->decode_seconds);
    printf(" for decoding%s\n", e->chunks == 1 ? "" : ", in every chunk");
    if (e->tiles > 1)
        printf("decoded in  %d tiles\n", e->tiles);
}

static int estimate(flags *flags, const video_flags *video, t2v_model *model)
{
    t2v_stream_params params = t2v_stream_params_default(model);
    t2v_estimate e;
    t2v_error error;
    if (!video_flags_apply(video, flags, false, &params))
        return EXIT_USAGE;
    if (t2v_model_estimate(model, &params, &e, &error) < 0)
        return complain("%s", error.text);
    print_estimate(&params, &e);
    return EXIT_DONE;
}

static int inspect(flags *flags, const video_flags *video)
{
    t2v_model_params params = t2v_model_params_default();
    t2v_log_level level = T2V_LOG_WARNING;
    t2v_model_info info;
    t2v_model *model;
    t2v_error error;
    params.log = log_to_stderr;
    params.log_opaque = &level;
    if (!flags_apply(flags, 0, &params))
        return EXIT_USAGE;
    if (t2v_model_open(flags->operand, &params, &model, &error) < 0)
        return complain("%s", error.text);
    t2v_model_get_info(model, &info);
    print_info(&info);
    const int code = estimate(flags, video, model);
    t2v_model_close(&model);
    return code;
}

int command_inspect(int argc, char **argv)
{
    video_flags video = {0};
    const flag own[] = {VIDEO_FLAGS(&video), {0}};
    flags flags = {.own = own, .table = {t2v_model_options(), t2v_stream_options()}};
    bool help;
    if (!flags_read(&flags, argc, argv, &help))
        return EXIT_USAGE;
    if (help) {
        flags_help(&flags, "t2v inspect [MODEL] [OPTION …]     (without MODEL: the embedded one)");
        return EXIT_DONE;
    }
    return inspect(&flags, &video);
}
