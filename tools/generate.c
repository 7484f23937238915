/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `t2v generate`: a prompt to y4m. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "command.h"
#include "dump.h"
#include "flags.h"
#include "media/pixel_format.h"
#include "media/y4m.h"
#include "monitor.h"
#include "ranks.h"
#include "video.h"

/* What the command line asks for beside the library's options. */
typedef struct request {
    video_flags video;
    const char *model, *format, *dump, *output;
    bool raw, quiet, verbose;
} request;

/* A running command. */
typedef struct job {
    request request;
    flags flags;
    t2v_model *model;
    t2v_model_params model_params;
    t2v_stream_params params;
    t2v_stream *stream;
    t2v_log_level log_level;
    const t2v_ranks *ranks; /* NULL: this process is alone */
    FILE *file;             /* NULL: only a dump is wanted */
    t2v_y4m *y4m;
    dump *dump;
    bool cut_off; /* the reader of the video has gone */
    t2v_error error;
} job;

static const char USAGE[] = "t2v generate --prompt TEXT -o OUT.y4m [OPTION …]\n\n"
                            "Frames are written as YUV4MPEG2; -o - writes to standard output:\n"
                            "  t2v generate --prompt \"blue waves\" -o - | ffmpeg -i - waves.mp4";

/* ------------------------------------------------------------------ the command line */

/* A name that asks for a container is FFmpeg's work. */
static bool is_container(const char *path)
{
    static const char *const names[] = {".mp4", ".mkv",  ".mov", ".webm", ".avi", ".ts",
                                        ".flv", ".m3u8", ".gif", ".m4v",  ".mpg"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcasecmp(dot, names[i]))
            return true;
    return false;
}

/* Found before hours of work rather than after. */
static bool is_writable(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    struct stat there;
    if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
        errno = EISDIR;
        return false;
    }
    if (slash)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
    return access(folder, W_OK) == 0;
}

static bool check_output(const job *j)
{
    const request *r = &j->request;
    if (!r->output && !r->dump) {
        complain("-o is missing: where shall the video go? (-o - is standard output)");
        return false;
    }
    if (r->output && is_container(r->output)) {
        complain("%s asks for a container, which is FFmpeg's work:\n"
                 "  t2v generate … -o - | ffmpeg -i - %s",
                 r->output, r->output);
        return false;
    }
    if (r->dump && !is_writable(r->dump)) {
        complain("--dump: %s cannot be written: %s", r->dump, strerror(errno));
        return false;
    }
    /* mpirun reads what its processes write through a terminal of its own */
    if (r->output && !strcmp(r->output, "-") && isatty(STDOUT_FILENO) && !j->ranks) {
        complain("-o - would write a video to the terminal; pipe it into a program");
        return false;
    }
    return true;
}

/* Of several processes the first alone writes and reports. */
static bool is_first(const job *j)
{
    return !j->ranks || j->ranks->rank == 0;
}

/* ------------------------------------------------------------------ running */

/* Both return the exit status; EXIT_DONE: so far all is well. */
static int open_model(job *j)
{
    j->model_params = t2v_model_params_default();
    j->log_level = j->request.quiet || !is_first(j) ? T2V_LOG_ERROR
                   : j->request.verbose             ? T2V_LOG_DEBUG
                                                    : T2V_LOG_INFO;
    j->model_params.log = log_to_stderr;
    j->model_params.log_opaque = &j->log_level;
    if (!flags_apply(&j->flags, 0, &j->model_params))
        return EXIT_USAGE;
    return t2v_model_open(j->request.model, &j->model_params, &j->model, &j->error) < 0
               ? complain("%s", j->error.text)
               : EXIT_DONE;
}

static int open_stream(job *j)
{
    const request *r = &j->request;
    j->params = t2v_stream_params_default(j->model);
    if (!video_flags_apply(&r->video, &j->flags, r->dump, &j->params))
        return EXIT_USAGE;
    j->params.ranks = j->ranks;
    if (r->dump && is_first(j)) {
        if (j->params.frames < 0) {
            complain("--dump: a video without end has no dump; give --frames or --duration");
            return EXIT_USAGE;
        }
        j->dump = dump_create(r->dump, j->params.frames, j->params.height, j->params.width);
        j->params.tap = dump_tap;
        j->params.tap_opaque = j->dump;
    }
    return t2v_stream_create(j->model, &j->params, &j->stream, &j->error) < 0
               ? complain("%s", j->error.text)
               : EXIT_DONE;
}

/* y4m has no transparency that programs read. */
static t2v_status check_alpha(job *j, t2v_pixel_format format)
{
    const t2v_pixel_format_info *info = t2v_pixel_format_get_info(format);
    if (!strcmp(j->params.alpha, "none") || (j->request.raw && info->alpha))
        return T2V_OK;
    return t2v_fail(&j->error, T2V_ERROR_ARGUMENT,
                    "--alpha: %s has no transparency; wanted --raw and --pixel-format rgba, "
                    "yuva420p or another with alpha",
                    j->request.raw ? info->name : "y4m");
}

