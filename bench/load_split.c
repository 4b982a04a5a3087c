/*
 * How fast a split of a store comes into memory: megabytes of pixels a second, medians.
 *
 * Usage: load_split STORE.h5 [THREADS [RUNS [SPLIT]]]
 *
 * Opens the store and reads all pixels, checked against their CRC-32, into new memory each time, as
 * quern-train does; once with the seal's checksum over every byte of the file (--verify full) and
 * once without (--verify quick).  The file is in the page cache after the first run.
 */
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "common/options.h"
#include "formats/store/store.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

struct plan {
    const char *path;
    enum split split;
    struct store_checks checks;
};

/* Seconds to open, and to read all pixels. */
static bool load(const struct plan *plan, double *open_seconds, double *read_seconds,
                 uint64_t *nbytes, struct error *error)
{
    struct store *store = NULL;
    uint8_t *pixels = NULL;
    double start = now();
    bool ok = store_open_with(plan->path, &plan->checks, &store, error);
    uint64_t num_rows = 0;
    size_t row_nbytes = 0;

    *open_seconds = now() - start;
    if (ok) {
        num_rows = store_num_rows(store, plan->split);
        row_nbytes = image_num_values(store_image_shape(store));
        *nbytes = num_rows * row_nbytes;
    }
    start = now();
    if (ok)
        ok = memory_allocate_unset(&pixels, num_rows, row_nbytes, error);
    if (ok)
        ok = store_read_pixels(store, plan->split, 0, num_rows, plan->checks.num_threads, pixels,
                               error);
    *read_seconds = now() - start;
    free(pixels);
    if (store)
        store_close(store);
    return ok;
}

static bool measure(const struct plan *plan, uint64_t num_runs, struct error *error)
{
    double *opens = NULL, *reads = NULL, *wholes = NULL;
    uint64_t nbytes = 0;
    bool ok = memory_allocate(&opens, num_runs, sizeof(*opens), error);

    if (ok)
        ok = memory_allocate(&reads, num_runs, sizeof(*reads), error);
    if (ok)
        ok = memory_allocate(&wholes, num_runs, sizeof(*wholes), error);
    for (uint64_t i = 0; i < num_runs && ok; i++) {
        ok = load(plan, &opens[i], &reads[i], &nbytes, error);
        wholes[i] = opens[i] + reads[i];
    }
    if (ok)
        printf("verify=%s threads=%d megabytes=%.1f open_ms=%.2f read_ms=%.2f "
               "read_mb_per_second=%.0f open_and_read_mb_per_second=%.0f\n",
               plan->checks.skip_seal ? "quick" : "full", plan->checks.num_threads,
               (double)nbytes / 1e6, 1e3 * median(opens, num_runs), 1e3 * median(reads, num_runs),
               (double)nbytes / 1e6 / median(reads, num_runs),
               (double)nbytes / 1e6 / median(wholes, num_runs));
    free(opens);
    free(reads);
    free(wholes);
    return ok;
}

int main(int argc, char **argv)
{
    struct plan plan = {.split = SPLIT_TRAIN};
    struct error error = {0};
    uint64_t num_threads = (uint64_t)omp_get_num_procs(), num_runs = 9;
    bool ok = true;

    if (argc < 2 || argc > 5) {
        fprintf(stderr, "Usage: load_split STORE.h5 [THREADS [RUNS [SPLIT]]]\n");
        return STATUS_USAGE;
    }
    plan.path = argv[1];
    if (argc > 2)
        ok = options_parse_count("THREADS", argv[2], 1, 1024, &num_threads, &error);
    if (ok && argc > 3)
        ok = options_parse_count("RUNS", argv[3], 1, 100000, &num_runs, &error);
    for (int split = 0; argc > 4 && split < NUM_SPLITS; split++)
        if (strcmp(argv[4], split_names[split]) == 0)
            plan.split = (enum split)split;
    plan.checks.num_threads = (int)num_threads;
    for (int i = 0; i < 2 && ok; i++) {
        plan.checks.skip_seal = i == 1;
        ok = measure(&plan, num_runs, &error);
    }
    if (!ok)
        error_print(&error, "load_split", stderr);
    return (int)error.status;
}
