#include "common/checksum.h"

#include <stdio.h>
#include <string.h>

#ifdef QUERN_HAVE_LIBDEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

/* ---- CRC-32 ---- */

#ifdef QUERN_HAVE_LIBDEFLATE

uint32_t crc32_of(const void *bytes, size_t nbytes)
{
    return libdeflate_crc32(0, bytes, nbytes);
}

#else

uint32_t crc32_of(const void *bytes, size_t nbytes)
{
    return (uint32_t)crc32_z(0, bytes, nbytes);
}

#endif

/* ---- SHA-256 ---- */

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t sha256_round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t sha256_rotate_right(uint32_t word, int count)
{
    return word >> count | word << (32 - count);
}

static void sha256_add_block(uint32_t state[8], const uint8_t block[64])
{
    uint32_t schedule[64];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

    for (int i = 0; i < 16; i++)
        schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                      (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t w15 = schedule[i - 15], w2 = schedule[i - 2];

        schedule[i] = schedule[i - 16] + schedule[i - 7] +
                      (sha256_rotate_right(w15, 7) ^ sha256_rotate_right(w15, 18) ^ w15 >> 3) +
                      (sha256_rotate_right(w2, 17) ^ sha256_rotate_right(w2, 19) ^ w2 >> 10);
    }
    for (int i = 0; i < 64; i++) {
        uint32_t sum1 =
            sha256_rotate_right(e, 6) ^ sha256_rotate_right(e, 11) ^ sha256_rotate_right(e, 25);
        uint32_t sum0 =
            sha256_rotate_right(a, 2) ^ sha256_rotate_right(a, 13) ^ sha256_rotate_right(a, 22);
        uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + sha256_round_constants[i] + schedule[i];
        uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));

        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void sha256_begin(struct sha256 *hash)
{
    *hash = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                      0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t nbytes)
{
    const uint8_t *next = bytes;

    while (nbytes > 0) {
        size_t used = hash->nbytes % 64;
        size_t taken = nbytes < 64 - used ? nbytes : 64 - used;

        memcpy(hash->block + used, next, taken);
        hash->nbytes += taken;
        next += taken;
        nbytes -= taken;
        if (used + taken == 64)
            sha256_add_block(hash->state, hash->block);
    }
}

void sha256_add_u64(struct sha256 *hash, uint64_t number)
{
    sha256_add_u32(hash, (uint32_t)number);
    sha256_add_u32(hash, (uint32_t)(number >> 32));
}

void sha256_add_u32(struct sha256 *hash, uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                        (uint8_t)(number >> 24)};

    sha256_add(hash, bytes, sizeof(bytes));
}

void sha256_finish(struct sha256 *hash, char hexadecimal[65])
{
    uint64_t num_bits = 8 * hash->nbytes;
    uint8_t length[8];

    sha256_add(hash, "\x80", 1);
    while (hash->nbytes % 64 != 56)
        sha256_add(hash, "", 1);
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(num_bits >> (56 - 8 * i));
    sha256_add(hash, length, sizeof(length));
    for (int i = 0; i < 8; i++)
        snprintf(hexadecimal + 8 * i, 9, "%08x", hash->state[i]);
}
