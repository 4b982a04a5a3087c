#include <string.h>

#include "common/checksum.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/checkpoint/checkpoint_internal.h"

uint32_t checkpoint_tensor_crc32(const struct tensor *tensor)
{
    return crc32_of(tensor->data, tensor_num_elements(tensor) * sizeof(float));
}

static void add_text(struct sha256 *hash, const char *text)
{
    sha256_add_u64(hash, strlen(text));
    sha256_add(hash, text, strlen(text));
}

static void add_real(struct sha256 *hash, double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    sha256_add_u64(hash, bits);
}

static void add_setting(struct sha256 *hash, const struct setting *setting)
{
    add_text(hash, setting->name);
    sha256_add_u64(hash, setting->type);
    if (setting->type == SETTING_TEXT)
        add_text(hash, setting->text);
    else if (setting->type == SETTING_COUNT)
        sha256_add_u64(hash, setting->count);
    else
        add_real(hash, setting->real);
}

static void add_tensor(struct sha256 *hash, const struct tensor *tensor)
{
    add_text(hash, tensor->name);
    sha256_add_u64(hash, tensor->rank);
    for (size_t i = 0; i < tensor->rank; i++)
        sha256_add_u64(hash, tensor->shape[i]);
    sha256_add_u32(hash, checkpoint_tensor_crc32(tensor));
}

/* Those that the file was made with may be in another order than those read from it: the order is
 * by name.  The lists are short. */

static const struct setting *next_setting(const struct settings *settings, const char *after)
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

static const struct tensor *next_tensor(const struct tensor *tensors, size_t count,
                                        const char *after)
{
    const struct tensor *next = NULL;

    for (size_t i = 0; i < count; i++)
        if ((!after || strcmp(tensors[i].name, after) > 0) &&
            (!next || strcmp(tensors[i].name, next->name) < 0))
            next = &tensors[i];
    return next;
}

static void add_tensors(struct sha256 *hash, const struct tensor *tensors, size_t count)
{
    const struct tensor *tensor = NULL;

    sha256_add_u64(hash, count);
    while ((tensor = next_tensor(tensors, count, tensor ? tensor->name : NULL)))
        add_tensor(hash, tensor);
}

void checkpoint_compute_digest(const struct checkpoint *checkpoint, char digest[65])
{
    const struct setting *setting = NULL;
    struct sha256 hash;

    sha256_begin(&hash);
    sha256_add(&hash, "quern checkpoint 1\n", 19);
    sha256_add_u64(&hash, checkpoint->classes.count);
    for (size_t i = 0; i < checkpoint->classes.count; i++)
        add_text(&hash, checkpoint->classes.items[i]);
    sha256_add_u64(&hash, checkpoint->image.height);
    sha256_add_u64(&hash, checkpoint->image.width);
    sha256_add_u64(&hash, checkpoint->image.channels);
    add_text(&hash, checkpoint->store_fingerprint);
    sha256_add_u64(&hash, checkpoint->config.count);
    while ((setting = next_setting(&checkpoint->config, setting ? setting->name : NULL)))
        add_setting(&hash, setting);
    sha256_add_u64(&hash, checkpoint->epoch);
    sha256_add_u64(&hash, checkpoint->step);
    sha256_add_u64(&hash, checkpoint->epochs);
    sha256_add_u64(&hash, checkpoint->finished);
    sha256_add_u64(&hash, checkpoint->batch);
    add_real(&hash, checkpoint->loss_sum);
    sha256_add_u64(&hash, checkpoint->num_records);
    for (size_t i = 0; i < checkpoint->num_records; i++) {
        const struct epoch_record *record = &checkpoint->records[i];

        sha256_add_u64(&hash, record->epoch);
        add_real(&hash, record->train_loss);
        add_real(&hash, record->valid_loss);
        add_real(&hash, record->valid_accuracy);
        add_real(&hash, record->learning_rate);
    }
    add_tensors(&hash, checkpoint->parameters, checkpoint->num_parameters);
    add_tensors(&hash, checkpoint->states, checkpoint->num_states);
    sha256_finish(&hash, digest);
}
