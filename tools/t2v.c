/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `t2v`. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"generate", command_generate, "make a video from a prompt, as y4m"},
    {"inspect", command_inspect, "say what a model is"},
    {"quantize", command_quantize, "write a copy of a model with its weights as bytes"},
    {"bench", command_bench, "measure the speed of this machine and of a model on it"},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("t2v: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_FAILED;
}

void log_to_stderr(void *opaque, t2v_log_level level, const char *text)
{
    static const char *const prefix[] = {"error: ", "warning: ", "", ""};
    const t2v_log_level *most = opaque;
    if (level <= *most)
        fprintf(stderr, "t2v: %s%s\n", prefix[level], text);
}

static int usage(FILE *file, int code)
{
    fprintf(file, "usage: t2v COMMAND [OPTION …]\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(file, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(file, "\n`t2v COMMAND --help` lists the options of a command.\n");
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return usage(stdout, EXIT_DONE);
    if (!strcmp(argv[1], "--version")) {
        printf("t2v %s\n", t2v_version());
        return EXIT_DONE;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 1, argv + 1);
    complain("there is no command \"%s\"", argv[1]);
    return usage(stderr, EXIT_USAGE);
}
