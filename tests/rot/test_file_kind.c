#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/evaluation.h"
#include "formats/file/file_kind.h"
#include "tests/fuzz/samples.h"

static void assert_kind(const char *path, enum file_kind kind)
{
    struct error error = {0};
    enum file_kind found;

    assert_ok(file_kind_find(path, &found, &error), &error);
    if (found != kind)
        fail_msg("%s: %s, not %s", path, file_kind_name(found), file_kind_name(kind));
}

static const char *write_evaluation(const char *folder)
{
    static char *names[] = {"a", "b"};
    static const struct text_list classes = {2, 2, names}, paths = {0};
    static const uint64_t confusion[4];
    static const struct settings no_settings;
    const struct evaluation evaluation = {.model = "quern store", /* a name is no mark */
                                          .split = "valid",
                                          .store_fingerprint = "f",
                                          .scores_meaning = "probability",
                                          .checkpoint_digest = "d",
                                          .config = &no_settings,
                                          .classes = &classes,
                                          .confusion = confusion,
                                          .paths = &paths};
    struct error error = {0};

    assert_ok(evaluation_write(support_path(folder, "evaluation.h5"), &evaluation, false, &error),
              &error);
    return "evaluation.h5";
}

static const struct {
    const char *(*write)(const char *folder);
    enum file_kind kind;
} files[] = {
    {samples_write_store, FILE_KIND_STORE},
    {samples_write_shard, FILE_KIND_SHARD},
    {samples_write_checkpoint, FILE_KIND_CHECKPOINT},
    {write_evaluation, FILE_KIND_EVALUATION},
};

enum { NUM_FILES = sizeof(files) / sizeof(files[0]) };

/* As they are written, without a seal, damaged where HDF5 fails, and as the target of a link. */
static void test_file_kind_find_files_of_quern_are_known(void **state)
{
    for (size_t i = 0; i < NUM_FILES; i++) {
        char path[256];
        size_t nbytes;
        unsigned char *bytes;

        snprintf(path, sizeof(path), "%s", support_path(*state, files[i].write(*state)));
        assert_kind(path, files[i].kind);
        bytes = support_read_file(path, &nbytes);
        support_write_file(path, bytes, nbytes - 60);
        assert_kind(path, files[i].kind);
        bytes[40] ^= 0xff; /* in the superblock: HDF5 cannot open the file */
        support_write_file(path, bytes, nbytes);
        assert_kind(path, files[i].kind);
        assert_int_equal(symlink(path, support_path(*state, "link")), 0);
        assert_kind(support_path(*state, "link"), files[i].kind);
        unlink(support_path(*state, "link"));
        free(bytes);
    }
}

/* The mark of a large store lies anywhere, also across the windows that are searched. */
static void test_file_kind_find_mark_anywhere_in_a_large_file_is_found(void **state)
{
    enum { NBYTES = 4 << 20 };
    static const char mark[] = "format\0\0\x03\0\0\0quern store";
    const char *path = support_path(*state, "large.h5");
    unsigned char *bytes = calloc(1, NBYTES);

    for (size_t place = 64; place + sizeof(mark) < NBYTES; place += 65537 - 16) {
        memcpy(bytes, "\x89HDF\r\n\x1a\n", 8);
        memcpy(bytes + place, mark, sizeof(mark));
        support_write_file(path, bytes, NBYTES);
        assert_kind(path, FILE_KIND_STORE);
        memset(bytes + place, 0, sizeof(mark));
    }
    for (size_t place = (1 << 20) - 40; place < (1 << 20) + 40; place++) {
        memcpy(bytes + place, mark, sizeof(mark));
        support_write_file(path, bytes, NBYTES);
        assert_kind(path, FILE_KIND_STORE);
        memset(bytes + place, 0, sizeof(mark));
    }
    support_write_file(path, bytes, NBYTES);
    assert_kind(path, FILE_KIND_OTHER);
    free(bytes);
}

static void test_file_kind_find_other_files_are_other(void **state)
{
    static const char *const texts[] = {"", "a thesis", "\x89HDF\r\n\x1a\n", "quern store",
                                        "format quern store"};
    const char *path = support_path(*state, "file"), *fifo = support_path(*state, "fifo");

    assert_kind(path, FILE_KIND_NONE);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        support_write_file(path, texts[i], strlen(texts[i]));
        assert_kind(path, FILE_KIND_OTHER);
    }
    support_write_file(path, "quern list 1\n", 13);
    assert_kind(path, FILE_KIND_LIST);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_kind(fifo, FILE_KIND_OTHER); /* without waiting for who writes into it */
    assert_kind(*state, FILE_KIND_OTHER);
    assert_kind("/dev/zero", FILE_KIND_OTHER);
}

static void test_file_kind_check_output_keeps_all_but_its_own_kind(void **state)
{
    for (size_t i = 0; i < NUM_FILES; i++) {
        char path[256];

        snprintf(path, sizeof(path), "%s", support_path(*state, files[i].write(*state)));
        for (size_t k = 0; k < NUM_FILES; k++) {
            struct error error = {0};

            assert_true(file_kind_check_output(path, files[k].kind, true, &error));
            if (i == k)
                assert_ok(file_kind_check_output(path, files[k].kind, false, &error), &error);
            else
                assert_fails(file_kind_check_output(path, files[k].kind, false, &error), &error,
                             STATUS_DATA);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_file_kind_find_files_of_quern_are_known),
        SUPPORT_IN_FOLDER(test_file_kind_find_mark_anywhere_in_a_large_file_is_found),
        SUPPORT_IN_FOLDER(test_file_kind_find_other_files_are_other),
        SUPPORT_IN_FOLDER(test_file_kind_check_output_keeps_all_but_its_own_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
