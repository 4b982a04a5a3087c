#include "evaluate/split_evaluation.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/text.h"
#include "evaluate/class_map.h"
#include "formats/evaluation.h"
#include "formats/store/dataset.h"

enum {
    MEGABYTE = 1 << 20,
    /* Blocks in memory at a time of a split that is streamed: work for every thread. */
    STREAMED_BLOCKS = 16,
};

static bool read_labels(const struct loaded_model *loaded, const struct store *store,
                        struct split_evaluation *result, struct error *error)
{
    const struct text_list *classes = store_classes(store);
    const uint32_t *labels = store_labels(store, result->split);
    uint32_t *map = NULL;
    bool ok = memory_allocate(&map, classes->count, sizeof(*map), error);

    if (ok)
        ok = class_map_fill(result->store_path, classes, &loaded->checkpoint.classes, map, error);
    if (ok)
        ok = memory_allocate(&result->labels, result->num_samples, sizeof(*result->labels), error);
    for (uint64_t i = 0; i < result->num_samples && ok; i++)
        result->labels[i] = map[labels[i]];
    free(map);
    return ok;
}

/* Everything of the store but the pixels. */
static bool read_samples(const struct loaded_model *loaded, struct store *store, bool with_paths,
                         struct split_evaluation *result, struct error *error)
{
    bool ok =
        loaded_model_check_image(loaded, result->store_path, store_image_shape(store), true, error);

    text_format(result->store_fingerprint, sizeof(result->store_fingerprint), "%s",
                store_fingerprint(store));
    result->num_samples = store_num_rows(store, result->split);
    if (ok)
        ok = read_labels(loaded, store, result, error);
    if (ok && result->num_samples == 0)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = result->store_path),
                       "the store has no split '%s'", split_names[result->split]);
    if (ok && with_paths)
        ok = store_read_paths(store, result->split, &result->paths, error);
    return ok;
}

static bool make_workspaces(const struct model *model, int num_threads,
                            struct model_workspace **workspaces, struct error *error)
{
    bool ok = memory_allocate(workspaces, (size_t)num_threads, sizeof(**workspaces), error);

    for (int t = 0; t < num_threads && ok; t++)
        ok = model_workspace_create(model, &(*workspaces)[t], error);
    return ok;
}

static void free_workspaces(struct model_workspace *workspaces, int num_threads)
{
    for (int t = 0; workspaces && t < num_threads; t++)
        model_workspace_destroy(&workspaces[t]);
    free(workspaces);
}

static void evaluate_slice(const struct model *model, const struct dataset *dataset, uint64_t slice,
                           struct model_workspace *workspace, struct split_evaluation *result,
                           double *loss_sum)
{
    const uint8_t *rows[MODEL_SLICE_ROWS];
    uint64_t first = slice * MODEL_SLICE_ROWS;
    uint64_t num_left = result->num_samples - first;
    size_t num_rows = num_left < MODEL_SLICE_ROWS ? (size_t)num_left : MODEL_SLICE_ROWS;

    for (size_t i = 0; i < num_rows; i++)
        rows[i] = dataset_row(dataset, first + i);
    model_evaluate(
        model, rows, result->labels + first, num_rows, workspace, result->predictions + first,
        result->scores ? result->scores + first * model->spec.num_classes : NULL, loss_sum);
}

/* Evaluates stretch by stretch of what is in memory; losses [slices] are those of each slice. */
static bool evaluate_slices(const struct model *model, struct dataset *dataset, int num_threads,
                            struct model_workspace *workspaces, double *loss_sums,
                            struct split_evaluation *result, struct error *error)
{
    for (uint64_t first = 0; first < result->num_samples;) {
        uint64_t begin = first / MODEL_SLICE_ROWS, end;

        if (!dataset_reach(dataset, first, &first, error))
            return false;
        end = (first + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
#pragma omp parallel for schedule(static) num_threads(num_threads)
        for (uint64_t slice = begin; slice < end; slice++)
            evaluate_slice(model, dataset, slice, &workspaces[omp_get_thread_num()], result,
                           &loss_sums[slice]);
    }
    return true;
}

static bool evaluate_dataset(const struct model *model, struct dataset *dataset, int num_threads,
                             struct split_evaluation *result, struct error *error)
{
    uint64_t num_slices = (result->num_samples + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
    struct model_workspace *workspaces = NULL;
    double *loss_sums = NULL;
    double loss_sum = 0;
    bool ok = memory_allocate(&loss_sums, num_slices, sizeof(*loss_sums), error);

    if (ok)
        ok = make_workspaces(model, num_threads, &workspaces, error);
    if (ok)
        ok = evaluate_slices(model, dataset, num_threads, workspaces, loss_sums, result, error);
    /* Added in slice order, so that the sum does not depend on who computed what. */
    for (uint64_t slice = 0; slice < num_slices && ok; slice++)
        loss_sum += loss_sums[slice];
    result->loss = loss_sum / (double)result->num_samples;
    free_workspaces(workspaces, num_threads);
    free(loss_sums);
    return ok;
}

/* The whole split in memory if it fits, else a few chunks of it at a time. */
static bool open_dataset(const struct split_request *request, struct store *store,
                         const struct model *model, uint64_t num_samples, struct dataset *dataset,
                         struct error *error)
{
    int num_threads = request->checks.num_threads;
    struct dataset_plan plan = {.num_threads = num_threads};
    /* Of each sample its label here and in the store, its checksum, its prediction, and a loss of
     * each slice. */
    uint64_t others = store_rows_nbytes(store) + num_samples * 2 * sizeof(uint32_t) +
                      num_samples / MODEL_SLICE_ROWS * sizeof(double) +
                      model->num_parameters * sizeof(float);
    uint64_t limit = request->memory_limit ? request->memory_limit : UINT64_MAX;
    uint64_t budget = limit > others ? limit - others : 0;

