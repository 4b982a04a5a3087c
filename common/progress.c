#include "common/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/amount.h"
#include "common/text.h"
#include "common/text_width.h"
#include "common/wrap.h"

#define TERMINAL_INTERVAL_SECONDS 0.1
#define LOG_INTERVAL_SECONDS 10.0
/* A stage that is over sooner draws nothing, which would only flicker. */
#define TERMINAL_DELAY_SECONDS 0.5
/* Rates are of about so long, and of a quarter of a long stage: steady, and soon true again. */
#define RATE_SECONDS 10.0

enum { BAR_LEAST = 8, BAR_MOST = 30 };

/* The process has one terminal.  A signal handler looks at whether there is a line on it. */
static volatile sig_atomic_t progress_is_drawn;
static bool progress_is_quiet;

double progress_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- messages ---- */

void progress_set_quiet(bool is_quiet)
{
    progress_is_quiet = is_quiet;
}

/* Names come into messages from everywhere; none of their bytes drives the terminal. */
static void progress_print_message(const char *program, const char *format, va_list arguments)
{
    char date[32] = "", name[64], *text = NULL, *escaped;
    size_t nbytes;

    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    nbytes = text ? 4 * strlen(text) + 1 : 1;
    escaped = malloc(nbytes);
    if (text && escaped)
        text_escape_line(escaped, nbytes, text);
    progress_wipe();
    if (!isatty(STDERR_FILENO)) {
        time_t now = time(NULL);
        struct tm parts;

        localtime_r(&now, &parts);
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S%z ", &parts);
    }
    /* Without memory there are the words at least. */
    wrap_format(stderr, 2, "%s%s: %s", date, text_escape_line(name, sizeof(name), program),
                text && escaped ? escaped : format);
    free(escaped);
    free(text);
}

void progress_message(const char *program, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    progress_print_message(program, format, arguments);
    va_end(arguments);
}

void progress_note(const char *program, const char *format, ...)
{
    va_list arguments;

    if (progress_is_quiet)
        return;
    va_start(arguments, format);
    progress_print_message(program, format, arguments);
    va_end(arguments);
}

/* ---- the terminal ---- */

/*
 * The cursor waits at the beginning of the line, and all from there to the end of the screen is
 * wiped: where a terminal that became narrower has wrapped the line, its other rows are below.
 */
static const char progress_wiping[] = "\r\033[J";

void progress_wipe(void)
{
    if (!progress_is_drawn)
        return;
    progress_is_drawn = false;
    fputs(progress_wiping, stderr);
    fflush(stderr);
}

/* A process that is interrupted leaves no half of a line under the prompt. */
static void progress_handle_end(int number)
{
    if (progress_is_drawn && write(STDERR_FILENO, progress_wiping, strlen(progress_wiping)) < 0)
        progress_is_drawn = false;
    signal(number, SIG_DFL);
    raise(number);
}

/* For programs that do not catch these signals to stop in good order. */
static void progress_catch_end(int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action = (struct sigaction){.sa_handler = progress_handle_end};
        sigaction(number, &action, NULL);
    }
}

static bool progress_has_terminal(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* In the background of a shell, the terminal is another's. */
static bool progress_is_in_foreground(void)
{
    pid_t group = tcgetpgrp(STDERR_FILENO);

    return group <= 0 || group == getpgrp(); /* 0: a group outside of this container */
}

static bool progress_shows_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8");
    }
    return false;
}

/* ---- figures ---- */

static double progress_rate(const struct progress *progress)
{
    return progress->rate_weight > 0 ? progress->rate / progress->rate_weight : 0;
}

/* Of two measured rates the newer counts by its share of the last RATE_SECONDS. */
static void progress_measure(struct progress *progress, uint64_t done, double now)
{
    double seconds = now - progress->last_seconds, elapsed = now - progress->start_seconds;
    double window = elapsed / 4 > RATE_SECONDS ? elapsed / 4 : RATE_SECONDS;
    double part = seconds / (seconds + window);

    if (done < progress->last_done)
        progress->last_done = done;
    progress->rate += part * ((double)(done - progress->last_done) / seconds - progress->rate);
    progress->rate_weight += part * (1 - progress->rate_weight);
    progress->last_done = done;
    progress->last_seconds = now;
}

/* The parts of a line; an empty one is left out. */
struct progress_parts {
    char percent[16];
    char count[48]; /* only where there are no percent */
    char rate[64], short_rate[AMOUNT_SIZE];
    char left[AMOUNT_SIZE + 8];
    char run[AMOUNT_SIZE + 16];
};

