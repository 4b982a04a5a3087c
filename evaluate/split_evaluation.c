#include "evaluate/split_evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apply/split_pass.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "formats/store/dataset.h"

enum {
    MEGABYTE = 1 << 20,
    /* Blocks in memory at a time of a split that is streamed: work for every thread. */
    STREAMED_BLOCKS = 16,
};

/* ---- classes and labels ---- */

struct named_class {
    const char *name;
    uint32_t index;
};

static int split_evaluation_compare_names(const void *a, const void *b)
{
    return strcmp(((const struct named_class *)a)->name, ((const struct named_class *)b)->name);
}

static bool split_evaluation_sort_classes(const struct text_list *classes,
                                          struct named_class **sorted, struct error *error)
{
    if (!memory_allocate(sorted, classes->count, sizeof(**sorted), error))
        return false;
    for (size_t i = 0; i < classes->count; i++)
        (*sorted)[i] = (struct named_class){classes->items[i], (uint32_t)i};
    qsort(*sorted, classes->count, sizeof(**sorted), split_evaluation_compare_names);
    return true;
}

/*
 * Classes are matched by name: the same names in another order are the same classes.  Writes to map
 * [store_classes->count] the index in model_classes of each class of the store, or
 * SPLIT_PASS_NO_LABEL for one that the model does not know.  STATUS_DATA if it knows none.
 */
static bool split_evaluation_map_classes(const char *store_path,
                                         const struct text_list *store_classes,
                                         const struct text_list *model_classes, uint32_t *map,
                                         struct error *error)
{
    struct named_class *in_store = NULL, *in_model = NULL;
    size_t num_matched = 0;
    bool ok = split_evaluation_sort_classes(store_classes, &in_store, error) &&
              split_evaluation_sort_classes(model_classes, &in_model, error);

    for (size_t s = 0, m = 0; ok && s < store_classes->count; s++) {
        int order = -1;

        while (m < model_classes->count &&
               (order = split_evaluation_compare_names(&in_model[m], &in_store[s])) < 0)
            m++;
        map[in_store[s].index] =
            m < model_classes->count && order == 0 ? in_model[m].index : SPLIT_PASS_NO_LABEL;
        num_matched += map[in_store[s].index] != SPLIT_PASS_NO_LABEL;
    }
    if (ok && num_matched == 0)
        ok = error_set(error, STATUS_DATA,
                       ERROR_AT(.file = store_path, .dataset = "/classes",
                                .expected = model_classes->items[0],
                                .found = store_classes->items[0]),
                       "the store and the checkpoint have no class in common");
    free(in_store);
    free(in_model);
    return ok;
}

static bool split_evaluation_read_labels(const struct model_file *file, const struct store *store,
                                         struct split_evaluation *result, struct error *error)
{
    const struct text_list *classes = store_classes(store);
    const uint32_t *labels = store_labels(store, result->split);
    uint32_t *map = NULL;
    bool ok = memory_allocate(&map, classes->count, sizeof(*map), error) &&
              split_evaluation_map_classes(result->store_path, classes, &file->checkpoint.classes,
                                           map, error) &&
              memory_allocate(&result->labels, result->num_samples, sizeof(*result->labels), error);

    for (uint64_t i = 0; i < result->num_samples && ok; i++) {
        result->labels[i] = map[labels[i]];
        result->num_unknown += result->labels[i] == SPLIT_PASS_NO_LABEL;
    }
    free(map);
    if (ok && result->num_unknown > 0 && result->num_unknown == result->num_samples)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = result->store_path),
                       "no sample of split '%s' is of a class that the checkpoint knows",
                       split_names[result->split]);
    return ok;
}

/* The split that was asked for or, where none was and the store has only one, that one. */
static bool split_evaluation_choose_split(const struct split_request *request,
                                          const struct store *store,
                                          struct split_evaluation *result, struct error *error)
{
    char names[64] = "";
    size_t num_splits = 0;
    enum split only = request->split;

