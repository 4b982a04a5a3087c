#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/options.h"
#include "tests/support.h"

static const char *const loss_names[] = {"mae", "cross-entropy", NULL};

/* One option of each type, with the values they write to. */
struct fixture {
    bool flag;
    const char *text;
    const char *unset_text;
    uint64_t count;
    uint64_t seed;
    double real;
    int choice;
    bool is_flag_given, is_count_given, is_choice_given;
    struct option_spec specs[8];
    struct program program;
    struct error error;
    int first_operand;
    bool done;
};

static void fixture_begin(struct fixture *f)
{
    *f = (struct fixture){.text = "run", .count = 256, .seed = 1, .real = 0.1};
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Everything"},
        {OPTION_FLAG, "force", .help = "go on whatever is there", .value = &f->flag,
         .given = &f->is_flag_given},
        {OPTION_TEXT, "output", "RUN_DIR", "folder for the checkpoints", &f->text},
        {OPTION_TEXT, "init-from", "CHECKPOINT", "first parameters", &f->unset_text},
        {OPTION_COUNT, "batch-size", "N", "samples of a mini-batch", &f->count, 1, 4294967295.0,
         .given = &f->is_count_given},
        {OPTION_COUNT, "seed", "N", "key of all random numbers", &f->seed,
         .shown_default = "from the dice"},
        {OPTION_REAL, "learning-rate", "R", "step size", &f->real, 0, 1e6},
        {OPTION_CHOICE, "loss", NULL, "what is minimised", &f->choice, .choices = loss_names,
         .given = &f->is_choice_given},
    };

    memcpy(f->specs, specs, sizeof(specs));
    f->program = (struct program){.name = "quern-test",
                                  .usage = "[OPTION...] STORE.h5",
                                  .summary = "Tests.",
                                  .epilogue = "Examples:\n  quern-test a.h5",
                                  .options = f->specs,
                                  .num_options = sizeof(specs) / sizeof(specs[0])};
}

enum { MAX_ARGUMENTS = 16 };

/* Parses the arguments, NULL at the end; argv is left for tests that look at the operands. */
static bool parse(struct fixture *f, const char *const *arguments, char **argv)
{
    int argc = 0;

    argv[argc++] = "quern-test";
    for (; *arguments; arguments++)
        argv[argc++] = (char *)*arguments;
    argv[argc] = NULL;
    f->error = (struct error){0};
    return options_parse(&f->program, argc, argv, &f->first_operand, &f->done, &f->error);
}

#define PARSE(f, argv, ...) parse(f, (const char *const[]){__VA_ARGS__, NULL}, argv)

/* What a call prints to one of the standard streams, into text. */
struct capture {
    FILE *stream;
    FILE *file;
    int saved;
};

static void capture_begin(struct capture *capture, FILE *stream)
{
    fflush(stream);
    capture->stream = stream;
    capture->file = tmpfile();
    assert_non_null(capture->file);
    capture->saved = dup(fileno(stream));
    assert_true(capture->saved >= 0);
    assert_true(dup2(fileno(capture->file), fileno(stream)) >= 0);
}

static void capture_end(struct capture *capture, char *text, size_t size)
{
    size_t nbytes;

    fflush(capture->stream);
    dup2(capture->saved, fileno(capture->stream));
    close(capture->saved);
    rewind(capture->file);
    nbytes = fread(text, 1, size - 1, capture->file);
    text[nbytes] = '\0';
    fclose(capture->file);
}

static void test_parse_nothing_given_keeps_defaults(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    assert_true(PARSE(&f, argv, "store.h5"));
    assert_false(f.done);
    assert_false(f.flag);
    assert_string_equal(f.text, "run");
    assert_null(f.unset_text);
    assert_int_equal(f.count, 256);
    assert_true(f.real == 0.1);
    assert_int_equal(f.choice, 0);
    assert_false(f.is_flag_given);
    assert_false(f.is_count_given);
    assert_false(f.is_choice_given);
    assert_int_equal(f.first_operand, 1);
}

