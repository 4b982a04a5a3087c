#include "formats/evaluation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint_internal.h"
#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5.h"

enum { CHUNK_NBYTES = 256 * 1024 };
static const unsigned deflate_level = 4;

/* A dataset, and what it says of itself to a stranger. */
struct column {
    const char *name;
    hid_t file_type;
    hid_t memory_type;
    size_t rank;
    uint64_t shape[2];
    const char *labels[2]; /* of the dimensions */
    const char *description;
    const void *data;
};

/* Shuffled, deflated, in chunks of whole rows. */
static hid_t evaluation_write_chunked(const struct h5_context *file, hid_t parent,
                                      const struct column *column)
{
    hid_t space = H5I_INVALID_HID, list = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    hsize_t dimensions[2] = {column->shape[0], column->shape[1]}, chunk[2];
    size_t row_nbytes;

    if (!h5_ok(file))
        return dataset;
    row_nbytes = H5Tget_size(column->file_type) * (column->rank == 2 ? dimensions[1] : 1);
    chunk[0] = row_nbytes < CHUNK_NBYTES ? CHUNK_NBYTES / row_nbytes : 1;
    if (chunk[0] > dimensions[0])
        chunk[0] = dimensions[0];
    chunk[1] = dimensions[1];
    space = h5_hold(file, H5Screate_simple((int)column->rank, dimensions, NULL), column->name,
                    "cannot make a dataspace");
    list = h5_create_dataset_list(file);
    /* Mandatory: with optional filters, the functions made for them, HDF5 writes other bytes when
     * there is no memory to compress. */
    if (h5_ok(file) &&
        (H5Pset_chunk(list, (int)column->rank, chunk) < 0 ||
         H5Pset_filter(list, H5Z_FILTER_SHUFFLE, H5Z_FLAG_MANDATORY, 0, NULL) < 0 ||
         H5Pset_filter(list, H5Z_FILTER_DEFLATE, H5Z_FLAG_MANDATORY, 1, &deflate_level) < 0))
        h5_fail(file, STATUS_INTERNAL, column->name, "cannot set dataset properties");
    if (h5_ok(file))
        dataset = h5_hold(file,
                          H5Dcreate2(parent, column->name, column->file_type, space, H5P_DEFAULT,
                                     list, H5P_DEFAULT),
                          column->name, "cannot create the dataset");
    if (h5_ok(file) &&
        H5Dwrite(dataset, column->memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, column->data) < 0)
        h5_fail(file, STATUS_IO, column->name, "cannot write the dataset");
    h5_close(file, &list);
    h5_close(file, &space);
    return dataset;
}

static void evaluation_write_column(const struct h5_context *file, hid_t parent, bool is_chunked,
                                    const struct column *column)
{
    /* No chunk fits into a dataset without rows. */
    hid_t dataset =
        is_chunked && column->shape[0] > 0
            ? evaluation_write_chunked(file, parent, column)
            : h5_write_dataset(file, parent, column->name, column->file_type, column->memory_type,
                               column->rank, column->shape, column->data);

    h5_write_dimension_labels(file, dataset, column->labels, column->rank);
    h5_write_text_attribute(file, dataset, "description", column->description);
    h5_close(file, &dataset);
}

static void evaluation_write_texts(const struct h5_context *file, hid_t parent, bool is_chunked,
                                   struct column *column, const struct text_list *texts)
{
    size_t longest = 1;
    char *block = NULL;
    hid_t type = H5I_INVALID_HID;

    if (!h5_ok(file))
        return;
    for (size_t i = 0; i < texts->count; i++) {
        size_t length = strlen(texts->items[i]);

        longest = length > longest ? length : longest;
    }
    if (!memory_allocate(&block, texts->count, longest, file->error))
        return;
    for (size_t i = 0; i < texts->count; i++)
        memcpy(block + i * longest, texts->items[i], strlen(texts->items[i]));
    type = h5_create_text_type(file, longest);
    column->file_type = type;
    column->memory_type = type;
    column->rank = 1;
    column->shape[0] = texts->count;
    column->data = block;
    evaluation_write_column(file, parent, is_chunked, column);
    h5_close(file, &type);
    free(block);
}

static void evaluation_write_classes(const struct h5_context *file, hid_t root,
                                     const struct evaluation *evaluation)
{
    struct column classes = {
        .name = "classes",
        .labels = {"class"},
        .description = "class names; labels and predictions are indices into this list",
    };
    const struct column confusion = {
        .name = "confusion",
        .file_type = H5T_STD_U64LE,
        .memory_type = H5T_NATIVE_UINT64,
        .rank = 2,
        .shape = {evaluation->classes->count, evaluation->classes->count},
        .labels = {"true class", "predicted class"},
        .description = "number of samples of the row's class taken for the column's class",
        .data = evaluation->confusion,
    };

    evaluation_write_texts(file, root, false, &classes, evaluation->classes);
    evaluation_write_column(file, root, false, &confusion);
}

