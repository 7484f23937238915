/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The element t2vsrc: video from text, made by libt2v while the pipeline runs. */
#ifndef GST_T2V_SRC_H
#define GST_T2V_SRC_H

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_T2V_SRC (gst_t2v_src_get_type())
G_DECLARE_FINAL_TYPE(GstT2vSrc, gst_t2v_src, GST, T2V_SRC, GstPushSrc)

/** What a live source does when the next frame is not ready in time. */
typedef enum {
    GST_T2V_SRC_REPEAT, /**< hands the last frame out again: the rate stays constant */
    GST_T2V_SRC_DROP,   /**< leaves the frame's place empty */
} GstT2vSrcWhenLate;

GST_ELEMENT_REGISTER_DECLARE(t2vsrc)

G_END_DECLS

#endif
