#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/text.h"
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

static bool begin(struct atomic_file *file, const char *path, struct error *error)
{
    return atomic_file_begin(file, path, FILE_KIND_STORE, true, error);
}

/* How many temporary files of "out" there are. */
static size_t num_temporaries(const char *folder)
{
    struct text_list names;
    struct error error = {0};
    size_t count = 0;

    assert_ok(file_list_directory(folder, &names, &error), &error);
    for (size_t i = 0; i < names.count; i++)
        count += file_is_temporary_of(names.items[i], "out");
    text_list_free(&names);
    return count;
}

static void test_atomic_file_commit_puts_the_sealed_file_in_place(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};
    struct stat info;

    write_text(path, "old");
    assert_ok(begin(&file, path, &error), &error);
    assert_int_equal(num_temporaries(*state), 1);
    write_text(file.temporary_path, "new contents");
    assert_holds(path, "old");
    assert_ok(atomic_file_commit(&file, &error), &error);
    assert_holds(path, "new contentsquern seal 1 ");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 12 + SEAL_NBYTES);
    assert_int_equal(num_temporaries(*state), 0);
    atomic_file_abandon(&file); /* harmless */
    assert_true(exists(path));
}

static void test_atomic_file_abandon_leaves_the_old_file_alone(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};

    write_text(path, "old");
    assert_ok(begin(&file, path, &error), &error);
    write_text(file.temporary_path, "half");
    atomic_file_abandon(&file);
    assert_holds(path, "old");
    assert_int_equal(num_temporaries(*state), 0);
}

static void test_atomic_file_begin_second_writer_is_refused_until_the_first_ends(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file first, second;
    struct error error = {0};

    assert_ok(begin(&first, path, &error), &error);
    write_text(first.temporary_path, "first");
    assert_fails(begin(&second, path, &error), &error, STATUS_IO);
    assert_non_null(strstr(error.what, "another process"));
    error = (struct error){0};
    assert_holds(first.temporary_path, "first");
    assert_ok(atomic_file_commit(&first, &error), &error);
    assert_holds(path, "first");
    assert_ok(begin(&second, path, &error), &error);
    atomic_file_abandon(&second);
}

static void test_atomic_file_begin_removes_what_a_dead_process_left(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};
    struct stat info;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (begin(&file, path, &error)) {
            int descriptor = open(file.temporary_path, O_WRONLY);

            if (descriptor >= 0 && write(descriptor, "half a file", 11) == 11)
                _exit(7); /* without a word, lock and all */
        }
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(num_temporaries(*state), 1);
    assert_ok(begin(&file, path, &error), &error);
    assert_int_equal(stat(file.temporary_path, &info), 0);
    assert_int_equal(info.st_size, 0);
    assert_int_equal(num_temporaries(*state), 1);
    atomic_file_abandon(&file);
}

static void test_atomic_file_begin_folder_or_device_is_refused(void **state)
{
    struct atomic_file file;
    struct error error = {0};

    assert_fails(begin(&file, *state, &error), &error, STATUS_IO);
    error = (struct error){0};
    assert_fails(begin(&file, "/dev/null", &error), &error, STATUS_IO);
    error = (struct error){0};
    assert_fails(begin(&file, support_path(*state, "no/out"), &error), &error, STATUS_IO);
}

static void test_atomic_file_commit_that_fails_leaves_no_temporary_file(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};

    assert_ok(begin(&file, path, &error), &error);
    assert_int_equal(mkdir(path, 0777), 0); /* a folder has come in the way of the rename */
    assert_fails(atomic_file_commit(&file, &error), &error, STATUS_IO);
    assert_string_equal(error.file, path);
    assert_int_equal(num_temporaries(*state), 0);
}

/* Links under any name that was ever used for a temporary file lead nobody anywhere. */
static void test_atomic_file_begin_planted_link_is_not_followed(void **state)
{
    const char *path = support_path(*state, "out"), *victim = support_path(*state, "victim");
    const char *planted = support_path(*state, ".out.partial");
    const char *other = support_path(*state, ".out.0123456789abcdef.partial");
    struct atomic_file file;
    struct error error = {0};
    struct stat info;

    write_text(victim, "precious");
    assert_int_equal(symlink("victim", planted), 0);
    assert_int_equal(symlink("victim", other), 0);
    assert_ok(begin(&file, path, &error), &error);
    write_text(file.temporary_path, "new");
    assert_ok(atomic_file_commit(&file, &error), &error);
    assert_holds(victim, "precious");
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
}

static void test_atomic_file_commit_output_that_is_a_link_is_written_where_it_points(void **state)
{
    const char *path = support_path(*state, "out"), *target = support_path(*state, "far/target");
    struct atomic_file file;
    struct error error = {0};
    struct stat info;

    assert_int_equal(mkdir(support_path(*state, "far"), 0777), 0);
    assert_int_equal(symlink("far/target", path), 0);
    for (int i = 0; i < 2; i++) { /* to what is not there yet, and to what is */
        assert_ok(begin(&file, path, &error), &error);
        write_text(file.temporary_path, i == 0 ? "first" : "second");
        assert_ok(atomic_file_commit(&file, &error), &error);
        assert_holds(target, i == 0 ? "first" : "second");
        assert_int_equal(lstat(path, &info), 0);
        assert_true(S_ISLNK(info.st_mode));
    }
}

static void test_atomic_file_begin_second_writer_is_refused_where_locks_are_optional(void **state)
{
    assert_int_equal(setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1), 0);
    test_atomic_file_begin_second_writer_is_refused_until_the_first_ends(state);
    assert_int_equal(unsetenv("HDF5_USE_FILE_LOCKING"), 0);
}

