#include "tests/support.h"

#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/text.h"
#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5.h"

/* Sanitizers need memory themselves, and HDF5 leaks some where it has none. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* A file being written, with a context of its own. */
struct writing {
    struct atomic_file output;
    struct error error;
    struct h5_context file;
    hid_t root;
};

static void begin(struct writing *writing, const char *path)
{
    writing->error = (struct error){0};
    assert_ok(atomic_file_begin(&writing->output, path, FILE_KIND_STORE, true, &writing->error),
              &writing->error);
    writing->file = (struct h5_context){.path = writing->output.path, .error = &writing->error};
    writing->root = h5_create_file(&writing->file, &writing->output);
    assert_ok(error_ok(&writing->error), &writing->error);
}

static bool end(struct writing *writing)
{
    h5_close_file(&writing->file, &writing->root);
    if (error_ok(&writing->error))
        atomic_file_commit(&writing->output, &writing->error);
    atomic_file_abandon(&writing->output);
    return error_ok(&writing->error);
}

static void write_values(struct writing *writing)
{
    enum { COUNT = 1 << 18 };
    uint32_t *values = calloc(COUNT, sizeof(*values));
    uint64_t count = COUNT;
    hid_t dataset = h5_write_dataset(&writing->file, writing->root, "values", H5T_STD_U32LE,
                                     H5T_NATIVE_UINT32, 1, &count, values);

    h5_close(&writing->file, &dataset);
    free(values);
}

static void limit_files(rlim_t nbytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = nbytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The write of one file fails, unseen by HDF5; another is begun and ended before it is closed. */
static void test_h5_close_file_failed_write_is_told_whatever_other_files_do(void **state)
{
    char failing_path[256], other_path[256];
    struct writing failing, other;

    snprintf(failing_path, sizeof(failing_path), "%s", support_path(*state, "failing.h5"));
    snprintf(other_path, sizeof(other_path), "%s", support_path(*state, "other.h5"));
    signal(SIGXFSZ, SIG_IGN);
    begin(&failing, failing_path);
    limit_files(1000);
    write_values(&failing);
    limit_files(RLIM_INFINITY);
    begin(&other, other_path);
    write_values(&other);
    assert_ok(end(&other), &other.error);
    assert_false(end(&failing));
    assert_int_equal(failing.error.status, STATUS_IO);
    assert_non_null(strstr(failing.error.what, "File too large"));
    assert_string_equal(failing.error.file, failing_path);
}

/* The same file, open twice, is read by two descriptors: closing one leaves the other. */
static void test_h5_open_file_twice_is_two_files(void **state)
{
    const struct h5_opening opening = {.num_threads = 1};
    const char *path = support_path(*state, "twice.h5");
    struct error error = {0};
    struct h5_context a = {.path = path, .error = &error}, b = a;
    struct writing writing;
    hid_t a_root, b_root, dataset;
    uint64_t count = 0;
    bool is_sealed;

    begin(&writing, path);
    write_values(&writing);
    assert_ok(end(&writing), &writing.error);
    a_root = h5_open_file(&a, &opening, &is_sealed);
    b_root = h5_open_file(&b, &opening, &is_sealed);
    assert_true(is_sealed);
    h5_close_file(&a, &a_root);
    dataset = h5_open_dataset(&b, b_root, "/values");
    h5_check_dataset(&b, dataset, "/values", H5T_INTEGER, 1, &count);
    assert_ok(error_ok(&error), &error);
    assert_int_equal(count, 1 << 18);
    h5_close(&b, &dataset);
    h5_close_file(&b, &b_root);
}

/*
 * Writes a file as other programs do, without a seal and without checksums in it.  Where the header
 * of its root group goes on elsewhere, it claims to have header_nbytes, for which HDF5 asks.
 */
static void write_header_size(const char *path, uint64_t header_nbytes)
{
    enum { NUM_ATTRIBUTES = 20, SIZE_PLACE = 16 };
    /* The type and the size of the message that says so, and its flags. */
    const unsigned char message[8] = {0x10, 0, 0x10};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate(H5S_SCALAR);
    unsigned char *bytes;
    size_t nbytes, i = 0;

    for (int k = 0; k < NUM_ATTRIBUTES; k++)
        H5Aclose(H5Acreate2(file, TEXT("attribute %d", k), H5T_STD_I64LE, space, H5P_DEFAULT,
                            H5P_DEFAULT));
    H5Sclose(space);
    assert_true(H5Fclose(file) >= 0);
    bytes = support_read_file(path, &nbytes);
    while (i + SIZE_PLACE + sizeof(header_nbytes) < nbytes &&
           memcmp(bytes + i, message, sizeof(message)) != 0)
        i++;
    assert_true(i + SIZE_PLACE + sizeof(header_nbytes) < nbytes);
    memcpy(bytes + i + SIZE_PLACE, &header_nbytes, sizeof(header_nbytes));
    support_write_file(path, bytes, nbytes);
    free(bytes);
}

static void assert_opening_fails(const char *path, enum status status)
{
    const struct h5_opening opening = {.num_threads = 1};
    struct error error = {0};
    struct h5_context file = {.path = path, .error = &error};
    bool is_sealed;
    hid_t root = h5_open_file(&file, &opening, &is_sealed);

    assert_true(root < 0);
    assert_fails(error_ok(&error), &error, status);
    assert_int_equal(h5_num_live_handles(), 0);
}

static void test_h5_open_file_size_that_no_file_has_is_damage(void **state)
{
    const char *path = support_path(*state, "damaged.h5");

#ifdef IS_SANITIZED
    skip();
#endif
    write_header_size(path, 0);
    assert_opening_fails(path, STATUS_DATA);
    write_header_size(path, (uint64_t)1 << 50);
    assert_opening_fails(path, STATUS_DATA);
}

/* The same where there is really little memory. */
static void test_h5_open_file_without_memory_is_no_damage(void **state)
{
    const char *path = support_path(*state, "large.h5");
    struct rlimit limit, less;

#ifdef IS_SANITIZED
    skip();
#endif
    write_header_size(path, 0);
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    less = limit;
    less.rlim_cur = (rlim_t)1 << 26;
    if (setrlimit(RLIMIT_AS, &less) != 0)
        skip();
    assert_opening_fails(path, STATUS_INTERNAL);
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_h5_close_file_failed_write_is_told_whatever_other_files_do),
        SUPPORT_IN_FOLDER(test_h5_open_file_twice_is_two_files),
        SUPPORT_IN_FOLDER(test_h5_open_file_size_that_no_file_has_is_damage),
        SUPPORT_IN_FOLDER(test_h5_open_file_without_memory_is_no_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
