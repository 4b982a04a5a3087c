#include "model/network.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"

enum { FLOATS_PER_LINE = MEMORY_ALIGNMENT / sizeof(float), MAX_DEPTH = 16 };

/* A network in the making. */
struct network_builder {
    struct network *network;
    const char *rest;         /* of the text */
    size_t begins[MAX_DEPTH]; /* residuals that are open */
    size_t depth;
    size_t num_of_type[16]; /* by place in the table: for names */
    struct error *error;
};

static size_t network_padded(size_t num_floats)
{
    return (num_floats + FLOATS_PER_LINE - 1) / FLOATS_PER_LINE * FLOATS_PER_LINE;
}

/* ---- values ---- */

static size_t network_add_value(struct network *network, const struct conv_map *map, bool is_vector)
{
    struct network_value *value = &network->values[network->num_values];

    *value = (struct network_value){.map = *map, .is_vector = is_vector};
    return network->num_values++;
}

/* Is the value read once more, at the end of a residual that is open? */
static bool network_is_held(const struct network_builder *builder, size_t value)
{
    for (size_t i = 0; i < builder->depth; i++)
        if (builder->network->layers[builder->begins[i]].in_value == value)
            return true;
    return false;
}

/* ---- layers ---- */

/* Says of what is wrong which layer it is wrong with. */
static bool network_refuse(const struct network_builder *builder, const struct layer *layer,
                           const struct error *reason)
{
    return error_set(builder->error, reason->status,
                     ERROR_AT(.expected = reason->expected[0] ? reason->expected : NULL,
                              .found = reason->found[0] ? reason->found : NULL),
                     "layer %zu of the network, '%s': %s", builder->network->num_layers + 1,
                     layer->text, reason->what);
}

/* Plans a layer behind the last one and appends it. */
static bool network_append(struct network_builder *builder, struct layer *layer,
                           const char *const *arguments, size_t num_arguments)
{
    struct network *network = builder->network;
    const struct layer *last =
        network->num_layers ? &network->layers[network->num_layers - 1] : NULL;
    struct error reason = {0};
    bool is_residual = layer->type == &layer_residual_begin;

    layer->in_value = last ? last->out_value : 0;
    layer->input = network->values[layer->in_value].map;
    layer->input_is_vector = network->values[layer->in_value].is_vector;
    if (!layer->type->plan(layer, arguments, num_arguments, &reason))
        return network_refuse(builder, layer, &reason);
    if (network->num_layers == NETWORK_MAX_LAYERS)
        return error_set(builder->error, STATUS_USAGE, NULL, "a network has at most %d layers",
                         (int)NETWORK_MAX_LAYERS);
    layer->out_value =
        layer->type->is_in_place && (is_residual || !network_is_held(builder, layer->in_value))
            ? layer->in_value
            : network_add_value(network, &layer->output,
                                layer->type->gives_vector || layer->input_is_vector);
    network->layers[network->num_layers++] = *layer;
    return true;
}

static bool network_append_plain(struct network_builder *builder, const struct layer_type *type)
{
    struct layer layer = {.type = type};

    snprintf(layer.text, sizeof(layer.text), "%s", type->name);
    snprintf(layer.name, sizeof(layer.name), "%s", type->name);
    return network_append(builder, &layer, NULL, 0);
}

/* A dense layer takes an image as PyTorch does: in the order channel, y, x. */
static bool network_flatten(struct network_builder *builder)
{
    const struct network *network = builder->network;
    size_t value = network->num_layers ? network->layers[network->num_layers - 1].out_value : 0;

    return network->values[value].is_vector || network_append_plain(builder, &layer_flatten);
}

static bool network_append_named(struct network_builder *builder, size_t type_index,
                                 const char *text, const char *const *arguments,
                                 size_t num_arguments, size_t num_outputs)
{
    const struct layer_type *type = layer_types[type_index];
    struct layer layer = {.type = type, .num_outputs = num_outputs};

    snprintf(layer.text, sizeof(layer.text), "%s", text);
    if (num_outputs > 0)
        snprintf(layer.name, sizeof(layer.name), "output");
    else
        snprintf(layer.name, sizeof(layer.name), "%s%zu", type->name,
                 ++builder->num_of_type[type_index]);
    /* Dense layers are the only ones with tiles. */
    return (!type->num_tiles || network_flatten(builder)) &&
           network_append(builder, &layer, arguments, num_arguments);
}

/* ---- residuals ---- */

static bool network_begin_residual(struct network_builder *builder)
{
    if (builder->depth == MAX_DEPTH)
        return error_set(builder->error, STATUS_USAGE, NULL, "res( is nested too deeply");
    if (!network_append_plain(builder, &layer_residual_begin))
        return false;
    builder->begins[builder->depth++] = builder->network->num_layers - 1;
    return true;
}

