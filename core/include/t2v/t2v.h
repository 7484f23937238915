/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * libt2v: video from text on ordinary CPUs.
 *
 * A model is opened once and shared; each stream made from it delivers frames in order:
 *
 *     t2v_error error;
 *     t2v_model *model;
 *     t2v_stream *stream;
 *     t2v_frame *frame;
 *     if (t2v_model_open(NULL, NULL, &model, &error) < 0)      // NULL: the embedded model
 *         die(error.text);
 *     t2v_stream_params params = t2v_stream_params_default(model);
 *     params.prompt = "blue waves at sunset";
 *     if (t2v_stream_create(model, &params, &stream, &error) < 0)
 *         die(error.text);
 *     while (t2v_stream_next(stream, &frame, &error) == T2V_OK) {
 *         t2v_frame_write(frame, &picture, &error);
 *         t2v_frame_release(&frame);
 *     }
 *     t2v_stream_destroy(&stream);
 *     t2v_model_close(&model);
 *
 * Errors: a function that can fail returns a t2v_status (0 or a negative code) and, when its last
 * argument is not NULL, a sentence that names the file, the tensor or the option, what was found
 * and what was wanted. There is no global state; nothing is printed; nothing exits.
 *
 * Threads: a t2v_model is immutable and may be used from any thread. A t2v_stream has one engine
 * thread of its own; t2v_stream_next and t2v_stream_destroy belong to one caller at a time, every
 * other t2v_stream_* function may be called from any thread at any time between create and
 * destroy. A t2v_frame may be handed to another thread.
 */
#ifndef T2V_T2V_H
#define T2V_T2V_H

#include <stddef.h>
#include <stdint.h>

#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define T2V_API __attribute__((visibility("default")))
#else
#define T2V_API
#endif

#define T2V_VERSION_MAJOR 0
#define T2V_VERSION_MINOR 1
#define T2V_VERSION_MICRO 0

/** The library's version at run time, "major.minor.micro". Static storage. */
T2V_API const char *t2v_version(void);

/* ------------------------------------------------------------------ errors and messages */

/** Result of a call. Success is 0, every failure is negative. */
typedef enum t2v_status {
    T2V_OK = 0,
    T2V_END = -1,               /**< the stream's last frame has been delivered */
    T2V_INTERRUPTED = -2,       /**< t2v_stream_interrupt was called */
    T2V_ERROR_ARGUMENT = -3,    /**< an option or argument is out of range or unknown */
    T2V_ERROR_MEMORY = -4,      /**< out of memory */
    T2V_ERROR_NOT_FOUND = -5,   /**< a file, a folder or a tensor is not there */
    T2V_ERROR_IO = -6,          /**< reading failed */
    T2V_ERROR_FORMAT = -7,      /**< a file is damaged or contradicts another */
    T2V_ERROR_UNSUPPORTED = -8, /**< a valid thing that this version cannot do */
    T2V_ERROR_INTERNAL = -9,    /**< oneDNN or the system failed unexpectedly */
} t2v_status;

/** A failure in words. Owned by the caller; written only by a call that fails. */
typedef struct t2v_error {
    t2v_status status;
    char text[1024]; /**< UTF-8, one sentence without a line end */
} t2v_error;

/** Importance of a log message. */
typedef enum t2v_log_level {
    T2V_LOG_ERROR,
    T2V_LOG_WARNING,
    T2V_LOG_INFO,
    T2V_LOG_DEBUG,
} t2v_log_level;

/**
 * Receives log messages. Called from the opening thread and from the engine threads of the model's
 * streams, possibly at the same time. `text` is UTF-8 without a line end, valid during the call.
 */
typedef void (*t2v_log_fn)(void *opaque, t2v_log_level level, const char *text);

/* ------------------------------------------------------------------ options */

/** Type of an option's value. */
typedef enum t2v_option_type {
    T2V_OPTION_STRING,
    T2V_OPTION_INT,
    T2V_OPTION_INT64,
    T2V_OPTION_DOUBLE,
    T2V_OPTION_CHOICE,
} t2v_option_type;

