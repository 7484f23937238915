/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/flow_match.h"

#include <string.h>

static t2v_status read_scheduler_class(const t2v_config *config, t2v_error *error)
{
    const char *name;
    T2V_TRY(
        t2v_config_string(config, "_class_name", "FlowMatchEulerDiscreteScheduler", &name, error));
    if (strcmp(name, "FlowMatchEulerDiscreteScheduler"))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: the scheduler %s is not supported, only "
                        "FlowMatchEulerDiscreteScheduler is",
                        t2v_config_path(config), name);
    return T2V_OK;
}

static t2v_status refuse_flag(const t2v_config *config, const char *key, t2v_error *error)
{
    bool set;
    T2V_TRY(t2v_config_bool(config, key, false, &set, error));
    if (set)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: %s is true, which is not supported",
                        t2v_config_path(config), key);
    return T2V_OK;
}

static t2v_status read_spacing(const t2v_config *config, t2v_sigma_spacing *spacing,
                               t2v_error *error)
{
    bool karras, exponential;
    T2V_TRY(refuse_flag(config, "use_beta_sigmas", error));
    T2V_TRY(t2v_config_bool(config, "use_karras_sigmas", false, &karras, error));
    T2V_TRY(t2v_config_bool(config, "use_exponential_sigmas", false, &exponential, error));
    if (karras && exponential)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: use_karras_sigmas and use_exponential_sigmas are both true, at most "
                        "one may be",
                        t2v_config_path(config));
    *spacing = karras        ? T2V_SIGMAS_KARRAS
               : exponential ? T2V_SIGMAS_EXPONENTIAL
                             : T2V_SIGMAS_AS_SHIFTED;
    return T2V_OK;
}

static t2v_status read_time_shift(const t2v_config *config, t2v_time_shift *shift, t2v_error *error)
{
    const char *name;
    T2V_TRY(t2v_config_string(config, "time_shift_type", "exponential", &name, error));
    if (!strcmp(name, "exponential"))
        *shift = T2V_TIME_SHIFT_EXPONENTIAL;
    else if (!strcmp(name, "linear"))
        *shift = T2V_TIME_SHIFT_LINEAR;
    else
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: time_shift_type is \"%s\", wanted \"exponential\" or \"linear\"",
                        t2v_config_path(config), name);
    return T2V_OK;
}

static t2v_status read_numbers(const t2v_config *config, t2v_flow_match_config *out,
                               t2v_error *error)
{
    const int64_t max_length = INT64_C(1) << 40;
    T2V_TRY(t2v_config_int(config, "num_train_timesteps", 1000, 1, 1000000,
                           &out->num_train_timesteps, error));
    T2V_TRY(t2v_config_double(config, "shift", 1.0, 1e-3, 1e3, &out->shift, error));
    T2V_TRY(
        t2v_config_bool(config, "use_dynamic_shifting", false, &out->use_dynamic_shifting, error));
    T2V_TRY(t2v_config_double(config, "base_shift", 0.5, -100, 100, &out->base_shift, error));
    T2V_TRY(t2v_config_double(config, "max_shift", 1.15, -100, 100, &out->max_shift, error));
    T2V_TRY(t2v_config_int(config, "base_image_seq_len", 256, 0, max_length,
                           &out->base_image_seq_len, error));
    T2V_TRY(t2v_config_int(config, "max_image_seq_len", 4096, 0, max_length,
                           &out->max_image_seq_len, error));
    T2V_TRY(t2v_config_double(config, "shift_terminal", 0, 0, 0.999, &out->shift_terminal, error));
    T2V_TRY(t2v_config_bool(config, "invert_sigmas", false, &out->invert_sigmas, error));
    if (out->base_image_seq_len == out->max_image_seq_len)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: base_image_seq_len and max_image_seq_len are both %lld, they must "
                        "differ",
                        t2v_config_path(config), (long long)out->base_image_seq_len);
    return T2V_OK;
}

t2v_status t2v_flow_match_config_read(const t2v_config *config, t2v_flow_match_config *out,
                                      t2v_error *error)
{
    t2v_flow_match_config read = {0};
    T2V_TRY(read_scheduler_class(config, error));
    T2V_TRY(refuse_flag(config, "stochastic_sampling", error));
    T2V_TRY(read_numbers(config, &read, error));
    T2V_TRY(read_spacing(config, &read.spacing, error));
    T2V_TRY(read_time_shift(config, &read.time_shift, error));
    *out = read;
    return T2V_OK;
}