static void test_parse_every_type_is_taken_and_marked_given(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    assert_true(PARSE(&f, argv, "--force", "--output", "there", "--init-from=a=b.h5",
                      "--batch-size", "1", "--seed=18446744073709551615", "--learning-rate", "1e-2",
                      "--loss", "cross-entropy"));
    assert_true(f.flag);
    assert_string_equal(f.text, "there");
    assert_string_equal(f.unset_text, "a=b.h5");
    assert_int_equal(f.count, 1);
    assert_true(f.seed == UINT64_MAX);
    assert_true(f.real == 0.01);
    assert_int_equal(f.choice, 1);
    assert_true(f.is_flag_given);
    assert_true(f.is_count_given);
    assert_true(f.is_choice_given);
}

static void test_parse_given_twice_last_wins(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    assert_true(PARSE(&f, argv, "--batch-size", "2", "--batch-size=3"));
    assert_int_equal(f.count, 3);
}

static void test_parse_operands_among_options_move_to_the_end(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    assert_true(PARSE(&f, argv, "one", "--force", "two", "--seed", "4", "--", "--three"));
    assert_int_equal(f.first_operand, 5);
    assert_string_equal(argv[5], "one");
    assert_string_equal(argv[6], "two");
    assert_string_equal(argv[7], "--three");
    assert_int_equal(f.seed, 4);
}

static void test_parse_dash_alone_is_an_operand(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    assert_true(PARSE(&f, argv, "-", "--force"));
    assert_int_equal(f.first_operand, 2);
    assert_string_equal(argv[2], "-");
}

static void test_parse_unknown_option_is_named(void **state)
{
    static const struct {
        const char *arguments[3];
        const char *what;
    } cases[] = {
        {{"--nonsense", "3"}, "unknown option --nonsense"},
        {{"--nonsense=3"}, "unknown option --nonsense"},
        {{"store.h5", "--nonsense"}, "unknown option --nonsense"},
        {{"-x"}, "unknown option -x"},
        {{"-xyz"}, "unknown option -xyz"},
        {{"store.h5", "-xyz"}, "unknown option -xyz"},
        {{"-:"}, "unknown option -:"},
        {{"-="}, "unknown option -"},
        {{"--=3"}, "unknown option --"},
        /* Abbreviations are none: a new option would change what they mean. */
        {{"--forc"}, "unknown option --forc: did you mean --force?"},
        {{"--batch", "3"}, "unknown option --batch: did you mean --batch-size?"},
        {{"--hel"}, "unknown option --hel: did you mean --help?"},
        {{"--vers"}, "unknown option --vers: did you mean --version?"},
        /* Mistyped, by a third of the letters at most. */
        {{"--sede=3"}, "unknown option --sede: did you mean --seed?"},
        {{"--learning_rate", "3"}, "unknown option --learning_rate: did you mean --learning-rate?"},
        {{"--Loss"}, "unknown option --Loss: did you mean --loss?"},
        {{"-force"}, "unknown option -force: did you mean --force?"},
        /* Beginnings, ends and words. */
        {{"--learning"}, "unknown option --learning: did you mean --learning-rate?"},
        {{"--rate"}, "unknown option --rate: did you mean --learning-rate?"},
        {{"--seed-number"}, "unknown option --seed-number: did you mean --seed?"},
        /* What other programs call it. */
        {{"--lr", "0.1"}, "unknown option --lr: did you mean --learning-rate?"},
        {{"--bs"}, "unknown option --bs: did you mean --batch-size?"},
        {{"--out"}, "unknown option --out: did you mean --output?"},
        {{"-o"}, "unknown option -o: did you mean --output?"},
        {{"--overwrite"}, "unknown option --overwrite: did you mean --force?"},
        {{"-V"}, "unknown option -V: did you mean --version?"},
        {{"--workers"}, "unknown option --workers"}, /* this program has no --threads */
    };
    char *argv[MAX_ARGUMENTS];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;

        fixture_begin(&f);
        assert_fails(parse(&f, cases[i].arguments, argv), &f.error, STATUS_USAGE);
        assert_string_equal(f.error.what, cases[i].what);
        assert_false(f.done);
    }
}

