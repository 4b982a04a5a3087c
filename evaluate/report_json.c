#include <math.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/memory.h"
#include "evaluate/report.h"

static void report_json_model(struct json *json, const struct model_file *file)
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

/* row [C] is working memory. */
static void report_json_confusion(struct json *json, const struct metrics *metrics, uint64_t *row)
{
    size_t cell = 0;

    json_begin_array(json, "confusion");
    for (size_t label = 0; label < metrics->num_classes; label++) {
        cell = metrics_fill_row(metrics, (uint32_t)label, cell, row);
        json_begin_array(json, NULL);
        for (size_t prediction = 0; prediction < metrics->num_classes; prediction++)
            json_count(json, NULL, row[prediction]);
        json_end_array(json);
    }
    json_end_array(json);
}

bool report_split_json(FILE *stream, const struct model_file *file,
                       const struct split_evaluation *result, struct error *error)
{
    const struct metrics *metrics = &result->metrics;
    uint64_t *row = NULL;
    size_t num_classes = metrics->num_classes;
    struct json json = {.stream = stream};

    if (!memory_allocate(&row, num_classes, sizeof(*row), error))
        return false;
    json_begin_object(&json, NULL);
    report_json_model(&json, file);
    json_string(&json, "store", result->store_path);
    json_string(&json, "store_fingerprint", result->store_fingerprint);
    json_string(&json, "split", split_names[result->split]);
    json_count(&json, "correct", metrics->num_correct);
    json_count(&json, "total", metrics->num_samples);
    json_count(&json, "unknown_samples", result->num_unknown);
    json_real(&json, "accuracy", metrics->accuracy);
    json_real(&json, "mean_class_accuracy", metrics->mean_class_accuracy);
    json_real(&json, "loss", result->loss);
    json_begin_array(&json, "classes");
    for (size_t c = 0; c < num_classes; c++) {
        json_begin_object(&json, NULL);
        json_string(&json, "name", file->checkpoint.classes.items[c]);
        json_count(&json, "correct", metrics->classes[c].num_correct);
        json_count(&json, "total", metrics->classes[c].num_samples);
        json_real(&json, "accuracy", metrics->classes[c].accuracy);
        json_end_object(&json);
    }
    json_end_array(&json);
    report_json_confusion(&json, metrics, row);
    json_end_object(&json);
    fputc('\n', stream);
    free(row);
    return true;
}
