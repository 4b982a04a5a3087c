/*
 * What the thread sanitizer must report, and what it must not: threads that add to one variable
 * with nothing between them (compiled with RACY), and the same in order by each means that quern
 * uses: atomics, critical sections, and the barriers at the ends of loops and regions.
 */
#include <stdatomic.h>
#include <stdio.h>

enum { NUM_ADDENDS = 1000 };

int main(void)
{
    static long terms[NUM_ADDENDS];
    atomic_long in_atomic = 0;
    long in_critical = 0, in_region = 0;

    for (int round = 0; round < 20; round++) {
#pragma omp parallel num_threads(3)
        {
#pragma omp for schedule(dynamic, 16)
            for (int i = 0; i < NUM_ADDENDS; i++)
                terms[i] = i;
#pragma omp for schedule(static)
            for (int i = 0; i < NUM_ADDENDS; i++) {
                in_atomic += terms[NUM_ADDENDS - 1 - i];
#ifndef RACY
#pragma omp critical(shared_sum)
#endif
                in_critical += terms[i];
            }
        }
        for (int i = 0; i < NUM_ADDENDS; i++)
            in_region += terms[i];
    }
    printf("%ld %ld %ld\n", atomic_load(&in_atomic), in_critical, in_region);
    return 0;
}