static void test_parse_value_missing_or_not_wanted_is_named(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    assert_fails(PARSE(&f, argv, "--force", "--seed"), &f.error, STATUS_USAGE);
    assert_string_equal(f.error.what, "option --seed needs a value");
    assert_fails(PARSE(&f, argv, "--force=yes"), &f.error, STATUS_USAGE);
    assert_string_equal(f.error.what, "option --force takes no value");
    assert_fails(PARSE(&f, argv, "--help=me"), &f.error, STATUS_USAGE);
    assert_string_equal(f.error.what, "option --help takes no value");
    assert_fails(PARSE(&f, argv, "--output", "--force"), &f.error, STATUS_USAGE);
    assert_string_equal(f.error.what, "option --output needs a value, and --force is an option");
    assert_true(PARSE(&f, argv, "--output=--force", "--init-from", "--strange"));
    assert_string_equal(f.text, "--force");
    assert_string_equal(f.unset_text, "--strange");
}

static void test_parse_bad_value_says_option_expected_and_found(void **state)
{
    static const struct {
        const char *arguments[3];
        const char *what, *expected, *found;
    } cases[] = {
        {{"--batch-size", "0"}, "--batch-size", "a whole number from 1 to 4294967295", "'0'"},
        {{"--batch-size", "-5"}, "--batch-size", "a whole number from 1 to 4294967295", "'-5'"},
        {{"--batch-size="}, "--batch-size", "a whole number from 1 to 4294967295", "''"},
        {{"--batch-size", "4294967296"},
         "--batch-size",
         "a whole number from 1 to 4294967295",
         "'4294967296'"},
        {{"--seed", "0x1"}, "--seed", "a whole number, 0 or more", "'0x1'"},
        {{"--learning-rate", "fast"}, "--learning-rate", "a number from 0 to 1e+06", "'fast'"},
        {{"--learning-rate", "-1"}, "--learning-rate", "a number from 0 to 1e+06", "'-1'"},
        {{"--loss", "hinge"}, "--loss", "mae|cross-entropy", "'hinge'"},
        {{"--loss", "mse"}, "--loss", "mae|cross-entropy", "'mse': did you mean mae?"},
        {{"--loss", "ma"}, "--loss", "mae|cross-entropy", "'ma': did you mean mae?"},
        {{"--loss", "crossentropy"},
         "--loss",
         "mae|cross-entropy",
         "'crossentropy': did you mean cross-entropy?"},
        {{"--loss", "ce"}, "--loss", "mae|cross-entropy", "'ce': did you mean cross-entropy?"},
        {{"--output="}, "--output", "RUN_DIR", "''"},
    };
    char *argv[MAX_ARGUMENTS];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f;

        fixture_begin(&f);
        assert_fails(parse(&f, cases[i].arguments, argv), &f.error, STATUS_USAGE);
        assert_string_equal(f.error.what, cases[i].what);
        assert_string_equal(f.error.expected, cases[i].expected);
        assert_string_equal(f.error.found, cases[i].found);
        assert_int_equal(f.count, 256);
        assert_true(f.real == 0.1);
        assert_int_equal(f.choice, 0);
    }
}

/* ---- excludes, needs and what is required ---- */

static void assert_together(struct fixture *f, const char *const *arguments, const char *expected)
{
    char *argv[MAX_ARGUMENTS];
    bool ok;

    f->choice = 0;
    f->text = "run";
    f->unset_text = NULL;
    ok = parse(f, arguments, argv);
    assert_int_equal(ok, !expected);
    if (!expected)
        return;
    assert_int_equal(f->error.status, STATUS_USAGE);
    assert_string_equal(f->error.what, expected);
}

#define TOGETHER(f, expected, ...)                                                                 \
    assert_together(f, (const char *const[]){__VA_ARGS__, NULL}, expected)

static void test_parse_excluded_options_are_named(void **state)
{
    struct fixture f;

    (void)state;
    fixture_begin(&f);
    f.specs[4].excludes = "force loss=mae"; /* --batch-size */
    TOGETHER(&f, NULL, "--force", "--loss", "mae");
    TOGETHER(&f, NULL, "--batch-size", "3", "--loss", "cross-entropy");
    TOGETHER(&f, "--batch-size does not go with --force", "--batch-size", "3", "--force");
    TOGETHER(&f, "--batch-size does not go with --force", "--force", "--batch-size=3");
    TOGETHER(&f, "--batch-size does not go with --loss mae", "--batch-size", "3");
    TOGETHER(&f, "--batch-size does not go with --loss mae", "--batch-size=3", "--loss=mae");
}

