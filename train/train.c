#include "train/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/machine.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "model/class_means.h"
#include "train/memory_plan.h"
#include "train/run.h"
#include "train/run_folder.h"
#include "train/train_config.h"

/* ---- epochs ---- */

/* What get_wish looks at in every batch. */
struct watch {
    const struct run *run;
    struct progress progress;
    bool save_is_requested;
};

static struct wish get_wish(void *context, uint64_t num_samples_done)
{
    struct watch *watch = context;
    uint64_t interval = watch->run->options->checkpoint_seconds;

    if (run_leads(watch->run)) {
        progress_update(&watch->progress, num_samples_done);
        if (interval > 0 && progress_seconds() - watch->run->last_saved_seconds >= (double)interval)
            watch->save_is_requested = true;
    }
    if (signals_take_checkpoint_request())
        watch->save_is_requested = true;
    return (struct wish){.stop_signal = (uint32_t)signals_stop_requested(),
                         .save = watch->save_is_requested};
}

/* Saves what epoch-NNNN.h5 does not hold already, and ends the process in good order. */
static bool stop(struct run *run, int number, bool is_saved, struct error *error)
{
    if (!is_saved && !saver_write_interrupted(run, error))
        return error_ok(error);
    report_stop(run, number);
    return error_set(error, STATUS_STOPPED, ERROR_AT(.file = run->options->output),
                     "stopped by %s after epoch %" PRIu64 "%s; run again with --resume to go on",
                     signals_name(number), run->checkpoint.epoch,
                     run->trainer.batch ? TEXT(" and %" PRIu64 " batches", run->trainer.batch)
                                        : "");
}

/* A save that was asked for and fails is said; training is worth more. */
static void save_and_go_on(struct run *run)
{
    struct error failure = {0};

    if (!saver_write_interrupted(run, &failure)) {
        if (run_leads(run))
            error_print(&failure, run->program, stderr);
        run->last_saved_seconds = progress_seconds(); /* not at every step from now on */
    }
}

/* After an epoch's work: validates, reports, and writes a checkpoint when one is due. */
static bool end_epoch(struct run *run, struct epoch_record record, double seconds,
                      struct error *error)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    struct validation validation;
    bool is_due, is_saved;
    int stop_signal;
    bool ok = validate(&run->model, &run->valid.dataset, run->ranks, (int)run->options->threads,
                       &validation, error);

    if (ok) {
        record.valid_loss = validation.loss;
        record.valid_accuracy = validation.accuracy;
        ok = saver_add_record(checkpoint, &record, error);
    }
    if (!ok)
        return ok;
    checkpoint->epoch = record.epoch;
    checkpoint->finished = record.epoch == checkpoint->epochs;
    report_epoch(run, &record, seconds);
    is_due = checkpoint->finished || run->checkpoint_is_overdue ||
             record.epoch % run->options->checkpoint_every == 0;
    if (is_due)
        ok = saver_write_epoch(run, error);
    if (!ok || checkpoint->finished)
        return ok;
    is_saved = is_due && !run->checkpoint_is_overdue;
    stop_signal = (int)ranks_max(run->ranks, (uint64_t)signals_stop_requested());
    if (stop_signal)
        return stop(run, stop_signal, is_saved, error);
    /* Wished for in the last batch, after which the epoch does not pause. */
    if (run->trainer.wish.save && !is_saved)
        save_and_go_on(run);
    return true;
}

static bool train_epoch(struct run *run, uint64_t epoch, struct error *error)
{
    struct epoch_record record = {.epoch = epoch, .learning_rate = run->options->learning_rate};
    struct watch watch = {
        .run = run,
        .progress = progress_begin(
            run->program, TEXT("epoch %" PRIu64 "/%" PRIu64, epoch, run->checkpoint.epochs),
            "samples", run->train.dataset.num_rows),
    };
    double start = progress_seconds(), seconds;
    bool is_complete;

    for (;;) {
        if (!trainer_run_epoch(&run->trainer, epoch, get_wish, &watch, &is_complete, error)) {
            progress_clear(&watch.progress);
            return error_ok(error);
        }
        if (is_complete)
            break;
        if (run->trainer.wish.stop_signal) {
            progress_clear(&watch.progress);
            return stop(run, (int)run->trainer.wish.stop_signal, false, error);
        }
        progress_clear(&watch.progress);
        save_and_go_on(run);
        watch.save_is_requested = false;
    }
    seconds = progress_seconds() - start;
    progress_clear(&watch.progress);
    record.train_loss = trainer_end_epoch(&run->trainer);
    if (!isfinite(record.train_loss))
        return error_set(error, STATUS_DATA, NULL,
                         "the training loss of epoch %" PRIu64
                         " is not finite: the learning rate %g is too large",
                         epoch, run->options->learning_rate);
    return end_epoch(run, record, seconds, error);
}

static bool train_epochs(struct run *run, struct error *error)
{
    bool ok = true;

    run->last_saved_seconds = progress_seconds();
    if (run->first_epoch == 0 && run->trainer.batch == 0)
        ok = saver_write_epoch(run, error);
    for (uint64_t epoch = run->first_epoch + 1; epoch <= run->checkpoint.epochs && ok; epoch++)
        ok = train_epoch(run, epoch, error);
    return ok;
}

