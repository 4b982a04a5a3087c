#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/checkpoint_internal.h"
#include "formats/file/seal.h"
#include "formats/hdf5/hdf5.h"
#include "formats/limits.h"

/* ---- tensors ---- */

/* name: "/parameters/linear/weight"; tensor_name: what of it names the tensor. */
static void checkpoint_read_tensor(const struct h5_context *file, hid_t root, const char *name,
                                   const char *tensor_name, struct tensor *tensor)
{
    hid_t dataset = h5_open_dataset(file, root, name);
    size_t rank = h5_dataset_rank(file, dataset, name);
    uint64_t shape[TENSOR_MAX_RANK] = {0};
    uint64_t num_elements = 1;
    uint32_t stored_crc32, crc32;

    if (h5_ok(file) &&
        (rank < 1 || rank > TENSOR_MAX_RANK || strlen(tensor_name) >= TENSOR_MAX_NAME))
        h5_refuse(file, name, "not a tensor of a model", NULL, NULL);
    h5_check_dataset(file, dataset, name, H5T_FLOAT, rank, shape);
    if (!h5_ok(file))
        goto out;
    snprintf(tensor->name, sizeof(tensor->name), "%s", tensor_name);
    tensor->rank = rank;
    for (size_t i = 0; i < rank; i++) {
        tensor->shape[i] = shape[i];
        if (__builtin_mul_overflow(num_elements, shape[i], &num_elements))
            num_elements = UINT64_MAX;
    }
    if (!memory_allocate(&tensor->data, num_elements, sizeof(float), file->error))
        goto out;
    h5_read_dataset(file, dataset, name, H5T_NATIVE_FLOAT, tensor->data);
    stored_crc32 = (uint32_t)h5_read_count_attribute(file, dataset, "crc32");
    if (!h5_ok(file))
        goto out;
    crc32 = checkpoint_tensor_crc32(tensor);
    if (crc32 != stored_crc32)
        h5_refuse(file, name, "does not match its CRC-32: the file is damaged",
                  TEXT("%08x", stored_crc32), TEXT("%08x", crc32));
out:
    h5_close(file, &dataset);
}

/* All tensors below a group, in the order of their names. */
static void checkpoint_read_tensors(const struct h5_context *file, hid_t root,
                                    const char *group_name, struct tensor *tensors, size_t *count)
{
    hid_t group = h5_open_group(file, root, group_name);
    struct text_list names = {0};

    h5_list_datasets(file, group, group_name, &names);
    if (h5_ok(file) && names.count > CHECKPOINT_MAX_TENSORS)
        h5_refuse(file, group_name, "too many tensors", TEXT("at most %d", CHECKPOINT_MAX_TENSORS),
                  TEXT("%zu", names.count));
    for (size_t i = 0; i < names.count && h5_ok(file); i++) {
        *count = i + 1;
        checkpoint_read_tensor(file, root, TEXT("%s/%s", group_name, names.items[i]),
                               names.items[i], &tensors[i]);
    }
    text_list_free(&names);
    h5_close(file, &group);
}

/* ---- configuration ---- */

static void checkpoint_read_setting(const struct h5_context *file, hid_t group, const char *name,
                                    struct settings *settings)
{
    char text[SETTING_MAX_TEXT];

    switch (h5_attribute_class(file, group, name)) {
    case H5T_STRING:
        h5_read_text_attribute(file, group, name, text, sizeof(text));
        settings_add_text(settings, name, text);
        break;
    case H5T_INTEGER:
        settings_add_count(settings, name, h5_read_count_attribute(file, group, name));
        break;
    default:
        settings_add_real(settings, name, h5_read_real_attribute(file, group, name));
        break;
    }
}

void checkpoint_read_config(const struct h5_context *file, hid_t root, struct settings *settings)
{
    hid_t group = h5_open_group(file, root, "/config");
    struct text_list names = {0};

    h5_list_attributes(file, group, &names);
    for (size_t i = 0; i < names.count && h5_ok(file) && !settings->is_overfull; i++)
        checkpoint_read_setting(file, group, names.items[i], settings);
    if (h5_ok(file) && settings->is_overfull)
        h5_refuse(file, "/config", "too many settings, or too long a name",
                  TEXT("at most %d", SETTINGS_MAX), NULL);
    text_list_free(&names);
    h5_close(file, &group);
}

/* ---- the rest ---- */

/* One column of the history, which has as many values as there are records. */
static void checkpoint_read_column(const struct h5_context *file, hid_t root,
                                   const struct history_column *column, double *values,
                                   struct checkpoint *checkpoint)
{
    const char *name = TEXT("/history/%s", column->name);
    hid_t dataset = h5_open_dataset(file, root, name);
    uint64_t num_values = 0;

    h5_check_dataset(file, dataset, name, H5T_FLOAT, 1, &num_values);
    if (h5_ok(file) && num_values != checkpoint->num_records)
        h5_refuse(file, name, "another length than /history/epoch", NULL, NULL);
    if (num_values > 0)
        h5_read_dataset(file, dataset, name, H5T_NATIVE_DOUBLE, values);
    for (uint64_t i = 0; h5_ok(file) && i < num_values; i++)
        memcpy((char *)&checkpoint->records[i] + column->offset, &values[i], sizeof(*values));
    h5_close(file, &dataset);
}

static void checkpoint_read_history(const struct h5_context *file, hid_t root,
                                    struct checkpoint *checkpoint)
{
    hid_t dataset = h5_open_dataset(file, root, "/history/epoch");
    uint64_t num_records = 0;
    uint64_t *epochs = NULL;
    double *values = NULL;

