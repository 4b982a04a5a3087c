#include "train/train.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/file.h"
#include "common/machine.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "model/network.h"
#include "train/initial_parameters.h"
#include "train/memory_plan.h"
#include "train/range_test.h"
#include "train/run.h"
#include "train/train_config.h"
#include "train/train_defaults.h"

enum {
    /* Without --keep: what all checkpoints may take together, and how many stay if they take more.
     */
    MAX_KEPT_NBYTES = 1000000000,
    NUM_KEPT = 3,
};

/* ---- what all ranks must have alike ---- */

struct train_likeness {
    struct settings config;
    char store_fingerprint[65];
    uint64_t epochs, checkpoint_every, dry_run;
};

static void train_fill_likeness(const struct run *run, struct train_likeness *likeness)
{
    memset(likeness, 0, sizeof(*likeness));
    likeness->config = run->checkpoint.config;
    memcpy(likeness->store_fingerprint, run->checkpoint.store_fingerprint,
           sizeof(likeness->store_fingerprint));
    likeness->epochs = run->checkpoint.epochs;
    likeness->checkpoint_every = run->options->checkpoint_every;
    likeness->dry_run = run->options->dry_run;
}

/* Collective: refuses ranks that were started on different stores, or with different options. */
static bool train_compare_ranks(struct run *run, struct error *error)
{
    struct train_likeness leaders, mine;
    char leaders_value[128], my_value[128];
    const char *name;

    if (run->ranks->count == 1)
        return true;
    train_fill_likeness(run, &mine);
    leaders = mine;
    ranks_broadcast(run->ranks, &leaders, sizeof(leaders));
    name = settings_first_difference(&leaders.config, &mine.config, NULL, leaders_value, my_value);
    if (name)
        error_set(error, STATUS_USAGE, ERROR_AT(.expected = leaders_value, .found = my_value),
                  "started with another configuration than rank 0, which differs in %s", name);
    else if (strcmp(leaders.store_fingerprint, mine.store_fingerprint) != 0)
        error_set(error, STATUS_DATA,
                  ERROR_AT(.file = run->options->store_path,
                           .expected = TEXT("fingerprint %s", leaders.store_fingerprint),
                           .found = mine.store_fingerprint),
                  "another store than that of rank 0");
    else if (leaders.epochs != mine.epochs || leaders.checkpoint_every != mine.checkpoint_every ||
             leaders.dry_run != mine.dry_run)
        error_set(error, STATUS_USAGE, NULL,
                  "started with another --epochs, --checkpoint-every or --dry-run than rank 0");
    return ranks_agree(run->ranks, error);
}

/* Collective: gives the state of the rank that leads, and whether the run is finished, to the
 * others. */
static void train_share_state(struct run *run, bool *is_finished)
{
    struct checkpoint *checkpoint = &run->checkpoint;
    struct {
        uint64_t epoch, step, batch;
        double loss_sum;
        uint64_t is_finished;
    } state = {run->first_epoch, checkpoint->step, checkpoint->batch, checkpoint->loss_sum,
               *is_finished};
    size_t nbytes = run->model.num_parameters * sizeof(float);

    if (run->ranks->count == 1)
        return;
    ranks_broadcast(run->ranks, &state, sizeof(state));
    ranks_broadcast(run->ranks, run->model.parameters, nbytes);
    for (size_t i = 0; i < run->trainer.update.num_states; i++)
        ranks_broadcast(run->ranks, run->trainer.update.states[i],
                        run->model.num_trained_parameters * sizeof(float));
    if (run->trainer.update.average)
        ranks_broadcast(run->ranks, run->trainer.update.average, nbytes);
    checkpoint->epoch = run->first_epoch = state.epoch;
    checkpoint->step = state.step;
    checkpoint->batch = state.batch;
    checkpoint->loss_sum = state.loss_sum;
    *is_finished = state.is_finished != 0;
}

/* ---- the directory ---- */

