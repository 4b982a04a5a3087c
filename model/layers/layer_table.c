#include <stdio.h>
#include <string.h>

#include "model/layers/layer.h"

extern const struct layer_type layer_dense, layer_conv, layer_relu, layer_pool, layer_avgpool,
    layer_dropout, layer_norm, layer_leaky;

const struct layer_type *const layer_types[] = {
    &layer_dense, &layer_conv,    &layer_relu,  &layer_pool, &layer_avgpool,
    &layer_norm,  &layer_dropout, &layer_leaky, NULL,
};

bool layer_no_arguments(const struct layer *layer, size_t num_arguments, struct error *error)
{
    return num_arguments == 0 || error_set(error, STATUS_USAGE, NULL,
                                           "takes nothing behind a colon: %s", layer->type->name);
}

void layer_add_tensor(struct layer *layer, const char *suffix, enum tensor_role role, size_t rank,
                      const size_t *shape)
{
    struct layer_tensor *added = &layer->tensors[layer->num_tensors++];

    *added = (struct layer_tensor){.tensor = {.rank = rank}, .role = role};
    snprintf(added->tensor.name, sizeof(added->tensor.name), "%s/%s", layer->name, suffix);
    memcpy(added->tensor.shape, shape, rank * sizeof(*shape));
}
