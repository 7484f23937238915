/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes a short video again and again, once for each line on standard input, and says how long a
 * denoising step and a decoded frame took: through the public interface alone, as any program does.
 *   clip MODEL WIDTH HEIGHT FRAMES STEPS THREADS PRECISION TIME
 * TIME: clock, or processor, of all threads together
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <t2v/t2v.h>
#include <time.h>

/* Long enough for every token that a model reads. */
static const char PHRASE[] = "blue waves at sunset roll slowly towards the sandy beach while red "
                             "fire burns in the dark and sparks rise and drift away; ";

typedef struct clip {
    clockid_t time;
    t2v_model *model;
    t2v_stream_params params;
    char prompt[4096];
    double first_step, latents; /* when they were ready */
} clip;

static double now(const clip *c)
{
    struct timespec t;
    clock_gettime(c->time, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The first step prepares weights and is left out of the time of a step. */
static void on_tensor(void *opaque, const char *name, int rank, const int64_t *shape,
                      const void *data)
{
    clip *c = opaque;
    (void)rank, (void)shape, (void)data;
    if (!strcmp(name, "step0_output"))
        c->first_step = now(c);
    if (!strcmp(name, "latents"))
        c->latents = now(c);
}

static t2v_status take_frames(clip *c, t2v_error *error)
{
    t2v_stream *stream;
    t2v_frame *frame;
    t2v_status status = t2v_stream_create(c->model, &c->params, &stream, error);
    if (status < 0)
        return status;
    while ((status = t2v_stream_next(stream, &frame, error)) == T2V_OK)
        t2v_frame_release(&frame);
    t2v_stream_destroy(&stream);
    return status == T2V_END ? T2V_OK : status;
}

static t2v_status make_one(clip *c, t2v_error *error)
{
    struct rusage usage;
    t2v_status status = take_frames(c, error);
    const double end = now(c);
    if (status < 0)
        return status;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"step\": %.6f, \"frame\": %.6f, \"memory\": %.1f}\n",
           (c->latents - c->first_step) / (c->params.steps > 1 ? c->params.steps - 1 : 1),
           (end - c->latents) / (double)c->params.frames, (double)usage.ru_maxrss / 1024);
    fflush(stdout);
    return T2V_OK;
}

static t2v_status open_clip(clip *c, char **argv, t2v_error *error)
{
    t2v_model_params params = t2v_model_params_default();
    params.threads = atoi(argv[6]);
    params.precision = argv[7];
    c->time = strcmp(argv[8], "processor") ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
    t2v_status status = t2v_model_open(argv[1], &params, &c->model, error);
    if (status < 0)
        return status;
    while (strlen(c->prompt) + sizeof(PHRASE) < sizeof(c->prompt))
        strcat(c->prompt, PHRASE);
    c->params = t2v_stream_params_default(c->model);
    c->params.prompt = c->prompt;
    c->params.width = atoi(argv[2]);
    c->params.height = atoi(argv[3]);
    c->params.frames = atoi(argv[4]);
    c->params.steps = atoi(argv[5]);
    c->params.guidance = 1;
    c->params.chunk = 0;
    c->params.seed = 1;
    c->params.tap = on_tensor;
    c->params.tap_opaque = c;
    return T2V_OK;
}

int main(int argc, char **argv)
{
    static clip c;
    t2v_error error;
    char line[16];
    if (argc != 9) {
        fprintf(stderr, "usage: clip MODEL WIDTH HEIGHT FRAMES STEPS THREADS PRECISION TIME\n");
        return 2;
    }
    t2v_status status = open_clip(&c, argv, &error);
    if (status >= 0) { /* the start, whose times nobody looks at: weights are read and prepared */
        const int steps = c.params.steps;
        c.params.steps = 1;
        status = make_one(&c, &error);
        c.params.steps = steps;
    }
    while (status >= 0 && fgets(line, sizeof(line), stdin))
        status = make_one(&c, &error);
    t2v_model_close(&c.model);
    if (status < 0)
        fprintf(stderr, "clip: %s\n", error.text);
    return status < 0;
}
