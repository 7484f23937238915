/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/quantize.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "layers/write_int8.h"
#include "weights/component.h"
#include "weights/int8.h"
#include "weights/mapped_file.h"
#include "weights/part.h"

/* Larger files that are no weights are no part of a model. */
enum { LARGEST_COPY = 64 << 20 };

/* A copy in the making. */
typedef struct job {
    t2v_int8_progress progress;
    int64_t made; /* tensors that became bytes */
    t2v_error *error;
} job;

static bool exists(const char *path)
{
    struct stat info;
    return !lstat(path, &info);
}

static t2v_status nothing_made(const char *model, t2v_error *error)
{
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                    "%s: has no weights that could become bytes; its layers hold bytes already, or "
                    "are of no known kind",
                    model);
}

/* ------------------------------------------------------------------ a file */

/* The components in a file whose weights become bytes. */
typedef struct parts {
    t2v_part part[2];
    int count;
} parts;

static bool chosen_in_file(const void *opaque, const char *name, const t2v_shape *shape)
{
    const parts *found = opaque;
    char reference[T2V_MAX_TENSOR_NAME];
    for (int i = 0; i < found->count; i++)
        if (t2v_part_rename(&found->part[i], name, reference) && t2v_int8_stored(reference, shape))
            return true;
    return false;
}

static t2v_status find_parts(const t2v_tensor_file *file, parts *found, t2v_error *error)
{
    static const char *const names[] = {"transformer", "text_encoder"};
    const char *path = t2v_tensor_file_path(file);
    if (t2v_tensor_file_gguf(file))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: is GGUF, whose weights are as small already; wanted safetensors or a "
                        "diffusers folder",
                        path);
    for (int i = 0; i < 2; i++) {
        found->part[found->count] = t2v_part_find(file, names[i]);
        found->count += found->part[found->count].format != NULL;
    }
    if (!found->count)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: holds no transformer and no text encoder of a known kind", path);
    return T2V_OK;
}

static t2v_status write_file(const t2v_tensor_file *file, const char *model, const char *out,
                             job *j)
{
    t2v_tensor_table table = {0};
    parts found = {0};
    T2V_TRY(find_parts(file, &found, j->error));
    t2v_status status = t2v_tensor_table_add(&table, file, NULL, NULL, j->error);
    if (status >= 0)
        status = t2v_tensor_table_finish(&table, model, j->error);
    const t2v_int8_source source = {&table, file, chosen_in_file, &found};
    if (status >= 0 && !t2v_int8_count(&source))
        status = nothing_made(model, j->error);
    j->progress.total = t2v_tensor_file_bytes(file);
    if (status >= 0)
        status = t2v_write_int8(out, &source, &j->progress, &j->made, j->error);
    t2v_tensor_table_free(&table);
    return status;
}

static t2v_status quantize_file(const char *model, const char *out, job *j)
{
    t2v_tensor_file *file;
    T2V_TRY(t2v_tensor_file_open(model, &file, j->error));
    t2v_status status = write_file(file, model, out, j);
    t2v_tensor_file_close(&file);
    return status;
}

/* ------------------------------------------------------------------ a folder */

/* Calls `each` for the entries of a folder but hidden ones, with their paths in both folders. */
typedef t2v_status (*each_fn)(job *j, const void *opaque, const char *name, const char *from,
                              const char *to);

static t2v_status call_each(job *j, each_fn each, const void *opaque, const char *name,
                            const char *from, const char *to)
{
    char *source = t2v_join_path(from, name), *target = t2v_join_path(to, name);
    t2v_status status = source && target ? each(j, opaque, name, source, target)
                                         : t2v_fail_memory(j->error, "a file name", strlen(from));
    t2v_free(source);
    t2v_free(target);
    return status;
}

