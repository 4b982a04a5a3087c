/* Augmentations as text: what is understood, how it is printed again, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "model/augment.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct augment parse(const char *text)
{
    struct augment augment;
    struct error error = {0};

    if (!augment_parse(text, &augment, &error))
        fail_msg("'%s': %s: expected %s, found '%s'", text, error.what, error.expected,
                 error.found);
    return augment;
}

static void test_augment_parse_every_word_is_understood(void **state)
{
    const struct augment a = parse("rotate:12 shift:2.5 scale:.12 shear:0.1 elastic:1.5:7 flip");
    const struct augment b = parse("  crop:4 brightness:0.2  contrast:1 erase:5e-1 fill:reflect ");

    (void)state;
    assert_true(a.rotate == 12.0 && a.shift == 2.5 && a.scale == 0.12 && a.shear == 0.1);
    assert_true(a.elastic == 1.5 && a.elastic_spacing == 7.0 && a.flip);
    assert_true(a.crop == 0 && a.brightness == 0.0 && a.fill == AUGMENT_FILL_ZERO);
    assert_true(b.crop == 4 && b.brightness == 0.2 && b.contrast == 1.0 && b.erase == 0.5);
    assert_true(b.fill == AUGMENT_FILL_REFLECT && !b.flip && b.rotate == 0.0);
    assert_true(parse("fill:edge").fill == AUGMENT_FILL_EDGE);
    assert_true(parse("fill:zero").fill == AUGMENT_FILL_ZERO);
}

static void test_augment_parse_presets_are_their_texts(void **state)
{
    (void)state;
    for (size_t i = 0; augment_presets[i].name; i++) {
        const struct augment by_name = parse(augment_presets[i].name);
        const struct augment by_text = parse(augment_presets[i].text);
        char printed[AUGMENT_TEXT_SIZE];

        assert_memory_equal(&by_name, &by_text, sizeof(by_name));
        augment_print(&by_name, printed);
        assert_string_equal(printed, augment_presets[i].text);
    }
    assert_true(parse("digits brightness:0.1").rotate == 12.0);
}

static void test_augment_print_says_the_same_in_one_way(void **state)
{
    static const char *const TEXTS[][2] = {
        {"", ""},
        {"rotate:0 fill:zero elastic:0:9 crop:0", ""},
        {"flip rotate:12.000", "rotate:12 flip"},
        {"fill:edge erase:1 contrast:.1 brightness:.25 crop:3 elastic:0.1:9 shear:1e-1",
         "shear:0.1 elastic:0.1:9 crop:3 brightness:0.25 contrast:0.1 erase:1 fill:edge"},
        {"scale:0.30000000000000004 shift:1e-7", "shift:1e-07 scale:0.30000000000000004"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        struct augment augment = parse(TEXTS[i][0]), again;
        char printed[AUGMENT_TEXT_SIZE];

        augment_print(&augment, printed);
        assert_string_equal(printed, TEXTS[i][1]);
        again = parse(printed);
        augment.elastic_spacing = again.elastic_spacing; /* of an elastic:0 */
        assert_memory_equal(&augment, &again, sizeof(again));
    }
}

static void test_augment_print_the_longest_fits(void **state)
{
    const struct augment augment =
        parse("rotate:1.2345678901234567e-30 shift:1.2345678901234567e-30 "
              "scale:1.2345678901234567e-30 shear:1.2345678901234567e-30 flip "
              "elastic:1.2345678901234567e-30:12.345678901234567 crop:1024 "
              "brightness:1.2345678901234567e-30 contrast:1.2345678901234567e-30 "
              "erase:1.2345678901234567e-30 fill:reflect");
    struct augment again;
    char printed[AUGMENT_TEXT_SIZE];

    (void)state;
    augment_print(&augment, printed);
    again = parse(printed);
    assert_memory_equal(&augment, &again, sizeof(again));
}

static const char NAMES[] = "digits, photos, rotate, shift, scale, shear, elastic, flip, crop, "
                            "brightness, contrast, erase or fill";

