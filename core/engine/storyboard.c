/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/storyboard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

enum { MAX_BYTES = 1 << 20, MAX_PROMPT = 1 << 16, MAX_SHOTS = 10000, MAX_HOURS = 9999 };

/* A piece of the file. */
typedef struct span {
    const char *at, *end;
} span;

typedef struct parser {
    const char *name;
    int line; /* at hand, from 1 */
    t2v_error *error;
    t2v_storyboard board;
    size_t capacity;
    bool plain; /* the file is one prompt */
} parser;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static span trim(span s)
{
    while (s.at < s.end && is_space(*s.at))
        s.at++;
    while (s.at < s.end && is_space(s.end[-1]))
        s.end--;
    return s;
}

/* The first word, which is taken off. */
static span take_word(span *s)
{
    span word = {s->at, s->at};
    while (word.end < s->end && !is_space(*word.end))
        word.end++;
    *s = trim((span){word.end, s->end});
    return word;
}

static int length(span s)
{
    return (int)(s.end - s.at);
}

/* ------------------------------------------------------------------ times */

/* Whether a word is meant as a time: digits, colons and a point, and a colon among them. */
static bool looks_like_time(span word)
{
    bool colon = false;
    for (const char *c = word.at; c < word.end; c++) {
        if (!is_digit(*c) && *c != ':' && *c != '.')
            return false;
        colon = colon || *c == ':';
    }
    return colon && is_digit(*word.at);
}

/* Digits at *at; -1: none, or above `most`. */
static int take_number(const char **at, const char *end, int most)
{
    const char *start = *at;
    int number = 0;
    for (; *at < end && is_digit(**at); ++*at) {
        number = 10 * number + (**at - '0');
        if (number > most)
            return -1;
    }
    return *at > start ? number : -1;
}

/* ".5" as 0.5 */
static double take_fraction(const char **at, const char *end)
{
    double fraction = 0, unit = 0.1;
    if (*at == end || **at != '.')
        return 0;
    for (++*at; *at < end && is_digit(**at); ++*at, unit /= 10)
        fraction += unit * (**at - '0');
    return fraction;
}

/* [hours:]minutes:seconds[.fraction], seconds with two digits. */
static bool parse_time(span word, double *seconds)
{
    int part[3] = {0}, count = 0;
    const char *at = word.at;
    for (;;) {
        const char *start = at;
        part[count] = take_number(&at, word.end, count ? 59 : MAX_HOURS);
        if (part[count] < 0 || (count && at - start != 2))
            return false;
        count++;
        if (count == 3 || at == word.end || *at != ':')
            break;
        at++;
    }
    if (count < 2)
        return false;
    *seconds = count == 3 ? 3600.0 * part[0] + 60.0 * part[1] + part[2] : 60.0 * part[0] + part[1];
    *seconds += take_fraction(&at, word.end);
    return at == word.end;
}

/* ------------------------------------------------------------------ shots */

static t2v_status add_shot(parser *p, const t2v_shot *shot, span prompt)
{
    t2v_storyboard *b = &p->board;
    if (b->count == MAX_SHOTS)
        return t2v_fail(p->error, T2V_ERROR_FORMAT, "%s:%d: more than %d shots", p->name, p->line,
                        MAX_SHOTS);
    if (b->count == p->capacity) {
        const size_t capacity = p->capacity ? 2 * p->capacity : 16;
        t2v_shot *shots = t2v_calloc(capacity, sizeof(*shots));
        if (!shots)
            return t2v_fail_memory(p->error, p->name, capacity * sizeof(*shots));
        if (b->count)
            memcpy(shots, b->shots, b->count * sizeof(*shots));
        t2v_free(b->shots);
        b->shots = shots;
        p->capacity = capacity;
    }
    t2v_shot *added = &b->shots[b->count];
    *added = *shot;
    added->prompt = t2v_calloc((size_t)(prompt.end - prompt.at) + 1, 1);
    if (!added->prompt)
        return t2v_fail_memory(p->error, p->name, (size_t)(prompt.end - prompt.at));
    memcpy(added->prompt, prompt.at, (size_t)(prompt.end - prompt.at));
    b->count++;
    return T2V_OK;
}

