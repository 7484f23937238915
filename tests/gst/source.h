/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** What the tests of the element share: a small t2vsrc in a harness, and its frames. */
#ifndef TESTS_GST_SOURCE_H
#define TESTS_GST_SOURCE_H

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#define SMALL "width=64,height=64,framerate=24/1"

/** A t2vsrc with these properties whose sink accepts video/x-raw with these fields only. */
GstHarness *source_new(const char *properties, const char *fields);
/** Its element, which is the harness's. */
GstElement *source_of(GstHarness *h);

/** The first `count` frames' bytes, one after another; freed with g_bytes_unref. */
GBytes *source_bytes(const char *properties, const char *fields, int count);
GBytes *pull_bytes(GstHarness *h, int count);

/** Gives what is in the harness a bus of its own. */
GstBus *source_add_bus(GstHarness *h);

/** The next message of this type on the bus, or the next element message of this name. */
GstMessage *wait_for(GstBus *bus, GstMessageType type, const char *name);

/** main() of a test program: skipped when there is no model. */
int source_main(Suite *suite);

#endif
