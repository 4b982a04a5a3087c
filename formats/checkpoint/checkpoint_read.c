#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/checkpoint_internal.h"
#include "formats/file/seal.h"
#include "formats/hdf5/hdf5_internal.h"
#include "formats/store/rows.h"
#include "formats/store/store.h"

/* ---- tensors ---- */

struct tensor_names {
    const struct h5_context *file;
    struct text_list list;
};

static herr_t collect_name(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    struct tensor_names *names = data;
    hid_t object;

    if (info->type != H5L_TYPE_HARD)
        return 0;
    object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        return -1;
    if (H5Iget_type(object) == H5I_DATASET)
        text_list_add(&names->list, name, names->file->error);
    return H5Oclose(object) < 0 || !h5_ok(names->file) ? -1 : 0;
}

static void read_tensor(const struct h5_context *file, hid_t group, const char *name,
                        const char *full_name, struct tensor *tensor)
{
    hid_t dataset = h5_open_dataset(file, group, name), space = H5I_INVALID_HID;
    uint64_t shape[TENSOR_MAX_RANK] = {0};
    uint64_t num_elements = 1;
    uint32_t stored_crc32, crc32;
    int rank = -1;

    if (h5_ok(file)) {
        space = h5_hold(file, H5Dget_space(dataset), full_name, "cannot read the shape");
        rank = h5_ok(file) ? H5Sget_simple_extent_ndims(space) : 0;
        h5_close(file, &space);
    }
    if (h5_ok(file) && (rank < 1 || rank > TENSOR_MAX_RANK || strlen(name) >= TENSOR_MAX_NAME))
        h5_refuse(file, full_name, "not a tensor of a model", NULL, NULL);
    h5_check_dataset(file, dataset, full_name, H5T_FLOAT, (size_t)rank, shape);
    if (!h5_ok(file))
        goto out;
    snprintf(tensor->name, sizeof(tensor->name), "%s", name);
    tensor->rank = (size_t)rank;
    for (int i = 0; i < rank; i++) {
        tensor->shape[i] = shape[i];
        if (__builtin_mul_overflow(num_elements, shape[i], &num_elements))
            num_elements = UINT64_MAX;
    }
    rows_check_plausible(file, dataset, full_name, num_elements, sizeof(float));
    if (!h5_ok(file) || !memory_allocate(&tensor->data, num_elements, sizeof(float), file->error))
        goto out;
    h5_read_dataset(file, dataset, full_name, H5T_NATIVE_FLOAT, tensor->data);
    stored_crc32 = (uint32_t)h5_read_count_attribute(file, dataset, "crc32");
    crc32 = checkpoint_tensor_crc32(tensor);
    if (h5_ok(file) && crc32 != stored_crc32)
        h5_refuse(file, full_name, "does not match its CRC-32: the file is damaged",
                  TEXT("%08x", stored_crc32), TEXT("%08x", crc32));
out:
    h5_close(file, &dataset);
}

static void read_tensors(const struct h5_context *file, hid_t root, const char *group_name,
                         struct tensor *tensors, size_t *count)
{
    hid_t group = h5_open_group(file, root, group_name);
    struct tensor_names names = {.file = file};

    if (h5_ok(file) && H5Lvisit(group, H5_INDEX_NAME, H5_ITER_INC, collect_name, &names) < 0)
        h5_fail(file, STATUS_DATA, group_name, "cannot list the group");
    if (h5_ok(file) && names.list.count > CHECKPOINT_MAX_TENSORS)
        h5_refuse(file, group_name, "too many tensors", TEXT("at most %d", CHECKPOINT_MAX_TENSORS),
                  TEXT("%zu", names.list.count));
    for (size_t i = 0; i < names.list.count && h5_ok(file); i++) {
        const char *name = names.list.items[i];

        *count = i + 1;
        read_tensor(file, group, name, TEXT("/%s/%s", group_name, name), &tensors[i]);
    }
    text_list_free(&names.list);
    h5_close(file, &group);
}

/* ---- configuration ---- */

