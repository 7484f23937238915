/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/profile.h"

#include <math.h>
#include <time.h>

#include "ops/linear.h"
#include "unit.h"

enum { ROWS = 5, IN = 7, OUT = 3 };

static t2v_exec *make_exec(void)
{
    t2v_exec *exec;
    assert_int_equal(t2v_exec_create(1, NULL, NULL, &exec), T2V_OK);
    return exec;
}

static void run_linear(t2v_exec *exec, int times)
{
    static const float weight[OUT * IN], x[ROWS * IN];
    float y[ROWS * OUT];
    const t2v_tensor tensor = {
        .dtype = T2V_F32, .data = weight, .bytes = sizeof(weight), .shape = {2, {OUT, IN}}};
    t2v_linear *linear;
    assert_int_equal(t2v_linear_create(1, &tensor, NULL, T2V_PRECISION_F32, &linear, NULL), T2V_OK);
    for (int i = 0; i < times; i++)
        assert_int_equal(t2v_linear_run(exec, linear, x, ROWS, T2V_ACTIVATION_NONE, false, y),
                         T2V_OK);
    t2v_linear_free(&linear);
}

static const t2v_profile_row *find(const t2v_profile *profile, t2v_operation operation)
{
    for (int i = 0; i < profile->count; i++)
        if (profile->row[i].each.operation == operation)
            return &profile->row[i];
    fail_msg("no row of %s", t2v_operation_name(operation));
    return NULL;
}

static void a_profile_counts_calls_operations_and_bytes(void **state)
{
    static t2v_profile profile;
    t2v_exec *exec = make_exec();
    (void)state;
    exec->profile = &profile;
    t2v_profile_start(&profile);
    run_linear(exec, 3);
    t2v_profile_stop(&profile);
    const t2v_profile_row *row = find(&profile, T2V_OPERATION_LINEAR);
    assert_int_equal(row->calls, 3);
    assert_float_equal(row->each.operations, 3 * 2.0 * ROWS * IN * OUT, 0);
    assert_float_equal(row->each.bytes, 3 * 4.0 * (ROWS * IN + IN * OUT + ROWS * OUT), 0);
    assert_int_equal(row->each.shape[0], ROWS);
    assert_int_equal(row->each.shape[1], IN);
    assert_int_equal(row->each.shape[2], OUT);
    assert_int_equal(find(&profile, T2V_OPERATION_WEIGHTS)->calls, 1);
    assert_int_equal(find(&profile, T2V_OPERATION_PRIMITIVE)->calls, 1);
    t2v_exec_destroy(&exec);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void the_rows_of_a_profile_add_up_to_the_time_between_start_and_stop(void **state)
{
    static t2v_profile profile;
    t2v_exec *exec = make_exec();
    double sum = 0;
    (void)state;
    exec->profile = &profile;
    const double before = now();
    t2v_profile_start(&profile);
    const double start = profile.seconds;
    run_linear(exec, 1);
    t2v_profile_stop(&profile);
    const double after = now();
    for (int i = 0; i < profile.count; i++)
        sum += profile.row[i].seconds;
    assert_true(fabs(sum - (profile.seconds - start)) < 1e-6);
    assert_true(start >= before && profile.seconds <= after);
    t2v_exec_destroy(&exec);
}

static void
time_within_an_operation_belongs_to_the_inner_one_and_then_to_the_outer_again(void **state)
{
    static t2v_profile profile;
    const t2v_work outer = {.operation = T2V_OPERATION_ATTENTION, .shape = {1}};
    const t2v_work inner = {.operation = T2V_OPERATION_COPY};
    (void)state;
    t2v_profile_start(&profile);
    const int around = t2v_profile_enter(&profile, &outer);
    assert_int_equal(around, 0);
    const int within = t2v_profile_enter(&profile, &inner);
    assert_ptr_equal(&profile.row[within], find(&profile, T2V_OPERATION_ATTENTION));
    t2v_profile_leave(&profile, within);
    assert_int_equal(profile.current, within);
    t2v_profile_leave(&profile, around);
    assert_int_equal(profile.current, 0);
}

static void shapes_beyond_the_last_row_are_counted_as_other(void **state)
{
    static t2v_profile profile;
    (void)state;
    t2v_profile_start(&profile);
    for (int i = 0; i < T2V_PROFILE_ROWS + 10; i++) {
        const t2v_work work = {.operation = T2V_OPERATION_NORM, .bytes = 1, .shape = {i + 1}};
        t2v_profile_leave(&profile, t2v_profile_enter(&profile, &work));
    }
    assert_int_equal(profile.count, T2V_PROFILE_ROWS);
    assert_float_equal(profile.row[0].each.bytes, 11, 0);
}

static void a_peak_of_onednn_says_its_operations_and_can_be_destroyed_unused(void **state)
{
    t2v_exec *exec = make_exec();
    t2v_peak *peak;
    (void)state;
    assert_int_equal(t2v_peak_create(exec, T2V_PEAK_CONVOLUTION, &peak), T2V_OK);
    assert_float_equal(t2v_peak_operations(peak), 2.0 * 27 * 256 * 256 * 4 * 64 * 96, 0);
    t2v_peak_destroy(&peak);
    assert_null(peak);
    t2v_exec_destroy(&exec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_counts_calls_operations_and_bytes),
        cmocka_unit_test(the_rows_of_a_profile_add_up_to_the_time_between_start_and_stop),
        cmocka_unit_test(
            time_within_an_operation_belongs_to_the_inner_one_and_then_to_the_outer_again),
        cmocka_unit_test(shapes_beyond_the_last_row_are_counted_as_other),
        cmocka_unit_test(a_peak_of_onednn_says_its_operations_and_can_be_destroyed_unused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
