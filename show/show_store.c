#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/amount.h"
#include "common/memory.h"
#include "common/text.h"
#include "images/preparation.h"
#include "show/show.h"
#include "view/terminal/terminal_text.h"
#include "view/terminal/text_bars.h"
#include "view/terminal/text_table.h"

enum {
    MAX_BARS = 30,    /* classes that have a bar each */
    NUM_ENDS = 5,     /* of more, the largest and the smallest that are listed */
    NUM_BINS = 8,     /* into which the others are counted */
    MAX_REJECTS = 10, /* that are listed */
    LABEL_COLUMNS = 13,
    LINE_SIZE = 4096,
};

bool show_open_store(const struct show *show, struct store **store, struct error *error)
{
    const struct show_options *options = show->options;
    const struct store_checks checks = {.skip_seal = options->is_quick,
                                        .num_threads = options->num_threads,
                                        .is_shard = show->kinds[0] == SHOW_KIND_SHARD};

    return store_open_with(options->operands[0], &checks, store, error);
}

/* ---- lines of a label and a text ---- */

static void show_store_label(const struct show *show, const char *label)
{
    terminal_set_faint(&show->terminal, stdout);
    printf("%-*s", LABEL_COLUMNS, label);
    terminal_set_plain(&show->terminal, stdout);
}

/* The text goes on below itself where it does not fit. */
static void show_store_line(const struct show *show, const char *label, const char *text)
{
    show_store_label(show, label);
    terminal_text_wrap(stdout, text, LABEL_COLUMNS, LABEL_COLUMNS, show->terminal.columns);
}

/* ---- the file ---- */

struct show_store_sizes {
    struct store_storage storage[NUM_SPLITS];
    uint64_t raw_nbytes[NUM_SPLITS];
    uint64_t file_nbytes, all_stored_nbytes, all_raw_nbytes;
};

static bool show_store_measure(const char *path, struct store *store,
                               struct show_store_sizes *sizes, struct error *error)
{
    struct stat info;

    for (int s = 0; s < NUM_SPLITS; s++) {
        struct store_storage *storage = &sizes->storage[s];
        uint64_t num_rows = store_num_rows(store, (enum split)s);

        if (num_rows == 0)
            continue;
        if (!store_read_storage(store, (enum split)s, storage, error))
            return false;
        sizes->raw_nbytes[s] = num_rows * image_num_values(store_image_shape(store));
        sizes->file_nbytes = storage->file_nbytes;
        sizes->all_stored_nbytes += storage->stored_nbytes;
        sizes->all_raw_nbytes += sizes->raw_nbytes[s];
    }
    /* Without images there was no dataset to learn it from. */
    if (sizes->file_nbytes == 0) {
        if (stat(path, &info) != 0)
            return error_set_errno(error, path, "cannot look at");
        sizes->file_nbytes = (uint64_t)info.st_size;
    }
    return true;
}

static double show_percent(uint64_t part, uint64_t whole)
{
    return 100.0 * (double)part / (double)(whole ? whole : 1);
}

/* How many classes have an image in the split. */
static bool show_store_count_present(struct store *store, enum split split, uint64_t *num_present,
                                     struct error *error)
{
    const uint32_t *labels = store_labels(store, split);
    bool *is_there = NULL;

    *num_present = 0;
    if (!memory_allocate(&is_there, store_classes(store)->count, sizeof(*is_there), error))
        return false;
    for (uint64_t row = 0; labels && row < store_num_rows(store, split); row++) {
        *num_present += !is_there[labels[row]];
        is_there[labels[row]] = true;
    }
    free(is_there);
    return true;
}

static bool show_store_splits(const struct show *show, struct store *store,
                              const struct show_store_sizes *sizes, struct error *error)
{
    static const struct text_table_column columns[] = {
        {"split", TEXT_TABLE_LEFT},    {"images", TEXT_TABLE_RIGHT},
        {"classes", TEXT_TABLE_RIGHT}, {"stored", TEXT_TABLE_RIGHT},
        {"of raw", TEXT_TABLE_RIGHT},  {"rows/chunk", TEXT_TABLE_RIGHT}};
    struct text_table table = {columns, sizeof(columns) / sizeof(columns[0]), {0}};
    bool ok = true;

    for (int s = 0; s < NUM_SPLITS && ok; s++) {
        enum split split = (enum split)s;
        const struct store_storage *storage = &sizes->storage[s];
        uint64_t num_rows = store_num_rows(store, split), num_present;
        char images[32], present[32], stored[AMOUNT_SIZE];

        if (num_rows == 0)
            continue;
        ok = show_store_count_present(store, split, &num_present, error) &&
             text_table_add(
                 &table,
                 (const char *[]){
                     split_names[s], text_group_digits(images, sizeof(images), num_rows),
                     store_labels(store, split)
                         ? text_group_digits(present, sizeof(present), num_present)
                         : "unlabelled",
                     amount_nbytes(stored, sizeof(stored), (double)storage->stored_nbytes),
                     TEXT("%.1f %%", show_percent(storage->stored_nbytes, sizes->raw_nbytes[s])),
                     storage->chunk_rows ? TEXT("%" PRIu64, storage->chunk_rows) : "none"},
                 error);
    }
    ok = ok && text_table_print(stdout, &show->terminal, &table, error);
    text_table_free(&table);
    return ok;
}