static bool network_end_residual(struct network_builder *builder)
{
    struct network *network = builder->network;
    size_t begin, end = network->num_layers;
    const struct conv_map *in, *out;

    if (builder->depth == 0)
        return error_set(builder->error, STATUS_USAGE, NULL, "a ) without its res(");
    begin = builder->begins[builder->depth - 1];
    if (begin + 1 == end)
        return error_set(builder->error, STATUS_USAGE, NULL, "res( ) with nothing inside");
    in = &network->layers[begin].input;
    out = &network->layers[end - 1].output;
    /* An image of one pixel has a vector's shape, but may have a halo. */
    if (network->values[network->layers[begin].in_value].is_vector !=
        network->values[network->layers[end - 1].out_value].is_vector)
        return error_set(builder->error, STATUS_USAGE, NULL,
                         "what res( ) gives is a vector, but it takes an image; put the dense or "
                         "avgpool that makes the vector before it");
    if (in->height != out->height || in->width != out->width || in->channels != out->channels)
        return error_set(
            builder->error, STATUS_USAGE,
            ERROR_AT(.expected = TEXT("%zux%zux%zu", in->channels, in->height, in->width),
                     .found = TEXT("%zux%zux%zu", out->channels, out->height, out->width)),
            "what res( ) gives has another shape than what it takes; put the conv or "
            "pool that changes the shape before it");
    if (!network_append_plain(builder, &layer_residual_end))
        return false;
    builder->depth--;
    network->layers[end].partner = begin;
    network->layers[begin].partner = end;
    return true;
}

/* ---- text ---- */

/* The next word, brackets being words of their own but for "res(": its length, 0 at the end. */
static size_t network_next_word(const char **text)
{
    size_t length;

    while (isspace((unsigned char)**text))
        ++*text;
    if (strncmp(*text, "res(", 4) == 0)
        return 4;
    if (**text == '(' || **text == ')')
        return 1;
    for (length = 0; (*text)[length] && !isspace((unsigned char)(*text)[length]) &&
                     (*text)[length] != '(' && (*text)[length] != ')';)
        length++;
    return length;
}

static bool network_add_word(struct network_builder *builder, const char *word)
{
    char copy[LAYER_TEXT_SIZE], *rest = copy, names[256] = "";
    const char *parts[LAYER_MAX_ARGUMENTS + 2];
    size_t num_parts = 0;

    if (strcmp(word, "res(") == 0)
        return network_begin_residual(builder);
    if (strcmp(word, ")") == 0)
        return network_end_residual(builder);
    snprintf(copy, sizeof(copy), "%s", word);
    for (char *part; num_parts < LAYER_MAX_ARGUMENTS + 2 && (part = strsep(&rest, ":"));)
        parts[num_parts++] = part;
    for (size_t i = 0; layer_types[i]; i++) {
        if (strcmp(layer_types[i]->name, parts[0]) == 0)
            return network_append_named(builder, i, word, parts + 1, num_parts - 1, 0);
        text_format(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "",
                    layer_types[i]->usage);
    }
    return error_set(builder->error, STATUS_USAGE, ERROR_AT(.found = word),
                     "there is no such layer; there are %s and res( ... )", names);
}

static bool network_add_words(struct network_builder *builder)
{
    size_t length;

    while ((length = network_next_word(&builder->rest)) > 0) {
        char word[LAYER_TEXT_SIZE];

        if (length >= sizeof(word))
            return error_set(builder->error, STATUS_USAGE, NULL,
                             "a layer of %zu characters: no layer's text is so long", length);
        memcpy(word, builder->rest, length);
        word[length] = '\0';
        builder->rest += length;
        if (!network_add_word(builder, word))
            return false;
    }
    return builder->depth == 0 ||
           error_set(builder->error, STATUS_USAGE, NULL, "a res( without its )");
}

/* ---- layout ---- */

static size_t network_larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* No layer before the first with parameters is asked for gradients. */
static void network_find_gradients(struct network *network)
{
    bool has_parameters = false;

    for (size_t i = 0; i < network->num_layers; i++) {
        struct layer *layer = &network->layers[i];

        layer->is_first = !has_parameters;
        network->values[layer->in_value].has_gradient |= has_parameters;
        has_parameters |= layer->num_tensors > 0;
        network->values[layer->out_value].has_gradient |= has_parameters;
    }
}

/*
 * Values get the halos that convolutions read: of their input, and of the gradient of their output.
 * The values that a residual adds have one layout.
 */
