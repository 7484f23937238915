/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The geometry of tiles: they cover the picture, and what each adds makes the whole. */
#include "operations.h"

#include <string.h>

#include "vae/tiles.h"

static const t2v_vae_info vae = {.spatial_ratio = 8};

static void tiles_are_cut_from_the_latents_that_they_cover(void **state)
{
    enum { HEIGHT = 30, WIDTH = 53, CHANNELS = 2 };
    t2v_tiles tiles = t2v_tiles_of(&vae, HEIGHT, WIDTH, 100);
    static float latents[HEIGHT * WIDTH * CHANNELS], cut[HEIGHT * WIDTH * CHANNELS];
    static int seen[HEIGHT * WIDTH];
    (void)state;
    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < HEIGHT * WIDTH * CHANNELS; i++)
        latents[i] = (float)i;
    assert_int_equal(tiles.rows, 3);
    assert_int_equal(tiles.columns, 5);
    const t2v_tile largest = t2v_tiles_largest(&tiles);
    for (int64_t i = 0; i < t2v_tiles_count(&tiles); i++) {
        const t2v_tile tile = t2v_tiles_at(&tiles, i);
        assert_true(tile.top >= 0 && tile.top + tile.height <= HEIGHT);
        assert_true(tile.left >= 0 && tile.left + tile.width <= WIDTH);
        assert_true(tile.height <= largest.height && tile.width <= largest.width);
        t2v_tiles_cut(&tiles, i, CHANNELS, latents, cut);
        for (int64_t y = 0; y < tile.height; y++)
            for (int64_t x = 0; x < tile.width; x++) {
                const int64_t at = (tile.top + y) * WIDTH + tile.left + x;
                assert_float_equal(cut[(y * tile.width + x) * CHANNELS + 1],
                                   (float)(at * CHANNELS + 1), 0);
                seen[at]++;
            }
    }
    for (int i = 0; i < HEIGHT * WIDTH; i++)
        assert_in_range(seen[i], 1, 4);
}

/* Tiles of one picture, cut out of it exactly, must make it again. */
static void shares_of_tiles_add_up_to_the_picture(void **state)
{
    enum { HEIGHT = 19, WIDTH = 33, RATIO = 8, PIXELS = HEIGHT * WIDTH * RATIO * RATIO };
    const t2v_tiles tiles = t2v_tiles_of(&vae, HEIGHT, WIDTH, 80);
    static float whole[3 * PIXELS], part[3 * PIXELS];
    static uint16_t made[3 * PIXELS];
    (void)state;
    memset(made, 0, sizeof(made));
    for (int i = 0; i < 3 * PIXELS; i++)
        whole[i] = i % 7 ? (float)(i % 1000) / 999 : 1;
    assert_true(tiles.rows > 1 && tiles.columns > 1);
    for (int64_t i = 0; i < t2v_tiles_count(&tiles); i++) {
        const t2v_tile tile = t2v_tiles_at(&tiles, i);
        const int64_t height = tile.height * RATIO, width = tile.width * RATIO;
        for (int64_t row = 0; row < 3 * height; row++)
            memcpy(part + row * width,
                   whole + ((row / height * HEIGHT * RATIO + tile.top * RATIO + row % height) *
                                WIDTH * RATIO +
                            tile.left * RATIO),
                   (size_t)width * sizeof(float));
        t2v_tiles_add(exec, &tiles, i, part, made);
    }
    for (int i = 0; i < 3 * PIXELS; i++)
        assert_float_equal((float)made[i] / 65535, whole[i], 4e-5);
}

static void tiles_are_divided_until_they_are_small(void **state)
{
    t2v_tiles tiles = t2v_tiles_whole(&vae, 60, 104);
    int64_t before = 60 * 104, divisions = 0;
    (void)state;
    assert_int_equal(t2v_tiles_count(&tiles), 1);
    while (t2v_tiles_divide(&tiles)) {
        const t2v_tile largest = t2v_tiles_largest(&tiles);
        assert_true(largest.height * largest.width < before);
        before = largest.height * largest.width;
        assert_true(++divisions < 100);
    }
    assert_true(divisions > 10);
    assert_true(60 / tiles.rows >= 2 * tiles.overlap && 104 / tiles.columns >= 2 * tiles.overlap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_cut_from_the_latents_that_they_cover),
        cmocka_unit_test(shares_of_tiles_add_up_to_the_picture),
        cmocka_unit_test(tiles_are_divided_until_they_are_small),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
