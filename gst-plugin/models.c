/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models.h"

#include <stdlib.h>

#include "debug.h"
#include "options.h"

typedef struct {
    char *key; /* path and options */
    t2v_model *model;
    int users;
} Entry;

static GMutex lock;
static GSList *entries; /* of Entry, by `lock` */

static void log_message(void *opaque, t2v_log_level level, const char *text)
{
    static const GstDebugLevel levels[] = {
        [T2V_LOG_ERROR] = GST_LEVEL_ERROR,
        [T2V_LOG_WARNING] = GST_LEVEL_WARNING,
        [T2V_LOG_INFO] = GST_LEVEL_INFO,
        [T2V_LOG_DEBUG] = GST_LEVEL_DEBUG,
    };
    (void)opaque; /* a shared model belongs to no element */
    GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT, levels[level], NULL, "%s", text);
}

/** The same for every way to write the same folder. */
static char *make_key(const char *path, const t2v_model_params *params)
{
    const char *folder = path && *path ? path : g_getenv("T2V_MODEL_DIR");
    char *real = folder ? realpath(folder, NULL) : NULL;
    char *options = gst_t2v_options_model_key(params);
    char *key = g_strconcat(real ? real : folder ? folder : "", "\n", options, NULL);
    free(real);
    g_free(options);
    return key;
}

static Entry *find(const char *key)
{
    for (GSList *at = entries; at; at = at->next)
        if (!g_strcmp0(((Entry *)at->data)->key, key))
            return at->data;
    return NULL;
}

static t2v_status open_entry(const char *path, const t2v_model_params *params, const char *key,
                             Entry **entry, t2v_error *error)
{
    t2v_model_params with_log = *params;
    t2v_model *model;
    with_log.log = log_message;
    t2v_status status = t2v_model_open(path, &with_log, &model, error);
    if (status < 0)
        return status;
    *entry = g_new0(Entry, 1);
    (*entry)->key = g_strdup(key);
    (*entry)->model = model;
    entries = g_slist_prepend(entries, *entry);
    return T2V_OK;
}

/* The lock is held while a model opens, so that a second element waits for it and shares it. */
t2v_status gst_t2v_model_get(const char *path, const t2v_model_params *params, t2v_model **model,
                             t2v_error *error)
{
    char *key = make_key(path, params);
    g_mutex_lock(&lock);
    Entry *entry = find(key);
    t2v_status status = entry ? T2V_OK : open_entry(path, params, key, &entry, error);
    if (status == T2V_OK) {
        entry->users++;
        *model = entry->model;
    }
    g_mutex_unlock(&lock);
    g_free(key);
    return status;
}

static void close_entry(Entry *entry)
{
    entries = g_slist_remove(entries, entry);
    t2v_model_close(&entry->model);
    g_free(entry->key);
    g_free(entry);
}

void gst_t2v_model_put(t2v_model **model)
{
    if (!*model)
        return;
    g_mutex_lock(&lock);
    GSList *at = entries;
    while (((Entry *)at->data)->model != *model)
        at = at->next;
    Entry *entry = at->data;
    if (--entry->users == 0)
        close_entry(entry);
    g_mutex_unlock(&lock);
    *model = NULL;
}
