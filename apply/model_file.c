#include "apply/model_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/progress.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"
#include "model/kernels/kernels.h"
#include "model/network.h"

/* ---- the checkpoint ---- */

static bool model_file_note_skipped(const char *path, const struct error *why,
                                    struct text_list *skipped, struct error *error)
{
    char message[sizeof(why->what) + sizeof(why->dataset) + sizeof(why->file) + 8];

    snprintf(message, sizeof(message), "%s: %s%s%s", path, why->dataset,
             why->dataset[0] ? ": " : "", why->what);
    return text_list_add(skipped, message, error);
}

bool model_file_read_undamaged(const char *path, struct model_file *file, struct error *error)
{
    struct error broken = {0};

    if (checkpoint_read(path, &file->checkpoint, &broken)) {
        file->path = strdup(path);
        return file->path || error_set_memory(error, strlen(path) + 1);
    }
    file->checkpoint = (struct checkpoint){0};
    /* What cannot be read now, or for want of memory, is not damaged: an older checkpoint in its
     * place would give other figures without a word. */
    if (broken.status != STATUS_DATA || !checkpoint_is_damaged(path)) {
        *error = broken;
        return false;
    }
    return model_file_note_skipped(path, &broken, &file->skipped, error);
}

bool model_file_read_newest(const char *directory, struct model_file *file, size_t *num_found,
                            struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = checkpoint_folder_list(directory, &list, error);

    *num_found = list.count;
    /* Half a list could lack the newest: no checkpoint is read then. */
    for (size_t i = list.count; ok && !file->path && i-- > 0;) {
        char *path = checkpoint_folder_path(directory, list.epochs[i], error);

        ok = path && model_file_read_undamaged(path, file, error);
        free(path);
    }
    checkpoint_folder_free(&list);
    return ok;
}

static bool model_file_read_directory(const char *path, struct model_file *file,
                                      struct error *error)
{
    size_t num_found;

    if (!model_file_read_newest(path, file, &num_found, error))
        return false;
    if (num_found == 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "the directory holds no checkpoint (epoch-NNNN.h5)");
    if (!file->path)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = path),
                         "none of the directory's %zu checkpoints is whole", num_found);
    return true;
}

static bool model_file_read_file(const char *path, struct model_file *file, struct error *error)
{
    file->path = strdup(path);
    if (!file->path)
        return error_set_memory(error, strlen(path) + 1);
    if (checkpoint_read(path, &file->checkpoint, error))
        return true;
    file->checkpoint = (struct checkpoint){0};
    return false;
}

static bool model_file_read_best(const char *directory, struct model_file *file,
                                 struct error *error)
{
    char *path = NULL;
    bool ok;

    if (asprintf(&path, "%s/" MODEL_FILE_BEST, directory) < 0)
        return error_set_memory(error, strlen(directory) + 16);
    ok = file_exists(path) ||
         error_set(error, STATUS_DATA, ERROR_AT(.file = directory),
                   "the directory holds no " MODEL_FILE_BEST ": it is written after an epoch whose "
                   "figures on the valid split are the best");
    ok = ok && model_file_read_file(path, file, error);
    free(path);
    return ok;
}

bool model_file_read(const char *path, enum model_select select, struct model_file *file,
                     struct error *error)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return error_set_errno(error, path, "cannot open the checkpoint");
    if (S_ISDIR(info.st_mode))
        return select == MODEL_SELECT_BEST ? model_file_read_best(path, file, error)
                                           : model_file_read_directory(path, file, error);
    if (select == MODEL_SELECT_BEST)
        return error_set(error, STATUS_USAGE, ERROR_AT(.file = path),
                         "--select best is of a RUN_DIR, and this is a file");
    return model_file_read_file(path, file, error);
}

const char *model_file_chosen_by(const struct model_file *file)
{
    const char *slash = strrchr(file->path, '/');
    const struct settings *config = &file->checkpoint.config;
    const struct setting *monitor = settings_find(config, "monitor");
    bool is_best = strcmp(slash ? slash + 1 : file->path, MODEL_FILE_BEST) == 0;

    if (!is_best && !settings_find(config, "patience"))
        return NULL;
    return monitor && monitor->type == SETTING_TEXT ? monitor->text : "valid_loss";
}

