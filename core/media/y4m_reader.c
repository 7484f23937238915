/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* YUV4MPEG2 as mjpegtools' yuv4mpeg(5) describes it. */
#include "media/y4m_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "media/input_file.h"

/* Bytes of a header's line, and those that are read at once. */
enum { LINE = 4096, PIECE = 1 << 22 };

/* A stream being read. */
typedef struct reader {
    const char *path;
    t2v_input_file input;
    const atomic_bool *interrupted;
    t2v_error *error;
} reader;

/* ------------------------------------------------------------------ bytes */

/* Fewer bytes than asked for only at the end of the stream. */
static t2v_status read_bytes(reader *r, void *out, size_t count, size_t *got)
{
    for (*got = 0; *got < count;) {
        const size_t left = count - *got;
        const ssize_t bytes =
            read(r->input.descriptor, (char *)out + *got, left < PIECE ? left : PIECE);
        if (r->interrupted && atomic_load_explicit(r->interrupted, memory_order_relaxed))
            return t2v_fail(r->error, T2V_INTERRUPTED, "interrupted");
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return t2v_fail(r->error, T2V_ERROR_IO, "%s: reading failed: %s", r->path,
                            strerror(errno));
        if (!bytes)
            break;
        *got += (size_t)bytes;
    }
    return T2V_OK;
}

/* A line without its end; *length: -1 at the end of the stream. */
static t2v_status read_line(reader *r, char line[LINE], int *length)
{
    *length = -1;
    for (int i = 0; i < LINE; i++) {
        size_t got;
        T2V_TRY(read_bytes(r, line + i, 1, &got));
        if (!got && !i)
            return T2V_OK;
        if (!got)
            return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: cut off within a header", r->path);
        if (line[i] == '\n') {
            line[i] = 0;
            *length = i;
            return T2V_OK;
        }
    }
    return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: a header longer than %d bytes", r->path,
                    LINE - 1);
}

/* ------------------------------------------------------------------ header */

/* 0: no number, or one that is out of range. */
static int read_int(const char *text, char **end)
{
    errno = 0;
    const long value = strtol(text, end, 10);
    return errno || *end == text || value < 0 || value > INT32_MAX ? 0 : (int)value;
}

static t2v_status read_side(const reader *r, const char *word, int64_t *side)
{
    char *end;
    *side = read_int(word + 1, &end);
    if (*side < 1 || *end || *side > T2V_IMAGE_SIDE)
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: %c is \"%.40s\", wanted 1 to %d", r->path,
                        *word, word + 1, T2V_IMAGE_SIDE);
    return T2V_OK;
}

static t2v_status read_rate(const reader *r, const char *word, t2v_video_end *e)
{
    char *end;
    e->rate_num = read_int(word + 1, &end);
    e->rate_den = *end == ':' ? read_int(end + 1, &end) : 0;
    if (*end || !e->rate_num != !e->rate_den) /* 0:0 is a rate that is not known */
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: F is \"%.40s\", wanted a rate as 25:1",
                        r->path, word + 1);
    return T2V_OK;
}

/* "p10" and so on behind a colour space, "10" too behind mono, FFmpeg's way; nothing: 8 bits. */
static bool read_bits(const char *text, bool mono, int *bits)
{
    char *end = (char *)text;
    const bool named = *text == 'p';
    *bits = named || (mono && *text) ? read_int(text + named, &end) : 8;
    return !*end && *bits >= 8 && *bits <= 16;
}

static t2v_status read_colour_space(const reader *r, const char *word, t2v_yuv_layout *l)
{
    static const struct {
        const char *name;
        int shift_x, shift_y;
        bool mono, centre_x, centre_y;
    } spaces[] = {
        /* the longer names first */
        {"420jpeg", 1, 1, false, true, true},    {"420mpeg2", 1, 1, false, false, true},
        {"420paldv", 1, 1, false, false, false}, {"420", 1, 1, false, false, true},
        {"422", 1, 0, false, false, false},      {"444", 0, 0, false, false, false},
        {"mono", 0, 0, true, false, false},
    };
    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        if (!t2v_starts_with(word, spaces[i].name) ||
            !read_bits(word + strlen(spaces[i].name), spaces[i].mono, &l->bits))
            continue;
        l->shift_x = spaces[i].shift_x;
        l->shift_y = spaces[i].shift_y;
        l->mono = spaces[i].mono;
        l->centre_x = spaces[i].centre_x;
        l->centre_y = spaces[i].centre_y;
        return T2V_OK;
    }
    return t2v_fail(r->error, T2V_ERROR_UNSUPPORTED,
                    "%s: the colour space %.40s; wanted 420, 422, 444 or mono of 8 to 16 bits",
                    r->path, word);
}

