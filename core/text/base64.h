/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Base64 (RFC 4648, section 4) to bytes. */
#ifndef T2V_TEXT_BASE64_H
#define T2V_TEXT_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Decodes `length` characters, padding included.
 *
 * @param out   room for length / 4 · 3 bytes
 * @param bytes receives the number of bytes
 * @return false when it is not base64
 */
bool t2v_base64_decode(const char *text, size_t length, uint8_t *out, size_t *bytes);

#endif
