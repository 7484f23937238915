/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/lora.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/difference.h"
#include "weights/config.h"
#include "weights/lora_name.h"

enum { MAX_RANK = 1 << 14, TEXT = 96 };

/* A tensor of the file. */
typedef struct piece {
    const char *text;
    t2v_lora_name name;
    const t2v_tensor *tensor;
    bool used;
} piece;

struct t2v_lora {
    t2v_tensor_file *file;
    piece *piece;
    size_t pieces;
    t2v_difference *difference;
    size_t differences;
    t2v_config *adapter; /* lora_adapter_metadata; NULL: none */
};

/* What t2v_lora_open works with. */
typedef struct merger {
    t2v_lora *lora;
    const t2v_lora_target *target;
    double weight;
    t2v_error *error;
} merger;

static const char *path_of(const merger *m)
{
    return t2v_tensor_file_path(m->lora->file);
}

/* ------------------------------------------------------------------ pieces in order */

static int compare_modules(const piece *a, const piece *b)
{
    const size_t length = a->name.length < b->name.length ? a->name.length : b->name.length;
    int order = (int)a->name.second - (int)b->name.second;
    if (!order)
        order = (int)a->name.flat - (int)b->name.flat;
    if (!order)
        order = memcmp(a->name.module, b->name.module, length);
    return order ? order : (a->name.length > b->name.length) - (a->name.length < b->name.length);
}

static int compare_pieces(const void *a, const void *b)
{
    const piece *left = a, *right = b;
    const int order = compare_modules(left, right);
    return order ? order : (int)left->name.kind - (int)right->name.kind;
}

static t2v_status list_pieces(merger *m)
{
    t2v_lora *lora = m->lora;
    const size_t count = t2v_tensor_file_count(lora->file);
    lora->piece = t2v_calloc(count + 1, sizeof(*lora->piece));
    lora->difference = t2v_calloc(count + 1, sizeof(*lora->difference));
    if (!lora->piece || !lora->difference)
        return t2v_fail_memory(m->error, "a LoRA", count * sizeof(*lora->difference));
    for (size_t i = 0; i < count; i++) {
        piece *p = &lora->piece[i];
        p->tensor = t2v_tensor_file_at(lora->file, i, &p->text);
        p->name = t2v_lora_name_read(p->text);
        p->name.second = p->name.second || m->target->all_second;
    }
    lora->pieces = count;
    qsort(lora->piece, count, sizeof(*lora->piece), compare_pieces);
    return T2V_OK;
}

/* ------------------------------------------------------------------ alpha */

/* A number of the adapter's metadata by the module's name, of which keys may be the end. */
static t2v_status pattern_number(const t2v_config *pattern, const char *module, double *value,
                                 t2v_error *error)
{
    for (const char *key = module; key; key = strchr(key, '.') ? strchr(key, '.') + 1 : NULL)
        if (t2v_config_has(pattern, key))
            return t2v_config_double(pattern, key, *value, -1e6, 1e6, value, error);
    return T2V_OK;
}

/* As PEFT's LoraConfig says: lora_alpha or what alpha_pattern says instead, over the rank. */
static t2v_status adapter_scale(const merger *m, const t2v_tensor_entry *entry, size_t rank,
                                double *scale)
{
    const t2v_config *adapter = m->lora->adapter;
    const size_t length = strlen(entry->name), tail = strlen(".weight");
    char module[T2V_MAX_TENSOR_NAME] = "";
    t2v_config *pattern;
    bool root;
    double alpha;
    if (!t2v_config_has(adapter, "transformer.lora_alpha"))
        return T2V_OK;
    T2V_TRY(t2v_config_double(adapter, "transformer.lora_alpha", 0, -1e6, 1e6, &alpha, m->error));
    T2V_TRY(t2v_config_bool(adapter, "transformer.use_rslora", false, &root, m->error));
    T2V_TRY(t2v_config_object(adapter, "transformer.alpha_pattern", &pattern, m->error));
    if (pattern) {
        memcpy(module, entry->name, length > tail ? length - tail : 0);
        t2v_status status = pattern_number(pattern, module, &alpha, m->error);
        t2v_config_close(&pattern);
        T2V_TRY(status);
    }
    *scale = alpha / (root ? sqrt((double)rank) : (double)rank);
    return T2V_OK;
}

/* A single number; trainers that know none of alpha write the rank, an integer. */
static bool read_number(const t2v_tensor *tensor, float *value)
{
    size_t count;
    int64_t wide;
    int32_t narrow;
    if (!t2v_shape_count(&tensor->shape, &count) || count != 1)
        return false;
    if (tensor->dtype == T2V_I64) {
        memcpy(&wide, tensor->data, sizeof(wide));
        *value = (float)wide;
    } else if (tensor->dtype == T2V_I32) {
        memcpy(&narrow, tensor->data, sizeof(narrow));
        *value = (float)narrow;
    } else if (t2v_dtype_is_float(tensor->dtype)) {
        t2v_tensor_read_f32(tensor, 0, 1, value);
    } else {
        return false;
    }
    return true;
}

