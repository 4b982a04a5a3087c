/* --mistakes: what a model took for something else, the worst first. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/machine.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/text.h"
#include "formats/evaluation.h"
#include "formats/file/file_kind.h"
#include "formats/store/store.h"
#include "show/show.h"
#include "show/show_runs.h"
#include "view/sheet.h"
#include "view/terminal/text_table.h"

enum { DEFAULT_COUNT = 9, MAX_STORES_LOOKED_AT = 100 };

/* ---- which are the worst ---- */

struct mistake {
    uint64_t sample; /* of the evaluation */
    float badness;   /* by how much the wrong class has the higher score */
};

static int show_mistakes_compare(const void *first, const void *second)
{
    const struct mistake *a = first, *b = second;

    if (a->badness != b->badness)
        return a->badness > b->badness ? -1 : 1;
    return a->sample < b->sample ? -1 : 1;
}

static float show_mistakes_score(const struct evaluation_contents *contents, uint64_t sample,
                                 uint32_t class)
{
    return contents->scores[sample * contents->classes.count + class];
}

/*
 * All mistakes [*count], the worst first: by how far the predicted class is ahead of the true one,
 * as the page of quern-evaluate --report has them.
 */
static struct mistake *show_mistakes_rank(const struct evaluation_contents *contents, size_t *count,
                                          struct error *error)
{
    struct mistake *mistakes = NULL;
    size_t capacity = 0;

    *count = 0;
    for (uint64_t i = 0; i < contents->num_samples; i++) {
        uint32_t label = contents->labels[i], prediction = contents->predictions[i];
        float badness =
            show_mistakes_score(contents, i, prediction) - show_mistakes_score(contents, i, label);

        if (label == prediction)
            continue;
        if (!memory_grow(&mistakes, &capacity, *count + 1, sizeof(*mistakes), error)) {
            free(mistakes);
            return NULL;
        }
        mistakes[(*count)++] = (struct mistake){i, badness};
    }
    if (!mistakes) /* none is no failure */
        memory_grow(&mistakes, &capacity, 1, sizeof(*mistakes), error);
    if (mistakes)
        qsort(mistakes, *count, sizeof(*mistakes), show_mistakes_compare);
    return mistakes;
}

/* ---- where the pictures are ---- */

/* Opens the store at path if it is one and of this fingerprint; *store stays NULL if not. */
static bool show_mistakes_try_store(const char *path, const char *fingerprint, int num_threads,
                                    struct store **store)
{
    const struct store_checks checks = {.skip_seal = true, .num_threads = num_threads};
    struct error ignored = {0};
    enum file_kind kind;

    if (!file_kind_find(path, &kind, &ignored) || kind != FILE_KIND_STORE ||
        !store_open_with(path, &checks, store, &ignored))
        return false;
    if (strcmp(store_fingerprint(*store), fingerprint) == 0)
        return true;
    store_close(*store);
    *store = NULL;
    return false;
}

/* Looks in a directory for a store of this fingerprint; *store stays NULL where there is none. */
static bool show_mistakes_look_in(const struct show *show, const char *directory,
                                  const char *fingerprint, struct store **store,
                                  struct error *error)
{
    struct text_list names = {0};
    struct error ignored = {0};
    size_t num_looked_at = 0;
    bool ok = true;

    file_list_directory(directory, &names, &ignored);
    for (size_t i = 0; i < names.count && !*store && num_looked_at < MAX_STORES_LOOKED_AT; i++) {
        size_t length = strlen(names.items[i]);
        char *path = NULL;

        if (length < 3 || strcmp(names.items[i] + length - 3, ".h5") != 0 ||
            asprintf(&path, "%s/%s", directory, names.items[i]) < 0)
            continue;
        num_looked_at++;
        if (show_mistakes_try_store(path, fingerprint, show->options->num_threads, store)) {
            progress_note("quern-show",
                          "note: pictures from %s, which has the evaluation's fingerprint", path);
            ok = show_check_png_store(show, path, error);
        }
        free(path);
    }
    text_list_free(&names);
    return ok;
}

/*
 * The store that was evaluated: --store, else one of its fingerprint beside the evaluation or in
 * the current directory.  *store is NULL where there is none.
 */
