/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/part.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Of two formats that a file may have, the first counts. */
static const t2v_part_format *const formats[] = {
    &t2v_part_ltx_transformer,
    &t2v_part_ltx_transformer_diffusers,
    &t2v_part_ltx_vae_095,
    &t2v_part_ltx_vae_091,
    &t2v_part_ltx_vae_090,
    &t2v_part_ltx_vae_diffusers_095,
    &t2v_part_ltx_vae_diffusers,
    &t2v_part_t5,
    &t2v_part_t5_gguf,
    &t2v_part_wan_transformer,
    &t2v_part_wan_transformer_diffusers,
    &t2v_part_wan_vae_22,
    &t2v_part_wan_vae_21,
    &t2v_part_wan_vae_diffusers_22,
    &t2v_part_wan_vae_diffusers_21,
    &t2v_part_umt5_original,
    &t2v_part_tiny_vae,
    &t2v_part_clip,
    &t2v_part_clip_bare,
    &t2v_part_clip_original,
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]), RULE = 96 /* bytes of a rule's side */ };

/* ------------------------------------------------------------------ formats */

const t2v_tensor *t2v_part_tensor(const t2v_tensor_file *file, const char *prefix,
                                  const char *wanted)
{
    const size_t length = strlen(prefix);
    for (size_t i = 0; i < t2v_tensor_file_count(file); i++) {
        const char *name;
        const t2v_tensor *tensor = t2v_tensor_file_at(file, i, &name);
        if (!strncmp(name, prefix, length) && !strcmp(name + length, wanted))
            return tensor;
    }
    return NULL;
}

t2v_part t2v_part_find(const t2v_tensor_file *file, const char *component)
{
    for (int i = 0; i < FORMATS; i++)
        for (int j = 0; formats[i]->prefixes[j] && !strcmp(formats[i]->component, component); j++)
            if (t2v_part_tensor(file, formats[i]->prefixes[j], formats[i]->mark))
                return (t2v_part){formats[i], formats[i]->prefixes[j]};
    return (t2v_part){NULL, NULL};
}

t2v_status t2v_part_fail_missing(const t2v_tensor_file *file, const char *component,
                                 t2v_error *error)
{
    const char *path = t2v_tensor_file_path(file);
    for (int i = 0; i < FORMATS; i++)
        if (t2v_part_find(file, formats[i]->component).format)
            return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                            "%s: holds no %s of a known kind, but a model's %s; when parts are "
                            "files of their own, give the transformer's, or a manifest of all",
                            path, component, formats[i]->component);
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: holds no %s of a known kind", path,
                    component);
}

/* Replaces every `from`; false when the result does not fit. */
static bool replace(char *name, const t2v_rename *rule)
{
    const bool tied = rule->from[0] == '^';
    const char *sought = rule->from + tied;
    const size_t from = strlen(sought), to = strlen(rule->to);
    for (char *at = name; (at = strstr(at, sought)); at += to) {
        if (tied && at > name)
            break;
        if (strlen(name) - from + to >= T2V_MAX_TENSOR_NAME)
            return false;
        memmove(at + to, at + from, strlen(at + from) + 1);
        memcpy(at, rule->to, to);
    }
    return true;
}

/* A rule for names with '_' in place of '.'. */
static t2v_rename flat_rule(const t2v_rename *rule, char from[RULE], char to[RULE])
{
    snprintf(from, RULE, "%s", rule->from);
    snprintf(to, RULE, "%s", rule->to);
    for (char *side = from; side; side = side == from ? to : NULL)
        for (char *at = side; (at = strchr(at, '.'));)
            *at = '_';
    return (t2v_rename){from, to};
}

bool t2v_part_replace(const t2v_rename *rules, bool flat, char *name)
{
    char from[RULE], to[RULE];
    for (; rules && rules->from; rules++) {
        const t2v_rename rule = flat ? flat_rule(rules, from, to) : *rules;
        if (!replace(name, &rule))
            return false;
    }
    return true;
}

const t2v_rename *t2v_part_renames(const char *component, int index)
{
    for (int i = 0; i < FORMATS; i++)
        if (formats[i]->renames && !strcmp(formats[i]->component, component) && index-- == 0)
            return formats[i]->renames;
    return NULL;
}

