/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `t2v quantize`: a copy of a model with its weights as bytes. */
#include "engine/quantize.h"

#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "flags.h"

/* A t2v_quantize_report; opaque is an int *: the percents shown last */
static void show(void *opaque, double share)
{
    int *shown = opaque, percent = (int)(100 * share);
    if (percent == *shown)
        return;
    *shown = percent;
    fprintf(stderr, "\rt2v: %d %%", percent);
}

int command_quantize(int argc, char **argv)
{
    const flag own[] = {{0}};
    const char *out = NULL;
    flags flags = {.own = own, .second = &out};
    t2v_error error;
    int shown = -1;
    bool help;
    if (!flags_read(&flags, argc, argv, &help))
        return EXIT_USAGE;
    if (help) {
        flags_help(&flags, "t2v quantize MODEL OUT     (diffusers folders and safetensors files)");
        return EXIT_DONE;
    }
    if (!flags.operand || !out) {
        complain("quantize wants a model and the name of its copy");
        return EXIT_USAGE;
    }
    const bool watched = isatty(STDERR_FILENO);
    const t2v_status status =
        t2v_quantize_model(flags.operand, out, watched ? show : NULL, &shown, &error);
    if (shown >= 0)
        fputc('\n', stderr);
    return status < 0 ? complain("%s", error.text) : EXIT_DONE;
}
