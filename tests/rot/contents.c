#include "tests/rot/contents.h"

#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/evaluation.h"
#include "formats/store/store_shard.h"

/* Rows read at once, so that a row count alone takes little memory. */
enum { BATCH_NBYTES = 1 << 20 };

static void add_text(struct sha256 *hash, const char *text)
{
    sha256_add_u64(hash, strlen(text));
    sha256_add(hash, text, strlen(text));
}

static void add_texts(struct sha256 *hash, const struct text_list *texts)
{
    sha256_add_u64(hash, texts->count);
    for (size_t i = 0; i < texts->count; i++)
        add_text(hash, texts->items[i]);
}

static void add_image_shape(struct sha256 *hash, const struct image_shape *image)
{
    sha256_add_u64(hash, image->height);
    sha256_add_u64(hash, image->width);
    sha256_add_u64(hash, image->channels);
}

/* ---- store ---- */

static bool add_pixels(struct sha256 *hash, struct store *store, enum split split,
                       struct error *error)
{
    const size_t row_nbytes = image_num_values(store_image_shape(store));
    const uint64_t num_rows = store_num_rows(store, split);
    uint64_t most = BATCH_NBYTES / row_nbytes + 1, batch_rows = num_rows < most ? num_rows : most;
    uint8_t *pixels = NULL;
    bool ok = memory_allocate(&pixels, batch_rows, row_nbytes, error);

    for (uint64_t first = 0; ok && first < num_rows; first += batch_rows) {
        uint64_t count = num_rows - first < batch_rows ? num_rows - first : batch_rows;

        ok = store_read_pixels(store, split, first, count, 1, pixels, error);
        if (ok)
            sha256_add(hash, pixels, count * row_nbytes);
    }
    free(pixels);
    return ok;
}

static bool add_split(struct sha256 *results, struct sha256 *rest, struct store *store,
                      enum split split, struct error *error)
{
    const uint64_t num_rows = store_num_rows(store, split);
    struct text_list paths = {0};
    uint32_t *crc32 = NULL;
    bool ok;

    sha256_add_u64(results, num_rows);
    if (num_rows == 0)
        return true;
    sha256_add(results, store_labels(store, split), num_rows * sizeof(uint32_t));
    ok = add_pixels(results, store, split, error);
    if (ok)
        ok = store_read_paths(store, split, &paths, error);
    if (ok)
        ok = memory_allocate(&crc32, num_rows, sizeof(*crc32), error);
    if (ok)
        ok = store_read_file_crc32(store, split, crc32, error);
    if (ok) {
        add_texts(rest, &paths);
        sha256_add(rest, crc32, num_rows * sizeof(*crc32));
    }
    text_list_free(&paths);
    free(crc32);
    return ok;
}

/* What quern-show reads of a split besides: single rows, a search, the last class' mean. */
static bool look_at_split(struct store *store, enum split split, bool is_shard, struct error *error)
{
    const uint64_t num_rows = store_num_rows(store, split);
    const uint32_t last = (uint32_t)store_classes(store)->count - 1;
    struct store_storage storage;
    float *mean = NULL;
    char *path = NULL;
    enum split found_split;
    uint64_t found_row;
    uint32_t crc32;
    bool is_found, ok;

    if (num_rows == 0)
        return true;
    ok = store_read_path(store, split, num_rows - 1, &path, error) &&
         store_find_path(store, path, &found_split, &found_row, &is_found, error) &&
         store_read_one_file_crc32(store, split, num_rows - 1, &crc32, error) &&
         store_read_storage(store, split, &storage, error);
    if (ok && !is_shard && store_labels(store, split))
        ok = memory_allocate(&mean, image_num_values(store_image_shape(store)), sizeof(*mean),
                             error) &&
             store_read_class_mean(store, split, last, mean, error);
    free(path);
    free(mean);
    return ok;
}

