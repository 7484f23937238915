/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "weights/beside.h"
#include "weights/component.h"
#include "weights/part.h"

/* Components that can be files or folders of their own. */
enum {
    TRANSFORMER,
    VAE,
    TEXT_ENCODER,
    TOKENIZER,
    TRANSFORMER_2,
    SCHEDULER,
    IMAGE_ENCODER,
    IMAGE_PROCESSOR,
    PARTS
};
static const char *const part_names[PARTS] = {
    "transformer",   "vae",       "text_encoder",  "tokenizer",
    "transformer_2", "scheduler", "image_encoder", "image_processor"};

/* Wan 2.2 A14B: the share of timesteps below which its second transformer takes over. */
static const double PUBLISHED_BOUNDARY = 0.875;

struct t2v_checkpoint {
    char *path;                   /* the folder, the file or the manifest */
    bool folder;                  /* in the diffusers layout */
    t2v_config *index, *defaults; /* model_index.json or empty; t2v.json or the manifest */
    t2v_config *around;           /* model_index.json beside a manifest's transformer, or NULL */
    t2v_config *published;        /* of the transformer's file; NULL: it says nothing */
    const char *pipeline;
    const t2v_part_release *release; /* of the transformer's file; NULL: its pipeline's only one */
    char *part[PARTS];               /* of no folder: what each component is in */
};

/* ------------------------------------------------------------------ diffusers folders */

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

static t2v_status load_folder(t2v_checkpoint *checkpoint, t2v_error *error)
{
    checkpoint->folder = true;
    T2V_TRY(open_optional(checkpoint->path, "model_index.json", &checkpoint->index, error));
    if (!checkpoint->index)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                        "%s: has no model_index.json; wanted a folder in the diffusers layout",
                        checkpoint->path);
    T2V_TRY(open_optional(checkpoint->path, "t2v.json", &checkpoint->defaults, error));
    if (checkpoint->defaults)
        T2V_TRY(t2v_config_watch(checkpoint->defaults, error));
    T2V_TRY(
        t2v_config_string(checkpoint->index, "_class_name", NULL, &checkpoint->pipeline, error));
    if (!checkpoint->pipeline)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: _class_name is missing, wanted the name of the pipeline",
                        t2v_config_path(checkpoint->index));
    return T2V_OK;
}

/* ------------------------------------------------------------------ files */

/* What the files of a model say of the whole. */
typedef struct findings {
    const char *pipeline; /* class that they were published for */
    const char *text;     /* how names of its text encoder begin */
    const char *vae;      /* class that the transformer works with */
    const char *unused;   /* pipeline that an autoencoder was published for which is not used */
} findings;

static void note_format(const t2v_part *part, findings *f)
{
    if (part->format->pipeline && !f->pipeline)
        f->pipeline = part->format->pipeline;
    if (part->format->text && !f->text)
        f->text = part->format->text;
    if (part->format->vae)
        f->vae = part->format->vae;
}

static t2v_status check_vae(const char *path, const t2v_part *part, const findings *f,
                            t2v_error *error)
{
    const char *found = part->format->class_name;
    if (strcmp(part->format->component, "vae") || part->format->stands_in || !found || !f->vae ||
        !strcmp(found, f->vae))
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_FORMAT,
                    "%s: holds an autoencoder of class %s, but the transformer works with one of "
                    "class %s",
                    path, found, f->vae);
}

