#include "train/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/memory.h"
#include "common/progress.h"
#include "formats/checkpoint.h"
#include "model/class_means.h"
#include "model/kernels.h"
#include "train/dataset.h"
#include "train/run_folder.h"
#include "train/run_log.h"
#include "train/train_config.h"
#include "train/trainer.h"

struct run {
    const struct train_options *options;
    const char *program;
    struct store *store;
    struct dataset train;
    struct dataset valid;
    struct model model;
    struct trainer trainer;       /* for models trained by gradients */
    struct checkpoint checkpoint; /* as of now; its tensors are the model's and the trainer's */
    struct run_log log;
    uint64_t first_epoch; /* done before this process */
};

/* ---- checkpoints ---- */

/* Lends the model's parameters and the trainer's state to the checkpoint. */
static void lend_tensors(struct run *run)
{
    const struct model *model = &run->model;
    struct checkpoint *checkpoint = &run->checkpoint;

    checkpoint->num_parameters = model->num_tensors;
    memcpy(checkpoint->parameters, model->tensors, model->num_tensors * sizeof(model->tensors[0]));
    if (!run->trainer.velocity)
        return;
    checkpoint->num_states = model->num_tensors;
    for (size_t i = 0; i < model->num_tensors; i++) {
        struct tensor *state = &checkpoint->states[i];

        *state = model->tensors[i];
        snprintf(state->name, sizeof(state->name), "momentum/%.54s", model->tensors[i].name);
        state->data = run->trainer.velocity + (model->tensors[i].data - model->parameters);
    }
}

static enum status add_record(struct checkpoint *checkpoint, const struct epoch_record *record,
                              struct error *error)
{
    size_t nbytes = (checkpoint->num_records + 1) * sizeof(*record);
    struct epoch_record *records = realloc(checkpoint->records, nbytes);

    if (!records)
        return error_set_memory(error, nbytes);
    checkpoint->records = records;
    records[checkpoint->num_records++] = *record;
    return STATUS_OK;
}

static enum status write_checkpoint(struct run *run, struct error *error)
{
    struct json *json;

    run->checkpoint.step = run->trainer.num_steps;
    if (run_folder_write(run->options->output, &run->checkpoint, run->options->keep, error) !=
        STATUS_OK)
        return error->status;
    json = run_log_begin(&run->log, "checkpoint", error);
    if (!json)
        return error->status;
    json_count(json, "epoch", run->checkpoint.epoch);
    json_count(json, "step", run->checkpoint.step);
    return run_log_end(&run->log, error);
}

/* Takes up where existing ends. */
static enum status resume_from(struct run *run, const struct checkpoint *existing,
                               struct error *error)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    const char *folder = run->options->output;
    enum status status = train_config_load_parameters(folder, existing->parameters,
                                                      existing->num_parameters, &run->model, error);

    if (status == STATUS_OK && existing->num_states != checkpoint->num_states)
        status = error_set(error, STATUS_DATA, ERROR_AT(.file = folder, .dataset = "/optimizer"),
                           "not the state of this optimizer");
    for (size_t i = 0; i < checkpoint->num_states && status == STATUS_OK; i++) {
        const struct tensor *mine = &checkpoint->states[i], *theirs = NULL;

        for (size_t k = 0; k < existing->num_states; k++)
            if (strcmp(existing->states[k].name, mine->name) == 0 &&
                tensor_num_elements(&existing->states[k]) == tensor_num_elements(mine))
                theirs = &existing->states[k];
        if (theirs)
            memcpy(mine->data, theirs->data, tensor_num_elements(mine) * sizeof(float));
        else
            status = error_set(error, STATUS_DATA, ERROR_AT(.file = folder, .dataset = mine->name),
                               "is missing from /optimizer or has another shape");
    }
    for (size_t i = 0; i < existing->num_records && status == STATUS_OK; i++)
        status = add_record(checkpoint, &existing->records[i], error);
    checkpoint->epoch = run->first_epoch = existing->epoch;
    run->trainer.num_steps = existing->step;
    return status;
}

/* ---- what people and programs read ---- */

static enum status log_start(struct run *run, char **command, struct error *error)
{
    const struct train_options *options = run->options;
    struct json *json = run_log_begin(&run->log, "start", error);
    struct utsname system;
    char value[128];

    if (!json)
        return error->status;
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
    json_count(json, "threads", options->threads);
    json_string(json, "kernels", run->model.kernels->name);
    json_string(json, "store", options->store_path);
    json_string(json, "fingerprint", store_fingerprint(run->store));
    json_count(json, "train_samples", run->train.num_rows);
    json_count(json, "valid_samples", run->valid.num_rows);
    json_count(json, "epochs", run->checkpoint.epochs);
    json_count(json, "epochs_done", run->first_epoch);
    json_begin_object(json, "config");
    for (size_t i = 0; i < run->checkpoint.config.count; i++) {
        const struct setting *setting = &run->checkpoint.config.items[i];

        if (setting->type == SETTING_COUNT)
            json_count(json, setting->name, setting->count);
        else if (setting->type == SETTING_REAL)
            json_real(json, setting->name, setting->real);
        else
            json_string(json, setting->name, setting_format(setting, value, sizeof(value)));
    }
    json_end_object(json);
    return run_log_end(&run->log, error);
}