static void network_set_halos(struct network *network)
{
    bool is_changed = true;

    for (size_t i = 0; i < network->num_layers; i++) {
        const struct layer *layer = &network->layers[i];
        const struct conv_shape *conv = &layer->conv;
        struct conv_map *in = &network->values[layer->in_value].map;
        struct conv_map *out = &network->values[layer->out_value].map;

        if (conv->kernel_height == 0)
            continue;
        in->halo = network_larger(in->halo, conv->padding);
        if (!layer->is_first)
            out->halo = network_larger(
                out->halo, conv_grad_halo(conv->kernel_height, conv->stride, conv->padding));
    }
    while (is_changed) {
        is_changed = false;
        for (size_t i = 0; i < network->num_layers; i++) {
            const struct layer *layer = &network->layers[i];
            struct conv_map *maps[3] = {&network->values[layer->in_value].map,
                                        &network->values[layer->out_value].map, NULL};
            size_t halo = network_larger(maps[0]->halo, maps[1]->halo);

            /* In place or not, layers over whole maps have one layout on both sides. */
            if (!layer->type->is_in_place && layer->type != &layer_residual_end &&
                !layer->type->sum_forward)
                continue;
            if (layer->type == &layer_residual_end) {
                maps[2] = &network->values[network->layers[layer->partner].in_value].map;
                halo = network_larger(halo, maps[2]->halo);
            }
            for (size_t k = 0; k < 3 && maps[k]; k++) {
                is_changed |= maps[k]->halo != halo;
                maps[k]->halo = halo;
            }
        }
    }
}

/* A relu behind a product is done by it, and its backward by the layer that reads it next. */
static void network_fuse(struct network *network)
{
    for (size_t i = 1; i + 1 < network->num_layers; i++) {
        struct layer *relu = &network->layers[i], *before = relu - 1, *after = relu + 1;

        if (strcmp(relu->type->name, "relu") != 0 || relu->in_value != relu->out_value)
            continue;
        if (before->type->applies_relu)
            before->relu_is_fused = relu->is_fused = true;
        if (after->type->has_mask)
            after->input_is_relu = relu->is_fused_backward = true;
    }
}

static bool network_add_size(size_t *total, size_t size, size_t *offset)
{
    *offset = *total;
    return !__builtin_add_overflow(*total, network_padded(size), total) && *total < SIZE_MAX / 1024;
}

static bool network_place_values(struct network *network)
{
    for (size_t i = 0; i < network->num_values; i++) {
        struct network_value *value = &network->values[i];
        size_t *total;

        value->size = conv_map_size(&value->map);
        total = value->is_vector ? &network->vector_size : &network->image_size;
        value->offset = *total;
        /* Rows of a value follow each other, so only whole values are padded. */
        if (__builtin_add_overflow(*total, value->size, total) || *total > SIZE_MAX / 1024)
            return false;
    }
    return true;
}

static bool network_place_tensors(struct network *network)
{
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < network->num_layers; i++) {
            struct layer *layer = &network->layers[i];

            for (size_t k = 0; k < layer->num_tensors; k++) {
                struct layer_tensor *tensor = &layer->tensors[k];
                int wanted = tensor->role >= ROLE_RUNNING_MEAN ? 2 : tensor->is_tiled ? 1 : 0;

                if (wanted == pass &&
                    !network_add_size(&network->num_parameters,
                                      tensor_num_elements(&tensor->tensor), &tensor->offset))
                    return false;
            }
        }
        if (pass == 0)
            network->num_slice_parameters = network->num_parameters;
        if (pass == 1)
            network->num_trained_parameters = network->num_parameters;
    }
    return true;
}

static bool network_place_layer(struct network *network, struct layer *layer, size_t *num_dropouts)
{
    layer->input = network->values[layer->in_value].map;
    layer->output = network->values[layer->out_value].map;
    if (layer->type->place)
        layer->type->place(layer);
    layer->notes_offset = network->notes_size;
    layer->factors_offset = network->factors_size;
    network->scratch_size = network_larger(network->scratch_size, layer->scratch_size);
    network->factors_size += layer->num_factors;
    if (layer->type->sum_forward) {
        layer->sums_index = network->num_sums++;
        network->sums_size = network_larger(network->sums_size, 2 * layer->input.channels);
    }
    layer->dropout_index = (*num_dropouts)++;
    if (layer->type->num_multiply_adds)
        network->num_multiply_adds += layer->type->num_multiply_adds(layer);
    return !__builtin_add_overflow(network->notes_size, layer->notes_size, &network->notes_size) &&
           network_add_size(&network->packed_size, layer->packed_size, &layer->packed_offset);
}

