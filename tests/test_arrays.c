/* Arrays as a source: headers are read strictly, and rows are those of a tree of the same images.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/store/store.h"
#include "images/sources/array_header.h"
#include "tests/archive_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

enum { NUM_TRAIN = 12, NUM_TEST = 5, NUM_PIXELS = TREE_HEIGHT * TREE_WIDTH };

/* ---- headers ---- */

/* An npy of that version, whose header is a text; returns the bytes before the elements. */
static size_t make_npy(uint8_t *bytes, int version, const char *text)
{
    size_t length = strlen(text), before = version == 1 ? 10 : 12;

    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (uint8_t)version;
    bytes[7] = 0;
    bytes[8] = (uint8_t)(length & 0xff);
    bytes[9] = (uint8_t)(length >> 8);
    bytes[10] = bytes[11] = 0;
    memcpy(bytes + before, text, length);
    return before + length;
}

static bool parse_npy(int version, const char *text, struct array_header *header,
                      struct error *error)
{
    uint8_t bytes[512];
    size_t nbytes = make_npy(bytes, version, text);

    return npy_parse_header("a.npy", bytes, nbytes, header, error) &&
           header->header_nbytes == nbytes;
}

static void test_npy_parse_header_versions_and_types(void **state)
{
    struct array_header header;
    struct error error = {0};

    (void)state;
    assert_ok(parse_npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 28, 29), }  \n",
                        &header, &error),
              &error);
    assert_int_equal(header.rank, 3);
    assert_int_equal(header.shape[2], 29);
    assert_int_equal(header.kind, ARRAY_UNSIGNED);
    assert_int_equal(header.element_nbytes, 1);
    assert_false(header.is_column_major);
    assert_ok(
        parse_npy(2, "{'shape': (7,), 'fortran_order': True, 'descr': '>i4'}\n", &header, &error),
        &error);
    assert_int_equal(header.rank, 1);
    assert_int_equal(header.shape[0], 7);
    assert_int_equal(header.kind, ARRAY_SIGNED);
    assert_int_equal(header.element_nbytes, 4);
    assert_true(header.is_big_endian && header.is_column_major);
    assert_ok(
        parse_npy(3, "{'descr': '<f8', 'fortran_order': False, 'shape': ()}\n", &header, &error),
        &error);
    assert_int_equal(header.kind, ARRAY_OTHER);
    assert_ok(parse_npy(1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,)}\n",
                        &header, &error),
              &error);
    assert_int_equal(header.kind, ARRAY_OTHER);
}

static void test_npy_parse_header_anything_else_is_refused(void **state)
{
    static const char *const texts[] = {
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3)}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3, -1)}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3 4)}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}\n",
        "{'descr': '|u1', 'fortran_order': False}\n",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}\n",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}\n",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (3,)}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'x': 1}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x\n",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct array_header header;
        struct error error = {0};

        if (parse_npy(1, texts[i], &header, &error))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(error.status, STATUS_DATA);
    }
}

static void test_idx_parse_header_dimensions_are_big_endian(void **state)
{
    uint8_t bytes[] = {0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 1, 0};
    struct array_header header;
    struct error error = {0};
    char shape[64];

    (void)state;
    assert_ok(idx_parse_header("i", bytes, sizeof(bytes), &header, &error), &error);
    assert_string_equal(array_describe_shape(&header, shape, sizeof(shape)), "[60000,28,256]");
    assert_int_equal(header.header_nbytes, 16);
    assert_false(idx_parse_header("i", bytes, 15, &header, &error));
    error = (struct error){0};
    bytes[2] = 7;
    assert_false(idx_parse_header("i", bytes, sizeof(bytes), &header, &error));
    error = (struct error){0};
    bytes[2] = 8;
    bytes[0] = 0x1f;
    assert_false(idx_parse_header("i", bytes, sizeof(bytes), &header, &error));
}

