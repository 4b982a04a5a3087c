#include <stdio.h>
#include <stdlib.h>

#include "bench/kernels.h"
#include "common/memory.h"
#include "common/random.h"
#include "common/text.h"
#include "model/kernels/kernels.h"
#include "model/loss.h"
#include "model/model.h"

enum { B = MODEL_SLICE_ROWS, NUM_SLICES = 8, MAX_OUTPUTS = 10 };

/* What all kernels work on; the arrays of weights are [C][D]. */
struct operands {
    const struct kernels *kernels;
    size_t C, D;
    const uint8_t *rows[B];
    uint32_t labels[B];
    float *weight, *grad, *velocity;
    float *slices[NUM_SLICES];
    float bias[MAX_OUTPUTS], grad_bias[MAX_OUTPUTS];
    float logits[B * MAX_OUTPUTS], grad_logits[B * MAX_OUTPUTS];
    double probs[B * MAX_OUTPUTS];
};

static void call_dense_forward(void *context)
{
    struct operands *x = context;

    x->kernels->dense_forward(x->rows, B, x->weight, x->bias, x->C, x->D, x->logits);
}

static void call_dense_backward(void *context)
{
    struct operands *x = context;

    x->kernels->dense_backward(x->rows, NULL, B, x->grad_logits, x->C, x->D, x->grad, x->grad_bias);
}

static void call_distances_l1(void *context)
{
    struct operands *x = context;

    x->kernels->distances(x->rows, B, x->weight, x->C, x->D, DISTANCE_L1, x->logits);
}

static void call_distances_l2(void *context)
{
    struct operands *x = context;

    x->kernels->distances(x->rows, B, x->weight, x->C, x->D, DISTANCE_L2, x->logits);
}

static void call_tree_add(void *context)
{
    struct operands *x = context;

    x->kernels->tree_add(x->slices, NUM_SLICES, 0, x->C * x->D);
}

static void call_add(void *context)
{
    struct operands *x = context;

    x->kernels->add(x->velocity, x->slices[1], 0, x->C * x->D);
}

/* A learning rate of 0 takes as long as another and keeps the numbers finite. */
static void call_sgd_step(void *context)
{
    struct operands *x = context;

    x->kernels->sgd_step(x->weight, x->velocity, x->slices[1], 0.0f, 0.5f, 0.0f, 0, x->C * x->D);
}

static void compute_loss(struct operands *x, enum model_loss kind)
{
    const struct loss loss = {.kind = kind};

    if (x->C == 1)
        loss_compute_binary(x->kernels, &loss, x->logits, x->labels, B, 1.0, x->grad_logits);
    else
        loss_compute_softmax(x->kernels, &loss, x->logits, x->labels, B, x->C, 1.0, x->probs,
                             x->grad_logits);
}

static void call_loss_mae(void *context)
{
    compute_loss(context, LOSS_MAE);
}

static void call_loss_cross_entropy(void *context)
{
    compute_loss(context, LOSS_CROSS_ENTROPY);
}

/* What a call does for each of the C D weights. */
static const struct kernel_case {
    const char *name;
    void (*function)(void *context);
    double num_flops;  /* of floats; a multiply-add counts as two, an absolute value as none */
    double num_floats; /* read and written */
    bool reads_pixels; /* B D of them */
} cases[] = {
    {"dense_forward", call_dense_forward, 2 * B, 1, true},
    {"dense_backward", call_dense_backward, 2 * B, 1, true},
    {"distances-l1", call_distances_l1, 3 * B, 1, true},
    {"distances-l2", call_distances_l2, 4 * B, 1, true},
    {"tree_add", call_tree_add, NUM_SLICES - 1, NUM_SLICES + 1, false},
    {"add", call_add, 1, 3, false},
    {"sgd_step", call_sgd_step, 4, 5, false},
};

