/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "text/base64.h"
#include "weights/json.h"

enum { MAX_VALUES = 4 << 20 /* each piece is a list of two */ };

/* A file being parsed. */
typedef struct parser {
    const char *path;
    const json_t *root;
    t2v_spiece_model *model;
    t2v_error *error;
} parser;

static t2v_status malformed(const parser *p, const char *wanted)
{
    return t2v_fail(p->error, T2V_ERROR_FORMAT, "%s: %s", p->path, wanted);
}

static t2v_status check_type(const parser *p, const json_t *model)
{
    const char *type = json_string_value(json_object_get(model, "type"));
    if (!type)
        return malformed(p, "no model with a type, as a tokenizer.json has");
    if (strcmp(type, "Unigram"))
        return t2v_fail(p->error, T2V_ERROR_UNSUPPORTED,
                        "%s: a tokenizer of type %s, only Unigram is supported", p->path, type);
    return T2V_OK;
}

/* The normaliser's map in base64; NULL when there is none. */
static const json_t *find_charsmap(const parser *p)
{
    const json_t *normalizer = json_object_get(p->root, "normalizer");
    const json_t *list = json_object_get(normalizer, "normalizers");
    if (!list)
        return json_object_get(normalizer, "precompiled_charsmap");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *map = json_object_get(json_array_get(list, i), "precompiled_charsmap");
        if (map)
            return map;
    }
    return NULL;
}

/* Makes room for the pieces, their texts and the map. */
static t2v_status allocate(const parser *p, const json_t *vocabulary)
{
    t2v_spiece_model *model = p->model;
    size_t count = json_array_size(vocabulary);
    model->byte_count = json_string_length(find_charsmap(p));
    if (!count || count > T2V_MAX_PIECES)
        return t2v_fail(p->error, T2V_ERROR_FORMAT,
                        "%s: a vocabulary of %zu pieces, wanted 1 to %d", p->path, count,
                        T2V_MAX_PIECES);
    for (size_t i = 0; i < count; i++)
        model->byte_count += json_string_length(json_array_get(json_array_get(vocabulary, i), 0));
    t2v_free(model->bytes);
    model->bytes = t2v_calloc(model->byte_count + 1, 1);
    model->pieces = t2v_calloc(count, sizeof(t2v_piece));
    if (!model->bytes || !model->pieces)
        return t2v_fail_memory(p->error, "the vocabulary", model->byte_count);
    return T2V_OK;
}

static t2v_status read_pieces(const parser *p, const json_t *vocabulary, uint8_t **end)
{
    for (size_t i = 0; i < json_array_size(vocabulary); i++) {
        const json_t *pair = json_array_get(vocabulary, i);
        const json_t *text = json_array_get(pair, 0), *score = json_array_get(pair, 1);
        if (!json_is_string(text) || !json_is_number(score))
            return t2v_fail(p->error, T2V_ERROR_FORMAT, "%s: piece %zu is not a text with a number",
                            p->path, i);
        t2v_piece piece = {(const char *)*end, json_string_length(text),
                           (float)json_number_value(score), T2V_PIECE_NORMAL};
        memcpy(*end, json_string_value(text), piece.bytes);
        *end += piece.bytes;
        T2V_TRY(t2v_piece_check(&piece, p->path, (int)i, p->error));
        p->model->pieces[p->model->count++] = piece;
    }
    return T2V_OK;
}

static t2v_status read_charsmap(const parser *p, uint8_t *end)
{
    const json_t *map = find_charsmap(p);
    if (!map || json_is_null(map))
        return T2V_OK;
    if (!json_is_string(map) || !t2v_base64_decode(json_string_value(map), json_string_length(map),
                                                   end, &p->model->charsmap_bytes))
        return malformed(p, "the normaliser's precompiled_charsmap is not base64");
    p->model->charsmap = end;
    return T2V_OK;
}

static bool has_text(const t2v_piece *piece, const json_t *text)
{
    return piece->bytes == json_string_length(text) &&
           !memcmp(piece->text, json_string_value(text), piece->bytes);
}

static t2v_status mark_special(const parser *p, const json_t *model)
{
    const json_t *unknown = json_object_get(model, "unk_id"), *id, *text;
    const json_t *added = json_object_get(p->root, "added_tokens");
    for (size_t i = 0; i < json_array_size(added); i++) {
        id = json_object_get(json_array_get(added, i), "id");
        text = json_object_get(json_array_get(added, i), "content");
        json_int_t at = json_is_integer(id) ? json_integer_value(id) : -1;
        if (at < 0 || at >= p->model->count || !has_text(&p->model->pieces[at], text))
            return t2v_fail(p->error, T2V_ERROR_UNSUPPORTED,
                            "%s: added token %zu is no piece of the vocabulary", p->path, i);
        p->model->pieces[at].type = T2V_PIECE_CONTROL;
    }
    if (!json_is_integer(unknown) || json_integer_value(unknown) < 0 ||
        json_integer_value(unknown) >= p->model->count)
        return malformed(p, "unk_id is not the number of a piece");
    p->model->pieces[json_integer_value(unknown)].type = T2V_PIECE_UNKNOWN;
    return T2V_OK;
}

static t2v_status parse(const parser *p)
{
    const json_t *model = json_object_get(p->root, "model");
    const json_t *vocabulary = json_object_get(model, "vocab");
    T2V_TRY(check_type(p, model));
    T2V_TRY(allocate(p, vocabulary));
    p->model->model_type = 1;
    uint8_t *end = p->model->bytes;
    T2V_TRY(read_pieces(p, vocabulary, &end));
    T2V_TRY(read_charsmap(p, end));
    T2V_TRY(mark_special(p, model));
    t2v_spiece_model_drop_sentinels(p->model);
    return T2V_OK;
}

t2v_status t2v_tokenizer_json_parse(const char *path, t2v_spiece_model *model, t2v_error *error)
{
    json_t *root;
    T2V_TRY(t2v_json_parse(path, (const char *)model->bytes, model->byte_count, MAX_VALUES, &root,
                           error));
    t2v_status status = parse(&(parser){path, root, model, error});
    json_decref(root);
    return status;
}
