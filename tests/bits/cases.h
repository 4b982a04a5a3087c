/* What tests/bits computes. */
#ifndef QUERN_TESTS_BITS_CASES_H
#define QUERN_TESTS_BITS_CASES_H

#include "model/kernels/kernels.h"

/* Runs all cases on a table of kernels; returns lines "NAME HASH", to be freed. */
char *cases_run(const struct kernels *kernels);

#endif
