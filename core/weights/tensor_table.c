/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/tensor_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "weights/config.h"
#include "weights/int8.h"

static t2v_status reserve(t2v_tensor_table *table, size_t more, t2v_error *error)
{
    const size_t wanted = table->count + more;
    if (wanted <= table->capacity)
        return T2V_OK;
    t2v_tensor_entry *entries = t2v_calloc(wanted, sizeof(*entries));
    if (!entries)
        return t2v_fail_memory(error, "names of tensors", wanted * sizeof(*entries));
    if (table->count)
        memcpy(entries, table->entries, table->count * sizeof(*entries));
    t2v_free(table->entries);
    table->entries = entries;
    table->capacity = wanted;
    return T2V_OK;
}

/* ComfyUI says in a text beside a weight how that was quantised. Weights that were turned by a
 * Hadamard matrix look like any others. */
static t2v_status check_quantisation(const char *path, const char *name, const t2v_config *c,
                                     t2v_error *error)
{
    const char *format;
    bool turned;
    T2V_TRY(t2v_config_string(c, "format", "", &format, error));
    T2V_TRY(t2v_config_bool(c, "convrot", false, &turned, error));
    if (!turned && (!strcmp(format, "float8_e4m3fn") || !strcmp(format, "float8_e5m2") ||
                    !strcmp(format, "int8_tensorwise")))
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                    "%s: tensor %.200s: weights quantised as %.40s%s; known are float8_e4m3fn, "
                    "float8_e5m2 and int8_tensorwise without rotation",
                    path, name, *format ? format : "nothing", turned ? " with convrot" : "");
}

enum { MAX_WORD = 4096 /* bytes of such a text */ };

static t2v_status check_word(const char *path, const char *name, const t2v_tensor *tensor,
                             t2v_error *error)
{
    char text[MAX_WORD + 1];
    t2v_config *config;
    if (!t2v_ends_with(name, ".comfy_quant") || tensor->dtype != T2V_U8 || tensor->bytes > MAX_WORD)
        return T2V_OK;
    memcpy(text, tensor->data, tensor->bytes);
    text[tensor->bytes] = 0;
    T2V_TRY(t2v_config_parse(path, text, &config, error));
    t2v_status status = check_quantisation(path, name, config, error);
    t2v_config_close(&config);
    return status;
}

t2v_status t2v_tensor_table_add(t2v_tensor_table *table, const t2v_tensor_file *file,
                                t2v_tensor_name_fn rename, const void *opaque, t2v_error *error)
{
    char renamed[T2V_MAX_TENSOR_NAME];
    const size_t count = t2v_tensor_file_count(file);
    T2V_TRY(reserve(table, count, error));
    for (size_t i = 0; i < count; i++) {
        const char *name;
        const t2v_tensor *tensor = t2v_tensor_file_at(file, i, &name);
        T2V_TRY(check_word(t2v_tensor_file_path(file), name, tensor, error));
        if (rename && !rename(opaque, name, renamed))
            continue;
        t2v_tensor_entry *entry = &table->entries[table->count];
        *entry = (t2v_tensor_entry){.path = t2v_tensor_file_path(file), .tensor = *tensor};
        entry->name = t2v_strdup(rename ? renamed : name);
        if (!entry->name)
            return t2v_fail_memory(error, "names of tensors", strlen(name));
        table->count++;
    }
    return T2V_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const t2v_tensor_entry *left = a, *right = b;
    return strcmp(left->name, right->name);
}

void t2v_tensor_table_adjust(t2v_tensor_entry *entry, t2v_adjust *adjust)
{
    adjust->next = NULL;
    if (entry->last)
        entry->last->next = adjust;
    else
        entry->tensor.adjust = adjust;
    entry->last = adjust;
}

/* ------------------------------------------------------------------ scales */

typedef struct scale {
    t2v_adjust adjust;
    size_t run; /* elements that share a factor */
    float factor[];
} scale;

static void apply_scale(const t2v_adjust *adjust, size_t first, size_t count, float *values)
{
    const scale *s = (const scale *)adjust;
    while (count) {
        const size_t rest = s->run - first % s->run, n = rest < count ? rest : count;
        const float factor = s->factor[first / s->run];
        for (size_t i = 0; i < n; i++)
            values[i] *= factor;
        values += n;
        first += n;
        count -= n;
    }
}

/* Factors of all elements together, or of one row each, come before what else is done. */
static t2v_status join_factors(t2v_tensor_entry *weight, const t2v_tensor *factors, size_t count,
                               size_t factor_count, t2v_error *error)
{
    scale *s = t2v_calloc(1, sizeof(*s) + factor_count * sizeof(s->factor[0]));
    if (!s)
        return t2v_fail_memory(error, "scales", factor_count * sizeof(s->factor[0]));
    s->adjust = (t2v_adjust){.apply = apply_scale};
    s->run = count / factor_count;
    t2v_tensor_read_f32(factors, 0, factor_count, s->factor);
    weight->scale = &s->adjust;
    t2v_tensor_table_adjust(weight, &s->adjust);
    return T2V_OK;
}

