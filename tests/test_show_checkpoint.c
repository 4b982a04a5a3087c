#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show/show_runs.h"

static const struct terminal plain = {.columns = 80};

/* A checkpoint of the linear model, over static memory. */
static void fill(struct checkpoint *checkpoint, float *weight)
{
    static char *classes[] = {"three", "\033[31mred\n"};
    static struct epoch_record records[] = {{1, 0.5, 0.25, 0.75, 0.1}, {2, 0.4, 0.5, 0.5, 0.1}};

    *checkpoint = (struct checkpoint){
        .classes = {2, 2, classes},
        .image = {1, 3, 1},
        .epoch = 2,
        .epochs = 5,
        .num_records = 2,
        .records = records,
        .num_parameters = 1,
        .parameters = {{"linear/weight", 2, {1, 3}, weight}},
    };
    settings_add_text(&checkpoint->config, "model", "linear");
    settings_add_text(&checkpoint->config, "note", "a\tb\033]0;title\a");
}

/* What is printed of it; for the caller to free. */
static char *print(const struct checkpoint *checkpoint)
{
    struct error error = {0};
    size_t nbytes;
    char *text = NULL;
    FILE *stream = open_memstream(&text, &nbytes);

    assert_non_null(stream);
    assert_ok(show_print_checkpoint(stream, &plain, "a.h5", checkpoint, 0, &error), &error);
    fclose(stream);
    return text;
}

static void assert_has(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("lacks %s:\n%s", wanted, text);
}

static void test_show_checkpoint_not_finite_is_said_loudly(void **state)
{
    float weight[3] = {NAN, 1, -INFINITY}, average[3] = {0, INFINITY, 0};
    struct checkpoint checkpoint;
    char *text;

    (void)state;
    fill(&checkpoint, weight);
    checkpoint.num_states = 1;
    checkpoint.states[0] = (struct tensor){"average/linear/weight", 2, {1, 3}, average};
    text = print(&checkpoint);
    assert_has(text, "WARNING: linear/weight holds 1 NaN and 1 infinite among 3 values");
    assert_has(text, "WARNING: the optimizer's average/linear/weight holds 0 NaN and 1 infinite");
    free(text);
    weight[0] = weight[2] = average[1] = 0;
    text = print(&checkpoint);
    assert_null(strstr(text, "WARNING"));
    assert_has(text, "66.7 %");
    free(text);
}

static void test_show_checkpoint_names_of_outside_reach_no_terminal(void **state)
{
    float weight[3] = {0};
    struct checkpoint checkpoint;
    char *text;

    (void)state;
    fill(&checkpoint, weight);
    text = print(&checkpoint);
    for (const char *byte = text; *byte; byte++)
        assert_true((unsigned char)*byte >= 0x20 || *byte == '\n');
    assert_has(text, "three, \\x1b[31mred\\n");
    assert_has(text, "a\\tb\\x1b]0;title\\x07");
    free(text);
}

static void test_show_checkpoint_best_is_by_what_the_run_monitors(void **state)
{
    float weight[3] = {0};
    struct checkpoint checkpoint;
    char *text;

    (void)state;
    fill(&checkpoint, weight);
    text = print(&checkpoint);
    assert_has(text, "last      2    0.400000    0.500000    0.5000");
    assert_has(text, "best      1    0.500000    0.250000    0.7500");
    free(text);
}

static void test_show_checkpoint_layers_that_cannot_be_are_bad_data(void **state)
{
    float weight[3] = {0};
    struct checkpoint checkpoint;
    struct error error = {0};
    FILE *stream = tmpfile();

    (void)state;
    assert_non_null(stream);
    fill(&checkpoint, weight);
    settings_add_text(&checkpoint.config, "layers", "dense:4 conv:3");
    assert_fails(show_print_checkpoint(stream, &plain, "a.h5", &checkpoint, 0, &error), &error,
                 STATUS_DATA);
    assert_string_equal(error.file, "a.h5");
    fclose(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_show_checkpoint_not_finite_is_said_loudly),
        cmocka_unit_test(test_show_checkpoint_names_of_outside_reach_no_terminal),
        cmocka_unit_test(test_show_checkpoint_best_is_by_what_the_run_monitors),
        cmocka_unit_test(test_show_checkpoint_layers_that_cannot_be_are_bad_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
