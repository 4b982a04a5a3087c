#include "evaluate/evaluate_runs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply/best.h"
#include "apply/model_file.h"
#include "apply/run_files.h"
#include "common/file.h"
#include "common/machine.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "evaluate/results.h"
#include "evaluate/split_evaluation.h"
#include "formats/file/file_kind.h"
#include "report/report.h"

/* A checkpoint and what it says of the split. */
struct evaluated {
    struct model_file file;
    struct split_evaluation result;
};

struct evaluate_work {
    const struct evaluate_options *options;
    const char *program;
    struct evaluated *runs; /* [options->num_checkpoints]; owned */
    struct error *error;
};

/*
 * An output takes the place of nothing that is read, of no file of a run, and of a file of another
 * kind only by --force.  The file is looked at again when it is written; to be told now saves the
 * evaluation.
 */
static bool evaluate_check_output(const struct evaluate_work *work, const char *option,
                                  const char *output, enum file_kind kind)
{
    bool is_read, is_of_run = false, ok = true;

    if (!output)
        return true;
    is_read = file_is_same(output, work->options->store);
    for (size_t i = 0; i < work->options->num_checkpoints && ok && !is_of_run; i++) {
        const char *checkpoint = work->runs[i].file.path;

        is_read |= file_is_same(output, checkpoint);
        ok = run_files_include(checkpoint, output, &is_of_run, work->error);
    }
    if (ok && (is_read || is_of_run))
        ok = error_set(work->error, STATUS_USAGE, ERROR_AT(.file = output),
                       "%s names a file %s: give it another name", option,
                       is_read ? "that is read" : "of the run");
    return ok && file_kind_check_output(output, kind, work->options->force, work->error);
}

/* *is_one: whether two outputs would be one file, there or not, however they are spelled. */
static bool evaluate_is_one_file(const char *a, const char *b, bool *is_one, struct error *error)
{
    const char *const outputs[2] = {a, b};
    char *targets[2] = {NULL, NULL}, *directories[2] = {NULL, NULL};
    bool ok = true;

    for (int i = 0; i < 2 && ok; i++) {
        ok = (targets[i] = file_resolve(outputs[i], error)) != NULL;
        if (ok && !(directories[i] = file_directory_of(targets[i])))
            ok = error_set_memory(error, strlen(targets[i]));
    }
    *is_one = ok && strcmp(file_base_name(targets[0]), file_base_name(targets[1])) == 0 &&
              (strcmp(directories[0], directories[1]) == 0 ||
               file_is_same(directories[0], directories[1]));
    for (int i = 0; i < 2; i++) {
        free(targets[i]);
        free(directories[i]);
    }
    return ok;
}

static bool evaluate_check_outputs(const struct evaluate_work *work)
{
    const struct evaluate_options *options = work->options;
    bool is_one = false;

    if (options->output && options->report &&
        !evaluate_is_one_file(options->output, options->report, &is_one, work->error))
        return false;
    if (is_one)
        return error_set(work->error, STATUS_USAGE, ERROR_AT(.file = options->report),
                         "--output and --report name one file");
    return evaluate_check_output(work, "--output", options->output, FILE_KIND_EVALUATION) &&
           evaluate_check_output(work, "--report", options->report, FILE_KIND_REPORT);
}

/* ---- notes ---- */

/* Figures on the split that a checkpoint was chosen on are better than those elsewhere. */
static void evaluate_note_selection(const struct evaluate_work *work, const struct evaluated *run)
{
    const char *monitor = model_file_chosen_by(&run->file);
    char escaped[2048];

    if (!monitor)
        return;
    text_escape(escaped, sizeof(escaped), run->file.path);
    if (run->result.split == SPLIT_VALID)
        progress_message(work->program,
                         "note: %s was chosen on the valid split, by its %s: its figures there are "
                         "optimistic",
                         escaped, monitor);
    else
        progress_note(work->program, "note: %s was chosen by its %s on the valid split", escaped,
                      monitor);
}

/* The newest of a run is taken unless another is asked for; who does not know that there is a
 * better one would take its figures for the run's. */
static void evaluate_note_better(const struct evaluate_work *work, const struct model_file *file,
                                 const char *operand)
{
    const struct checkpoint *checkpoint = &file->checkpoint;
    enum monitor monitor = best_monitor(&checkpoint->config);
    const struct epoch_record *best =
        best_before_last(checkpoint->records, checkpoint->num_records, monitor);
    char path[4096];

    if (work->options->select != MODEL_SELECT_LAST || !best || strcmp(file->path, operand) == 0)
        return;
    text_format(path, sizeof(path), "%s/" MODEL_FILE_BEST, operand);
    if (file_exists(path))
        progress_note(work->program,
                      "note: epoch %" PRIu64 " was better by %s: --select best takes it",
                      best->epoch, monitor_names[monitor]);
}

/* Of the store, said once. */
static void evaluate_note_store(const struct evaluate_work *work,
                                const struct split_evaluation *result)
{
    if (result->split != work->options->split)
        progress_note(work->program, "note: %s has one split, %s, which is evaluated",
                      work->options->store, split_names[result->split]);
    if (!result->store_is_sealed)
        progress_message(work->program,
                         "note: %s has no seal: another program has rewritten it; its fingerprint "
                         "and the CRC-32 of each image are checked",
                         work->options->store);
}

