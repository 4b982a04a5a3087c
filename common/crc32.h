/*
 * CRC-32 as zlib, gzip and PNG have it: by libdeflate where quern is built with it, at several
 * times zlib's speed, otherwise by zlib.
 */
#ifndef QUERN_COMMON_CRC32_H
#define QUERN_COMMON_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *bytes, size_t nbytes);

#endif
