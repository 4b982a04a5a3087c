#include "ingest/ingest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/text.h"
#include "images/sources/labelling.h"
#include "images/sources/path_list.h"
#include "images/sources/scan.h"
#include "images/sources/source.h"
#include "ingest/health.h"
#include "ingest/ingest_memory.h"
#include "ingest/label_table.h"
#include "ingest/pass.h"
#include "ingest/report.h"
#include "ingest/rerun.h"
#include "ingest/shards.h"
#include "ingest/survey.h"
#include "ingest/tree.h"
#include "ingest/value_range.h"

struct run {
    const struct ingest_options *options;
    FILE *results;
    FILE *messages;
    struct source *source;
    char *source_name; /* the last part of its path */
    char *spool_path;  /* in --spool-dir; NULL without it */
    struct scan scan;
    struct tree tree;
    struct survey survey;      /* where contents are looked at before they are written */
    struct label_table labels; /* of --labels */
    uint64_t labels_hash;      /* of the labelling of the scan, if it has one */
    struct shard shard;        /* with --shard */
    const struct tree *rows;   /* what is ingested: the tree or the shard's part of it */
    struct image_shape first;  /* the first image that can be decoded, as it is in its file */
    struct image_shape image;  /* of the rows */
    struct decode_source decode_source;
    char settings[INGEST_MAX_SETTINGS];
    struct error *error;
};

/* ---- find ---- */

/* The last part of a path: "b" of "a/b/". */
static bool ingest_copy_last_part(const char *path, char **part, struct error *error)
{
    size_t end = strlen(path), start;

    while (end > 1 && path[end - 1] == '/')
        end--;
    start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    *part = strndup(path + start, end - start);
    return *part || error_set_memory(error, end - start + 1);
}

/* An output that is an input, too, would be lost. */
static bool ingest_check_output(struct run *run, const char *output)
{
    const struct ingest_options *options = run->options;

    if (!output || !(source_has_input(run->source, output) ||
                     (options->list && file_is_same(options->list, output)) ||
                     (options->labels && file_is_same(options->labels, output))))
        return true;
    return error_set(run->error, STATUS_USAGE, ERROR_AT(.file = output),
                     "is read, so it cannot be written: give the output another name");
}

/* A spool is made in the directory of its path. */
static bool ingest_choose_spool(struct run *run)
{
    const char *directory = run->options->spool_dir;
    size_t size = directory ? strlen(directory) + sizeof("/quern-spool") : 0;

    if (!directory)
        return true;
    if (!file_is_directory(directory))
        return error_set(run->error, STATUS_IO, ERROR_AT(.file = directory),
                         "--spool-dir is not a directory");
    if (!memory_allocate_unset(&run->spool_path, size, 1, run->error))
        return false;
    text_format(run->spool_path, size, "%s/quern-spool", directory);
    return true;
}

static bool ingest_open_source(struct run *run)
{
    const struct ingest_options *options = run->options;
    bool ok = ingest_choose_spool(run) &&
              source_open(options->source,
                          run->spool_path  ? run->spool_path
                          : options->store ? options->store
                                           : "dry-run",
                          &run->source, run->error) &&
              source_set_names_charset(run->source, options->names_charset, run->error) &&
              ingest_check_output(run, options->store) &&
              ingest_check_output(run, options->write_list);

    if (ok && (options->list || options->write_list) && source_is_archive(run->source))
        return error_set(run->error, STATUS_USAGE, ERROR_AT(.file = options->source),
                         "is an archive, which has a list of its own: leave out --list and "
                         "--write-list");
    return ok && ingest_copy_last_part(options->source, &run->source_name, run->error);
}

/*
 * Gives the images their labels where directories do not tell them.  Settings that were described
 * hold for these labels alone: where the source or the table is read twice, they must not change.
 */