static void test_augment_parse_nonsense_is_refused(void **state)
{
    static const struct {
        const char *text, *what, *expected;
    } CASES[] = {
        {"rotate:x", "augmentation 'rotate:x'", "a number from 0 to 180"},
        {"rotate:181", "augmentation 'rotate:181'", "a number from 0 to 180"},
        {"rotate:-1", "augmentation 'rotate:-1'", "a number from 0 to 180"},
        {"flip rotate:nan", "augmentation 'rotate:nan'", "a number from 0 to 180"},
        {"rotate", "augmentation 'rotate'", "rotate:DEGREES"},
        {"rotate:", "augmentation 'rotate:'", "a number from 0 to 180"},
        {"rotate:1:2", "augmentation 'rotate:1:2'", "rotate:DEGREES"},
        {"flip:1", "augmentation 'flip:1'", "flip"},
        {"crop:1.5", "augmentation 'crop:1.5'", "a whole number from 0 to 1024"},
        {"elastic:1", "augmentation 'elastic:1'", "elastic:PIXELS:SPACING"},
        {"elastic:1:1", "augmentation 'elastic:1:1'", "a number from 2 to 1024"},
        {"scale:1", "augmentation 'scale:1'", "a number from 0 to 0.9"},
        {"fill:black", "augmentation 'fill:black'", "fill:zero|edge|reflect"},
        {"flip flip", "augmentation 'flip'", "flip only once"},
        {"digits rotate:3", "augmentation 'rotate:3'", "rotate only once"},
        {"photos digits photos", "augmentation 'flip'", "flip only once"},
        {"rotates:3", "augmentation 'rotates:3'", NAMES},
        {"r:3", "augmentation 'r:3'", NAMES},
        {"digits:3", "augmentation 'digits:3'", NAMES},
        {"rotate:3,shift:2", "augmentation 'rotate:3,shift:2'", "rotate:DEGREES"},
        {"rotate:111111111111111111111111111111111111111111111111111111111111111111111111", NULL,
         "words of fewer than 64 characters"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct augment augment;
        struct error error = {0};

        if (augment_parse(CASES[i].text, &augment, &error))
            fail_msg("'%s' is taken", CASES[i].text);
        assert_int_equal(error.status, STATUS_USAGE);
        if (CASES[i].what)
            assert_string_equal(error.what, CASES[i].what);
        assert_string_equal(error.expected, CASES[i].expected);
    }
}

static void test_augment_check_moves_out_of_sight_are_refused(void **state)
{
    static const char *const REFUSED[] = {"shift:10", "crop:10", "elastic:10:5"};
    static const char *const TAKEN[] = {"shift:9.9", "crop:9", "elastic:9:50",
                                        "rotate:180 scale:0.9"};
    const struct image_shape image = {.height = 12, .width = 10, .channels = 1};
    struct augment augment;

    (void)state;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        struct error error = {0};

        augment = parse(REFUSED[i]);
        assert_false(augment_check(&augment, &image, &error));
        assert_int_equal(error.status, STATUS_USAGE);
        assert_non_null(strstr(error.what, "would move images of 12x10 out of sight"));
        assert_string_equal(error.expected, "fewer pixels than the image's 10");
    }
    for (size_t i = 0; i < COUNT(TAKEN); i++) {
        struct error error = {0};

        augment = parse(TAKEN[i]);
        assert_true(augment_check(&augment, &image, &error));
    }
}

static void test_augment_is_nothing_knows_every_operation(void **state)
{
    static const char *const WORDS[] = {
        "rotate:1", "shift:1", "scale:0.1",    "shear:0.1",  "elastic:1:4",
        "flip",     "crop:1",  "brightness:1", "contrast:1", "erase:1",
    };
    struct augment augment = parse("fill:reflect elastic:0:4 rotate:0");

    (void)state;
    assert_true(augment_is_nothing(&augment));
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        augment = parse(WORDS[i]);
        assert_false(augment_is_nothing(&augment));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_augment_parse_every_word_is_understood),
        cmocka_unit_test(test_augment_parse_presets_are_their_texts),
        cmocka_unit_test(test_augment_print_says_the_same_in_one_way),
        cmocka_unit_test(test_augment_print_the_longest_fits),
        cmocka_unit_test(test_augment_parse_nonsense_is_refused),
        cmocka_unit_test(test_augment_check_moves_out_of_sight_are_refused),
        cmocka_unit_test(test_augment_is_nothing_knows_every_operation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