static const char *format_figure(char buffer[16], double figure)
{
    return isnan(figure) ? "-" : text_format(buffer, 16, "%.6f", figure);
}

static void print_head(const struct run *run)
{
    char train[32], valid[32];

    printf("%s: %s training and %s validation images, %zu classes\n", run->options->store_path,
           text_group_digits(train, sizeof(train), run->train.num_rows),
           text_group_digits(valid, sizeof(valid), run->valid.num_rows),
           run->checkpoint.classes.count);
    printf("%9s  %10s  %10s  %14s  %8s  %9s\n", "epoch", "train loss", "valid loss",
           "valid accuracy", "seconds", "samples/s");
    fflush(stdout);
}

/* One line for people, one for programs. */
static enum status report_epoch(struct run *run, const struct epoch_record *record, double seconds,
                                struct error *error)
{
    double samples_per_second = (double)run->train.num_rows / seconds;
    char train_loss[16], valid_loss[16], valid_accuracy[16];
    struct json *json;

    printf("%9s  %10s  %10s  %14s  %8.3f  %9.0f\n",
           TEXT("%" PRIu64 "/%" PRIu64, record->epoch, run->checkpoint.epochs),
           format_figure(train_loss, record->train_loss),
           format_figure(valid_loss, record->valid_loss),
           format_figure(valid_accuracy, record->valid_accuracy), seconds, samples_per_second);
    fflush(stdout);
    json = run_log_begin(&run->log, "epoch", error);
    if (!json)
        return error->status;
    json_count(json, "epoch", record->epoch);
    json_real(json, "train_loss", record->train_loss);
    json_real(json, "valid_loss", record->valid_loss);
    json_real(json, "valid_accuracy", record->valid_accuracy);
    json_real(json, "learning_rate", record->learning_rate);
    json_real(json, "seconds", seconds);
    json_real(json, "samples_per_second", samples_per_second);
    return run_log_end(&run->log, error);
}

/* ---- the work ---- */

/* After an epoch's work: validates, reports, and writes a checkpoint when one is due. */
static enum status end_epoch(struct run *run, struct epoch_record record, double seconds,
                             struct error *error)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    struct validation validation;
    enum status status =
        validate(&run->model, &run->valid, (int)run->options->threads, &validation, error);

    if (status != STATUS_OK)
        return status;
    record.valid_loss = validation.loss;
    record.valid_accuracy = validation.accuracy;
    checkpoint->epoch = record.epoch;
    checkpoint->finished = record.epoch == checkpoint->epochs;
    status = add_record(checkpoint, &record, error);
    if (status == STATUS_OK)
        status = report_epoch(run, &record, seconds, error);
    if (status == STATUS_OK &&
        (checkpoint->finished || record.epoch % run->options->checkpoint_every == 0))
        status = write_checkpoint(run, error);
    return status;
}

static enum status train_epochs(struct run *run, struct error *error)
{
    uint64_t epochs = run->checkpoint.epochs;
    enum status status = STATUS_OK;

    if (run->first_epoch == 0)
        status = write_checkpoint(run, error);
    for (uint64_t epoch = run->first_epoch + 1; epoch <= epochs && status == STATUS_OK; epoch++) {
        struct progress progress =
            progress_begin(run->program, TEXT("epoch %" PRIu64 "/%" PRIu64, epoch, epochs),
                           "samples", run->train.num_rows);
        double start = progress_seconds();
        struct epoch_record record = {.epoch = epoch, .learning_rate = run->options->learning_rate};
        double seconds;

        record.train_loss = trainer_run_epoch(&run->trainer, epoch, &progress);
        seconds = progress_seconds() - start;
        progress_clear(&progress);
        if (!isfinite(record.train_loss))
            return error_set(error, STATUS_DATA, NULL,
                             "the training loss of epoch %" PRIu64
                             " is not finite: the learning rate %g is too large",
                             epoch, run->options->learning_rate);
        status = end_epoch(run, record, seconds, error);
    }
    return status;
}

static enum status fit(struct run *run, struct error *error)
{
    const struct dataset *train = &run->train;
    double start = progress_seconds();
    struct class_means means = {0};
    float *mean = NULL;
    enum status status =
        class_means_create(&means, run->model.spec.num_classes, train->row_nbytes, error);

    if (status == STATUS_OK)
        status = memory_allocate(&mean, means.num_classes * means.num_inputs, sizeof(*mean), error);
    if (status == STATUS_OK) {
        class_means_add(&means, train->pixels, train->labels, train->num_rows,
                        (int)run->options->threads);
        class_means_finish(&means, mean);
        model_fit_class_means(&run->model, mean);
        status = end_epoch(
            run, (struct epoch_record){.epoch = 1, .train_loss = NAN, .learning_rate = NAN},
            progress_seconds() - start, error);
    }
    free(mean);
    class_means_destroy(&means);
    return status;
}

