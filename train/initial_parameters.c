#include "train/initial_parameters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/text.h"
#include "model/init.h"
#include "model/network.h"

/* ---- the checkpoint ---- */

/* A file, or the newest whole epoch of a run's directory. */
static bool initial_parameters_read(const char *path, struct model_file *file, struct error *error)
{
    *file = (struct model_file){0};
    return model_file_read(path, MODEL_SELECT_LAST, file, error);
}

static bool initial_parameters_take_scale(const struct settings *config, size_t channels,
                                          struct train_options *options)
{
    for (size_t c = 0; c < channels && c < MODEL_MAX_CHANNELS; c++) {
        const struct setting *scale = settings_find(config, TEXT("input_scale_%zu", c));
        const struct setting *offset = settings_find(config, TEXT("input_offset_%zu", c));

        if (!scale || !offset || scale->type != SETTING_REAL || offset->type != SETTING_REAL)
            return false;
        options->taken_input.scale[c] = (float)scale->real;
        options->taken_input.offset[c] = (float)offset->real;
    }
    return true;
}

/* What the layers learnt is of pixels scaled as theirs were: other images keep that scale. */
static void initial_parameters_take_input(const struct checkpoint *checkpoint,
                                          struct train_options *options)
{
    const struct setting *input = settings_find(&checkpoint->config, "input");

    if (!input || input->type != SETTING_TEXT)
        return;
    options->taken_input = model_input_unit();
    if (strcmp(input->text, "standard") != 0) {
        options->takes_input = true;
        options->input = INPUT_UNIT;
    } else if (initial_parameters_take_scale(&checkpoint->config, checkpoint->image.channels,
                                             options)) {
        options->takes_input = true;
        options->input = INPUT_STANDARD;
    }
}

bool initial_parameters_take_model(struct train_options *options, struct error *error)
{
    struct model_file file;
    bool ok = initial_parameters_read(options->init_from, &file, error);
    const struct setting *layers = ok ? settings_find(&file.checkpoint.config, "layers") : NULL;

    if (ok && !options->given.model && !options->layers) {
        if (layers && layers->type == SETTING_TEXT) {
            text_format(options->taken_layers, sizeof(options->taken_layers), "%s", layers->text);
            options->layers = options->taken_layers;
        } else {
            options->model = NAMED_LINEAR;
        }
    }
    if (ok && layers && !options->given.input && train_options_is_network(options))
        initial_parameters_take_input(&file.checkpoint, options);
    model_file_close(&file);
    return ok;
}

/* ---- drawing ---- */

/* Inputs that an output sees, and outputs that an input reaches. */
static void initial_parameters_count_fans(const struct tensor *tensor, size_t *fan_in,
                                          size_t *fan_out)
{
    size_t window = 1;

    for (size_t i = 2; i < tensor->rank; i++)
        window *= tensor->shape[i];
    *fan_out = tensor->shape[0] * window;
    *fan_in = tensor->rank > 1 ? tensor->shape[1] * window : 1;
}

/* Draws the tensors of layers from first_layer on. */
static void initial_parameters_draw(const struct train_options *options, struct model *model,
                                    size_t first_layer)
{
    const struct network *network = model->network;
    size_t index = 0;

    for (size_t i = 0; i < network->num_layers; i++) {
        for (size_t k = 0; k < network->layers[i].num_tensors; k++, index++) {
            size_t fan_in, fan_out;

            if (i < first_layer)
                continue;
            initial_parameters_count_fans(&model->tensors[index], &fan_in, &fan_out);
            init_fill((enum init)options->init, options->seed, index, &model->tensors[index],
                      network->layers[i].tensors[k].role, fan_in, fan_out, options->init_std);
        }
    }
}

/* ---- both ---- */

static bool initial_parameters_check_classes(const struct train_options *options,
                                             const struct model_file *file,
                                             const struct store *store, const struct model *model,
                                             struct error *error)
{
    if (options->new_classes && !model->network)
        return error_set(error, STATUS_USAGE, NULL,
                         "--new-classes keeps all layers but the last, and the linear model has "
                         "one: --init-from would take nothing");
    return options->new_classes ||
           text_list_equal(&file->checkpoint.classes, store_classes(store)) ||
           error_set(error, STATUS_DATA, ERROR_AT(.file = file->path, .dataset = "/classes"),
                     "not the classes of the store, in the same order; --new-classes keeps all "
                     "layers but the last, for other classes");
}

static bool initial_parameters_copy(const struct train_options *options, const struct store *store,
                                    struct model *model, struct error *error)
{
    struct model_file file;
    bool ok = initial_parameters_read(options->init_from, &file, error) &&
              initial_parameters_check_classes(options, &file, store, model, error);
    size_t num_new = 0;

    if (ok && options->new_classes)
        num_new = model->network->layers[model->network->num_layers - 1].num_tensors;
    ok = ok && model_file_copy_first_parameters(file.path, &file.checkpoint,
                                                model->num_tensors - num_new, model, error);
    if (ok && num_new > 0)
        initial_parameters_draw(options, model, model->network->num_layers - 1);
    model_file_close(&file);
    return ok;
}

bool initial_parameters_fill(const struct train_options *options, const struct store *store,
                             struct model *model, struct error *error)
{
    if (!model_has_gradient(model))
        return true;
    if (options->init_from)
        return initial_parameters_copy(options, store, model, error);
    if (model->network)
        initial_parameters_draw(options, model, 0);
    else if (options->init == INIT_NORMAL)
        model_init_normal(model, options->init_std, options->seed);
    return true;
}
