/* Links in archives lead to what they lead to in the directory that unpacking makes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/random.h"
#include "images/sources/source.h"
#include "tests/archive_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

static const char *const splits[] = {"train", "valid", "test", NULL};
static const struct scan_rules rules = {2, NULL, splits, SCAN_INTO_ALL};

static void scan_archive(struct scan *scan, struct source **source)
{
    struct error error = {0};

    if (!source_open(tree_fixture_path("links.tar"), "unused", source, &error) ||
        !source_scan(*source, &rules, false, scan, &error)) {
        error_print(&error, "test", stderr);
        fail();
    }
}

static struct archive *begin(void)
{
    return archive_fixture_begin(tree_fixture_path("links.tar"), archive_kind_find("gnutar"));
}

/* "a/1.png b/1.png" */
static void assert_paths(const struct scan *scan, const char *expected)
{
    char found[1000] = "";

    for (size_t i = 0; i < scan->num_images; i++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", i ? " " : "",
                 scan->paths[i]);
    assert_string_equal(found, expected);
}

static void test_archive_links_to_files_and_directories_are_followed(void **state)
{
    struct archive *archive = begin();
    struct source *source;
    struct scan scan;

    (void)state;
    archive_fixture_add(archive, "all/1.png", "1", 1);
    archive_fixture_add(archive, "all/.2", "2", 1);
    archive_fixture_add_other(archive, "a/one.png", AE_IFLNK, "../all/1.png");
    archive_fixture_add_other(archive, "a/chain.png", AE_IFLNK, "./../b/../a/one.png");
    archive_fixture_add_other(archive, "a/hidden.png", AE_IFLNK, "../all/.2");
    archive_fixture_add_other(archive, "b", AE_IFLNK, "all/");
    archive_fixture_add_other(archive, "b-not/x.png", AE_IFLNK, "../b/1.png");
    archive_fixture_add_hard_link(archive, "a/hard.png", "a/one.png");
    archive_fixture_end(archive);
    scan_archive(&scan, &source);
    assert_paths(&scan, "a/chain.png a/hard.png a/hidden.png a/one.png all/1.png b-not/x.png "
                        "b/1.png");
    assert_int_equal(scan.num_links, 0);
    assert_int_equal(scan.folders.count, 4);
    scan_free(&scan);
    source_close(source);
}

static void test_archive_links_that_lead_nowhere_are_counted(void **state)
{
    static const char *const targets[] = {
        "/etc/passwd", "../../1.png", "none.png", "1.png/x", "../a/../../a/1.png", "self4.png",
    };
    struct archive *archive = begin();
    struct source *source;
    struct scan scan;
    char path[64];

    (void)state;
    archive_fixture_add(archive, "a/1.png", "1", 1);
    archive_fixture_add(archive, "b/1.png", "1", 1);
    for (size_t i = 0; i < 6; i++) {
        snprintf(path, sizeof(path), "a/self%zu.png", i - 1);
        archive_fixture_add_other(archive, path, AE_IFLNK, targets[i]);
    }
    archive_fixture_add_other(archive, "a/up", AE_IFLNK, "..");
    archive_fixture_end(archive);
    scan_archive(&scan, &source);
    assert_paths(&scan, "a/1.png b/1.png");
    assert_int_equal(scan.num_links, 6);
    assert_int_equal(scan.num_loops, 1);
    scan_free(&scan);
    source_close(source);
}

/* Directories that lead to one another twice each: 2^30 paths, were they not bounded. */
static void test_archive_links_that_multiply_are_refused(void **state)
{
    struct archive *archive = begin();
    struct error error = {0};
    struct source *source;
    struct scan scan;

    (void)state;
    for (int i = 0; i < 30; i++) {
        char path[64], target[64];

        snprintf(target, sizeof(target), "../d%d", i + 1);
        snprintf(path, sizeof(path), "d%d/x", i);
        archive_fixture_add_other(archive, path, AE_IFLNK, target);
        snprintf(path, sizeof(path), "d%d/y", i);
        archive_fixture_add_other(archive, path, AE_IFLNK, target);
    }
    archive_fixture_add(archive, "d30/1.png", "1", 1);
    archive_fixture_end(archive);
    assert_true(source_open(tree_fixture_path("links.tar"), "unused", &source, &error));
    assert_fails(source_scan(source, &rules, false, &scan, &error), &error, STATUS_DATA);
    assert_contains(error.what, "again and again");
    assert_true(error.file[0] != '\0');
    source_close(source);
}

/* ---- a random tree, unpacked and packed ---- */

struct draw {
    uint64_t seed, count;
};

static unsigned draw_below(struct draw *draw, unsigned limit)
{
    uint64_t counter = draw->count++;

    return (unsigned)(random_hash(draw->seed, &counter, sizeof(counter)) % limit);
}

