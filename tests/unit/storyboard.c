/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Storyboards as text, and when their shots begin. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/director.h"

static t2v_storyboard board;
static t2v_error error;

static t2v_status parse(const char *text)
{
    return t2v_storyboard_parse("film.txt", text, strlen(text), &board, &error);
}

static int clear(void **state)
{
    (void)state;
    t2v_storyboard_free(&board);
    return 0;
}

static void shots_have_times_prompts_and_settings(void **state)
{
    (void)state;
    assert_int_equal(parse("\xef\xbb\xbf# a film\r\n\r\n"
                           "  0:00   blue waves | at noon |transition=fade   seed=12\r\n"
                           "\t0:12.5\tgr\xc3\xbcne W\xc3\xa4lder\n"
                           "59:59 snow|seed=9223372036854775807\n"
                           "01:00:00.25 fire # no comment"),
                     T2V_OK);
    static const t2v_shot wanted[] = {
        {0, "blue waves | at noon", T2V_TRANSITION_FADE, 12},
        {12.5, "gr\xc3\xbcne W\xc3\xa4lder", T2V_TRANSITIONS, -1},
        {3599, "snow", T2V_TRANSITIONS, INT64_MAX},
        {3600.25, "fire # no comment", T2V_TRANSITIONS, -1},
    };
    assert_int_equal(board.count, 4);
    for (size_t i = 0; i < board.count; i++) {
        assert_true(fabs(board.shots[i].seconds - wanted[i].seconds) < 1e-9);
        assert_string_equal(board.shots[i].prompt, wanted[i].prompt);
        assert_int_equal(board.shots[i].transition, wanted[i].transition);
        assert_int_equal(board.shots[i].seed, wanted[i].seed);
    }
}

static void a_file_without_times_is_one_prompt(void **state)
{
    (void)state;
    assert_int_equal(parse("# what is wanted\n\n 3 boats on\r\n  a quiet lake | dawn \n"), T2V_OK);
    assert_int_equal(board.count, 1);
    assert_string_equal(board.shots[0].prompt, "3 boats on a quiet lake | dawn");
    assert_true(board.shots[0].seconds == 0);
}

static void a_damaged_line_is_named(void **state)
{
    static const struct {
        const char *text, *wanted;
    } files[] = {
        {"", "film.txt: there is no prompt"},
        {"\xef\xbb\xbf\n# only this\n", "film.txt: there is no prompt"},
        {"0:00 waves\n\n0:01", ":3: there is no prompt"},
        {"0:00 | seed=1", ":1: there is no prompt"},
        {"0:00 waves\nfire", ":2: \"fire\" is no time"},
        {"waves\n0:10 fire", ":2: a time, but the file's first line has none"},
        {"0:60 waves", ":1: 0:60 is no time"},
        {"0:5 waves", ":1: 0:5 is no time"},
        {"1:60:00 waves", "1:60:00 is no time"},
        {"1:2:3:4 waves", "1:2:3:4 is no time"},
        {"99999999999999999999:00 waves", "is no time"},
        {"0:00 waves\n0:00 fire", ":2: 0:00 is not after"},
        {"0:10 waves\n0:09.99 fire", ":2: 0:09.99 is not after"},
        {"0:00 waves | transition=wipe", "transition \"wipe\" is unknown"},
        {"0:00 waves | transition=", "transition \"\" is unknown"},
        {"0:00 waves | seed=-1", "seed \"-1\" is no number"},
        {"0:00 waves | seed=9223372036854775808", "is no number"},
        {"0:00 waves | seed=", "seed \"\" is no number"},
        {"0:00 waves | at night", "\"at\" behind \"|\" is unknown"},
        {"0:00 waves |", "\"\" behind \"|\" is unknown"},
        {"0:00 wav\xff", "not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(parse(files[i].text), T2V_ERROR_FORMAT);
        if (!strstr(error.text, files[i].wanted))
            fail_msg("\"%s\" gave: %s", files[i].text, error.text);
        assert_int_equal(board.count, 0);
    }
    assert_int_equal(t2v_storyboard_parse("film.txt", "a\0b", 3, &board, &error), T2V_ERROR_FORMAT);
}

static void what_is_too_long_is_refused(void **state)
{
    const size_t bytes = 200000;
    char *text = malloc(bytes + 1);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < bytes; i++)
        text[i] = i % 2 ? '\n' : 'a';
    text[bytes] = 0;
    assert_int_equal(parse(text), T2V_ERROR_FORMAT);
    size_t used = 0;
    for (int shot = 0; shot < 10001; shot++)
        used += (size_t)snprintf(text + used, bytes - used, "%d:%02d:00 a\n", shot / 60, shot % 60);
    assert_int_equal(parse(text), T2V_ERROR_FORMAT);
    assert_non_null(strstr(error.text, "more than 10000 shots"));
    free(text);
}

/* Not only the last: an error anywhere leaves nothing behind, which the sanitizers see. */
static void every_beginning_of_a_file_is_read_or_refused(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf# film\r\n0:00 w\xc3\xa4lder | transition=cut seed=7\r\n"
        "1:00:00.5 fire || seed=12\n";
    (void)state;
    for (size_t bytes = 0; bytes < sizeof(text); bytes++)
        if (t2v_storyboard_parse("film.txt", text, bytes, &board, &error) < 0)
            assert_int_equal(error.status, T2V_ERROR_FORMAT);
    assert_int_equal(board.count, 2);
}

static void shots_begin_with_the_first_frame_that_is_not_before_their_time(void **state)
{
    t2v_director director = {.rate = 30000.0 / 1001};
    t2v_transition transition;
    (void)state;
    assert_int_equal(parse("0:00 a | transition=cut\n0:00.1 b\n0:00.11 c\n0:01.001 d"), T2V_OK);
    director.board = board;
    board = (t2v_storyboard){0};
    assert_int_equal(t2v_director_due(&director, 0, &transition), 0);
    assert_int_equal(transition, T2V_TRANSITION_CUT);
    assert_string_equal(t2v_director_take(&director, 0)->prompt, "a");
    assert_null(t2v_director_take(&director, 2));
    assert_int_equal(t2v_director_due(&director, 2, &transition), 3);
    assert_int_equal(transition, T2V_TRANSITIONS);
    /* of two that are over, the last one */
    assert_string_equal(t2v_director_take(&director, 29)->prompt, "c");
    assert_int_equal(t2v_director_due(&director, 29, &transition), 30);
    assert_string_equal(t2v_director_take(&director, 30)->prompt, "d");
    assert_true(t2v_director_due(&director, 31, &transition) == INT64_MAX);
    t2v_director_close(&director);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(shots_have_times_prompts_and_settings, clear),
        cmocka_unit_test_teardown(a_file_without_times_is_one_prompt, clear),
        cmocka_unit_test_teardown(a_damaged_line_is_named, clear),
        cmocka_unit_test_teardown(what_is_too_long_is_refused, clear),
        cmocka_unit_test_teardown(every_beginning_of_a_file_is_read_or_refused, clear),
        cmocka_unit_test_teardown(shots_begin_with_the_first_frame_that_is_not_before_their_time,
                                  clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
