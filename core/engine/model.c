/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/available.h"
#include "base/text.h"
#include "engine/memory_limit.h"
#include "engine/options.h"
#include "ops/onednn.h"
#include "text/tokenizer_gguf.h"
#include "weights/component.h"

#define STRING_OF(x) #x
#define VERSION_OF(a, b, c) STRING_OF(a) "." STRING_OF(b) "." STRING_OF(c)

const char *t2v_version(void)
{
    return VERSION_OF(T2V_VERSION_MAJOR, T2V_VERSION_MINOR, T2V_VERSION_MICRO);
}

t2v_model_params t2v_model_params_default(void)
{
    t2v_model_params params = {0};
    t2v_options_default(t2v_model_options(), &params);
    return params;
}

/* The embedded model's folder: the environment's, else where it was installed. */
static const char *embedded_folder(void)
{
    const char *folder = getenv("T2V_MODEL_DIR");
    return t2v_given(folder) ? folder : T2V_DATADIR "/default";
}

static char *base_name(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    char *name = t2v_calloc(end - start + 1, 1);
    if (name)
        memcpy(name, path + start, end - start);
    return name;
}

static t2v_status read_sigmas(const t2v_config *config, const char *key, t2v_sigmas *sigmas,
                              t2v_error *error)
{
    T2V_TRY(
        t2v_config_doubles(config, key, 0, 1, T2V_MAX_STEPS, sigmas->value, &sigmas->count, error));
    if (sigmas->count < 0)
        sigmas->count = 0;
    return t2v_sigmas_check(sigmas, t2v_config_path(config), error);
}

static bool has(const t2v_config *config, const char *key)
{
    return config && t2v_config_has(config, key);
}

/* Files of distilled models name the noise levels that they were made for, of which guidance is no
 * part (LTX-Video's inference.py). What the folder or the manifest says counts more. */
static t2v_status read_published(t2v_model *m, t2v_error *error)
{
    static const char key[] = "allowed_inference_steps";
    const t2v_config *own = t2v_checkpoint_defaults(m->checkpoint);
    const t2v_config *published = t2v_checkpoint_published(m->checkpoint);
    if (!has(published, key))
        return T2V_OK;
    if (!has(own, "guidance"))
        m->defaults.guidance = 1;
    return has(own, "sigmas") || has(own, "steps") ? T2V_OK
                                                   : read_sigmas(published, key, &m->sigmas, error);
}

/* Where one guidance alone is said, it is that of both transformers. */
static t2v_status read_guidance(const t2v_config *config, t2v_family_defaults *d, t2v_error *error)
{
    T2V_TRY(t2v_config_double(config, "guidance", d->guidance, 0, 100, &d->guidance, error));
    const double usual = has(config, "guidance") ? d->guidance : d->guidance_2;
    return t2v_config_double(config, "guidance_2", usual, 0, 100, &d->guidance_2, error);
}

/* t2v.json: a folder's own name, licence and usual settings. */
static t2v_status read_defaults(t2v_model *m, t2v_error *error)
{
    const t2v_config *config = t2v_checkpoint_defaults(m->checkpoint);
    t2v_family_defaults *d = &m->defaults;
    const struct {
        const char *key;
        int64_t min, max;
        int *value;
    } numbers[] = {
        {"width", 64, 8192, &d->width},    {"height", 64, 8192, &d->height},
        {"rate", 1, 240, &d->rate},        {"frames", 1, 1 << 20, &d->frames},
        {"steps", 1, 1000, &d->steps},     {"chunk", 0, 100000, &m->chunk},
        {"context", 1, 1000, &m->context},
    };
    const char *name, *licence;
    if (!config)
        return T2V_OK;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int64_t value;
        T2V_TRY(t2v_config_int(config, numbers[i].key, *numbers[i].value, numbers[i].min,
                               numbers[i].max, &value, error));
        *numbers[i].value = (int)value;
    }
    T2V_TRY(read_sigmas(config, "sigmas", &m->sigmas, error));
    T2V_TRY(read_guidance(config, d, error));
    T2V_TRY(t2v_config_double(config, "decode_timestep", 0, 0, 1, &m->decode_timestep, error));
    T2V_TRY(t2v_config_double(config, "steady", 0, 0, 1, &m->steady, error));
    T2V_TRY(t2v_config_string(config, "name", m->name, &name, error));
    T2V_TRY(t2v_config_string(config, "licence", "", &licence, error));
    char *own_name = t2v_strdup(name);
    t2v_free(m->name);
    m->name = own_name;
    m->licence = t2v_strdup(licence);
    return m->name && m->licence ? T2V_OK : t2v_fail_memory(error, "the model's name", 0);
}

