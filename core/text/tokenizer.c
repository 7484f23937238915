/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of T5Tokenizer in transformers 5, on the text as the user typed it: special tokens are
 * cut out; the rest is normalised and split at white space; every word gets the prefix "▁" (and is
 * split before each further "▁"); every word is encoded by itself.
 */
#include "text/tokenizer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "text/charsmap.h"
#include "text/spiece_model.h"
#include "text/text_buffer.h"
#include "text/tokenizer_gguf.h"
#include "text/unigram.h"

/* T5Tokenizer gives the unknown this id, whatever the file says (where UMT5 has <s>). */
enum { UNKNOWN_ID = 2, UNIGRAM_MODEL = 1, MAX_TEXT = 1 << 20 };

static const char WORD_START[] = "\xe2\x96\x81"; /* ▁ */
enum { WORD_START_BYTES = sizeof(WORD_START) - 1 };

struct t2v_tokenizer {
    t2v_spiece_model model; /* keeps the file for the map and the special tokens */
    t2v_charsmap charsmap;
    t2v_unigram *unigram; /* the file's pieces and the sentinels */
    t2v_unigram *special; /* the special tokens; its ids index special_ids */
    int32_t *special_ids;
    int end_id, pad_id;
};

/* ------------------------------------------------------------------ opening */

static t2v_status add_special(t2v_tokenizer *tokenizer, const char *text, size_t bytes, int id,
                              t2v_error *error)
{
    if (t2v_unigram_find(tokenizer->special, text, bytes) >= 0)
        return T2V_OK;
    tokenizer->special_ids[t2v_unigram_count(tokenizer->special)] = id;
    return t2v_unigram_add(tokenizer->special, text, bytes, 0, error);
}

static bool is_special(const t2v_piece *piece)
{
    return piece->type == T2V_PIECE_UNKNOWN || piece->type == T2V_PIECE_CONTROL ||
           piece->type == T2V_PIECE_USER_DEFINED;
}

static t2v_status add_pieces(t2v_tokenizer *tokenizer, const char *path, t2v_error *error)
{
    for (int id = 0; id < tokenizer->model.count; id++) {
        const t2v_piece *piece = &tokenizer->model.pieces[id];
        if (t2v_unigram_find(tokenizer->unigram, piece->text, piece->bytes) >= 0)
            return t2v_fail(error, T2V_ERROR_FORMAT, "%s: piece %d, \"%.*s\", is there twice", path,
                            id, (int)piece->bytes, piece->text);
        T2V_TRY(
            t2v_unigram_add(tokenizer->unigram, piece->text, piece->bytes, piece->score, error));
        if (is_special(piece))
            T2V_TRY(add_special(tokenizer, piece->text, piece->bytes, id, error));
    }
    return T2V_OK;
}

static t2v_status add_sentinels(t2v_tokenizer *tokenizer, t2v_error *error)
{
    for (int i = T2V_SENTINELS - 1; i >= 0; i--) {
        char text[32];
        size_t bytes = (size_t)snprintf(text, sizeof(text), "<extra_id_%d>", i);
        int id = t2v_unigram_find(tokenizer->unigram, text, bytes);
        if (id < 0) {
            id = tokenizer->model.count + T2V_SENTINELS - 1 - i;
            T2V_TRY(t2v_unigram_add(tokenizer->unigram, text, bytes, 0, error));
        }
        T2V_TRY(add_special(tokenizer, text, bytes, id, error));
    }
    return T2V_OK;
}

static t2v_status find_named(t2v_tokenizer *tokenizer, const char *path, const char *text, int *id,
                             t2v_error *error)
{
    *id = t2v_unigram_find(tokenizer->unigram, text, strlen(text));
    if (*id < 0)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: there is no piece %s, which a T5 tokenizer has", path, text);
    return add_special(tokenizer, text, strlen(text), *id, error);
}

static bool has_unknown(const t2v_spiece_model *model)
{
    for (int id = 0; id < model->count; id++)
        if (model->pieces[id].type == T2V_PIECE_UNKNOWN)
            return true;
    return false;
}

static t2v_status check_model(const t2v_spiece_model *model, const char *path, t2v_error *error)
{
    if (model->model_type != UNIGRAM_MODEL)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: a SentencePiece model of type %lld, only unigram models (type 1) "
                        "are supported",
                        path, (long long)model->model_type);
    if (model->count <= UNKNOWN_ID || !has_unknown(model))
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: there is no unknown piece, which a T5 tokenizer has", path);
    return T2V_OK;
}

