/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs an endless stream with another prompt every ten seconds of it and prints what must not
 * change while it goes on: memory, colour, brightness, sharpness, and the evenness of frames.
 */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <t2v/t2v.h>

static const char *const prompts[] = {"blue waves at sunset", "red fire burning",
                                      "white snow falling", "gold bokeh lights"};
enum { PROMPTS = sizeof(prompts) / sizeof(prompts[0]), EVERY = 10, SETTLED = 4 /* seconds */ };

/* ------------------------------------------------------------------ what a picture looks like */

enum { RED, GREEN, BLUE, LUMA, SHARPNESS, MEASURES };

/* Sums over the frames of one prompt's time, from some seconds after it came. */
typedef struct look {
    double sum[MEASURES];
    long frames;
} look;

static void add_frame(look *look, const t2v_frame *frame)
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
    const double measures[MEASURES] = {r / n, g / n, b / n,
                                       (0.2126 * r + 0.7152 * g + 0.0722 * b) / n, edges / n};
    for (int i = 0; i < MEASURES; i++)
        look->sum[i] += measures[i];
    look->frames++;
}

/* ------------------------------------------------------------------ drift */

/* A straight line through the looks of one prompt, over time (least squares). A prompt's pictures
 * depend on those before them and differ from one time to the next: only what is more than twice
 * the standard error of the line is drift. */
typedef struct trend {
    double n, x, xx, y[MEASURES], yy[MEASURES], xy[MEASURES];
} trend;

static void add_look(trend *t, double time, const look *look)
{
    if (!look->frames)
        return;
    t->n++;
    t->x += time;
    t->xx += time * time;
    for (int i = 0; i < MEASURES; i++) {
        const double y = look->sum[i] / (double)look->frames;
        t->y[i] += y;
        t->yy[i] += y * y;
        t->xy[i] += time * y;
    }
}

/* In percent of the mean: how far the line goes in all the time, and twice its standard error. */
static void print_drift(const trend *t, int i, double time)
{
    const double mean = t->y[i] / t->n, width = t->xx - t->x * t->x / t->n;
    const double slope = (t->xy[i] - t->x * mean) / width;
    const double rest = t->yy[i] - mean * t->y[i] - slope * slope * width;
    const double error = sqrt(fmax(rest, 0) / (t->n - 2) / width);
    const double percent = mean > 0 ? 100 * time / mean : 0;
    printf("  %+6.1f ±%5.1f", percent * slope, 2 * percent * error);
}

static void print_trends(const trend *trends, double time)
{
    printf("%-22s  %13s  %13s  %13s  %13s  %13s\n", "percent from begin to end", "red ", "green ",
           "blue ", "brightness ", "sharpness ");
    for (int p = 0; p < PROMPTS; p++) {
        if (trends[p].n < 4) /* a line through three points says nothing */
            continue;
        printf("%-22s   ", prompts[p]);
        for (int i = 0; i < MEASURES; i++)
            print_drift(&trends[p], i, time);
        printf("\n");
    }
}

/* ------------------------------------------------------------------ memory */

/* Memory of its own, without mapped files, in KiB; 0: this system does not say. */
static long read_memory(void)
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

typedef struct memory {
    long first, least, most, last; /* KiB, when each prompt has had its turn */
} memory;

static void note_memory(memory *m)
{
    m->last = read_memory();
    if (!m->first)
        m->first = m->least = m->most = m->last;
    m->least = m->last < m->least ? m->last : m->least;
    m->most = m->last > m->most ? m->last : m->most;
}

static void print_memory(const memory *m)
{
    printf("RssAnon: %ld KiB after a turn of each prompt, %ld at the end: %+.1f %%; least %ld, "
           "most %ld\n",
           m->first, m->last,
           m->first ? 100.0 * (double)(m->last - m->first) / (double)m->first : 0, m->least,
           m->most);
}

/* ------------------------------------------------------------------ a player */

