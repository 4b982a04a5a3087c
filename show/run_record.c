/* A run as its directory has it: the log and the newest checkpoint together. */
#include "show/run_record.h"

#include <stdlib.h>
#include <string.h>

#include "apply/best.h"
#include "common/file.h"
#include "common/memory.h"
#include "show/show_runs.h"

/* The history of the checkpoint, and behind it what only the log has. */
static bool run_record_join(struct run_record *run, struct error *error)
{
    const struct checkpoint *checkpoint = &run->file.checkpoint;
    const struct run_state *state = &run->state;
    uint64_t last =
        checkpoint->num_records > 0 ? checkpoint->records[checkpoint->num_records - 1].epoch : 0;

    if (!memory_allocate(&run->records, checkpoint->num_records + state->count,
                         sizeof(*run->records), error))
        return false;
    if (checkpoint->num_records > 0)
        memcpy(run->records, checkpoint->records, checkpoint->num_records * sizeof(*run->records));
    run->count = checkpoint->num_records;
    for (size_t i = 0; i < state->count; i++)
        if (state->epochs[i].record.epoch > last)
            run->records[run->count++] = state->epochs[i].record;
    return true;
}

static void run_record_drop_tensors(struct checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->num_parameters; i++)
        free(checkpoint->parameters[i].data);
    for (size_t i = 0; i < checkpoint->num_states; i++)
        free(checkpoint->states[i].data);
    checkpoint->num_parameters = 0;
    checkpoint->num_states = 0;
}

static bool run_record_read_directory(struct run_record *run, struct error *error)
{
    size_t num_found = 0;
    bool is_changed;

    if (!run_state_update(&run->state, &is_changed, error) ||
        !model_file_read_newest(run->path, &run->file, &num_found, error))
        return false;
    if (run->file.path || run->state.last_event[0])
        return true;
    if (num_found > 0)
        return error_set(error, STATUS_DATA, ERROR_AT(.file = run->path),
                         "none of the directory's %zu checkpoints is whole", num_found);
    return error_set(error, STATUS_DATA, ERROR_AT(.file = run->path),
                     "the directory holds no run: neither checkpoints (epoch-NNNN.h5) nor a "
                     "log.jsonl; --follow waits for one");
}

bool run_record_read(const char *path, bool keeps_tensors, struct run_record *run,
                     struct error *error)
{
    *run = (struct run_record){.path = path, .is_directory = file_is_directory(path)};
    if (!run_state_open(path, &run->state, error))
        return false;
    if (run->is_directory ? !run_record_read_directory(run, error)
                          : !model_file_read(path, MODEL_SELECT_LAST, &run->file, error))
        return false;
    run->num_parameters = show_count_parameters(&run->file.checkpoint);
    if (!keeps_tensors)
        run_record_drop_tensors(&run->file.checkpoint);
    return run_record_join(run, error);
}

void run_record_close(struct run_record *run)
{
    run_state_close(&run->state);
    model_file_close(&run->file);
    free(run->records);
    *run = (struct run_record){.state = {.descriptor = -1}};
}

const struct epoch_record *run_record_best(const struct run_record *run)
{
    return best_find(run->records, run->count, best_monitor(&run->file.checkpoint.config));
}