    result->split = request->split;
    if (store_num_rows(store, request->split) > 0)
        return true;
    for (int split = 0; split < NUM_SPLITS; split++) {
        char before[64];

        if (store_num_rows(store, (enum split)split) == 0)
            continue;
        only = (enum split)split;
        memcpy(before, names, sizeof(before));
        text_format(names, sizeof(names), "%s%s%s", before, num_splits++ ? ", " : "",
                    split_names[split]);
    }
    if (request->may_take_only_split && num_splits == 1) {
        result->split = only;
        return true;
    }
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = result->store_path, .expected = split_names[request->split],
                              .found = names),
                     "the store has no split '%s': --split chooses another",
                     split_names[request->split]);
}

/* Everything of the store but the pixels. */
static bool split_evaluation_read_samples(const struct model_file *file, struct store *store,
                                          bool with_paths, struct split_evaluation *result,
                                          struct error *error)
{
    if (!model_file_check_image(file, result->store_path, store_image_shape(store), true, error))
        return false;
    text_format(result->store_fingerprint, sizeof(result->store_fingerprint), "%s",
                store_fingerprint(store));
    result->num_samples = store_num_rows(store, result->split);
    if (result->num_samples > 0 && !store_labels(store, result->split))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = result->store_path),
                         "the split '%s' has no labels to compare with: quern-predict says which "
                         "classes its images have",
                         split_names[result->split]);
    if (!split_evaluation_read_labels(file, store, result, error) ||
        !memory_allocate(&result->rows, result->num_samples, sizeof(*result->rows), error))
        return false;
    for (uint64_t i = 0; i < result->num_samples; i++)
        result->rows[i] = i;
    return !with_paths || store_read_paths(store, result->split, &result->paths, error);
}

/* ---- memory ---- */

/* The confusion matrix as an evaluation file holds it: a cell for each pair of classes. */
static uint64_t split_evaluation_matrix_nbytes(size_t num_classes)
{
    return (uint64_t)num_classes * num_classes * sizeof(uint64_t);
}

/* Slices of which the scores are held at a time, where those of all are not. */
static size_t split_evaluation_part_slices(size_t num_classes, uint64_t num_samples)
{
    enum { PART_NBYTES = 1 << 20 };
    size_t slice_nbytes = MODEL_SLICE_ROWS * num_classes * sizeof(float);
    size_t num_slices = split_pass_num_slices(num_samples);
    size_t part = slice_nbytes < PART_NBYTES ? PART_NBYTES / slice_nbytes : 1;

    return part < num_slices ? part : num_slices;
}

/* The samples as the bootstrap is given them. */
static struct figures_samples split_evaluation_samples(const struct model *model,
                                                       const struct split_evaluation *result,
                                                       int num_threads)
{
    return (struct figures_samples){
        .num_classes = model->spec.num_classes,
        .num_samples = result->num_samples,
        .labels = result->labels,
        .predictions = result->predictions,
        .scores = result->scores,
        .summaries = result->summaries,
        .are_probabilities = model->spec.kind != MODEL_NEAREST_MEAN,
        .loss = result->loss,
        .num_threads = num_threads,
    };
}

