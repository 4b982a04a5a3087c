/*
 * The parts of bench/kernels: each prints lines of text, fields separated by blanks.
 */
#ifndef QUERN_BENCH_KERNELS_H
#define QUERN_BENCH_KERNELS_H

#include "bench/kernels_limits.h"
#include "bench/measure.h"
#include "common/error.h"
#include "formats/store/dataset.h"

struct bench_settings {
    size_t num_repeats;
    size_t num_classes;
    struct image_shape image;
    struct dataset train;
    struct dataset valid;
    int max_threads;
};

/* The peaks of each instruction set: fma, and reading from caches of several sizes and memory. */
bool bench_peaks(struct bench_settings *settings, struct error *error);

/* Every kernel of every table, beside the peaks. */
bool bench_rates(struct bench_settings *settings, struct error *error);

/* An epoch of the linear model on one thread beside the bare loop, for each table. */
bool bench_ceiling(struct bench_settings *settings, struct error *error);

/* Epochs of the linear model on 1, 2, 4, ... and max_threads threads. */
bool bench_threads(struct bench_settings *settings, struct error *error);

/* Evaluating the valid split with each model, on one thread and on max_threads. */
bool bench_evaluate(struct bench_settings *settings, struct error *error);

/* ---- what the parts share ---- */

/* Contexts of works that run into a peak. */
struct peak {
    const struct limits *limits;
    const float *values; /* [count], for peak_read */
    size_t count;
    float sink[LIMITS_SINK_FLOATS];
};

void peak_fma(void *context);
double peak_fma_flops(const struct peak *peak); /* of a call */
void peak_read(void *context);

/* Prints "NAME MEDIAN UNIT best BEST"; a timing times factor is in this unit. */
void print_timing(const char *name, struct timing timing, double factor, const char *unit);

#endif
