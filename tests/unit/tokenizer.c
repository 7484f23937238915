/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/spiece_model.h"
#include "text/tokenizer.h"

/* ------------------------------------------------------------------ a small spiece.model */

enum { FILE_LIMIT = 1 << 20, TRIE_NODES = 32, VALUE_LIMIT = 256 };

/* Bytes of a protocol buffer being written. */
typedef struct writer {
    uint8_t bytes[FILE_LIMIT];
    size_t count;
} writer;

static void put(writer *w, const void *data, size_t bytes)
{
    assert_true(w->count + bytes <= sizeof(w->bytes));
    memcpy(w->bytes + w->count, data, bytes);
    w->count += bytes;
}

static void put_varint(writer *w, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        put(w, &(uint8_t){(uint8_t)(0x80 | (value & 0x7f))}, 1);
    put(w, &(uint8_t){(uint8_t)value}, 1);
}

static void put_message(writer *w, int number, const void *data, size_t bytes)
{
    put_varint(w, (uint64_t)number << 3 | 2);
    put_varint(w, bytes);
    put(w, data, bytes);
}

typedef struct piece {
    const char *text;
    float score;
    t2v_piece_type type;
} piece;

static void put_piece(writer *w, const piece *p)
{
    static writer inner;
    inner.count = 0;
    put_message(&inner, 1, p->text, strlen(p->text));
    put_varint(&inner, 2 << 3 | 5);
    put(&inner, &p->score, 4);
    put_varint(&inner, 3 << 3);
    put_varint(&inner, p->type);
    put_message(w, 1, inner.bytes, inner.count);
}

/* A double-array trie in which every node has 256 words of its own for its children. */
typedef struct trie {
    uint32_t units[TRIE_NODES * 256];
    uint32_t nodes;
    char values[VALUE_LIMIT];
    uint32_t value_bytes;
} trie;

static void add_rule(trie *t, const char *key, const char *value)
{
    uint32_t node = 0, index = 0;
    for (const char *at = key; *at; at++) {
        index = node * 256 + (uint8_t)*at;
        if (!t->units[index]) {
            uint32_t fresh = t->nodes++;
            assert_true(fresh < TRIE_NODES);
            t->units[index] = (uint32_t)(uint8_t)*at | (index ^ fresh * 256) << 10;
        }
        node = (t->units[index] >> 10 ^ index) / 256;
    }
    t->units[index] |= 1u << 8;
    t->units[node * 256] = 1u << 31 | t->value_bytes;
    memcpy(t->values + t->value_bytes, value, strlen(value) + 1);
    t->value_bytes += (uint32_t)strlen(value) + 1;
}

/* The normaliser's map as the files hold it. */
static void put_map(writer *map)
{
    static trie t;
    memset(&t, 0, sizeof(t));
    t.nodes = 1;
    add_rule(&t, "\n", " ");
    add_rule(&t, "\t", " ");
    add_rule(&t, "\u3000", " ");
    add_rule(&t, "\ufb01", "fi");      /* ﬁ */
    add_rule(&t, "\uff21", "A");       /* Ａ */
    add_rule(&t, "\uff1c", "<");       /* ＜ */
    add_rule(&t, "\u00aa", "a");       /* ª */
    add_rule(&t, "e\u0301", "\u00e9"); /* é */
    add_rule(&t, "\u200b", "");
    uint32_t bytes = t.nodes * 1024;
    put(map, &bytes, 4);
    put(map, t.units, bytes);
    put(map, t.values, t.value_bytes);
}

static void put_normalizer(writer *w)
{
    static writer map, inner;
    map.count = inner.count = 0;
    put_map(&map);
    put_message(&inner, 2, map.bytes, map.count);
    put_message(w, 3, inner.bytes, inner.count);
}

