#include "common/options.h"
#include "model/layers/layer.h"

/* dense:N and the output layer: outputs = weight inputs + bias. */

enum { WEIGHT, BIAS };

/* Rows of the weight of a tile: many enough that packing its inputs costs little beside them. */
enum { TILE_ROWS = 192 };

static size_t dense_num_inputs(const struct layer *layer)
{
    return conv_map_size(&layer->input);
}

static bool dense_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                       struct error *error)
{
    size_t num_inputs = dense_num_inputs(layer), packed;
    uint64_t num_outputs = layer->num_outputs; /* the output layer's follow from the classes */

    if (num_outputs == 0 && num_arguments != 1)
        return error_set(error, STATUS_USAGE, NULL, "needs one number, the outputs: dense:128");
    if (num_outputs == 0 &&
        !options_parse_count("the number of outputs", arguments[0], 1, UINT32_MAX, &num_outputs, error))
        return false;
    layer->num_outputs = (size_t)num_outputs;
    layer->output = (struct conv_map){.height = 1, .width = 1, .channels = layer->num_outputs};
    if (__builtin_mul_overflow(num_inputs + GEMM_PANEL, layer->num_outputs + GEMM_PANEL, &packed) ||
        packed > SIZE_MAX / 64)
        return error_set(error, STATUS_USAGE, NULL, "has too many parameters");
    layer_add_tensor(layer, "weight", ROLE_WEIGHT, 2,
                     (const size_t[]){layer->num_outputs, num_inputs});
    layer->tensors[WEIGHT].is_tiled = true;
    layer_add_tensor(layer, "bias", ROLE_BIAS, 1, (const size_t[]){layer->num_outputs});
    layer->packed_size = gemm_packed_size(num_inputs, layer->num_outputs);
    layer->packed_backward_size = gemm_packed_size(layer->num_outputs, num_inputs);
    return true;
}

static void dense_forward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t I = dense_num_inputs(layer), O = layer->num_outputs;

    slice->kernels->gemm->multiply(
        &(struct gemm_product){.K = I,
                               .N = O,
                               .A = gemm_plain(slice->input, I),
                               .packed_B = slice->packed + layer->packed_offset,
                               .C = slice->output,
                               .C_stride = O,
                               .bias = slice->parameters + layer->tensors[BIAS].offset,
                               .relu = layer->relu_is_fused},
        0, slice->num_rows, 0, O);
}

static void dense_backward(const struct layer *layer, const struct layer_slice *slice)
{
    size_t I = dense_num_inputs(layer), O = layer->num_outputs;
    float *grad_bias = slice->grad + layer->tensors[BIAS].offset;

    for (size_t o = 0; o < O; o++)
        grad_bias[o] = 0.0f;
    slice->kernels->maps->add_rows(slice->grad_output, slice->num_rows, O, O, grad_bias);
    if (!slice->grad_input)
        return;
    slice->kernels->gemm->multiply(
        &(struct gemm_product){.K = O,
                               .N = I,
                               .A = gemm_plain(slice->grad_output, O),
                               .packed_B = slice->packed + layer->packed_backward_offset,
                               .C = slice->grad_input,
                               .C_stride = I,
                               .mask = layer->input_is_relu ? slice->input : NULL,
                               .mask_stride = I},
        0, slice->num_rows, 0, I);
}

/* A thread's share of N columns: whole panels. */
static void dense_share(size_t N, size_t thread, size_t num_threads, size_t *begin, size_t *end)
{
    size_t num_panels = (N + GEMM_PANEL - 1) / GEMM_PANEL;

    *begin = thread * num_panels / num_threads * GEMM_PANEL;
    *end = (thread + 1) * num_panels / num_threads * GEMM_PANEL;
    if (*end > N)
        *end = N;
}

static void dense_pack(const struct layer *layer, const struct kernels *kernels,
                       const float *parameters, float *packed, bool with_backward, size_t thread,
                       size_t num_threads)
{
    size_t I = dense_num_inputs(layer), O = layer->num_outputs, begin, end;
    const float *weight = parameters + layer->tensors[WEIGHT].offset;
    const struct gemm_matrix transposed = gemm_transposed(weight, I), plain = gemm_plain(weight, I);

    dense_share(O, thread, num_threads, &begin, &end);
    if (begin < end)
        kernels->gemm->pack(&transposed, I, O, begin, end, packed + layer->packed_offset);
    if (!with_backward || layer->is_first)
        return;
    dense_share(I, thread, num_threads, &begin, &end);
    if (begin < end)
        kernels->gemm->pack(&plain, O, I, begin, end, packed + layer->packed_backward_offset);
}

/* Tiles: panels of inputs, each in stretches of outputs. */
static size_t dense_num_row_tiles(const struct layer *layer)
{
    return (layer->num_outputs + TILE_ROWS - 1) / TILE_ROWS;
}

static size_t dense_num_tiles(const struct layer *layer)
{
    return (dense_num_inputs(layer) + GEMM_PANEL - 1) / GEMM_PANEL * dense_num_row_tiles(layer);
}

static void dense_gradient_tile(const struct layer *layer, const struct layer_tile *at, size_t tile)
{
    size_t I = dense_num_inputs(layer), O = layer->num_outputs;
    size_t column = tile / dense_num_row_tiles(layer) * GEMM_PANEL;
    size_t begin = tile % dense_num_row_tiles(layer) * TILE_ROWS;
    size_t end = begin + TILE_ROWS < O ? begin + TILE_ROWS : O;
    size_t num_columns = I - column < GEMM_PANEL ? I - column : GEMM_PANEL;
    const struct gemm_matrix inputs = gemm_plain(at->input + column, I);

    at->kernels->gemm->pack(&inputs, at->num_rows, num_columns, 0, num_columns, at->scratch);
    at->kernels->gemm->multiply_tree(
        &(struct gemm_tree){.K = at->num_rows,
                            .N = num_columns,
                            .A = gemm_transposed(at->grad_output, O),
                            .packed_B = at->scratch,
                            .slice_rows = at->slice_rows,
                            .begin_slice = at->begin_slice,
                            .end_slice = at->end_slice,
                            .C = at->grad + layer->tensors[WEIGHT].offset + column,
                            .C_stride = I},
        begin, end, 0, num_columns);
}

static uint64_t dense_num_multiply_adds(const struct layer *layer)
{
    return (uint64_t)dense_num_inputs(layer) * layer->num_outputs;
}

const struct layer_type layer_dense = {
    .name = "dense",
    .usage = "dense:N",
    .help = "N outputs, each of all inputs",
    .applies_relu = true,
    .has_mask = true,
    .gives_vector = true,
    .plan = dense_plan,
    .forward = dense_forward,
    .backward = dense_backward,
    .pack = dense_pack,
    .num_tiles = dense_num_tiles,
    .gradient_tile = dense_gradient_tile,
    .num_multiply_adds = dense_num_multiply_adds,
};
