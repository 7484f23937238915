/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What a stream's parameters must be, and how they cut it into chunks: for all that makes or
 *  foretells a stream. */
#ifndef T2V_ENGINE_PARAMS_H
#define T2V_ENGINE_PARAMS_H

#include "engine/plan.h"

/** Ranges, and what the model can do of it. No file is opened. */
t2v_status t2v_params_check(const t2v_model *model, const t2v_stream_params *params,
                            t2v_error *error);

/** Frames of so many seconds at the stream's rate, at least one. */
int64_t t2v_params_frames(const t2v_stream_params *params, double seconds);

/** Whether it goes on from another video: a file, or pictures of the caller's. */
bool t2v_goes_on(const t2v_stream_params *params);

/** A loop that nothing else gives a length gets its own. */
void t2v_params_settle(t2v_stream_params *params);

/** Of that, what may have changed while a stream runs. */
t2v_status t2v_params_check_live(const t2v_model *model, const t2v_stream_params *params,
                                 t2v_error *error);

/**
 * The plan, and whether given sound, pictures and tiles go with it.
 *
 * @param params of t2v_params_check
 * @param shots  of the storyboard; 0: there is none
 */
t2v_status t2v_params_plan(const t2v_model *model, const t2v_stream_params *params, size_t shots,
                           t2v_plan *plan, t2v_error *error);

#endif
