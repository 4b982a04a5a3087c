#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "model/kernels/kernels.h"
#include "train/run.h"

static struct json *begin(struct run *run, const char *event)
{
    struct error error = {0};

    return run->log_is_broken || !run_leads(run) ? NULL : run_log_begin(&run->log, event, &error);
}

static void end(struct run *run)
{
    struct error error = {0};

    if (run_log_end(&run->log, &error))
        return;
    error_print(&error, run->program, stderr);
    progress_message(run->program, "going on without the log");
    run->log_is_broken = true;
}

static void add_config(struct json *json, const struct settings *config)
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

void report_start(struct run *run, char **command)
{
    struct json *json = begin(run, "start");
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
    json_count(json, "batches_done", run->trainer.batch);
    add_config(json, &run->checkpoint.config);
    end(run);
}

void report_head(const struct run *run)
{
    char train[32], valid[32];

    if (!run_leads(run))
        return;
    printf("%s: %s training and %s validation images, %zu classes\n", run->options->store_path,
           text_group_digits(train, sizeof(train), run->train.dataset.num_rows),
           text_group_digits(valid, sizeof(valid), run->valid.dataset.num_rows),
           run->checkpoint.classes.count);
    printf("%9s  %10s  %10s  %14s  %8s  %9s\n", "epoch", "train loss", "valid loss",
           "valid accuracy", "seconds", "samples/s");
    fflush(stdout);
}

static const char *format_figure(char buffer[16], double figure)
{
    return isnan(figure) ? "-" : text_format(buffer, 16, "%.6f", figure);
}

void report_epoch(struct run *run, const struct epoch_record *record, double seconds)
{
    double samples_per_second = (double)run->train.dataset.num_rows / seconds;
    char train_loss[16], valid_loss[16], valid_accuracy[16];
    struct json *json;

    if (!run_leads(run))
        return;
    printf("%9s  %10s  %10s  %14s  %8.3f  %9.0f\n",
           TEXT("%" PRIu64 "/%" PRIu64, record->epoch, run->checkpoint.epochs),
           format_figure(train_loss, record->train_loss),
           format_figure(valid_loss, record->valid_loss),
           format_figure(valid_accuracy, record->valid_accuracy), seconds, samples_per_second);
    fflush(stdout);
    json = begin(run, "epoch");
    if (!json)
        return;
    json_count(json, "epoch", record->epoch);
    json_real(json, "train_loss", record->train_loss);
    json_real(json, "valid_loss", record->valid_loss);
    json_real(json, "valid_accuracy", record->valid_accuracy);
    json_real(json, "learning_rate", record->learning_rate);
    json_real(json, "seconds", seconds);
    json_real(json, "samples_per_second", samples_per_second);
    end(run);
}

/* How far the run is, which ends most events. */
static void add_progress(struct json *json, const struct run *run)
{
    json_count(json, "epoch", run->checkpoint.epoch);
    json_count(json, "step", run->trainer.num_steps);
    json_count(json, "batch", run->trainer.batch);
}

void report_checkpoint(struct run *run)
{
    struct json *json = begin(run, "checkpoint");

    if (!json)
        return;
    add_progress(json, run);
    end(run);
}

void report_stop(struct run *run, int signal_number)
{
    struct json *json = begin(run, "stop");

    if (!json)
        return;
    add_progress(json, run);
    json_string(json, "signal", signals_name(signal_number));
    end(run);
}

void report_end(struct run *run, double seconds)
{
    struct json *json = begin(run, "end");

    if (json) {
        add_progress(json, run);
        json_real(json, "seconds", seconds);
        if (run->ranks->count > 1) {
            json_count(json, "messages", run->ranks->num_messages);
            json_count(json, "message_bytes", run->ranks->num_bytes);
        }
        end(run);
    }
    if (run_leads(run))
        printf("wrote %s/epoch-%04" PRIu64 ".h5\n", run->options->output, run->checkpoint.epoch);
}