/*
 * Decides what the checkpoints that are in the folder mean for this run.  *is_finished: there is
 * nothing left to do.
 */
static enum status take_up_folder(struct run *run, bool *is_finished, struct error *error)
{
    const struct train_options *options = run->options;
    struct checkpoint existing;
    bool found = false;
    enum status status;

    *is_finished = false;
    if (options->force)
        return options->dry_run ? STATUS_OK : run_folder_clear(options->output, error);
    status = run_folder_read_newest(run->program, options->output, &existing, &found, error);
    if (status != STATUS_OK || !found)
        return status;
    status = run_folder_compare(options->output, &existing, &run->checkpoint, error);
    if (status == STATUS_OK && existing.epoch >= run->checkpoint.epochs) {
        printf("%s: finished, %" PRIu64 " epochs are done: nothing to do\n", options->output,
               existing.epoch);
        *is_finished = true;
    } else if (status == STATUS_OK && options->resume) {
        status = resume_from(run, &existing, error);
        if (status == STATUS_OK)
            printf("%s: going on after epoch %" PRIu64 "\n", options->output, existing.epoch);
    } else if (status == STATUS_OK) {
        progress_message(run->program,
                         "%s holds %" PRIu64 " epochs of this run; starting over, to the same "
                         "bytes (--resume goes on instead)",
                         options->output, existing.epoch);
    }
    checkpoint_free(&existing);
    return status;
}

/* From the open store to a model, a trainer and a checkpoint that holds all that is known. */
static enum status prepare(struct run *run, struct error *error)
{
    const struct train_options *options = run->options;
    struct model_spec spec = train_config_model_spec(options, run->store);
    struct trainer_settings settings = train_config_trainer(options);
    enum status status = model_create(&spec, &run->model, error);

    if (status == STATUS_OK)
        status = train_config_init_model(options, run->store, &run->model, error);
    if (status == STATUS_OK)
        status = train_config_fill(options, run->store, &run->model, &run->checkpoint, error);
    if (status == STATUS_OK)
        status = dataset_load(&run->train, run->store, SPLIT_TRAIN, settings.num_threads, error);
    if (status == STATUS_OK)
        status = dataset_load(&run->valid, run->store, SPLIT_VALID, settings.num_threads, error);
    if (status == STATUS_OK && model_has_gradient(&run->model))
        status = trainer_create(&run->trainer, &settings, &run->model, &run->train, error);
    if (status == STATUS_OK)
        lend_tensors(run);
    return status;
}

static enum status log_end(struct run *run, double seconds, struct error *error)
{
    struct json *json = run_log_begin(&run->log, "end", error);

    if (!json)
        return error->status;
    json_count(json, "epoch", run->checkpoint.epoch);
    json_real(json, "seconds", seconds);
    return run_log_end(&run->log, error);
}

static enum status work(struct run *run, char **command, struct error *error)
{
    double start = progress_seconds();
    enum status status;

    status = run_log_open(&run->log, run->options->output, error);
    if (status == STATUS_OK)
        status = log_start(run, command, error);
    if (status != STATUS_OK)
        return status;
    print_head(run);
    status = model_has_gradient(&run->model) ? train_epochs(run, error) : fit(run, error);
    if (status == STATUS_OK)
        status = log_end(run, progress_seconds() - start, error);
    if (status == STATUS_OK)
        printf("wrote %s/epoch-%04" PRIu64 ".h5\n", run->options->output, run->checkpoint.epoch);
    return status;
}

enum status train_run(const struct train_options *options, const char *program, char **command,
                      struct error *error)
{
    struct run run = {.options = options, .program = program, .log.descriptor = -1};
    bool is_finished = false;
    enum status status = store_open(options->store_path, &run.store, error);

    if (status == STATUS_OK)
        status = prepare(&run, error);
    if (status == STATUS_OK && !options->dry_run)
        status = run_folder_make(options->output, error);
    if (status == STATUS_OK)
        status = take_up_folder(&run, &is_finished, error);
    if (status == STATUS_OK && !is_finished && options->dry_run)
        printf("%s: would train epochs %" PRIu64 " to %" PRIu64 " of %s on %s\n", options->output,
               run.first_epoch + 1, run.checkpoint.epochs, model_kind_names[options->model],
               options->store_path);
    else if (status == STATUS_OK && !is_finished)
        status = work(&run, command, error);

    run_log_close(&run.log);
    /* The checkpoint's tensors are the model's; only its lists are its own. */
    run.checkpoint.num_parameters = run.checkpoint.num_states = 0;
    checkpoint_free(&run.checkpoint);
    trainer_destroy(&run.trainer);
    model_destroy(&run.model);
    dataset_free(&run.valid);
    dataset_free(&run.train);
    store_close(run.store);
    return status;
}
