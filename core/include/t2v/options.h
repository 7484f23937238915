/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * Every option of a model and of a stream, once.
 *
 * The command's flags, FFmpeg's AVOptions, GStreamer's properties and the fields of
 * t2v_model_params and t2v_stream_params are all expanded from these two lists, so that a new
 * option is one line and the front ends never disagree.
 *
 * Each list takes three macros:
 *   STRING(name, default, flags, help)             const char *; NULL means unset
 *   NUMBER(type, name, default, min, max, flags, unit, help)
 *                                                  type is int, int64_t or double
 *   CHOICE(name, default, values, flags, help)     const char *; one of values, separated by '|'
 *
 * `name` is a field of the parameter structure; T2V_OPTION_NAME(name) is the option's name, which
 * is the same unless C has the word for itself.
 */
#ifndef T2V_OPTIONS_H
#define T2V_OPTIONS_H

/** What an option may do; combined by `|`. */
enum t2v_option_flags {
    T2V_OPTION_LIVE = 1 << 0, /**< may change while the stream runs, from the next chunk on */
    T2V_OPTION_TOOL = 1 << 1, /**< for checks and experiments: offered by the command only */
};

/** The name of the option that a field holds: "prompt" for prompt, "continue" for continue_. */
#define T2V_OPTION_NAME(field) T2V_SECOND_OF_(T2V_NAME_OF_##field, #field, )
#define T2V_SECOND_OF_(...) T2V_SECOND_(__VA_ARGS__)
#define T2V_SECOND_(first, second, ...) second
#define T2V_NAME_OF_continue_ , "continue"

/* clang-format off */

/** Options that are fixed when a model is opened. */
#define T2V_MODEL_OPTIONS(STRING, NUMBER, CHOICE)                                                  \
    CHOICE(precision, "f32", "f32|bf16|int8", 0,                                                   \
           "arithmetic of the large layers, those of the transformers' and text encoders' blocks " \
           "and of the autoencoder's decoder; bf16: where the processor has it, twice as fast and "\
           "in half the memory; int8: with bytes, faster still, a quarter, a little less exact")   \
    STRING(vae, NULL, 0,                                                                           \
           "autoencoder in place of the model's own: a file or a component's folder, such as a "   \
           "tiny one for quick previews")                                                          \
    STRING(lora, NULL, 0,                                                                          \
           "LoRA files merged into the transformer: FILE or FILE=WEIGHT, several separated by |; " \
           "FILE@2 is for the second transformer of a model that has two")                         \
    STRING(max_memory, NULL, 0,                                                                    \
           "memory that the model and its streams may take: a number of GB, or one with MB, GB, "  \
           "MiB or GiB behind it; unset: what weights are kept prepared is fitted to the memory "  \
           "that is free")                                                                         \
    NUMBER(int, threads, 0, 0, 1024, 0, "threads",                                                 \
           "threads that a stream computes with; 0: one for each processor this process may use")

