#include <math.h>
#include <string.h>

#include "model/layers/layer.h"

/*
 * norm: batch normalization.  In training a channel is brought to mean 0 and variance 1 over the
 * whole batch, all ranks' rows together; else by the running averages.  Then comes weight and bias.
 */

enum { WEIGHT, BIAS, MEAN, VARIANCE };

/* What all rows' sums say of each channel, for apply and gradient: [NUM_FACTORS][channels]. */
enum { SCALE, SHIFT, OF_X, OF_GRAD, CONSTANT, INVERSE, CENTER, NUM_FACTORS };

/* As in PyTorch. */
static const double epsilon = 1e-5, momentum = 0.1;

static bool norm_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                      struct error *error)
{
    const size_t shape[] = {layer->input.channels};

    (void)arguments;
    layer->output = layer->input;
    layer_add_tensor(layer, "weight", ROLE_NORM_WEIGHT, 1, shape);
    layer_add_tensor(layer, "bias", ROLE_NORM_BIAS, 1, shape);
    layer_add_tensor(layer, "running_mean", ROLE_RUNNING_MEAN, 1, shape);
    layer_add_tensor(layer, "running_var", ROLE_RUNNING_VARIANCE, 1, shape);
    layer->num_factors = NUM_FACTORS * layer->input.channels;
    layer->scratch_size = 2 * layer->input.channels;
    return layer_no_arguments(layer, num_arguments, error);
}

static size_t norm_positions(const struct layer *layer)
{
    return layer->input.height * layer->input.width;
}

/* The line that a channel's mean and variance make of weight and bias. */
static void norm_set_line(const struct layer *layer, const float *parameters, size_t channel,
                          double mean, double variance, float *scale, float *shift)
{
    double weight = parameters[layer->tensors[WEIGHT].offset + channel];
    double bias = parameters[layer->tensors[BIAS].offset + channel];
    double slope = weight / sqrt(variance + epsilon);

    *scale = (float)slope;
    *shift = (float)(bias - mean * slope);
}

static void norm_forward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t C = layer->input.channels;
    const float *scale = slice->factors + SCALE * C, *shift = slice->factors + SHIFT * C;

    if (!slice->is_training) {
        for (size_t c = 0; c < C; c++)
            norm_set_line(layer, slice->parameters, c,
                          slice->parameters[layer->tensors[MEAN].offset + c],
                          slice->parameters[layer->tensors[VARIANCE].offset + c],
                          slice->scratch + c, slice->scratch + C + c);
        scale = slice->scratch;
        shift = slice->scratch + C;
    }
    slice->kernels->norm->apply(&layer->input, slice->input, scale, shift, slice->num_rows,
                                slice->output);
}

/* As the network's other users see it: by the running averages, which stay. */
static void norm_end_frozen(const struct layer *layer, const struct layer_batch *batch)
{
    size_t C = layer->input.channels;
    const float *running_mean = batch->parameters + layer->tensors[MEAN].offset;
    const float *running_variance = batch->parameters + layer->tensors[VARIANCE].offset;

    for (size_t c = 0; c < C; c++) {
        norm_set_line(layer, batch->parameters, c, running_mean[c], running_variance[c],
                      batch->factors + SCALE * C + c, batch->factors + SHIFT * C + c);
        batch->factors[CENTER * C + c] = running_mean[c];
        batch->factors[INVERSE * C + c] =
            (float)(1.0 / sqrt((double)running_variance[c] + epsilon));
    }
}

static void norm_sum_forward(const struct layer *layer, const struct layer_slice *slice)
{
    slice->kernels->norm->sums(&layer->input, slice->input, slice->input, slice->num_rows,
                               slice->sums, slice->sums + layer->input.channels);
}

static void norm_end_forward(const struct layer *layer, const struct layer_batch *batch)
{
    size_t C = layer->input.channels;
    double count = (double)batch->num_rows * (double)norm_positions(layer);
    float *running_mean = batch->parameters + layer->tensors[MEAN].offset;
    float *running_variance = batch->parameters + layer->tensors[VARIANCE].offset;

    if (layer->is_frozen) {
        norm_end_frozen(layer, batch);
        return;
    }
    for (size_t c = 0; c < C; c++) {
        double mean = batch->sums[c] / count;
        double variance = batch->sums[C + c] / count - mean * mean;
        double unbiased = count > 1 ? variance * count / (count - 1) : variance;

        if (variance < 0)
            variance = unbiased = 0; /* what rounding leaves of a constant channel */
        norm_set_line(layer, batch->parameters, c, mean, variance, batch->factors + SCALE * C + c,
                      batch->factors + SHIFT * C + c);
        batch->factors[CENTER * C + c] = (float)mean;
        batch->factors[INVERSE * C + c] = (float)(1.0 / sqrt(variance + epsilon));
        running_mean[c] = (float)((1 - momentum) * (double)running_mean[c] + momentum * mean);
        running_variance[c] =
            (float)((1 - momentum) * (double)running_variance[c] + momentum * unbiased);
    }
}

/* With n = (x - mean) inverse, the gradient of weight is sum(grad n), of bias sum(grad). */
static void norm_sum_backward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t C = layer->input.channels;
    float *grad_weight = slice->grad + layer->tensors[WEIGHT].offset;
    float *grad_bias = slice->grad + layer->tensors[BIAS].offset;

    slice->kernels->norm->sums(&layer->input, slice->grad_output, slice->input, slice->num_rows,
                               slice->sums, slice->sums + C);
    for (size_t c = 0; c < C; c++) {
        double mean = slice->factors[CENTER * C + c], inverse = slice->factors[INVERSE * C + c];

        slice->sums[C + c] = (slice->sums[C + c] - mean * slice->sums[c]) * inverse;
        grad_bias[c] = (float)slice->sums[c];
        grad_weight[c] = (float)slice->sums[C + c];
    }
}

/* grad_x = weight inverse (grad - mean(grad) - n mean(grad n)); of a frozen one, whose mean and
 * variance do not depend on x, weight inverse grad */
static void norm_end_backward(const struct layer *layer, const struct layer_batch *batch)
{
    size_t C = layer->input.channels;
    double count = (double)batch->num_rows * (double)norm_positions(layer);

    for (size_t c = 0; c < C; c++) {
        double mean = batch->factors[CENTER * C + c], inverse = batch->factors[INVERSE * C + c];
        double slope = (double)batch->parameters[layer->tensors[WEIGHT].offset + c] * inverse;
        double of_x = -slope * inverse * batch->sums[C + c] / count;
        double constant = -slope * batch->sums[c] / count - of_x * mean;

        batch->factors[OF_GRAD * C + c] = (float)slope;
        batch->factors[OF_X * C + c] = layer->is_frozen ? 0.0f : (float)of_x;
        batch->factors[CONSTANT * C + c] = layer->is_frozen ? 0.0f : (float)constant;
    }
}

static void norm_backward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t C = layer->input.channels;
    const float *factors = slice->factors;

    if (slice->grad_input)
        slice->kernels->norm->gradient(&layer->input, slice->input, slice->grad_output,
                                       factors + OF_X * C, factors + OF_GRAD * C,
                                       factors + CONSTANT * C, slice->num_rows, slice->grad_input);
}

const struct layer_type layer_norm = {
    .name = "norm",
    .usage = "norm",
    .help = "batch normalization of each channel",
    .plan = norm_plan,
    .forward = norm_forward,
    .backward = norm_backward,
    .sum_forward = norm_sum_forward,
    .end_forward = norm_end_forward,
    .sum_backward = norm_sum_backward,
    .end_backward = norm_end_backward,
};
