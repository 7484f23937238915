/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The blocks of a diffusion transformer whose norms a timestep modulates: self-attention with
 * rotary positions, attention to the prompt, feed-forward. A family reads their weights and its
 * settings; what runs them is the same for all.
 */
#ifndef T2V_DIT_BLOCKS_H
#define T2V_DIT_BLOCKS_H

#include "dit/adaptive.h"
#include "dit/text_keys.h"

/** One block's weights; all [dim] unless said. */
typedef struct t2v_dit_block {
    float *modulation;    /**< [T2V_MODULATIONS, dim] */
    float *norm1, *norm2; /**< before self-attention and feed-forward; NULL: no weights */
    t2v_linear *qkv, *attention_out;
    float *query_norm, *key_norm;
    float *text_norm, *text_norm_bias; /**< a LayerNorm before text_query; NULL: there is none */
    t2v_linear *text_query, *text_keys_values, *text_out;
    float *text_query_norm, *text_key_norm;
    t2v_linear *picture_key, *picture_value; /**< of given pictures, for the prompt's queries */
    float *picture_key_norm;                 /**< NULL, as both: the family reads no pictures */
    t2v_linear *feed_in, *feed_out;
} t2v_dit_block;

typedef struct t2v_dit_blocks {
    int64_t layers, heads, head_dim, dim; /**< dim: heads × head_dim */
    int64_t feed;                         /**< width inside the feed-forward */
    int64_t rotary_dim; /**< channels with angles of their own: dim, or head_dim */
    bool bf16;          /**< attention in bfloat16 where the processor has it */
    bool centred;       /**< norm1 and norm2 are LayerNorms, else RMS norms */
    float eps;          /**< of norm1, norm2 and text_norm */
    float head_eps;     /**< of the RMS norms of queries and keys, over all heads together */
    const t2v_teacache *teacache; /**< NULL: none is published */
    t2v_dit_block *block;         /**< [layers] */
} t2v_dit_blocks;

/** Makes room for `layers` blocks, all zeros. */
t2v_status t2v_dit_blocks_allocate(t2v_dit_blocks *blocks, t2v_error *error);
void t2v_dit_blocks_free(t2v_dit_blocks *blocks);

/**
 * A prompt's keys and values for all blocks, with a bias of zeros.
 *
 * @param in, out    project the text, with GELU between them
 * @param embeddings [keys, text width]
 */
t2v_status t2v_dit_blocks_read(t2v_exec *exec, const t2v_dit_blocks *blocks, const t2v_linear *in,
                               const t2v_linear *out, const float *embeddings, int64_t keys,
                               t2v_dit_text **text);

/**
 * Likewise of given pictures.
 *
 * @param projected [keys, dim]
 */
t2v_status t2v_dit_blocks_look(t2v_exec *exec, const t2v_dit_blocks *blocks, const float *projected,
                               int64_t keys, t2v_dit_text **picture);

/** Activations of one run, in the arena. */
typedef struct t2v_dit_pass {
    float *hidden;      /**< [tokens, dim]: what the blocks work on */
    float *normed;      /**< [tokens, dim]: free before and behind the blocks */
    float *query;       /**< [heads, tokens, head_dim] */
    float *key, *value; /**< likewise, of all tokens of a team */
    float *gathered[2]; /**< [team_tokens, dim]: its keys and values; NULL: there is no team */
    float *feed;        /**< of some rows: [.., feed], or q, k, v side by side and one of them */
    t2v_adaptive adaptive;
} t2v_dit_pass;

t2v_status t2v_dit_pass_begin(t2v_exec *exec, const t2v_dit_blocks *blocks,
                              const t2v_time_layers *time, const t2v_dit_input *input,
                              t2v_dit_pass *pass);

/** Runs all blocks on pass->hidden, or takes from input->cache what they would add. */
t2v_status t2v_dit_blocks_run(t2v_exec *exec, const t2v_dit_blocks *blocks,
                              const t2v_dit_input *input, t2v_dit_pass *pass);

#endif