/* How often the product of a module counts by the file's own word. */
static t2v_status file_scale(const merger *m, piece *alpha, const t2v_tensor_entry *entry,
                             size_t rank, double *scale)
{
    float value;
    *scale = 1;
    if (!alpha)
        return m->lora->adapter ? adapter_scale(m, entry, rank, scale) : T2V_OK;
    if (!read_number(alpha->tensor, &value))
        return t2v_fail(m->error, T2V_ERROR_FORMAT, "%s: tensor %.200s is no single number",
                        path_of(m), alpha->text);
    if (!isfinite(value))
        return t2v_fail(m->error, T2V_ERROR_FORMAT, "%s: tensor %.200s is %g, wanted a number",
                        path_of(m), alpha->text, value);
    alpha->used = true;
    *scale = (double)value / (double)rank;
    return T2V_OK;
}

/* ------------------------------------------------------------------ merging */

static t2v_status check_type(const merger *m, const piece *p)
{
    if (t2v_dtype_is_float(p->tensor->dtype))
        return T2V_OK;
    return t2v_fail(m->error, T2V_ERROR_UNSUPPORTED,
                    "%s: tensor %.200s is of type %s, wanted one of floating-point numbers",
                    path_of(m), p->text, t2v_dtype_name(p->tensor->dtype));
}

static t2v_status wrong_shape(const merger *m, const piece *p, const t2v_tensor_entry *entry,
                              const char *wanted)
{
    char found[TEXT], shape[TEXT];
    t2v_shape_format(&p->tensor->shape, found, sizeof(found));
    t2v_shape_format(&entry->tensor.shape, shape, sizeof(shape));
    return t2v_fail(m->error, T2V_ERROR_FORMAT,
                    "%s: tensor %.200s has shape %s, wanted %s for %.200s of shape %s", path_of(m),
                    p->text, found, wanted, entry->name, shape);
}

static t2v_difference *next_difference(const merger *m)
{
    return &m->lora->difference[m->lora->differences++];
}

/* Elements of the tensor in all; 0 for a shape without any. */
static size_t count_of(const t2v_tensor *tensor)
{
    size_t count;
    return t2v_shape_count(&tensor->shape, &count) ? count : 0;
}

static size_t leading(const t2v_tensor *tensor)
{
    return tensor->shape.rank ? (size_t)tensor->shape.dim[0] : 1;
}

/* A product fits when up has a row for each of the weight's, and down one for each of up's columns
 * and in it as many numbers as a row of the weight has. */
static t2v_status add_product(const merger *m, piece *down, piece *up, piece *alpha,
                              t2v_tensor_entry *entry)
{
    const size_t rows = leading(&entry->tensor), numbers = count_of(&entry->tensor);
    const size_t rank = leading(down->tensor), columns = rows ? numbers / rows : 0;
    char wanted[TEXT];
    double scale;
    T2V_TRY(check_type(m, down));
    T2V_TRY(check_type(m, up));
    snprintf(wanted, sizeof(wanted), "[1 to %d, %zu]", MAX_RANK, columns);
    if (!rank || rank > MAX_RANK || !columns || count_of(down->tensor) != rank * columns)
        return wrong_shape(m, down, entry, wanted);
    snprintf(wanted, sizeof(wanted), "[%zu, %zu]", rows, rank);
    if (leading(up->tensor) != rows || count_of(up->tensor) != rows * rank)
        return wrong_shape(m, up, entry, wanted);
    T2V_TRY(file_scale(m, alpha, entry, rank, &scale));
    t2v_difference *d = next_difference(m);
    t2v_difference_product(d, up->tensor, down->tensor, rank, columns, (float)(m->weight * scale));
    t2v_tensor_table_adjust(entry, &d->adjust);
    down->used = up->used = true;
    return T2V_OK;
}

static t2v_status add_stored(const merger *m, piece *p, t2v_tensor_entry *entry, double scale)
{
    char wanted[TEXT];
    T2V_TRY(check_type(m, p));
    t2v_shape_format(&entry->tensor.shape, wanted, sizeof(wanted));
    if (!count_of(&entry->tensor) || count_of(p->tensor) != count_of(&entry->tensor))
        return wrong_shape(m, p, entry, wanted);
    t2v_difference *d = next_difference(m);
    t2v_difference_store(d, p->tensor, (float)(m->weight * scale));
    t2v_tensor_table_adjust(entry, &d->adjust);
    p->used = true;
    return T2V_OK;
}

/* The pieces of one module, by kind. */
typedef piece *module_pieces[T2V_LORA_OTHER + 1];

static t2v_status merge_pair(const merger *m, module_pieces p, t2v_tensor_entry *weight,
                             t2v_tensor_entry *bias)
{
    piece *down = p[T2V_LORA_DOWN], *up = p[T2V_LORA_UP], *up_bias = p[T2V_LORA_UP_BIAS];
    double scale = 1;
    if (!weight || (!down && !up))
        return T2V_OK;
    if (!down || !up)
        return t2v_fail(m->error, T2V_ERROR_FORMAT,
                        "%s: tensor %.200s stands alone; wanted %s beside it", path_of(m),
                        down ? down->text : up->text,
                        down ? "lora_B or lora_up" : "lora_A or lora_down");
    T2V_TRY(add_product(m, down, up, p[T2V_LORA_ALPHA], weight));
    if (!up_bias || !bias)
        return T2V_OK;
    T2V_TRY(file_scale(m, p[T2V_LORA_ALPHA], weight, leading(down->tensor), &scale));
    return add_stored(m, up_bias, bias, scale);
}

