#include "ingest/ingest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "images/sources/scan.h"
#include "images/sources/scan_list.h"
#include "images/sources/source.h"
#include "ingest/pass.h"
#include "ingest/rerun.h"
#include "ingest/shard.h"
#include "ingest/summary.h"
#include "ingest/tree.h"

struct run {
    const struct ingest_options *options;
    FILE *results;
    FILE *messages;
    struct source *source;
    char *source_name; /* the last part of its path */
    struct scan scan;
    struct tree tree;
    struct shard shard;       /* with --shard */
    const struct tree *rows;  /* what is ingested: the tree or the shard's part of it */
    struct image_shape image; /* of the rows, from the first image that can be decoded */
    struct decode_source decode_source;
    char settings[INGEST_MAX_SETTINGS];
    struct error *error;
};

/* ---- find ---- */

/* The last part of a path: "b" of "a/b/". */
static bool copy_last_part(const char *path, char **part, struct error *error)
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

static bool open_source(struct run *run)
{
    const struct ingest_options *options = run->options;
    bool ok = source_open(options->source, options->store ? options->store : "dry-run",
                          &run->source, run->error);

    if (ok && (options->list || options->write_list) && source_is_archive(run->source))
        return error_set(run->error, STATUS_USAGE, ERROR_AT(.file = options->source),
                         "is an archive, which has a list of its own: leave out --list and "
                         "--write-list");
    if (ok)
        ok = copy_last_part(options->source, &run->source_name, run->error);
    return ok;
}

/*
 * Fills scan and tree anew.  An archive that no store stands for yet is listed and its contents are
 * brought near in one pass; otherwise that can wait until the store turns out to be another one.
 */
static bool list_images(struct run *run, const struct tree_rules *rules, bool wants_contents)
{
    struct scan_rules scan_rules = tree_scan_rules(rules);
    bool ok;

    tree_free(&run->tree);
    scan_free(&run->scan);
    if (run->options->list)
        ok = scan_list_read(run->options->list, run->source_name, &scan_rules, &run->scan,
                            run->error);
    else
        ok = source_scan(run->source, &scan_rules, wants_contents, &run->scan, run->error);
    if (ok)
        ok = tree_build(run->options->source, &run->scan, rules, &run->tree, run->error);
    return ok;
}

static struct tree_rules make_rules(const struct ingest_options *options)
{
    return (struct tree_rules){options->is_split_by_hash, options->valid_fraction, options->seed,
                               &options->classes};
}

static bool will_decode(const struct ingest_options *options)
{
    struct stat stat_of_store;

    if (options->write_list)
        return false;
    if (options->num_shards > 0)
        return true; /* shards are cut by the size of the first image */
    return !options->dry_run &&
           (options->force || options->verify || stat(options->store, &stat_of_store) != 0);
}

static bool find_images(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct tree_rules rules = make_rules(options);
    struct text_list notes = {0};
    bool ok = open_source(run);

    if (ok)
        ok = list_images(run, &rules, will_decode(options));
    if (ok)
        ok = tree_list_notes(&run->tree, &run->scan, &rules, &notes, run->error);
    if (ok) {
        tree_print(&run->tree, run->results);
        fflush(run->results);
    }
    for (size_t i = 0; i < notes.count; i++)
        fprintf(run->messages, "quern-ingest: note: %s\n", notes.items[i]);
    text_list_free(&notes);
    run->decode_source = (struct decode_source){run->source, options->max_pixels};
    return ok;
}

/* What the store will hold, to judge by the first image that can be decoded. */
static bool choose_image_shape(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct image_shape *image = &run->image;
    struct decode_buffer buffer = {0};
    struct decoded decoded = {0};
    size_t channels = options->channels == INGEST_CHANNELS_AUTO ? 1 : (size_t)options->channels;
    bool is_found = false;

    /* Without any, the pass will say so of each file; the shape does not matter then. */
    *image = (struct image_shape){1, 1, channels};
    for (size_t i = 0; i < tree_num_rows(&run->tree) && !is_found && error_ok(run->error); i++) {
        struct source_image found = tree_image(&run->tree, i);
        struct error error = {0};

        is_found = decode_file(&run->decode_source, &found, channels, &buffer, &decoded, &error);
        if (is_found)
            *image = decoded.shape;
        else if (error.status != STATUS_DATA)
            error_set(run->error, error.status, ERROR_AT(.file = run->tree.paths[i]), "%s",
                      error.what);
    }
    if (is_found && options->channels == INGEST_CHANNELS_AUTO && !decoded.is_gray)
        image->channels = 3;
    if (options->height > 0) {
        image->height = options->height;
        image->width = options->width;
    }
    decode_buffer_free(&buffer);
    return error_ok(run->error);
}

