/* Whole networks: a few steps, of batches with a short last slice. */
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/init.h"
#include "model/network.h"
#include "model/optimizer.h"
#include "model/pass.h"
#include "tests/bits/cases.h"

enum { NUM_ROWS = 70, NUM_SLICES = 3, NUM_CLASSES = 5, NUM_STEPS = 4 };

struct training {
    struct model model;
    struct pass pass;
    float *slice_grads[NUM_SLICES], *grad, *states[OPTIMIZER_MAX_STATES];
    uint8_t *pixels;
    const uint8_t *rows[NUM_ROWS];
    uint32_t labels[NUM_ROWS], samples[NUM_ROWS];
    double losses[NUM_SLICES];
};

static void *allocate(size_t count, size_t nbytes)
{
    void *block = calloc(count ? count : 1, nbytes);

    if (!block)
        abort();
    return block;
}

static void training_init_parameters(struct training *training)
{
    const struct network *network = training->model.network;
    size_t index = 0;

    for (size_t i = 0; i < network->num_layers; i++) {
        for (size_t k = 0; k < network->layers[i].num_tensors; k++, index++) {
            const struct tensor *tensor = &training->model.tensors[index];
            size_t num_inputs = tensor_num_elements(tensor) / tensor->shape[0];

            init_fill(INIT_HE, 9, index, tensor, network->layers[i].tensors[k].role, num_inputs,
                      tensor->shape[0], 0.0);
        }
    }
}

static void training_create(struct training *training, const struct kernels *kernels,
                            const char *text, const struct image_shape *image)
{
    struct model_spec spec = {.kind = MODEL_NETWORK,
                              .loss = LOSS_CROSS_ENTROPY,
                              .label_smoothing = 0.1,
                              .image = *image,
                              .num_classes = NUM_CLASSES,
                              .layers = text,
                              .input = {{0.01f, 0.02f, 0.005f}, {-1.0f, -2.0f, 0.1f}}};
    const struct pass_size size = {NUM_ROWS, NUM_SLICES, 1, true};
    struct random_stream stream = random_stream_begin(2029, RANDOM_DRAW, 0);
    struct model *model = &training->model;
    struct error error = {0};
    size_t num_values = image_num_values(image);

    *training = (struct training){.pixels = allocate(NUM_ROWS, num_values)};
    if (!model_create(&spec, model, &error) || !pass_create(&training->pass, model, &size, &error))
        abort();
    model->kernels = kernels;
    training_init_parameters(training);
    for (size_t i = 0; i < NUM_SLICES; i++)
        training->slice_grads[i] = allocate(model->num_slice_parameters, sizeof(float));
    training->grad = allocate(model->num_parameters, sizeof(float));
    for (size_t i = 0; i < OPTIMIZER_MAX_STATES; i++)
        training->states[i] = allocate(model->num_parameters, sizeof(float));
    for (size_t i = 0; i < NUM_ROWS * num_values; i++)
        training->pixels[i] = (uint8_t)random_next(&stream);
    for (size_t i = 0; i < NUM_ROWS; i++) {
        training->rows[i] = training->pixels + i * num_values;
        training->labels[i] = random_below(&stream, NUM_CLASSES);
        training->samples[i] = (uint32_t)(NUM_ROWS - i);
    }
}

static void training_destroy(struct training *training)
{
    pass_destroy(&training->pass);
    model_destroy(&training->model);
    for (size_t i = 0; i < NUM_SLICES; i++)
        free(training->slice_grads[i]);
    for (size_t i = 0; i < OPTIMIZER_MAX_STATES; i++)
        free(training->states[i]);
    free(training->grad);
    free(training->pixels);
}

static struct pass_slice training_slice(const struct training *training, size_t index,
                                        uint64_t epoch)
{
    size_t first = index * MODEL_SLICE_ROWS, left = NUM_ROWS - first;

    return (struct pass_slice){.index = index,
                               .num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS,
                               .rows = training->rows + first,
                               .labels = training->labels + first,
                               .samples = training->samples + first,
                               .seed = 11,
                               .epoch = epoch};
}

/* The gradient of the whole batch. */
static void training_compute(struct training *training, uint64_t epoch)
{
    struct model *model = &training->model;
    struct pass *pass = &training->pass;
    size_t last = pass_num_stages(model) - 1, size = model->network->sums_size;

    model_pack(model, true, 0, 1);
    for (size_t stage = 0; stage <= last; stage++) {
        for (size_t i = 0; i < NUM_SLICES; i++) {
            struct pass_slice slice = training_slice(training, i, epoch);

            pass_forward(pass, stage, &slice, pass->sums + i * size);
            if (stage < last)
                continue;
            training->losses[i] = pass_loss(pass, &slice, 1.0 / NUM_ROWS);
            pass_backward(pass, stage, &slice, training->slice_grads[i], pass->sums + i * size);
        }
        if (stage < last)
            pass_end_forward(pass, stage, pass->sums, NUM_SLICES, NUM_ROWS, model->parameters);
    }
    for (size_t stage = last; stage > 0; stage--) {
        pass_end_backward(pass, stage, pass->sums, NUM_SLICES, NUM_ROWS);
        for (size_t i = 0; i < NUM_SLICES; i++) {
            struct pass_slice slice = training_slice(training, i, epoch);

            pass_backward(pass, stage - 1, &slice, training->slice_grads[i], pass->sums + i * size);
        }
    }
    pass_gradient_tiles(pass, 0, NUM_SLICES, NUM_ROWS, 0, 1, training->grad);
    model->kernels->tree_add(training->slice_grads, NUM_SLICES, 0, model->num_slice_parameters);
    memcpy(training->grad, training->slice_grads[0], model->num_slice_parameters * sizeof(float));
}

static void run_steps(const struct kernels *kernels, const char *text,
                      const struct image_shape *image, struct lines *lines)
{
    const struct optimizer optimizer = {OPTIMIZER_ADAM, 0.9, false, 0.999, 1e-8, 0.01};
    struct training training;
    const struct model *model = &training.model;
    uint64_t hash = 0;

    training_create(&training, kernels, text, image);
    for (uint64_t step = 0; step < NUM_STEPS; step++) {
        const struct optimizer_factors factors = optimizer_factors_at(&optimizer, step, 0.01, 0.9);

        training_compute(&training, 1 + step);
        cases_add_to_hash(&hash, training.losses, sizeof(training.losses));
        optimizer_step(&optimizer, &factors, kernels, model->parameters, training.states,
                       training.grad, true, 0, model->num_trained_parameters);
    }
    cases_add_to_hash(&hash, model->parameters, model->num_parameters * sizeof(float));
    cases_add_line(lines, hash, "network %zux%zux%zu %s", image->channels, image->height,
                   image->width, text);
    training_destroy(&training);
}

void cases_run_steps(const struct kernels *kernels, struct lines *lines)
{
    run_steps(kernels, "dense:20 relu dropout:0.2 dense:13 relu", &(struct image_shape){9, 7, 1},
              lines);
    run_steps(kernels,
              "conv:6 norm relu res( conv:6 norm relu dropout:0.1 conv:6 ) pool conv:9:5:s2 relu "
              "dense:20 norm relu",
              &(struct image_shape){10, 11, 3}, lines);
    run_steps(kernels, "norm conv:17 relu res( norm relu conv:17:1 ) relu avgpool dense:9",
              &(struct image_shape){6, 5, 1}, lines);
}
