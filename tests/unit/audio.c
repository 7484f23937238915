/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound: reading it, what is heard in it, and the clock that follows it. */
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/motion_clock.h"
#include "files.h"

enum { RATE = 44100, WAV16 = SF_FORMAT_WAV | SF_FORMAT_PCM_16 };

static t2v_error error;

/* ------------------------------------------------------------------ sounds */

typedef struct sound {
    float *samples;
    int count, rate;
} sound;

static sound silence(double seconds, int rate)
{
    const int count = (int)(seconds * rate);
    return (sound){calloc((size_t)count, sizeof(float)), count, rate};
}

/* A click of 10 ms. */
static void add_click(const sound *s, double time, double gain)
{
    const int first = (int)(time * s->rate);
    for (int i = 0; i < s->rate / 100 && first + i < s->count; i++) {
        const double t = (double)i / s->rate;
        s->samples[first + i] += (float)(gain * sin(6283 * t) * exp(-t / 0.003));
    }
}

static void add_tone(const sound *s, double hertz, double gain)
{
    for (int i = 0; i < s->count; i++)
        s->samples[i] += (float)(gain * sin(2 * 3.14159265358979 * hertz * i / s->rate));
}

/* The same in both of two channels; frees the sound. */
static const char *write_sound(const char *name, sound s, int format)
{
    const char *path = files_path(name);
    SF_INFO info = {.samplerate = s.rate, .channels = 2, .format = format};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    for (int i = 0; i < s.count; i++) {
        const float pair[2] = {s.samples[i], s.samples[i]};
        assert_int_equal(sf_writef_float(file, pair, 1), 1);
    }
    sf_close(file);
    free(s.samples);
    return path;
}

static const double CLICKS[] = {0.6, 1.17, 1.9, 2.35, 3.1};
enum { COUNT_OF_CLICKS = sizeof(CLICKS) / sizeof(CLICKS[0]) };

static const char *write_clicks(const char *name, double gain, int format)
{
    sound s = silence(4, RATE);
    for (int i = 0; i < COUNT_OF_CLICKS; i++)
        add_click(&s, CLICKS[i], gain);
    return write_sound(name, s, format);
}

/* ------------------------------------------------------------------ what is heard */

enum { MOST = 512 };

/* Features of `count` frames at num/den frames a second. */
static void hear(const char *path, int num, int den, t2v_audio_features *features, int count)
{
    t2v_audio_listener *listener;
    if (t2v_audio_listener_open(path, num, den, NULL, &listener, &error) < 0)
        fail_msg("%s", error.text);
    for (int i = 0; i < count; i++)
        assert_int_equal(t2v_audio_listen(listener, &features[i], &error), T2V_OK);
    t2v_audio_listener_close(&listener);
    assert_null(listener);
}

static void assert_clicks(const t2v_audio_features *heard, int num, int den, int count)
{
    for (int n = 0; n < count; n++) {
        bool click = false, behind = false; /* which a click's end may reach */
        for (int i = 0; i < COUNT_OF_CLICKS; i++) {
            const int frame = (int)(CLICKS[i] * num / den);
            click = click || frame == n;
            behind = behind || frame + 1 == n;
        }
        if (click)
            assert_true(fmaxf(heard[n].onset, n + 1 < count ? heard[n + 1].onset : 1) > 0.6f);
        else if (!behind)
            assert_true(heard[n].onset < 0.1f);
    }
}

static void clicks_are_heard_in_the_frames_that_they_fall_in(void **state)
{
    static const int rates[][2] = {{24, 1}, {30000, 1001}, {60, 1}, {5, 1}};
    t2v_audio_features heard[MOST];
    (void)state;
    write_clicks("clicks.wav", 0.7, WAV16);
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        const int count = 3 * rates[i][0] / rates[i][1];
        hear(files_path("clicks.wav"), rates[i][0], rates[i][1], heard, count);
        assert_clicks(heard, rates[i][0], rates[i][1], count);
    }
}

