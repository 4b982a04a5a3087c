#include "formats/predictions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5.h"
#include "formats/store/rows.h"

enum { COMPRESSION_LEVEL = 1, BUFFER_CHUNKS = 1 };

struct predictions_writer {
    char *path;
    struct atomic_file output;
    struct h5_context file;
    hid_t id, root, path_type, reason_type;
    struct row_writer paths, predictions, scores, reasons;
    size_t num_classes, max_path_nbytes;
    float *no_scores; /* [C], all NaN */
    char *padded;     /* room for a path or a reason */
};

static void predictions_begin_column(struct predictions_writer *writer, struct row_writer *rows,
                                     const char *name, const struct row_layout *layout,
                                     const char *description)
{
    row_writer_begin(rows, &writer->file, writer->root, name, layout, BUFFER_CHUNKS,
                     COMPRESSION_LEVEL, 1);
    h5_write_text_attribute(&writer->file, rows->dataset, "description", description);
}

static void predictions_begin_columns(struct predictions_writer *writer,
                                      const struct predictions_plan *plan)
{
    static const char *const labels[] = {"image", "class"};
    char meaning[200];

    writer->path_type = h5_create_text_type(&writer->file, plan->max_path_nbytes);
    writer->reason_type = h5_create_text_type(&writer->file, PREDICTIONS_MAX_REASON_NBYTES);
    predictions_begin_column(writer, &writer->paths, "paths",
                             &(struct row_layout){.rank = 1,
                                                  .shape = {plan->max_rows},
                                                  .value_nbytes = plan->max_path_nbytes,
                                                  .type = writer->path_type,
                                                  .labels = labels},
                             "path of each image, as it is opened");
    predictions_begin_column(writer, &writer->predictions, "predictions",
                             &(struct row_layout){.rank = 1,
                                                  .shape = {plan->max_rows},
                                                  .value_nbytes = sizeof(uint32_t),
                                                  .type = H5T_STD_U32LE,
                                                  .labels = labels},
                             "predicted class, an index into /classes; 4294967295 for an image "
                             "without a prediction");
    text_format(meaning, sizeof(meaning),
                "score of each class: %s; the highest is predicted; NaN without a prediction",
                plan->scores_meaning);
    predictions_begin_column(writer, &writer->scores, "scores",
                             &(struct row_layout){.rank = 2,
                                                  .shape = {plan->max_rows, plan->classes->count},
                                                  .value_nbytes = sizeof(float),
                                                  .type = H5T_IEEE_F32LE,
                                                  .labels = labels},
                             meaning);
    predictions_begin_column(writer, &writer->reasons, "errors",
                             &(struct row_layout){.rank = 1,
                                                  .shape = {plan->max_rows},
                                                  .value_nbytes = PREDICTIONS_MAX_REASON_NBYTES,
                                                  .type = writer->reason_type,
                                                  .labels = labels},
                             "why an image has no prediction; empty for one that has");
}

bool predictions_create(const char *path, const struct predictions_plan *plan, bool is_forced,
                        struct predictions_writer **result, struct error *error)
{
    struct predictions_writer *writer = calloc(1, sizeof(*writer));
    const struct h5_context *file;

    *result = NULL;
    if (!writer)
        return error_set_memory(error, sizeof(*writer));
    *writer = (struct predictions_writer){.output = {.descriptor = -1},
                                          .id = H5I_INVALID_HID,
                                          .root = H5I_INVALID_HID,
                                          .path_type = H5I_INVALID_HID,
                                          .reason_type = H5I_INVALID_HID,
                                          .paths = {.dataset = H5I_INVALID_HID},
                                          .predictions = {.dataset = H5I_INVALID_HID},
                                          .scores = {.dataset = H5I_INVALID_HID},
                                          .reasons = {.dataset = H5I_INVALID_HID},
                                          .num_classes = plan->classes->count,
                                          .max_path_nbytes = plan->max_path_nbytes};
    file = &writer->file;
    writer->path = strdup(path);
    writer->file = (struct h5_context){.path = writer->path, .error = error};
    writer->paths.file = writer->predictions.file = writer->scores.file = writer->reasons.file =
        file;
    if (!writer->path)
        error_set_memory(error, strlen(path) + 1);
    else if (memory_allocate(&writer->no_scores, writer->num_classes, sizeof(float), error) &&
             memory_allocate(&writer->padded, plan->max_path_nbytes + PREDICTIONS_MAX_REASON_NBYTES,
                             1, error) &&
             atomic_file_begin(&writer->output, path, FILE_KIND_PREDICTIONS, is_forced, error)) {
        for (size_t c = 0; c < writer->num_classes; c++)
            writer->no_scores[c] = NAN;
        writer->id = h5_create_file(&writer->file, &writer->output);
        writer->root = h5_open_group(file, writer->id, "/");
        h5_write_format(file, writer->root, file_kind_name(FILE_KIND_PREDICTIONS), "1.0");
        h5_write_text_attribute(file, writer->root, "description",
                                "what a classifier predicts for images, one row an image");
        h5_write_text_attribute(file, writer->root, "model", plan->model);
        h5_write_text_attribute(file, writer->root, "scores_meaning", plan->scores_meaning);
        h5_write_texts(file, writer->root, "classes", plan->classes);
        predictions_begin_columns(writer, plan);
    }
    if (error_ok(error))
        *result = writer;
    else
        predictions_abandon(writer);
    return error_ok(error);
}

static void predictions_append_text(struct predictions_writer *writer, struct row_writer *rows,
                                    const char *text, size_t nbytes)
{
    memset(writer->padded, 0, nbytes);
    memcpy(writer->padded, text, strnlen(text, nbytes));
    row_writer_append(rows, writer->padded, 1);
}

bool predictions_append(struct predictions_writer *writer, const char *path, uint32_t prediction,
                        const float *scores, const char *reason)
{
    const uint32_t class = reason ? PREDICTIONS_NONE : prediction;

    predictions_append_text(writer, &writer->paths, path, writer->max_path_nbytes);
    row_writer_append(&writer->predictions, &class, 1);
    row_writer_append(&writer->scores, reason ? writer->no_scores : scores, 1);
    predictions_append_text(writer, &writer->reasons, reason ? reason : "",
                            PREDICTIONS_MAX_REASON_NBYTES);
    return h5_ok(&writer->file);
}

/* Closes what is open of the file; its temporary file stays. */
static void predictions_close_file(struct predictions_writer *writer)
{
    row_writer_close(&writer->paths);
    row_writer_close(&writer->predictions);
    row_writer_close(&writer->scores);
    row_writer_close(&writer->reasons);
    h5_close(&writer->file, &writer->path_type);
    h5_close(&writer->file, &writer->reason_type);
    h5_close(&writer->file, &writer->root);
    h5_close_file(&writer->file, &writer->id);
}

bool predictions_commit(struct predictions_writer *writer, struct error *error)
{
    row_writer_end(&writer->paths);
    row_writer_end(&writer->predictions);
    row_writer_end(&writer->scores);
    row_writer_end(&writer->reasons);
    predictions_close_file(writer);
    if (error_ok(error))
        atomic_file_commit(&writer->output, error);
    predictions_abandon(writer);
    return error_ok(error);
}

void predictions_abandon(struct predictions_writer *writer)
{
    if (!writer)
        return;
    predictions_close_file(writer);
    atomic_file_abandon(&writer->output);
    free(writer->no_scores);
    free(writer->padded);
    free(writer->path);
    free(writer);
}
