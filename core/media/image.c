/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/image.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "media/image_file.h"
#include "media/input_file.h"

t2v_status t2v_image_check(const t2v_image_file *file)
{
    if (file->interrupted && atomic_load_explicit(file->interrupted, memory_order_relaxed))
        return t2v_fail(file->error, T2V_INTERRUPTED, "interrupted");
    return T2V_OK;
}

bool t2v_image_may_be(uint64_t width, uint64_t height)
{
    return width >= 1 && height >= 1 && width <= T2V_IMAGE_SIDE && height <= T2V_IMAGE_SIDE &&
           width * height <= T2V_IMAGE_PIXELS;
}

t2v_status t2v_image_allocate(const t2v_image_file *file, uint64_t width, uint64_t height,
                              t2v_image *image)
{
    if (!t2v_image_may_be(width, height))
        return t2v_fail(file->error, T2V_ERROR_UNSUPPORTED,
                        "%s: a picture of %llu × %llu pixels; wanted at most %d on a side and %d "
                        "million in all",
                        file->path, (unsigned long long)width, (unsigned long long)height,
                        T2V_IMAGE_SIDE, T2V_IMAGE_PIXELS >> 20);
    const size_t bytes = (size_t)(width * height) * 3 * sizeof(*image->rgb);
    image->rgb = t2v_alloc(bytes);
    if (!image->rgb)
        return t2v_fail_memory(file->error, file->path, bytes);
    image->width = (int64_t)width;
    image->height = (int64_t)height;
    return T2V_OK;
}

void t2v_image_free(t2v_image *image)
{
    t2v_free(image->rgb);
    *image = (t2v_image){0};
}

/* ------------------------------------------------------------------ orientation */

/* The pixel of a stored picture that is shown at column x of row y (EXIF 2.32, 4.6.5.1.6). */
static const uint16_t *stored_pixel(const t2v_image *stored, int orientation, int64_t x, int64_t y)
{
    const bool turned = orientation >= 5;
    const bool flip_x = strchr("2378", '0' + orientation),
               flip_y = strchr("3467", '0' + orientation);
    int64_t column = turned ? y : x, row = turned ? x : y;
    column = flip_x ? stored->width - 1 - column : column;
    row = flip_y ? stored->height - 1 - row : row;
    return stored->rgb + 3 * (row * stored->width + column);
}

static t2v_status orient(const t2v_image_file *file, int orientation, t2v_image *image)
{
    if (orientation < 2 || orientation > 8)
        return T2V_OK;
    const t2v_image stored = *image;
    const bool turned = orientation >= 5;
    t2v_image upright = {0};
    T2V_TRY(t2v_image_allocate(file, (uint64_t)(turned ? stored.height : stored.width),
                               (uint64_t)(turned ? stored.width : stored.height), &upright));
    uint16_t *to = upright.rgb;
    for (int64_t y = 0; y < upright.height; y++)
        for (int64_t x = 0; x < upright.width; x++, to += 3)
            memcpy(to, stored_pixel(&stored, orientation, x, y), 3 * sizeof(*to));
    t2v_free(stored.rgb);
    *image = upright;
    return T2V_OK;
}

/* ------------------------------------------------------------------ reading */

typedef t2v_status (*read_fn)(const t2v_image_file *file, t2v_image *image, int *orientation);

static t2v_status open_known(const char *path, t2v_image_file *file, read_fn *read)
{
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t jpeg[3] = {0xff, 0xd8, 0xff};
    uint8_t start[8] = {0};
    file->path = path;
    if (t2v_input_file_is_pipe(path)) /* it is looked into before it is read */
        return t2v_fail(file->error, T2V_ERROR_IO, "%s: a pipe; a picture must be a file", path);
    file->file = fopen(path, "rb");
    if (!file->file)
        return t2v_fail(file->error, errno == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO,
                        "%s: cannot be read: %s", path, strerror(errno));
    size_t got = fread(start, 1, sizeof(start), file->file);
    if (got < sizeof(start) && ferror(file->file))
        return t2v_fail(file->error, T2V_ERROR_IO, "%s: reading failed: %s", path, strerror(errno));
    rewind(file->file);
    *read = !memcmp(start, png, sizeof(png))     ? t2v_image_read_png
            : !memcmp(start, jpeg, sizeof(jpeg)) ? t2v_image_read_jpeg
                                                 : NULL;
    if (!*read)
        return t2v_fail(file->error, T2V_ERROR_FORMAT, "%s: neither a PNG nor a JPEG file", path);
    return T2V_OK;
}

static void close_file(t2v_image_file *file)
{
    if (file->file)
        fclose(file->file);
}

t2v_status t2v_image_probe(const char *path, t2v_error *error)
{
    t2v_image_file file = {.error = error};
    read_fn read;
    t2v_status status = open_known(path, &file, &read);
    close_file(&file);
    return status;
}

t2v_status t2v_image_read(const char *path, const atomic_bool *interrupted, t2v_image *image,
                          t2v_error *error)
{
    t2v_image_file file = {.interrupted = interrupted, .error = error};
    read_fn read;
    int orientation = 1;
    *image = (t2v_image){0};
    t2v_status status = open_known(path, &file, &read);
    if (status >= 0)
        status = read(&file, image, &orientation);
    if (status >= 0)
        status = orient(&file, orientation, image);
    close_file(&file);
    if (status < 0)
        t2v_image_free(image);
    return status;
}
