/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/spiece_model.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "text/tokenizer_json.h"

/* Field numbers of sentencepiece_model.proto. */
enum {
    MODEL_PIECES = 1,
    MODEL_TRAINER = 2,
    MODEL_NORMALIZER = 3,
    PIECE_TEXT = 1,
    PIECE_SCORE = 2,
    PIECE_TYPE = 3,
    TRAINER_MODEL_TYPE = 3,
    NORMALIZER_CHARSMAP = 2,
};

/* ------------------------------------------------------------------ protocol buffers */

/* Wire types of protocol buffers. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* A message, or what is left of it. */
typedef struct message {
    const uint8_t *at, *end;
} message;

/* A field of a message. */
typedef struct field {
    uint64_t number;
    int wire;
    uint64_t value; /* VARINT, FIXED32, FIXED64 */
    message bytes;  /* BYTES */
} field;

static bool read_varint(message *m, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (m->at == m->end)
            return false;
        uint8_t byte = *m->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool read_fixed(message *m, int bytes, uint64_t *value)
{
    if (m->end - m->at < bytes)
        return false;
    *value = 0;
    for (int i = 0; i < bytes; i++)
        *value |= (uint64_t)m->at[i] << (8 * i);
    m->at += bytes;
    return true;
}

static bool read_bytes(message *m, message *bytes)
{
    uint64_t length;
    if (!read_varint(m, &length) || length > (uint64_t)(m->end - m->at))
        return false;
    *bytes = (message){m->at, m->at + length};
    m->at += length;
    return true;
}

/* The next field of a message that is not at its end; false when it is damaged. */
static bool read_field(message *m, field *f)
{
    uint64_t key;
    if (!read_varint(m, &key) || key >> 3 == 0)
        return false;
    f->number = key >> 3;
    f->wire = key & 7;
    switch (f->wire) {
    case WIRE_VARINT:
        return read_varint(m, &f->value);
    case WIRE_FIXED64:
        return read_fixed(m, 8, &f->value);
    case WIRE_FIXED32:
        return read_fixed(m, 4, &f->value);
    case WIRE_BYTES:
        return read_bytes(m, &f->bytes);
    default:
        return false;
    }
}

static bool is_field(const field *f, uint64_t number, int wire)
{
    return f->number == number && f->wire == wire;
}

/* ------------------------------------------------------------------ the messages */

/* A file being read, for messages that say where. */
typedef struct reader {
    const char *path;
    t2v_spiece_model *model;
    t2v_error *error;
} reader;

static t2v_status damaged(const reader *r, const uint8_t *at)
{
    return t2v_fail(r->error, T2V_ERROR_FORMAT,
                    "%s: not a SentencePiece model, or a damaged one (at byte %td of %zu)", r->path,
                    at - r->model->bytes, r->model->byte_count);
}

t2v_status t2v_piece_check(const t2v_piece *piece, const char *path, int id, t2v_error *error)
{
    if (!piece->bytes || piece->bytes > T2V_MAX_PIECE_BYTES)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: piece %d has %zu bytes, wanted 1 to %d", path,
                        id, piece->bytes, T2V_MAX_PIECE_BYTES);
    if (!t2v_utf8_valid(piece->text, piece->bytes))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: piece %d is not UTF-8", path, id);
    if (!isfinite(piece->score))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: piece %d has no finite score", path, id);
    if (piece->type < T2V_PIECE_NORMAL || piece->type > T2V_PIECE_BYTE)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: piece %d has type %d, wanted 1 to 6", path,
                        id, (int)piece->type);
    return T2V_OK;
}

static t2v_status read_piece(const reader *r, message m, t2v_piece *piece)
{
    *piece = (t2v_piece){.type = T2V_PIECE_NORMAL};
    while (m.at != m.end) {
        field f;
        if (!read_field(&m, &f))
            return damaged(r, m.at);
        if (is_field(&f, PIECE_TEXT, WIRE_BYTES)) {
            piece->text = (const char *)f.bytes.at;
            piece->bytes = (size_t)(f.bytes.end - f.bytes.at);
        } else if (is_field(&f, PIECE_SCORE, WIRE_FIXED32)) {
            uint32_t bits = (uint32_t)f.value;
            memcpy(&piece->score, &bits, sizeof(bits));
        } else if (is_field(&f, PIECE_TYPE, WIRE_VARINT)) {
            piece->type = f.value > T2V_PIECE_BYTE ? 0 : (t2v_piece_type)f.value;
        }
    }
    return t2v_piece_check(piece, r->path, r->model->count, r->error);
}

static t2v_status read_trainer(const reader *r, message m)
{
    while (m.at != m.end) {
        field f;
        if (!read_field(&m, &f))
            return damaged(r, m.at);
        if (is_field(&f, TRAINER_MODEL_TYPE, WIRE_VARINT))
            r->model->model_type = (int64_t)(f.value & 0xffff);
    }
    return T2V_OK;
}