/* The part of the tree that is to be ingested: all, or a shard.  All shards see the same first
 * image, so they agree on the size of chunks, at whose borders they are cut. */
static bool choose_rows(struct run *run)
{
    const struct ingest_options *options = run->options;
    bool ok;

    run->rows = &run->tree;
    if (options->num_shards == 0)
        return true;
    ok = choose_image_shape(run);
    if (ok)
        ok = shard_cut(&run->tree, options->shard_index, options->num_shards, &run->image,
                       &run->shard, run->error);
    if (ok) {
        run->rows = &run->shard.tree;
        shard_print(&run->shard, run->results);
        fflush(run->results);
    }
    return ok;
}

/* ---- compare ---- */

static bool print_store(struct run *run, const char *before, const char *after)
{
    return summary_print(run->options->store, run->options->num_shards > 0, before, after,
                         run->results, run->error);
}

static bool compare_with_store(struct run *run, bool *is_current)
{
    const struct ingest_options *options = run->options;
    struct rerun_request request = {
        .store_path = options->store,
        .shard = options->num_shards > 0 ? &run->shard.place : NULL,
        .settings = ingest_options_describe(options, run->settings, sizeof(run->settings)),
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
        ok = print_store(run, "", options->verify ? " is verified" : " is up to date");
        fputc('\n', run->results);
    }
    return ok;
}

/* ---- decode and write ---- */

static bool print_outcome(struct run *run, const struct pass_outcome *outcome)
{
    size_t num_skipped = outcome->reject_paths.count;
    char number[32];
    bool ok = print_store(run, "wrote ", "");

    if (!ok)
        return ok;
    if (num_skipped > 0)
        fprintf(run->results, ", %s %s skipped, see /rejects",
                text_group_digits(number, sizeof(number), num_skipped),
                num_skipped == 1 ? "file" : "files");
    fputc('\n', run->results);
    return true;
}

/* What decoding needs and only writing asks for. */
static bool prepare_to_decode(struct run *run)
{
    struct tree_rules rules = make_rules(run->options);
    bool ok = true;

    if (!source_has_contents(run->source))
        ok = list_images(run, &rules, true);
    if (ok && run->options->num_shards == 0)
        ok = choose_image_shape(run);
    return ok;
}

static bool write_store(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct pass_plan plan = {.source = run->decode_source,
                             .tree = run->rows,
                             .shard = options->num_shards > 0 ? &run->shard.place : NULL,
                             .image = run->image,
                             .resize = options->height > 0,
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
    ok = pass_run(&plan, &outcome, run->error);
    if (ok && outcome.found_color) {
        pass_outcome_free(&outcome);
        plan.stop_at_color = false;
        plan.image.channels = 3;
        ok = pass_run(&plan, &outcome, run->error);
    }
    for (size_t i = 0; i < outcome.reject_paths.count; i++) {
        text_print_escaped(run->messages, outcome.reject_paths.items[i]);
        fputs(": ", run->messages);
        text_print_escaped(run->messages, outcome.reject_reasons.items[i]);
        fputc('\n', run->messages);
    }
    if (ok)
        ok = print_outcome(run, &outcome);
    pass_outcome_free(&outcome);
    return ok;
}

static bool write_list(struct run *run)
{
    const struct ingest_options *options = run->options;
    struct tree_rules rules = {.is_split_by_hash = options->is_split_by_hash};
    struct scan_rules scan_rules = tree_scan_rules(&rules);
    char number[32];
    bool ok = scan_list_write(options->write_list, run->source_name, &scan_rules, &run->scan,
                              options->force, run->error);

    if (!ok)
        return ok;
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
    bool ok = find_images(&run);

    if (ok && options->write_list) {
        ok = write_list(&run);
        goto out;
    }
    if (ok)
        ok = choose_rows(&run);
    if (ok && !options->dry_run) {
        ok = compare_with_store(&run, &is_current);
        if (ok && !is_current)
            ok = prepare_to_decode(&run);
        if (ok && !is_current)
            ok = write_store(&run);
    }
out:
    shard_free(&run.shard);
    tree_free(&run.tree);
    scan_free(&run.scan);
    source_close(run.source);
    free(run.source_name);
    return ok;
}