static void every_format_sounds_the_same(void **state)
{
    static const struct {
        const char *name;
        int format;
    } formats[] = {
        {"clicks.float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT},
        {"clicks.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
        {"clicks.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
        {"clicks.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24},
#ifdef SF_FORMAT_MPEG_LAYER_III
        {"clicks.mp3", 0x230000 | 0x0082}, /* SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III */
#endif
    };
    t2v_audio_features heard[72];
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        hear(write_clicks(formats[i].name, 0.7, formats[i].format), 24, 1, heard, 72);
        assert_clicks(heard, 24, 1, 72);
    }
}

static void loudness_of_the_recording_does_not_matter(void **state)
{
    t2v_audio_features loud[72], soft[72];
    (void)state;
    hear(write_clicks("loud.wav", 0.9, SF_FORMAT_WAV | SF_FORMAT_FLOAT), 24, 1, loud, 72);
    hear(write_clicks("soft.wav", 0.2, SF_FORMAT_WAV | SF_FORMAT_FLOAT), 24, 1, soft, 72);
    for (int i = 0; i < 72; i++) {
        assert_true(fabsf(loud[i].onset - soft[i].onset) < 0.15f);
        assert_true(fabsf(loud[i].energy - soft[i].energy) < 0.05f);
    }
}

static void silence_and_its_noise_are_nothing(void **state)
{
    t2v_audio_features heard[48];
    sound s = silence(2, RATE);
    unsigned random = 1;
    (void)state;
    for (int i = 0; i < s.count; i++) {
        random = random * 1664525u + 1013904223u;
        s.samples[i] = (float)((double)random / 4294967296.0 - 0.5) * 4e-4f; /* some -80 dB */
    }
    hear(write_sound("noise.wav", s, SF_FORMAT_WAV | SF_FORMAT_FLOAT), 24, 1, heard, 48);
    for (int i = 0; i < 48; i++) {
        assert_true(heard[i].sound);
        assert_true(heard[i].onset == 0);
        assert_true(heard[i].energy < 0.02f);
    }
}

static void a_steady_tone_has_energy_but_no_onsets(void **state)
{
    static const double tones[] = {55, 440, 5000};
    t2v_audio_features heard[48];
    (void)state;
    for (int t = 0; t < 3; t++) {
        sound s = silence(2, RATE);
        add_tone(&s, tones[t], 0.4);
        hear(write_sound("tone.wav", s, WAV16), 24, 1, heard, 48);
        for (int i = 0; i < 48; i++) {
            assert_true(heard[i].energy > 0.9f);
            assert_true(heard[i].onset < 0.05f);
        }
    }
}

static void behind_the_end_there_is_no_sound(void **state)
{
    t2v_audio_features heard[40];
    sound s = silence(1, 8000);
    (void)state;
    add_tone(&s, 440, 0.5);
    hear(write_sound("short.wav", s, WAV16), 24, 1, heard, 40);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(heard[i].sound, i < 24);
        if (i >= 24)
            assert_true(heard[i].energy == 0 && heard[i].onset == 0);
    }
}

static void numbers_that_are_none_are_silence(void **state)
{
    t2v_audio_features heard[24];
    sound s = silence(1, 8000);
    (void)state;
    for (int i = 0; i < s.count; i++)
        s.samples[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : 3e38f;
    hear(write_sound("nan.wav", s, SF_FORMAT_WAV | SF_FORMAT_FLOAT), 24, 1, heard, 24);
    for (int i = 0; i < 24; i++)
        assert_true(heard[i].energy >= 0 && heard[i].energy <= 1 && heard[i].onset >= 0 &&
                    heard[i].onset <= 1);
}

/* ------------------------------------------------------------------ files that are none */

static void assert_refused(const char *path, t2v_status status)
{
    t2v_audio_file *file;
    assert_int_equal(t2v_audio_file_probe(path, &error), status);
    assert_int_equal(t2v_audio_file_open(path, NULL, &file, &error), status);
    assert_null(file);
    if (!strstr(error.text, path))
        fail_msg("\"%s\" does not name %s", error.text, path);
}

static void what_is_no_sound_is_refused_by_name(void **state)
{
    char wav[44];
    (void)state;
    assert_refused(files_path("absent.wav"), T2V_ERROR_NOT_FOUND);
    assert_refused(files_write_text("empty.wav", ""), T2V_ERROR_FORMAT);
    assert_refused(files_write_text("text.mp3", "no music at all, but words"), T2V_ERROR_FORMAT);
    mkdir(files_path("folder.wav"), 0700);
    assert_refused(files_path("folder.wav"), T2V_ERROR_FORMAT);
    const sound s = silence(0.01, RATE);
    FILE *file = fopen(write_sound("whole.wav", s, WAV16), "rb");
    assert_int_equal(fread(wav, 1, sizeof(wav), file), sizeof(wav));
    fclose(file);
    assert_refused(files_write("cut.wav", wav, 20), T2V_ERROR_FORMAT);
    memset(wav + 22, 0, 2); /* channels */
    assert_refused(files_write("mute.wav", wav, sizeof(wav)), T2V_ERROR_FORMAT);
    memset(wav + 22, 1, 2);
    assert_refused(files_write("many.wav", wav, sizeof(wav)), T2V_ERROR_UNSUPPORTED);
}

static void a_file_that_ends_early_ends(void **state)
{
    t2v_audio_features heard[96];
    char *bytes = malloc(200000);
    (void)state;
    FILE *file = fopen(write_clicks("long.wav", 0.7, WAV16), "rb");
    assert_int_equal(fread(bytes, 1, 200000, file), 200000); /* 1.13 s */
    fclose(file);
    hear(files_write("early.wav", bytes, 200000), 24, 1, heard, 96);
    assert_true(heard[14].onset > 0.5f);
    assert_true(heard[26].sound);
    assert_false(heard[28].sound);
    free(bytes);
}

/* ------------------------------------------------------------------ pipes */

typedef struct feeder {
    pthread_t thread;
    const char *from, *to;
} feeder;

static void *feed(void *opaque)
{
    const feeder *f = opaque;
    char bytes[777];
    size_t got;
    FILE *from = fopen(f->from, "rb"), *to = fopen(f->to, "wb");
    while ((got = fread(bytes, 1, sizeof(bytes), from)) > 0)
        fwrite(bytes, 1, got, to);
    fclose(from);
    fclose(to);
    return NULL;
}

static void a_pipe_sounds_as_the_file_does(void **state)
{
    t2v_audio_features file[100], pipe[100];
    char pipe_path[4096], file_path[4096];
    feeder f = {.from = file_path, .to = pipe_path};
    (void)state;
    snprintf(file_path, sizeof(file_path), "%s", write_clicks("file.wav", 0.7, WAV16));
    snprintf(pipe_path, sizeof(pipe_path), "%s", files_path("pipe.wav"));
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(t2v_audio_file_probe(pipe_path, &error), T2V_OK);
    assert_int_equal(pthread_create(&f.thread, NULL, feed, &f), 0);
    hear(pipe_path, 24, 1, pipe, 100);
    pthread_join(f.thread, NULL);
    hear(file_path, 24, 1, file, 100);
    for (int i = 0; i < 100; i++) {
        assert_true(file[i].onset == pipe[i].onset);
        assert_true(file[i].energy == pipe[i].energy);
        assert_int_equal(file[i].sound, pipe[i].sound);
    }
}

static void *interrupt_soon(void *opaque)
{
    usleep(50000);
    atomic_store((atomic_bool *)opaque, true);
    return NULL;
}

static void waiting_for_a_pipe_ends_when_interrupted(void **state)
{
    t2v_audio_file *file;
    atomic_bool interrupted = false;
    pthread_t thread;
    (void)state;
    assert_int_equal(mkfifo(files_path("silent.wav"), 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, &interrupted), 0);
    assert_int_equal(t2v_audio_file_open(files_path("silent.wav"), &interrupted, &file, &error),
                     T2V_INTERRUPTED);
    assert_null(file);
    pthread_join(thread, NULL);
}

/* ------------------------------------------------------------------ the clock */

enum { CHUNK = 32 };

/* What a run of the clock shows. */
typedef struct showing {
    int frames, pictures;
    int step[MOST]; /* pictures from the frame before */
    int at[MOST];   /* number of the picture */
    double pace[MOST];
} showing;

static showing run_clock(const char *path, int frames, double amount)
{
    showing s = {0};
    t2v_motion_clock *clock;
    int before = 0;
    assert_int_equal(t2v_motion_clock_open(path, 24, 1, frames, 8, NULL, &clock, &error), T2V_OK);
    while (s.frames < frames) {
        const int end = s.pictures ? s.pictures + CHUNK : CHUNK + 1;
        double pace;
        assert_int_equal(t2v_motion_clock_plan(clock, end, amount, &pace, &error), T2V_OK);
        const int64_t expected = t2v_motion_clock_frame(clock, end);
        for (; s.pictures < end; s.pictures++) {
            const bool next = t2v_motion_clock_next_picture(clock, 0) == s.pictures;
            assert_int_equal(t2v_motion_clock_frame(clock, s.pictures), s.frames);
            assert_int_equal(t2v_motion_clock_shows(clock, s.pictures), next);
            if (!next)
                continue;
            assert_true(s.frames < frames);
            s.pace[s.frames] = pace;
            s.at[s.frames] = s.pictures;
            s.step[s.frames++] = s.pictures - before;
            before = s.pictures;
        }
        assert_int_equal(s.frames, expected);
    }
    t2v_motion_clock_close(&clock);
    assert_int_equal(s.frames, frames);
    return s;
}

static void the_clock_leaps_with_a_click_and_walks_between(void **state)
{
    const showing s = run_clock(write_clicks("beat.wav", 0.7, WAV16), 90, 1);
    (void)state;
    for (int n = 1; n < 90; n++) {
        int since = n;
        for (int i = 0; i < COUNT_OF_CLICKS; i++)
            if (n >= (int)(CLICKS[i] * 24))
                since = n - (int)(CLICKS[i] * 24);
        if (since == 0) {
            assert_true(s.step[n] >= 4 && s.step[n] <= 16 + 15);
            assert_int_equal(s.at[n] % 8, 1); /* where a latent frame begins */
        } else if (since > 3)
            assert_int_equal(s.step[n], 1);
        assert_true(s.step[n] >= 1);
        assert_true(s.pace[n] >= 0.4 && s.pace[n] <= 1.6);
    }
    assert_true(s.pace[80] < 0.9); /* slower between the leaps, so that all in all it is as fast */
}

static void more_of_it_leaps_further(void **state)
{
    const char *path = write_clicks("more.wav", 0.7, WAV16);
    const int little = run_clock(path, 60, 0.5).step[14], much = run_clock(path, 60, 2).step[14];
    (void)state;
    assert_true(little > 1);
    assert_true(much > little);
}

static void silence_an_end_and_no_amount_are_plain_motion(void **state)
{
    const char *clicks = write_clicks("plain.wav", 0.7, WAV16);
    sound s = silence(0.5, RATE);
    (void)state;
    const showing silent = run_clock(write_sound("mute.wav", s, WAV16), 100, 1);
    const showing none = run_clock(clicks, 100, 0), ended = run_clock(clicks, 200, 1);
    for (int n = 1; n < 100; n++) {
        assert_int_equal(silent.step[n], 1);
        assert_true(silent.pace[n] == 1);
        assert_int_equal(none.step[n], 1);
        assert_true(none.pace[n] == 1);
    }
    assert_int_equal(ended.step[199], 1);
    assert_true(ended.pace[199] == 1);
}

static void without_a_sound_there_is_no_clock(void **state)
{
    t2v_motion_clock *clock;
    double pace;
    (void)state;
    assert_int_equal(t2v_motion_clock_open("", 24, 1, 9, 8, NULL, &clock, &error), T2V_OK);
    assert_null(clock);
    assert_int_equal(t2v_motion_clock_plan(clock, 33, 1, &pace, &error), T2V_OK);
    assert_true(pace == 1);
    assert_true(t2v_motion_clock_shows(clock, 0));
    assert_int_equal(t2v_motion_clock_next_picture(clock, 7), 7);
    assert_int_equal(t2v_motion_clock_frame(clock, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clicks_are_heard_in_the_frames_that_they_fall_in),
        cmocka_unit_test(every_format_sounds_the_same),
        cmocka_unit_test(loudness_of_the_recording_does_not_matter),
        cmocka_unit_test(silence_and_its_noise_are_nothing),
        cmocka_unit_test(a_steady_tone_has_energy_but_no_onsets),
        cmocka_unit_test(behind_the_end_there_is_no_sound),
        cmocka_unit_test(numbers_that_are_none_are_silence),
        cmocka_unit_test(what_is_no_sound_is_refused_by_name),
        cmocka_unit_test(a_file_that_ends_early_ends),
        cmocka_unit_test(a_pipe_sounds_as_the_file_does),
        cmocka_unit_test(waiting_for_a_pipe_ends_when_interrupted),
        cmocka_unit_test(the_clock_leaps_with_a_click_and_walks_between),
        cmocka_unit_test(more_of_it_leaps_further),
        cmocka_unit_test(silence_an_end_and_no_amount_are_plain_motion),
        cmocka_unit_test(without_a_sound_there_is_no_clock),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
