/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** The debug category "t2vsrc", of all files of the plugin. */
#ifndef GST_T2V_DEBUG_H
#define GST_T2V_DEBUG_H

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(gst_t2v_debug);
#define GST_CAT_DEFAULT gst_t2v_debug

#endif
