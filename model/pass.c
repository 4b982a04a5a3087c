#include "model/pass.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "model/loss.h"
#include "model/network.h"

/* ---- memory ---- */

static size_t pass_num_slices(size_t num_rows)
{
    return (num_rows + MODEL_SLICE_ROWS - 1) / MODEL_SLICE_ROWS;
}

/* With stages, the values of all slices are kept from stage to stage; else those at work only. */
static size_t pass_num_slots(const struct network *network, const struct pass_size *size)
{
    size_t num_slices = pass_num_slices(size->max_rows);

    return network->num_sums > 0 || num_slices < size->num_threads ? num_slices : size->num_threads;
}

static size_t pass_scratch_size(const struct network *network, const struct pass_size *size)
{
    size_t tile = size->is_training ? size->max_rows * GEMM_PANEL : 0;
    size_t scratch = network->scratch_size > tile ? network->scratch_size : tile;

    return (scratch + 15) / 16 * 16;
}

uint64_t pass_nbytes(const struct model *model, const struct pass_size *size)
{
    const struct network *network = model->network;
    uint64_t slot_rows, copies = size->is_training ? 2 : 1, total = 0;

    if (!network)
        return 0;
    slot_rows = (uint64_t)pass_num_slots(network, size) * MODEL_SLICE_ROWS;
    memory_add_nbytes(&total, slot_rows, network->image_size * sizeof(float) * copies);
    memory_add_nbytes(&total, size->max_rows, network->vector_size * sizeof(float) * copies);
    memory_add_nbytes(&total, size->num_threads, pass_scratch_size(network, size) * sizeof(float));
    memory_add_nbytes(&total, size->num_threads,
                      (uint64_t)MODEL_SLICE_ROWS * network->num_logits * sizeof(double));
    memory_add_nbytes(&total, network->factors_size, sizeof(float));
    if (size->is_training) {
        memory_add_nbytes(&total, slot_rows, network->notes_size);
        memory_add_nbytes(&total, size->max_slices, network->sums_size * sizeof(double));
    }
    return total;
}

bool pass_create(struct pass *pass, const struct model *model, const struct pass_size *size,
                 struct error *error)
{
    const struct network *network = model->network;
    size_t slot_rows = pass_num_slots(network, size) * MODEL_SLICE_ROWS;
    size_t image_nbytes = network->image_size * sizeof(float);
    size_t vector_nbytes = network->vector_size * sizeof(float);
    bool ok;

    *pass = (struct pass){.model = model,
                          .max_rows = size->max_rows,
                          .num_slots = pass_num_slots(network, size),
                          .num_threads = size->num_threads,
                          .is_training = size->is_training,
                          .scratch_size = pass_scratch_size(network, size)};
    /* Halos are zero from here on: nobody writes to them. */
    ok = memory_allocate(&pass->images, slot_rows, image_nbytes, error) &&
         memory_allocate(&pass->vectors, size->max_rows, vector_nbytes, error) &&
         memory_allocate(&pass->scratch, size->num_threads, pass->scratch_size * sizeof(float),
                         error) &&
         memory_allocate(&pass->probs, size->num_threads * MODEL_SLICE_ROWS,
                         network->num_logits * sizeof(double), error) &&
         memory_allocate(&pass->factors, network->factors_size, sizeof(float), error);
    if (ok && size->is_training)
        ok = memory_allocate(&pass->image_grads, slot_rows, image_nbytes, error) &&
             memory_allocate(&pass->vector_grads, size->max_rows, vector_nbytes, error) &&
             memory_allocate(&pass->notes, slot_rows, network->notes_size, error) &&
             memory_allocate(&pass->sums, size->max_slices, network->sums_size * sizeof(double),
                             error);
    if (!ok)
        pass_destroy(pass);
    return ok;
}

void pass_destroy(struct pass *pass)
{
    free(pass->images);
    free(pass->image_grads);
    free(pass->vectors);
    free(pass->vector_grads);
    free(pass->notes);
    free(pass->scratch);
    free(pass->probs);
    free(pass->sums);
    free(pass->factors);
    *pass = (struct pass){0};
}

/* ---- where things are ---- */

static size_t pass_slot(const struct pass *pass, const struct pass_slice *slice)
{
    return pass->num_slots == pass_num_slices(pass->max_rows) ? slice->index : slice->thread;
}