static t2v_status merge_module(const merger *m, module_pieces p, const t2v_lora_name *name)
{
    const t2v_tensor_table *table = name->second ? m->target->second : m->target->first;
    if (!table)
        return T2V_OK;
    t2v_tensor_entry *weight = t2v_lora_name_find(table, name, "weight");
    t2v_tensor_entry *bias = t2v_lora_name_find(table, name, "bias");
    T2V_TRY(merge_pair(m, p, weight, bias));
    if (p[T2V_LORA_DIFF] && !weight)
        weight = t2v_lora_name_find(table, name, "");
    if (p[T2V_LORA_DIFF] && weight)
        T2V_TRY(add_stored(m, p[T2V_LORA_DIFF], weight, 1));
    if (p[T2V_LORA_DIFF_BIAS] && bias)
        T2V_TRY(add_stored(m, p[T2V_LORA_DIFF_BIAS], bias, 1));
    return T2V_OK;
}

/* The pieces from `first` on that are of one module; *end is behind them. */
static t2v_status gather(const merger *m, size_t first, size_t *end, module_pieces found)
{
    piece *all = m->lora->piece;
    memset(found, 0, sizeof(module_pieces));
    for (*end = first; *end < m->lora->pieces && !compare_modules(&all[first], &all[*end]);
         (*end)++) {
        piece *p = &all[*end], **place = &found[p->name.kind];
        if (*place && p->name.kind != T2V_LORA_OTHER)
            return t2v_fail(m->error, T2V_ERROR_FORMAT,
                            "%s: tensors %.200s and %.200s are for the same weight", path_of(m),
                            (*place)->text, p->text);
        *place = p;
    }
    return T2V_OK;
}

static t2v_status merge(const merger *m)
{
    module_pieces found;
    for (size_t first = 0, end; first < m->lora->pieces; first = end) {
        T2V_TRY(gather(m, first, &end, found));
        T2V_TRY(merge_module(m, found, &m->lora->piece[first].name));
    }
    return T2V_OK;
}

/* ------------------------------------------------------------------ what was left */

static t2v_status report(const merger *m, const t2v_log *log)
{
    const t2v_lora *lora = m->lora;
    const char *left = NULL;
    size_t used = 0;
    for (size_t i = 0; i < lora->pieces; i++) {
        used += lora->piece[i].used;
        if (!left && !lora->piece[i].used)
            left = lora->piece[i].text;
    }
    if (!lora->pieces)
        return t2v_fail(m->error, T2V_ERROR_FORMAT, "%s: holds no tensors", path_of(m));
    if (!used)
        return t2v_fail(m->error, T2V_ERROR_FORMAT,
                        "%s: fits no weight of the %s, tensor %.200s for example: it is a LoRA of "
                        "another model, or of another kind",
                        path_of(m), m->target->all_second ? "second transformer" : "transformer",
                        left);
    t2v_log_write(log, T2V_LOG_INFO, "%s: %zu differences, weight %g", path_of(m),
                  lora->differences, m->weight);
    if (left)
        t2v_log_write(log, T2V_LOG_WARNING,
                      "%s: %zu of %zu tensors fit no weight of the transformer and are left out, "
                      "%.200s for example",
                      path_of(m), lora->pieces - used, lora->pieces, left);
    return T2V_OK;
}

static t2v_status open_adapter(const merger *m)
{
    const char *text = t2v_tensor_file_note(m->lora->file, "lora_adapter_metadata");
    return text ? t2v_config_parse(path_of(m), text, &m->lora->adapter, m->error) : T2V_OK;
}

static t2v_status load(merger *m, const char *path, const t2v_log *log)
{
    T2V_TRY(t2v_tensor_file_open(path, &m->lora->file, m->error));
    T2V_TRY(open_adapter(m));
    T2V_TRY(list_pieces(m));
    T2V_TRY(merge(m));
    return report(m, log);
}

t2v_status t2v_lora_open(const char *path, double weight, const t2v_lora_target *target,
                         const t2v_log *log, t2v_lora **lora, t2v_error *error)
{
    *lora = t2v_calloc(1, sizeof(**lora));
    if (!*lora)
        return t2v_fail_memory(error, "a LoRA", sizeof(**lora));
    merger m = {*lora, target, weight, error};
    t2v_status status = load(&m, path, log);
    if (status < 0)
        t2v_lora_close(lora);
    return status;
}

void t2v_lora_close(t2v_lora **lora)
{
    if (!*lora)
        return;
    t2v_tensor_file_close(&(*lora)->file);
    t2v_config_close(&(*lora)->adapter);
    t2v_free((*lora)->piece);
    t2v_free((*lora)->difference);
    t2v_free(*lora);
    *lora = NULL;
}
