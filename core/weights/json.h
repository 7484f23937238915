/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** JSON from a file that is not trusted. */
#ifndef T2V_WEIGHTS_JSON_H
#define T2V_WEIGHTS_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/**
 * Parses a text with jansson; keys must be unique in each object, strings without NUL.
 *
 * @param path       for messages
 * @param max_values limit of the number of values: one of two bytes takes hundreds in memory
 * @param root       receives the value, to be ended with json_decref; NULL on failure
 */
t2v_status t2v_json_parse(const char *path, const char *text, size_t bytes, size_t max_values,
                          json_t **root, t2v_error *error);

#endif
