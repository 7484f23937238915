/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Flags of a command, those of the library's option tables among them. */
#ifndef T2V_TOOLS_FLAGS_H
#define T2V_TOOLS_FLAGS_H

#include <stdbool.h>

#include "t2v/t2v.h"

/** One flag that takes a value, or none when `value` is NULL. */
typedef struct flag {
    const char *name;     /**< without the dashes; '-' between words */
    const char *argument; /**< for the help: "FILE", "N" …; NULL: a switch */
    const char *help;
    const char **value; /**< receives the argument */
    bool *present;      /**< set to true; may be NULL */
} flag;

/** A value that was given for an option of a table. */
typedef struct given_option {
    const t2v_option *option;
    const char *value;
} given_option;

enum { MAX_GIVEN = 64, MAX_JOINED = 1 << 14 };

/** What a command line said. */
typedef struct flags {
    const flag *own;            /**< ended by a NULL name */
    const t2v_option *table[2]; /**< the library's; either may be NULL */
    given_option given[2][MAX_GIVEN];
    int given_count[2];
    const char *operand;     /**< the one argument that is no flag; NULL: none */
    char joined[MAX_JOINED]; /**< the values of --lora, when there are several */
    const char **second;     /**< receives another such argument; NULL: none may follow */
} flags;

/**
 * Reads a command line. Flags may be written --name VALUE, --name=VALUE or, where the name has one
 * letter, -n VALUE. Options of a table that are 0 or 1 are 1 when no value follows.
 *
 * @return false after a message on standard error; *help tells whether --help was asked for
 */
bool flags_read(flags *flags, int argc, char **argv, bool *help);

/** Prints usage and every flag with its help, range and default. */
void flags_help(const flags *flags, const char *usage);

/**
 * Applies what was given for table `which` to params; strings point into the command line, or into
 * the flags: several --lora add up. Of another flag that is given twice the last counts.
 */
bool flags_apply(flags *flags, int which, void *params);

/** Whether an option of a table was given. */
bool flags_given(const flags *flags, const char *name);

/** "24", "30000/1001" or "23.976" as a fraction; false when it is none. */
bool parse_rate(const char *text, int *numerator, int *denominator);
/** A whole number in a range; false after a message. */
bool parse_number(const char *name, const char *text, long long min, long long max,
                  long long *value);

#endif
