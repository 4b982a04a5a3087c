#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "evaluate/class_map.h"
#include "tests/support.h"

static void test_class_map_fill_other_order_maps_by_name(void **state)
{
    char *in_store[] = {"7", "3", "10"}, *in_model[] = {"3", "10", "7"};
    const struct text_list store = {.count = 3, .items = in_store};
    const struct text_list model = {.count = 3, .items = in_model};
    uint32_t map[3];
    struct error error = {0};

    (void)state;
    assert_true(class_map_fill("s.h5", &store, &model, map, &error));
    assert_int_equal(map[0], 2);
    assert_int_equal(map[1], 0);
    assert_int_equal(map[2], 1);
}

static void refuse_classes(char **in_store, size_t num_in_store, char **in_model,
                           size_t num_in_model, const char *what)
{
    const struct text_list store = {.count = num_in_store, .items = in_store};
    const struct text_list model = {.count = num_in_model, .items = in_model};
    uint32_t map[4];
    struct error error = {0};

    assert_fails(class_map_fill("s.h5", &store, &model, map, &error), &error, STATUS_DATA);
    assert_string_equal(error.file, "s.h5");
    assert_string_equal(error.dataset, "/classes");
    assert_string_equal(error.what, what);
}

static void test_class_map_fill_extra_class_is_named(void **state)
{
    (void)state;
    refuse_classes((char *[]){"3", "9", "7"}, 3, (char *[]){"3", "7"}, 2,
                   "class '9' of the store is unknown to the checkpoint");
}

static void test_class_map_fill_missing_class_is_named(void **state)
{
    (void)state;
    refuse_classes((char *[]){"7"}, 1, (char *[]){"3", "7"}, 2,
                   "class '3' of the checkpoint is missing here");
}

static void test_class_map_fill_renamed_class_is_named(void **state)
{
    (void)state;
    refuse_classes((char *[]){"cat", "dog"}, 2, (char *[]){"cat", "Dog"}, 2,
                   "class 'Dog' of the checkpoint is missing here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_map_fill_other_order_maps_by_name),
        cmocka_unit_test(test_class_map_fill_extra_class_is_named),
        cmocka_unit_test(test_class_map_fill_missing_class_is_named),
        cmocka_unit_test(test_class_map_fill_renamed_class_is_named),
    };

    return cmocka_run_group_tests_name("class_map", tests, NULL, NULL);
}