static void print_rates(struct operands *x, size_t num_repeats)
{
    struct peak peak = {
        .limits = limits_find(x->kernels->name), .values = x->slices[0], .count = x->D / 128 * 128};
    const double num_weights = (double)x->C * (double)x->D;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kernel_case *kernel = &cases[i];
        const struct work works[] = {{kernel->function, x}, {peak_fma, &peak}, {peak_read, &peak}};
        struct timing timings[3];
        double gflops, gbytes, peak_gflops, peak_gbytes;

        measure(works, 3, num_repeats, timings);
        gflops = num_weights * kernel->num_flops * 1e-9 / timings[0].best;
        gbytes = (num_weights * kernel->num_floats * sizeof(float) +
                  (kernel->reads_pixels ? (double)(B * x->D) : 0.0)) *
                 1e-9 / timings[0].best;
        peak_gflops = peak_fma_flops(&peak) * 1e-9 / timings[1].best;
        peak_gbytes = (double)(peak.count * sizeof(float)) * 1e-9 / timings[2].best;
        printf("rate/%s/%s/%zu %.1f GFLOP/s %.1f %% of %.1f, %.1f GB/s %.1f %% of %.1f\n",
               kernel->name, x->kernels->name, x->C, gflops, 100 * gflops / peak_gflops,
               peak_gflops, gbytes, 100 * gbytes / peak_gbytes, peak_gbytes);
        fflush(stdout);
    }
}

static void print_losses(struct operands *x, size_t num_repeats)
{
    const struct work works[] = {{call_loss_mae, x}, {call_loss_cross_entropy, x}};
    struct timing timings[2];

    measure(works, 2, num_repeats, timings);
    for (size_t i = 0; i < 2; i++)
        print_timing(TEXT("loss/%s/%s/%zu", model_loss_names[i], x->kernels->name, x->C),
                     timings[i], 1e9 / B, "ns/row");
}

/* Lays the arrays into a block of floats, which holds the pixels too. */
static bool make_operands(struct operands *x, float **block, struct error *error)
{
    struct random_stream stream = random_stream_begin(2, RANDOM_DRAW, 0);
    const size_t num_weights = (x->C * x->D + 15) / 16 * 16;
    float **arrays[3] = {&x->weight, &x->grad, &x->velocity};
    uint8_t *pixels;
    bool ok = memory_allocate(block, num_weights * (3 + NUM_SLICES) + B * x->D / sizeof(float),
                              sizeof(float), error);

    if (!ok)
        return ok;
    for (size_t i = 0; i < 3; i++)
        *arrays[i] = *block + i * num_weights;
    for (size_t i = 0; i < NUM_SLICES; i++)
        x->slices[i] = *block + (3 + i) * num_weights;
    pixels = (uint8_t *)(*block + (3 + NUM_SLICES) * num_weights);
    for (size_t b = 0; b < B; b++) {
        for (size_t d = 0; d < x->D; d++)
            pixels[b * x->D + d] = (uint8_t)random_next(&stream);
        x->rows[b] = pixels + b * x->D;
        x->labels[b] = random_below(&stream, x->C == 1 ? 2 : (uint32_t)x->C);
    }
    for (size_t i = 0; i < num_weights; i++)
        x->weight[i] = (random_uniform(&stream) - 0.5f) * 0.1f;
    for (size_t i = 0; i < B * x->C; i++)
        x->grad_logits[i] = random_uniform(&stream) - 0.5f;
    return true;
}

bool bench_rates(struct bench_settings *settings, struct error *error)
{
    static const size_t outputs[] = {1, MAX_OUTPUTS};
    const struct kernels *tables[KERNELS_MAX_TABLES];
    const size_t num_tables = kernels_list(tables);
    bool ok = true;

    for (size_t i = 0; i < 2 && ok; i++) {
        struct operands x = {.C = outputs[i], .D = 784};
        float *block = NULL;

        ok = make_operands(&x, &block, error);
        for (size_t t = 0; t < num_tables && ok; t++) {
            x.kernels = tables[t];
            print_rates(&x, settings->num_repeats);
            print_losses(&x, settings->num_repeats);
        }
        free(block);
    }
    return ok;
}
