#include "tests/augment_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { GUARD = 64 };

struct augment augment_fixture_parse(const char *text)
{
    struct augment augment;
    struct error error = {0};

    if (!augment_parse(text, &augment, &error))
        fail_msg("'%s': %s", text, error.what);
    return augment;
}

void augment_fixture_apply(const struct augment *augment, uint64_t seed, uint64_t epoch,
                           uint64_t sample, const struct image_shape *image, const uint8_t *in,
                           uint8_t *out)
{
    const size_t num_values = image_num_values(image);
    const size_t scratch_nbytes = augment_scratch_nbytes(augment, image);
    uint8_t *scratch = malloc(scratch_nbytes + GUARD), *guarded = malloc(num_values + 2 * GUARD);

    assert_non_null(scratch);
    assert_non_null(guarded);
    memset(scratch, 0xa5, scratch_nbytes + GUARD); /* what was there before must not matter */
    memset(guarded, 0x5a, num_values + 2 * GUARD);
    augment_apply(augment, seed, epoch, sample, image, in, guarded + GUARD, scratch);
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(guarded[i], 0x5a);
        assert_int_equal(guarded[GUARD + num_values + i], 0x5a);
        assert_int_equal(scratch[scratch_nbytes + i], 0xa5);
    }
    memcpy(out, guarded + GUARD, num_values);
    free(scratch);
    free(guarded);
}
