/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** Numbers from text. */
#ifndef T2V_BASE_NUMBER_H
#define T2V_BASE_NUMBER_H

/** strtod with a point in every locale: applications of GTK, say, set theirs. */
double t2v_read_double(const char *text, char **end);

#endif
