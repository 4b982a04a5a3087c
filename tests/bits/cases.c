#include "tests/bits/cases.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/random.h"
#include "model/class_means.h"
#include "model/kernels/math_functions.h"
#include "model/model.h"

enum { MAX_ROWS = 32, MAX_OUTPUTS = 10, MAX_INPUTS = 4113, MAX_SLICES = 40 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const size_t INPUTS[] = {1, 15, 16, 17, 33, 784, MAX_INPUTS};
static const size_t OUTPUTS[] = {1, 2, 3, MAX_OUTPUTS};
static const size_t ROWS[] = {1, 2, 3, 4, 7, 8, 9, 31, MAX_ROWS};

/* ---- inputs ---- */

/* Rows of pixels, and floats for everything else, the same on every processor. */
struct inputs {
    uint8_t pixels[MAX_ROWS * MAX_INPUTS];
    const uint8_t *rows[MAX_ROWS];
    uint32_t labels[MAX_ROWS];
    float floats[MAX_SLICES * 1000];
};

static struct inputs *make_inputs(void)
{
    struct random_stream stream = random_stream_begin(2026, RANDOM_DRAW, 0);
    struct inputs *inputs = calloc(1, sizeof(*inputs));

    if (!inputs)
        abort();
    for (size_t i = 0; i < COUNT(inputs->pixels); i++)
        inputs->pixels[i] = (uint8_t)random_next(&stream);
    for (size_t i = 0; i < COUNT(inputs->floats); i++)
        inputs->floats[i] = 2.0f * random_uniform(&stream) - 1.0f;
    for (size_t b = 0; b < MAX_ROWS; b++)
        inputs->labels[b] = random_next(&stream);
    return inputs;
}

static void point_at_rows(struct inputs *inputs, size_t D)
{
    for (size_t b = 0; b < MAX_ROWS; b++)
        inputs->rows[b] = inputs->pixels + b * D;
}

/* ---- lines ---- */

void cases_add_to_hash(uint64_t *hash, const void *values, size_t nbytes)
{
    *hash = random_hash(*hash, values, nbytes);
}

void cases_add_line(struct lines *lines, uint64_t hash, const char *format, ...)
{
    va_list arguments;

    if (lines->size - lines->length < 256) {
        lines->size = 2 * lines->size + 4096;
        lines->text = realloc(lines->text, lines->size);
        if (!lines->text)
            abort();
    }
    va_start(arguments, format);
    lines->length += (size_t)vsnprintf(lines->text + lines->length, 200, format, arguments);
    va_end(arguments);
    lines->length += (size_t)snprintf(lines->text + lines->length, 40, " %016" PRIx64 "\n", hash);
}

/* ---- kernels ---- */

static void run_dense(const struct kernels *kernels, const struct inputs *inputs, size_t C,
                      size_t D, struct lines *lines)
{
    const float *weight = inputs->floats, *bias = inputs->floats + 50,
                *grad_logits = inputs->floats + 700;
    float logits[MAX_ROWS * MAX_OUTPUTS], grad_bias[MAX_OUTPUTS];
    float *grad_weight = malloc(C * D * sizeof(float));
    uint64_t forward = 0, backward = 0, distances = 0;

    if (!grad_weight)
        abort();
    for (size_t r = 0; r < COUNT(ROWS); r++) {
        const size_t B = ROWS[r];

        kernels->dense_forward(inputs->rows, B, weight, bias, C, D, logits);
        cases_add_to_hash(&forward, logits, B * C * sizeof(float));
        kernels->dense_backward(inputs->rows, NULL, B, grad_logits, C, D, grad_weight, grad_bias);
        cases_add_to_hash(&backward, grad_weight, C * D * sizeof(float));
        cases_add_to_hash(&backward, grad_bias, C * sizeof(float));
        for (int distance = DISTANCE_L1; distance <= DISTANCE_L2; distance++) {
            kernels->distances(inputs->rows, B, weight, C, D, (enum model_distance)distance,
                               logits);
            cases_add_to_hash(&distances, logits, B * C * sizeof(float));
        }
    }
    free(grad_weight);
    cases_add_line(lines, forward, "dense_forward inputs=%zu outputs=%zu", D, C);
    cases_add_line(lines, backward, "dense_backward inputs=%zu outputs=%zu", D, C);
    cases_add_line(lines, distances, "distances inputs=%zu classes=%zu", D, C);
}

/* Every range of the last few floats, so that whole vectors and rests of any length are in it. */
static void run_ranges(const struct kernels *kernels, const struct inputs *inputs,
                       struct lines *lines)
{
    enum { N = 100 };
    uint64_t tree = 0, add = 0, sgd = 0;

