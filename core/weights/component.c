/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/component.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "weights/int8.h"
#include "weights/part.h"
#include "weights/tensor_table.h"

/* The largest published models have fewer than two hundred. */
enum { MAX_SHARDS = 256 };

struct t2v_component {
    char *folder, *weights; /* weights: the tensor file or the index of its shards, or NULL */
    t2v_config *config;
    t2v_tensor_file *shard[MAX_SHARDS];
    char *shard_name[MAX_SHARDS]; /* within the folder, in the same order */
    int shards;
    t2v_tensor_table table;
    t2v_precision precision;
};

/* ---------------------------------------------------------------- paths */

char *t2v_join_path(const char *folder, const char *name)
{
    size_t length = strlen(folder), size = length + strlen(name) + 2;
    char *path = t2v_alloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/",
                 name);
    return path;
}

bool t2v_is_file(const char *path)
{
    struct stat info;
    return !stat(path, &info) && !S_ISDIR(info.st_mode);
}

bool t2v_is_folder(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISDIR(info.st_mode);
}

t2v_status t2v_first_file(t2v_join_fn join, const char *base, const char *const *names, char **path,
                          t2v_error *error)
{
    for (*path = NULL; *names; names++) {
        *path = join(base, *names);
        if (!*path)
            return t2v_fail_memory(error, "a file name", strlen(base));
        if (t2v_is_file(*path))
            return T2V_OK;
        t2v_free(*path);
        *path = NULL;
    }
    return T2V_OK;
}

/* ---------------------------------------------------------------- configuration */

/* Whether the class stands in the config; also true when it names none. */
static t2v_status find_class(const t2v_config *config, const char *class_name, const char **found,
                             bool *match, t2v_error *error)
{
    T2V_TRY(t2v_config_string(config, "_class_name", NULL, found, error));
    *match = !*found || !strcmp(*found, class_name);
    if (*found)
        return T2V_OK;
    const char *listed;
    for (int i = 0;; i++) {
        T2V_TRY(t2v_config_string_at(config, "architectures", i, &listed, error));
        if (!listed)
            return T2V_OK;
        if (!*found)
            *found = listed;
        *match = !strcmp(listed, class_name);
        if (*match)
            return T2V_OK;
    }
}

static t2v_status open_config(t2v_component *component, const char *class_name, t2v_error *error)
{
    static const char *const names[] = {"config.json", "scheduler_config.json",
                                        "preprocessor_config.json", NULL};
    const char *found;
    bool match;
    char *path;
    T2V_TRY(t2v_first_file(t2v_join_path, component->folder, names, &path, error));
    if (!path)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                        "%s: has no config.json, scheduler_config.json or preprocessor_config.json",
                        component->folder);
    t2v_status status = t2v_config_open(path, &component->config, error);
    t2v_free(path);
    T2V_TRY(status);
    if (!class_name)
        return T2V_OK;
    T2V_TRY(find_class(component->config, class_name, &found, &match, error));
    if (!match)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: is for class %.80s, wanted %s",
                        t2v_config_path(component->config), found, class_name);
    return T2V_OK;
}

/* ---------------------------------------------------------------- weights */

/* Says what is there instead of weights. */
static t2v_status no_weights(const t2v_component *component, t2v_error *error)
{
    static const char *const pickles[] = {".bin", ".pt", ".pth", ".ckpt", ".pkl"};
    DIR *folder = opendir(component->folder);
    char pickle[256] = "", other[256] = "";
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        for (size_t i = 0; i < sizeof(pickles) / sizeof(pickles[0]); i++)
            if (t2v_ends_with(entry->d_name, pickles[i]))
                snprintf(pickle, sizeof(pickle), "%s", entry->d_name);
        if (t2v_ends_with(entry->d_name, ".safetensors"))
            snprintf(other, sizeof(other), "%s", entry->d_name);
    }
    if (folder)
        closedir(folder);
    if (*pickle && !*other)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: has its weights in %s, and pickle files are refused because they can "
                        "run code; convert with save_pretrained(…, safe_serialization=True)",
                        component->folder, pickle);
    return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                    "%s: has no weights%s%s; wanted diffusion_pytorch_model.safetensors, "
                    "model.safetensors, or shards with an .index.json",
                    component->folder, *other ? " but " : "", other);
}