/** One row of the option table (see options.h). */
typedef struct t2v_option {
    const char *name;
    t2v_option_type type;
    const char *default_string; /**< STRING, CHOICE: the default, may be NULL */
    double default_number;      /**< INT, INT64, DOUBLE */
    double min, max;            /**< INT, INT64, DOUBLE: inclusive range */
    const char *values;         /**< CHOICE: the values, separated by '|' */
    const char *unit;           /**< "frames", "steps" …, or "" */
    const char *help;           /**< one line, no capital, no full stop */
    unsigned flags;             /**< enum t2v_option_flags */
    size_t offset;              /**< of the field in the params structure */
} t2v_option;

/** The model's options, ended by a row whose name is NULL. Static storage. */
T2V_API const t2v_option *t2v_model_options(void);
/** The stream's options, ended by a row whose name is NULL. Static storage. */
T2V_API const t2v_option *t2v_stream_options(void);

#define T2V_FIELD_STRING(name, default_value, flags, help) const char *name;
#define T2V_FIELD_NUMBER(type, name, default_value, min, max, flags, unit, help) type name;
#define T2V_FIELD_CHOICE(name, default_value, values, flags, help) const char *name;

/* ------------------------------------------------------------------ models */

/** A model: weights and configuration, immutable after opening, shared by its streams. */
typedef struct t2v_model t2v_model;

/** How a model is opened. Fill with t2v_model_params_default; strings are copied. */
typedef struct t2v_model_params {
    T2V_MODEL_OPTIONS(T2V_FIELD_STRING, T2V_FIELD_NUMBER, T2V_FIELD_CHOICE)
    t2v_log_fn log; /**< NULL: no messages */
    void *log_opaque;
} t2v_model_params;

/** The defaults of the option table, no log function. */
T2V_API t2v_model_params t2v_model_params_default(void);

/**
 * Opens a model.
 *
 * @param path   diffusers folder, tensor file (safetensors, GGUF) or manifest of such files (JSON);
 *               NULL or "": the embedded model, looked up in the folder that the environment
 *               variable T2V_MODEL_DIR names, else where it was installed
 * @param params NULL: the defaults
 * @param model  receives the model, to be closed with t2v_model_close; NULL on failure
 * @param error  receives the failure; may be NULL
 */
T2V_API t2v_status t2v_model_open(const char *path, const t2v_model_params *params,
                                  t2v_model **model, t2v_error *error);

/** One more owner of the same model. Every reference is given back by t2v_model_close. */
T2V_API t2v_model *t2v_model_ref(t2v_model *model);

/** Gives a reference back and sets *model to NULL; streams keep theirs. NULL is allowed. */
T2V_API void t2v_model_close(t2v_model **model);

/** What a model is, for people and for metadata. Strings live as long as the model. */
typedef struct t2v_model_info {
    const char *name;        /**< from the folder's own description, else the folder's name */
    const char *family;      /**< row of the table of families, for example "ltx-video" */
    const char *pipeline;    /**< class that the checkpoint was published with */
    const char *licence;     /**< "" when the folder does not say */
    int width, height;       /**< default size in pixels */
    int rate;                /**< default frames per second */
    int frames;              /**< default number of frames */
    int steps;               /**< default denoising steps */
    double guidance;         /**< default guidance scale */
    double guidance_2;       /**< that of a second transformer; 0: there is none */
    int chunk;               /**< frames of one pass when streaming; 0: all in one pass */
    int size_multiple;       /**< the model makes multiples of this many pixels */
    int frame_multiple;      /**< the model makes n × this + 1 frames */
    int64_t text_parameters; /**< numbers of weights */
    int64_t dit_parameters;
    int64_t vae_parameters;
    int64_t vision_parameters; /**< of an encoder that looks at given pictures; 0: there is none */
    int64_t file_bytes;        /**< of all weight files together */
} t2v_model_info;

