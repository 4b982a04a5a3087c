/* What a training is made of beside networks: losses, optimizers, schedules, starts, augmentation.
 */
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/augment.h"
#include "model/init.h"
#include "model/kernels/math_functions.h"
#include "model/loss.h"
#include "model/optimizer.h"
#include "model/schedule.h"
#include "tests/bits/cases.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NUM_FLOATS = 3000, MAX_PIXELS = 32 * 32 * 3 };

static void fill_noise(float *values, uint64_t index)
{
    struct random_stream stream = random_stream_begin(2028, RANDOM_DRAW, index);

    for (size_t i = 0; i < NUM_FLOATS; i++)
        values[i] = 2.0f * random_uniform(&stream) - 1.0f;
}

static void run_sines(struct lines *lines)
{
    uint64_t hash = 0;

    for (int i = -5000; i <= 5000; i++) {
        const double x = i < 0 ? i * 0x1.9p-3 : i * 0x1.01p-10;
        const double values[] = {math_sin(x), math_cos(x), math_power(0.9, (uint64_t)(i + 5000))};

        cases_add_to_hash(&hash, values, sizeof(values));
    }
    cases_add_line(lines, hash, "sin, cos, power");
}

static void run_losses(const struct kernels *kernels, struct lines *lines)
{
    enum { C = 7, B = 40 };
    static const double WEIGHT[C] = {0.5, 1.5, 0.25, 3.0, 0.0, 1.0, 0.7};
    float logits[NUM_FLOATS], grad[B * C];
    double probs[B * C];
    uint32_t labels[B];
    uint64_t hash = 0;

    fill_noise(logits, 0);
    for (size_t b = 0; b < B * C; b++)
        logits[b] *= b % 5 == 0 ? 30.0f : 3.0f;
    for (int i = 0; i < 3; i++) {
        const struct loss loss = {i ? LOSS_CROSS_ENTROPY : LOSS_MAE, i == 2 ? 0.1 : 0.0, WEIGHT};
        double sum;

        for (size_t b = 0; b < B; b++)
            labels[b] = (uint32_t)(b % C);
        sum = loss_compute_softmax(kernels, &loss, logits, labels, B, C, 0.1, probs, grad);
        cases_add_to_hash(&hash, &sum, sizeof(sum));
        cases_add_to_hash(&hash, grad, sizeof(grad));
        for (size_t b = 0; b < B; b++)
            labels[b] = b % 3 == 0;
        sum = loss_compute_binary(kernels, &loss, logits, labels, B, 0.1, grad);
        cases_add_to_hash(&hash, &sum, sizeof(sum));
        cases_add_to_hash(&hash, grad, B * sizeof(*grad));
    }
    cases_add_line(lines, hash, "loss weights, smoothing");
}