static void progress_format_run(const struct progress *progress, uint64_t done, double now,
                                struct progress_parts *parts)
{
    double seconds = progress->run_seconds + now - progress->start_seconds;
    uint64_t num_done = progress->run_done + done - progress->first_done;
    char text[AMOUNT_SIZE];

    if (progress->run_pending <= progress->total || done < progress->first_done || num_done == 0)
        return;
    text_format(
        parts->run, sizeof(parts->run), "run %s left",
        amount_time_left(text, sizeof(text),
                         (double)(progress->run_pending - done) * seconds / (double)num_done));
}

static void progress_format_parts(const struct progress *progress, uint64_t done, double now,
                                  struct progress_parts *parts)
{
    bool is_bytes = strcmp(progress->unit, "bytes") == 0;
    double rate = progress_rate(progress);
    char text[AMOUNT_SIZE];

    *parts = (struct progress_parts){{0}};
    if (is_bytes) {
        text_format(parts->short_rate, sizeof(parts->short_rate), "%s/s",
                    amount_nbytes(text, sizeof(text), rate));
        text_format(parts->rate, sizeof(parts->rate), "%s", parts->short_rate);
    } else {
        amount_rate(text, sizeof(text), rate);
        text_format(parts->short_rate, sizeof(parts->short_rate), "%s/s", text);
        text_format(parts->rate, sizeof(parts->rate), "%s %s/s", text, progress->unit);
    }
    if (progress->total == 0) {
        text_format(parts->count, sizeof(parts->count), "%s %s",
                    is_bytes ? amount_nbytes(text, sizeof(text), (double)done)
                             : text_group_digits(text, sizeof(text), done),
                    is_bytes ? "" : progress->unit);
        return;
    }
    /* Cut, not rounded: 100% is for what is done. */
    text_format(parts->percent, sizeof(parts->percent), "%d%%",
                done < progress->total ? (int)(100.0 * (double)done / (double)progress->total)
                                       : 100);
    if (rate > 0 && done < progress->total) {
        text_format(parts->left, sizeof(parts->left), "%s left",
                    amount_time_left(text, sizeof(text), (double)(progress->total - done) / rate));
        progress_format_run(progress, done, now, parts);
    }
}

/* ---- the line ---- */

enum {
    PART_LABEL = 1,
    PART_BAR = 2,
    PART_RATE = 4,
    PART_SHORT_RATE = 8,
    PART_LEFT = 16,
    PART_RUN = 32,
};

static void progress_add(char *buffer, size_t size, const char *text)
{
    size_t length = strlen(buffer);

    if (*text)
        text_format(buffer + length, size - length, "%s%s", length ? "  " : "", text);
}

static void progress_add_bar(char *buffer, size_t size, size_t width, double part)
{
    bool is_utf8 = progress_shows_utf8();
    size_t filled = (size_t)((double)width * part), length = strlen(buffer);

    for (size_t i = 0; i < width && length + 4 < size; i++, length = strlen(buffer))
        text_format(buffer + length, size - length, "%s%s",
                    i        ? ""
                    : length ? "  "
                             : "",
                    i < filled ? is_utf8 ? "\u2501" : "#"
                    : is_utf8  ? "\u2500"
                               : "-");
}

/* The parts that are chosen, but for the bar, which is put where it goes if it has a width. */
static void progress_join(const struct progress *progress, const struct progress_parts *parts,
                          unsigned chosen, const char *label, size_t bar_width, double part,
                          char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (chosen & PART_LABEL)
        progress_add(buffer, size, label);
    if (bar_width > 0)
        progress_add_bar(buffer, size, bar_width, part);
    /* Right-aligned, so that the bar and what follows stand still. */
    progress_add(buffer, size, progress->total ? TEXT("%4s", parts->percent) : parts->count);
    if (chosen & (PART_RATE | PART_SHORT_RATE))
        progress_add(buffer, size, chosen & PART_RATE ? parts->rate : parts->short_rate);
    if (chosen & PART_LEFT)
        progress_add(buffer, size, parts->left);
    if (chosen & PART_RUN)
        progress_add(buffer, size, parts->run);
}

