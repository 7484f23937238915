/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the fuzzers have in common. */
#ifndef T2V_TESTS_FUZZ_H
#define T2V_TESTS_FUZZ_H

#include <stdint.h>

#include "base/error.h"

/** Path of a file in memory that holds just these bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/** Stops unless the failure is a code and one sentence in UTF-8. */
void fuzz_check_error(const t2v_error *error);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
