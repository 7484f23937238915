/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "weights/config.h"

static t2v_config *open_text(const char *text)
{
    t2v_config *config;
    t2v_error error;
    if (t2v_config_open(files_write_text("config.json", text), &config, &error) < 0)
        fail_msg("%s", error.text);
    return config;
}

static void assert_refused(const char *path, t2v_status status, const char *words)
{
    t2v_config *config;
    t2v_error error = {0};
    t2v_status got = t2v_config_open(path, &config, &error);
    if (got != status || config || strncmp(error.text, path, strlen(path)) ||
        !strstr(error.text, words))
        fail_msg("status %d, \"%s\", wanted %d and \"%s\"", got, error.text, status, words);
}

static void assert_words(const t2v_error *error, const char *words)
{
    if (strncmp(error->text, files_path("config.json"), strlen(files_path("config.json"))) ||
        !strstr(error->text, words))
        fail_msg("\"%s\", wanted \"%s\"", error->text, words);
}

static const char sample[] =
    "{\"int\": 7, \"whole\": -3.0, \"half\": 0.5, \"yes\": true, \"no\": false, \"null\": null,"
    " \"text\": \"wörds\", \"list\": [1, 2.0, 3], \"flags\": [true, false], \"empty\": [],"
    " \"names\": [\"a\", null, \"c\"], \"mixed\": [1, \"a\"], \"object\": {\"x\": \"1\", \"y\": "
    "\"2\"},"
    " \"huge\": 9223372036854775807, \"wide\": 1e300}";

static void values_are_read(void **state)
{
    (void)state;
    t2v_config *config = open_text(sample);
    t2v_error error;
    int64_t integer;
    double real;
    bool flag;
    const char *text;
    assert_string_equal(t2v_config_path(config), files_path("config.json"));
    assert_int_equal(t2v_config_int(config, "int", 0, 7, 7, &integer, &error), T2V_OK);
    assert_int_equal(integer, 7);
    assert_int_equal(t2v_config_int(config, "whole", 0, -3, 0, &integer, &error), T2V_OK);
    assert_int_equal(integer, -3);
    assert_int_equal(t2v_config_int(config, "huge", 0, 0, INT64_MAX, &integer, &error), T2V_OK);
    assert_int_equal(integer, INT64_MAX);
    assert_int_equal(t2v_config_double(config, "half", 0, 0.5, 0.5, &real, &error), T2V_OK);
    assert_float_equal(real, 0.5, 0);
    assert_int_equal(t2v_config_double(config, "int", 0, 0, 10, &real, &error), T2V_OK);
    assert_float_equal(real, 7, 0);
    assert_int_equal(t2v_config_bool(config, "yes", false, &flag, &error), T2V_OK);
    assert_true(flag);
    assert_int_equal(t2v_config_bool(config, "no", true, &flag, &error), T2V_OK);
    assert_false(flag);
    assert_int_equal(t2v_config_string(config, "text", NULL, &text, &error), T2V_OK);
    assert_string_equal(text, "wörds");
    assert_true(t2v_config_has(config, "no"));
    assert_false(t2v_config_has(config, "null"));
    assert_false(t2v_config_has(config, "absent"));
    t2v_config_close(&config);
    assert_null(config);
    t2v_config_close(&config);
}

static void lists_are_read(void **state)
{
    (void)state;
    t2v_config *config = open_text(sample);
    int64_t integers[3] = {0};
    bool flags[2] = {false, true};
    const char *text;
    int count;
    assert_int_equal(t2v_config_ints(config, "list", 1, 3, 3, integers, &count, NULL), T2V_OK);
    assert_int_equal(count, 3);
    assert_int_equal(integers[0] * 100 + integers[1] * 10 + integers[2], 123);
    assert_int_equal(t2v_config_ints(config, "int", 0, 9, 3, integers, &count, NULL), T2V_OK);
    assert_int_equal(count, 1);
    assert_int_equal(integers[0], 7);
    assert_int_equal(t2v_config_ints(config, "empty", 0, 9, 3, integers, &count, NULL), T2V_OK);
    assert_int_equal(count, 0);
    assert_int_equal(t2v_config_bools(config, "flags", 2, flags, &count, NULL), T2V_OK);
    assert_int_equal(count, 2);
    assert_true(flags[0] && !flags[1]);
    assert_int_equal(t2v_config_bools(config, "no", 1, flags, &count, NULL), T2V_OK);
    assert_int_equal(count, 1);
    assert_false(flags[0]);
    assert_int_equal(t2v_config_string_at(config, "names", 2, &text, NULL), T2V_OK);
    assert_string_equal(text, "c");
    static const int without[] = {-1, 1 /* null */, 3};
    for (int i = 0; i < 3; i++) {
        text = "left";
        assert_int_equal(t2v_config_string_at(config, "names", without[i], &text, NULL), T2V_OK);
        assert_null(text);
    }
    t2v_config_close(&config);
}

