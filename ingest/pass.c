#include "ingest/pass.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "formats/store/store.h"
#include "ingest/contents.h"
#include "model/class_means.h"

/* What a thread found out about one file. */
struct pass_file {
    enum status status;
    char *reason; /* of a status that is not OK; owned */
    uint32_t file_crc32, pixel_crc32;
    bool is_color;
    struct image_info info;
    const struct decoder *decoder;
};

struct pass {
    const struct pass_plan *plan;
    struct pass_outcome *outcome;
    struct store_writer *writer; /* NULL once nothing can be written any more */
    struct class_means means;    /* of the split at work */
    float *split_means[NUM_SPLITS];
    uint64_t *split_sums[NUM_SPLITS]; /* of a shard */
    uint64_t *sizes;                  /* [rows of the tree] of each image, by pass_pack_size */
    uint64_t *hashes;                 /* [rows of the tree], by tree_hash_image */
    uint64_t *contents;               /* [rows of the tree], by contents_of */
    /* Files that are decoded together, as many as the writer has room for in one go. */
    size_t max_window;
    struct store_row *rows;        /* [max_window] */
    uint32_t *labels;              /* [max_window] */
    struct pass_file *files;       /* [max_window] */
    struct decode_buffer *buffers; /* [reading threads] */
    uint64_t *scratch;             /* [reading threads][fit_num_scratch] */
    struct progress progress;
    struct error *error;
};

/* Are images of other sizes fitted to the rows? */
static bool pass_fits(const struct pass_plan *plan)
{
    return plan->preparation.height > 0;
}

void pass_outcome_free(struct pass_outcome *outcome)
{
    text_list_free(&outcome->reject_paths);
    text_list_free(&outcome->reject_reasons);
    free(outcome->contents);
    text_list_free(&outcome->image_decoders);
    free(outcome->first_fault);
    *outcome = (struct pass_outcome){0};
}

/* ---- the sizes of images ---- */

/* Height and width in one number; 0 stands for a file that could not be decoded. */
static uint64_t pass_pack_size(size_t height, size_t width)
{
    return (uint64_t)height << 32 | (uint64_t)width;
}

enum { MAX_SIZES_SHOWN = 5 };

struct size_count {
    uint64_t size;
    size_t count;
};

static int pass_compare_sizes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int pass_compare_counts(const void *a, const void *b)
{
    const struct size_count *x = a, *y = b;

    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return pass_compare_sizes(&x->size, &y->size);
}

static const char *pass_describe_size(char *buffer, size_t size, uint64_t packed)
{
    return text_format(buffer, size, "%ux%u", (unsigned)(packed >> 32),
                       (unsigned)(packed & UINT32_MAX));
}

static void pass_describe_counts(const struct size_count *counts, size_t num_counts, char *buffer,
                                 size_t size)
{
    buffer[0] = '\0';
    for (size_t i = 0; i < num_counts && i < MAX_SIZES_SHOWN; i++) {
        char number[32], name[32];

        text_format(buffer + strlen(buffer), size - strlen(buffer), "%s%s of %s", i ? ", " : "",
                    text_group_digits(number, sizeof(number), counts[i].count),
                    pass_describe_size(name, sizeof(name), counts[i].size));
    }
    if (num_counts > MAX_SIZES_SHOWN)
        text_format(buffer + strlen(buffer), size - strlen(buffer), " and %zu sizes more",
                    num_counts - MAX_SIZES_SHOWN);
}

/* Counts each size; counts has room for all. */
static size_t pass_count_sizes(uint64_t *sorted, size_t num_sorted, struct size_count *counts)
{
    size_t num_counts = 0;

    qsort(sorted, num_sorted, sizeof(*sorted), pass_compare_sizes);
    for (size_t i = 0; i < num_sorted; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1])
            counts[num_counts++] = (struct size_count){.size = sorted[i]};
        counts[num_counts - 1].count++;
    }
    qsort(counts, num_counts, sizeof(*counts), pass_compare_counts);
    return num_counts;
}

