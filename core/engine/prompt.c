/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/prompt.h"

#include <string.h>

#include "base/sha256.h"
#include "text/clean_prompt.h"

void t2v_tap_floats(const t2v_tap *tap, const char *name, int rank, const int64_t *shape,
                    const float *data)
{
    if (tap && tap->fn)
        tap->fn(tap->opaque, name, rank, shape, data);
}

static t2v_status tokenize(t2v_exec *exec, const t2v_model *model, const char *prompt,
                           const char *option, int64_t *ids, int *used)
{
    const int length = model->family->text_length;
    t2v_text_buffer clean = {0};
    t2v_error error;
    int lost = 0;
    t2v_status status =
        model->family->text_clean ? t2v_clean_prompt(prompt, &clean, &error) : T2V_OK;
    if (status >= 0)
        status = t2v_tokenizer_encode(model->tokenizer, clean.data ? clean.data : prompt, length,
                                      ids, used, &lost, &error);
    t2v_text_buffer_free(&clean);
    if (status < 0)
        return t2v_fail(exec->error, status, "%s: %s", option, error.text);
    if (lost)
        t2v_log_write(&model->log, T2V_LOG_WARNING,
                      "%s: the model reads %d tokens; the last %d of the text are cut off", option,
                      length, lost);
    return T2V_OK;
}

/* What is masked changes nothing else: where zeros take its place, it is not computed. */
static t2v_status embed(t2v_exec *exec, const t2v_model *model, const int64_t *ids, int used,
                        float *embeddings)
{
    const t2v_family *family = model->family;
    const int64_t length = family->text_zeros ? used : family->text_length;
    const int64_t width = t2v_t5_width(model->t5), padding = family->text_length - length;
    memset(embeddings + length * width, 0, (size_t)(padding * width) * sizeof(float));
    return t2v_t5_run(exec, model->t5, ids, length, family->text_mask ? used : length, embeddings);
}

static t2v_status encode(t2v_exec *exec, const t2v_model *model, const char *prompt,
                         const char *option, const t2v_tap *tap, const char *ids_name,
                         const char *embeds_name, t2v_dit_text **text)
{
    const t2v_family *family = model->family;
    const int64_t length = family->text_length, width = t2v_t5_width(model->t5);
    const int64_t shape[2] = {length, width};
    int64_t *ids = t2v_arena_alloc(&exec->arena, (size_t)length, sizeof(*ids));
    float *embeddings = t2v_exec_floats(exec, (size_t)length, (size_t)width);
    int used;
    if (!ids || !embeddings)
        return t2v_fail_memory(exec->error, "the prompt", (size_t)(length * width));
    T2V_TRY(tokenize(exec, model, prompt, option, ids, &used));
    if (ids_name && tap && tap->fn)
        tap->fn(tap->opaque, ids_name, 1, shape, ids);
    T2V_TRY(embed(exec, model, ids, used, embeddings));
    t2v_tap_floats(tap, embeds_name, 2, shape, embeddings);
    return family->dit->prepare_text(exec, model->dit, embeddings, length, used, text);
}

t2v_status t2v_prompt_encode(t2v_exec *exec, const t2v_model *model, const char *prompt,
                             const char *option, const t2v_tap *tap, const char *ids_name,
                             const char *embeds_name, t2v_dit_text **text)
{
    t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    t2v_kept_pass(exec->kept);
    t2v_status status = encode(exec, model, prompt, option, tap, ids_name, embeds_name, text);
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

void t2v_prompt_hash(const char *text, char *hash, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[T2V_SHA256_BYTES];
    t2v_sha256(text, strlen(text), digest);
    for (size_t i = 0; i + 1 < size; i++)
        hash[i] = digits[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
    hash[size - 1] = 0;
}
