/* quern-ingest on archives: the same rows as from the tree that unpacking would make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/store/store.h"
#include "tests/archive_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

/* The archive as source, under a name that says nothing of its kind. */
static struct ingestion *ingestion_of_archive(void)
{
    struct ingestion *f = ingestion_new();

    snprintf(f->source, sizeof(f->source), "%s/images", tree_fixture_root());
    return f;
}

static struct archive *begin(const char *kind)
{
    return archive_fixture_begin(tree_fixture_path("images"), archive_kind_find(kind));
}

static void add_image(struct archive *archive, const char *path, unsigned seed)
{
    size_t nbytes;
    unsigned char *bytes;

    tree_fixture_write_image("image.png", TREE_HEIGHT, TREE_WIDTH, 1, seed);
    bytes = support_read_file(tree_fixture_path("image.png"), &nbytes);
    archive_fixture_add(archive, path, bytes, nbytes);
    free(bytes);
    unlink(tree_fixture_path("image.png"));
}

static void assert_split_equal(struct store *a, struct store *b, enum split split)
{
    uint64_t num_rows = store_num_rows(a, split);
    uint32_t crc32[2][64];
    struct text_list paths[2] = {{0}, {0}};
    struct error error = {0};

    assert_int_equal(store_num_rows(b, split), num_rows);
    assert_true(num_rows < 64);
    if (num_rows == 0)
        return;
    assert_true(store_read_paths(a, split, &paths[0], &error));
    assert_true(store_read_paths(b, split, &paths[1], &error));
    assert_true(text_list_equal(&paths[0], &paths[1]));
    assert_true(store_read_file_crc32(a, split, crc32[0], &error));
    assert_true(store_read_file_crc32(b, split, crc32[1], &error));
    assert_memory_equal(crc32[0], crc32[1], num_rows * sizeof(uint32_t));
    text_list_free(&paths[0]);
    text_list_free(&paths[1]);
}

static void assert_rejects_equal(struct store *a, struct store *b)
{
    struct text_list lists[4] = {{0}, {0}, {0}, {0}};
    struct error error = {0};

    assert_true(store_read_rejects(a, &lists[0], &lists[1], &error));
    assert_true(store_read_rejects(b, &lists[2], &lists[3], &error));
    assert_true(text_list_equal(&lists[0], &lists[2]));
    assert_true(text_list_equal(&lists[1], &lists[3]));
    for (int i = 0; i < 4; i++)
        text_list_free(&lists[i]);
}

/* Fingerprint, paths, checksums of files and rejects. */
static void assert_stores_equal(const char *path_a, const char *path_b)
{
    struct store *a, *b;
    struct error error = {0};

    assert_true(store_open(path_a, &a, &error));
    assert_true(store_open(path_b, &b, &error));
    assert_string_equal(store_fingerprint(a), store_fingerprint(b));
    for (int s = 0; s < NUM_SPLITS; s++)
        assert_split_equal(a, b, (enum split)s);
    assert_rejects_equal(a, b);
    store_close(a);
    store_close(b);
}

static void ingest_tree_to(const char *store, bool skip_bad)
{
    struct ingestion *f = ingestion_new();

    snprintf(f->store, sizeof(f->store), "%s/%s", tree_fixture_root(), store);
    f->options.skip_bad = skip_bad;
    assert_true(ingestion_run(f));
    ingestion_free(f);
}

/* ---- the same rows ---- */

static void test_ingest_run_archive_of_any_kind_is_the_tree(void **state)
{
    static const char *const prefixes[] = {"", "./", "images-of-2026/", "./top/./"};
    struct ingestion *f = ingestion_of_archive();

    (void)state;
    tree_fixture_write_classes(5);
    tree_fixture_write("source/train/a/bad.png", "\xff\xd8\xff no PNG", 10);
    tree_fixture_write("source/train/a/empty.png", "", 0);
    tree_fixture_write_image("source/train/a/deep/er/x.PNG", TREE_HEIGHT, TREE_WIDTH, 1, 50);
    ingest_tree_to("tree.h5", true);
    f->options.skip_bad = true;
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        for (size_t p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++) {
            struct archive *archive = archive_fixture_begin(f->source, kind);

            archive_fixture_add_tree(archive, "source", prefixes[p]);
            archive_fixture_end(archive);
            f->options.force = true;
            f->options.num_threads = 1 + (int)p % 3;
            f->options.num_io_threads = (int[]){5, 1, 2, 3}[p];
            assert_true(ingestion_run(f));
            assert_stores_equal(tree_fixture_path("tree.h5"), f->store);
            f->options.force = false;
            assert_true(ingestion_run(f));
            assert_contains(f->results, "is up to date");
        }
    }
    ingestion_free(f);
}