    if (dataset_nbytes(store, request->split, &plan) > budget)
        plan = dataset_plan_stored(store, STREAMED_BLOCKS, MODEL_SLICE_ROWS, num_threads);
    if (dataset_nbytes(store, request->split, &plan) > budget)
        plan = dataset_plan_stored(store, 1, MODEL_SLICE_ROWS, num_threads);
    if (dataset_nbytes(store, request->split, &plan) > budget)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = request->store_path),
                         "%" PRIu64 " samples need a --memory-limit of %" PRIu64 "M", num_samples,
                         (others + dataset_nbytes(store, request->split, &plan)) / MEGABYTE + 1);
    return dataset_open(dataset, store, request->split, &plan, error);
}

static bool evaluate_store(const struct loaded_model *loaded, struct store *store,
                           const struct split_request *request, struct split_evaluation *result,
                           struct error *error)
{
    const struct model *model = &loaded->model;
    size_t num_classes = model->spec.num_classes;
    struct dataset dataset = {0};
    bool ok = read_samples(loaded, store, request->with_samples, result, error);

    if (ok)
        ok = memory_allocate(&result->predictions, result->num_samples,
                             sizeof(*result->predictions), error);
    if (ok && request->with_samples)
        ok = memory_allocate(&result->scores, result->num_samples,
                             num_classes * sizeof(*result->scores), error);
    if (ok)
        ok = open_dataset(request, store, model, result->num_samples, &dataset, error);
    if (ok)
        ok = evaluate_dataset(model, &dataset, request->checks.num_threads, result, error);
    if (ok)
        ok = metrics_create(&result->metrics, num_classes, error);
    if (ok) {
        metrics_count(&result->metrics, result->labels, result->predictions, result->num_samples);
        metrics_finish(&result->metrics);
    }
    dataset_close(&dataset);
    return ok;
}

bool split_evaluation_run(const struct loaded_model *loaded, const struct split_request *request,
                          struct split_evaluation *result, struct error *error)
{
    struct store *store = NULL;
    bool ok;

    *result = (struct split_evaluation){.store_path = request->store_path, .split = request->split};
    ok = store_open_with(request->store_path, &request->checks, &store, error);
    if (!ok)
        return ok;
    result->store_is_sealed = store_is_sealed(store);
    ok = evaluate_store(loaded, store, request, result, error);
    store_close(store);
    return ok;
}

void split_evaluation_destroy(struct split_evaluation *result)
{
    free(result->labels);
    free(result->predictions);
    free(result->scores);
    text_list_free(&result->paths);
    metrics_destroy(&result->metrics);
    *result = (struct split_evaluation){0};
}

bool split_evaluation_write(const char *path, const struct loaded_model *loaded,
                            const struct split_evaluation *result, struct error *error)
{
    const struct metrics *metrics = &result->metrics;
    struct evaluation evaluation = {
        .model = model_kind_names[loaded->model.spec.kind],
        .split = split_names[result->split],
        .store_fingerprint = result->store_fingerprint,
        .scores_meaning = model_scores_meaning(&loaded->model),
        .classes = &loaded->checkpoint.classes,
        .num_samples = result->num_samples,
        .num_correct = metrics->num_correct,
        .accuracy = metrics->accuracy,
        .mean_class_accuracy = metrics->mean_class_accuracy,
        .loss = result->loss,
        .confusion = metrics->confusion,
        .paths = &result->paths,
        .labels = result->labels,
        .predictions = result->predictions,
        .scores = result->scores,
    };

    return evaluation_write(path, &evaluation, false, error);
}
