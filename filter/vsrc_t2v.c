/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * @file
 * t2vsrc: video from text, made by libt2v while the filter graph runs. With extend=1 it has an
 * input, whose frames pass and go on.
 *
 * Compiled inside an FFmpeg source tree (build-ffmpeg puts it there); knows only t2v.h.
 */
#include <t2v/t2v.h>

#include "libavutil/avstring.h"
#include "libavutil/common.h"
#include "libavutil/dict.h"
#include "libavutil/mathematics.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/pixdesc.h"
#include "libavutil/time.h"

#include "vsrc_t2v_compat.h"

typedef struct T2VContext {
    const AVClass *class;

    char *model_path;
    int width, height;                ///< 0: the model's own
    AVRational rate;                  ///< 0: the model's own
    int64_t duration;                 ///< in AV_TIME_BASE; negative: without end
    int extend;                       ///< there is an input that comes first
    t2v_model_params model_options;   ///< written by the AVOptions below; what is no option of
    t2v_stream_params stream_options; ///< theirs stays zero here and is not used

    t2v_model *model;
    t2v_model_info info;
    t2v_stream *stream; ///< NULL after the last frame, and while an input comes first
    AVRational unit;    ///< seconds from one of its frames to the next
    int64_t begin;      ///< pts of its first frame
    int64_t next;       ///< number of its next frame, from 0
    int64_t handed_out; ///< when the last frame was, in av_gettime_relative's microseconds
    int64_t reported;   ///< when the progress was last logged, likewise

    t2v_video_end *input_end; ///< the input's last pictures; NULL: there is no input
    AVFrame *input_kind;      ///< what is true of the input's last frame, without its pixels
    int input_over;
} T2VContext;

/* ------------------------------------------------------------------ options */

#define OFFSET(x) offsetof(T2VContext, x)
#define FIXED AV_OPT_FLAG_VIDEO_PARAM | AV_OPT_FLAG_FILTERING_PARAM
#define LIVE FIXED | AV_OPT_FLAG_RUNTIME_PARAM

/*
 * Rows of t2v/options.h become AVOptions, except those that only the command offers and those
 * that libavfilter has for every filter: IF_OFFERED(name, flags)(text) is the text or nothing.
 * A generic option is known by its macro GENERIC_name, whose comma moves DROP to second place.
 */
#define GENERIC_threads ~,

#define KEEP(...) __VA_ARGS__
#define DROP(...)
#define SECOND(first, second, ...) second
#define IF_OFFERED(name, flags) IF_OFFERED_##flags(GENERIC_##name)
#define IF_OFFERED_0(generic) SECOND(generic DROP, KEEP, ~)
#define IF_OFFERED_T2V_OPTION_LIVE(generic) SECOND(generic DROP, KEEP, ~)
#define IF_OFFERED_T2V_OPTION_TOOL(generic) DROP

#define FLAGS_0 FIXED
#define FLAGS_T2V_OPTION_LIVE LIVE
#define TYPE_int AV_OPT_TYPE_INT
#define TYPE_int64_t AV_OPT_TYPE_INT64
#define TYPE_double AV_OPT_TYPE_DOUBLE
#define DEFAULT_int .i64
#define DEFAULT_int64_t .i64
#define DEFAULT_double .dbl

