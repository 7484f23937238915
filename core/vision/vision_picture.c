/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vision/vision_picture.h"

#include <string.h>

#include "base/memory.h"
#include "media/resize_bicubic.h"

enum { COLOURS = 3, BICUBIC = 3, MAX_SIDE = 4096 };

/* Of CLIP (Radford et al. 2021). */
static const double usual_mean[COLOURS] = {0.48145466, 0.4578275, 0.40821073};
static const double usual_deviation[COLOURS] = {0.26862954, 0.26130258, 0.27577711};

/* Every step must be done: an encoder that was trained otherwise is none of those known. */
static t2v_status check_steps(const t2v_config *config, t2v_error *error)
{
    static const char *const steps[] = {"do_resize", "do_center_crop", "do_rescale",
                                        "do_normalize"};
    int64_t filter;
    bool done;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        T2V_TRY(t2v_config_bool(config, steps[i], true, &done, error));
        if (!done)
            return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: %s is false, wanted true",
                            t2v_config_path(config), steps[i]);
    }
    T2V_TRY(t2v_config_int(config, "resample", BICUBIC, 0, 16, &filter, error));
    if (filter != BICUBIC)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: resample is %lld, wanted 3, Pillow's bicubic filter",
                        t2v_config_path(config), (long long)filter);
    return T2V_OK;
}

/* Member `name` of the object `key`. */
static t2v_status read_side(const t2v_config *config, const char *key, const char *name,
                            int64_t *side, t2v_error *error)
{
    t2v_config *object;
    *side = 224;
    T2V_TRY(t2v_config_object(config, key, &object, error));
    if (!object)
        return T2V_OK;
    t2v_status status = t2v_config_int(object, name, 0, 1, MAX_SIDE, side, error);
    if (status >= 0 && !*side)
        status = t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: %s has no %s", t2v_config_path(config),
                          key, name);
    t2v_config_close(&object);
    return status;
}

static t2v_status read_colours(const t2v_config *config, const char *key, double min,
                               const double *usual, float *out, t2v_error *error)
{
    double values[COLOURS];
    int count;
    T2V_TRY(t2v_config_doubles(config, key, min, 1e6, COLOURS, values, &count, error));
    if (count >= 0 && count != COLOURS)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s has %d numbers, wanted 3",
                        t2v_config_path(config), key, count);
    for (int i = 0; i < COLOURS; i++)
        out[i] = (float)(count < 0 ? usual[i] : values[i]);
    return T2V_OK;
}

t2v_vision_picture t2v_vision_picture_usual(int64_t side)
{
    t2v_vision_picture settings = {.shortest = side, .side = side, .factor = 1.0 / 255};
    for (int i = 0; i < COLOURS; i++) {
        settings.mean[i] = (float)usual_mean[i];
        settings.deviation[i] = (float)usual_deviation[i];
    }
    return settings;
}

t2v_status t2v_vision_picture_read(const t2v_config *config, t2v_vision_picture *s,
                                   t2v_error *error)
{
    int64_t width;
    T2V_TRY(check_steps(config, error));
    T2V_TRY(read_side(config, "size", "shortest_edge", &s->shortest, error));
    T2V_TRY(read_side(config, "crop_size", "height", &s->side, error));
    T2V_TRY(read_side(config, "crop_size", "width", &width, error));
    if (s->side != width || s->side > s->shortest)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: crop_size is %lld x %lld, wanted a square that a shorter side of %lld "
                        "holds",
                        t2v_config_path(config), (long long)width, (long long)s->side,
                        (long long)s->shortest);
    T2V_TRY(t2v_config_double(config, "rescale_factor", 1.0 / 255, 1e-9, 1e9, &s->factor, error));
    T2V_TRY(read_colours(config, "image_mean", -1e6, usual_mean, s->mean, error));
    return read_colours(config, "image_std", 1e-9, usual_deviation, s->deviation, error);
}

/* [3, height, width] in [0, 1] to [height, width, 3] of 8 bits */
static void round_to_bytes(const float *rgb, int64_t height, int64_t width, uint8_t *bytes)
{
    const int64_t plane = height * width;
    for (int64_t i = 0; i < plane; i++)
        for (int64_t c = 0; c < COLOURS; c++)
            *bytes++ = (uint8_t)(rgb[c * plane + i] * 255 + 0.5f);
}

/* Cuts the middle and normalises. */
static void cut(const t2v_vision_picture *s, const uint8_t *bytes, int64_t height, int64_t width,
                float *pixels)
{
    const int64_t top = (height - s->side) / 2, left = (width - s->side) / 2;
    for (int64_t c = 0; c < COLOURS; c++)
        for (int64_t y = 0; y < s->side; y++)
            for (int64_t x = 0; x < s->side; x++) {
                const uint8_t value = bytes[((top + y) * width + left + x) * COLOURS + c];
                *pixels++ = ((float)(value * s->factor) - s->mean[c]) / s->deviation[c];
            }
}

t2v_status t2v_vision_picture_prepare(const t2v_vision_picture *s, const float *rgb, int64_t height,
                                      int64_t width, float *pixels, t2v_error *error)
{
    const int64_t longer =
        s->shortest * (width > height ? width : height) / (width > height ? height : width);
    const int64_t to_width = width > height ? longer : s->shortest;
    const int64_t to_height = width > height ? s->shortest : longer;
    uint8_t *bytes = t2v_calloc((size_t)(height * width), COLOURS);
    uint8_t *scaled = t2v_calloc((size_t)(to_height * to_width), COLOURS);
    t2v_status status =
        bytes && scaled ? T2V_OK : t2v_fail_memory(error, "a picture", (size_t)(height * width));
    if (status >= 0) {
        round_to_bytes(rgb, height, width, bytes);
        status = t2v_resize_bicubic(bytes, width, height, to_width, to_height, scaled, error);
    }
    if (status >= 0)
        cut(s, scaled, to_height, to_width, pixels);
    t2v_free(bytes);
    t2v_free(scaled);
    return status;
}