static float *pass_at(const struct pass *pass, float *images, float *vectors, size_t value_index,
                      const struct pass_slice *slice)
{
    const struct network *network = pass->model->network;
    const struct network_value *value = &network->values[value_index];

    if (value->is_vector)
        return vectors + pass->max_rows * value->offset +
               slice->index * MODEL_SLICE_ROWS * value->size;
    return images +
           MODEL_SLICE_ROWS * (pass_slot(pass, slice) * network->image_size + value->offset);
}

static float *pass_value(const struct pass *pass, size_t value, const struct pass_slice *slice)
{
    return pass_at(pass, pass->images, pass->vectors, value, slice);
}

static float *pass_gradient(const struct pass *pass, size_t value, const struct pass_slice *slice)
{
    if (!pass->is_training || !pass->model->network->values[value].has_gradient)
        return NULL;
    return pass_at(pass, pass->image_grads, pass->vector_grads, value, slice);
}

static struct layer_slice pass_layer_slice(const struct pass *pass, const struct layer *layer,
                                           const struct pass_slice *slice)
{
    const struct model *model = pass->model;
    const struct network *network = model->network;
    struct layer_slice at = {
        .kernels = model->kernels,
        .parameters = model->parameters,
        .packed = model->packed,
        .num_rows = slice->num_rows,
        .is_training = pass->is_training,
        .input = pass_value(pass, layer->in_value, slice),
        .output = pass_value(pass, layer->out_value, slice),
        .grad_input = pass_gradient(pass, layer->in_value, slice),
        .grad_output = pass_gradient(pass, layer->out_value, slice),
        .scratch = pass->scratch + slice->thread * pass->scratch_size,
        .seed = slice->seed,
        .epoch = slice->epoch,
        .samples = slice->samples,
        .factors = pass->factors + layer->factors_offset,
    };

    if (pass->notes)
        at.notes = pass->notes + MODEL_SLICE_ROWS * (pass_slot(pass, slice) * network->notes_size +
                                                     layer->notes_offset);
    return at;
}

/* The place of the layer whose sums end a stage; the number of layers for the last stage. */
static size_t pass_stage_end(const struct network *network, size_t stage)
{
    size_t layer = 0;

    while (layer < network->num_layers && !(network->layers[layer].type->sum_forward &&
                                            network->layers[layer].sums_index == stage))
        layer++;
    return layer;
}

size_t pass_num_stages(const struct model *model)
{
    return model->network ? model->network->num_sums + 1 : 1;
}

/* ---- forward ---- */

static void pass_read_rows(struct pass *pass, const struct pass_slice *slice)
{
    const struct model *model = pass->model;
    const struct image_shape *image = &model->spec.image;
    const struct network_value *value = &model->network->values[0];
    /* A gray image that is a vector has the same floats. */
    const struct conv_map map = {.height = image->height,
                                 .width = image->width,
                                 .channels = image->channels,
                                 .halo = value->map.halo};
    float *input = pass_value(pass, 0, slice);

    for (size_t i = 0; i < slice->num_rows; i++)
        model->kernels->maps->scale_pixels(&map, slice->rows[i], model->spec.input.scale,
                                           model->spec.input.offset, input + i * value->size);
}

void pass_forward(struct pass *pass, size_t stage, const struct pass_slice *slice,
                  double *slice_sums)
{
    const struct network *network = pass->model->network;
    size_t begin = stage == 0 ? 0 : pass_stage_end(network, stage - 1);
    size_t end = pass_stage_end(network, stage);

    if (stage == 0)
        pass_read_rows(pass, slice);
    for (size_t i = begin; i < end; i++) {
        const struct layer *layer = &network->layers[i];
        struct layer_slice at = pass_layer_slice(pass, layer, slice);

        if (layer->type == &layer_residual_end)
            at.partner = pass_value(pass, network->layers[layer->partner].in_value, slice);
        layer->type->forward(layer, &at);
    }
    if (end < network->num_layers && pass->is_training) {
        struct layer_slice at = pass_layer_slice(pass, &network->layers[end], slice);

        at.sums = slice_sums;
        network->layers[end].type->sum_forward(&network->layers[end], &at);
    }
}

/* Slices' sums meet in the tree of tree_add, into the first of them. */
static void pass_add_sums(double *sums, size_t num_slices, size_t size)
{
    for (size_t stride = 1; stride < num_slices; stride *= 2)
        for (size_t slice = 0; slice + stride < num_slices; slice += 2 * stride)
            for (size_t i = 0; i < size; i++)
                sums[slice * size + i] += sums[(slice + stride) * size + i];
}

