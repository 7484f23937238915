/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A scratch folder for the tests that need files. */
#ifndef T2V_TESTS_FILES_H
#define T2V_TESTS_FILES_H

#include <stddef.h>

/** Group set-up and tear-down for cmocka: makes a folder, and removes it with all that is in it. */
int files_setup(void **state);
int files_teardown(void **state);

/** Path of a name in the folder; overwritten by the fourth call after it. */
const char *files_path(const char *name);
/** Writes a file, and the folders in its name. Returns its path as files_path does. */
const char *files_write(const char *name, const void *data, size_t bytes);
const char *files_write_text(const char *name, const char *text);
/** A safetensors file with that header and `data_bytes` bytes 0, 1, 2 … behind it. */
const char *files_write_safetensors(const char *name, const char *header, size_t data_bytes);
/** A WAV file of 8000 samples a second with a click at each of `count` times, in seconds. */
const char *files_write_clicks(const char *name, double seconds, const double *times, int count);
/** Whether a file or folder of that name is there. */
int files_exists(const char *name);
/** How many names the folder holds. */
int files_count(void);

#endif
