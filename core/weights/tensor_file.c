/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/tensor_file.h"

#include <string.h>

#include "base/memory.h"
#include "weights/mapped_file.h"

struct t2v_tensor_file {
    t2v_safetensors *safetensors; /* one of the two */
    t2v_gguf *gguf;
};

typedef enum format { SAFETENSORS, GGUF, PICKLE } format;

static format recognise(const uint8_t *data)
{
    const bool zip = !memcmp(data, "PK\3\4", 4); /* torch.save since 1.6 */
    const bool raw = data[0] == 0x80 && data[1] >= 2 && data[1] <= 5 && data[8] != '{';
    if (!memcmp(data, "GGUF", 4))
        return GGUF;
    return zip || raw ? PICKLE : SAFETENSORS;
}

/* What a file is by its first bytes. */
static t2v_status look(const char *path, format *found, t2v_error *error)
{
    t2v_mapped_file file;
    *found = SAFETENSORS; /* whose reader says what is wrong with what cannot be opened */
    t2v_status status = t2v_mapped_file_open(path, 9, "a file of tensors", &file, error);
    if (status < 0)
        return status == T2V_ERROR_MEMORY ? status : T2V_OK;
    *found = recognise(file.data);
    t2v_mapped_file_close(&file);
    return T2V_OK;
}

static t2v_status load(t2v_tensor_file *file, const char *path, t2v_error *error)
{
    format found;
    T2V_TRY(look(path, &found, error));
    if (found == GGUF)
        return t2v_gguf_open(path, &file->gguf, error);
    if (found == PICKLE)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: is a pickle, which is refused because reading one can run code; "
                        "convert it with Python: safetensors.torch.save_file(torch.load(\"…\", "
                        "weights_only=True), \"….safetensors\")",
                        path);
    return t2v_safetensors_open(path, &file->safetensors, error);
}

t2v_status t2v_tensor_file_open(const char *path, t2v_tensor_file **file, t2v_error *error)
{
    *file = t2v_calloc(1, sizeof(**file));
    if (!*file)
        return t2v_fail_memory(error, "a file's description", sizeof(**file));
    t2v_status status = load(*file, path, error);
    if (status < 0)
        t2v_tensor_file_close(file);
    return status;
}

void t2v_tensor_file_close(t2v_tensor_file **file)
{
    if (!*file)
        return;
    t2v_safetensors_close(&(*file)->safetensors);
    t2v_gguf_close(&(*file)->gguf);
    t2v_free(*file);
    *file = NULL;
}

size_t t2v_tensor_file_count(const t2v_tensor_file *file)
{
    return file->gguf ? t2v_gguf_count(file->gguf) : t2v_safetensors_count(file->safetensors);
}

const t2v_tensor *t2v_tensor_file_at(const t2v_tensor_file *file, size_t index, const char **name)
{
    return file->gguf ? t2v_gguf_at(file->gguf, index, name)
                      : t2v_safetensors_at(file->safetensors, index, name);
}

const char *t2v_tensor_file_note(const t2v_tensor_file *file, const char *key)
{
    return file->gguf ? NULL : t2v_safetensors_metadata(file->safetensors, key);
}

const t2v_safetensors_note *t2v_tensor_file_notes(const t2v_tensor_file *file, size_t *count)
{
    *count = 0;
    return file->gguf ? NULL : t2v_safetensors_notes(file->safetensors, count);
}

const t2v_gguf *t2v_tensor_file_gguf(const t2v_tensor_file *file)
{
    return file->gguf;
}

const char *t2v_tensor_file_path(const t2v_tensor_file *file)
{
    return file->gguf ? t2v_gguf_path(file->gguf) : t2v_safetensors_path(file->safetensors);
}

size_t t2v_tensor_file_bytes(const t2v_tensor_file *file)
{
    return file->gguf ? t2v_gguf_bytes(file->gguf) : t2v_safetensors_bytes(file->safetensors);
}