    for (size_t count = 1; count <= MAX_SLICES; count++) {
        float memory[MAX_SLICES][N], *slices[MAX_SLICES];
        const size_t begin = count % 5, end = N - count;

        for (size_t i = 0; i < count; i++)
            slices[i] = memcpy(memory[i], inputs->floats + i * 1000, sizeof(memory[i]));
        kernels->tree_add(slices, count, begin, end);
        cases_add_to_hash(&tree, slices[0], sizeof(memory[0]));

        memcpy(memory[0], inputs->floats, sizeof(memory[0]));
        kernels->add(memory[0], inputs->floats + N, begin, end);
        cases_add_to_hash(&add, memory[0], sizeof(memory[0]));
    }
    for (int setting = 0; setting < 4; setting++) {
        float parameters[N], velocity[N];

        memcpy(parameters, inputs->floats, sizeof(parameters));
        memcpy(velocity, inputs->floats + N, sizeof(velocity));
        kernels->sgd_step(parameters, setting & 1 ? velocity : NULL, inputs->floats + 2 * N, 0.3f,
                          0.9f, setting & 2 ? 0.01f : 0.0f, 3, N - 1);
        cases_add_to_hash(&sgd, parameters, sizeof(parameters));
        cases_add_to_hash(&sgd, velocity, sizeof(velocity));
    }
    cases_add_line(lines, tree, "tree_add slices=1..%d", MAX_SLICES);
    cases_add_line(lines, add, "add");
    cases_add_line(lines, sgd, "sgd_step");
}

/* exp and log1p by kernels, log by itself; numbers of every size, and the ends. */
static void run_functions(const struct kernels *kernels, const struct inputs *inputs,
                          struct lines *lines)
{
    enum { N = 4000 };
    static const double ENDS[] = {0.0,   -0.0,   1.0,    0.5,     INFINITY, 709.782, 709.79,
                                  710.0, -708.4, -745.1, -745.14, -746.0,   -1000.0, 0x1p-1060};
    static double x[N + COUNT(ENDS)], y[N + COUNT(ENDS)];
    uint64_t exp_hash = 0, log1p_hash = 0, log_hash = 0;

    for (size_t i = 0; i < N; i++)
        x[i] = (double)inputs->floats[i] * (i % 3 == 0 ? 745.0 : i % 3 == 1 ? 10.0 : 1e-3);
    memcpy(x + N, ENDS, sizeof(ENDS));
    memcpy(y, x, sizeof(x));
    kernels->exp(y, COUNT(y));
    cases_add_to_hash(&exp_hash, y, sizeof(y));
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = fabs(x[i]);
    memcpy(y, x, sizeof(x));
    kernels->log1p(y, COUNT(y));
    cases_add_to_hash(&log1p_hash, y, sizeof(y));
    for (size_t i = 0; i < COUNT(x); i++)
        y[i] = math_log(x[i]);
    cases_add_to_hash(&log_hash, y, sizeof(y));
    cases_add_line(lines, exp_hash, "exp");
    cases_add_line(lines, log1p_hash, "log1p");
    cases_add_line(lines, log_hash, "log");
}

/* ---- models ---- */

static struct model make_model(const struct kernels *kernels, const struct model_spec *spec)
{
    struct model model;
    struct error error = {0};