static const piece PIECES[] = {
    {"<pad>", 0, T2V_PIECE_CONTROL},   {"</s>", 0, T2V_PIECE_CONTROL},
    {"<unk>", 0, T2V_PIECE_UNKNOWN},   {"▁", -2.5f, T2V_PIECE_NORMAL},
    {"a", -3.1f, T2V_PIECE_NORMAL},    {"▁a", -2.7f, T2V_PIECE_NORMAL},
    {"e", -3.3f, T2V_PIECE_NORMAL},    {"l", -3.77f, T2V_PIECE_NORMAL},
    {"ll", -4.13f, T2V_PIECE_NORMAL},  {"▁wave", -4.5f, T2V_PIECE_NORMAL},
    {"s", -3.2f, T2V_PIECE_NORMAL},    {"w", -5.0f, T2V_PIECE_NORMAL},
    {"v", -5.0f, T2V_PIECE_NORMAL},    {"fi", -5.5f, T2V_PIECE_NORMAL},
    {"é", -6.0f, T2V_PIECE_NORMAL},    {"光", -6.5f, T2V_PIECE_NORMAL},
    {"极光", -7.0f, T2V_PIECE_NORMAL}, {"<", -7.5f, T2V_PIECE_NORMAL},
    {"A", -7.5f, T2V_PIECE_NORMAL},    {"[x]", 0, T2V_PIECE_USER_DEFINED},
    {"<0x41>", 0, T2V_PIECE_BYTE},
};
enum { PIECE_COUNT = sizeof(PIECES) / sizeof(PIECES[0]) };

static void put_model(writer *w)
{
    for (int i = 0; i < PIECE_COUNT; i++)
        put_piece(w, &PIECES[i]);
    put_normalizer(w);
}

/* Opens the bytes by way of a file. */
static t2v_status open_bytes(const void *bytes, size_t count, t2v_tokenizer **tokenizer,
                             t2v_error *error)
{
    char path[] = "/tmp/t2v-spiece-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, count), (ssize_t)count);
    close(fd);
    t2v_status status = t2v_tokenizer_open(path, tokenizer, error);
    unlink(path);
    return status;
}

/* ------------------------------------------------------------------ the same as tokenizer.json */

static void put_text(writer *w, const char *text)
{
    put(w, text, strlen(text));
}

static void put_base64(writer *w, const uint8_t *data, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes; i += 3) {
        uint32_t bits = 0;
        for (size_t k = i; k < i + 3; k++)
            bits = bits << 8 | (k < bytes ? data[k] : 0);
        for (int k = 0; k < 4; k++)
            put(w, i + (size_t)k <= bytes ? &digits[bits >> (18 - 6 * k) & 63] : "=", 1);
    }
}

static void put_json_pieces(writer *w)
{
    for (int i = 0; i < PIECE_COUNT + 100; i++) {
        char text[100];
        if (i < PIECE_COUNT)
            snprintf(text, sizeof(text), "%s[\"%s\", %.9g]", i ? "," : "", PIECES[i].text,
                     (double)PIECES[i].score);
        else
            snprintf(text, sizeof(text), ",[\"<extra_id_%d>\", 0.0]", PIECE_COUNT + 99 - i);
        put_text(w, text);
    }
}