/* What the option wants, or floats where that would be slower. */
static void choose_precision(t2v_model *m)
{
    const bool brain = !strcmp(m->params.precision, "bf16");
    if (!strcmp(m->params.precision, "int8"))
        m->precision = T2V_PRECISION_INT8;
    else if (brain && t2v_onednn_has_bf16())
        m->precision = T2V_PRECISION_BF16;
    else if (brain)
        t2v_log_write(&m->log, T2V_LOG_WARNING,
                      "precision=bf16: this processor has no instructions for bfloat16 that oneDNN "
                      "uses; computing with f32");
}

/* A word that is mistyped would change nothing, and nobody would know. */
static void warn_of_unread(t2v_model *m)
{
    const char *key = t2v_checkpoint_unread(m->checkpoint);
    if (key)
        t2v_log_write(&m->log, T2V_LOG_WARNING,
                      "%s: \"%.80s\" is no setting that this model knows, and is left out",
                      t2v_config_path(t2v_checkpoint_defaults(m->checkpoint)), key);
}

static t2v_status find_family(t2v_model *m, t2v_error *error)
{
    const char *pipeline = t2v_checkpoint_pipeline(m->checkpoint);
    char known[256];
    m->family = t2v_family_find(pipeline);
    if (m->family)
        return T2V_OK;
    t2v_family_names(known, sizeof(known));
    return t2v_fail(error, T2V_ERROR_UNSUPPORTED, "%s: _class_name is \"%s\"; known pipelines: %s",
                    t2v_checkpoint_path(m->checkpoint), pipeline, known);
}

/* From its own file, or from the text encoder's, where repackagers keep it as `spiece_model` and
 * GGUF in its metadata. */
static t2v_status open_tokenizer(t2v_model *m, t2v_error *error)
{
    const t2v_tensor *inside = t2v_component_bytes_of(m->text_component, "spiece_model");
    const t2v_gguf *gguf = t2v_component_gguf(m->text_component);
    const char *model = t2v_config_path(t2v_component_config(m->text_component));
    char *path;
    T2V_TRY(t2v_checkpoint_tokenizer(m->checkpoint, &path, error));
    t2v_status status;
    if (path)
        status = t2v_tokenizer_open(path, &m->tokenizer, error);
    else if (inside)
        status = t2v_tokenizer_copy(model, inside->data, inside->bytes, &m->tokenizer, error);
    else if (gguf && t2v_tokenizer_gguf_has(gguf))
        status = t2v_tokenizer_from_gguf(gguf, &m->tokenizer, error);
    else
        status =
            t2v_fail(error, T2V_ERROR_NOT_FOUND,
                     "%s: holds no tokenizer, and neither spiece.model nor tokenizer.json lies "
                     "beside it; name one in a manifest",
                     model);
    if (status >= 0 && t2v_tokenizer_pieces(m->tokenizer) > t2v_t5_vocabulary(m->t5))
        status = t2v_fail(error, T2V_ERROR_FORMAT,
                          "%s has %d pieces, but the text encoder's shared.weight only %lld rows: "
                          "the tokenizer is of another model",
                          path ? path : model, t2v_tokenizer_pieces(m->tokenizer),
                          (long long)t2v_t5_vocabulary(m->t5));
    t2v_free(path);
    return status;
}

