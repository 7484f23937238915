/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever bytes a configuration has, opening it and asking for values must be safe. */
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "weights/config.h"

static t2v_status look(void *opaque, const char *name, const char *value, t2v_error *error)
{
    (void)error;
    *(size_t *)opaque += (size_t)name[0] + (size_t)value[0];
    return T2V_OK;
}

static void ask(const t2v_config *config, const char *key)
{
    int64_t integers[3];
    double real;
    bool flags[3];
    const char *text;
    int count;
    size_t sum = 0;
    t2v_error error;
    if (t2v_config_int(config, key, 0, -5, 1000, &integers[0], &error) < 0)
        fuzz_check_error(&error);
    else if (integers[0] < -5 || integers[0] > 1000)
        abort();
    if (t2v_config_double(config, key, 0, -1, 1, &real, &error) < 0)
        fuzz_check_error(&error);
    else if (!(real >= -1 && real <= 1))
        abort();
    if (t2v_config_bool(config, key, false, &flags[0], &error) < 0)
        fuzz_check_error(&error);
    if (t2v_config_string(config, key, NULL, &text, &error) < 0)
        fuzz_check_error(&error);
    if (t2v_config_ints(config, key, 0, 9, 3, integers, &count, &error) < 0)
        fuzz_check_error(&error);
    if (t2v_config_bools(config, key, 3, flags, &count, &error) < 0)
        fuzz_check_error(&error);
    if (t2v_config_string_at(config, key, 1, &text, &error) < 0)
        fuzz_check_error(&error);
    if (t2v_config_each(config, key, look, &sum, &error) < 0)
        fuzz_check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    t2v_config *config;
    t2v_error error;
    if (t2v_config_open(fuzz_file(data, size), &config, &error) < 0) {
        fuzz_check_error(&error);
        return 0;
    }
    ask(config, "a");
    ask(config, "b");
    t2v_config_close(&config);
    return 0;
}
