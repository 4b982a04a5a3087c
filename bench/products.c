/*
 * bench/products: GFLOP/s of matrix products, packing included, beside what the core can do.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/products.h"
#include "common/options.h"
#include "common/random.h"

/* ---- one product ---- */

/* C [M][N] = A [M][K] B [K][N]; or with B transposed in memory, as weights are; or dW's tree. */
enum form { FORM_PLAIN, FORM_WEIGHTS, FORM_TREE };

struct product {
    const struct kernels *kernels;
    size_t M, K, N;
    enum form form;
    int num_threads;
    float *A, *B, *packed, *C;
};

static void multiply_range(const struct product *x, size_t begin_row, size_t end_row)
{
    const struct gemm_product product = {.K = x->K,
                                         .N = x->N,
                                         .A = gemm_plain(x->A, x->K),
                                         .packed_B = x->packed,
                                         .C = x->C,
                                         .C_stride = x->N};
    const struct gemm_tree tree = {.K = x->K,
                                   .N = x->N,
                                   .A = gemm_transposed(x->A, x->M),
                                   .packed_B = x->packed,
                                   .slice_rows = 32,
                                   .end_slice = (x->K + 31) / 32,
                                   .C = x->C,
                                   .C_stride = x->N};

    if (x->form == FORM_TREE)
        x->kernels->gemm->multiply_tree(&tree, begin_row, end_row, 0, x->N);
    else
        x->kernels->gemm->multiply(&product, begin_row, end_row, 0, x->N);
}

/* Threads pack a range of panels each, wait, and take a range of rows each. */
static void run_product(void *context)
{
    const struct product *x = context;
    const struct gemm_matrix B =
        x->form == FORM_WEIGHTS ? gemm_transposed(x->B, x->K) : gemm_plain(x->B, x->N);
    const size_t num_panels = (x->N + GEMM_PANEL - 1) / GEMM_PANEL;

#pragma omp parallel num_threads(x->num_threads)
    {
        const size_t thread = (size_t)omp_get_thread_num();
        const size_t num_threads = (size_t)omp_get_num_threads();
        const size_t end = (thread + 1) * num_panels / num_threads * GEMM_PANEL;

        x->kernels->gemm->pack(&B, x->K, x->N, thread * num_panels / num_threads * GEMM_PANEL,
                               end < x->N ? end : x->N, x->packed);
#pragma omp barrier
        multiply_range(x, thread * x->M / num_threads, (thread + 1) * x->M / num_threads);
    }
}

void run_peaks(void *context)
{
    struct peak *peaks = context;

#pragma omp parallel num_threads((int)peaks->count)
    {
        struct peak peak = *peaks;

        peak_fma(&peak);
    }
}

static float *draw(size_t count, uint64_t index)
{
    struct random_stream stream = random_stream_begin(3, RANDOM_DRAW, index);
    float *values = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);

    if (!values)
        abort();
    for (size_t i = 0; i < count; i++)
        values[i] = random_uniform(&stream) - 0.5f;
    return values;
}

static void measure_product(struct product *x, size_t num_repeats)
{
    static const char *const names[] = {"plain", "weights", "tree"};
    struct peak peak = {.limits = limits_find(x->kernels->name), .count = (size_t)x->num_threads};
    const struct work works[] = {{run_product, x}, {run_peaks, &peak}};
    const double gflop = 2e-9 * (double)x->M * (double)x->K * (double)x->N;
    struct timing timings[2];
    double peak_gflops;

    x->A = draw(x->M * x->K, 0);
    x->B = draw(x->K * x->N, 1);
    x->packed = draw(gemm_packed_size(x->K, x->N), 2);
    x->C = draw(x->M * x->N, 3);
    measure(works, 2, num_repeats, timings);
    peak_gflops = peak_fma_flops(&peak) * x->num_threads * 1e-9 / timings[1].median;
    printf("gemm/%s/%zux%zux%zu/%d %.1f GFLOP/s best %.1f, %.1f %% of %.1f\n", names[x->form], x->M,
           x->K, x->N, x->num_threads, gflop / timings[0].median, gflop / timings[0].best,
           100 * gflop / timings[0].median / peak_gflops, peak_gflops);
    fflush(stdout);
    free(x->A);
    free(x->B);
    free(x->packed);
    free(x->C);
}

void bench_gemm(const struct kernels *kernels, int max_threads, size_t num_repeats)
{
    static const size_t shapes[][3] = {
        {256, 784, 1024}, {256, 784, 32}, {4096, 144, 32}, {784, 256, 512}, {1024, 256, 784}};

    for (int form = FORM_PLAIN; form <= FORM_TREE; form++)
        for (int num_threads = 1; num_threads <= max_threads; num_threads++)
            for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
                struct product x = {.kernels = kernels,
                                    .M = shapes[i][0],
                                    .K = shapes[i][1],
                                    .N = shapes[i][2],
                                    .form = (enum form)form,
                                    .num_threads = num_threads};

                if (form != FORM_TREE || x.K == 256)
                    measure_product(&x, num_repeats);
            }
}

/* ---- command line ---- */

static const char summary[] =
    "Measures products of matrices and convolutions, packing included, beside multiply-adds in\n"
    "registers.  PART is gemm or conv (default: both).";

int main(int argc, char **argv)
{
    uint64_t num_repeats = 51, max_threads = (uint64_t)omp_get_num_procs();
    const struct option_spec specs[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_COUNT, "repeats", "N", .help = "repeats of each measurement", .value = &num_repeats,
         .minimum = 1, .maximum = MEASURE_MAX_REPEATS},
        {OPTION_COUNT, "threads", "N", .help = "the most threads to measure", .value = &max_threads,
         .minimum = 1, .maximum = 1024},
    };
    const struct program program = {.name = "products",
                                    .usage = "[OPTION...] [PART]",
                                    .summary = summary,
                                    .options = specs,
                                    .num_options = sizeof(specs) / sizeof(specs[0])};
    const struct kernels *kernels = NULL;
    struct error error = {0};
    bool done = false;
    int first;

    if (options_parse(&program, argc, argv, &first, &done, &error) && !done &&
        kernels_choose(&kernels, &error)) {
        if (first == argc || strcmp(argv[first], "gemm") == 0)
            bench_gemm(kernels, (int)max_threads, (size_t)num_repeats);
        if (first == argc || strcmp(argv[first], "conv") == 0)
            bench_conv(kernels, (int)max_threads, (size_t)num_repeats);
    }
    return options_exit_status(program.name, &error);
}