static t2v_status load_text(t2v_model *m, t2v_error *error)
{
    T2V_TRY(t2v_checkpoint_component(m->checkpoint, "text_encoder", m->family->text_encoder, true,
                                     &m->text_component, error));
    t2v_component_set_precision(m->text_component, m->precision);
    T2V_TRY(t2v_t5_create(m->text_component, m->family->text_kind, &m->t5, error));
    return open_tokenizer(m, error);
}

/* Wan 2.2 may have a second transformer, for timesteps below this share of them; 0: it has not. */
static t2v_status read_boundary(const t2v_model *m, double *ratio, t2v_error *error)
{
    const t2v_config *index = t2v_checkpoint_index(m->checkpoint);
    *ratio = 0;
    if (!index || !m->family->dit->add_expert)
        return T2V_OK;
    return t2v_config_double(index, "boundary_ratio", 0, 0, 1, ratio, error);
}

/* The transformers' files, with what LoRA files add to them. */
static t2v_status open_transformers(t2v_model *m, t2v_error *error)
{
    const char *name = m->family->dit->name;
    double ratio;
    T2V_TRY(t2v_checkpoint_component(m->checkpoint, "transformer", name, true, &m->dit_component,
                                     error));
    T2V_TRY(read_boundary(m, &ratio, error));
    if (ratio > 0)
        T2V_TRY(t2v_checkpoint_component(m->checkpoint, "transformer_2", name, true,
                                         &m->expert_component, error));
    return t2v_lora_list_open(m->params.lora, m->dit_component, m->expert_component, &m->log,
                              &m->loras, error);
}

/* The autoencoder of the family's class, or a tiny one in its place. */
static t2v_status load_vae(t2v_model *m, t2v_error *error)
{
    const char *class_name;
    T2V_TRY(t2v_checkpoint_component(m->checkpoint, "vae", m->family->vae->name, true,
                                     &m->vae_component, error));
    T2V_TRY(t2v_config_string(t2v_component_config(m->vae_component), "_class_name", "",
                              &class_name, error));
    t2v_component_set_precision(m->vae_component, m->precision);
    m->vae_class = strcmp(class_name, t2v_vae_tiny.name) ? m->family->vae : &t2v_vae_tiny;
    T2V_TRY(m->vae_class->create(m->vae_component, &m->vae, error));
    m->vae_class->describe(m->vae, &m->vae_info);
    return T2V_OK;
}

static t2v_status load_networks(t2v_model *m, t2v_error *error)
{
    T2V_TRY(open_transformers(m, error));
    t2v_component_set_precision(m->dit_component, m->precision);
    T2V_TRY(m->family->dit->create(m->dit_component, &m->dit, error));
    m->family->dit->describe(m->dit, &m->dit_info);
    return load_vae(m, error);
}

/* What the folder or the manifest says counts more than the scheduler's own. */
static t2v_status read_shift(t2v_model *m, t2v_error *error)
{
    const t2v_config *own = t2v_checkpoint_defaults(m->checkpoint);
    t2v_scheduler *s = &m->scheduler;
    double *shift = s->solver == T2V_SOLVER_UNIPC ? &s->unipc.flow_shift : &s->euler.shift;
    if (!own || (s->solver == T2V_SOLVER_EULER && s->euler.use_dynamic_shifting))
        return T2V_OK;
    return t2v_config_double(own, "flow_shift", *shift, 1e-3, 1e3, shift, error);
}