static bool network_lay_out(struct network *network, struct error *error)
{
    size_t num_dropouts = 0;
    bool ok = true;

    network_find_gradients(network);
    network_set_halos(network);
    network_fuse(network);
    ok = network_place_values(network);
    for (size_t i = 0; i < network->num_layers && ok; i++)
        ok = network_place_layer(network, &network->layers[i], &num_dropouts);
    /* What backward packs lies behind what forward does, so that evaluation takes none of it. */
    for (size_t i = 0; i < network->num_layers && ok; i++) {
        struct layer *layer = &network->layers[i];

        if (!layer->is_first)
            ok = network_add_size(&network->packed_backward_size, layer->packed_backward_size,
                                  &layer->packed_backward_offset);
        layer->packed_backward_offset += network->packed_size;
    }
    return (ok && network_place_tensors(network)) ||
           error_set(error, STATUS_USAGE, NULL, "the network is too large");
}

/* ---- all ---- */

/* A gray image that a dense layer reads first is a vector as it is. */
static bool network_reads_vector(const char *text, const struct image_shape *image)
{
    return image->channels == 1 &&
           (network_next_word(&text) == 0 || strncmp(text, "dense:", 6) == 0);
}

static struct conv_map network_input(const char *text, const struct image_shape *image)
{
    if (network_reads_vector(text, image))
        return (struct conv_map){.height = 1, .width = 1, .channels = image->height * image->width};
    return (struct conv_map){
        .height = image->height, .width = image->width, .channels = image->channels};
}

bool network_plan(struct network *network, const char *text, const struct image_shape *image,
                  size_t num_logits, struct error *error)
{
    struct network_builder builder = {.network = network, .rest = text, .error = error};
    const struct conv_map input = network_input(text, image);
    size_t dense = 0;
    bool ok;

    *network = (struct network){.num_logits = num_logits};
    ok = memory_allocate(&network->layers, NETWORK_MAX_LAYERS, sizeof(*network->layers), error) &&
         memory_allocate(&network->values, NETWORK_MAX_LAYERS + 1, sizeof(*network->values), error);
    if (ok && strlen(text) > NETWORK_MAX_TEXT)
        ok = error_set(error, STATUS_USAGE, NULL, "the text of a network has at most %d characters",
                       (int)NETWORK_MAX_TEXT);
    if (ok)
        network_add_value(network, &input, network_reads_vector(text, image));
    while (!layer_types[dense]->num_tiles)
        dense++;
    ok = ok && network_add_words(&builder) &&
         network_append_named(&builder, dense, "output", NULL, 0, num_logits) &&
         network_lay_out(network, error);
    if (!ok)
        network_free(network);
    return ok;
}

void network_free(struct network *network)
{
    free(network->layers);
    free(network->values);
    *network = (struct network){0};
}

uint64_t network_layer_parameters(const struct layer *layer)
{
    uint64_t count = 0;

    for (size_t i = 0; i < layer->num_tensors; i++)
        count += layer_tensor_size(layer, i);
    return count;
}

uint64_t network_count_parameters(const struct network *network)
{
    uint64_t count = 0;

    for (size_t i = 0; i < network->num_layers; i++)
        count += network_layer_parameters(&network->layers[i]);
    return count;
}

/* Bytes of a layer's outputs and their gradients, of one image; none of a layer in place. */
static uint64_t network_layer_nbytes(const struct network *network, const struct layer *layer)
{
    const struct network_value *value = &network->values[layer->out_value];

    if (layer->out_value == layer->in_value)
        return 0;
    return value->size * sizeof(float) * (value->has_gradient ? 2 : 1) + layer->notes_size;
}

const char *network_format_output(const struct network *network, const struct layer *layer,
                                  char *buffer, size_t size)
{
    const struct conv_map *output = &layer->output;

    if (network->values[layer->out_value].is_vector)
        return text_format(buffer, size, "%zu", output->channels);
    return text_format(buffer, size, "%zux%zux%zu", output->channels, output->height,
                       output->width);
}

static void network_print_layer(const struct network *network, const struct layer *layer,
                                FILE *stream)
{
    uint64_t work = layer->type->num_multiply_adds ? layer->type->num_multiply_adds(layer) : 0;
    char shape[64], count_text[32], work_text[32], bytes_text[32];

    network_format_output(network, layer, shape, sizeof(shape));
    fprintf(
        stream, "  %-10s %-14s %12s %12s %14s %12s\n", layer->name, layer->text, shape,
        text_group_digits(count_text, sizeof(count_text), network_layer_parameters(layer)),
        text_group_digits(work_text, sizeof(work_text), work),
        text_group_digits(bytes_text, sizeof(bytes_text), network_layer_nbytes(network, layer)));
}

void network_print(const struct network *network, FILE *stream)
{
    fprintf(stream, "  %-10s %-14s %12s %12s %14s %12s\n", "layer", "text", "output", "parameters",
            "multiply-adds", "bytes/image");
    for (size_t i = 0; i < network->num_layers; i++)
        network_print_layer(network, &network->layers[i], stream);
}
