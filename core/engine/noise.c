/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/noise.h"

/* Numbers drawn at once, some milliseconds; a multiple of 16. */
enum { PIECE = 1 << 18 };

t2v_status t2v_noise_open(t2v_noise *noise, const char *path, int64_t seed, t2v_error *error)
{
    t2v_rng_seed(&noise->rng, (uint64_t)seed);
    if (!path || !*path)
        return T2V_OK;
    return t2v_safetensors_open(path, &noise->file, error);
}

void t2v_noise_close(t2v_noise *noise)
{
    t2v_safetensors_close(&noise->file);
}

/* One tensor as torch.randn draws it, in pieces between which the stream can stop: whole blocks
 * of 16 numbers continue one another, and the last piece is the longer one. */
static t2v_status draw(t2v_exec *exec, t2v_rng *rng, float *out, size_t count)
{
    for (; count >= 2 * PIECE; count -= PIECE, out += PIECE) {
        T2V_TRY(t2v_exec_check(exec));
        t2v_rng_normal(rng, out, PIECE);
    }
    t2v_rng_normal(rng, out, count);
    return T2V_OK;
}

/* A tensor of the file, or NULL when it has none and may. */
static t2v_status find(const t2v_noise *noise, const char *name, const t2v_shape *wanted,
                       bool optional, const t2v_tensor **out, t2v_error *error)
{
    const t2v_tensor *tensor = noise->file ? t2v_safetensors_find(noise->file, name) : NULL;
    *out = tensor;
    if (!noise->file || (!tensor && optional))
        return T2V_OK;
    const char *path = t2v_safetensors_path(noise->file);
    if (!tensor)
        return t2v_fail(error, T2V_ERROR_NOT_FOUND, "%s: there is no tensor %s", path, name);
    if (tensor->dtype != T2V_F32 || !t2v_shape_equal(&tensor->shape, wanted)) {
        char found[96], expected[96];
        t2v_shape_format(&tensor->shape, found, sizeof(found));
        t2v_shape_format(wanted, expected, sizeof(expected));
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: tensor %s is %s %s, wanted F32 %s", path,
                        name, t2v_dtype_name(tensor->dtype), found, expected);
    }
    return T2V_OK;
}

t2v_status t2v_noise_fill(t2v_exec *exec, t2v_noise *noise, const char *name,
                          const t2v_latent_size *size, bool optional, float *latents)
{
    const t2v_shape shape = {4, {size->channels, size->frames, size->height, size->width}};
    const size_t count = t2v_latent_count(size);
    const t2v_tensor *tensor;
    T2V_TRY(find(noise, name, &shape, optional, &tensor, exec->error));
    if (!tensor)
        return draw(exec, &noise->rng, latents, count);
    t2v_tensor_read_f32(tensor, 0, count, latents);
    return T2V_OK;
}

t2v_status t2v_noise_encode(t2v_exec *exec, t2v_noise *noise, const t2v_latent_size *size,
                            int64_t first, int64_t all, float *latents)
{
    const t2v_shape shape = {4, {size->channels, all, size->height, size->width}};
    const size_t plane = (size_t)(size->height * size->width);
    const t2v_tensor *tensor;
    T2V_TRY(find(noise, "encode_noise", &shape, true, &tensor, exec->error));
    if (!tensor)
        return draw(exec, &noise->rng, latents, t2v_latent_count(size));
    const size_t count = plane * (size_t)size->frames;
    for (int64_t c = 0; c < size->channels; c++, latents += count)
        t2v_tensor_read_f32(tensor, (size_t)(c * all + first) * plane, count, latents);
    return T2V_OK;
}

t2v_status t2v_noise_skip(t2v_exec *exec, t2v_noise *noise, size_t count)
{
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *unused = t2v_exec_floats(exec, count, 1);
    t2v_status status = unused ? draw(exec, &noise->rng, unused, count) : T2V_ERROR_MEMORY;
    t2v_arena_reset(&exec->arena, mark);
    return status;
}

t2v_status t2v_noise_given(t2v_exec *exec, t2v_noise *noise, const t2v_latent_size *given, int step,
                           int steps, size_t drawn, float *tokens)
{
    const t2v_shape shape = {5,
                             {steps, given->channels, given->frames, given->height, given->width}};
    const size_t count = t2v_latent_count(given);
    const t2v_tensor *tensor;
    T2V_TRY(find(noise, "cond_noise", &shape, true, &tensor, exec->error));
    if (!tensor)
        return draw(exec, &noise->rng, tokens, drawn);
    const t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
    float *latents = t2v_exec_floats(exec, count, 1);
    if (!latents)
        return T2V_ERROR_MEMORY;
    t2v_tensor_read_f32(tensor, (size_t)step * count, count, latents);
    t2v_latents_pack(given, latents, tokens);
    t2v_arena_reset(&exec->arena, mark);
    return T2V_OK;
}