/* Looks into the file of component `which`, which may hold other components too. */
static t2v_status look_into(t2v_checkpoint *checkpoint, int which, findings *f, t2v_error *error)
{
    const char *path = checkpoint->part[which];
    t2v_tensor_file *file;
    if (t2v_is_folder(path))
        return T2V_OK;
    T2V_TRY(t2v_tensor_file_open(path, &file, error));
    t2v_status status = T2V_OK;
    for (int i = which; i < TOKENIZER && status >= 0; i++) {
        const t2v_part part = t2v_part_find(file, part_names[i]);
        if (i == which && !part.format)
            status = t2v_part_fail_missing(file, part_names[i], error);
        const bool used = i == which || !checkpoint->part[i];
        if (part.format && !used)
            f->unused = part.format->pipeline;
        if (!part.format || !used)
            continue;
        note_format(&part, f);
        status = check_vae(path, &part, f, error);
        if (i == TRANSFORMER && part.format->release)
            checkpoint->release = part.format->release(file, part.prefix);
        if (i == TRANSFORMER && checkpoint->release && checkpoint->release->pipeline)
            f->pipeline = checkpoint->release->pipeline;
        if (status >= 0 && i > which && !(checkpoint->part[i] = t2v_strdup(path)))
            status = t2v_fail_memory(error, "a file name", strlen(path));
    }
    if (which == TRANSFORMER && status >= 0)
        status = t2v_part_published(file, &checkpoint->published, error);
    t2v_tensor_file_close(&file);
    return status;
}

/* A component that nothing names: a diffusers sub-folder beside the transformer, or a file. */
static t2v_status find_part(t2v_checkpoint *checkpoint, int which, const t2v_beside *wanted,
                            t2v_error *error)
{
    const char *transformer = checkpoint->part[TRANSFORMER];
    char **part = &checkpoint->part[which];
    char *folder = t2v_beside_path(transformer, part_names[which]);
    char *config = folder ? t2v_join_path(folder, "config.json") : NULL;
    const bool diffusers = config && t2v_is_file(config);
    t2v_free(config);
    if (diffusers) {
        *part = folder;
        return T2V_OK;
    }
    t2v_free(folder);
    T2V_TRY(t2v_beside_find(transformer, wanted, part, error));
    if (*part)
        return T2V_OK;
    return t2v_fail(
        error, T2V_ERROR_NOT_FOUND,
        "%s: has no %s, and no file with \"%s\" in its name lies beside it; name one in "
        "a manifest",
        transformer, wanted->what, wanted->word);
}

/* The two transformers of Wan 2.2 A14B are files of their own, told apart by their names alone:
 * each is such as the one of 2.1 is. A manifest says what there is. */
static t2v_status find_second(t2v_checkpoint *checkpoint, t2v_error *error)
{
    static const char *const folders[] = {".", "../LowNoise", NULL};
    static const t2v_beside high = {"first transformer", "high_noise|high-noise|HighNoise", NULL};
    static const t2v_beside low = {"second transformer", "low_noise|low-noise|LowNoise", folders};
    const char *first = checkpoint->part[TRANSFORMER];
    if (checkpoint->defaults)
        return T2V_OK;
    if (t2v_beside_matches(first, &low))
        return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                        "%s: is the second of two transformers, by its name; give the first (high "
                        "noise), or a manifest",
                        first);
    if (!t2v_beside_matches(first, &high))
        return T2V_OK;
    T2V_TRY(t2v_beside_find(first, &low, &checkpoint->part[TRANSFORMER_2], error));
    if (checkpoint->part[TRANSFORMER_2])
        return T2V_OK;
    return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                    "%s: is the first of two transformers, by its name, and no file with "
                    "\"low_noise\" in its name lies beside it; name both in a manifest",
                    first);
}

/* A transformer that is a folder of a whole model: its index, and the components that the model was
 * published with, where nothing else is named. */
static t2v_status read_folder_around(t2v_checkpoint *checkpoint, t2v_error *error)
{
    static const int components[] = {TRANSFORMER_2, SCHEDULER, IMAGE_ENCODER, IMAGE_PROCESSOR};
    const char *transformer = checkpoint->part[TRANSFORMER];
    if (!t2v_is_folder(transformer))
        return T2V_OK;
    char *index = t2v_beside_path(transformer, "model_index.json");
    if (!index)
        return t2v_fail_memory(error, "a file name", strlen(transformer));
    t2v_status status = T2V_OK;
    if (t2v_is_file(index))
        status = t2v_config_open(index, &checkpoint->around, error);
    t2v_free(index);
    for (size_t i = 0; i < sizeof(components) / sizeof(*components) && checkpoint->around; i++) {
        char **part = &checkpoint->part[components[i]];
        if (*part)
            continue;
        *part = t2v_beside_path(transformer, part_names[components[i]]);
        if (*part && !t2v_is_folder(*part)) {
            t2v_free(*part);
            *part = NULL;
        }
    }
    return status;
}

