/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The smallest program with libt2v: a prompt becomes raw RGB frames on standard output.
 *
 *   cc -o minimal minimal.c $(pkg-config --cflags --libs t2v)
 *   ./minimal "red fire" | ffmpeg -f rawvideo -pix_fmt rgb24 -s 512x288 -r 24 -i - fire.mp4
 */
#include <stdio.h>
#include <stdlib.h>

#include <t2v/t2v.h>

int main(int argc, char **argv)
{
    t2v_error error;
    t2v_model *model = NULL;
    t2v_stream *stream = NULL;
    t2v_frame *frame;
    t2v_status status = t2v_model_open(NULL, NULL, &model, &error); /* NULL: the embedded model */
    if (status == T2V_OK) {
        t2v_stream_params params = t2v_stream_params_default(model);
        params.prompt = argc > 1 ? argv[1] : "blue waves";
        params.seed = 1;
        status = t2v_stream_create(model, &params, &stream, &error);
    }
    while (status == T2V_OK && (status = t2v_stream_next(stream, &frame, &error)) == T2V_OK) {
        int width, height;
        t2v_frame_rgb(frame, &width, &height);
        const size_t bytes = (size_t)width * (size_t)height * 3;
        uint8_t *pixels = malloc(bytes);
        t2v_picture picture = {.format = T2V_PIXEL_RGB24};
        picture.planes[0] = pixels;
        picture.stride[0] = 3 * width;
        if (pixels && t2v_frame_write(frame, &picture, &error) == T2V_OK)
            fwrite(pixels, 1, bytes, stdout);
        free(pixels);
        t2v_frame_release(&frame);
    }
    if (status != T2V_END)
        fprintf(stderr, "minimal: %s\n", error.text);
    t2v_stream_destroy(&stream);
    t2v_model_close(&model);
    return status == T2V_END ? 0 : 1;
}