/* Locks the directory for this process, by its log, and clears what a dead one left. */
static bool train_enter_directory(struct run *run, struct error *error)
{
    const char *directory = run->options->output;

    return file_make_directories(directory, error) && run_log_open(&run->log, directory, error) &&
           run_directory_remove_temporaries(directory, error);
}

/* Goes on from the newest checkpoint, or says why not; *is_finished: there is nothing to do. */
static bool train_take_up(struct run *run, const struct run_newest *newest, bool *is_finished,
                          struct error *error)
{
    const char *directory = run->options->output;
    const struct checkpoint *existing = &newest->file.checkpoint;

    if (!existing->is_sealed)
        progress_message(run->program,
                         "note: the newest checkpoint in %s has no seal: another program has "
                         "rewritten it; the CRC-32 of each tensor was checked",
                         directory);
    if (!run_directory_compare(directory, existing, &run->checkpoint, error))
        return false;
    if (!run->options->dry_run)
        run_restore_best(run, existing);
    *is_finished = existing->epoch >= run->checkpoint.epochs || run_is_past_best(run, existing);
    if (*is_finished) {
        text_print_escaped(stdout, directory);
        printf(": finished, %" PRIu64 " %s done: nothing to do\n", existing->epoch,
               existing->epoch == 1 ? "epoch is" : "epochs are");
        run->checkpoint.epoch = existing->epoch;
        run->checkpoint.step = existing->step;
        /* A run that was killed just before its end may have left something to remove; but an
         * interrupted.h5 that is further than the epochs asked for now holds work. */
        if (!run->options->dry_run && !newest->is_interrupted)
            run_tidy(run);
        return true;
    }
    if (run->options->resume || existing->finished) {
        if (!run_resume(run, existing, error))
            return false;
        text_print_escaped(stdout, directory);
        printf(": going on after epoch %" PRIu64 "%s\n", existing->epoch,
               existing->batch ? TEXT(" and %" PRIu64 " batches", existing->batch) : "");
        return true;
    }
    progress_note(run->program,
                  "%s holds this run until epoch %" PRIu64
                  "; starting over, to the same bytes (--resume goes on instead)",
                  directory, existing->epoch);
    return true;
}

/*
 * Decides what the checkpoints that are in the directory mean for this run.  *is_finished: there is
 * nothing left to do.
 */
static bool train_take_up_directory(struct run *run, bool *is_finished, struct error *error)
{
    const struct train_options *options = run->options;
    struct run_newest newest;
    bool ok;

    *is_finished = false;
    if (options->dry_run && (options->force || !file_exists(options->output)))
        return true;
    if (options->force)
        return run_directory_clear(options->output, error);
    ok = run_directory_read_newest(run->program, options->output, &newest, error);
    run->has_interrupted = newest.has_interrupted;
    run->interrupted_step = newest.interrupted_step;
    if (ok && newest.file.path)
        ok = train_take_up(run, &newest, is_finished, error);
    model_file_close(&newest.file);
    return ok;
}

/* The rank that leads looks into the directory, and all go on from what it finds. */
static bool train_begin_in_directory(struct run *run, bool *is_finished, struct error *error)
{
    if (run_leads(run) && (run->options->dry_run || train_enter_directory(run, error)))
        train_take_up_directory(run, is_finished, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    train_share_state(run, is_finished);
    return true;
}

/* ---- the run ---- */

/* What can be ingested but not trained on. */
static bool train_check_store(const struct run *run, struct error *error)
{
    const struct store *store = run->store;
    const char *path = run->options->store_path;

    if (store_classes(store)->count < 2)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "holds one class only, '%s': a classifier needs two",
                         store_classes(store)->items[0]);
    if (store_num_rows(store, SPLIT_TRAIN) == 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "has no train split: quern-ingest takes it from a folder train/, or draws "
                         "it from folders of classes (--valid-fraction)");
    for (int split = 0; split < SPLIT_TEST; split++)
        if (store_num_rows(store, (enum split)split) > 0 && !store_labels(store, (enum split)split))
            return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                             "the split '%s' has no labels", split_names[split]);
    return true;
}

