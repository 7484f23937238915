/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PNG by libpng, which is asked for 16 bits of R, G, B, A whatever is stored. */
#include <png.h>
#include <stdbool.h>

#include "base/memory.h"
#include "media/exif.h"
#include "media/image_file.h"

enum { CHANNELS = 4, CHUNK_BYTES = 1 << 24 };

typedef struct reader {
    const t2v_image_file *file;
    t2v_image *image;
    int *orientation;
    png_structp png;
    png_infop info;
    uint16_t *rows;     /* [row_count, width, 4] */
    int64_t row_count;  /* all when the picture is interlaced, else 1 */
    t2v_status failure; /* set before a jump */
} reader;

/* libpng wants to be left by a jump. */
static void on_error(png_structp png, png_const_charp message)
{
    reader *r = png_get_error_ptr(png);
    r->failure = t2v_fail(r->file->error, T2V_ERROR_FORMAT,
                          "%s: not a PNG file that can be read: %s", r->file->path, message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void set_transformations(png_structp png)
{
    const uint16_t one = 1;
    png_set_expand_16(png); /* and palettes, few bits, a transparent colour */
    png_set_gray_to_rgb(png);
    png_set_add_alpha(png, 0xffff, PNG_FILLER_AFTER);
    if (*(const uint8_t *)&one)
        png_set_swap(png); /* 16 bits are stored with the high byte first */
}

/* Over black. */
static void flatten(const uint16_t *rgba, int64_t width, uint16_t *rgb)
{
    for (int64_t x = 0; x < width; x++)
        for (int c = 0; c < 3; c++)
            rgb[3 * x + c] =
                (uint16_t)(((uint32_t)rgba[CHANNELS * x + c] * rgba[CHANNELS * x + 3] + 32767) /
                           65535);
}

static t2v_status read_rows(reader *r, int passes)
{
    t2v_image *image = r->image;
    const int64_t row = CHANNELS * image->width;
    for (int pass = 0; pass < passes; pass++)
        for (int64_t y = 0; y < image->height; y++) {
            uint16_t *rgba = r->rows + y % r->row_count * row;
            T2V_TRY(t2v_image_check(r->file));
            png_read_row(r->png, (png_bytep)rgba, NULL);
            if (pass == passes - 1)
                flatten(rgba, image->width, image->rgb + 3 * y * image->width);
        }
    return T2V_OK;
}

static t2v_status allocate(reader *r, bool interlaced)
{
    T2V_TRY(t2v_image_allocate(r->file, png_get_image_width(r->png, r->info),
                               png_get_image_height(r->png, r->info), r->image));
    r->row_count = interlaced ? r->image->height : 1;
    const size_t bytes = (size_t)(r->row_count * r->image->width) * CHANNELS * sizeof(*r->rows);
    r->rows = t2v_calloc(bytes, 1);
    return r->rows ? T2V_OK : t2v_fail_memory(r->file->error, r->file->path, bytes);
}

static t2v_status read_all(reader *r)
{
    png_bytep exif = NULL;
    png_uint_32 exif_bytes = 0;
    /* libpng's own limit would say less than ours */
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(r->png, CHUNK_BYTES);
    png_init_io(r->png, r->file->file);
    png_read_info(r->png, r->info);
    set_transformations(r->png);
    const int passes = png_set_interlace_handling(r->png);
    T2V_TRY(allocate(r, passes > 1));
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != (size_t)r->image->width * CHANNELS * sizeof(*r->rows))
        return t2v_fail(r->file->error, T2V_ERROR_INTERNAL, "%s: libpng did not convert the rows",
                        r->file->path);
    T2V_TRY(read_rows(r, passes));
    png_read_end(r->png, r->info);
    if (png_get_eXIf_1(r->png, r->info, &exif_bytes, &exif))
        *r->orientation = t2v_exif_orientation(exif, exif_bytes);
    return T2V_OK;
}

/* Nothing but the reader itself is in use across the jump. */
static t2v_status read_guarded(reader *r)
{
    if (setjmp(png_jmpbuf(r->png)))
        return r->failure;
    return read_all(r);
}

t2v_status t2v_image_read_png(const t2v_image_file *file, t2v_image *image, int *orientation)
{
    reader r = {.file = file, .image = image, .orientation = orientation};
    t2v_status status = T2V_ERROR_MEMORY;
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error, on_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    if (r.info)
        status = read_guarded(&r);
    else
        t2v_fail_memory(file->error, file->path, 0);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    t2v_free(r.rows);
    return status;
}
