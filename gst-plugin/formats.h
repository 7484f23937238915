/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What libt2v writes, in the words of GStreamer: formats, colours, caps. */
#ifndef GST_T2V_FORMATS_H
#define GST_T2V_FORMATS_H

#include <gst/video/video.h>
#include <t2v/t2v.h>

G_BEGIN_DECLS

/** All that the element can make, in the order of preference. */
GstCaps *gst_t2v_formats_caps(void);

/** The same after formats that have alpha; `caps` is taken over. */
GstCaps *gst_t2v_formats_prefer_alpha(GstCaps *caps);

/** Fixed caps out of `caps` (taken over), as near to the model's own size and rate as they allow.
 */
GstCaps *gst_t2v_formats_fixate(GstCaps *caps, const t2v_model_info *model);

/** Describes the planes of a mapped frame to libt2v. */
void gst_t2v_formats_describe(const GstVideoFrame *frame, t2v_picture *picture);

G_END_DECLS

#endif
