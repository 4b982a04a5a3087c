#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint_internal.h"
#include "formats/evaluation.h"
#include "formats/file/file_kind.h"
#include "formats/hdf5/hdf5.h"
#include "formats/limits.h"
#include "formats/store/store.h"

enum { EVALUATION_MAJOR_VERSION = 1 };

/* ---- samples ---- */

/* A dataset of samples, and what its shape must be. */
static hid_t evaluation_open_samples(const struct h5_context *file, hid_t root, const char *name,
                                     H5T_class_t type_class, size_t rank, uint64_t num_samples,
                                     uint64_t num_classes)
{
    hid_t dataset = h5_open_dataset(file, root, name);
    uint64_t shape[2] = {num_samples, num_classes};

    h5_check_dataset(file, dataset, name, type_class, rank, shape);
    if (h5_ok(file) && shape[0] != num_samples)
        h5_refuse(file, name, "another number of samples than in /samples/labels",
                  TEXT("%llu", (unsigned long long)num_samples),
                  TEXT("%llu", (unsigned long long)shape[0]));
    if (h5_ok(file) && rank == 2 && shape[1] != num_classes)
        h5_refuse(file, name, "another number of columns than there are classes",
                  TEXT("%llu", (unsigned long long)num_classes),
                  TEXT("%llu", (unsigned long long)shape[1]));
    return dataset;
}

/* Class indices, of which each must be one. */
static uint32_t *evaluation_read_indices(const struct h5_context *file, hid_t root,
                                         const char *name,
                                         const struct evaluation_contents *contents)
{
    hid_t dataset =
        evaluation_open_samples(file, root, name, H5T_INTEGER, 1, contents->num_samples, 0);
    uint32_t *indices = NULL;

    if (h5_ok(file) &&
        memory_allocate(&indices, contents->num_samples, sizeof(*indices), file->error) &&
        contents->num_samples > 0)
        h5_read_dataset(file, dataset, name, H5T_NATIVE_UINT32, indices);
    for (uint64_t i = 0; i < contents->num_samples && h5_ok(file); i++)
        if (indices[i] >= contents->classes.count)
            error_set(file->error, STATUS_DATA,
                      ERROR_AT(.file = file->path, .dataset = name, .row = &i,
                               .expected = TEXT("less than %zu", contents->classes.count),
                               .found = TEXT("%u", indices[i])),
                      "no index of a class");
    h5_close(file, &dataset);
    return indices;
}

static void evaluation_read_rows(const struct h5_context *file, hid_t root,
                                 struct evaluation_contents *contents)
{
    const char *name = "/samples/rows";
    uint64_t num_samples = contents->num_samples;
    hid_t dataset = evaluation_open_samples(file, root, name, H5T_INTEGER, 1, num_samples, 0);

    if (h5_ok(file) &&
        memory_allocate(&contents->rows, num_samples, sizeof(*contents->rows), file->error) &&
        num_samples > 0)
        h5_read_dataset(file, dataset, name, H5T_NATIVE_UINT64, contents->rows);
    for (uint64_t i = 1; i < num_samples && h5_ok(file); i++)
        if (contents->rows[i] <= contents->rows[i - 1])
            error_set(file->error, STATUS_DATA,
                      ERROR_AT(.file = file->path, .dataset = name, .row = &i),
                      "rows that do not rise");
    h5_close(file, &dataset);
}

static void evaluation_read_scores(const struct h5_context *file, hid_t root,
                                   struct evaluation_contents *contents)
{
    const char *name = "/samples/scores";
    uint64_t num_classes = contents->classes.count;
    hid_t dataset =
        evaluation_open_samples(file, root, name, H5T_FLOAT, 2, contents->num_samples, num_classes);

    if (h5_ok(file) &&
        memory_allocate(&contents->scores, contents->num_samples,
                        num_classes * sizeof(*contents->scores), file->error) &&
        contents->num_samples > 0)
        h5_read_dataset(file, dataset, name, H5T_NATIVE_FLOAT, contents->scores);
    for (uint64_t i = 0; i < contents->num_samples && h5_ok(file); i++)
        for (uint64_t c = 0; c < num_classes; c++)
            if (isnan(contents->scores[i * num_classes + c]))
                error_set(file->error, STATUS_DATA,
                          ERROR_AT(.file = file->path, .dataset = name, .row = &i),
                          "a score that is not a number");
    h5_close(file, &dataset);
}

