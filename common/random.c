#include "common/random.h"

#include <stdbool.h>
#include <stddef.h>

/* A round of Philox4x32 on one counter. */
static inline void random_mix(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3, uint32_t k0,
                              uint32_t k1)
{
    uint64_t product0 = (uint64_t)0xD2511F53u * *c0;
    uint64_t product1 = (uint64_t)0xCD9E8D57u * *c2;

    *c0 = (uint32_t)(product1 >> 32) ^ *c1 ^ k0;
    *c1 = (uint32_t)product1;
    *c2 = (uint32_t)(product0 >> 32) ^ *c3 ^ k1;
    *c3 = (uint32_t)product0;
}

void random_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        random_mix(&c0, &c1, &c2, &c3, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

struct random_stream random_stream_begin(uint64_t seed, enum random_purpose purpose, uint64_t index)
{
    struct random_stream stream = {
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, 0, (uint32_t)index,
                    (uint32_t)purpose << 24 | (uint32_t)(index >> 32 & 0xffffff)},
        .num_used = 4,
    };

    return stream;
}

uint32_t random_next(struct random_stream *stream)
{
    if (stream->num_used == 4) {
        random_philox4x32(stream->counter, stream->key, stream->block);
        stream->num_used = 0;
        if (++stream->counter[0] == 0)
            stream->counter[1]++;
    }
    return stream->block[stream->num_used++];
}

/* Blocks that are computed side by side, in loops that compilers turn into vector instructions; of
 * shorter loops they make straight code instead. */
enum { NUM_LANES = 32 };

/* The stream's next NUM_LANES blocks, as random_philox4x32 gives them; the lowest word of its
 * counter must not overflow on the way. */
static void random_compute_blocks(struct random_stream *stream, uint32_t numbers[4 * NUM_LANES])
{
    uint32_t c0[NUM_LANES], c1[NUM_LANES], c2[NUM_LANES], c3[NUM_LANES];
    uint32_t k0 = stream->key[0], k1 = stream->key[1];

    for (uint32_t i = 0; i < NUM_LANES; i++) {
        c0[i] = stream->counter[0] + i;
        c1[i] = stream->counter[1];
        c2[i] = stream->counter[2];
        c3[i] = stream->counter[3];
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < NUM_LANES; i++)
            random_mix(&c0[i], &c1[i], &c2[i], &c3[i], k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < NUM_LANES; i++) {
        numbers[4 * i] = c0[i];
        numbers[4 * i + 1] = c1[i];
        numbers[4 * i + 2] = c2[i];
        numbers[4 * i + 3] = c3[i];
    }
    stream->counter[0] += NUM_LANES;
}

/* The next count numbers. */
static void random_fill(struct random_stream *stream, uint32_t *numbers, size_t count)
{
    size_t i = 0;

    while (i < count && stream->num_used < 4)
        numbers[i++] = random_next(stream);
    for (; i + 4 * NUM_LANES <= count && stream->counter[0] < UINT32_MAX - NUM_LANES;
         i += 4 * NUM_LANES)
        random_compute_blocks(stream, numbers + i);
    while (i < count)
        numbers[i++] = random_next(stream);
}

/* Is product, number * bound, one of those that would make the result product / 2^32 come more
 * often than others? */
static bool random_is_biased(uint64_t product, uint32_t bound)
{
    return (uint32_t)product < bound && (uint32_t)product < -bound % bound; /* 2^32 mod bound */
}

uint32_t random_below(struct random_stream *stream, uint32_t bound)
{
    uint64_t product;

    do
        product = (uint64_t)random_next(stream) * bound;
    while (random_is_biased(product, bound));
    return (uint32_t)(product >> 32);
}

void random_shuffle(struct random_stream *stream, uint32_t *values, uint32_t count)
{
    enum { MAX_NUMBERS = 256 };
    uint32_t numbers[MAX_NUMBERS];

    for (uint32_t i = count; i > 1;) {
        /* i values take i - 1 numbers or more: so many can be drawn at once without drawing one
         * too many from the stream. */
        uint32_t num_numbers = i - 1 < MAX_NUMBERS ? i - 1 : MAX_NUMBERS;

        random_fill(stream, numbers, num_numbers);
        for (uint32_t k = 0; k < num_numbers; k++) {
            uint64_t product = (uint64_t)numbers[k] * i;
            uint32_t j = (uint32_t)(product >> 32), exchanged = values[i - 1];

            if (random_is_biased(product, i))
                continue;
            values[i - 1] = values[j];
            values[j] = exchanged;
            i--;
        }
    }
}

float random_uniform(struct random_stream *stream)
{
    return (float)(random_next(stream) >> 8) * 0x1p-24f;
}

uint64_t random_hash(uint64_t seed, const void *bytes, uint64_t nbytes)
{
    const unsigned char *byte = bytes;
    uint64_t hash = 0xcbf29ce484222325u;
    uint32_t out[4];

    for (uint64_t i = 0; i < nbytes; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    random_philox4x32((const uint32_t[4]){(uint32_t)hash, (uint32_t)(hash >> 32), 0, 0},
                      (const uint32_t[2]){(uint32_t)seed, (uint32_t)(seed >> 32)}, out);
    return (uint64_t)out[1] << 32 | out[0];
}
