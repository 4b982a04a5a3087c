#include <string.h>

#include "common/options.h"
#include "model/layers/layer.h"

/* conv:N[:K][:sS]: N channels, each a K x K window over all channels of the input, every S pixels.
 */

enum { WEIGHT, BIAS };
enum { MAX_KERNEL = 31, MAX_STRIDE = 16, DEFAULT_KERNEL = 3 };

static bool conv_parse(struct layer *layer, const char *const *arguments, size_t num_arguments,
                       struct error *error)
{
    uint64_t channels, kernel = DEFAULT_KERNEL, stride = 1;
    bool has_kernel = false, has_stride = false;

    if (num_arguments < 1)
        return error_set(error, STATUS_USAGE, NULL, "needs the number of channels: conv:16");
    if (!options_parse_count("the number of channels", arguments[0], 1, 1 << 20, &channels, error))
        return false;
    for (size_t i = 1; i < num_arguments; i++) {
        const char *text = arguments[i];
        bool is_stride = text[0] == 's', *has = is_stride ? &has_stride : &has_kernel;

        if (*has)
            return error_set(error, STATUS_USAGE, NULL,
                             "takes the channels, one side of the kernel and one stride: "
                             "conv:16:5:s2");
        *has = true;
        if (is_stride ? !options_parse_count("the stride", text + 1, 1, MAX_STRIDE, &stride, error)
                      : !options_parse_count("the side of the kernel", text, 1, MAX_KERNEL, &kernel,
                                             error))
            return false;
    }
    if (kernel % 2 == 0)
        return error_set(error, STATUS_USAGE, NULL, "needs a kernel of an odd side");
    layer->num_outputs = (size_t)channels;
    layer->conv.kernel_height = layer->conv.kernel_width = (size_t)kernel;
    layer->conv.stride = (size_t)stride;
    layer->conv.padding = (size_t)kernel / 2;
    return true;
}

static bool conv_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                      struct error *error)
{
    struct conv_shape *conv = &layer->conv;
    const struct conv_map *input = &layer->input;
    size_t k, num_weights;

    if (!conv_parse(layer, arguments, num_arguments, error))
        return false;
    if (layer->input_is_vector)
        return error_set(error, STATUS_USAGE, NULL, "needs an image, but its input is a vector");
    k = conv->kernel_height;
    layer->output =
        (struct conv_map){.height = conv_output_size(input->height, k, conv->stride, conv->padding),
                          .width = conv_output_size(input->width, k, conv->stride, conv->padding),
                          .channels = layer->num_outputs};
    if (__builtin_mul_overflow(k * k * input->channels, layer->num_outputs, &num_weights) ||
        num_weights > SIZE_MAX / 256)
        return error_set(error, STATUS_USAGE, NULL, "has too many parameters");
    layer_add_tensor(layer, "weight", ROLE_WEIGHT, 4,
                     (const size_t[]){layer->num_outputs, input->channels, k, k});
    layer_add_tensor(layer, "bias", ROLE_BIAS, 1, (const size_t[]){layer->num_outputs});
    return true;
}

static void conv_place(struct layer *layer)
{
    struct conv_shape *conv = &layer->conv;

    conv->input = conv->grad_input = layer->input;
    conv->output = conv->grad_output = layer->output;
    layer->packed_size = conv_packed_size(conv);
    layer->packed_backward_size = conv_packed_transposed_size(conv);
    layer->scratch_size = conv_gradient_size(conv);
}

static void conv_forward(const struct layer *layer, const struct layer_slice *slice)
{
    slice->kernels->conv->forward(
        &layer->conv, slice->input, slice->num_rows, slice->packed + layer->packed_offset,
        slice->parameters + layer->tensors[BIAS].offset, layer->relu_is_fused, slice->output);
}

static void conv_backward(const struct layer *layer, const struct layer_slice *slice)
{
    const struct conv_kernels *conv = slice->kernels->conv;

    conv->weight_gradient(&layer->conv, slice->input, slice->grad_output, slice->num_rows, false,
                          slice->scratch, slice->grad + layer->tensors[BIAS].offset);
    conv_unpack_gradient(&layer->conv, slice->scratch, slice->grad + layer->tensors[WEIGHT].offset);
    if (slice->grad_input)
        conv->input_gradient(&layer->conv, slice->grad_output, slice->num_rows,
                             slice->packed + layer->packed_backward_offset,
                             layer->input_is_relu ? slice->input : NULL, slice->grad_input);
}

static void conv_pack_share(const struct layer *layer, const struct kernels *kernels,
                            const float *parameters, float *packed, bool with_backward,
                            size_t thread, size_t num_threads)
{
    const float *weight = parameters + layer->tensors[WEIGHT].offset;

    (void)kernels;
    /* Two pieces of work, for two threads if there are. */
    if (thread == 0)
        conv_pack(&layer->conv, weight, packed + layer->packed_offset);
    if (thread == num_threads - 1 && with_backward && !layer->is_first)
        conv_pack_transposed(&layer->conv, weight, packed + layer->packed_backward_offset);
}

static uint64_t conv_num_multiply_adds(const struct layer *layer)
{
    return (uint64_t)layer_tensor_size(layer, WEIGHT) * layer->output.height * layer->output.width;
}

const struct layer_type layer_conv = {
    .name = "conv",
    .usage = "conv:N[:K][:sS]",
    .help = "N channels of K x K windows (3), every S pixels (1), padded",
    .applies_relu = true,
    .has_mask = true,
    .plan = conv_plan,
    .place = conv_place,
    .forward = conv_forward,
    .backward = conv_backward,
    .pack = conv_pack_share,
    .num_multiply_adds = conv_num_multiply_adds,
};