/* The first path of the first split, as an example of what --image takes. */
static bool show_store_example(const struct show *show, struct store *store, struct error *error)
{
    char *path = NULL, text[LINE_SIZE];
    int s = 0;

    while (s < NUM_SPLITS && store_num_rows(store, (enum split)s) == 0)
        s++;
    if (s == NUM_SPLITS)
        return true;
    if (!store_read_path(store, (enum split)s, 0, &path, error))
        return false;
    show_store_line(show, "first path", text_escape(text, sizeof(text), path));
    free(path);
    return true;
}

/* How images became rows, as the file has it. */
static bool show_store_preparation(const struct show *show, struct store *store,
                                   struct error *error)
{
    char text[PREPARATION_MAX_TEXT] = "", escaped[2 * PREPARATION_MAX_TEXT];

    if (!store_read_preparation(store, text, sizeof(text), error))
        return false;
    show_store_line(show, "preparation",
                    text[0] ? text_escape(escaped, sizeof(escaped), text)
                            : "none: images are as they were in their files");
    return true;
}

static bool show_store_facts(const struct show *show, struct store *store,
                             const struct show_store_sizes *sizes, struct error *error)
{
    const struct image_shape *image = store_image_shape(store);
    size_t num_classes = store_classes(store)->count;
    char name[LINE_SIZE] = "", escaped[LINE_SIZE], line[2 * LINE_SIZE];
    char file[AMOUNT_SIZE], stored[AMOUNT_SIZE], raw[AMOUNT_SIZE];
    struct text_list decoders = {0};
    bool ok = store_read_source_name(store, name, sizeof(name), error);

    show_store_line(show, "images",
                    TEXT("%zux%zu %s (height x width), uint8", image->height, image->width,
                         image->channels == 1 ? "gray" : "RGB"));
    show_store_line(show, "classes", text_group_digits(file, sizeof(file), num_classes));
    show_store_line(show, "file",
                    TEXT("%s; images %s, %.1f %% of %s",
                         amount_nbytes(file, sizeof(file), (double)sizes->file_nbytes),
                         amount_nbytes(stored, sizeof(stored), (double)sizes->all_stored_nbytes),
                         show_percent(sizes->all_stored_nbytes, sizes->all_raw_nbytes),
                         amount_nbytes(raw, sizeof(raw), (double)sizes->all_raw_nbytes)));
    if (ok && name[0])
        show_store_line(show, "source", text_escape(escaped, sizeof(escaped), name));
    ok = ok && show_store_example(show, store, error) &&
         show_store_preparation(show, store, error) &&
         store_read_image_decoders(store, &decoders, error);
    line[0] = '\0';
    for (size_t i = 0; i < decoders.count && ok; i++)
        text_format(line + strlen(line), sizeof(line) - strlen(line), "%s%s", i ? ", " : "",
                    text_escape(escaped, sizeof(escaped), decoders.items[i]));
    if (ok && decoders.count > 0)
        show_store_line(show, "decoded by", line);
    show_store_line(show, "fingerprint", store_fingerprint(store));
    show_store_line(show, "seal",
                    !store_is_sealed(store)   ? "none: another program has rewritten the file"
                    : show->options->is_quick ? "there; --verify full checks it over every byte"
                                              : "checked: every byte is as it was written");
    text_list_free(&decoders);
    return ok;
}

static bool show_store_rejects(struct store *store, struct error *error)
{
    struct text_list paths = {0}, reasons = {0};
    bool ok = store_read_rejects(store, &paths, &reasons, error);

    if (ok && paths.count > 0)
        printf("\n%zu %s skipped\n", paths.count, paths.count == 1 ? "file was" : "files were");
    for (size_t i = 0; i < paths.count && i < MAX_REJECTS && ok; i++) {
        /* The path is whole, so that the file can be found by it. */
        fputs("  ", stdout);
        text_print_escaped(stdout, paths.items[i]);
        fputs(": ", stdout);
        text_print_escaped(stdout, reasons.items[i]);
        putchar('\n');
    }
    if (ok && paths.count > MAX_REJECTS)
        printf("  and %zu more: /rejects of the file lists all\n", paths.count - MAX_REJECTS);
    text_list_free(&paths);
    text_list_free(&reasons);
    return ok;
}

/* ---- how the classes share the images ---- */

struct show_class_count {
    const char *name;
    uint64_t count;
};

