/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** A file or a pipe to be read; the waiting for a pipe can be ended. */
#ifndef T2V_MEDIA_INPUT_FILE_H
#define T2V_MEDIA_INPUT_FILE_H

#include <stdbool.h>

#include "media/pipe_pump.h"

/** Starts as T2V_INPUT_FILE_NONE; ended by t2v_input_file_close. */
typedef struct t2v_input_file {
    int descriptor;      /**< to be read, waiting for what comes; -1: none */
    t2v_pipe_pump *pump; /**< that feeds it; NULL: a file on a disk */
} t2v_input_file;

#define T2V_INPUT_FILE_NONE ((t2v_input_file){-1, NULL})

/**
 * Whether looking into it would take something from it: a pipe, a device. False also when there is
 * nothing of that name.
 */
bool t2v_input_file_is_pipe(const char *path);

/** Whether it may be read, without opening it. */
t2v_status t2v_input_file_check_access(const char *path, t2v_error *error);

/**
 * @param path        "-" is the standard input
 * @param wanted      what the file should be, for the sentence about a folder: "a sound file"
 * @param interrupted read while a pipe is waited for; true is the end of what comes; may be NULL;
 *                    outlives the file
 * @param file        to be closed after a failure too
 */
t2v_status t2v_input_file_open(const char *path, const char *wanted, const atomic_bool *interrupted,
                               t2v_input_file *file, t2v_error *error);
void t2v_input_file_close(t2v_input_file *file);

#endif