T2V_API void t2v_model_get_info(const t2v_model *model, t2v_model_info *info);

/* ------------------------------------------------------------------ streams */

/** A running generation: an engine thread and the frames that it has ready. */
typedef struct t2v_stream t2v_stream;

/**
 * Receives intermediate tensors, for comparison with the reference. Called from the engine thread.
 * Names are those of the command's --dump: token_ids [T] (int64), prompt_embeds and
 * negative_embeds [T, D], step0_output and latents [C, F, H, W] (float); the last two of each
 * chunk. `data` is dense, row-major, valid during the call.
 */
typedef void (*t2v_tap_fn)(void *opaque, const char *name, int rank, const int64_t *shape,
                           const void *data);

/**
 * Processes, or threads, that make one stream together: each runs a stream with the same options on
 * the same model, delivers all frames, and computes a part of what the diffusion transformer and
 * the decoder do. Each gets the same frames, but for rounding those of one alone. A rank that fails
 * or is interrupted leaves the others waiting: who talks for them has to end them.
 */
typedef struct t2v_ranks {
    int rank, count; /**< this one, from 0, of how many */
    /**
     * Sends to one rank while it receives from another, or from the same; returns when both is
     * done. Called from the thread that creates the stream, then from its engine thread. Either
     * part may have no bytes; the other side knows, and calls likewise.
     *
     * @return 0; anything else is a failure, which ends the stream
     */
    int (*exchange)(void *opaque, int to, const void *out, size_t out_bytes, int from, void *in,
                    size_t in_bytes);
    void *opaque;
} t2v_ranks;

/** The last pictures of a video of the caller's, for a stream that goes on from them. */
typedef struct t2v_video_end t2v_video_end;

/** What a stream makes. Fill with t2v_stream_params_default; strings are copied. */
typedef struct t2v_stream_params {
    T2V_STREAM_OPTIONS(T2V_FIELD_STRING, T2V_FIELD_NUMBER, T2V_FIELD_CHOICE)
    int width;              /**< pixels, 64 to 8192; made at the next size the model can, cropped */
    int height;             /**< likewise */
    int rate_num, rate_den; /**< frames per second as a fraction, 1 to 240 */
    int64_t frames;         /**< frames to deliver; -1: without end, or those of the loop */
    t2v_tap_fn tap;         /**< NULL: none */
    void *tap_opaque;
    const t2v_ranks *ranks; /**< who makes it together; outlives the stream; NULL: it is alone */
    /** What it goes on from, as the option `continue` says it of a file. Outlives the stream and
     * stays as it is; NULL: nothing. */
    const t2v_video_end *video_end;
} t2v_stream_params;

/** The defaults of the option table, with the size, rate and length that suit the model. */
T2V_API t2v_stream_params t2v_stream_params_default(const t2v_model *model);

/**
 * Whether numbers and words are in their ranges, and the model can do what they ask for, as
 * t2v_stream_create finds it. Files that they name are not opened: for programs that will make the
 * stream later. Any thread.
 */
T2V_API t2v_status t2v_stream_params_check(const t2v_model *model, const t2v_stream_params *params,
                                           t2v_error *error);

/** What a stream will need on this machine. Bytes are of anonymous memory: files stay mapped. */
typedef struct t2v_estimate {
    int64_t bytes; /**< the most that it takes within the model's max_memory */
    int64_t
        least_bytes; /**< the smallest max_memory that does, preparing weights again and again */
    int64_t unlimited_bytes; /**< with all weights kept prepared */
    int steps;               /**< of denoising, in each chunk */
    int64_t chunks;          /**< -1: without end */
    int tiles;               /**< that decoding is cut into */
    double text_seconds;     /**< encoding prompts and given pictures */
    double step_seconds;     /**< a step of denoising */
    double decode_seconds;   /**< decoding a chunk */
} t2v_estimate;

