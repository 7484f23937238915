/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs an endless stream in real time with another prompt every ten seconds and prints what must
 * not change while it goes on: memory, colour, brightness, sharpness, and the evenness of frames.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <t2v/t2v.h>

static const char *const prompts[] = {"blue waves at sunset", "red fire burning",
                                      "white snow falling", "gold bokeh lights"};
enum { PROMPTS = sizeof(prompts) / sizeof(prompts[0]), EVERY = 10, SETTLED = 4 };

/* Sums over the frames of one prompt's time, from some seconds after it came. */
typedef struct look {
    double red, green, blue, luma, sharpness;
    long frames;
} look;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void wait_until(double time)
{
    const double left = time - now();
    const struct timespec t = {(time_t)left, (long)(1e9 * (left - floor(left)))};
    if (left > 0)
        nanosleep(&t, NULL);
}

/* Memory of its own, without mapped files, in KiB; 0: this system does not say. */
static long memory(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "RssAnon: %ld", &kib);
    if (file)
        fclose(file);
    return kib;
}

static void add(look *sum, const t2v_frame *frame)
{
    int width, height;
    const float *red = t2v_frame_rgb(frame, &width, &height);
    const size_t pixels = (size_t)width * (size_t)height;
    const float *green = red + pixels, *blue = green + pixels;
    double r = 0, g = 0, b = 0, edges = 0;
    for (size_t i = 0; i < pixels; i++) {
        r += red[i];
        g += green[i];
        b += blue[i];
        if ((i + 1) % (size_t)width)
            edges += fabs(green[i + 1] - green[i]);
    }
    const double n = (double)pixels;
    sum->red += r / n;
    sum->green += g / n;
    sum->blue += b / n;
    sum->luma += (0.2126 * r + 0.7152 * g + 0.0722 * b) / n;
    sum->sharpness += edges / n;
    sum->frames++;
}

static double change(double first, double last, long first_frames, long last_frames)
{
    first /= (double)first_frames;
    last /= (double)last_frames;
    return first > 0 ? 100 * (last - first) / first : 0;
}

static void print_look(const char *prompt, const look *first, const look *last)
{
    if (!first->frames || !last->frames)
        return;
    const long f = first->frames, l = last->frames;
    printf("%-24s %+6.1f %% %+6.1f %% %+6.1f %% %+6.1f %% %+6.1f %%\n", prompt,
           change(first->red, last->red, f, l), change(first->green, last->green, f, l),
           change(first->blue, last->blue, f, l), change(first->luma, last->luma, f, l),
           change(first->sharpness, last->sharpness, f, l));
}

/* Of the first half of the time, without the first round of prompts, and of the second. A prompt's
 * pictures depend on those before them, so only means of many rounds say something. */
static look first_half[PROMPTS], second_half[PROMPTS];

static int fail(const t2v_error *error)
{
    fprintf(stderr, "%s\n", error->text);
    return 1;
}

static int soak(t2v_stream *stream, double minutes, double rate)
{
    const long count = (long)(minutes * 60 * rate);
    long late = 0, start_memory = 0;
    double worst = 0, start = 0;
    t2v_error error;
    for (long i = 0; i < count; i++) {
        const long second = (long)((double)i / rate), turn = second / EVERY;
        const int prompt = (int)(turn % PROMPTS);
        t2v_frame *frame;
        if (i && turn != (long)((double)(i - 1) / rate) / EVERY &&
            t2v_stream_set(stream, "prompt", prompts[prompt], &error) < 0)
            return fail(&error);
        if (t2v_stream_next(stream, &frame, &error) < 0)
            return fail(&error);
        if (!start) /* some frames ahead, as a player would be */
            start = now() + 8 / rate;
        const double lateness = now() - (start + (double)i / rate);
        late += lateness > 0;
        worst = lateness > worst ? lateness : worst;
        if (lateness > 0) /* a player would have waited, and go on from there */
            start += lateness;
        if (second % EVERY >= SETTLED) {
            if (2 * i >= count)
                add(&second_half[prompt], frame);
            else if (turn >= PROMPTS)
                add(&first_half[prompt], frame);
        }
        t2v_frame_release(&frame);
        if (turn == 1 && !start_memory)
            start_memory = memory();
        if (i % (long)(60 * rate) == 0)
            printf("minute %ld: RssAnon %ld KiB, %ld frames late\n", i / (long)(60 * rate),
                   memory(), late),
                fflush(stdout);
        wait_until(start + (double)i / rate);
    }
    printf("\nRssAnon: %ld KiB after %d s, %ld KiB at the end: %+.1f %%\n", start_memory, EVERY,
           memory(),
           start_memory ? 100.0 * (double)(memory() - start_memory) / (double)start_memory : 0);
    printf("late frames: %ld of %ld, at worst by %.0f ms\n\n", late, count, 1000 * worst);
    printf("%-24s %8s %8s %8s %8s %8s\n", "second half to first", "red", "green", "blue", "luma",
           "sharp");
    for (int i = 0; i < PROMPTS; i++)
        print_look(prompts[i], &first_half[i], &second_half[i]);
    return 0;
}

int main(int argc, char **argv)
{
    t2v_model_params model_params = t2v_model_params_default();
    t2v_model *model;
    t2v_stream *stream;
    t2v_error error;
    const double minutes = argc > 1 ? atof(argv[1]) : 60;
    if (argc > 5)
        model_params.threads = atoi(argv[5]);
    if (t2v_model_open(NULL, &model_params, &model, &error) < 0)
        return fail(&error);
    t2v_stream_params params = t2v_stream_params_default(model);
    if (argc > 3) {
        params.width = atoi(argv[2]);
        params.height = atoi(argv[3]);
    }
    const double rate = argc > 4 ? atof(argv[4]) : params.rate_num / 2.0;
    params.frames = -1;
    params.seed = 1;
    params.prompt = prompts[0];
    if (minutes <= 0 || rate <= 0 || t2v_stream_create(model, &params, &stream, &error) < 0)
        return minutes <= 0 || rate <= 0 ? 2 : fail(&error);
    const int code = soak(stream, minutes, rate);
    t2v_stream_destroy(&stream);
    t2v_model_close(&model);
    return code;
}
