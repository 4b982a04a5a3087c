#include <stdlib.h>
#include <string.h>

#include "common/checksum.h"
#include "common/memory.h"
#include "common/text.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/checkpoint_internal.h"
#include "formats/file/atomic_file.h"
#include "formats/hdf5/hdf5.h"
#include "formats/limits.h"

const struct history_column history_columns[HISTORY_NUM_COLUMNS] = {
    {"train_loss", offsetof(struct epoch_record, train_loss)},
    {"valid_loss", offsetof(struct epoch_record, valid_loss)},
    {"valid_accuracy", offsetof(struct epoch_record, valid_accuracy)},
    {"learning_rate", offsetof(struct epoch_record, learning_rate)},
};

/* ---- checksums ---- */

uint32_t checkpoint_tensor_crc32(const struct tensor *tensor)
{
    return crc32_of(tensor->data, tensor_num_elements(tensor) * sizeof(float));
}

static void digest_add_text(struct sha256 *hash, const char *text)
{
    sha256_add_u64(hash, strlen(text));
    sha256_add(hash, text, strlen(text));
}

static void digest_add_real(struct sha256 *hash, double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    sha256_add_u64(hash, bits);
}

static void digest_add_setting(struct sha256 *hash, const struct setting *setting)
{
    digest_add_text(hash, setting->name);
    sha256_add_u64(hash, setting->type);
    if (setting->type == SETTING_TEXT)
        digest_add_text(hash, setting->text);
    else if (setting->type == SETTING_COUNT)
        sha256_add_u64(hash, setting->count);
    else
        digest_add_real(hash, setting->real);
}

static void digest_add_tensor(struct sha256 *hash, const struct tensor *tensor)
{
    digest_add_text(hash, tensor->name);
    sha256_add_u64(hash, tensor->rank);
    for (size_t i = 0; i < tensor->rank; i++)
        sha256_add_u64(hash, tensor->shape[i]);
    sha256_add_u32(hash, checkpoint_tensor_crc32(tensor));
}

/* Those that the file was made with may be in another order than those read from it: the order is
 * by name.  The lists are short. */

static const struct setting *digest_next_setting(const struct settings *settings, const char *after)
{
    const struct setting *next = NULL;

    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->items[i];

        if ((!after || strcmp(setting->name, after) > 0) &&
            (!next || strcmp(setting->name, next->name) < 0))
            next = setting;
    }
    return next;
}

static const struct tensor *digest_next_tensor(const struct tensor *tensors, size_t count,
                                               const char *after)
{
    const struct tensor *next = NULL;

    for (size_t i = 0; i < count; i++)
        if ((!after || strcmp(tensors[i].name, after) > 0) &&
            (!next || strcmp(tensors[i].name, next->name) < 0))
            next = &tensors[i];
    return next;
}

static void digest_add_tensors(struct sha256 *hash, const struct tensor *tensors, size_t count)
{
    const struct tensor *tensor = NULL;

    sha256_add_u64(hash, count);
    while ((tensor = digest_next_tensor(tensors, count, tensor ? tensor->name : NULL)))
        digest_add_tensor(hash, tensor);
}

void checkpoint_compute_digest(const struct checkpoint *checkpoint, char digest[65])
{
    const struct setting *setting = NULL;
    struct sha256 hash;

    sha256_begin(&hash);
    sha256_add(&hash, "quern checkpoint 1\n", 19);
    sha256_add_u64(&hash, checkpoint->classes.count);
    for (size_t i = 0; i < checkpoint->classes.count; i++)
        digest_add_text(&hash, checkpoint->classes.items[i]);
    sha256_add_u64(&hash, checkpoint->image.height);
    sha256_add_u64(&hash, checkpoint->image.width);
    sha256_add_u64(&hash, checkpoint->image.channels);
    digest_add_text(&hash, checkpoint->store_fingerprint);
    sha256_add_u64(&hash, checkpoint->config.count);
    while ((setting = digest_next_setting(&checkpoint->config, setting ? setting->name : NULL)))
        digest_add_setting(&hash, setting);
    sha256_add_u64(&hash, checkpoint->epoch);
    sha256_add_u64(&hash, checkpoint->step);
    sha256_add_u64(&hash, checkpoint->epochs);
    sha256_add_u64(&hash, checkpoint->finished);
    sha256_add_u64(&hash, checkpoint->batch);
    digest_add_real(&hash, checkpoint->loss_sum);
    sha256_add_u64(&hash, checkpoint->num_records);
    for (size_t i = 0; i < checkpoint->num_records; i++) {
        const struct epoch_record *record = &checkpoint->records[i];

        sha256_add_u64(&hash, record->epoch);
        digest_add_real(&hash, record->train_loss);
        digest_add_real(&hash, record->valid_loss);
        digest_add_real(&hash, record->valid_accuracy);
        digest_add_real(&hash, record->learning_rate);
    }
    digest_add_tensors(&hash, checkpoint->parameters, checkpoint->num_parameters);
    digest_add_tensors(&hash, checkpoint->states, checkpoint->num_states);
    sha256_finish(&hash, digest);
}

/* ---- writing ---- */

/* Opens the group NAME under parent, making it if it is not there. */
static hid_t checkpoint_enter_group(const struct h5_context *file, hid_t parent, const char *name)
{
    if (h5_exists(file, parent, name))
        return h5_open_group(file, parent, name);
    return h5_create_group(file, parent, name);
}