static void evaluation_write_class_figures(const struct h5_context *file, hid_t group,
                                           const struct evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->num_class_figures; i++) {
        const struct evaluation_class_figure *figure = &evaluation->class_figures[i];
        struct column column = {
            .name = figure->name,
            .file_type = H5T_IEEE_F64LE,
            .memory_type = H5T_NATIVE_DOUBLE,
            .rank = 1,
            .shape = {evaluation->classes->count, 2},
            .labels = {"class", "low, high"},
            .description = figure->description,
            .data = figure->values,
        };
        char name[64];

        evaluation_write_column(file, group, false, &column);
        if (!figure->intervals)
            continue;
        column.name = text_format(name, sizeof(name), "%s_interval", figure->name);
        column.rank = 2;
        column.description = "95 % confidence interval";
        column.data = figure->intervals;
        evaluation_write_column(file, group, false, &column);
    }
}

/* correct, total [C] and accuracy [C] follow from the confusion matrix. */
static void evaluation_write_per_class(const struct h5_context *file, hid_t root,
                                       const struct evaluation *evaluation)
{
    size_t num_classes = evaluation->classes->count;
    uint64_t *counts = NULL, *correct, *total;
    double *accuracy = NULL;
    hid_t group = H5I_INVALID_HID;

    if (!h5_ok(file) || !memory_allocate(&counts, 2 * num_classes, sizeof(*counts), file->error))
        return;
    if (!memory_allocate(&accuracy, num_classes, sizeof(*accuracy), file->error))
        goto out;
    correct = counts;
    total = counts + num_classes;
    for (size_t c = 0; c < num_classes; c++) {
        correct[c] = evaluation->confusion[c * num_classes + c];
        for (size_t i = 0; i < num_classes; i++)
            total[c] += evaluation->confusion[c * num_classes + i];
        accuracy[c] = total[c] ? (double)correct[c] / (double)total[c] : NAN;
    }
    group = h5_create_group(file, root, "per_class");
    h5_write_text_attribute(file, group, "description", "figures of each class, in class order");
    evaluation_write_column(file, group, false,
                            &(struct column){"correct",
                                             H5T_STD_U64LE,
                                             H5T_NATIVE_UINT64,
                                             1,
                                             {num_classes},
                                             {"class"},
                                             "number of samples predicted correctly",
                                             correct});
    evaluation_write_column(file, group, false,
                            &(struct column){"total",
                                             H5T_STD_U64LE,
                                             H5T_NATIVE_UINT64,
                                             1,
                                             {num_classes},
                                             {"class"},
                                             "number of samples",
                                             total});
    evaluation_write_column(
        file, group, false,
        &(struct column){"accuracy",
                         H5T_IEEE_F64LE,
                         H5T_NATIVE_DOUBLE,
                         1,
                         {num_classes},
                         {"class"},
                         "correct / total, 0 to 1; NaN for a class without samples",
                         accuracy});
    evaluation_write_class_figures(file, group, evaluation);
    h5_close(file, &group);
out:
    free(accuracy);
    free(counts);
}

static void evaluation_write_bins(const struct h5_context *file, hid_t root,
                                  const struct evaluation *evaluation)
{
    const struct evaluation_bins *bins = &evaluation->bins;
    const struct column columns[] = {
        {"edges",
         H5T_IEEE_F64LE,
         H5T_NATIVE_DOUBLE,
         1,
         {bins->count + 1},
         {"edge"},
         "bin i holds confidences above edge i up to and with edge i + 1",
         bins->edges},
        {"total",
         H5T_STD_U64LE,
         H5T_NATIVE_UINT64,
         1,
         {bins->count},
         {"bin"},
         "number of samples",
         bins->totals},
        {"confidence",
         H5T_IEEE_F64LE,
         H5T_NATIVE_DOUBLE,
         1,
         {bins->count},
         {"bin"},
         "mean score of the predicted class; NaN for an empty bin",
         bins->confidence},
        {"accuracy",
         H5T_IEEE_F64LE,
         H5T_NATIVE_DOUBLE,
         1,
         {bins->count},
         {"bin"},
         "share of samples predicted correctly; NaN for an empty bin",
         bins->accuracy},
    };
    hid_t group;

    if (bins->count == 0)
        return;
    group = h5_create_group(file, root, "calibration");
    h5_write_text_attribute(file, group, "description",
                            "samples by confidence, the score of their predicted class");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        evaluation_write_column(file, group, false, &columns[i]);
    h5_close(file, &group);
}

