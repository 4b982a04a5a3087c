#include "common/checksum.h"

#include <zlib.h>

#include "tests/support.h"

static void test_crc32_of_known_texts(void **state)
{
    (void)state;
    assert_int_equal(crc32_of("123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_of("", 0), 0);
}

static void test_crc32_of_all_lengths_and_places_is_that_of_zlib(void **state)
{
    unsigned char bytes[700];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * i * 7 + i / 3);
    for (size_t first = 0; first < 20; first++)
        for (size_t nbytes = 0; first + nbytes <= sizeof(bytes); nbytes++)
            assert_int_equal(crc32_of(bytes + first, nbytes),
                             crc32(0, bytes + first, (uInt)nbytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32_of_known_texts),
        cmocka_unit_test(test_crc32_of_all_lengths_and_places_is_that_of_zlib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
