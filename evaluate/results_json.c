#include <math.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/memory.h"
#include "evaluate/results.h"

void results_json_interval(struct json *json, const char *key, struct interval interval)
{
    if (isnan(interval.low)) {
        json_null(json, key);
        return;
    }
    json_begin_array(json, key);
    json_real(json, NULL, interval.low);
    json_real(json, NULL, interval.high);
    json_end_array(json);
}

static void results_json_model(struct json *json, const struct model_file *file)
{
    const struct model_spec *spec = &file->model.spec;

    json_string(json, "model", model_kind_names[spec->kind]);
    if (spec->kind == MODEL_NEAREST_MEAN)
        json_string(json, "distance", model_distance_names[spec->distance]);
    json_string(json, "checkpoint", file->path);
    json_count(json, "epoch", file->checkpoint.epoch);
    if (model_file_chosen_by(file))
        json_string(json, "chosen_on_valid_by", model_file_chosen_by(file));
}

static void results_json_means(struct json *json, const char *key,
                               const double means[NUM_CLASS_FIGURES])
{
    json_begin_object(json, key);
    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++)
        json_real(json, class_figure_keys[i], means[i]);
    json_end_object(json);
}

static void results_json_figures(struct json *json, const struct figures *figures)
{
    json_real(json, "accuracy", figures->values[FIGURE_ACCURACY]);
    results_json_interval(json, "accuracy_interval", figures->intervals[FIGURE_ACCURACY]);
    json_real(json, "mean_class_accuracy", figures->values[FIGURE_BALANCED_ACCURACY]);
    json_real(json, "balanced_accuracy", figures->values[FIGURE_BALANCED_ACCURACY]);
    results_json_interval(json, "balanced_accuracy_interval",
                          figures->intervals[FIGURE_BALANCED_ACCURACY]);
    if (figures->top_k) {
        json_count(json, "top_k", figures->top_k);
        json_real(json, "top_k_accuracy", figures->values[FIGURE_TOP_K_ACCURACY]);
        results_json_interval(json, "top_k_accuracy_interval",
                              figures->intervals[FIGURE_TOP_K_ACCURACY]);
    }
    for (size_t i = FIGURE_LOSS; i < NUM_FIGURES; i++)
        json_real(json, figure_keys[i], figures->values[i]);
    results_json_means(json, "macro", figures->macro);
    results_json_means(json, "weighted", figures->weighted);
}

static void results_json_classes(struct json *json, const struct text_list *names,
                                 const struct figures *figures)
{
    json_begin_array(json, "classes");
    for (size_t c = 0; c < figures->num_classes; c++) {
        const struct class_figures *class = &figures->classes[c];

        json_begin_object(json, NULL);
        json_string(json, "name", names->items[c]);
        json_count(json, "correct", class->num_correct);
        json_count(json, "total", class->num_samples);
        json_count(json, "predicted", class->num_predicted);
        json_real(json, "accuracy", class->values[CLASS_RECALL]);
        for (size_t i = 0; i < NUM_CLASS_FIGURES; i++) {
            json_real(json, class_figure_keys[i], class->values[i]);
            if (i == CLASS_RECALL)
                results_json_interval(json, "recall_interval", class->intervals[i]);
            if (i == CLASS_PRECISION)
                results_json_interval(json, "precision_interval", class->intervals[i]);
        }
        json_end_object(json);
    }
    json_end_array(json);
}

static void results_json_calibration(struct json *json, const struct figures *figures)
{
    if (!figures->has_calibration)
        return;
    json_begin_array(json, "calibration");
    for (size_t i = 0; i < CALIBRATION_NUM_BINS; i++) {
        const struct calibration_bin *bin = &figures->calibration.bins[i];

        json_begin_object(json, NULL);
        json_real(json, "above", (double)i / CALIBRATION_NUM_BINS);
        json_real(json, "to", (double)(i + 1) / CALIBRATION_NUM_BINS);
        json_count(json, "total", bin->num_samples);
        json_real(json, "confidence", calibration_confidence(bin));
        json_real(json, "accuracy", calibration_accuracy(bin));
        json_end_object(json);
    }
    json_end_array(json);
}

/* ---- bootstrap ---- */

static void results_json_intervals(struct json *json, const char *key,
                                   const struct interval intervals[NUM_CLASS_FIGURES])
{
    json_begin_object(json, key);
    for (size_t i = 0; i < NUM_CLASS_FIGURES; i++)
        results_json_interval(json, class_figure_keys[i], intervals[i]);
    json_end_object(json);
}

static void results_json_bootstrap(struct json *json, const struct bootstrap *bootstrap,
                                   size_t num_classes)
{
    json_begin_object(json, "bootstrap");
    json_count(json, "resamples", bootstrap->num_resamples);
    json_count(json, "seed", bootstrap->seed);
    for (size_t i = 0; i < NUM_FIGURES; i++)
        results_json_interval(json, figure_keys[i], bootstrap->values[i]);
    results_json_intervals(json, "macro", bootstrap->macro);
    results_json_intervals(json, "weighted", bootstrap->weighted);
    json_begin_array(json, "classes");
    for (size_t c = 0; c < num_classes; c++)
        results_json_intervals(json, NULL, bootstrap->classes[c].intervals);
    json_end_array(json);
    json_end_object(json);
}

/* row [C] is working memory. */
static void results_json_confusion(struct json *json, const struct confusion *confusion,
                                   uint64_t *row)
{
    size_t cell = 0;

    json_begin_array(json, "confusion");
    for (size_t label = 0; label < confusion->num_classes; label++) {
        cell = confusion_fill_row(confusion, (uint32_t)label, cell, row);
        json_begin_array(json, NULL);
        for (size_t prediction = 0; prediction < confusion->num_classes; prediction++)
            json_count(json, NULL, row[prediction]);
        json_end_array(json);
    }
    json_end_array(json);
}

bool results_split_json(FILE *stream, const struct model_file *file,
                        const struct split_evaluation *result, struct error *error)
{
    const struct text_list *names = &file->checkpoint.classes;
    const struct figures *figures = &result->figures;
    uint64_t *row = NULL;
    struct json json = {.stream = stream};

    if (!memory_allocate(&row, figures->num_classes, sizeof(*row), error))
        return false;
    json_begin_object(&json, NULL);
    results_json_model(&json, file);
    json_string(&json, "store", result->store_path);
    json_string(&json, "store_fingerprint", result->store_fingerprint);
    json_string(&json, "split", split_names[result->split]);
    json_count(&json, "correct", figures->num_correct);
    json_count(&json, "total", figures->num_samples);
    json_count(&json, "unknown_samples", result->num_unknown);
    results_json_figures(&json, figures);
    results_json_classes(&json, names, figures);
    results_json_calibration(&json, figures);
    if (result->bootstrap.num_resamples > 0)
        results_json_bootstrap(&json, &result->bootstrap, figures->num_classes);
    results_json_confusion(&json, &result->confusion, row);
    json_end_object(&json);
    fputc('\n', stream);
    free(row);
    return true;
}
