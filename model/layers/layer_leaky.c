#include "common/options.h"
#include "model/layers/layer.h"

/* leaky:S: negative inputs are multiplied by S, 0 < S < 1, so that their gradient does not vanish.
 */

static bool leaky_plan(struct layer *layer, const char *const *arguments, size_t num_arguments,
                       struct error *error)
{
    layer->output = layer->input;
    if (num_arguments != 1)
        return error_set(error, STATUS_USAGE, NULL, "needs one number, the slope: leaky:0.1");
    if (!options_parse_real("the slope", arguments[0], 0.0, 1.0, &layer->rate, error))
        return false;
    return (layer->rate > 0 && layer->rate < 1) ||
           error_set(error, STATUS_USAGE, NULL, "needs a slope between 0 and 1");
}

/* y [count] = x where sign is not negative, else slope x; sign, x and y may be one array. */
static void leaky_multiply(const float *sign, const float *x, float slope, size_t count, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = sign[i] < 0.0f ? slope * x[i] : x[i];
}

static void leaky_forward(const struct layer *layer, const struct layer_slice *slice)
{
    leaky_multiply(slice->input, slice->input, (float)layer->rate,
                   slice->num_rows * conv_map_size(&layer->input), slice->output);
}

/* Outputs have the signs of inputs. */
static void leaky_backward(const struct layer *layer, const struct layer_slice *slice)
{
    if (slice->grad_input)
        leaky_multiply(slice->output, slice->grad_output, (float)layer->rate,
                       slice->num_rows * conv_map_size(&layer->input), slice->grad_input);
}

const struct layer_type layer_leaky = {
    .name = "leaky",
    .usage = "leaky:S",
    .help = "negative inputs are multiplied by S",
    .is_in_place = true,
    .plan = leaky_plan,
    .forward = leaky_forward,
    .backward = leaky_backward,
};