    if (!model_create(spec, &model, &error))
        abort();
    model.kernels = kernels;
    return model;
}

/* Initial parameters, five steps of two slices each, and what the model then says of the rows. */
static void run_training(const struct kernels *kernels, struct inputs *inputs, enum model_loss loss,
                         size_t num_classes, struct lines *lines)
{
    const struct model_spec spec = {
        .kind = MODEL_LINEAR, .loss = loss, .image = {9, 11, 3}, .num_classes = num_classes};
    struct model model = make_model(kernels, &spec);
    const size_t P = model.num_parameters;
    struct model_workspace workspace;
    struct error error = {0};
    uint32_t labels[MAX_ROWS], predictions[MAX_ROWS];
    float *grads[2] = {malloc(P * sizeof(float)), malloc(P * sizeof(float))};
    float scores[MAX_ROWS * MAX_OUTPUTS];
    uint64_t initial = 0, trained = 0, said = 0;
    double loss_sum;

    if (!grads[0] || !grads[1] || !model_workspace_create(&model, &workspace, &error))
        abort();
    point_at_rows(inputs, model.num_inputs);
    for (size_t b = 0; b < MAX_ROWS; b++)
        labels[b] = inputs->labels[b] % (uint32_t)num_classes;
    model_init_normal(&model, 0.5, 7);
    cases_add_to_hash(&initial, model.parameters, P * sizeof(float));
    for (int step = 0; step < 5; step++) {
        for (size_t slice = 0; slice < 2; slice++) {
            loss_sum =
                model_compute_gradient(&model, inputs->rows + 15 * slice, NULL, labels + 15 * slice,
                                       15 + 2 * slice, 1.0f / 32, &workspace, grads[slice]);
            cases_add_to_hash(&trained, &loss_sum, sizeof(loss_sum));
        }
        kernels->tree_add(grads, 2, 0, P);
        kernels->sgd_step(model.parameters, NULL, grads[0], 0.5f, 0.0f, 0.0f, 0, P);
    }
    cases_add_to_hash(&trained, model.parameters, P * sizeof(float));
    model_evaluate(&model, inputs->rows, labels, MAX_ROWS, &workspace, predictions, scores,
                   &loss_sum);
    cases_add_to_hash(&said, predictions, sizeof(predictions));
    cases_add_to_hash(&said, scores, MAX_ROWS * num_classes * sizeof(float));
    cases_add_to_hash(&said, &loss_sum, sizeof(loss_sum));
    free(grads[0]);
    free(grads[1]);
    model_workspace_destroy(&workspace);
    model_destroy(&model);
    cases_add_line(lines, initial, "initial classes=%zu", num_classes);
    cases_add_line(lines, trained, "trained %s classes=%zu", model_loss_names[loss], num_classes);
    cases_add_line(lines, said, "evaluated %s classes=%zu", model_loss_names[loss], num_classes);
}

static void run_class_means(struct inputs *inputs, struct lines *lines)
{
    enum { C = 3, D = 99 };
    struct class_means means;
    struct error error = {0};
    uint32_t labels[MAX_ROWS];
    float mean[C * D];
    uint64_t hash = 0;

    for (size_t b = 0; b < MAX_ROWS; b++)
        labels[b] = inputs->labels[b] % C;
    if (!class_means_create(&means, C, D, &error))
        abort();
    class_means_add(&means, inputs->pixels, labels, MAX_ROWS, 1);
    class_means_finish(&means, mean);
    class_means_destroy(&means);
    cases_add_to_hash(&hash, mean, sizeof(mean));
    cases_add_line(lines, hash, "class_means");
}

static void run_shuffle(struct lines *lines)
{
    enum { N = 12396 };
    static uint32_t order[N];
    struct random_stream stream = random_stream_begin(1, RANDOM_EPOCH_ORDER, 1);
    uint64_t hash = 0;

    for (uint32_t i = 0; i < N; i++)
        order[i] = i;
    random_shuffle(&stream, order, N);
    for (size_t i = 0; i < N; i++) {
        const unsigned char bytes[2] = {(unsigned char)order[i], (unsigned char)(order[i] >> 8)};

        cases_add_to_hash(&hash, bytes, sizeof(bytes));
    }
    cases_add_line(lines, hash, "shuffle");
}

char *cases_run(const struct kernels *kernels)
{
    struct inputs *inputs = make_inputs();
    struct lines lines = {0};

    for (size_t i = 0; i < COUNT(INPUTS); i++) {
        point_at_rows(inputs, INPUTS[i]);
        for (size_t c = 0; c < COUNT(OUTPUTS); c++)
            if (OUTPUTS[c] * INPUTS[i] <= COUNT(inputs->floats))
                run_dense(kernels, inputs, OUTPUTS[c], INPUTS[i], &lines);
    }
    run_ranges(kernels, inputs, &lines);
    run_functions(kernels, inputs, &lines);
    for (int loss = LOSS_MAE; loss <= LOSS_CROSS_ENTROPY; loss++)
        for (size_t c = 1; c < COUNT(OUTPUTS); c++)
            run_training(kernels, inputs, (enum model_loss)loss, OUTPUTS[c], &lines);
    run_class_means(inputs, &lines);
    run_shuffle(&lines);
    cases_run_networks(kernels, &lines);
    cases_run_training(kernels, &lines);
    cases_run_steps(kernels, &lines);
    free(inputs);
    return lines.text;
}
