#include "tests/shard_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "tests/support.h"

/* Paths so long that their buffer is full after some hundred rows. */
enum { NUM_CLASSES = 2, MAX_PATH_NBYTES = 1000, MAX_FILES = 3000 };

/* Row i of the endless sequence of rows of a split. */
void shard_fixture_fill_row(struct image_shape image, enum split split, uint64_t i, uint8_t *pixels,
                            uint32_t *label)
{
    uint32_t x = (uint32_t)(i * 2654435761u) + (uint32_t)split;

    *label = (uint32_t)(i % NUM_CLASSES);
    for (size_t k = 0; k < image_num_values(&image); k++) {
        if (k % 16 == 0) /* runs, which compress soon */
            x = x * 1664525u + 1013904223u;
        pixels[k] = (uint8_t)(x >> 24);
    }
}

/* One run that writes: a whole store, a shard, or what a merge writes. */
struct writing {
    struct text_list classes, no_rejects;
    struct store_plan plan;
    struct store_ending ending;
    struct store_writer *writer;
    float *means;
    uint64_t *sums;
    struct error error;
};

static void begin(struct writing *w, const char *path, struct image_shape image,
                  const uint64_t num_rows[NUM_SPLITS], const struct store_shard *shard)
{
    size_t num_sums = NUM_CLASSES * image_num_values(&image);

    *w = (struct writing){.plan = {.image = image,
                                   .max_path_nbytes = MAX_PATH_NBYTES,
                                   .shard = shard,
                                   .compression_level = 1,
                                   .num_threads = 1},
                          .means = calloc(num_sums, sizeof(float)),
                          .sums = calloc(num_sums, sizeof(uint64_t))};
    memcpy(w->plan.max_rows, num_rows, sizeof(w->plan.max_rows));
    assert_ok(text_list_add(&w->classes, "a", &w->error), &w->error);
    assert_ok(text_list_add(&w->classes, "b", &w->error), &w->error);
    w->plan.classes = &w->classes;
    assert_ok(store_create(path, &w->plan, &w->writer, &w->error), &w->error);
}

static void finish(struct writing *w)
{
    w->ending.source = (struct store_source){"test", "none", "0"};
    w->ending.reject_paths = w->ending.reject_reasons = &w->no_rejects;
    for (int s = 0; s < NUM_SPLITS; s++) {
        w->ending.class_means[s] = w->plan.max_rows[s] ? w->means : NULL;
        w->ending.class_sums[s] = w->plan.shard ? w->sums : NULL;
        if (w->plan.shard && w->plan.shard->first[s] == w->plan.shard->end[s])
            w->ending.class_means[s] = NULL, w->ending.class_sums[s] = NULL;
    }
    assert_ok(store_finish(w->writer, &w->ending, &w->error), &w->error);
    text_list_free(&w->classes);
    free(w->means);
    free(w->sums);
}

/* Rows first to end - 1 of the sequence, `window` in one call. */
static void append(struct writing *w, enum split split, uint64_t first, uint64_t end,
                   uint64_t window)
{
    size_t row_nbytes = image_num_values(&w->plan.image);
    uint8_t *pixels = malloc(window * row_nbytes);
    struct store_row *rows = malloc(window * sizeof(*rows));
    char(*paths)[MAX_PATH_NBYTES + 1] = malloc(window * sizeof(*paths));

    for (uint64_t done = first, count; done < end; done += count) {
        count = end - done < window ? end - done : window;
        for (uint64_t i = 0; i < count; i++) {
            rows[i] = (struct store_row){.path = paths[i], .file_crc32 = (uint32_t)(done + i)};
            shard_fixture_fill_row(w->plan.image, split, done + i, pixels + i * row_nbytes,
                                   &rows[i].label);
            rows[i].pixel_crc32 = crc32_of(pixels + i * row_nbytes, row_nbytes);
            snprintf(paths[i], sizeof(paths[i]), "%s/%07u.png", split_names[split],
                     (unsigned)(done + i));
        }
        assert_ok(store_append(w->writer, split, count, rows, pixels, &w->error), &w->error);
    }
    free(pixels);
    free(rows);
    free(paths);
}

void shard_fixture_write_whole(const char *path, struct image_shape image, const uint64_t *num_rows,
                               uint64_t window)
{
    struct writing w;

    begin(&w, path, image, num_rows, NULL);
    for (int s = 0; s < NUM_SPLITS; s++)
        append(&w, (enum split)s, 0, num_rows[s], window);
    finish(&w);
}

/* Shard index of 3 with the train rows between the borders. */
void shard_fixture_write(const char *path, struct image_shape image, const uint64_t *num_rows,
                         uint64_t index, const uint64_t borders[4])
{
    uint64_t class_files[NUM_SPLITS * NUM_CLASSES] = {0}, hashes[MAX_FILES] = {0};
    struct store_shard shard = {.index = index,
                                .count = 3,
                                .first = {borders[index - 1]},
                                .end = {borders[index]},
                                .max_path_nbytes = MAX_PATH_NBYTES,
                                .compression_level = 1,
                                .list_digest = "0123456789abcdef",
                                .class_files = class_files};
    struct writing w;

    memcpy(shard.num_files, num_rows, sizeof(shard.num_files));
    /* All of valid is in the last one. */
    shard.first[SPLIT_VALID] = index == 3 ? 0 : num_rows[SPLIT_VALID];
    shard.end[SPLIT_VALID] = num_rows[SPLIT_VALID];
    begin(&w, path, image, num_rows, &shard);
    w.ending.file_hashes = hashes;
    append(&w, SPLIT_TRAIN, shard.first[SPLIT_TRAIN], shard.end[SPLIT_TRAIN], 100);
    append(&w, SPLIT_VALID, shard.first[SPLIT_VALID], shard.end[SPLIT_VALID], 100);
    finish(&w);
}

struct store *shard_fixture_open(const char *path)
{
    struct store *store;
    struct error error = {0};

    assert_ok(store_open_with(path, &(struct store_checks){.num_threads = 1, .is_shard = true},
                              &store, &error),
              &error);
    return store;
}

const char *shard_fixture_path(const char *folder, size_t i)
{
    return support_path(folder, (const char *[]){"s1.h5", "s2.h5", "s3.h5"}[i]);
}

void shard_fixture_merge(const char *folder, const char *name, struct image_shape image,
                         const uint64_t *num_rows, uint64_t window)
{
    char path[1024];
    struct writing w;

    snprintf(path, sizeof(path), "%s", support_path(folder, name));
    begin(&w, path, image, num_rows, NULL);
    for (int s = 0; s < NUM_SPLITS; s++) {
        for (size_t i = 0; i < 3; i++) {
            struct store *shard = shard_fixture_open(shard_fixture_path(folder, i));
            uint64_t count = store_num_rows(shard, (enum split)s);

            for (uint64_t first = 0; first < count; first += window)
                assert_ok(store_append_shard(w.writer, shard, (enum split)s, first,
                                             count - first < window ? count - first : window,
                                             &w.error),
                          &w.error);
            store_close(shard);
        }
    }
    finish(&w);
}