static t2v_status build(t2v_tokenizer *tokenizer, const char *path, t2v_error *error)
{
    const t2v_spiece_model *model = &tokenizer->model;
    int capacity = model->count + T2V_SENTINELS;
    T2V_TRY(check_model(model, path, error));
    T2V_TRY(t2v_charsmap_open(path, model->charsmap, model->charsmap_bytes, &tokenizer->charsmap,
                              error));
    tokenizer->unigram = t2v_unigram_create(capacity, UNKNOWN_ID);
    tokenizer->special = t2v_unigram_create(capacity, UNKNOWN_ID);
    tokenizer->special_ids = t2v_calloc((size_t)capacity, sizeof(int32_t));
    if (!tokenizer->unigram || !tokenizer->special || !tokenizer->special_ids)
        return t2v_fail_memory(error, "the vocabulary", (size_t)capacity * sizeof(double));
    T2V_TRY(add_pieces(tokenizer, path, error));
    T2V_TRY(find_named(tokenizer, path, "</s>", &tokenizer->end_id, error));
    T2V_TRY(find_named(tokenizer, path, "<pad>", &tokenizer->pad_id, error));
    return add_sentinels(tokenizer, error);
}

/* Makes the tokenizer of a model that was read with this status; the model is the tokenizer's. */
static t2v_status create(const char *path, t2v_status status, t2v_spiece_model *model,
                         t2v_tokenizer **tokenizer, t2v_error *error)
{
    t2v_tokenizer *made = status < 0 ? NULL : t2v_calloc(1, sizeof(*made));
    *tokenizer = NULL;
    if (!made) {
        t2v_spiece_model_free(model);
        return status < 0 ? status : t2v_fail_memory(error, "the tokenizer", sizeof(*made));
    }
    made->model = *model;
    status = build(made, path, error);
    if (status < 0)
        t2v_tokenizer_close(&made);
    *tokenizer = made;
    return status;
}

t2v_status t2v_tokenizer_open(const char *path, t2v_tokenizer **tokenizer, t2v_error *error)
{
    t2v_spiece_model model = {0};
    t2v_status status = t2v_spiece_model_read(path, &model, error);
    return create(path, status, &model, tokenizer, error);
}

t2v_status t2v_tokenizer_copy(const char *path, const void *bytes, size_t count,
                              t2v_tokenizer **tokenizer, t2v_error *error)
{
    t2v_spiece_model model = {0};
    t2v_status status = t2v_spiece_model_copy(path, bytes, count, &model, error);
    return create(path, status, &model, tokenizer, error);
}

t2v_status t2v_tokenizer_from_gguf(const t2v_gguf *file, t2v_tokenizer **tokenizer,
                                   t2v_error *error)
{
    t2v_spiece_model model = {0};
    t2v_status status = t2v_tokenizer_gguf_read(file, &model, error);
    return create(t2v_gguf_path(file), status, &model, tokenizer, error);
}

void t2v_tokenizer_close(t2v_tokenizer **tokenizer)
{
    if (!*tokenizer)
        return;
    t2v_unigram_free((*tokenizer)->unigram);
    t2v_unigram_free((*tokenizer)->special);
    t2v_free((*tokenizer)->special_ids);
    t2v_spiece_model_free(&(*tokenizer)->model);
    t2v_free(*tokenizer);
    *tokenizer = NULL;
}

int t2v_tokenizer_pieces(const t2v_tokenizer *tokenizer)
{
    return tokenizer->model.count;
}

/* ------------------------------------------------------------------ encoding */

/* An encoding in progress: ids beyond the capacity are counted, not kept. */
typedef struct encoding {
    const t2v_tokenizer *tokenizer;
    int64_t *ids;
    size_t capacity, count;
    t2v_text_buffer normal, word;
    t2v_unigram_node *nodes; /* of the longest word so far */
    int32_t *pieces;
    size_t longest;
    t2v_error *error;
} encoding;

static void add_id(encoding *e, int id)
{
    if (e->count < e->capacity)
        e->ids[e->count] = id;
    e->count++;
}

static t2v_status reserve_nodes(encoding *e, size_t bytes)
{
    if (bytes <= e->longest)
        return T2V_OK;
    t2v_free(e->nodes);
    t2v_free(e->pieces);
    e->longest = 2 * bytes;
    e->nodes = t2v_calloc(e->longest + 1, sizeof(*e->nodes));
    e->pieces = t2v_calloc(e->longest, sizeof(*e->pieces));
    if (!e->nodes || !e->pieces)
        return t2v_fail_memory(e->error, "a word", e->longest * sizeof(*e->nodes));
    return T2V_OK;
}

