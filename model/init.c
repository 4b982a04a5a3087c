#include "model/init.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "model/kernels/math_functions.h"

const char *const init_names[] = {"he", "glorot", "normal", "zeros", NULL};

/* Between -1 and 1, an odd multiple of 2^-32: symmetric, and never zero. */
static double init_next_symmetric(struct random_stream *stream)
{
    return (2.0 * random_next(stream) + 1.0) * 0x1p-32 - 1.0;
}

/* The polar method (Marsaglia and Bray, "A convenient method for generating normal variables", SIAM
 * Review, 1964). */
double init_draw_normal(uint64_t seed, enum random_purpose purpose, uint64_t index)
{
    struct random_stream stream = random_stream_begin(seed, purpose, index);
    double u, v, square;

    do {
        u = init_next_symmetric(&stream);
        v = init_next_symmetric(&stream);
        square = u * u + v * v;
    } while (square >= 1.0);
    return u * sqrt(-2.0 * math_log(square) / square);
}

static double init_draw_symmetric(uint64_t seed, enum random_purpose purpose, uint64_t index)
{
    struct random_stream stream = random_stream_begin(seed, purpose, index);

    return init_next_symmetric(&stream);
}

static void init_fill_constant(const struct tensor *tensor, float value)
{
    const size_t num_elements = tensor_num_elements(tensor);

    for (size_t i = 0; i < num_elements; i++)
        tensor->data[i] = value;
}

/* scale times what draw gives for each element. */
static void
init_fill_drawn(double (*draw)(uint64_t seed, enum random_purpose purpose, uint64_t index),
                double scale, uint64_t seed, size_t tensor_index, const struct tensor *tensor)
{
    const size_t num_elements = tensor_num_elements(tensor);

    assert(tensor_index < (size_t)1 << 16 && num_elements < (size_t)1 << 40);
    for (size_t i = 0; i < num_elements; i++)
        tensor->data[i] =
            (float)(scale * draw(seed, RANDOM_INITIAL_TENSOR, (uint64_t)tensor_index << 40 | i));
}

void init_fill(enum init init, uint64_t seed, size_t tensor_index, const struct tensor *tensor,
               enum tensor_role role, size_t fan_in, size_t fan_out, double standard_deviation)
{
    const bool is_normed = role == ROLE_NORM_WEIGHT || role == ROLE_RUNNING_VARIANCE;
    const double fans = (double)fan_in + (double)fan_out;

    if (role == ROLE_WEIGHT && init == INIT_HE)
        init_fill_drawn(init_draw_normal, sqrt(2.0 / (double)fan_in), seed, tensor_index, tensor);
    else if (role == ROLE_WEIGHT && init == INIT_GLOROT)
        init_fill_drawn(init_draw_symmetric, sqrt(6.0 / fans), seed, tensor_index, tensor);
    else if ((role == ROLE_WEIGHT || role == ROLE_BIAS) && init == INIT_NORMAL)
        init_fill_drawn(init_draw_normal, standard_deviation, seed, tensor_index, tensor);
    else
        init_fill_constant(tensor, is_normed ? 1.0f : 0.0f);
}
