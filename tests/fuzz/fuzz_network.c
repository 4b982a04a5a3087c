/*
 * Texts of networks.  What can be planned and is small is trained on a batch: whoever computes it,
 * and by whichever kernels, the loss, the gradient and the running averages are the same bits.
 *
 * The first bytes choose the image, the classes, the rows and the threads; the rest is the text as
 * it stands, or, where the first byte is even, a word of the list below for each byte.
 */
#include <math.h>
#include <string.h>

#include "common/random.h"
#include "model/kernels/kernels.h"
#include "model/network.h"
#include "model/pass.h"
#include "tests/fuzz/fuzz.h"

enum {
    NUM_CHOICES = 6,
    MAX_ROWS = 100,
    MAX_SLICES = 4,
    MAX_NBYTES = 4 << 20,
    MAX_MULTIPLY_ADDS = 1 << 19
};

static const char *const words[] = {
    "leaky:0.1", "dense:3",   "dense:17",  "conv:2",      "conv:5:1", "conv:3:5:s2", "conv:4:3:s3",
    "conv:1:7",  "relu",      "pool",      "avgpool",     "norm",     "dropout:0.5", "res(",
    ")",         "res( relu", "res( norm", "res( conv:3", "conv:3 )", "res(",        ")",
    "relu",      "norm",      "conv:3",    "conv:1",
};

struct trial {
    struct image_shape image;
    size_t num_classes, num_rows, num_threads;
    char text[NETWORK_MAX_TEXT + 64];
    uint8_t *pixels;
    const uint8_t *rows[MAX_ROWS];
    uint32_t labels[MAX_ROWS], samples[MAX_ROWS];
};

/* What a batch leaves. */
struct outcome {
    double loss;
    float *grad, *parameters; /* [num_parameters] */
};

static void *allocate(size_t count, size_t nbytes)
{
    void *block = calloc(count ? count : 1, nbytes);

    FUZZ_DEMAND(block);
    return block;
}

static void trial_read(struct trial *trial, const uint8_t *bytes, size_t nbytes)
{
    size_t length = 0;

    *trial = (struct trial){.image = {1 + bytes[1] % 13, 1 + bytes[2] % 13, bytes[3] & 1 ? 3 : 1},
                            .num_classes = 2 + bytes[3] / 2 % 20,
                            .num_rows = 1 + bytes[4] % MAX_ROWS,
                            .num_threads = 1 + bytes[5] % 7};
    for (size_t i = NUM_CHOICES; i < nbytes && length < NETWORK_MAX_TEXT; i++) {
        if (bytes[0] & 1)
            trial->text[length++] = (char)bytes[i];
        else
            length += (size_t)snprintf(trial->text + length, sizeof(trial->text) - length, "%s ",
                                       words[bytes[i] % (sizeof(words) / sizeof(words[0]))]);
    }
}

static void trial_draw_batch(struct trial *trial)
{
    struct random_stream stream = random_stream_begin(3, RANDOM_DRAW, 0);
    size_t num_values = image_num_values(&trial->image);

    trial->pixels = allocate(trial->num_rows, num_values);
    for (size_t i = 0; i < trial->num_rows * num_values; i++)
        trial->pixels[i] = (uint8_t)random_next(&stream);
    for (size_t i = 0; i < trial->num_rows; i++) {
        trial->rows[i] = trial->pixels + i * num_values;
        trial->labels[i] = random_below(&stream, (uint32_t)trial->num_classes);
        trial->samples[i] = (uint32_t)i;
    }
}

static void init_parameters(struct model *model)
{
    struct random_stream stream = random_stream_begin(4, RANDOM_DRAW, 0);

    for (size_t i = 0; i < model->num_tensors; i++)
        for (size_t k = 0; k < tensor_num_elements(&model->tensors[i]); k++)
            model->tensors[i].data[k] = random_uniform(&stream) - 0.45f;
}

/* ---- a batch ---- */

struct batch {
    const struct trial *trial;
    struct model *model;
    struct pass pass;
    size_t num_threads, num_slices;
    float *slice_grads[MAX_SLICES];
    double losses[MAX_SLICES];
};

