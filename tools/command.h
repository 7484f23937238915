/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the sub-commands of `t2v` share. */
#ifndef T2V_TOOLS_COMMAND_H
#define T2V_TOOLS_COMMAND_H

#include <stdbool.h>

#include "t2v/t2v.h"

/** Exit codes. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

int command_generate(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_quantize(int argc, char **argv);

/** Says `t2v: …` on standard error and returns EXIT_FAILED. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A t2v_log_fn that writes to standard error; opaque is a const t2v_log_level *: the least
 * important level to show. */
void log_to_stderr(void *opaque, t2v_log_level level, const char *text);

#endif
