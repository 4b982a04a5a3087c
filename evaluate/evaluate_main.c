#include <inttypes.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/file.h"
#include "common/machine.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "evaluate/evaluate_options.h"
#include "evaluate/report.h"
#include "evaluate/split_evaluation.h"
#include "formats/file/file_kind.h"

static const char program_name[] = "quern-evaluate";

/*
 * The evaluation file takes the place of nothing that is read, and of a file of another kind only
 * by
 * --force.  The file is looked at again when it is written; to be told now saves the evaluation.
 */
static bool evaluate_check_output(const struct evaluate_options *options,
                                  const struct model_file *file, struct error *error)
{
    if (!options->output)
        return true;
    if (file_is_same(options->output, options->store) || file_is_same(options->output, file->path))
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = options->output),
                         "--output names a file that is read: give it another name");
    return file_kind_check_output(options->output, FILE_KIND_EVALUATION, options->force, error);
}

/* Figures on the split that a checkpoint was chosen on are better than those elsewhere. */
static void evaluate_print_selection(enum split split, const struct model_file *file)
{
    const char *monitor = model_file_chosen_by(file);
    char escaped[2048];

    if (!monitor)
        return;
    text_escape(escaped, sizeof(escaped), file->path);
    if (split == SPLIT_VALID)
        progress_message(program_name,
                         "note: %s was chosen on the valid split, by its %s: its figures there are "
                         "optimistic",
                         escaped, monitor);
    else
        progress_note(program_name, "note: %s was chosen by its %s on the valid split", escaped,
                      monitor);
}

static bool evaluate_run_store(const struct evaluate_options *options,
                               const struct model_file *file, struct error *error)
{
    struct split_evaluation result = {0};
    const struct split_request request = {
        .store_path = options->store,
        .split = options->split,
        .may_take_only_split = !options->is_split_given,
        .with_samples = options->output != NULL,
        .num_resamples = options->num_resamples,
        .seed = options->seed,
        .checks = {.skip_seal = options->is_quick, .num_threads = options->num_threads},
        .memory_limit =
            options->memory_limit ? options->memory_limit : machine_memory_nbytes() / 4 * 3,
    };
    bool ok = evaluate_check_output(options, file, error) &&
              split_evaluation_run(file, &request, &result, error);

    if (ok && result.split != options->split)
        progress_note(program_name, "note: %s has one split, %s, which is evaluated",
                      options->store, split_names[result.split]);
    if (ok && result.num_unknown > 0)
        progress_message(program_name,
                         "note: %" PRIu64 " samples of classes that the checkpoint does not know "
                         "are left out of all figures",
                         result.num_unknown);
    if (ok && !result.store_is_sealed)
        progress_message(program_name,
                         "note: %s has no seal: another program has rewritten it; its fingerprint "
                         "and the CRC-32 of each image are checked",
                         options->store);
    if (ok && !result.has_areas)
        progress_message(program_name,
                         "note: ROC and PR areas are left out: they need the scores of all "
                         "samples, and a --memory-limit of %" PRIu64 "M",
                         result.areas_megabytes);
    if (ok)
        evaluate_print_selection(result.split, file);
    if (ok && options->output)
        ok = split_evaluation_write(options->output, file, &result, options->force, error);
    if (ok && options->json)
        ok = report_split_json(stdout, file, &result, error);
    else if (ok)
        ok = report_split_text(stdout, file, &result, error);
    split_evaluation_destroy(&result);
    return ok;
}

static bool evaluate_run_comparison(const struct evaluate_options *options, struct error *error)
{
    struct evaluation_pair pair;
    bool ok = evaluation_pair_compare(options->evaluations[0], options->evaluations[1],
                                      options->memory_limit ? options->memory_limit
                                                            : machine_memory_nbytes() / 4 * 3,
                                      &pair, error);

    for (int i = 0; i < 2 && ok; i++)
        if (!pair.contents[i].is_sealed)
            progress_message(program_name, "note: %s has no seal: another program has rewritten it",
                             options->evaluations[i]);
    if (ok && options->json)
        report_compare_json(stdout, &pair);
    else if (ok)
        ok = report_compare_text(stdout, &pair, error);
    evaluation_pair_destroy(&pair);
    return ok;
}

int main(int argc, char **argv)
{
    struct evaluate_options options;
    struct model_file file = {0};
    struct error error = {0};
    bool done = false;
    bool ok;

    signals_ignore_limits();
    ok = evaluate_options_parse(argc, argv, &options, &done, &error);
    if (ok && !done && options.is_comparison) {
        evaluate_run_comparison(&options, &error);
    } else if (ok && !done) {
        ok = model_file_open_selected(options.checkpoint, options.select, &file, &error);
        model_file_print_choice(&file, program_name, options.checkpoint);
        ok = ok && evaluate_run_store(&options, &file, &error);
    }
    model_file_close(&file);
    return options_exit_status(program_name, &error);
}
