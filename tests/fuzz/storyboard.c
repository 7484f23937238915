/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever bytes a storyboard has, reading it must be safe, and what is read must be in order. */
#include <stdlib.h>
#include <string.h>

#include "engine/storyboard.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    t2v_storyboard board = {0};
    t2v_error error;
    double last = -1;
    if (t2v_storyboard_read(fuzz_file(data, size), &board, &error) < 0) {
        fuzz_check_error(&error);
        return 0;
    }
    for (size_t i = 0; i < board.count; i++) {
        const t2v_shot *shot = &board.shots[i];
        if (shot->seconds <= last || !*shot->prompt || shot->seed < -1 ||
            shot->transition > T2V_TRANSITIONS)
            abort();
        last = shot->seconds;
    }
    t2v_storyboard_free(&board);
    return 0;
}