/* Steps of each optimizer along a schedule, with a gradient clipped to a norm. */
static void run_steps(const struct kernels *kernels, struct lines *lines)
{
    static const struct optimizer OPTIMIZERS[] = {
        {OPTIMIZER_SGD, 0.0, false, 0.0, 0.0, 0.01},
        {OPTIMIZER_SGD, 0.9, true, 0.0, 0.0, 0.01},
        {OPTIMIZER_ADAM, 0.9, false, 0.999, 1e-8, 0.01},
        {OPTIMIZER_ADAMW, 0.9, false, 0.98, 1e-8, 0.1},
    };
    static float parameters[NUM_FLOATS], grad[NUM_FLOATS], memory[2][NUM_FLOATS];
    float *const states[] = {memory[0], memory[1]};

    for (size_t i = 0; i < COUNT(OPTIMIZERS); i++) {
        const struct schedule schedule = {.kind = (enum schedule_kind)i,
                                          .learning_rate = 0.05,
                                          .momentum = OPTIMIZERS[i].momentum,
                                          .warmup_steps = 2,
                                          .total_steps = 12,
                                          .step_steps = 4,
                                          .gamma = 0.3};
        uint64_t hash = 0;

        fill_noise(parameters, 1);
        memset(memory, 0, sizeof(memory));
        for (uint64_t step = 0; step < schedule.total_steps; step++) {
            const struct schedule_values values = schedule_at(&schedule, step);
            const struct optimizer_factors factors =
                optimizer_factors_at(&OPTIMIZERS[i], step, values.learning_rate, values.momentum);
            float sums[1];

            fill_noise(grad, 2 + step);
            kernels->optimizer->sum_squares(grad, NUM_FLOATS, sums);
            kernels->optimizer->scale(
                grad, optimizer_clip_factor(optimizer_grad_norm(sums, 1), 5.0), 0, NUM_FLOATS);
            optimizer_step(&OPTIMIZERS[i], &factors, kernels, parameters, states, grad, true, 0,
                           1000);
            optimizer_step(&OPTIMIZERS[i], &factors, kernels, parameters, states, grad, false, 1000,
                           NUM_FLOATS);
            cases_add_to_hash(&hash, &values, sizeof(values));
        }
        cases_add_to_hash(&hash, parameters, sizeof(parameters));
        cases_add_to_hash(&hash, memory, sizeof(memory));
        cases_add_line(lines, hash, "steps %s%s %s", optimizer_names[OPTIMIZERS[i].kind],
                       OPTIMIZERS[i].nesterov ? " nesterov" : "", schedule_names[schedule.kind]);
    }
}

static void run_inits(struct lines *lines)
{
    float data[NUM_FLOATS];
    const struct tensor tensor = {.rank = 2, .shape = {30, 100}, .data = data};

    for (int init = INIT_HE; init <= INIT_NORMAL; init++) {
        uint64_t hash = 0;

        init_fill((enum init)init, 5, 3, &tensor, ROLE_WEIGHT, 100, 30, 0.01);
        cases_add_to_hash(&hash, data, sizeof(data));
        cases_add_line(lines, hash, "init %s", init_names[init]);
    }
}

static void run_augments(struct lines *lines)
{
    static const char *const TEXTS[] = {
        "rotate:15",
        "shift:2.5",
        "scale:0.2",
        "shear:0.3",
        "elastic:1.5:6",
        "flip",
        "crop:4",
        "brightness:0.4",
        "contrast:0.4",
        "erase:0.7",
        "digits",
        "photos",
        "digits fill:edge elastic:1:7 flip brightness:0.1 contrast:0.3 erase:0.5",
        "rotate:180 scale:0.9 shear:2 shift:20 crop:9 elastic:5:2 fill:reflect",
    };
    static const struct image_shape IMAGES[] = {{28, 28, 1}, {32, 32, 3}, {5, 9, 3}};
    uint8_t in[MAX_PIXELS], out[MAX_PIXELS];
    struct random_stream stream = random_stream_begin(2029, RANDOM_DRAW, 0);

    for (size_t i = 0; i < MAX_PIXELS; i++)
        in[i] = (uint8_t)random_next(&stream);
    for (size_t t = 0; t < COUNT(TEXTS); t++) {
        struct augment augment;
        struct error error = {0};
        uint64_t hash = 0;

        if (!augment_parse(TEXTS[t], &augment, &error))
            abort();
        for (size_t i = 0; i < COUNT(IMAGES); i++) {
            void *scratch = malloc(augment_scratch_nbytes(&augment, &IMAGES[i]));

            if (!scratch)
                abort();
            for (uint64_t sample = 0; sample < 50; sample++) {
                augment_apply(&augment, 1, 1 + sample % 2, sample, &IMAGES[i], in, out, scratch);
                cases_add_to_hash(&hash, out, image_num_values(&IMAGES[i]));
            }
            free(scratch);
        }
        cases_add_line(lines, hash, "augment %s", TEXTS[t]);
    }
}

void cases_run_training(const struct kernels *kernels, struct lines *lines)
{
    run_sines(lines);
    run_losses(kernels, lines);
    run_steps(kernels, lines);
    run_inits(lines);
    run_augments(lines);
}
