/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Memory that this machine can still give. */
#ifndef T2V_BASE_AVAILABLE_H
#define T2V_BASE_AVAILABLE_H

#include <stddef.h>

/** Bytes that can be had without swapping, within the control group's limit; SIZE_MAX: unknown. */
size_t t2v_available_memory(void);

#endif