const char *progress_format_line(const struct progress *progress, uint64_t done, double now,
                                 size_t columns, char *buffer, size_t size)
{
    /* What goes first stands last in each. */
    static const unsigned choices[] = {
        PART_LABEL | PART_BAR | PART_RATE | PART_LEFT | PART_RUN,
        PART_LABEL | PART_BAR | PART_SHORT_RATE | PART_LEFT | PART_RUN,
        PART_LABEL | PART_SHORT_RATE | PART_LEFT | PART_RUN,
        PART_LABEL | PART_LEFT | PART_RUN,
        PART_LABEL | PART_LEFT,
        PART_LABEL,
        0,
    };
    const size_t num_choices = sizeof(choices) / sizeof(*choices);
    double part = progress->total ? (double)done / (double)progress->total : 0;
    struct progress_parts parts;
    char label[sizeof(progress->what) + 4], line[512];

    progress_format_parts(progress, done, now, &parts);
    text_width_cut(label, sizeof(label), progress->what, columns / 2 > 12 ? columns / 2 : 12);
    for (size_t i = 0; i < num_choices; i++) {
        size_t width, bar = 0;

        progress_join(progress, &parts, choices[i], label, 0, part, line, sizeof(line));
        width = text_width(line);
        if (choices[i] & PART_BAR && progress->total) {
            bar = width + 2 + BAR_LEAST <= columns ? columns - width - 2 : 0;
            bar = bar < BAR_MOST ? bar : BAR_MOST;
        }
        if (width > columns || (choices[i] & PART_BAR && progress->total && bar == 0))
            continue;
        progress_join(progress, &parts, choices[i], label, bar, part < 1 ? part : 1, buffer, size);
        return buffer;
    }
    /* Not even the percents fit: what there is room for. */
    return text_format(buffer, size, "%.*s", (int)text_width_fit(line, columns), line);
}

static void progress_draw(const struct progress *progress, uint64_t done, double now)
{
    size_t columns = text_width_of_terminal(STDERR_FILENO);
    char line[512];

    if (!progress_is_in_foreground())
        return;
    progress_catch_end(SIGINT);
    progress_catch_end(SIGTERM);
    /* The last column stays free: some terminals go to the next line when it is filled. */
    progress_format_line(progress, done, now, columns - 1, line, sizeof(line));
    /* Not wrapped even by a terminal that has become narrower and has not said so yet. */
    fprintf(stderr, "%s\033[?7l%s\033[?7h\r", progress_wiping, line);
    progress_is_drawn = true;
    fflush(stderr);
}

/* ---- stages ---- */

struct progress progress_begin(const char *program, const char *what, const char *unit,
                               uint64_t total)
{
    double now = progress_seconds();
    struct progress progress = {.program = program ? program : program_invocation_short_name,
                                .unit = unit,
                                .total = total,
                                .is_terminal = progress_has_terminal(),
                                .is_silent = progress_is_quiet,
                                .start_seconds = now,
                                .last_seconds = now};

    text_format(progress.what, sizeof(progress.what), "%s", what);
    return progress;
}

void progress_skip(struct progress *progress, uint64_t done)
{
    progress->first_done = progress->last_done = done;
}

static void progress_log(const struct progress *progress, uint64_t done, double now)
{
    struct progress_parts parts;
    char count[32], total[32];
    const bool is_bytes = strcmp(progress->unit, "bytes") == 0;

    progress_format_parts(progress, done, now, &parts);
    if (progress->total == 0) {
        progress_message(progress->program, "%s: %s, %s", progress->what, parts.count,
                         parts.short_rate);
        return;
    }
    if (is_bytes) {
        amount_nbytes(count, sizeof(count), (double)done);
        amount_nbytes(total, sizeof(total), (double)progress->total);
    } else {
        text_group_digits(count, sizeof(count), done);
        text_group_digits(total, sizeof(total), progress->total);
    }
    progress_message(progress->program, "%s: %s of %s%s%s, %s, %s%s%s%s%s", progress->what, count,
                     total, is_bytes ? "" : " ", is_bytes ? "" : progress->unit, parts.percent,
                     parts.short_rate, parts.left[0] ? ", " : "", parts.left,
                     parts.run[0] ? ", " : "", parts.run);
}

void progress_update(struct progress *progress, uint64_t done)
{
    double now, interval = progress->is_terminal ? TERMINAL_INTERVAL_SECONDS : LOG_INTERVAL_SECONDS;

    if (progress->is_silent)
        return;
    now = progress_seconds();
    if (now - progress->last_seconds < interval ||
        (progress->is_terminal &&
         progress->run_seconds + now - progress->start_seconds < TERMINAL_DELAY_SECONDS))
        return;
    progress_measure(progress, done, now);
    if (progress->is_terminal)
        progress_draw(progress, done, now);
    else
        progress_log(progress, done, now);
}

void progress_clear(struct progress *progress)
{
    (void)progress;
    progress_wipe();
}
