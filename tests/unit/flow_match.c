/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <string.h>

#include "sample/flow_match.h"
#include "sample/guidance.h"

/* All expected numbers were computed by diffusers 0.42.1 (FlowMatchEulerDiscreteScheduler with
 * the sigmas of LTXPipeline, or the timesteps of LTXConditionPipeline). */

enum { LIMIT = 8 };

static const t2v_flow_match_config DEFAULTS = {
    .num_train_timesteps = 1000,
    .shift = 1.0,
    .base_shift = 0.5,
    .max_shift = 1.15,
    .base_image_seq_len = 256,
    .max_image_seq_len = 4096,
};

static t2v_flow_match_config ltx_video(void)
{
    t2v_flow_match_config config = DEFAULTS;
    config.use_dynamic_shifting = true;
    config.base_shift = 0.95;
    config.max_shift = 2.05;
    config.base_image_seq_len = 1024;
    config.shift_terminal = 0.1;
    return config;
}

static void assert_schedule(const t2v_schedule *schedule, int steps, const float *timesteps,
                            const float *sigmas)
{
    assert_int_equal(schedule->steps, steps);
    for (int i = 0; i < steps; i++)
        assert_float_equal(schedule->timesteps[i], timesteps[i], 1e-4f);
    for (int i = 0; i <= steps; i++)
        assert_float_equal(schedule->sigmas[i], sigmas[i], 2e-7f);
}

static void assert_linear(const t2v_flow_match_config *config, int steps, int64_t tokens,
                          const float *timesteps, const float *sigmas)
{
    t2v_schedule schedule;
    assert_int_equal(t2v_schedule_linear(config, steps, tokens, &schedule, NULL), T2V_OK);
    assert_schedule(&schedule, steps, timesteps, sigmas);
    t2v_schedule_free(&schedule);
    assert_null(schedule.sigmas);
}

static void ltx_video_schedule_follows_the_number_of_tokens(void **state)
{
    (void)state;
    const t2v_flow_match_config config = ltx_video();
    assert_linear(&config, 5, 384,
                  (float[]){1000, 852.282532f, 666.366333f, 425.234741f, 100.000084f},
                  (float[]){1, 0.852282524f, 0.666366339f, 0.425234735f, 0.100000083f, 0});
    assert_linear(&config, 4, 9984, (float[]){1000, 895.852905f, 690.763123f, 100.000023f},
                  (float[]){1, 0.895852923f, 0.690763116f, 0.100000024f, 0});
}

static void a_constant_shift_ignores_the_tokens(void **state)
{
    (void)state;
    t2v_flow_match_config config = DEFAULTS;
    config.shift = 3.0;
    for (int64_t tokens = 1; tokens < 10000; tokens *= 10)
        assert_linear(&config, 4, tokens, (float[]){1000, 900, 750, 500},
                      (float[]){1, 0.899999976f, 0.75f, 0.5f, 0});
}

static void other_spacings_and_shifts_equal_the_reference(void **state)
{
    (void)state;
    t2v_flow_match_config linear = DEFAULTS, karras = DEFAULTS, exponential = DEFAULTS,
                          inverted = DEFAULTS;
    linear.use_dynamic_shifting = true;
    linear.time_shift = T2V_TIME_SHIFT_LINEAR;
    assert_linear(&linear, 3, 5000, (float[]){1000, 722.687622f, 394.493683f},
                  (float[]){1, 0.722687602f, 0.394493669f, 0});
    karras.use_dynamic_shifting = true;
    karras.shift_terminal = 0.1;
    karras.spacing = T2V_SIGMAS_KARRAS;
    assert_linear(&karras, 4, 384, (float[]){1000, 503.24823f, 235.015594f, 100.000023f},
                  (float[]){1, 0.503248215f, 0.235015601f, 0.100000024f, 0});
    exponential.shift = 2.0;
    exponential.spacing = T2V_SIGMAS_EXPONENTIAL;
    assert_linear(&exponential, 4, 1, (float[]){1000, 736.806335f, 542.883545f, 400},
                  (float[]){1, 0.736806333f, 0.542883515f, 0.400000006f, 0});
    inverted.shift = 1.5;
    inverted.invert_sigmas = true;
    assert_linear(&inverted, 3, 1, (float[]){0, 250, 571.428528f},
                  (float[]){0, 0.25f, 0.571428537f, 1});
}

