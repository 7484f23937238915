/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Reading, checking and copying what the option table describes. */
#ifndef T2V_ENGINE_OPTIONS_H
#define T2V_ENGINE_OPTIONS_H

#include "base/error.h"

/** Fills the fields that `table` describes with their defaults. */
void t2v_options_default(const t2v_option *table, void *params);
/** Range and choice of every field. */
t2v_status t2v_options_check(const t2v_option *table, const void *params, t2v_error *error);
/**
 * Replaces the strings of `params` by copies of its own, ended by t2v_options_free. On failure
 * they are all NULL.
 */
t2v_status t2v_options_copy_strings(const t2v_option *table, void *params, t2v_error *error);
void t2v_options_free(const t2v_option *table, void *params);
/**
 * Sets a field from text. Strings of `params` are its own (t2v_options_copy_strings).
 *
 * @param wanted flags that the option must have
 */
t2v_status t2v_options_set(const t2v_option *table, void *params, const char *name,
                           const char *value, unsigned wanted, t2v_error *error);

#endif
