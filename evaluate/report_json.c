#include <math.h>

#include "common/json.h"
#include "evaluate/report.h"

static void print_model(struct json *json, const struct loaded_model *loaded)
{
    const struct model_spec *spec = &loaded->model.spec;

    json_string(json, "model", model_kind_names[spec->kind]);
    if (spec->kind == MODEL_NEAREST_MEAN)
        json_string(json, "distance", model_distance_names[spec->distance]);
    json_string(json, "checkpoint", loaded->path);
    json_count(json, "epoch", loaded->checkpoint.epoch);
}

void report_split_json(FILE *stream, const struct loaded_model *loaded,
                       const struct split_evaluation *result)
{
    const struct metrics *metrics = &result->metrics;
    size_t num_classes = metrics->num_classes;
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    print_model(&json, loaded);
    json_string(&json, "store", result->store_path);
    json_string(&json, "store_fingerprint", result->store_fingerprint);
    json_string(&json, "split", split_names[result->split]);
    json_count(&json, "correct", metrics->num_correct);
    json_count(&json, "total", metrics->num_samples);
    json_real(&json, "accuracy", metrics->accuracy);
    json_real(&json, "mean_class_accuracy", metrics->mean_class_accuracy);
    json_real(&json, "loss", result->loss);
    json_begin_array(&json, "classes");
    for (size_t c = 0; c < num_classes; c++) {
        json_begin_object(&json, NULL);
        json_string(&json, "name", loaded->checkpoint.classes.items[c]);
        json_count(&json, "correct", metrics->classes[c].num_correct);
        json_count(&json, "total", metrics->classes[c].num_samples);
        json_real(&json, "accuracy", metrics->classes[c].accuracy);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_begin_array(&json, "confusion");
    for (size_t label = 0; label < num_classes; label++) {
        json_begin_array(&json, NULL);
        for (size_t prediction = 0; prediction < num_classes; prediction++)
            json_count(&json, NULL, metrics->confusion[label * num_classes + prediction]);
        json_end_array(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    fputc('\n', stream);
}

static void print_per_class(struct json *json, const char *key, const struct text_list *classes,
                            const float *values, bool as_distances)
{
    json_begin_object(json, key);
    for (size_t c = 0; c < classes->count; c++)
        json_float(json, classes->items[c], as_distances ? fabsf(values[c]) : values[c]);
    json_end_object(json);
}

static void print_error(struct json *json, const struct error *error)
{
    json_string(json, "error", error ? error->what : "no memory");
    if (error && error->expected[0])
        json_string(json, "expected", error->expected);
    if (error && error->found[0])
        json_string(json, "found", error->found);
}

static void print_image(struct json *json, const struct loaded_model *loaded,
                        const struct single_image *image)
{
    const struct text_list *classes = &loaded->checkpoint.classes;

    json_begin_object(json, NULL);
    json_string(json, "path", image->path);
    if (image->is_classified) {
        json_string(json, "class", classes->items[image->prediction]);
        print_per_class(json, "scores", classes, image->scores, false);
        if (loaded->model.spec.kind == MODEL_NEAREST_MEAN)
            print_per_class(json, "distances", classes, image->scores, true);
    } else {
        json_null(json, "class");
        print_error(json, image->error);
    }
    json_end_object(json);
}

void report_images_json(FILE *stream, const struct loaded_model *loaded,
                        const struct single_images *result)
{
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    print_model(&json, loaded);
    json_string(&json, "scores_meaning", model_scores_meaning(&loaded->model));
    json_begin_array(&json, "images");
    for (size_t i = 0; i < result->count; i++)
        print_image(&json, loaded, &result->images[i]);
    json_end_array(&json);
    json_end_object(&json);
    fputc('\n', stream);
}
