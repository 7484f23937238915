/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/audio_features.h"

#include <math.h>

#include "base/memory.h"

enum { BANDS = 3, RECENT = 7 /* hops that are remembered */ };

/* Seconds: the length of a hop, and how long things are remembered. */
static const double HOP = 0.005, ENERGY = 0.1, FLUX_MEAN = 1, MAXIMUM = 10;
static const double SMOOTHING[BANDS] = {0.03, 0.01, 0.005};
static const double SPLIT[BANDS - 1] = {150, 2000}; /* Hz */

/* Power of -40 dB; what log10 is told of a power; what a flux must be above. */
static const double LEAST_POWER = 1e-4, COMPRESSION = 100, LEAST_FLUX = 0.1, MEANS = 1.5;
/* Onsets are compared with at least this much flux. */
static const double LEAST_MAXIMUM = 0.3;

typedef struct band {
    double coefficient;    /* of the filter that ends it, per sample */
    double low;            /* state of that filter */
    double sum;            /* of the squares of the hop at hand */
    double keep;           /* of the power, from hop to hop */
    double power;          /* smoothed */
    double recent[RECENT]; /* logarithms */
} band;

struct t2v_audio_listener {
    t2v_audio_file *file;
    bool ended;
    /* samples in a frame of video: whole ones, and a remainder of `rate_num`-ths */
    int64_t whole, part, carried, rate_num;
    int hop_samples, hop_left;
    int64_t hop; /* number of the hop */
    band bands[BANDS];
    double loudest;                 /* power: running maximum */
    double energy, keep_energy;     /* power, from sample to sample */
    double energy_highest, highest; /* running maxima of energy and of onsets */
    double keep_hop, keep_frame;    /* of running maxima */
    double flux_mean, keep_flux;
    double onset; /* of the frame at hand */
};

/* What is left after `step` seconds of something that is remembered for `time`. */
static double decay(double step, double time)
{
    return exp(-step / time);
}

static void set_up(t2v_audio_listener *l, int rate_num, int rate_den)
{
    const int rate = t2v_audio_file_rate(l->file);
    const int64_t samples = (int64_t)rate * rate_den;
    const double pi = 3.14159265358979323846;
    l->rate_num = rate_num;
    l->whole = samples / rate_num;
    l->part = samples % rate_num;
    l->hop_samples = (int)(HOP * rate + 0.5) > 1 ? (int)(HOP * rate + 0.5) : 1;
    l->hop_left = l->hop_samples;
    const double hop = (double)l->hop_samples / rate;
    for (int b = 0; b < BANDS; b++) {
        l->bands[b].coefficient = b < BANDS - 1 ? 1 - decay(2 * pi * SPLIT[b] / rate, 1) : 1;
        l->bands[b].keep = decay(hop, SMOOTHING[b]);
    }
    l->keep_energy = decay(1.0 / rate, ENERGY);
    l->keep_flux = decay(hop, FLUX_MEAN);
    l->keep_hop = decay(hop, MAXIMUM);
    l->keep_frame = decay((double)rate_den / rate_num, MAXIMUM);
}

t2v_status t2v_audio_listener_open(const char *path, int rate_num, int rate_den,
                                   const atomic_bool *interrupted, t2v_audio_listener **out,
                                   t2v_error *error)
{
    t2v_audio_listener *l = t2v_calloc(1, sizeof(*l));
    *out = NULL;
    if (!l)
        return t2v_fail_memory(error, path, sizeof(*l));
    t2v_status status = t2v_audio_file_open(path, interrupted, &l->file, error);
    if (status < 0)
        t2v_free(l);
    else
        set_up(l, rate_num, rate_den);
    *out = status < 0 ? NULL : l;
    return status;
}

void t2v_audio_listener_close(t2v_audio_listener **listener)
{
    if (!*listener)
        return;
    t2v_audio_file_close(&(*listener)->file);
    t2v_free(*listener);
    *listener = NULL;
}

/* ------------------------------------------------------------------ onsets */

/* The hop just before does not count: an onset may have begun in the middle of it. */
static double level_before(const band *b, int64_t hop)
{
    double highest = 0;
    for (int64_t i = 2; i <= RECENT; i++)
        highest = fmax(highest, b->recent[(hop + RECENT - i) % RECENT]);
    return highest;
}

/* How much the band's power rises with this hop, in decades of what is compressed. */
static double rise(t2v_audio_listener *l, band *b)
{
    const double power = b->sum / l->hop_samples;
    b->sum = 0;
    b->power = power + b->keep * (b->power - power);
    const double level = log10(1 + COMPRESSION * b->power / l->loudest);
    const double before = level_before(b, l->hop);
    b->recent[l->hop % RECENT] = level;
    return fmax(level - before, 0);
}

static void end_hop(t2v_audio_listener *l)
{
    double flux = 0, power = 0;
    for (int b = 0; b < BANDS; b++)
        power += l->bands[b].sum / l->hop_samples;
    l->loudest = fmax(fmax(power, l->loudest * l->keep_hop), LEAST_POWER);
    for (int b = 0; b < BANDS; b++)
        flux += rise(l, &l->bands[b]);
    if (l->hop++ < RECENT)
        flux = 0; /* a beginning is no onset */
    const double strength = flux - MEANS * l->flux_mean - LEAST_FLUX;
    l->flux_mean = flux + l->keep_flux * (l->flux_mean - flux);
    l->highest = fmax(l->highest * l->keep_hop, LEAST_MAXIMUM);
    l->highest = fmax(l->highest, strength);
    l->onset = fmax(l->onset, strength / l->highest);
    l->hop_left = l->hop_samples;
}

/* ------------------------------------------------------------------ samples */

static void take(t2v_audio_listener *l, double x)
{
    double below = 0;
    for (int i = 0; i < BANDS; i++) {
        band *b = &l->bands[i];
        b->low += b->coefficient * (x - b->low); /* the last one's is x itself */
        const double y = b->low - below;
        below = b->low;
        b->sum += y * y;
    }
    l->energy = x * x + l->keep_energy * (l->energy - x * x);
    if (!--l->hop_left)
        end_hop(l);
}

static int64_t samples_of_frame(t2v_audio_listener *l)
{
    l->carried += l->part;
    const int64_t more = l->carried >= l->rate_num;
    l->carried -= more * l->rate_num;
    return l->whole + more;
}

t2v_status t2v_audio_listen(t2v_audio_listener *l, t2v_audio_features *features, t2v_error *error)
{
    const int64_t samples = samples_of_frame(l);
    *features = (t2v_audio_features){0};
    l->onset = 0;
    for (int64_t i = 0; i < samples && !l->ended; i++) {
        float sample;
        T2V_TRY(t2v_audio_file_next(l->file, &sample, &l->ended, error));
        if (!l->ended)
            take(l, sample);
    }
    if (l->ended)
        return T2V_OK;
    l->energy_highest = fmax(fmax(l->energy, l->energy_highest * l->keep_frame), LEAST_POWER);
    features->sound = true;
    features->energy = (float)sqrt(l->energy / l->energy_highest);
    features->onset = (float)l->onset;
    return T2V_OK;
}