static t2v_status load_scheduler(t2v_model *m, t2v_error *error)
{
    t2v_component *component;
    t2v_schedule probe = {0};
    T2V_TRY(t2v_checkpoint_component(m->checkpoint, "scheduler", m->family->scheduler, false,
                                     &component, error));
    t2v_status status = t2v_scheduler_read(t2v_component_config(component), &m->scheduler, error);
    t2v_component_close(&component);
    if (status >= 0)
        status = read_shift(m, error);
    /* what the pipeline cannot do with this configuration is found before anything is computed */
    if (status >= 0)
        status = m->family->schedule(&m->scheduler, m->defaults.steps, 1024, &probe, error);
    t2v_schedule_free(&probe);
    return status;
}

/* The second transformer takes the later steps. */
static t2v_status load_expert(t2v_model *m, t2v_error *error)
{
    double ratio;
    T2V_TRY(read_boundary(m, &ratio, error));
    if (!m->expert_component)
        return T2V_OK;
    t2v_component_set_precision(m->expert_component, m->precision);
    m->boundary = ratio * (double)t2v_scheduler_train_timesteps(&m->scheduler);
    return m->family->dit->add_expert(m->dit, m->expert_component, m->boundary, error);
}

static t2v_status find_picture_use(t2v_model *m, t2v_error *error)
{
    const t2v_config *index = t2v_checkpoint_index(m->checkpoint);
    bool by_token;
    T2V_TRY(t2v_config_bool(index, "expand_timesteps", false, &by_token, error));
    m->pictures = by_token ? T2V_PICTURES_KNOWN : m->family->pictures;
    if (m->dit_info.picture_width && m->pictures != T2V_PICTURES_BESIDE)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: the transformer wants embeddings of a picture (image_dim is %lld), "
                        "but the pipeline %s gives it none",
                        t2v_config_path(index), (long long)m->dit_info.picture_width,
                        m->family->pipeline);
    return T2V_OK;
}

static t2v_status load_vision_picture(t2v_model *m, t2v_error *error)
{
    t2v_component *component;
    T2V_TRY(
        t2v_checkpoint_component(m->checkpoint, "image_processor", NULL, false, &component, error));
    if (!component) {
        m->vision_picture = t2v_vision_picture_usual(t2v_vision_side(m->vision));
        return T2V_OK;
    }
    t2v_status status =
        t2v_vision_picture_read(t2v_component_config(component), &m->vision_picture, error);
    if (status >= 0 && m->vision_picture.side != t2v_vision_side(m->vision))
        status = t2v_fail(error, T2V_ERROR_FORMAT,
                          "%s: crop_size is %lld, but the image_encoder's image_size %lld",
                          t2v_config_path(t2v_component_config(component)),
                          (long long)m->vision_picture.side, (long long)t2v_vision_side(m->vision));
    t2v_component_close(&component);
    return status;
}

/* Wan 2.1 looks at given pictures through a vision encoder too. */
static t2v_status load_vision(t2v_model *m, t2v_error *error)
{
    const t2v_config *index = t2v_checkpoint_index(m->checkpoint);
    const char *class_name;
    if (!m->dit_info.picture_width)
        return T2V_OK;
    T2V_TRY(t2v_config_string_at(index, "image_encoder", 1, &class_name, error));
    /* with or without the projection, which nothing is made of */
    if (class_name && strcmp(class_name, "CLIPVisionModel") &&
        strcmp(class_name, "CLIPVisionModelWithProjection"))
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: image_encoder is of class %.80s, wanted CLIPVisionModel",
                        t2v_config_path(index), class_name);
    T2V_TRY(t2v_checkpoint_component(m->checkpoint, "image_encoder", NULL, true,
                                     &m->vision_component, error));
    T2V_TRY(t2v_vision_create(m->vision_component, &m->vision, error));
    return load_vision_picture(m, error);
}

static t2v_status check_vision(const t2v_model *m, const char *path, t2v_error *error)
{
    const int64_t width = t2v_vision_width(m->vision), tokens = 2 * t2v_vision_tokens(m->vision);
    const t2v_dit_info *dit = &m->dit_info;
    if (dit->picture_width != width || (dit->picture_tokens && dit->picture_tokens != tokens))
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: the image_encoder makes %lld embeddings of %lld channels of two "
                        "pictures, but the transformer's image_dim is %lld and its "
                        "pos_embed_seq_len %lld",
                        path, (long long)tokens, (long long)width, (long long)dit->picture_width,
                        (long long)dit->picture_tokens);
    return T2V_OK;
}