/* clang-format off */
#define TEXT_ROW(params, name, value, flags, help)                                                 \
    IF_OFFERED(name, flags)({ T2V_OPTION_NAME(name), help, OFFSET(params.name), AV_OPT_TYPE_STRING,                \
                              {.str = value}, 0, 0, FLAGS_##flags },)
#define NUMBER_ROW(params, type, name, value, min, max, flags, help)                               \
    IF_OFFERED(name, flags)({ T2V_OPTION_NAME(name), help, OFFSET(params.name), TYPE_##type,                       \
                              {DEFAULT_##type = value}, min, max, FLAGS_##flags },)

#define STREAM_STRING(name, value, flags, help)                                                    \
    TEXT_ROW(stream_options, name, value, flags, help)
#define STREAM_NUMBER(type, name, value, min, max, flags, unit, help)                              \
    NUMBER_ROW(stream_options, type, name, value, min, max, flags, help)
#define STREAM_CHOICE(name, value, values, flags, help)                                            \
    TEXT_ROW(stream_options, name, value, flags, help " (" values ")")

#define MODEL_STRING(name, value, flags, help)                                                     \
    TEXT_ROW(model_options, name, value, flags, help)
#define MODEL_NUMBER(type, name, value, min, max, flags, unit, help)                               \
    NUMBER_ROW(model_options, type, name, value, min, max, flags, help)
#define MODEL_CHOICE(name, value, values, flags, help)                                             \
    TEXT_ROW(model_options, name, value, flags, help " (" values ")")

/* The prompt is the first row, so that t2vsrc='blue waves' needs no name. */
static const AVOption t2vsrc_options[] = {
    T2V_STREAM_OPTIONS(STREAM_STRING, STREAM_NUMBER, STREAM_CHOICE)
    { "model",    "folder, file or manifest of a model; default: embedded",
      OFFSET(model_path), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, FIXED },
    T2V_MODEL_OPTIONS(MODEL_STRING, MODEL_NUMBER, MODEL_CHOICE)
    { "size",     "frame size, 64x64 to 8192x8192; default: the model's own",
      OFFSET(width), AV_OPT_TYPE_IMAGE_SIZE, {.str = NULL}, 0, 0, FIXED },
    { "s",        "frame size, 64x64 to 8192x8192; default: the model's own",
      OFFSET(width), AV_OPT_TYPE_IMAGE_SIZE, {.str = NULL}, 0, 0, FIXED },
    { "rate",     "frames per second, 1 to 240, also as a fraction; 0: the model's own",
      OFFSET(rate), AV_OPT_TYPE_RATIONAL, {.dbl = 0}, 0, 240, FIXED },
    { "r",        "frames per second, 1 to 240, also as a fraction; 0: the model's own",
      OFFSET(rate), AV_OPT_TYPE_RATIONAL, {.dbl = 0}, 0, 240, FIXED },
    { "duration", "length of the video; -1: without end",
      OFFSET(duration), AV_OPT_TYPE_DURATION, {.i64 = -AV_TIME_BASE}, -AV_TIME_BASE, INT64_MAX,
      FIXED },
    { "d",        "length of the video; -1: without end",
      OFFSET(duration), AV_OPT_TYPE_DURATION, {.i64 = -AV_TIME_BASE}, -AV_TIME_BASE, INT64_MAX,
      FIXED },
    { "extend",   "take an input: its frames come first, then the video goes on from its end",
      OFFSET(extend), AV_OPT_TYPE_BOOL, {.i64 = 0}, 0, 1, FIXED },
    { NULL },
};

/* The same rows again, as assignments into the structure that libt2v takes. */
#define COPY(from, name, flags) IF_OFFERED(name, flags)(params.name = s->from.name;)
#define COPY_STREAM_STRING(name, value, flags, help) COPY(stream_options, name, flags)
#define COPY_STREAM_NUMBER(type, name, value, min, max, flags, unit, help)                         \
    COPY(stream_options, name, flags)
#define COPY_STREAM_CHOICE(name, value, values, flags, help) COPY(stream_options, name, flags)
#define COPY_MODEL_STRING(name, value, flags, help) COPY(model_options, name, flags)
#define COPY_MODEL_NUMBER(type, name, value, min, max, flags, unit, help)                          \
    COPY(model_options, name, flags)
#define COPY_MODEL_CHOICE(name, value, values, flags, help) COPY(model_options, name, flags)
/* clang-format on */

AVFILTER_DEFINE_CLASS(t2vsrc);

/* ------------------------------------------------------------------ errors and messages */

static int fail(AVFilterContext *ctx, const t2v_error *error)
{
    av_log(ctx, AV_LOG_ERROR, "%s\n", error->text);
    switch (error->status) {
    case T2V_ERROR_ARGUMENT:
        return AVERROR(EINVAL);
    case T2V_ERROR_MEMORY:
        return AVERROR(ENOMEM);
    case T2V_ERROR_NOT_FOUND:
        return AVERROR(ENOENT);
    case T2V_ERROR_IO:
        return AVERROR(EIO);
    case T2V_ERROR_FORMAT:
        return AVERROR_INVALIDDATA;
    case T2V_ERROR_UNSUPPORTED:
        return AVERROR(ENOSYS);
    default:
        return AVERROR_EXTERNAL;
    }
}

static void log_message(void *opaque, t2v_log_level level, const char *text)
{
    static const int av_levels[] = {
        [T2V_LOG_ERROR] = AV_LOG_ERROR,
        [T2V_LOG_WARNING] = AV_LOG_WARNING,
        [T2V_LOG_INFO] = AV_LOG_INFO,
        [T2V_LOG_DEBUG] = AV_LOG_DEBUG,
    };
    av_log(opaque, av_levels[level], "%s\n", text);
}

/* ------------------------------------------------------------------ life */

/**
 * A prompt that is not UTF-8 would be the engine's failure at the first frame; by then a program
 * that reads the filter like a file takes it for the end of the file.
 */
static av_cold int check_utf8(AVFilterContext *ctx, const char *option, const char *text)
{
    const uint8_t *next = (const uint8_t *)text, *end = next + (text ? strlen(text) : 0);
    int32_t code;

    while (next < end)
        if (av_utf8_decode(&code, &next, end, AV_UTF8_FLAG_ACCEPT_NON_CHARACTERS) < 0) {
            av_log(ctx, AV_LOG_ERROR, "%s: \"%s\" is not valid UTF-8\n", option, text);
            return AVERROR(EINVAL);
        }
    return 0;
}

static int wants_alpha(const T2VContext *s)
{
    return s->stream_options.alpha && strcmp(s->stream_options.alpha, "none");
}

/** The input of extend=1 says what this would: the frames on both sides of the join are alike. */
static av_cold int check_extend(AVFilterContext *ctx)
{
    const T2VContext *s = ctx->priv;
    const char *option = s->width                      ? "size"
                         : s->rate.num                 ? "rate"
                         : wants_alpha(s)              ? "alpha"
                         : s->stream_options.loop      ? "loop"
                         : s->stream_options.image     ? "image"
                         : s->stream_options.continue_ ? "continue"
                                                       : NULL;

    if (!option)
        return 0;
    av_log(ctx, AV_LOG_ERROR, "%s: not with extend, which goes on as its input is\n", option);
    return AVERROR(EINVAL);
}

static av_cold int add_input(AVFilterContext *ctx)
{
    static const AVFilterPad input = {.name = "default", .type = AVMEDIA_TYPE_VIDEO};
    T2VContext *s = ctx->priv;
    int ret = check_extend(ctx);

    if (ret < 0)
        return ret;
    s->input_kind = av_frame_alloc();
    return s->input_kind ? ff_append_inpad(ctx, (AVFilterPad *)&input) : AVERROR(ENOMEM);
}

/** Opens the model here, so that a wrong path is an error before anything else starts. */
static av_cold int init(AVFilterContext *ctx)
{
    T2VContext *s = ctx->priv;
    t2v_model_params params = t2v_model_params_default();
    t2v_error error;
    int ret;

    if ((ret = check_utf8(ctx, "prompt", s->stream_options.prompt)) < 0 ||
        (ret = check_utf8(ctx, "negative", s->stream_options.negative)) < 0)
        return ret;
    T2V_MODEL_OPTIONS(COPY_MODEL_STRING, COPY_MODEL_NUMBER, COPY_MODEL_CHOICE)
    params.threads = ctx->nb_threads; // libavfilter's own option; 0 means "as many as useful"
    params.log = log_message;
    params.log_opaque = ctx;
    if (t2v_model_open(s->model_path, &params, &s->model, &error) < 0)
        return fail(ctx, &error);
    t2v_model_get_info(s->model, &s->info);
    return s->extend ? add_input(ctx) : 0;
}

static av_cold void uninit(AVFilterContext *ctx)
{
    T2VContext *s = ctx->priv;

    t2v_stream_destroy(&s->stream);
    t2v_video_end_destroy(&s->input_end);
    av_frame_free(&s->input_kind);
    t2v_model_close(&s->model);
}

/* ------------------------------------------------------------------ formats */

/** In the order of preference of opaque pictures; the index is libt2v's number of the format. */
static const int pixel_formats[T2V_PIXEL_FORMATS + 1] = {
    [T2V_PIXEL_YUV420P] = AV_PIX_FMT_YUV420P,
    [T2V_PIXEL_YUV422P] = AV_PIX_FMT_YUV422P,
    [T2V_PIXEL_YUV444P] = AV_PIX_FMT_YUV444P,
    [T2V_PIXEL_YUV420P10] = AV_PIX_FMT_YUV420P10LE,
    [T2V_PIXEL_YUV422P10] = AV_PIX_FMT_YUV422P10LE,
    [T2V_PIXEL_YUV444P10] = AV_PIX_FMT_YUV444P10LE,
    [T2V_PIXEL_NV12] = AV_PIX_FMT_NV12,
    [T2V_PIXEL_GBRP] = AV_PIX_FMT_GBRP,
    [T2V_PIXEL_RGB24] = AV_PIX_FMT_RGB24,
    [T2V_PIXEL_BGR24] = AV_PIX_FMT_BGR24,
    [T2V_PIXEL_RGBA] = AV_PIX_FMT_RGBA,
    [T2V_PIXEL_BGRA] = AV_PIX_FMT_BGRA,
    [T2V_PIXEL_ARGB] = AV_PIX_FMT_ARGB,
    [T2V_PIXEL_ABGR] = AV_PIX_FMT_ABGR,
    [T2V_PIXEL_YUVA420P] = AV_PIX_FMT_YUVA420P,
    [T2V_PIXEL_YUVA444P] = AV_PIX_FMT_YUVA444P,
    [T2V_PIXEL_FORMATS] = AV_PIX_FMT_NONE,
};

static int has_alpha(int format)
{
    return !!(av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_ALPHA);
}

/** Pictures that shall have alpha prefer formats that can hold it; in others they stay on black. */
static void order_formats(const T2VContext *s, int formats[T2V_PIXEL_FORMATS + 1])
{
    int alpha_first = wants_alpha(s), count = 0;

    for (int i = 0; i < T2V_PIXEL_FORMATS; i++)
        if (!alpha_first || has_alpha(pixel_formats[i]))
            formats[count++] = pixel_formats[i];
    for (int i = 0; i < T2V_PIXEL_FORMATS; i++)
        if (alpha_first && !has_alpha(pixel_formats[i]))
            formats[count++] = pixel_formats[i];
    formats[count] = AV_PIX_FMT_NONE;
}

/** An input may leave its colours unsaid; its pictures are planes of YUV. */
static int query_extended_formats(AVFilterContext *ctx)
{
    static const int spaces[] = {AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG,
                                 AVCOL_SPC_UNSPECIFIED, -1};
    static const int ranges[] = {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG, AVCOL_RANGE_UNSPECIFIED, -1};
    int formats[T2V_PIXEL_YUV444P10 + 2], ret = t2v_offer_colors(ctx, spaces, ranges);

    memcpy(formats, pixel_formats, sizeof(formats));
    formats[T2V_PIXEL_YUV444P10 + 1] = AV_PIX_FMT_NONE;
    return ret < 0 ? ret : ff_set_common_formats_from_list(ctx, formats);
}

static int query_formats(AVFilterContext *ctx)
{
    // both of the last two have the matrix of BT.601
    static const int spaces[] = {AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG, -1};
    static const int ranges[] = {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG, -1};
    const T2VContext *s = ctx->priv;
    int formats[T2V_PIXEL_FORMATS + 1], ret;

    if (s->extend)
        return query_extended_formats(ctx);
    order_formats(s, formats);
    if ((ret = t2v_offer_colors(ctx, spaces, ranges)) < 0 ||
        wants_alpha(s) && (ret = t2v_offer_straight_alpha(ctx)) < 0)
        return ret;
    return ff_set_common_formats_from_list(ctx, formats);
}

static t2v_pixel_format find_format(enum AVPixelFormat av_format)
{
    int format = 0;

    while (pixel_formats[format] != av_format)
        format++;
    return format;
}

/** Frames from 0 that begin before the duration is over. */
static int64_t count_frames(int64_t duration, const t2v_stream_params *params)
{
    if (duration < 0)
        return -1;
    return av_rescale_rnd(duration, params->rate_num, (int64_t)AV_TIME_BASE * params->rate_den,
                          AV_ROUND_UP);
}

/** What the stream makes; after an input its pictures are such as the input's. */
static t2v_stream_params make_params(AVFilterContext *ctx)
{
    T2VContext *s = ctx->priv;
    t2v_stream_params params = t2v_stream_params_default(s->model);
    AVRational rate = s->rate;

    T2V_STREAM_OPTIONS(COPY_STREAM_STRING, COPY_STREAM_NUMBER, COPY_STREAM_CHOICE)
    if (s->width && s->height) {
        params.width = s->width;
        params.height = s->height;
    }
    if (s->extend) {
        params.width = ctx->inputs[0]->w;
        params.height = ctx->inputs[0]->h;
        rate = T2V_LINK_FRAME_RATE(ctx->inputs[0]);
    }
    if (rate.num > 0 && rate.den > 0 && !(s->extend && av_q2d(rate) > 240)) // of no constant rate
        av_reduce(&params.rate_num, &params.rate_den, rate.num, rate.den, INT_MAX);
    params.frames = count_frames(s->duration, &params);
    params.video_end = s->input_end;
    return params;
}

static int start_stream(AVFilterContext *ctx, const t2v_stream_params *params)
{
    T2VContext *s = ctx->priv;
    t2v_error error;

    s->reported = av_gettime_relative();
    if (params->frames && t2v_stream_create(s->model, params, &s->stream, &error) < 0)
        return fail(ctx, &error);
    return 0;
}

static int config_output(AVFilterLink *outlink)
{
    AVFilterContext *ctx = outlink->src;
    const AVFilterLink *inlink = ctx->nb_inputs ? ctx->inputs[0] : NULL;
    T2VContext *s = ctx->priv;
    t2v_stream_params params = make_params(ctx);
    t2v_error error;
    int ret = 0;

    s->unit = (AVRational){params.rate_den, params.rate_num};
    if (!inlink)
        ret = start_stream(ctx, &params);
    else if (t2v_stream_params_check(s->model, &params, &error) < 0 ||
             t2v_video_end_create(s->model, params.rate_num, params.rate_den, &s->input_end,
                                  &error) < 0)
        ret = fail(ctx, &error);
    if (ret < 0)
        return ret;

    if (wants_alpha(s) && !has_alpha(outlink->format))
        av_log(ctx, AV_LOG_WARNING, "alpha: %s has none, so the pictures stay on black\n",
               av_get_pix_fmt_name(outlink->format));

    outlink->w = params.width;
    outlink->h = params.height;
    outlink->sample_aspect_ratio = inlink ? inlink->sample_aspect_ratio : (AVRational){1, 1};
    outlink->time_base = inlink ? inlink->time_base : s->unit;
    T2V_LINK_FRAME_RATE(outlink) = (AVRational){params.rate_num, params.rate_den};
    return 0;
}

/* ------------------------------------------------------------------ frames */

/** Where nobody says the matrix, players go by the height. */
static t2v_matrix matrix_of(const AVFrame *frame)
{
    switch (frame->colorspace) {
    case AVCOL_SPC_RGB:
    case AVCOL_SPC_BT709:
        return T2V_MATRIX_BT709;
    case AVCOL_SPC_UNSPECIFIED:
        return frame->height >= 720 ? T2V_MATRIX_BT709 : T2V_MATRIX_BT601;
    default:
        return T2V_MATRIX_BT601;
    }
}

/** Says what is true of the colours; libt2v's RGB has the primaries and transfer of BT.709. */
static void set_colors(const AVFilterLink *outlink, AVFrame *frame)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(outlink->format);
    int rgb = !!(desc->flags & AV_PIX_FMT_FLAG_RGB);

    t2v_get_colors(outlink, rgb, &frame->colorspace, &frame->color_range);
    t2v_set_alpha_mode(outlink, frame);
    frame->color_primaries = AVCOL_PRI_BT709;
    frame->color_trc = AVCOL_TRC_BT709;
    if (!rgb && desc->log2_chroma_w)
        frame->chroma_location = AVCHROMA_LOC_LEFT;
}

static void copy_colors(AVFrame *to, const AVFrame *from)
{
    to->colorspace = from->colorspace;
    to->color_range = from->color_range;
    to->color_primaries = from->color_primaries;
    to->color_trc = from->color_trc;
    to->chroma_location = from->chroma_location;
}

/** Where libt2v finds a frame's pixels, or puts them. */
static t2v_picture picture_of(const AVFrame *frame)
{
    t2v_picture picture = {
        .format = find_format(frame->format),
        .matrix = matrix_of(frame),
        .full_range = frame->color_range == AVCOL_RANGE_JPEG,
    };

    for (int i = 0; i < FF_ARRAY_ELEMS(picture.planes); i++) {
        picture.planes[i] = frame->data[i];
        picture.stride[i] = frame->linesize[i];
    }
    return picture;
}

/**
 * Every frame says that it was generated, by which model, from which seed and prompt (its hash):
 * for filters and ffprobe as metadata, for encoders as an unregistered SEI message (x264 has
 * udu_sei for it).
 */
static int set_origin(const T2VContext *s, const t2v_frame *made, AVFrame *frame)
{
    static const uint8_t uuid[16] = {0xe2, 0xae, 0x6d, 0x65, 0xa7, 0xd8, 0x48, 0xa6,
                                     0x89, 0xaa, 0x41, 0xd4, 0x41, 0x35, 0x1a, 0x6b};
    int64_t seed = t2v_frame_seed(made);
    const char *prompt = t2v_frame_prompt_hash(made);
    AVFrameSideData *sei;
    char *text = av_asprintf("generated by libt2v %s; model=%s; seed=%" PRId64 "; prompt=sha256:%s",
                             t2v_version(), s->info.name, seed, prompt);
    size_t length = text ? strlen(text) : 0;

    if (text)
        sei = av_frame_new_side_data(frame, AV_FRAME_DATA_SEI_UNREGISTERED, sizeof(uuid) + length);
    if (!text || !sei) {
        av_free(text);
        return AVERROR(ENOMEM);
    }
    memcpy(sei->data, uuid, sizeof(uuid));
    memcpy(sei->data + sizeof(uuid), text, length);
    av_free(text);

    if (av_dict_set(&frame->metadata, "lavfi.t2v.generated", "1", 0) < 0 ||
        av_dict_set(&frame->metadata, "lavfi.t2v.model", s->info.name, 0) < 0 ||
        av_dict_set_int(&frame->metadata, "lavfi.t2v.seed", seed, 0) < 0 ||
        av_dict_set(&frame->metadata, "lavfi.t2v.prompt_sha256", prompt, 0) < 0)
        return AVERROR(ENOMEM);
    return 0;
}

static int64_t pts_of(const AVFilterLink *outlink, int64_t number)
{
    const T2VContext *s = outlink->src->priv;
    return s->begin + av_rescale_q(number, s->unit, outlink->time_base);
}

/** Writes a picture of libt2v into a buffer of libavfilter's, with all that describes it. */
static int make_frame(AVFilterLink *outlink, const t2v_frame *made, AVFrame **result)
{
    AVFilterContext *ctx = outlink->src;
    T2VContext *s = ctx->priv;
    AVFrame *frame = ff_get_video_buffer(outlink, outlink->w, outlink->h);
    t2v_picture picture;
    t2v_error error;
    int ret;

    if (!frame)
        return AVERROR(ENOMEM);
    if (s->extend)
        copy_colors(frame, s->input_kind);
    else
        set_colors(outlink, frame);
    picture = picture_of(frame);
    frame->sample_aspect_ratio = outlink->sample_aspect_ratio;
    frame->pts = pts_of(outlink, s->next);
    t2v_set_frame_kind(frame, pts_of(outlink, s->next + 1) - frame->pts);
    ret = set_origin(s, made, frame);
    if (ret >= 0 && t2v_frame_write(made, &picture, &error) < 0)
        ret = fail(ctx, &error);
    if (ret < 0)
        av_frame_free(&frame);
    *result = frame;
    return ret;
}

/**
 * Hands frames out evenly where libt2v makes them in bursts, chunk by chunk. A program cannot act
 * on a key or a signal while its filter graph waits for a chunk, so the wait is cut into one
 * short wait for each frame. It costs no time: frames still go out faster than they are made. A
 * model so slow that this would hold finished frames back for long is left alone.
 */
static void pace(T2VContext *s)
{
    const double faster = 0.8, slow = 0.25;
    t2v_progress progress;
    double seconds_per_frame;
    int64_t wait;

    t2v_stream_get_progress(s->stream, &progress);
    if (progress.frames_made <= s->next || progress.frames_made == progress.frames)
        return; // there is nothing to hold back, or nothing left to wait for
    seconds_per_frame = progress.elapsed / progress.frames_made;
    wait = s->handed_out + (int64_t)(1e6 * faster * seconds_per_frame) - av_gettime_relative();
    if (seconds_per_frame < slow && wait > 0)
        av_usleep(wait);
}

static void report(AVFilterContext *ctx, const t2v_progress *progress)
{
    static const char *const phases[] = {
        [T2V_PHASE_LOADING] = "loading",
        [T2V_PHASE_DENOISING] = "denoising",
        [T2V_PHASE_DECODING] = "decoding",
        [T2V_PHASE_DONE] = "done",
    };
    char left[48] = "";

    if (progress->left >= 0)
        snprintf(left, sizeof(left), ", about %.0f s left in all", progress->left);
    av_log(ctx, AV_LOG_INFO, "chunk %" PRId64 ": %s, step %d of %d, %.0f s so far%s\n",
           progress->chunk + 1, phases[progress->phase], progress->step, progress->steps,
           progress->elapsed, left);
}

/** Until a frame is there or there will be none; a big model takes minutes, so it says how far. */
static void wait_for_frame(AVFilterContext *ctx)
{
    const int64_t look = 10000, silence = 10 * 1000000;
    T2VContext *s = ctx->priv;
    t2v_progress progress;

    while (t2v_stream_get_progress(s->stream, &progress),
           progress.frames_made <= s->next && progress.phase != T2V_PHASE_DONE) {
        int64_t now = av_gettime_relative();

        if (now - FFMAX(s->handed_out, s->reported) >= silence) {
            report(ctx, &progress);
            s->reported = now;
        }
        av_usleep(look);
    }
}

static int end(AVFilterLink *outlink)
{
    T2VContext *s = outlink->src->priv;

    t2v_stream_destroy(&s->stream);
    ff_outlink_set_status(outlink, AVERROR_EOF, pts_of(outlink, s->next));
    return 0;
}

/* ------------------------------------------------------------------ an input that comes first */

/** Looks at a frame that passes. */
static int watch_input(AVFilterContext *ctx, AVFrame *frame)
{
    T2VContext *s = ctx->priv;
    t2v_picture picture = picture_of(frame);
    t2v_error error;

    if (t2v_video_end_add(s->input_end, &picture, frame->width, frame->height, &error) < 0)
        return fail(ctx, &error);
    copy_colors(s->input_kind, frame);
    // not what the frame says of its duration: some filters leave that in another time base
    if (frame->pts != AV_NOPTS_VALUE)
        s->begin = frame->pts + av_rescale_q(1, s->unit, ctx->inputs[0]->time_base);
    s->next++;
    return 0;
}

/** The input is over: from here on the filter is a source. */
static int go_on(AVFilterContext *ctx)
{
    T2VContext *s = ctx->priv;
    t2v_stream_params params = make_params(ctx);

    if (!s->next) {
        av_log(ctx, AV_LOG_ERROR, "extend: there was no frame in the input to go on from\n");
        return AVERROR_INVALIDDATA;
    }
    s->input_over = 1;
    s->next = 0;
    s->handed_out = av_gettime_relative();
    ff_filter_set_ready(ctx, 100);
    return start_stream(ctx, &params);
}

static int pass_input(AVFilterContext *ctx)
{
    AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
    AVFrame *frame;
    int64_t pts;
    int ret, status;

    FF_FILTER_FORWARD_STATUS_BACK(outlink, inlink);
    ret = ff_inlink_consume_frame(inlink, &frame);
    if (ret > 0) {
        if ((ret = watch_input(ctx, frame)) >= 0)
            return ff_filter_frame(outlink, frame);
        av_frame_free(&frame);
    }
    if (ret < 0)
        return ret;
    if (ff_inlink_acknowledge_status(inlink, &status, &pts)) {
        if (status == AVERROR_EOF)
            return go_on(ctx);
        ff_outlink_set_status(outlink, status, pts);
        return 0;
    }
    FF_FILTER_FORWARD_WANTED(outlink, inlink);
    return FFERROR_NOT_READY;
}

/* ------------------------------------------------------------------ running */

static int activate(AVFilterContext *ctx)
{
    AVFilterLink *outlink = ctx->outputs[0];
    T2VContext *s = ctx->priv;
    t2v_frame *made;
    AVFrame *frame;
    t2v_error error;
    int ret;

    if (s->extend && !s->input_over)
        return pass_input(ctx);
    if (ff_outlink_get_status(outlink)) { // nobody wants more: stop computing at once
        t2v_stream_destroy(&s->stream);
        return 0;
    }
    if (!ff_outlink_frame_wanted(outlink))
        return FFERROR_NOT_READY;
    if (!s->stream)
        return end(outlink);

    pace(s);
    wait_for_frame(ctx);
    ret = t2v_stream_next(s->stream, &made, &error);
    if (ret == T2V_END)
        return end(outlink);
    if (ret < 0)
        return fail(ctx, &error);
    ret = make_frame(outlink, made, &frame);
    t2v_frame_release(&made);
    if (ret < 0)
        return ret;
    s->next++;
    s->handed_out = av_gettime_relative();
    return ff_filter_frame(outlink, frame);
}

/** Answers a command that the library refuses. */
static int refuse(AVFilterContext *ctx, const t2v_error *error, char *response, int response_size)
{
    if (response)
        av_strlcpy(response, error->text, response_size);
    return fail(ctx, error);
}

/** While the input passes there is no stream yet: the option is for the one to come. */
static int set_for_later(AVFilterContext *ctx, const char *command, const char *argument,
                         char *response, int response_size, int flags)
{
    T2VContext *s = ctx->priv;
    t2v_stream_params params;
    t2v_error error;
    uint8_t *before = NULL;
    int ret = av_opt_get(s, command, 0, &before);

    if (ret >= 0)
        ret = ff_filter_process_command(ctx, command, argument, response, response_size, flags);
    params = make_params(ctx);
    if (ret >= 0 && t2v_stream_params_check(s->model, &params, &error) < 0) {
        av_opt_set(s, command, (const char *)before, 0);
        ret = refuse(ctx, &error, response, response_size);
    }
    av_free(before);
    return ret;
}

/** sendcmd and zmq: a prompt acts at once, other options that may change from the next chunk on. */
static int process_command(AVFilterContext *ctx, const char *command, const char *argument,
                           char *response, int response_size, int flags)
{
    T2VContext *s = ctx->priv;
    t2v_error error;

    if (s->extend && !s->input_over)
        return set_for_later(ctx, command, argument, response, response_size, flags);
    if (s->stream && av_opt_find(s, command, NULL, AV_OPT_FLAG_RUNTIME_PARAM, 0) &&
        t2v_stream_set(s->stream, command, argument, &error) < 0)
        return refuse(ctx, &error, response, response_size);
    return ff_filter_process_command(ctx, command, argument, response, response_size, flags);
}

static const AVFilterPad outputs[] = {
    {
        .name = "default",
        .type = AVMEDIA_TYPE_VIDEO,
        .config_props = config_output,
    },
};

const T2V_FILTER ff_vsrc_t2vsrc = {
    T2V_PUBLIC(name) = "t2vsrc",
    T2V_PUBLIC(description) = NULL_IF_CONFIG_SMALL("Generate video from a text prompt."),
    T2V_PUBLIC(priv_class) = &t2vsrc_class,
    .priv_size = sizeof(T2VContext),
    .init = init,
    .uninit = uninit,
    .activate = activate,
    .process_command = process_command,
    T2V_PUBLIC(flags) = AVFILTER_FLAG_DYNAMIC_INPUTS,
    FILTER_OUTPUTS(outputs),
    FILTER_QUERY_FUNC(query_formats),
};
