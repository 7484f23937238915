/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "weights/component.h"

struct t2v_checkpoint {
    char *folder;
    t2v_config *index, *defaults;
    const char *pipeline;
};

static t2v_status check_folder(const char *folder, t2v_error *error)
{
    struct stat info;
    if (stat(folder, &info))
        return t2v_fail(error, errno == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO, "%s: %s",
                        folder, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: is no folder; wanted a folder in the diffusers layout, with "
                        "model_index.json",
                        folder);
    return T2V_OK;
}

/* Opens a JSON file of the folder; *config stays NULL when there is no such file. */
static t2v_status open_optional(const char *folder, const char *name, t2v_config **config,
                                t2v_error *error)
{
    char *path = t2v_join_path(folder, name);
    if (!path)
        return t2v_fail_memory(error, "a file name", strlen(folder) + strlen(name));
    t2v_status status = t2v_is_file(path) ? t2v_config_open(path, config, error) : T2V_OK;
    t2v_free(path);
    return status;
}

static t2v_status load(t2v_checkpoint *checkpoint, const char *folder, t2v_error *error)
{
    T2V_TRY(check_folder(folder, error));
    checkpoint->folder = t2v_strdup(folder);
    if (!checkpoint->folder)
        return t2v_fail_memory(error, "a file name", strlen(folder) + 1);
    T2V_TRY(open_optional(folder, "model_index.json", &checkpoint->index, error));
    if (!checkpoint->index)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                        "%s: has no model_index.json; wanted a folder in the diffusers layout",
                        folder);
    T2V_TRY(open_optional(folder, "t2v.json", &checkpoint->defaults, error));
    T2V_TRY(
        t2v_config_string(checkpoint->index, "_class_name", NULL, &checkpoint->pipeline, error));
    if (!checkpoint->pipeline)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: _class_name is missing, wanted the name of the pipeline",
                        t2v_config_path(checkpoint->index));
    return T2V_OK;
}

t2v_status t2v_checkpoint_open(const char *folder, t2v_checkpoint **checkpoint, t2v_error *error)
{
    *checkpoint = t2v_calloc(1, sizeof(**checkpoint));
    if (!*checkpoint)
        return t2v_fail_memory(error, "a checkpoint", sizeof(**checkpoint));
    t2v_status status = load(*checkpoint, folder, error);
    if (status < 0)
        t2v_checkpoint_close(checkpoint);
    return status;
}

void t2v_checkpoint_close(t2v_checkpoint **checkpoint)
{
    if (!*checkpoint)
        return;
    t2v_config_close(&(*checkpoint)->index);
    t2v_config_close(&(*checkpoint)->defaults);
    t2v_free((*checkpoint)->folder);
    t2v_free(*checkpoint);
    *checkpoint = NULL;
}

const t2v_config *t2v_checkpoint_index(const t2v_checkpoint *checkpoint)
{
    return checkpoint->index;
}

const char *t2v_checkpoint_pipeline(const t2v_checkpoint *checkpoint)
{
    return checkpoint->pipeline;
}

const t2v_config *t2v_checkpoint_defaults(const t2v_checkpoint *checkpoint)
{
    return checkpoint->defaults;
}

char *t2v_checkpoint_file(const t2v_checkpoint *checkpoint, const char *name)
{
    return t2v_join_path(checkpoint->folder, name);
}

/* Whether model_index.json lists the component, and with the class that is wanted. */
static t2v_status check_index(const t2v_checkpoint *checkpoint, const char *name,
                              const char *class_name, t2v_error *error)
{
    const char *listed;
    T2V_TRY(t2v_config_string_at(checkpoint->index, name, 1, &listed, error));
    if (!listed)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: names no component %s",
                        t2v_config_path(checkpoint->index), name);
    if (class_name && strcmp(listed, class_name))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: %s is of class %.80s, wanted %s",
                        t2v_config_path(checkpoint->index), name, listed, class_name);
    return T2V_OK;
}

t2v_status t2v_checkpoint_component(const t2v_checkpoint *checkpoint, const char *name,
                                    const char *class_name, bool weights, t2v_component **component,
                                    t2v_error *error)
{
    *component = NULL;
    T2V_TRY(check_index(checkpoint, name, class_name, error));
    char *folder = t2v_join_path(checkpoint->folder, name);
    if (!folder)
        return t2v_fail_memory(error, "a file name", strlen(name));
    t2v_status status = t2v_component_open(folder, class_name, weights, component, error);
    t2v_free(folder);
    return status;
}
