/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dump.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "weights/safetensors.h"

/* What the engine offers before the first frame, and the frames themselves. */
static const struct {
    const char *name;
    t2v_dtype dtype;
} known[] = {
    {"token_ids", T2V_I64},    {"prompt_embeds", T2V_F32}, {"negative_embeds", T2V_F32},
    {"step0_output", T2V_F32}, {"latents", T2V_F32},       {"video", T2V_F32},
};

enum { KNOWN = sizeof(known) / sizeof(known[0]), VIDEO = KNOWN - 1 };

struct dump {
    char *path;
    int64_t frames;
    int height, width;
    t2v_shape shape[KNOWN];
    void *data[KNOWN]; /* but for the video */
    size_t bytes[KNOWN];
    bool failed; /* out of memory in the tap, which cannot say so */
    t2v_safetensors_writer *writer;
    int entry[KNOWN]; /* index in the file */
};

dump *dump_create(const char *path, int64_t frames, int height, int width)
{
    dump *d = t2v_calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->path = t2v_strdup(path);
    d->frames = frames;
    d->height = height;
    d->width = width;
    return d;
}

void dump_tap(void *opaque, const char *name, int rank, const int64_t *shape, const void *data)
{
    dump *d = opaque;
    for (int i = 0; i < VIDEO; i++) {
        if (strcmp(known[i].name, name) || d->data[i])
            continue;
        size_t count;
        d->shape[i].rank = rank;
        memcpy(d->shape[i].dim, shape, (size_t)rank * sizeof(*shape));
        if (!t2v_shape_count(&d->shape[i], &count))
            count = 0;
        d->bytes[i] = count * t2v_dtype_size(known[i].dtype);
        d->data[i] = t2v_alloc(d->bytes[i]);
        if (d->data[i])
            memcpy(d->data[i], data, d->bytes[i]);
        else
            d->failed = true;
    }
}

static t2v_status begin(dump *d, t2v_error *error)
{
    t2v_safetensors_entry entries[KNOWN];
    size_t count = 0;
    if (d->failed)
        return t2v_fail_memory(error, "the dump", 0);
    d->shape[VIDEO] = (t2v_shape){4, {d->frames, 3, d->height, d->width}};
    for (int i = 0; i < KNOWN; i++)
        if (d->data[i] || i == VIDEO) {
            d->entry[i] = (int)count;
            entries[count++] = (t2v_safetensors_entry){known[i].name, known[i].dtype, d->shape[i]};
        }
    T2V_TRY(t2v_safetensors_create(d->path, entries, count, &d->writer, error));
    for (int i = 0; i < VIDEO; i++)
        if (d->data[i])
            T2V_TRY(t2v_safetensors_append(d->writer, (size_t)d->entry[i], d->data[i], d->bytes[i],
                                           error));
    return T2V_OK;
}

t2v_status dump_frame(dump *d, const t2v_frame *frame, t2v_error *error)
{
    int width, height;
    const float *rgb = t2v_frame_rgb(frame, &width, &height);
    if (!d->writer)
        T2V_TRY(begin(d, error));
    return t2v_safetensors_append(d->writer, (size_t)d->entry[VIDEO], rgb,
                                  3 * (size_t)width * (size_t)height * sizeof(*rgb), error);
}

t2v_status dump_finish(dump *d, t2v_error *error)
{
    return d->writer ? t2v_safetensors_finish(&d->writer, error) : T2V_OK;
}

void dump_destroy(dump **d)
{
    if (!*d)
        return;
    if ((*d)->writer)
        t2v_safetensors_finish(&(*d)->writer, NULL);
    for (int i = 0; i < KNOWN; i++)
        t2v_free((*d)->data[i]);
    t2v_free((*d)->path);
    t2v_free(*d);
    *d = NULL;
}
