/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `t2v inspect`: what a model is. */
#include <stdio.h>

#include "command.h"
#include "flags.h"

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
    printf("defaults    %dx%d, %d frames at %d a second, %d steps, guidance %g\n", info->width,
           info->height, info->frames, info->rate, info->steps, info->guidance);
    if (info->chunk)
        printf("streams in  chunks of %d frames\n", info->chunk);
    printf("sizes       any; made as multiples of %d pixels and %d n + 1 frames\n",
           info->size_multiple, info->frame_multiple);
}

int command_inspect(int argc, char **argv)
{
    const flag own[] = {{0}};
    flags flags = {.own = own};
    t2v_model *model;
    t2v_model_info info;
    t2v_error error;
    bool help;
    if (!flags_read(&flags, argc, argv, &help))
        return EXIT_USAGE;
    if (help) {
        flags_help(&flags, "t2v inspect [MODEL]     (without MODEL: the embedded one)");
        return EXIT_DONE;
    }
    if (t2v_model_open(flags.operand, NULL, &model, &error) < 0)
        return complain("%s", error.text);
    t2v_model_get_info(model, &info);
    print_info(&info);
    t2v_model_close(&model);
    return EXIT_DONE;
}