/* `sequence` wraps the normaliser as some files do. */
static void put_json(writer *w, bool sequence)
{
    static writer map;
    map.count = 0;
    put_map(&map);
    put_text(w, "{\"added_tokens\": [{\"id\": 0, \"content\": \"<pad>\"},"
                "{\"id\": 1, \"content\": \"</s>\"}, {\"id\": 2, \"content\": \"<unk>\"},"
                "{\"id\": 19, \"content\": \"[x]\"}], \"normalizer\": ");
    put_text(w, sequence ? "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Nmt\"}," : "");
    put_text(w, "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"");
    put_base64(w, map.bytes, map.count);
    put_text(w, sequence ? "\"}]}" : "\"}");
    put_text(w, ", \"model\": {\"type\": \"Unigram\", \"unk_id\": 2, \"vocab\": [");
    put_json_pieces(w);
    put_text(w, "]}}");
}

static writer file; /* the model, made once */

static int make_model(void **state)
{
    (void)state;
    file.count = 0;
    put_model(&file);
    return 0;
}

static t2v_tokenizer *open_model(void)
{
    t2v_tokenizer *tokenizer;
    t2v_error error = {0};
    t2v_status status = open_bytes(file.bytes, file.count, &tokenizer, &error);
    if (status < 0)
        fail_msg("%s", error.text);
    return tokenizer;
}

/* ------------------------------------------------------------------ encoding */

enum { LIMIT = 16 };

/* The ids were computed by T5Tokenizer of transformers 5.23 from the model above. */
static const struct {
    const char *text;
    int count;
    int64_t ids[LIMIT];
} GOLDEN[] = {
    {"", 1, {1}},
    {"   ", 1, {1}},
    {"waves", 3, {9, 10, 1}},
    {" wave  wave ", 3, {9, 9, 1}},
    {"a\012wave\011a\343\200\200a", 5, {5, 9, 5, 5, 1}},
    {"lll", 4, {3, 7, 8, 1}},
    {"llllll", 5, {3, 8, 8, 8, 1}},
    /* sums of scores in float would decide for {5, 8, 8, 7} and {3, 10, 4, 8, 7, 10, 7} */
    {"alllll", 5, {5, 7, 8, 8, 1}},
    {"salllsl", 8, {3, 10, 4, 7, 8, 10, 7, 1}},
    {"qq q aqqa", 8, {3, 2, 3, 2, 5, 2, 4, 1}},
    {"a</s>b<pad>", 6, {5, 1, 3, 2, 0, 1}},
    {"<unk>a<unk>", 4, {2, 5, 2, 1}},
    {"<extra_id_0> a<extra_id_99>", 4, {120, 5, 21, 1}},
    {"＜extra_id_7>", 3, {3, 113, 1}},
    {"＜/s>", 3, {3, 1, 1}},
    {"a[x]a", 4, {5, 19, 5, 1}},
    {"<0x41>", 3, {3, 20, 1}},
    {"ﬁ Ａ", 5, {3, 13, 3, 18, 1}},
    {"e\314\201", 3, {3, 14, 1}},
    {"a\342\200\213ll", 3, {5, 8, 1}},
    {"\302\252\314\201l", 3, {5, 7, 1}},
    {"\357\254\201\314\201", 3, {3, 13, 1}},
    {"\302\252\314\201\314\202l", 4, {5, 2, 7, 1}},
    {"w▁a▁▁", 6, {3, 11, 5, 3, 3, 1}},
    {"极光光", 4, {3, 16, 15, 1}},
    {"a\302\240a\342\200\203a", 4, {5, 5, 5, 1}},
    {"q<\342\200\213unk>q", 3, {3, 2, 1}},
    {"</s", 5, {3, 17, 2, 10, 1}},
};

/* Compares with GOLDEN and closes the tokenizer. */
static void assert_golden(t2v_tokenizer *tokenizer)
{
    for (size_t i = 0; i < sizeof(GOLDEN) / sizeof(GOLDEN[0]); i++) {
        int64_t ids[LIMIT];
        int used, lost;
        assert_int_equal(
            t2v_tokenizer_encode(tokenizer, GOLDEN[i].text, LIMIT, ids, &used, &lost, NULL),
            T2V_OK);
        if (used != GOLDEN[i].count)
            fail_msg("\"%s\": %d ids, wanted %d", GOLDEN[i].text, used, GOLDEN[i].count);
        assert_int_equal(lost, 0);
        for (int k = 0; k < LIMIT; k++)
            if (ids[k] != (k < used ? GOLDEN[i].ids[k] : 0))
                fail_msg("\"%s\": id %d is %d", GOLDEN[i].text, k, (int)ids[k]);
    }
    t2v_tokenizer_close(&tokenizer);
    assert_null(tokenizer);
}

static void every_text_becomes_the_ids_of_the_reference(void **state)
{
    (void)state;
    assert_golden(open_model());
}

static void a_tokenizer_json_gives_the_same_ids(void **state)
{
    (void)state;
    for (int sequence = 0; sequence < 2; sequence++) {
        static writer w;
        t2v_tokenizer *tokenizer;
        t2v_error error = {0};
        w.count = 0;
        put_json(&w, sequence);
        if (open_bytes(w.bytes, w.count, &tokenizer, &error) < 0)
            fail_msg("%s", error.text);
        assert_int_equal(t2v_tokenizer_pieces(tokenizer), PIECE_COUNT);
        assert_golden(tokenizer);
    }
}

static void a_long_text_loses_its_end_but_keeps_the_mark(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer = open_model();
    int64_t ids[4];
    int used, lost;
    t2v_tokenizer_encode(tokenizer, "a a a a a", 4, ids, &used, &lost, NULL);
    assert_int_equal(used, 4);
    assert_int_equal(lost, 2);
    assert_true(ids[0] == 5 && ids[1] == 5 && ids[2] == 5 && ids[3] == 1);
    t2v_tokenizer_encode(tokenizer, "a a a", 4, ids, &used, &lost, NULL);
    assert_int_equal(lost, 0);
    t2v_tokenizer_encode(tokenizer, "a", 1, ids, &used, &lost, NULL);
    assert_int_equal(lost, 1);
    assert_int_equal(ids[0], 1);
    t2v_tokenizer_encode(tokenizer, "a", 2, ids, NULL, NULL, NULL);
    assert_true(ids[0] == 5 && ids[1] == 1);
    t2v_tokenizer_close(&tokenizer);
}

static void sentinels_are_counted_down_behind_the_pieces(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer = open_model();
    int64_t ids[3];
    assert_int_equal(t2v_tokenizer_pieces(tokenizer), PIECE_COUNT);
    t2v_tokenizer_encode(tokenizer, "<extra_id_0><extra_id_99>", 3, ids, NULL, NULL, NULL);
    assert_int_equal(ids[0], PIECE_COUNT + 99);
    assert_int_equal(ids[1], PIECE_COUNT);
    t2v_tokenizer_close(&tokenizer);
}

static void what_is_no_utf8_is_named_by_its_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"abc\xff", "at byte 3"},          {"\xc3", "at byte 0"},
        {"é\xed\xa0\x80", "at byte 2"},    {"a\xc0\x80", "at byte 1"},
        {"\xf4\x90\x80\x80", "at byte 0"}, {"\xe2\x96", "at byte 0"},
    };
    t2v_tokenizer *tokenizer = open_model();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ids[4];
        t2v_error error;
        assert_int_equal(t2v_tokenizer_encode(tokenizer, rows[i].text, 4, ids, NULL, NULL, &error),
                         T2V_ERROR_ARGUMENT);
        assert_non_null(strstr(error.text, rows[i].words));
    }
    t2v_tokenizer_close(&tokenizer);
}