static bool ingest_label_images(struct run *run, bool is_again)
{
    const struct ingest_options *options = run->options;
    uint64_t hash;

    if (options->labels) {
        label_table_free(&run->labels);
        if (!label_table_read(options->labels, &run->labels, run->error) ||
            !label_table_apply(&run->labels, &run->scan, run->error))
            return false;
    }
    if (!run->scan.labelling)
        return true;
    hash = labelling_hash(run->scan.labelling, run->scan.paths);
    if (is_again && hash != run->labels_hash)
        return error_set(run->error, STATUS_DATA,
                         ERROR_AT(.file = options->labels ? options->labels : options->source),
                         "its labels changed while they were read: run again");
    run->labels_hash = hash;
    return true;
}

/*
 * Fills scan and tree anew.  wants_contents: images will be decoded, so the contents of an archive
 * are made readable in the same pass that lists them.
 */
static bool ingest_list_images(struct run *run, const struct tree_rules *rules, bool wants_contents)
{
    struct scan_rules scan_rules = tree_scan_rules(rules);
    bool is_again = run->scan.labelling != NULL, ok;

    tree_free(&run->tree);
    scan_free(&run->scan);
    ok = source_find_root(run->source, &scan_rules, run->error);
    if (ok && run->options->list)
        ok = path_list_read(run->options->list, &scan_rules, &run->scan, run->error) &&
             source_name_root(run->source, &run->scan, run->error);
    else if (ok)
        ok = source_scan(run->source, &scan_rules, wants_contents, &run->scan, run->error);
    if (ok && run->options->write_list && !source_has_files(run->source))
        return error_set(run->error, STATUS_USAGE, ERROR_AT(.file = run->options->source),
                         "holds arrays, of whose rows there is no list: leave out --write-list");
    return ok && ingest_label_images(run, is_again) &&
           tree_build(run->options->source, &run->scan, rules, &run->tree, run->error);
}

static struct tree_rules ingest_make_rules(const struct run *run)
{
    const struct ingest_options *options = run->options;

    return (struct tree_rules){.has_labels = options->labels != NULL,
                               .split = options->split,
                               .may_be_unsplit = options->dry_run,
                               .deduplicate = options->deduplicate,
                               .contents = run->survey.contents,
                               .classes = &options->classes,
                               .layout = options->layout,
                               .has_unlabelled = options->has_unlabelled,
                               .unlabelled = SPLIT_TEST};
}

/* Do splits or rows depend on what the images show? */
static bool ingest_needs_contents(const struct ingest_options *options)
{
    return options->split.by_content || options->deduplicate;
}

/* Is it certain, before the store that is there has been looked at, that images will be decoded? */
static bool ingest_will_decode(const struct ingest_options *options)
{
    if (options->write_list)
        return false;
    if (options->num_shards > 0)
        return true; /* shards are cut by the size of the first image */
    return options->dry_run || ingest_needs_contents(options) || options->force ||
           options->verify || !file_exists(options->store);
}

static bool ingest_survey_images(struct run *run, const struct tree *tree, struct error *error)
{
    const struct ingest_options *options = run->options;
    const struct survey_plan plan = {.source = run->decode_source,
                                     .tree = tree,
                                     .num_scanned = run->scan.num_images,
                                     .num_io_threads = options->num_io_threads,
                                     .memory_limit = ingest_memory_limit(options->memory_limit)};

    return survey_run(&plan, &run->survey, error);
}

/* Of images in no class folder, which are no tree, a dry run still says what the files are like.
 * Its own errors would hide what is wrong with the source. */
static void ingest_report_flat_folder(struct run *run)
{
    const size_t count = run->scan.num_images;
    struct tree tree = {.first = {0, count, count, count}};
    struct error ignored = {0};

    if (!run->options->dry_run || run->scan.labelling || run->scan.folders.count > 0 ||
        count == 0 || run->error->status != STATUS_DATA)
        return;
    if (memory_allocate(&tree.paths, count, sizeof(*tree.paths), &ignored) &&
        memory_allocate(&tree.images, count, sizeof(*tree.images), &ignored)) {
        for (size_t i = 0; i < count; i++) {
            tree.paths[i] = run->scan.paths[i];
            tree.images[i] = i;
        }
        if (ingest_survey_images(run, &tree, &ignored))
            health_report_files(&run->survey, run->results);
    }
    tree_free(&tree);
}

