/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of Python's html.unescape, twice, and of the reference's white space. */
#include "unit.h"

#include "text/clean_prompt.h"

static void assert_cleaned(const char *text, const char *wanted)
{
    t2v_text_buffer clean;
    t2v_error error;
    assert_int_equal(t2v_clean_prompt(text, &clean, &error), T2V_OK);
    assert_string_equal(clean.data, wanted);
    t2v_text_buffer_free(&clean);
}

static void white_space_becomes_one_space(void **state)
{
    (void)state;
    assert_cleaned("", "");
    assert_cleaned(" \n\t ", "");
    assert_cleaned("  a \t\n b\u3000c\u00a0 ", "a b c");
    assert_cleaned("a&nbsp;&nbsp;b &#32;", "a b");
}

static void names_of_characters_are_replaced_twice(void **state)
{
    (void)state;
    assert_cleaned("&amp;lt;p&gt; &quot;x&quot;", "<p> \"x\"");
    assert_cleaned("&CounterClockwiseContourIntegral;&NotEqualTilde;", "\u2233\u2242\u0338");
    assert_cleaned("&zz雨&lt雨", "&zz雨<雨");
    assert_cleaned("&zwnj;", "\u200c");
    assert_cleaned("&AElig", "\u00c6");
}

static void the_longest_beginning_of_a_name_counts(void **state)
{
    (void)state;
    assert_cleaned("&notit; &not; &noti &copy2 &hearts",
                   "\u00acit; \u00ac \u00aci \u00a92 &hearts");
}

static void numbers_are_replaced(void **state)
{
    (void)state;
    assert_cleaned("&#65;&#x42;&#X43 &#0; &#128; &#x81; &#xd800; &#x110000; &#xFFFFFFFFFFFF; "
                   "&#1;&#xfdd0;.",
                   "ABC \ufffd \u20ac \xc2\x81 \ufffd \ufffd \ufffd .");
    assert_cleaned("&#x1f525;&#29356;", "\U0001f525\u72ac");
}

static void what_is_no_reference_stays(void **state)
{
    (void)state;
    assert_cleaned("& && &; &a; &# &#; &#x; &#xg", "& && &; &a; &# &#; &#x; &#xg");
    assert_cleaned("&", "&");
    assert_cleaned("\xff&\xff", "\xff&\xff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_becomes_one_space),
        cmocka_unit_test(names_of_characters_are_replaced_twice),
        cmocka_unit_test(the_longest_beginning_of_a_name_counts),
        cmocka_unit_test(numbers_are_replaced),
        cmocka_unit_test(what_is_no_reference_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