/* All that counts in the memory limit, but for the pixels. */
static uint64_t split_evaluation_others_nbytes(const struct split_request *request,
                                               struct store *store, const struct model *model,
                                               const struct split_evaluation *result)
{
    size_t num_classes = model->spec.num_classes;
    uint64_t num_samples = result->num_samples;
    uint64_t scores_nbytes = num_classes * sizeof(float);
    int num_threads = request->checks.num_threads;
    struct figures_samples samples = split_evaluation_samples(model, result, num_threads);
    /* Of each sample its label here, its row and its prediction, and of each slice its loss. */
    uint64_t total =
        store_rows_nbytes(store) + num_samples * (2 * sizeof(uint32_t) + sizeof(uint64_t)) +
        split_pass_num_slices(num_samples) * sizeof(double) + model_memory_nbytes(model, false) +
        confusion_nbytes(num_classes, num_samples) +
        (request->with_samples ? split_evaluation_matrix_nbytes(num_classes) : 0);

    memory_add_nbytes(&total, 1, split_pass_nbytes(model, num_threads));
    memory_add_nbytes(&total, 1, figures_nbytes(num_classes, num_samples, result->has_areas));
    if (!result->has_areas)
        memory_add_nbytes(&total, split_evaluation_part_slices(num_classes, num_samples),
                          MODEL_SLICE_ROWS * scores_nbytes);
    else if (!request->with_samples)
        memory_add_nbytes(&total, num_samples, scores_nbytes);
    if (request->num_resamples > 0) {
        memory_add_nbytes(&total, num_samples, sizeof(double));
        /* Any address: the scores will be there. */
        samples.scores = (const float *)result->labels;
        memory_add_nbytes(&total, 1, bootstrap_nbytes(&samples, request->num_resamples));
    }
    return total;
}

/* The least --memory-limit, in megabytes, that takes both. */
static uint64_t split_evaluation_megabytes(uint64_t others, uint64_t pixels)
{
    memory_add_nbytes(&others, 1, pixels);
    return others / MEGABYTE + 1;
}

/* The whole split in memory if it fits, else a few chunks of it at a time; returns whether that
 * fits.  *others is what all else takes. */
static bool split_evaluation_plan(const struct split_request *request, struct store *store,
                                  const struct model *model, const struct split_evaluation *result,
                                  struct dataset_plan *plan, uint64_t *others)
{
    int num_threads = request->checks.num_threads;
    uint64_t limit = request->memory_limit ? request->memory_limit : UINT64_MAX, budget;

    *plan = (struct dataset_plan){.num_threads = num_threads};
    *others = split_evaluation_others_nbytes(request, store, model, result);
    budget = limit > *others ? limit - *others : 0;
    if (dataset_nbytes(store, result->split, plan) > budget)
        *plan = dataset_plan_stored(store, STREAMED_BLOCKS, MODEL_SLICE_ROWS, num_threads);
    if (dataset_nbytes(store, result->split, plan) > budget)
        *plan = dataset_plan_stored(store, 1, MODEL_SLICE_ROWS, num_threads);
    return dataset_nbytes(store, result->split, plan) <= budget;
}

static bool split_evaluation_refuse_limit(const struct split_request *request,
                                          const struct model *model, uint64_t num_samples,
                                          uint64_t least_megabytes, struct error *error)
{
    uint64_t matrix = split_evaluation_matrix_nbytes(model->spec.num_classes);

    if (request->with_samples && matrix > request->memory_limit / 2)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = request->store_path),
                         "the confusion matrix of %zu classes takes %" PRIu64
                         "M in an evaluation file: leave out --output, or give a --memory-limit of "
                         "%" PRIu64 "M",
                         model->spec.num_classes, (matrix + MEGABYTE - 1) / MEGABYTE,
                         least_megabytes);
    return error_set(error, STATUS_USAGE, ERROR_AT(.file = request->store_path),
                     "%" PRIu64 " samples%s need a --memory-limit of %" PRIu64 "M", num_samples,
                     request->num_resamples ? " and --bootstrap" : "", least_megabytes);
}

/*
 * Images, or a part of them, and the scores of all samples for the areas if both fit.  What the
 * bootstrap and an evaluation file hold does not depend on the limit: they have areas.
 */
static bool split_evaluation_open_dataset(const struct split_request *request, struct store *store,
                                          const struct model *model, struct dataset *dataset,
                                          struct split_evaluation *result, struct error *error)
{
    struct dataset_plan plan;
    uint64_t others;
    bool fits;

