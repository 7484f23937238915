/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/json.h"

t2v_status t2v_json_parse(const char *path, const char *text, size_t bytes, size_t max_values,
                          json_t **root, t2v_error *error)
{
    json_error_t problem;
    size_t values = 1; /* or more, because strings have these characters too */
    *root = NULL;
    for (size_t i = 0; i < bytes; i++)
        values += text[i] == ',' || text[i] == '[' || text[i] == '{';
    if (values > max_values)
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: more than %zu values", path, max_values);
    *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (*root)
        return T2V_OK;
    /* jansson says nothing when an allocation fails */
    if (!*problem.text)
        return t2v_fail_memory(error, path, bytes);
    return t2v_fail(error, T2V_ERROR_FORMAT, "%s: line %d, column %d: not valid JSON: %s", path,
                    problem.line, problem.column, problem.text);
}
