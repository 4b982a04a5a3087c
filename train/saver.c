#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"
#include "train/run.h"
#include "train/run_folder.h"
#include "train/train_config.h"

void saver_lend_tensors(struct run *run)
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

bool saver_add_record(struct checkpoint *checkpoint, const struct epoch_record *record,
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

static bool resume_states(struct run *run, const struct checkpoint *existing, struct error *error)
{
    const char *folder = run->options->output;
    struct checkpoint *checkpoint = &run->checkpoint;

    if (existing->num_states != checkpoint->num_states)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = folder, .dataset = "/optimizer"),
                         "not the state of this optimizer");
    for (size_t i = 0; i < checkpoint->num_states; i++) {
        const struct tensor *mine = &checkpoint->states[i], *theirs = NULL;

        for (size_t k = 0; k < existing->num_states; k++)
            if (strcmp(existing->states[k].name, mine->name) == 0 &&
                tensor_num_elements(&existing->states[k]) == tensor_num_elements(mine))
                theirs = &existing->states[k];
        if (!theirs)
            return error_set(error, STATUS_DATA, ERROR_AT(.file = folder, .dataset = mine->name),
                             "is missing from /optimizer or has another shape");
        memcpy(mine->data, theirs->data, tensor_num_elements(mine) * sizeof(float));
    }
    return true;
}

bool saver_resume(struct run *run, const struct checkpoint *existing, struct error *error)
{
    const struct trainer_settings *settings = &run->trainer.settings;
    bool ok = train_config_load_parameters(run->options->output, existing->parameters,
                                           existing->num_parameters, &run->model, error);

    if (ok)
        ok = resume_states(run, existing, error);
    if (ok && existing->batch > 0 &&
        (existing->batch > (run->train.dataset.num_rows - 1) / settings->batch_size ||
         existing->batch % settings->accumulate != 0))
        ok = error_set(error, STATUS_DATA,
                       ERROR_AT(.file = run->options->output, .dataset = "/progress"),
                       "stopped after a batch that ends no update");
    for (size_t i = 0; i < existing->num_records && ok; i++)
        ok = saver_add_record(&run->checkpoint, &existing->records[i], error);
    run->checkpoint.epoch = run->first_epoch = existing->epoch;
    run->trainer.num_steps = existing->step;
    run->trainer.batch = existing->batch;
    run->trainer.loss_sum = existing->loss_sum;
    return ok;
}

/* How far the trainer is, for the next file. */
static void note_progress(struct run *run)
{
    run->checkpoint.step = run->trainer.num_steps;
    run->checkpoint.batch = run->trainer.batch;
    run->checkpoint.loss_sum = run->trainer.loss_sum;
}

/* What epoch-NNNN.h5 holds as well is not needed any more. */
static bool drop_interrupted(struct run *run, struct error *error)
{
    if (!run->has_interrupted || run->checkpoint.step < run->interrupted_step)
        return true;
    run->has_interrupted = false;
    return run_folder_remove_interrupted(run->options->output, error);
}

/* The failure of an epoch's checkpoint that the next one may make good. */
static bool say_and_wait(const struct run *run, const struct error *failure)
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

bool saver_write_epoch(struct run *run, struct error *error)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    bool can_wait = checkpoint->epoch > 0 && !checkpoint->finished;
    struct error failure = {0};

    trainer_gather_velocity(&run->trainer);
    note_progress(run);
    if (run_leads(run) &&
        run_folder_write_epoch(run->options->output, checkpoint, run->options->keep, &failure))
        drop_interrupted(run, &failure);
    ranks_agree(run->ranks, &failure);
    run->checkpoint_is_overdue = !error_ok(&failure);
    if (error_ok(&failure)) {
        run->last_saved_seconds = progress_seconds();
        report_checkpoint(run);
        return true;
    }
    if (failure.status == STATUS_IO && can_wait)
        return say_and_wait(run, &failure);
    *error = failure;
    return false;
}

bool saver_write_interrupted(struct run *run, struct error *error)
{
    trainer_gather_velocity(&run->trainer);
    note_progress(run);
    if (run_leads(run))
        run_folder_write_interrupted(run->options->output, &run->checkpoint, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    run->has_interrupted = true;
    run->interrupted_step = run->checkpoint.step;
    run->last_saved_seconds = progress_seconds();
    report_checkpoint(run);
    return true;
}
