/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A convolution in pieces is the convolution of the whole clip. */
#include "unit.h"

#include <string.h>

#include "vae/causal_conv.h"

enum { IN = 3, OUT = 4, H = 5, W = 6, FRAMES = 7, FRAME_IN = H * W * IN, FRAME_OUT = H * W * OUT };

static t2v_exec *exec;
static t2v_error error;
static t2v_conv3d *conv;
static float weights[OUT * IN * 27], bias[OUT], clip[FRAMES * FRAME_IN];

static void fill(float *values, size_t count, uint32_t state)
{
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)state / 2147483648.0f;
    }
}

static int set_up(void **state)
{
    const int64_t dim[5] = {OUT, IN, 3, 3, 3};
    t2v_tensor weight = {.dtype = T2V_F32, .shape = {5, {0}}, .data = weights};
    const t2v_tensor bias_tensor = {.dtype = T2V_F32, .shape = {1, {OUT}}, .data = bias};
    (void)state;
    memcpy(weight.shape.dim, dim, sizeof(dim));
    fill(weights, sizeof(weights) / sizeof(float), 1);
    fill(bias, OUT, 2);
    fill(clip, sizeof(clip) / sizeof(float), 3);
    if (t2v_exec_create(1, NULL, &error, &exec) < 0)
        return 1;
    return t2v_conv3d_create(&weight, &bias_tensor, NULL, &conv, &error);
}

static int tear_down(void **state)
{
    (void)state;
    t2v_conv3d_free(&conv);
    t2v_exec_destroy(&exec);
    return 0;
}

/* All at once: 2 frames of padding before for a causal one, else 1 on both sides; zeros, or the
 * edge frames repeated. */
static void whole(bool causal, bool zeros, float *out)
{
    float padded[(FRAMES + 2) * FRAME_IN] = {0};
    const int before = causal ? 2 : 1;
    for (int i = 0; i < FRAMES + 2; i++) {
        int from = i - before < 0 ? 0 : i - before >= FRAMES ? FRAMES - 1 : i - before;
        if (from == i - before || !zeros)
            memcpy(padded + i * FRAME_IN, clip + from * FRAME_IN, FRAME_IN * sizeof(float));
    }
    assert_int_equal(t2v_conv3d_run(exec, conv, padded, FRAMES + 2, H, W, false, out), T2V_OK);
}

/* Pieces of the given lengths, ended by 0. */
static void in_pieces(bool causal, bool zeros, const int *lengths, float *out)
{
    t2v_conv_state state;
    int given = 0, taken = 0;
    assert_int_equal(t2v_conv_state_init(&state, conv, H, W, causal, &error), T2V_OK);
    state.zeros = zeros;
    for (; *lengths; lengths++) {
        float *buffer, *input;
        bool last = given + *lengths == FRAMES;
        int64_t outputs = t2v_conv_state_outputs(&state, *lengths, last);
        t2v_arena_mark mark = t2v_arena_get_mark(&exec->arena);
        assert_int_equal(t2v_conv_state_begin(exec, &state, *lengths, last, &buffer, &input),
                         T2V_OK);
        memcpy(input, clip + given * FRAME_IN, (size_t)*lengths * FRAME_IN * sizeof(float));
        assert_int_equal(t2v_conv_state_run(exec, &state, buffer, *lengths, last, false,
                                            out + taken * FRAME_OUT),
                         T2V_OK);
        t2v_arena_reset(&exec->arena, mark);
        given += *lengths;
        taken += (int)outputs;
    }
    assert_int_equal(taken, FRAMES);
    t2v_conv_state_free(&state);
}

static void pieces_make_the_whole(void **state)
{
    static const int cuts[][FRAMES + 1] = {
        {7}, {1, 1, 1, 1, 1, 1, 1}, {1, 6}, {6, 1}, {2, 3, 2}, {3, 1, 3}};
    float wanted[FRAMES * FRAME_OUT], found[FRAMES * FRAME_OUT];
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
            whole(kind & 1, kind & 2, wanted);
            in_pieces(kind & 1, kind & 2, cuts[i], found);
            for (int j = 0; j < FRAMES * FRAME_OUT; j++)
                assert_float_equal(found[j], wanted[j], 1e-5);
        }
}

static void a_queue_gives_frames_in_order(void **state)
{
    const float x[4] = {1, 2, 3, 4};
    float y[4];
    t2v_frame_queue queue;
    (void)state;
    assert_int_equal(t2v_frame_queue_init(&queue, 1, 2, &error), T2V_OK);
    t2v_frame_queue_pass(exec, &queue, x, 2, 0, y);
    t2v_frame_queue_pass(exec, &queue, x + 2, 1, 1, y);
    assert_float_equal(y[0], 1, 0);
    t2v_frame_queue_pass(exec, &queue, x + 3, 1, 3, y);
    assert_float_equal(y[0], 2, 0);
    assert_float_equal(y[1], 3, 0);
    assert_float_equal(y[2], 4, 0);
    assert_int_equal(queue.count, 0);
    t2v_frame_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_the_whole),
        cmocka_unit_test(a_queue_gives_frames_in_order),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
