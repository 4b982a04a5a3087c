#include "bench/measure.h"

#include <assert.h>
#include <stdlib.h>

#include "common/progress.h"

static const double REPEAT_SECONDS = 1e-3;

static double time_calls(const struct work *work, size_t num_calls)
{
    const double start = progress_seconds();

    for (size_t i = 0; i < num_calls; i++)
        work->function(work->context);
    return progress_seconds() - start;
}

static size_t choose_num_calls(const struct work *work)
{
    size_t num_calls = 1;

    while (time_calls(work, num_calls) < REPEAT_SECONDS)
        num_calls *= 2;
    return num_calls;
}

static int compare_seconds(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void measure(const struct work *works, size_t count, size_t num_repeats, struct timing *timings)
{
    static double seconds[MEASURE_MAX_WORKS][MEASURE_MAX_REPEATS];
    size_t num_calls[MEASURE_MAX_WORKS];

    assert(count <= MEASURE_MAX_WORKS && num_repeats > 0 && num_repeats <= MEASURE_MAX_REPEATS);
    for (size_t i = 0; i < count; i++)
        num_calls[i] = choose_num_calls(&works[i]);
    for (size_t repeat = 0; repeat < num_repeats; repeat++)
        for (size_t i = 0; i < count; i++)
            seconds[i][repeat] = time_calls(&works[i], num_calls[i]) / (double)num_calls[i];
    for (size_t i = 0; i < count; i++) {
        qsort(seconds[i], num_repeats, sizeof(double), compare_seconds);
        timings[i] = (struct timing){.median = seconds[i][num_repeats / 2], .best = seconds[i][0]};
    }
}
