/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Configuration files in JSON, read with every value's type and range checked. */
#ifndef T2V_WEIGHTS_CONFIG_H
#define T2V_WEIGHTS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** A JSON object from a file. */
typedef struct t2v_config t2v_config;

/**
 * Reads a file of at most 64 MiB and 2^18 values that holds one JSON object. Keys must be unique.
 * NaN and Infinity, which Python writes for such floats, are not JSON and refused.
 */
t2v_status t2v_config_open(const char *path, t2v_config **config, t2v_error *error);
/** Reads a text instead of a file. @param path of where the text comes from, for messages */
t2v_status t2v_config_parse(const char *path, const char *text, t2v_config **config,
                            t2v_error *error);
/** The object at `key` as a configuration of its own; NULL when the key is absent or null. */
t2v_status t2v_config_object(const t2v_config *config, const char *key, t2v_config **object,
                             t2v_error *error);
void t2v_config_close(t2v_config **config);
const char *t2v_config_path(const t2v_config *config);

/** Remembers from here on which keys are asked for. While it does, one thread alone may ask. */
t2v_status t2v_config_watch(t2v_config *config, t2v_error *error);
/** A key that nobody has asked for, NULL: there is none. Ends the watch. */
const char *t2v_config_unread(t2v_config *config);

/** Whether the key is there with a value other than null. */
bool t2v_config_has(const t2v_config *config, const char *key);

/*
 * Values with a default, which is taken when the key is absent or null. A value of another type
 * or out of range is a failure that names the file, the key, what was found and what was wanted.
 * JSON integers are accepted as doubles; 1.0 is accepted as an integer 1.
 */
t2v_status t2v_config_int(const t2v_config *config, const char *key, int64_t fallback, int64_t min,
                          int64_t max, int64_t *value, t2v_error *error);
t2v_status t2v_config_double(const t2v_config *config, const char *key, double fallback, double min,
                             double max, double *value, t2v_error *error);
t2v_status t2v_config_bool(const t2v_config *config, const char *key, bool fallback, bool *value,
                           t2v_error *error);
/** A string; lives as long as the config. */
t2v_status t2v_config_string(const t2v_config *config, const char *key, const char *fallback,
                             const char **value, t2v_error *error);
/**
 * A list of integers into values[0 … capacity-1]. When the key is absent or null *count is -1
 * and nothing is written. A single integer counts as a list of one.
 */
t2v_status t2v_config_ints(const t2v_config *config, const char *key, int64_t min, int64_t max,
                           int capacity, int64_t *values, int *count, t2v_error *error);
/** Likewise for lists of numbers. */
t2v_status t2v_config_doubles(const t2v_config *config, const char *key, double min, double max,
                              int capacity, double *values, int *count, t2v_error *error);
/** Likewise for lists of booleans. */
t2v_status t2v_config_bools(const t2v_config *config, const char *key, int capacity, bool *values,
                            int *count, t2v_error *error);
/**
 * Element `index` of a list of strings; *value is NULL when the key is absent, the list ends, or
 * the element is null.
 */
t2v_status t2v_config_string_at(const t2v_config *config, const char *key, int index,
                                const char **value, t2v_error *error);

/** Receives an entry of an object of strings. A failure ends the enumeration. */
typedef t2v_status (*t2v_config_entry_fn)(void *opaque, const char *name, const char *value,
                                          t2v_error *error);
/**
 * Calls `fn` for each entry of the object of strings at `key`, in the order of the file. The object
 * must be there; the strings live as long as the config.
 */
t2v_status t2v_config_each(const t2v_config *config, const char *key, t2v_config_entry_fn fn,
                           void *opaque, t2v_error *error);

#endif
