/* QUERN_CPU chooses among the kernels that this CPU can run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "model/kernels/kernels.h"
#include "tests/support.h"

static void test_kernels_choose_each_name_is_obeyed(void **state)
{
    const struct kernels *tables[KERNELS_MAX_TABLES], *chosen;
    const size_t num_tables = kernels_list(tables);
    struct error error = {0};

    (void)state;
    for (size_t t = 0; t < num_tables; t++) {
        setenv("QUERN_CPU", tables[t]->name, 1);
        assert_true(kernels_choose(&chosen, &error));
        assert_ptr_equal(chosen, tables[t]);
    }
    setenv("QUERN_CPU", "", 1);
    assert_true(kernels_choose(&chosen, &error));
    assert_ptr_equal(chosen, tables[num_tables - 1]);
    unsetenv("QUERN_CPU");
    assert_true(kernels_choose(&chosen, &error));
    assert_ptr_equal(chosen, tables[num_tables - 1]);
}

static void test_kernels_choose_unknown_name_is_refused(void **state)
{
    const struct kernels *chosen;
    struct error error = {0};

    (void)state;
    setenv("QUERN_CPU", "avx1024", 1);
    assert_fails(kernels_choose(&chosen, &error), &error, STATUS_USAGE);
    assert_string_equal(error.found, "avx1024");
    assert_non_null(strstr(error.expected, "baseline"));
    unsetenv("QUERN_CPU");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels_choose_each_name_is_obeyed),
        cmocka_unit_test(test_kernels_choose_unknown_name_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
