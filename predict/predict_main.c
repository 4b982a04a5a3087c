#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/file.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/signals.h"
#include "predict/inputs.h"
#include "predict/predict.h"
#include "predict/predict_options.h"
#include "predict/table.h"

static const char program_name[] = "quern-predict";

/* Beside which a compressed archive is spooled, which may be larger than what the output lies on.
 */
static const char *predict_spool_path(char *buffer, size_t size)
{
    const char *directory = getenv("TMPDIR");

    snprintf(buffer, size, "%s/quern-predict", directory && *directory ? directory : "/tmp");
    return buffer;
}

/* NULL: standard output. */
static const char *predict_table_path(const struct predict_options *options)
{
    const char *text_path = options->jsonl ? options->jsonl : options->csv;

    if (options->hdf5)
        return options->hdf5;
    return text_path && strcmp(text_path, "-") == 0 ? NULL : text_path;
}

static struct table_plan predict_plan_table(const struct predict_options *options,
                                            const struct model_file *file,
                                            const struct inputs *inputs)
{
    const struct text_list *classes = &file->checkpoint.classes;
    const struct predictions_plan predictions = {
        .model = model_kind_names[file->model.spec.kind],
        .scores_meaning = model_scores_meaning(&file->model),
        .classes = classes,
        .max_rows = inputs->num_images ? inputs->num_images : 1,
        .max_path_nbytes = inputs->max_name_nbytes ? inputs->max_name_nbytes : 1,
    };

    return (struct table_plan){
        .kind = options->hdf5    ? TABLE_HDF5
                : options->jsonl ? TABLE_JSONL
                                 : TABLE_CSV,
        .path = predict_table_path(options),
        .is_forced = options->force,
        .classes = classes,
        .num_top = options->num_top < classes->count ? options->num_top : classes->count,
        .are_probabilities = model_has_gradient(&file->model),
        .predictions = predictions,
    };
}

static bool predict_check_output(const struct table_plan *plan, const struct model_file *file,
                                 const struct inputs *inputs, struct error *error)
{
    return !plan->path ||
           (!inputs_have(inputs, plan->path) && !file_is_same(plan->path, file->path)) ||
           error_set(error, STATUS_USAGE, ERROR_AT(.file = plan->path),
                     "the table would replace a file that is read: give it another name");
}

static bool predict_images(const struct predict_options *options, const struct model_file *file,
                           const struct inputs *inputs, struct error *error)
{
    const struct table_plan plan = predict_plan_table(options, file, inputs);
    struct predict predict = {.program = program_name,
                              .file = file,
                              .inputs = inputs,
                              .plan = &plan,
                              .max_pixels = options->max_pixels,
                              .num_threads = options->num_threads};
    struct table *table = NULL;
    bool ok = predict_check_output(&plan, file, inputs, error) && table_open(&plan, &table, error);

    ok = ok && predict_run(&predict, table, error);
    if (!ok) {
        table_abandon(table);
        return false;
    }
    if (!table_commit(table, error))
        return false;
    if (plan.path)
        progress_note(program_name, "wrote %s: %zu images", plan.path, inputs->num_images);
    return predict.num_failed == 0 ||
           error_set(error, predict.first_status, NULL,
                     "%" PRIu64 " of %zu images have no prediction: the table has the reasons",
                     predict.num_failed, inputs->num_images);
}

int main(int argc, char **argv)
{
    struct predict_options options;
    struct model_file file = {0};
    struct inputs inputs = {0};
    struct error error = {0};
    char spool_path[4096];
    bool done = false, ok;

    signals_ignore_limits();
    signals_catch_stop();
    ok = predict_options_parse(argc, argv, &options, &done, &error);
    if (ok && !done) {
        ok = model_file_open_selected(options.checkpoint, options.select, &file, &error);
        model_file_print_choice(&file, program_name, options.checkpoint);
        ok = ok && inputs_open(options.sources, options.num_sources,
                               predict_spool_path(spool_path, sizeof(spool_path)), &inputs, &error);
        inputs_print_notes(&inputs, program_name);
        ok = ok && predict_images(&options, &file, &inputs, &error);
    }
    inputs_close(&inputs);
    model_file_close(&file);
    return options_exit_status(program_name, &error);
}
