/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's parts that need no model: options, latents, the plan of chunks. */
#include "unit.h"

#include <string.h>

#include "engine/latents.h"
#include "engine/noise.h"
#include "engine/options.h"
#include "engine/plan.h"

static void every_option_has_a_default_in_its_range(void **state)
{
    const t2v_option *const tables[] = {t2v_model_options(), t2v_stream_options()};
    t2v_model_params model = t2v_model_params_default();
    t2v_stream_params stream = {0};
    t2v_error error;
    (void)state;
    t2v_options_default(t2v_stream_options(), &stream);
    assert_int_equal(t2v_options_check(tables[0], &model, &error), T2V_OK);
    assert_int_equal(t2v_options_check(tables[1], &stream, &error), T2V_OK);
    for (int i = 0; i < 2; i++)
        for (const t2v_option *o = tables[i]; o->name; o++) {
            assert_true(o->help && *o->help);
            assert_true(o->min <= o->max);
        }
    assert_string_equal(tables[1]->name, "prompt"); /* first: FFmpeg takes it without a name */
}

static void options_are_set_from_text_and_checked(void **state)
{
    const t2v_option *table = t2v_stream_options();
    t2v_stream_params params = {0};
    t2v_error error;
    (void)state;
    t2v_options_default(table, &params);
    assert_int_equal(t2v_options_copy_strings(table, &params, &error), T2V_OK);
    assert_int_equal(t2v_options_set(table, &params, "prompt", "waves", 0, &error), T2V_OK);
    assert_string_equal(params.prompt, "waves");
    assert_int_equal(t2v_options_set(table, &params, "steps", "7", 0, &error), T2V_OK);
    assert_int_equal(params.steps, 7);
    assert_int_equal(t2v_options_set(table, &params, "guidance", "2.5", 0, &error), T2V_OK);
    assert_float_equal(params.guidance, 2.5, 0);
    assert_int_equal(t2v_options_set(table, &params, "seed", "9223372036854775807", 0, &error),
                     T2V_OK);
    assert_true(params.seed == INT64_MAX);

    static const char *const bad[][2] = {
        {"steps", "1001"}, {"steps", "7.5"}, {"steps", ""},   {"guidance", "nan"},
        {"speed", "0"},    {"rng", "dice"},  {"rng", ""},     {"rng", "tor"},
        {"nothing", "1"},  {"seed", "-2"},   {"speed", "1x"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(t2v_options_set(table, &params, bad[i][0], bad[i][1], 0, &error),
                         T2V_ERROR_ARGUMENT);
        assert_non_null(strstr(error.text, bad[i][0]));
    }
    assert_int_equal(params.steps, 7);
    assert_string_equal(params.rng, "torch");
    assert_int_equal(t2v_options_set(table, &params, "seed", "1", T2V_OPTION_LIVE, &error),
                     T2V_ERROR_ARGUMENT);
    t2v_options_free(table, &params);
}

static void packing_follows_the_reference_and_comes_back(void **state)
{
    enum { C = 2, F = 2, H = 4, W = 2, COUNT = C * F * H * W };
    const t2v_latent_size plain = {C, F, H, W, 1, 1}, patched = {C, F, H, W, 2, 2};
    float latents[COUNT], tokens[COUNT], back[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        latents[i] = (float)i;
    t2v_latents_pack(&plain, latents, tokens);
    /* token 1 is position (0, 0, 1): channel 0, then channel 1 */
    assert_float_equal(tokens[2], 1, 0);
    assert_float_equal(tokens[3], F * H * W + 1, 0);
    t2v_latents_unpack(&plain, tokens, back);
    assert_memory_equal(back, latents, sizeof(latents));
    assert_int_equal(t2v_token_count(&patched), 2);
    assert_int_equal(t2v_token_width(&patched), C * 8);
    t2v_latents_pack(&patched, latents, tokens);
    /* inside a token: channel, frame, row, column */
    assert_float_equal(tokens[1], 1, 0);
    assert_float_equal(tokens[2], W, 0);
    assert_float_equal(tokens[4], H * W, 0);
    assert_float_equal(tokens[8], F * H * W, 0);
    t2v_latents_unpack(&patched, tokens, back);
    assert_memory_equal(back, latents, sizeof(latents));
}

static void normalisation_is_undone(void **state)
{
    const t2v_latent_size size = {2, 1, 1, 2, 1, 1};
    const float mean[2] = {1, -1}, deviation[2] = {2, 4}, latents[4] = {1, 2, 3, 4};
    const t2v_vae_info vae = {.mean = mean, .deviation = deviation, .scaling = 0.5};
    float out[4];
    (void)state;
    t2v_latents_denormalise(&size, &vae, latents, out);
    assert_float_equal(out[0], 1 * 2 / 0.5 + 1, 1e-6);
    assert_float_equal(out[1], 3 * 4 / 0.5 - 1, 1e-6);
    assert_float_equal(out[2], 2 * 2 / 0.5 + 1, 1e-6);
    assert_float_equal(out[3], 4 * 4 / 0.5 - 1, 1e-6);
}

static void a_draw_from_a_posterior_is_normalised(void **state)
{
    const t2v_latent_size size = {2, 1, 1, 2, 1, 1};
    const float mean[4] = {1, 2, 3, 4}, deviation[4] = {0.5f, 0.5f, 2, 2};
    const float of_mean[2] = {1, -1}, of_deviation[2] = {2, 4};
    const t2v_vae_info vae = {.mean = of_mean, .deviation = of_deviation, .scaling = 0.5};
    float latents[4] = {2, -2, 1, 0};
    (void)state;
    t2v_latents_sample(&size, &vae, mean, deviation, latents);
    assert_float_equal(latents[0], (1 + 0.5 * 2 - 1) / 2, 1e-6);
    assert_float_equal(latents[1], (2 - 0.5 * 2 - 1) / 2, 1e-6);
    assert_float_equal(latents[2], (3 + 2 * 1 + 1) / 4.0, 1e-6);
    assert_float_equal(latents[3], (4 + 2 * 0 + 1) / 4.0, 1e-6);
}

static t2v_model a_model(void)
{
    t2v_model model = {0};
    model.vae_info.latent_channels = 128;
    model.vae_info.spatial_ratio = 32;
    model.vae_info.temporal_ratio = 8;
    model.dit_info.patch = model.dit_info.patch_time = 1;
    model.defaults.frames = 97;
    model.chunk = 33;
    model.context = 1;
    return model;
}

static void sizes_are_rounded_up(void **state)
{
    const t2v_model model = a_model();
    t2v_plan plan;
    t2v_error error;
    (void)state;
    assert_int_equal(t2v_plan_make(&model, 500, 289, 10, 0, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.picture_width, 512);
    assert_int_equal(plan.picture_height, 320);
    assert_int_equal(plan.size.frames, 3); /* 17 pictures */
    assert_int_equal(plan.chunks, 1);
    assert_int_equal(t2v_plan_make(&model, 64, 64, 1, 0, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.size.frames, 1);
    assert_int_equal(t2v_plan_make(&model, 64, 64, 9, 0, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.size.frames, 2);
}

static void chunks_cover_the_video(void **state)
{
    const t2v_model model = a_model();
    t2v_plan plan;
    t2v_error error;
    (void)state;
    for (int64_t frames = 1; frames < 300; frames += 7) {
        assert_int_equal(t2v_plan_make(&model, 512, 288, frames, -1, 0, &plan, &error), T2V_OK);
        int64_t latents = 0;
        for (int64_t i = 0; i < plan.chunks; i++)
            latents += t2v_plan_new_frames(&plan, i);
        assert_true((latents - 1) * 8 + 1 >= frames);
        /* and no chunk is in vain */
        latents -= t2v_plan_new_frames(&plan, plan.chunks - 1);
        assert_true(plan.chunks == 1 || (latents - 1) * 8 + 1 < frames);
    }
    assert_int_equal(t2v_plan_make(&model, 512, 288, -1, -1, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.chunks, -1);
    assert_int_equal(plan.size.frames, 3);
    assert_int_equal(t2v_plan_new_frames(&plan, 1), 2); /* live: 16 pictures */
    assert_int_equal(t2v_plan_make(&model, 512, 288, -1, 33, 0, &plan, &error), T2V_OK);
    assert_int_equal(t2v_plan_new_frames(&plan, 1), 4);
    assert_int_equal(t2v_plan_make(&model, 512, 288, 33, 0, T2V_PLAN_SCENES, &plan, &error),
                     T2V_OK);
    assert_int_equal(plan.window_frames, 13); /* for the scenes behind the first */
    assert_int_equal(t2v_plan_make(&model, 512, 288, -1, 0, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.size.frames, 13); /* endless in one pass is not to be had */
    assert_int_equal(t2v_plan_make(&model, 512, 288, 100, 1, 0, &plan, &error), T2V_OK);
    assert_int_equal(t2v_plan_new_frames(&plan, 1), 1);
}

static void a_window_holds_the_context_of_the_next(void **state)
{
    t2v_model model = a_model();
    t2v_plan plan;
    t2v_error error;
    (void)state;
    model.context = 4;
    assert_int_equal(t2v_plan_make(&model, 64, 64, -1, 9, 0, &plan, &error), T2V_OK);
    assert_true(plan.size.frames >= plan.context);
    assert_int_equal(t2v_plan_new_frames(&plan, 1), 1);
    assert_int_equal(t2v_plan_make(&model, 64, 64, 41, 9, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.size.frames + (plan.chunks - 1) * t2v_plan_new_frames(&plan, 1), 6);
    assert_int_equal(t2v_plan_make(&model, 64, 64, 17, 9, 0, &plan, &error), T2V_OK);
    assert_int_equal(plan.chunks, 1);
    assert_int_equal(plan.size.frames, 3);
}

static void a_video_that_goes_on_has_its_end_in_front_of_the_first_chunk(void **state)
{
    static const t2v_family clips = {.takes_clips = true}, pictures = {0};
    t2v_model model = a_model();
    t2v_plan plan;
    t2v_error error;
    (void)state;
    model.family = &clips;
    assert_int_equal(t2v_plan_make(&model, 512, 288, -1, -1, T2V_PLAN_CONTINUES, &plan, &error),
                     T2V_OK);
    assert_int_equal(plan.lead, 2);
    assert_int_equal(t2v_plan_pictures(&model, plan.lead), 9);
    assert_int_equal(plan.size.frames, 2 + 2); /* 16 new pictures in every chunk */
    assert_int_equal(t2v_plan_new_frames(&plan, 1), 2);
    for (int64_t frames = 1; frames < 300; frames += 7) {
        assert_int_equal(
            t2v_plan_make(&model, 512, 288, frames, -1, T2V_PLAN_CONTINUES, &plan, &error), T2V_OK);
        const int64_t latents =
            plan.size.frames + (plan.chunks - 1) * t2v_plan_new_frames(&plan, 1);
        assert_in_range(t2v_plan_pictures(&model, latents) - 9, frames, frames + 31);
    }
    assert_int_equal(t2v_plan_make(&model, 512, 288, 16, 0, T2V_PLAN_CONTINUES, &plan, &error),
                     T2V_OK);
    assert_int_equal(plan.chunks, 1);
    assert_int_equal(plan.size.frames, 4);
    model.family = &pictures;
    assert_int_equal(t2v_plan_make(&model, 512, 288, 16, 0, T2V_PLAN_CONTINUES, &plan, &error),
                     T2V_OK);
    assert_int_equal(plan.lead, 1);
    assert_int_equal(plan.size.frames, 3);
}

static void noise_drawn_in_pieces_is_that_of_one_draw(void **state)
{
    const t2v_latent_size size = {3, 1, 1, 300007, 1, 1};
    const size_t count = t2v_latent_count(&size);
    float *pieces = t2v_calloc(count, sizeof(float)), *whole = t2v_calloc(count, sizeof(float));
    t2v_noise noise = {0};
    t2v_rng rng;
    t2v_exec *exec;
    t2v_error error;
    (void)state;
    assert_non_null(pieces);
    assert_non_null(whole);
    assert_int_equal(t2v_exec_create(1, NULL, &error, &exec), T2V_OK);
    assert_int_equal(t2v_noise_open(&noise, NULL, 7, &error), T2V_OK);
    assert_int_equal(t2v_noise_fill(exec, &noise, "noise", &size, false, pieces), T2V_OK);
    t2v_rng_seed(&rng, 7);
    t2v_rng_normal(&rng, whole, count);
    assert_memory_equal(pieces, whole, count * sizeof(float));
    t2v_noise_close(&noise);
    t2v_exec_destroy(&exec);
    t2v_free(pieces);
    t2v_free(whole);
}

static void more_than_a_machine_can_count_is_refused(void **state)
{
    const t2v_model model = a_model();
    t2v_plan plan;
    t2v_error error;
    (void)state;
    assert_int_equal(t2v_plan_make(&model, 8192, 8192, (int64_t)1 << 40, 0, 0, &plan, &error),
                     T2V_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_has_a_default_in_its_range),
        cmocka_unit_test(options_are_set_from_text_and_checked),
        cmocka_unit_test(packing_follows_the_reference_and_comes_back),
        cmocka_unit_test(normalisation_is_undone),
        cmocka_unit_test(a_draw_from_a_posterior_is_normalised),
        cmocka_unit_test(sizes_are_rounded_up),
        cmocka_unit_test(chunks_cover_the_video),
        cmocka_unit_test(a_window_holds_the_context_of_the_next),
        cmocka_unit_test(a_video_that_goes_on_has_its_end_in_front_of_the_first_chunk),
        cmocka_unit_test(noise_drawn_in_pieces_is_that_of_one_draw),
        cmocka_unit_test(more_than_a_machine_can_count_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
