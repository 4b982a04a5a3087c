#include "tests/support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/file/seal.h"

/* A file of nbytes with a pattern that no block repeats, sealed. */
static const char *write_sealed(void *folder, size_t nbytes)
{
    const char *path = support_path(folder, "sealed");
    unsigned char *bytes = malloc(nbytes + 1);
    struct error error = {0};

    assert_non_null(bytes);
    for (size_t i = 0; i < nbytes; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
    support_write_file(path, bytes, nbytes);
    free(bytes);
    assert_ok(seal_append(path, path, &error), &error);
    return path;
}

static bool check(const char *path, bool is_full, int num_threads, bool *is_sealed,
                  struct error *error)
{
    *error = (struct error){0};
    return seal_check(path, path, is_full, num_threads, is_sealed, error);
}

static void test_seal_check_sealed_file_of_any_size_is_accepted(void **state)
{
    const size_t sizes[] = {0, 1, 51, 52, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *path = write_sealed(*state, sizes[i]);

        for (int num_threads = 1; num_threads <= 3; num_threads++) {
            struct error error;
            bool is_sealed = false;

            assert_true(check(path, true, num_threads, &is_sealed, &error));
            assert_true(is_sealed);
        }
    }
}

static void test_seal_check_any_flipped_byte_before_the_seal_is_refused(void **state)
{
    const char *path = write_sealed(*state, 300);
    size_t nbytes;
    unsigned char *bytes = support_read_file(path, &nbytes);

    assert_int_equal(nbytes, 300 + SEAL_NBYTES);
    for (size_t i = 0; i < nbytes; i++) {
        struct error error;
        bool is_sealed;
        bool ok;

        bytes[i] ^= 0x20;
        support_write_file(path, bytes, nbytes);
        bytes[i] ^= 0x20;
        ok = check(path, true, 2, &is_sealed, &error);
        /* A seal whose first word is damaged is no seal: the bytes before it are whole. */
        if (i >= 300 && i < 313)
            assert_true(ok && !is_sealed);
        else
            assert_int_equal(error.status, STATUS_DATA);
    }
    free(bytes);
}

static void test_seal_check_flipped_byte_in_a_large_file_is_found_by_every_thread(void **state)
{
    const char *path = write_sealed(*state, 5 << 20);
    size_t nbytes;
    unsigned char *bytes = support_read_file(path, &nbytes);

    for (size_t i = 12345; i < nbytes - SEAL_NBYTES; i += 1 << 20) {
        struct error error;
        bool is_sealed;

        bytes[i] ^= 1;
        support_write_file(path, bytes, nbytes);
        bytes[i] ^= 1;
        assert_fails(check(path, true, 3, &is_sealed, &error), &error, STATUS_DATA);
        assert_true(check(path, false, 3, &is_sealed, &error));
    }
    free(bytes);
}

static void test_seal_check_shortened_or_lengthened_in_the_middle_is_refused(void **state)
{
    const char *path = write_sealed(*state, 300);
    size_t nbytes;
    unsigned char *bytes = support_read_file(path, &nbytes);
    struct error error;
    bool is_sealed;

    support_write_file(path, bytes + 1, nbytes - 1);
    assert_fails(check(path, false, 1, &is_sealed, &error), &error, STATUS_DATA);
    free(bytes);
}

static void test_seal_check_file_without_a_seal_is_told(void **state)
{
    const char *path = support_path(*state, "plain");
    struct error error;
    bool is_sealed = true;

    support_write_file(path, "anything", 8);
    assert_true(check(path, true, 1, &is_sealed, &error));
    assert_false(is_sealed);
}

static void test_seal_check_what_is_no_file_is_an_io_error(void **state)
{
    const char *fifo = support_path(*state, "fifo");
    struct error error;
    bool is_sealed;

    assert_fails(check(support_path(*state, "missing"), true, 1, &is_sealed, &error), &error,
                 STATUS_IO);
    assert_fails(check(*state, true, 1, &is_sealed, &error), &error, STATUS_IO);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_fails(check(fifo, true, 1, &is_sealed, &error), &error, STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_seal_check_sealed_file_of_any_size_is_accepted),
        SUPPORT_IN_FOLDER(test_seal_check_any_flipped_byte_before_the_seal_is_refused),
        SUPPORT_IN_FOLDER(test_seal_check_flipped_byte_in_a_large_file_is_found_by_every_thread),
        SUPPORT_IN_FOLDER(test_seal_check_shortened_or_lengthened_in_the_middle_is_refused),
        SUPPORT_IN_FOLDER(test_seal_check_file_without_a_seal_is_told),
        SUPPORT_IN_FOLDER(test_seal_check_what_is_no_file_is_an_io_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
