#include "common/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TERMINAL_INTERVAL_SECONDS 0.1
#define LOG_INTERVAL_SECONDS 10.0

double progress_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void progress_print_prefix(const char *program)
{
    if (!isatty(STDERR_FILENO)) {
        char date[32];
        time_t now = time(NULL);
        struct tm parts;

        localtime_r(&now, &parts);
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S%z", &parts);
        fprintf(stderr, "%s ", date);
    }
    fprintf(stderr, "%s: ", program);
}

void progress_message(const char *program, const char *format, ...)
{
    va_list arguments;

    progress_print_prefix(program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

struct progress progress_begin(const char *program, const char *what, const char *unit,
                               uint64_t total)
{
    double now = progress_seconds();

    return (struct progress){.program = program,
                             .what = what,
                             .unit = unit,
                             .total = total,
                             .is_terminal = isatty(STDERR_FILENO),
                             .start_seconds = now,
                             .last_seconds = now};
}

static void progress_draw_bar(const struct progress *progress, uint64_t done, double rate)
{
    enum { WIDTH = 30 };
    int filled = progress->total ? (int)(WIDTH * done / progress->total) : WIDTH;
    char bar[WIDTH + 1];

    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < filled ? '#' : '-';
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r%s [%s] %" PRIu64 "/%" PRIu64 " %s, %.0f/s\033[K", progress->what, bar, done,
            progress->total, progress->unit, rate);
    fflush(stderr);
}

void progress_update(struct progress *progress, uint64_t done)
{
    double now = progress_seconds();
    double interval = progress->is_terminal ? TERMINAL_INTERVAL_SECONDS : LOG_INTERVAL_SECONDS;
    double rate;

    if (now - progress->last_seconds < interval)
        return;
    progress->last_seconds = now;
    rate = (double)done / (now - progress->start_seconds);
    if (progress->is_terminal) {
        progress_draw_bar(progress, done, rate);
        progress->is_drawn = true;
    } else {
        progress_message(progress->program, "%s: %" PRIu64 " of %" PRIu64 " %s, %.0f/s",
                         progress->what, done, progress->total, progress->unit, rate);
    }
}

void progress_clear(struct progress *progress)
{
    if (progress->is_drawn)
        fputs("\r\033[K", stderr);
    progress->is_drawn = false;
}