static bool pass_sizes_are_equal(const uint64_t *sizes, size_t count)
{
    uint64_t known = 0;

    for (size_t i = 0; i < count; i++) {
        if (sizes[i] != 0 && known == 0)
            known = sizes[i];
        if (sizes[i] != 0 && sizes[i] != known)
            return false;
    }
    return true;
}

static bool pass_check_sizes(const uint64_t *sizes, const char *const *paths, size_t count,
                             struct error *error)
{
    uint64_t *sorted;
    struct size_count *counts;
    size_t num_known = 0, num_counts, first = 0;
    char all[300], usual[32], found[32], number[32];
    bool ok = true;

    if (pass_sizes_are_equal(sizes, count))
        return true;
    sorted = malloc((count + 1) * sizeof(*sorted));
    counts = malloc((count + 1) * sizeof(*counts));
    if (!sorted || !counts) {
        ok = error_set_memory(error, count * sizeof(*counts));
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] != 0)
            sorted[num_known++] = sizes[i];
    }
    num_counts = pass_count_sizes(sorted, num_known, counts);
    if (num_counts < 2)
        goto out;
    while (sizes[first] == 0 || sizes[first] == counts[0].size)
        first++;
    pass_describe_counts(counts, num_counts, all, sizeof(all));
    ok = error_set(error, STATUS_DATA,
                   ERROR_AT(.file = paths[first],
                            .expected = pass_describe_size(usual, sizeof(usual), counts[0].size),
                            .found = pass_describe_size(found, sizeof(found), sizes[first])),
                   "the images have %s sizes, %s: give --size HxW, such as %s (quern-ingest "
                   "--dry-run proposes one)",
                   text_group_digits(number, sizeof(number), num_counts), all, usual);
out:
    free(sorted);
    free(counts);
    return ok;
}

/* ---- one file, in a thread ---- */

/*
 * Decodes a file into its row of the window; row is NULL when nothing can be written any more.  An
 * image of the row's size is decoded to where the row lies in the writer's buffer.
 */
static void pass_decode(struct pass *pass, size_t index, uint8_t *row, struct pass_file *file)
{
    const struct pass_plan *plan = pass->plan;
    const struct image_shape *image = &plan->image;
    struct source_image source_image = tree_image(plan->tree, index);
    int thread = omp_get_thread_num();
    struct decode_buffer *buffer = &pass->buffers[thread];
    struct decoded decoded;
    struct error error = {0};
    char reason[2048];

    *file = (struct pass_file){0};
    buffer->pixels.place = row;
    decode_file(&plan->source, &source_image, image->channels, buffer, &decoded, &error);
    pass->hashes[index] = tree_hash_image(source_image.path, &decoded.stamp);
    /* Of an image of a wrong size, which stops the run anyway, the size is all that is needed. */
    if (error.status == STATUS_USAGE && !pass_fits(plan))
        error.status = STATUS_OK;
    file->status = error.status;
    if (file->status != STATUS_OK) {
        file->reason = strdup(decode_describe(reason, sizeof(reason), &error));
        return;
    }
    file->file_crc32 = decoded.file_crc32;
    file->is_color = !decoded.is_gray;
    file->info = decoded.info;
    file->decoder = decoded.decoder;
    pass->sizes[index] = pass_pack_size(decoded.shape.height, decoded.shape.width);
    if (row && pass_fits(plan) && decoded.pixels != row)
        preparation_fit(&plan->preparation, decoded.pixels, &decoded.shape, row, image,
                        pass->scratch + (size_t)thread * fit_num_scratch(image));
    if (!row)
        return;
    file->pixel_crc32 = crc32_of(row, image_num_values(image));
    if (decoded.pixels)
        pass->contents[index] = contents_of(decoded.pixels, &decoded.shape);
}

/* ---- one window of files ---- */

static bool pass_add_reject(struct pass *pass, const char *path, const char *reason)
{
    char printable[8192];

    return text_list_add(&pass->outcome->reject_paths,
                         text_make_utf8(printable, sizeof(printable), path), pass->error) &&
           text_list_add(&pass->outcome->reject_reasons,
                         text_make_utf8(printable, sizeof(printable), reason), pass->error);
}