/* What model_index.json says or would say. */
static t2v_status imply_index(t2v_checkpoint *checkpoint, t2v_error *error)
{
    char own[64];
    const t2v_part_release *release = checkpoint->release;
    double boundary = release ? release->boundary : PUBLISHED_BOUNDARY;
    const char *text = release ? release->index : "{}";
    if (checkpoint->around && !checkpoint->part[TRANSFORMER_2]) {
        t2v_config_close(&checkpoint->index);
        checkpoint->index = checkpoint->around;
        checkpoint->around = NULL;
        return T2V_OK;
    }
    if (checkpoint->around)
        T2V_TRY(t2v_config_double(checkpoint->around, "boundary_ratio", boundary, 0, 1, &boundary,
                                  error));
    if (checkpoint->part[TRANSFORMER_2]) {
        if (checkpoint->defaults)
            T2V_TRY(t2v_config_double(checkpoint->defaults, "boundary_ratio", boundary, 0, 1,
                                      &boundary, error));
        snprintf(own, sizeof(own), "{\"boundary_ratio\": %.9f}", boundary);
        text = own;
    }
    t2v_config_close(&checkpoint->index);
    return t2v_config_parse(checkpoint->path, text, &checkpoint->index, error);
}

/* What is not named yet, and the pipeline that the whole is for. */
static t2v_status complete(t2v_checkpoint *checkpoint, t2v_error *error)
{
    static const char *const vae_folders[] = {".", "vae", "../vae", NULL};
    static const char *const text_folders[] = {
        ".", "text_encoder", "text_encoders", "../text_encoders", "../clip", NULL};
    static const char *const vision_folders[] = {".", "image_encoder", "clip_vision",
                                                 "../clip_vision", NULL};
    static const t2v_beside vision = {"vision encoder", "clip_vision|open-clip", vision_folders};
    findings f = {0};
    T2V_TRY(look_into(checkpoint, TRANSFORMER, &f, error));
    T2V_TRY(read_folder_around(checkpoint, error));
    T2V_TRY(find_second(checkpoint, error));
    if (!checkpoint->part[VAE]) {
        const t2v_beside vae = {"vae", "vae", vae_folders};
        T2V_TRY(find_part(checkpoint, VAE, &vae, error));
    }
    T2V_TRY(look_into(checkpoint, VAE, &f, error));
    if (!checkpoint->part[TEXT_ENCODER]) {
        const t2v_beside text = {"text encoder", f.text ? f.text : "t5", text_folders};
        T2V_TRY(find_part(checkpoint, TEXT_ENCODER, &text, error));
    }
    if (checkpoint->release && checkpoint->release->vision && !checkpoint->part[IMAGE_ENCODER])
        T2V_TRY(find_part(checkpoint, IMAGE_ENCODER, &vision, error));
    if (checkpoint->defaults)
        T2V_TRY(t2v_config_string(checkpoint->defaults, "pipeline", NULL, &checkpoint->pipeline,
                                  error));
    if (!checkpoint->pipeline && checkpoint->around)
        T2V_TRY(t2v_config_string(checkpoint->around, "_class_name", NULL, &checkpoint->pipeline,
                                  error));
    if (!checkpoint->pipeline)
        checkpoint->pipeline = f.pipeline ? f.pipeline : f.unused;
    if (!checkpoint->pipeline)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                        "%s: its files do not say what pipeline they are for; name the class as "
                        "\"pipeline\" in a manifest",
                        checkpoint->path);
    return imply_index(checkpoint, error);
}

static t2v_status load_file(t2v_checkpoint *checkpoint, t2v_error *error)
{
    checkpoint->part[TRANSFORMER] = t2v_strdup(checkpoint->path);
    if (!checkpoint->part[TRANSFORMER])
        return t2v_fail_memory(error, "a file name", strlen(checkpoint->path));
    return complete(checkpoint, error);
}