static void test_parse_needed_options_are_named(void **state)
{
    struct fixture f;

    (void)state;
    fixture_begin(&f);
    f.specs[4].needs = "init-from loss=cross-entropy output=there";
    TOGETHER(&f, NULL, "--loss", "mae");
    TOGETHER(&f, "--batch-size needs --init-from", "--batch-size", "3");
    TOGETHER(&f, "--batch-size needs --loss cross-entropy", "--batch-size=3", "--init-from=a");
    TOGETHER(&f, "--batch-size needs --output there", "--batch-size=3", "--init-from=a", "--loss",
             "cross-entropy", "--output", "therein");
    TOGETHER(&f, NULL, "--batch-size=3", "--init-from=a", "--loss", "cross-entropy", "--output",
             "there");
}

static void test_parse_condition_of_no_option_is_our_mistake(void **state)
{
    struct fixture f;
    char *argv[MAX_ARGUMENTS];

    (void)state;
    fixture_begin(&f);
    f.specs[4].needs = "nothing";
    assert_fails(PARSE(&f, argv, "store.h5"), &f.error, STATUS_INTERNAL);
}

static void test_parse_required_option_missing_is_named(void **state)
{
    struct fixture f;

    (void)state;
    fixture_begin(&f);
    f.specs[2].is_required = true;
    TOGETHER(&f, "--output RUN_DIR is missing", "store.h5");
    TOGETHER(&f, NULL, "store.h5", "--output", "there");
}

static void test_check_operands_says_which_is_missing_empty_or_too_many(void **state)
{
    static const struct {
        const char *names;
        const char *operands[4];
        const char *what; /* NULL: good */
    } cases[] = {
        {"SOURCE STORE.h5", {"a", "b"}, NULL},
        {"SOURCE STORE.h5", {NULL}, "SOURCE is missing"},
        {"SOURCE STORE.h5", {"a"}, "STORE.h5 is missing"},
        {"SOURCE STORE.h5", {"a", "b", "c"}, "'c' is one operand too many"},
        {"SOURCE STORE.h5", {"a", ""}, "the name of STORE.h5 is empty"},
        {"SOURCE [STORE.h5]", {"a"}, NULL},
        {"SOURCE [STORE.h5]", {"a", "b"}, NULL},
        {"SOURCE [STORE.h5]", {"a", "b", "c"}, "'c' is one operand too many"},
        {"STORE.h5 SHARD.h5...", {"a"}, "SHARD.h5 is missing"},
        {"STORE.h5 SHARD.h5...", {"a", "b", "c"}, NULL},
        {"STORE.h5 SHARD.h5...", {"a", "b", ""}, "the name of SHARD.h5... is empty"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};
        int count = 0;
        bool ok;

        while (cases[i].operands[count])
            count++;
        ok = options_check_operands(cases[i].names, count, (char **)cases[i].operands, &error);
        assert_int_equal(ok, !cases[i].what);
        if (cases[i].what)
            assert_string_equal(error.what, cases[i].what);
    }
}

/* ---- help ---- */

static void test_parse_help_prints_options_with_their_defaults(void **state)
{
    struct fixture f;
    struct capture capture;
    char *argv[MAX_ARGUMENTS], printed[4096];
    bool ok;

    (void)state;
    fixture_begin(&f);
    f.count = 64;
    capture_begin(&capture, stdout);
    ok = PARSE(&f, argv, "-h");
    capture_end(&capture, printed, sizeof(printed));
    assert_true(ok);
    assert_true(f.done);
    assert_string_equal(
        printed, "Usage: quern-test [OPTION...] STORE.h5\n"
                 "\n"
                 "Tests.\n"
                 "\n"
                 "Everything:\n"
                 "  --force                     go on whatever is there\n"
                 "  --output RUN_DIR            folder for the checkpoints (default: run)\n"
                 "  --init-from CHECKPOINT      first parameters\n"
                 "  --batch-size N              samples of a mini-batch (default: 64)\n"
                 "  --seed N                    key of all random numbers (default: from the\n"
                 "                              dice)\n"
                 "  --learning-rate R           step size (default: 0.1)\n"
                 "  --loss mae|cross-entropy    what is minimised (default: mae)\n"
                 "\n"
                 "General:\n"
                 "  -h, --help                  print this help and exit\n"
                 "  --version                   print the version and exit\n"
                 "  --quiet                     no progress and no notes on how the work is done;\n"
                 "                              results, warnings, errors and what becomes of\n"
                 "                              data are still printed\n"
                 "  --completion bash|zsh|fish  print what makes this shell complete the options,\n"
                 "                              and exit\n"
                 "\n"
                 "Examples:\n"
                 "  quern-test a.h5\n");
}

