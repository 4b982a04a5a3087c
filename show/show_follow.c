/* A run while it goes on: on a terminal one view that is drawn again in place, else lines. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/amount.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "show/show.h"
#include "show/show_runs.h"
#include "view/terminal/terminal_text.h"

enum {
    POLL_NANOSECONDS = 200000000,
    /* A run that is seen without quern-train in so many looks has ended: one that has just begun
     * takes its lock a moment after it is there. */
    LOOKS_UNTIL_ENDED = 6,
    CHART_ROWS_BESIDE = 6, /* of a chart: title, axis, labels, legend, and the empty line */
    MIN_CHART_ROWS = 4,
    MAX_CHART_ROWS = 12,
    GOOD_CHART_ROWS = 8,    /* of charts below each other; with less they are side by side ... */
    MIN_CHART_COLUMNS = 34, /* ... where each can have so many columns */
    CHART_GAP = 2,
};

struct follow {
    const char *directory;
    struct run_state state;
    FILE *stream;
    const struct terminal_wish *wish;
    struct terminal terminal;
    bool is_drawn_in_place;
    /* in place */
    size_t num_lines; /* of what is on the terminal */
    /* as lines */
    uint64_t last_epoch;
    uint64_t num_starts, num_warnings;
    bool is_waiting; /* and said so */
};

/* ---- lines ---- */

/* The log's time as other lines of quern have theirs; "-" where it has none. */
static void show_follow_begin_line(const struct follow *follow, const char *time)
{
    char escaped[64];

    fprintf(follow->stream, "%s ", text_escape(escaped, sizeof(escaped), *time ? time : "-"));
    text_print_escaped(follow->stream, follow->directory);
    fputs(": ", follow->stream);
}

static void show_follow_print_epoch(const struct follow *follow, const struct run_epoch *epoch)
{
    char duration[AMOUNT_SIZE], record[300];

    show_follow_begin_line(follow, epoch->time);
    fprintf(follow->stream, "epoch %s, %s\n",
            history_format_record(&epoch->record, record, sizeof(record)),
            amount_duration(duration, sizeof(duration), epoch->seconds));
}

/* Epochs up to end that are not printed yet. */
static void show_follow_print_epochs(struct follow *follow, uint64_t end)
{
    const struct run_state *state = &follow->state;

    for (size_t i = 0; i < state->count; i++) {
        uint64_t epoch = state->epochs[i].record.epoch;

        if (epoch > follow->last_epoch && epoch <= end) {
            show_follow_print_epoch(follow, &state->epochs[i]);
            follow->last_epoch = epoch;
        }
    }
}

/* What is new since the last call; a run that is taken up again repeats epochs. */
static void show_follow_print_new(struct follow *follow)
{
    const struct run_state *state = &follow->state;

    if (state->num_starts != follow->num_starts) {
        show_follow_print_epochs(follow, state->first_epoch);
        if (state->num_starts > 1) {
            show_follow_begin_line(follow, state->start_time);
            fprintf(follow->stream, "taken up again after epoch %" PRIu64 " of %" PRIu64 "\n",
                    state->first_epoch, state->num_asked);
        }
        follow->last_epoch = state->first_epoch;
        follow->num_starts = state->num_starts;
    }
    show_follow_print_epochs(follow, UINT64_MAX);
    if (state->num_warnings > follow->num_warnings) {
        show_follow_begin_line(follow, state->last_time);
        fputs("warning: ", follow->stream);
        text_print_escaped(follow->stream, state->warning);
        fputc('\n', follow->stream);
    }
    follow->num_warnings = state->num_warnings;
    fflush(follow->stream);
}

/* ---- in place ---- */

/* One line of the view, cut to the terminal. */
static void show_follow_line(FILE *frame, const struct terminal *terminal, const char *text)
{
    size_t columns = terminal->columns > 1 ? terminal->columns - 1 : 1;
    size_t size = TERMINAL_TEXT_SIZE(columns);
    char *line = malloc(size);

    if (line)
        fprintf(frame, "%s\n", terminal_text_cut(line, size, text, columns, terminal->is_utf8));
    free(line);
}

/* The lines of two charts beside each other, the right one from column on. */
static void show_follow_join(FILE *frame, const char *left, const char *right, size_t column)
{
    while (*left || *right) {
        size_t num_left = strcspn(left, "\n"), num_right = strcspn(right, "\n");

        /* Whatever stood between them is wiped. */
        fprintf(frame, "%.*s\033[K\033[%zuG%.*s\n", (int)num_left, left, column + 1, (int)num_right,
                right);
        left += num_left + (left[num_left] == '\n');
        right += num_right + (right[num_right] == '\n');
    }
}

