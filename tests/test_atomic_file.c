#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/file/atomic_file.h"
#include "formats/file/seal.h"

static void write_text(const char *path, const char *text)
{
    support_write_file(path, text, strlen(text));
}

static void assert_holds(const char *path, const char *text)
{
    size_t nbytes;
    unsigned char *bytes = support_read_file(path, &nbytes);

    assert_true(nbytes >= strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
    free(bytes);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void test_atomic_file_commit_puts_the_sealed_file_in_place(void **state)
{
    const char *path = support_path(*state, "out"), *partial = support_path(*state, ".out.partial");
    struct atomic_file file;
    struct error error = {0};
    struct stat info;

    write_text(path, "old");
    assert_ok(atomic_file_begin(&file, path, &error), &error);
    assert_string_equal(file.temporary_path, partial);
    write_text(file.temporary_path, "new contents");
    assert_holds(path, "old");
    assert_ok(atomic_file_commit(&file, &error), &error);
    assert_holds(path, "new contentsquern seal 1 ");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 12 + SEAL_NBYTES);
    assert_false(exists(partial));
    atomic_file_abandon(&file); /* harmless */
    assert_true(exists(path));
}

static void test_atomic_file_abandon_leaves_the_old_file_alone(void **state)
{
    const char *path = support_path(*state, "out"), *partial = support_path(*state, ".out.partial");
    struct atomic_file file;
    struct error error = {0};

    write_text(path, "old");
    assert_ok(atomic_file_begin(&file, path, &error), &error);
    write_text(file.temporary_path, "half");
    atomic_file_abandon(&file);
    assert_holds(path, "old");
    assert_false(exists(partial));
}

static void test_atomic_file_begin_second_writer_is_refused_until_the_first_ends(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file first, second;
    struct error error = {0};

    assert_ok(atomic_file_begin(&first, path, &error), &error);
    write_text(first.temporary_path, "first");
    assert_fails(atomic_file_begin(&second, path, &error), &error, STATUS_IO);
    assert_non_null(strstr(error.what, "another process"));
    error = (struct error){0};
    assert_holds(first.temporary_path, "first");
    assert_ok(atomic_file_commit(&first, &error), &error);
    assert_holds(path, "first");
    assert_ok(atomic_file_begin(&second, path, &error), &error);
    atomic_file_abandon(&second);
}

static void test_atomic_file_begin_takes_over_what_a_dead_process_left(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};
    struct stat info;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (atomic_file_begin(&file, path, &error)) {
            int descriptor = open(file.temporary_path, O_WRONLY);

            if (descriptor >= 0 && write(descriptor, "half a file", 11) == 11)
                _exit(7); /* without a word, lock and all */
        }
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_ok(atomic_file_begin(&file, path, &error), &error);
    assert_int_equal(stat(file.temporary_path, &info), 0);
    assert_int_equal(info.st_size, 0);
    atomic_file_abandon(&file);
}

static void test_atomic_file_begin_folder_or_device_is_refused(void **state)
{
    struct atomic_file file;
    struct error error = {0};

    assert_fails(atomic_file_begin(&file, *state, &error), &error, STATUS_IO);
    error = (struct error){0};
    assert_fails(atomic_file_begin(&file, "/dev/null", &error), &error, STATUS_IO);
    error = (struct error){0};
    assert_fails(atomic_file_begin(&file, support_path(*state, "no/out"), &error), &error,
                 STATUS_IO);
}

static void test_atomic_file_commit_that_fails_leaves_no_temporary_file(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};

    assert_ok(atomic_file_begin(&file, path, &error), &error);
    assert_int_equal(mkdir(path, 0777), 0); /* a folder has come in the way of the rename */
    assert_fails(atomic_file_commit(&file, &error), &error, STATUS_IO);
    assert_string_equal(error.file, path);
    assert_false(exists(support_path(*state, ".out.partial")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_atomic_file_commit_puts_the_sealed_file_in_place),
        SUPPORT_IN_FOLDER(test_atomic_file_abandon_leaves_the_old_file_alone),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_second_writer_is_refused_until_the_first_ends),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_takes_over_what_a_dead_process_left),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_folder_or_device_is_refused),
        SUPPORT_IN_FOLDER(test_atomic_file_commit_that_fails_leaves_no_temporary_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