static t2v_status add_shard(t2v_component *component, const char *name, t2v_error *error)
{
    if (component->shards == MAX_SHARDS)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: more than %d shards", component->folder,
                        MAX_SHARDS);
    char *path = t2v_join_path(component->folder, name);
    char **copy = &component->shard_name[component->shards];
    t2v_tensor_file **shard = &component->shard[component->shards++];
    *copy = t2v_strdup(name);
    t2v_status status = path && *copy ? t2v_tensor_file_open(path, shard, error)
                                      : t2v_fail_memory(error, "a file name", strlen(name));
    t2v_free(path);
    T2V_TRY(status);
    return t2v_tensor_table_add(&component->table, *shard, NULL, NULL, error);
}

/* Which shard of that name is open; -1: none. */
static int find_shard(const t2v_component *component, const char *name)
{
    int i = component->shards - 1;
    while (i >= 0 && strcmp(component->shard_name[i], name))
        i--;
    return i;
}

/* An entry of weight_map: the shard is opened when it is new. */
static t2v_status open_listed(void *opaque, const char *tensor, const char *name, t2v_error *error)
{
    t2v_component *component = opaque;
    (void)tensor;
    if (find_shard(component, name) >= 0)
        return T2V_OK;
    if (strchr(name, '/') || strchr(name, '\\') || !t2v_ends_with(name, ".safetensors"))
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: shard \"%.200s\", wanted the name of a safetensors file in the "
                        "same folder",
                        component->weights, name);
    return add_shard(component, name, error);
}

/* An entry of weight_map: the shard must hold the tensor. */
static t2v_status check_listed(void *opaque, const char *tensor, const char *name, t2v_error *error)
{
    const t2v_component *component = opaque;
    const t2v_tensor_file *shard = component->shard[find_shard(component, name)];
    const t2v_tensor_entry *entry = t2v_tensor_table_find(&component->table, tensor);
    if (entry && entry->path == t2v_tensor_file_path(shard))
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_FORMAT,
                    "%s: lists tensor %.200s in %.200s, which does not have it", component->weights,
                    tensor, name);
}

static t2v_status open_shards(t2v_component *component, t2v_error *error)
{
    t2v_config *index;
    T2V_TRY(t2v_config_open(component->weights, &index, error));
    t2v_status status = t2v_config_each(index, "weight_map", open_listed, component, error);
    if (status >= 0)
        status = t2v_tensor_table_finish(&component->table, component->weights, error);
    if (status >= 0)
        status = t2v_config_each(index, "weight_map", check_listed, component, error);
    t2v_config_close(&index);
    return status;
}

/* diffusers prefers the index, transformers the single file */
static const char *const weights_names[] = {
    "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
    "model.safetensors", "model.safetensors.index.json", NULL};

t2v_status t2v_component_has_weights(const char *folder, bool *has, t2v_error *error)
{
    char *path;
    T2V_TRY(t2v_first_file(t2v_join_path, folder, weights_names, &path, error));
    *has = path;
    t2v_free(path);
    return T2V_OK;
}

const char *t2v_component_weights_name(const t2v_component *component)
{
    return strstr(component->weights, "/diffusion_pytorch_model.safetensors") ? weights_names[1]
                                                                              : weights_names[2];
}

const t2v_tensor_file *t2v_component_first_file(const t2v_component *component)
{
    return component->shard[0];
}

static t2v_status open_weights(t2v_component *component, t2v_error *error)
{
    T2V_TRY(t2v_first_file(t2v_join_path, component->folder, weights_names, &component->weights,
                           error));
    if (!component->weights)
        return no_weights(component, error);
    if (t2v_ends_with(component->weights, ".json"))
        return open_shards(component, error);
    T2V_TRY(add_shard(component, strrchr(component->weights, '/') + 1, error));
    return t2v_tensor_table_finish(&component->table, component->weights, error);
}