static bool show_mistakes_find_store(const struct show *show, const char *fingerprint,
                                     struct store **store, struct error *error)
{
    const struct show_options *options = show->options;
    const struct store_checks checks = {.skip_seal = options->is_quick,
                                        .num_threads = options->num_threads};
    char *directory;
    bool ok;

    *store = NULL;
    if (options->store) {
        if (!store_open_with(options->store, &checks, store, error))
            return false;
        return strcmp(store_fingerprint(*store), fingerprint) == 0 ||
               error_set(error, STATUS_DATA,
                         ERROR_AT(.file = options->store, .expected = fingerprint,
                                  .found = store_fingerprint(*store)),
                         "is another store than the one that was evaluated: its fingerprint "
                         "differs");
    }
    directory = file_directory_of(options->operands[0]);
    if (!directory)
        return error_set_memory(error, 1);
    ok = show_mistakes_look_in(show, directory, fingerprint, store, error);
    if (ok && !*store && strcmp(directory, ".") != 0)
        ok = show_mistakes_look_in(show, ".", fingerprint, store, error);
    free(directory);
    if (ok && !*store)
        progress_note("quern-show",
                      "note: without pictures: the store of fingerprint %.16s... is neither "
                      "beside the evaluation nor here; --store STORE.h5 names it",
                      fingerprint);
    return ok;
}

/* ---- with pictures ---- */

static enum split show_mistakes_split(const struct evaluation_contents *contents)
{
    int split = 0;

    while (split < NUM_SPLITS && strcmp(split_names[split], contents->split) != 0)
        split++;
    return (enum split)split;
}

/* The row of a sample, which old evaluations have not recorded: then its path is looked for. */
static bool show_mistakes_find_row(const struct evaluation_contents *contents,
                                   const struct text_list *paths, uint64_t sample, uint64_t *row)
{
    if (contents->rows)
        *row = contents->rows[sample];
    else
        *row = text_list_find(paths, contents->paths.items[sample]);
    return *row < paths->count && strcmp(paths->items[*row], contents->paths.items[sample]) == 0;
}

static bool show_mistakes_read_one(const struct show *show, struct store *store,
                                   const struct evaluation_contents *contents,
                                   const struct text_list *paths, uint64_t sample,
                                   struct raster *picture, struct error *error)
{
    const struct image_shape *shape = store_image_shape(store);
    enum split split = show_mistakes_split(contents);
    uint8_t *pixels = NULL;
    uint64_t row;
    bool ok;

    if (!show_mistakes_find_row(contents, paths, sample, &row))
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = show->options->operands[0], .dataset = "/samples/paths",
                                  .row = &sample, .found = contents->paths.items[sample]),
                         "a path that the store does not have in this row");
    ok = memory_allocate(&pixels, image_num_values(shape), 1, error) &&
         store_read_pixels(store, split, row, 1, show->options->num_threads, pixels, error) &&
         raster_from_image(picture, shape, pixels, error);
    free(pixels);
    return ok;
}

/* "1. 7 as 3": which picture it is in the table, and what was taken for what. */
static bool show_mistakes_add_caption(const struct evaluation_contents *contents, uint64_t sample,
                                      size_t rank, struct text_list *captions, struct error *error)
{
    char caption[400];

    return text_list_add(captions,
                         text_format(caption, sizeof(caption), "%zu. %.150s as %.150s", rank,
                                     contents->classes.items[contents->labels[sample]],
                                     contents->classes.items[contents->predictions[sample]]),
                         error);
}

static bool show_mistakes_pictures(const struct show *show, struct store *store,
                                   const struct evaluation_contents *contents,
                                   const struct mistake *mistakes, size_t count,
                                   struct error *error)
{
    struct text_list paths = {0}, captions = {0};
    struct sheet_tile *tiles = NULL;
    bool ok = memory_allocate(&tiles, count, sizeof(*tiles), error) &&
              store_read_paths(store, show_mistakes_split(contents), &paths, error);