/* Of the dataset of paths: a block of texts, and a text of its own for each sample. */
static uint64_t evaluation_paths_nbytes(const struct h5_context *file, hid_t root,
                                        uint64_t num_samples)
{
    enum { TEXT_OVERHEAD = 32 };
    hid_t dataset =
        evaluation_open_samples(file, root, "/samples/paths", H5T_STRING, 1, num_samples, 0);
    hid_t type = H5I_INVALID_HID;
    uint64_t total = 0;

    if (h5_ok(file))
        type =
            h5_hold(file, H5Dget_type(dataset), "/samples/paths", "cannot read the dataset's type");
    if (h5_ok(file))
        memory_add_nbytes(&total, num_samples, 2 * (uint64_t)H5Tget_size(type) + TEXT_OVERHEAD);
    h5_close(file, &type);
    h5_close(file, &dataset);
    return total;
}

/* Before anything is allocated for the samples. */
static void evaluation_check_memory(const struct h5_context *file, hid_t root,
                                    const struct evaluation_request *request,
                                    const struct evaluation_contents *contents)
{
    uint64_t total = 0;

    memory_add_nbytes(&total, contents->num_samples, 2 * sizeof(uint32_t) + sizeof(uint64_t));
    if (request->with_scores)
        memory_add_nbytes(&total, contents->num_samples, contents->classes.count * sizeof(float));
    if (request->with_paths)
        memory_add_nbytes(&total, 1, evaluation_paths_nbytes(file, root, contents->num_samples));
    if (h5_ok(file) && request->memory_limit > 0 && total > request->memory_limit)
        error_set(file->error, STATUS_USAGE, ERROR_AT(.file = file->path),
                  "the evaluation takes %lluM of memory, of which there are %lluM",
                  (unsigned long long)(total >> 20) + 1,
                  (unsigned long long)request->memory_limit >> 20);
}

static void evaluation_read_samples(const struct h5_context *file, hid_t root,
                                    const struct evaluation_request *request,
                                    struct evaluation_contents *contents)
{
    hid_t dataset = h5_open_dataset(file, root, "/samples/labels");

    h5_check_dataset(file, dataset, "/samples/labels", H5T_INTEGER, 1, &contents->num_samples);
    h5_close(file, &dataset);
    if (!h5_ok(file)) {
        contents->num_samples = 0;
        return;
    }
    evaluation_check_memory(file, root, request, contents);
    contents->labels = evaluation_read_indices(file, root, "/samples/labels", contents);
    contents->predictions = evaluation_read_indices(file, root, "/samples/predictions", contents);
    if (contents->minor_version > 0)
        evaluation_read_rows(file, root, contents);
    if (request->with_scores)
        evaluation_read_scores(file, root, contents);
    if (request->with_paths)
        h5_read_texts(file, root, "/samples/paths", &contents->paths);
}

/* ---- the rest ---- */

static void evaluation_check_count(const struct h5_context *file, hid_t root, const char *name,
                                   uint64_t expected)
{
    uint64_t found = h5_read_count_attribute(file, root, name);

    if (h5_ok(file) && found != expected)
        h5_refuse(file, name, "another number than that of the samples",
                  TEXT("%llu", (unsigned long long)expected),
                  TEXT("%llu", (unsigned long long)found));
}

static void evaluation_check_counts(const struct h5_context *file, hid_t root,
                                    struct evaluation_contents *contents)
{
    for (uint64_t i = 0; i < contents->num_samples && h5_ok(file); i++)
        contents->num_correct += contents->labels[i] == contents->predictions[i];
    evaluation_check_count(file, root, "total", contents->num_samples);
    evaluation_check_count(file, root, "correct", contents->num_correct);
}