struct setting_reader {
    const struct h5_context *file;
    struct settings *settings;
};

static herr_t read_setting(hid_t group, const char *name, const H5A_info_t *info, void *data)
{
    struct setting_reader *reader = data;
    const struct h5_context *file = reader->file;
    struct settings *settings = reader->settings;
    hid_t attribute = H5I_INVALID_HID, type = H5I_INVALID_HID;
    H5T_class_t type_class = H5T_NO_CLASS;
    char text[SETTING_MAX_TEXT];

    (void)info;
    attribute = h5_hold(file, H5Aopen(group, name, H5P_DEFAULT), name, "cannot open the attribute");
    if (h5_ok(file))
        type = h5_hold(file, H5Aget_type(attribute), name, "cannot read the attribute's type");
    if (h5_ok(file))
        type_class = H5Tget_class(type);
    h5_close(file, &type);
    h5_close(file, &attribute);
    if (h5_ok(file) && (settings->count == CHECKPOINT_MAX_SETTINGS ||
                        strlen(name) >= sizeof(settings->items[0].name)))
        h5_refuse(file, "/config", "too many settings, or too long a name", NULL, NULL);
    if (type_class == H5T_STRING) {
        h5_read_text_attribute(file, group, name, text, sizeof(text));
        settings_add_text(settings, name, text);
    } else if (type_class == H5T_INTEGER) {
        settings_add_count(settings, name, h5_read_count_attribute(file, group, name));
    } else {
        settings_add_real(settings, name, h5_read_real_attribute(file, group, name));
    }
    return h5_ok(file) ? 0 : -1;
}

static void read_config(const struct h5_context *file, hid_t root, struct settings *settings)
{
    hid_t group = h5_open_group(file, root, "config");
    struct setting_reader reader = {file, settings};

    if (h5_ok(file) &&
        H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, NULL, read_setting, &reader) < 0)
        h5_fail(file, STATUS_DATA, "/config", "cannot list the attributes");
    h5_close(file, &group);
}

/* ---- the rest ---- */

static void read_history(const struct h5_context *file, hid_t root, struct checkpoint *checkpoint)
{
    hid_t group = h5_open_group(file, root, "history"), dataset;
    uint64_t num_records = 0, num_values;
    uint64_t *epochs = NULL;
    double *values = NULL;

    dataset = h5_open_dataset(file, group, "epoch");
    h5_check_dataset(file, dataset, "/history/epoch", H5T_INTEGER, 1, &num_records);
    rows_check_plausible(file, dataset, "/history/epoch", num_records, sizeof(*epochs));
    if (!h5_ok(file) || !memory_allocate(&epochs, num_records, sizeof(*epochs), file->error) ||
        !memory_allocate(&values, num_records, sizeof(*values), file->error) ||
        !memory_allocate(&checkpoint->records, num_records, sizeof(*checkpoint->records),
                         file->error))
        goto out;
    if (num_records > 0)
        h5_read_dataset(file, dataset, "/history/epoch", H5T_NATIVE_UINT64, epochs);
    for (uint64_t i = 0; i < num_records; i++)
        checkpoint->records[i].epoch = epochs[i];
    for (int column = 0; column < HISTORY_NUM_COLUMNS; column++) {
        const char *name = TEXT("/history/%s", history_columns[column].name);

        h5_close(file, &dataset);
        dataset = h5_open_dataset(file, group, history_columns[column].name);
        h5_check_dataset(file, dataset, name, H5T_FLOAT, 1, &num_values);
        if (h5_ok(file) && num_values != num_records)
            h5_refuse(file, name, "another length than /history/epoch", NULL, NULL);
        if (num_records > 0)
            h5_read_dataset(file, dataset, name, H5T_NATIVE_DOUBLE, values);
        for (uint64_t i = 0; i < num_records; i++)
            memcpy((char *)&checkpoint->records[i] + history_columns[column].offset, &values[i],
                   sizeof(*values));
    }
    checkpoint->num_records = num_records;
out:
    free(values);
    free(epochs);
    h5_close(file, &dataset);
    h5_close(file, &group);
}

