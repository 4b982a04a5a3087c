#include "ingest/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "common/wrap.h"
#include "ingest/contents.h"
#include "ingest/report.h"

/* Of the images of train, for valid. */
#define ADVISED_FRACTION 0.2

/* That are tried for splits in which each class has an image that can be read. */
enum { MAX_SEEDS = 20 };

/* Where what is said begins, behind what it is about. */
enum { REPORT_INDENT = 10 };

/* ---- findings as notes ---- */

struct health_notes {
    const struct tree *tree;
    const uint64_t *contents; /* [rows of the tree] */
    struct text_list *list;
    struct error *error;
};

__attribute__((format(printf, 2, 3))) static void health_add(const struct health_notes *notes,
                                                             const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        error_set_memory(notes->error, 256);
    else
        text_list_add(notes->list, text, notes->error);
    va_end(arguments);
    free(text);
}

static uint64_t health_num_rows(const struct tree *tree, int split)
{
    return tree->first[split + 1] - tree->first[split];
}

/* Of a split the images that can be read: no others become rows. */
static uint64_t health_num_readable(const struct health_notes *notes, int split)
{
    uint64_t count = 0;

    for (size_t i = notes->tree->first[split]; i < notes->tree->first[split + 1]; i++)
        count += notes->contents[i] != 0;
    return count;
}

/* "valid/a/1.png is train/b/7.png" */
static const char *health_format_pair(const struct health_notes *notes,
                                      const struct contents_count *found, char *buffer, size_t size)
{
    char row[400], other[400];

    return text_format(buffer, size, "%s is %s",
                       text_escape(row, sizeof(row), notes->tree->paths[found->row]),
                       text_escape(other, sizeof(other), notes->tree->paths[found->other]));
}

static void health_add_shared(const struct health_notes *notes,
                              const struct contents_findings *findings)
{
    char pair[1024], some[32], all[32];

    for (int s = SPLIT_VALID; s < NUM_SPLITS; s++) {
        for (int t = 0; t < s; t++) {
            const struct contents_count *found = &findings->shared[s][t];

            if (found->num_images > 0)
                health_add(notes,
                           "%s of the %s images of %s %s in %s, too, so that figures of %s are "
                           "too good: %s",
                           text_group_digits(some, sizeof(some), found->num_images),
                           text_group_digits(all, sizeof(all), health_num_readable(notes, s)),
                           split_names[s], found->num_images == 1 ? "is" : "are", split_names[t],
                           split_names[s], health_format_pair(notes, found, pair, sizeof(pair)));
        }
    }
}

static void health_add_repeated(const struct health_notes *notes,
                                const struct contents_findings *findings)
{
    char pair[1024], some[32], all[32];

    for (int s = 0; s < NUM_SPLITS; s++) {
        const struct contents_count *found = &findings->repeated[s];

        if (found->num_images > 0)
            health_add(notes, "%s of the %s images of %s %s one before: %s",
                       text_group_digits(some, sizeof(some), found->num_images),
                       text_group_digits(all, sizeof(all), health_num_readable(notes, s)),
                       split_names[s], found->num_images == 1 ? "equals" : "equal",
                       health_format_pair(notes, found, pair, sizeof(pair)));
    }
}

static void health_add_others(const struct health_notes *notes,
                              const struct contents_findings *findings)
{
    const struct contents_count *constant = &findings->constant;
    char pair[1024], number[32], name[400];

    if (findings->contradicting.num_images > 0)
        health_add(notes, "%s images equal one of another class: %s",
                   text_group_digits(number, sizeof(number), findings->contradicting.num_images),
                   health_format_pair(notes, &findings->contradicting, pair, sizeof(pair)));
    if (constant->num_images > 0)
        health_add(notes, "%s %s of one color throughout%s %s",
                   text_group_digits(number, sizeof(number), constant->num_images),
                   constant->num_images == 1 ? "image is" : "images are",
                   constant->num_images == 1 ? ":" : ", first",
                   text_escape(name, sizeof(name), notes->tree->paths[constant->row]));
    if (findings->num_uniform_classes > 0)
        health_add(
            notes, "all images of %s are equal%s",
            text_escape(name, sizeof(name), notes->tree->classes.items[findings->uniform_class]),
            findings->num_uniform_classes == 1
                ? ""
                : TEXT(", and so are those of %s other %s",
                       text_group_digits(number, sizeof(number), findings->num_uniform_classes - 1),
                       findings->num_uniform_classes == 2 ? "class" : "classes"));
}