    h5_check_dataset(file, dataset, "/history/epoch", H5T_INTEGER, 1, &num_records);
    if (!h5_ok(file) || !memory_allocate(&epochs, num_records, sizeof(*epochs), file->error) ||
        !memory_allocate(&values, num_records, sizeof(*values), file->error) ||
        !memory_allocate(&checkpoint->records, num_records, sizeof(*checkpoint->records),
                         file->error))
        goto out;
    checkpoint->num_records = num_records;
    if (num_records > 0)
        h5_read_dataset(file, dataset, "/history/epoch", H5T_NATIVE_UINT64, epochs);
    for (uint64_t i = 0; i < num_records; i++)
        checkpoint->records[i].epoch = epochs[i];
    for (int column = 0; column < HISTORY_NUM_COLUMNS; column++)
        checkpoint_read_column(file, root, &history_columns[column], values, checkpoint);
out:
    free(values);
    free(epochs);
    h5_close(file, &dataset);
}

static void checkpoint_read_progress(const struct h5_context *file, hid_t root,
                                     struct checkpoint *checkpoint)
{
    hid_t group = h5_open_group(file, root, "/progress");

    checkpoint->epoch = h5_read_count_attribute(file, group, "epoch");
    checkpoint->step = h5_read_count_attribute(file, group, "step");
    checkpoint->epochs = h5_read_count_attribute(file, group, "epochs");
    checkpoint->finished = h5_read_count_attribute(file, group, "finished") != 0;
    checkpoint->batch = h5_read_count_attribute(file, group, "batch");
    checkpoint->loss_sum = h5_read_real_attribute(file, group, "loss_sum");
    h5_close(file, &group);
}

static void checkpoint_read_store(const struct h5_context *file, hid_t root,
                                  struct checkpoint *checkpoint)
{
    hid_t group = h5_open_group(file, root, "/store");
    uint64_t shape[3] = {0, 0, 1};
    size_t num_values;

    h5_read_text_attribute(file, group, "fingerprint", checkpoint->store_fingerprint,
                           sizeof(checkpoint->store_fingerprint));
    num_values = h5_num_attribute_values(file, group, "image_shape");
    if (h5_ok(file) && num_values != 2 && num_values != 3)
        h5_refuse(file, "/store", "image_shape has the wrong length", "2 or 3",
                  TEXT("%zu", num_values));
    h5_read_counts_attribute(file, group, "image_shape", shape, num_values);
    h5_close(file, &group);
    if (h5_ok(file))
        limits_check_image(file->path, "/store", shape[0], shape[1], shape[2], file->error);
    checkpoint->image = (struct image_shape){shape[0], shape[1], shape[2]};
}

static void checkpoint_check_digest(const struct h5_context *file, hid_t root,
                                    const struct checkpoint *checkpoint)
{
    char stored[65], computed[65];

    h5_read_text_attribute(file, root, "digest", stored, sizeof(stored));
    if (!h5_ok(file))
        return;
    checkpoint_compute_digest(checkpoint, computed);
    if (strcmp(stored, computed) != 0)
        h5_refuse(file, NULL,
                  "the contents do not match their digest: the file is damaged or was "
                  "edited",
                  stored, computed);
}

bool checkpoint_read(const char *path, struct checkpoint *checkpoint, struct error *error)
{
    const struct h5_opening opening = {.num_threads = 1};
    struct h5_context file = {.path = path, .error = error};
    hid_t root;

    *checkpoint = (struct checkpoint){0};
    root = h5_open_file(&file, &opening, &checkpoint->is_sealed);
    h5_check_format(&file, root, CHECKPOINT_FORMAT, CHECKPOINT_MAJOR_VERSION);
    h5_read_texts(&file, root, "/classes", &checkpoint->classes);
    if (h5_ok(&file))
        limits_check_classes(path, checkpoint->classes.count, 2, error);
    if (h5_ok(&file)) {
        checkpoint_read_config(&file, root, &checkpoint->config);
        checkpoint_read_progress(&file, root, checkpoint);
        checkpoint_read_store(&file, root, checkpoint);
        h5_read_items(&file, root, "preprocessing", checkpoint->preparation,
                      sizeof(checkpoint->preparation));
        checkpoint_read_history(&file, root, checkpoint);
        checkpoint_read_tensors(&file, root, "/parameters", checkpoint->parameters,
                                &checkpoint->num_parameters);
        checkpoint_read_tensors(&file, root, "/optimizer", checkpoint->states,
                                &checkpoint->num_states);
        checkpoint_check_digest(&file, root, checkpoint);
    }
    h5_close_file(&file, &root);
    if (!h5_ok(&file))
        checkpoint_free(checkpoint);
    return error_ok(error);
}

bool checkpoint_is_damaged(const char *path)
{
    struct error error = {0};
    bool is_sealed;
    bool ok = seal_check_path(path, true, 1, &is_sealed, &error);

    return ok ? !is_sealed : error.status == STATUS_DATA;
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->num_parameters; i++)
        free(checkpoint->parameters[i].data);
    for (size_t i = 0; i < checkpoint->num_states; i++)
        free(checkpoint->states[i].data);
    free(checkpoint->records);
    text_list_free(&checkpoint->classes);
    *checkpoint = (struct checkpoint){0};
}

const struct tensor *checkpoint_parameter(const struct checkpoint *checkpoint, const char *name)
{
    for (size_t i = 0; i < checkpoint->num_parameters; i++)
        if (strcmp(checkpoint->parameters[i].name, name) == 0)
            return &checkpoint->parameters[i];
    return NULL;
}
