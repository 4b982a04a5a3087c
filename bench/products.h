/* The parts of bench/products: each prints lines of text, fields separated by blanks. */
#ifndef QUERN_BENCH_PRODUCTS_H
#define QUERN_BENCH_PRODUCTS_H

#include "bench/kernels.h"
#include "model/kernels/kernels.h"

void bench_gemm(const struct kernels *kernels, int max_threads, size_t num_repeats);
void bench_conv(const struct kernels *kernels, int max_threads, size_t num_repeats);

/* Runs peak_fma on peak->count threads; context is a struct peak. */
void run_peaks(void *context);

#endif