/* The chart of losses or, of the others, of accuracies; *text is malloc'ed. */
static bool show_follow_chart(const struct follow *follow, const struct history *history,
                              bool is_loss, size_t rows, size_t columns, char **text,
                              struct error *error)
{
    static const enum history_figure losses[] = {HISTORY_TRAIN_LOSS, HISTORY_VALID_LOSS};
    static const enum history_figure accuracies[] = {HISTORY_VALID_ACCURACY};
    const struct history_chart chart = {.title = is_loss ? "loss" : "accuracy on the valid split",
                                        .rows = rows < MAX_CHART_ROWS ? rows : MAX_CHART_ROWS,
                                        .columns = columns};
    struct terminal terminal = follow->terminal;
    size_t nbytes;
    FILE *stream = open_memstream(text, &nbytes);
    bool ok = stream || error_set_memory(error, 1);

    if (columns > 0)
        terminal.columns = columns;
    ok = ok && history_print(stream, &terminal, &chart, history, 1, is_loss ? losses : accuracies,
                             is_loss ? 2 : 1, error);
    if (stream && fclose(stream) != 0)
        ok = error_set_memory(error, nbytes);
    return ok;
}

/* Below each other where each has enough rows so, else side by side where the terminal is wide. */
static bool show_follow_draw_charts(const struct follow *follow, FILE *frame,
                                    const struct history *history, size_t rows_left,
                                    struct error *error)
{
    /* The last column stays free, as in the lines above. */
    const size_t columns = follow->terminal.columns;
    const size_t half = columns > CHART_GAP + 1 ? (columns - CHART_GAP - 1) / 2 : 0;
    bool has_two = history_count(history, HISTORY_VALID_ACCURACY) > 1;
    bool is_below = rows_left >= 2 * (CHART_ROWS_BESIDE + GOOD_CHART_ROWS);
    bool is_beside = !is_below && half >= MIN_CHART_COLUMNS;
    char *texts[2] = {NULL, NULL};
    size_t rows;
    bool ok = true;

    has_two = has_two && (is_beside || rows_left >= 2 * (CHART_ROWS_BESIDE + MIN_CHART_ROWS));
    rows = rows_left / (has_two && !is_beside ? 2 : 1) - CHART_ROWS_BESIDE;
    for (size_t i = 0; i < (has_two ? 2 : 1) && ok; i++)
        ok = show_follow_chart(follow, history, i == 0, rows, has_two && is_beside ? half : 0,
                               &texts[i], error);
    if (ok && has_two && is_beside)
        show_follow_join(frame, texts[0], texts[1], half + CHART_GAP);
    else if (ok)
        fprintf(frame, "%s%s", texts[0], has_two ? texts[1] : "");
    free(texts[0]);
    free(texts[1]);
    return ok;
}

static bool show_follow_charts(const struct follow *follow, FILE *frame, size_t rows_left,
                               struct error *error)
{
    const struct run_state *state = &follow->state;
    struct history history = {.count = state->count};
    struct epoch_record *records = NULL;
    bool ok;

    if (state->count == 0 || rows_left < CHART_ROWS_BESIDE + MIN_CHART_ROWS)
        return true;
    ok = memory_allocate(&records, state->count, sizeof(*records), error);
    for (size_t i = 0; i < state->count && ok; i++)
        records[i] = state->epochs[i].record;
    history.records = records;
    ok = ok && show_follow_draw_charts(follow, frame, &history, rows_left, error);
    free(records);
    return ok;
}

static bool show_follow_compose(const struct follow *follow, FILE *frame, struct error *error)
{
    const struct terminal *terminal = &follow->terminal;
    const struct run_state *state = &follow->state;
    char text[1200], part[600];
    size_t num_rows = 1, rows = terminal->rows > 0 ? terminal->rows : 24;

    show_format_phase(state, part, sizeof(part));
    text_format(text, sizeof(text), "%.500s: %s", follow->directory,
                state->last_event[0] ? part : "waiting for quern-train to begin");
    terminal_set_bold(terminal, frame);
    show_follow_line(frame, terminal, text);
    terminal_set_plain(terminal, frame);
    if (state->count > 0) {
        show_follow_line(frame, terminal, show_format_speed(state, text, sizeof(text)));
        text_format(
            text, sizeof(text), "epoch %s",
            history_format_record(&state->epochs[state->count - 1].record, part, sizeof(part)));
        show_follow_line(frame, terminal, text);
        num_rows += 2;
    }
    if (state->num_warnings > 0) {
        show_follow_line(frame, terminal,
                         text_format(text, sizeof(text), "warning: %s", state->warning));
        num_rows++;
    }
    return show_follow_charts(follow, frame, rows > num_rows + 1 ? rows - num_rows - 1 : 0, error);
}

