/* The directory of one training run: checkpoints found, compared, written, pruned. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/progress.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"
#include "train/run.h"

/* What was saved inside an epoch, or between two. */
#define INTERRUPTED "interrupted.h5"

/* ---- files ---- */

/* ".epoch-NNNN.h5.*.partial", ".interrupted.h5.*.partial" and ".best.h5.*.partial" */
static bool run_directory_is_temporary(const char *name)
{
    static const char suffix[] = ".partial";
    size_t length = strlen(name), suffix_length = sizeof(suffix) - 1;

    return (strncmp(name, ".epoch-", 7) == 0 || strncmp(name, ".interrupted.h5.", 16) == 0 ||
            strncmp(name, "." MODEL_FILE_BEST ".", sizeof(MODEL_FILE_BEST) + 1) == 0) &&
           length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

bool run_directory_remove_temporaries(const char *directory, struct error *error)
{
    struct text_list names = {0};
    bool ok = file_list_directory(directory, &names, error);

    for (size_t i = 0; i < names.count && ok; i++) {
        char *path = NULL;

        if (!run_directory_is_temporary(names.items[i]))
            continue;
        if (asprintf(&path, "%s/%s", directory, names.items[i]) < 0)
            ok = error_set_memory(error, strlen(directory) + strlen(names.items[i]) + 2);
        else
            ok = file_remove(path, error);
        free(path);
    }
    text_list_free(&names);
    return ok;
}

static char *run_directory_path(const char *directory, const char *name, struct error *error)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) >= 0)
        return path;
    error_set_memory(error, strlen(directory) + strlen(name) + 2);
    return NULL;
}

static void run_directory_report_skipped(const char *program, const struct text_list *skipped)
{
    char escaped[1024];

    for (size_t i = 0; i < skipped->count; i++)
        progress_message(program, "warning: skipped %s",
                         text_escape(escaped, sizeof(escaped), skipped->items[i]));
}

/* Takes interrupted.h5 instead of the newest epoch's, if it is further. */
static bool run_directory_consider_interrupted(const char *program, const char *directory,
                                               struct run_newest *newest, struct error *error)
{
    char *path = run_directory_path(directory, INTERRUPTED, error);
    struct model_file interrupted = {0}, epoch = newest->file;
    bool ok = path != NULL;

    newest->has_interrupted = path && file_exists(path);
    if (newest->has_interrupted)
        ok = model_file_read_undamaged(path, &interrupted, error);
    run_directory_report_skipped(program, &interrupted.skipped);
    if (ok && interrupted.path) {
        newest->interrupted_step = interrupted.checkpoint.step;
        newest->is_interrupted = !epoch.path || newest->interrupted_step > epoch.checkpoint.step;
    }
    if (newest->is_interrupted)
        newest->file = interrupted;
    model_file_close(newest->is_interrupted ? &epoch : &interrupted);
    free(path);
    return ok;
}

bool run_directory_read_newest(const char *program, const char *directory,
                               struct run_newest *newest, struct error *error)
{
    size_t num_found;
    bool ok;

    *newest = (struct run_newest){0};
    ok = model_file_read_newest(directory, &newest->file, &num_found, error);
    run_directory_report_skipped(program, &newest->file.skipped);
    ok = ok && run_directory_consider_interrupted(program, directory, newest, error);
    if (ok && !newest->file.path && (num_found > 0 || newest->has_interrupted))
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = directory),
                       "holds checkpoints, but none that is whole; --force removes them and "
                       "starts anew");
    return ok;
}

/* The way from a run that is to stay as it is. */
static const char *run_directory_ways(const char *directory, char *text, size_t size)
{
    return text_format(text, size,
                       "--init-from %s --output NEW starts another run from what this one learnt; "
                       "--force removes its checkpoints and starts anew",
                       directory);
}

bool run_directory_compare(const char *directory, const struct checkpoint *existing,
                           const struct checkpoint *current, struct error *error)
{
    /* When a run ends, and what is called its best, say nothing of what its epochs compute. */
    static const char *const free_to_change[] = {"monitor", "patience", NULL};
    char existing_value[128], current_value[128], ways[700];
    const char *name = settings_first_difference(&existing->config, &current->config,
                                                 free_to_change, existing_value, current_value);
    bool is_same_store = strcmp(existing->store_fingerprint, current->store_fingerprint) == 0 &&
                         text_list_equal(&existing->classes, &current->classes);

    run_directory_ways(directory, ways, sizeof(ways));
    if (!is_same_store)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = directory),
                         "holds a run on another store: this run has fingerprint %s, you asked for "
                         "%s (%s)",
                         existing->store_fingerprint, current->store_fingerprint, ways);
    if (name)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = directory),
                         "holds a run of another configuration, which differs in %s: this run has "
                         "%s, you asked for %s (%s%s)",
                         name, existing_value, current_value,
                         strcmp(name, "epochs") == 0
                             ? "its --schedule depends on them, as all do but constant; "
                             : "",
                         ways);
    return true;
}