static void test_array_get_signed_of_all_widths(void **state)
{
    const uint8_t bytes[8] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct array_header header = {.kind = ARRAY_SIGNED};

    (void)state;
    for (header.element_nbytes = 1; header.element_nbytes <= 8; header.element_nbytes *= 2)
        assert_int_equal(array_get_signed(&header, bytes), -2);
    header.element_nbytes = 2;
    header.is_big_endian = true;
    assert_int_equal(array_get_signed(&header, bytes), -257);
    assert_int_equal(array_get_unsigned(&header, bytes), 0xfeff);
}

/* ---- sources ---- */

/* Class of row i: 2, 0, 10, 2, ... */
static int label_of(size_t i)
{
    static const int labels[] = {2, 0, 10};

    return labels[i % 3];
}

/* The tree of the same images: rows of a class follow each other there. */
static void write_tree(void)
{
    char name[64];

    for (size_t i = 0; i < NUM_TRAIN + NUM_TEST; i++) {
        bool is_test = i >= NUM_TRAIN;

        snprintf(name, sizeof(name), "source/%s/%d/%02zu.png", is_test ? "test" : "train",
                 label_of(is_test ? i - NUM_TRAIN : i), i);
        tree_fixture_write_image(name, TREE_HEIGHT, TREE_WIDTH, 1, (unsigned)i);
    }
}

/* Rows in the order of a tree's paths: of class 0, then 10, then 2. */
static size_t tree_row(size_t row, size_t count)
{
    static const int order[] = {1, 2, 0};
    size_t k = 0;

    for (int c = 0; c < 3; c++)
        for (size_t i = (size_t)order[c]; i < count; i += 3)
            if (k++ == row)
                return i;
    return 0;
}

static uint8_t *make_pixels(size_t first, size_t count)
{
    uint8_t *pixels = malloc(count * NUM_PIXELS);

    for (size_t row = 0; row < count; row++)
        tree_fixture_fill_pixels(pixels + row * NUM_PIXELS, NUM_PIXELS,
                                 (unsigned)(first + tree_row(row, count)));
    return pixels;
}

static void write_idx(const char *name, const uint8_t *header, size_t header_nbytes,
                      const uint8_t *elements, size_t nbytes)
{
    uint8_t *bytes = malloc(header_nbytes + nbytes);

    memcpy(bytes, header, header_nbytes);
    memcpy(bytes + header_nbytes, elements, nbytes);
    tree_fixture_write(name, bytes, header_nbytes + nbytes);
    free(bytes);
}

static void write_idx_pair(const char *folder, const char *stem, size_t first, size_t count)
{
    const uint8_t images_header[16] = {0, 0, 8, 3,           0, 0, 0, (uint8_t)count,
                                       0, 0, 0, TREE_HEIGHT, 0, 0, 0, TREE_WIDTH};
    const uint8_t labels_header[8] = {0, 0, 8, 1, 0, 0, 0, (uint8_t)count};
    uint8_t *pixels = make_pixels(first, count), labels[NUM_TRAIN];
    char name[128];

    for (size_t row = 0; row < count; row++)
        labels[row] = (uint8_t)label_of(tree_row(row, count));
    snprintf(name, sizeof(name), "%s/%s-images-idx3-ubyte", folder, stem);
    write_idx(name, images_header, 16, pixels, count * NUM_PIXELS);
    snprintf(name, sizeof(name), "%s/%s-labels.idx1-ubyte", folder, stem);
    write_idx(name, labels_header, 8, labels, count);
    free(pixels);
}

/* The files of write_idx_pair("idx", ...), in a folder. */
static void add_idx_files(struct archive *archive)
{
    static const char *const names[] = {"t10k-labels.idx1-ubyte", "train-images-idx3-ubyte",
                                        "train-labels.idx1-ubyte", "t10k-images-idx3-ubyte"};

    for (int i = 0; i < 4; i++) {
        char path[64], member[64];
        size_t nbytes;
        unsigned char *bytes;

        snprintf(path, sizeof(path), "idx/%s", names[i]);
        snprintf(member, sizeof(member), "mnist/%s", names[i]);
        bytes = support_read_file(tree_fixture_path(path), &nbytes);
        archive_fixture_add(archive, member, bytes, nbytes);
        free(bytes);
    }
}