static bool health_list_contents(const struct health_notes *notes,
                                 const struct contents_findings *findings)
{
    health_add_shared(notes, findings);
    health_add_repeated(notes, findings);
    health_add_others(notes, findings);
    return error_ok(notes->error);
}

static bool health_find(const struct tree *tree, const uint64_t *contents,
                        struct contents_findings *findings, struct error *error)
{
    const struct contents_rows rows = {contents, tree->labels, tree->first, tree->classes.count};

    return contents_find(&rows, findings, error);
}

bool health_note_contents(const struct tree *tree, const uint64_t *contents, bool is_shard,
                          FILE *messages, struct error *error)
{
    struct contents_findings findings;
    struct text_list list = {0};
    const struct health_notes notes = {tree, contents, &list, error};
    bool ok =
        health_find(tree, contents, &findings, error) && health_list_contents(&notes, &findings);

    for (size_t i = 0; i < list.count && ok; i++)
        wrap_format(messages, 2, "quern-ingest: note: %s%s", is_shard ? "in this shard " : "",
                    list.items[i]);
    text_list_free(&list);
    return ok;
}

/* ---- the report ---- */

static void health_print_files(const struct survey *survey, FILE *stream)
{
    uint64_t num_files = survey->num_images + survey->num_bad;
    char files[32], bad[32], escaped[8192];

    fprintf(stream, "files     %s can be read", survey->num_bad == 0 ? "all" : "not all");
    if (survey->num_bad > 0)
        fprintf(stream, ": %s of %s cannot", text_group_digits(bad, sizeof(bad), survey->num_bad),
                text_group_digits(files, sizeof(files), num_files));
    fputc('\n', stream);
    for (size_t i = 0; i < survey->bad.count; i++) {
        wrap_format(stream, REPORT_INDENT + 4, "            %s",
                    text_escape(escaped, sizeof(escaped), survey->bad.items[i]));
    }
    if (survey->num_bad > survey->bad.count)
        fprintf(stream, "            and %" PRIu64 " more\n", survey->num_bad - survey->bad.count);
    if (survey->num_faults > 0)
        fprintf(stream, "faults    %s with harmless faults, outside of the pixels\n",
                text_group_digits(bad, sizeof(bad), survey->num_faults));
}

static void health_print_sizes(const struct survey *survey, FILE *stream)
{
    const struct survey_size *first = &survey->sizes[0];
    char number[32], line[512];

    if (survey->num_images == 0)
        return;
    if (survey->num_sizes == 1) {
        fprintf(stream, "sizes     all %" PRIu32 "x%" PRIu32 "%s\n", first->height, first->width,
                first->height == first->width ? "" : " (height x width)");
        return;
    }
    text_format(line, sizeof(line),
                "sizes     %s (height x width), shorter sides from %" PRIu32 " to %" PRIu32 ":",
                text_group_digits(number, sizeof(number), survey->num_sizes), survey->least_side,
                survey->most_side);
    for (size_t i = 0; i < SURVEY_MAX_SIZES && survey->sizes[i].count > 0; i++) {
        size_t length = strlen(line);

        text_format(line + length, sizeof(line) - length, "%s %s of %" PRIu32 "x%" PRIu32,
                    i ? "," : "", text_group_digits(number, sizeof(number), survey->sizes[i].count),
                    survey->sizes[i].height, survey->sizes[i].width);
    }
    wrap_format(stream, REPORT_INDENT, "%s%s", line,
                survey->num_sizes > SURVEY_MAX_SIZES ? ", ..." : "");
}

static void health_print_colors(const struct survey *survey, FILE *stream)
{
    char gray[32], color[32];

    if (survey->num_images > 0)
        fprintf(stream, "colors    %s gray, %s in color\n",
                text_group_digits(gray, sizeof(gray), survey->num_gray),
                text_group_digits(color, sizeof(color), survey->num_color));
}

