/*
 * Archives of every kind, cut at any length or with one bit flipped: refused, or all that was in
 * them is found, under the same names.  QUERN_ARCHIVE_DAMAGES is how many of both are tried for
 * each kind, 150 if it is not set; QUERN_ARCHIVE_SEED chooses others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "tests/archive_fixture.h"
#include "tests/support.h"
#include "tests/tree_fixture.h"

enum { NUM_IMAGES = 6 };

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Some images in two classes, among what may stand between: a directory, another file, a link. */
static unsigned char *make_archive(const char *path, const struct archive_kind *kind,
                                   size_t *nbytes)
{
    struct archive *archive = archive_fixture_begin_in_utf8(path, kind);
    char name[64];

    archive_fixture_add_other(archive, "digits/train", AE_IFDIR, NULL);
    for (unsigned i = 0; i < NUM_IMAGES; i++) {
        size_t image_nbytes = i * 300;
        uint8_t *image = archive_fixture_make_image(i, &image_nbytes);

        snprintf(name, sizeof(name), "digits/train/%s/%04u.png",
                 i % 3 == 2 ? "acht\xc3\xa9"
                 : i % 2    ? "3"
                            : "7",
                 i);
        archive_fixture_add(archive, name, image, image_nbytes);
        free(image);
        if (i == 2)
            archive_fixture_add(archive, "digits/notes.txt", "some notes", 10);
    }
    if (kind->format != ARCHIVE_FORMAT_ZIP)
        archive_fixture_add_hard_link(archive, "digits/train/3/again.png",
                                      "digits/train/3/0001.png");
    archive_fixture_end_in_utf8(archive);
    return support_read_file(path, nbytes);
}

/* Refused as bad data, or as it was. */
static bool check_damaged(const char *path, const void *bytes, size_t nbytes, const char *whole,
                          const char *what, size_t at)
{
    struct error error = {0};
    char *found;

    support_write_file(path, bytes, nbytes);
    found = archive_fixture_describe(path, &error);
    if (!found && error.status != STATUS_DATA)
        fail_msg("%s at %zu: status %d: %s", what, at, (int)error.status, error.what);
    if (found && strcmp(found, whole) != 0)
        fail_msg("%s at %zu:\n%sinstead of\n%s", what, at, found, whole);
    free(found);
    return found == NULL;
}

static void test_archive_damaged_anywhere_is_refused_or_whole(void **state)
{
    const uint64_t num_damages = number_from("QUERN_ARCHIVE_DAMAGES", 150);
    const uint64_t seed = number_from("QUERN_ARCHIVE_SEED", 1);
    char path[TREE_MAX_PATH], what[64];

    (void)state;
    snprintf(path, sizeof(path), "%s", tree_fixture_path("archive"));
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        struct random_stream stream = random_stream_begin(seed, RANDOM_DRAW, 0);
        size_t nbytes, num_refused[2] = {0, 0};
        unsigned char *bytes = make_archive(path, kind, &nbytes);
        struct error error = {0};
        char *whole = archive_fixture_describe(path, &error);

        assert_non_null(whole);
        for (uint64_t i = 0; i < num_damages; i++) {
            size_t at = random_next(&stream) % nbytes;
            unsigned bit = random_next(&stream) % 8;

            snprintf(what, sizeof(what), "%s, bit %u flipped", kind->name, bit);
            bytes[at] ^= (unsigned char)(1 << bit);
            num_refused[0] += check_damaged(path, bytes, nbytes, whole, what, at);
            bytes[at] ^= (unsigned char)(1 << bit);
            snprintf(what, sizeof(what), "%s, cut", kind->name);
            num_refused[1] += check_damaged(path, bytes, at, whole, what, at);
        }
        print_message("%-8s %llu flips: %zu refused; as many cuts: %zu refused\n", kind->name,
                      (unsigned long long)num_damages, num_refused[0], num_refused[1]);
        free(whole);
        free(bytes);
    }
}

/* A file that ends within its last bytes, where checksum and length of gzip are, among others. */
static void test_archive_short_of_any_last_bytes_is_refused_or_whole(void **state)
{
    char path[TREE_MAX_PATH];

    (void)state;
    snprintf(path, sizeof(path), "%s", tree_fixture_path("archive"));
    for (const struct archive_kind *kind = archive_kinds; kind->name; kind++) {
        size_t nbytes;
        unsigned char *bytes = make_archive(path, kind, &nbytes);
        struct error error = {0};
        char *whole = archive_fixture_describe(path, &error);

        assert_non_null(whole);
        for (size_t missing = 1; missing <= 64; missing++) {
            bool is_refused =
                check_damaged(path, bytes, nbytes - missing, whole, kind->name, nbytes - missing);

            assert_true(is_refused || kind->filter == ARCHIVE_FILTER_NONE);
        }
        if (kind->filter == ARCHIVE_FILTER_GZIP)
            for (size_t i = 1; i <= 8; i++) {
                bytes[nbytes - i] ^= 1;
                assert_true(check_damaged(path, bytes, nbytes, whole, "trailer", nbytes - i));
                bytes[nbytes - i] ^= 1;
            }
        free(whole);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_archive_damaged_anywhere_is_refused_or_whole),
        TREE_TEST(test_archive_short_of_any_last_bytes_is_refused_or_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
