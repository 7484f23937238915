/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "weights/json.h"

enum {
    MAX_BYTES = 64 << 20,
    /* the index of a large model's shards has a hundred thousand */
    MAX_VALUES = 1 << 18,
};

struct t2v_config {
    char *path;
    json_t *root;
    json_t *asked; /* an object with the keys; NULL: nobody watches */
};

/* ---------------------------------------------------------------- reading */

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "a list",  [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",        [JSON_NULL] = "null",
    };
    return value ? names[json_typeof(value)] : "nothing";
}

static t2v_status parse(t2v_config *config, const char *path, const char *text, size_t bytes,
                        t2v_error *error)
{
    config->path = t2v_strdup(path);
    if (!config->path)
        return t2v_fail_memory(error, "a file name", strlen(path) + 1);
    T2V_TRY(t2v_json_parse(path, text, bytes, MAX_VALUES, &config->root, error));
    if (json_is_object(config->root))
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_FORMAT, "%s: holds %s, wanted an object", path,
                    type_name(config->root));
}

static t2v_status make(const char *path, const char *text, size_t bytes, t2v_config **config,
                       t2v_error *error)
{
    *config = t2v_calloc(1, sizeof(**config));
    if (!*config)
        return t2v_fail_memory(error, "a configuration", sizeof(**config));
    t2v_status status = parse(*config, path, text, bytes, error);
    if (status < 0)
        t2v_config_close(config);
    return status;
}

t2v_status t2v_config_open(const char *path, t2v_config **config, t2v_error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    *config = NULL;
    t2v_status status = t2v_file_read(path, MAX_BYTES, &text, &bytes, error);
    if (status == T2V_OK)
        status = make(path, text, bytes, config, error);
    t2v_free(text);
    return status;
}

t2v_status t2v_config_parse(const char *path, const char *text, t2v_config **config,
                            t2v_error *error)
{
    return make(path, text, strlen(text), config, error);
}

void t2v_config_close(t2v_config **config)
{
    if (!*config)
        return;
    json_decref((*config)->root);
    json_decref((*config)->asked);
    t2v_free((*config)->path);
    t2v_free(*config);
    *config = NULL;
}

const char *t2v_config_path(const t2v_config *config)
{
    return config->path;
}

t2v_status t2v_config_watch(t2v_config *config, t2v_error *error)
{
    config->asked = json_object();
    return config->asked ? T2V_OK : t2v_fail_memory(error, "a configuration", 0);
}

const char *t2v_config_unread(t2v_config *config)
{
    const char *key, *unread = NULL;
    json_t *value;
    json_object_foreach(config->root, key, value)
    {
        if (!unread && !json_object_get(config->asked, key))
            unread = key;
    }
    json_decref(config->asked);
    config->asked = NULL;
    return unread;
}

/* ---------------------------------------------------------------- values */

/* NULL when the key is absent or null. */
static const json_t *get(const t2v_config *config, const char *key)
{
    const json_t *value = json_object_get(config->root, key);
    if (config->asked) /* what finds no memory counts as not asked for */
        json_object_set_new(config->asked, key, json_true());
    return json_is_null(value) ? NULL : value;
}