/* Lists the images, and lists them again by their contents where these matter. */
static bool ingest_build_tree(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct tree_rules rules = ingest_make_rules(run);

    if (!ingest_list_images(run, &rules, ingest_will_decode(options))) {
        ingest_report_flat_folder(run);
        return false;
    }
    if (!options->dry_run && !ingest_needs_contents(options))
        return true;
    if (!ingest_survey_images(run, &run->tree, run->error))
        return false;
    rules.contents = run->survey.contents;
    tree_free(&run->tree);
    return tree_build(options->source, &run->scan, &rules, &run->tree, run->error);
}

static bool ingest_find_images(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct tree_rules rules;
    bool ok = ingest_open_source(run);

    run->decode_source = (struct decode_source){run->source, options->max_pixels, options->rule};
    ok = ok && ingest_build_tree(run);
    rules = ingest_make_rules(run);
    if (ok) {
        report_tree(&run->tree, run->results);
        fflush(run->results);
        /* A dry run reports them with all else. */
        ok = options->dry_run ||
             report_notes(&run->tree, &run->scan, &rules, run->messages, run->error);
        if (options->labels)
            report_label_notes(&run->labels, run->messages);
        label_table_free(&run->labels);
    } else {
        report_scan_notes(&run->scan, run->messages);
    }
    return ok;
}

static bool ingest_report_health(struct run *run)
{
    struct tree_rules rules = ingest_make_rules(run);
    const struct health health = {run->options, &run->scan, &run->tree, &rules, &run->survey};

    return health_report(&health, run->results, run->error);
}

/* Does a background that is no gray lie beside images, even gray ones? */
static bool ingest_pads_with_color(const struct ingest_options *options)
{
    const uint8_t *background = options->rule.background;

    return options->height > 0 && options->fit == FIT_PAD && options->rule.has_background &&
           (background[0] != background[1] || background[0] != background[2]);
}

/* Chooses the shape of all rows by the first image that can be decoded. */
static bool ingest_choose_image_shape(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct image_shape *image = &run->image;
    struct decode_buffer buffer = {0};
    struct decoded decoded = {0};
    size_t channels = options->channels == INGEST_CHANNELS_AUTO ? 1 : (size_t)options->channels;
    bool is_found = false;

    /* Where no image can be decoded, the pass says so of each file, whatever the shape. */
    run->first = *image = (struct image_shape){1, 1, channels};
    buffer.pixels.max_nbytes = ingest_memory_limit(options->memory_limit);
    for (size_t i = 0; i < tree_num_rows(&run->tree) && !is_found && error_ok(run->error); i++) {
        struct source_image found = tree_image(&run->tree, i);
        struct error error = {0};

        is_found = decode_file(&run->decode_source, &found, channels, &buffer, &decoded, &error);
        if (is_found) {
            run->first = *image = decoded.shape;
            run->first.channels = decoded.is_gray ? 1 : 3;
        } else if (error.status != STATUS_DATA)
            error_set(run->error, error.status, ERROR_AT(.file = run->tree.paths[i]), "%s",
                      error.what);
    }
    if (is_found && options->channels == INGEST_CHANNELS_AUTO &&
        (!decoded.is_gray || ingest_pads_with_color(options)))
        image->channels = run->first.channels = 3;
    if (options->height > 0) {
        image->height = options->height;
        image->width = options->width;
    }
    decode_buffer_free(&buffer);
    return error_ok(run->error);
}

/*
 * Chooses the part of the tree that is ingested: all of it, or a shard.  All shards of a source
 * decode the same first image, so that they agree on the rows of a chunk, at whose borders they are
 * cut.
 */
static bool ingest_choose_rows(struct run *run)
{
    const struct ingest_options *options = run->options;

    run->rows = &run->tree;
    if (options->num_shards == 0)
        return true;
    if (!ingest_choose_image_shape(run) ||
        !shard_cut(&run->tree, options->shard_index, options->num_shards, &run->image, &run->shard,
                   run->error))
        return false;
    run->rows = &run->shard.tree;
    report_shard(&run->shard.place, run->results);
    fflush(run->results);
    return true;
}

/* ---- compare ---- */

