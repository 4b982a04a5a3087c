/*
 * Trees of files in a folder of the test's own, and runs of quern-ingest on them.
 */
#ifndef QUERN_TESTS_TREE_FIXTURE_H
#define QUERN_TESTS_TREE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "images/sources/scan.h"
#include "ingest/ingest.h"
#include "tests/support.h"

/* The size of the images of tree_fixture_write_classes. */
enum { TREE_HEIGHT = 6, TREE_WIDTH = 5 };

enum { TREE_MAX_PATH = 4096 };

/* A test in a new, empty folder. */
#define TREE_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, tree_fixture_set_up, tree_fixture_tear_down)

int tree_fixture_set_up(void **state);
int tree_fixture_tear_down(void **state);

/* The folder itself; no slash at its end. */
const char *tree_fixture_root(void);

/* ROOT/NAME, in one of a few static buffers that later calls use again. */
const char *tree_fixture_path(const char *name);

/* Makes a file, or a folder when name ends in a slash, with all folders above it. */
void tree_fixture_write(const char *name, const void *bytes, size_t nbytes);

/* The same for an empty file. */
void tree_fixture_make(const char *name);

/* Bytes that look random; each seed has its own. */
void tree_fixture_fill_pixels(uint8_t *pixels, size_t count, unsigned seed);

/* Writes a PNG of the pixels of that seed. */
void tree_fixture_write_image(const char *name, uint32_t height, uint32_t width, unsigned channels,
                              unsigned seed);

/*
 * Gray images under source/: two classes of num_images in train and one of each in valid; the seeds
 * count up from 0.
 */
void tree_fixture_write_classes(size_t num_images);

/* Lists a source; what source_open and source_scan say. */
bool tree_fixture_scan(const char *path, const struct scan_rules *rules, struct scan *scan,
                       struct error *error);

/* quern-ingest from source/ to store.h5 with two threads, unless a test sets other options. */
struct ingestion {
    struct ingest_options options;
    char source[TREE_MAX_PATH], store[TREE_MAX_PATH];
    struct error error;
    char *results, *messages; /* of the last run */
};

struct ingestion *ingestion_new(void);
bool ingestion_run(struct ingestion *ingestion);
void ingestion_free(struct ingestion *ingestion);

void assert_contains(const char *text, const char *part);

#endif
