/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flags.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "engine/options.h"

/* ------------------------------------------------------------------ reading */

/* Compares a flag's name with an option's, whose words are separated by '_'. */
static bool same_name(const char *flag, size_t length, const char *option)
{
    if (strlen(option) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((flag[i] == '-' ? '_' : flag[i]) != (option[i] == '-' ? '_' : option[i]))
            return false;
    return true;
}

static const flag *find_own(const flags *f, const char *name, size_t length)
{
    for (const flag *own = f->own; own->name; own++)
        if (same_name(name, length, own->name))
            return own;
    return NULL;
}

static const t2v_option *find_option(const flags *f, const char *name, size_t length, int *which)
{
    for (*which = 0; *which < 2; (*which)++)
        for (const t2v_option *o = f->table[*which]; o && o->name; o++)
            if (same_name(name, length, o->name))
                return o;
    return NULL;
}

static bool is_switch(const t2v_option *o)
{
    return o && o->type == T2V_OPTION_INT && o->min == 0 && o->max == 1;
}

/* The value behind '=' or in the next argument; a switch of the table may come alone. */
static const char *take_value(int argc, char **argv, int *index, const char *equals,
                              const t2v_option *option)
{
    if (equals)
        return equals + 1;
    if (is_switch(option) && (*index + 1 == argc || argv[*index + 1][0] == '-'))
        return "1";
    return *index + 1 < argc ? argv[++*index] : NULL;
}

static bool read_flag(flags *f, int argc, char **argv, int *index)
{
    const char *text = argv[*index], *name = text + (text[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '='), *value;
    const size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const flag *own = find_own(f, name, length);
    int which = 0;
    const t2v_option *option = own ? NULL : find_option(f, name, length, &which);
    if (!own && !option) {
        complain("there is no flag %s", text);
        return false;
    }
    if (own && !own->argument && equals) {
        complain("%s: this flag takes no value", text);
        return false;
    }
    if (own && own->present)
        *own->present = true;
    if (own && !own->argument)
        return true;
    value = take_value(argc, argv, index, equals, option);
    if (!value) {
        complain("%s wants a value", text);
        return false;
    }
    if (own) {
        *own->value = value;
        return true;
    }
    if (f->given_count[which] == MAX_GIVEN) {
        complain("too many flags");
        return false;
    }
    f->given[which][f->given_count[which]++] = (given_option){option, value};
    return true;
}

bool flags_read(flags *f, int argc, char **argv, bool *help)
{
    *help = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            *help = true;
            return true;
        }
        if (argv[i][0] == '-' && argv[i][1]) {
            if (!read_flag(f, argc, argv, &i))
                return false;
        } else if (f->operand && f->second && !*f->second) {
            *f->second = argv[i];
        } else if (f->operand) {
            complain("\"%s\" is one argument too many", argv[i]);
            return false;
        } else {
            f->operand = argv[i];
        }
    }
    return true;
}

/* ------------------------------------------------------------------ help */

static void help_line(const char *name, const char *argument, const char *help)
{
    char left[64];
    int dashes = name[1] ? 2 : 1;
    snprintf(left, sizeof(left), "%.*s%s%s%s", dashes, "--", name, argument ? " " : "",
             argument ? argument : "");
    for (char *c = left; *c; c++)
        *c = *c == '_' ? '-' : *c;
    printf("  %-24s %s", left, help);
}

static void help_option(const t2v_option *o)
{
    if (o->type == T2V_OPTION_CHOICE)
        help_line(o->name, o->values, o->help);
    else
        help_line(o->name, o->type == T2V_OPTION_STRING ? "TEXT" : "N", o->help);
    if (o->type == T2V_OPTION_INT || o->type == T2V_OPTION_DOUBLE)
        printf(" (%g to %g, default %g)", o->min, o->max, o->default_number);
    printf("\n");
}

