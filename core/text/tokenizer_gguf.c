/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer_gguf.h"

#include <string.h>

#include "base/memory.h"

/* What is read, each checked to be there with as many elements as there are tokens. */
typedef struct reader {
    const t2v_gguf *file;
    const t2v_gguf_value *tokens, *scores, *types;
    t2v_spiece_model *model;
    t2v_error *error;
} reader;

bool t2v_tokenizer_gguf_has(const t2v_gguf *file)
{
    return t2v_gguf_metadata(file, "tokenizer.ggml.tokens");
}

static t2v_status check_kind(const reader *r)
{
    static const char wanted[] = "t5";
    const t2v_gguf_value *value = t2v_gguf_metadata(r->file, "tokenizer.ggml.model");
    const uint8_t *next;
    if (!value || value->type != T2V_GGUF_STRING || value->array)
        return T2V_OK;
    const t2v_gguf_string kind = t2v_gguf_string_at(value->data, &next);
    if (kind.bytes == strlen(wanted) && !memcmp(kind.text, wanted, kind.bytes))
        return T2V_OK;
    return t2v_fail(r->error, T2V_ERROR_UNSUPPORTED,
                    "%s: a tokenizer of kind \"%.*s\", wanted \"%s\"", t2v_gguf_path(r->file),
                    kind.bytes < 40 ? (int)kind.bytes : 40, kind.text, wanted);
}

static t2v_status find(const reader *r, const char *key, t2v_gguf_type type, size_t count,
                       const t2v_gguf_value **value)
{
    *value = t2v_gguf_metadata(r->file, key);
    if (!*value || !(*value)->array || (*value)->type != type ||
        (count && (*value)->count != count))
        return t2v_fail(r->error, T2V_ERROR_FORMAT,
                        "%s: %s is no list of the type and length that the tokenizer wants",
                        t2v_gguf_path(r->file), key);
    return T2V_OK;
}

static t2v_status find_all(reader *r)
{
    T2V_TRY(check_kind(r));
    T2V_TRY(find(r, "tokenizer.ggml.tokens", T2V_GGUF_STRING, 0, &r->tokens));
    const size_t count = r->tokens->count;
    if (!count || count > T2V_MAX_PIECES)
        return t2v_fail(r->error, T2V_ERROR_FORMAT,
                        "%s: a vocabulary of %zu pieces, wanted 1 to %d", t2v_gguf_path(r->file),
                        count, T2V_MAX_PIECES);
    T2V_TRY(find(r, "tokenizer.ggml.scores", T2V_GGUF_F32, count, &r->scores));
    return find(r, "tokenizer.ggml.token_type", T2V_GGUF_I32, count, &r->types);
}

/* The normaliser's map; NULL when there is none. */
static const t2v_gguf_value *find_charsmap(const reader *r)
{
    const t2v_gguf_value *map = t2v_gguf_metadata(r->file, "tokenizer.ggml.precompiled_charsmap");
    return map && map->array && (map->type == T2V_GGUF_U8 || map->type == T2V_GGUF_I8) ? map : NULL;
}

/* Makes room for the pieces, their texts and the map. */
static t2v_status allocate(const reader *r)
{
    const t2v_gguf_value *map = find_charsmap(r);
    const uint8_t *at = r->tokens->data;
    t2v_spiece_model *model = r->model;
    model->byte_count = map ? map->count : 0; /* all of it lies in the file, so the sum fits */
    for (size_t i = 0; i < r->tokens->count; i++)
        model->byte_count += t2v_gguf_string_at(at, &at).bytes;
    if (model->byte_count > T2V_MAX_VOCABULARY)
        return t2v_fail(r->error, T2V_ERROR_FORMAT,
                        "%s: a vocabulary of %zu bytes, wanted at most %d", t2v_gguf_path(r->file),
                        model->byte_count, T2V_MAX_VOCABULARY);
    model->bytes = t2v_calloc(model->byte_count + 1, 1);
    model->pieces = t2v_calloc(r->tokens->count, sizeof(t2v_piece));
    return model->bytes && model->pieces
               ? T2V_OK
               : t2v_fail_memory(r->error, "the vocabulary", model->byte_count);
}

/* Converters fill the vocabulary up to the encoder's with such. */
static bool is_padding(const t2v_piece *piece)
{
    static const char begin[] = "[PAD";
    const size_t length = strlen(begin);
    return piece->type == T2V_PIECE_UNUSED && piece->bytes > length &&
           !memcmp(piece->text, begin, length);
}

static t2v_status copy_pieces(const reader *r, uint8_t **end)
{
    const uint8_t *at = r->tokens->data;
    for (size_t i = 0; i < r->tokens->count; i++) {
        const t2v_gguf_string text = t2v_gguf_string_at(at, &at);
        t2v_piece *piece = &r->model->pieces[i];
        *piece = (t2v_piece){(const char *)*end, text.bytes, 0,
                             (t2v_piece_type)t2v_gguf_integer_at(r->types, i)};
        memcpy(&piece->score, r->scores->data + i * sizeof(piece->score), sizeof(piece->score));
        if (text.bytes)
            memcpy(*end, text.text, text.bytes);
        *end += text.bytes;
        T2V_TRY(t2v_piece_check(piece, t2v_gguf_path(r->file), (int)i, r->error));
        r->model->count++;
    }
    while (r->model->count && is_padding(&r->model->pieces[r->model->count - 1]))
        r->model->count--;
    return T2V_OK;
}

t2v_status t2v_tokenizer_gguf_read(const t2v_gguf *file, t2v_spiece_model *model, t2v_error *error)
{
    reader r = {.file = file, .model = model, .error = error};
    T2V_TRY(find_all(&r));
    T2V_TRY(allocate(&r));
    uint8_t *end = model->bytes;
    T2V_TRY(copy_pieces(&r, &end));
    const t2v_gguf_value *map = find_charsmap(&r);
    if (map && map->count) {
        memcpy(end, map->data, map->count);
        model->charsmap = end;
        model->charsmap_bytes = map->count;
    }
    model->model_type = 1;
    t2v_spiece_model_drop_sentinels(model);
    return T2V_OK;
}