/* A split that stores have. */
static void evaluation_check_split(const struct h5_context *file, const char *split)
{
    size_t i = 0;

    while (split_names[i] && strcmp(split, split_names[i]) != 0)
        i++;
    if (h5_ok(file) && !split_names[i])
        h5_refuse(file, "split", "no split of a store", "train, valid or test",
                  TEXT("'%s'", split));
}

/* A text that a store may have as its fingerprint. */
static void evaluation_check_fingerprint(const struct h5_context *file, const char *fingerprint)
{
    if (h5_ok(file) && (strlen(fingerprint) != STORE_FINGERPRINT_LENGTH ||
                        strspn(fingerprint, "0123456789abcdef") != STORE_FINGERPRINT_LENGTH))
        h5_refuse(file, "store_fingerprint", "no fingerprint of a store",
                  TEXT("%d hexadecimal digits", STORE_FINGERPRINT_LENGTH),
                  TEXT("'%s'", fingerprint));
}

static void evaluation_read_attributes(const struct h5_context *file, hid_t root,
                                       struct evaluation_contents *contents)
{
    char version[64];

    h5_read_text_attribute(file, root, "format_version", version, sizeof(version));
    /* 1.10 comes after 1.9; h5_check_format has seen the point. */
    if (h5_ok(file))
        contents->minor_version = (unsigned)strtoul(strchr(version, '.') + 1, NULL, 10);
    h5_read_text_attribute(file, root, "model", contents->model, sizeof(contents->model));
    h5_read_text_attribute(file, root, "split", contents->split, sizeof(contents->split));
    evaluation_check_split(file, contents->split);
    h5_read_text_attribute(file, root, "store_fingerprint", contents->store_fingerprint,
                           sizeof(contents->store_fingerprint));
    evaluation_check_fingerprint(file, contents->store_fingerprint);
    h5_read_text_attribute(file, root, "scores_meaning", contents->scores_meaning,
                           sizeof(contents->scores_meaning));
    contents->are_probabilities = strcmp(contents->scores_meaning, "probability") == 0;
    contents->loss = h5_read_real_attribute(file, root, "loss");
    if (h5_ok(file) && h5_found(file, H5Aexists(root, "unknown_samples"), "unknown_samples"))
        contents->num_unknown = h5_read_count_attribute(file, root, "unknown_samples");
}

static void evaluation_read_checkpoint(const struct h5_context *file, hid_t root,
                                       struct evaluation_contents *contents)
{
    hid_t group;

    if (contents->minor_version == 0)
        return;
    group = h5_open_group(file, root, "/checkpoint");
    h5_read_text_attribute(file, group, "digest", contents->checkpoint_digest,
                           sizeof(contents->checkpoint_digest));
    contents->epoch = h5_read_count_attribute(file, group, "epoch");
    h5_close(file, &group);
    checkpoint_read_config(file, root, &contents->config);
}

bool evaluation_read(const char *path, const struct evaluation_request *request,
                     struct evaluation_contents *contents, struct error *error)
{
    const struct h5_opening opening = {.num_threads = 1};
    struct h5_context file = {.path = path, .error = error};
    hid_t root;

    *contents = (struct evaluation_contents){0};
    root = h5_open_file(&file, &opening, &contents->is_sealed);
    h5_check_format(&file, root, file_kind_name(FILE_KIND_EVALUATION), EVALUATION_MAJOR_VERSION);
    evaluation_read_attributes(&file, root, contents);
    h5_read_texts(&file, root, "/classes", &contents->classes);
    if (h5_ok(&file))
        limits_check_classes(path, contents->classes.count, 2, error);
    evaluation_read_checkpoint(&file, root, contents);
    evaluation_read_samples(&file, root, request, contents);
    evaluation_check_counts(&file, root, contents);
    h5_close_file(&file, &root);
    return error_ok(error);
}

void evaluation_free(struct evaluation_contents *contents)
{
    text_list_free(&contents->classes);
    text_list_free(&contents->paths);
    free(contents->labels);
    free(contents->predictions);
    free(contents->rows);
    free(contents->scores);
    *contents = (struct evaluation_contents){0};
}
