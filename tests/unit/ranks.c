/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several ranks make one stream: here threads of one process, which talk through its memory. */
#include "unit.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bands.h"

enum { MOST_RANKS = 4, FRAMES = 17 };

/* What waits to be taken by one rank from another. */
typedef struct letter {
    const void *data; /* NULL: none is there */
    size_t bytes;
} letter;

/* Ranks that can talk. */
typedef struct world {
    int count;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    letter letters[MOST_RANKS][MOST_RANKS]; /* from, to */
    size_t bytes;                           /* that were sent */
    bool torn;                              /* sizes did not match */
    t2v_ranks ranks[MOST_RANKS];
    struct seat {
        struct world *world;
        int rank;
    } seats[MOST_RANKS];
} world;

static int exchange(void *opaque, int to, const void *out, size_t out_bytes, int from, void *in,
                    size_t in_bytes)
{
    static const char nothing;
    const struct seat *seat = opaque;
    world *w = seat->world;
    letter *mine = &w->letters[seat->rank][to], *theirs = &w->letters[from][seat->rank];
    pthread_mutex_lock(&w->lock);
    *mine = (letter){out_bytes ? out : &nothing, out_bytes};
    w->bytes += out_bytes;
    pthread_cond_broadcast(&w->changed);
    while (!theirs->data)
        pthread_cond_wait(&w->changed, &w->lock);
    if (theirs->bytes != in_bytes)
        w->torn = true;
    else if (in_bytes)
        memcpy(in, theirs->data, in_bytes);
    theirs->data = NULL;
    pthread_cond_broadcast(&w->changed);
    while (mine->data)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return w->torn;
}

static void open_world(world *w, int count)
{
    memset(w, 0, sizeof(*w));
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->count = count;
    for (int i = 0; i < count; i++) {
        w->seats[i].world = w;
        w->seats[i].rank = i;
        w->ranks[i] = (t2v_ranks){i, count, exchange, &w->seats[i]};
    }
}

static void close_world(world *w)
{
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
}

/* Runs fn for each of `count` jobs of `size` bytes, in threads of their own. */
static void run_all(void *(*fn)(void *), void *jobs, size_t size, int count)
{
    pthread_t threads[MOST_RANKS];
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fn, (char *)jobs + (size_t)i * size), 0);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

/* ------------------------------------------------------------------ talking */

enum { ROWS = 7, WIDTH = 3 };

typedef struct talk {
    t2v_team team;
    float rows[ROWS * WIDTH];
    double sums[2];
    int64_t agreed;
    t2v_status status;
} talk;

static void *talk_run(void *opaque)
{
    talk *t = opaque;
    t2v_error error;
    const int place = t2v_team_place(&t->team);
    const int64_t first = t2v_team_start(&t->team, ROWS, place);
    const int64_t end = t2v_team_start(&t->team, ROWS, place + 1);
    for (int64_t i = first * WIDTH; i < end * WIDTH; i++)
        t->rows[i] = (float)i;
    t->sums[0] = place + 1;
    t->sums[1] = 0.1 * place;
    t->agreed = 100 + t->team.ranks->rank;
    t->status = t2v_team_gather(&t->team, t->rows, ROWS, WIDTH, &error);
    if (t->status == T2V_OK)
        t->status = t2v_team_sum(&t->team, t->sums, 2, &error);
    if (t->status == T2V_OK)
        t->status = t2v_ranks_agree(t->team.ranks, &t->agreed, sizeof(t->agreed), &error);
    return NULL;
}

static void a_team_gathers_rows_and_sums_and_agrees(void **state)
{
    (void)state;
    for (int count = 1; count <= MOST_RANKS; count++) {
        talk talks[MOST_RANKS] = {0};
        world w;
        open_world(&w, count);
        for (int i = 0; i < count; i++)
            talks[i].team = (t2v_team){&w.ranks[i], 0, count};
        run_all(talk_run, talks, sizeof(*talks), count);
        for (int i = 0; i < count; i++) {
            assert_int_equal(talks[i].status, T2V_OK);
            for (int j = 0; j < ROWS * WIDTH; j++)
                assert_float_equal(talks[i].rows[j], j, 0);
            assert_float_equal(talks[i].sums[0], count * (count + 1) / 2.0, 0);
            assert_memory_equal(talks[i].sums, talks[0].sums, sizeof(talks[i].sums));
            assert_int_equal(talks[i].agreed, 100);
        }
        close_world(&w);
    }
}