/* Adds samples begin .. end - 1. */
static bool add_samples(struct run *run, struct class_means *means, uint64_t begin, uint64_t end,
                        struct error *error)
{
    struct dataset *train = &run->train.dataset;
    uint64_t block_rows = (uint64_t)1 << train->block_shift;

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
        }
    }
    return true;
}

/* Nearest-mean: one pass over the samples, of which each rank takes its share. */
static bool fit(struct run *run, struct error *error)
{
    struct dataset *train = &run->train.dataset;
    uint64_t begin, end;
    struct epoch_record record = {.epoch = 1, .train_loss = NAN, .learning_rate = NAN};
    double start = progress_seconds();
    struct class_means means = {0};
    float *mean = NULL;
    bool ok = class_means_create(&means, run->model.spec.num_classes, train->row_nbytes, error);

    if (ok)
        ok = memory_allocate(&mean, means.num_classes * means.num_inputs, sizeof(*mean), error);
    placement_rows(run->ranks, run->ranks->index, train->num_rows, &begin, &end);
    if (ok)
        ok = add_samples(run, &means, begin, end, error);
    ok = ranks_agree(run->ranks, error);
    if (ok) {
        ranks_add(run->ranks, means.counts, means.num_classes);
        ranks_add(run->ranks, means.sums, means.num_classes * means.num_inputs);
        class_means_finish(&means, mean);
        model_fit_class_means(&run->model, mean);
        ok = end_epoch(run, record, progress_seconds() - start, error);
    }
    free(mean);
    class_means_destroy(&means);
    return ok;
}

/* ---- the folder ---- */

/* Locks the folder for this process, by its log, and clears what a dead one left. */
static bool enter_folder(struct run *run, struct error *error)
{
    const char *folder = run->options->output;
    bool ok = run_folder_make(folder, error);

    if (ok)
        ok = run_log_open(&run->log, folder, error);
    if (ok)
        ok = run_folder_remove_partial(folder, error);
    return ok;
}

/*
 * Decides what the checkpoints that are in the folder mean for this run.  *is_finished: there is
 * nothing left to do.
 */
static bool take_up_folder(struct run *run, bool *is_finished, struct error *error)
{
    const struct train_options *options = run->options;
    const char *folder = options->output;
    struct run_folder_newest newest;
    const struct checkpoint *existing = &newest.checkpoint;
    bool ok;

    *is_finished = false;
    if (options->dry_run && (options->force || access(folder, F_OK) != 0))
        return true;
    if (options->force)
        return run_folder_clear(folder, error);
    ok = run_folder_read_newest(run->program, folder, &newest, error);
    if (!ok || !newest.is_found)
        return ok;
    run->has_interrupted = newest.has_interrupted;
    run->interrupted_step = newest.interrupted_step;
    if (!existing->is_sealed)
        progress_message(run->program,
                         "note: the newest checkpoint in %s has no seal: another program has "
                         "rewritten it; the CRC-32 of each tensor was checked",
                         folder);
    ok = run_folder_compare(folder, existing, &run->checkpoint, error);
    if (ok && existing->epoch >= run->checkpoint.epochs) {
        printf("%s: finished, %" PRIu64 " %s done: nothing to do\n", folder, existing->epoch,
               existing->epoch == 1 ? "epoch is" : "epochs are");
        *is_finished = true;
        /* A run that was killed at its very end may not have come to it. */
        if (!options->dry_run)
            ok = run_folder_tidy(folder, existing->epoch, options->keep, error);
    } else if (ok && options->resume) {
        ok = saver_resume(run, existing, error);
        if (ok)
            printf("%s: going on after epoch %" PRIu64 "%s\n", folder, existing->epoch,
                   existing->batch ? TEXT(" and %" PRIu64 " batches", existing->batch) : "");
    } else if (ok) {
        progress_message(run->program,
                         "%s holds this run until epoch %" PRIu64
                         "; starting over, to the same bytes (--resume goes on instead)",
                         folder, existing->epoch);
    }
    checkpoint_free(&newest.checkpoint);
    return ok;
}

/* ---- the run ---- */

static bool open_store(struct run *run, struct error *error)
{
    const struct train_options *options = run->options;
    /* One of those who see the same file system through the same machine reads every byte. */
    struct store_checks checks = {.skip_seal =
                                      options->verify == VERIFY_QUICK || run->ranks->node_index > 0,
                                  .num_threads = (int)options->threads};
    bool ok = store_open_with(options->store_path, &checks, &run->store, error);

    if (ok && run_leads(run) && !store_is_sealed(run->store))
        progress_message(run->program,
                         "note: %s has no seal: another program has rewritten it; its fingerprint "
                         "and the CRC-32 of each image are checked",
                         options->store_path);
    return ranks_agree(run->ranks, error);
}

