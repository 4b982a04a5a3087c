#include <quern/checkpoint.h>

#include <stdlib.h>

#include "common/memory.h"
#include "formats/checkpoint/checkpoint.h"
#include "library/quern/error_fill.h"

struct quern_checkpoint {
    struct checkpoint checkpoint;
};

QUERN_API bool quern_checkpoint_open(const char *path, struct quern_checkpoint **checkpoint,
                                     struct quern_error *error)
{
    struct quern_checkpoint *opened;
    struct error reason = {0};

    *checkpoint = NULL;
    if (quern_error_holds(error))
        return false;
    if (!memory_allocate(&opened, 1, sizeof(*opened), &reason))
        return quern_error_fill(error, &reason);
    if (!checkpoint_read(path, &opened->checkpoint, &reason)) {
        free(opened);
        return quern_error_fill(error, &reason);
    }
    *checkpoint = opened;
    return true;
}

QUERN_API void quern_checkpoint_close(struct quern_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    checkpoint_free(&checkpoint->checkpoint);
    free(checkpoint);
}

QUERN_API uint64_t quern_checkpoint_epoch(const struct quern_checkpoint *checkpoint)
{
    return checkpoint->checkpoint.epoch;
}

QUERN_API uint64_t quern_checkpoint_step(const struct quern_checkpoint *checkpoint)
{
    return checkpoint->checkpoint.step;
}

QUERN_API size_t quern_checkpoint_num_classes(const struct quern_checkpoint *checkpoint)
{
    return checkpoint->checkpoint.classes.count;
}

QUERN_API const char *quern_checkpoint_class(const struct quern_checkpoint *checkpoint,
                                             size_t label)
{
    const struct text_list *classes = &checkpoint->checkpoint.classes;

    return label < classes->count ? classes->items[label] : NULL;
}

QUERN_API const char *quern_checkpoint_store_fingerprint(const struct quern_checkpoint *checkpoint)
{
    return checkpoint->checkpoint.store_fingerprint;
}

QUERN_API bool quern_checkpoint_setting(const struct quern_checkpoint *checkpoint, const char *name,
                                        char *text, size_t size)
{
    const struct setting *setting = settings_find(&checkpoint->checkpoint.config, name);

    if (setting)
        setting_format(setting, text, size);
    return setting != NULL;
}

QUERN_API size_t quern_checkpoint_num_parameters(const struct quern_checkpoint *checkpoint)
{
    return checkpoint->checkpoint.num_parameters;
}

QUERN_API bool quern_checkpoint_parameter(const struct quern_checkpoint *checkpoint, size_t index,
                                          struct quern_tensor *tensor)
{
    const struct tensor *ours;

    if (index >= checkpoint->checkpoint.num_parameters)
        return false;
    ours = &checkpoint->checkpoint.parameters[index];
    *tensor = (struct quern_tensor){
        .name = ours->name,
        .rank = ours->rank,
        .shape = ours->shape,
        .values = ours->data,
    };
    return true;
}

QUERN_API size_t quern_checkpoint_num_epochs(const struct quern_checkpoint *checkpoint)
{
    return checkpoint->checkpoint.num_records;
}

QUERN_API bool quern_checkpoint_history(const struct quern_checkpoint *checkpoint, size_t index,
                                        struct quern_epoch *epoch)
{
    const struct epoch_record *ours;

    if (index >= checkpoint->checkpoint.num_records)
        return false;
    ours = &checkpoint->checkpoint.records[index];
    *epoch = (struct quern_epoch){
        .epoch = ours->epoch,
        .train_loss = ours->train_loss,
        .valid_loss = ours->valid_loss,
        .valid_accuracy = ours->valid_accuracy,
        .learning_rate = ours->learning_rate,
    };
    return true;
}
