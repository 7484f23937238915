/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin "t2v". */
#include <gst/gst.h>

#include "gstt2vsrc.h"
#include "origin.h"

#ifndef PACKAGE
#define PACKAGE "libt2v"
#endif

static gboolean plugin_init(GstPlugin *plugin)
{
    gst_t2v_origin_register();
    return GST_ELEMENT_REGISTER(t2vsrc, plugin);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, t2v, "Video from text on ordinary CPUs",
                  plugin_init, PACKAGE_VERSION, "LGPL", "libt2v", "libt2v")