    result->has_areas = true;
    fits = split_evaluation_plan(request, store, model, result, &plan, &others);
    if (!fits && !request->with_samples && request->num_resamples == 0) {
        result->areas_megabytes =
            split_evaluation_megabytes(others, dataset_nbytes(store, result->split, &plan));
        result->has_areas = false;
        fits = split_evaluation_plan(request, store, model, result, &plan, &others);
    }
    if (fits)
        return dataset_open(dataset, store, result->split, &plan, error);
    return split_evaluation_refuse_limit(
        request, model, result->num_samples,
        split_evaluation_megabytes(others, dataset_nbytes(store, result->split, &plan)), error);
}

/* ---- evaluation ---- */

/* Summarizes the scores of samples from first on, but for those of unknown classes. */
static void split_evaluation_summarize(struct split_evaluation *result, size_t num_classes,
                                       const float *scores, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++)
        if (result->labels[i] != SPLIT_PASS_NO_LABEL)
            scores_summarize(scores + (i - first) * num_classes, &result->labels[i],
                             &result->predictions[i], num_classes, 1, &result->summaries[i]);
}

/* A pass over all samples at once if their scores are kept, else part by part. */
static bool split_evaluation_pass(struct split_pass *pass, struct split_evaluation *result,
                                  double *slice_losses, struct error *error)
{
    size_t num_classes = pass->model->spec.num_classes;
    size_t num_slices = split_pass_num_slices(result->num_samples);
    size_t part = result->scores ? num_slices
                                 : split_evaluation_part_slices(num_classes, result->num_samples);
    float *part_scores = NULL;
    uint64_t num_correct;
    bool ok = true;

    if (!result->scores)
        ok = memory_allocate(&part_scores, part * MODEL_SLICE_ROWS, num_classes * sizeof(float),
                             error);
    pass->scores = result->scores ? result->scores : part_scores;
    for (size_t slice = 0; slice < num_slices && ok; slice += part) {
        size_t end = slice + part < num_slices ? slice + part : num_slices;
        uint64_t end_row = (uint64_t)end * MODEL_SLICE_ROWS;

        pass->first_score_row = (uint64_t)slice * MODEL_SLICE_ROWS;
        ok = split_pass_run(pass, slice, end, slice_losses, &num_correct, error);
        if (ok)
            split_evaluation_summarize(result, num_classes, pass->scores, pass->first_score_row,
                                       end_row < result->num_samples ? end_row
                                                                     : result->num_samples);
    }
    progress_clear(pass->progress);
    free(part_scores);
    return ok;
}

static bool split_evaluation_evaluate(const struct model_file *file, struct dataset *dataset,
                                      int num_threads, struct split_evaluation *result,
                                      struct error *error)
{
    const struct model *model = &file->model;
    struct progress progress = progress_begin(NULL, "evaluate", "samples", result->num_samples);
    struct split_pass pass = {
        .model = model,
        .dataset = dataset,
        .labels = result->labels,
        .num_threads = num_threads,
        .predictions = result->predictions,
        .losses = result->losses,
        .progress = &progress,
    };
    size_t num_slices = split_pass_num_slices(result->num_samples);
    double *slice_losses = NULL;
    bool ok = memory_allocate(&slice_losses, num_slices, sizeof(*slice_losses), error) &&
              split_pass_prepare(&pass, error) &&
              split_evaluation_pass(&pass, result, slice_losses, error);

    if (ok)
        result->loss = split_pass_mean_loss(slice_losses, result->num_samples);
    if (ok && result->num_unknown > 0)
        result->loss *=
            (double)result->num_samples / (double)(result->num_samples - result->num_unknown);
    split_pass_release(&pass);
    free(slice_losses);
    if (ok && model_has_gradient(model) && isnan(result->loss))
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = file->path, .dataset = "/parameters"),
                       "the loss is not a number: the parameters are so large that the model's "
                       "sums overflow; take an earlier checkpoint");
    return ok;
}