static void prompts_without_measure_and_room_for_none_are_refused(void **state)
{
    (void)state;
    enum { HUGE_TEXT = (1 << 20) + 1 };
    t2v_tokenizer *tokenizer = open_model();
    int64_t ids[4];
    t2v_error error;
    char *text = malloc(HUGE_TEXT + 1);
    assert_non_null(text);
    memset(text, 'a', HUGE_TEXT);
    text[HUGE_TEXT] = 0;
    assert_int_equal(t2v_tokenizer_encode(tokenizer, text, 4, ids, NULL, NULL, &error),
                     T2V_ERROR_ARGUMENT);
    text[HUGE_TEXT - 1] = 0;
    assert_int_equal(t2v_tokenizer_encode(tokenizer, text, 4, ids, NULL, NULL, &error), T2V_OK);
    assert_int_equal(t2v_tokenizer_encode(tokenizer, "a", 0, ids, NULL, NULL, &error),
                     T2V_ERROR_ARGUMENT);
    free(text);
    t2v_tokenizer_close(&tokenizer);
}

static void *encode_many_times(void *opaque)
{
    for (int round = 0; round < 200; round++) {
        size_t i = (size_t)round % (sizeof(GOLDEN) / sizeof(GOLDEN[0]));
        int64_t ids[LIMIT];
        int used;
        if (t2v_tokenizer_encode(opaque, GOLDEN[i].text, LIMIT, ids, &used, NULL, NULL) < 0 ||
            used != GOLDEN[i].count || memcmp(ids, GOLDEN[i].ids, (size_t)used * sizeof(*ids)))
            return opaque;
    }
    return NULL;
}

static void threads_share_a_tokenizer(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer = open_model();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, encode_many_times, tokenizer), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    t2v_tokenizer_close(&tokenizer);
}

/* ------------------------------------------------------------------ damaged files */

