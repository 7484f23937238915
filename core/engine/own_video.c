/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a video that a program hands over itself, picture by picture. */
#include <string.h>

#include "engine/plan.h"
#include "media/pixel_format.h"
#include "media/video_end.h"

t2v_status t2v_video_end_create(const t2v_model *model, int rate_num, int rate_den,
                                t2v_video_end **end, t2v_error *error)
{
    T2V_TRY(t2v_video_end_make(t2v_plan_lead_pictures(model), end, error));
    (*end)->rate_num = rate_num;
    (*end)->rate_den = rate_num > 0 && rate_den > 0 ? rate_den : 0;
    return T2V_OK;
}

static t2v_status check_size(int width, int height, t2v_error *error)
{
    if (width < 0 || height < 0 || !t2v_image_may_be((uint64_t)width, (uint64_t)height))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "a picture of %d × %d pixels; wanted sides of 1 to %d, and at most %d "
                        "million in all",
                        width, height, T2V_IMAGE_SIDE, T2V_IMAGE_PIXELS >> 20);
    return T2V_OK;
}

static t2v_yuv_layout layout_of(const t2v_pixel_format_info *info, const t2v_picture *picture,
                                int width, int height)
{
    return (t2v_yuv_layout){
        .width = width,
        .height = height,
        .bits = info->bits,
        .shift_x = info->chroma_shift_x,
        .shift_y = info->chroma_shift_y,
        .centre_y = true,
        .full_range = picture->full_range,
        .matrix = picture->matrix,
    };
}

static bool same_layout(const t2v_yuv_layout *a, const t2v_yuv_layout *b)
{
    return a->width == b->width && a->height == b->height && a->bits == b->bits &&
           a->shift_x == b->shift_x && a->shift_y == b->shift_y && a->full_range == b->full_range &&
           a->matrix == b->matrix;
}

static void copy_planes(const t2v_pixel_format_info *info, const t2v_picture *picture, int width,
                        int height, uint8_t *out)
{
    for (int plane = 0; plane < info->planes; plane++) {
        const size_t bytes = t2v_plane_row_bytes(info, plane, width);
        const uint8_t *row = picture->planes[plane];
        for (int y = t2v_plane_rows(info, plane, height); y > 0; y--) {
            memcpy(out, row, bytes);
            out += bytes;
            row += picture->stride[plane];
        }
    }
}

t2v_status t2v_video_end_add(t2v_video_end *end, const t2v_picture *picture, int width, int height,
                             t2v_error *error)
{
    const t2v_pixel_format_info *info = t2v_pixel_format_get_info(picture->format);
    uint8_t *planes;
    if (!info || info->rgb || info->planes != 3)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "a picture as %s; wanted planes of Y, U and V", info ? info->name : "none");
    T2V_TRY(check_size(width, height, error));
    const t2v_yuv_layout layout = layout_of(info, picture, width, height);
    if (end->frames && !same_layout(&layout, &end->layout))
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "a picture of %d × %d pixels as %s, with another size, format, matrix or "
                        "range than the one before",
                        width, height, info->name);
    end->layout = layout;
    T2V_TRY(t2v_video_end_room(end, &planes, error));
    copy_planes(info, picture, width, height, planes);
    t2v_video_end_took(end);
    return T2V_OK;
}
