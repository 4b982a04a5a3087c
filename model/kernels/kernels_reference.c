#include <math.h>

#include "model/kernels/kernels.h"
#include "model/kernels/math_functions.h"

static const float INVERSE_255 = 1.0f / 255.0f;

static float sum_lanes(float *lanes)
{
    for (size_t half = KERNELS_NUM_LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++)
            lanes[j] += lanes[j + half];
    return lanes[0];
}

static void dense_forward(const uint8_t *const *rows, size_t B, const float *weight,
                          const float *bias, size_t C, size_t D, float *logits)
{
    for (size_t b = 0; b < B; b++) {
        for (size_t c = 0; c < C; c++) {
            float lanes[KERNELS_NUM_LANES] = {0};

            for (size_t d = 0; d < D; d++)
                lanes[d % KERNELS_NUM_LANES] =
                    fmaf(rows[b][d], weight[c * D + d], lanes[d % KERNELS_NUM_LANES]);
            logits[b * C + c] = fmaf(sum_lanes(lanes), INVERSE_255, bias[c]);
        }
    }
}

static void dense_backward(const uint8_t *const *rows, const uint8_t *const *next, size_t B,
                           const float *grad_logits, size_t C, size_t D, float *grad_weight,
                           float *grad_bias)
{
    (void)next;
    for (size_t c = 0; c < C; c++) {
        for (size_t d = 0; d < D; d++) {
            float sum = 0.0f;

            for (size_t b = 0; b < B; b++)
                sum = fmaf(grad_logits[b * C + c] * INVERSE_255, rows[b][d], sum);
            grad_weight[c * D + d] = sum;
        }
        grad_bias[c] = 0.0f;
        for (size_t b = 0; b < B; b++)
            grad_bias[c] += grad_logits[b * C + c];
    }
}

static void measure_distances(const uint8_t *const *rows, size_t B, const float *mean, size_t C,
                              size_t D, enum model_distance distance, float *distances)
{
    for (size_t b = 0; b < B; b++) {
        for (size_t c = 0; c < C; c++) {
            float totals[KERNELS_NUM_LANES] = {0};
            float sum;

            for (size_t begin = 0; begin < D; begin += KERNELS_DISTANCE_INPUTS) {
                float lanes[KERNELS_NUM_LANES] = {0};

                for (size_t d = begin; d < D && d < begin + KERNELS_DISTANCE_INPUTS; d++) {
                    const size_t j = d % KERNELS_NUM_LANES;
                    const float e = rows[b][d] * INVERSE_255 - mean[c * D + d];

                    lanes[j] = distance == DISTANCE_L1 ? lanes[j] + fabsf(e) : fmaf(e, e, lanes[j]);
                }
                for (size_t j = 0; j < KERNELS_NUM_LANES; j++)
                    totals[j] += lanes[j];
            }
            sum = sum_lanes(totals) / (float)D;
            distances[b * C + c] = distance == DISTANCE_L1 ? sum : sqrtf(sum);
        }
    }
}

static void tree_add(float *const *slices, size_t num_slices, size_t begin, size_t end)
{
    for (size_t stride = 1; stride < num_slices; stride *= 2)
        for (size_t i = 0; i + stride < num_slices; i += 2 * stride)
            for (size_t k = begin; k < end; k++)
                slices[i][k] += slices[i + stride][k];
}

static void add(float *destination, const float *source, size_t begin, size_t end)
{
    for (size_t k = begin; k < end; k++)
        destination[k] += source[k];
}

static void sgd_step(float *parameters, float *velocity, const float *grad, float learning_rate,
                     float momentum, float weight_decay, size_t begin, size_t end)
{
    for (size_t k = begin; k < end; k++) {
        float step = grad[k];

        if (weight_decay != 0.0f)
            step = fmaf(weight_decay, parameters[k], step);
        if (velocity) {
            step = fmaf(momentum, velocity[k], step);
            velocity[k] = step;
        }
        parameters[k] = fmaf(-learning_rate, step, parameters[k]);
    }
}

static void compute_exp(double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = math_exp(x[i]);
}

static void compute_log1p(double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = math_log1p(x[i]);
}

const struct kernels kernels_reference = {
    .name = "reference",
    .dense_forward = dense_forward,
    .dense_backward = dense_backward,
    .distances = measure_distances,
    .tree_add = tree_add,
    .add = add,
    .sgd_step = sgd_step,
    .exp = compute_exp,
    .log1p = compute_log1p,
    .gemm = &gemm_reference,
    .conv = &conv_reference,
    .maps = &maps_reference,
    .optimizer = &optimizer_reference,
    .norm = &norm_reference,
};