/* A name of length bytes, the last of them last. */
static const char *long_path(const char *folder, size_t length, char last)
{
    char name[300];

    assert_true(length < sizeof(name));
    memset(name, 'n', length);
    /* Where the name is cut, a character of two bytes stands. */
    memcpy(name + 219, "\xc3\xa9", 2);
    name[length - 1] = last;
    name[length] = '\0';
    return support_path(folder, name);
}

static void test_atomic_file_begin_longest_names_are_written_side_by_side(void **state)
{
    for (size_t length = 228; length <= 255; length++) {
        const char *path = long_path(*state, length, 'a');
        struct atomic_file file, other, second;
        struct error error = {0}, refused = {0};
        size_t temporary_length;

        assert_ok(begin(&file, path, &error), &error);
        temporary_length = strlen(file_base_name(file.temporary_path));
        assert_true(temporary_length <= 255);
        assert_true(text_is_utf8(file.temporary_path, strlen(file.temporary_path)));
        assert_true(file_is_temporary(file_base_name(file.temporary_path)));
        assert_true(
            file_is_temporary_of(file_base_name(file.temporary_path), file_base_name(path)));
        assert_fails(begin(&second, path, &refused), &refused, STATUS_IO);
        assert_ok(begin(&other, long_path(*state, length, 'b'), &error), &error);
        atomic_file_abandon(&other);
        assert_ok(atomic_file_commit(&file, &error), &error);
        assert_true(exists(path));
    }
}

static void test_atomic_file_begin_name_too_long_is_refused(void **state)
{
    struct atomic_file file;
    struct error error = {0};

    assert_fails(begin(&file, long_path(*state, 256, 'a'), &error), &error, STATUS_IO);
    assert_non_null(strstr(error.what, "too long"));
}

/* Needs root, to be two users. */
static void test_atomic_file_begin_stale_file_of_another_user_is_no_matter(void **state)
{
    const char *path = support_path(*state, "out");
    const char *stale = support_path(*state, ".out.0123456789abcdef.partial");
    pid_t child;
    int status;

    if (geteuid() != 0)
        skip();
    write_text(stale, "stale");
    assert_int_equal(chmod(stale, 0600), 0);
    assert_int_equal(chmod(*state, 0777), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct atomic_file file;
        struct error error = {0};

        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(1);
        if (!begin(&file, path, &error) || !atomic_file_commit(&file, &error))
            _exit(2);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(exists(path));
    assert_holds(stale, "stale");
}

/* Of processes that begin at once, one at a time writes, and none is left without its turn. */
static void test_atomic_file_begin_at_the_same_instant_lets_one_in(void **state)
{
    enum { NUM_PROCESSES = 3, NUM_ROUNDS = 15 };
    const char *path = support_path(*state, "out");
    struct {
        int num_inside, num_wins, num_doubles;
    } *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(shared != MAP_FAILED);
    for (int i = 0; i < NUM_PROCESSES; i++) {
        pid_t child = fork();

        assert_true(child >= 0);
        if (child > 0)
            continue;
        for (int round = 0; round < NUM_ROUNDS; round++) {
            struct atomic_file file;
            struct error error = {0};

            if (!begin(&file, path, &error))
                continue;
            if (__atomic_fetch_add(&shared->num_inside, 1, __ATOMIC_SEQ_CST) != 0)
                __atomic_fetch_add(&shared->num_doubles, 1, __ATOMIC_SEQ_CST);
            __atomic_fetch_add(&shared->num_wins, 1, __ATOMIC_SEQ_CST);
            usleep(500);
            __atomic_fetch_sub(&shared->num_inside, 1, __ATOMIC_SEQ_CST);
            atomic_file_abandon(&file);
        }
        _exit(0);
    }
    for (int i = 0; i < NUM_PROCESSES; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(shared->num_doubles, 0);
    assert_true(shared->num_wins >= NUM_ROUNDS);
    assert_int_equal(num_temporaries(*state), 0);
    munmap(shared, sizeof(*shared));
}

static void test_atomic_file_begin_file_of_another_kind_is_kept_unless_forced(void **state)
{
    const char *path = support_path(*state, "out");
    struct atomic_file file;
    struct error error = {0};

    write_text(path, "a thesis");
    assert_fails(atomic_file_begin(&file, path, FILE_KIND_STORE, false, &error), &error,
                 STATUS_DATA);
    assert_non_null(strstr(error.what, "--force"));
    assert_holds(path, "a thesis");
    assert_int_equal(num_temporaries(*state), 0);
    error = (struct error){0};
    assert_ok(atomic_file_begin(&file, path, FILE_KIND_STORE, true, &error), &error);
    atomic_file_abandon(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_IN_FOLDER(test_atomic_file_commit_puts_the_sealed_file_in_place),
        SUPPORT_IN_FOLDER(test_atomic_file_abandon_leaves_the_old_file_alone),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_second_writer_is_refused_until_the_first_ends),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_removes_what_a_dead_process_left),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_folder_or_device_is_refused),
        SUPPORT_IN_FOLDER(test_atomic_file_commit_that_fails_leaves_no_temporary_file),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_planted_link_is_not_followed),
        SUPPORT_IN_FOLDER(test_atomic_file_commit_output_that_is_a_link_is_written_where_it_points),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_second_writer_is_refused_where_locks_are_optional),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_longest_names_are_written_side_by_side),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_name_too_long_is_refused),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_stale_file_of_another_user_is_no_matter),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_at_the_same_instant_lets_one_in),
        SUPPORT_IN_FOLDER(test_atomic_file_begin_file_of_another_kind_is_kept_unless_forced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