static bool ingest_report_store(struct run *run, const char *before, const char *after)
{
    return report_store(run->options->store, run->options->num_shards > 0, before, after,
                        run->results, run->error);
}

/* The settings of the options, and what the labels are where they are no names of directories. */
static const char *ingest_describe(struct run *run)
{
    ingest_options_describe(run->options, run->settings, sizeof(run->settings));
    if (run->scan.labelling)
        text_format(run->settings + strlen(run->settings),
                    sizeof(run->settings) - strlen(run->settings), " labels=%016" PRIx64,
                    run->labels_hash);
    return run->settings;
}

static bool ingest_compare_with_store(struct run *run, bool *is_current)
{
    const struct ingest_options *options = run->options;
    struct rerun_request request = {
        .store_path = options->store,
        .shard = options->num_shards > 0 ? &run->shard.place : NULL,
        .settings = ingest_describe(run),
        .scan = &run->scan,
        .tree = run->rows,
        .source = run->decode_source,
        .verify = options->verify,
        .num_threads = options->num_threads,
        .num_io_threads = options->num_io_threads,
        .messages = run->messages,
    };
    bool ok = true;

    *is_current = false;
    if (!options->force)
        ok = rerun_check(&request, is_current, run->error);
    if (ok && *is_current) {
        ok = ingest_report_store(run, "", options->verify ? " is verified" : " is up to date");
        fputc('\n', run->results);
    }
    return ok;
}

/* ---- decode and write ---- */

static bool ingest_report_outcome(struct run *run, const struct pass_outcome *outcome)
{
    size_t num_skipped = outcome->reject_paths.count;
    char number[32];

    if (!health_note_contents(run->rows, outcome->contents, run->options->num_shards > 0,
                              run->messages, run->error) ||
        !ingest_report_store(run, "wrote ", ""))
        return false;
    if (num_skipped > 0)
        fprintf(run->results, ", %s %s skipped, see /rejects",
                text_group_digits(number, sizeof(number), num_skipped),
                num_skipped == 1 ? "file" : "files");
    fputc('\n', run->results);
    return true;
}

static void ingest_report_faults(struct run *run, const struct pass_outcome *outcome)
{
    bool is_one = outcome->num_faults == 1;
    char number[32];

    if (outcome->num_faults > 0)
        report_say(run->messages, "note: %s %s outside %s pixels and %s read: %s%s",
                   text_group_digits(number, sizeof(number), outcome->num_faults),
                   is_one ? "image has a harmless fault" : "images have harmless faults",
                   is_one ? "its" : "their", is_one ? "is" : "are", is_one ? "" : "the first is ",
                   outcome->first_fault);
}

/* Does what is needed only if the store is written: makes images readable, chooses their shape. */
static bool ingest_prepare_to_decode(struct run *run)
{
    struct tree_rules rules = ingest_make_rules(run);

    return (source_has_contents(run->source) || ingest_list_images(run, &rules, true)) &&
           (run->options->num_shards > 0 || ingest_choose_image_shape(run));
}

static bool ingest_plan_memory(struct run *run, struct pass_plan *plan)
{
    const struct ingest_options *options = run->options;
    const struct store_plan store = pass_plan_store(plan);
    const struct ingest_memory_needs needs = {.limit = options->memory_limit,
                                              .store = &store,
                                              .num_files = tree_num_rows(&run->tree),
                                              .decoded = run->first,
                                              .resize = plan->preparation.height > 0};
    struct ingest_memory_plan memory = {.num_io_threads = options->num_io_threads};

    if (!ingest_memory_make_plan(&needs, &memory, run->error))
        return false;
    if (memory.num_io_threads < options->num_io_threads)
        report_say(run->messages,
                   "note: the limit on memory lets %d threads decode images, not %d (see "
                   "--memory-limit)",
                   memory.num_io_threads, options->num_io_threads);
    plan->num_io_threads = memory.num_io_threads;
    plan->max_image_nbytes = memory.max_image_nbytes;
    return true;
}

/* Was something asked for that makes other rows than the files have images? */
static bool ingest_is_prepared(const struct ingest_options *options)
{
    return options->channels != INGEST_CHANNELS_AUTO || options->height > 0 ||
           options->rule.has_background || options->rule.has_range || options->finds_range;
}