/* Takes the samples of unknown classes out of all that is kept of each sample. */
static void split_evaluation_drop_unknown(struct split_evaluation *result, size_t num_classes)
{
    uint64_t kept = 0;

    if (result->num_unknown == 0)
        return;
    for (uint64_t i = 0; i < result->num_samples; i++) {
        if (result->labels[i] == SPLIT_PASS_NO_LABEL) {
            if (result->paths.count > 0)
                free(result->paths.items[i]);
            continue;
        }
        result->labels[kept] = result->labels[i];
        result->predictions[kept] = result->predictions[i];
        result->rows[kept] = result->rows[i];
        result->summaries[kept] = result->summaries[i];
        if (result->losses)
            result->losses[kept] = result->losses[i];
        if (result->scores)
            memmove(result->scores + kept * num_classes, result->scores + i * num_classes,
                    num_classes * sizeof(*result->scores));
        if (result->paths.count > 0)
            result->paths.items[kept] = result->paths.items[i];
        kept++;
    }
    if (result->paths.count > 0)
        result->paths.count = kept;
    result->num_samples = kept;
}

static bool split_evaluation_allocate(const struct split_request *request, size_t num_classes,
                                      struct split_evaluation *result, struct error *error)
{
    uint64_t num_samples = result->num_samples;
    bool ok =
        memory_allocate(&result->predictions, num_samples, sizeof(*result->predictions), error) &&
        memory_allocate(&result->summaries, num_samples, sizeof(*result->summaries), error);

    if (ok && result->has_areas)
        ok = memory_allocate(&result->scores, num_samples, num_classes * sizeof(*result->scores),
                             error);
    if (ok && request->num_resamples > 0)
        ok = memory_allocate(&result->losses, num_samples, sizeof(*result->losses), error);
    return ok;
}

static bool split_evaluation_compute(const struct split_request *request, const struct model *model,
                                     struct split_evaluation *result, struct error *error)
{
    const struct figures_samples samples =
        split_evaluation_samples(model, result, request->checks.num_threads);
    bool has_loss = model_has_gradient(model);

    return confusion_count(samples.num_classes, result->labels, result->predictions,
                           result->num_samples, &result->confusion, error) &&
           figures_compute(&samples, &result->figures, error) &&
           (request->num_resamples == 0 ||
            bootstrap_compute(&samples, has_loss ? result->losses : NULL, request->num_resamples,
                              request->seed, &result->bootstrap, error));
}

static bool split_evaluation_run_store(const struct model_file *file, struct store *store,
                                       const struct split_request *request,
                                       struct split_evaluation *result, struct error *error)
{
    const struct model *model = &file->model;
    size_t num_classes = model->spec.num_classes;
    struct dataset dataset = {0};
    bool ok = split_evaluation_choose_split(request, store, result, error) &&
              split_evaluation_read_samples(file, store, request->with_samples, result, error) &&
              split_evaluation_open_dataset(request, store, model, &dataset, result, error) &&
              split_evaluation_allocate(request, num_classes, result, error) &&
              split_evaluation_evaluate(file, &dataset, request->checks.num_threads, result, error);

    dataset_close(&dataset);
    if (!ok)
        return false;
    split_evaluation_drop_unknown(result, num_classes);
    return split_evaluation_compute(request, model, result, error);
}

bool split_evaluation_run(const struct model_file *file, const struct split_request *request,
                          struct split_evaluation *result, struct error *error)
{
    struct store *store = NULL;
    bool ok;

    *result = (struct split_evaluation){.store_path = request->store_path, .split = request->split};
    ok = store_open_with(request->store_path, &request->checks, &store, error);
    if (!ok)
        return ok;
    result->store_is_sealed = store_is_sealed(store);
    ok = split_evaluation_run_store(file, store, request, result, error);
    store_close(store);
    return ok;
}

void split_evaluation_destroy(struct split_evaluation *result)
{
    free(result->labels);
    free(result->predictions);
    free(result->rows);
    free(result->summaries);
    free(result->losses);
    free(result->scores);
    text_list_free(&result->paths);
    confusion_destroy(&result->confusion);
    figures_destroy(&result->figures);
    bootstrap_destroy(&result->bootstrap);
    *result = (struct split_evaluation){0};
}
