/*
 * How images were made, as a checkpoint from anybody says it: what is parsed at all is printed and
 * parsed again to the same, and makes a row of a small image.
 */
#include <string.h>

#include "images/preparation.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_NBYTES = 512, MAX_SIDE = 64 };

static void make_row(const struct preparation *preparation)
{
    static const uint8_t pixels[3 * 5] = {0, 255, 7, 99, 1, 2, 3, 4, 5, 200, 201, 202, 9, 8, 7};
    const struct image_shape from = {3, 5, 1};
    const struct image_shape to = {preparation->height, preparation->width, 1};
    uint8_t row[MAX_SIDE * MAX_SIDE];
    uint64_t scratch[2 * MAX_SIDE];

    if (to.height > 0 && to.height <= MAX_SIDE && to.width <= MAX_SIDE)
        preparation_fit(preparation, pixels, &from, row, &to, scratch);
    FUZZ_DEMAND(!preparation->rule.has_range || preparation->rule.low < preparation->rule.high);
    FUZZ_DEMAND(samples_narrow(&preparation->rule, UINT16_MAX) == 255);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    char text[MAX_NBYTES + 1], printed[PREPARATION_MAX_TEXT], again[PREPARATION_MAX_TEXT];
    struct preparation preparation, second;
    struct error error = {0};

    if (nbytes > MAX_NBYTES)
        return 0;
    memcpy(text, bytes, nbytes);
    text[nbytes] = '\0';
    if (!preparation_parse(text, &preparation, &error)) {
        FUZZ_DEMAND(error.status == STATUS_DATA && error.what[0] != '\0');
        return 0;
    }
    preparation_format(&preparation, printed, sizeof(printed));
    FUZZ_DEMAND(strlen(printed) < sizeof(printed) - 1);
    FUZZ_DEMAND(preparation_parse(printed, &second, &error));
    FUZZ_DEMAND(strcmp(printed, preparation_format(&second, again, sizeof(again))) == 0);
    make_row(&preparation);
    return 0;
}
