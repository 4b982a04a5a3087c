/*
 * The kernels by vectors of 16 lanes.  This file is compiled once for each instruction set, with
 * KERNELS_TABLE the name of the table and KERNELS_NAME the name people know it by.
 */
#include <math.h>
#include <stdbool.h>

#include "model/kernels/kernels.h"
#include "model/kernels/math_inline.h"
#include "model/kernels/vector.h"

extern const struct gemm_kernels GEMM_TABLE;
extern const struct norm_kernels NORM_TABLE;
extern const struct conv_kernels CONV_TABLE;
extern const struct map_kernels MAPS_TABLE;
extern const struct optimizer_kernels OPTIMIZER_TABLE;

static const float INVERSE_255 = 1.0f / 255.0f;

_Static_assert((int)KERNELS_NUM_LANES == (int)VECTOR_NUM_LANES, "a vector holds one dot product");

VECTOR_INLINE float fma_one(float a, float b, float c)
{
    float lanes[VECTOR_NUM_LANES];

    vector_store(lanes, vector_fma(vector_set1(a), vector_set1(b), vector_set1(c)));
    return lanes[0];
}

/* ---- dense layer, forward ---- */

/* Rows lie anywhere in memory.  While some are worked on the next are fetched, if both fit into a
 * level 1 cache, or a slice of them beside another into one of level 2; of longer rows the
 * processor itself guesses what comes next. */
enum { MAX_FETCHED_INPUTS = 2048, MAX_FETCHED_SLICE_INPUTS = 16384, CACHE_LINE_NBYTES = 64 };

/*
 * num_rows rows times num_outputs outputs, both constants, kept in registers: a vector of weights
 * is loaded once for all rows, and there are sums enough in flight to hide the latency of fma.
 * next: as many rows, to be fetched; or NULL.
 */
VECTOR_INLINE void forward_block(const uint8_t *const *rows, const uint8_t *const *next,
                                 size_t num_rows, const float *weight, const float *bias,
                                 size_t num_outputs, size_t C, size_t D, float *logits)
{
    struct vector sums[VECTOR_BLOCK_ROWS][VECTOR_BLOCK_OUTPUTS];
    size_t d = 0;

    VECTOR_UNROLL
    for (size_t b = 0; b < num_rows; b++) {
        VECTOR_UNROLL
        for (size_t c = 0; c < num_outputs; c++)
            sums[b][c] = vector_set1(0.0f);
    }
    for (; d + VECTOR_NUM_LANES <= D; d += VECTOR_NUM_LANES) {
        struct vector weights[VECTOR_BLOCK_OUTPUTS];

        if (next && d % CACHE_LINE_NBYTES == 0) {
            VECTOR_UNROLL
            for (size_t b = 0; b < num_rows; b++)
                __builtin_prefetch(next[b] + d);
        }
        VECTOR_UNROLL
        for (size_t c = 0; c < num_outputs; c++)
            weights[c] = vector_load(weight + c * D + d);
        VECTOR_UNROLL
        for (size_t b = 0; b < num_rows; b++) {
            const struct vector pixels = vector_load_pixels(rows[b] + d);

            VECTOR_UNROLL
            for (size_t c = 0; c < num_outputs; c++)
                sums[b][c] = vector_fma(pixels, weights[c], sums[b][c]);
        }
    }
    VECTOR_UNROLL
    for (size_t b = 0; b < num_rows; b++) {
        struct vector pixels = vector_set1(0.0f);

        if (d < D)
            pixels = vector_load_first_pixels(rows[b] + d, D - d);
        VECTOR_UNROLL
        for (size_t c = 0; c < num_outputs; c++) {
            if (d < D)
                sums[b][c] =
                    vector_fma(pixels, vector_load_first(weight + c * D + d, D - d), sums[b][c]);
            logits[b * C + c] = fma_one(vector_sum(sums[b][c]), INVERSE_255, bias[c]);
        }
    }
}

/* All rows for num_outputs outputs, num_rows at a time; both constants. */
VECTOR_INLINE void forward_outputs(const uint8_t *const *rows, size_t B, size_t num_rows,
                                   const float *weight, const float *bias, size_t num_outputs,
                                   size_t C, size_t D, float *logits)
{
    size_t b = 0;

    for (; b + num_rows <= B; b += num_rows) {
        const bool fetches = b + 2 * num_rows <= B && D <= MAX_FETCHED_INPUTS;

        forward_block(rows + b, fetches ? rows + b + num_rows : NULL, num_rows, weight, bias,
                      num_outputs, C, D, logits + b * C);
    }
    for (; b < B; b++)
        forward_block(rows + b, NULL, 1, weight, bias, num_outputs, C, D, logits + b * C);
}