static t2v_status for_each(job *j, each_fn each, const void *opaque, const char *from,
                           const char *to)
{
    DIR *folder = opendir(from);
    t2v_status status = folder ? T2V_OK : t2v_fail_io(j->error, from, "reading the folder");
    for (struct dirent *entry; status >= 0 && (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            status = call_each(j, each, opaque, entry->d_name, from, to);
    if (folder)
        closedir(folder);
    return status;
}

static t2v_status copy_file(const char *from, const char *to, t2v_error *error)
{
    t2v_mapped_file source;
    T2V_TRY(t2v_mapped_file_open(from, 1, "a file", &source, error));
    FILE *target = fopen(to, "wxb");
    bool good = target && fwrite(source.data, 1, source.bytes, target) == source.bytes;
    if (target && fclose(target))
        good = false;
    t2v_status status = good ? T2V_OK : t2v_fail_io(error, to, "writing");
    t2v_mapped_file_close(&source);
    return status;
}

/* Files that hold weights, or say which do. */
static bool is_of_weights(const char *name)
{
    static const char *const endings[] = {".safetensors", ".index.json", ".bin",      ".pt",
                                          ".pth",         ".ckpt",       ".gguf",     ".onnx",
                                          ".msgpack",     ".h5",         ".onnx_data"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (t2v_ends_with(name, endings[i]))
            return true;
    return false;
}

/* each_fn: a file that is neither weights nor large */
static t2v_status copy_plain(job *j, const void *opaque, const char *name, const char *from,
                             const char *to)
{
    struct stat info;
    (void)opaque;
    if (stat(from, &info) || !S_ISREG(info.st_mode) || !info.st_size ||
        info.st_size > LARGEST_COPY || is_of_weights(name))
        return T2V_OK;
    return copy_file(from, to, j->error);
}

static bool chosen_in_component(const void *opaque, const char *name, const t2v_shape *shape)
{
    return *(const bool *)opaque && t2v_int8_stored(name, shape);
}

static t2v_status write_component(job *j, const char *name, t2v_component *component,
                                  const char *to)
{
    const bool text = !strncmp(name, "text_encoder", 12), dit = !strncmp(name, "transformer", 11);
    const bool bytes = text || dit;
    const t2v_int8_source source = {t2v_component_table(component),
                                    t2v_component_first_file(component), chosen_in_component,
                                    &bytes};
    char *path = t2v_join_path(to, t2v_component_weights_name(component));
    t2v_status status = path ? t2v_write_int8(path, &source, &j->progress, &j->made, j->error)
                             : t2v_fail_memory(j->error, "a file name", strlen(to));
    t2v_free(path);
    return status;
}

static t2v_status quantize_component(job *j, const char *name, const char *from, const char *to)
{
    t2v_component *component;
    T2V_TRY(t2v_component_open(from, NULL, true, &component, j->error));
    t2v_status status = write_component(j, name, component, to);
    t2v_component_close(&component);
    return status;
}

/* each_fn: a component's folder, or a file beside these; opaque is model_index.json */
static t2v_status copy_entry(job *j, const void *opaque, const char *name, const char *from,
                             const char *to)
{
    bool weights;
    if (!t2v_is_folder(from))
        return copy_plain(j, NULL, name, from, to);
    if (!t2v_config_has(opaque, name))
        return T2V_OK;
    if (mkdir(to, 0777))
        return t2v_fail_io(j->error, to, "making the folder");
    T2V_TRY(for_each(j, copy_plain, NULL, from, to));
    T2V_TRY(t2v_component_has_weights(from, &weights, j->error));
    return weights ? quantize_component(j, name, from, to) : T2V_OK;
}

/* each_fn: adds the sizes of all weights to the job's total */
static t2v_status add_size(job *j, const void *opaque, const char *name, const char *from,
                           const char *to)
{
    struct stat info;
    if (t2v_is_folder(from))
        return opaque && t2v_config_has(opaque, name) ? for_each(j, add_size, NULL, from, to)
                                                      : T2V_OK;
    if (!opaque && t2v_ends_with(name, ".safetensors") && !stat(from, &info))
        j->progress.total += (size_t)info.st_size;
    return T2V_OK;
}

/* each_fn: takes away what a failed copy has left */
static t2v_status remove_entry(job *j, const void *opaque, const char *name, const char *from,
                               const char *to)
{
    (void)opaque;
    (void)name;
    if (t2v_is_folder(from)) {
        for_each(j, remove_entry, NULL, from, to);
        rmdir(from);
    } else {
        unlink(from);
    }
    return T2V_OK;
}

static t2v_status fill_folder(const char *model, const t2v_config *index, const char *to, job *j)
{
    T2V_TRY(for_each(j, add_size, index, model, to));
    T2V_TRY(for_each(j, copy_entry, index, model, to));
    return j->made ? T2V_OK : nothing_made(model, j->error);
}

static void remove_folder(const char *path)
{
    job quiet = {0};
    for_each(&quiet, remove_entry, NULL, path, path);
    rmdir(path);
}

/* Fills the folder beside its place, and moves it there. */
static t2v_status write_folder(const char *model, const t2v_config *index, const char *out, job *j)
{
    const size_t size = strlen(out) + 32;
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    char *temporary = t2v_alloc(size);
    if (!temporary)
        return t2v_fail_memory(j->error, "a file name", size);
    snprintf(temporary, size, "%.*s.%ld.part", (int)length, out, (long)getpid());
    t2v_status status = T2V_OK;
    if (mkdir(temporary, 0777)) {
        status = t2v_fail_io(j->error, temporary, "making the folder");
    } else {
        status = fill_folder(model, index, temporary, j);
        if (status >= 0 && rename(temporary, out))
            status = t2v_fail_io(j->error, out, "renaming");
        if (status < 0)
            remove_folder(temporary);
    }
    t2v_free(temporary);
    return status;
}

static t2v_status quantize_folder(const char *model, const char *out, job *j)
{
    t2v_config *index = NULL;
    char *path = t2v_join_path(model, "model_index.json");
    t2v_status status = T2V_OK;
    if (!path)
        status = t2v_fail_memory(j->error, "a file name", strlen(model));
    else if (!t2v_is_file(path))
        status =
            t2v_fail(j->error, T2V_ERROR_NOT_FOUND,
                     "%s: has no model_index.json, wanted a diffusers folder or a file", model);
    else
        status = t2v_config_open(path, &index, j->error);
    if (status >= 0)
        status = write_folder(model, index, out, j);
    t2v_config_close(&index);
    t2v_free(path);
    return status;
}

/* ------------------------------------------------------------------ either */

t2v_status t2v_quantize_model(const char *model, const char *out, t2v_quantize_report report,
                              void *opaque, t2v_error *error)
{
    job j = {.progress = {.report = report, .opaque = opaque}, .error = error};
    if (exists(out))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: exists already, and is not replaced", out);
    if (!exists(model))
        return t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: %s", model, strerror(errno));
    if (t2v_is_folder(model))
        return quantize_folder(model, out, &j);
    if (t2v_ends_with(model, ".json"))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: is a manifest; make bytes of the files that it names, one by one, and "
                        "name those in another",
                        model);
    return quantize_file(model, out, &j);
}