static bool run_directory_remove_epoch(const char *directory, uint64_t epoch, struct error *error)
{
    char *path = checkpoint_folder_path(directory, epoch, error);
    bool ok = path && file_remove(path, error);

    free(path);
    return ok;
}

bool run_directory_prune(const char *directory, uint64_t epoch, uint64_t keep, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = keep == 0 || checkpoint_folder_list(directory, &list, error);

    for (size_t i = 0; i + keep < list.count && ok; i++)
        if (list.epochs[i] < epoch)
            ok = run_directory_remove_epoch(directory, list.epochs[i], error);
    checkpoint_folder_free(&list);
    return ok;
}

bool run_directory_write_epoch(const char *directory, const struct checkpoint *checkpoint,
                               struct error *error)
{
    char *path = checkpoint_folder_path(directory, checkpoint->epoch, error);
    bool ok = path && checkpoint_write(path, checkpoint, true, error);

    free(path);
    return ok;
}

static bool run_directory_write(const char *directory, const char *name,
                                const struct checkpoint *checkpoint, struct error *error)
{
    char *path = run_directory_path(directory, name, error);
    bool ok = path && checkpoint_write(path, checkpoint, true, error);

    free(path);
    return ok;
}

bool run_directory_write_interrupted(const char *directory, const struct checkpoint *checkpoint,
                                     struct error *error)
{
    return run_directory_write(directory, INTERRUPTED, checkpoint, error);
}

static bool run_directory_remove(const char *directory, const char *name, struct error *error)
{
    char *path = run_directory_path(directory, name, error);
    bool ok = path && file_remove(path, error);

    free(path);
    return ok;
}

bool run_directory_remove_interrupted(const char *directory, struct error *error)
{
    return run_directory_remove(directory, INTERRUPTED, error);
}

bool run_directory_clear(const char *directory, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = checkpoint_folder_list(directory, &list, error);

    for (size_t i = 0; i < list.count && ok; i++)
        ok = run_directory_remove_epoch(directory, list.epochs[i], error);
    checkpoint_folder_free(&list);
    return ok && run_directory_remove_interrupted(directory, error) &&
           run_directory_remove(directory, MODEL_FILE_BEST, error);
}

/* ---- the state of a run ---- */

/* Values [count] that lie as the model's parameters do, under a name before each tensor's. */
static void run_lend_states(struct run *run, const char *name, float *values, size_t count)
{
    const struct model *model = &run->model;
    struct checkpoint *checkpoint = &run->checkpoint;

    for (size_t i = 0; i < model->num_tensors; i++) {
        size_t offset = (size_t)(model->tensors[i].data - model->parameters);
        struct tensor *state;

        if (offset >= count)
            continue;
        state = &checkpoint->states[checkpoint->num_states++];
        *state = model->tensors[i];
        snprintf(state->name, sizeof(state->name), "%s/%.48s", name, model->tensors[i].name);
        state->data = values + offset;
    }
}

void run_lend_tensors(struct run *run)
{
    const struct model *model = &run->model;
    const struct update *update = &run->trainer.update;
    struct checkpoint *checkpoint = &run->checkpoint;

    checkpoint->num_parameters = model->num_tensors;
    memcpy(checkpoint->parameters, model->tensors, model->num_tensors * sizeof(model->tensors[0]));
    checkpoint->num_states = 0;
    for (size_t k = 0; k < update->num_states; k++)
        run_lend_states(run, optimizer_state_name(&update->settings.optimizer, k),
                        update->states[k], model->num_trained_parameters);
    if (update->average)
        run_lend_states(run, "average", update->average, model->num_parameters);
}

bool run_add_record(struct checkpoint *checkpoint, const struct epoch_record *record,
                    struct error *error)
{
    size_t nbytes = (checkpoint->num_records + 1) * sizeof(*record);
    struct epoch_record *records = realloc(checkpoint->records, nbytes);

    if (!records)
        return error_set_memory(error, nbytes);
    checkpoint->records = records;
    records[checkpoint->num_records++] = *record;
    return true;
}

static bool run_resume_states(struct run *run, const struct checkpoint *existing,
                              struct error *error)
{
    const char *directory = run->options->output;
    struct checkpoint *checkpoint = &run->checkpoint;

    if (existing->num_states != checkpoint->num_states)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = directory, .dataset = "/optimizer"),
                         "not the state of this optimizer");
    for (size_t i = 0; i < checkpoint->num_states; i++) {
        const struct tensor *mine = &checkpoint->states[i], *theirs = NULL;

        for (size_t k = 0; k < existing->num_states; k++)
            if (strcmp(existing->states[k].name, mine->name) == 0 &&
                tensor_num_elements(&existing->states[k]) == tensor_num_elements(mine))
                theirs = &existing->states[k];
        if (!theirs)
            return error_set(error, STATUS_DATA, ERROR_AT(.file = directory, .dataset = mine->name),
                             "is missing from /optimizer or has another shape");
        memcpy(mine->data, theirs->data, tensor_num_elements(mine) * sizeof(float));
    }
    return true;
}