static void health_print_samples(const struct survey *survey, FILE *stream)
{
    const struct preparation_findings *findings = &survey->findings;
    char number[32];

    if (findings->num_transparent > 0)
        fprintf(stream, "opacity   %s %s not opaque throughout\n",
                text_group_digits(number, sizeof(number), findings->num_transparent),
                findings->num_transparent == 1 ? "image is" : "images are");
    if (findings->num_deep > 0)
        fprintf(stream, "depths    %s of 16 bits",
                text_group_digits(number, sizeof(number), findings->num_deep));
    if (findings->num_deep > 0 && findings->has_range)
        fprintf(stream, ", values from %u to %u", findings->low, findings->high);
    if (findings->num_deep > 0)
        fputc('\n', stream);
}

void health_report_files(const struct survey *survey, FILE *stream)
{
    health_print_files(survey, stream);
    health_print_sizes(survey, stream);
    health_print_colors(survey, stream);
    health_print_samples(survey, stream);
}

/* ---- the command to go on with ---- */

static void health_print_argument(FILE *stream, const char *argument)
{
    fputc(' ', stream);
    text_print_argument(stream, argument);
}

/* The size that most images have; of images of many shapes the middle, as a square of usual sides.
 */
static void health_print_size(const struct survey *survey, FILE *stream)
{
    const struct survey_size *usual = &survey->sizes[0];
    uint32_t side = survey->median_side < 8     ? 8
                    : survey->median_side > 128 ? 128
                                                : survey->median_side;

    if (usual->count * 2 >= survey->num_images)
        fprintf(stream, " --size %" PRIu32 "x%" PRIu32, usual->height, usual->width);
    else
        fprintf(stream, " --size %" PRIu32 "x%" PRIu32 " --fit crop", side, side);
}

/* "photos.h5" for "data/photos.tar.gz/" */
static void health_print_store(const struct ingest_options *options, FILE *stream)
{
    static const char *const endings[] = {".zip", ".gz", ".bz2", ".xz", ".zst", ".tgz", ".tar"};
    const char *source = options->source;
    size_t end = strlen(source), start;
    char name[512];

    if (options->store) {
        health_print_argument(stream, options->store);
        return;
    }
    while (end > 1 && source[end - 1] == '/')
        end--;
    start = end;
    while (start > 0 && source[start - 1] != '/')
        start--;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = strlen(endings[i]);

        if (end - start > length && strncmp(source + end - length, endings[i], length) == 0)
            end -= length;
    }
    text_format(name, sizeof(name), "%.*s.h5", (int)(end - start), source + start);
    health_print_argument(stream, strspn(name, ".") == strlen(name) - 2 ? "store.h5" : name);
}

static bool health_has_leaks(const struct contents_findings *findings)
{
    return findings->shared[SPLIT_VALID][SPLIT_TRAIN].num_images > 0 ||
           findings->shared[SPLIT_TEST][SPLIT_TRAIN].num_images > 0 ||
           findings->shared[SPLIT_TEST][SPLIT_VALID].num_images > 0;
}

/* Is there a folder for the split, even an empty one?  None is made beside it. */
static bool health_has_folder(const struct tree *tree, enum split split)
{
    bool has_folder = tree->layout.split_directories[split] != NULL;

    for (size_t i = 0; i < tree->num_all_classes; i++)
        has_folder |= tree->all_classes[i].has_directory[split];
    return has_folder;
}

/* What is advised on splits, as rules for a tree. */
static struct tree_rules health_advise_splits(const struct health *health,
                                              const struct contents_findings *findings)
{
    const struct tree *tree = health->tree;
    struct tree_rules rules = *health->rules;
    bool has_equal = health_has_leaks(findings);
    size_t first;

    if (!split_is_wanted(&rules.split) && !health_has_folder(tree, SPLIT_VALID) &&
        health_num_rows(tree, SPLIT_TRAIN) > 0) {
        rules.split.has_valid = true;
        rules.split.valid_fraction = ADVISED_FRACTION;
        has_equal |= findings->repeated[SPLIT_TRAIN].num_images > 0;
    }
    /* By their contents images of one key would be parted. */
    if (has_equal && split_is_wanted(&rules.split) && !rules.split.group_by && !rules.deduplicate &&
        report_count_shared_keys(health->scan, &first) == 0)
        rules.split.by_content = true;
    rules.contents = health->survey->contents;
    return rules;
}