static bool train_open_store(struct run *run, struct error *error)
{
    const struct train_options *options = run->options;
    /* On each node one rank reads every byte of the store; the others see the same file. */
    struct store_checks checks = {.skip_seal =
                                      options->verify == VERIFY_QUICK || run->ranks->node_index > 0,
                                  .num_threads = (int)options->threads};

    if (store_open_with(options->store_path, &checks, &run->store, error) && run_leads(run) &&
        !store_is_sealed(run->store))
        progress_message(run->program,
                         "note: %s has no seal: another program has rewritten it; its fingerprint "
                         "and the CRC-32 of each image are checked",
                         options->store_path);
    if (error_ok(error))
        train_check_store(run, error);
    return ranks_agree(run->ranks, error);
}

static uint64_t train_memory_limit(const struct run *run)
{
    uint64_t limit = run->options->memory_limit;

    return limit ? limit : machine_memory_nbytes() / 4 * 3 / run->ranks->node_count;
}

/* Refuses a network that does not fit by itself, before it takes any memory. */
static bool train_check_network_fits(const struct run *run, struct error *error)
{
    uint64_t needed =
                 memory_plan_model_nbytes(run->options, run->store, &run->model, run->ranks->count),
             limit = train_memory_limit(run);
    char needed_text[32], limit_text[32];

    if (!run->model.network || needed <= limit)
        return true;
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = text_format(limit_text, sizeof(limit_text),
                                                      "%" PRIu64 "M at most", limit >> 20),
                              .found = text_format(needed_text, sizeof(needed_text), "%" PRIu64 "M",
                                                   needed >> 20)),
                     "the network '%s' needs more memory to be trained than --memory-limit "
                     "allows: take smaller layers or a smaller --batch-size",
                     run->config.layers);
}

/* Refuses a network whose tensors, or what the optimizer keeps of them, no checkpoint can hold. */
static bool train_check_num_tensors(const struct run *run, struct error *error)
{
    const struct network *network = run->model.network;
    const struct train_options *options = run->options;
    const struct optimizer optimizer = {.kind = (enum optimizer_kind)options->optimizer,
                                        .momentum = options->momentum};
    size_t num_tensors = run->model.num_tensors, num_trained = 0, num_states;

    for (size_t i = 0; network && i < network->num_layers; i++)
        for (size_t k = 0; k < network->layers[i].num_tensors; k++)
            num_trained += network->layers[i].tensors[k].offset < network->num_trained_parameters;
    num_states =
        optimizer_num_states(&optimizer) * num_trained + (options->average > 0 ? num_tensors : 0);
    if (num_tensors <= CHECKPOINT_MAX_TENSORS && num_states <= CHECKPOINT_MAX_TENSORS)
        return true;
    return error_set(error, STATUS_USAGE,
                     ERROR_AT(.expected = TEXT("%d of each at most", (int)CHECKPOINT_MAX_TENSORS),
                              .found = TEXT("%zu and %zu", num_tensors, num_states)),
                     "the network has too many tensors of parameters and of the optimizer for a "
                     "checkpoint: take fewer layers");
}

static bool train_freeze(struct run *run, struct error *error)
{
    const char *names = run->options->freeze;

    if (!names)
        return true;
    if (!run->model.network)
        return error_set(error, STATUS_USAGE, NULL, "--freeze is for networks");
    return network_freeze(run->model.network, names, error);
}

/* A run is stopped by its figures on the valid split only. */
static bool train_check_patience(const struct run *run, struct error *error)
{
    return run->options->patience == 0 || store_num_rows(run->store, SPLIT_VALID) > 0 ||
           error_set(error, STATUS_USAGE, ERROR_AT(.file = run->options->store_path),
                     "--patience needs a valid split, and the store has none");
}

