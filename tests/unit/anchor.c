/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scene whose latents wear out from chunk to chunk, held or not. */
#include "operations.h"

#include <math.h>
#include <string.h>

#include "engine/anchor.h"

enum { CHANNELS = 3, FRAMES = 3, SIDE = 8, PLANE = SIDE * SIDE, COUNT = CHANNELS * FRAMES * PLANE };

static const t2v_latent_size size = {CHANNELS, FRAMES, SIDE, SIDE, 1, 1};

/* Of a channel, behind the first frame. */
static void statistics(const float *latents, int channel, double *mean, double *deviation)
{
    const float *x = latents + (channel * FRAMES + 1) * PLANE;
    const int count = (FRAMES - 1) * PLANE;
    double sum = 0, square = 0;
    for (int i = 0; i < count; i++)
        sum += x[i];
    *mean = sum / count;
    for (int i = 0; i < count; i++)
        square += (x[i] - *mean) * (x[i] - *mean);
    *deviation = sqrt(square / count);
}

/* A chunk as a model would make it that fades: what it was given, a little darker and flatter. */
static float *next_chunk(const float *before, uint32_t seed)
{
    float *latents = numbers(COUNT, seed);
    for (int c = 0; c < CHANNELS; c++) {
        double mean, deviation, own, spread;
        statistics(before, c, &mean, &deviation);
        statistics(latents, c, &own, &spread);
        for (int i = c * FRAMES * PLANE; i < (c + 1) * FRAMES * PLANE; i++)
            latents[i] = (float)((latents[i] - own) / spread * deviation * 0.98 + mean - 0.02);
    }
    return latents;
}

/* How far the means and the deviations are from where they were after so many chunks. */
static void wear_out(double strength, double *mean_change, double *deviation_ratio)
{
    t2v_anchor anchor;
    float *before = numbers(COUNT, 1);
    double mean, deviation, first_mean, first_deviation;
    assert_int_equal(t2v_anchor_init(&anchor, strength, CHANNELS, &error), T2V_OK);
    t2v_anchor_hold(&anchor, &size, 0, before);
    statistics(before, 1, &first_mean, &first_deviation);
    for (uint32_t i = 0; i < 100; i++) {
        float *latents = next_chunk(before, i + 2);
        t2v_anchor_hold(&anchor, &size, 1, latents);
        t2v_free(before);
        before = latents;
    }
    statistics(before, 1, &mean, &deviation);
    *mean_change = mean - first_mean;
    *deviation_ratio = deviation / first_deviation;
    t2v_free(before);
    t2v_anchor_free(&anchor);
}

static void a_scene_that_is_held_does_not_fade(void **state)
{
    double change, ratio;
    (void)state;
    wear_out(0, &change, &ratio);
    assert_float_equal(change, -2, 1e-4);
    assert_float_equal(ratio, pow(0.98, 100), 1e-4);
    wear_out(0.4, &change, &ratio); /* loses 0.02 of what it has, and gets 0.4 of the rest back */
    assert_float_equal(change, -0.02 * 0.6 / 0.4, 1e-3);
    assert_float_equal(ratio, 1 - 0.02 * 0.6 / 0.4, 2e-3);
}

static void what_is_known_stays(void **state)
{
    t2v_anchor anchor;
    float *first = numbers(COUNT, 1), *latents = numbers(COUNT, 2), *again = numbers(COUNT, 2);
    (void)state;
    assert_int_equal(t2v_anchor_init(&anchor, 1, CHANNELS, &error), T2V_OK);
    t2v_anchor_hold(&anchor, &size, 0, first);
    for (int i = 0; i < COUNT; i++)
        latents[i] = again[i] = 2 * again[i] + 1;
    t2v_anchor_hold(&anchor, &size, 2, latents);
    for (int c = 0; c < CHANNELS; c++) {
        const int at = c * FRAMES * PLANE;
        assert_memory_equal(latents + at, again + at, 2 * PLANE * sizeof(float));
        assert_true(fabsf(latents[at + 2 * PLANE] - again[at + 2 * PLANE]) > 0.1f);
    }
    t2v_free(first);
    t2v_free(latents);
    t2v_free(again);
    t2v_anchor_free(&anchor);
}

