/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models.h"

#include <stdlib.h>

#include "debug.h"
#include "options.h"

typedef struct {
    char *key;        /* path and options */
    t2v_model *model; /* NULL while it is being opened */
    int users;
} Entry;

static GMutex lock;
static GCond opened;
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

static Entry *add_entry(const char *key)
{
    Entry *entry = g_new0(Entry, 1);
    entry->key = g_strdup(key);
    entries = g_slist_prepend(entries, entry);
    return entry;
}

static void remove_entry(Entry *entry)
{
    entries = g_slist_remove(entries, entry);
    g_free(entry->key);
    g_free(entry);
}

/** Opens the model of a new entry, which is gone when that fails. The lock is held, but not
 * meanwhile: elements with other models start and stop. */
static t2v_status open_entry(Entry *entry, const char *path, const t2v_model_params *params,
                             t2v_error *error)
{
    t2v_model_params with_log = *params;
    t2v_model *model;
    with_log.log = log_message;
    g_mutex_unlock(&lock);
    t2v_status status = t2v_model_open(path, &with_log, &model, error);
    g_mutex_lock(&lock);
    if (status == T2V_OK)
        entry->model = model;
    else
        remove_entry(entry);
    g_cond_broadcast(&opened);
    return status;
}

t2v_status gst_t2v_model_get(const char *path, const t2v_model_params *params, t2v_model **model,
                             t2v_error *error)
{
    char *key = make_key(path, params);
    Entry *entry;
    t2v_status status = T2V_OK;
    g_mutex_lock(&lock);
    while ((entry = find(key)) && !entry->model)
        g_cond_wait(&opened, &lock);
    if (!entry) {
        entry = add_entry(key);
        status = open_entry(entry, path, params, error);
    }
    if (status == T2V_OK) {
        entry->users++;
        *model = entry->model;
    }
    g_mutex_unlock(&lock);
    g_free(key);
    return status;
}

static gpointer close_model(gpointer data)
{
    t2v_model *model = data;
    t2v_model_close(&model);
    return NULL;
}

/** To give gigabytes back takes longer than an element may take to stop. */
static void close_in_background(t2v_model *model)
{
    GThread *thread = g_thread_try_new("t2v-close", close_model, model, NULL);
    if (thread)
        g_thread_unref(thread);
    else
        close_model(model);
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
    const gboolean last = --entry->users == 0;
    if (last)
        remove_entry(entry);
    g_mutex_unlock(&lock);
    if (last)
        close_in_background(*model);
    *model = NULL;
}
