#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "model/class_means.h"
#include "train/run.h"

/* Steps of a run before its losses say anything. */
enum { MIN_STEPS_TO_JUDGE = 20 };

/* What train_get_request looks at in every batch. */
struct train_watch {
    const struct run *run;
    struct progress progress;
    bool save_is_requested;
};

static struct rank_request train_get_request(void *context, uint64_t num_samples_done)
{
    struct train_watch *watch = context;
    uint64_t interval = watch->run->options->checkpoint_seconds;

    if (run_leads(watch->run)) {
        progress_update(&watch->progress, num_samples_done);
        if (interval > 0 && progress_seconds() - watch->run->last_saved_seconds >= (double)interval)
            watch->save_is_requested = true;
    }
    if (signals_take_checkpoint_request())
        watch->save_is_requested = true;
    return (struct rank_request){.stop_signal = (uint32_t)signals_stop_requested(),
                                 .save = watch->save_is_requested};
}

/* Saves what epoch-NNNN.h5 does not hold already, and ends the process in good order. */
static bool train_stop(struct run *run, int number, bool is_saved, struct error *error)
{
    const struct checkpoint *checkpoint = &run->checkpoint;

    if (!is_saved && !run_save_interrupted(run, error))
        return false;
    run_report_stop(run, number);
    return error_set(error, STATUS_STOPPED, ERROR_AT(.file = run->options->output),
                     "stopped by %s after epoch %" PRIu64 "%s; run again with --resume to go on",
                     signals_name(number), checkpoint->epoch,
                     checkpoint->batch ? TEXT(" and %" PRIu64 " batches", checkpoint->batch) : "");
}

/* A checkpoint that was asked for and cannot be written is reported, but does not end the run,
 * unless the run has diverged. */
static bool train_save_and_go_on(struct run *run, struct error *error)
{
    struct error failure = {0};

    if (run_save_interrupted(run, &failure))
        return true;
    if (failure.status == STATUS_DATA) {
        *error = failure;
        return false;
    }
    if (run_leads(run))
        error_print(&failure, run->program, stderr);
    run->last_saved_seconds = progress_seconds(); /* not at every step from now on */
    return true;
}

/* Validates, and refuses what has diverged: the end of an epoch is checked like its middle. */
static bool train_validate(struct run *run, struct epoch_record *record, struct error *error)
{
    struct validation validation;
    bool ok;

    if (run_leads(run))
        run_check_finite(run, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    /* What is evaluated is the average, where there is one. */
    trainer_gather_states(&run->trainer);
    trainer_swap_average(&run->trainer);
    model_pack(&run->model, false, 0, 1);
    ok = trainer_validate(&run->model, &run->valid.dataset, run->ranks, (int)run->options->threads,
                          &validation, error);
    trainer_swap_average(&run->trainer);
    if (!ok)
        return false;
    record->valid_loss = validation.loss;
    record->valid_accuracy = validation.accuracy;
    return !model_has_gradient(&run->model) || run->valid.dataset.num_rows == 0 ||
           isfinite(validation.loss) || run_set_diverged(run, "the validation loss is", error);
}

/* Keeps an epoch that is the best so far until the next checkpoint. */
static bool train_keep_best(struct run *run, struct error *error)
{
    if (ranks_max(run->ranks, run_leads(run) && run_is_best(run)) == 0)
        return true;
    trainer_gather_states(&run->trainer);
    if (run_leads(run))
        run_keep_best(run, error);
    return ranks_agree(run->ranks, error);
}

/* After an epoch's work: validates, reports, and writes a checkpoint when one is due. */
static bool train_end_epoch(struct run *run, struct epoch_record record, double seconds,
                            struct error *error)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    bool is_due, is_saved;
    int stop_signal;

    checkpoint->epoch = record.epoch;
    if (!train_validate(run, &record, error) || !run_add_record(checkpoint, &record, error))
        return false;
    /* The rank that leads has the whole history. */
    checkpoint->finished =
        ranks_max(run->ranks, run_leads(run) && run_is_past_best(run, checkpoint)) > 0 ||
        record.epoch == checkpoint->epochs;
    run_report_epoch(run, &record, seconds);
    is_due = checkpoint->finished || run->checkpoint_is_overdue ||
             record.epoch % run->options->checkpoint_every == 0;
    if (!is_due && !train_keep_best(run, error))
        return false;
    if (is_due && !run_save_epoch(run, error))
        return false;
    if (checkpoint->finished)
        return true;
    is_saved = is_due && !run->checkpoint_is_overdue;
    stop_signal = (int)ranks_max(run->ranks, (uint64_t)signals_stop_requested());
    if (stop_signal)
        return train_stop(run, stop_signal, is_saved, error);
    /* Requested in the epoch's last batch, after which the epoch does not pause. */
    return !run->trainer.request.save || is_saved || train_save_and_go_on(run, error);
}

/* Trains until the epoch is complete, saving and going on where that is requested. */
static bool train_batches(struct run *run, uint64_t epoch, struct train_watch *watch,
                          struct error *error)
{
    struct trainer *trainer = &run->trainer;

    for (;;) {
        bool is_complete;
        bool ok = trainer_run_epoch(trainer, epoch, train_get_request, watch, &is_complete, error);

        progress_clear(&watch->progress);
        if (!ok)
            return false;
        if (trainer->has_diverged)
            return run_set_diverged(run, "the training loss is", error);
        if (is_complete)
            return true;
        if (trainer->request.stop_signal)
            return train_stop(run, (int)trainer->request.stop_signal, false, error);
        if (!train_save_and_go_on(run, error))
            return false;
        watch->save_is_requested = false;
    }
}