/* ---------------------------------------------------------------- the component */

static t2v_status load(t2v_component *component, const char *folder, const char *class_name,
                       bool weights, t2v_error *error)
{
    component->folder = t2v_strdup(folder);
    if (!component->folder)
        return t2v_fail_memory(error, "a file name", strlen(folder));
    if (!t2v_is_folder(folder))
        return t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: is no folder, wanted a model's component",
                        folder);
    T2V_TRY(open_config(component, class_name, error));
    return weights ? open_weights(component, error) : T2V_OK;
}

t2v_status t2v_component_open(const char *folder, const char *class_name, bool weights,
                              t2v_component **component, t2v_error *error)
{
    *component = t2v_calloc(1, sizeof(**component));
    if (!*component)
        return t2v_fail_memory(error, "a component", sizeof(**component));
    t2v_status status = load(*component, folder, class_name, weights, error);
    if (status < 0)
        t2v_component_close(component);
    return status;
}

static t2v_status check_part(const t2v_part *part, const t2v_tensor_file *file, const char *name,
                             const char *class_name, t2v_error *error)
{
    const char *path = t2v_tensor_file_path(file);
    if (!part->format)
        return t2v_part_fail_missing(file, name, error);
    const char *found = part->format->class_name;
    if (class_name && found && !part->format->stands_in && strcmp(class_name, found))
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: its %s is of class %s, but the model's pipeline needs one of class %s",
                        path, name, found, class_name);
    return T2V_OK;
}

static t2v_status load_file(t2v_component *component, const char *path, const char *name,
                            const char *class_name, t2v_error *error)
{
    t2v_tensor_file **file = &component->shard[0];
    component->folder = t2v_strdup(path);
    if (!component->folder)
        return t2v_fail_memory(error, "a file name", strlen(path));
    component->shards = 1;
    T2V_TRY(t2v_tensor_file_open(path, file, error));
    const t2v_part part = t2v_part_find(*file, name);
    T2V_TRY(check_part(&part, *file, name, class_name, error));
    T2V_TRY(t2v_tensor_table_add(&component->table, *file, t2v_part_rename, &part, error));
    T2V_TRY(t2v_tensor_table_finish(&component->table, path, error));
    return t2v_part_configure(&part, *file, &component->table, &component->config, error);
}

t2v_status t2v_component_open_file(const char *path, const char *name, const char *class_name,
                                   t2v_component **component, t2v_error *error)
{
    *component = t2v_calloc(1, sizeof(**component));
    if (!*component)
        return t2v_fail_memory(error, "a component", sizeof(**component));
    t2v_status status = load_file(*component, path, name, class_name, error);
    if (status < 0)
        t2v_component_close(component);
    return status;
}

t2v_status t2v_component_open_text(const char *path, const char *config, t2v_component **component,
                                   t2v_error *error)
{
    *component = t2v_calloc(1, sizeof(**component));
    if (!*component)
        return t2v_fail_memory(error, "a component", sizeof(**component));
    (*component)->folder = t2v_strdup(path);
    t2v_status status = (*component)->folder
                            ? t2v_config_parse(path, config, &(*component)->config, error)
                            : t2v_fail_memory(error, "a file name", strlen(path));
    if (status < 0)
        t2v_component_close(component);
    return status;
}

void t2v_component_close(t2v_component **component)
{
    t2v_component *old = *component;
    *component = NULL;
    if (!old)
        return;
    for (int i = 0; i < old->shards; i++) {
        t2v_tensor_file_close(&old->shard[i]);
        t2v_free(old->shard_name[i]);
    }
    t2v_tensor_table_free(&old->table);
    t2v_config_close(&old->config);
    t2v_free(old->weights);
    t2v_free(old->folder);
    t2v_free(old);
}

void t2v_component_set_precision(t2v_component *component, t2v_precision precision)
{
    component->precision = precision;
}

t2v_precision t2v_component_precision(const t2v_component *component)
{
    return component->precision;
}

const t2v_config *t2v_component_config(const t2v_component *component)
{
    return component->config;
}

