/*
 * The seal: bytes that pass for a sealed file are those of the seal, recomputed here in another
 * way.  Half of the mutations get a new seal, so that its fields are met with and without damage.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/file/seal.h"
#include "tests/fuzz/fuzz.h"

static void make_line(const uint8_t *bytes, size_t nbytes, char line[SEAL_NBYTES + 1])
{
    size_t used = (size_t)snprintf(line, SEAL_NBYTES + 1, "quern seal 1 %020zu %08lx ", nbytes,
                                   crc32_z(0, bytes, nbytes));

    snprintf(line + used, SEAL_NBYTES + 1 - used, "%08lx\n",
             crc32_z(0, (const uint8_t *)line, used));
}

#ifdef QUERN_LIBFUZZER
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t nbytes, size_t max_nbytes, unsigned seed)
{
    char line[SEAL_NBYTES + 1];

    if (seed % 4 < 2 || nbytes < SEAL_NBYTES || max_nbytes < SEAL_NBYTES)
        return LLVMFuzzerMutate(bytes, nbytes, max_nbytes);
    nbytes = LLVMFuzzerMutate(bytes, nbytes - SEAL_NBYTES, max_nbytes - SEAL_NBYTES);
    make_line(bytes, nbytes, line);
    memcpy(bytes + nbytes, line, SEAL_NBYTES);
    if (seed % 4 == 2) /* one field damaged */
        bytes[nbytes + seed / 4 % SEAL_NBYTES] ^= (uint8_t)(1u << seed / 256 % 8);
    return nbytes + SEAL_NBYTES;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    int descriptor = memfd_create("sealed", 0);
    char path[64], line[SEAL_NBYTES + 1];
    struct error error = {0}, quick_error = {0};
    bool is_sealed, is_quick_sealed;
    bool ok, quick_ok;

    FUZZ_DEMAND(descriptor >= 0);
    FUZZ_DEMAND(write(descriptor, bytes, nbytes) == (ssize_t)nbytes);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    ok = seal_check_path(path, true, 1, &is_sealed, &error);
    quick_ok = seal_check_path(path, false, 1, &is_quick_sealed, &quick_error);
    FUZZ_DEMAND(ok || error.status == STATUS_DATA);
    FUZZ_DEMAND(ok == error_ok(&error));
    FUZZ_DEMAND(is_sealed == is_quick_sealed);
    if (ok) {
        FUZZ_DEMAND(quick_ok);
        if (is_sealed) {
            FUZZ_DEMAND(nbytes >= SEAL_NBYTES);
            make_line(bytes, nbytes - SEAL_NBYTES, line);
            /* The checksum of the line itself may be written in other ways; nothing follows. */
            FUZZ_DEMAND(memcmp(bytes + nbytes - SEAL_NBYTES, line, SEAL_NBYTES - 9) == 0);
        }
    }
    close(descriptor);
    return 0;
}