/* ---- its model ---- */

enum { INPUT_UNIT, INPUT_STANDARD };
static const char *const input_names[] = {"unit", "standard", NULL};

static bool model_file_choose(const struct model_file *file, const char *name,
                              const char *const *names, int *choice, struct error *error)
{
    const struct setting *setting = settings_find(&file->checkpoint.config, name);
    const struct error_context *place = ERROR_AT(.file = file->path, .dataset = "/config");

    if (!setting || setting->type != SETTING_TEXT)
        return error_set(error, STATUS_DATA, place, "no setting '%s'", name);
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], setting->text) == 0) {
            *choice = i;
            return true;
        }
    }
    return error_set(error, STATUS_DATA, place, "setting '%s' has the unknown value '%s'", name,
                     setting->text);
}

static bool model_file_read_real(const struct model_file *file, const char *name, float *value,
                                 struct error *error)
{
    const struct setting *setting = settings_find(&file->checkpoint.config, name);

    if (!setting || setting->type != SETTING_REAL || !isfinite((float)setting->real))
        return error_set(error, STATUS_DATA, ERROR_AT(.file = file->path, .dataset = "/config"),
                         "no finite number '%s'", name);
    *value = (float)setting->real;
    return true;
}

/* What a network is beside its parameters: its layers, and the scale of its input. */
static bool model_file_add_network(const struct model_file *file, struct model_spec *spec,
                                   struct error *error)
{
    const struct setting *layers = settings_find(&file->checkpoint.config, "layers");
    int input;
    bool ok = model_file_choose(file, "input", input_names, &input, error);

    if (!layers || layers->type != SETTING_TEXT)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = file->path, .dataset = "/config"),
                         "no setting 'layers'");
    spec->layers = layers->text;
    spec->input = model_input_unit();
    for (size_t c = 0; ok && input == INPUT_STANDARD && c < spec->image.channels; c++)
        ok = c < MODEL_MAX_CHANNELS &&
             model_file_read_real(file, TEXT("input_scale_%zu", c), &spec->input.scale[c], error) &&
             model_file_read_real(file, TEXT("input_offset_%zu", c), &spec->input.offset[c], error);
    return ok;
}

static bool model_file_make_spec(const struct model_file *file, struct model_spec *spec,
                                 struct error *error)
{
    int kind, distance = 0, loss = 0;
    bool ok = model_file_choose(file, "model", model_kind_names, &kind, error);

    if (!ok)
        return false;
    if (kind == MODEL_NEAREST_MEAN)
        ok = model_file_choose(file, "distance", model_distance_names, &distance, error);
    else
        ok = model_file_choose(file, "loss", model_loss_names, &loss, error);
    *spec = (struct model_spec){
        .kind = (enum model_kind)kind,
        .distance = (enum model_distance)distance,
        .loss = (enum model_loss)loss,
        .image = file->checkpoint.image,
        .num_classes = file->checkpoint.classes.count,
    };
    return ok && (kind != MODEL_NETWORK || model_file_add_network(file, spec, error));
}

static const char *model_file_format_shape(const struct tensor *tensor, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < tensor->rank && used < size; i++)
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%zu", i ? "x" : "", tensor->shape[i]);
    return buffer;
}

/* Is the model's tensor number index a norm's running variance? */
static bool model_file_is_variance(const struct model *model, size_t index)
{
    const struct network *network = model->network;

    for (size_t i = 0; network && i < network->num_layers; i++) {
        const struct layer *layer = &network->layers[i];

        if (index < layer->num_tensors)
            return layer->tensors[index].role == ROLE_RUNNING_VARIANCE;
        index -= layer->num_tensors;
    }
    return false;
}