static bool train_epoch(struct run *run, uint64_t epoch, struct error *error)
{
    struct epoch_record record = {.epoch = epoch};
    struct train_watch watch = {
        .run = run,
        .progress = progress_begin(
            run->program, TEXT("epoch %" PRIu64 "/%" PRIu64, epoch, run->checkpoint.epochs),
            "samples", run->train.dataset.num_rows),
    };
    double start = progress_seconds(), seconds;

    watch.progress.run_done = run->num_samples_done;
    watch.progress.run_seconds = start - run->start_seconds;
    watch.progress.run_pending = (run->checkpoint.epochs - epoch + 1) * run->train.dataset.num_rows;
    progress_skip(&watch.progress, run->checkpoint.batch * run->options->batch_size);
    if (!train_batches(run, epoch, &watch, error))
        return false;
    run->num_samples_done += watch.progress.total - watch.progress.first_done;
    seconds = progress_seconds() - start;
    record.train_loss = trainer_end_epoch(&run->trainer);
    record.learning_rate = trainer_learning_rate(&run->trainer);
    return train_end_epoch(run, record, seconds, error);
}

/* The mean loss of a model that says the same of every image, all classes alike. */
static double train_guessing_loss(const struct model *model)
{
    double num_classes = (double)model->spec.num_classes;

    return model->spec.loss == LOSS_MAE ? 1.0 - 1.0 / num_classes : log(num_classes);
}

/* Says of a run that came to its end whether it learnt nothing. */
static void train_warn(struct run *run)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    double first, last, guessing = train_guessing_loss(&run->model);

    /* An epoch's loss is of what the model was before its steps: so few steps say nothing. */
    if (checkpoint->num_records == 0 || checkpoint->step < MIN_STEPS_TO_JUDGE)
        return;
    first = checkpoint->records[0].train_loss;
    last = checkpoint->records[checkpoint->num_records - 1].train_loss;
    if (last >= guessing)
        run_report_warning(run,
                           TEXT("the last training loss, %.4g, is not better than guessing, %.4g: "
                                "try another --learning-rate (--find-lr suggests one)",
                                last, guessing));
    else if (checkpoint->num_records > 1 && last >= first)
        run_report_warning(run, TEXT("the last training loss, %.4g, is not better than the first "
                                     "epoch's, %.4g: try a smaller --learning-rate",
                                     last, first));
}

bool train_epochs(struct run *run, struct error *error)
{
    bool ok = true;

    run->last_saved_seconds = run->start_seconds = progress_seconds();
    if (run->first_epoch == 0 && run->checkpoint.batch == 0)
        ok = run_save_epoch(run, error);
    for (uint64_t epoch = run->first_epoch + 1; !run->checkpoint.finished && ok; epoch++)
        ok = train_epoch(run, epoch, error);
    if (ok)
        train_warn(run);
    return ok;
}

/* ---- nearest-mean ---- */

/* Adds samples begin .. end - 1. */
static bool train_add_samples(struct run *run, struct class_means *means, uint64_t begin,
                              uint64_t end, struct error *error)
{
    struct dataset *train = &run->train.dataset;
    uint64_t block_rows = (uint64_t)1 << train->block_shift;
    struct progress progress = progress_begin(run->program, "fit", "samples", end - begin);

    for (uint64_t first = begin; first < end;) {
        uint64_t available, block_first = first - first % block_rows;

        if (!dataset_reach(train, block_first, &available, error))
            return false;
        for (available = available < end ? available : end; first < available;) {
            uint64_t block_end = first - first % block_rows + block_rows;
            uint64_t part_end = block_end < available ? block_end : available;

            class_means_add(means, dataset_row(train, first), train->labels + first,
                            part_end - first, (int)run->options->threads);
            first = part_end;
            if (run_leads(run))
                progress_update(&progress, first - begin);
        }
    }
    progress_clear(&progress);
    return true;
}

/* One pass over the samples, of which each rank takes its share, in whole slices. */
bool train_fit(struct run *run, struct error *error)
{
    struct dataset *train = &run->train.dataset;
    const struct ranks *ranks = run->ranks;
    uint64_t num_slices = (train->num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
    uint64_t begin = ranks->index * num_slices / ranks->count * MODEL_SLICE_ROWS;
    uint64_t end = (ranks->index + 1) * num_slices / ranks->count * MODEL_SLICE_ROWS;
    struct epoch_record record = {.epoch = 1, .train_loss = NAN, .learning_rate = NAN};
    double start = progress_seconds();
    struct class_means means = {0};
    float *mean = NULL;
    bool ok =
        class_means_create(&means, run->model.spec.num_classes, train->row_nbytes, error) &&
        memory_allocate(&mean, means.num_classes * means.num_inputs, sizeof(*mean), error) &&
        train_add_samples(run, &means, begin, end < train->num_rows ? end : train->num_rows, error);

    ok = ranks_agree(run->ranks, error);
    if (ok) {
        ranks_add(run->ranks, means.counts, means.num_classes);
        ranks_add(run->ranks, means.sums, means.num_classes * means.num_inputs);
        class_means_finish(&means, mean);
        model_fit_class_means(&run->model, mean);
        ok = train_end_epoch(run, record, progress_seconds() - start, error);
    }
    free(mean);
    class_means_destroy(&means);
    return ok;
}
