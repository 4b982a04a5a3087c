#include "metrics/area.h"

#include <math.h>
#include <string.h>

enum { AREA_DIGIT_BITS = 11, AREA_NUM_DIGITS = 3, AREA_NUM_BUCKETS = 1 << AREA_DIGIT_BITS };

/* An integer that falls as the score rises; -0 and 0 are one. */
static uint32_t area_key(float score)
{
    uint32_t bits;

    if (score == 0)
        score = 0;
    memcpy(&bits, &score, sizeof(bits));
    return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
}

/* One pass of a radix sort of key << 32 | sample, which keeps the order of equal digits. */
static void area_sort_digit(const uint64_t *from, uint64_t *to, uint32_t count, int shift)
{
    uint32_t starts[AREA_NUM_BUCKETS] = {0}, sum = 0;

    for (uint32_t i = 0; i < count; i++)
        starts[from[i] >> shift & (AREA_NUM_BUCKETS - 1)]++;
    for (uint32_t bucket = 0; bucket < AREA_NUM_BUCKETS; bucket++) {
        uint32_t size = starts[bucket];

        starts[bucket] = sum;
        sum += size;
    }
    for (uint32_t i = 0; i < count; i++)
        to[starts[from[i] >> shift & (AREA_NUM_BUCKETS - 1)]++] = from[i];
}

void area_rank(const float *scores, size_t stride, bool is_rising, uint32_t num_samples,
               uint64_t *scratch, uint32_t *ranking)
{
    const uint32_t flip = is_rising ? UINT32_MAX : 0;
    uint64_t *from = scratch, *to = scratch + num_samples;

    for (uint32_t i = 0; i < num_samples; i++)
        from[i] = (uint64_t)(area_key(scores[i * stride]) ^ flip) << 32 | i;
    for (int digit = 0; digit < AREA_NUM_DIGITS; digit++) {
        uint64_t *sorted = to;

        area_sort_digit(from, to, num_samples, 32 + digit * AREA_DIGIT_BITS);
        to = from;
        from = sorted;
    }
    for (uint32_t i = 0; i < num_samples; i++) {
        bool is_new = i == 0 || from[i] >> 32 != from[i - 1] >> 32;

        ranking[i] = (uint32_t)from[i] | (is_new ? AREA_NEW_SCORE : 0);
    }
}

struct area area_measure(const uint32_t *ranking, const uint32_t *labels, const uint32_t *weights,
                         uint32_t num_samples, uint32_t class)
{
    uint64_t hits = 0, misses = 0; /* above the scores of this step */
    uint64_t pairs = 0;            /* twice the pairs of a hit above a miss, ties once */
    double precision_sum = 0;
    uint32_t i = 0;

    while (i < num_samples) {
        uint64_t step_hits = 0, step_misses = 0;

        do {
            uint32_t sample = ranking[i] & ~AREA_NEW_SCORE;
            uint64_t weight = weights ? weights[sample] : 1;

            if (labels[sample] == class)
                step_hits += weight;
            else
                step_misses += weight;
            i++;
        } while (i < num_samples && !(ranking[i] & AREA_NEW_SCORE));
        pairs += step_misses * (2 * hits + step_hits);
        hits += step_hits;
        misses += step_misses;
        if (step_hits > 0)
            precision_sum += (double)step_hits * ((double)hits / (double)(hits + misses));
    }
    return (struct area){
        .roc = hits && misses ? (double)pairs / (2 * (double)hits * (double)misses) : NAN,
        .average_precision = hits ? precision_sum / (double)hits : NAN,
    };
}
