/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/y4m.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "media/pixel_format.h"

enum { MAX_SIZE = 16384, ALIGNMENT = 64 };

/* FFmpeg up to 5.1 reads no header of more than 96 bytes; one more for the NUL. */
enum { HEADER_LIMIT = 97 };

struct t2v_y4m {
    FILE *file;
    char *name;
    const t2v_pixel_format_info *info;
    int width, height;
    bool raw;
    uint8_t *memory;
    t2v_picture picture;
};

/* The header's name of a format; NULL when y4m has none. */
static const char *colour_space(t2v_pixel_format format)
{
    switch (format) {
    case T2V_PIXEL_YUV420P:
        return "420mpeg2";
    case T2V_PIXEL_YUV422P:
        return "422";
    case T2V_PIXEL_YUV444P:
        return "444";
    case T2V_PIXEL_YUV420P10:
        return "420p10";
    case T2V_PIXEL_YUV422P10:
        return "422p10";
    case T2V_PIXEL_YUV444P10:
        return "444p10";
    default:
        return NULL;
    }
}

static t2v_status check(const t2v_y4m_params *params, const char *name, t2v_error *error)
{
    const t2v_pixel_format_info *info = t2v_pixel_format_get_info(params->format);
    if (!info || (!params->raw && !colour_space(params->format)))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: y4m holds planar YUV only, not the pixel format %s", name,
                        info ? info->name : "asked for");
    if (params->width < 1 || params->width > MAX_SIZE || params->height < 1 ||
        params->height > MAX_SIZE)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: a picture of %d × %d, wanted 1 to %d", name,
                        params->width, params->height, MAX_SIZE);
    if (params->rate_num < 1 || params->rate_den < 1)
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "%s: a rate of %d/%d frames per second", name,
                        params->rate_num, params->rate_den);
    return T2V_OK;
}

/* Tightly packed planes, each at a multiple of ALIGNMENT. */
static t2v_status allocate(t2v_y4m *y4m, t2v_error *error)
{
    size_t offset[4] = {0}, bytes = 0;
    for (int p = 0; p < y4m->info->planes; p++) {
        size_t row = t2v_plane_row_bytes(y4m->info, p, y4m->width);
        offset[p] = bytes;
        bytes += row * (size_t)t2v_plane_rows(y4m->info, p, y4m->height);
        bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        y4m->picture.stride[p] = (ptrdiff_t)row;
    }
    y4m->memory = t2v_calloc(bytes, 1);
    if (!y4m->memory)
        return t2v_fail_memory(error, "a frame", bytes);
    for (int p = 0; p < y4m->info->planes; p++)
        y4m->picture.planes[p] = y4m->memory + offset[p];
    return T2V_OK;
}

static t2v_status fail_write(const t2v_y4m *y4m, t2v_error *error)
{
    int reason = errno;
    if (reason == EPIPE)
        return t2v_fail(error, T2V_END, "%s: the reader has gone", y4m->name);
    return t2v_fail(error, T2V_ERROR_IO, "%s: writing failed: %s", y4m->name, strerror(reason));
}

/* A comment's value, in which white space would end it. */
static void make_value(const char *text, char *value, size_t size)
{
    size_t count = 0;
    for (; *text && count + 1 < size; text++, count++) {
        unsigned char byte = (unsigned char)*text;
        value[count] = *text;
        if (byte <= ' ' || byte == 0x7f || byte == ';')
            value[count] = '_';
    }
    value[count] = 0;
}

/* Appends a comment with as much as a header may hold: model and seed, the seed, neither. */
static void add_comment(const t2v_y4m_params *params, char header[HEADER_LIMIT], size_t count)
{
    char model[HEADER_LIMIT], comment[3][2 * HEADER_LIMIT];
    long long seed = params->seed;
    make_value(params->model ? params->model : "", model, sizeof(model));
    snprintf(comment[0], sizeof(comment[0]), " XT2V=generated;%lld;%s\n", seed, model);
    snprintf(comment[1], sizeof(comment[1]), " XT2V=generated;%lld\n", seed);
    snprintf(comment[2], sizeof(comment[2]), " XT2V=generated\n");
    for (int i = model[0] ? 0 : 1; i < 3; i++) {
        size_t length = strlen(comment[i]);
        if (count + length >= HEADER_LIMIT)
            continue;
        memcpy(header + count, comment[i], length + 1);
        return;
    }
    memcpy(header + count, "\n", 2);
}

static bool put_header(FILE *file, const t2v_y4m_params *params)
{
    char header[HEADER_LIMIT];
    int count =
        snprintf(header, sizeof(header), "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C%s XCOLORRANGE=%s",
                 params->width, params->height, params->rate_num, params->rate_den,
                 colour_space(params->format), params->full_range ? "FULL" : "LIMITED");
    add_comment(params, header, (size_t)count);
    return fputs(header, file) != EOF && !fflush(file);
}

t2v_status t2v_y4m_open(FILE *file, const char *name, const t2v_y4m_params *params, t2v_y4m **y4m,
                        t2v_error *error)
{
    *y4m = NULL;
    T2V_TRY(check(params, name, error));
    t2v_y4m *made = t2v_calloc(1, sizeof(*made));
    char *copy = t2v_strdup(name);
    if (!made || !copy) {
        t2v_free(made);
        t2v_free(copy);
        return t2v_fail_memory(error, "the y4m writer", sizeof(*made));
    }
    made->file = file;
    made->name = copy;
    made->info = t2v_pixel_format_get_info(params->format);
    made->width = params->width;
    made->height = params->height;
    made->raw = params->raw;
    made->picture.format = params->format;
    made->picture.full_range = params->full_range;
    t2v_status status = allocate(made, error);
    if (status == T2V_OK && !params->raw && !put_header(file, params))
        status = fail_write(made, error);
    if (status < 0)
        t2v_y4m_close(&made);
    *y4m = made;
    return status;
}

const t2v_picture *t2v_y4m_picture(const t2v_y4m *y4m)
{
    return &y4m->picture;
}

t2v_status t2v_y4m_write(t2v_y4m *y4m, t2v_error *error)
{
    bool written = y4m->raw || fputs("FRAME\n", y4m->file) != EOF;
    for (int p = 0; p < y4m->info->planes && written; p++) {
        size_t bytes =
            (size_t)y4m->picture.stride[p] * (size_t)t2v_plane_rows(y4m->info, p, y4m->height);
        written = fwrite(y4m->picture.planes[p], 1, bytes, y4m->file) == bytes;
    }
    return written && !fflush(y4m->file) ? T2V_OK : fail_write(y4m, error);
}

void t2v_y4m_close(t2v_y4m **y4m)
{
    if (!*y4m)
        return;
    t2v_free((*y4m)->memory);
    t2v_free((*y4m)->name);
    t2v_free(*y4m);
    *y4m = NULL;
}