static t2v_status load_manifest(t2v_checkpoint *checkpoint, t2v_error *error)
{
    const char *name;
    struct stat info;
    T2V_TRY(t2v_config_open(checkpoint->path, &checkpoint->defaults, error));
    T2V_TRY(t2v_config_watch(checkpoint->defaults, error));
    for (int i = 0; i < PARTS; i++) {
        T2V_TRY(t2v_config_string(checkpoint->defaults, part_names[i], NULL, &name, error));
        if (!name || checkpoint->part[i])
            continue;
        checkpoint->part[i] = t2v_beside_path(checkpoint->path, name);
        if (!checkpoint->part[i])
            return t2v_fail_memory(error, "a file name", strlen(name));
        if (stat(checkpoint->part[i], &info))
            return t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: %s is %s: %s", checkpoint->path,
                            part_names[i], checkpoint->part[i], strerror(errno));
    }
    if (!checkpoint->part[TRANSFORMER])
        return t2v_fail(error, T2V_ERROR_NOT_FOUND,
                        "%s: names no \"transformer\"; wanted a manifest of a model's files",
                        checkpoint->path);
    return complete(checkpoint, error);
}

/* ------------------------------------------------------------------ the checkpoint */

static t2v_status load(t2v_checkpoint *checkpoint, const char *path, const char *vae,
                       t2v_error *error)
{
    struct stat info;
    checkpoint->path = t2v_strdup(path);
    checkpoint->part[VAE] = t2v_strdup(vae);
    if (!checkpoint->path || (vae && !checkpoint->part[VAE]))
        return t2v_fail_memory(error, "a file name", strlen(path));
    if (stat(path, &info))
        return t2v_fail(error, errno == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO, "%s: %s", path,
                        strerror(errno));
    if (S_ISDIR(info.st_mode))
        return load_folder(checkpoint, error);
    T2V_TRY(t2v_config_parse(path, "{}", &checkpoint->index, error));
    if (t2v_ends_with(path, ".json"))
        return load_manifest(checkpoint, error);
    return load_file(checkpoint, error);
}

t2v_status t2v_checkpoint_open(const char *path, const char *vae, t2v_checkpoint **checkpoint,
                               t2v_error *error)
{
    *checkpoint = t2v_calloc(1, sizeof(**checkpoint));
    if (!*checkpoint)
        return t2v_fail_memory(error, "a checkpoint", sizeof(**checkpoint));
    t2v_status status = load(*checkpoint, path, vae, error);
    if (status < 0)
        t2v_checkpoint_close(checkpoint);
    return status;
}

void t2v_checkpoint_close(t2v_checkpoint **checkpoint)
{
    if (!*checkpoint)
        return;
    t2v_config_close(&(*checkpoint)->index);
    t2v_config_close(&(*checkpoint)->around);
    t2v_config_close(&(*checkpoint)->defaults);
    t2v_config_close(&(*checkpoint)->published);
    for (int i = 0; i < PARTS; i++)
        t2v_free((*checkpoint)->part[i]);
    t2v_free((*checkpoint)->path);
    t2v_free(*checkpoint);
    *checkpoint = NULL;
}

const t2v_config *t2v_checkpoint_index(const t2v_checkpoint *checkpoint)
{
    return checkpoint->index;
}

const char *t2v_checkpoint_path(const t2v_checkpoint *checkpoint)
{
    return t2v_config_path(checkpoint->index);
}

const char *t2v_checkpoint_pipeline(const t2v_checkpoint *checkpoint)
{
    return checkpoint->pipeline;
}

const t2v_config *t2v_checkpoint_defaults(const t2v_checkpoint *checkpoint)
{
    return checkpoint->defaults;
}

const char *t2v_checkpoint_unread(t2v_checkpoint *checkpoint)
{
    return checkpoint->defaults ? t2v_config_unread(checkpoint->defaults) : NULL;
}

const t2v_config *t2v_checkpoint_published(const t2v_checkpoint *checkpoint)
{
    return checkpoint->published;
}

/* ------------------------------------------------------------------ components */

