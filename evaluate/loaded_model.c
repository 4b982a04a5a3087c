#include "evaluate/loaded_model.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"

static enum status choose(const char *path, const struct settings *config, const char *name,
                          const char *const *names, int *choice, struct error *error)
{
    const struct setting *setting = settings_find(config, name);
    const struct error_context *missing = ERROR_AT(.file = path, .dataset = "/config");

    if (!setting || setting->type != SETTING_TEXT)
        return error_set(error, STATUS_DATA, missing, "no setting '%s'", name);
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], setting->text) == 0) {
            *choice = i;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_DATA, missing, "setting '%s' has the unknown value '%s'", name,
                     setting->text);
}

static enum status make_spec(const struct loaded_model *loaded, struct model_spec *spec,
                             struct error *error)
{
    const struct settings *config = &loaded->checkpoint.config;
    int kind, distance = 0, loss = 0;
    enum status status = choose(loaded->path, config, "model", model_kind_names, &kind, error);

    if (status != STATUS_OK)
        return status;
    if (kind == MODEL_NEAREST_MEAN)
        status = choose(loaded->path, config, "distance", model_distance_names, &distance, error);
    else
        status = choose(loaded->path, config, "loss", model_loss_names, &loss, error);
    *spec = (struct model_spec){
        .kind = (enum model_kind)kind,
        .distance = (enum model_distance)distance,
        .loss = (enum model_loss)loss,
        .image = loaded->checkpoint.image,
        .num_classes = loaded->checkpoint.classes.count,
    };
    return status;
}

static const char *format_shape(const struct tensor *tensor, char *buffer, size_t size)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < tensor->rank && used < size; i++)
        used +=
            (size_t)snprintf(buffer + used, size - used, "%s%zu", i ? "x" : "", tensor->shape[i]);
    return buffer;
}

static enum status check_tensor(const struct loaded_model *loaded, const struct tensor *tensor,
                                struct error *error)
{
    const struct tensor *stored = checkpoint_parameter(&loaded->checkpoint, tensor->name);
    const char *dataset = TEXT("/parameters/%s", tensor->name);
    char expected[100], found[100];

    if (!stored)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = loaded->path, .dataset = dataset),
                         "the model's parameter is missing");
    if (stored->rank != tensor->rank ||
        memcmp(stored->shape, tensor->shape, tensor->rank * sizeof(*tensor->shape)) != 0)
        return error_set(error, STATUS_DATA,
                         ERROR_AT(.file = loaded->path, .dataset = dataset,
                                  .expected = format_shape(tensor, expected, sizeof(expected)),
                                  .found = format_shape(stored, found, sizeof(found))),
                         "the parameter has another shape than the model's");
    return STATUS_OK;
}

static void copy_tensors(struct loaded_model *loaded)
{
    for (size_t i = 0; i < loaded->model.num_tensors; i++) {
        struct tensor *tensor = &loaded->model.tensors[i];
        const struct tensor *stored = checkpoint_parameter(&loaded->checkpoint, tensor->name);

        memcpy(tensor->data, stored->data, tensor_num_elements(tensor) * sizeof(*tensor->data));
    }
}

/* There is memory for the model only once the file is seen to hold all of it. */
static enum status make_model(struct loaded_model *loaded, struct error *error)
{
    struct model_spec spec;
    enum status status = make_spec(loaded, &spec, error);

    if (status == STATUS_OK)
        status = model_describe(&spec, &loaded->model, error);
    for (size_t i = 0; i < loaded->model.num_tensors && status == STATUS_OK; i++)
        status = check_tensor(loaded, &loaded->model.tensors[i], error);
    if (status == STATUS_OK && loaded->checkpoint.num_parameters != loaded->model.num_tensors)
        status = error_set(error, STATUS_DATA,
                           ERROR_AT(.file = loaded->path, .dataset = "/parameters",
                                    .expected = TEXT("%zu tensors", loaded->model.num_tensors),
                                    .found = TEXT("%zu", loaded->checkpoint.num_parameters)),
                           "the checkpoint holds parameters that the model does not have");
    if (status == STATUS_OK)
        status = model_allocate(&loaded->model, error);
    if (status == STATUS_OK)
        copy_tensors(loaded);
    return status;
}

