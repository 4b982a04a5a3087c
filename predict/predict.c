#include "predict/predict.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/split_pass.h"
#include "common/machine.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "images/decode.h"
#include "images/file_pixels.h"
#include "images/preparation.h"

enum { SLICE = MODEL_SLICE_ROWS, REASON_NBYTES = PREDICTIONS_MAX_REASON_NBYTES, MAX_SAID = 20 };

/* What a thread needs for the images of one slice. */
struct slice {
    struct model_workspace workspace;
    struct source_reader reader;
    struct preparation_buffer buffer;
    uint8_t *pixels; /* [SLICE][D] */
    float *scores;   /* [SLICE][C], of the images that are decoded, in order */
    char *names;     /* [SLICE][max_name_nbytes] */
    char (*reasons)[REASON_NBYTES];
    enum status statuses[SLICE]; /* why there is no prediction; STATUS_OK: there is one */
    struct image_info infos[SLICE];
    uint32_t predictions[SLICE];
    struct table_row rows[SLICE];
    FILE *stream; /* onto text */
    char *text;
    size_t text_nbytes;
};

static bool slice_create(struct slice *slice, const struct predict *predict, struct error *error)
{
    const struct model *model = &predict->file->model;
    size_t num_classes = model->spec.num_classes;
    bool ok = model_workspace_create(model, &slice->workspace, error) &&
              memory_allocate(&slice->pixels, SLICE, model->num_inputs, error) &&
              memory_allocate(&slice->scores, SLICE, num_classes * sizeof(float), error) &&
              memory_allocate(&slice->names, SLICE, predict->inputs->max_name_nbytes, error) &&
              memory_allocate(&slice->reasons, SLICE, REASON_NBYTES, error);

    if (!ok)
        return false;
    slice->stream = open_memstream(&slice->text, &slice->text_nbytes);
    return slice->stream || error_set_memory(error, BUFSIZ);
}

static void slice_destroy(struct slice *slice)
{
    model_workspace_destroy(&slice->workspace);
    source_reader_free(&slice->reader);
    preparation_buffer_free(&slice->buffer);
    free(slice->pixels);
    free(slice->scores);
    free(slice->names);
    free(slice->reasons);
    if (slice->stream)
        fclose(slice->stream);
    free(slice->text);
}

/* ---- one image ---- */

/* Names the option that takes an image that was refused because it has too many pixels. */
static void predict_advise_pixels(const struct predict *predict, const struct source_file *bytes,
                                  struct error *error)
{
    struct image_info info = {0};
    struct error ignored = {0};
    size_t used = strlen(error->what);
    uint64_t num_pixels;

    if (error->status != STATUS_DATA ||
        !file_pixels_read_info("", bytes, PREDICT_MAX_PIXELS, &info, &ignored))
        return;
    num_pixels = (uint64_t)info.width * info.height;
    if (num_pixels > predict->max_pixels)
        text_format(error->what + used, sizeof(error->what) - used,
                    " (--max-pixels %" PRIu64 " takes it)", num_pixels);
}

/* To pixels [D], as the rows that the model was trained on were made. */
static bool predict_decode(const struct predict *predict, size_t index, struct slice *slice,
                           uint8_t *pixels, struct image_info *info, struct error *error)
{
    const struct model_file *file = predict->file;
    struct source_file bytes;

    if (!inputs_read(predict->inputs, index, &slice->reader, &bytes, error))
        return false;
    if (preparation_make_row(&file->preparation, &file->model.spec.image, "", &bytes,
                             predict->max_pixels, &slice->buffer, pixels, info, error))
        return true;
    predict_advise_pixels(predict, &bytes, error);
    return false;
}

static bool predict_check_scores(const float *scores, size_t num_classes, struct error *error)
{
    for (size_t c = 0; c < num_classes; c++)
        if (!isfinite(scores[c]))
            return error_set(error, STATUS_DATA, NULL,
                             "a score is not a finite number: the model's parameters are so large "
                             "that its sums overflow; take an earlier checkpoint");
    return true;
}

static void slice_note(struct slice *slice, size_t i, const struct error *error)
{
    slice->statuses[i] = error->status;
    decode_describe(slice->reasons[i], REASON_NBYTES, error);
}