/* The parts must fit together, whatever each says of itself. */
static t2v_status check_fit(const t2v_model *m, const char *path, t2v_error *error)
{
    const t2v_dit_info *dit = &m->dit_info;
    const t2v_vae_info *vae = &m->vae_info;
    const int64_t positions = dit->patch * dit->patch * dit->patch_time;
    const int64_t out = vae->latent_channels * positions;
    const int64_t in = out + t2v_beside_channels(m) * positions;
    if (dit->in_channels != in || dit->out_channels != out)
        return t2v_fail(error, T2V_ERROR_FORMAT,
                        "%s: the transformer reads %lld and gives %lld channels, but %lld latent "
                        "channels of the vae%s make %lld and %lld",
                        path, (long long)dit->in_channels, (long long)dit->out_channels,
                        (long long)vae->latent_channels,
                        m->pictures == T2V_PICTURES_BESIDE ? " and what is given beside them" : "",
                        (long long)in, (long long)out);
    if (dit->text_width != t2v_t5_width(m->t5))
        return t2v_fail(
            error, T2V_ERROR_FORMAT,
            "%s: the transformer reads embeddings of %lld channels, but the text encoder's "
            "d_model is %lld",
            path, (long long)dit->text_width, (long long)t2v_t5_width(m->t5));
    return m->vision ? check_vision(m, path, error) : T2V_OK;
}

/* Of free memory a part is left to others. */
static t2v_status limit_memory(t2v_model *m, t2v_error *error)
{
    size_t limit;
    T2V_TRY(t2v_memory_limit_read(m->params.max_memory, &limit, error));
    const size_t available = t2v_available_memory();
    m->limited = limit != SIZE_MAX;
    if (!m->limited && available != SIZE_MAX)
        limit = available / 4 * 3;
    m->kept.limit = limit;
    return T2V_OK;
}

static t2v_status load(t2v_model *m, const char *path, t2v_error *error)
{
    const char *vae = m->params.vae;
    T2V_TRY(limit_memory(m, error));
    choose_precision(m);
    T2V_TRY(t2v_checkpoint_open(path, t2v_given(vae) ? vae : NULL, &m->checkpoint, error));
    T2V_TRY(find_family(m, error));
    m->defaults = m->family->defaults;
    if (m->family->refine && t2v_checkpoint_index(m->checkpoint))
        T2V_TRY(m->family->refine(t2v_checkpoint_index(m->checkpoint), &m->defaults, error));
    m->context = 1;
    m->name = base_name(path);
    if (!m->name)
        return t2v_fail_memory(error, "the model's name", 0);
    T2V_TRY(read_defaults(m, error));
    T2V_TRY(read_published(m, error));
    T2V_TRY(load_text(m, error));
    T2V_TRY(load_networks(m, error));
    T2V_TRY(load_scheduler(m, error));
    T2V_TRY(load_expert(m, error));
    T2V_TRY(find_picture_use(m, error));
    T2V_TRY(load_vision(m, error));
    T2V_TRY(check_fit(m, path, error));
    warn_of_unread(m);
    return T2V_OK;
}

static void model_free(t2v_model *m)
{
    if (m->family) {
        m->family->dit->destroy(m->dit);
        if (m->vae)
            m->vae_class->destroy(m->vae);
    }
    t2v_t5_free(&m->t5);
    t2v_vision_free(&m->vision);
    t2v_tokenizer_close(&m->tokenizer);
    t2v_component_close(&m->text_component);
    t2v_component_close(&m->dit_component);
    t2v_component_close(&m->expert_component);
    t2v_lora_list_close(&m->loras);
    t2v_component_close(&m->vae_component);
    t2v_component_close(&m->vision_component);
    t2v_checkpoint_close(&m->checkpoint);
    t2v_options_free(t2v_model_options(), &m->params);
    t2v_kept_destroy(&m->kept);
    t2v_free(m->name);
    t2v_free(m->licence);
    t2v_free(m);
}