/*
 * Puts a view in place of the one before: up to its first line, each line with what was behind it
 * wiped, what was below it wiped.  After a change of size nobody knows where that line is, as
 * terminals wrap lines anew: then the whole screen is wiped.  No view is longer than the screen, so
 * that none of it has scrolled away.
 */
static void show_follow_draw(struct follow *follow, const char *frame, bool is_resized)
{
    size_t max_lines = follow->terminal.rows > 1 ? follow->terminal.rows - 1 : 23;
    const char *line = frame;

    if (is_resized)
        fputs("\033[H\033[2J", follow->stream);
    else if (follow->num_lines > 0)
        fprintf(follow->stream, "\r\033[%zuA", follow->num_lines);
    follow->num_lines = 0;
    while (*line && follow->num_lines < max_lines) {
        size_t length = strcspn(line, "\n");

        fwrite(line, 1, length, follow->stream);
        fputs("\033[K\n", follow->stream);
        follow->num_lines++;
        line += length + (line[length] == '\n');
    }
    fputs("\033[J", follow->stream);
    fflush(follow->stream);
}

static bool show_follow_redraw(struct follow *follow, bool is_resized, struct error *error)
{
    char *text = NULL;
    size_t nbytes;
    FILE *frame = open_memstream(&text, &nbytes);
    bool ok = frame || error_set_memory(error, 1);

    ok = ok && show_follow_compose(follow, frame, error);
    if (frame && fclose(frame) != 0)
        ok = error_set_memory(error, nbytes);
    if (ok)
        show_follow_draw(follow, text, is_resized);
    free(text);
    return ok;
}

/* ---- until it ends ---- */

static bool show_follow_look(struct follow *follow, bool is_first, bool *is_changed,
                             struct error *error)
{
    struct terminal before = follow->terminal;
    bool is_resized;

    if (!run_state_update(&follow->state, is_changed, error) ||
        !terminal_find(&follow->terminal, follow->wish, error))
        return false;
    is_resized = !is_first && (before.columns != follow->terminal.columns ||
                               before.rows != follow->terminal.rows);
    if (follow->is_drawn_in_place)
        return !(is_first || is_resized || *is_changed) ||
               show_follow_redraw(follow, is_resized, error);
    if (!follow->is_waiting && !follow->state.last_event[0]) {
        char escaped[1024];

        progress_note("quern-show", "waiting for %s/log.jsonl",
                      text_escape(escaped, sizeof(escaped), follow->directory));
        follow->is_waiting = true;
    }
    if (is_first || *is_changed)
        show_follow_print_new(follow);
    return true;
}

/* Has the run ended, as this look and those before it see it? */
static bool show_follow_has_ended(const struct run_state *state, unsigned *num_looks)
{
    enum run_phase phase = run_state_phase(state);

    if (phase == RUN_PHASE_STOPPED || phase == RUN_PHASE_BROKEN)
        (*num_looks)++;
    else
        *num_looks = 0;
    return phase == RUN_PHASE_FINISHED || *num_looks >= LOOKS_UNTIL_ENDED;
}

static bool show_follow_can_redraw(const struct terminal *terminal)
{
    const char *name = getenv("TERM");

    return terminal->is_terminal && name && *name && strcmp(name, "dumb") != 0;
}

bool show_follow_run(FILE *stream, const struct terminal_wish *wish, const char *directory,
                     struct error *error)
{
    const struct timespec pause = {.tv_nsec = POLL_NANOSECONDS};
    struct follow follow = {.directory = directory, .stream = stream, .wish = wish};
    unsigned num_looks = 0;
    bool is_changed, is_first = true, has_ended = false, ok;
    char text[600];

    signals_catch_stop();
    ok = terminal_find(&follow.terminal, wish, error) &&
         run_state_open(directory, &follow.state, error);
    follow.is_drawn_in_place = ok && show_follow_can_redraw(&follow.terminal);
    while (ok && !has_ended && !signals_stop_requested() && !ferror(stream)) {
        if (!is_first)
            nanosleep(&pause, NULL);
        ok = show_follow_look(&follow, is_first, &is_changed, error);
        has_ended = ok && show_follow_has_ended(&follow.state, &num_looks);
        is_first = false;
    }
    if (ok && has_ended && !follow.is_drawn_in_place) {
        show_follow_begin_line(&follow, follow.state.last_time);
        fprintf(stream, "%s\n", show_format_phase(&follow.state, text, sizeof(text)));
        fflush(stream);
    }
    if (signals_stop_requested() && follow.is_drawn_in_place)
        fputc('\n', stream); /* behind the ^C that the terminal shows */
    if (follow.state.log_path)
        run_state_close(&follow.state);
    return ok;
}

bool show_follow(const struct show *show, struct error *error)
{
    return show_follow_run(stdout, &show->options->terminal, show->options->operands[0], error);
}