/* stored (NULL: there is none), at dataset of the file, against the model's tensor number index. */
static bool model_file_check_tensor(const char *path, const char *dataset,
                                    const struct tensor *stored, const struct model *model,
                                    size_t index, struct error *error)
{
    const struct tensor *tensor = &model->tensors[index];
    const struct error_context *place = ERROR_AT(.file = path, .dataset = dataset);
    bool is_variance = model_file_is_variance(model, index);
    char expected[100], found[100];

    if (!stored)
        return error_set(error, STATUS_DATA, place, "the model's parameter is missing");
    if (stored->rank != tensor->rank ||
        memcmp(stored->shape, tensor->shape, tensor->rank * sizeof(*tensor->shape)) != 0)
        return error_set(
            error, STATUS_DATA,
            ERROR_AT(.file = path, .dataset = dataset,
                     .expected = model_file_format_shape(tensor, expected, sizeof(expected)),
                     .found = model_file_format_shape(stored, found, sizeof(found))),
            "the parameter has another shape than the model's");
    for (size_t i = 0; i < tensor_num_elements(stored); i++) {
        if (!isfinite(stored->data[i]))
            return error_set(error, STATUS_DATA, place,
                             "parameter %zu is not a finite number: the training diverged; take an "
                             "earlier checkpoint",
                             i);
        if (is_variance && stored->data[i] < 0)
            return error_set(error, STATUS_DATA, place,
                             "variance %zu is negative, which no training makes it: take another "
                             "checkpoint",
                             i);
    }
    return true;
}

/* The first count of the model's tensors; those behind them may be others, or missing. */
static bool model_file_check_tensors(const char *path, const struct checkpoint *checkpoint,
                                     const struct model *model, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = model->tensors[i].name;

        if (!model_file_check_tensor(path, TEXT("/parameters/%s", name),
                                     checkpoint_parameter(checkpoint, name), model, i, error))
            return false;
    }
    if (checkpoint->num_parameters != model->num_tensors)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = path, .dataset = "/parameters",
                                  .expected = TEXT("%zu tensors", model->num_tensors),
                                  .found = TEXT("%zu", checkpoint->num_parameters)),
                         "the checkpoint holds parameters that the model does not have");
    return true;
}

bool model_file_copy_first_parameters(const char *path, const struct checkpoint *checkpoint,
                                      size_t count, struct model *model, struct error *error)
{
    if (!model_file_check_tensors(path, checkpoint, model, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct tensor *tensor = &model->tensors[i];
        const struct tensor *stored = checkpoint_parameter(checkpoint, tensor->name);

        memcpy(tensor->data, stored->data, tensor_num_elements(tensor) * sizeof(*tensor->data));
    }
    return true;
}

bool model_file_copy_parameters(const char *path, const struct checkpoint *checkpoint,
                                struct model *model, struct error *error)
{
    return model_file_copy_first_parameters(path, checkpoint, model->num_tensors, model, error);
}

/* A run that averages its parameters is evaluated by the average, where there is one yet. */
static bool model_file_take_average(struct model_file *file, struct error *error)
{
    const struct checkpoint *checkpoint = &file->checkpoint;
    struct model *model = &file->model;

    for (size_t i = 0; i < model->num_tensors; i++) {
        const struct tensor *tensor = &model->tensors[i], *stored = NULL;
        char name[TENSOR_MAX_NAME];

        snprintf(name, sizeof(name), "average/%.48s", tensor->name);
        for (size_t k = 0; k < checkpoint->num_states; k++)
            if (strcmp(checkpoint->states[k].name, name) == 0)
                stored = &checkpoint->states[k];
        if (!model_file_check_tensor(file->path, TEXT("/optimizer/%s", name), stored, model, i,
                                     error))
            return false;
        memcpy(tensor->data, stored->data, tensor_num_elements(tensor) * sizeof(float));
    }
    return true;
}

/* What cannot be is the file's fault; but that there are no such kernels is the caller's. */
static bool model_file_describe(struct model_file *file, const struct model_spec *spec,
                                struct error *error)
{
    const struct kernels *kernels;
    struct error reason = {0};

    if (!kernels_choose(&kernels, error))
        return false;
    if (model_describe(spec, &file->model, &reason))
        return true;
    if (reason.status != STATUS_USAGE) {
        *error = reason;
        return false;
    }
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = file->path, .dataset = "/config",
                              .expected = reason.expected[0] ? reason.expected : NULL,
                              .found = reason.found[0] ? reason.found : NULL),
                     "%s", reason.what);
}

