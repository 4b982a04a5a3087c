#include "train/memory_plan.h"

#include <inttypes.h>

#include "common/memory.h"
#include "common/text.h"
#include "model/augment.h"
#include "model/model.h"
#include "model/pass.h"
#include "train/network_gradient.h"
#include "train/samples.h"
#include "train/train_config.h"
#include "train/update.h"

enum {
    /* Blocks of a pass in stored order in memory at a time: work for every thread. */
    STORED_BLOCKS = 16,
    /* Blocks that are read ahead of their use, as they are in the file. */
    MIN_AHEAD = 4,
    MAX_AHEAD = 32,
};

/* Bytes of a network and of what trains and evaluates it. */
static uint64_t plan_network_nbytes(const struct train_options *options, const struct store *store,
                                    const struct model *model, size_t num_ranks)
{
    const struct update_settings update =
        train_config_update(options, store_num_rows(store, SPLIT_TRAIN));
    uint64_t num_train = store_num_rows(store, SPLIT_TRAIN), threads = options->threads;
    uint64_t rows = options->batch_size < num_train ? options->batch_size : num_train;
    uint64_t slices = (rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
    uint64_t own = (slices + num_ranks - 1) / num_ranks;
    const struct network_gradient_settings settings = {
        .augment = augment_is_nothing(&options->augment) ? NULL : &options->augment,
        .num_threads = threads,
        .max_rows = own * MODEL_SLICE_ROWS,
        .max_slices = slices,
        .max_sums = num_ranks == 1 ? 1 : 4};
    const struct pass_size evaluation = {
        .max_rows = MODEL_SLICE_ROWS, .max_slices = 1, .num_threads = 1};
    /* What ranks send and receive of the gradient. */
    uint64_t exchanged = num_ranks == 1 ? 0 : 4 * model->num_parameters * sizeof(float);
    uint64_t total =
        network_gradient_nbytes(model, &settings, image_num_values(&model->spec.image));

    memory_add_nbytes(&total, 1, model_memory_nbytes(model, true) + exchanged);
    memory_add_nbytes(&total, 1, update_nbytes(model, &update));
    /* The best epoch, until a checkpoint brings it along. */
    if (options->checkpoint_every > 1)
        memory_add_nbytes(&total, 1,
                          model->num_parameters * sizeof(float) + update_nbytes(model, &update));
    if (options->accumulate > 1)
        memory_add_nbytes(&total, model->num_trained_parameters, sizeof(float));
    memory_add_nbytes(&total, threads, pass_nbytes(model, &evaluation));
    return total;
}

uint64_t memory_plan_model_nbytes(const struct train_options *options, const struct store *store,
                                  const struct model *model, size_t num_ranks)
{
    uint64_t num_train = store_num_rows(store, SPLIT_TRAIN);
    uint64_t batch_size = options->batch_size;
    /* The parameters, their copy in a file, the gradient of each slice, and the optimizer's. */
    uint64_t num_copies =
        4 + (batch_size < num_train ? batch_size : num_train) / MODEL_SLICE_ROWS + 1;

    if (model->network)
        return plan_network_nbytes(options, store, model, num_ranks);
    if (!model_has_gradient(model)) /* sums of pixels, in 64 bits */
        num_copies = 6;
    else if (options->checkpoint_every > 1) /* the best epoch, with its momentum */
        num_copies += 2;
    return num_copies * model->num_parameters * sizeof(float);
}

static uint64_t plan_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t plan_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct dataset_plan plan_whole(const struct memory_needs *needs)
{
    return (struct dataset_plan){.num_threads = needs->num_threads};
}

/* A pass in stored order; slices must not lie across the borders of its stretches. */
static struct dataset_plan plan_stored(const struct memory_needs *needs, size_t num_blocks)
{
    return dataset_plan_stored(needs->store, num_blocks, MODEL_SLICE_ROWS, needs->num_threads);
}

/* The windows that a batch may touch, and chunks of the next one, of which each process of the node
 * reads its share ahead. */
static struct dataset_plan plan_windows(const struct memory_needs *needs, uint32_t window)
{
    struct epoch_order order = needs->order;
    size_t share = (window + needs->num_holders - 1) / needs->num_holders;
    size_t num_ahead = share < MIN_AHEAD ? MIN_AHEAD : share > MAX_AHEAD ? MAX_AHEAD : share;

    order.window = window;
    return (struct dataset_plan){
        .num_slots =
            samples_num_slots(&order, store_num_rows(needs->store, SPLIT_TRAIN), needs->batch_size),
        .num_ahead = num_ahead,
        .num_threads = needs->num_threads};
}

/* Of this process, whose node holds the pixels of a shared split once. */
static uint64_t plan_split_nbytes(const struct memory_needs *needs, enum split split,
                                  const struct dataset_plan *plan, bool is_shared)
{
    uint64_t nbytes = dataset_nbytes(needs->store, split, plan);
    uint64_t pixels_nbytes = dataset_pixels_nbytes(needs->store, split, plan);

    return is_shared ? nbytes - pixels_nbytes + pixels_nbytes / needs->num_holders : nbytes;
}

static uint64_t plan_train_nbytes(const struct memory_needs *needs, struct dataset_plan plan)
{
    return plan_split_nbytes(needs, SPLIT_TRAIN, &plan, plan.num_slots == 0 || !needs->is_fitted);
}

static uint64_t plan_valid_nbytes(const struct memory_needs *needs, struct dataset_plan plan)
{
    return plan_split_nbytes(needs, SPLIT_VALID, &plan, plan.num_slots == 0);
}

/* All but the images. */
static uint64_t plan_other_nbytes(const struct memory_needs *needs)
{
    uint64_t num_train = store_num_rows(needs->store, SPLIT_TRAIN);
    uint64_t num_valid = store_num_rows(needs->store, SPLIT_VALID);
    uint64_t order_nbytes =
        (num_train + num_train / needs->order.chunk_rows + 1) * sizeof(uint32_t);
    uint64_t loss_nbytes = (num_valid / MODEL_SLICE_ROWS + 1) * sizeof(double);

    return plan_add(needs->model_nbytes, store_rows_nbytes(needs->store) + loss_nbytes +
                                             (needs->is_fitted ? 0 : order_nbytes));
}

/* "12M", rounded up, as the option takes it. */
static const char *plan_in_megabytes(char buffer[32], uint64_t nbytes)
{
    return text_format(buffer, 32, "%" PRIu64 "M", nbytes / 1048576 + (nbytes % 1048576 != 0));
}

/* The largest window for which the training split fits into budget; 0 if none does. */
static uint32_t plan_largest_window(const struct memory_needs *needs, uint64_t budget)
{
    uint32_t num_chunks =
        epoch_order_num_chunks(&needs->order, (uint32_t)store_num_rows(needs->store, SPLIT_TRAIN));
    uint32_t fits = 0, does_not = num_chunks + 1;

    while (does_not - fits > 1) {
        uint32_t window = fits + (does_not - fits) / 2;

        if (plan_train_nbytes(needs, plan_windows(needs, window)) <= budget)
            fits = window;
        else
            does_not = window;
    }
    return fits;
}

/* needed: bytes for the training images as the order wants them; budget: what there is for them;
 * others: all else that must be in memory beside them. */
static bool plan_refuse(const struct memory_needs *needs, uint64_t needed, uint64_t budget,
                        uint64_t others, struct error *error)
{
    char needed_text[32], budget_text[32], limit_text[32], enough_text[32];
    const char *limit = needs->is_limit_given ? "--memory-limit" : "the limit by default,";
    const char *order = needs->order.shuffle == SHUFFLE_WINDOW
                            ? TEXT("--shuffle window:%" PRIu32, needs->order.window)
                            : TEXT("--shuffle %s", shuffle_names[needs->order.shuffle]);
    uint32_t window = needs->is_fitted ? 0 : plan_largest_window(needs, budget);

    if (needs->is_fitted)
        order = "one pass over the images";
    plan_in_megabytes(needed_text, needed);
    text_format(budget_text, sizeof(budget_text), "%" PRIu64 "M", budget / 1048576);
    plan_in_megabytes(limit_text, needs->limit);
    plan_in_megabytes(enough_text, plan_add(needed, others));
    return error_set(error, STATUS_USAGE, NULL,
                     "%s needs %s for training images, but %s %s leaves %s for them: take "
                     "--memory-limit %s%s",
                     order, needed_text, limit, limit_text, budget_text, enough_text,
                     window > 0 ? TEXT(" or --shuffle window:%" PRIu32, window) : "");
}

/* The largest stretch in stored order, up to STORED_BLOCKS, that fits; one block if none does. */
static uint32_t plan_stored_window(const struct memory_needs *needs, uint64_t budget)
{
    uint32_t window = STORED_BLOCKS;

    while (window > 1 &&
           plan_train_nbytes(needs, needs->is_fitted ? plan_stored(needs, window)
                                                     : plan_windows(needs, window)) > budget)
        window /= 2;
    return window;
}

bool memory_plan_make(const struct memory_needs *needs, struct memory_plan *plan,
                      struct error *error)
{
    uint64_t others = plan_other_nbytes(needs);
    uint64_t budget = needs->limit > others ? needs->limit - others : 0;
    uint64_t whole_train = plan_train_nbytes(needs, plan_whole(needs));
    uint64_t whole_valid = plan_valid_nbytes(needs, plan_whole(needs));
    uint64_t small_valid = plan_valid_nbytes(needs, plan_stored(needs, STORED_BLOCKS));
    uint64_t least_valid = plan_least(whole_valid, small_valid), streamed_train;

    plan->train = plan->valid = plan_whole(needs);
    plan->window = needs->order.window;
    if (plan_add(whole_train, whole_valid) <= budget)
        return true;
    if (plan_add(whole_train, least_valid) <= budget) {
        plan->valid = plan_stored(needs, STORED_BLOCKS);
        return true;
    }
    others = plan_add(others, least_valid);
    budget = budget > least_valid ? budget - least_valid : 0;
    if (needs->order.shuffle == SHUFFLE_FULL && !needs->is_fitted)
        return plan_refuse(needs, whole_train, budget, others, error);
    if (needs->order.shuffle != SHUFFLE_WINDOW || needs->is_fitted)
        plan->window = plan_stored_window(needs, budget);
    plan->train =
        needs->is_fitted ? plan_stored(needs, plan->window) : plan_windows(needs, plan->window);
    streamed_train = plan_train_nbytes(needs, plan->train);
    if (streamed_train > budget)
        return plan_refuse(needs, streamed_train, budget, others, error);
    if (whole_valid > least_valid && whole_valid - least_valid > budget - streamed_train)
        plan->valid = plan_stored(needs, STORED_BLOCKS);
    return true;
}