/* Keeps what is to be said or recorded of an image that became a row. */
static bool pass_note_image(struct pass *pass, const char *path, const struct pass_file *file)
{
    struct pass_outcome *outcome = pass->outcome;

    outcome->found_color |= file->is_color && pass->plan->stop_at_color;
    if (file->info.fault[0] != '\0' && outcome->num_faults++ == 0 &&
        asprintf(&outcome->first_fault, "%s: %s", path, file->info.fault) < 0) {
        outcome->first_fault = NULL;
        return error_set_memory(pass->error, strlen(path) + IMAGE_MAX_FAULT_NBYTES);
    }
    return !file->decoder || !file->decoder->library ||
           text_list_add_sorted(&outcome->image_decoders, file->decoder->library(), pass->error);
}

static void pass_add_findings(struct pass *pass, const char *path, const struct image_info *info)
{
    struct pass_outcome *outcome = pass->outcome;

    preparation_add(&outcome->findings, info);
    if (info->is_transparent && !outcome->first_transparent)
        outcome->first_transparent = path;
}

/* Are there images that would lie on a background, and none was given? */
static bool pass_lacks_background(const struct pass *pass)
{
    return pass->outcome->first_transparent && !pass->plan->preparation.rule.has_background;
}

/*
 * Describes the rows of a window to the store.  Files that could not be decoded become rejects, and
 * the rows behind them move up in pixels, which is NULL when nothing is written.
 */
static bool pass_gather_rows(struct pass *pass, size_t first, size_t count, uint8_t *pixels,
                             size_t *num_rows)
{
    size_t num_values = image_num_values(&pass->plan->image);
    const struct tree *tree = pass->plan->tree;
    bool ok = true;

    *num_rows = 0;
    for (size_t i = 0; i < count && ok; i++) {
        const struct pass_file *file = &pass->files[i];
        const char *path = tree->paths[first + i];

        if (file->status == STATUS_OK) {
            size_t row = (*num_rows)++;

            if (pixels && row < i)
                memcpy(pixels + row * num_values, pixels + i * num_values, num_values);
            pass->labels[row] = tree->labels[first + i];
            pass->rows[row] =
                (struct store_row){path, pass->labels[row], file->file_crc32, file->pixel_crc32};
            pass_add_findings(pass, path, &file->info);
            ok = pass_note_image(pass, path, file);
        } else if (!file->reason) {
            ok = error_set_memory(pass->error, 256);
        } else if (file->status == STATUS_DATA) {
            ok = pass_add_reject(pass, path, file->reason);
        } else {
            ok = error_set(pass->error, file->status, ERROR_AT(.file = path), "%s", file->reason);
        }
    }
    for (size_t i = 0; i < count; i++)
        free(pass->files[i].reason);
    return ok;
}

static bool pass_has_other_size(const struct pass *pass, size_t first, size_t count)
{
    uint64_t expected = pass_pack_size(pass->plan->image.height, pass->plan->image.width);

    for (size_t i = first; i < first + count && !pass_fits(pass->plan); i++) {
        if (pass->sizes[i] != 0 && pass->sizes[i] != expected)
            return true;
    }
    return false;
}

static bool pass_stop(struct pass *pass)
{
    return error_set(pass->error, STATUS_STOPPED, ERROR_AT(.file = pass->plan->store_path),
                     "stopped by %s; nothing was written, run again",
                     signals_name(signals_stop_requested()));
}

/*
 * Decodes the files from first on, before end, that the writer has room for, and appends their
 * rows.  When nothing can be written any more, files are decoded all the same, to find all that is
 * wrong.
 */