/* The model gets memory only once the file is seen to hold all of it: a file may claim any size. */
static bool model_file_make_model(struct model_file *file, struct error *error)
{
    struct model_spec spec;

    if (!model_file_make_spec(file, &spec, error) || !model_file_describe(file, &spec, error) ||
        !model_file_check_tensors(file->path, &file->checkpoint, &file->model,
                                  file->model.num_tensors, error) ||
        !model_allocate(&file->model, false, error) ||
        !model_file_copy_parameters(file->path, &file->checkpoint, &file->model, error))
        return false;
    if (settings_find(&file->checkpoint.config, "average") && !model_file_take_average(file, error))
        return false;
    model_pack(&file->model, false, 0, 1);
    return true;
}

/* Without a record of it, images are taken as large as the model's. */
static bool model_file_read_preparation(struct model_file *file, struct error *error)
{
    const struct image_shape *image = &file->checkpoint.image;
    struct preparation *preparation = &file->preparation;
    const struct error_context *place = ERROR_AT(.file = file->path, .dataset = "/preprocessing");
    struct error reason = {0};

    if (!preparation_parse(file->checkpoint.preparation, preparation, &reason))
        return error_set(error, STATUS_DATA, place, "%s: %s", reason.what, reason.found);
    if ((preparation->channels != 0 && preparation->channels != image->channels) ||
        (preparation->height != 0 &&
         (preparation->height != image->height || preparation->width != image->width)))
        return error_set(error, STATUS_DATA, place, "images of another shape than /store says");
    preparation->channels = image->channels;
    return true;
}

bool model_file_open_selected(const char *path, enum model_select select, struct model_file *file,
                              struct error *error)
{
    *file = (struct model_file){0};
    return model_file_read(path, select, file, error) && model_file_read_preparation(file, error) &&
           model_file_make_model(file, error);
}

bool model_file_open(const char *path, struct model_file *file, struct error *error)
{
    return model_file_open_selected(path, MODEL_SELECT_LAST, file, error);
}

void model_file_close(struct model_file *file)
{
    model_destroy(&file->model);
    checkpoint_free(&file->checkpoint);
    text_list_free(&file->skipped);
    free(file->path);
    *file = (struct model_file){0};
}

static const char *model_file_format_image(const struct image_shape *image, bool with_channels,
                                           char *buffer, size_t size)
{
    return text_format(buffer, size, "%zux%zu%s", image->height, image->width,
                       !with_channels         ? ""
                       : image->channels == 1 ? " gray"
                                              : " RGB");
}

bool model_file_check_image(const struct model_file *file, const char *path,
                            const struct image_shape *image, bool with_channels,
                            struct error *error)
{
    const struct image_shape *expected = &file->model.spec.image;
    char expected_text[64], found_text[64];

    if (image->height == expected->height && image->width == expected->width &&
        (!with_channels || image->channels == expected->channels))
        return true;
    return error_set(error, STATUS_DATA,
                     ERROR_AT(.file = path,
                              .expected = model_file_format_image(
                                  expected, with_channels, expected_text, sizeof(expected_text)),
                              .found = model_file_format_image(image, with_channels, found_text,
                                                               sizeof(found_text))),
                     "the image shape is not the model's");
}

void model_file_print_choice(const struct model_file *file, const char *program, const char *path)
{
    const bool is_taken = file->checkpoint.num_parameters > 0;
    char escaped[2048];

    for (size_t i = 0; i < file->skipped.count; i++)
        progress_message(program, "warning: skipped %s",
                         text_escape(escaped, sizeof(escaped), file->skipped.items[i]));
    if (is_taken && strcmp(file->path, path) != 0)
        progress_note(program, "taking %s", text_escape(escaped, sizeof(escaped), file->path));
    if (is_taken && !file->checkpoint.is_sealed)
        progress_message(program,
                         "note: %s has no seal: another program has rewritten it; the CRC-32 of "
                         "each tensor was checked",
                         text_escape(escaped, sizeof(escaped), file->path));
}