/* Keeps all checkpoints where --keep says nothing, unless they would fill the disk. */
static void train_choose_keep(struct run *run)
{
    const struct checkpoint *checkpoint = &run->checkpoint;
    uint64_t nbytes = 0, total = 0;

    for (size_t i = 0; i < checkpoint->num_parameters; i++)
        nbytes += tensor_num_elements(&checkpoint->parameters[i]) * sizeof(float);
    for (size_t i = 0; i < checkpoint->num_states; i++)
        nbytes += tensor_num_elements(&checkpoint->states[i]) * sizeof(float);
    memory_add_nbytes(&total, checkpoint->epochs / run->options->checkpoint_every + 1, nbytes);
    if (!run->options->chooses_keep || total <= MAX_KEPT_NBYTES)
        return;
    run->resolved.keep = NUM_KEPT;
    if (run_leads(run))
        progress_message(run->program,
                         "note: %" PRIu64 " checkpoints of %.1f MB: only the newest %d and best.h5 "
                         "are kept (--keep all keeps all)",
                         checkpoint->epochs / run->options->checkpoint_every + 1,
                         (double)nbytes / 1e6, (int)NUM_KEPT);
}

/* From the open store to a model and a configuration, which all ranks have alike. */
static bool train_prepare_model(struct run *run, struct error *error)
{
    struct model_spec spec;

    if (train_defaults_resolve(&run->resolved, run->store, error) &&
        train_config_make(&run->config, run->options, run->store, error)) {
        spec = train_config_model_spec(run->options, &run->config, run->store);
        if (augment_check(&run->options->augment, &spec.image, error) &&
            model_describe(&spec, &run->model, error) && train_freeze(run, error) &&
            train_check_num_tensors(run, error) && train_check_patience(run, error) &&
            train_check_network_fits(run, error) && model_allocate(&run->model, true, error) &&
            initial_parameters_fill(run->options, run->store, &run->model, error))
            train_config_fill(run->options, &run->config, run->store, &run->model, &run->checkpoint,
                              error);
    }
    return ranks_agree(run->ranks, error) && train_compare_ranks(run, error);
}

static bool train_plan_memory(struct run *run, struct epoch_order *order, struct memory_plan *plan,
                              struct error *error)
{
    int num_threads = (int)run->options->threads;
    const struct memory_needs needs = {
        .store = run->store,
        .limit = train_memory_limit(run),
        .is_limit_given = run->options->memory_limit != 0,
        .is_fitted = !model_has_gradient(&run->model),
        .order = *order,
        .batch_size = run->options->batch_size,
        .model_nbytes =
            memory_plan_model_nbytes(run->options, run->store, &run->model, run->ranks->count),
        .num_holders = run->ranks->node_count,
        .num_threads = num_threads};

