/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/lora_name.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "weights/part.h"

/* ------------------------------------------------------------------ kinds */

static const struct {
    const char *mark; /* between the module and what follows */
    t2v_lora_kind kind;
} marks[] = {
    {".lora_A.", T2V_LORA_DOWN},
    {".lora_B.", T2V_LORA_UP},
    {".lora_down.", T2V_LORA_DOWN},
    {".lora_up.", T2V_LORA_UP},
    {".lora.down.", T2V_LORA_DOWN},
    {".lora.up.", T2V_LORA_UP},
    {"_lora.down.", T2V_LORA_DOWN},
    {"_lora.up.", T2V_LORA_UP},
    {".lora_linear_layer.down.", T2V_LORA_DOWN},
    {".lora_linear_layer.up.", T2V_LORA_UP},
};

static const struct {
    const char *ending;
    t2v_lora_kind kind;
} endings[] = {
    {".alpha", T2V_LORA_ALPHA},
    {".diff", T2V_LORA_DIFF},
    {".diff_b", T2V_LORA_DIFF_BIAS},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Behind a mark stands `weight` or `bias`, maybe after the name of an adapter. */
static t2v_lora_kind marked_kind(t2v_lora_kind kind, const char *name)
{
    if (t2v_ends_with(name, ".weight"))
        return kind;
    return kind == T2V_LORA_UP && t2v_ends_with(name, ".bias") ? T2V_LORA_UP_BIAS : T2V_LORA_OTHER;
}

/* The kind, and where the module's name ends. */
static t2v_lora_kind read_kind(const char *name, const char **end)
{
    for (size_t i = 0; i < COUNT(marks); i++)
        if ((*end = strstr(name, marks[i].mark)))
            return marked_kind(marks[i].kind, name);
    for (size_t i = 0; i < COUNT(endings); i++)
        if (t2v_ends_with(name, endings[i].ending) && strcmp(name, endings[i].ending)) {
            *end = name + strlen(name) - strlen(endings[i].ending);
            return endings[i].kind;
        }
    *end = name + strlen(name);
    return T2V_LORA_OTHER;
}

/* ------------------------------------------------------------------ modules */

static bool skip(const char **at, const char *prefix)
{
    const size_t length = strlen(prefix);
    if (strncmp(*at, prefix, length))
        return false;
    *at += length;
    return true;
}

t2v_lora_name t2v_lora_name_read(const char *name)
{
    t2v_lora_name read = {0};
    const char *at = name, *end;
    read.kind = read_kind(name, &end);
    skip(&at, "base_model.model.");
    if (skip(&at, "lora_unet_") || skip(&at, "lora_transformer_") || skip(&at, "lycoris_"))
        read.flat = true;
    else if (skip(&at, "transformer_2."))
        read.second = true;
    else if (!skip(&at, "transformer.") && !skip(&at, "unet."))
        (void)(skip(&at, "model.diffusion_model.") || skip(&at, "diffusion_model."));
    while (read.flat && *at == '_')
        at++;
    read.module = at;
    read.length = end > at ? (size_t)(end - at) : 0;
    return read;
}

static void flatten(char *text)
{
    for (; *text; text++)
        if (*text == '.')
            *text = '_';
}

static t2v_tensor_entry *find_flat(const t2v_tensor_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *a = table->entries[i].name, *b = name;
        while (*a && (*a == *b || (*a == '.' && *b == '_')))
            a++, b++;
        if (!*a && !*b)
            return &table->entries[i];
    }
    return NULL;
}

static t2v_tensor_entry *look_up(const t2v_tensor_table *table, bool flat, const char *name)
{
    return flat ? find_flat(table, name) : t2v_tensor_table_find(table, name);
}

t2v_tensor_entry *t2v_lora_name_find(const t2v_tensor_table *table, const t2v_lora_name *name,
                                     const char *parameter)
{
    char own[T2V_MAX_TENSOR_NAME], renamed[T2V_MAX_TENSOR_NAME];
    const t2v_rename *rules;
    if (!name->length || name->length + strlen(parameter) + 2 > sizeof(own))
        return NULL;
    snprintf(own, sizeof(own), "%.*s%s%s", (int)name->length, name->module, *parameter ? "." : "",
             parameter);
    if (name->flat)
        flatten(own);
    t2v_tensor_entry *found = look_up(table, name->flat, own);
    for (int i = 0; !found && (rules = t2v_part_renames("transformer", i)); i++) {
        strcpy(renamed, own);
        if (t2v_part_replace(rules, name->flat, renamed))
            found = look_up(table, name->flat, renamed);
    }
    return found;
}
