#include "common/crc32.h"

#ifdef QUERN_HAVE_LIBDEFLATE

#include <libdeflate.h>

uint32_t crc32_of(const void *bytes, size_t nbytes)
{
    return libdeflate_crc32(0, bytes, nbytes);
}

#else

#include <zlib.h>

uint32_t crc32_of(const void *bytes, size_t nbytes)
{
    return (uint32_t)crc32_z(0, bytes, nbytes);
}

#endif