/* ---- a slice of images ---- */

/* Decodes, classifies and prints images first to first + num_images - 1. */
static void predict_slice(const struct predict *predict, size_t first, size_t num_images,
                          struct slice *slice)
{
    const struct model *model = &predict->file->model;
    size_t num_classes = model->spec.num_classes, num_decoded = 0;
    static const uint32_t no_labels[SLICE];
    const uint8_t *decoded[SLICE];

    for (size_t i = 0; i < num_images; i++) {
        struct error error = {0};

        slice->statuses[i] = STATUS_OK;
        decoded[num_decoded] = slice->pixels + num_decoded * model->num_inputs;
        if (predict_decode(predict, first + i, slice,
                           slice->pixels + num_decoded * model->num_inputs, &slice->infos[i],
                           &error))
            num_decoded++;
        else
            slice_note(slice, i, &error);
    }
    if (num_decoded > 0)
        model_evaluate(model, decoded, no_labels, num_decoded, &slice->workspace,
                       slice->predictions, slice->scores, NULL);
    rewind(slice->stream);
    num_decoded = 0;
    for (size_t i = 0; i < num_images; i++) {
        struct table_row *row = &slice->rows[i];
        char *name = slice->names + i * predict->inputs->max_name_nbytes;
        struct error error = {0};

        *row = (struct table_row){.name = inputs_name(predict->inputs, first + i, name,
                                                      predict->inputs->max_name_nbytes)};
        if (slice->statuses[i] == STATUS_OK) {
            row->prediction = slice->predictions[num_decoded];
            row->scores = slice->scores + num_decoded++ * num_classes;
            if (!predict_check_scores(row->scores, num_classes, &error))
                slice_note(slice, i, &error);
        }
        if (slice->statuses[i] != STATUS_OK)
            row->reason = slice->reasons[i];
        table_print_row(predict->plan, row, slice->stream);
    }
    fflush(slice->stream);
}

/* Remembers what is to be said of images that have a prediction. */
static void predict_find(struct predict *predict, const char *name, const struct image_info *info)
{
    char escaped[800];

    preparation_add(&predict->findings, info);
    if (info->fault[0] != '\0' && predict->num_faults++ == 0)
        text_format(predict->first_fault, sizeof(predict->first_fault), "%s: %s",
                    text_escape(escaped, sizeof(escaped), name), info->fault);
}

/* In the order of the images. */
static bool predict_write(struct predict *predict, struct table *table, size_t num_images,
                          const struct slice *slice, struct error *error)
{
    char escaped[1024];

    for (size_t i = 0; i < num_images; i++) {
        if (slice->statuses[i] == STATUS_OK) {
            predict_find(predict, slice->rows[i].name, &slice->infos[i]);
            continue;
        }
        if (predict->num_failed++ == 0)
            predict->first_status = slice->statuses[i];
        if (predict->num_failed <= MAX_SAID)
            progress_message(predict->program, "%s: %s",
                             text_escape(escaped, sizeof(escaped), slice->rows[i].name),
                             slice->reasons[i]);
    }
    return table_write(table, slice->text, (size_t)ftell(slice->stream), slice->rows, num_images,
                       error);
}

/* Where the table is written in order, what it has stays. */
static bool predict_stop(const struct predict *predict, const struct table *table, size_t num_done,
                         struct error *error)
{
    const char *signal = signals_name(signals_stop_requested());

    if (table_is_whole_or_none(table))
        return error_set(error, STATUS_STOPPED, ERROR_AT(.file = predict->plan->path),
                         "stopped by %s: nothing is written", signal);
    return error_set(error, STATUS_STOPPED, ERROR_AT(.file = predict->plan->path),
                     "stopped by %s: the table ends after %zu of %zu images", signal, num_done,
                     predict->inputs->num_images);
}

static bool predict_all(struct predict *predict, struct slice *slices, struct table *table,
                        struct error *error)
{
    size_t num_images = predict->inputs->num_images;
    size_t num_slices = (num_images + SLICE - 1) / SLICE;
    struct progress progress = progress_begin(predict->program, "classify", "images", num_images);
    bool is_failed = false;

