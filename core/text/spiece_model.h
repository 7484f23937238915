/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The file of a SentencePiece model (a protocol buffer), or of the same in the tokenizers library's
 * JSON, read with every length checked.
 */
#ifndef T2V_TEXT_SPIECE_MODEL_H
#define T2V_TEXT_SPIECE_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** ModelProto.SentencePiece.Type */
typedef enum t2v_piece_type {
    T2V_PIECE_NORMAL = 1,
    T2V_PIECE_UNKNOWN,
    T2V_PIECE_CONTROL,
    T2V_PIECE_USER_DEFINED,
    T2V_PIECE_UNUSED,
    T2V_PIECE_BYTE,
} t2v_piece_type;

/** Bytes of all pieces and the map; what is made of them takes a few dozen times as much. */
enum { T2V_MAX_PIECES = 1000000, T2V_MAX_PIECE_BYTES = 1024, T2V_MAX_VOCABULARY = 64 << 20 };

/** Of T5: <extra_id_99> … <extra_id_0>, behind the pieces. */
enum { T2V_SENTINELS = 100 };

/** A piece; its text lies in the model's bytes and is not ended by a NUL. */
typedef struct t2v_piece {
    const char *text;
    size_t bytes;
    float score;
    t2v_piece_type type;
} t2v_piece;

/** What of the file a tokenizer needs. A zeroed one is empty. */
typedef struct t2v_spiece_model {
    uint8_t *bytes; /**< the file's or copies of its strings, which the rest points into */
    size_t byte_count;
    t2v_piece *pieces;
    int count;
    const uint8_t *charsmap; /**< NormalizerSpec.precompiled_charsmap; NULL when there is none */
    size_t charsmap_bytes;
    int64_t model_type; /**< TrainerSpec.ModelType; 1: unigram */
} t2v_spiece_model;

/**
 * Reads a file of at most 64 MiB: spiece.model, or tokenizer.json, told apart by the first byte.
 * Every piece is well-formed UTF-8 of 1 to 1024 bytes with a
 * finite score and a known type; there is at least one and at most a million.
 */
t2v_status t2v_spiece_model_read(const char *path, t2v_spiece_model *model, t2v_error *error);

/** Likewise for a file that is in memory. @param path of where it comes from, for messages */
t2v_status t2v_spiece_model_copy(const char *path, const void *bytes, size_t count,
                                 t2v_spiece_model *model, t2v_error *error);

/** Checks one piece as said above; `id` is for the message. */
t2v_status t2v_piece_check(const t2v_piece *piece, const char *path, int id, t2v_error *error);

/** Takes <extra_id_99> … <extra_id_0> off the end of the pieces when all are there. */
void t2v_spiece_model_drop_sentinels(t2v_spiece_model *model);

void t2v_spiece_model_free(t2v_spiece_model *model);

#endif