bool t2v_part_rename(const void *opaque, const char *name, char *out)
{
    const t2v_part *part = opaque;
    const size_t prefix = strlen(part->prefix);
    if (strncmp(name, part->prefix, prefix) || strlen(name + prefix) >= T2V_MAX_TENSOR_NAME)
        return false;
    strcpy(out, name + prefix);
    return t2v_part_replace(part->format->renames, false, out);
}

/* ------------------------------------------------------------------ configurations */

t2v_status t2v_part_published(const t2v_tensor_file *file, t2v_config **published, t2v_error *error)
{
    const char *text = t2v_tensor_file_note(file, "config");
    *published = NULL;
    return text ? t2v_config_parse(t2v_tensor_file_path(file), text, published, error) : T2V_OK;
}

static t2v_status print_config(const char *path, const json_t *root, t2v_config **config,
                               t2v_error *error)
{
    const size_t length = json_dumpb(root, NULL, 0, JSON_COMPACT);
    char *text = length ? t2v_calloc(length + 1, 1) : NULL;
    t2v_status status = T2V_OK;
    if (!text || json_dumpb(root, text, length, JSON_COMPACT) != length)
        status = t2v_fail_memory(error, "a configuration", length);
    else
        status = t2v_config_parse(path, text, config, error);
    t2v_free(text);
    return status;
}

t2v_status t2v_part_configure(const t2v_part *part, const t2v_tensor_file *file,
                              const t2v_tensor_table *table, t2v_config **config, t2v_error *error)
{
    t2v_config *published;
    *config = NULL;
    T2V_TRY(t2v_part_published(file, &published, error));
    json_t *root = json_object();
    t2v_status status = root ? part->format->configure(table, published, root, error)
                             : t2v_fail_memory(error, "a configuration", 0);
    if (status >= 0)
        status = print_config(t2v_tensor_file_path(file), root, config, error);
    json_decref(root);
    t2v_config_close(&published);
    return status;
}

const char *t2v_part_scheduler(const char *pipeline)
{
    const struct {
        const char *pipeline, *scheduler;
    } published[] = {
        {"LTXPipeline", "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\","
                        " \"use_dynamic_shifting\": true, \"base_shift\": 0.95,"
                        " \"max_shift\": 2.05, \"base_image_seq_len\": 1024,"
                        " \"max_image_seq_len\": 4096, \"shift_terminal\": 0.1}"},
        {"LTXConditionPipeline", "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}"},
        {"WanPipeline", t2v_part_wan_scheduler},
        {"WanImageToVideoPipeline", t2v_part_wan_scheduler},
    };
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
        if (!strcmp(published[i].pipeline, pipeline))
            return published[i].scheduler;
    return NULL;
}

/* ------------------------------------------------------------------ what tensors say */

static const t2v_tensor_entry *find(const t2v_tensor_table *table, const char *format, va_list args)
{
    char name[T2V_MAX_TENSOR_NAME];
    vsnprintf(name, sizeof(name), format, args);
    return t2v_tensor_table_find(table, name);
}

int64_t t2v_part_size(const t2v_tensor_table *table, int axis, const char *name, ...)
{
    va_list args;
    va_start(args, name);
    const t2v_tensor_entry *entry = find(table, name, args);
    va_end(args);
    return entry && axis < entry->tensor.shape.rank ? entry->tensor.shape.dim[axis] : 0;
}

bool t2v_part_has(const t2v_tensor_table *table, const char *name, ...)
{
    va_list args;
    va_start(args, name);
    const t2v_tensor_entry *entry = find(table, name, args);
    va_end(args);
    return entry;
}

/* ------------------------------------------------------------------ for configurations */

const char *const t2v_part_vae_prefixes[] = {"vae.", "first_stage_model.", "", NULL};
const char *const t2v_part_transformer_prefixes[] = {"model.diffusion_model.", "diffusion_model.",
                                                     "", NULL};

void t2v_part_set(json_t *config, const char *key, json_t *value, bool *good)
{
    if (json_object_set_new(config, key, value))
        *good = false;
}

t2v_status t2v_part_finished(bool good, t2v_error *error)
{
    return good ? T2V_OK : t2v_fail_memory(error, "a configuration", 0);
}