    memory_plan_make(&needs, plan, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    /* Loading is collective, so all ranks go by one plan, but each with its own threads. */
    ranks_broadcast(run->ranks, plan, sizeof(*plan));
    plan->train.num_threads = plan->valid.num_threads = num_threads;
    order->window = plan->window;
    return true;
}

static void train_meet_node(void *context)
{
    struct run_split *split = context;

    ranks_node_barrier(split->ranks, &split->memory);
}

/*
 * Collective: loads a split or makes it ready to be streamed.  The ranks of a node share its pixels
 * when all of them need the same at the same time: a split in memory, and the windows of an epoch;
 * a pass in stored order each rank makes over its own samples.
 */
static bool train_open_split(struct run *run, enum split split, struct dataset_plan plan,
                             bool is_shared, struct run_split *opened, struct error *error)
{
    struct ranks *ranks = run->ranks;

    opened->ranks = ranks;
    if (is_shared && ranks->count > 1 && store_num_rows(run->store, split) > 0) {
        if (!ranks_share(ranks, dataset_pixels_nbytes(run->store, split, &plan), &opened->memory,
                         error))
            return false;
        opened->share = (struct dataset_share){.index = ranks->node_index,
                                               .count = ranks->node_count,
                                               .memory = opened->memory.memory,
                                               .meet = train_meet_node,
                                               .context = opened};
        plan.share = &opened->share;
    }
    dataset_open(&opened->dataset, run->store, split, &plan, error);
    if (plan.share)
        train_meet_node(opened);
    return ranks_agree(ranks, error);
}

/* What the model is trained on and by; then the checkpoint holds all that is known. */
static bool train_prepare_trainer(struct run *run, struct error *error)
{
    struct trainer_settings settings = {
        .order = train_config_order(run->options, run->store),
        .update = train_config_update(run->options, store_num_rows(run->store, SPLIT_TRAIN)),
        .augment = augment_is_nothing(&run->options->augment) ? NULL : &run->options->augment};
    bool has_gradient = model_has_gradient(&run->model);
    struct memory_plan plan;

    if (run->options->find_lr)
        settings.update.schedule = range_test_schedule(settings.update.optimizer.momentum);
    if (!train_plan_memory(run, &settings.order, &plan, error) ||
        !train_open_split(run, SPLIT_TRAIN, plan.train, plan.train.num_slots == 0 || has_gradient,
                          &run->train, error) ||
        !train_open_split(run, SPLIT_VALID, plan.valid, plan.valid.num_slots == 0, &run->valid,
                          error))
        return false;
    if (has_gradient)
        trainer_create(&run->trainer, run->options, &settings, &run->model, &run->train.dataset,
                       run->ranks, &run->checkpoint, error);
    if (!ranks_agree(run->ranks, error))
        return false;
    run_lend_tensors(run);
    train_choose_keep(run);
    return true;
}

static bool train_work(struct run *run, char **command, struct error *error)
{
    double start = progress_seconds();
    bool ok;

    run->ranks->is_timed = true;
    run_report_start(run, command);
    run_report_head(run);
    ok = model_has_gradient(&run->model) ? train_epochs(run, error) : train_fit(run, error);
    if (ok)
        run_report_end(run, progress_seconds() - start);
    return ok;
}

/* What a run would be, for --dry-run. */
static void train_describe(const struct run *run)
{
    const struct model *model = &run->model;
    char count[32], work[32];

    text_print_escaped(stdout, run->options->output);
    printf(": would train epochs %" PRIu64 " to %" PRIu64 " of %s on ", run->first_epoch + 1,
           run->checkpoint.epochs, model_kind_names[model->spec.kind]);
    text_print_escaped(stdout, run->options->store_path);
    putchar('\n');
    run_report_defaults(run);
    if (!model->network)
        return;
    printf("network '%s'\n", run->config.layers);
    network_print(model->network, stdout);
    printf(
        "%s parameters, %s multiply-adds an image, %.1f MB to train it\n",
        text_group_digits(count, sizeof(count), network_count_parameters(model->network)),
        text_group_digits(work, sizeof(work), model->network->num_multiply_adds),
        (double)memory_plan_model_nbytes(run->options, run->store, &run->model, run->ranks->count) /
            1e6);
}

static void train_close_split(struct run_split *split, struct ranks *ranks)
{
    dataset_close(&split->dataset);
    ranks_unshare(ranks, &split->memory);
}

static void train_destroy(struct run *run)
{
    run_log_close(&run->log);
    run_forget_best(run);
    /* The checkpoint's tensors are the model's; only its lists are its own. */
    run->checkpoint.num_parameters = run->checkpoint.num_states = 0;
    checkpoint_free(&run->checkpoint);
    trainer_destroy(&run->trainer);
    model_destroy(&run->model);
    train_config_free(&run->config);
    train_close_split(&run->valid, run->ranks);
    train_close_split(&run->train, run->ranks);
    store_close(run->store);
}

bool train_run(const struct train_options *options, const char *program, char **command,
               struct ranks *ranks, struct error *error)
{
    struct run run = {
        .resolved = *options, .program = program, .ranks = ranks, .log.descriptor = -1};
    bool is_finished = false;
    bool ok;

    run.options = &run.resolved;
    ok = train_open_store(&run, error) && train_prepare_model(&run, error) &&
         train_prepare_trainer(&run, error);
    if (ok && options->find_lr) {
        ok = range_test_run(&run, error);
        train_destroy(&run);
        return ok;
    }
    ok = ok && train_begin_in_directory(&run, &is_finished, error);
    if (ok && !is_finished && !options->dry_run)
        ok = train_work(&run, command, error);
    else if (ok && !is_finished && run_leads(&run))
        train_describe(&run);
    train_destroy(&run);
    return ok;
}