static void add_npz_pair(struct archive *archive, const char *split, size_t first, size_t count)
{
    uint8_t *pixels = make_pixels(first, count), *bytes = calloc(1, 1024 + count * NUM_PIXELS);
    char name[64], text[128];
    size_t nbytes;

    snprintf(text, sizeof(text),
             "{'descr': '|u1', 'fortran_order': False, 'shape': (%zu, %d, %d), }\n", count,
             TREE_HEIGHT, TREE_WIDTH);
    nbytes = make_npy(bytes, 1, text);
    memcpy(bytes + nbytes, pixels, count * NUM_PIXELS);
    snprintf(name, sizeof(name), "x_%s.npy", split);
    archive_fixture_add(archive, name, bytes, nbytes + count * NUM_PIXELS);
    snprintf(text, sizeof(text), "{'descr': '<i8', 'fortran_order': False, 'shape': (%zu, 1), }\n",
             count);
    memset(bytes, 0, 1024);
    nbytes = make_npy(bytes, 2, text);
    for (size_t row = 0; row < count; row++) {
        memset(bytes + nbytes, 0, 8);
        bytes[nbytes] = (uint8_t)label_of(tree_row(row, count));
        nbytes += 8;
    }
    snprintf(name, sizeof(name), "y_%s.npy", split);
    archive_fixture_add(archive, name, bytes, nbytes);
    free(bytes);
    free(pixels);
}

/* Ingests a source of the test's folder and gives the fingerprint of the store. */
static const char *fingerprint_of(const char *source)
{
    static char fingerprints[2][80];
    static int next;
    char *fingerprint = fingerprints[next++ % 2];
    struct ingestion *f = ingestion_new();
    struct store *store;

    snprintf(f->source, sizeof(f->source), "%s/%s", tree_fixture_root(), source);
    f->options.force = true;
    assert_ok(ingestion_run(f), &f->error);
    assert_ok(store_open(f->store, &store, &f->error), &f->error);
    assert_int_equal(store_num_rows(store, SPLIT_TRAIN), NUM_TRAIN);
    assert_int_equal(store_num_rows(store, SPLIT_TEST), NUM_TEST);
    assert_string_equal(store_classes(store)->items[2], "10");
    snprintf(fingerprint, sizeof(fingerprints[0]), "%s", store_fingerprint(store));
    store_close(store);
    /* Nothing to do the second time. */
    f->options.force = false;
    assert_ok(ingestion_run(f), &f->error);
    assert_contains(f->results, "is up to date");
    f->options.verify = true;
    assert_ok(ingestion_run(f), &f->error);
    assert_contains(f->results, "is verified");
    ingestion_free(f);
    return fingerprint;
}

static void test_arrays_rows_are_those_of_the_tree(void **state)
{
    const char *expected;

    (void)state;
    write_tree();
    expected = fingerprint_of("source");
    write_idx_pair("idx", "train", 0, NUM_TRAIN);
    write_idx_pair("idx", "t10k", NUM_TRAIN, NUM_TEST);
    assert_string_equal(fingerprint_of("idx"), expected);
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        struct archive *archive = archive_fixture_begin(tree_fixture_path("packed"), kind);

        add_idx_files(archive);
        archive_fixture_end(archive);
        assert_string_equal(fingerprint_of("packed"), expected);
    }
    for (int k = 0; k < 2; k++) {
        struct archive *archive =
            archive_fixture_begin(tree_fixture_path("a.npz"), archive_kind_find("zip"));

        if (k == 1)
            archive_write_zip_set_compression_store(archive);
        add_npz_pair(archive, "train", 0, NUM_TRAIN);
        add_npz_pair(archive, "test", NUM_TRAIN, NUM_TEST);
        archive_fixture_end(archive);
        assert_string_equal(fingerprint_of("a.npz"), expected);
    }
}

static void assert_refuses(const char *source, const char *what)
{
    struct ingestion *f = ingestion_new();

    snprintf(f->source, sizeof(f->source), "%s/%s", tree_fixture_root(), source);
    assert_false(ingestion_run(f));
    assert_int_equal(f->error.status, STATUS_DATA);
    assert_contains(f->error.what, what);
    assert_int_not_equal(access(f->store, F_OK), 0);
    ingestion_free(f);
}

