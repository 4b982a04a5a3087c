#include "evaluate/loaded_model.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/text.h"
#include "formats/checkpoint/checkpoint_folder.h"

static bool choose(const char *path, const struct settings *config, const char *name,
                   const char *const *names, int *choice, struct error *error)
{
    const struct setting *setting = settings_find(config, name);
    const struct error_context *missing = ERROR_AT(.file = path, .dataset = "/config");

    if (!setting || setting->type != SETTING_TEXT)
        return error_set(error, STATUS_DATA, missing, "no setting '%s'", name);
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], setting->text) == 0) {
            *choice = i;
            return true;
        }
    }
    return error_set(error, STATUS_DATA, missing, "setting '%s' has the unknown value '%s'", name,
                     setting->text);
}

static bool make_spec(const struct loaded_model *loaded, struct model_spec *spec,
                      struct error *error)
{
    const struct settings *config = &loaded->checkpoint.config;
    int kind, distance = 0, loss = 0;
    bool ok = choose(loaded->path, config, "model", model_kind_names, &kind, error);

    if (!ok)
        return ok;
    if (kind == MODEL_NEAREST_MEAN)
        ok = choose(loaded->path, config, "distance", model_distance_names, &distance, error);
    else
        ok = choose(loaded->path, config, "loss", model_loss_names, &loss, error);
    *spec = (struct model_spec){
        .kind = (enum model_kind)kind,
        .distance = (enum model_distance)distance,
        .loss = (enum model_loss)loss,
        .image = loaded->checkpoint.image,
        .num_classes = loaded->checkpoint.classes.count,
    };
    return ok;
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

static bool check_tensor(const struct loaded_model *loaded, const struct tensor *tensor,
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
    return true;
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
static bool make_model(struct loaded_model *loaded, struct error *error)
{
    struct model_spec spec;
    bool ok = make_spec(loaded, &spec, error);

    if (ok)
        ok = model_describe(&spec, &loaded->model, error);
    for (size_t i = 0; i < loaded->model.num_tensors && ok; i++)
        ok = check_tensor(loaded, &loaded->model.tensors[i], error);
    if (ok && loaded->checkpoint.num_parameters != loaded->model.num_tensors)
        ok = error_set(error, STATUS_DATA,
                       ERROR_AT(.file = loaded->path, .dataset = "/parameters",
                                .expected = TEXT("%zu tensors", loaded->model.num_tensors),
                                .found = TEXT("%zu", loaded->checkpoint.num_parameters)),
                       "the checkpoint holds parameters that the model does not have");
    if (ok)
        ok = model_allocate(&loaded->model, false, error);
    if (ok)
        copy_tensors(loaded);
    return ok;
}

static bool note_skipped(struct loaded_model *loaded, const struct error *why, struct error *error)
{
    char message[sizeof(why->what) + sizeof(why->dataset) + sizeof(why->file) + 8];

    snprintf(message, sizeof(message), "%s: %s%s%s", loaded->path, why->dataset,
             why->dataset[0] ? ": " : "", why->what);
    return text_list_add(&loaded->skipped, message, error);
}

/* The newest file of the folder that checkpoint_read finds whole. */
static bool read_newest(const char *folder, struct loaded_model *loaded, struct error *error)
{
    struct checkpoint_folder list = {0};
    bool ok = checkpoint_folder_list(folder, &list, error);

    if (ok && list.count == 0)
        ok = error_set(error, STATUS_DATA, ERROR_AT(.file = folder),
                       "the folder holds no checkpoint (epoch-NNNN.h5)");
    /* Half a list could lack the newest. */
    for (size_t i = ok ? list.count : 0; i-- > 0;) {
        struct error broken = {0};

        loaded->path = checkpoint_folder_path(folder, list.epochs[i], error);
        if (!loaded->path) {
            ok = false;
            break;
        }
        ok = checkpoint_read(loaded->path, &loaded->checkpoint, &broken);
        if (ok)
            break;
        loaded->checkpoint = (struct checkpoint){0};
        /* What cannot be read now, or for want of memory, is not broken: an older checkpoint would
         * quietly give other figures. */
        if (broken.status != STATUS_DATA || !checkpoint_is_damaged(loaded->path)) {
            *error = broken;
            break;
        }
        ok = note_skipped(loaded, &broken, error);
        if (!ok)
            break;
        free(loaded->path);
        loaded->path = NULL;
        if (i == 0)
            ok = error_set(error, STATUS_DATA, ERROR_AT(.file = folder),
                           "none of the folder's %zu checkpoints is whole", list.count);
    }
    checkpoint_folder_free(&list);
    return ok;
}

static bool read_file(const char *path, struct loaded_model *loaded, struct error *error)
{
    bool ok;

    loaded->path = strdup(path);
    if (!loaded->path)
        return error_set_memory(error, strlen(path) + 1);
    ok = checkpoint_read(path, &loaded->checkpoint, error);
    if (!ok)
        loaded->checkpoint = (struct checkpoint){0};
    return ok;
}

bool loaded_model_open(const char *path, struct loaded_model *loaded, struct error *error)
{
    struct stat info;
    bool ok;

    *loaded = (struct loaded_model){0};
    if (stat(path, &info) != 0)
        return error_set_errno(error, path, "cannot open the checkpoint");
    if (S_ISDIR(info.st_mode))
        ok = read_newest(path, loaded, error);
    else
        ok = read_file(path, loaded, error);
    return ok && make_model(loaded, error);
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

bool loaded_model_check_image(const struct loaded_model *loaded, const char *file,
                              const struct image_shape *image, bool with_channels,
                              struct error *error)
{
    const struct image_shape *expected = &loaded->model.spec.image;
    char expected_text[64], found_text[64];

    if (image->height == expected->height && image->width == expected->width &&
        (!with_channels || image->channels == expected->channels))
        return true;
    return error_set(
        error, STATUS_DATA,
        ERROR_AT(.file = file,
                 .expected =
                     format_image(expected, with_channels, expected_text, sizeof(expected_text)),
                 .found = format_image(image, with_channels, found_text, sizeof(found_text))),
        "the image shape is not the model's");
}