/**
 * Estimates what a stream will need: memory from a rehearsal that does all but the arithmetic, time
 * from its operations and a short measurement, which takes some seconds of all threads.
 *
 * @param params as for t2v_stream_create, the prompts too
 */
T2V_API t2v_status t2v_model_estimate(t2v_model *model, const t2v_stream_params *params,
                                      t2v_estimate *estimate, t2v_error *error);

/**
 * Starts a stream. Returns at once; the engine thread begins to work. A failure in the engine
 * (a prompt that is not UTF-8, say) is reported by t2v_stream_next.
 *
 * @param model  the stream takes a reference of its own
 * @param params NULL: the defaults
 * @param stream receives the stream, to be ended with t2v_stream_destroy; NULL on failure
 */
T2V_API t2v_status t2v_stream_create(t2v_model *model, const t2v_stream_params *params,
                                     t2v_stream **stream, t2v_error *error);

/** Interrupts, waits for the engine thread (about 50 ms), frees; *stream becomes NULL. */
T2V_API void t2v_stream_destroy(t2v_stream **stream);

/**
 * Changes an option marked T2V_OPTION_LIVE; it acts from the next chunk on. A prompt, also the same
 * one again, begins a scene at once: it takes the place of what is not decoded yet. It follows as
 * the option `transition` says, which is to be set before. The value is text, as on a command line,
 * and is checked against the option's range.
 */
T2V_API t2v_status t2v_stream_set(t2v_stream *stream, const char *name, const char *value,
                                  t2v_error *error);

/** The seed in use: the one that was asked for, or the one that was drawn for -1. */
T2V_API int64_t t2v_stream_seed(const t2v_stream *stream);

/**
 * Ends the work in progress within about 50 ms, whatever the model and size. t2v_stream_next,
 * also one that is waiting now, returns T2V_INTERRUPTED from then on. May be called from any
 * thread; it does not block.
 */
T2V_API void t2v_stream_interrupt(t2v_stream *stream);

/** What the engine is doing. */
typedef enum t2v_phase {
    T2V_PHASE_LOADING, /**< preparing weights, encoding the prompt */
    T2V_PHASE_DENOISING,
    T2V_PHASE_DECODING,
    T2V_PHASE_DONE,
} t2v_phase;

/** A snapshot of a stream's progress. */
typedef struct t2v_progress {
    t2v_phase phase;
    int step, steps;     /**< of the current chunk's denoising, from 0 */
    int64_t chunk;       /**< chunk in work, from 0 */
    int64_t chunks;      /**< in all; -1: without end */
    int64_t frames_made; /**< frames decoded so far */
    int64_t frames;      /**< in all; -1: without end */
    double elapsed;      /**< seconds since the stream was created */
    double left;         /**< estimated seconds to the last frame; negative: not known (yet) */
} t2v_progress;

T2V_API void t2v_stream_get_progress(t2v_stream *stream, t2v_progress *progress);

/* ------------------------------------------------------------------ frames */

/** One finished picture, float RGB inside. Owned by whoever received it. */
typedef struct t2v_frame t2v_frame;

/**
 * Waits for the next frame.
 *
 * @param frame receives the frame, to be given back with t2v_frame_release; NULL otherwise
 * @return T2V_OK, T2V_END after the last frame, T2V_INTERRUPTED, or the engine's failure
 */
T2V_API t2v_status t2v_stream_next(t2v_stream *stream, t2v_frame **frame, t2v_error *error);

/** Gives a frame back and sets *frame to NULL. NULL is allowed. May outlive its stream. */
T2V_API void t2v_frame_release(t2v_frame **frame);

/** Number of the frame in its stream, from 0. */
T2V_API int64_t t2v_frame_index(const t2v_frame *frame);

/**
 * The first 16 hexadecimal digits of the SHA-256 of the prompt that the frame was made from, byte
 * for byte: says whether a prompt is the one, without saying which it was. Valid until the frame is
 * released.
 */
T2V_API const char *t2v_frame_prompt_hash(const t2v_frame *frame);

