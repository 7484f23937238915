/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JPEG by libjpeg(-turbo). */
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "base/memory.h"
#include "media/exif.h"
#include "media/image_file.h"

/* A progressive file of many scans costs hours to decode; real ones have some ten. */
enum { MOST_SCANS = 200, MARKER_BYTES = 0xffff, SPREAD = 257 /* 255 becomes 65535 */ };

typedef struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    const t2v_image_file *file;
    t2v_image *image;
    int *orientation;
    uint8_t *row;       /* as decoded */
    t2v_status failure; /* set before a jump */
} reader;

static void leave(reader *r, t2v_status failure)
{
    r->failure = failure;
    longjmp(r->jump, 1);
}

/* libjpeg wants to be left by a jump. */
static void on_error(j_common_ptr jpeg)
{
    reader *r = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    leave(r, t2v_fail(r->file->error, T2V_ERROR_FORMAT, "%s: not a JPEG file that can be read: %s",
                      r->file->path, message));
}

/* Where libjpeg would go on with a guess at the picture's lost part, it is an error here. */
static void on_message(j_common_ptr jpeg, int level)
{
    const int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER ||
                      code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC))
        on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    reader *r = jpeg->client_data;
    const t2v_status status = t2v_image_check(r->file);
    if (status < 0)
        leave(r, status);
    if (r->jpeg.input_scan_number > MOST_SCANS)
        leave(r, t2v_fail(r->file->error, T2V_ERROR_UNSUPPORTED,
                          "%s: a JPEG file of more than %d scans", r->file->path, MOST_SCANS));
}

static void read_orientation(reader *r)
{
    static const char name[6] = "Exif\0";
    for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m; m = m->next)
        if (m->data_length > sizeof(name) && !memcmp(m->data, name, sizeof(name))) {
            *r->orientation =
                t2v_exif_orientation(m->data + sizeof(name), m->data_length - sizeof(name));
            return;
        }
}

static void take_rgb(const uint8_t *row, int64_t width, uint16_t *rgb)
{
    for (int64_t i = 0; i < 3 * width; i++)
        rgb[i] = (uint16_t)(row[i] * SPREAD);
}

/* Adobe stores the ink that is left out. */
static void take_cmyk(const uint8_t *row, int64_t width, bool inverted, uint16_t *rgb)
{
    const unsigned mask = inverted ? 0 : 255;
    for (int64_t x = 0; x < width; x++, row += 4)
        for (int c = 0; c < 3; c++) {
            const unsigned light = (row[c] ^ mask) * (row[3] ^ mask); /* of 255² */
            *rgb++ = (uint16_t)((light * SPREAD + 127) / 255);
        }
}

static t2v_status read_rows(reader *r)
{
    t2v_image *image = r->image;
    const bool cmyk = r->jpeg.out_color_space == JCS_CMYK;
    JSAMPROW row = r->row;
    for (int64_t y = 0; y < image->height; y++) {
        T2V_TRY(t2v_image_check(r->file));
        jpeg_read_scanlines(&r->jpeg, &row, 1);
        uint16_t *rgb = image->rgb + 3 * y * image->width;
        if (cmyk)
            take_cmyk(row, image->width, r->jpeg.saw_Adobe_marker, rgb);
        else
            take_rgb(row, image->width, rgb);
    }
    return T2V_OK;
}

static t2v_status read_all(reader *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &r->progress;
    jpeg_stdio_src(jpeg, r->file->file);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, MARKER_BYTES);
    jpeg_read_header(jpeg, TRUE);
    read_orientation(r);
    T2V_TRY(t2v_image_allocate(r->file, jpeg->image_width, jpeg->image_height, r->image));
    const bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    r->row = t2v_calloc((size_t)r->image->width, 4);
    if (!r->row)
        return t2v_fail_memory(r->file->error, r->file->path, (size_t)r->image->width * 4);
    jpeg_start_decompress(jpeg);
    T2V_TRY(read_rows(r));
    jpeg_finish_decompress(jpeg);
    return T2V_OK;
}

/* Nothing but the reader itself is in use across the jump. */
static t2v_status read_guarded(reader *r)
{
    if (setjmp(r->jump))
        return r->failure;
    return read_all(r);
}

t2v_status t2v_image_read_jpeg(const t2v_image_file *file, t2v_image *image, int *orientation)
{
    reader r = {.file = file, .image = image, .orientation = orientation};
    r.jpeg.err = jpeg_std_error(&r.errors);
    r.jpeg.client_data = &r;
    r.errors.error_exit = on_error;
    r.errors.emit_message = on_message;
    r.progress.progress_monitor = on_progress;
    t2v_status status = read_guarded(&r);
    jpeg_destroy_decompress(&r.jpeg);
    t2v_free(r.row);
    return status;
}