/* Failure of a value that is not what the format describes. */
static t2v_status unwanted(const t2v_config *config, const char *key, const json_t *value,
                           t2v_error *error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static t2v_status unwanted(const t2v_config *config, const char *key, const json_t *value,
                           t2v_error *error, const char *format, ...)
{
    char wanted[120];
    va_list args;
    va_start(args, format);
    vsnprintf(wanted, sizeof(wanted), format, args);
    va_end(args);
    char found[81] = ""; /* what does not fit is left out, the answer is the whole length */
    size_t length = json_dumpb(value, found, sizeof(found) - 1,
                               JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s is %s%s, wanted %s", config->path, key,
                    *found ? found : type_name(value), length >= sizeof(found) ? " …" : "", wanted);
}

/* An integer, also one that is written as 1.0. */
static bool to_integer(const json_t *value, int64_t *integer)
{
    const double limit = 0x1p53; /* up to here a double holds every integer */
    if (json_is_integer(value)) {
        *integer = json_integer_value(value);
        return true;
    }
    double real = json_real_value(value);
    if (!json_is_real(value) || real < -limit || real > limit || real != (double)(int64_t)real)
        return false;
    *integer = (int64_t)real;
    return true;
}

bool t2v_config_has(const t2v_config *config, const char *key)
{
    return get(config, key);
}

t2v_status t2v_config_int(const t2v_config *config, const char *key, int64_t fallback, int64_t min,
                          int64_t max, int64_t *value, t2v_error *error)
{
    const json_t *found = get(config, key);
    int64_t integer = fallback;
    if (found && (!to_integer(found, &integer) || integer < min || integer > max))
        return unwanted(config, key, found, error, "an integer from %lld to %lld", (long long)min,
                        (long long)max);
    *value = integer;
    return T2V_OK;
}

t2v_status t2v_config_double(const t2v_config *config, const char *key, double fallback, double min,
                             double max, double *value, t2v_error *error)
{
    const json_t *found = get(config, key);
    double number = found ? json_number_value(found) : fallback;
    if (found && (!json_is_number(found) || !(number >= min && number <= max)))
        return unwanted(config, key, found, error, "a number from %g to %g", min, max);
    *value = number;
    return T2V_OK;
}

t2v_status t2v_config_object(const t2v_config *config, const char *key, t2v_config **object,
                             t2v_error *error)
{
    const json_t *found = get(config, key);
    *object = NULL;
    if (found && !json_is_object(found))
        return unwanted(config, key, found, error, "an object");
    if (!found)
        return T2V_OK;
    *object = t2v_calloc(1, sizeof(**object));
    if (*object)
        (*object)->path = t2v_strdup(config->path);
    if (!*object || !(*object)->path) {
        t2v_free(*object);
        *object = NULL;
        return t2v_fail_memory(error, "a configuration", sizeof(**object));
    }
    (*object)->root = json_incref((json_t *)found);
    return T2V_OK;
}

t2v_status t2v_config_bool(const t2v_config *config, const char *key, bool fallback, bool *value,
                           t2v_error *error)
{
    const json_t *found = get(config, key);
    if (found && !json_is_boolean(found))
        return unwanted(config, key, found, error, "true or false");
    *value = found ? json_is_true(found) : fallback;
    return T2V_OK;
}

t2v_status t2v_config_string(const t2v_config *config, const char *key, const char *fallback,
                             const char **value, t2v_error *error)
{
    const json_t *found = get(config, key);
    if (found && !json_is_string(found))
        return unwanted(config, key, found, error, "a string");
    *value = found ? json_string_value(found) : fallback;
    return T2V_OK;
}

/* Number of elements, a value that is no list counting as one. */
static size_t list_size(const json_t *found)
{
    return json_is_array(found) ? json_array_size(found) : 1;
}

static const json_t *list_element(const json_t *found, size_t index)
{
    return json_is_array(found) ? json_array_get(found, index) : found;
}

t2v_status t2v_config_ints(const t2v_config *config, const char *key, int64_t min, int64_t max,
                           int capacity, int64_t *values, int *count, t2v_error *error)
{
    const json_t *found = get(config, key);
    *count = -1;
    if (!found)
        return T2V_OK;
    size_t size = list_size(found);
    bool good = size <= (size_t)capacity;
    for (size_t i = 0; good && i < size; i++)
        good =
            to_integer(list_element(found, i), &values[i]) && values[i] >= min && values[i] <= max;
    if (!good)
        return unwanted(config, key, found, error, "at most %d integers from %lld to %lld",
                        capacity, (long long)min, (long long)max);
    *count = (int)size;
    return T2V_OK;
}

t2v_status t2v_config_doubles(const t2v_config *config, const char *key, double min, double max,
                              int capacity, double *values, int *count, t2v_error *error)
{
    const json_t *found = get(config, key);
    *count = -1;
    if (!found)
        return T2V_OK;
    size_t size = list_size(found);
    bool good = size <= (size_t)capacity;
    for (size_t i = 0; good && i < size; i++) {
        const json_t *element = list_element(found, i);
        values[i] = json_number_value(element);
        good = json_is_number(element) && values[i] >= min && values[i] <= max;
    }
    if (!good)
        return unwanted(config, key, found, error, "at most %d numbers from %g to %g", capacity,
                        min, max);
    *count = (int)size;
    return T2V_OK;
}

t2v_status t2v_config_bools(const t2v_config *config, const char *key, int capacity, bool *values,
                            int *count, t2v_error *error)
{
    const json_t *found = get(config, key);
    *count = -1;
    if (!found)
        return T2V_OK;
    size_t size = list_size(found);
    bool good = size <= (size_t)capacity;
    for (size_t i = 0; good && i < size; i++) {
        good = json_is_boolean(list_element(found, i));
        values[i] = json_is_true(list_element(found, i));
    }
    if (!good)
        return unwanted(config, key, found, error, "at most %d of true and false", capacity);
    *count = (int)size;
    return T2V_OK;
}

t2v_status t2v_config_string_at(const t2v_config *config, const char *key, int index,
                                const char **value, t2v_error *error)
{
    const json_t *found = get(config, key);
    *value = NULL;
    if (!found)
        return T2V_OK;
    if (!json_is_array(found))
        return unwanted(config, key, found, error, "a list of strings");
    const json_t *element = index < 0 ? NULL : json_array_get(found, (size_t)index);
    if (element && !json_is_null(element) && !json_is_string(element))
        return unwanted(config, key, found, error, "a list of strings");
    *value = json_string_value(element);
    return T2V_OK;
}

t2v_status t2v_config_each(const t2v_config *config, const char *key, t2v_config_entry_fn fn,
                           void *opaque, t2v_error *error)
{
    const json_t *found = get(config, key);
    if (!json_is_object(found))
        return unwanted(config, key, found, error, "an object of strings");
    for (void *at = json_object_iter((json_t *)found); at;
         at = json_object_iter_next((json_t *)found, at)) {
        const json_t *value = json_object_iter_value(at);
        if (!json_is_string(value))
            return unwanted(config, key, value, error, "strings alone in this object");
        T2V_TRY(fn(opaque, json_object_iter_key(at), json_string_value(value), error));
    }
    return T2V_OK;
}