static void evaluation_write_samples(const struct h5_context *file, hid_t root,
                                     const struct evaluation *evaluation)
{
    struct column paths = {
        .name = "paths",
        .labels = {"sample"},
        .description = "file of each sample, relative to the source of the store",
    };
    uint64_t num_samples = evaluation->num_samples;
    hid_t group = h5_create_group(file, root, "samples");
    char scores[200];

    text_format(scores, sizeof(scores), "score of each class: %s; the highest is predicted",
                evaluation->scores_meaning);
    h5_write_text_attribute(file, group, "description", "one row a sample, in the store's order");
    evaluation_write_texts(file, group, true, &paths, evaluation->paths);
    evaluation_write_column(file, group, true,
                            &(struct column){"rows",
                                             H5T_STD_U64LE,
                                             H5T_NATIVE_UINT64,
                                             1,
                                             {num_samples},
                                             {"sample"},
                                             "row of each sample in its split of the store",
                                             evaluation->rows});
    evaluation_write_column(file, group, true,
                            &(struct column){"labels",
                                             H5T_STD_U32LE,
                                             H5T_NATIVE_UINT32,
                                             1,
                                             {num_samples},
                                             {"sample"},
                                             "true class, an index into /classes",
                                             evaluation->labels});
    evaluation_write_column(file, group, true,
                            &(struct column){"predictions",
                                             H5T_STD_U32LE,
                                             H5T_NATIVE_UINT32,
                                             1,
                                             {num_samples},
                                             {"sample"},
                                             "predicted class, an index into /classes",
                                             evaluation->predictions});
    evaluation_write_column(file, group, true,
                            &(struct column){"scores",
                                             H5T_IEEE_F32LE,
                                             H5T_NATIVE_FLOAT,
                                             2,
                                             {num_samples, evaluation->classes->count},
                                             {"sample", "class"},
                                             scores,
                                             evaluation->scores});
    h5_close(file, &group);
}

static void evaluation_write_attributes(const struct h5_context *file, hid_t root,
                                        const struct evaluation *evaluation)
{
    h5_write_format(file, root, file_kind_name(FILE_KIND_EVALUATION), "1.1");
    h5_write_text_attribute(file, root, "description",
                            "what a classifier predicts for one split of a quern store");
    h5_write_text_attribute(file, root, "model", evaluation->model);
    h5_write_text_attribute(file, root, "split", evaluation->split);
    h5_write_text_attribute(file, root, "store_fingerprint", evaluation->store_fingerprint);
    h5_write_count_attribute(file, root, "correct", evaluation->num_correct);
    h5_write_count_attribute(file, root, "total", evaluation->num_samples);
    if (evaluation->num_unknown > 0)
        h5_write_count_attribute(file, root, "unknown_samples", evaluation->num_unknown);
    for (size_t i = 0; i < evaluation->num_figures; i++) {
        const struct evaluation_figure *figure = &evaluation->figures[i];

        h5_write_real_attribute(file, root, figure->name, figure->value);
        if (!isnan(figure->low))
            h5_write_reals_attribute(file, root, TEXT("%s_interval", figure->name),
                                     (const double[]){figure->low, figure->high}, 2);
    }
    if (evaluation->top_k)
        h5_write_count_attribute(file, root, "top_k", evaluation->top_k);
    h5_write_text_attribute(file, root, "scores_meaning", evaluation->scores_meaning);
}

static void evaluation_write_checkpoint(const struct h5_context *file, hid_t root,
                                        const struct evaluation *evaluation)
{
    hid_t group = h5_create_group(file, root, "checkpoint");

    h5_write_text_attribute(file, group, "description", "what was evaluated; /config is its own");
    h5_write_text_attribute(file, group, "digest", evaluation->checkpoint_digest);
    h5_write_count_attribute(file, group, "epoch", evaluation->epoch);
    h5_close(file, &group);
    checkpoint_write_config(file, root, evaluation->config);
}

bool evaluation_write(const char *path, const struct evaluation *evaluation, bool is_forced,
                      struct error *error)
{
    struct atomic_file output;
    struct h5_context file = {.path = path, .error = error};
    hid_t id = H5I_INVALID_HID, root = H5I_INVALID_HID;

    if (!atomic_file_begin(&output, path, FILE_KIND_EVALUATION, is_forced, error))
        return false;
    id = h5_create_file(&file, &output);
    root = h5_open_group(&file, id, "/");
    evaluation_write_attributes(&file, root, evaluation);
    evaluation_write_checkpoint(&file, root, evaluation);
    evaluation_write_classes(&file, root, evaluation);
    evaluation_write_per_class(&file, root, evaluation);
    evaluation_write_bins(&file, root, evaluation);
    evaluation_write_samples(&file, root, evaluation);
    h5_close(&file, &root);
    h5_close_file(&file, &id);
    if (error_ok(error))
        atomic_file_commit(&output, error);
    atomic_file_abandon(&output);
    return error_ok(error);
}