/* Shows frames at a rate. One that is late is shown when it comes, and all behind it later. */
typedef struct player {
    double rate;  /* frames a second */
    bool waits;   /* in real time; otherwise only its clock goes on */
    double now;   /* its clock, in seconds */
    double start; /* when frame 0 is shown */
    double worst; /* lateness, in seconds */
    long late;    /* frames */
} player;

static double real_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pass(double seconds)
{
    const struct timespec t = {(time_t)seconds, (long)(1e9 * (seconds - floor(seconds)))};
    nanosleep(&t, NULL);
}

/* @param took how long frame i was waited for, in seconds */
static void show(player *p, long i, double took)
{
    const int ahead = 16; /* frames that it keeps, as many as a stream does */
    p->now = p->waits ? real_time() : p->now + took;
    if (!i)
        p->start = p->now + ahead / p->rate;
    const double lateness = p->now - (p->start + (double)i / p->rate);
    if (lateness > 0) {
        p->late++;
        p->start += lateness;
    }
    p->worst = fmax(p->worst, lateness);
    const double left = p->start + (double)(i + 1 - ahead) / p->rate - p->now;
    if (left <= 0)
        return;
    if (p->waits)
        pass(left);
    p->now += left;
}

/* ------------------------------------------------------------------ the stream */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static int fail(const t2v_error *error)
{
    fprintf(stderr, "%s\n", error->text);
    return 1;
}

/* Until the time is over or Ctrl+C is pressed.
 *
 * @param rate of the stream, frames a second */
static int soak(t2v_stream *stream, double minutes, double rate, player *player)
{
    trend trends[PROMPTS] = {0};
    look look = {0};
    memory memory = {0};
    t2v_error error;
    long turn = 0;
    const long count = (long)(minutes * 60 * rate), minute = (long)(60 * rate);
    const double begin = real_time();
    long i;
    for (i = 0; i < count && !stopped; i++) {
        const double second = (double)i / rate;
        t2v_frame *frame;
        if ((long)second / EVERY != turn) {
            if (turn >= PROMPTS)
                add_look(&trends[turn % PROMPTS], (double)turn * EVERY, &look);
            memset(&look, 0, sizeof(look));
            turn = (long)second / EVERY;
            if (turn >= PROMPTS)
                note_memory(&memory);
            if (t2v_stream_set(stream, "prompt", prompts[turn % PROMPTS], &error) < 0)
                return fail(&error);
        }
        const double asked = real_time();
        if (t2v_stream_next(stream, &frame, &error) < 0)
            return fail(&error);
        show(player, i, real_time() - asked);
        if (second - (double)turn * EVERY >= SETTLED)
            add_frame(&look, frame);
        t2v_frame_release(&frame);
        if (i % minute == 0)
            printf("minute %ld: RssAnon %ld KiB, %ld frames late\n", i / minute, read_memory(),
                   player->late),
                fflush(stdout);
    }
    printf("\n%ld frames, %.1f minutes, in %.0f s\n", i, (double)i / rate / 60,
           real_time() - begin);
    print_memory(&memory);
    printf("late frames at %g a second: %ld, at worst by %.0f ms\n\n", player->rate, player->late,
           1000 * player->worst);
    print_trends(trends, (double)i / rate);
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
    const double rate = (double)params.rate_num / params.rate_den;
    const double speed = argc > 4 ? atof(argv[4]) : rate / 2;
    player player = {.rate = speed > 0 ? speed : rate / 2, .waits = speed > 0};
    params.frames = -1;
    params.seed = 1;
    params.prompt = prompts[0];
    if (minutes <= 0 || t2v_stream_create(model, &params, &stream, &error) < 0)
        return minutes <= 0 ? 2 : fail(&error);
    signal(SIGINT, stop);
    const int code = soak(stream, minutes, rate, &player);
    t2v_stream_destroy(&stream);
    t2v_model_close(&model);
    return code;
}
