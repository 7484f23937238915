/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample/sigmas.h"

#include <string.h>

#include "base/number.h"

static const char separators[] = ",| ";

t2v_status t2v_sigmas_check(const t2v_sigmas *sigmas, const char *label, t2v_error *error)
{
    double before = 2;
    for (int i = 0; i < sigmas->count; i++) {
        const double sigma = sigmas->value[i];
        if (!(sigma > 0 && sigma <= 1)) /* written so that NaN fails too */
            return t2v_fail(error, T2V_ERROR_ARGUMENT,
                            "%s: number %d is %g, wanted numbers above 0 and at most 1", label,
                            i + 1, sigma);
        if (!(sigma < before))
            return t2v_fail(error, T2V_ERROR_ARGUMENT,
                            "%s: number %d is %g behind %g; wanted each below the one before it",
                            label, i + 1, sigma, before);
        before = sigma;
    }
    return T2V_OK;
}

t2v_status t2v_sigmas_read(const char *text, t2v_sigmas *sigmas, t2v_error *error)
{
    sigmas->count = 0;
    for (const char *at = text ? text : ""; *(at += strspn(at, separators));) {
        char *end;
        const double sigma = t2v_read_double(at, &end);
        if (end == at || (*end && !strchr(separators, *end)))
            return t2v_fail(error, T2V_ERROR_ARGUMENT,
                            "sigmas: \"%.40s\" is not a number; wanted a list as 1|0.9|0.5", at);
        if (sigma == 0 && sigmas->count && !end[strspn(end, separators)])
            break;
        if (sigmas->count == T2V_MAX_STEPS)
            return t2v_fail(error, T2V_ERROR_ARGUMENT, "sigmas: more than %d numbers",
                            T2V_MAX_STEPS);
        sigmas->value[sigmas->count++] = sigma;
        at = end;
    }
    return t2v_sigmas_check(sigmas, "sigmas", error);
}
