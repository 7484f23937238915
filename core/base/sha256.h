/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** SHA-256 of a short text. */
#ifndef T2V_BASE_SHA256_H
#define T2V_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { T2V_SHA256_BYTES = 32 };

/** The digest of `size` bytes (FIPS 180-4, 6.2). */
void t2v_sha256(const void *data, size_t size, uint8_t digest[T2V_SHA256_BYTES]);

#endif
