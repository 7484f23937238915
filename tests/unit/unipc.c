/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of diffusers' UniPCMultistepScheduler, and of its Euler scheduler when left to itself. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "sample/scheduler.h"

enum { COUNT = 3 };

typedef struct row {
    t2v_unipc_config config;
    int steps;
    float timesteps[8], sigmas[9], result[COUNT];
} row;

static const row rows[] = {
    {{1000, 2, 3, 0}, 1, {999}, {0.999998987f, 0}, {0.549999952f, -0.750000477f, 1.00000095f}},
    {{1000, 2, 3, 0},
     2,
     {999, 750},
     {0.999998987f, 0.750374794f, 0},
     {-0.0127811432f, -0.975112915f, 1.37518847f}},
    {{1000, 2, 3, 0},
     5,
     {999, 923, 818, 667, 429},
     {0.999998987f, 0.923165679f, 0.818429649f, 0.667221844f, 0.42979452f, 0},
     {0.0192294419f, -1.69705725f, 1.72484577f}},
    {{1000, 2, 5, 0},
     8,
     {999, 972, 937, 893, 833, 750, 625, 418},
     {0.999998987f, 0.972253084f, 0.937578082f, 0.893010139f, 0.833610952f, 0.750499487f,
      0.625936091f, 0.418606579f, 0},
     {0.637657106f, -2.48907828f, 1.82723522f}},
    {{1000, 3, 3, 0},
     6,
     {999, 937, 857, 750, 600, 376},
     {0.999998987f, 0.937570333f, 0.857326508f, 0.750374794f, 0.600719452f, 0.376404494f, 0},
     {0.126715064f, -1.92289913f, 1.75613487f}},
};

/* The model of the comparison: outputs that change from step to step. */
static void velocity(int step, float *out)
{
    out[0] = (float)(fmod(0.75 * (step + 1), 2.0) - 0.8);
    out[1] = (float)(0.3 * step - 0.5);
    out[2] = (float)(1.0 / (step + 1));
}

static void steps_equal_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const row *r = &rows[i];
        float x[COUNT] = {0.5f, -1.25f, 2.0f}, v[COUNT];
        t2v_schedule schedule;
        t2v_unipc *solver;
        assert_int_equal(t2v_schedule_unipc(&r->config, r->steps, &schedule, NULL), T2V_OK);
        assert_int_equal(t2v_unipc_create(&r->config, &schedule, COUNT, &solver, NULL), T2V_OK);
        for (int step = 0; step < r->steps; step++) {
            assert_float_equal(schedule.timesteps[step], r->timesteps[step], 0);
            assert_float_equal(schedule.sigmas[step], r->sigmas[step], 1e-7);
            velocity(step, v);
            t2v_unipc_step(solver, x, v);
        }
        for (int j = 0; j < COUNT; j++)
            assert_float_equal(x[j], r->result[j], 2e-6);
        t2v_unipc_free(&solver);
        t2v_schedule_free(&schedule);
    }
}

static void impossible_numbers_of_steps_are_refused(void **state)
{
    t2v_schedule schedule;
    t2v_error error;
    (void)state;
    assert_int_equal(t2v_schedule_unipc(&rows[0].config, 0, &schedule, &error), T2V_ERROR_ARGUMENT);
    assert_int_equal(t2v_schedule_unipc(&rows[0].config, 1001, &schedule, &error),
                     T2V_ERROR_ARGUMENT);
}

/* In double they fall; the solver computes in float. */
static void sigmas_that_are_the_same_float_are_refused(void **state)
{
    const t2v_sigmas near = {.count = 3, .value = {.5, .49999999, .2}};
    t2v_schedule schedule;
    t2v_error error;
    (void)state;
    assert_int_equal(t2v_sigmas_check(&near, "sigmas", &error), T2V_OK);
    assert_int_equal(t2v_schedule_unipc_given(&rows[0].config, &near, &schedule, &error),
                     T2V_ERROR_ARGUMENT);
    assert_non_null(strstr(error.text, "sigma 2 of 3"));
}

static void eulers_own_schedule_is_shifted_twice(void **state)
{
    const t2v_flow_match_config config = {.num_train_timesteps = 1000, .shift = 3};
    const t2v_flow_match_config ended = {
        .num_train_timesteps = 1000, .shift = 7.3, .shift_terminal = 0.1};
    const float timesteps[] = {1000, 857.692322f, 602.150574f, 8.9285717f};
    const float sigmas[] = {1, 0.887231529f, 0.100000001f, 0};
    t2v_schedule schedule;
    (void)state;
    assert_int_equal(t2v_schedule_trained(&config, 4, &schedule, NULL), T2V_OK);
    for (int i = 0; i < 4; i++)
        assert_float_equal(schedule.timesteps[i], timesteps[i], 1e-4);
    t2v_schedule_free(&schedule);
    assert_int_equal(t2v_schedule_trained(&ended, 3, &schedule, NULL), T2V_OK);
    for (int i = 0; i < 4; i++)
        assert_float_equal(schedule.sigmas[i], sigmas[i], 1e-7);
    t2v_schedule_free(&schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_equal_the_reference),
        cmocka_unit_test(impossible_numbers_of_steps_are_refused),
        cmocka_unit_test(sigmas_that_are_the_same_float_are_refused),
        cmocka_unit_test(eulers_own_schedule_is_shifted_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
