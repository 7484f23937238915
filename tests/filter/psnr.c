/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How near a filter's pixels are to the library's floats: psnr DUMP FORMAT < RAW_FRAMES
 *
 * DUMP is what `t2v generate --dump` wrote; its tensor `video` is [frames, 3, height, width].
 * FORMAT is rgb24, gbrp, yuv444p, yuv444p10le or yuv420p (whose chroma is compared with the mean
 * of the pixels that it stands for, sited left: weights 1 2 1 across, 1 1 down). YUV is BT.709,
 * limited range, by the equations of ITU-R BT.709-6, part 3. Prints the decibels of the frame
 * that is furthest off, over all samples, each as a fraction of its nominal range.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct video {
    long frames, height, width;
    float *values;
} video;

static void fail(const char *why)
{
    fprintf(stderr, "psnr: %s\n", why);
    exit(2);
}

/* The tests write the dump themselves: its header is found by its text, not parsed as JSON. */
static video read_dump(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint64_t header_bytes;
    if (!file || fread(&header_bytes, 8, 1, file) != 1 || header_bytes > 1 << 20)
        fail("the dump cannot be read");
    char *header = calloc(1, header_bytes + 1);
    if (!header || fread(header, 1, header_bytes, file) != header_bytes)
        fail("the dump's header is cut off");
    const char *entry = strstr(header, "\"video\"");
    const char *shape = entry ? strstr(entry, "\"shape\"") : NULL;
    const char *offsets = entry ? strstr(entry, "\"data_offsets\"") : NULL;
    video v;
    long begin;
    if (!shape || sscanf(strchr(shape, '['), "[%ld,3,%ld,%ld", &v.frames, &v.height, &v.width) != 3)
        fail("the dump has no video");
    if (!offsets || sscanf(strchr(offsets, '['), "[%ld", &begin) != 1)
        fail("the dump does not say where the video is");
    size_t count = (size_t)v.frames * 3 * (size_t)v.height * (size_t)v.width;
    v.values = malloc(count * sizeof(float));
    if (!v.values || fseek(file, 8 + (long)header_bytes + begin, SEEK_SET) ||
        fread(v.values, sizeof(float), count, file) != count)
        fail("the dump's video is cut off");
    fclose(file);
    free(header);
    return v;
}

/* One component of the wanted picture: 0, 1, 2 are R, G, B or Y, Cb, Cr. */
static double component(const float *rgb, size_t plane, size_t i, bool yuv, int which)
{
    double r = rgb[i], g = rgb[plane + i], b = rgb[2 * plane + i];
    if (!yuv)
        return which == 0 ? r : which == 1 ? g : b;
    double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return which == 0 ? y : which == 1 ? (b - y) / 1.8556 : (r - y) / 1.5748;
}

/* The mean of the pixels that the chroma sample at (x, y) of 4:2:0 stands for. */
static double chroma_420(const float *rgb, long width, long height, long x, long y, int which)
{
    double sum = 0;
    for (long row = 2 * y; row <= 2 * y + 1; row++)
        for (long column = 2 * x - 1; column <= 2 * x + 1; column++) {
            long inside_y = row < height ? row : height - 1;
            long inside_x = column < 0 ? 0 : column < width ? column : width - 1;
            sum += (column == 2 * x ? 2 : 1) * component(rgb, (size_t)(width * height),
                                                         (size_t)(inside_y * width + inside_x),
                                                         true, which);
        }
    return sum / 8;
}

typedef struct format {
    const char *name;
    bool yuv, packed, subsampled;
    int bits;
    int order[3]; /* of the components as they are stored */
} format;

static const format formats[] = {
    {"rgb24", false, true, false, 8, {0, 1, 2}},
    {"gbrp", false, false, false, 8, {1, 2, 0}},
    {"yuv444p", true, false, false, 8, {0, 1, 2}},
    {"yuv444p10le", true, false, false, 10, {0, 1, 2}},
    {"yuv420p", true, false, true, 8, {0, 1, 2}},
};

/* The next sample of standard input as a fraction: Y and RGB in [0, 1], chroma in [-½, ½]. */
static double read_sample(const format *f, int which)
{
    int low = getchar(), high = f->bits > 8 ? getchar() : 0;
    if (low == EOF || high == EOF)
        fail("there are fewer frames than in the dump");
    double value = (low | high << 8) / (double)(1 << (f->bits - 8));
    if (!f->yuv)
        return value / 255;
    return which == 0 ? (value - 16) / 219 : (value - 128) / 224;
}

static double frame_psnr(const format *f, const video *v, const float *rgb)
{
    size_t pixels = (size_t)(v->width * v->height);
    double sum = 0;
    size_t count = 0;
    for (int stored = 0; stored < (f->packed ? 1 : 3); stored++) {
        bool half = f->subsampled && stored > 0;
        long width = half ? (v->width + 1) / 2 : v->width;
        long height = half ? (v->height + 1) / 2 : v->height;
        for (long i = 0; i < width * height; i++)
            for (int c = 0; c < (f->packed ? 3 : 1); c++, count++) {
                int which = f->order[f->packed ? c : stored];
                double wanted =
                    half ? chroma_420(rgb, v->width, v->height, i % width, i / width, which)
                         : component(rgb, pixels, (size_t)i, f->yuv, which);
                double difference = read_sample(f, which) - wanted;
                sum += difference * difference;
            }
    }
    return sum > 0 ? -10 * log10(sum / (double)count) : INFINITY;
}

int main(int argc, char **argv)
{
    const format *f = formats;
    double worst = INFINITY;
    if (argc != 3)
        fail("usage: psnr DUMP FORMAT < RAW_FRAMES");
    while (f < formats + sizeof(formats) / sizeof(formats[0]) && strcmp(f->name, argv[2]))
        f++;
    if (f == formats + sizeof(formats) / sizeof(formats[0]))
        fail("unknown format");
    video v = read_dump(argv[1]);
    for (long n = 0; n < v.frames; n++)
        worst = fmin(worst, frame_psnr(f, &v, v.values + n * 3 * v.height * v.width));
    if (getchar() != EOF)
        fail("there are more frames than in the dump");
    printf("%.1f\n", worst);
    free(v.values);
    return 0;
}