static void assert_refused(const void *bytes, size_t count, t2v_status status, const char *words)
{
    t2v_tokenizer *tokenizer = (t2v_tokenizer *)&status;
    t2v_error error = {0};
    assert_int_equal(open_bytes(bytes, count, &tokenizer, &error), status);
    assert_null(tokenizer);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

static void what_is_no_model_is_refused_in_words(void **state)
{
    (void)state;
    t2v_tokenizer *tokenizer;
    t2v_error error;
    assert_int_equal(t2v_tokenizer_open("/nonexistent/spiece.model", &tokenizer, &error),
                     T2V_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nonexistent/spiece.model"));
    assert_int_equal(t2v_tokenizer_open("/tmp", &tokenizer, &error), T2V_ERROR_FORMAT);
    assert_refused("", 0, T2V_ERROR_FORMAT, "0 bytes");
    assert_refused("version https://git-lfs.github.com/spec/v1\n", 43, T2V_ERROR_FORMAT,
                   "not a SentencePiece model");
    assert_refused("\x0a\x05\x0a", 3, T2V_ERROR_FORMAT, "at byte");
    assert_refused("\x12\x00", 2, T2V_ERROR_FORMAT, "without pieces");
}

/* Opens a model of these pieces alone. */
static void assert_pieces_refused(const piece *pieces, int count, t2v_status status,
                                  const char *words)
{
    static writer w;
    w.count = 0;
    for (int i = 0; i < count; i++)
        put_piece(&w, &pieces[i]);
    assert_refused(w.bytes, w.count, status, words);
}

static void pieces_that_make_no_vocabulary_are_named(void **state)
{
    (void)state;
    piece pieces[5];
    memcpy(pieces, PIECES, sizeof(pieces));
    pieces[3] = (piece){"", -1, T2V_PIECE_NORMAL};
    assert_pieces_refused(pieces, 5, T2V_ERROR_FORMAT, "piece 3 has 0 bytes");
    pieces[3] = (piece){"\xff", -1, T2V_PIECE_NORMAL};
    assert_pieces_refused(pieces, 5, T2V_ERROR_FORMAT, "piece 3 is not UTF-8");
    pieces[3] = (piece){"x", (float)(1e300 * 1e300), T2V_PIECE_NORMAL};
    assert_pieces_refused(pieces, 5, T2V_ERROR_FORMAT, "piece 3 has no finite score");
    pieces[3] = (piece){"x", -1, (t2v_piece_type)9};
    assert_pieces_refused(pieces, 5, T2V_ERROR_FORMAT, "piece 3 has type");
    pieces[3] = pieces[4];
    assert_pieces_refused(pieces, 5, T2V_ERROR_FORMAT, "there twice");
    assert_pieces_refused(PIECES, 2, T2V_ERROR_FORMAT, "unknown piece");
    pieces[1] = (piece){"x", -1, T2V_PIECE_NORMAL};
    assert_pieces_refused(pieces, 3, T2V_ERROR_FORMAT, "</s>");
}

static void models_of_another_kind_are_unsupported(void **state)
{
    (void)state;
    static writer w;
    memcpy(&w, &file, sizeof(w));
    put_message(&w, 2, "\x18\x02", 2); /* TrainerSpec.model_type: BPE */
    assert_refused(w.bytes, w.count, T2V_ERROR_UNSUPPORTED, "unigram");
}

static void a_damaged_tokenizer_json_is_refused_in_words(void **state)
{
    (void)state;
#define JSON(added, type, unk, vocab, map)                                                         \
    "{\"added_tokens\": [" added "], \"normalizer\": {\"precompiled_charsmap\": " map              \
    "}, \"model\": {\"type\": " type ", \"unk_id\": " unk ", \"vocab\": [" vocab "]}}"
#define VOCABULARY "[\"<pad>\", 0], [\"</s>\", 0], [\"<unk>\", 0]"
    static const struct {
        const char *json, *words;
        t2v_status status;
    } rows[] = {
        {JSON("", "\"Unigram\"", "2", VOCABULARY, "null"), "", T2V_OK},
        {"{", "not valid JSON", T2V_ERROR_FORMAT},
        {"{}", "no model", T2V_ERROR_FORMAT},
        {JSON("", "\"BPE\"", "2", VOCABULARY, "null"), "type BPE", T2V_ERROR_UNSUPPORTED},
        {JSON("", "\"Unigram\"", "2", "", "null"), "0 pieces", T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "2", "[\"a\", 0], [1, 2]", "null"), "piece 1 is not",
         T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "2", "7", "null"), "piece 0 is not", T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "2", "[\"a\", 1e99]", "null"), "finite", T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "3", VOCABULARY, "null"), "unk_id", T2V_ERROR_FORMAT},
        {JSON("{\"id\": 9, \"content\": \"x\"}", "\"Unigram\"", "2", VOCABULARY, "null"),
         "added token 0", T2V_ERROR_UNSUPPORTED},
        {JSON("{\"id\": 1}", "\"Unigram\"", "2", VOCABULARY, "null"), "added token 0",
         T2V_ERROR_UNSUPPORTED},
        {JSON("", "\"Unigram\"", "2", VOCABULARY, "\"A\""), "base64", T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "2", VOCABULARY, "\"A?==\""), "base64", T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "2", VOCABULARY, "5"), "base64", T2V_ERROR_FORMAT},
        {JSON("", "\"Unigram\"", "2", VOCABULARY, "\"AAAAAA==\""), "trie", T2V_ERROR_FORMAT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        t2v_tokenizer *tokenizer;
        t2v_error error = {0};
        assert_int_equal(open_bytes(rows[i].json, strlen(rows[i].json), &tokenizer, &error),
                         rows[i].status);
        if (!strstr(error.text, rows[i].words))
            fail_msg("\"%s\" does not say \"%s\"", error.text, rows[i].words);
        t2v_tokenizer_close(&tokenizer);
    }
}