static enum status note_skipped(struct loaded_model *loaded, const struct error *why,
                                struct error *error)
{
    char message[sizeof(why->what) + sizeof(why->dataset) + sizeof(why->file) + 8];

    snprintf(message, sizeof(message), "%s: %s%s%s", loaded->path, why->dataset,
             why->dataset[0] ? ": " : "", why->what);
    return text_list_add(&loaded->skipped, message, error);
}

/* The newest file of the folder that checkpoint_read finds whole. */
static enum status read_newest(const char *folder, struct loaded_model *loaded, struct error *error)
{
    struct checkpoint_folder list = {0};
    enum status status = checkpoint_folder_list(folder, &list, error);

    if (status == STATUS_OK && list.count == 0)
        status = error_set(error, STATUS_DATA, ERROR_AT(.file = folder),
                           "the folder holds no checkpoint (epoch-NNNN.h5)");
    /* Half a list could lack the newest. */
    for (size_t i = status == STATUS_OK ? list.count : 0; i-- > 0;) {
        struct error broken = {0};

        loaded->path = checkpoint_folder_path(folder, list.epochs[i], error);
        if (!loaded->path) {
            status = STATUS_INTERNAL;
            break;
        }
        status = checkpoint_read(loaded->path, &loaded->checkpoint, &broken);
        if (status == STATUS_OK)
            break;
        loaded->checkpoint = (struct checkpoint){0};
        /* What cannot be read now, or for want of memory, is not broken: an older checkpoint would
         * quietly give other figures. */
        if (status != STATUS_DATA || !checkpoint_is_damaged(loaded->path)) {
            *error = broken;
            break;
        }
        status = note_skipped(loaded, &broken, error);
        if (status != STATUS_OK)
            break;
        free(loaded->path);
        loaded->path = NULL;
        if (i == 0)
            status = error_set(error, STATUS_DATA, ERROR_AT(.file = folder),
                               "none of the folder's %zu checkpoints is whole", list.count);
    }
    checkpoint_folder_free(&list);
    return status;
}

static enum status read_file(const char *path, struct loaded_model *loaded, struct error *error)
{
    enum status status;

    loaded->path = strdup(path);
    if (!loaded->path)
        return error_set_memory(error, strlen(path) + 1);
    status = checkpoint_read(path, &loaded->checkpoint, error);
    if (status != STATUS_OK)
        loaded->checkpoint = (struct checkpoint){0};
    return status;
}

enum status loaded_model_open(const char *path, struct loaded_model *loaded, struct error *error)
{
    struct stat info;
    enum status status;

    *loaded = (struct loaded_model){0};
    if (stat(path, &info) != 0)
        return error_set_errno(error, path, "cannot open the checkpoint");
    if (S_ISDIR(info.st_mode))
        status = read_newest(path, loaded, error);
    else
        status = read_file(path, loaded, error);
    return status == STATUS_OK ? make_model(loaded, error) : status;
}

void loaded_model_close(struct loaded_model *loaded)
{
    model_destroy(&loaded->model);
    checkpoint_free(&loaded->checkpoint);
    text_list_free(&loaded->skipped);
    free(loaded->path);
    *loaded = (struct loaded_model){0};
}

static const char *format_image(const struct image_shape *image, bool with_channels, char *buffer,
                                size_t size)
{
    return text_format(buffer, size, "%zux%zu%s", image->height, image->width,
                       !with_channels         ? ""
                       : image->channels == 1 ? " gray"
                                              : " RGB");
}

enum status loaded_model_check_image(const struct loaded_model *loaded, const char *file,
                                     const struct image_shape *image, bool with_channels,
                                     struct error *error)
{
    const struct image_shape *expected = &loaded->model.spec.image;
    char expected_text[64], found_text[64];

    if (image->height == expected->height && image->width == expected->width &&
        (!with_channels || image->channels == expected->channels))
        return STATUS_OK;
    return error_set(
        error, STATUS_DATA,
        ERROR_AT(.file = file,
                 .expected =
                     format_image(expected, with_channels, expected_text, sizeof(expected_text)),
                 .found = format_image(image, with_channels, found_text, sizeof(found_text))),
        "the image shape is not the model's");
}
