/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layers/write_int8.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "ops/quantize.h"
#include "weights/int8.h"
#include "weights/safetensors.h"

/* Numbers that are read at a time. */
enum { SLICE = 1 << 20 };

/* One tensor of the table that is written. */
typedef struct item {
    const t2v_tensor_entry *entry;
    size_t index, scale; /* in the file; scale: of what becomes bytes, else 0 */
    bool bytes;
} item;

typedef struct plan {
    item *items;
    size_t count;
    t2v_safetensors_entry *entries;
    size_t entry_count;
    char (*scale_name)[T2V_MAX_TENSOR_NAME + sizeof(T2V_INT8_SCALE)];
} plan;

static void plan_free(plan *p)
{
    t2v_free(p->items);
    t2v_free(p->entries);
    t2v_free(p->scale_name);
}

static bool becomes_bytes(const t2v_int8_source *source, const t2v_tensor_entry *entry)
{
    const t2v_tensor *tensor = &entry->tensor;
    return t2v_dtype_is_float(tensor->dtype) && tensor->dtype != T2V_I8 &&
           tensor->shape.rank == 2 && tensor->bytes &&
           source->choose(source->opaque, entry->name, &tensor->shape);
}

size_t t2v_int8_count(const t2v_int8_source *source)
{
    size_t count = 0;
    for (size_t i = 0; i < source->table->count; i++)
        count += becomes_bytes(source, &source->table->entries[i]);
    return count;
}

static t2v_status add_item(const t2v_int8_source *source, const t2v_tensor_entry *entry, plan *p,
                           t2v_error *error)
{
    const t2v_tensor *tensor = &entry->tensor;
    const t2v_tensor_entry *scaled = t2v_tensor_table_scaled(source->table, entry->name);
    item *it = &p->items[p->count];
    if (scaled && becomes_bytes(source, scaled))
        return T2V_OK;
    if (t2v_dtype_block(tensor->dtype) != 1)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: tensor %.200s is of type %s, which is quantised already and is not "
                        "copied",
                        entry->path, entry->name, t2v_dtype_name(tensor->dtype));
    *it = (item){.entry = entry, .index = p->entry_count, .bytes = becomes_bytes(source, entry)};
    p->entries[p->entry_count++] =
        (t2v_safetensors_entry){entry->name, it->bytes ? T2V_I8 : tensor->dtype, tensor->shape};
    if (it->bytes) {
        it->scale = p->entry_count;
        snprintf(p->scale_name[p->count], sizeof(p->scale_name[0]), "%s" T2V_INT8_SCALE,
                 entry->name);
        p->entries[p->entry_count++] =
            (t2v_safetensors_entry){p->scale_name[p->count], T2V_F32, {1, {tensor->shape.dim[0]}}};
    }
    p->count++;
    return T2V_OK;
}

static t2v_status make_plan(const t2v_int8_source *source, plan *p, t2v_error *error)
{
    const size_t count = source->table->count;
    p->items = t2v_calloc(count, sizeof(*p->items));
    p->entries = t2v_calloc(count, 2 * sizeof(*p->entries));
    p->scale_name = t2v_calloc(count, sizeof(*p->scale_name));
    if (!p->items || !p->entries || !p->scale_name)
        return t2v_fail_memory(error, "names of tensors", count * sizeof(*p->scale_name));
    for (size_t i = 0; i < count; i++)
        T2V_TRY(add_item(source, &source->table->entries[i], p, error));
    return T2V_OK;
}

/* ------------------------------------------------------------------ writing */

static void report(t2v_int8_progress *progress, size_t bytes)
{
    progress->done += bytes;
    if (progress->report && progress->total)
        progress->report(progress->opaque, (double)progress->done / (double)progress->total);
}

/* Rows of one tensor that are made together. */
typedef struct rows {
    float *floats, *scale;
    int8_t *bytes;
} rows;

static t2v_status write_rows(t2v_safetensors_writer *writer, const item *it, int64_t first,
                             int64_t count, const rows *r, t2v_error *error)
{
    const t2v_tensor *tensor = &it->entry->tensor;
    const int64_t columns = tensor->shape.dim[1];
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < count; i++) {
        float *row = r->floats + i * columns;
        t2v_tensor_read_f32(tensor, (size_t)((first + i) * columns), (size_t)columns, row);
        t2v_quantize_weights(row, columns, r->bytes + i * columns, &r->scale[i]);
    }
    for (int64_t i = 0; i < count; i++)
        if (!(r->scale[i] - r->scale[i] == 0))
            return t2v_fail(error, T2V_ERROR_FORMAT,
                            "%s: tensor %.200s: row %lld holds a number that is not finite",
                            it->entry->path, it->entry->name, (long long)(first + i));
    T2V_TRY(t2v_safetensors_append(writer, it->index, r->bytes, (size_t)(count * columns), error));
    return t2v_safetensors_append(writer, it->scale, r->scale, (size_t)count * sizeof(*r->scale),
                                  error);
}

static t2v_status write_bytes(t2v_safetensors_writer *writer, const item *it,
                              t2v_int8_progress *progress, t2v_error *error)
{
    const t2v_tensor *tensor = &it->entry->tensor;
    const int64_t total = tensor->shape.dim[0], columns = tensor->shape.dim[1];
    int64_t some = columns < SLICE ? SLICE / columns : 1;
    some = some < total ? some : total;
    const size_t numbers = (size_t)(some * columns);
    rows r = {t2v_calloc(numbers, sizeof(float)), t2v_calloc((size_t)some, sizeof(float)),
              t2v_calloc(numbers, 1)};
    t2v_status status = r.floats && r.scale && r.bytes
                            ? T2V_OK
                            : t2v_fail_memory(error, "rows of weights", numbers * 5);
    for (int64_t at = 0; at < total && status >= 0; at += some) {
        const int64_t count = total - at < some ? total - at : some;
        status = write_rows(writer, it, at, count, &r, error);
        report(progress, tensor->bytes / (size_t)total * (size_t)count);
    }
    t2v_free(r.floats);
    t2v_free(r.scale);
    t2v_free(r.bytes);
    return status;
}

static t2v_status write_items(t2v_safetensors_writer *writer, const plan *p,
                              t2v_int8_progress *progress, int64_t *made, t2v_error *error)
{
    for (size_t i = 0; i < p->count; i++) {
        const item *it = &p->items[i];
        const t2v_tensor *tensor = &it->entry->tensor;
        *made += it->bytes;
        if (it->bytes) {
            T2V_TRY(write_bytes(writer, it, progress, error));
            continue;
        }
        T2V_TRY(t2v_safetensors_append(writer, it->index, tensor->data, tensor->bytes, error));
        report(progress, tensor->bytes);
    }
    return T2V_OK;
}

t2v_status t2v_write_int8(const char *path, const t2v_int8_source *source,
                          t2v_int8_progress *progress, int64_t *made, t2v_error *error)
{
    plan p = {0};
    t2v_safetensors_writer *writer = NULL;
    size_t note_count;
    const t2v_safetensors_note *notes = t2v_tensor_file_notes(source->notes, &note_count);
    t2v_status status = make_plan(source, &p, error);
    if (status >= 0)
        status = t2v_safetensors_create_noted(path, p.entries, p.entry_count, notes, note_count,
                                              &writer, error);
    if (status >= 0) {
        status = write_items(writer, &p, progress, made, error);
        t2v_status finished = t2v_safetensors_finish(&writer, status < 0 ? NULL : error);
        status = status < 0 ? status : finished;
    }
    plan_free(&p);
    return status;
}
