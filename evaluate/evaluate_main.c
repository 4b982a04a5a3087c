#include <string.h>
#include <sys/stat.h>

#include "common/machine.h"
#include "common/options.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "evaluate/evaluate_options.h"
#include "evaluate/loaded_model.h"
#include "evaluate/report.h"
#include "evaluate/single_images.h"
#include "evaluate/split_evaluation.h"

static const char program_name[] = "quern-evaluate";

/* Which checkpoints of a folder were passed over, and which was taken, if any. */
static void print_choice(const struct evaluate_options *options, const struct loaded_model *loaded)
{
    const bool is_taken = loaded->checkpoint.num_parameters > 0;
    char escaped[2048];

    for (size_t i = 0; i < loaded->skipped.count; i++)
        progress_message(program_name, "warning: skipped %s",
                         text_escape(escaped, sizeof(escaped), loaded->skipped.items[i]));
    if (is_taken && strcmp(loaded->path, options->checkpoint) != 0)
        progress_message(program_name, "taking %s",
                         text_escape(escaped, sizeof(escaped), loaded->path));
    if (is_taken && !loaded->checkpoint.is_sealed)
        progress_message(program_name,
                         "note: %s has no seal: another program has rewritten it; the CRC-32 of "
                         "each tensor was checked",
                         text_escape(escaped, sizeof(escaped), loaded->path));
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat a_info, b_info;

    return stat(a, &a_info) == 0 && stat(b, &b_info) == 0 && a_info.st_dev == b_info.st_dev &&
           a_info.st_ino == b_info.st_ino;
}

/* The evaluation file must not take the place of what it is made from. */
static bool check_output(const struct evaluate_options *options, const struct loaded_model *loaded,
                         struct error *error)
{
    if (options->output && (is_same_file(options->output, options->store) ||
                            is_same_file(options->output, loaded->path)))
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = options->output),
                         "--output names a file that is read");
    return true;
}

static bool evaluate_store(const struct evaluate_options *options,
                           const struct loaded_model *loaded, struct error *error)
{
    struct split_evaluation result = {0};
    const struct split_request request = {
        .store_path = options->store,
        .split = options->split,
        .with_samples = options->output != NULL,
        .checks = {.skip_seal = options->is_quick, .num_threads = options->num_threads},
        .memory_limit =
            options->memory_limit ? options->memory_limit : machine_memory_nbytes() / 4 * 3,
    };
    bool ok = check_output(options, loaded, error);

    if (ok)
        ok = split_evaluation_run(loaded, &request, &result, error);
    if (ok && !result.store_is_sealed)
        progress_message(program_name,
                         "note: %s has no seal: another program has rewritten it; its fingerprint "
                         "and the CRC-32 of each image are checked",
                         options->store);
    if (ok && options->output)
        ok = split_evaluation_write(options->output, loaded, &result, error);
    if (ok && options->json)
        report_split_json(stdout, loaded, &result);
    else if (ok)
        report_split_text(stdout, loaded, &result);
    split_evaluation_destroy(&result);
    return ok;
}

/*
 * Names every bad image; false if there is one.  The last is left in error, for the end of main to
 * print.
 */
static bool print_bad_images(const struct single_images *result, struct error *error)
{
    bool ok = true;

    for (size_t i = 0; i < result->count; i++) {
        const struct single_image *image = &result->images[i];

        if (image->is_classified)
            continue;
        if (!error_ok(error))
            error_print(error, program_name, stderr);
        *error = (struct error){0};
        ok = false;
        if (image->error)
            *error = *image->error;
        else
            error_set_memory(error, sizeof(*error));
    }
    return ok;
}

static bool classify_images(const struct evaluate_options *options,
                            const struct loaded_model *loaded, struct error *error)
{
    struct single_images result = {0};
    bool ok = single_images_classify(loaded, options->images, options->num_images,
                                     options->max_pixels, options->num_threads, &result, error);

    if (ok) {
        if (options->json)
            report_images_json(stdout, loaded, &result);
        else
            report_images_text(stdout, loaded, &result);
        /* What is good comes before what is wrong, also where both go to one file. */
        if (fflush(stdout) != 0)
            ok = error_set(error, STATUS_IO, NULL, "cannot write to standard output");
        else
            ok = print_bad_images(&result, error);
    }
    single_images_destroy(&result);
    return ok;
}

int main(int argc, char **argv)
{
    struct evaluate_options options;
    struct loaded_model loaded = {0};
    struct error error = {0};
    bool done = false;
    bool ok;

    signals_ignore_limits();
    ok = evaluate_options_parse(argc, argv, &options, &done, &error);
    if (ok && !done) {
        ok = loaded_model_open(options.checkpoint, &loaded, &error);
        print_choice(&options, &loaded);
        if (ok)
            ok = options.num_images ? classify_images(&options, &loaded, &error)
                                    : evaluate_store(&options, &loaded, &error);
    }
    loaded_model_close(&loaded);
    return options_exit_status(program_name, &error);
}