static void read_progress(const struct h5_context *file, hid_t root, struct checkpoint *checkpoint)
{
    hid_t group = h5_open_group(file, root, "progress");

    checkpoint->epoch = h5_read_count_attribute(file, group, "epoch");
    checkpoint->step = h5_read_count_attribute(file, group, "step");
    checkpoint->epochs = h5_read_count_attribute(file, group, "epochs");
    checkpoint->finished = h5_read_count_attribute(file, group, "finished") != 0;
    checkpoint->batch = h5_read_count_attribute(file, group, "batch");
    checkpoint->loss_sum = h5_read_real_attribute(file, group, "loss_sum");
    h5_close(file, &group);
}

static void read_store(const struct h5_context *file, hid_t root, struct checkpoint *checkpoint)
{
    hid_t group = h5_open_group(file, root, "store");
    hid_t attribute = H5I_INVALID_HID, space = H5I_INVALID_HID;
    uint64_t shape[3] = {0, 0, 1};
    hssize_t num_dimensions = 0;

    h5_read_text_attribute(file, group, "fingerprint", checkpoint->store_fingerprint,
                           sizeof(checkpoint->store_fingerprint));
    if (h5_ok(file))
        attribute = h5_hold(file, H5Aopen(group, "image_shape", H5P_DEFAULT), "/store",
                            "has no image_shape");
    if (h5_ok(file))
        space = h5_hold(file, H5Aget_space(attribute), "/store", "cannot read image_shape");
    if (h5_ok(file))
        num_dimensions = H5Sget_simple_extent_npoints(space);
    h5_close(file, &space);
    h5_close(file, &attribute);
    if (h5_ok(file) && num_dimensions != 2 && num_dimensions != 3)
        h5_refuse(file, "/store", "image_shape has the wrong length", "2 or 3", NULL);
    h5_read_counts_attribute(file, group, "image_shape", shape, (size_t)num_dimensions);
    h5_close(file, &group);
    if (h5_ok(file) && (shape[0] < 1 || shape[0] > 65535 || shape[1] < 1 || shape[1] > 65535 ||
                        (shape[2] != 1 && shape[2] != 3)))
        h5_refuse(file, "/store", "image_shape is not possible", NULL, NULL);
    checkpoint->image = (struct image_shape){shape[0], shape[1], shape[2]};
}

static void check_digest(const struct h5_context *file, hid_t root,
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
    struct h5_context file = {.path = path, .error = error};
    hid_t root;

    *checkpoint = (struct checkpoint){0};
    root = h5_open_file(&file, &checkpoint->is_sealed);
    h5_check_format(&file, root, CHECKPOINT_FORMAT, CHECKPOINT_MAJOR_VERSION);
    h5_read_texts(&file, root, "classes", &checkpoint->classes);
    if (h5_ok(&file) &&
        (checkpoint->classes.count < 2 || checkpoint->classes.count > STORE_MAX_CLASSES))
        h5_refuse(&file, "/classes", "wrong number of classes", TEXT("2 to %d", STORE_MAX_CLASSES),
                  TEXT("%zu", checkpoint->classes.count));
    if (h5_ok(&file)) {
        read_config(&file, root, &checkpoint->config);
        read_progress(&file, root, checkpoint);
        read_store(&file, root, checkpoint);
        read_history(&file, root, checkpoint);
        read_tensors(&file, root, "parameters", checkpoint->parameters,
                     &checkpoint->num_parameters);
        read_tensors(&file, root, "optimizer", checkpoint->states, &checkpoint->num_states);
        check_digest(&file, root, checkpoint);
    }
    h5_close(&file, &root);
    if (!h5_ok(&file))
        checkpoint_free(checkpoint);
    return error_ok(error);
}

bool checkpoint_is_damaged(const char *path)
{
    struct error error = {0};
    bool is_sealed;
    bool ok = seal_check(path, path, true, 1, &is_sealed, &error);

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