static void two_teams_do_not_disturb_each_other(void **state)
{
    talk talks[4] = {0};
    world w;
    (void)state;
    open_world(&w, 4);
    for (int i = 0; i < 4; i++)
        talks[i].team = (t2v_team){&w.ranks[i], i / 2 * 2, 2};
    run_all(talk_run, talks, sizeof(*talks), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(talks[i].status, T2V_OK);
        assert_float_equal(talks[i].rows[ROWS * WIDTH - 1], ROWS * WIDTH - 1, 0);
        assert_float_equal(talks[i].sums[0], 3, 0);
    }
    close_world(&w);
}

static void parts_are_even_and_leave_nothing_out(void **state)
{
    static const int64_t wholes[] = {1, 4, 7, 4096, INT64_C(1) << 60};
    (void)state;
    for (int count = 1; count <= 5; count++)
        for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
            const t2v_team team = {NULL, 0, count};
            assert_true(t2v_team_start(&team, wholes[i], 0) == 0);
            assert_true(t2v_team_start(&team, wholes[i], count) == wholes[i]);
            for (int place = 0; place < count; place++) {
                const int64_t part = t2v_team_start(&team, wholes[i], place + 1) -
                                     t2v_team_start(&team, wholes[i], place);
                assert_true(part == wholes[i] / count || part == wholes[i] / count + 1);
            }
        }
}

/* ------------------------------------------------------------------ bands of a picture */

enum { LEAST_ROWS = 7, SCALE = 2, PICTURE_ROWS = SCALE * LEAST_ROWS, REACH = 2, PICTURES = 3 };

typedef struct band {
    t2v_bands bands;
    float wide[PICTURES * (PICTURE_ROWS + 2 * REACH) * WIDTH];
    float whole[PICTURE_ROWS * WIDTH];
    int64_t above, height;
    t2v_status status;
} band;

/* Above 0, which is what lies beyond the edges. */
static float pixel(int64_t picture, int64_t row, int64_t column)
{
    return row < 0 || row >= PICTURE_ROWS
               ? 0
               : (float)(1 + (picture * PICTURE_ROWS + row) * WIDTH + column);
}

static void *band_run(void *opaque)
{
    band *b = opaque;
    const int place = t2v_team_place(&b->bands.team);
    const int64_t least = t2v_bands_start(&b->bands, place + 1) - t2v_bands_start(&b->bands, place);
    float own[PICTURES * PICTURE_ROWS * WIDTH];
    t2v_error error;
    t2v_exec *exec;
    if ((b->status = t2v_exec_create(1, NULL, &error, &exec)) != T2V_OK)
        return NULL;
    exec->bands = &b->bands;
    b->height = SCALE * least;
    b->above = t2v_bands_above(exec, b->height);
    for (int64_t i = 0; i < PICTURES * b->height * WIDTH; i++)
        own[i] = pixel(i / WIDTH / b->height, b->above + i / WIDTH % b->height, i % WIDTH);
    memcpy(b->whole + b->above * WIDTH, own, (size_t)(b->height * WIDTH) * sizeof(*own));
    b->status = t2v_bands_whole(exec, b->height) == PICTURE_ROWS ? T2V_OK : T2V_ERROR_INTERNAL;
    if (b->status == T2V_OK)
        b->status = t2v_bands_widen(exec, own, PICTURES, b->height, WIDTH, REACH, b->wide);
    if (b->status == T2V_OK)
        b->status = t2v_bands_gather(exec, b->whole, b->height, WIDTH);
    t2v_exec_destroy(&exec);
    return NULL;
}

static void assert_band(const band *b)
{
    const int64_t wide_rows = b->height + 2 * REACH;
    assert_int_equal(b->status, T2V_OK);
    for (int64_t i = 0; i < PICTURES * wide_rows * WIDTH; i++)
        assert_float_equal(
            b->wide[i],
            pixel(i / WIDTH / wide_rows, b->above - REACH + i / WIDTH % wide_rows, i % WIDTH), 0);
    for (int64_t i = 0; i < PICTURE_ROWS * WIDTH; i++)
        assert_float_equal(b->whole[i], pixel(0, i / WIDTH, i % WIDTH), 0);
}

