/* Options of scripts, read from the help that they print. */
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "quern/script_help.h"
#include "tests/support.h"

static void parse(struct script_help *help, const char *text)
{
    script_help_parse(help, strdup(text));
}

static void test_parse_rows_are_options_and_other_lines_are_not(void **state)
{
    struct script_help help;

    (void)state;
    parse(&help, "Usage: x [OPTION...] --source SOURCE\n"
                 "\n"
                 "Which stages:\n"
                 "  --from STAGE                begin with STAGE\n"
                 "                              --not-here either\n"
                 "  --force                     anew\n"
                 "  --bare\n"
                 "  --STAGE-time TIME           of no name\n"
                 "  --\n"
                 "  --last");
    assert_int_equal(help.num_options, 4);
    assert_string_equal(help.options[0].name, "from");
    assert_int_equal(help.options[0].type, OPTION_TEXT);
    assert_string_equal(help.options[0].metavar, "STAGE");
    assert_string_equal(help.options[0].help, "begin with STAGE");
    assert_string_equal(help.options[1].name, "force");
    assert_int_equal(help.options[1].type, OPTION_FLAG);
    assert_string_equal(help.options[1].help, "anew");
    assert_string_equal(help.options[2].name, "bare");
    assert_string_equal(help.options[2].help, "");
    assert_string_equal(help.options[3].name, "last");
    script_help_free(&help);
}

static void test_parse_more_rows_than_there_is_room_for_are_left_out(void **state)
{
    static const char row[] = "  --option\n";
    const size_t num_rows = SCRIPT_HELP_MAX_OPTIONS + 10, nbytes = sizeof(row) - 1;
    char *text = calloc(num_rows, nbytes + 1);
    struct script_help help;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < num_rows; i++)
        memcpy(text + i * nbytes, row, nbytes);
    script_help_parse(&help, text);
    assert_int_equal(help.num_options, SCRIPT_HELP_MAX_OPTIONS);
    script_help_free(&help);
}

/* Whatever a script prints, names are words that no shell takes for anything else. */
static void test_parse_any_bytes_give_plain_names(void **state)
{
    static const char pieces[] = "  --a-b Z'\"\n$`\\;\t\x1b\xff";

    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct script_help help;
        char text[200];
        size_t length = seed % (sizeof(text) - 1);

        for (size_t i = 0; i < length; i++) {
            const uint64_t key[2] = {seed, i};

            text[i] = pieces[random_hash(0, (const char *)key, sizeof(key)) % (sizeof(pieces) - 1)];
        }
        text[length] = '\0';
        parse(&help, text);
        for (size_t i = 0; i < help.num_options; i++) {
            assert_true(strlen(help.options[i].name) > 0);
            assert_int_equal(strspn(help.options[i].name, "ab-"), strlen(help.options[i].name));
        }
        script_help_free(&help);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_rows_are_options_and_other_lines_are_not),
        cmocka_unit_test(test_parse_more_rows_than_there_is_room_for_are_left_out),
        cmocka_unit_test(test_parse_any_bytes_give_plain_names),
    };

    return cmocka_run_group_tests_name("script_help", tests, NULL, NULL);
}