/** Options of a stream. Where the default is "the model's own", -1 stands for it. */
#define T2V_STREAM_OPTIONS(STRING, NUMBER, CHOICE)                                                 \
    STRING(prompt, "", T2V_OPTION_LIVE,                                                            \
           "what the video shows, in the languages the model knows")                               \
    STRING(negative, "", T2V_OPTION_LIVE,                                                          \
           "what the video shall not show; used only when guidance is above 1")                    \
    STRING(prompt_file, NULL, 0,                                                                   \
           "text file with the prompt, or a storyboard: lines of time, prompt and perhaps | "      \
           "transition=cut seed=7; `prompt` shows until its first line")                           \
    NUMBER(int, prompt_file_reload, 0, 0, 1, 0, "",                                                \
           "whether prompt_file is read again when it changes (1)")                                \
    CHOICE(transition, "morph", "morph|cut|fade", T2V_OPTION_LIVE,                                 \
           "how a new prompt follows: it continues from the last frames, begins anew, or comes "   \
           "out of the last frame in one second")                                                  \
    NUMBER(int64_t, seed, -1, -1, INT64_MAX, 0, "",                                                \
           "seed of the random numbers; -1: a new one each time, which is logged")                 \
    NUMBER(int, steps, -1, -1, 1000, T2V_OPTION_LIVE, "steps",                                     \
           "denoising steps; -1: the model's own number")                                          \
    STRING(sigmas, NULL, T2V_OPTION_LIVE,                                                          \
           "noise levels of the steps, in place of their number: falling, above 0 and at most 1, " \
           "separated by |, as 1|0.9937|0.725")                                                    \
    NUMBER(double, guidance, -1.0, -1.0, 100.0, T2V_OPTION_LIVE, "",                               \
           "classifier-free guidance scale; 1 turns guidance off; -1: the model's own")            \
    NUMBER(double, guidance_2, -1.0, -1.0, 100.0, T2V_OPTION_LIVE, "",                             \
           "guidance scale of a second transformer, where guidance is on; -1: as guidance, or the " \
           "model's own where that is -1 too")                                                     \
    CHOICE(cache, "none", "none|first-block|taylor|teacache", T2V_OPTION_LIVE,                      \
           "steps that are taken from those before where little changes; first-block: by what the "\
           "first block adds; taylor: likewise, following the line of two; teacache: by what the " \
           "timestep says, for published transformers")                                            \
    NUMBER(double, cache_threshold, -1.0, -1.0, 10.0, T2V_OPTION_LIVE, "",                         \
           "change below which cache takes a step from those before; -1: the usual one")           \
    NUMBER(double, speed, 1.0, 0.1, 10.0, T2V_OPTION_LIVE, "",                                     \
           "speed of the motion, by the model's own time coordinates")                             \
    STRING(audio, NULL, 0,                                                                         \
           "sound that the motion follows: a file (WAV, FLAC, OGG, MP3) or a pipe with WAV")       \
    NUMBER(double, audio_amount, 1.0, 0.0, 4.0, T2V_OPTION_LIVE, "",                               \
           "how strongly the sound moves the scene; 0: not at all")                                \
    STRING(image, NULL, 0,                                                                         \
           "picture that the video starts with, a PNG or JPEG file; scaled to its size")            \
    STRING(last_image, NULL, 0,                                                                    \
           "picture that the video leads to, for models that were trained for one")                \
    CHOICE(image_fit, "crop", "crop|pad", 0,                                                       \
           "how a picture of another shape fits: crop: it covers the frame, and what reaches "      \
           "beyond is cut off; pad: it shows whole, between black bars")                            \
    STRING(continue_, NULL, 0,                                                                     \
           "y4m video that the stream goes on from, a file, a pipe or - for standard input; only " \
           "new frames come out")                                                                  \
    NUMBER(double, loop, 0.0, 0.0, 3600.0, 0, "seconds",                                           \
           "makes a video so long whose end leads back to its beginning; wants image, or more "    \
           "frames than one chunk, and a model that was trained for a last picture; 0: no loop")   \
    NUMBER(int, chunk, -1, -1, 100000, 0, "frames",                                                \
           "frames made in one pass of the diffusion model, later passes continuing from the "     \
           "last frames; 0: all in one pass; -1: the model's own number")                          \
    NUMBER(int, tile, -1, -1, 8192, 0, "pixels",                                                   \
           "side of the tiles that decoding is cut into where each pass is a clip of its own, "     \
           "which takes less memory and more time; 0: none; -1: none unless max_memory wants them") \
    CHOICE(alpha, "none", "none|luma", 0,                                                          \
           "transparency; luma: black becomes transparent and what shines on it stays, in pixel "  \
           "formats that have alpha (straight)")                                                   \
    NUMBER(double, decode_timestep, -1.0, -1.0, 1.0, 0, "",                                        \
           "noise level that a timestep-conditioned decoder is told; -1: the model's own")         \
    NUMBER(double, decode_noise_scale, -1.0, -1.0, 1.0, 0, "",                                     \
           "noise mixed in before a timestep-conditioned decoder; -1: as decode_timestep")         \
    CHOICE(rng, "torch", "torch", T2V_OPTION_TOOL,                                                 \
           "random numbers; torch: the very ones that the diffusers pipeline draws on the CPU")    \
    STRING(noise, NULL, T2V_OPTION_TOOL,                                                           \
           "safetensors file with the tensor `noise` [C, F, H, W], and perhaps `decode_noise` for "\
           "a timestep-conditioned decoder, `encode_noise` and `cond_noise` for given pictures, "  \
           "instead of drawn numbers")

/* clang-format on */

#endif