static void test_ingest_run_archive_any_number_of_threads_gives_equal_bytes(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    unsigned char *bytes[3];
    size_t nbytes[3];
    struct archive *archive = begin("tar.gz");

    (void)state;
    tree_fixture_write_classes(30);
    archive_fixture_add_tree(archive, "source", "");
    archive_fixture_end(archive);
    f->options.force = true;
    for (int i = 0; i < 3; i++) {
        f->options.num_threads = i + 1;
        f->options.num_io_threads = (int[]){1, 2, 5}[i];
        assert_true(ingestion_run(f));
        bytes[i] = support_read_file(f->store, &nbytes[i]);
        assert_int_equal(nbytes[i], nbytes[0]);
        assert_memory_equal(bytes[i], bytes[0], nbytes[0]);
    }
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
    ingestion_free(f);
}

static void test_ingest_run_archive_long_and_foreign_names_are_the_tree_s(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    char path[1024], part[200];

    (void)state;
    memset(part, 'l', sizeof(part) - 1);
    part[sizeof(part) - 1] = '\0';
    snprintf(path, sizeof(path), "source/train/a/%s/%s/%s.png", part, part, part);
    tree_fixture_write_classes(2);
    tree_fixture_write_image(path, TREE_HEIGHT, TREE_WIDTH, 1, 60);
    tree_fixture_write_image("source/train/gr\xc3\xb6\xc3\x9f"
                             "e/\xe2\x82\xac.png",
                             TREE_HEIGHT, TREE_WIDTH, 1, 61);
    tree_fixture_write_image("source/train/b/latin-\xe4.png", TREE_HEIGHT, TREE_WIDTH, 1, 62);
    ingest_tree_to("tree.h5", true);
    f->options.skip_bad = true;
    f->options.force = true;
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        struct archive *archive;

        if (strcmp(kind->name, "ustar") == 0)
            continue; /* has no such long names */
        archive = archive_fixture_begin(f->source, kind);
        archive_fixture_add_tree(archive, "source", "");
        archive_fixture_end(archive);
        assert_true(ingestion_run(f));
        assert_stores_equal(tree_fixture_path("tree.h5"), f->store);
    }
    ingestion_free(f);
}

static void test_ingest_run_archive_with_valid_fraction_is_the_tree(void **state)
{
    struct ingestion *tree = ingestion_new(), *f = ingestion_of_archive();
    struct archive *archive = begin("zip");

    (void)state;
    tree_fixture_write_classes(20);
    archive_fixture_add_tree(archive, "source/train", "classes/");
    archive_fixture_end(archive);
    snprintf(tree->source, sizeof(tree->source), "%s/source/train", tree_fixture_root());
    snprintf(tree->store, sizeof(tree->store), "%s/tree.h5", tree_fixture_root());
    tree->options.split.has_valid = f->options.split.has_valid = true;
    tree->options.split.valid_fraction = f->options.split.valid_fraction = 0.3;
    assert_true(ingestion_run(tree));
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "all of the archive lies in classes/");
    assert_stores_equal(tree->store, f->store);
    ingestion_free(tree);
    ingestion_free(f);
}

/* ---- what unpacking would leave ---- */

static void test_ingest_run_archive_last_of_equal_paths_counts(void **state)
{
    static const char *const kinds[] = {"gnutar", "tar.gz"};
    struct ingestion *f = ingestion_of_archive();

    (void)state;
    tree_fixture_write_classes(2);
    ingest_tree_to("tree.h5", false);
    f->options.force = true;
    for (int i = 0; i < 2; i++) {
        struct archive *archive = begin(kinds[i]);

        add_image(archive, "train/a/0000.png", 90);
        archive_fixture_add(archive, "./train/a/0001.png", "no PNG", 6);
        archive_fixture_add_tree(archive, "source", "");
        archive_fixture_end(archive);
        assert_true(ingestion_run(f));
        assert_stores_equal(tree_fixture_path("tree.h5"), f->store);
    }
    ingestion_free(f);
}

