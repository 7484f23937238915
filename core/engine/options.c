/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/number.h"

#define TYPE_OF_int T2V_OPTION_INT
#define TYPE_OF_int64_t T2V_OPTION_INT64
#define TYPE_OF_double T2V_OPTION_DOUBLE

#define ROW_STRING(name, fallback, flags, help)                                                    \
    {T2V_OPTION_NAME(name), T2V_OPTION_STRING, fallback, 0, 0, 0, NULL, "", help, flags,           \
     offsetof(PARAMS, name)},
#define ROW_NUMBER(type, name, fallback, min, max, flags, unit, help)                              \
    {T2V_OPTION_NAME(name),                                                                        \
     TYPE_OF_##type,                                                                               \
     NULL,                                                                                         \
     (double)(fallback),                                                                           \
     (double)(min),                                                                                \
     (double)(max),                                                                                \
     NULL,                                                                                         \
     unit,                                                                                         \
     help,                                                                                         \
     flags,                                                                                        \
     offsetof(PARAMS, name)},
#define ROW_CHOICE(name, fallback, values, flags, help)                                            \
    {T2V_OPTION_NAME(name), T2V_OPTION_CHOICE, fallback, 0, 0, 0, values, "", help, flags,         \
     offsetof(PARAMS, name)},

const t2v_option *t2v_model_options(void)
{
#define PARAMS t2v_model_params
    static const t2v_option table[] = {T2V_MODEL_OPTIONS(ROW_STRING, ROW_NUMBER, ROW_CHOICE){0}};
#undef PARAMS
    return table;
}

const t2v_option *t2v_stream_options(void)
{
#define PARAMS t2v_stream_params
    static const t2v_option table[] = {T2V_STREAM_OPTIONS(ROW_STRING, ROW_NUMBER, ROW_CHOICE){0}};
#undef PARAMS
    return table;
}

static bool is_text(const t2v_option *option)
{
    return option->type == T2V_OPTION_STRING || option->type == T2V_OPTION_CHOICE;
}

static const char **text_field(const t2v_option *option, void *params)
{
    return (const char **)((char *)params + option->offset);
}

static double get_number(const t2v_option *option, const void *params)
{
    const char *field = (const char *)params + option->offset;
    switch (option->type) {
    case T2V_OPTION_INT:
        return *(const int *)field;
    case T2V_OPTION_INT64:
        return (double)*(const int64_t *)field;
    default:
        return *(const double *)field;
    }
}

static void put_number(const t2v_option *option, void *params, double value, int64_t whole)
{
    char *field = (char *)params + option->offset;
    if (option->type == T2V_OPTION_INT)
        *(int *)field = (int)whole;
    else if (option->type == T2V_OPTION_INT64)
        *(int64_t *)field = whole;
    else
        *(double *)field = value;
}

void t2v_options_default(const t2v_option *table, void *params)
{
    for (const t2v_option *option = table; option->name; option++)
        if (is_text(option))
            *text_field(option, params) = option->default_string;
        else
            put_number(option, params, option->default_number, (int64_t)option->default_number);
}

static bool is_choice(const char *values, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = values; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (length && !strncmp(at, value, length) && (at[length] == '|' || !at[length]))
            return true;
    return false;
}

static t2v_status check_option(const t2v_option *option, const void *params, t2v_error *error)
{
    if (option->type == T2V_OPTION_CHOICE) {
        const char *value = *text_field(option, (void *)params);
        if (!value || !is_choice(option->values, value))
            return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: \"%s\" is unknown; wanted one of %s",
                            option->name, value ? value : "", option->values);
        return T2V_OK;
    }
    if (option->type == T2V_OPTION_STRING)
        return T2V_OK;
    double value = get_number(option, params);
    /* written so that NaN fails too */
    if (!(value >= option->min && value <= option->max))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: %g is out of range; wanted %g to %g",
                        option->name, value, option->min, option->max);
    return T2V_OK;
}

t2v_status t2v_options_check(const t2v_option *table, const void *params, t2v_error *error)
{
    for (const t2v_option *option = table; option->name; option++)
        T2V_TRY(check_option(option, params, error));
    return T2V_OK;
}

t2v_status t2v_options_copy_strings(const t2v_option *table, void *params, t2v_error *error)
{
    bool complete = true;
    for (const t2v_option *option = table; option->name; option++) {
        if (!is_text(option))
            continue;
        const char **field = text_field(option, params), *source = *field;
        *field = t2v_strdup(source);
        complete = complete && (*field || !source);
    }
    if (complete)
        return T2V_OK;
    t2v_options_free(table, params);
    return t2v_fail_memory(error, "the options", 0);
}

void t2v_options_free(const t2v_option *table, void *params)
{
    for (const t2v_option *option = table; option->name; option++)
        if (is_text(option)) {
            t2v_free((void *)*text_field(option, params));
            *text_field(option, params) = NULL;
        }
}

static const t2v_option *find(const t2v_option *table, const char *name)
{
    for (const t2v_option *option = table; option->name; option++)
        if (!strcmp(option->name, name))
            return option;
    return NULL;
}

static t2v_status set_text(const t2v_option *option, void *params, const char *value,
                           t2v_error *error)
{
    const char *old = *text_field(option, params), *copy = t2v_strdup(value);
    if (!copy)
        return t2v_fail_memory(error, option->name, strlen(value));
    *text_field(option, params) = copy;
    t2v_status status = check_option(option, params, error);
    if (status < 0)
        *text_field(option, params) = old;
    t2v_free((void *)(status < 0 ? copy : old));
    return status;
}

static t2v_status set_number(const t2v_option *option, void *params, const char *value,
                             t2v_error *error)
{
    char *end;
    double number = t2v_read_double(value, &end);
    int64_t whole = 0;
    bool complete = end != value && !*end;
    if (complete && option->type != T2V_OPTION_DOUBLE) {
        errno = 0;
        whole = strtoll(value, &end, 10);
        complete = !*end && !errno;
    }
    if (!complete)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: \"%s\" is not a%s number", option->name,
                        value, option->type == T2V_OPTION_DOUBLE ? "" : " whole");
    if (!(number >= option->min && number <= option->max))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: %s is out of range; wanted %g to %g",
                        option->name, value, option->min, option->max);
    put_number(option, params, number, whole);
    return T2V_OK;
}

t2v_status t2v_options_set(const t2v_option *table, void *params, const char *name,
                           const char *value, unsigned wanted, t2v_error *error)
{
    const t2v_option *option = find(table, name);
    if (!option)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "there is no option \"%s\"", name);
    if ((option->flags & wanted) != wanted)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s cannot change while the stream runs", name);
    if (is_text(option))
        return set_text(option, params, value, error);
    return set_number(option, params, value, error);
}
