#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/checksum.h"

static void digest(const void *bytes, size_t nbytes, char hexadecimal[65])
{
    struct sha256 hash;

    sha256_begin(&hash);
    sha256_add(&hash, bytes, nbytes);
    sha256_finish(&hash, hexadecimal);
}

/* The examples of FIPS 180-4 and the padding's edges (55, 56, 63, 64, 65 bytes). */
static void test_sha256_finish_known_messages_give_published_digests(void **state)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char hexadecimal[65];

    (void)state;
    digest("", 0, hexadecimal);
    assert_string_equal(hexadecimal,
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest("abc", 3, hexadecimal);
    assert_string_equal(hexadecimal,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest(two_blocks, strlen(two_blocks), hexadecimal);
    assert_string_equal(hexadecimal,
                        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_sha256_finish_lengths_around_a_block_give_known_digests(void **state)
{
    static const struct {
        size_t nbytes;
        const char *expected;
    } cases[] = {
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    };
    char message[66], hexadecimal[65];

    (void)state;
    memset(message, 'a', sizeof(message));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        digest(message, cases[i].nbytes, hexadecimal);
        assert_string_equal(hexadecimal, cases[i].expected);
    }
}

static void test_sha256_add_a_million_letters_in_pieces_gives_published_digest(void **state)
{
    char piece[977], hexadecimal[65];
    struct sha256 hash;
    size_t num_left = 1000000;

    (void)state;
    memset(piece, 'a', sizeof(piece));
    sha256_begin(&hash);
    while (num_left > 0) {
        size_t nbytes = num_left < sizeof(piece) ? num_left : sizeof(piece);

        sha256_add(&hash, piece, nbytes);
        num_left -= nbytes;
    }
    sha256_finish(&hash, hexadecimal);
    assert_string_equal(hexadecimal,
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_sha256_add_numbers_are_least_significant_byte_first(void **state)
{
    static const unsigned char bytes[12] = {8, 7, 6, 5, 4, 3, 2, 1, 0xd, 0xc, 0xb, 0xa};
    char by_numbers[65], by_bytes[65];
    struct sha256 hash;

    (void)state;
    sha256_begin(&hash);
    sha256_add_u64(&hash, 0x0102030405060708);
    sha256_add_u32(&hash, 0x0a0b0c0d);
    sha256_finish(&hash, by_numbers);
    digest(bytes, sizeof(bytes), by_bytes);
    assert_string_equal(by_numbers, by_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_finish_known_messages_give_published_digests),
        cmocka_unit_test(test_sha256_finish_lengths_around_a_block_give_known_digests),
        cmocka_unit_test(test_sha256_add_a_million_letters_in_pieces_gives_published_digest),
        cmocka_unit_test(test_sha256_add_numbers_are_least_significant_byte_first),
    };

    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
