/* The command line of quern-ingest, and the line of settings that a store keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ingest/ingest_options.h"
#include "tests/support.h"

struct fixture {
    struct ingest_options options;
    struct error error;
};

static bool parse(struct fixture *fixture, char **argv)
{
    int argc = 0;
    bool done;

    while (argv[argc])
        argc++;
    memset(&fixture->error, 0, sizeof(fixture->error));
    ingest_options_free(&fixture->options);
    return ingest_options_parse(&fixture->options, argc, argv, &done, &fixture->error);
}

static void test_ingest_options_parse_senseless_combinations_are_refused(void **state)
{
    static char *const bad[][8] = {
        {"x", "source", NULL},
        {"x", "a", "b", "c", NULL},
        {"x", "--seed", "3", "a", "b", NULL},
        {"x", "--valid-fraction", "1", "a", "b", NULL},
        {"x", "--valid-fraction", "-0.1", "a", "b", NULL},
        {"x", "--dry-run", "--force", "a", "b", NULL},
        {"x", "--verify", "--force", "a", "b", NULL},
        {"x", "--compression-level", "0", "a", "b", NULL},
        {"x", "--io-threads", "0", "a", "b", NULL},
        {"x", "--io-threads", "257", "a", "b", NULL},
        {"x", "--valid-fraction", "0.5", "--test-fraction", "0.5", "a", "b"},
        {"x", "--valid-fraction", "0.5", "--group-by", "(", "a", "b"},
        {"x", "--group-by", "a", "a", "b", NULL},
        {"x", "--split-by", "content", "a", "b", NULL},
        {"x", "--folds", "3", "a", "b", NULL},
        {"x", "--fold", "3", "a", "b", NULL},
        {"x", "--folds", "1", "--fold", "1", "a", "b"},
        {"x", "--folds", "3", "--fold", "4", "a", "b"},
        {"x", "--size", "28", "a", "b", NULL},
        {"x", "--channels", "blue", "a", "b", NULL},
        {"x", "--classes", "3,3", "a", "b", NULL},
    };
    struct fixture f = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *argv[8];

        memcpy(argv, bad[i], sizeof(argv));
        assert_fails(parse(&f, argv), &f.error, STATUS_USAGE);
    }
    ingest_options_free(&f.options);
}

static void test_ingest_options_parse_io_threads_follow_threads_up_to_their_limit(void **state)
{
    static char *const given[][8] = {{"x", "--threads", "3", "a", "b", NULL},
                                     {"x", "--threads", "1000", "a", "b", NULL},
                                     {"x", "--threads", "3", "--io-threads", "7", "a", "b", NULL}};
    static const int expected[] = {3, 256, 7};
    struct fixture f = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *argv[8];

        memcpy(argv, given[i], sizeof(argv));
        assert_true(parse(&f, argv));
        assert_int_equal(f.options.num_io_threads, expected[i]);
    }
    ingest_options_free(&f.options);
}

static void test_ingest_options_describe_every_setting_changes_the_line(void **state)
{
    static char *const given[][8] = {
        {"x", "a", "b", NULL},
        {"x", "--channels", "gray", "a", "b", NULL},
        {"x", "--channels", "rgb", "a", "b", NULL},
        {"x", "--size", "4x5", "a", "b", NULL},
        {"x", "--classes", "3,7", "a", "b", NULL},
        {"x", "--classes", "7,3", "a", "b", NULL},
        {"x", "--max-pixels", "9", "a", "b", NULL},
        {"x", "--skip-bad", "a", "b", NULL},
        {"x", "--compression-level", "9", "a", "b", NULL},
        {"x", "--valid-fraction", "0.1", "a", "b", NULL},
        {"x", "--valid-fraction", "0.1", "--seed", "2", "a", "b", NULL},
        {"x", "--test-fraction", "0.1", "a", "b", NULL},
        {"x", "--valid-fraction", "0.1", "--test-fraction", "0.1", "a", "b"},
        {"x", "--valid-fraction", "0.1", "--group-by", "x", "a", "b"},
        {"x", "--valid-fraction", "0.1", "--group-by", "y", "a", "b"},
        {"x", "--valid-fraction", "0.1", "--split-by", "content", "a", "b"},
        {"x", "--folds", "5", "--fold", "1", "a", "b"},
        {"x", "--folds", "5", "--fold", "2", "a", "b"},
        {"x", "--folds", "4", "--fold", "2", "a", "b"},
        {"x", "--deduplicate", "a", "b", NULL},
    };
    enum { NUM_GIVEN = sizeof(given) / sizeof(given[0]) };
    char lines[NUM_GIVEN][INGEST_MAX_SETTINGS];
    struct fixture f = {0};

    (void)state;
    for (size_t i = 0; i < NUM_GIVEN; i++) {
        char *argv[8];

        memcpy(argv, given[i], sizeof(argv));
        assert_true(parse(&f, argv));
        ingest_options_describe(&f.options, lines[i], sizeof(lines[i]));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(lines[i], lines[j]);
    }
    ingest_options_free(&f.options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ingest_options_parse_senseless_combinations_are_refused),
        cmocka_unit_test(test_ingest_options_parse_io_threads_follow_threads_up_to_their_limit),
        cmocka_unit_test(test_ingest_options_describe_every_setting_changes_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
