#include "metrics/comparison.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

/*
 * The chance of at most count hits in num_trials tosses of a coin, term by term; 2^-num_trials must
 * be no less than the smallest double.
 */
static double comparison_binomial_tail(uint64_t count, uint64_t num_trials)
{
    double term = ldexp(1, -(int)num_trials), sum = 0;

    for (uint64_t k = 0; k <= count; k++) {
        sum += term;
        term *= (double)(num_trials - k) / (double)(k + 1);
    }
    return sum;
}

struct mcnemar comparison_test(uint64_t num_first_only, uint64_t num_second_only)
{
    uint64_t total = num_first_only + num_second_only;
    uint64_t fewer = num_first_only < num_second_only ? num_first_only : num_second_only;
    struct mcnemar test = {.is_exact = total < COMPARISON_EXACT_BELOW, .statistic = NAN};
    double excess;

    if (test.is_exact) {
        test.p_value = fmin(2 * comparison_binomial_tail(fewer, total), 1);
        return test;
    }
    excess = fmax((double)(total - 2 * fewer) - 1, 0);
    test.statistic = excess * excess / (double)total;
    /* Chi-square of one degree of freedom is the square of a normal variable. */
    test.p_value = erfc(sqrt(test.statistic / 2));
    return test;
}

static void comparison_add(struct comparison_counts *counts, bool is_first, bool is_second)
{
    if (is_first && is_second)
        counts->num_both++;
    else if (is_first)
        counts->num_first_only++;
    else if (is_second)
        counts->num_second_only++;
    else
        counts->num_neither++;
}

bool comparison_compute(size_t num_classes, const uint32_t *labels, const uint32_t *first,
                        const uint32_t *second, uint64_t num_samples, struct comparison *comparison,
                        struct error *error)
{
    struct comparison_counts *all = &comparison->all;

    *comparison = (struct comparison){.num_classes = num_classes, .num_samples = num_samples};
    if (!memory_allocate(&comparison->classes, num_classes, sizeof(*comparison->classes), error))
        return false;
    for (uint64_t i = 0; i < num_samples; i++) {
        comparison_add(all, first[i] == labels[i], second[i] == labels[i]);
        comparison_add(&comparison->classes[labels[i]], first[i] == labels[i],
                       second[i] == labels[i]);
        comparison->num_differing += first[i] != second[i];
    }
    for (int which = 0; which < 2; which++) {
        uint64_t num_correct = all->num_both + (which ? all->num_second_only : all->num_first_only);

        comparison->accuracies[which] =
            num_samples ? (double)num_correct / (double)num_samples : NAN;
        comparison->intervals[which] = interval_of_proportion(num_correct, num_samples);
    }
    comparison->difference = comparison->accuracies[1] - comparison->accuracies[0];
    comparison->difference_interval = interval_of_difference(all->num_both, all->num_second_only,
                                                             all->num_first_only, all->num_neither);
    comparison->mcnemar = comparison_test(all->num_first_only, all->num_second_only);
    return true;
}

void comparison_destroy(struct comparison *comparison)
{
    free(comparison->classes);
    *comparison = (struct comparison){0};
}
