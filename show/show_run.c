/* A run's directory: how it stands, then its newest checkpoint. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/amount.h"
#include "common/file.h"
#include "common/text.h"
#include "show/show.h"
#include "show/show_fields.h"
#include "show/show_runs.h"

const char *show_format_phase(const struct run_state *state, char *text, size_t size)
{
    enum run_phase phase = run_state_phase(state);
    uint64_t epoch = state->count > 0 ? state->epochs[state->count - 1].record.epoch : 0;
    const char *name = run_phase_name(phase);

    switch (phase) {
    case RUN_PHASE_NONE:
        return text_format(text, size, "%s", name);
    case RUN_PHASE_RUNNING:
        return text_format(text, size, "%s, %" PRIu64 " of %" PRIu64 " epochs done%s", name, epoch,
                           state->num_asked,
                           state->is_lock_known ? "" : " (by its log: locks cannot tell here)");
    case RUN_PHASE_STOPPED:
        return text_format(text, size,
                           "%s by %.20s after %" PRIu64 " of %" PRIu64
                           " epochs: the same command with --resume goes on",
                           name, state->signal[0] ? state->signal : "a signal", epoch,
                           state->num_asked);
    case RUN_PHASE_FINISHED:
        return text_format(text, size, "%s after %" PRIu64 " of %" PRIu64 " epochs", name, epoch,
                           state->num_asked);
    default:
        return text_format(text, size,
                           "%s after %" PRIu64 " of %" PRIu64
                           " epochs, without a word: the same command "
                           "with --resume goes on",
                           name, epoch, state->num_asked);
    }
}

const char *show_format_speed(const struct run_state *state, char *text, size_t size)
{
    char duration[AMOUNT_SIZE], rate[AMOUNT_SIZE], left[AMOUNT_SIZE], rest[80] = "";
    double seconds = run_state_epoch_seconds(state);
    const struct run_epoch *last = state->count > 0 ? &state->epochs[state->count - 1] : NULL;

    if (!last || !isfinite(seconds))
        return text_format(text, size, "%s", "");
    if (run_state_phase(state) == RUN_PHASE_RUNNING && state->num_asked > last->record.epoch)
        text_format(rest, sizeof(rest), "about %s left, ",
                    amount_time_left(left, sizeof(left),
                                     seconds * (double)(state->num_asked - last->record.epoch)));
    return text_format(text, size, "%s%s an epoch, %s samples/s", rest,
                       amount_duration(duration, sizeof(duration), seconds),
                       amount_rate(rate, sizeof(rate), last->samples_per_second));
}

/* What quern-train leaves when it stops inside an epoch. */
static bool show_run_has_interrupted(const char *directory)
{
    char *path = NULL;
    bool is_there;

    if (asprintf(&path, "%s/interrupted.h5", directory) < 0)
        return false;
    is_there = file_exists(path);
    free(path);
    return is_there;
}

static void show_run_state(FILE *stream, const struct terminal *terminal,
                           const struct run_record *run)
{
    const struct run_state *state = &run->state;
    char text[600], duration[AMOUNT_SIZE], escaped[AMOUNT_SIZE];

    terminal_set_bold(terminal, stream);
    text_print_escaped(stream, run->path);
    terminal_set_plain(terminal, stream);
    fprintf(stream, ": run directory\n");
    if (!state->last_event[0]) {
        show_print_field(stream, terminal, "state", "unknown: there is no log.jsonl");
        return;
    }
    show_print_field(stream, terminal, "state", show_format_phase(state, text, sizeof(text)));
    if (*show_format_speed(state, text, sizeof(text))) {
        show_print_field(stream, terminal, "speed", text);
        show_print_field(stream, terminal, "time",
                         text_format(text, sizeof(text), "%s for the epochs of its log",
                                     amount_duration(duration, sizeof(duration),
                                                     run_state_total_seconds(state))));
    }
    show_print_field(stream, terminal, "last event",
                     text_format(text, sizeof(text), "%s at %s", state->last_event,
                                 text_format(escaped, sizeof(escaped), "%s", state->last_time)));
    if (show_run_has_interrupted(run->path))
        show_print_field(stream, terminal, "interrupted.h5",
                         "the run was stopped inside an epoch, and goes on from there");
    if (state->num_starts > 1)
        show_print_field(
            stream, terminal, "taken up again",
            text_format(text, sizeof(text), "%" PRIu64 " times", state->num_starts - 1));
    if (state->num_warnings > 0)
        show_print_field(stream, terminal, "warnings",
                         text_format(text, sizeof(text), "%" PRIu64 ", the last: %s",
                                     state->num_warnings, state->warning));
    if (state->num_unreadable > 0)
        show_print_field(stream, terminal, "log.jsonl",
                         text_format(text, sizeof(text), "%" PRIu64 " lines are not readable",
                                     state->num_unreadable));
}

/* A run without a checkpoint has its log alone. */
static bool show_run_log(FILE *stream, const struct terminal *terminal,
                         const struct run_record *run, struct error *error)
{
    const struct history history = {.count = run->count, .records = run->records};
    const struct history_chart chart = {.rows = 10};

    fprintf(stream, "\nno checkpoint yet\n");
    return history_print_records(stream, terminal, run->records, run->count, MONITOR_VALID_LOSS,
                                 run->state.num_valid, error) &&
           history_print_run(stream, terminal, &chart, &history, error);
}

bool show_print_run(FILE *stream, const struct terminal *terminal, const struct run_record *run,
                    struct error *error)
{
    show_run_state(stream, terminal, run);
    if (!run->file.path)
        return show_run_log(stream, terminal, run, error);
    fputc('\n', stream);
    return show_print_checkpoint(stream, terminal, run->file.path, &run->file.checkpoint,
                                 run->state.num_valid, error);
}

bool show_training(const struct show *show, struct error *error)
{
    const char *path = show->options->operands[0];
    struct run_record run;
    bool ok = run_record_read(path, true, &run, error);

    model_file_print_choice(&run.file, "quern-show", path);
    if (ok)
        ok = run.is_directory ? show_print_run(stdout, &show->terminal, &run, error)
                              : show_print_checkpoint(stdout, &show->terminal, run.file.path,
                                                      &run.file.checkpoint, 0, error);
    run_record_close(&run);
    return ok;
}