static void absent_and_null_values_take_the_default(void **state)
{
    (void)state;
    t2v_config *config = open_text(sample);
    static const char *const keys[] = {"absent", "null"};
    for (int i = 0; i < 2; i++) {
        int64_t integer = 0, integers[1] = {5};
        double real;
        bool flag, flags[1] = {true};
        const char *text;
        int count = 9;
        assert_int_equal(t2v_config_int(config, keys[i], 42, 0, 1, &integer, NULL), T2V_OK);
        assert_int_equal(integer, 42);
        assert_int_equal(t2v_config_double(config, keys[i], 4.5, 0, 1, &real, NULL), T2V_OK);
        assert_float_equal(real, 4.5, 0);
        assert_int_equal(t2v_config_bool(config, keys[i], true, &flag, NULL), T2V_OK);
        assert_true(flag);
        assert_int_equal(t2v_config_string(config, keys[i], "d", &text, NULL), T2V_OK);
        assert_string_equal(text, "d");
        assert_int_equal(t2v_config_ints(config, keys[i], 0, 1, 1, integers, &count, NULL), T2V_OK);
        assert_int_equal(count, -1);
        assert_int_equal(integers[0], 5);
        count = 9;
        assert_int_equal(t2v_config_bools(config, keys[i], 1, flags, &count, NULL), T2V_OK);
        assert_int_equal(count, -1);
        assert_int_equal(t2v_config_string_at(config, keys[i], 0, &text, NULL), T2V_OK);
        assert_null(text);
    }
    t2v_config_close(&config);
}

static void integers_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int64_t min, max;
        const char *words;
    } cases[] = {
        {"int", 8, 9, "int is 7, wanted an integer from 8 to 9"},
        {"int", 0, 6, "wanted an integer from 0 to 6"},
        {"half", 0, 9, "half is 0.5"},
        {"wide", 0, INT64_MAX, "wide is 1"},
        {"text", 0, 9, "text is \"w\\u00F6rds\", wanted an integer"},
        {"yes", 0, 9, "yes is true"},
        {"list", 0, 9, "list is [1,2.0,3]"},
        {"object", 0, 9, "object is {"},
    };
    t2v_config *config = open_text(sample);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        t2v_error error;
        int64_t value = 77;
        assert_int_equal(
            t2v_config_int(config, cases[i].key, 0, cases[i].min, cases[i].max, &value, &error),
            T2V_ERROR_FORMAT);
        assert_words(&error, cases[i].words);
        assert_int_equal(value, 77);
        assert_int_equal(
            t2v_config_int(config, cases[i].key, 0, cases[i].min, cases[i].max, &value, NULL),
            T2V_ERROR_FORMAT);
    }
    t2v_config_close(&config);
}

static void other_values_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    t2v_config *config = open_text(sample);
    t2v_error error;
    double real;
    bool flag, flags[1];
    const char *text;
    int64_t integers[3];
    int count;
    assert_int_equal(t2v_config_double(config, "wide", 0, 0, 1, &real, &error), T2V_ERROR_FORMAT);
    assert_words(&error, "wanted a number from 0 to 1");
    assert_int_equal(t2v_config_double(config, "yes", 0, 0, 1, &real, &error), T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_bool(config, "int", false, &flag, &error), T2V_ERROR_FORMAT);
    assert_words(&error, "int is 7, wanted true or false");
    assert_int_equal(t2v_config_string(config, "list", "", &text, &error), T2V_ERROR_FORMAT);
    assert_words(&error, "wanted a string");
    assert_int_equal(t2v_config_ints(config, "list", 0, 9, 2, integers, &count, &error),
                     T2V_ERROR_FORMAT);
    assert_words(&error, "list is [1,2.0,3], wanted at most 2 integers from 0 to 9");
    assert_int_equal(t2v_config_ints(config, "list", 0, 2, 3, integers, &count, &error),
                     T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_ints(config, "mixed", 0, 9, 3, integers, &count, &error),
                     T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_ints(config, "object", 0, 9, 3, integers, &count, &error),
                     T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_bools(config, "flags", 1, flags, &count, &error), T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_bools(config, "int", 1, flags, &count, &error), T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_string_at(config, "mixed", 0, &text, &error), T2V_ERROR_FORMAT);
    assert_int_equal(t2v_config_string_at(config, "text", 0, &text, &error), T2V_ERROR_FORMAT);
    assert_words(&error, "wanted a list of strings");
    t2v_config_close(&config);
}

static t2v_status append_entry(void *opaque, const char *name, const char *value, t2v_error *error)
{
    if (!strcmp(name, "stop"))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "stopped");
    strcat(strcat(opaque, name), value);
    return T2V_OK;
}