static void dense_forward(const uint8_t *const *rows, size_t B, const float *weight,
                          const float *bias, size_t C, size_t D, float *logits)
{
    enum { ROWS = VECTOR_BLOCK_ROWS, OUTPUTS = VECTOR_BLOCK_OUTPUTS };
    size_t c = 0;

    for (; OUTPUTS > 1 && c + OUTPUTS <= C; c += OUTPUTS)
        forward_outputs(rows, B, (ROWS + 1) / 2, weight + c * D, bias + c, OUTPUTS, C, D,
                        logits + c);
    for (; c < C; c++)
        forward_outputs(rows, B, ROWS, weight + c * D, bias + c, 1, C, D, logits + c);
}

/* ---- dense layer, backward ---- */

/*
 * The gradient of num_outputs outputs and num_columns vectors of inputs, both constants, held in
 * registers over all rows.  next: as many rows, to be fetched; or NULL.
 */
VECTOR_INLINE void backward_block(const uint8_t *const *rows, const uint8_t *const *next, size_t B,
                                  const float *grad_logits, size_t num_outputs, size_t C, size_t D,
                                  size_t d, size_t num_columns, float *grad_weight)
{
    struct vector sums[VECTOR_BLOCK_OUTPUTS][VECTOR_BLOCK_COLUMNS];

    VECTOR_UNROLL
    for (size_t c = 0; c < num_outputs; c++) {
        VECTOR_UNROLL
        for (size_t v = 0; v < num_columns; v++)
            sums[c][v] = vector_set1(0.0f);
    }
    for (size_t b = 0; b < B; b++) {
        struct vector factors[VECTOR_BLOCK_OUTPUTS];

        VECTOR_UNROLL
        for (size_t c = 0; c < num_outputs; c++)
            factors[c] = vector_set1(grad_logits[b * C + c] * INVERSE_255);
        for (size_t i = 0; next && i < num_columns * VECTOR_NUM_LANES; i += CACHE_LINE_NBYTES)
            __builtin_prefetch(next[b] + d + i, 0, 2);
        VECTOR_UNROLL
        for (size_t v = 0; v < num_columns; v++) {
            const struct vector pixels = vector_load_pixels(rows[b] + d + v * VECTOR_NUM_LANES);

            VECTOR_UNROLL
            for (size_t c = 0; c < num_outputs; c++)
                sums[c][v] = vector_fma(factors[c], pixels, sums[c][v]);
        }
    }
    VECTOR_UNROLL
    for (size_t c = 0; c < num_outputs; c++) {
        VECTOR_UNROLL
        for (size_t v = 0; v < num_columns; v++)
            vector_store(grad_weight + c * D + d + v * VECTOR_NUM_LANES, sums[c][v]);
    }
}

/* The last D - d < 16 inputs of one output. */
static void backward_last(const uint8_t *const *rows, size_t B, const float *grad_logits, size_t C,
                          size_t D, size_t d, float *grad_weight)
{
    struct vector sum = vector_set1(0.0f);

    for (size_t b = 0; b < B; b++)
        sum = vector_fma(vector_set1(grad_logits[b * C] * INVERSE_255),
                         vector_load_first_pixels(rows[b] + d, D - d), sum);
    vector_store_first(grad_weight + d, sum, D - d);
}

/* All inputs of num_outputs outputs, num_columns vectors at a time; both constants. */
VECTOR_INLINE void backward_outputs(const uint8_t *const *rows, const uint8_t *const *next,
                                    size_t B, const float *grad_logits, size_t num_outputs,
                                    size_t C, size_t D, size_t num_columns, float *grad_weight)
{
    const size_t step = num_columns * VECTOR_NUM_LANES;
    size_t d = 0;

    for (; d + step <= D; d += step)
        backward_block(rows, next, B, grad_logits, num_outputs, C, D, d, num_columns, grad_weight);
    for (; d + VECTOR_NUM_LANES <= D; d += VECTOR_NUM_LANES)
        backward_block(rows, next, B, grad_logits, num_outputs, C, D, d, 1, grad_weight);
    for (size_t c = 0; d < D && c < num_outputs; c++)
        backward_last(rows, B, grad_logits + c, C, D, d, grad_weight + c * D);
}