bool run_resume(struct run *run, const struct checkpoint *existing, struct error *error)
{
    const struct train_options *options = run->options;
    struct checkpoint *checkpoint = &run->checkpoint;
    bool ok = model_file_copy_parameters(options->output, existing, &run->model, error) &&
              run_resume_states(run, existing, error);

    if (ok && existing->batch > 0 &&
        (existing->batch > (run->train.dataset.num_rows - 1) / options->batch_size ||
         existing->batch % options->accumulate != 0))
        ok =
            error_set(error, STATUS_DATA, ERROR_AT(.file = options->output, .dataset = "/progress"),
                      "stopped after a batch that ends no update");
    for (size_t i = 0; i < existing->num_records && ok; i++)
        ok = run_add_record(checkpoint, &existing->records[i], error);
    checkpoint->epoch = run->first_epoch = existing->epoch;
    checkpoint->step = existing->step;
    checkpoint->batch = existing->batch;
    checkpoint->loss_sum = existing->loss_sum;
    return ok;
}

/* The first of the tensors that holds a value that is not finite, or NULL. */
static const char *run_find_infinite(const struct tensor *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0, num_elements = tensor_num_elements(&tensors[i]); k < num_elements; k++)
            if (!isfinite(tensors[i].data[k]))
                return tensors[i].name;
    return NULL;
}

bool run_set_diverged(const struct run *run, const char *what, struct error *error)
{
    const struct checkpoint *checkpoint = &run->checkpoint;

    return error_set(error, STATUS_DATA, ERROR_AT(.file = run->options->output),
                     "%s not finite after step %" PRIu64 ", in epoch %" PRIu64
                     ": training has diverged; take a --learning-rate smaller than %g",
                     what, checkpoint->step, checkpoint->epoch + (checkpoint->batch > 0),
                     run->options->learning_rate);
}

bool run_check_finite(const struct run *run, struct error *error)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    const char *name = run_find_infinite(checkpoint->parameters, checkpoint->num_parameters);

    if (!name)
        name = run_find_infinite(checkpoint->states, checkpoint->num_states);
    return !name || run_set_diverged(run, TEXT("%s is", name), error);
}

/* ---- saving it ---- */

/* Says that a checkpoint is not written, which the next epoch's end may make good. */
static bool run_wait_for_next_epoch(const struct run *run, const struct error *failure)
{
    if (run_leads(run)) {
        error_print(failure, run->program, stderr);
        progress_message(run->program,
                         "the checkpoint of epoch %" PRIu64 " is not written; going on, to try "
                         "again after the next epoch",
                         run->checkpoint.epoch);
    }
    return true;
}

void run_tidy(struct run *run)
{
    const char *directory = run->options->output;
    const struct checkpoint *checkpoint = &run->checkpoint;
    struct error failure = {0};

    if (!run_leads(run))
        return;
    run_directory_prune(directory, checkpoint->epoch, run->options->keep, &failure);
    if (run->has_interrupted && checkpoint->step >= run->interrupted_step)
        run->has_interrupted = !run_directory_remove_interrupted(directory, &failure);
    if (error_ok(&failure))
        return;
    error_print(&failure, run->program, stderr);
    progress_message(run->program,
                     "an older checkpoint stays, and takes its room on the disk; the newest, "
                     "epoch-%04" PRIu64 ".h5, is written",
                     checkpoint->epoch);
}

/* best.h5 comes before the checkpoint that is past its epoch, so that what can be resumed has its
 * best. */
bool run_save_epoch(struct run *run, struct error *error)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    bool can_wait = checkpoint->epoch > 0 && !checkpoint->finished;
    bool is_best = run_leads(run) && run_is_best(run);
    struct error failure = {0};

    trainer_gather_states(&run->trainer);
    if (run_leads(run) && run_check_finite(run, &failure) &&
        (is_best || run_write_best(run, &failure)) &&
        run_directory_write_epoch(run->options->output, checkpoint, &failure) && is_best)
        run_link_best(run, &failure);
    ranks_agree(run->ranks, &failure);
    run->checkpoint_is_overdue = !error_ok(&failure);
    if (error_ok(&failure)) {
        run->last_saved_seconds = progress_seconds();
        run_report_checkpoint(run);
        run_tidy(run);
        return true;
    }
    if (failure.status == STATUS_IO && can_wait && (!is_best || run_keep_best(run, error)))
        return run_wait_for_next_epoch(run, &failure);
    *error = failure;
    return false;
}

bool run_save_interrupted(struct run *run, struct error *error)
{
    trainer_gather_states(&run->trainer);
    if (run_leads(run) && run_check_finite(run, error) && run_write_best(run, error))
        run_directory_write_interrupted(run->options->output, &run->checkpoint, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    run->has_interrupted = true;
    run->interrupted_step = run->checkpoint.step;
    run->last_saved_seconds = progress_seconds();
    run_report_checkpoint(run);
    return true;
}
