#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/machine.h"
#include "common/text.h"
#include "tests/support.h"

static void test_nbytes_is_not_more_than_the_machine_has(void **state)
{
    uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    (void)state;
    assert_true(machine_memory_nbytes() > 0);
    assert_true(machine_memory_nbytes() <= physical);
}

/* Sanitizers map more than any limit that would show. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

static void test_nbytes_limit_of_the_address_space_counts(void **state)
{
    const struct rlimit limit = {(rlim_t)1 << 45, (rlim_t)1 << 45};
    const uint64_t nbytes = (uint64_t)123 << 20;
    pid_t child;
    int status;

    (void)state;
#ifdef IS_SANITIZED
    skip();
#endif
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (setrlimit(RLIMIT_AS, &limit) != 0 || machine_memory_nbytes() > limit.rlim_cur)
            _exit(1);
        /* Nothing more is allocated after this. */
        if (setrlimit(RLIMIT_AS, &(struct rlimit){nbytes, limit.rlim_max}) != 0)
            _exit(2);
        _exit(machine_memory_nbytes() <= nbytes ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- control groups: files below a directory that stands for the system's root ---- */

static void write_group_file(const char *root, const char *name, const char *text)
{
    char command[1200];

    text_format(command, sizeof(command), "mkdir -p \"$(dirname '%s/%s')\"", root, name);
    assert_int_equal(system(command), 0);
    text_format(command, sizeof(command), "%s/%s", root, name);
    support_write_file(command, text, strlen(text));
}

static void test_group_limits_are_the_least_along_the_path(void **state)
{
    static const struct {
        const char *groups;
        const char *files[4][2];
        double num_processors;
        uint64_t memory_nbytes;
    } cases[] = {
        /* Version 2: the quota of the group itself, of one above it, of the mounted root. */
        {"0::/job/step\n", {{"job/step/cpu.max", "150000 100000\n"}}, 1.5, UINT64_MAX},
        {"0::/job/step\n",
         {{"job/step/cpu.max", "max 100000\n"}, {"job/cpu.max", "200000 100000\n"}},
         2,
         UINT64_MAX},
        {"0::/job/step\n",
         {{"job/step/cpu.max", "400000 100000\n"}, {"job/cpu.max", "50000 100000\n"}},
         0.5,
         UINT64_MAX},
        {"0::/\n", {{"cpu.max", "300000 100000\n"}, {"memory.max", "4096\n"}}, 3, 4096},
        {"0::/of/the/host\n", {{"cpu.max", "300000 100000\n"}}, 3, UINT64_MAX},
        {"0::/job\n",
         {{"job/cpu.max", "max 100000\n"}, {"job/memory.max", "max\n"}},
         INFINITY,
         UINT64_MAX},
        /* Version 1: two files; the group of cpuset is another's. */
        {"3:cpuset:/set\n2:cpu,cpuacct:/job\n1:memory:/other\n0::/\n",
         {{"cpu/job/cpu.cfs_quota_us", "250000\n"},
          {"cpu/job/cpu.cfs_period_us", "100000\n"},
          {"cpu/set/cpu.cfs_quota_us", "100000\n"},
          {"memory/other/memory.limit_in_bytes", "8192\n"}},
         2.5,
         8192},
        {"2:cpuacct,cpu:/job\n",
         {{"cpu/job/cpu.cfs_quota_us", "-1\n"}, {"cpu/job/cpu.cfs_period_us", "100000\n"}},
         INFINITY,
         UINT64_MAX},
        {"2:cpuset,cpuacct:/job\n",
         {{"cpu/job/cpu.cfs_quota_us", "100000\n"}, {"cpu/job/cpu.cfs_period_us", "100000\n"}},
         INFINITY,
         UINT64_MAX},
        /* Files that say nothing are no limits. */
        {"0::/job\n", {{"job/cpu.max", "\n"}, {"job/memory.max", "many\n"}}, INFINITY, UINT64_MAX},
        {"no colons\n\n0:\n0:x\n", {{"cpu.max", "1 1\n"}}, INFINITY, UINT64_MAX},
        {"", {{"cpu.max", "1 1\n"}}, INFINITY, UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *root = support_make_folder();
        struct machine_group_limits limits;

        write_group_file(root, "proc/self/cgroup", cases[i].groups);
        for (size_t k = 0; k < 4 && cases[i].files[k][0]; k++)
            write_group_file(root, TEXT("sys/fs/cgroup/%s", cases[i].files[k][0]),
                             cases[i].files[k][1]);
        limits = machine_read_group_limits(root);
        assert_true(limits.num_processors == cases[i].num_processors);
        assert_true(limits.memory_nbytes == cases[i].memory_nbytes);
        support_remove_folder(root);
    }
}

/* ---- threads ---- */

static void test_threads_are_the_options_then_the_environments_then_the_processors(void **state)
{
    static const struct {
        uint64_t given;
        const char *environment;
        int expected; /* 0: of the processors */
        const char *rule;
    } cases[] = {
        {3, "2", 3, "--threads"},
        {5000, NULL, MACHINE_MAX_THREADS, "--threads"},
        {0, "2", 2, "OMP_NUM_THREADS"},
        {0, "3,2,1", 3, "OMP_NUM_THREADS"},
        {0, " 3 , 2", 3, "OMP_NUM_THREADS"},
        {0, "99999999999", MACHINE_MAX_THREADS, "OMP_NUM_THREADS"},
        {0, NULL, 0, NULL},
        {0, "", 0, NULL},
        {0, "0", 0, NULL},
        {0, "-2", 0, NULL},
        {0, "two", 0, NULL},
        {0, "2x", 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct machine_threads threads;

        if (cases[i].environment)
            setenv("OMP_NUM_THREADS", cases[i].environment, 1);
        else
            unsetenv("OMP_NUM_THREADS");
        threads = machine_choose_threads(cases[i].given);
        assert_int_equal(threads.is_asked_for, cases[i].expected > 0);
        if (cases[i].expected) {
            assert_int_equal(threads.count, cases[i].expected);
            assert_string_equal(threads.rule, cases[i].rule);
        } else {
            assert_in_range(threads.count, 1, omp_get_num_procs());
            assert_string_not_equal(threads.rule, "OMP_NUM_THREADS");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_limits_are_the_least_along_the_path),
        cmocka_unit_test(test_threads_are_the_options_then_the_environments_then_the_processors),
        cmocka_unit_test(test_nbytes_is_not_more_than_the_machine_has),
        cmocka_unit_test(test_nbytes_limit_of_the_address_space_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