/* From the open store to a model and a configuration, which all ranks have alike. */
static bool prepare_model(struct run *run, struct error *error)
{
    struct model_spec spec = train_config_model_spec(run->options, run->store);
    bool ok = model_create(&spec, &run->model, error);

    if (ok)
        ok = train_config_init_model(run->options, run->store, &run->model, error);
    if (ok)
        ok = train_config_fill(run->options, run->store, &run->model, &run->checkpoint, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    return together_compare(run, error);
}

/* Bytes of the model and of what trains it. */
static uint64_t model_nbytes(const struct run *run, const struct trainer_settings *settings)
{
    const struct model *model = &run->model;
    uint64_t num_train = store_num_rows(run->store, SPLIT_TRAIN);
    uint64_t batch_size = settings->batch_size < num_train ? settings->batch_size : num_train;
    /* The parameters, their copy in a file, the gradient of each slice, and the optimizer's. */
    uint64_t num_copies = 4 + batch_size / MODEL_SLICE_ROWS + 1;

    if (!model_has_gradient(model)) /* sums of pixels, in 64 bits */
        num_copies = 6;
    return num_copies * model->num_parameters * sizeof(float);
}

static bool plan_memory(struct run *run, struct trainer_settings *settings,
                        struct memory_plan *plan, struct error *error)
{
    uint64_t limit = run->options->memory_limit;
    const struct memory_needs needs = {
        .store = run->store,
        .limit = limit ? limit : machine_memory_nbytes() / 4 * 3 / run->ranks->node_count,
        .is_limit_given = limit != 0,
        .is_fitted = !model_has_gradient(&run->model),
        .order = settings->order,
        .batch_size = settings->batch_size,
        .model_nbytes = model_nbytes(run, settings),
        .num_holders = run->ranks->node_count,
        .num_threads = settings->num_threads};

    memory_plan_make(&needs, plan, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    /* All by the same plan, as loading is collective, but each with its own threads. */
    ranks_broadcast(run->ranks, plan, sizeof(*plan));
    plan->train.num_threads = plan->valid.num_threads = settings->num_threads;
    settings->order.window = plan->window;
    return true;
}

/* What the model is trained on and by; then the checkpoint holds all that is known. */
static bool prepare_trainer(struct run *run, struct error *error)
{
    struct trainer_settings settings = train_config_trainer(run->options, run->store);
    struct memory_plan plan;
    bool ok = plan_memory(run, &settings, &plan, error);

    if (ok)
        ok = placed_load(&run->train, run->store, SPLIT_TRAIN, &plan.train, run->ranks, error);
    if (ok)
        ok = placed_load(&run->valid, run->store, SPLIT_VALID, &plan.valid, run->ranks, error);
    if (ok && model_has_gradient(&run->model))
        ok = trainer_create(&run->trainer, &settings, &run->model, &run->train.dataset, run->ranks,
                            error);
    if (ok)
        saver_lend_tensors(run);
    return ranks_agree(run->ranks, error);
}

/* The rank that leads looks into the folder, and all go on from what it finds. */
static bool begin_in_folder(struct run *run, bool *is_finished, struct error *error)
{
    bool ok = true;

    if (run_leads(run) && !run->options->dry_run)
        ok = enter_folder(run, error);
    if (run_leads(run) && ok)
        ok = take_up_folder(run, is_finished, error);
    ok = ranks_agree(run->ranks, error);
    if (ok)
        together_share_state(run, is_finished);
    return ok;
}

static bool work(struct run *run, char **command, struct error *error)
{
    double start = progress_seconds();
    bool ok;

    run->ranks->is_timed = true;
    report_start(run, command);
    report_head(run);
    ok = model_has_gradient(&run->model) ? train_epochs(run, error) : fit(run, error);
    if (ok)
        report_end(run, progress_seconds() - start);
    return ok;
}

static void destroy(struct run *run)
{
    run_log_close(&run->log);
    /* The checkpoint's tensors are the model's; only its lists are its own. */
    run->checkpoint.num_parameters = run->checkpoint.num_states = 0;
    checkpoint_free(&run->checkpoint);
    trainer_destroy(&run->trainer);
    model_destroy(&run->model);
    placed_free(&run->valid, run->ranks);
    placed_free(&run->train, run->ranks);
    store_close(run->store);
}

bool train_run(const struct train_options *options, const char *program, char **command,
               struct ranks *ranks, struct error *error)
{
    struct run run = {.options = options, .program = program, .ranks = ranks, .log.descriptor = -1};
    bool is_finished = false;
    bool ok = open_store(&run, error);

    if (ok)
        ok = prepare_model(&run, error);
    if (ok)
        ok = prepare_trainer(&run, error);
    if (ok)
        ok = begin_in_folder(&run, &is_finished, error);
    if (ok && !is_finished && !options->dry_run)
        ok = work(&run, command, error);
    else if (ok && !is_finished && run_leads(&run))
        printf("%s: would train epochs %" PRIu64 " to %" PRIu64 " of %s on %s\n", options->output,
               run.first_epoch + 1, run.checkpoint.epochs, model_kind_names[options->model],
               options->store_path);
    destroy(&run);
    return ok;
}
