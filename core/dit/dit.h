/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the engine knows of a diffusion transformer, whatever its family. */
#ifndef T2V_DIT_DIT_H
#define T2V_DIT_DIT_H

#include "base/ranks.h"
#include "ops/exec.h"
#include "sample/step_cache.h"
#include "weights/checkpoint.h"

/** Sizes of a diffusion transformer. */
typedef struct t2v_dit_info {
    int64_t in_channels, out_channels; /**< of a token */
    int64_t picture_width;             /**< of embeddings of given pictures; 0: it reads none */
    int64_t picture_tokens; /**< how many of them it wants: a first and a last picture's; 0: any */
    int64_t text_width;     /**< of the embeddings that it reads */
    int64_t patch, patch_time;   /**< latent positions in a token */
    int64_t position_pairs;      /**< rotated pairs of channels, see prepare_positions */
    double operations_per_token; /**< products of one step, attention left out */
    double operations_per_pair;  /**< attention, for each pair of query and key */
    bool teacache;               /**< a polynomial of TeaCache is published for it */
} t2v_dit_info;

/** Keys and values for cross-attention, of a prompt or pictures, computed once for a generation. */
typedef struct t2v_dit_text t2v_dit_text;

/** Angles of the rotary embedding: cosine and sine, each [tokens, position_pairs]. */
typedef struct t2v_positions {
    float *cosine, *sine;
} t2v_positions;

/** One evaluation. */
typedef struct t2v_dit_input {
    int64_t tokens;
    const float *x;        /**< [tokens, in_channels] */
    int groups;            /**< tokens of one group share a timestep */
    const float *timestep; /**< [groups] */
    const int32_t *group;  /**< [tokens]; NULL: all of group 0 */
    const t2v_dit_text *text;
    const t2v_dit_text *picture; /**< NULL: none is given */
    const t2v_positions *positions;
    const t2v_team *team;  /**< has a part of the tokens each; NULL: these are all */
    int64_t team_tokens;   /**< of all parts */
    t2v_step_cache *cache; /**< of this row of evaluations; NULL: everything is computed */
} t2v_dit_input;

/** A class of diffusion transformers. */
typedef struct t2v_dit_class {
    const char *name; /**< of the class in diffusers */

    /** @param component outlives the transformer */
    t2v_status (*create)(const t2v_component *component, void **dit, t2v_error *error);
    void (*destroy)(void *dit);
    void (*describe)(const void *dit, t2v_dit_info *info);

    /**
     * @param embeddings [length, text_width]
     * @param used       the first `used` rows are text, the rest is padding
     */
    t2v_status (*prepare_text)(t2v_exec *exec, const void *dit, const float *embeddings,
                               int64_t length, int64_t used, t2v_dit_text **text);
    /**
     * The same for what a vision encoder says of the given pictures. NULL for classes that read no
     * such thing.
     *
     * @param embeddings [tokens, picture_width]
     */
    t2v_status (*prepare_picture)(t2v_exec *exec, const void *dit, const float *embeddings,
                                  int64_t tokens, t2v_dit_text **picture);
    void (*free_text)(t2v_dit_text *text);

    /** @param coordinates [tokens, 3]: seconds, pixel row, pixel column of each token, unless the
     *                     class says otherwise */
    t2v_status (*prepare_positions)(t2v_exec *exec, const void *dit, const float *coordinates,
                                    int64_t tokens, t2v_positions *positions);

    /** @param out [tokens, out_channels] */
    t2v_status (*run)(t2v_exec *exec, const void *dit, const t2v_dit_input *input, float *out);

    /**
     * Gives the transformer a second one that takes its place at timesteps below `boundary`. NULL
     * for classes without.
     *
     * @param component outlives the transformer
     */
    t2v_status (*add_expert)(void *dit, const t2v_component *component, double boundary,
                             t2v_error *error);
} t2v_dit_class;

/** LTXVideoTransformer3DModel */
extern const t2v_dit_class t2v_dit_ltx;
/** WanTransformer3DModel; coordinates are a token's frame, row and column. */
extern const t2v_dit_class t2v_dit_wan;

#endif
