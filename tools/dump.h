/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The file that --dump writes: intermediate tensors for comparison with the reference. */
#ifndef T2V_TOOLS_DUMP_H
#define T2V_TOOLS_DUMP_H

#include "t2v/t2v.h"

/** Tensors collected so far, and the file once it has been begun. */
typedef struct dump dump;

dump *dump_create(const char *path, int64_t frames, int height, int width);
/** A t2v_tap_fn; opaque is the dump. The first tensor of a name counts. */
void dump_tap(void *opaque, const char *name, int rank, const int64_t *shape, const void *data);
/** Appends a frame to `video`; the first call writes everything collected before it. */
t2v_status dump_frame(dump *dump, const t2v_frame *frame, t2v_error *error);
/** Completes the file. */
t2v_status dump_finish(dump *dump, t2v_error *error);
/** Frees, and removes a file that is not complete. */
void dump_destroy(dump **dump);

#endif
