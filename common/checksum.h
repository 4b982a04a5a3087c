/*
 * Checksums: CRC-32 as zlib, gzip and PNG have it, by libdeflate where quern is built with it
 * (several times zlib's speed), otherwise by zlib; and SHA-256 (FIPS 180-4) for fingerprints that
 * anyone can recompute, e.g. with Python's hashlib.
 */
#ifndef QUERN_COMMON_CHECKSUM_H
#define QUERN_COMMON_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *bytes, size_t nbytes);

struct sha256 {
    uint32_t state[8];
    uint64_t nbytes;
    uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t nbytes);
/* Adds one number as 8 or 4 bytes, least significant first, whatever the machine. */
void sha256_add_u64(struct sha256 *hash, uint64_t number);
void sha256_add_u32(struct sha256 *hash, uint32_t number);
/* 64 lower-case hexadecimal digits and a NUL; the hash is used up. */
void sha256_finish(struct sha256 *hash, char hexadecimal[65]);

#endif