void flags_help(const flags *f, const char *usage)
{
    printf("usage: %s\n\n", usage);
    for (const flag *own = f->own; own->name; own++) {
        help_line(own->name, own->argument, own->help);
        printf("\n");
    }
    for (int which = 0; which < 2; which++)
        for (const t2v_option *o = f->table[which]; o && o->name; o++)
            help_option(o);
}

/* ------------------------------------------------------------------ values */

static bool is_string(const t2v_option *option)
{
    return option->type == T2V_OPTION_STRING || option->type == T2V_OPTION_CHOICE;
}

/* Options whose values are lists, separated by '|' or, where there is none, by commas. */
static bool adds_up(const char *name)
{
    return !strcmp(name, "lora");
}

/* All values of a list. */
static bool join(flags *f, int which, given_option *all)
{
    size_t used = 0;
    for (int i = 0; i < f->given_count[which]; i++) {
        const given_option *given = &f->given[which][i];
        if (given->option != all->option)
            continue;
        const size_t length = strlen(given->value);
        if (used + length + 2 > sizeof(f->joined)) {
            complain("--%s: its values are longer than %zu bytes together", all->option->name,
                     sizeof(f->joined) - 1);
            return false;
        }
        if (used)
            f->joined[used++] = '|';
        memcpy(f->joined + used, given->value, length + 1);
        for (char *comma = f->joined + used; !strchr(given->value, '|') && *comma; comma++)
            *comma = *comma == ',' ? '|' : *comma;
        used += length;
    }
    all->value = f->joined;
    return true;
}

static int count_given(const flags *f, int which, const char *name)
{
    int count = 0;
    for (int i = 0; i < f->given_count[which]; i++)
        count += !strcmp(f->given[which][i].option->name, name);
    return count;
}

bool flags_apply(flags *f, int which, void *params)
{
    t2v_error error;
    for (int i = 0; i < f->given_count[which]; i++) {
        given_option given = f->given[which][i];
        const t2v_option *o = given.option;
        if (adds_up(o->name) && count_given(f, which, o->name) > 1 && !join(f, which, &given))
            return false;
        if (is_string(o)) { /* the library's own setter replaces strings that it owns */
            *(const char **)((char *)params + o->offset) = given.value;
        } else if (t2v_options_set(f->table[which], params, o->name, given.value, 0, &error) < 0) {
            complain("%s", error.text);
            return false;
        }
    }
    return true;
}

bool flags_given(const flags *f, const char *name)
{
    return count_given(f, 0, name) + count_given(f, 1, name) > 0;
}

/* 23.976 and its like are n × 1000/1001. */
static bool fraction_of(double rate, int *numerator, int *denominator)
{
    double whole = round(rate), film = round(rate * 1001 / 1000);
    if (fabs(rate - whole) < 1e-6) {
        *numerator = (int)whole;
        *denominator = 1;
    } else if (fabs(rate - film * 1000 / 1001) < 5e-3) {
        *numerator = (int)film * 1000;
        *denominator = 1001;
    } else {
        *numerator = (int)round(rate * 1000);
        *denominator = 1000;
    }
    return true;
}

bool parse_rate(const char *text, int *numerator, int *denominator)
{
    char *end;
    double value = strtod(text, &end), divisor = 1;
    if (end == text)
        return false;
    if (*end == '/') {
        const char *second = end + 1;
        divisor = strtod(second, &end);
        if (end == second || *end || divisor != round(divisor) || value != round(value))
            return false;
        if (!(value >= 1 && value <= 1e9 && divisor >= 1 && divisor <= 1e9))
            return false;
        *numerator = (int)value;
        *denominator = (int)divisor;
        return true;
    }
    if (*end || !(value >= 0.1 && value <= 1000))
        return false;
    return fraction_of(value, numerator, denominator);
}

bool parse_number(const char *name, const char *text, long long min, long long max,
                  long long *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (end == text || *end || errno) {
        complain("--%s: \"%s\" is not a whole number", name, text);
        return false;
    }
    if (*value < min || *value > max) {
        complain("--%s: %s is out of range; wanted %lld to %lld", name, text, min, max);
        return false;
    }
    return true;
}
