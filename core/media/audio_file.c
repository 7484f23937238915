/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/audio_file.h"

#include <math.h>
#include <sndfile.h>
#include <string.h>

#include "base/memory.h"
#include "media/input_file.h"

enum { BLOCK = 1024 }; /* sample frames read at a time */

struct t2v_audio_file {
    char *path;
    t2v_input_file input;
    SNDFILE *sound;
    int channels, rate;
    const atomic_bool *interrupted;
    float *block;  /* [BLOCK, channels] */
    int at, count; /* of the block's frames */
};

static bool is_interrupted(const t2v_audio_file *f)
{
    return f->interrupted && atomic_load_explicit(f->interrupted, memory_order_relaxed);
}

static t2v_status check_info(const t2v_audio_file *f, const SF_INFO *info, t2v_error *error)
{
    if (info->channels < 1 || info->channels > T2V_AUDIO_CHANNELS || info->samplerate < 1 ||
        info->samplerate > T2V_AUDIO_RATE)
        return t2v_fail(error, T2V_ERROR_UNSUPPORTED,
                        "%s: %d channels of %d samples a second; wanted at most %d of %d", f->path,
                        info->channels, info->samplerate, T2V_AUDIO_CHANNELS, T2V_AUDIO_RATE);
    return T2V_OK;
}

/* The reason as libsndfile gives it, without its full stop. */
static t2v_status fail_sound(const t2v_audio_file *f, const char *what, t2v_error *error)
{
    const char *reason = sf_strerror(f->sound);
    int length = (int)strlen(reason);
    while (length && strchr(" .\n", reason[length - 1]))
        length--;
    return t2v_fail(error, T2V_ERROR_FORMAT, "%s: %s: %.*s", f->path, what, length, reason);
}

static t2v_status open_sound(t2v_audio_file *f, t2v_error *error)
{
    SF_INFO info = {0};
    f->sound = sf_open_fd(f->input.descriptor, SFM_READ, &info, SF_FALSE);
    if (is_interrupted(f))
        return t2v_fail(error, T2V_INTERRUPTED, "interrupted");
    if (!f->sound)
        return fail_sound(f, "no sound that can be read (WAV, FLAC, OGG, MP3)", error);
    T2V_TRY(check_info(f, &info, error));
    f->channels = info.channels;
    f->rate = info.samplerate;
    return T2V_OK;
}

static t2v_status open_file(t2v_audio_file *f, t2v_error *error)
{
    T2V_TRY(t2v_input_file_open(f->path, "a sound file", f->interrupted, &f->input, error));
    T2V_TRY(open_sound(f, error));
    f->block = t2v_calloc(BLOCK * sizeof(float), (size_t)f->channels);
    return f->block ? T2V_OK : t2v_fail_memory(error, f->path, 0);
}

t2v_status t2v_audio_file_open(const char *path, const atomic_bool *interrupted,
                               t2v_audio_file **out, t2v_error *error)
{
    t2v_audio_file *f = t2v_calloc(1, sizeof(*f));
    *out = NULL;
    if (!f)
        return t2v_fail_memory(error, path, sizeof(*f));
    f->input = T2V_INPUT_FILE_NONE;
    f->interrupted = interrupted;
    f->path = t2v_strdup(path);
    t2v_status status = f->path ? open_file(f, error) : t2v_fail_memory(error, path, strlen(path));
    if (status < 0)
        t2v_audio_file_close(&f);
    *out = f;
    return status;
}

void t2v_audio_file_close(t2v_audio_file **file)
{
    t2v_audio_file *f = *file;
    if (!f)
        return;
    if (f->sound)
        sf_close(f->sound);
    t2v_input_file_close(&f->input);
    t2v_free(f->block);
    t2v_free(f->path);
    t2v_free(f);
    *file = NULL;
}

t2v_status t2v_audio_file_probe(const char *path, t2v_error *error)
{
    t2v_audio_file *file;
    if (t2v_input_file_is_pipe(path))
        return t2v_input_file_check_access(path, error);
    T2V_TRY(t2v_audio_file_open(path, NULL, &file, error));
    t2v_audio_file_close(&file);
    return T2V_OK;
}

int t2v_audio_file_rate(const t2v_audio_file *file)
{
    return file->rate;
}

static t2v_status read_block(t2v_audio_file *f, t2v_error *error)
{
    f->at = 0;
    f->count = (int)sf_readf_float(f->sound, f->block, BLOCK);
    if (is_interrupted(f))
        return t2v_fail(error, T2V_INTERRUPTED, "interrupted");
    if (!f->count && sf_error(f->sound) != SF_ERR_NO_ERROR)
        return fail_sound(f, "the sound is damaged", error);
    return T2V_OK;
}

t2v_status t2v_audio_file_next(t2v_audio_file *f, float *sample, bool *ended, t2v_error *error)
{
    const float limit = 8;
    float sum = 0;
    *sample = 0;
    *ended = false;
    if (f->at == f->count)
        T2V_TRY(read_block(f, error));
    if (!f->count) {
        *ended = true;
        return T2V_OK;
    }
    for (int c = 0; c < f->channels; c++) {
        const float value = f->block[f->at * f->channels + c];
        sum += isfinite(value) ? fminf(fmaxf(value, -limit), limit) : 0;
    }
    f->at++;
    *sample = sum / (float)f->channels;
    return T2V_OK;
}