static int show_compare_counts(const void *a, const void *b)
{
    const struct show_class_count *left = a, *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void show_balance_bar(struct text_bar *bar, char text[64], const char *name, uint64_t count,
                             uint64_t total)
{
    char number[32];

    text_format(text, 64, "%s  %5.1f %%", text_group_digits(number, sizeof(number), count),
                show_percent(count, total));
    *bar = (struct text_bar){name, (double)count, text};
}

/* A bar for each class. */
static void show_balance_each(const struct show *show, const struct show_class_count *classes,
                              size_t count, uint64_t total, uint64_t highest)
{
    struct text_bar bars[MAX_BARS];
    char texts[MAX_BARS][64];

    for (size_t i = 0; i < count; i++)
        show_balance_bar(&bars[i], texts[i], classes[i].name, classes[i].count, total);
    text_bars_print(stdout, &show->terminal, bars, count, (double)highest);
}

/* Of many classes: the largest, the smallest, and how many classes have how many images. */
static void show_balance_many(const struct show *show, struct show_class_count *classes,
                              size_t count, uint64_t total)
{
    struct text_bar bars[NUM_BINS];
    char names[NUM_BINS][64], texts[NUM_BINS][64];
    uint64_t low, high, width;
    size_t num_bins = 0;

    qsort(classes, count, sizeof(*classes), show_compare_counts);
    low = classes[count - 1].count;
    high = classes[0].count;
    width = (high - low) / NUM_BINS + 1;
    puts("the largest");
    show_balance_each(show, classes, NUM_ENDS, total, high);
    puts("the smallest");
    show_balance_each(show, classes + count - NUM_ENDS, NUM_ENDS, total, high);
    for (uint64_t from = low; from <= high; from += width) {
        uint64_t to = from + width - 1 < high ? from + width - 1 : high;
        size_t num_in = 0;

        for (size_t i = 0; i < count; i++)
            num_in += classes[i].count >= from && classes[i].count <= to;
        if (from == to)
            text_format(names[num_bins], 64, "%" PRIu64, from);
        else
            text_format(names[num_bins], 64, "%" PRIu64 " to %" PRIu64, from, to);
        text_format(texts[num_bins], 64, "%zu %s", num_in, num_in == 1 ? "class" : "classes");
        bars[num_bins] = (struct text_bar){names[num_bins], (double)num_in, texts[num_bins]};
        num_bins++;
    }
    puts("classes by their number of images");
    text_bars_print(stdout, &show->terminal, bars, num_bins, 0.0);
}

static bool show_balance(const struct show *show, struct store *store, enum split split,
                         struct error *error)
{
    const uint32_t *labels = store_labels(store, split);
    const struct text_list *names = store_classes(store);
    struct show_class_count *classes = NULL;
    uint64_t num_rows = store_num_rows(store, split), highest = 0;

    if (num_rows == 0 || !labels)
        return true;
    if (!memory_allocate(&classes, names->count, sizeof(*classes), error))
        return false;
    for (size_t c = 0; c < names->count; c++)
        classes[c].name = names->items[c];
    for (uint64_t row = 0; row < num_rows; row++)
        classes[labels[row]].count++;
    for (size_t c = 0; c < names->count; c++)
        highest = classes[c].count > highest ? classes[c].count : highest;
    putchar('\n');
    terminal_set_bold(&show->terminal, stdout);
    printf("%s: images by class", split_names[split]);
    terminal_set_plain(&show->terminal, stdout);
    putchar('\n');
    if (names->count <= MAX_BARS)
        show_balance_each(show, classes, names->count, num_rows, highest);
    else
        show_balance_many(show, classes, names->count, num_rows);
    free(classes);
    return true;
}

/* ---- all of it ---- */

/* One line that says what it is, and how large. */
static void show_store_heading(const struct show *show, const char *kind)
{
    char text[LINE_SIZE];
    size_t room =
        show->terminal.columns > strlen(kind) + 10 ? show->terminal.columns - strlen(kind) - 2 : 8;

    terminal_set_bold(&show->terminal, stdout);
    fputs(terminal_text_cut_left(text, sizeof(text), show->options->operands[0], room,
                                 show->terminal.is_utf8),
          stdout);
    terminal_set_plain(&show->terminal, stdout);
    printf(": %s\n", kind);
}

bool show_store(const struct show *show, struct error *error)
{
    struct store *store = NULL;
    struct show_store_sizes sizes = {0};
    bool ok = show_open_store(show, &store, error) &&
              show_store_measure(show->options->operands[0], store, &sizes, error);

    if (ok) {
        show_store_heading(show, show_kind_name(show->kinds[0]));
        ok = show_store_facts(show, store, &sizes, error);
        putchar('\n');
        ok = ok && show_store_splits(show, store, &sizes, error);
    }
    for (int s = 0; s < NUM_SPLITS && ok; s++)
        ok = show_balance(show, store, (enum split)s, error);
    ok = ok && show_store_rejects(store, error);
    store_close(store);
    return ok;
}