static void test_parse_long_help_is_wrapped_without_blanks_at_line_ends(void **state)
{
    struct fixture f;
    struct capture capture;
    char *argv[MAX_ARGUMENTS], printed[4096], help[1000] = "word";
    size_t length = strlen(help);

    (void)state;
    for (int i = 1; i < 100; i++)
        length += (size_t)snprintf(help + length, sizeof(help) - length, "%s",
                                   i % 10 ? " word" : " longer-word");
    fixture_begin(&f);
    f.specs[1].help = help;
    f.specs[7].name = "a-name-that-fills-its-column";
    capture_begin(&capture, stdout);
    PARSE(&f, argv, "--help");
    capture_end(&capture, printed, sizeof(printed));
    assert_null(strstr(printed, " \n"));
    assert_non_null(strstr(printed, "\n                              word word"));
    assert_non_null(strstr(printed, "  --a-name-that-fills-its-column mae|cross-entropy\n"
                                    "                              what is minimised"));
    for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 100);
}

static void test_parse_version_prints_program_and_version(void **state)
{
    struct fixture f;
    struct capture capture;
    char *argv[MAX_ARGUMENTS], printed[200];
    bool ok;

    (void)state;
    fixture_begin(&f);
    capture_begin(&capture, stdout);
    ok = PARSE(&f, argv, "--version", "--no-such-option");
    capture_end(&capture, printed, sizeof(printed));
    assert_true(ok);
    assert_true(f.done);
    assert_string_equal(printed, "quern-test (quern) " QUERN_VERSION "\n");
}

static void assert_exit(enum status status, const char *expected)
{
    struct fixture f;
    struct capture capture;
    char printed[400];
    int code;

    fixture_begin(&f);
    if (status != STATUS_OK)
        error_set(&f.error, status, NULL, "no luck");
    capture_begin(&capture, stderr);
    code = options_exit_status(f.program.name, &f.error);
    capture_end(&capture, printed, sizeof(printed));
    assert_int_equal(code, status);
    assert_string_equal(printed, expected);
}

static void test_exit_status_error_is_printed_once(void **state)
{
    (void)state;
    assert_exit(STATUS_OK, "");
    assert_exit(STATUS_DATA, "quern-test: no luck\n");
    assert_exit(STATUS_USAGE, "quern-test: no luck\nTry 'quern-test --help'.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_nothing_given_keeps_defaults),
        cmocka_unit_test(test_parse_every_type_is_taken_and_marked_given),
        cmocka_unit_test(test_parse_given_twice_last_wins),
        cmocka_unit_test(test_parse_operands_among_options_move_to_the_end),
        cmocka_unit_test(test_parse_dash_alone_is_an_operand),
        cmocka_unit_test(test_parse_unknown_option_is_named),
        cmocka_unit_test(test_parse_value_missing_or_not_wanted_is_named),
        cmocka_unit_test(test_parse_bad_value_says_option_expected_and_found),
        cmocka_unit_test(test_parse_excluded_options_are_named),
        cmocka_unit_test(test_parse_needed_options_are_named),
        cmocka_unit_test(test_parse_condition_of_no_option_is_our_mistake),
        cmocka_unit_test(test_parse_required_option_missing_is_named),
        cmocka_unit_test(test_check_operands_says_which_is_missing_empty_or_too_many),
        cmocka_unit_test(test_parse_help_prints_options_with_their_defaults),
        cmocka_unit_test(test_parse_long_help_is_wrapped_without_blanks_at_line_ends),
        cmocka_unit_test(test_parse_version_prints_program_and_version),
        cmocka_unit_test(test_exit_status_error_is_printed_once),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