static bool add_origin(struct sha256 *rest, struct store *store, struct error *error)
{
    struct text_list paths = {0}, reasons = {0};
    char settings[512], digest[128];
    bool ok = store_read_source(store, settings, sizeof(settings), digest, sizeof(digest), error);

    if (ok)
        ok = store_read_rejects(store, &paths, &reasons, error);
    if (ok) {
        add_text(rest, settings);
        add_text(rest, digest);
        add_texts(rest, &paths);
        add_texts(rest, &reasons);
    }
    text_list_free(&paths);
    text_list_free(&reasons);
    return ok;
}

/* Adds what only a shard has. */
static bool add_shard(struct sha256 *results, struct store *store, struct error *error)
{
    const size_t num_sums =
        store_classes(store)->count * image_num_values(store_image_shape(store));
    struct store_shard shard;
    uint64_t *hashes = NULL, *sums = NULL;
    bool ok = store_read_shard(store, &shard, error);

    if (!ok)
        return ok;
    ok = store_read_file_hashes(store, &shard, &hashes, error);
    for (int split = 0; split < NUM_SPLITS && ok; split++) {
        if (store_num_rows(store, (enum split)split) == 0)
            continue;
        ok = memory_allocate(&sums, num_sums, sizeof(*sums), error);
        if (ok)
            ok = store_add_class_sums(store, (enum split)split, sums, error);
        if (ok)
            sha256_add(results, sums, num_sums * sizeof(*sums));
        free(sums);
        sums = NULL;
    }
    if (ok) {
        sha256_add_u64(results, shard.index);
        sha256_add_u64(results, shard.count);
        sha256_add(results, shard.first, sizeof(shard.first));
        sha256_add(results, shard.end, sizeof(shard.end));
        sha256_add(results, shard.num_files, sizeof(shard.num_files));
        sha256_add_u64(results, shard.max_path_nbytes);
        sha256_add_u64(results, shard.compression_level);
        add_text(results, shard.list_digest);
        sha256_add(results, shard.class_files,
                   NUM_SPLITS * store_classes(store)->count * sizeof(*shard.class_files));
        sha256_add(results, hashes, store_shard_num_files(&shard) * sizeof(*hashes));
    }
    free(shard.class_files);
    free(hashes);
    return ok;
}

static bool read_store(const char *path, const struct store_checks *checks,
                       struct contents *contents, struct error *error)
{
    struct sha256 results, rest;
    struct store *store;
    bool ok = store_open_with(path, checks, &store, error);

    if (!ok)
        return ok;
    sha256_begin(&results);
    sha256_begin(&rest);
    contents->is_sealed = store_is_sealed(store);
    add_image_shape(&results, store_image_shape(store));
    add_texts(&results, store_classes(store));
    add_text(&results, store_fingerprint(store));
    for (int split = 0; split < NUM_SPLITS && ok; split++)
        ok = add_split(&results, &rest, store, split, error) &&
             look_at_split(store, split, checks->is_shard, error);
    if (ok && checks->is_shard)
        ok = add_shard(&results, store, error);
    if (ok)
        ok = add_origin(&rest, store, error);
    sha256_finish(&results, contents->results);
    sha256_finish(&rest, contents->rest);
    store_close(store);
    return ok;
}

bool contents_read_store(const char *path, struct contents *contents, struct error *error)
{
    const struct store_checks checks = {.num_threads = 1};

    return read_store(path, &checks, contents, error);
}

bool contents_read_store_unverified(const char *path, struct contents *contents,
                                    struct error *error)
{
    const struct store_checks checks = {.skip_seal = true, .num_threads = 1};

    return read_store(path, &checks, contents, error);
}

bool contents_read_shard(const char *path, struct contents *contents, struct error *error)
{
    const struct store_checks checks = {.is_shard = true, .num_threads = 1};

    return read_store(path, &checks, contents, error);
}

/* ---- checkpoint ---- */