/* Options without which the source would be refused, or its figures would not be true. */
static void health_print_advised_options(const struct health *health,
                                         const struct tree_rules *advised, bool skips_bad,
                                         FILE *stream)
{
    const struct ingest_options *options = health->options;
    const struct survey *survey = health->survey;
    const struct preparation_findings *found = &survey->findings;

    if (advised->split.has_valid && !options->split.has_valid)
        fprintf(stream, " --valid-fraction %g", ADVISED_FRACTION);
    if (advised->split.by_content && !options->split.by_content)
        fputs(" --split-by content", stream);
    if (advised->split.seed != options->split.seed)
        fprintf(stream, " --seed %" PRIu64, advised->split.seed);
    if (survey->num_sizes > 1 && options->height == 0)
        health_print_size(survey, stream);
    if (found->num_transparent > 0 && !options->rule.has_background)
        fputs(" --background white", stream);
    if (found->has_range && found->low == found->high && !options->rule.has_range)
        fputs(" --range 0:65535", stream);
    else if (found->has_range && !options->finds_range && !options->rule.has_range &&
             preparation_count_levels(found) < 64)
        fprintf(stream, " --range %u:%u", found->low, found->high);
    if (skips_bad && !options->skip_bad)
        fputs(" --skip-bad", stream);
}

/* The first class of a tree that has images in a split and none that can be read; false: each has
 * one. */
static bool health_find_lost_class(const struct health *health, const struct tree *tree,
                                   uint64_t *num_readable, const char **class, int *split)
{
    size_t num_classes = tree->classes.count;

    for (int s = 0; s < NUM_SPLITS; s++) {
        memset(num_readable, 0, num_classes * sizeof(*num_readable));
        for (size_t i = tree->first[s]; i < tree->first[s + 1]; i++)
            if (tree->labels[i] < num_classes)
                num_readable[tree->labels[i]] += health->survey->contents[tree->images[i]] != 0;
        for (size_t label = 0; label < num_classes && !tree_is_unlabelled(tree, (enum split)s);
             label++) {
            *class = tree->classes.items[label];
            *split = s;
            if (num_readable[label] == 0 && tree_find_class(tree, *class)->num_images[s] > 0)
                return true;
        }
    }
    return false;
}

/* Says which class would be lost with the files that cannot be read. */
static void health_print_lost_class(const char *class, int split, FILE *stream)
{
    char escaped[1024];

    fputc('\n', stream);
    wrap_format(
        stream, 0,
        "first put right or remove the files that cannot be read: without them class '%s' has "
        "no image in %s, so that --skip-bad would be refused",
        text_escape(escaped, sizeof(escaped), class), split_names[split]);
}

static bool health_has_seed(const struct ingest_options *options)
{
    bool has_seed = false;

    for (int i = 0; i < options->num_given; i++)
        has_seed |= strncmp(options->given[i], "--seed", strlen("--seed")) == 0;
    return has_seed;
}

/*
 * Does the store go through without the files that cannot be read?  Where splits are drawn, another
 * seed may do, which is put into advised; else a class is lost, and this says so.
 */
static bool health_check_bad(const struct health *health, struct tree_rules *advised, FILE *stream,
                             struct error *error)
{
    const uint64_t seed = advised->split.seed;
    const uint64_t num_seeds =
        split_is_wanted(&advised->split) && !health_has_seed(health->options) ? MAX_SEEDS : 1;
    bool is_lost = health->survey->num_bad > 0, ok = true;

    for (uint64_t i = 0; i < num_seeds && is_lost && ok; i++) {
        struct tree tree = {0};
        uint64_t *num_readable = NULL;
        const char *class;
        int split;

        advised->split.seed = seed + i;
        ok = tree_build(health->options->source, health->scan, advised, &tree, error) &&
             memory_allocate(&num_readable, tree.classes.count, sizeof(*num_readable), error);
        is_lost = ok && health_find_lost_class(health, &tree, num_readable, &class, &split);
        if (is_lost && i + 1 == num_seeds)
            health_print_lost_class(class, split, stream);
        free(num_readable);
        tree_free(&tree);
    }
    if (is_lost)
        advised->split.seed = seed;
    return ok && !is_lost;
}

