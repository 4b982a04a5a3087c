#include <stdio.h>
#include <string.h>

#include "model/network.h"

enum { MAX_NAMES = 1000 };

/* The names of the layers that have parameters, for a message. */
static const char *network_list_names(const struct network *network, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < network->num_layers && used < size; i++)
        if (network->layers[i].num_tensors > 0)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     network->layers[i].name);
    return text;
}

static bool network_freeze_layer(struct network *network, const char *name, size_t length,
                                 struct error *error)
{
    char found[LAYER_NAME_SIZE], names[MAX_NAMES];

    for (size_t i = 0; i < network->num_layers; i++) {
        struct layer *layer = &network->layers[i];

        if (layer->num_tensors > 0 && strlen(layer->name) == length &&
            strncmp(layer->name, name, length) == 0) {
            layer->is_frozen = true;
            return true;
        }
    }
    snprintf(found, sizeof(found), "%.*s", (int)length, name);
    return error_set(
        error, STATUS_USAGE,
        ERROR_AT(.expected = network_list_names(network, names, sizeof(names)), .found = found),
        "--freeze names a layer of the network that has parameters");
}

bool network_freeze(struct network *network, const char *names, struct error *error)
{
    size_t num_left = 0;

    for (const char *name = names;; name++) {
        size_t length = strcspn(name, ",");

        if (!network_freeze_layer(network, name, length, error))
            return false;
        name += length;
        if (*name == '\0')
            break;
    }
    for (size_t i = 0; i < network->num_layers; i++)
        num_left += network->layers[i].num_tensors > 0 && !network->layers[i].is_frozen;
    return num_left > 0 ||
           error_set(error, STATUS_USAGE, NULL, "--freeze leaves no layer to be trained");
}
