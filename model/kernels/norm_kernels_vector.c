#include "model/kernels/norm_kernels.h"
#include "model/kernels/vector.h"

/* Plain loops over channels, each of which is a lane of its own: compilers make vectors of them. */

static void norm_sums(const struct conv_map *map, const float *x, const float *y, size_t num_rows,
                      double *restrict first, double *restrict second)
{
    size_t C = map->channels;

    for (size_t c = 0; c < C; c++)
        first[c] = second[c] = 0.0;
    for (size_t row = 0; row < num_rows; row++) {
        for (size_t line = 0; line < map->height; line++) {
            size_t at = row * conv_map_size(map) + conv_map_at(map, line, 0);

            for (size_t column = 0; column < map->width; column++, at += C) {
                for (size_t c = 0; c < C; c++) {
                    first[c] += (double)x[at + c];
                    /* The product of two floats is exact in double precision. */
                    second[c] += (double)x[at + c] * (double)y[at + c];
                }
            }
        }
    }
}

static void norm_apply_run(const float *x, const float *scale, const float *shift, size_t C,
                           float *y)
{
    size_t c = 0;

    for (; c + VECTOR_NUM_LANES <= C; c += VECTOR_NUM_LANES)
        vector_store(
            y + c, vector_fma(vector_load(x + c), vector_load(scale + c), vector_load(shift + c)));
    if (c < C)
        vector_store_first(y + c,
                           vector_fma(vector_load_first(x + c, C - c),
                                      vector_load_first(scale + c, C - c),
                                      vector_load_first(shift + c, C - c)),
                           C - c);
}

static void norm_apply(const struct conv_map *map, const float *x, const float *scale,
                       const float *shift, size_t num_rows, float *y)
{
    size_t C = map->channels;

    for (size_t row = 0; row < num_rows; row++) {
        for (size_t line = 0; line < map->height; line++) {
            size_t at = row * conv_map_size(map) + conv_map_at(map, line, 0);

            for (size_t column = 0; column < map->width; column++, at += C)
                norm_apply_run(x + at, scale, shift, C, y + at);
        }
    }
}

static void norm_gradient_run(const float *x, const float *grad_y, const float *of_x,
                              const float *of_grad, const float *constant, size_t C, float *grad_x)
{
    size_t c = 0;

    for (; c + VECTOR_NUM_LANES <= C; c += VECTOR_NUM_LANES)
        vector_store(grad_x + c,
                     vector_fma(vector_load(x + c), vector_load(of_x + c),
                                vector_fma(vector_load(grad_y + c), vector_load(of_grad + c),
                                           vector_load(constant + c))));
    if (c < C)
        vector_store_first(grad_x + c,
                           vector_fma(vector_load_first(x + c, C - c),
                                      vector_load_first(of_x + c, C - c),
                                      vector_fma(vector_load_first(grad_y + c, C - c),
                                                 vector_load_first(of_grad + c, C - c),
                                                 vector_load_first(constant + c, C - c))),
                           C - c);
}

static void norm_gradient(const struct conv_map *map, const float *x, const float *grad_y,
                          const float *of_x, const float *of_grad, const float *constant,
                          size_t num_rows, float *grad_x)
{
    size_t C = map->channels;

    for (size_t row = 0; row < num_rows; row++) {
        for (size_t line = 0; line < map->height; line++) {
            size_t at = row * conv_map_size(map) + conv_map_at(map, line, 0);

            for (size_t column = 0; column < map->width; column++, at += C)
                norm_gradient_run(x + at, grad_y + at, of_x, of_grad, constant, C, grad_x + at);
        }
    }
}

extern const struct norm_kernels NORM_TABLE;

const struct norm_kernels NORM_TABLE = {
    .sums = norm_sums,
    .apply = norm_apply,
    .gradient = norm_gradient,
};
