#include "model/kernels/conv_phase.h"
#include "model/kernels/gemm.h"

/* Where a packed matrix [K][N] has panel and lane of column n; rows are width floats apart. */
static size_t conv_packed_column(size_t K, size_t N, size_t n, size_t *width)
{
    const size_t panel = n / GEMM_PANEL * GEMM_PANEL;

    *width = N - panel > GEMM_LANES ? GEMM_PANEL : GEMM_LANES;
    return panel * K + n - panel;
}

static size_t conv_filled(size_t N)
{
    return (N + GEMM_LANES - 1) / GEMM_LANES * GEMM_LANES;
}

size_t conv_packed_size(const struct conv_shape *shape)
{
    return shape->kernel_height * shape->kernel_width *
           gemm_packed_size(shape->input.channels, shape->output.channels);
}

size_t conv_packed_transposed_size(const struct conv_shape *shape)
{
    return shape->kernel_height * shape->kernel_width *
           gemm_packed_size(shape->output.channels, shape->input.channels);
}

size_t conv_gradient_size(const struct conv_shape *shape)
{
    return shape->kernel_height * shape->kernel_width * shape->input.channels *
           shape->output.channels;
}

void conv_pack(const struct conv_shape *shape, const float *weight, float *packed)
{
    const size_t num_taps = shape->kernel_height * shape->kernel_width;
    const size_t num_inputs = shape->input.channels, num_outputs = shape->output.channels;
    const size_t K = num_taps * num_inputs;

    for (size_t co = 0; co < conv_filled(num_outputs); co++) {
        size_t width;
        float *column = packed + conv_packed_column(K, num_outputs, co, &width);

        for (size_t ci = 0; ci < num_inputs; ci++)
            for (size_t tap = 0; tap < num_taps; tap++)
                column[(tap * num_inputs + ci) * width] =
                    co < num_outputs ? weight[(co * num_inputs + ci) * num_taps + tap] : 0.0f;
    }
}

/* One pair of phases: [tap of rows][tap of columns][co] by ci, taps from the last to the first. */
static void conv_pack_phase(const struct conv_shape *shape, const struct conv_phase *rows,
                            const struct conv_phase *columns, const float *weight, float *packed)
{
    const size_t num_inputs = shape->input.channels, num_outputs = shape->output.channels;
    const size_t K = rows->num_taps * columns->num_taps * num_outputs;

    for (size_t ci = 0; ci < conv_filled(num_inputs); ci++) {
        size_t width, k = 0;
        float *column = packed + conv_packed_column(K, num_inputs, ci, &width);

        for (size_t i = 0; i < rows->num_taps; i++)
            for (size_t j = 0; j < columns->num_taps; j++) {
                const size_t ky = conv_phase_tap(rows, shape, i);
                const size_t kx = conv_phase_tap(columns, shape, j);

                for (size_t co = 0; co < num_outputs; co++, k++)
                    column[k * width] =
                        ci < num_inputs
                            ? weight[((co * num_inputs + ci) * shape->kernel_height + ky) *
                                         shape->kernel_width +
                                     kx]
                            : 0.0f;
            }
    }
}

void conv_pack_transposed(const struct conv_shape *shape, const float *weight, float *packed)
{
    for (size_t y = 0; y < shape->stride; y++)
        for (size_t x = 0; x < shape->stride; x++) {
            const struct conv_phase rows = conv_phase_of(shape->kernel_height, shape->stride, y);
            const struct conv_phase columns = conv_phase_of(shape->kernel_width, shape->stride, x);

            conv_pack_phase(shape, &rows, &columns, weight,
                            packed + conv_phase_offset(shape, &rows, &columns));
        }
}

void conv_unpack_gradient(const struct conv_shape *shape, const float *gradient, float *unpacked)
{
    const size_t num_taps = shape->kernel_height * shape->kernel_width;
    const size_t num_inputs = shape->input.channels, num_outputs = shape->output.channels;

    for (size_t co = 0; co < num_outputs; co++)
        for (size_t ci = 0; ci < num_inputs; ci++)
            for (size_t tap = 0; tap < num_taps; tap++)
                unpacked[(co * num_inputs + ci) * num_taps + tap] =
                    gradient[(tap * num_inputs + ci) * num_outputs + co];
}