/* --range auto: a pass of its own finds the least and the most value. */
static bool ingest_find_range(struct run *run, struct pass_plan *plan)
{
    struct preparation_findings findings = {0};
    struct samples_rule *rule = &plan->preparation.rule;

    if (!run->options->finds_range)
        return true;
    if (!value_range_find(plan, &findings, run->error))
        return false;
    if (findings.has_range && findings.low == findings.high)
        return error_set(run->error, STATUS_DATA, NULL,
                         "all samples of the 16-bit images are %u, which is no range: --range "
                         "0:65535 takes them as they are",
                         findings.low);
    rule->has_range = findings.has_range;
    rule->low = findings.low;
    rule->high = findings.high;
    plan->source.rule = *rule;
    return true;
}

static bool ingest_write_store(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct pass_plan plan = {.source = run->decode_source,
                             .tree = run->rows,
                             .shard = options->num_shards > 0 ? &run->shard.place : NULL,
                             .image = run->image,
                             .preparation = {.channels = run->image.channels,
                                             .height = options->height,
                                             .width = options->width,
                                             .fit = options->fit,
                                             .rule = options->rule},
                             .is_prepared = ingest_is_prepared(options),
                             .skip_bad = options->skip_bad,
                             .store_path = options->store,
                             .source_name = run->source_name,
                             .source_settings = run->settings,
                             .compression_level = options->compression_level,
                             .num_threads = options->num_threads,
                             .num_io_threads = options->num_io_threads,
                             .is_forced = options->force};
    struct pass_outcome outcome = {0};
    bool ok;

    plan.stop_at_color = options->channels == INGEST_CHANNELS_AUTO && plan.image.channels == 1;
    ok = ingest_plan_memory(run, &plan) && ingest_find_range(run, &plan) &&
         pass_run(&plan, &outcome, run->error);
    if (ok && outcome.found_color) {
        pass_outcome_free(&outcome);
        plan.stop_at_color = false;
        plan.image.channels = plan.preparation.channels = run->first.channels = 3;
        ok = ingest_plan_memory(run, &plan) && pass_run(&plan, &outcome, run->error);
    }
    ingest_report_faults(run, &outcome);
    for (size_t i = 0; i < outcome.reject_paths.count; i++) {
        text_print_escaped(run->messages, outcome.reject_paths.items[i]);
        fputs(": ", run->messages);
        text_print_escaped(run->messages, outcome.reject_reasons.items[i]);
        fputc('\n', run->messages);
    }
    if (ok) {
        report_preparation(&plan.preparation, options, &outcome.findings, run->messages);
        ok = ingest_report_outcome(run, &outcome);
    }
    pass_outcome_free(&outcome);
    return ok;
}

static bool ingest_write_list(struct run *run)
{
    const struct ingest_options *options = run->options;
    char number[32];

    if (!path_list_write(options->write_list, &run->scan, options->force, run->error))
        return false;
    fputs("wrote ", run->results);
    text_print_escaped(run->results, options->write_list);
    fprintf(run->results, ": a list of %s images\n",
            text_group_digits(number, sizeof(number), run->scan.num_images));
    return true;
}

bool ingest_run(const struct ingest_options *options, FILE *results, FILE *messages,
                struct error *error)
{
    struct run run = {.options = options, .results = results, .messages = messages, .error = error};
    bool is_current = false;
    bool ok = ingest_find_images(&run);

    if (options->write_list)
        ok = ok && ingest_write_list(&run);
    else
        ok = ok && ingest_choose_rows(&run) &&
             (options->dry_run ? ingest_report_health(&run)
                               : ingest_compare_with_store(&run, &is_current) &&
                                     (is_current || (ingest_prepare_to_decode(&run) &&
                                                     ingest_write_store(&run))));
    label_table_free(&run.labels);
    shard_free(&run.shard);
    survey_free(&run.survey);
    tree_free(&run.tree);
    scan_free(&run.scan);
    source_close(run.source);
    free(run.source_name);
    free(run.spool_path);
    return ok;
}
