/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/number.h"

#include <locale.h>
#include <stdlib.h>

double t2v_read_double(const char *text, char **end)
{
    locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    double number = c ? strtod_l(text, end, c) : strtod(text, end);
    if (c)
        freelocale(c);
    return number;
}