static void bands_have_rows_of_their_neighbours_and_make_the_whole(void **state)
{
    (void)state;
    for (int count = 2; count <= 3; count++) {
        band bands[MOST_RANKS] = {0};
        int64_t rows = 0;
        world w;
        open_world(&w, count);
        for (int i = 0; i < count; i++)
            bands[i].bands = (t2v_bands){{&w.ranks[i], 0, count}, LEAST_ROWS};
        run_all(band_run, bands, sizeof(*bands), count);
        for (int i = 0; i < count; i++) {
            assert_band(&bands[i]);
            assert_int_equal(bands[i].above, rows);
            rows += bands[i].height;
        }
        assert_int_equal(rows, PICTURE_ROWS);
        close_world(&w);
    }
}

/* ------------------------------------------------------------------ streams */

typedef struct job {
    t2v_model *model;
    t2v_stream_params params;
    float *pictures; /* [FRAMES, picture_floats] */
    int64_t frames, seed;
    t2v_status status;
    t2v_error error;
} job;

static size_t picture_floats(const t2v_stream_params *params)
{
    return 3 * (size_t)params->width * (size_t)params->height;
}

static void *job_run(void *opaque)
{
    job *j = opaque;
    const size_t floats = picture_floats(&j->params);
    t2v_stream *stream;
    t2v_frame *frame;
    int width, height;
    j->status = t2v_stream_create(j->model, &j->params, &stream, &j->error);
    if (j->status < 0)
        return NULL;
    j->seed = t2v_stream_seed(stream);
    while ((j->status = t2v_stream_next(stream, &frame, &j->error)) == T2V_OK) {
        if (j->frames < FRAMES)
            memcpy(j->pictures + (size_t)j->frames * floats, t2v_frame_rgb(frame, &width, &height),
                   floats * sizeof(float));
        j->frames++;
        t2v_frame_release(&frame);
    }
    t2v_stream_destroy(&stream);
    return NULL;
}

static const char *golden(const char *name)
{
    static char path[4096];
    const char *source = getenv("srcdir"); /* automake's */
    snprintf(path, sizeof(path), "%s/tests/parity/golden/%s", source ? source : ".", name);
    return path;
}

static t2v_model *open_golden(const char *name)
{
    t2v_model_params params = t2v_model_params_default();
    t2v_model *model;
    t2v_error error;
    params.threads = 1;
    if (t2v_model_open(golden(name), &params, &model, &error) < 0)
        fail_msg("%s", error.text);
    return model;
}

/* By `count` ranks, 0: without any; pictures of all are those of the first. */
static void make(t2v_model *model, const t2v_stream_params *params, int count, float *pictures,
                 size_t *bytes)
{
    const int jobs_count = count ? count : 1;
    const size_t floats = FRAMES * picture_floats(params);
    job jobs[MOST_RANKS] = {0};
    world w;
    open_world(&w, jobs_count);
    for (int i = 0; i < jobs_count; i++) {
        jobs[i].model = model;
        jobs[i].params = *params;
        jobs[i].params.ranks = count ? &w.ranks[i] : NULL;
        jobs[i].pictures = calloc(floats, sizeof(float));
        assert_non_null(jobs[i].pictures);
    }
    run_all(job_run, jobs, sizeof(*jobs), jobs_count);
    for (int i = 0; i < jobs_count; i++) {
        if (jobs[i].status != T2V_END)
            fail_msg("%s", jobs[i].error.text);
        assert_int_equal(jobs[i].frames, FRAMES);
        assert_true(jobs[i].seed == jobs[0].seed);
        assert_memory_equal(jobs[i].pictures, jobs[0].pictures, floats * sizeof(float));
    }
    memcpy(pictures, jobs[0].pictures, floats * sizeof(float));
    for (int i = 0; i < jobs_count; i++)
        free(jobs[i].pictures);
    *bytes = w.bytes;
    close_world(&w);
}

/* Of 1, 2, 3 and 4 ranks: the same pictures within rounding, and all but one talk. */
static void assert_same_by_all(const char *name, t2v_stream_params *params)
{
    t2v_model *model = open_golden(name);
    const size_t floats = FRAMES * picture_floats(params);
    float *alone = calloc(floats, sizeof(float)), *together = calloc(floats, sizeof(float));
    size_t bytes;
    assert_true(alone && together);
    make(model, params, 0, alone, &bytes);
    for (int count = 1; count <= MOST_RANKS; count++) {
        make(model, params, count, together, &bytes);
        assert_true((bytes > 0) == (count > 1));
        for (size_t i = 0; i < floats; i++)
            assert_float_equal(together[i], alone[i], 1e-4);
    }
    free(alone);
    free(together);
    t2v_model_close(&model);
}

