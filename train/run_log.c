/* RUN_DIR/log.jsonl and stdout: what happened when, where and how.  All that may differ between
 * equal runs (times, hosts, threads, paths) is here and not in checkpoints. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "common/amount.h"
#include "common/file.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "common/text_width.h"
#include "formats/file/atomic_file.h"
#include "metrics/interval.h"
#include "model/kernels/kernels.h"
#include "train/run.h"
#include "train/train_defaults.h"

/* No event is longer, not even a start with a long command. */
enum { MAX_LINE_NBYTES = 4 << 20 };

/* ---- the file ---- */

/* Reads what follows the last newline into *text [*nbytes], which the caller frees. */
static bool run_log_read_torn(const struct run_log *log, uint64_t file_nbytes, char **text,
                              size_t *nbytes, struct error *error)
{
    size_t count = file_nbytes < MAX_LINE_NBYTES ? (size_t)file_nbytes : MAX_LINE_NBYTES;
    char *newline;

    *text = malloc(count + 1);
    if (!*text)
        return error_set_memory(error, count + 1);
    if (!file_read_at(log->descriptor, log->path, *text, count, file_nbytes - count, error))
        return false;
    newline = memrchr(*text, '\n', count);
    if (!newline && count < file_nbytes)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = log->path),
                         "ends in a longer line than quern-train writes: move this file away");
    *nbytes = newline ? (size_t)(*text + count - newline - 1) : count;
    memmove(*text, *text + count - *nbytes, *nbytes);
    (*text)[*nbytes] = '\0';
    return true;
}

/* Every line is one object: a torn last line becomes a string in one. */
static bool run_log_repair(struct run_log *log, uint64_t file_nbytes, struct error *error)
{
    char *torn = NULL;
    size_t nbytes = 0;
    bool ok = run_log_read_torn(log, file_nbytes, &torn, &nbytes, error);

    if (ok && nbytes > 0) {
        struct json *json = run_log_begin(log, "torn", error);

        ok = json && file_truncate(log->descriptor, log->path, file_nbytes - nbytes, error);
        if (ok) {
            json_string(json, "text", torn);
            ok = run_log_end(log, error);
        }
    }
    free(torn);
    return ok;
}

bool run_log_open(struct run_log *log, const char *directory, struct error *error)
{
    uint64_t nbytes = 0;

    *log = (struct run_log){.descriptor = -1};
    if (asprintf(&log->path, "%s/log.jsonl", directory) < 0) {
        log->path = NULL;
        return error_set_memory(error, strlen(directory) + 16);
    }
    log->descriptor = file_open_appending(log->path, error);
    return log->descriptor >= 0 &&
           atomic_file_lock(log->descriptor, directory,
                            "another quern-train is at work in this directory", error) &&
           file_size(log->descriptor, log->path, &nbytes, error) &&
           (nbytes == 0 || run_log_repair(log, nbytes, error));
}

void run_log_close(struct run_log *log)
{
    if (log->stream)
        fclose(log->stream);
    file_close(&log->descriptor);
    free(log->line);
    free(log->path);
    *log = (struct run_log){.descriptor = -1};
}

struct json *run_log_begin(struct run_log *log, const char *event, struct error *error)
{
    char date[32];
    struct timespec now;
    struct tm parts;

    log->stream = open_memstream(&log->line, &log->line_nbytes);
    if (!log->stream) {
        error_set_memory(error, 1);
        return NULL;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
    log->json = (struct json){.stream = log->stream};
    json_begin_object(&log->json, NULL);
    json_string(&log->json, "event", event);
    json_string(&log->json, "time", TEXT("%s.%03ldZ", date, now.tv_nsec / 1000000));
    return &log->json;
}

bool run_log_end(struct run_log *log, struct error *error)
{
    bool ok;

    json_end_object(&log->json);
    fputc('\n', log->stream);
    ok = fclose(log->stream) == 0 || error_set_memory(error, log->line_nbytes);
    log->stream = NULL;
    ok = ok && file_write(log->descriptor, log->path, log->line, log->line_nbytes, error);
    free(log->line);
    log->line = NULL;
    return ok;
}

/* ---- events ---- */

/* NULL for a rank that does not log. */
static struct json *run_event_begin(struct run *run, const char *event)
{
    struct error error = {0};