/* A folder has its tokenizer in one place; one that has both files was published with the first. */
static t2v_status folder_tokenizer(const char *folder, const char *spiece, const char *json,
                                   char **path, t2v_error *error)
{
    *path = t2v_join_path(folder, spiece);
    if (*path && !t2v_is_file(*path)) {
        char *other = t2v_join_path(folder, json);
        if (other && t2v_is_file(other)) {
            t2v_free(*path);
            *path = other;
            return T2V_OK;
        }
        t2v_free(other);
    }
    return *path ? T2V_OK : t2v_fail_memory(error, "a file name", strlen(folder));
}

t2v_status t2v_checkpoint_tokenizer(const t2v_checkpoint *checkpoint, char **path, t2v_error *error)
{
    static const char *const names[] = {"spiece.model",
                                        "tokenizer.json",
                                        "tokenizer/spiece.model",
                                        "tokenizer/tokenizer.json",
                                        "../tokenizer/spiece.model",
                                        "../tokenizer/tokenizer.json",
                                        NULL};
    const char *named = checkpoint->part[TOKENIZER];
    if (checkpoint->folder)
        return folder_tokenizer(checkpoint->path, "tokenizer/spiece.model",
                                "tokenizer/tokenizer.json", path, error);
    if (named && t2v_is_folder(named))
        return folder_tokenizer(named, "spiece.model", "tokenizer.json", path, error);
    *path = t2v_strdup(named);
    if (named)
        return *path ? T2V_OK : t2v_fail_memory(error, "a file name", strlen(named));
    T2V_TRY(t2v_first_file(t2v_beside_path, checkpoint->part[TEXT_ENCODER], names, path, error));
    if (*path)
        return T2V_OK;
    return t2v_first_file(t2v_beside_path, checkpoint->part[TRANSFORMER], names, path, error);
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

static t2v_status open_from_folder(const t2v_checkpoint *checkpoint, const char *name,
                                   const char *class_name, bool weights, t2v_component **component,
                                   t2v_error *error)
{
    T2V_TRY(check_index(checkpoint, name, class_name, error));
    char *folder = t2v_join_path(checkpoint->path, name);
    if (!folder)
        return t2v_fail_memory(error, "a file name", strlen(name));
    t2v_status status = t2v_component_open(folder, class_name, weights, component, error);
    t2v_free(folder);
    return status;
}

static t2v_status open_scheduler(const t2v_checkpoint *checkpoint, const char *class_name,
                                 t2v_component **component, t2v_error *error)
{
    const char *scheduler = checkpoint->release ? checkpoint->release->scheduler
                                                : t2v_part_scheduler(checkpoint->pipeline);
    if (checkpoint->part[SCHEDULER])
        return t2v_component_open(checkpoint->part[SCHEDULER], class_name, false, component, error);
    if (!scheduler)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: no scheduler is known for files of the pipeline %.80s",
                        checkpoint->path, checkpoint->pipeline);
    return t2v_component_open_text(checkpoint->path, scheduler, component, error);
}

t2v_status t2v_checkpoint_component(const t2v_checkpoint *checkpoint, const char *name,
                                    const char *class_name, bool weights, t2v_component **component,
                                    t2v_error *error)
{
    int which = 0;
    *component = NULL;
    while (which < PARTS && strcmp(name, part_names[which]))
        which++;
    if (checkpoint->folder && (which == PARTS || !checkpoint->part[which]))
        return open_from_folder(checkpoint, name, class_name, weights, component, error);
    if (which == SCHEDULER)
        return open_scheduler(checkpoint, class_name, component, error);
    if (which == IMAGE_PROCESSOR && !checkpoint->part[which])
        return T2V_OK;
    if (which == TOKENIZER || which == PARTS || !checkpoint->part[which])
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: has no %s; wanted a folder in the diffusers layout", checkpoint->path,
                        name);
    if (t2v_is_folder(checkpoint->part[which]) || which == IMAGE_PROCESSOR)
        return t2v_component_open(checkpoint->part[which], class_name, weights, component, error);
    return t2v_component_open_file(checkpoint->part[which],
                                   which == TRANSFORMER_2 ? part_names[TRANSFORMER] : name,
                                   class_name, component, error);
}
