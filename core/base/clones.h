/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Functions that the compiler vectorises for each kind of processor. */
#ifndef T2V_BASE_CLONES_H
#define T2V_BASE_CLONES_H

#if defined(__x86_64__) && defined(HAVE_TARGET_CLONES)
#define T2V_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define T2V_CLONES
#endif

#endif