static t2v_stream_params small(const char *model_name)
{
    t2v_model *model = open_golden(model_name);
    t2v_stream_params params = t2v_stream_params_default(model);
    t2v_model_close(&model);
    params.width = params.height = 64;
    params.frames = FRAMES;
    params.chunk = 0;
    params.steps = 3;
    params.guidance = 1;
    params.seed = 3;
    params.prompt = "blue waves";
    return params;
}

static void ranks_share_tokens(void **state)
{
    t2v_stream_params params = small("first");
    (void)state;
    assert_same_by_all("first", &params);
}

static void halves_of_them_share_the_prompts(void **state)
{
    t2v_stream_params params = small("wan");
    (void)state;
    params.guidance = 4;
    assert_same_by_all("wan", &params);
}

static void they_share_what_is_given_and_what_continues(void **state)
{
    t2v_stream_params params = small("causal");
    char image[4096];
    (void)state;
    snprintf(image, sizeof(image), "%s", golden("two-pictures.image.png"));
    params.image = image;
    params.chunk = 9;
    params.guidance = 2;
    assert_same_by_all("causal", &params);
}

/* Of 5 rows, uneven parts, and as one picture as well as in tiles. */
static void they_share_the_rows_of_pictures(void **state)
{
    t2v_stream_params params = small("first");
    (void)state;
    params.steps = 1;
    params.height = 160;
    assert_same_by_all("first", &params);
    params.tile = 64;
    assert_same_by_all("first", &params);
}

static void they_leave_out_the_same_steps(void **state)
{
    t2v_stream_params params = small("first");
    (void)state;
    params.steps = 8;
    params.cache = "taylor";
    params.cache_threshold = 0.8;
    assert_same_by_all("first", &params);
}

static void they_draw_the_same_seed(void **state)
{
    t2v_stream_params params = small("first");
    t2v_model *model = open_golden("first");
    float *pictures = calloc(FRAMES * picture_floats(&params), sizeof(float));
    size_t bytes;
    (void)state;
    params.seed = -1;
    make(model, &params, 3, pictures, &bytes); /* which compares the ranks */
    free(pictures);
    t2v_model_close(&model);
}

static void what_ranks_cannot_do_is_refused(void **state)
{
    t2v_stream_params params = small("first");
    t2v_model *model = open_golden("first");
    t2v_ranks ranks = {2, 2, exchange, NULL};
    t2v_stream *stream;
    t2v_error error;
    (void)state;
    params.ranks = &ranks;
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_ERROR_ARGUMENT);
    ranks.rank = 1;
    params.prompt_file_reload = 1;
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_ERROR_UNSUPPORTED);
    params.prompt_file_reload = 0;
    ranks.rank = 0;
    ranks.count = 100000; /* more than there are tokens: found before anything is exchanged */
    assert_int_equal(t2v_stream_create(model, &params, &stream, &error), T2V_OK);
    assert_int_equal(t2v_stream_set(stream, "prompt", "fire", &error), T2V_ERROR_UNSUPPORTED);
    t2v_frame *frame;
    assert_int_equal(t2v_stream_next(stream, &frame, &error), T2V_ERROR_ARGUMENT);
    assert_non_null(strstr(error.text, "100000"));
    t2v_stream_destroy(&stream);
    t2v_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_team_gathers_rows_and_sums_and_agrees),
        cmocka_unit_test(two_teams_do_not_disturb_each_other),
        cmocka_unit_test(parts_are_even_and_leave_nothing_out),
        cmocka_unit_test(bands_have_rows_of_their_neighbours_and_make_the_whole),
        cmocka_unit_test(ranks_share_tokens),
        cmocka_unit_test(halves_of_them_share_the_prompts),
        cmocka_unit_test(they_share_what_is_given_and_what_continues),
        cmocka_unit_test(they_share_the_rows_of_pictures),
        cmocka_unit_test(they_leave_out_the_same_steps),
        cmocka_unit_test(they_draw_the_same_seed),
        cmocka_unit_test(what_ranks_cannot_do_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