/* A directory of the tree: one of 13, three deep. */
static const char *draw_directory(struct draw *draw)
{
    static const char *const directories[] = {"",       "a/",   "a-1/",  "b/",     "a/a/",
                                              "a/b/",   "b/a/", "b/.c/", "a/a/a/", "b/a/c/",
                                              "a/b/d/", "e/",   "e/f/"};

    return directories[draw_below(draw, 13)];
}

static void add_file(struct archive *archive, const char *path)
{
    char full[300];

    snprintf(full, sizeof(full), "tree/%s", path);
    tree_fixture_write(full, path, strlen(path));
    archive_fixture_add(archive, path, path, strlen(path));
}

/* Where does a path of the tree lead: to nothing (0), within it (1), or out of it (-1)? */
static int find_end(const char *path)
{
    char full[TREE_MAX_PATH], *real, *root;
    int end = 0;

    snprintf(full, sizeof(full), "%.1000s/%.3000s", tree_fixture_path("tree"), path);
    real = realpath(full, NULL);
    root = realpath(tree_fixture_path("tree"), NULL);
    if (real && root)
        end = strncmp(real, root, strlen(root)) == 0 ? 1 : -1;
    free(real);
    free(root);
    return end;
}

static void add_random_link(struct archive *archive, struct draw *draw, int number)
{
    static const char *const extensions[] = {".png", "", ".txt"};
    static const char *const ups[] = {"", "../", "../../", "./../", ".././../"};
    char path[200], full[300], target[200];

    snprintf(path, sizeof(path), "%s%s%d%s", draw_directory(draw),
             draw_below(draw, 12) ? "link" : ".link", number, extensions[draw_below(draw, 3)]);
    if (draw_below(draw, 3))
        snprintf(target, sizeof(target), "%s%s%s", ups[draw_below(draw, 5)], draw_directory(draw),
                 draw_below(draw, 2) ? "file.png" : "");
    else
        snprintf(target, sizeof(target), "%s%slink%d%s", ups[draw_below(draw, 5)],
                 draw_directory(draw), (int)draw_below(draw, 12), extensions[draw_below(draw, 3)]);
    if (target[0] == '\0')
        return;
    snprintf(full, sizeof(full), "tree/%s", path);
    if (symlink(target, tree_fixture_path(full)) != 0)
        return;
    /* What is outside is no part of the archive. */
    if (find_end(path) < 0)
        unlink(tree_fixture_path(full));
    else
        archive_fixture_add_other(archive, path, AE_IFLNK, target);
}

static void compare_random_tree(uint64_t seed)
{
    struct draw draw = {.seed = seed};
    struct archive *archive = begin();
    struct error error = {0};
    struct source *source;
    struct scan packed, unpacked;
    size_t position = 0;
    /* A directory that is made whether anything is in it or not. */
    static const char *const files[] = {"top.png",        "a/file.png",     "a-1/file.png",
                                        "b/file.png",     "a/a/file.png",   "a/b/other.txt",
                                        "b/a/file.png",   "b/.c/file.png",  "a/a/a/file.png",
                                        "b/a/c/file.png", "a/b/d/file.png", "e/f/file.png"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        add_file(archive, files[i]);
    for (int i = 0; i < 12; i++)
        add_random_link(archive, &draw, i);
    archive_fixture_end(archive);
    assert_true(tree_fixture_scan(tree_fixture_path("tree"), &rules, &unpacked, &error));
    scan_archive(&packed, &source);
    for (size_t i = 0; i < unpacked.num_images; i++) {
        /* The walk lists a link to nothing, of which reading says so. */
        if (find_end(unpacked.paths[i]) == 0)
            continue;
        if (position == packed.num_images || strcmp(packed.paths[position], unpacked.paths[i]) != 0)
            fail_msg("seed %d: %s is in the tree, %s in the archive", (int)seed, unpacked.paths[i],
                     position < packed.num_images ? packed.paths[position] : "nothing");
        position++;
    }
    assert_int_equal(position, packed.num_images);
    if (packed.num_loops != unpacked.num_loops)
        fail_msg("seed %d: %d loops in the tree, %d in the archive", (int)seed,
                 (int)unpacked.num_loops, (int)packed.num_loops);
    for (int i = 0; i < JUNK_NUM_KINDS; i++)
        if (packed.num_junk[i] != unpacked.num_junk[i])
            fail_msg("seed %d: %s is %d times in the tree, %d times in the archive", (int)seed,
                     junk_name(i), (int)unpacked.num_junk[i], (int)packed.num_junk[i]);
    scan_free(&packed);
    scan_free(&unpacked);
    source_close(source);
}

static void test_archive_links_give_what_the_unpacked_tree_gives(void **state)
{
    for (uint64_t seed = 0; seed < 200; seed++) {
        compare_random_tree(seed);
        tree_fixture_tear_down(state);
        tree_fixture_set_up(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_archive_links_to_files_and_directories_are_followed),
        TREE_TEST(test_archive_links_that_lead_nowhere_are_counted),
        TREE_TEST(test_archive_links_that_multiply_are_refused),
        TREE_TEST(test_archive_links_give_what_the_unpacked_tree_gives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