static bool pass_run_window(struct pass *pass, enum split split, size_t first, size_t end,
                            size_t *count)
{
    size_t num_values = image_num_values(&pass->plan->image), num_rows;
    uint64_t room = pass->max_window;
    uint8_t *pixels = pass->writer ? store_reserve(pass->writer, split, &room) : NULL;

    *count = end - first < room ? end - first : (size_t)room;
    /* A few files at a time: neighbours lie in one directory, which a thread keeps open. */
#pragma omp parallel for num_threads(pass->plan->num_io_threads) schedule(dynamic, 8)
    for (size_t i = 0; i < *count; i++) {
        if (signals_stop_requested())
            pass->files[i] = (struct pass_file){0};
        else
            pass_decode(pass, first + i, pixels ? pixels + i * num_values : NULL, &pass->files[i]);
        if (omp_get_thread_num() == 0)
            progress_update(&pass->progress, first + i);
    }

    if (!pass_gather_rows(pass, first, *count, pixels, &num_rows))
        return false;
    if (signals_stop_requested())
        return pass_stop(pass);
    if (pass->outcome->found_color || !pixels)
        return true;
    if (pass_has_other_size(pass, first, *count) || pass_lacks_background(pass) ||
        (num_rows < *count && !pass->plan->skip_bad)) {
        store_abandon(pass->writer);
        pass->writer = NULL;
        return true;
    }
    if (!tree_is_unlabelled(pass->plan->tree, split))
        class_means_add(&pass->means, pixels, pass->labels, num_rows, pass->plan->num_threads);
    return store_append(pass->writer, split, num_rows, pass->rows, pixels, pass->error);
}

/* ---- splits, and the whole ---- */

static bool pass_check_lost_classes(const struct pass *pass, enum split split)
{
    const struct tree *tree = pass->plan->tree;

    for (size_t label = 0; label < tree->classes.count; label++) {
        const char *name = tree->classes.items[label];

        if (!tree_is_unlabelled(tree, split) && pass->means.counts[label] == 0 &&
            tree_find_class(tree, name)->num_images[split] > 0)
            return error_set(pass->error, STATUS_DATA, NULL,
                             "class '%s' has no readable image left in %s", name,
                             split_names[split]);
    }
    return true;
}

/* The means of a split that is whole; a shard also keeps the sums, from which merging makes them.
 */
static bool pass_finish_means(struct pass *pass, enum split split)
{
    const struct class_means *means = &pass->means;

    if (tree_is_unlabelled(pass->plan->tree, split))
        return true;
    if (!(pass->plan->shard || pass_check_lost_classes(pass, split)) ||
        !memory_allocate(&pass->split_means[split], means->num_classes * means->num_inputs,
                         sizeof(float), pass->error))
        return false;
    class_means_finish(means, pass->split_means[split]);
    if (pass->plan->shard) {
        pass->split_sums[split] = pass->means.sums;
        pass->means.sums = NULL;
    }
    return true;
}

static bool pass_run_split(struct pass *pass, enum split split)
{
    const struct tree *tree = pass->plan->tree;
    size_t end = tree->first[split + 1], count;
    bool ok;

    if (tree->first[split] == end)
        return true;
    ok = class_means_create(&pass->means, tree->classes.count, image_num_values(&pass->plan->image),
                            pass->error);
    for (size_t first = tree->first[split]; first < end && ok && !pass->outcome->found_color;
         first += count)
        ok = pass_run_window(pass, split, first, end, &count);
    if (ok && pass->writer && !pass->outcome->found_color)
        ok = pass_finish_means(pass, split);
    class_means_destroy(&pass->means);
    return ok;
}

static bool pass_check_rejects(const struct pass *pass)
{
    char bad[32], all[32];
    size_t num_bad = pass->outcome->reject_paths.count;

    if (num_bad == 0 || pass->plan->skip_bad)
        return true;
    return error_set(pass->error, STATUS_DATA, NULL,
                     "%s of %s files are not readable images; nothing was written "
                     "(--skip-bad leaves them out)",
                     text_group_digits(bad, sizeof(bad), num_bad),
                     text_group_digits(all, sizeof(all), tree_num_rows(pass->plan->tree)));
}