static void add_tensors(struct sha256 *hash, const struct tensor *tensors, size_t count)
{
    sha256_add_u64(hash, count);
    for (size_t i = 0; i < count; i++) {
        add_text(hash, tensors[i].name);
        sha256_add_u64(hash, tensors[i].rank);
        for (size_t k = 0; k < tensors[i].rank; k++)
            sha256_add_u64(hash, tensors[i].shape[k]);
        sha256_add(hash, tensors[i].data, tensor_num_elements(&tensors[i]) * sizeof(float));
    }
}

static void add_settings(struct sha256 *hash, const struct settings *settings)
{
    sha256_add_u64(hash, settings->count);
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->items[i];

        add_text(hash, setting->name);
        sha256_add_u64(hash, setting->type);
        add_text(hash, setting->text);
        sha256_add_u64(hash, setting->count);
        sha256_add(hash, &setting->real, sizeof(setting->real));
    }
}

bool contents_read_checkpoint(const char *path, struct contents *contents, struct error *error)
{
    struct checkpoint checkpoint;
    struct sha256 results, rest;
    bool ok = checkpoint_read(path, &checkpoint, error);

    if (!ok)
        return ok;
    sha256_begin(&results);
    sha256_begin(&rest);
    contents->is_sealed = checkpoint.is_sealed;
    add_settings(&results, &checkpoint.config);
    add_texts(&results, &checkpoint.classes);
    add_image_shape(&results, &checkpoint.image);
    add_text(&results, checkpoint.store_fingerprint);
    sha256_add_u64(&results, checkpoint.epoch);
    sha256_add_u64(&results, checkpoint.step);
    sha256_add_u64(&results, checkpoint.epochs);
    sha256_add_u64(&results, checkpoint.finished);
    sha256_add_u64(&results, checkpoint.batch);
    sha256_add(&results, &checkpoint.loss_sum, sizeof(checkpoint.loss_sum));
    sha256_add(&results, checkpoint.records, checkpoint.num_records * sizeof(*checkpoint.records));
    add_tensors(&results, checkpoint.parameters, checkpoint.num_parameters);
    add_tensors(&results, checkpoint.states, checkpoint.num_states);
    sha256_finish(&results, contents->results);
    sha256_finish(&rest, contents->rest);
    checkpoint_free(&checkpoint);
    return true;
}

/* ---- evaluation ---- */

bool contents_read_evaluation(const char *path, struct contents *contents, struct error *error)
{
    const struct evaluation_request request = {.with_scores = true, .with_paths = true};
    struct evaluation_contents evaluation;
    struct sha256 results, rest;
    bool ok = evaluation_read(path, &request, &evaluation, error);

    if (ok) {
        uint64_t count = evaluation.num_samples;

        sha256_begin(&results);
        sha256_begin(&rest);
        contents->is_sealed = evaluation.is_sealed;
        add_settings(&results, &evaluation.config);
        add_texts(&results, &evaluation.classes);
        add_text(&results, evaluation.model);
        add_text(&results, evaluation.split);
        add_text(&results, evaluation.store_fingerprint);
        add_text(&results, evaluation.scores_meaning);
        add_text(&results, evaluation.checkpoint_digest);
        sha256_add_u64(&results, evaluation.epoch);
        sha256_add_u64(&results, evaluation.num_unknown);
        sha256_add(&results, &evaluation.loss, sizeof(evaluation.loss));
        sha256_add(&results, evaluation.labels, count * sizeof(*evaluation.labels));
        sha256_add(&results, evaluation.predictions, count * sizeof(*evaluation.predictions));
        sha256_add(&results, evaluation.scores,
                   count * evaluation.classes.count * sizeof(*evaluation.scores));
        if (evaluation.rows)
            sha256_add(&rest, evaluation.rows, count * sizeof(*evaluation.rows));
        add_texts(&rest, &evaluation.paths);
        sha256_finish(&results, contents->results);
        sha256_finish(&rest, contents->rest);
    }
    evaluation_free(&evaluation);
    return ok;
}