static void dense_backward(const uint8_t *const *rows, const uint8_t *const *next, size_t B,
                           const float *grad_logits, size_t C, size_t D, float *grad_weight,
                           float *grad_bias)
{
    enum { OUTPUTS = VECTOR_BLOCK_OUTPUTS, COLUMNS = VECTOR_BLOCK_COLUMNS };
    size_t c = 0;

    if (D > MAX_FETCHED_SLICE_INPUTS)
        next = NULL;
    for (; OUTPUTS > 1 && c + OUTPUTS <= C; c += OUTPUTS)
        backward_outputs(rows, c == 0 ? next : NULL, B, grad_logits + c, OUTPUTS, C, D,
                         (COLUMNS + 1) / 2, grad_weight + c * D);
    for (; c < C; c++)
        backward_outputs(rows, c == 0 ? next : NULL, B, grad_logits + c, 1, C, D, COLUMNS,
                         grad_weight + c * D);

    for (c = 0; c < C; c++) {
        float sum = 0.0f;

        for (size_t b = 0; b < B; b++)
            sum += grad_logits[b * C + c];
        grad_bias[c] = sum;
    }
}

/* ---- distances ---- */

VECTOR_INLINE struct vector add_distance(struct vector pixels, struct vector mean,
                                         enum model_distance distance, struct vector sum)
{
    const struct vector difference =
        vector_subtract(vector_multiply(pixels, vector_set1(INVERSE_255)), mean);

    return distance == DISTANCE_L1 ? vector_add(sum, vector_absolute(difference))
                                   : vector_fma(difference, difference, sum);
}

/* One class mean and num_rows rows; num_rows and distance are constants. */
VECTOR_INLINE void distances_block(const uint8_t *const *rows, size_t num_rows, const float *mean,
                                   size_t C, size_t D, enum model_distance distance,
                                   float *distances)
{
    struct vector totals[VECTOR_BLOCK_ROWS], sums[VECTOR_BLOCK_ROWS];
    size_t d = 0;

    VECTOR_UNROLL
    for (size_t b = 0; b < num_rows; b++)
        totals[b] = sums[b] = vector_set1(0.0f);
    for (; d + VECTOR_NUM_LANES <= D; d += VECTOR_NUM_LANES) {
        const struct vector means = vector_load(mean + d);

        VECTOR_UNROLL
        for (size_t b = 0; b < num_rows; b++)
            sums[b] = add_distance(vector_load_pixels(rows[b] + d), means, distance, sums[b]);
        if ((d + VECTOR_NUM_LANES) % KERNELS_DISTANCE_INPUTS == 0) {
            VECTOR_UNROLL
            for (size_t b = 0; b < num_rows; b++) {
                totals[b] = vector_add(totals[b], sums[b]);
                sums[b] = vector_set1(0.0f);
            }
        }
    }
    VECTOR_UNROLL
    for (size_t b = 0; b < num_rows; b++) {
        float mean_distance;

        if (d < D)
            sums[b] = add_distance(vector_load_first_pixels(rows[b] + d, D - d),
                                   vector_load_first(mean + d, D - d), distance, sums[b]);
        mean_distance = vector_sum(vector_add(totals[b], sums[b])) / (float)D;
        distances[b * C] = distance == DISTANCE_L1 ? mean_distance : sqrtf(mean_distance);
    }
}

VECTOR_INLINE void distances_all(const uint8_t *const *rows, size_t B, const float *mean, size_t C,
                                 size_t D, enum model_distance distance, float *distances)
{
    for (size_t c = 0; c < C; c++) {
        size_t b = 0;

        for (; b + VECTOR_BLOCK_ROWS <= B; b += VECTOR_BLOCK_ROWS)
            distances_block(rows + b, VECTOR_BLOCK_ROWS, mean + c * D, C, D, distance,
                            distances + b * C + c);
        for (; b < B; b++)
            distances_block(rows + b, 1, mean + c * D, C, D, distance, distances + b * C + c);
    }
}

static void measure_distances(const uint8_t *const *rows, size_t B, const float *mean, size_t C,
                              size_t D, enum model_distance distance, float *distances)
{
    if (distance == DISTANCE_L1)
        distances_all(rows, B, mean, C, D, DISTANCE_L1, distances);
    else
        distances_all(rows, B, mean, C, D, DISTANCE_L2, distances);
}