static bool begins_with(span s, const char *key, span *value)
{
    const size_t bytes = strlen(key);
    if ((size_t)(s.end - s.at) < bytes || memcmp(s.at, key, bytes))
        return false;
    *value = (span){s.at + bytes, s.end};
    return true;
}

static bool parse_seed(span value, int64_t *seed)
{
    *seed = 0;
    for (const char *c = value.at; c < value.end; c++)
        if (!is_digit(*c) || __builtin_mul_overflow(*seed, 10, seed) ||
            __builtin_add_overflow(*seed, *c - '0', seed))
            return false;
    return value.at < value.end;
}

static t2v_status parse_setting(parser *p, span word, t2v_shot *shot)
{
    span value;
    if (begins_with(word, "transition=", &value)) {
        shot->transition = t2v_transition_from_name(value.at, (size_t)(value.end - value.at));
        if (shot->transition == T2V_TRANSITIONS)
            return t2v_fail(p->error, T2V_ERROR_FORMAT,
                            "%s:%d: transition \"%.*s\" is unknown; wanted morph, cut or fade",
                            p->name, p->line, length(value), value.at);
        return T2V_OK;
    }
    if (begins_with(word, "seed=", &value)) {
        if (!parse_seed(value, &shot->seed))
            return t2v_fail(p->error, T2V_ERROR_FORMAT,
                            "%s:%d: seed \"%.*s\" is no number from 0 to %lld", p->name, p->line,
                            length(value), value.at, (long long)INT64_MAX);
        return T2V_OK;
    }
    return t2v_fail(p->error, T2V_ERROR_FORMAT,
                    "%s:%d: \"%.*s\" behind \"|\" is unknown; wanted transition=morph|cut|fade or "
                    "seed=NUMBER",
                    p->name, p->line, length(word), word.at);
}

/* Splits "prompt | settings". The values of a setting hold no '|'. */
static t2v_status parse_settings(parser *p, span *line, t2v_shot *shot)
{
    const char *bar = memrchr(line->at, '|', (size_t)(line->end - line->at));
    if (!bar)
        return T2V_OK;
    span settings = trim((span){bar + 1, line->end});
    *line = trim((span){line->at, bar});
    do
        T2V_TRY(parse_setting(p, take_word(&settings), shot));
    while (settings.at < settings.end);
    return T2V_OK;
}

static t2v_status check_time(const parser *p, span word, double seconds)
{
    const t2v_storyboard *b = &p->board;
    if (b->count && seconds <= b->shots[b->count - 1].seconds)
        return t2v_fail(p->error, T2V_ERROR_FORMAT,
                        "%s:%d: %.*s is not after the time of the line before", p->name, p->line,
                        length(word), word.at);
    return T2V_OK;
}

static t2v_status parse_shot(parser *p, span line)
{
    t2v_shot shot = {.transition = T2V_TRANSITIONS, .seed = -1};
    const span word = take_word(&line);
    if (!looks_like_time(word))
        return t2v_fail(p->error, T2V_ERROR_FORMAT,
                        "%s:%d: \"%.*s\" is no time; wanted one such as 0:12 or 1:00:12.5, and "
                        "then a prompt",
                        p->name, p->line, length(word), word.at);
    if (!parse_time(word, &shot.seconds))
        return t2v_fail(p->error, T2V_ERROR_FORMAT,
                        "%s:%d: %.*s is no time; wanted [hours:]minutes:seconds, each after the "
                        "first with two digits below 60",
                        p->name, p->line, length(word), word.at);
    T2V_TRY(check_time(p, word, shot.seconds));
    T2V_TRY(parse_settings(p, &line, &shot));
    if (line.at == line.end)
        return t2v_fail(p->error, T2V_ERROR_FORMAT, "%s:%d: there is no prompt", p->name, p->line);
    return add_shot(p, &shot, line);
}

/* ------------------------------------------------------------------ one prompt */