/** The seed that the frame was made from: the stream's, or the one that a storyboard gives its
 * shot. */
T2V_API int64_t t2v_frame_seed(const t2v_frame *frame);

/**
 * The picture before rounding: three planes R, G, B, each height × width floats in [0, 1],
 * row after row, plane after plane. Valid until the frame is released.
 */
T2V_API const float *t2v_frame_rgb(const t2v_frame *frame, int *width, int *height);

/** Pixel formats that a frame can be written in. */
typedef enum t2v_pixel_format {
    T2V_PIXEL_YUV420P, /**< planes Y, U, V; 8 bits; chroma sited left */
    T2V_PIXEL_YUV422P,
    T2V_PIXEL_YUV444P,
    T2V_PIXEL_YUV420P10, /**< 10 bits in 16, little endian on every machine */
    T2V_PIXEL_YUV422P10,
    T2V_PIXEL_YUV444P10,
    T2V_PIXEL_NV12,  /**< planes Y, interleaved UV */
    T2V_PIXEL_GBRP,  /**< planes G, B, R; full range */
    T2V_PIXEL_RGB24, /**< one packed plane; full range */
    T2V_PIXEL_BGR24,
    T2V_PIXEL_RGBA, /**< alpha is straight, and 255 unless the option `alpha` makes it */
    T2V_PIXEL_BGRA,
    T2V_PIXEL_ARGB,
    T2V_PIXEL_ABGR,
    T2V_PIXEL_YUVA420P, /**< planes Y, U, V, A; alpha as above, always 0 to 255 */
    T2V_PIXEL_YUVA444P,
    T2V_PIXEL_FORMATS /**< how many there are */
} t2v_pixel_format;

/** Conversion matrix from RGB to YUV. */
typedef enum t2v_matrix {
    T2V_MATRIX_BT709,
    T2V_MATRIX_BT601,
} t2v_matrix;

/** Caller's memory that a frame is written to. */
typedef struct t2v_picture {
    t2v_pixel_format format;
    t2v_matrix matrix;   /**< YUV formats only; range is limited (16–235) */
    int full_range;      /**< YUV formats only: 1 writes 0–255 */
    int opaque;          /**< 1: alpha is mere padding, all 255; colours are not divided by it */
    uint8_t *planes[4];  /**< as many as the format has */
    ptrdiff_t stride[4]; /**< bytes from row to row, may be negative */
} t2v_picture;

/**
 * Writes the frame, at its own width and height, into the caller's planes: 8-bit values dithered
 * (the same dither for the same frame number), chroma filtered for its position.
 * Planes of subsampled chroma hold (width + 1) / 2 columns and (height + 1) / 2 rows.
 */
T2V_API t2v_status t2v_frame_write(const t2v_frame *frame, const t2v_picture *picture,
                                   t2v_error *error);

/* ------------------------------------------------------------------ the caller's video */

/**
 * Begins to collect the last pictures of a video: as many as the model goes on from are kept.
 *
 * @param rate_num, rate_den pictures per second, for a warning where the stream has others; 0: not
 *                           known
 * @param end                to be ended with t2v_video_end_destroy; NULL on failure
 */
T2V_API t2v_status t2v_video_end_create(const t2v_model *model, int rate_num, int rate_den,
                                        t2v_video_end **end, t2v_error *error);

/**
 * Copies the next picture of the video. All have the size, format, matrix and range of the first.
 *
 * @param picture its planes are only read; planar YUV without alpha; another format:
 * T2V_ERROR_UNSUPPORTED
 * @param width   1 to 16384, as height; 64 million pixels in all
 */
T2V_API t2v_status t2v_video_end_add(t2v_video_end *end, const t2v_picture *picture, int width,
                                     int height, t2v_error *error);

/** Frees; *end becomes NULL. NULL is allowed. No stream may use it any more. */
T2V_API void t2v_video_end_destroy(t2v_video_end **end);

#ifdef __cplusplus
}
#endif

#endif
