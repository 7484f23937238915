/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample/flow_match.h"

/* Reads a configuration from JSON text by way of a file. */
static t2v_status read_text(const char *json, t2v_flow_match_config *out, t2v_error *error)
{
    char path[] = "/tmp/t2v-scheduler-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, json, strlen(json)), (ssize_t)strlen(json));
    close(fd);
    t2v_config *config;
    assert_int_equal(t2v_config_open(path, &config, error), T2V_OK);
    t2v_status status = t2v_flow_match_config_read(config, out, error);
    t2v_config_close(&config);
    unlink(path);
    return status;
}

static void an_empty_configuration_is_the_defaults_of_diffusers(void **state)
{
    (void)state;
    t2v_flow_match_config config;
    assert_int_equal(read_text("{}", &config, NULL), T2V_OK);
    assert_int_equal(config.num_train_timesteps, 1000);
    assert_true(config.shift == 1.0 && config.base_shift == 0.5 && config.max_shift == 1.15);
    assert_false(config.use_dynamic_shifting || config.invert_sigmas);
    assert_int_equal(config.base_image_seq_len, 256);
    assert_int_equal(config.max_image_seq_len, 4096);
    assert_true(config.shift_terminal == 0);
    assert_int_equal(config.spacing, T2V_SIGMAS_AS_SHIFTED);
    assert_int_equal(config.time_shift, T2V_TIME_SHIFT_EXPONENTIAL);
}

static void every_key_is_read(void **state)
{
    (void)state;
    t2v_flow_match_config config;
    assert_int_equal(
        read_text("{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\","
                  "\"num_train_timesteps\": 500, \"shift\": 3, \"use_dynamic_shifting\": true,"
                  "\"base_shift\": 0.95, \"max_shift\": 2.05, \"base_image_seq_len\": 1024,"
                  "\"max_image_seq_len\": 8192, \"shift_terminal\": 0.1, \"invert_sigmas\": true,"
                  "\"use_karras_sigmas\": true, \"time_shift_type\": \"linear\"}",
                  &config, NULL),
        T2V_OK);
    assert_int_equal(config.num_train_timesteps, 500);
    assert_true(config.shift == 3 && config.base_shift == 0.95 && config.max_shift == 2.05);
    assert_true(config.use_dynamic_shifting && config.invert_sigmas);
    assert_int_equal(config.base_image_seq_len, 1024);
    assert_int_equal(config.max_image_seq_len, 8192);
    assert_true(config.shift_terminal == 0.1);
    assert_int_equal(config.spacing, T2V_SIGMAS_KARRAS);
    assert_int_equal(config.time_shift, T2V_TIME_SHIFT_LINEAR);
    assert_int_equal(
        read_text("{\"use_exponential_sigmas\": true, \"shift_terminal\": null}", &config, NULL),
        T2V_OK);
    assert_int_equal(config.spacing, T2V_SIGMAS_EXPONENTIAL);
}

static void what_cannot_be_done_or_makes_no_sense_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *word;
        t2v_status status;
    } rows[] = {
        {"{\"_class_name\": \"DDIMScheduler\"}", "DDIMScheduler", T2V_ERROR_UNSUPPORTED},
        {"{\"stochastic_sampling\": true}", "stochastic_sampling", T2V_ERROR_UNSUPPORTED},
        {"{\"use_beta_sigmas\": true}", "use_beta_sigmas", T2V_ERROR_UNSUPPORTED},
        {"{\"use_karras_sigmas\": true, \"use_exponential_sigmas\": true}", "at most one",
         T2V_ERROR_FORMAT},
        {"{\"time_shift_type\": \"cubic\"}", "cubic", T2V_ERROR_FORMAT},
        {"{\"base_image_seq_len\": 64, \"max_image_seq_len\": 64}", "differ", T2V_ERROR_FORMAT},
        {"{\"num_train_timesteps\": 0}", "num_train_timesteps", T2V_ERROR_FORMAT},
        {"{\"shift\": 0}", "shift", T2V_ERROR_FORMAT},
        {"{\"shift\": \"big\"}", "shift", T2V_ERROR_FORMAT},
        {"{\"shift_terminal\": 1}", "shift_terminal", T2V_ERROR_FORMAT},
        {"{\"use_dynamic_shifting\": 1}", "use_dynamic_shifting", T2V_ERROR_FORMAT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        t2v_flow_match_config config;
        t2v_error error = {0};
        assert_int_equal(read_text(rows[i].json, &config, &error), rows[i].status);
        assert_non_null(strstr(error.text, rows[i].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_configuration_is_the_defaults_of_diffusers),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_cannot_be_done_or_makes_no_sense_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