/* One more line of a prompt. */
static t2v_status extend_prompt(parser *p, span line)
{
    const t2v_shot shot = {.transition = T2V_TRANSITIONS, .seed = -1};
    const size_t more = (size_t)(line.end - line.at);
    span first = line;
    double seconds;
    if (parse_time(take_word(&first), &seconds))
        return t2v_fail(p->error, T2V_ERROR_FORMAT,
                        "%s:%d: a time, but the file's first line has none", p->name, p->line);
    if (!p->board.count)
        return add_shot(p, &shot, line);
    char **prompt = &p->board.shots[0].prompt;
    const size_t before = strlen(*prompt);
    if (before + more > MAX_PROMPT)
        return t2v_fail(p->error, T2V_ERROR_FORMAT, "%s:%d: more than %d bytes are no prompt",
                        p->name, p->line, MAX_PROMPT);
    char *longer = t2v_calloc(before + 1 + more + 1, 1);
    if (!longer)
        return t2v_fail_memory(p->error, p->name, before + more);
    memcpy(longer, *prompt, before);
    longer[before] = ' ';
    memcpy(longer + before + 1, line.at, more);
    t2v_free(*prompt);
    *prompt = longer;
    return T2V_OK;
}

/* ------------------------------------------------------------------ the file */

static t2v_status parse_line(parser *p, span line)
{
    span rest = line = trim(line);
    if (line.at == line.end || *line.at == '#')
        return T2V_OK;
    if (!p->board.count)
        p->plain = !looks_like_time(take_word(&rest));
    return p->plain ? extend_prompt(p, line) : parse_shot(p, line);
}

static t2v_status parse_lines(parser *p, span text)
{
    while (text.at < text.end) {
        const char *end = memchr(text.at, '\n', (size_t)(text.end - text.at));
        const span line = {text.at, end ? end : text.end};
        p->line++;
        T2V_TRY(parse_line(p, line));
        text.at = end ? end + 1 : text.end;
    }
    if (!p->board.count)
        return t2v_fail(p->error, T2V_ERROR_FORMAT, "%s: there is no prompt in it", p->name);
    return T2V_OK;
}

t2v_status t2v_storyboard_parse(const char *name, const char *text, size_t bytes,
                                t2v_storyboard *board, t2v_error *error)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as some editors write it */
    parser p = {.name = name, .error = error};
    span all = {text, text + bytes}, rest;
    if (memchr(text, 0, bytes) || !t2v_utf8_valid(text, bytes))
        return t2v_fail(error, T2V_ERROR_FORMAT, "%s: the text is not UTF-8", name);
    if (begins_with(all, mark, &rest))
        all = rest;
    t2v_status status = parse_lines(&p, all);
    if (status < 0) {
        t2v_storyboard_free(&p.board);
        return status;
    }
    t2v_storyboard_free(board);
    *board = p.board;
    return T2V_OK;
}

static t2v_status parse_file(const char *path, FILE *file, t2v_storyboard *board, t2v_error *error)
{
    char *text = t2v_alloc(MAX_BYTES + 1);
    if (!text)
        return t2v_fail_memory(error, path, MAX_BYTES);
    t2v_status status;
    const size_t bytes = fread(text, 1, MAX_BYTES + 1, file);
    if (ferror(file))
        status = t2v_fail(error, T2V_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    else if (bytes > MAX_BYTES)
        status = t2v_fail(error, T2V_ERROR_FORMAT, "%s: more than %d bytes are no prompts", path,
                          MAX_BYTES);
    else
        status = t2v_storyboard_parse(path, text, bytes, board, error);
    t2v_free(text);
    return status;
}

t2v_status t2v_storyboard_read(const char *path, t2v_storyboard *board, t2v_error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return t2v_fail(error, errno == ENOENT ? T2V_ERROR_NOT_FOUND : T2V_ERROR_IO,
                        "prompt_file: %s: cannot be opened: %s", path, strerror(errno));
    t2v_status status = parse_file(path, file, board, error);
    fclose(file);
    return status;
}

void t2v_storyboard_free(t2v_storyboard *board)
{
    for (size_t i = 0; i < board->count; i++)
        t2v_free(board->shots[i].prompt);
    t2v_free(board->shots);
    *board = (t2v_storyboard){0};
}
