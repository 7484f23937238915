/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sample/unipc.h"

static t2v_status unsupported(const t2v_config *config, const char *key, const char *wanted,
                              t2v_error *error)
{
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: only %s %s is supported",
                    t2v_config_path(config), key, wanted);
}

static t2v_status must_be_flag(const t2v_config *config, const char *key, bool fallback,
                               bool wanted, t2v_error *error)
{
    bool set;
    T2V_TRY(t2v_config_bool(config, key, fallback, &set, error));
    return set == wanted ? T2V_OK : unsupported(config, key, wanted ? "true" : "false", error);
}

static t2v_status must_be(const t2v_config *config, const char *key, const char *fallback,
                          const char *wanted, t2v_error *error)
{
    const char *value;
    T2V_TRY(t2v_config_string(config, key, fallback, &value, error));
    return strcmp(value, wanted) ? unsupported(config, key, wanted, error) : T2V_OK;
}

static t2v_status check_flags(const t2v_config *config, t2v_error *error)
{
    static const struct {
        const char *key;
        bool fallback, wanted;
    } flags[] = {
        {"use_flow_sigmas", false, true},
        {"use_karras_sigmas", false, false},
        {"use_exponential_sigmas", false, false},
        {"use_beta_sigmas", false, false},
        {"use_dynamic_shifting", false, false},
        {"thresholding", false, false},
        {"predict_x0", true, true},
        {"lower_order_final", true, true},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        T2V_TRY(must_be_flag(config, flags[i].key, flags[i].fallback, flags[i].wanted, error));
    return T2V_OK;
}

t2v_status t2v_unipc_config_read(const t2v_config *config, t2v_unipc_config *out, t2v_error *error)
{
    t2v_unipc_config read = {0};
    int64_t disabled;
    int count;
    T2V_TRY(check_flags(config, error));
    T2V_TRY(must_be(config, "prediction_type", "epsilon", "flow_prediction", error));
    T2V_TRY(must_be(config, "final_sigmas_type", "zero", "zero", error));
    T2V_TRY(t2v_config_ints(config, "disable_corrector", 0, T2V_MAX_STEPS, 1, &disabled, &count,
                            error));
    if (count > 0)
        return unsupported(config, "disable_corrector", "[]", error);
    if (t2v_config_has(config, "solver_p"))
        return unsupported(config, "solver_p", "null", error);
    T2V_TRY(must_be(config, "solver_type", "bh2", "bh2", error));
    T2V_TRY(t2v_config_int(config, "num_train_timesteps", 1000, 1, 1000000,
                           &read.num_train_timesteps, error));
    T2V_TRY(t2v_config_int(config, "solver_order", 2, 1, T2V_UNIPC_MAX_ORDER, &read.solver_order,
                           error));
    T2V_TRY(t2v_config_double(config, "flow_shift", 1, 1e-3, 1e3, &read.flow_shift, error));
    T2V_TRY(t2v_config_double(config, "shift_terminal", 0, 0, 0.999, &read.shift_terminal, error));
    *out = read;
    return T2V_OK;
}
