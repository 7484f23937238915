/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

/* All expected numbers were drawn by torch 2.13: torch.randn(n, generator=g) on the CPU. */

enum { MAX_DRAW = 64, MAX_DRAWS = 3 };

typedef struct golden {
    uint64_t seed;
    int draws[MAX_DRAWS]; /* sizes of consecutive tensors from one generator, 0 ends */
    float values[MAX_DRAW];
} golden;

static const golden GOLDEN[] = {
    {0, {3}, {1.54099607f, -0.293428898f, -2.17878938f}},
    {1,
     {16},
     {-1.5255959f, -0.750231802f, -0.653980911f, -1.60948479f, -0.100167178f, -0.609188914f,
      -0.97977227f, -1.60909629f, -0.712144613f, 0.303721994f, -0.777314305f, -0.251455247f,
      -0.222270489f, 1.6871134f, 0.228425175f, 0.467635512f}},
    {UINT64_C(4294967301),
     {5, 20, 4},
     {-0.486780763f, -0.603821576f, -0.55809623f, 0.667524278f,  -0.197415099f, -0.187292814f,
      -0.105701633f, 1.53291309f,   0.287361175f, -0.261668354f, -0.732388675f, 1.69804657f,
      -0.179165602f, 1.92305994f,   0.2879498f,   0.936796486f,  -2.40313506f,  -0.147893593f,
      0.896704137f,  0.548134983f,  -1.63911867f, -1.81530511f,  -0.206628591f, -0.525951207f,
      -1.69773293f,  1.94278347f,   0.447927862f, -0.608823538f, 0.238946199f}},
    {UINT64_C(9223372036854775807),
     {2, 16, 1},
     {1.21976304f, -0.392979473f, 1.89861786f, 1.56420887f, -1.2553997f, 0.793644249f, 0.414254963f,
      -0.313724548f, 0.0267613828f, 0.219066009f, -2.51588416f, 0.483752221f, 0.841786563f,
      0.140909612f, -1.27440333f, -1.30134249f, -0.655312896f, 0.462756008f, -0.664642811f}},
    {UINT64_C(2147483648),
     {33},
     {-1.84659719f, 1.11858237f,   -0.11044585f,   0.807979226f,   1.12077951f,   0.604486644f,
      -0.26292786f, -0.840135574f, -1.21149731f,   1.50808036f,    -0.33062157f,  -0.367568254f,
      0.493506432f, -1.0823909f,   -1.17299724f,   -0.0739329308f, -0.313078672f, -0.134416789f,
      -1.32195115f, -0.451821834f, -0.501828313f,  0.51619041f,    1.0269165f,    0.214819044f,
      -1.47280204f, 0.0364434496f, 2.55579901f,    -0.72854197f,   0.61436218f,   -1.24566233f,
      0.695370674f, -1.07026649f,  -0.00160239649f}},
};

static void draws_equal_torch_for_every_kind_of_seed_and_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(GOLDEN) / sizeof(GOLDEN[0]); i++) {
        const golden *row = &GOLDEN[i];
        t2v_rng rng;
        t2v_rng_seed(&rng, row->seed);
        int at = 0;
        for (int draw = 0; draw < MAX_DRAWS && row->draws[draw]; draw++) {
            float out[MAX_DRAW];
            t2v_rng_normal(&rng, out, (size_t)row->draws[draw]);
            for (int k = 0; k < row->draws[draw]; k++)
                assert_float_equal(out[k], row->values[at++], 1e-6f);
        }
    }
}

static void a_long_draw_equals_torch_to_its_overlapping_end(void **state)
{
    (void)state;
    enum { COUNT = 100003 };
    float *out = malloc(COUNT * sizeof(*out)), rest[3];
    assert_non_null(out);
    t2v_rng rng;
    t2v_rng_seed(&rng, 42);
    t2v_rng_normal(&rng, out, COUNT);
    assert_float_equal(out[50000], -0.47465083f, 1e-6f);
    assert_float_equal(out[99999], 1.82662785f, 1e-6f);
    assert_float_equal(out[100002], -0.231377468f, 1e-6f);
    double sum = 0;
    for (int i = 0; i < COUNT; i++)
        sum += out[i];
    assert_true(fabs(sum - 212.7005590583667) < 1e-2);
    t2v_rng_normal(&rng, rest, 3);
    assert_float_equal(rest[0], 0.0438884944f, 1e-6f);
    assert_float_equal(rest[1], -0.775430977f, 1e-6f);
    assert_float_equal(rest[2], -0.440047026f, 1e-6f);
    free(out);
}

static void a_new_seed_forgets_the_spare_number(void **state)
{
    (void)state;
    t2v_rng rng;
    float first[1], again[1];
    t2v_rng_seed(&rng, 7);
    t2v_rng_normal(&rng, first, 1);
    t2v_rng_seed(&rng, 7);
    t2v_rng_normal(&rng, again, 1);
    assert_float_equal(first[0], again[0], 0);
}

static void only_the_low_half_of_the_seed_counts(void **state)
{
    (void)state;
    t2v_rng low, high;
    t2v_rng_seed(&low, 5);
    t2v_rng_seed(&high, (UINT64_C(1) << 32) + 5);
    assert_memory_equal(low.state, high.state, sizeof(low.state));
}

static void system_seeds_are_in_range_and_differ(void **state)
{
    (void)state;
    int64_t first, seed;
    int differing = 0;
    assert_int_equal(t2v_rng_system_seed(&first, NULL), T2V_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(t2v_rng_system_seed(&seed, NULL), T2V_OK);
        assert_true(seed >= 0 && seed < INT64_C(1) << 31);
        differing += seed != first;
    }
    assert_true(differing > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_equal_torch_for_every_kind_of_seed_and_size),
        cmocka_unit_test(a_long_draw_equals_torch_to_its_overlapping_end),
        cmocka_unit_test(a_new_seed_forgets_the_spare_number),
        cmocka_unit_test(only_the_low_half_of_the_seed_counts),
        cmocka_unit_test(system_seeds_are_in_range_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
