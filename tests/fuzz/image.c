/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever bytes a picture's file has, reading and fitting it must be safe. */
#include <stdlib.h>

#include "fuzz.h"
#include "media/fit_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static float rgb[3 * 64 * 96];
    const t2v_fit fit = {90, 60, 96, 64};
    t2v_image image;
    t2v_error error;
    if (t2v_image_read(fuzz_file(data, size), NULL, &image, &error) < 0) {
        fuzz_check_error(&error);
        if (image.rgb)
            abort();
        return 0;
    }
    if (t2v_image_fit(&image, &fit, NULL, rgb, &error) < 0)
        fuzz_check_error(&error);
    for (size_t i = 0; i < sizeof(rgb) / sizeof(rgb[0]); i++)
        if (!(rgb[i] >= 0 && rgb[i] <= 1))
            abort();
    t2v_image_free(&image);
    return 0;
}