    /* Rows that go to the terminal say themselves how far it is. */
    progress.is_silent |= !predict->plan->path && isatty(STDOUT_FILENO);
    /* A thread that waits to write holds one slice: that bounds what lies in memory. */
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(predict->num_threads)
    for (size_t s = 0; s < num_slices; s++) {
        size_t first = s * SLICE;
        size_t count = num_images - first < SLICE ? num_images - first : SLICE;
        struct slice *slice = &slices[omp_get_thread_num()];
        bool is_over;

#pragma omp atomic read
        is_over = is_failed;
        if (!is_over)
            predict_slice(predict, first, count, slice);
#pragma omp ordered
        if (!is_over && !is_failed) {
            if (signals_stop_requested() ? !predict_stop(predict, table, first, error)
                                         : !predict_write(predict, table, count, slice, error)) {
#pragma omp atomic write
                is_failed = true;
            }
            if (error_ok(error))
                progress_update(&progress, first + count);
        }
    }
    progress_clear(&progress);
    return error_ok(error);
}

/* A network of few parameters may have values of any size. */
static bool predict_check_memory(const struct predict *predict, struct error *error)
{
    const struct model_file *file = predict->file;
    uint64_t needed = split_pass_nbytes(&file->model, predict->num_threads);
    uint64_t limit = machine_memory_nbytes() / 4 * 3;

    memory_add_nbytes(&needed, (uint64_t)predict->num_threads * SLICE, file->model.num_inputs);
    return needed <= limit ||
           error_set(error, STATUS_DATA,
                     ERROR_AT(.file = file->path,
                              .expected = TEXT("%" PRIu64 "M at most", limit >> 20),
                              .found = TEXT("%" PRIu64 "M", needed >> 20)),
                     "the network needs more memory to classify images than 3/4 of this machine's "
                     "or job's: take fewer --threads, or a smaller network");
}

/* What was found in images that are classified all the same. */
static void predict_print_notes(const struct predict *predict)
{
    const struct preparation_findings *findings = &predict->findings;
    bool is_one = predict->num_faults == 1;
    char number[32];

    if (findings->has_range && !predict->file->preparation.rule.has_range)
        progress_message(predict->program,
                         "note: %s of 16 bits a sample, values %u to %u, narrowed to 8 bits (65535 "
                         "becomes 255), as the model's images had no range",
                         findings->num_deep == 1
                             ? "1 image is"
                             : TEXT("%s images are",
                                    text_group_digits(number, sizeof(number), findings->num_deep)),
                         findings->low, findings->high);
    if (findings->has_range && !predict->file->preparation.rule.has_range &&
        preparation_count_levels(findings) < PREPARATION_MIN_LEVELS)
        progress_message(predict->program,
                         "warning: that leaves %u of the 256 values, and their scores say little: "
                         "train on a store made with --range",
                         preparation_count_levels(findings));
    if (predict->num_faults > 0)
        progress_message(predict->program, "note: %s %s outside %s pixels and %s read: %s%s",
                         text_group_digits(number, sizeof(number), predict->num_faults),
                         is_one ? "image has a harmless fault" : "images have harmless faults",
                         is_one ? "its" : "their", is_one ? "is" : "are",
                         is_one ? "" : "the first is ", predict->first_fault);
}

bool predict_run(struct predict *predict, struct table *table, struct error *error)
{
    struct slice *slices = NULL;
    bool ok = predict_check_memory(predict, error) &&
              memory_allocate(&slices, (size_t)predict->num_threads, sizeof(*slices), error);

    for (int t = 0; ok && t < predict->num_threads; t++)
        ok = slice_create(&slices[t], predict, error);
    ok = ok && predict_all(predict, slices, table, error);
    for (int t = 0; slices && t < predict->num_threads; t++)
        slice_destroy(&slices[t]);
    free(slices);
    if (ok && predict->num_failed > MAX_SAID)
        progress_message(predict->program, "and %" PRIu64 " more", predict->num_failed - MAX_SAID);
    if (ok)
        predict_print_notes(predict);
    return ok;
}