static t2v_status open_output(job *j)
{
    const request *r = &j->request;
    t2v_model_info info;
    if (!r->output || !is_first(j))
        return T2V_OK;
    t2v_model_get_info(j->model, &info);
    const t2v_y4m_params params = {
        .width = j->params.width,
        .height = j->params.height,
        .rate_num = j->params.rate_num,
        .rate_den = j->params.rate_den,
        .format = r->format ? t2v_pixel_format_from_name(r->format) : T2V_PIXEL_YUV420P,
        .raw = r->raw,
        .model = info.name,
        .seed = t2v_stream_seed(j->stream),
    };
    if (params.format == T2V_PIXEL_FORMATS) {
        return t2v_fail(&j->error, T2V_ERROR_ARGUMENT,
                        "--pixel-format: \"%s\" is unknown; yuv420p, yuv422p, yuv444p and their "
                        "10-bit forms (yuv420p10le …) can be written, and rgb24, rgba, yuva420p "
                        "… with --raw",
                        r->format);
    }
    t2v_status status = check_alpha(j, params.format);
    if (status < 0)
        return status;
    j->file = strcmp(r->output, "-") ? fopen(r->output, "wb") : stdout;
    if (!j->file) {
        return t2v_fail(&j->error, T2V_ERROR_IO, "%s: cannot be written: %s", r->output,
                        strerror(errno));
    }
    return t2v_y4m_open(j->file, r->output, &params, &j->y4m, &j->error);
}

/* Remembers that the reader has gone: to the stream that is an end as any other. */
static t2v_status note_reader(job *j, t2v_status status)
{
    j->cut_off = j->cut_off || status == T2V_END;
    return status;
}

static t2v_status put_frame(job *j, const t2v_frame *frame)
{
    if (j->dump) {
        t2v_status status = dump_frame(j->dump, frame, &j->error);
        if (status < 0)
            return status;
    }
    if (!j->y4m)
        return T2V_OK;
    t2v_status status = t2v_frame_write(frame, t2v_y4m_picture(j->y4m), &j->error);
    return status < 0 ? status : t2v_y4m_write(j->y4m, &j->error);
}

static t2v_status pump(job *j)
{
    t2v_frame *frame;
    t2v_status status;
    while ((status = t2v_stream_next(j->stream, &frame, &j->error)) == T2V_OK) {
        status = note_reader(j, put_frame(j, frame));
        t2v_frame_release(&frame);
        if (status < 0)
            break;
    }
    return status;
}

static int run(job *j)
{
    int code = open_model(j);
    if (code == EXIT_DONE)
        code = open_stream(j);
    if (code != EXIT_DONE)
        return code;
    monitor *monitor = monitor_start(j->stream, !j->request.quiet && is_first(j));
    t2v_status status = note_reader(j, open_output(j));
    if (status == T2V_OK)
        status = pump(j);
    if (status == T2V_END && j->dump)
        status = dump_finish(j->dump, &j->error) < 0 ? j->error.status : T2V_END;
    monitor_stop(&monitor);
    if (status == T2V_INTERRUPTED)
        return 130; /* as a shell reports an end by SIGINT */
    return status == T2V_END ? EXIT_DONE : complain("%s", j->error.text);
}

static int finish(job *j, int code)
{
    t2v_y4m_close(&j->y4m);
    if (j->file && j->file != stdout && fclose(j->file) && code == EXIT_DONE)
        code = complain("%s: writing failed", j->request.output);
    t2v_stream_destroy(&j->stream);
    dump_destroy(&j->dump);
    t2v_model_close(&j->model);
    return code;
}

int command_generate(int argc, char **argv)
{
    job j = {0};
    request *r = &j.request;
    const flag own[] = {
        {"model", "PATH", "diffusers folder, file or manifest; without it, the embedded model",
         &r->model, NULL},
        {"o", "FILE", "y4m file, or - for standard output", &r->output, NULL},
        VIDEO_FLAGS(&r->video),
        {"pixel-format", "NAME",
         "yuv420p (default), yuv422p, yuv444p, or their 10-bit forms; with --raw also nv12, gbrp, "
         "rgb24, rgba, yuva420p, yuva444p …",
         &r->format, NULL},
        {"raw", NULL, "write pixels alone, without y4m's headers", NULL, &r->raw},
        {"dump", "FILE", "safetensors file with the intermediate tensors", &r->dump, NULL},
        {"quiet", NULL, "errors only", NULL, &r->quiet},
        {"verbose", NULL, "everything the library says", NULL, &r->verbose},
        {0},
    };
    bool help;
    j.flags = (flags){.own = own, .table = {t2v_model_options(), t2v_stream_options()}};
    if (!flags_read(&j.flags, argc, argv, &help))
        return EXIT_USAGE;
    if (help) {
        flags_help(&j.flags, USAGE);
        return EXIT_DONE;
    }
    if (j.flags.operand) {
        complain("\"%s\" is no flag; did you mean --prompt?", j.flags.operand);
        return EXIT_USAGE;
    }
    if (!ranks_join(&j.ranks))
        return EXIT_FAILED;
    if (is_first(&j) && !check_output(&j))
        return ranks_leave(j.ranks, EXIT_USAGE, false);
    signal(SIGPIPE, SIG_IGN);
    const int code = finish(&j, run(&j));
    return ranks_leave(j.ranks, code, !j.cut_off);
}
