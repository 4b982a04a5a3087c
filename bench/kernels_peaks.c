#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/kernels.h"
#include "common/memory.h"
#include "common/text.h"
#include "model/kernels/kernels.h"

enum { FMA_ROUNDS = 2000, MAX_NBYTES = 256 << 20 };

extern const struct limits limits_baseline;
#ifdef QUERN_KERNELS_X86_64
extern const struct limits limits_avx2;
extern const struct limits limits_avx512;
#endif

const struct limits *limits_find(const char *name)
{
    static const struct limits *const tables[] = {
        &limits_baseline,
#ifdef QUERN_KERNELS_X86_64
        &limits_avx2,
        &limits_avx512,
#endif
    };

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return NULL;
}

void print_timing(const char *name, struct timing timing, double factor, const char *unit)
{
    printf("%s %.6g %s best %.6g\n", name, timing.median * factor, unit, timing.best * factor);
    fflush(stdout);
}

void peak_fma(void *context)
{
    struct peak *peak = context;

    peak->limits->fma(FMA_ROUNDS, peak->sink);
}

double peak_fma_flops(const struct peak *peak)
{
    return (double)peak->limits->flops_per_fma * FMA_ROUNDS;
}

void peak_read(void *context)
{
    struct peak *peak = context;

    peak->limits->read(peak->values, peak->count, peak->sink);
}

static void print_rate(const char *name, struct timing timing, double amount, const char *unit)
{
    printf("%s %.1f %s best %.1f\n", name, amount / timing.median * 1e-9, unit,
           amount / timing.best * 1e-9);
    fflush(stdout);
}

static void print_peaks(struct peak *peak, size_t num_repeats)
{
    static const struct {
        const char *name;
        size_t nbytes;
    } sizes[] = {{"16KB", 16 << 10}, {"256KB", 256 << 10}, {"8MB", 8 << 20}, {"256MB", MAX_NBYTES}};
    struct timing timing;

    measure(&(struct work){peak_fma, peak}, 1, num_repeats, &timing);
    print_rate(TEXT("peak/%s/fma", peak->limits->name), timing, peak_fma_flops(peak), "GFLOP/s");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        peak->count = sizes[i].nbytes / sizeof(float);
        measure(&(struct work){peak_read, peak}, 1, num_repeats, &timing);
        print_rate(TEXT("peak/%s/read-%s", peak->limits->name, sizes[i].name), timing,
                   (double)sizes[i].nbytes, "GB/s");
    }
}

bool bench_peaks(struct bench_settings *settings, struct error *error)
{
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    float *values = NULL;
    bool ok = memory_allocate(&values, MAX_NBYTES, 1, error);

    for (size_t t = 0; t < num_tables && ok; t++) {
        struct peak peak = {.limits = limits_find(tables[t]->name), .values = values};

        print_peaks(&peak, settings->num_repeats);
    }
    free(values);
    return ok;
}