    for (size_t i = 0; i < count && ok; i++)
        ok = show_mistakes_read_one(show, store, contents, &paths, mistakes[i].sample,
                                    &tiles[i].picture, error) &&
             show_mistakes_add_caption(contents, mistakes[i].sample, i + 1, &captions, error);
    for (size_t i = 0; i < count && ok; i++)
        tiles[i].caption = captions.items[i];
    ok = ok && show_pictures(show, tiles, count, error);
    for (size_t i = 0; tiles && i < count; i++)
        raster_free(&tiles[i].picture);
    free(tiles);
    text_list_free(&captions);
    text_list_free(&paths);
    return ok;
}

/* ---- the table ---- */

static bool show_mistakes_table(const struct show *show, const struct evaluation_contents *contents,
                                const struct mistake *mistakes, size_t count, struct error *error)
{
    const struct text_table_column columns[] = {
        {"", TEXT_TABLE_RIGHT},
        {"class", TEXT_TABLE_LEFT},
        {"its score", TEXT_TABLE_RIGHT},
        {"predicted", TEXT_TABLE_LEFT},
        {contents->are_probabilities ? "confidence" : "score of that", TEXT_TABLE_RIGHT},
        {"path", TEXT_TABLE_PATH},
    };
    struct text_table table = {.columns = columns, .num_columns = 6};
    bool ok = true;

    for (size_t i = 0; i < count && ok; i++) {
        uint64_t sample = mistakes[i].sample;
        uint32_t label = contents->labels[sample], prediction = contents->predictions[sample];
        char texts[3][32];
        const char *const cells[] = {
            text_format(texts[0], 32, "%zu", i + 1),
            contents->classes.items[label],
            text_format(texts[1], 32, "%.4f", (double)show_mistakes_score(contents, sample, label)),
            contents->classes.items[prediction],
            text_format(texts[2], 32, "%.4f",
                        (double)show_mistakes_score(contents, sample, prediction)),
            contents->paths.items[sample]};

        ok = text_table_add(&table, cells, error);
    }
    if (ok)
        ok = text_table_print(stdout, &show->terminal, &table, error);
    text_table_free(&table);
    return ok;
}

/* ---- the view ---- */

static bool show_mistakes_show(const struct show *show, const struct evaluation_contents *contents,
                               const struct mistake *mistakes, size_t num_mistakes,
                               struct error *error)
{
    size_t wanted = show->options->count > 0 ? show->options->count : DEFAULT_COUNT;
    size_t count = num_mistakes < wanted ? num_mistakes : wanted;
    struct store *store = NULL;
    char counts[2][32];
    bool ok = true;

    printf("%s of %s sample%s of split %s %s taken for another class%s\n",
           text_group_digits(counts[0], 32, num_mistakes),
           text_group_digits(counts[1], 32, contents->num_samples),
           contents->num_samples == 1 ? "" : "s", contents->split,
           num_mistakes == 1 || contents->num_samples == 1 ? "was" : "were",
           count == 0   ? ""
           : count == 1 ? "; the worst"
                        : TEXT("; the %zu worst", count));
    if (count > 0)
        ok = show_mistakes_find_store(show, contents->store_fingerprint, &store, error);
    if (ok && show->options->png && !store)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = show->options->operands[0]),
                       count > 0 ? "no store to take the pictures from: name it by --store"
                                 : "no mistakes to draw");
    if (ok && store) {
        putchar('\n');
        ok = show_mistakes_pictures(show, store, contents, mistakes, count, error);
    }
    if (ok && count > 0) {
        putchar('\n');
        ok = show_mistakes_table(show, contents, mistakes, count, error);
    }
    if (store)
        store_close(store);
    return ok;
}

bool show_mistakes(const struct show *show, struct error *error)
{
    const struct evaluation_request request = {
        .with_scores = true, .with_paths = true, .memory_limit = machine_memory_nbytes() / 4 * 3};
    struct evaluation_contents contents = {0};
    struct mistake *mistakes = NULL;
    size_t count = 0;
    bool ok = evaluation_read(show->options->operands[0], &request, &contents, error);

    if (ok)
        mistakes = show_mistakes_rank(&contents, &count, error);
    ok = ok && mistakes && show_mistakes_show(show, &contents, mistakes, count, error);
    free(mistakes);
    evaluation_free(&contents);
    return ok;
}