/* Slices in an order of no kind, each by another thread. */
static struct pass_slice batch_slice(const struct batch *batch, size_t index)
{
    const struct trial *trial = batch->trial;
    size_t first = index * MODEL_SLICE_ROWS, left = trial->num_rows - first;

    return (struct pass_slice){.index = index,
                               .thread = index * batch->num_threads / batch->num_slices,
                               .num_rows = left < MODEL_SLICE_ROWS ? left : MODEL_SLICE_ROWS,
                               .rows = trial->rows + first,
                               .labels = trial->labels + first,
                               .samples = trial->samples + first,
                               .seed = 1,
                               .epoch = 2};
}

static double *batch_sums(const struct batch *batch, size_t slice)
{
    return batch->pass.sums + slice * batch->model->network->sums_size;
}

static void batch_forward(struct batch *batch, size_t stage, size_t index)
{
    struct pass_slice slice = batch_slice(batch, index);
    double *sums = batch_sums(batch, index);

    pass_forward(&batch->pass, stage, &slice, sums);
    if (stage + 1 < pass_num_stages(batch->model))
        return;
    batch->losses[index] = pass_loss(&batch->pass, &slice, 1.0 / (double)batch->trial->num_rows);
    pass_backward(&batch->pass, stage, &slice, batch->slice_grads[index], sums);
}

static void batch_run(struct batch *batch, struct outcome *outcome)
{
    struct model *model = batch->model;
    struct pass *pass = &batch->pass;
    size_t last = pass_num_stages(model) - 1, num_rows = batch->trial->num_rows;

    init_parameters(model);
    for (size_t thread = 0; thread < batch->num_threads; thread++)
        model_pack(model, true, thread, batch->num_threads);
    for (size_t stage = 0; stage <= last; stage++) {
        for (size_t i = batch->num_slices; i-- > 0;)
            batch_forward(batch, stage, i);
        if (stage < last)
            pass_end_forward(pass, stage, pass->sums, batch->num_slices, num_rows,
                             model->parameters);
    }
    for (size_t stage = last; stage > 0; stage--) {
        pass_end_backward(pass, stage, pass->sums, batch->num_slices, num_rows);
        for (size_t i = 0; i < batch->num_slices; i++) {
            struct pass_slice slice = batch_slice(batch, i);

            pass_backward(pass, stage - 1, &slice, batch->slice_grads[i], batch_sums(batch, i));
        }
    }
    for (size_t thread = batch->num_threads; thread-- > 0;)
        pass_gradient_tiles(pass, 0, batch->num_slices, num_rows, thread, batch->num_threads,
                            outcome->grad);
    model->kernels->tree_add(batch->slice_grads, batch->num_slices, 0, model->num_slice_parameters);
    memcpy(outcome->grad, batch->slice_grads[0], model->num_slice_parameters * sizeof(float));
    memcpy(outcome->parameters, model->parameters, model->num_parameters * sizeof(float));
    outcome->loss = 0.0;
    for (size_t i = 0; i < batch->num_slices; i++)
        outcome->loss += batch->losses[i];
}

static struct outcome outcome_create(const struct model *model)
{
    return (struct outcome){.grad = allocate(model->num_parameters, sizeof(float)),
                            .parameters = allocate(model->num_parameters, sizeof(float))};
}

static void outcome_destroy(struct outcome *outcome)
{
    free(outcome->grad);
    free(outcome->parameters);
}