static void objects_of_strings_are_enumerated_in_order(void **state)
{
    (void)state;
    char seen[32] = "";
    t2v_error error;
    t2v_config *config = open_text("{\"map\": {\"z\": \"1\", \"a\": \"2\"}, \"empty\": {},"
                                   "\"bad\": {\"a\": 1}, \"ends\": {\"b\": \"3\", \"stop\": \"\","
                                   "\"c\": \"4\"}}");
    assert_int_equal(t2v_config_each(config, "map", append_entry, seen, &error), T2V_OK);
    assert_int_equal(t2v_config_each(config, "empty", append_entry, seen, &error), T2V_OK);
    assert_string_equal(seen, "z1a2");
    assert_int_equal(t2v_config_each(config, "ends", append_entry, seen, &error),
                     T2V_ERROR_ARGUMENT);
    assert_string_equal(seen, "z1a2b3");
    assert_int_equal(t2v_config_each(config, "bad", append_entry, seen, &error), T2V_ERROR_FORMAT);
    assert_words(&error, "bad is 1");
    assert_int_equal(t2v_config_each(config, "none", append_entry, seen, &error), T2V_ERROR_FORMAT);
    assert_words(&error, "none is nothing, wanted an object of strings");
    t2v_config_close(&config);
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "line 1"},
        {" ", "line 1"},
        {"{", "line 1"},
        {"{\n\"a\": }", "line 2"},
        {"{} x", "end of file expected"},
        {"{\"a\": NaN}", "near 'NaN'"},
        {"{\"a\": -Infinity}", "invalid token"},
        {"{\"a\": 1, \"a\": 2}", "duplicate object key"},
        {"{\"b\": {\"a\": 1, \"a\": 2}}", "duplicate object key"},
        {"{\"a\": \"\\u0000\"}", "\\u0000"},
        {"{\"\\u0000\": 1}", "\\u0000"},
        {"{\"a\": \"\xff\"}", "unable to decode byte 0xff"},
        {"\xef\xbb\xbf{}", "not valid JSON"},
        {"{\"a\": 9223372036854775808}", "too big integer"},
        {"{\"a\": 1e999}", "real number overflow"},
        {"{'a': 1}", "not valid JSON"},
        {"{\"a\": 1,}", "not valid JSON"},
        {"[]", "holds a list, wanted an object"},
        {"3", "holds an integer, wanted an object"},
        {"\"a\"", "holds a string, wanted an object"},
        {"null", "holds null, wanted an object"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(files_write_text("bad.json", cases[i].text), T2V_ERROR_FORMAT,
                       cases[i].words);
}

static void texts_cut_short_are_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < strlen(sample); length++)
        assert_refused(files_write("cut.json", sample, length), T2V_ERROR_FORMAT, "not valid JSON");
}

static void deep_nesting_is_refused_at_once(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH);
    memset(text, '[', DEPTH);
    assert_refused(files_write("deep.json", text, DEPTH), T2V_ERROR_FORMAT, "parsing depth");
    free(text);
}

static void too_large_files_are_refused(void **state)
{
    (void)state;
    assert_int_equal(truncate(files_write_text("large.json", "{}"), (64 << 20) + 1), 0);
    assert_refused(files_path("large.json"), T2V_ERROR_FORMAT, "64 MiB");
    enum { VALUES = 1 << 18 };
    char *text = malloc(VALUES);
    for (const char *value = ",[{"; *value; value++) {
        memset(text, *value, VALUES);
        assert_refused(files_write("large.json", text, VALUES), T2V_ERROR_FORMAT, "values");
    }
    free(text);
}

static void keys_that_nobody_asks_for_are_known(void **state)
{
    (void)state;
    t2v_config *config;
    int64_t value;
    assert_int_equal(t2v_config_parse("f", "{\"steps\": 4, \"guidence\": 1}", &config, NULL), 0);
    assert_int_equal(t2v_config_watch(config, NULL), T2V_OK);
    assert_int_equal(t2v_config_int(config, "steps", 0, 1, 9, &value, NULL), T2V_OK);
    assert_string_equal(t2v_config_unread(config), "guidence");
    assert_int_equal(t2v_config_watch(config, NULL), T2V_OK);
    assert_true(t2v_config_has(config, "guidence") && t2v_config_has(config, "steps"));
    assert_null(t2v_config_unread(config));
    t2v_config_close(&config);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_refused(files_path("absent"), T2V_ERROR_NOT_FOUND, "No such file");
    assert_refused(files_path(""), T2V_ERROR_FORMAT, "regular file");
    assert_int_equal(mkfifo(files_path("pipe"), 0666), 0);
    assert_refused(files_path("pipe"), T2V_ERROR_FORMAT, "regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(absent_and_null_values_take_the_default),
        cmocka_unit_test(integers_of_the_wrong_kind_are_refused),
        cmocka_unit_test(other_values_of_the_wrong_kind_are_refused),
        cmocka_unit_test(objects_of_strings_are_enumerated_in_order),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(texts_cut_short_are_refused),
        cmocka_unit_test(deep_nesting_is_refused_at_once),
        cmocka_unit_test(too_large_files_are_refused),
        cmocka_unit_test(keys_that_nobody_asks_for_are_known),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