static bool pass_check_transparency(const struct pass *pass)
{
    const struct preparation_findings *findings = &pass->outcome->findings;
    char some[32], all[32];

    if (!pass_lacks_background(pass))
        return true;
    return error_set(
        pass->error, STATUS_DATA, ERROR_AT(.file = pass->outcome->first_transparent),
        "%s of %s images %s not opaque throughout, this one first; nothing was written "
        "(--background white, black or RRGGBB puts them on that color)",
        text_group_digits(some, sizeof(some), findings->num_transparent),
        text_group_digits(all, sizeof(all), findings->num_images),
        findings->num_transparent == 1 ? "is" : "are");
}

/* Samples of 16 bits of which 8 bits leave next to nothing: the user has to say what is black and
 * what is white. */
static bool pass_check_range(const struct pass *pass)
{
    const struct preparation_findings *findings = &pass->outcome->findings;
    unsigned num_levels = preparation_count_levels(findings);
    char some[32], all[32];

    if (!findings->has_range || num_levels >= PREPARATION_MIN_LEVELS ||
        pass->plan->preparation.rule.has_range)
        return true;
    if (findings->low == findings->high) /* which is no range */
        return error_set(pass->error, STATUS_DATA, NULL,
                         "%s of %s images %s of 16 bits, and all samples are %u; nothing was "
                         "written (--range 0:65535 takes them as they are)",
                         text_group_digits(some, sizeof(some), findings->num_deep),
                         text_group_digits(all, sizeof(all), findings->num_images),
                         findings->num_deep == 1 ? "is" : "are", findings->low);
    return error_set(
        pass->error, STATUS_DATA, NULL,
        "%s of %s images %s of 16 bits, with values from %u to %u, which become %u of "
        "the 256 values of 8 bits; nothing was written (--range %u:%u%s maps them to 0 "
        "to 255, --range 0:65535 takes them as they are)",
        text_group_digits(some, sizeof(some), findings->num_deep),
        text_group_digits(all, sizeof(all), findings->num_images),
        findings->num_deep == 1 ? "is" : "are", findings->low, findings->high, num_levels,
        findings->low, findings->high,
        pass->plan->shard ? ", the same for all shards," : " or auto");
}

static bool pass_finish_store(struct pass *pass)
{
    const struct pass_plan *plan = pass->plan;
    char digest[TREE_DIGEST_LENGTH + 1], text[PREPARATION_MAX_TEXT];
    struct store_ending ending = {
        .preparation =
            plan->is_prepared ? preparation_format(&plan->preparation, text, sizeof(text)) : NULL,
        .source = {plan->source_name, plan->source_settings, digest},
        .reject_paths = &pass->outcome->reject_paths,
        .reject_reasons = &pass->outcome->reject_reasons,
        .image_decoders = &pass->outcome->image_decoders,
        .file_hashes = pass->hashes,
    };
    struct store_writer *writer = pass->writer;

    tree_finish_digest(pass->hashes, tree_num_rows(plan->tree), digest);
    for (int s = 0; s < NUM_SPLITS; s++) {
        ending.class_means[s] = pass->split_means[s];
        ending.class_sums[s] = pass->split_sums[s];
    }
    pass->writer = NULL;
    return store_finish(writer, &ending, pass->error);
}

struct store_plan pass_plan_store(const struct pass_plan *plan)
{
    const struct tree *tree = plan->tree;
    struct store_plan store = {.image = plan->image,
                               .classes = &tree->classes,
                               .shard = plan->shard,
                               .compression_level = plan->compression_level,
                               .num_threads = plan->num_threads,
                               .is_forced = plan->is_forced};

    for (size_t i = 0; i < tree_num_rows(tree); i++) {
        size_t nbytes = strlen(tree->paths[i]);

        if (nbytes > store.max_path_nbytes)
            store.max_path_nbytes = nbytes;
    }
    if (plan->shard)
        store.max_path_nbytes = plan->shard->max_path_nbytes;
    for (int s = 0; s < NUM_SPLITS; s++) {
        store.max_rows[s] =
            plan->shard ? plan->shard->num_files[s] : tree->first[s + 1] - tree->first[s];
        store.is_unlabelled[s] = tree_is_unlabelled(tree, (enum split)s);
    }
    return store;
}