/* ---- over ranges of floats ---- */

/*
 * The binary tree as a binary counter: finished subtrees wait, largest first, and the bits of i
 * say which of them slice i completes.
 */
VECTOR_INLINE struct vector tree_add_vector(float *const *slices, size_t num_slices, size_t k,
                                            size_t count)
{
    struct vector waiting[KERNELS_MAX_SLICES_LOG2 + 1];
    struct vector sum = vector_set1(0.0f);
    size_t num_waiting = 0;

    for (size_t i = 0; i < num_slices; i++) {
        sum = count == VECTOR_NUM_LANES ? vector_load(slices[i] + k)
                                        : vector_load_first(slices[i] + k, count);
        for (size_t bits = i; bits & 1; bits >>= 1)
            sum = vector_add(waiting[--num_waiting], sum);
        waiting[num_waiting++] = sum;
    }
    sum = waiting[--num_waiting];
    while (num_waiting > 0)
        sum = vector_add(waiting[--num_waiting], sum);
    return sum;
}

static void tree_add(float *const *slices, size_t num_slices, size_t begin, size_t end)
{
    size_t k = begin;

    for (; k + VECTOR_NUM_LANES <= end; k += VECTOR_NUM_LANES)
        vector_store(slices[0] + k, tree_add_vector(slices, num_slices, k, VECTOR_NUM_LANES));
    if (k < end)
        vector_store_first(slices[0] + k, tree_add_vector(slices, num_slices, k, end - k), end - k);
}

static void add(float *destination, const float *source, size_t begin, size_t end)
{
    for (size_t k = begin; k < end; k++)
        destination[k] += source[k];
}

struct sgd_factors {
    struct vector negative_learning_rate, momentum, weight_decay;
};

/* Turns gradients into steps, and the velocity with them; has_decay is a constant. */
VECTOR_INLINE struct vector sgd_update(struct vector parameters, struct vector *velocity,
                                       struct vector grad, const struct sgd_factors *factors,
                                       bool has_decay)
{
    struct vector step = grad;

    if (has_decay)
        step = vector_fma(factors->weight_decay, parameters, step);
    if (velocity)
        *velocity = step = vector_fma(factors->momentum, *velocity, step);
    return vector_fma(factors->negative_learning_rate, step, parameters);
}

static void sgd_step(float *parameters, float *velocity, const float *grad, float learning_rate,
                     float momentum, float weight_decay, size_t begin, size_t end)
{
    const struct sgd_factors factors = {vector_set1(-learning_rate), vector_set1(momentum),
                                        vector_set1(weight_decay)};
    const bool has_decay = weight_decay != 0.0f;
    size_t k = begin;

    for (; k + VECTOR_NUM_LANES <= end; k += VECTOR_NUM_LANES) {
        struct vector velocities = vector_set1(0.0f);

        if (velocity)
            velocities = vector_load(velocity + k);
        vector_store(parameters + k,
                     sgd_update(vector_load(parameters + k), velocity ? &velocities : NULL,
                                vector_load(grad + k), &factors, has_decay));
        if (velocity)
            vector_store(velocity + k, velocities);
    }
    if (k < end) {
        struct vector velocities = vector_set1(0.0f);

        if (velocity)
            velocities = vector_load_first(velocity + k, end - k);
        vector_store_first(parameters + k,
                           sgd_update(vector_load_first(parameters + k, end - k),
                                      velocity ? &velocities : NULL,
                                      vector_load_first(grad + k, end - k), &factors, has_decay),
                           end - k);
        if (velocity)
            vector_store_first(velocity + k, velocities, end - k);
    }
}

/* ---- functions of the loss ---- */

static void compute_exp(double *x, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        x[i] = math_exp_inline(x[i]);
}

static void compute_log1p(double *x, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        x[i] = math_log1p_inline(x[i]);
}

const struct kernels KERNELS_TABLE = {
    .name = KERNELS_NAME,
    .dense_forward = dense_forward,
    .dense_backward = dense_backward,
    .distances = measure_distances,
    .tree_add = tree_add,
    .add = add,
    .sgd_step = sgd_step,
    .exp = compute_exp,
    .log1p = compute_log1p,
    .gemm = &GEMM_TABLE,
    .norm = &NORM_TABLE,
    .conv = &CONV_TABLE,
    .maps = &MAPS_TABLE,
    .optimizer = &OPTIMIZER_TABLE,
};
