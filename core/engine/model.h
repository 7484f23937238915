/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** An opened model: everything that its streams share. */
#ifndef T2V_ENGINE_MODEL_H
#define T2V_ENGINE_MODEL_H

#include <stdatomic.h>

#include "base/log.h"
#include "engine/family.h"
#include "engine/lora_list.h"
#include "ops/kept.h"
#include "tensor/precision.h"
#include "text/t5.h"
#include "text/tokenizer.h"
#include "vision/vision_encoder.h"
#include "vision/vision_picture.h"

struct t2v_model {
    atomic_int references;
    t2v_kept kept; /**< of all its weights and streams */
    bool limited;  /**< its limit was asked for by max_memory, else it is what is free */
    t2v_model_params params;
    t2v_log log;
    const t2v_family *family;
    char *name, *licence;

    t2v_checkpoint *checkpoint;
    t2v_component *text_component, *dit_component, *vae_component;
    t2v_component *expert_component; /**< a second transformer; NULL: there is none */
    double boundary;                 /**< it takes the timesteps below; 0: there is none */
    t2v_component *vision_component; /**< of an encoder of given pictures; NULL: there is none */
    t2v_lora_list loras;             /**< merged into the transformers' weights */
    t2v_tokenizer *tokenizer;
    t2v_t5 *t5;
    t2v_vision *vision; /**< NULL: there is none */
    t2v_vision_picture vision_picture;
    void *dit, *vae;
    const t2v_vae_class *vae_class; /**< of `vae`: the family's, or what stands in for it */
    t2v_scheduler scheduler;
    t2v_picture_use pictures;

    t2v_dit_info dit_info;
    t2v_vae_info vae_info;
    t2v_family_defaults defaults; /**< the family's, or those that the folder states */
    t2v_sigmas sigmas;            /**< that the folder states, in place of steps; mostly none */
    int chunk;                    /**< pictures of one pass when streaming; 0: all in one */
    int context;                  /**< latent frames that a pass is given of the one before */
    double decode_timestep;
    double steady;           /**< strength of the anchor that holds a long scene; 0: none */
    t2v_precision precision; /**< of what need not be floats: the option, where it can be had */
};

/** Whether prepared weights may be too many for the limit, so that streams have to plan. */
bool t2v_model_plans_memory(const t2v_model *model);

/** Whether a pass is a clip of its own that begins with the last picture of the one before. */
bool t2v_joins_by_picture(const t2v_model *model);
/** Channels beside the latents: a mask of each picture of a latent frame, and given latents. */
int64_t t2v_beside_channels(const t2v_model *model);

#endif
