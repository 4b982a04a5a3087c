#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "common/decompress.h"
#include "common/random.h"

enum { MAX_NBYTES = 300000 };

/* Bytes that shrink to about a half, and their zlib stream at a level. */
struct fixture {
    unsigned char plain[MAX_NBYTES];
    unsigned char packed[MAX_NBYTES + MAX_NBYTES / 10];
    size_t plain_nbytes, packed_nbytes;
    unsigned char out[MAX_NBYTES + 1];
};

static struct fixture *pack(size_t nbytes, int level)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct random_stream stream = random_stream_begin(nbytes, RANDOM_DRAW, (uint64_t)level);
    uLongf packed_nbytes = sizeof(fixture->packed);

    assert_non_null(fixture);
    for (size_t i = 0; i < nbytes; i++)
        fixture->plain[i] = (unsigned char)(random_below(&stream, 4) ? 0 : random_next(&stream));
    assert_int_equal(
        compress2(fixture->packed, &packed_nbytes, fixture->plain, (uLong)nbytes, level), Z_OK);
    fixture->plain_nbytes = nbytes;
    fixture->packed_nbytes = packed_nbytes;
    fixture->out[nbytes] = 0xa5;
    return fixture;
}

static void test_run_what_zlib_packed_comes_back(void **state)
{
    static const size_t sizes[] = {1, 2, 784, 65536, 262144, MAX_NBYTES};
    struct decompressor *decompressor = decompressor_create();

    (void)state;
    assert_non_null(decompressor);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int level = 0; level <= 9; level += 3) {
            struct fixture *fixture = pack(sizes[i], level);

            assert_int_equal(decompressor_run(decompressor, fixture->packed, fixture->packed_nbytes,
                                              fixture->out, sizes[i]),
                             DECOMPRESS_OK);
            assert_memory_equal(fixture->out, fixture->plain, sizes[i]);
            assert_int_equal(fixture->out[sizes[i]], 0xa5);
            free(fixture);
        }
    decompressor_destroy(decompressor);
}

/* One decompressor goes on after damage. */
static void test_run_other_lengths_and_damage_are_told(void **state)
{
    struct decompressor *decompressor = decompressor_create();
    struct fixture *fixture = pack(10000, 6);
    size_t nbytes = fixture->packed_nbytes;

    (void)state;
    assert_non_null(decompressor);
    assert_int_equal(decompressor_run(decompressor, fixture->packed, nbytes, fixture->out, 9999),
                     DECOMPRESS_DAMAGED);
    assert_int_equal(decompressor_run(decompressor, fixture->packed, nbytes, fixture->out, 10001),
                     DECOMPRESS_DAMAGED);
    assert_int_equal(
        decompressor_run(decompressor, fixture->packed, nbytes - 1, fixture->out, 10000),
        DECOMPRESS_DAMAGED);
    assert_int_equal(decompressor_run(decompressor, fixture->packed, 0, fixture->out, 10000),
                     DECOMPRESS_DAMAGED);
    for (size_t i = 0; i < nbytes; i += nbytes / 50) {
        fixture->packed[i] ^= 0x20;
        if (decompressor_run(decompressor, fixture->packed, nbytes, fixture->out, 10000) ==
            DECOMPRESS_OK)
            assert_true(i == 0 || memcmp(fixture->out, fixture->plain, 10000) == 0);
        fixture->packed[i] ^= 0x20;
    }
    assert_int_equal(decompressor_run(decompressor, fixture->packed, nbytes, fixture->out, 10000),
                     DECOMPRESS_OK);
    free(fixture);
    decompressor_destroy(decompressor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_what_zlib_packed_comes_back),
        cmocka_unit_test(test_run_other_lengths_and_damage_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
