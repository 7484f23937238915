/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/anchor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Chunks that a scene takes to come out of another. */
enum { MORPHING = 3 };
/* A channel that has all but vanished is not blown up, nor the other way round. */
static const double MOST = 2;

t2v_status t2v_anchor_init(t2v_anchor *a, double strength, int64_t channels, t2v_error *error)
{
    const size_t count = (size_t)channels;
    memset(a, 0, sizeof(*a));
    a->strength = strength;
    if (strength <= 0) /* nothing will be held */
        return T2V_OK;
    for (int i = 0; i < T2V_ANCHOR_SCENES; i++) {
        t2v_anchored *scene = &a->scene[i];
        scene->mean = t2v_calloc(count, sizeof(*scene->mean));
        scene->deviation = t2v_calloc(count, sizeof(*scene->deviation));
        if (!scene->mean || !scene->deviation)
            return t2v_fail_memory(error, "the latents' statistics", count * sizeof(*scene->mean));
    }
    return T2V_OK;
}

void t2v_anchor_free(t2v_anchor *a)
{
    for (int i = 0; i < T2V_ANCHOR_SCENES; i++) {
        t2v_free(a->scene[i].mean);
        t2v_free(a->scene[i].deviation);
    }
    memset(a, 0, sizeof(*a));
}

void t2v_anchor_enter(t2v_anchor *a, const char *name, bool morphs)
{
    int found = 0;
    while (found < T2V_ANCHOR_SCENES && strcmp(a->scene[found].name, name))
        found++;
    if (found == T2V_ANCHOR_SCENES) {
        found = a->next;
        a->next = (a->next + 1) % T2V_ANCHOR_SCENES;
        snprintf(a->scene[found].name, T2V_ANCHOR_NAME, "%s", name);
        a->scene[found].set = false;
    }
    a->current = found;
    a->scene[found].set = a->scene[found].set && morphs;
    a->wait = morphs ? MORPHING : 0;
}

static void measure(const float *x, int64_t count, double *mean, double *deviation)
{
    double sum = 0, square = 0;
    for (int64_t i = 0; i < count; i++)
        sum += x[i];
    *mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++)
        square += (x[i] - *mean) * (x[i] - *mean);
    *deviation = sqrt(square / (double)count);
}

static void draw_back(const t2v_anchored *to, int64_t channel, double strength, float *x,
                      int64_t count)
{
    double mean, deviation;
    measure(x, count, &mean, &deviation);
    const double wanted = to->deviation[channel];
    const double ratio = deviation > 0 ? fmax(1 / MOST, fmin(MOST, wanted / deviation)) : 1;
    const double scale = 1 + strength * (ratio - 1);
    const double target = mean + strength * (to->mean[channel] - mean);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)((x[i] - mean) * scale + target);
}

void t2v_anchor_hold(t2v_anchor *a, const t2v_latent_size *size, int64_t known, float *latents)
{
    const int64_t plane = size->height * size->width;
    t2v_anchored *scene = &a->scene[a->current];
    if (!known) /* the first latent frame of a clip is a single picture, and unlike the others */
        known = 1;
    const int64_t count = (size->frames - known) * plane;
    if (a->strength <= 0 || count <= 0 || (a->wait && a->wait--))
        return;
    for (int64_t c = 0; c < size->channels; c++) {
        float *x = latents + (c * size->frames + known) * plane;
        if (scene->set)
            draw_back(scene, c, a->strength, x, count);
        else
            measure(x, count, &scene->mean[c], &scene->deviation[c]);
    }
    scene->set = true;
}
