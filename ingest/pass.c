#include "ingest/pass.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/signals.h"
#include "common/text.h"
#include "formats/store/store.h"
#include "ingest/digest.h"
#include "ingest/resize.h"
#include "ingest/sizes.h"
#include "model/class_means.h"

/* Enough rows that starting threads costs nothing, few enough to stay in the caches. */
enum { WINDOW_NBYTES = 4 << 20 };

/* What a thread found out about one file. */
struct outcome_of_file {
    enum status status;
    char *reason; /* of a status that is not OK; owned */
    uint32_t file_crc32;
    bool is_color;
};

struct pass {
    const struct pass_plan *plan;
    struct pass_outcome *outcome;
    struct store_writer *writer;
    struct class_means means; /* of the split at work */
    float *split_means[NUM_SPLITS];
    uint64_t *split_sums[NUM_SPLITS]; /* of a shard */
    uint64_t *sizes;                  /* [rows of the tree], see sizes.h */
    uint64_t *hashes;                 /* [rows of the tree], see digest.h */
    size_t window_rows;
    uint8_t *pixels; /* [window_rows][values of an image] */
    struct store_row *rows;
    uint32_t *labels;
    struct outcome_of_file *files;
    struct decode_buffer *buffers; /* [reading threads] */
    uint64_t *scratch;             /* [reading threads][resize_num_scratch] */
    struct error *error;
};

const char *pass_printable(char *buffer, size_t size, const char *text)
{
    size_t used = 0;

    while (*text && used + 5 < size) {
        size_t length = 1;

        while (length < 4 && text[length] && !text_is_utf8(text, length))
            length++;
        if (text_is_utf8(text, length)) {
            memcpy(buffer + used, text, length);
            used += length;
            text += length;
        } else {
            used += (size_t)snprintf(buffer + used, 5, "\\x%02x", (unsigned char)*text);
            text++;
        }
    }
    buffer[used] = '\0';
    return buffer;
}

void pass_outcome_free(struct pass_outcome *outcome)
{
    text_list_free(&outcome->reject_paths);
    text_list_free(&outcome->reject_reasons);
    *outcome = (struct pass_outcome){0};
}

/* ---- one file, in a thread ---- */

static void place_image(struct pass *pass, const struct decoded *decoded, size_t window_index)
{
    const struct image_shape *image = &pass->plan->image;
    uint8_t *row = pass->pixels + window_index * image_num_values(image);

    if (decoded->shape.height == image->height && decoded->shape.width == image->width)
        memcpy(row, decoded->pixels, image_num_values(image));
    else if (pass->plan->resize)
        resize_image(decoded->pixels, &decoded->shape, row, image,
                     pass->scratch + (size_t)omp_get_thread_num() * resize_num_scratch(image));
}

static void decode_row(struct pass *pass, size_t first, size_t window_index)
{
    struct outcome_of_file *file = &pass->files[window_index];
    struct source_image image = tree_image(pass->plan->tree, first + window_index);
    struct decoded decoded;
    struct error error = {0};
    char reason[2048];

    *file = (struct outcome_of_file){0};
    decode_file(&pass->plan->source, &image, pass->plan->image.channels,
                &pass->buffers[omp_get_thread_num()], &decoded, &error);
    file->status = error.status;
    pass->hashes[first + window_index] = digest_hash_image(image.path, &decoded.stamp);
    if (file->status != STATUS_OK) {
        file->reason = strdup(decode_describe(reason, sizeof(reason), &error));
        return;
    }
    file->file_crc32 = decoded.file_crc32;
    file->is_color = !decoded.is_gray;
    pass->sizes[first + window_index] = sizes_pack(decoded.shape.height, decoded.shape.width);
    place_image(pass, &decoded, window_index);
}

/* ---- one window ---- */

static bool add_reject(struct pass *pass, const char *path, const char *reason)
{
    char printable[8192];
    bool ok = text_list_add(&pass->outcome->reject_paths,
                            pass_printable(printable, sizeof(printable), path), pass->error);

    if (ok)
        ok = text_list_add(&pass->outcome->reject_reasons,
                           pass_printable(printable, sizeof(printable), reason), pass->error);
    return ok;
}

