/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which steps are computed and what the others add. tests/parity has the first block's cache beside
 * that of diffusers. */
#include "operations.h"

#include <math.h>

#include "sample/step_cache.h"

enum { COUNT = 3 };

static const int network;

/* TeaCache4LTX-Video's */
static const t2v_teacache ltx = {
    {2.14700694e+01, -1.28016453e+01, 2.31279151e+00, 7.92487521e-01, 9.69274326e-03}, 0.03, false};

static t2v_step_cache row(t2v_cache_kind kind, double threshold, int steps)
{
    return (t2v_step_cache){.kind = kind, .threshold = threshold, .steps = steps};
}

/* An evaluation whose signal is all `signal` and whose blocks add `adds`, computed or not; what was
 * added to each of the numbers. */
static float evaluate(t2v_step_cache *cache, const void *network, float signal, float adds,
                      bool *reuse)
{
    const float signals[COUNT] = {signal, -signal, signal};
    float hidden[COUNT] = {1, 2, 3};
    assert_int_equal(t2v_step_cache_decide(exec, cache, NULL, network, &ltx, signals, COUNT, reuse),
                     T2V_OK);
    if (*reuse) {
        t2v_step_cache_reuse(exec, cache, hidden);
    } else {
        assert_int_equal(t2v_step_cache_begin(exec, cache, hidden, COUNT), T2V_OK);
        for (int i = 0; i < COUNT; i++)
            hidden[i] += adds;
        t2v_step_cache_end(exec, cache, hidden);
    }
    assert_float_equal(hidden[1] - hidden[0], 1, 1e-6);
    assert_float_equal(hidden[2] - hidden[0], 2, 1e-6);
    return hidden[0] - 1;
}

static void the_first_block_is_compared_with_the_last_computed_step(void **state)
{
    /* the change is 0.04 from 1, 0.08 from 1, 0.04 from 1.08 … */
    static const float signals[] = {1, 1.04f, 1.08f, 1.12f, 1.16f};
    static const bool reused[] = {false, true, false, true, false};
    static const float added[] = {10, 10, 12, 12, 14};
    t2v_step_cache cache = row(T2V_CACHE_FIRST_BLOCK, 0.05, 5);
    (void)state;
    for (int i = 0; i < 5; i++) {
        bool reuse;
        float adds = evaluate(&cache, &network, signals[i], 10 + (float)i, &reuse);
        assert_int_equal(reuse, reused[i]);
        assert_float_equal(adds, added[i], 1e-5);
    }
    assert_int_equal(cache.step, 5);
    assert_int_equal(cache.reused, 2);
    t2v_step_cache_free(&cache);
}

static void what_the_blocks_add_follows_the_line_of_two_computed_steps(void **state)
{
    static const float signals[] = {1, 2, 2, 2, 4, 4};
    static const bool reused[] = {false, false, true, true, false, true};
    /* from (1, 10) and (2, 12) to 14 and 16; from (2, 12) and (5, 21) to 24 */
    static const float adds[] = {10, 12, 0, 0, 21, 0}, added[] = {10, 12, 14, 16, 21, 24};
    t2v_step_cache cache = row(T2V_CACHE_TAYLOR, 0.05, 6);
    (void)state;
    for (int i = 0; i < 6; i++) {
        bool reuse;
        assert_float_equal(evaluate(&cache, &network, signals[i], adds[i], &reuse), added[i], 1e-5);
        assert_int_equal(reuse, reused[i]);
    }
    t2v_step_cache_free(&cache);
}

static void one_computed_step_makes_no_line(void **state)
{
    t2v_step_cache cache = row(T2V_CACHE_TAYLOR, 0.05, 2);
    bool reuse;
    (void)state;
    evaluate(&cache, &network, 1, 10, &reuse);
    assert_float_equal(evaluate(&cache, &network, 1, 0, &reuse), 10, 1e-6);
    assert_true(reuse);
    t2v_step_cache_free(&cache);
}

static void teacache_sums_up_a_polynomial_of_the_changes(void **state)
{
    /* each 1.02 times the one before: the polynomial gives 0.02636, below 0.03 once and not twice;
     * the last step is computed whatever it gives */
    static const bool reused[] = {false, true, false, true, false, false};
    t2v_step_cache cache = row(T2V_CACHE_TEACACHE, -1, 6);
    (void)state;
    for (int i = 0; i < 6; i++) {
        bool reuse;
        evaluate(&cache, &network, powf(1.02f, (float)i), 10, &reuse);
        assert_int_equal(reuse, reused[i]);
    }
    t2v_step_cache_free(&cache);
    cache = row(T2V_CACHE_TEACACHE, 0.0263, 3); /* a little less than it gives */
    for (int i = 0; i < 2; i++) {
        bool reuse;
        evaluate(&cache, &network, powf(1.02f, (float)i), 10, &reuse);
        assert_false(reuse);
    }
    t2v_step_cache_free(&cache);
}

static void another_network_begins_anew(void **state)
{
    static const int expert;
    t2v_step_cache cache = row(T2V_CACHE_TAYLOR, 0.5, 6);
    bool reuse;
    (void)state;
    evaluate(&cache, &network, 1, 10, &reuse);
    evaluate(&cache, &network, 2, 20, &reuse);
    evaluate(&cache, &expert, 2, 5, &reuse);
    assert_false(reuse);
    assert_float_equal(evaluate(&cache, &expert, 2, 0, &reuse), 5, 1e-6);
    assert_true(reuse);
    t2v_step_cache_free(&cache);
}

static void what_is_no_number_is_computed(void **state)
{
    t2v_step_cache cache = row(T2V_CACHE_FIRST_BLOCK, 10, 3);
    bool reuse;
    (void)state;
    evaluate(&cache, &network, 0, 10, &reuse); /* the change from it is 0/0 */
    evaluate(&cache, &network, 0, 10, &reuse);
    assert_false(reuse);
    t2v_step_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_block_is_compared_with_the_last_computed_step),
        cmocka_unit_test(what_the_blocks_add_follows_the_line_of_two_computed_steps),
        cmocka_unit_test(one_computed_step_makes_no_line),
        cmocka_unit_test(teacache_sums_up_a_polynomial_of_the_changes),
        cmocka_unit_test(another_network_begins_anew),
        cmocka_unit_test(what_is_no_number_is_computed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