t2v_status t2v_model_open(const char *path, const t2v_model_params *params, t2v_model **out,
                          t2v_error *error)
{
    const t2v_model_params defaults = t2v_model_params_default();
    *out = NULL;
    T2V_TRY(t2v_options_check(t2v_model_options(), params ? params : &defaults, error));
    t2v_model *m = t2v_calloc(1, sizeof(*m));
    if (!m)
        return t2v_fail_memory(error, "the model", sizeof(*m));
    atomic_init(&m->references, 1);
    t2v_kept_init(&m->kept, SIZE_MAX);
    m->params = params ? *params : defaults;
    m->log = (t2v_log){m->params.log, m->params.log_opaque};
    t2v_status status = t2v_options_copy_strings(t2v_model_options(), &m->params, error);
    if (status >= 0)
        status = load(m, t2v_given(path) ? path : embedded_folder(), error);
    if (status < 0)
        model_free(m);
    else
        *out = m;
    return status;
}

int64_t t2v_beside_channels(const t2v_model *model)
{
    const t2v_vae_info *vae = &model->vae_info;
    return model->pictures == T2V_PICTURES_BESIDE ? vae->temporal_ratio + vae->latent_channels : 0;
}

/* As floats the weights of a small model are no matter. */
bool t2v_model_plans_memory(const t2v_model *model)
{
    t2v_model_info info;
    t2v_model_get_info(model, &info);
    const int64_t parameters =
        info.text_parameters + info.dit_parameters + info.vae_parameters + info.vision_parameters;
    return model->limited || (size_t)parameters > model->kept.limit / sizeof(float) / 4;
}

bool t2v_joins_by_picture(const t2v_model *model)
{
    return model->pictures != T2V_PICTURES_NONE && !model->family->takes_clips;
}

t2v_model *t2v_model_ref(t2v_model *model)
{
    atomic_fetch_add(&model->references, 1);
    return model;
}

void t2v_model_close(t2v_model **model)
{
    t2v_model *m = *model;
    *model = NULL;
    if (m && atomic_fetch_sub(&m->references, 1) == 1)
        model_free(m);
}

void t2v_model_get_info(const t2v_model *model, t2v_model_info *info)
{
    const t2v_component *const parts[] = {model->text_component, model->dit_component,
                                          model->vae_component, model->expert_component,
                                          model->vision_component};
    int64_t *const counts[] = {&info->text_parameters, &info->dit_parameters, &info->vae_parameters,
                               &info->dit_parameters, &info->vision_parameters};
    memset(info, 0, sizeof(*info));
    info->name = model->name;
    info->family = model->family->name;
    info->pipeline = model->family->pipeline;
    info->licence = model->licence ? model->licence : "";
    info->width = model->defaults.width;
    info->height = model->defaults.height;
    info->rate = model->defaults.rate;
    info->frames = model->defaults.frames;
    info->steps = model->sigmas.count ? model->sigmas.count : model->defaults.steps;
    info->guidance = model->defaults.guidance;
    info->guidance_2 = model->expert_component ? model->defaults.guidance_2 : 0;
    info->chunk = model->chunk;
    info->size_multiple = (int)(model->vae_info.spatial_ratio * model->dit_info.patch);
    info->frame_multiple = (int)(model->vae_info.temporal_ratio * model->dit_info.patch_time);
    for (int i = 0; i < 5; i++) {
        if (!parts[i])
            continue;
        *counts[i] += t2v_component_parameters(parts[i]);
        info->file_bytes += t2v_component_bytes(parts[i]);
    }
}
