/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/beside.h"

#include <ctype.h>
#include <dirent.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "weights/component.h"

static bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);
    return length > tail && !strcasecmp(name + length - tail, end);
}

/* One of several words, separated by '|'. */
static bool has_word(const char *name, const char *words)
{
    for (const char *word = words; word; word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL) {
        const size_t length = strcspn(word, "|");
        for (const char *at = name; *at; at++)
            if (!strncasecmp(at, word, length) && (at == name || !isalpha((unsigned char)at[-1])))
                return true;
    }
    return false;
}

static bool matches(const char *name, const t2v_beside *wanted)
{
    return has_word(name, wanted->word) &&
           (ends_with(name, ".safetensors") || ends_with(name, ".gguf"));
}

bool t2v_beside_matches(const char *file, const t2v_beside *wanted)
{
    const char *slash = strrchr(file, '/');
    return matches(slash ? slash + 1 : file, wanted);
}

char *t2v_beside_path(const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');
    if (!slash || *name == '/')
        return t2v_strdup(name);
    char *folder = t2v_calloc((size_t)(slash - file) + 2, 1);
    if (!folder)
        return NULL;
    memcpy(folder, file, (size_t)(slash - file) + 1);
    char *path = t2v_join_path(folder, name);
    t2v_free(folder);
    return path;
}

/* Takes a name of the folder for the one that is looked for. */
static t2v_status take(const char *folder, const char *name, const char *file,
                       const t2v_beside *wanted, char **path, t2v_error *error)
{
    char *found = t2v_join_path(folder, name);
    if (!found)
        return t2v_fail_memory(error, "a file name", strlen(name));
    const char *own = strrchr(file, '/');
    if (!strcmp(name, own ? own + 1 : file) || !t2v_is_file(found)) {
        t2v_free(found);
        return T2V_OK;
    }
    if (!*path) {
        *path = found;
        return T2V_OK;
    }
    t2v_status status =
        t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: its %s may be %s or %s; say which in a manifest",
                 file, wanted->what, *path, found);
    t2v_free(found);
    return status;
}

static t2v_status search(const char *folder, const char *file, const t2v_beside *wanted,
                         char **path, t2v_error *error)
{
    DIR *open = opendir(folder);
    t2v_status status = T2V_OK;
    for (struct dirent *entry; open && status >= 0 && (entry = readdir(open));)
        if (matches(entry->d_name, wanted))
            status = take(folder, entry->d_name, file, wanted, path, error);
    if (open)
        closedir(open);
    return status;
}

t2v_status t2v_beside_find(const char *file, const t2v_beside *wanted, char **path,
                           t2v_error *error)
{
    t2v_status status = T2V_OK;
    *path = NULL;
    for (int i = 0; wanted->folders[i] && !*path && status >= 0; i++) {
        char *folder = t2v_beside_path(file, wanted->folders[i]);
        if (!folder)
            return t2v_fail_memory(error, "a file name", strlen(file));
        status = search(folder, file, wanted, path, error);
        t2v_free(folder);
    }
    if (status < 0) {
        t2v_free(*path);
        *path = NULL;
    }
    return status;
}
