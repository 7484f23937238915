/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * What differs between the FFmpeg versions that t2vsrc is built into (5.1 to 9.0), in one place.
 * Included after libavfilter's own headers are reachable; vsrc_t2v.c has no version test itself.
 */
#ifndef AVFILTER_VSRC_T2V_COMPAT_H
#define AVFILTER_VSRC_T2V_COMPAT_H

#include "libavutil/frame.h"
#include "libavutil/version.h"

#include "avfilter.h"
#include "filters.h"
#include "formats.h"
#include "version.h"
#include "video.h"

/* 7.1: internal.h went into filters.h, and the private part of a link got a type of its own. */
#if LIBAVFILTER_VERSION_INT < AV_VERSION_INT(10, 4, 100)
#include "internal.h"
#define T2V_LINK_FRAME_RATE(link) ((link)->frame_rate)
#else
#define T2V_LINK_FRAME_RATE(link) (ff_filter_link(link)->frame_rate)
#endif

/* 8.0: what a filter is to applications moved into the member p. */
#if LIBAVFILTER_VERSION_MAJOR < 11
#define T2V_FILTER AVFilter
#define T2V_PUBLIC(member) .member
#else
#define T2V_FILTER FFFilter
#define T2V_PUBLIC(member) .p.member
#endif

/*
 * 7.0: links agree on a colour space and range as they do on a pixel format; a RGB format is
 * always full range there. Before, a YUV frame is what its source says.
 */
#if LIBAVFILTER_VERSION_MAJOR < 10
static inline int t2v_offer_colors(AVFilterContext *ctx, const int *spaces, const int *ranges)
{
    return 0;
}

static inline void t2v_get_colors(const AVFilterLink *link, int rgb, enum AVColorSpace *space,
                                  enum AVColorRange *range)
{
    *space = rgb ? AVCOL_SPC_RGB : AVCOL_SPC_BT709;
    *range = rgb ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}
#else
static inline int t2v_offer_colors(AVFilterContext *ctx, const int *spaces, const int *ranges)
{
    int ret = ff_set_common_color_spaces_from_list(ctx, spaces);
    return ret < 0 ? ret : ff_set_common_color_ranges_from_list(ctx, ranges);
}

static inline void t2v_get_colors(const AVFilterLink *link, int rgb, enum AVColorSpace *space,
                                  enum AVColorRange *range)
{
    *space = link->colorspace;
    *range = link->color_range;
}
#endif

/*
 * 8.1: links agree on whether colours are multiplied by alpha. Before, filters take them for
 * straight. Opaque pictures are both.
 */
#if LIBAVFILTER_VERSION_INT < AV_VERSION_INT(11, 6, 100)
static inline int t2v_offer_straight_alpha(AVFilterContext *ctx)
{
    return 0;
}

static inline void t2v_set_alpha_mode(const AVFilterLink *link, AVFrame *frame)
{
}
#else
static inline int t2v_offer_straight_alpha(AVFilterContext *ctx)
{
    static const int modes[] = {AVALPHA_MODE_STRAIGHT, -1};
    return ff_set_common_alpha_modes_from_list(ctx, modes);
}

static inline void t2v_set_alpha_mode(const AVFilterLink *link, AVFrame *frame)
{
    frame->alpha_mode = link->alpha_mode;
}
#endif

/* 6.0 renamed the duration; 6.1 made flags of "key frame" and "interlaced". */
static inline void t2v_set_frame_kind(AVFrame *frame, int64_t duration)
{
#if LIBAVUTIL_VERSION_INT < AV_VERSION_INT(57, 30, 100)
    frame->pkt_duration = duration;
#else
    frame->duration = duration;
#endif
#ifdef AV_FRAME_FLAG_KEY
    frame->flags |= AV_FRAME_FLAG_KEY;
#else
    frame->key_frame = 1;
#endif
    frame->pict_type = AV_PICTURE_TYPE_I;
}

#endif