static void linear_quadratic_schedules_equal_the_reference(void **state)
{
    (void)state;
    static const struct {
        int steps;
        float timesteps[LIMIT], sigmas[LIMIT];
    } rows[] = {
        {1, {1000}, {1, 0}},
        {2, {1000, 975}, {1, 0.975000024f, 0}},
        {3, {1000, 975, 718.75f}, {1, 0.975000024f, 0.71875f, 0}},
        {6,
         {1000, 991.666687f, 983.333374f, 975, 861.111084f, 536.111145f},
         {1, 0.991666675f, 0.983333349f, 0.975000024f, 0.861111104f, 0.536111116f, 0}},
        {7,
         {1000, 991.666687f, 983.333374f, 975, 907.8125f, 722.916687f, 420.3125f},
         {1, 0.991666675f, 0.983333349f, 0.975000024f, 0.907812476f, 0.722916663f, 0.420312494f,
          0}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        t2v_schedule schedule;
        assert_int_equal(t2v_schedule_linear_quadratic(&DEFAULTS, rows[i].steps, &schedule, NULL),
                         T2V_OK);
        assert_schedule(&schedule, rows[i].steps, rows[i].timesteps, rows[i].sigmas);
        t2v_schedule_free(&schedule);
    }
}

static void given_timesteps_stay_while_sigmas_are_shifted(void **state)
{
    (void)state;
    t2v_flow_match_config config = DEFAULTS;
    t2v_schedule schedule;
    config.shift = 3.0;
    assert_int_equal(t2v_schedule_linear_quadratic(&config, 6, &schedule, NULL), T2V_OK);
    assert_schedule(
        &schedule, 6, (float[]){1000, 991.666687f, 983.333374f, 975, 861.111084f, 536.111145f},
        (float[]){1, 0.997206688f, 0.994382024f, 0.991525471f, 0.948979497f, 0.776139438f, 0});
    t2v_schedule_free(&schedule);
}

static void given_timesteps_are_thousandths_whatever_the_training_had(void **state)
{
    (void)state;
    t2v_flow_match_config config = DEFAULTS;
    t2v_schedule schedule;
    config.num_train_timesteps = 500;
    assert_int_equal(t2v_schedule_linear_quadratic(&config, 3, &schedule, NULL), T2V_OK);
    assert_schedule(&schedule, 3, (float[]){1000, 975, 718.75f},
                    (float[]){2, 1.95000005f, 1.4375f, 0});
    t2v_schedule_free(&schedule);
}

static void what_has_no_schedule_is_refused_in_words(void **state)
{
    (void)state;
    t2v_flow_match_config config = DEFAULTS;
    t2v_schedule schedule;
    t2v_error error;
    assert_int_equal(t2v_schedule_linear(&config, 0, 1, &schedule, &error), T2V_ERROR_ARGUMENT);
    assert_string_equal(error.text, "steps is 0, wanted 1 to 1000");
    assert_int_equal(t2v_schedule_linear(&config, 1001, 1, &schedule, &error), T2V_ERROR_ARGUMENT);
    config.use_dynamic_shifting = true;
    assert_int_equal(t2v_schedule_linear_quadratic(&config, 6, &schedule, &error),
                     T2V_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.text, "use_dynamic_shifting"));
    config.max_shift = 100;
    assert_int_equal(t2v_schedule_linear(&config, 6, 1 << 20, &schedule, &error), T2V_ERROR_FORMAT);
    assert_null(schedule.sigmas);
}

static void one_step_to_a_terminal_sigma_stays_at_noise(void **state)
{
    (void)state;
    const t2v_flow_match_config config = ltx_video();
    assert_linear(&config, 1, 384, (float[]){1000}, (float[]){1, 0});
}

static void a_step_moves_along_the_velocity(void **state)
{
    (void)state;
    t2v_schedule schedule;
    float x[3] = {1, -2, 0.5f}, velocity[3] = {0.25f, 1, -4};
    assert_int_equal(t2v_schedule_linear_quadratic(&DEFAULTS, 3, &schedule, NULL), T2V_OK);
    t2v_euler_step(&schedule, 2, x, velocity, 3);
    assert_float_equal(x[0], 1 - 0.71875f * 0.25f, 1e-7f);
    assert_float_equal(x[1], -2 - 0.71875f, 1e-7f);
    assert_float_equal(x[2], 0.5f + 0.71875f * 4, 1e-7f);
    t2v_schedule_free(&schedule);
}

