/*
 * Headers of arrays: what is accepted lies in the bytes, and its numbers have a width.  The first
 * byte chooses IDX or npy.
 */
#include <string.h>

#include "images/sources/array_header.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    struct array_header header;
    struct error error = {0};
    char shape[64];
    bool is_npy, ok;

    if (nbytes == 0)
        return 0;
    is_npy = bytes[0] & 1;
    ok = (is_npy ? npy_parse_header : idx_parse_header)("array", bytes + 1, nbytes - 1, &header,
                                                        &error);
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(ok == error_ok(&error));
    if (!ok)
        return 0;
    FUZZ_DEMAND(header.header_nbytes <= nbytes - 1 && header.rank <= ARRAY_MAX_RANK);
    FUZZ_DEMAND(header.kind == ARRAY_OTHER || header.element_nbytes == 1 ||
                header.element_nbytes == 2 || header.element_nbytes == 4 ||
                header.element_nbytes == 8);
    FUZZ_DEMAND(strlen(array_describe_shape(&header, shape, sizeof(shape))) < sizeof(shape));
    return 0;
}