static void health_print_words(const struct health *health, const struct tree_rules *advised,
                               bool skips_bad, FILE *stream)
{
    const struct ingest_options *options = health->options;

    fputs("  quern-ingest", stream);
    for (int i = 0; i < options->num_given; i++) {
        if (strcmp(options->given[i], "--dry-run") != 0 && strcmp(options->given[i], "--") != 0)
            health_print_argument(stream, options->given[i]);
    }
    health_print_advised_options(health, advised, skips_bad && health->survey->num_bad > 0, stream);
    if (options->source[0] == '-' || (options->store && options->store[0] == '-'))
        fputs(" --", stream);
    health_print_argument(stream, options->source);
    health_print_store(options, stream);
}

static bool health_print_command(const struct health *health,
                                 const struct contents_findings *findings, FILE *stream,
                                 struct error *error)
{
    struct tree_rules advised = health_advise_splits(health, findings);
    bool skips_bad = health_check_bad(health, &advised, stream, error), ok;
    char *line = NULL;
    size_t nbytes = 0;
    FILE *memory;

    if (!error_ok(error))
        return false;
    memory = open_memstream(&line, &nbytes);
    if (!memory)
        return error_set_memory(error, 1024);
    health_print_words(health, &advised, skips_bad, memory);
    ok = fclose(memory) == 0;
    fputs(skips_bad ? "\nto write the store:\n" : "\nthen, to write the store:\n", stream);
    if (ok)
        wrap_print_command(stream, line, 6);
    free(line);
    return ok || error_set_memory(error, 1024);
}

/* ---- the whole ---- */

/* The survey's contents in the order of the tree's rows; free() it. */
static uint64_t *health_order_contents(const struct health *health, struct error *error)
{
    const struct tree *tree = health->tree;
    uint64_t *contents;

    if (!memory_allocate_unset(&contents, tree_num_rows(tree), sizeof(*contents), error))
        return NULL;
    for (size_t i = 0; i < tree_num_rows(tree); i++)
        contents[i] = health->survey->contents[tree->images[i]];
    return contents;
}

/* How many images would --deduplicate leave out? */
static bool health_add_repeats(const struct health_notes *notes)
{
    const struct tree *tree = notes->tree;
    size_t count = tree_num_rows(tree);
    uint8_t *fates = NULL;
    uint32_t *others = NULL;
    uint64_t num_dropped = 0;
    char number[32];
    bool ok =
        memory_allocate(&fates, count, sizeof(*fates), notes->error) &&
        memory_allocate(&others, count, sizeof(*others), notes->error) &&
        contents_deduplicate(notes->contents, tree->labels, count, fates, others, notes->error);

    for (size_t i = 0; i < count && ok; i++)
        num_dropped += fates[i] != CONTENTS_KEPT;
    if (num_dropped > 0)
        health_add(notes, "--deduplicate would leave out %s",
                   text_group_digits(number, sizeof(number), num_dropped));
    free(fates);
    free(others);
    return error_ok(notes->error);
}

bool health_report(const struct health *health, FILE *stream, struct error *error)
{
    struct contents_findings findings = {0};
    struct text_list list = {0};
    uint64_t *contents = health_order_contents(health, error);
    const struct health_notes notes = {health->tree, contents, &list, error};
    bool ok = contents && health_find(health->tree, contents, &findings, error) &&
              report_list_notes(health->tree, health->scan, health->rules, &list, error) &&
              health_list_contents(&notes, &findings) &&
              (health->options->deduplicate || health_add_repeats(&notes));

    if (ok) {
        health_report_files(health->survey, stream);
        for (size_t i = 0; i < list.count; i++)
            wrap_format(stream, REPORT_INDENT, "%s%s", i ? "          " : "notes     ",
                        list.items[i]);
        ok = health_print_command(health, &findings, stream, error);
    }
    free(contents);
    text_list_free(&list);
    return ok;
}