t2v_tensor_table *t2v_component_table(t2v_component *component)
{
    return &component->table;
}

int64_t t2v_component_parameters(const t2v_component *component)
{
    int64_t total = 0;
    for (size_t i = 0; i < component->table.count; i++) {
        const t2v_tensor_entry *entry = &component->table.entries[i];
        const t2v_tensor *tensor = &entry->tensor;
        size_t count = 0;
        const bool scales = t2v_tensor_table_scaled(&component->table, entry->name);
        if (t2v_dtype_is_float(tensor->dtype) && !scales && t2v_shape_count(&tensor->shape, &count))
            total += (int64_t)count;
    }
    return total;
}

int64_t t2v_component_bytes(const t2v_component *component)
{
    int64_t total = 0;
    for (int i = 0; i < component->shards; i++)
        total += (int64_t)t2v_tensor_file_bytes(component->shard[i]);
    return total;
}

/* ---------------------------------------------------------------- tensors */

static bool shape_matches(const t2v_shape *shape, int rank, const int64_t *dim)
{
    bool match = shape->rank == rank;
    for (int i = 0; match && i < rank; i++)
        match = dim[i] == -1 || dim[i] == shape->dim[i];
    return match;
}

/* "[any, 128]" */
static void format_wanted(int rank, const int64_t *dim, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)(dim[i] == -1 ? snprintf(text + used, size - used, "%sany", i ? ", " : "")
                                      : snprintf(text + used, size - used, "%s%lld", i ? ", " : "",
                                                 (long long)dim[i]));
    if (used < size)
        snprintf(text + used, size - used, "]");
}

static t2v_status get_tensor(const t2v_component *component, t2v_tensor *tensor, t2v_error *error,
                             int rank, const int64_t *dim, const char *name)
{
    char wanted[160], shape[160];
    const t2v_tensor_entry *entry = t2v_tensor_table_find(&component->table, name);
    format_wanted(rank, dim, wanted, sizeof(wanted));
    if (!entry)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: has no tensor %s, wanted one of shape %s",
                        component->weights ? component->weights : component->folder, name, wanted);
    const t2v_tensor *found = &entry->tensor;
    if (!t2v_dtype_is_float(found->dtype))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: tensor %s is of type %s, wanted F32, F16, BF16, F8_E4M3, F8_E5M2, I8 "
                        "or a quantised type of GGUF",
                        entry->path, name, t2v_dtype_name(found->dtype));
    if (found->dtype == T2V_I8 && !found->row_scale)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: tensor %s is of type I8, but has no scales; wanted a tensor "
                        "%s" T2V_INT8_SCALE " with one for each row",
                        entry->path, name, name);
    t2v_shape_format(&found->shape, shape, sizeof(shape));
    if (!shape_matches(&found->shape, rank, dim))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: tensor %s has shape %s, wanted %s",
                        entry->path, name, shape, wanted);
    *tensor = *found;
    return T2V_OK;
}

t2v_status t2v_component_tensor(const t2v_component *component, t2v_tensor *tensor,
                                t2v_error *error, int rank, const int64_t *dim, const char *name,
                                ...)
{
    char text[256];
    va_list args;
    va_start(args, name);
    vsnprintf(text, sizeof(text), name, args);
    va_end(args);
    return get_tensor(component, tensor, error, rank, dim, text);
}

const t2v_tensor *t2v_component_bytes_of(const t2v_component *component, const char *name)
{
    const t2v_tensor_entry *entry = t2v_tensor_table_find(&component->table, name);
    return entry ? &entry->tensor : NULL;
}

const t2v_gguf *t2v_component_gguf(const t2v_component *component)
{
    return component->shards ? t2v_tensor_file_gguf(component->shard[0]) : NULL;
}

bool t2v_component_has(const t2v_component *component, const char *name, ...)
{
    char text[256];
    va_list args;
    va_start(args, name);
    vsnprintf(text, sizeof(text), name, args);
    va_end(args);
    return t2v_tensor_table_find(&component->table, text);
}
