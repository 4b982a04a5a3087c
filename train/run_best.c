#include <stdlib.h>
#include <string.h>

#include "apply/model_file.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/progress.h"
#include "formats/checkpoint/checkpoint_folder.h"
#include "apply/best.h"
#include "train/run.h"

/* ---- what is best ---- */

static const struct epoch_record *run_best_record(const struct run *run,
                                                  const struct checkpoint *checkpoint)
{
    return model_has_gradient(&run->model) ? best_find(checkpoint->records, checkpoint->num_records,
                                                       (enum monitor)run->options->monitor)
                                           : NULL;
}

bool run_is_best(const struct run *run)
{
    const struct epoch_record *best = run_best_record(run, &run->checkpoint);

    return best && best->epoch == run->checkpoint.epoch;
}

bool run_is_past_best(const struct run *run, const struct checkpoint *checkpoint)
{
    return best_is_past(checkpoint->records, checkpoint->num_records,
                        (enum monitor)run->options->monitor, run->options->patience);
}

/* ---- the copy in memory ---- */

static size_t run_best_num_values(const struct checkpoint *checkpoint)
{
    size_t count = 0;

    for (size_t i = 0; i < checkpoint->num_parameters; i++)
        count += tensor_num_elements(&checkpoint->parameters[i]);
    for (size_t i = 0; i < checkpoint->num_states; i++)
        count += tensor_num_elements(&checkpoint->states[i]);
    return count;
}

static float *run_best_copy_tensors(struct tensor *tensors, size_t count, float *values)
{
    for (size_t i = 0; i < count; i++) {
        size_t num_elements = tensor_num_elements(&tensors[i]);

        memcpy(values, tensors[i].data, num_elements * sizeof(float));
        tensors[i].data = values;
        values += num_elements;
    }
    return values;
}

bool run_keep_best(struct run *run, struct error *error)
{
    struct run_best *best = &run->best;
    float *next;

    if (!best->values && !memory_allocate(&best->values, run_best_num_values(&run->checkpoint),
                                          sizeof(float), error))
        return false;
    /* Configuration, classes and the records of the epochs until now do not change any more. */
    best->checkpoint = run->checkpoint;
    next = run_best_copy_tensors(best->checkpoint.parameters, best->checkpoint.num_parameters,
                                 best->values);
    run_best_copy_tensors(best->checkpoint.states, best->checkpoint.num_states, next);
    best->is_pending = true;
    return true;
}

void run_forget_best(struct run *run)
{
    free(run->best.values);
    run->best = (struct run_best){0};
}

/* ---- best.h5 ---- */

static char *run_best_path(const struct run *run, struct error *error)
{
    char *path = NULL;

    if (asprintf(&path, "%s/" MODEL_FILE_BEST, run->options->output) < 0) {
        error_set_memory(error, strlen(run->options->output));
        return NULL;
    }
    return path;
}

bool run_write_best(struct run *run, struct error *error)
{
    struct run_best *best = &run->best;
    char *path;
    bool ok;

    if (!best->is_pending)
        return true;
    path = run_best_path(run, error);
    /* The history may have moved when it grew. */
    best->checkpoint.records = run->checkpoint.records;
    ok = path && checkpoint_write(path, &best->checkpoint, true, error);
    free(path);
    best->is_pending = !ok;
    return ok;
}

/* Makes best.h5 another name of the checkpoint of an epoch, which is there. */
static bool run_link_best_epoch(const struct run *run, uint64_t epoch, struct error *error)
{
    char *path = run_best_path(run, error);
    char *existing = path ? checkpoint_folder_path(run->options->output, epoch, error) : NULL;
    bool ok = existing && file_link(existing, path, error);

    free(existing);
    free(path);
    return ok;
}

bool run_link_best(struct run *run, struct error *error)
{
    run->best.is_pending = false;
    return run_link_best_epoch(run, run->checkpoint.epoch, error);
}

/* Which epoch best.h5 is of; 0: none that can be read. */
static uint64_t run_best_epoch_of_file(const struct run *run)
{
    struct checkpoint checkpoint = {0};
    struct error unread = {0};
    char *path = run_best_path(run, &unread);
    uint64_t epoch = 0;

    if (path && file_exists(path) && checkpoint_read(path, &checkpoint, &unread)) {
        epoch = checkpoint.epoch;
        checkpoint_free(&checkpoint);
    }
    free(path);
    return epoch;
}

void run_restore_best(const struct run *run, const struct checkpoint *existing)
{
    const struct epoch_record *best = run_best_record(run, existing);
    struct error failure = {0};
    char *path;

    if (!best || run_best_epoch_of_file(run) == best->epoch)
        return;
    path = checkpoint_folder_path(run->options->output, best->epoch, &failure);
    if (path && file_exists(path))
        run_link_best_epoch(run, best->epoch, &failure);
    else if (path)
        progress_message(run->program,
                         "warning: " MODEL_FILE_BEST " is not of the best epoch, %llu, whose "
                         "checkpoint is gone",
                         (unsigned long long)best->epoch);
    free(path);
    if (!error_ok(&failure))
        error_print(&failure, run->program, stderr);
}