    return run->log_is_broken || !run_leads(run) ? NULL : run_log_begin(&run->log, event, &error);
}

static void run_event_end(struct run *run)
{
    struct error error = {0};

    if (run_log_end(&run->log, &error))
        return;
    error_print(&error, run->program, stderr);
    progress_message(run->program, "going on without the log");
    run->log_is_broken = true;
}

static void run_event_add_config(struct json *json, const struct settings *config)
{
    char value[128];

    json_begin_object(json, "config");
    for (size_t i = 0; i < config->count; i++) {
        const struct setting *setting = &config->items[i];

        if (setting->type == SETTING_COUNT)
            json_count(json, setting->name, setting->count);
        else if (setting->type == SETTING_REAL)
            json_real(json, setting->name, setting->real);
        else
            json_string(json, setting->name, setting_format(setting, value, sizeof(value)));
    }
    json_end_object(json);
}

/* How far the run is, which ends most events. */
static void run_event_add_progress(struct json *json, const struct run *run)
{
    json_count(json, "epoch", run->checkpoint.epoch);
    json_count(json, "step", run->checkpoint.step);
    json_count(json, "batch", run->checkpoint.batch);
}

void run_report_start(struct run *run, char **command)
{
    struct json *json = run_event_begin(run, "start");
    struct utsname system;

    if (!json)
        return;
    json_string(json, "version", QUERN_VERSION);
    json_begin_array(json, "command");
    for (; *command; command++)
        json_string(json, NULL, *command);
    json_end_array(json);
    if (uname(&system) == 0) {
        json_string(json, "host", system.nodename);
        json_string(json, "system",
                    TEXT("%s %s %s", system.sysname, system.release, system.machine));
    }
    json_count(json, "threads", run->options->threads);
    json_string(json, "threads_rule", run->options->threads_rule);
    json_count(json, "ranks", run->ranks->count);
    json_string(json, "kernels", run->model.kernels->name);
    json_string(json, "store", run->options->store_path);
    json_string(json, "fingerprint", store_fingerprint(run->store));
    json_count(json, "train_samples", run->train.dataset.num_rows);
    json_count(json, "valid_samples", run->valid.dataset.num_rows);
    json_bool(json, "train_in_memory", !run->train.dataset.stream);
    json_bool(json, "valid_in_memory", !run->valid.dataset.stream);
    json_count(json, "epochs", run->checkpoint.epochs);
    json_count(json, "epochs_done", run->first_epoch);
    json_count(json, "batches_done", run->checkpoint.batch);
    run_event_add_config(json, &run->checkpoint.config);
    run_event_end(run);
}

void run_report_defaults(const struct run *run)
{
    const struct train_options *options = run->options;

    if (!run_leads(run) || options->recipe == RECIPE_LESSON || !model_has_gradient(&run->model))
        return;
    printf("chosen:");
    train_defaults_print(options, run->config.layers, stdout);
    printf("\n");
}

/* ---- the table of epochs ---- */

enum {
    COLUMN_EPOCH,
    COLUMN_TRAIN_LOSS,
    COLUMN_VALID_LOSS,
    COLUMN_ACCURACY,
    COLUMN_TIME,
    COLUMN_RATE,
    NUM_COLUMNS
};
enum { TABLE_FIGURE = 40 };

static const int epoch_widths[NUM_COLUMNS] = {9, 10, 10, 14, 12, 9};
static const char *const epoch_heads[NUM_COLUMNS] = {"epoch",          "train loss", "valid loss",
                                                     "valid accuracy", "time",       "samples/s"};

/* On a terminal that is too narrow for all columns these go, one after the other. */
static const int epoch_columns_to_drop[] = {COLUMN_RATE, COLUMN_TIME, COLUMN_TRAIN_LOSS,
                                            COLUMN_VALID_LOSS};

/* One bit for each column that there is room for: all, where stdout is no terminal. */
static unsigned run_choose_columns(void)
{
    unsigned columns = (1u << NUM_COLUMNS) - 1;
    size_t room = text_width_of_terminal(STDOUT_FILENO), width = 0;

    for (size_t i = 0; i < NUM_COLUMNS; i++)
        width += (size_t)epoch_widths[i] + (i > 0 ? 2 : 0);
    for (size_t i = 0; room > 0 && width > room && i < sizeof(epoch_columns_to_drop) / sizeof(int);
         i++) {
        columns &= ~(1u << epoch_columns_to_drop[i]);
        width -= (size_t)epoch_widths[epoch_columns_to_drop[i]] + 2;
    }
    return columns;
}

static void run_print_row(const char *const cells[NUM_COLUMNS], unsigned columns)
{
    const char *gap = "";

    progress_wipe();
    for (size_t i = 0; i < NUM_COLUMNS; i++) {
        if (columns & 1u << i) {
            printf("%s%*s", gap, epoch_widths[i], cells[i]);
            gap = "  ";
        }
    }
    putchar('\n');
    fflush(stdout);
}

/* A row below a head of the same columns, which a terminal of another width has anew. */
static void run_print_epoch(struct run *run, const char *const cells[NUM_COLUMNS])
{
    unsigned columns = run_choose_columns();

    if (columns != run->table_columns)
        run_print_row(epoch_heads, columns);
    run->table_columns = columns;
    run_print_row(cells, columns);
}

static const char *run_format_figure(char buffer[TABLE_FIGURE], double figure)
{
    if (isnan(figure))
        return "-";
    /* Six places while they fit into the column and say something. */
    return text_format(buffer, TABLE_FIGURE,
                       figure < 999.9999995 && (figure >= 5e-6 || figure == 0) ? "%.6f" : "%.4g",
                       figure);
}

void run_report_head(struct run *run)
{
    char train[32], valid[32];

    if (!run_leads(run))
        return;
    text_print_escaped(stdout, run->options->store_path);
    printf(": %s training and %s validation images, %zu classes\n",
           text_group_digits(train, sizeof(train), run->train.dataset.num_rows),
           text_group_digits(valid, sizeof(valid), run->valid.dataset.num_rows),
           run->checkpoint.classes.count);
    run_report_defaults(run);
    run->table_columns = run_choose_columns();
    run_print_row(epoch_heads, run->table_columns);
}

void run_report_epoch(struct run *run, const struct epoch_record *record, double seconds)
{
    double samples_per_second = (double)run->train.dataset.num_rows / seconds;
    char texts[NUM_COLUMNS][TABLE_FIGURE];
    const char *const cells[NUM_COLUMNS] = {
        text_format(texts[COLUMN_EPOCH], TABLE_FIGURE, "%" PRIu64 "/%" PRIu64, record->epoch,
                    run->checkpoint.epochs),
        run_format_figure(texts[COLUMN_TRAIN_LOSS], record->train_loss),
        run_format_figure(texts[COLUMN_VALID_LOSS], record->valid_loss),
        run_format_figure(texts[COLUMN_ACCURACY], record->valid_accuracy),
        amount_duration(texts[COLUMN_TIME], TABLE_FIGURE, seconds),
        amount_rate(texts[COLUMN_RATE], TABLE_FIGURE, samples_per_second)};
    struct json *json;

    if (!run_leads(run))
        return;
    run_print_epoch(run, cells);
    json = run_event_begin(run, "epoch");
    if (!json)
        return;
    json_count(json, "epoch", record->epoch);
    json_real(json, "train_loss", record->train_loss);
    json_real(json, "valid_loss", record->valid_loss);
    json_real(json, "valid_accuracy", record->valid_accuracy);
    json_real(json, "learning_rate", record->learning_rate);
    json_real(json, "seconds", seconds);
    json_real(json, "samples_per_second", samples_per_second);
    run_event_end(run);
}

void run_report_checkpoint(struct run *run)
{
    struct json *json = run_event_begin(run, "checkpoint");

    if (!json)
        return;
    run_event_add_progress(json, run);
    run_event_end(run);
}

void run_report_stop(struct run *run, int signal_number)
{
    struct json *json = run_event_begin(run, "stop");

    if (!json)
        return;
    run_event_add_progress(json, run);
    json_string(json, "signal", signals_name(signal_number));
    run_event_end(run);
}

void run_report_warning(struct run *run, const char *text)
{
    struct json *json = run_event_begin(run, "warning");

    if (run_leads(run))
        progress_message(run->program, "warning: %s", text);
    if (!json)
        return;
    run_event_add_progress(json, run);
    json_string(json, "text", text);
    run_event_end(run);
}

/* "valid accuracy of the last epoch 0.9872 (95 % interval 0.9848-0.9892)", where it has one. */
static void run_report_accuracy(const struct run *run, const struct epoch_record *record,
                                const char *which)
{
    uint64_t num_samples = run->valid.dataset.num_rows;
    struct interval interval;

    if (isnan(record->valid_accuracy) || num_samples == 0)
        return;
    interval = interval_of_proportion(
        (uint64_t)llround(record->valid_accuracy * (double)num_samples), num_samples);
    printf("valid accuracy of the %s epoch: %.4f (95 %% interval %.4f-%.4f)\n", which,
           record->valid_accuracy, interval.low, interval.high);
}

/* What the run has come to: of the last epoch and, where that is another, of the best. */
static void run_report_accuracies(const struct run *run, const struct epoch_record *best)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    const struct epoch_record *last;