static void a_tokens_step_ends_at_the_next_lower_sigma(void **state)
{
    (void)state;
    /* timestep of a token and the sigma that it falls to in the schedule 1, 0.975, 0.71875, 0 */
    static const float cases[][2] = {
        {1000, 0.975f},       {975, 0.71875f}, {800, 0.71875f}, {718.75f, 0},
        {718.752f, 0.71875f}, {718.7505f, 0},  {500, 0},        {0, 0},
    };
    t2v_schedule schedule;
    assert_int_equal(t2v_schedule_linear_quadratic(&DEFAULTS, 3, &schedule, NULL), T2V_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        float x = 3, velocity = 2;
        t2v_euler_step_at(&schedule, cases[i][0], &x, &velocity, 1);
        assert_float_equal(x, 3 - (cases[i][0] / 1000 - cases[i][1]) * 2, 1e-6f);
    }
    t2v_schedule_free(&schedule);
}

static void guidance_goes_past_the_prompt(void **state)
{
    (void)state;
    float cond[2] = {1, -1};
    const float uncond[2] = {0.5f, 2};
    t2v_guidance(cond, uncond, 3, 2);
    assert_float_equal(cond[0], 2, 0);
    assert_float_equal(cond[1], -7, 0);
}

static void sigmas_are_read_from_lists(void **state)
{
    (void)state;
    static const char *const lists[] = {"1|0.75|1e-3", "1,0.75,0.001", " 1 0.75  0.001 ",
                                        "1.0, 0.75, 0.001, 0"};
    t2v_sigmas sigmas;
    t2v_error error;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        assert_int_equal(t2v_sigmas_read(lists[i], &sigmas, &error), T2V_OK);
        assert_int_equal(sigmas.count, 3);
        assert_float_equal(sigmas.value[0], 1, 0);
        assert_float_equal(sigmas.value[1], 0.75, 0);
        assert_float_equal(sigmas.value[2], 0.001, 1e-12);
    }
    assert_int_equal(t2v_sigmas_read(NULL, &sigmas, &error), T2V_OK);
    assert_int_equal(sigmas.count, 0);
}

static void sigmas_that_make_no_schedule_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *list, *words;
    } cases[] = {
        {"1|x", "\"x\" is not a number"},
        {"0.9;0.5", "\"0.9;0.5\" is not a number"},
        {"0.5|0.5", "number 2 is 0.5 behind 0.5"},
        {"0.5|0.7", "wanted each below the one before"},
        {"1.5|0.7", "number 1 is 1.5"},
        {"0.9|-0.1", "number 2 is -0.1"},
        {"nan", "above 0 and at most 1"},
        {"0", "number 1 is 0"},
        {"1|0|0.5", "number 2 is 0"},
    };
    t2v_sigmas sigmas;
    t2v_error error;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(t2v_sigmas_read(cases[i].list, &sigmas, &error), T2V_ERROR_ARGUMENT);
        if (!strstr(error.text, cases[i].words))
            fail_msg("\"%s\" lacks \"%s\"", error.text, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ltx_video_schedule_follows_the_number_of_tokens),
        cmocka_unit_test(a_constant_shift_ignores_the_tokens),
        cmocka_unit_test(other_spacings_and_shifts_equal_the_reference),
        cmocka_unit_test(linear_quadratic_schedules_equal_the_reference),
        cmocka_unit_test(given_timesteps_stay_while_sigmas_are_shifted),
        cmocka_unit_test(given_timesteps_are_thousandths_whatever_the_training_had),
        cmocka_unit_test(what_has_no_schedule_is_refused_in_words),
        cmocka_unit_test(one_step_to_a_terminal_sigma_stays_at_noise),
        cmocka_unit_test(a_step_moves_along_the_velocity),
        cmocka_unit_test(a_tokens_step_ends_at_the_next_lower_sigma),
        cmocka_unit_test(guidance_goes_past_the_prompt),
        cmocka_unit_test(sigmas_are_read_from_lists),
        cmocka_unit_test(sigmas_that_make_no_schedule_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