static t2v_status read_word(const reader *r, const char *word, t2v_video_end *e)
{
    t2v_yuv_layout *l = &e->layout;
    switch (*word) {
    case 'W':
        return read_side(r, word, &l->width);
    case 'H':
        return read_side(r, word, &l->height);
    case 'F':
        return read_rate(r, word, e);
    case 'C':
        return read_colour_space(r, word + 1, l);
    case 'X':
        l->full_range = l->full_range || !strcmp(word, "XCOLORRANGE=FULL");
        return T2V_OK;
    default: /* interlacing, the pixels' aspect, and what others may add */
        return T2V_OK;
    }
}

static t2v_status check_size(const reader *r, const t2v_yuv_layout *l)
{
    if (!l->width || !l->height)
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: a header without %s", r->path,
                        l->width ? "a height" : "a width");
    if (l->width * l->height > T2V_IMAGE_PIXELS)
        return t2v_fail(r->error, T2V_ERROR_UNSUPPORTED,
                        "%s: pictures of %lld × %lld pixels; wanted at most %d million", r->path,
                        (long long)l->width, (long long)l->height, T2V_IMAGE_PIXELS >> 20);
    return T2V_OK;
}

static t2v_status read_header(reader *r, t2v_video_end *e)
{
    static const char magic[] = "YUV4MPEG2 ";
    char line[LINE], *rest;
    size_t got;
    int length;
    T2V_TRY(read_bytes(r, line, strlen(magic), &got));
    if (got < strlen(magic) || memcmp(line, magic, got))
        return t2v_fail(r->error, T2V_ERROR_FORMAT,
                        "%s: no y4m video: it does not begin with YUV4MPEG2", r->path);
    T2V_TRY(read_line(r, line, &length));
    if (length < 0)
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: cut off within a header", r->path);
    T2V_TRY(read_colour_space(r, "420jpeg", &e->layout)); /* when it names none */
    for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        T2V_TRY(read_word(r, word, e));
    return check_size(r, &e->layout);
}

/* ------------------------------------------------------------------ pictures */

static t2v_status read_frame(reader *r, t2v_video_end *e, bool *ended)
{
    const size_t bytes = t2v_yuv_bytes(&e->layout);
    char line[LINE];
    uint8_t *frame;
    size_t got;
    int length;
    T2V_TRY(read_line(r, line, &length));
    *ended = length < 0;
    if (*ended)
        return T2V_OK;
    if (strcmp(line, "FRAME") && !t2v_starts_with(line, "FRAME "))
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: picture %lld does not begin with FRAME",
                        r->path, (long long)e->frames);
    T2V_TRY(t2v_video_end_room(e, &frame, r->error));
    T2V_TRY(read_bytes(r, frame, bytes, &got));
    if (got < bytes)
        return t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: picture %lld is cut off: %zu bytes of %zu",
                        r->path, (long long)e->frames, got, bytes);
    t2v_video_end_took(e);
    return T2V_OK;
}

static t2v_status read_stream(reader *r, t2v_video_end *e)
{
    bool ended = false;
    T2V_TRY(t2v_input_file_open(r->path, "y4m video", r->interrupted, &r->input, r->error));
    T2V_TRY(read_header(r, e));
    while (!ended)
        T2V_TRY(read_frame(r, e, &ended));
    return e->frames
               ? T2V_OK
               : t2v_fail(r->error, T2V_ERROR_FORMAT, "%s: there is no picture in it", r->path);
}

t2v_status t2v_y4m_read_end(const char *path, int64_t most, const atomic_bool *interrupted,
                            t2v_video_end **end, t2v_error *error)
{
    reader r = {path, T2V_INPUT_FILE_NONE, interrupted, error};
    T2V_TRY(t2v_video_end_make(most, end, error));
    t2v_status status = read_stream(&r, *end);
    t2v_input_file_close(&r.input);
    if (status < 0)
        t2v_video_end_destroy(end);
    return status;
}

t2v_status t2v_y4m_probe(const char *path, t2v_error *error)
{
    reader r = {path, T2V_INPUT_FILE_NONE, NULL, error};
    t2v_video_end unused = {0};
    if (t2v_input_file_is_pipe(path))
        return t2v_input_file_check_access(path, error);
    t2v_status status = t2v_input_file_open(path, "y4m video", NULL, &r.input, error);
    if (status >= 0)
        status = read_header(&r, &unused);
    t2v_input_file_close(&r.input);
    return status;
}
