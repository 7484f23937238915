/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Says of tags and buffers that the video is generated, by which model and from which seed. */
#ifndef GST_T2V_ORIGIN_H
#define GST_T2V_ORIGIN_H

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * Name of the custom meta (gst_buffer_get_custom_meta). Its structure has the fields
 * generated (boolean), generator, model, prompt-sha256 (string), seed and frame (gint64).
 */
#define GST_T2V_META_NAME "GstT2vMeta"

typedef struct GstT2vOrigin {
    const char *model; /**< the model's name */
    gint64 seed;
    gint64 frame;            /**< number of the frame in its stream */
    const char *prompt_hash; /**< t2v_frame_prompt_hash; NULL in tags, which hold for all prompts */
} GstT2vOrigin;

/** Registers the meta. Once, before any buffer is marked. */
void gst_t2v_origin_register(void);

/** Adds the custom meta, and with GStreamer 1.22 an unregistered SEI message for encoders. */
void gst_t2v_origin_mark(GstBuffer *buffer, const GstT2vOrigin *origin);

/** Tags for the stream: encoder, application-name, comment, extended-comment. */
GstTagList *gst_t2v_origin_tags(const GstT2vOrigin *origin);

G_END_DECLS

#endif