    if (checkpoint->num_records == 0)
        return;
    last = &checkpoint->records[checkpoint->num_records - 1];
    run_report_accuracy(run, last, "last");
    if (best && best != last)
        run_report_accuracy(run, best, "best");
}

void run_report_end(struct run *run, double seconds)
{
    const struct epoch_record *best;
    struct json *json = run_event_begin(run, "end");

    if (json) {
        run_event_add_progress(json, run);
        json_real(json, "seconds", seconds);
        if (run->ranks->count > 1) {
            json_count(json, "messages", run->ranks->num_messages);
            json_count(json, "message_bytes", run->ranks->num_bytes);
        }
        run_event_end(run);
    }
    if (!run_leads(run))
        return;
    best = best_find(run->checkpoint.records, run->checkpoint.num_records, run->options->monitor);
    if (!model_has_gradient(&run->model))
        best = NULL;
    run_report_accuracies(run, best);
    fputs("wrote ", stdout);
    text_print_escaped(stdout, run->options->output);
    printf("/epoch-%04" PRIu64 ".h5", run->checkpoint.epoch);
    if (best) {
        printf("; the best by %s is epoch %" PRIu64 ", ", monitor_names[run->options->monitor],
               best->epoch);
        text_print_escaped(stdout, run->options->output);
        fputs("/" MODEL_FILE_BEST, stdout);
    }
    printf("\n");
    if (run->checkpoint.epoch < run->checkpoint.epochs)
        printf("stopped %" PRIu64 " epochs after the best (--patience)\n", run->options->patience);
}
