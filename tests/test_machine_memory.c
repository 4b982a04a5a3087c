#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/machine_memory.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nbytes_is_not_more_than_the_machine_has),
        cmocka_unit_test(test_nbytes_limit_of_the_address_space_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
