/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/lora_list.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/number.h"

enum { MAX_FILES = 64 };

/* An entry taken apart; the text is cut up. */
typedef struct entry {
    const char *path;
    double weight;
    bool second;
} entry;

/* A weight behind the last '=' or ':'; what is no number there belongs to the name, unless that is
 * no file's and the rest is one's. */
static t2v_status take_weight(char *text, entry *e, t2v_error *error)
{
    char *equals = strrchr(text, '='), *colon = strrchr(text, ':');
    char *at = equals > colon ? equals : colon, *end;
    if (!at || !at[1])
        return T2V_OK;
    const double weight = t2v_read_double(at + 1, &end);
    if (*end && !access(text, F_OK))
        return T2V_OK;
    const char sign = *at;
    *at = '\0';
    if (!*end)
        e->weight = weight;
    else if (!access(text, F_OK))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "lora: \"%.200s\" is no weight for %.200s",
                        at + 1, text);
    else
        *at = sign;
    return T2V_OK;
}

static t2v_status read_entry(char *text, bool has_second, entry *e, t2v_error *error)
{
    *e = (entry){.path = text, .weight = 1};
    T2V_TRY(take_weight(text, e, error));
    const size_t length = strlen(text);
    char *end = length > 2 ? text + length - 2 : text;
    if (!strcmp(end, "@1") || !strcmp(end, "@2")) {
        e->second = end[1] == '2';
        *end = '\0';
    }
    if (!*text)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "lora: an entry names no file; wanted FILE or FILE=WEIGHT, several "
                        "separated by |");
    if (!isfinite(e->weight))
        return t2v_fail(error, T2V_ERROR_ARGUMENT, "lora: the weight of %.200s is not finite",
                        text);
    if (e->second && !has_second)
        return t2v_fail(error, T2V_ERROR_ARGUMENT,
                        "lora: %.200s is for a second transformer, which the model does not have",
                        text);
    return T2V_OK;
}

static t2v_status open_entries(char *text, const char *separator, t2v_lora_target *target,
                               const t2v_log *log, t2v_lora_list *list, t2v_error *error)
{
    for (char *next = text; next;) {
        char *own = strsep(&next, separator);
        entry e;
        if (list->count == MAX_FILES)
            return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "lora: more than %d files", MAX_FILES);
        T2V_TRY(read_entry(own, target->second, &e, error));
        target->all_second = e.second;
        T2V_TRY(t2v_lora_open(e.path, e.weight, target, log, &list->lora[list->count], error));
        list->count++;
    }
    return T2V_OK;
}

t2v_status t2v_lora_list_open(const char *option, t2v_component *first, t2v_component *second,
                              const t2v_log *log, t2v_lora_list *list, t2v_error *error)
{
    t2v_lora_target target = {t2v_component_table(first),
                              second ? t2v_component_table(second) : NULL, false};
    if (!option || !*option)
        return T2V_OK;
    char *text = t2v_strdup(option);
    list->lora = t2v_calloc(MAX_FILES, sizeof(t2v_lora *));
    t2v_status status =
        text && list->lora
            ? open_entries(text, strchr(text, '|') ? "|" : ",", &target, log, list, error)
            : t2v_fail_memory(error, "the option lora", strlen(option));
    t2v_free(text);
    return status;
}

void t2v_lora_list_close(t2v_lora_list *list)
{
    for (int i = 0; i < list->count; i++)
        t2v_lora_close(&list->lora[i]);
    t2v_free(list->lora);
    *list = (t2v_lora_list){0};
}