/* The scales of bytes are numbers of the tensor itself, so that products of bytes can use them. */
static t2v_status join_rows(t2v_tensor_entry *weight, const t2v_tensor_entry *factors, size_t rows,
                            size_t factor_count, t2v_error *error)
{
    float *row = weight->row_scale = t2v_calloc(rows, sizeof(*row));
    if (!row)
        return t2v_fail_memory(error, "scales", rows * sizeof(*row));
    t2v_tensor_read_f32(&factors->tensor, 0, factor_count, row);
    for (size_t i = 0; i < rows; i++) {
        row[i] = row[factor_count == 1 ? 0 : i];
        if (!isfinite(row[i]) || row[i] < 0)
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: tensor %.200s: scale %zu is %g, wanted a finite number that is "
                            "not negative",
                            factors->path, factors->name, i, (double)row[i]);
    }
    weight->tensor.row_scale = row;
    return T2V_OK;
}

static t2v_status join(t2v_tensor_entry *weight, const t2v_tensor_entry *factors, t2v_error *error)
{
    const t2v_tensor *tensor = &weight->tensor;
    size_t factor_count, count;
    if (!t2v_shape_count(&factors->tensor.shape, &factor_count) ||
        !t2v_shape_count(&tensor->shape, &count))
        return T2V_OK; /* checked when the file was opened */
    if (weight->scale || weight->row_scale)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: tensor %.200s is a second scale of %.200s",
                        factors->path, factors->name, weight->name);
    const size_t rows = tensor->shape.rank ? (size_t)tensor->shape.dim[0] : 1;
    if (!t2v_dtype_is_float(factors->tensor.dtype) || (factor_count != 1 && factor_count != rows) ||
        !count)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: tensor %.200s: %zu numbers of type %s, wanted one scale for all of "
                        "%.200s or one for each of its %zu rows",
                        factors->path, factors->name, factor_count,
                        t2v_dtype_name(factors->tensor.dtype), weight->name, rows);
    if (tensor->dtype == T2V_I8)
        return join_rows(weight, factors, rows, factor_count, error);
    return join_factors(weight, &factors->tensor, count, factor_count, error);
}

/* `X` for `X.scale`, where it is bytes. */
static t2v_tensor_entry *scaled_bytes(const t2v_tensor_table *table, const char *name)
{
    const size_t length = strlen(name), tail = strlen(T2V_INT8_SCALE);
    char weight[T2V_MAX_TENSOR_NAME];
    if (length <= tail || length >= sizeof(weight) || strcmp(name + length - tail, T2V_INT8_SCALE))
        return NULL;
    snprintf(weight, sizeof(weight), "%.*s", (int)(length - tail), name);
    t2v_tensor_entry *found = t2v_tensor_table_find(table, weight);
    return found && found->tensor.dtype == T2V_I8 ? found : NULL;
}

/* `X.weight` for `X.scale_weight` and `X.weight_scale`. */
t2v_tensor_entry *t2v_tensor_table_scaled(const t2v_tensor_table *table, const char *name)
{
    static const char *const endings[] = {".scale_weight", ".weight_scale"};
    const size_t length = strlen(name);
    char weight[T2V_MAX_TENSOR_NAME];
    for (int i = 0; i < 2; i++) {
        const size_t tail = strlen(endings[i]);
        if (length <= tail || length >= sizeof(weight) || strcmp(name + length - tail, endings[i]))
            continue;
        snprintf(weight, sizeof(weight), "%.*s.weight", (int)(length - tail), name);
        return t2v_tensor_table_find(table, weight);
    }
    return scaled_bytes(table, name);
}

/* ------------------------------------------------------------------ the table */

t2v_status t2v_tensor_table_finish(t2v_tensor_table *table, const char *label, t2v_error *error)
{
    t2v_tensor_entry *entries = table->entries;
    if (table->count)
        qsort(entries, table->count, sizeof(*entries), compare_entries);
    for (size_t i = 1; i < table->count; i++)
        if (!compare_entries(&entries[i - 1], &entries[i]))
            return t2v_fail(error, T2V_ERROR_FORMAT, "%s: two tensors %.200s, in %s and in %s",
                            label, entries[i].name, entries[i - 1].path, entries[i].path);
    for (size_t i = 0; i < table->count; i++) {
        t2v_tensor_entry *weight = t2v_tensor_table_scaled(table, entries[i].name);
        if (weight)
            T2V_TRY(join(weight, &entries[i], error));
    }
    return T2V_OK;
}

void t2v_tensor_table_free(t2v_tensor_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        t2v_free(table->entries[i].name);
        t2v_free(table->entries[i].scale);
        t2v_free(table->entries[i].row_scale);
    }
    t2v_free(table->entries);
    memset(table, 0, sizeof(*table));
}

t2v_tensor_entry *t2v_tensor_table_find(const t2v_tensor_table *table, const char *name)
{
    const t2v_tensor_entry wanted = {.name = (char *)name};
    if (!table->count)
        return NULL;
    return bsearch(&wanted, table->entries, table->count, sizeof(wanted), compare_entries);
}