/* Nothing happens until a scene has come out of the one before, and the next chunk is its measure.
 */
static void another_scene_has_a_measure_of_its_own(void **state)
{
    t2v_anchor anchor;
    float *first = numbers(COUNT, 1);
    (void)state;
    assert_int_equal(t2v_anchor_init(&anchor, 0.5, CHANNELS, &error), T2V_OK);
    t2v_anchor_hold(&anchor, &size, 0, first);
    for (int morphs = 0; morphs < 2; morphs++) {
        t2v_anchor_enter(&anchor, morphs ? "out of it" : "anew", morphs);
        for (int i = 0; i < 6; i++) {
            float *latents = numbers(COUNT, 2), *same = numbers(COUNT, 2);
            for (int j = 0; j < COUNT; j++)
                latents[j] = same[j] = same[j] + (float)i;
            t2v_anchor_hold(&anchor, &size, 1, latents);
            const bool held = i > (morphs ? 3 : 0);
            assert_int_equal(memcmp(latents, same, COUNT * sizeof(*same)) != 0, held);
            t2v_free(latents);
            t2v_free(same);
        }
    }
    t2v_free(first);
    t2v_anchor_free(&anchor);
}

/* Among others it is known again; one that begins anew, or that was too long ago, is not. */
static void a_scene_that_comes_back_is_held_to_what_it_was(void **state)
{
    enum { BEFORE_IT_SHOWS = 3 };
    (void)state;
    for (int others = 1; others <= T2V_ANCHOR_SCENES; others += T2V_ANCHOR_SCENES - 1)
        for (int morphs = 0; morphs < 2; morphs++) {
            t2v_anchor anchor;
            float *first = numbers(COUNT, 1), *back = numbers(COUNT, 2), *same = numbers(COUNT, 2);
            assert_int_equal(t2v_anchor_init(&anchor, 0.5, CHANNELS, &error), T2V_OK);
            t2v_anchor_enter(&anchor, "waves", false);
            t2v_anchor_hold(&anchor, &size, 0, first);
            for (int i = 0; i < others; i++)
                t2v_anchor_enter(&anchor, (char[]){(char)('a' + i), 0}, true);
            t2v_anchor_enter(&anchor, "waves", morphs);
            for (int i = 0; i < (morphs ? BEFORE_IT_SHOWS : 0); i++)
                t2v_anchor_hold(&anchor, &size, 1, back);
            assert_memory_equal(back, same, COUNT * sizeof(*same));
            t2v_anchor_hold(&anchor, &size, 1, back);
            const bool held = morphs && others < T2V_ANCHOR_SCENES;
            assert_int_equal(memcmp(back, same, COUNT * sizeof(*same)) != 0, held);
            t2v_free(first);
            t2v_free(back);
            t2v_free(same);
            t2v_anchor_free(&anchor);
        }
}

/* Of equal numbers there is no deviation to draw back. */
static void an_empty_channel_stays_finite(void **state)
{
    t2v_anchor anchor;
    float *first = numbers(COUNT, 1), flat[COUNT] = {0};
    (void)state;
    assert_int_equal(t2v_anchor_init(&anchor, 1, CHANNELS, &error), T2V_OK);
    t2v_anchor_hold(&anchor, &size, 0, first);
    t2v_anchor_hold(&anchor, &size, 1, flat);
    for (int i = 0; i < COUNT; i++)
        assert_true(isfinite(flat[i]));
    t2v_free(first);
    t2v_anchor_free(&anchor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scene_that_is_held_does_not_fade),
        cmocka_unit_test(what_is_known_stays),
        cmocka_unit_test(another_scene_has_a_measure_of_its_own),
        cmocka_unit_test(a_scene_that_comes_back_is_held_to_what_it_was),
        cmocka_unit_test(an_empty_channel_stays_finite),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