/* Runs the batch twice in the same memory: the first leaves nothing that the second sees. */
static struct outcome run(const struct trial *trial, struct model *model,
                          const struct kernels *kernels, size_t num_threads)
{
    struct batch batch = {.trial = trial,
                          .model = model,
                          .num_threads = num_threads,
                          .num_slices =
                              (trial->num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS};
    struct outcome first = outcome_create(model), second = outcome_create(model);
    struct error error = {0};

    model->kernels = kernels;
    for (size_t i = 0; i < batch.num_slices; i++)
        batch.slice_grads[i] = allocate(model->num_slice_parameters, sizeof(float));
    FUZZ_DEMAND(pass_create(&batch.pass, model,
                            &(struct pass_size){.max_rows = trial->num_rows,
                                                .max_slices = batch.num_slices,
                                                .num_threads = num_threads,
                                                .is_training = true},
                            &error));
    batch_run(&batch, &first);
    batch_run(&batch, &second);
    FUZZ_DEMAND(memcmp(&first.loss, &second.loss, sizeof(double)) == 0);
    FUZZ_DEMAND(memcmp(first.grad, second.grad, model->num_parameters * sizeof(float)) == 0);
    outcome_destroy(&second);
    pass_destroy(&batch.pass);
    for (size_t i = 0; i < batch.num_slices; i++)
        free(batch.slice_grads[i]);
    return first;
}

static void compare(const struct trial *trial, struct model *model, const struct outcome *expected,
                    const struct kernels *kernels, size_t num_threads)
{
    struct outcome found = run(trial, model, kernels, num_threads);
    size_t nbytes = model->num_parameters * sizeof(float);

    if (memcmp(&expected->loss, &found.loss, sizeof(double)) != 0 ||
        memcmp(expected->grad, found.grad, nbytes) != 0)
        fprintf(stderr, "'%s': %zux%zux%zu, %zu classes, %zu rows, %zu threads\n", trial->text,
                trial->image.channels, trial->image.height, trial->image.width, trial->num_classes,
                trial->num_rows, num_threads);
    FUZZ_DEMAND(memcmp(&expected->loss, &found.loss, sizeof(double)) == 0);
    FUZZ_DEMAND(memcmp(expected->grad, found.grad, nbytes) == 0);
    FUZZ_DEMAND(memcmp(expected->parameters, found.parameters, nbytes) == 0);
    outcome_destroy(&found);
}

static void evaluate(const struct trial *trial, struct model *model)
{
    size_t num_rows = trial->num_rows < MODEL_SLICE_ROWS ? trial->num_rows : MODEL_SLICE_ROWS;
    float *scores = allocate(num_rows * trial->num_classes, sizeof(float));
    uint32_t predictions[MODEL_SLICE_ROWS];
    struct model_workspace workspace;
    struct error error = {0};
    double loss;

    FUZZ_DEMAND(model_workspace_create(model, &workspace, &error));
    model_evaluate(model, trial->rows, trial->labels, num_rows, &workspace, predictions, scores,
                   &loss);
    for (size_t i = 0; i < num_rows; i++)
        FUZZ_DEMAND(predictions[i] < trial->num_classes);
    model_workspace_destroy(&workspace);
    free(scores);
}

static void train(struct trial *trial, struct model *model)
{
    const struct kernels *tables[KERNELS_MAX_TABLES], *fastest = model->kernels;
    size_t num_tables = kernels_list(tables);
    struct outcome expected;
    struct error error = {0};

    FUZZ_DEMAND(model_allocate(model, true, &error));
    trial_draw_batch(trial);
    expected = run(trial, model, &kernels_reference, 1);
    for (size_t i = 0; i < num_tables; i++)
        compare(trial, model, &expected, tables[i], 1);
    compare(trial, model, &expected, fastest, trial->num_threads);
    evaluate(trial, model);
    outcome_destroy(&expected);
    free(trial->pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    struct trial trial;
    struct model model;
    struct error error = {0};
    struct model_spec spec;
    struct pass_size size;

    if (nbytes < NUM_CHOICES)
        return 0;
    trial_read(&trial, bytes, nbytes);
    spec = (struct model_spec){.kind = MODEL_NETWORK,
                               .loss = LOSS_CROSS_ENTROPY,
                               .image = trial.image,
                               .num_classes = trial.num_classes,
                               .layers = trial.text,
                               .input = model_input_unit()};
    if (!model_describe(&spec, &model, &error)) {
        FUZZ_DEMAND(error.status == STATUS_USAGE && error.what[0]);
        return 0;
    }
    size = (struct pass_size){trial.num_rows, MAX_SLICES, trial.num_threads, true};
    if (pass_nbytes(&model, &size) + model_memory_nbytes(&model, true) < MAX_NBYTES &&
        model.network->num_multiply_adds * trial.num_rows < MAX_MULTIPLY_ADDS)
        train(&trial, &model);
    model_destroy(&model);
    return 0;
}