static t2v_status encode_piece_of_word(encoding *e, const char *text, size_t bytes)
{
    T2V_TRY(reserve_nodes(e, bytes));
    size_t count = t2v_unigram_encode(e->tokenizer->unigram, text, bytes, e->nodes, e->pieces);
    for (size_t i = 0; i < count; i++)
        add_id(e, e->pieces[i]);
    return T2V_OK;
}

static bool starts_word(const char *text, size_t bytes)
{
    return bytes >= WORD_START_BYTES && !memcmp(text, WORD_START, WORD_START_BYTES);
}

/* Encodes what stands between white space; it may hold the word mark itself. */
static t2v_status encode_word(encoding *e, const char *text, size_t bytes)
{
    e->word.bytes = 0;
    if (!starts_word(text, bytes))
        T2V_TRY(t2v_text_buffer_append(&e->word, WORD_START, WORD_START_BYTES, e->error));
    T2V_TRY(t2v_text_buffer_append(&e->word, text, bytes, e->error));
    size_t start = 0;
    for (size_t end = 1; end <= e->word.bytes; end++) {
        if (end < e->word.bytes && !starts_word(e->word.data + end, e->word.bytes - end))
            continue;
        T2V_TRY(encode_piece_of_word(e, e->word.data + start, end - start));
        start = end;
    }
    return T2V_OK;
}

static t2v_status encode_words(encoding *e, const char *text, size_t bytes)
{
    size_t start = 0;
    for (size_t i = 0; i < bytes;) {
        size_t space = t2v_utf8_space(text + i, bytes - i);
        if (!space) {
            i += t2v_utf8_length(text + i, bytes - i);
            continue;
        }
        if (i > start)
            T2V_TRY(encode_word(e, text + start, i - start));
        i += space;
        start = i;
    }
    return bytes > start ? encode_word(e, text + start, bytes - start) : T2V_OK;
}

/* Encodes what stands between special tokens. */
static t2v_status encode_plain(encoding *e, const char *text, size_t bytes)
{
    e->normal.bytes = 0;
    T2V_TRY(t2v_charsmap_apply(&e->tokenizer->charsmap, text, bytes, &e->normal, e->error));
    return encode_words(e, e->normal.data, e->normal.bytes);
}

static t2v_status encode_text(encoding *e, const char *text, size_t bytes)
{
    size_t start = 0;
    for (size_t i = 0; i < bytes;) {
        int index;
        size_t length = t2v_unigram_longest(e->tokenizer->special, text + i, bytes - i, &index);
        if (!length) {
            i += t2v_utf8_length(text + i, bytes - i);
            continue;
        }
        T2V_TRY(encode_plain(e, text + start, i - start));
        add_id(e, e->tokenizer->special_ids[index]);
        i += length;
        start = i;
    }
    return encode_plain(e, text + start, bytes - start);
}

static t2v_status check_text(const char *text, int length, t2v_error *error)
{
    size_t bytes = strlen(text);
    if (length < 1)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%d token ids, wanted 1 or more", length);
    if (bytes > MAX_TEXT)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "the prompt has %zu bytes, at most %d are read",
                        bytes, MAX_TEXT);
    for (size_t i = 0; i < bytes;) {
        size_t step = t2v_utf8_length(text + i, bytes - i);
        if (!step)
            return t2v_fail(error, T2V_ERROR_ARGUMENT, "the prompt is not UTF-8 at byte %zu", i);
        i += step;
    }
    return T2V_OK;
}

/* `</s>` and padding behind what fits. */
static void finish(const encoding *e, int length, int *used, int *lost)
{
    size_t kept = e->count < e->capacity ? e->count : e->capacity;
    e->ids[kept] = e->tokenizer->end_id;
    for (int i = (int)kept + 1; i < length; i++)
        e->ids[i] = e->tokenizer->pad_id;
    if (used)
        *used = (int)kept + 1;
    if (lost)
        *lost = (int)(e->count - kept);
}

t2v_status t2v_tokenizer_encode(const t2v_tokenizer *tokenizer, const char *text, int length,
                                int64_t *ids, int *used, int *lost, t2v_error *error)
{
    T2V_TRY(check_text(text, length, error));
    encoding e = {
        .tokenizer = tokenizer, .ids = ids, .capacity = (size_t)length - 1, .error = error};
    t2v_status status = encode_text(&e, text, strlen(text));
    if (status == T2V_OK)
        finish(&e, length, used, lost);
    t2v_text_buffer_free(&e.normal);
    t2v_text_buffer_free(&e.word);
    t2v_free(e.nodes);
    t2v_free(e.pieces);
    return status;
}