void pass_end_forward(struct pass *pass, size_t stage, double *sums, size_t num_slices,
                      uint64_t num_rows, float *parameters)
{
    const struct network *network = pass->model->network;
    const struct layer *layer = &network->layers[pass_stage_end(network, stage)];

    pass_add_sums(sums, num_slices, network->sums_size);
    layer->type->end_forward(
        layer, &(struct layer_batch){.parameters = parameters,
                                     .sums = sums,
                                     .num_rows = num_rows,
                                     .factors = pass->factors + layer->factors_offset});
}

const float *pass_logits(const struct pass *pass, const struct pass_slice *slice)
{
    const struct network *network = pass->model->network;

    return pass_value(pass, network->layers[network->num_layers - 1].out_value, slice);
}

/* ---- backward ---- */

double pass_loss(struct pass *pass, const struct pass_slice *slice, double loss_scale)
{
    const struct model *model = pass->model;
    const struct network *network = model->network;
    size_t value = network->layers[network->num_layers - 1].out_value;

    return model_loss(model, pass_logits(pass, slice), slice->labels, slice->num_rows, loss_scale,
                      pass->probs + slice->thread * MODEL_SLICE_ROWS * network->num_logits,
                      pass_gradient(pass, value, slice));
}

void pass_backward(struct pass *pass, size_t stage, const struct pass_slice *slice, float *grad,
                   double *slice_sums)
{
    const struct network *network = pass->model->network;
    /* From the layer whose sums this stage waited for, down to above the one it ends with. */
    size_t top = pass_stage_end(network, stage);
    size_t bottom = stage == 0 ? 0 : pass_stage_end(network, stage - 1) + 1;

    for (size_t i = top < network->num_layers ? top + 1 : top; i-- > bottom;) {
        const struct layer *layer = &network->layers[i];
        struct layer_slice at = pass_layer_slice(pass, layer, slice);

        at.grad = grad;
        if (layer->type == &layer_residual_begin)
            at.partner = pass_gradient(pass, network->layers[layer->partner].out_value, slice);
        layer->type->backward(layer, &at);
    }
    if (stage > 0) {
        const struct layer *layer = &network->layers[bottom - 1];
        struct layer_slice at = pass_layer_slice(pass, layer, slice);

        at.grad = grad;
        at.sums = slice_sums;
        layer->type->sum_backward(layer, &at);
    }
}

void pass_end_backward(struct pass *pass, size_t stage, double *sums, size_t num_slices,
                       uint64_t num_rows)
{
    const struct network *network = pass->model->network;
    const struct layer *layer = &network->layers[pass_stage_end(network, stage - 1)];

    pass_add_sums(sums, num_slices, network->sums_size);
    layer->type->end_backward(
        layer, &(struct layer_batch){.parameters = pass->model->parameters,
                                     .sums = sums,
                                     .num_rows = num_rows,
                                     .factors = pass->factors + layer->factors_offset});
}

/* ---- sums over rows, tile by tile ---- */

/* Rows times columns of a layer's tiles: what its tiles cost beside another layer's. */
static uint64_t pass_tile_cost(const struct layer *layer)
{
    return layer->type->num_multiply_adds(layer) / layer->type->num_tiles(layer) + 1;
}

void pass_gradient_tiles(struct pass *pass, size_t begin_slice, size_t end_slice, size_t num_rows,
                         size_t thread, size_t num_threads, float *grad)
{
    const struct network *network = pass->model->network;
    const struct pass_slice first = {.index = 0};
    uint64_t total = 0, done = 0;

    for (size_t i = 0; i < network->num_layers; i++)
        if (network->layers[i].type->num_tiles)
            total += network->layers[i].type->num_tiles(&network->layers[i]) *
                     pass_tile_cost(&network->layers[i]);
    for (size_t i = 0; i < network->num_layers; i++) {
        const struct layer *layer = &network->layers[i];
        size_t num_tiles = layer->type->num_tiles ? layer->type->num_tiles(layer) : 0;
        const struct layer_tile at = {
            .kernels = pass->model->kernels,
            .input = pass_value(pass, layer->in_value, &first),
            .grad_output = pass_gradient(pass, layer->out_value, &first),
            .num_rows = num_rows,
            .slice_rows = MODEL_SLICE_ROWS,
            .begin_slice = begin_slice,
            .end_slice = end_slice,
            .scratch = pass->scratch + thread * pass->scratch_size,
            .grad = grad,
        };

        for (size_t tile = 0; tile < num_tiles; tile++) {
            /* A tile is of the thread in whose share of all costs it begins. */
            if (done * num_threads / total == thread)
                layer->type->gradient_tile(layer, &at, tile);
            done += pass_tile_cost(layer);
        }
    }
}