static void test_ingest_run_archive_hard_links_are_what_they_lead_to(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    struct archive *archive = begin("gnutar");

    (void)state;
    tree_fixture_write_classes(2);
    archive_fixture_add_tree(archive, "source", "top/");
    archive_fixture_add_hard_link(archive, "top/train/b/again.png", "top/train/a/0001.png");
    archive_fixture_add_hard_link(archive, "top/train/b/twice.png", "./top/train/b/again.png");
    archive_fixture_add_hard_link(archive, "top/train/b/nowhere.png", "top/train/b/none.png");
    archive_fixture_add_hard_link(archive, "top/train/b/self.png", "top/train/b/self.png");
    archive_fixture_end(archive);
    tree_fixture_write_image("source/train/b/again.png", TREE_HEIGHT, TREE_WIDTH, 1, 1);
    tree_fixture_write_image("source/train/b/twice.png", TREE_HEIGHT, TREE_WIDTH, 1, 1);
    ingest_tree_to("tree.h5", false);
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "because they are links to nothing in the archive: 2\n");
    assert_stores_equal(tree_fixture_path("tree.h5"), f->store);
    ingestion_free(f);
}

static void test_ingest_run_archive_empty_folders_and_others_are_told(void **state)
{
    struct ingestion *f = ingestion_of_archive();
    struct archive *archive = begin("pax");

    (void)state;
    tree_fixture_write_classes(2);
    archive_fixture_add_tree(archive, "source", "");
    archive_fixture_add(archive, "labels.csv", "a,b", 3);
    archive_fixture_add(archive, "train/a/notes.txt", "n", 1);
    archive_fixture_add(archive, "train/a/.hidden.png", "h", 1);
    archive_fixture_add(archive, "extra/c/x.png", "x", 1);
    archive_fixture_end(archive);
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "ignored at the top of the source: extra/, labels.csv\n");
    assert_contains(f->messages, "do not end in .png, .jpg or .jpeg: 2\n");
    assert_contains(f->messages, "leave behind: names that begin with a dot (1)\n");

    archive = begin("pax");
    archive_fixture_add_tree(archive, "source", "");
    archive_fixture_add_other(archive, "train/c/", AE_IFDIR, NULL);
    archive_fixture_end(archive);
    assert_true(ingestion_run(f));
    assert_contains(f->messages, "left out 1 class folder without a PNG or JPEG image: c\n");
    ingestion_free(f);
}

/* ---- run again ---- */

static void test_ingest_run_archive_again_is_known_by_size_time_or_contents(void **state)
{
    static const char *const kinds[] = {"gnutar", "tar.zst"};

    (void)state;
    tree_fixture_write_classes(2);
    for (int i = 0; i < 2; i++) {
        struct ingestion *f = ingestion_of_archive();
        struct archive *archive = begin(kinds[i]);

        archive_fixture_add_tree(archive, "source", "");
        archive_fixture_end(archive);
        unlink(f->store);
        assert_true(ingestion_run(f));
        assert_contains(f->results, "wrote ");
        assert_int_equal(utimensat(-1, f->source, (struct timespec[]){{1000, 8}, {1000, 8}}, 0), 0);
        f->options.verify = true;
        assert_true(ingestion_run(f));
        assert_contains(f->results, "is verified");
        f->options.verify = false;
        assert_true(ingestion_run(f));
        assert_contains(f->messages, "of the source have changed");
        assert_contains(f->results, "wrote ");
        assert_true(ingestion_run(f));
        assert_contains(f->results, "is up to date");
        ingestion_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_ingest_run_archive_of_any_kind_is_the_tree),
        TREE_TEST(test_ingest_run_archive_any_number_of_threads_gives_equal_bytes),
        TREE_TEST(test_ingest_run_archive_long_and_foreign_names_are_the_tree_s),
        TREE_TEST(test_ingest_run_archive_with_valid_fraction_is_the_tree),
        TREE_TEST(test_ingest_run_archive_last_of_equal_paths_counts),
        TREE_TEST(test_ingest_run_archive_hard_links_are_what_they_lead_to),
        TREE_TEST(test_ingest_run_archive_empty_folders_and_others_are_told),
        TREE_TEST(test_ingest_run_archive_again_is_known_by_size_time_or_contents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