static void evaluate_note_run(const struct evaluate_work *work, const struct evaluated *run)
{
    const struct split_evaluation *result = &run->result;
    char escaped[2048];

    if (result->num_unknown > 0)
        progress_message(work->program,
                         "note: %" PRIu64 " %s of classes that %s does not know %s left out of "
                         "all figures",
                         result->num_unknown, result->num_unknown == 1 ? "sample" : "samples",
                         work->options->num_checkpoints == 1
                             ? "the checkpoint"
                             : text_escape(escaped, sizeof(escaped), run->file.path),
                         result->num_unknown == 1 ? "is" : "are");
    if (!result->has_areas)
        progress_message(work->program,
                         "note: ROC and PR areas are left out: they need the scores of all "
                         "samples, and a --memory-limit of %" PRIu64 "M",
                         result->areas_megabytes);
    evaluate_note_selection(work, run);
}

/* ---- evaluation ---- */

static bool evaluate_open_runs(const struct evaluate_work *work)
{
    const struct evaluate_options *options = work->options;
    bool ok = true;

    for (size_t i = 0; i < options->num_checkpoints && ok; i++) {
        ok = model_file_open_selected(options->checkpoints[i], options->select, &work->runs[i].file,
                                      work->error);
        model_file_print_choice(&work->runs[i].file, work->program, options->checkpoints[i]);
        if (ok)
            evaluate_note_better(work, &work->runs[i].file, options->checkpoints[i]);
    }
    return ok;
}

static bool evaluate_one_run(const struct evaluate_work *work, size_t index)
{
    const struct evaluate_options *options = work->options;
    struct evaluated *run = &work->runs[index];
    const struct split_request request = {
        .store_path = options->store,
        .split = options->split,
        .may_take_only_split = !options->is_split_given,
        /* A report shows the mistakes of a single run; several are compared without scores. */
        .with_samples = options->output || (options->report && options->num_checkpoints == 1),
        .num_resamples = options->num_resamples,
        .seed = options->seed,
        /* One look over every byte is enough for all. */
        .checks = {.skip_seal = options->is_quick || index > 0,
                   .num_threads = options->num_threads},
        .memory_limit =
            options->memory_limit ? options->memory_limit : machine_memory_nbytes() / 4 * 3,
    };

    if (!split_evaluation_run(&run->file, &request, &run->result, work->error))
        return false;
    if (index == 0)
        evaluate_note_store(work, &run->result);
    evaluate_note_run(work, run);
    if (options->num_checkpoints > 1) {
        free(run->result.scores);
        run->result.scores = NULL;
    }
    return true;
}

/* ---- what is written ---- */

static bool evaluate_write_report(const struct evaluate_work *work)
{
    const struct evaluate_options *options = work->options;
    const struct report_request request = {
        .store_path = options->store,
        .split = work->runs[0].result.split,
        .output = options->report,
        .is_forced = options->force,
        .num_threads = options->num_threads,
    };
    struct report_run *runs;
    bool ok = memory_allocate(&runs, options->num_checkpoints, sizeof(*runs), work->error);

    for (size_t i = 0; i < options->num_checkpoints && ok; i++) {
        const struct split_evaluation *result = &work->runs[i].result;

        runs[i] = (struct report_run){
            .file = &work->runs[i].file,
            .figures = &result->figures,
            .confusion = &result->confusion,
            .num_samples = result->num_samples,
            .num_unknown = result->num_unknown,
            .labels = result->labels,
            .predictions = result->predictions,
            .rows = result->rows,
            .paths = &result->paths,
            .scores = result->scores,
        };
    }
    ok = ok && report_write(&request, runs, options->num_checkpoints, work->error);
    free(runs);
    return ok;
}

static bool evaluate_print(const struct evaluate_work *work)
{
    size_t count = work->options->num_checkpoints;
    bool is_list = count > 1, ok = true;

    if (is_list && !work->options->json) {
        struct results_line *lines;

        ok = memory_allocate(&lines, count, sizeof(*lines), work->error);
        for (size_t i = 0; i < count && ok; i++)
            lines[i] = (struct results_line){&work->runs[i].file, &work->runs[i].result};
        ok = ok && results_runs_text(stdout, lines, count, work->error);
        free(lines);
        return ok;
    }
    if (is_list)
        fputs("[", stdout);
    for (size_t i = 0; i < count && ok; i++) {
        if (i > 0)
            fputs(",", stdout);
        if (work->options->json)
            ok =
                results_split_json(stdout, &work->runs[i].file, &work->runs[i].result, work->error);
        else
            ok =
                results_split_text(stdout, &work->runs[i].file, &work->runs[i].result, work->error);
    }
    if (is_list)
        fputs("]\n", stdout);
    return ok;
}

bool evaluate_runs(const struct evaluate_options *options, const char *program, struct error *error)
{
    struct evaluate_work work = {.options = options, .program = program, .error = error};
    bool ok = memory_allocate(&work.runs, options->num_checkpoints, sizeof(*work.runs), error) &&
              evaluate_open_runs(&work) && evaluate_check_outputs(&work);

    for (size_t i = 0; i < options->num_checkpoints && ok; i++)
        ok = evaluate_one_run(&work, i);
    if (ok && options->output)
        ok = split_evaluation_write(options->output, &work.runs[0].file, &work.runs[0].result,
                                    options->force, error);
    if (ok && options->report)
        ok = evaluate_write_report(&work);
    ok = ok && evaluate_print(&work);
    for (size_t i = 0; work.runs && i < options->num_checkpoints; i++) {
        split_evaluation_destroy(&work.runs[i].result);
        model_file_close(&work.runs[i].file);
    }
    free(work.runs);
    return ok;
}
