#include "model/class_means.h"

#include <assert.h>
#include <stdlib.h>

#include "common/memory.h"

bool class_means_create(struct class_means *means, size_t num_classes, size_t num_inputs,
                        struct error *error)
{
    bool ok;
    size_t num_sums;

    *means = (struct class_means){.num_classes = num_classes, .num_inputs = num_inputs};
    if (__builtin_mul_overflow(num_classes, num_inputs, &num_sums))
        return error_set_memory(error, UINT64_MAX);
    ok = memory_allocate(&means->counts, num_classes, sizeof(*means->counts), error);
    if (ok)
        ok = memory_allocate(&means->sums, num_sums, sizeof(*means->sums), error);
    if (!ok)
        class_means_destroy(means);
    return ok;
}

void class_means_destroy(struct class_means *means)
{
    free(means->counts);
    free(means->sums);
    *means = (struct class_means){0};
}

void class_means_add(struct class_means *means, const uint8_t *pixels, const uint32_t *labels,
                     uint64_t count, int num_threads)
{
    const size_t D = means->num_inputs;
    const size_t num_parts = num_threads > 0 ? (size_t)num_threads : 1;

    for (uint64_t row = 0; row < count; row++) {
        assert(labels[row] < means->num_classes);
        means->counts[labels[row]]++;
    }

#pragma omp parallel for num_threads((int)num_parts) schedule(static)
    for (size_t part = 0; part < num_parts; part++) {
        const size_t begin = D * part / num_parts, end = D * (part + 1) / num_parts;

        for (uint64_t row = 0; row < count; row++) {
            const uint8_t *restrict pixel = pixels + row * D;
            uint64_t *restrict sum = means->sums + labels[row] * D;

            for (size_t d = begin; d < end; d++)
                sum[d] += pixel[d];
        }
    }
}

void class_means_finish(const struct class_means *means, float *mean)
{
    const size_t D = means->num_inputs;

    for (size_t c = 0; c < means->num_classes; c++) {
        /* Counts below 2^45 make the divisor exact, so that the quotient is rounded once. */
        const double divisor = 255.0 * (double)means->counts[c];

        for (size_t d = 0; d < D; d++)
            mean[c * D + d] =
                means->counts[c] ? (float)((double)means->sums[c * D + d] / divisor) : 0.0f;
    }
}
