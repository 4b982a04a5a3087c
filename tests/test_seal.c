#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/file/seal.h"

static bool append(const char *path, const struct seal_sums *sums, struct error *error)
{
    int descriptor = open(path, O_RDWR);
    bool ok = seal_append(descriptor, path, sums, error);

    assert_int_equal(close(descriptor), 0);
    return ok;
}

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
    assert_ok(append(path, &(struct seal_sums){0}, &error), &error);
    return path;
}

static bool check(const char *path, bool is_full, int num_threads, bool *is_sealed,
                  struct error *error)
{
    *error = (struct error){0};
    return seal_check_path(path, is_full, num_threads, is_sealed, error);
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

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* A file written in any order, with overwritten and never written parts, and cut: the seal that the
 * sums give is the one that reading the file gives. */
static void test_seal_append_with_sums_of_any_writes_is_the_same(void **state)
{
    enum { MAX_NBYTES = 3 << 20, MAX_WRITE = 400000 };
    unsigned char *bytes = malloc(MAX_WRITE);
    uint64_t random = 1;

    for (int round = 0; round < 40; round++) {
        const char *path = support_path(*state, "written"), *copy = support_path(*state, "copy");
        int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        struct seal_sums sums = {0};
        struct error error = {0};
        uint64_t next = 0;
        size_t nbytes;
        unsigned char *all;

        for (int i = 0; i < 60; i++) {
            uint64_t kind = next_random(&random) % 8;
            size_t count = next_random(&random) % (kind < 2 ? 3000 : MAX_WRITE);
            uint64_t offset = kind < 6 ? next : next_random(&random) % MAX_NBYTES;

            for (size_t k = 0; k < count; k++)
                bytes[k] = (unsigned char)next_random(&random);
            assert_int_equal(pwrite(descriptor, bytes, count, (off_t)offset), count);
            seal_sums_note(&sums, offset, bytes, count);
            next = offset + count;
            if (kind == 7 && i % 3 == 0) {
                next = offset + count / 2;
                assert_int_equal(ftruncate(descriptor, (off_t)next), 0);
                seal_sums_cut(&sums, next);
            }
        }
        assert_int_equal(close(descriptor), 0);
        all = support_read_file(path, &nbytes);
        support_write_file(copy, all, nbytes);
        free(all);
        assert_true(sums.count > 0);
        assert_ok(append(path, &sums, &error), &error);
        assert_ok(append(copy, &(struct seal_sums){0}, &error), &error);
        support_assert_files_equal(path, copy);
        seal_sums_free(&sums);
    }
    free(bytes);
}

/* OpenMP may give fewer threads than are asked for: here 3, see main. */
static void test_seal_check_fewer_threads_than_asked_for_is_right(void **state)
{
    const char *path = write_sealed(*state, 9 << 20);
    struct error error;
    bool is_sealed;

    for (int num_threads = 1; num_threads <= 8; num_threads++)
        for (int i = 0; i < 10; i++)
            assert_ok(check(path, true, num_threads, &is_sealed, &error), &error);
    assert_true(is_sealed);
}

int main(int argc, char **argv)
{
    (void)argc;
    /* The limit counts from the start of a process. */
    if (!getenv("OMP_THREAD_LIMIT")) {
        setenv("OMP_THREAD_LIMIT", "3", 1);
        execv("/proc/self/exe", argv);
    }

    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_seal_check_sealed_file_of_any_size_is_accepted),
        SUPPORT_IN_FOLDER(test_seal_check_any_flipped_byte_before_the_seal_is_refused),
        SUPPORT_IN_FOLDER(test_seal_check_flipped_byte_in_a_large_file_is_found_by_every_thread),
        SUPPORT_IN_FOLDER(test_seal_check_shortened_or_lengthened_in_the_middle_is_refused),
        SUPPORT_IN_FOLDER(test_seal_check_file_without_a_seal_is_told),
        SUPPORT_IN_FOLDER(test_seal_check_what_is_no_file_is_an_io_error),
        SUPPORT_IN_FOLDER(test_seal_append_with_sums_of_any_writes_is_the_same),
        SUPPORT_IN_FOLDER(test_seal_check_fewer_threads_than_asked_for_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