static void write_npz(const char *images_text, const char *labels_text, size_t nbytes)
{
    static uint8_t bytes[4096];
    struct archive *archive =
        archive_fixture_begin(tree_fixture_path("a.npz"), archive_kind_find("zip"));

    memset(bytes, 0, sizeof(bytes));
    archive_fixture_add(archive, "images.npy", bytes, make_npy(bytes, 1, images_text) + nbytes);
    memset(bytes, 0, sizeof(bytes));
    archive_fixture_add(archive, "labels.npy", bytes, make_npy(bytes, 1, labels_text) + 4);
    archive_fixture_end(archive);
}

static void test_arrays_of_other_types_and_shapes_are_refused(void **state)
{
    static const struct {
        const char *images, *labels;
        size_t nbytes;
        const char *what;
    } cases[] = {
        {"'<f4', 'fortran_order': False, 'shape': (4, 2, 2)",
         "'|u1', 'fortran_order': False, 'shape': (4,)", 64, "astype('uint8')"},
        {"'|u1', 'fortran_order': True, 'shape': (4, 2, 2)",
         "'|u1', 'fortran_order': False, 'shape': (4,)", 16, "Fortran order"},
        {"'|u1', 'fortran_order': False, 'shape': (4, 3, 2, 2)",
         "'|u1', 'fortran_order': False, 'shape': (4,)", 48, "transpose"},
        {"'|u1', 'fortran_order': False, 'shape': (4, 4)",
         "'|u1', 'fortran_order': False, 'shape': (4,)", 16, "reshape"},
        {"'|u1', 'fortran_order': False, 'shape': (4, 2, 2)",
         "'<f4', 'fortran_order': False, 'shape': (1,)", 16, "astype('int64')"},
        {"'|u1', 'fortran_order': False, 'shape': (4, 2, 2)",
         "'|u1', 'fortran_order': False, 'shape': (2, 2)", 16, "argmax"},
        {"'|u1', 'fortran_order': False, 'shape': (3, 2, 2)",
         "'|u1', 'fortran_order': False, 'shape': (4,)", 12, "another number of labels"},
        {"'|u1', 'fortran_order': False, 'shape': (4, 2, 2)",
         "'|u1', 'fortran_order': False, 'shape': (4,)", 15, "not as many as its header says"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char images[128], labels[128];

        snprintf(images, sizeof(images), "{'descr': %s, }\n", cases[i].images);
        snprintf(labels, sizeof(labels), "{'descr': %s, }\n", cases[i].labels);
        write_npz(images, labels, cases[i].nbytes);
        assert_refuses("a.npz", cases[i].what);
    }
}

static void test_arrays_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    write_idx_pair("idx", "train", 0, NUM_TRAIN);
    write_idx_pair("idx", "emnist-train", 0, NUM_TRAIN);
    assert_refuses("idx", "two data sets");
    unlink(tree_fixture_path("idx/emnist-train-images-idx3-ubyte"));
    assert_refuses("idx", "but not the images that belong to it");
    unlink(tree_fixture_path("idx/emnist-train-labels.idx1-ubyte"));
    write_idx_pair("other", "train", 0, NUM_TEST);
    rename(tree_fixture_path("other/train-labels.idx1-ubyte"),
           tree_fixture_path("idx/train-labels.idx1-ubyte"));
    assert_refuses("idx", "another number of labels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_parse_header_versions_and_types),
        cmocka_unit_test(test_npy_parse_header_anything_else_is_refused),
        cmocka_unit_test(test_idx_parse_header_dimensions_are_big_endian),
        cmocka_unit_test(test_array_get_signed_of_all_widths),
        TREE_TEST(test_arrays_rows_are_those_of_the_tree),
        TREE_TEST(test_arrays_of_other_types_and_shapes_are_refused),
        TREE_TEST(test_arrays_that_do_not_belong_together_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