static t2v_status read_normalizer(const reader *r, message m)
{
    while (m.at != m.end) {
        field f;
        if (!read_field(&m, &f))
            return damaged(r, m.at);
        if (is_field(&f, NORMALIZER_CHARSMAP, WIRE_BYTES)) {
            r->model->charsmap = f.bytes.at;
            r->model->charsmap_bytes = (size_t)(f.bytes.end - f.bytes.at);
        }
    }
    return T2V_OK;
}

static t2v_status count_pieces(const reader *r, message m, int *count)
{
    *count = 0;
    while (m.at != m.end) {
        field f;
        if (!read_field(&m, &f))
            return damaged(r, m.at);
        *count += is_field(&f, MODEL_PIECES, WIRE_BYTES);
        if (*count > T2V_MAX_PIECES)
            return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: more than %d pieces", r->path,
                            T2V_MAX_PIECES);
    }
    if (!*count)
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: a SentencePiece model without pieces",
                        r->path);
    return T2V_OK;
}

static t2v_status read_model(const reader *r)
{
    t2v_spiece_model *model = r->model;
    message m = {model->bytes, model->bytes + model->byte_count};
    int count;
    T2V_TRY(count_pieces(r, m, &count));
    model->pieces = t2v_calloc((size_t)count, sizeof(t2v_piece));
    if (!model->pieces)
        return t2v_fail_memory(r->error, "the pieces", (size_t)count * sizeof(t2v_piece));
    model->model_type = 1;
    while (m.at != m.end) {
        field f;
        if (!read_field(&m, &f))
            return damaged(r, m.at);
        if (is_field(&f, MODEL_PIECES, WIRE_BYTES)) {
            T2V_TRY(read_piece(r, f.bytes, &model->pieces[model->count]));
            model->count++;
        } else if (is_field(&f, MODEL_TRAINER, WIRE_BYTES)) {
            T2V_TRY(read_trainer(r, f.bytes));
        } else if (is_field(&f, MODEL_NORMALIZER, WIRE_BYTES)) {
            T2V_TRY(read_normalizer(r, f.bytes));
        }
    }
    return T2V_OK;
}

/* ------------------------------------------------------------------ the file */

/* Reads what model->bytes holds; the model is empty afterwards when that fails. */
static t2v_status parse(const char *path, t2v_spiece_model *model, t2v_error *error)
{
    t2v_status status = model->bytes[0] == '{' ? t2v_tokenizer_json_parse(path, model, error)
                                               : read_model(&(reader){path, model, error});
    if (status < 0)
        t2v_spiece_model_free(model);
    return status;
}

static t2v_status check_size(const char *path, size_t bytes, t2v_error *error)
{
    if (bytes < 1 || bytes > T2V_MAX_VOCABULARY)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: a tokenizer of %zu bytes, wanted 1 to %d",
                        path, bytes, T2V_MAX_VOCABULARY);
    return T2V_OK;
}

t2v_status t2v_spiece_model_read(const char *path, t2v_spiece_model *model, t2v_error *error)
{
    char *bytes;
    *model = (t2v_spiece_model){0};
    T2V_TRY(t2v_file_read(path, T2V_MAX_VOCABULARY, &bytes, &model->byte_count, error));
    model->bytes = (uint8_t *)bytes;
    t2v_status status = check_size(path, model->byte_count, error);
    if (status == T2V_OK)
        return parse(path, model, error);
    t2v_spiece_model_free(model);
    return status;
}

t2v_status t2v_spiece_model_copy(const char *path, const void *bytes, size_t count,
                                 t2v_spiece_model *model, t2v_error *error)
{
    *model = (t2v_spiece_model){0};
    T2V_TRY(check_size(path, count, error));
    model->bytes = t2v_alloc(count);
    if (!model->bytes)
        return t2v_fail_memory(error, path, count);
    memcpy(model->bytes, bytes, count);
    model->byte_count = count;
    return parse(path, model, error);
}

void t2v_spiece_model_free(t2v_spiece_model *model)
{
    t2v_free(model->bytes);
    t2v_free(model->pieces);
    *model = (t2v_spiece_model){0};
}

void t2v_spiece_model_drop_sentinels(t2v_spiece_model *model)
{
    int first = model->count - T2V_SENTINELS;
    for (int i = 0; i < T2V_SENTINELS; i++) {
        char text[32];
        size_t bytes = (size_t)snprintf(text, sizeof(text), "<extra_id_%d>", T2V_SENTINELS - 1 - i);
        if (first < 1 || model->pieces[first + i].bytes != bytes ||
            memcmp(model->pieces[first + i].text, text, bytes))
            return;
    }
    model->count = first;
}