/* The most files that the writer ever has room for. */
static size_t pass_find_max_window(struct pass *pass)
{
    const struct tree *tree = pass->plan->tree;
    size_t max_window = 1;

    for (int s = 0; s < NUM_SPLITS; s++) {
        size_t num_files = tree->first[s + 1] - tree->first[s];
        uint64_t room = 0;

        if (num_files > 0)
            store_reserve(pass->writer, (enum split)s, &room);
        if (room > num_files)
            room = num_files;
        if (room > max_window)
            max_window = room;
    }
    return max_window;
}

static bool pass_prepare(struct pass *pass)
{
    const struct pass_plan *plan = pass->plan;
    const struct store_plan store = pass_plan_store(plan);
    size_t num_rows = tree_num_rows(plan->tree), num_readers = (size_t)plan->num_io_threads;
    struct error *error = pass->error;

    if (!store_create(plan->store_path, &store, &pass->writer, error))
        return false;
    pass->max_window = pass_find_max_window(pass);
    if (!memory_allocate(&pass->sizes, num_rows, sizeof(uint64_t), error) ||
        !memory_allocate_unset(&pass->hashes, num_rows, sizeof(uint64_t), error) ||
        !memory_allocate(&pass->contents, num_rows, sizeof(uint64_t), error) ||
        !memory_allocate_unset(&pass->rows, pass->max_window, sizeof(*pass->rows), error) ||
        !memory_allocate_unset(&pass->labels, pass->max_window, sizeof(uint32_t), error) ||
        !memory_allocate_unset(&pass->files, pass->max_window, sizeof(*pass->files), error) ||
        !memory_allocate(&pass->buffers, num_readers, sizeof(*pass->buffers), error) ||
        !memory_allocate_unset(&pass->scratch, num_readers * fit_num_scratch(&plan->image),
                               sizeof(uint64_t), error))
        return false;
    for (size_t t = 0; t < num_readers; t++) {
        pass->buffers[t].pixels.place_height = (uint32_t)plan->image.height;
        pass->buffers[t].pixels.place_width = (uint32_t)plan->image.width;
        pass->buffers[t].pixels.max_nbytes = plan->max_image_nbytes;
    }
    return true;
}

static void pass_clean_up(struct pass *pass)
{
    store_abandon(pass->writer);
    for (int t = 0; pass->buffers && t < pass->plan->num_io_threads; t++)
        decode_buffer_free(&pass->buffers[t]);
    for (int s = 0; s < NUM_SPLITS; s++) {
        free(pass->split_means[s]);
        free(pass->split_sums[s]);
    }
    free(pass->sizes);
    free(pass->hashes);
    free(pass->contents);
    free(pass->rows);
    free(pass->labels);
    free(pass->files);
    free(pass->buffers);
    free(pass->scratch);
}

bool pass_run(const struct pass_plan *plan, struct pass_outcome *outcome, struct error *error)
{
    struct pass pass = {.plan = plan, .outcome = outcome, .error = error};
    const struct tree *tree = plan->tree;
    bool ok;

    *outcome = (struct pass_outcome){0};
    pass.progress = progress_begin("quern-ingest", "decode", "images", tree_num_rows(tree));
    ok = pass_prepare(&pass);
    for (int s = 0; s < NUM_SPLITS && ok && !outcome->found_color; s++)
        ok = pass_run_split(&pass, (enum split)s);
    progress_clear(&pass.progress);
    if (ok && !outcome->found_color) {
        ok = pass_check_rejects(&pass) && pass_check_transparency(&pass) &&
             (pass_fits(plan) ||
              pass_check_sizes(pass.sizes, tree->paths, tree_num_rows(tree), error)) &&
             pass_check_range(&pass);
        if (ok && !pass.writer)
            ok = error_set(error, STATUS_DATA, NULL, "images changed while they were read");
        ok = ok && pass_finish_store(&pass);
        if (ok) {
            outcome->contents = pass.contents;
            pass.contents = NULL;
        }
    }
    pass_clean_up(&pass);
    return ok;
}
