#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/checkpoint_internal.h"
#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5_internal.h"

const struct history_column history_columns[HISTORY_NUM_COLUMNS] = {
    {"train_loss", offsetof(struct epoch_record, train_loss)},
    {"valid_loss", offsetof(struct epoch_record, valid_loss)},
    {"valid_accuracy", offsetof(struct epoch_record, valid_accuracy)},
    {"learning_rate", offsetof(struct epoch_record, learning_rate)},
};

/* Opens the group NAME under parent, making it if it is not there. */
static hid_t enter_group(const struct h5_context *file, hid_t parent, const char *name)
{
    if (h5_exists(file, parent, name))
        return h5_open_group(file, parent, name);
    return h5_create_group(file, parent, name);
}

/* Writes "LAYER/weight" as a dataset in the group LAYER, and so on for longer names. */
static void write_tensor(const struct h5_context *file, hid_t parent, const struct tensor *tensor,
                         const char *name)
{
    const char *slash = strchr(name, '/');
    uint64_t shape[TENSOR_MAX_RANK];

    if (slash) {
        char group_name[TENSOR_MAX_NAME];
        hid_t group;

        snprintf(group_name, sizeof(group_name), "%.*s", (int)(slash - name), name);
        group = enter_group(file, parent, group_name);
        write_tensor(file, group, tensor, slash + 1);
        h5_close(file, &group);
    } else {
        hid_t dataset;

        for (size_t i = 0; i < tensor->rank; i++)
            shape[i] = tensor->shape[i];
        dataset = h5_write_dataset(file, parent, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT,
                                   tensor->rank, shape, tensor->data);
        h5_write_crc32_attribute(file, dataset, "crc32", checkpoint_tensor_crc32(tensor));
        h5_close(file, &dataset);
    }
}

static void write_tensors(const struct h5_context *file, hid_t root, const char *group_name,
                          const char *description, const struct tensor *tensors, size_t count)
{
    hid_t group = h5_create_group(file, root, group_name);

    h5_write_text_attribute(file, group, "description", description);
    for (size_t i = 0; i < count; i++)
        write_tensor(file, group, &tensors[i], tensors[i].name);
    h5_close(file, &group);
}

static void write_config(const struct h5_context *file, hid_t root, const struct settings *settings)
{
    hid_t group = h5_create_group(file, root, "config");

    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->items[i];

        if (setting->type == SETTING_TEXT)
            h5_write_text_attribute(file, group, setting->name, setting->text);
        else if (setting->type == SETTING_COUNT)
            h5_write_count_attribute(file, group, setting->name, setting->count);
        else
            h5_write_real_attribute(file, group, setting->name, setting->real);
    }
    h5_close(file, &group);
}

static void write_history(const struct h5_context *file, hid_t root,
                          const struct checkpoint *checkpoint)
{
    hid_t group = h5_create_group(file, root, "history"), dataset;
    uint64_t num_records = checkpoint->num_records;
    uint64_t *epochs = NULL;
    double *values = NULL;

    if (!memory_allocate(&epochs, num_records, sizeof(*epochs), file->error) ||
        !memory_allocate(&values, num_records, sizeof(*values), file->error))
        goto out;
    h5_write_text_attribute(file, group, "description",
                            "one entry an epoch; train_loss is the mean over the epoch's samples, "
                            "each taken before its batch's update; nan: not defined");
    for (uint64_t i = 0; i < num_records; i++)
        epochs[i] = checkpoint->records[i].epoch;
    dataset = h5_write_dataset(file, group, "epoch", H5T_STD_U64LE, H5T_NATIVE_UINT64, 1,
                               &num_records, epochs);
    h5_close(file, &dataset);
    for (int column = 0; column < HISTORY_NUM_COLUMNS; column++) {
        for (uint64_t i = 0; i < num_records; i++)
            memcpy(&values[i],
                   (const char *)&checkpoint->records[i] + history_columns[column].offset,
                   sizeof(*values));
        dataset = h5_write_dataset(file, group, history_columns[column].name, H5T_IEEE_F64LE,
                                   H5T_NATIVE_DOUBLE, 1, &num_records, values);
        h5_close(file, &dataset);
    }
out:
    free(values);
    free(epochs);
    h5_close(file, &group);
}

static void write_progress(const struct h5_context *file, hid_t root,
                           const struct checkpoint *checkpoint)
{
    hid_t group = h5_create_group(file, root, "progress");

    h5_write_text_attribute(file, group, "description",
                            "epoch: epochs done; step: parameter updates done; epochs: asked for; "
                            "batch, loss_sum: batches done of the next epoch, and their losses");
    h5_write_count_attribute(file, group, "epoch", checkpoint->epoch);
    h5_write_count_attribute(file, group, "step", checkpoint->step);
    h5_write_count_attribute(file, group, "epochs", checkpoint->epochs);
    h5_write_count_attribute(file, group, "finished", checkpoint->finished);
    h5_write_count_attribute(file, group, "batch", checkpoint->batch);
    h5_write_real_attribute(file, group, "loss_sum", checkpoint->loss_sum);
    h5_close(file, &group);
}

static void write_store(const struct h5_context *file, hid_t root,
                        const struct checkpoint *checkpoint)
{
    const struct image_shape *image = &checkpoint->image;
    uint64_t shape[] = {image->height, image->width, image->channels};
    hid_t group = h5_create_group(file, root, "store");

    h5_write_text_attribute(file, group, "description", "the store that was trained on");
    h5_write_text_attribute(file, group, "fingerprint", checkpoint->store_fingerprint);
    h5_write_counts_attribute(file, group, "image_shape", shape, image->channels == 1 ? 2 : 3);
    h5_close(file, &group);
}

bool checkpoint_write(const char *path, const struct checkpoint *checkpoint, struct error *error)
{
    struct atomic_file output;
    struct h5_context file = {.path = path, .error = error};
    hid_t root = H5I_INVALID_HID;
    char digest[65];

    if (!atomic_file_begin(&output, path, error))
        return false;
    file.storage_path = output.temporary_path;
    root = h5_create_file(&file);
    h5_write_format(&file, root, CHECKPOINT_FORMAT, CHECKPOINT_VERSION);
    h5_write_text_attribute(&file, root, "description",
                            "a training run after some epochs: /parameters is the model, /config "
                            "how it is trained, /classes what its outputs mean");
    checkpoint_compute_digest(checkpoint, digest);
    h5_write_text_attribute(&file, root, "digest", digest);
    h5_write_texts(&file, root, "classes", &checkpoint->classes);
    write_tensors(&file, root, "parameters",
                  "the model's tensors, LAYER/weight [outputs, inputs] and LAYER/bias [outputs]",
                  checkpoint->parameters, checkpoint->num_parameters);
    write_tensors(&file, root, "optimizer", "what the optimizer needs to go on", checkpoint->states,
                  checkpoint->num_states);
    write_config(&file, root, &checkpoint->config);
    write_progress(&file, root, checkpoint);
    write_history(&file, root, checkpoint);
    write_store(&file, root, checkpoint);
    h5_close(&file, &root);
    if (error_ok(error))
        atomic_file_commit(&output, error);
    atomic_file_abandon(&output);
    return error_ok(error);
}