/* Writes "LAYER/weight" as a dataset in the group LAYER, and so on for longer names. */
static void checkpoint_write_tensor(const struct h5_context *file, hid_t parent,
                                    const struct tensor *tensor, const char *name)
{
    const char *slash = strchr(name, '/');
    uint64_t shape[TENSOR_MAX_RANK];

    if (slash) {
        char group_name[TENSOR_MAX_NAME];
        hid_t group;

        snprintf(group_name, sizeof(group_name), "%.*s", (int)(slash - name), name);
        group = checkpoint_enter_group(file, parent, group_name);
        checkpoint_write_tensor(file, group, tensor, slash + 1);
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

static void checkpoint_write_tensors(const struct h5_context *file, hid_t root,
                                     const char *group_name, const char *description,
                                     const struct tensor *tensors, size_t count)
{
    hid_t group = h5_create_group(file, root, group_name);

    h5_write_text_attribute(file, group, "description", description);
    for (size_t i = 0; i < count; i++)
        checkpoint_write_tensor(file, group, &tensors[i], tensors[i].name);
    h5_close(file, &group);
}

void checkpoint_write_config(const struct h5_context *file, hid_t root,
                             const struct settings *settings)
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

static void checkpoint_write_history(const struct h5_context *file, hid_t root,
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

static void checkpoint_write_progress(const struct h5_context *file, hid_t root,
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

static void checkpoint_write_store(const struct h5_context *file, hid_t root,
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

/* What checkpoint_read refuses. */
static bool checkpoint_check_contents(const char *path, const struct checkpoint *checkpoint,
                                      struct error *error)
{
    const struct image_shape *image = &checkpoint->image;

    if (checkpoint->config.is_overfull)
        return error_set(error, STATUS_INTERNAL,
                         ERROR_AT(.file = path, .dataset = "/config",
                                  .expected = TEXT("%d of %d bytes at most", SETTINGS_MAX,
                                                   SETTING_MAX_TEXT - 1)),
                         "more settings than a checkpoint can hold, or too long ones");
    return limits_check_classes(path, checkpoint->classes.count, 2, error) &&
           limits_check_image(path, "/store", image->height, image->width, image->channels, error);
}

/*
 * The minor version tells of settings, states and groups that quern of version 1.0 did not know.
 * Files without them are those of 1.0, byte for byte.
 */
static const char *checkpoint_version(const struct checkpoint *checkpoint)
{
    static const char *const known[] = {
        "model",          "distance",           "loss",       "optimizer",  "learning_rate",
        "momentum",       "weight_decay",       "batch_size", "accumulate", "shuffle",
        "shuffle_window", "shuffle_chunk_rows", "seed",       "slice_rows", "init",
        "init_std",       "init_sha256",        NULL};
    const struct setting *optimizer = settings_find(&checkpoint->config, "optimizer");

    if (checkpoint->preparation[0])
        return "1.2";
    if (optimizer && strcmp(optimizer->text, "sgd") != 0)
        return "1.1";
    for (size_t i = 0; i < checkpoint->config.count; i++) {
        size_t k = 0;

        while (known[k] && strcmp(known[k], checkpoint->config.items[i].name) != 0)
            k++;
        if (!known[k])
            return "1.1";
    }
    return CHECKPOINT_VERSION;
}

bool checkpoint_write(const char *path, const struct checkpoint *checkpoint, bool is_forced,
                      struct error *error)
{
    struct atomic_file output;
    struct h5_context file = {.path = path, .error = error};
    hid_t root = H5I_INVALID_HID;
    char digest[65];

    if (!checkpoint_check_contents(path, checkpoint, error) ||
        !atomic_file_begin(&output, path, FILE_KIND_CHECKPOINT, is_forced, error))
        return false;
    root = h5_create_file(&file, &output);
    h5_write_format(&file, root, CHECKPOINT_FORMAT, checkpoint_version(checkpoint));
    h5_write_text_attribute(&file, root, "description",
                            "a training run after some epochs: /parameters is the model, /config "
                            "how it is trained, /classes what its outputs mean");
    checkpoint_compute_digest(checkpoint, digest);
    h5_write_text_attribute(&file, root, "digest", digest);
    h5_write_texts(&file, root, "classes", &checkpoint->classes);
    checkpoint_write_tensors(
        &file, root, "parameters",
        "the model's tensors, LAYER/weight [outputs, inputs] and LAYER/bias [outputs]",
        checkpoint->parameters, checkpoint->num_parameters);
    checkpoint_write_tensors(&file, root, "optimizer", "what the optimizer needs to go on",
                             checkpoint->states, checkpoint->num_states);
    checkpoint_write_config(&file, root, &checkpoint->config);
    checkpoint_write_progress(&file, root, checkpoint);
    checkpoint_write_history(&file, root, checkpoint);
    checkpoint_write_store(&file, root, checkpoint);
    if (checkpoint->preparation[0])
        h5_write_items(&file, root, "preprocessing",
                       "how each file was made a row of images: see FORMAT.md",
                       checkpoint->preparation);
    h5_close_file(&file, &root);
    if (error_ok(error))
        atomic_file_commit(&output, error);
    atomic_file_abandon(&output);
    return error_ok(error);
}