/* Moves the rows that were decoded together; the others become rejects. */
static bool compact_window(struct pass *pass, size_t first, size_t count, size_t *num_good)
{
    size_t num_values = image_num_values(&pass->plan->image);
    const struct tree *tree = pass->plan->tree;
    bool ok = true;

    *num_good = 0;
    for (size_t i = 0; i < count && ok; i++) {
        const struct outcome_of_file *file = &pass->files[i];
        const char *path = tree->paths[first + i];

        if (file->status == STATUS_OK) {
            if (*num_good < i)
                memcpy(pass->pixels + *num_good * num_values, pass->pixels + i * num_values,
                       num_values);
            pass->labels[*num_good] = tree->labels[first + i];
            pass->rows[(*num_good)++] =
                (struct store_row){path, tree->labels[first + i], file->file_crc32};
            pass->outcome->found_color |= file->is_color && pass->plan->stop_at_color;
        } else if (!file->reason) {
            ok = error_set_memory(pass->error, 256);
        } else if (file->status == STATUS_DATA) {
            ok = add_reject(pass, path, file->reason);
        } else {
            ok = error_set(pass->error, file->status, ERROR_AT(.file = path), "%s", file->reason);
        }
    }
    for (size_t i = 0; i < count; i++)
        free(pass->files[i].reason);
    return ok;
}

/* Nothing can be written any more; decoding goes on, to find all that is wrong. */
static void give_up_writing(struct pass *pass)
{
    store_abandon(pass->writer);
    pass->writer = NULL;
}

static bool has_other_size(const struct pass *pass, size_t first, size_t count)
{
    uint64_t expected = sizes_pack(pass->plan->image.height, pass->plan->image.width);

    for (size_t i = first; i < first + count && !pass->plan->resize; i++) {
        if (pass->sizes[i] != 0 && pass->sizes[i] != expected)
            return true;
    }
    return false;
}

static bool run_window(struct pass *pass, enum split split, size_t first, size_t count)
{
    size_t num_good;
    bool ok;

    /* A few files at a time: neighbours lie in one folder, which a thread keeps open. */
#pragma omp parallel for num_threads(pass->plan->num_io_threads) schedule(dynamic, 8)
    for (size_t i = 0; i < count; i++)
        decode_row(pass, first, i);

    ok = compact_window(pass, first, count, &num_good);
    if (!ok || pass->outcome->found_color)
        return ok;
    if (has_other_size(pass, first, count) || (num_good < count && !pass->plan->skip_bad))
        give_up_writing(pass);
    if (!pass->writer)
        return true;
    class_means_add(&pass->means, pass->pixels, pass->labels, num_good, pass->plan->num_threads);
    pass->outcome->num_written += num_good;
    return store_append(pass->writer, split, num_good, pass->rows, pass->pixels, pass->error);
}

/* ---- splits, and the whole ---- */

static bool check_lost_classes(const struct pass *pass, enum split split)
{
    const struct tree *tree = pass->plan->tree;

    for (size_t label = 0; label < tree->classes.count; label++) {
        const char *name = tree->classes.items[label];

        if (pass->means.counts[label] == 0 && tree_find_class(tree, name)->num_images[split] > 0)
            return error_set(pass->error, STATUS_DATA, NULL,
                             "class '%s' has no readable PNG left in %s", name, split_names[split]);
    }
    return true;
}

static bool run_split(struct pass *pass, enum split split, struct progress *progress)
{
    const struct tree *tree = pass->plan->tree;
    size_t num_classes = tree->classes.count, end = tree->first[split + 1];
    size_t num_values = image_num_values(&pass->plan->image);
    bool ok;

    if (tree->first[split] == end)
        return true;
    ok = class_means_create(&pass->means, num_classes, num_values, pass->error);
    for (size_t first = tree->first[split]; first < end && ok; first += pass->window_rows) {
        size_t left = end - first;

        ok = run_window(pass, split, first, left < pass->window_rows ? left : pass->window_rows);
        progress_update(progress, first);
        if (ok && signals_stop_requested())
            ok = error_set(pass->error, STATUS_STOPPED, ERROR_AT(.file = pass->plan->store_path),
                           "stopped by %s; nothing was written, run again",
                           signals_name(signals_stop_requested()));
        if (pass->outcome->found_color)
            goto out;
    }
    if (ok && pass->writer && !pass->plan->shard)
        ok = check_lost_classes(pass, split);
    if (ok && pass->writer)
        ok = memory_allocate(&pass->split_means[split], num_classes * num_values, sizeof(float),
                             pass->error);
    if (ok && pass->writer)
        class_means_finish(&pass->means, pass->split_means[split]);
    if (ok && pass->plan->shard) {
        pass->split_sums[split] = pass->means.sums;
        pass->means.sums = NULL;
    }
out:
    class_means_destroy(&pass->means);
    return ok;
}