static void a_model_cut_anywhere_neither_crashes_nor_opens_halfway(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes < file.count; bytes += bytes < 500 ? 1 : 499) {
        t2v_tokenizer *tokenizer;
        t2v_error error = {0};
        t2v_status status = open_bytes(file.bytes, bytes, &tokenizer, &error);
        assert_true(status == T2V_OK ? tokenizer != NULL : error.text[0] && !tokenizer);
        t2v_tokenizer_close(&tokenizer);
    }
}

static void a_model_with_flipped_bytes_never_crashes(void **state)
{
    (void)state;
    static writer w;
    uint32_t random = 1;
    for (int round = 0; round < 600; round++) {
        memcpy(&w, &file, sizeof(w));
        for (int flip = 0; flip < 8; flip++) {
            random = random * 1664525u + 1013904223u;
            /* one half in the pieces, one half in the normaliser behind them */
            size_t at = (random >> 8) % (round % 2 ? 400 : w.count);
            w.bytes[at] ^= (uint8_t)(random >> 24);
        }
        t2v_tokenizer *tokenizer;
        if (open_bytes(w.bytes, w.count, &tokenizer, NULL) < 0)
            continue;
        for (size_t i = 0; i < sizeof(GOLDEN) / sizeof(GOLDEN[0]); i++) {
            int64_t ids[LIMIT];
            t2v_tokenizer_encode(tokenizer, GOLDEN[i].text, LIMIT, ids, NULL, NULL, NULL);
        }
        t2v_tokenizer_close(&tokenizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_becomes_the_ids_of_the_reference),
        cmocka_unit_test(a_tokenizer_json_gives_the_same_ids),
        cmocka_unit_test(a_long_text_loses_its_end_but_keeps_the_mark),
        cmocka_unit_test(sentinels_are_counted_down_behind_the_pieces),
        cmocka_unit_test(what_is_no_utf8_is_named_by_its_byte),
        cmocka_unit_test(prompts_without_measure_and_room_for_none_are_refused),
        cmocka_unit_test(threads_share_a_tokenizer),
        cmocka_unit_test(what_is_no_model_is_refused_in_words),
        cmocka_unit_test(pieces_that_make_no_vocabulary_are_named),
        cmocka_unit_test(models_of_another_kind_are_unsupported),
        cmocka_unit_test(a_damaged_tokenizer_json_is_refused_in_words),
        cmocka_unit_test(a_model_cut_anywhere_neither_crashes_nor_opens_halfway),
        cmocka_unit_test(a_model_with_flipped_bytes_never_crashes),
    };
    return cmocka_run_group_tests(tests, make_model, NULL);
}
