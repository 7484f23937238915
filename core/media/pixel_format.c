/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/pixel_format.h"

#include <string.h>

static const t2v_pixel_format_info FORMATS[T2V_PIXEL_FORMATS] = {
    [T2V_PIXEL_YUV420P] = {"yuv420p", 3, 1, 1, 8, false, {1, 1, 1}, false},
    [T2V_PIXEL_YUV422P] = {"yuv422p", 3, 1, 0, 8, false, {1, 1, 1}, false},
    [T2V_PIXEL_YUV444P] = {"yuv444p", 3, 0, 0, 8, false, {1, 1, 1}, false},
    [T2V_PIXEL_YUV420P10] = {"yuv420p10le", 3, 1, 1, 10, false, {2, 2, 2}, false},
    [T2V_PIXEL_YUV422P10] = {"yuv422p10le", 3, 1, 0, 10, false, {2, 2, 2}, false},
    [T2V_PIXEL_YUV444P10] = {"yuv444p10le", 3, 0, 0, 10, false, {2, 2, 2}, false},
    [T2V_PIXEL_NV12] = {"nv12", 2, 1, 1, 8, false, {1, 2}, false},
    [T2V_PIXEL_GBRP] = {"gbrp", 3, 0, 0, 8, true, {1, 1, 1}, false},
    [T2V_PIXEL_RGB24] = {"rgb24", 1, 0, 0, 8, true, {3}, false},
    [T2V_PIXEL_BGR24] = {"bgr24", 1, 0, 0, 8, true, {3}, false},
    [T2V_PIXEL_RGBA] = {"rgba", 1, 0, 0, 8, true, {4}, true},
    [T2V_PIXEL_BGRA] = {"bgra", 1, 0, 0, 8, true, {4}, true},
    [T2V_PIXEL_ARGB] = {"argb", 1, 0, 0, 8, true, {4}, true},
    [T2V_PIXEL_ABGR] = {"abgr", 1, 0, 0, 8, true, {4}, true},
    [T2V_PIXEL_YUVA420P] = {"yuva420p", 4, 1, 1, 8, false, {1, 1, 1, 1}, true},
    [T2V_PIXEL_YUVA444P] = {"yuva444p", 4, 0, 0, 8, false, {1, 1, 1, 1}, true},
};

const t2v_pixel_format_info *t2v_pixel_format_get_info(t2v_pixel_format format)
{
    return (unsigned)format < T2V_PIXEL_FORMATS ? &FORMATS[format] : NULL;
}

t2v_pixel_format t2v_pixel_format_from_name(const char *name)
{
    for (int i = 0; i < T2V_PIXEL_FORMATS; i++)
        if (!strcmp(name, FORMATS[i].name))
            return (t2v_pixel_format)i;
    return T2V_PIXEL_FORMATS;
}

static bool is_chroma(int plane)
{
    return plane == 1 || plane == 2;
}

/* Samples along an axis of which `shift` halvings are taken, the last one rounded up. */
static int subsampled(int length, int shift)
{
    return (length + (1 << shift) - 1) >> shift;
}

size_t t2v_plane_row_bytes(const t2v_pixel_format_info *info, int plane, int width)
{
    int columns = is_chroma(plane) ? subsampled(width, info->chroma_shift_x) : width;
    return (size_t)columns * (size_t)info->plane_step[plane];
}

int t2v_plane_rows(const t2v_pixel_format_info *info, int plane, int height)
{
    return is_chroma(plane) ? subsampled(height, info->chroma_shift_y) : height;
}