static bool check_rejects(const struct pass *pass)
{
    char bad[32], all[32];
    size_t num_bad = pass->outcome->reject_paths.count;

    if (num_bad == 0 || pass->plan->skip_bad)
        return true;
    return error_set(pass->error, STATUS_DATA, NULL,
                     "%s of %s files are not readable PNGs; nothing was written "
                     "(--skip-bad leaves them out)",
                     text_group_digits(bad, sizeof(bad), num_bad),
                     text_group_digits(all, sizeof(all), tree_num_rows(pass->plan->tree)));
}

static bool finish_store(struct pass *pass)
{
    const struct pass_plan *plan = pass->plan;
    char digest[DIGEST_LENGTH + 1];
    struct store_ending ending = {
        .source = {plan->source_name, plan->source_settings, digest},
        .reject_paths = &pass->outcome->reject_paths,
        .reject_reasons = &pass->outcome->reject_reasons,
    };
    struct store_writer *writer = pass->writer;

    digest_finish(pass->hashes, tree_num_rows(plan->tree), digest);
    ending.file_hashes = pass->hashes;
    for (int s = 0; s < NUM_SPLITS; s++) {
        ending.class_means[s] = pass->split_means[s];
        ending.class_sums[s] = pass->split_sums[s];
    }
    pass->writer = NULL;
    return store_finish(writer, &ending, pass->error);
}

static bool prepare(struct pass *pass)
{
    const struct pass_plan *plan = pass->plan;
    const struct tree *tree = plan->tree;
    struct store_plan store = {.image = plan->image,
                               .classes = &tree->classes,
                               .shard = plan->shard,
                               .compression_level = plan->compression_level,
                               .num_threads = plan->num_threads,
                               .is_forced = plan->is_forced};
    size_t num_values = image_num_values(&plan->image), num_readers = (size_t)plan->num_io_threads;
    struct error *error = pass->error;

    pass->window_rows = WINDOW_NBYTES / num_values;
    if (pass->window_rows < num_readers)
        pass->window_rows = num_readers;
    if (pass->window_rows > tree_num_rows(tree))
        pass->window_rows = tree_num_rows(tree);
    for (size_t i = 0; i < tree_num_rows(tree); i++) {
        size_t nbytes = strlen(tree->paths[i]);

        if (nbytes > store.max_path_nbytes)
            store.max_path_nbytes = nbytes;
    }
    if (plan->shard)
        store.max_path_nbytes = plan->shard->max_path_nbytes;
    for (int s = 0; s < NUM_SPLITS; s++)
        store.max_rows[s] =
            plan->shard ? plan->shard->num_files[s] : tree->first[s + 1] - tree->first[s];
    if (!memory_allocate(&pass->sizes, tree_num_rows(tree), sizeof(uint64_t), error) ||
        !memory_allocate_unset(&pass->hashes, tree_num_rows(tree), sizeof(uint64_t), error) ||
        !memory_allocate_unset(&pass->pixels, pass->window_rows, num_values, error) ||
        !memory_allocate_unset(&pass->rows, pass->window_rows, sizeof(*pass->rows), error) ||
        !memory_allocate_unset(&pass->labels, pass->window_rows, sizeof(uint32_t), error) ||
        !memory_allocate_unset(&pass->files, pass->window_rows, sizeof(*pass->files), error) ||
        !memory_allocate(&pass->buffers, num_readers, sizeof(*pass->buffers), error) ||
        !memory_allocate_unset(&pass->scratch, num_readers * resize_num_scratch(&plan->image),
                               sizeof(uint64_t), error))
        return false;
    return store_create(plan->store_path, &store, &pass->writer, error);
}

static void clean_up(struct pass *pass)
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
    free(pass->pixels);
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
    struct progress progress =
        progress_begin("quern-ingest", "decode", "images", tree_num_rows(tree));
    bool ok;

    *outcome = (struct pass_outcome){0};
    ok = prepare(&pass);
    for (int s = 0; s < NUM_SPLITS && ok && !outcome->found_color; s++)
        ok = run_split(&pass, (enum split)s, &progress);
    progress_clear(&progress);
    if (ok && !outcome->found_color) {
        ok = check_rejects(&pass);
        if (ok && !plan->resize)
            ok = sizes_check(pass.sizes, tree->paths, tree_num_rows(tree), error);
        if (ok && !pass.writer)
            ok = error_set(error, STATUS_DATA, NULL, "images changed while they were read");
        if (ok)
            ok = finish_store(&pass);
    }
    clean_up(&pass);
    return ok;
}
