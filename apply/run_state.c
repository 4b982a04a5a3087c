#include "apply/run_state.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/json_reader.h"
#include "common/memory.h"
#include "common/text.h"

enum {
    READ_NBYTES = 1 << 18,
    MAX_LINE_NBYTES = 4 << 20, /* quern-train writes no longer ones */
    NUM_RECENT = 5,            /* epochs of which the seconds are averaged */
};

const char *run_phase_name(enum run_phase phase)
{
    static const char *const names[] = {
        [RUN_PHASE_NONE] = "not started",  [RUN_PHASE_RUNNING] = "running",
        [RUN_PHASE_STOPPED] = "stopped",   [RUN_PHASE_FINISHED] = "finished",
        [RUN_PHASE_BROKEN] = "broken off",
    };

    return names[phase];
}

bool run_state_open(const char *directory, struct run_state *state, struct error *error)
{
    *state = (struct run_state){.descriptor = -1};
    if (asprintf(&state->log_path, "%s/log.jsonl", directory) >= 0)
        return true;
    state->log_path = NULL;
    return error_set_memory(error, strlen(directory) + 16);
}

void run_state_close(struct run_state *state)
{
    file_close(&state->descriptor);
    free(state->log_path);
    free(state->epochs);
    *state = (struct run_state){.descriptor = -1};
}

/* ---- events ---- */

/* A run that starts at an epoch forgets those behind it. */
static void run_state_cut(struct run_state *state, uint64_t num_done)
{
    while (state->count > 0 && state->epochs[state->count - 1].record.epoch > num_done)
        state->count--;
}

static void run_state_take_start(struct run_state *state, const char *line)
{
    uint64_t num_done = 0;

    state->num_starts++;
    state->signal[0] = '\0';
    json_get_count(json_find(line, "epochs"), &state->num_asked);
    json_get_count(json_find(line, "train_samples"), &state->num_train);
    json_get_count(json_find(line, "valid_samples"), &state->num_valid);
    json_get_count(json_find(line, "epochs_done"), &num_done);
    state->first_epoch = num_done;
    memcpy(state->start_time, state->last_time, sizeof(state->start_time));
    run_state_cut(state, num_done);
}

static bool run_state_take_epoch(struct run_state *state, const char *line, struct error *error)
{
    struct run_epoch epoch = {
        .record = {0, NAN, NAN, NAN, NAN}, .seconds = NAN, .samples_per_second = NAN};
    struct epoch_record *record = &epoch.record;

    if (!json_get_count(json_find(line, "epoch"), &record->epoch) || record->epoch == 0) {
        state->num_unreadable++;
        return true;
    }
    json_get_real(json_find(line, "train_loss"), &record->train_loss);
    json_get_real(json_find(line, "valid_loss"), &record->valid_loss);
    json_get_real(json_find(line, "valid_accuracy"), &record->valid_accuracy);
    json_get_real(json_find(line, "learning_rate"), &record->learning_rate);
    json_get_real(json_find(line, "seconds"), &epoch.seconds);
    json_get_real(json_find(line, "samples_per_second"), &epoch.samples_per_second);
    memcpy(epoch.time, state->last_time, sizeof(epoch.time));
    run_state_cut(state, record->epoch - 1);
    if (!memory_grow(&state->epochs, &state->capacity, state->count + 1, sizeof(*state->epochs),
                     error))
        return false;
    state->epochs[state->count++] = epoch;
    return true;
}

static bool run_state_take_line(struct run_state *state, const char *line, size_t nbytes,
                                struct error *error)
{
    char event[sizeof(state->last_event)];

    if (nbytes == 0)
        return true;
    /* A NUL among the bytes would end the text early. */
    if (strlen(line) != nbytes || !json_is_object(line) ||
        !json_get_text(json_find(line, "event"), event, sizeof(event))) {
        state->num_unreadable++;
        return true;
    }
    json_get_text(json_find(line, "time"), state->last_time, sizeof(state->last_time));
    memcpy(state->last_event, event, sizeof(event));
    if (strcmp(event, "start") == 0) {
        run_state_take_start(state, line);
    } else if (strcmp(event, "epoch") == 0) {
        return run_state_take_epoch(state, line, error);
    } else if (strcmp(event, "stop") == 0) {
        json_get_text(json_find(line, "signal"), state->signal, sizeof(state->signal));
    } else if (strcmp(event, "warning") == 0) {
        state->num_warnings++;
        json_get_text(json_find(line, "text"), state->warning, sizeof(state->warning));
    }
    return true;
}

/* ---- the log ---- */

static void run_state_forget(struct run_state *state)
{
    struct run_state fresh = {.log_path = state->log_path,
                              .descriptor = -1,
                              .epochs = state->epochs,
                              .capacity = state->capacity};

    file_close(&state->descriptor);
    *state = fresh;
}

/* Is the file that is open still the log, and no shorter than what is read of it? */
static bool run_state_is_current(const struct run_state *state)
{
    struct stat now, open;

    return stat(state->log_path, &now) == 0 && fstat(state->descriptor, &open) == 0 &&
           now.st_dev == state->device && now.st_ino == state->inode &&
           (uint64_t)open.st_size >= state->offset;
}

static bool run_state_begin(struct run_state *state, struct error *error)
{
    struct stat info;

    if (!file_exists(state->log_path))
        return true;
    state->descriptor = file_open(state->log_path, NULL, error);
    if (state->descriptor < 0)
        return false;
    if (fstat(state->descriptor, &info) != 0)
        return error_set_errno(error, state->log_path, "cannot read");
    state->device = info.st_dev;
    state->inode = info.st_ino;
    return true;
}

/* Takes the whole lines of bytes [*nbytes], which has room for a NUL, and moves what is left of
 * the last one to the front. */
static bool run_state_take_lines(struct run_state *state, char *bytes, size_t *nbytes,
                                 struct error *error)
{
    char *at = bytes, *end = bytes + *nbytes, *newline;

    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        *newline = '\0';
        if (!run_state_take_line(state, at, (size_t)(newline - at), error))
            return false;
        at = newline + 1;
    }
    state->offset += (uint64_t)(at - bytes);
    *nbytes = (size_t)(end - at);
    memmove(bytes, at, *nbytes);
    return true;
}

/* Passes over a line that is too long to be one of quern-train, if its end is there. */
static bool run_state_skip_line(struct run_state *state, char *bytes, size_t size,
                                struct error *error)
{
    uint64_t offset = state->offset;

    for (;;) {
        ssize_t count = file_read_some_at(state->descriptor, bytes, size, offset);
        const char *newline = count > 0 ? memchr(bytes, '\n', (size_t)count) : NULL;

        if (count < 0)
            return error_set_errno(error, state->log_path, "cannot read");
        if (newline) {
            state->offset = offset + (uint64_t)(newline - bytes) + 1;
            state->num_unreadable++;
            return true;
        }
        if (count == 0)
            return true; /* no end yet */
        offset += (uint64_t)count;
    }
}

static bool run_state_read(struct run_state *state, struct error *error)
{
    char *bytes = malloc(READ_NBYTES + 1);
    size_t capacity = READ_NBYTES, nbytes = 0;
    bool ok = bytes || error_set_memory(error, READ_NBYTES);

    while (ok) {
        ssize_t count = file_read_some_at(state->descriptor, bytes + nbytes, capacity - nbytes,
                                          state->offset + nbytes);

        if (count <= 0) {
            ok = count == 0 || error_set_errno(error, state->log_path, "cannot read");
            break;
        }
        nbytes += (size_t)count;
        ok = run_state_take_lines(state, bytes, &nbytes, error);
        if (ok && nbytes == capacity && capacity < MAX_LINE_NBYTES) {
            ok = memory_grow(&bytes, &capacity, 2 * capacity, 1, error);
        } else if (ok && nbytes == capacity) {
            uint64_t before = state->offset;

            ok = run_state_skip_line(state, bytes, capacity, error);
            nbytes = 0;
            if (ok && state->offset == before)
                break;
        }
    }
    free(bytes);
    return ok;
}

/* ---- who is at work ---- */

/* quern-train locks the log as long as it runs; to ask who holds a lock takes none. */
static void run_state_look_at_lock(struct run_state *state)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    state->is_lock_known =
        state->descriptor >= 0 && fcntl(state->descriptor, F_OFD_GETLK, &lock) == 0;
    state->is_locked = state->is_lock_known && lock.l_type != F_UNLCK;
}

bool run_state_update(struct run_state *state, bool *is_changed, struct error *error)
{
    bool was_locked = state->is_locked;
    uint64_t offset = state->offset;

    *is_changed = false;
    if (state->descriptor >= 0 && !run_state_is_current(state)) {
        run_state_forget(state);
        *is_changed = true;
    }
    if (state->descriptor < 0 && !run_state_begin(state, error))
        return false;
    if (state->descriptor < 0)
        return true;
    /* The lock first: a run that ends between the two is seen with all that it wrote. */
    run_state_look_at_lock(state);
    if (!run_state_read(state, error))
        return false;
    *is_changed = *is_changed || state->offset != offset || state->is_locked != was_locked;
    return true;
}

enum run_phase run_state_phase(const struct run_state *state)
{
    if (strcmp(state->last_event, "end") == 0)
        return RUN_PHASE_FINISHED;
    if (state->is_locked)
        return RUN_PHASE_RUNNING;
    if (strcmp(state->last_event, "stop") == 0)
        return RUN_PHASE_STOPPED;
    if (state->last_event[0] == '\0')
        return RUN_PHASE_NONE;
    return state->is_lock_known ? RUN_PHASE_BROKEN : RUN_PHASE_RUNNING;
}

double run_state_epoch_seconds(const struct run_state *state)
{
    size_t count = state->count < NUM_RECENT ? state->count : NUM_RECENT;
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += state->epochs[state->count - 1 - i].seconds;
    return count > 0 ? sum / (double)count : NAN;
}

double run_state_total_seconds(const struct run_state *state)
{
    double sum = 0;

    for (size_t i = 0; i < state->count; i++)
        if (isfinite(state->epochs[i].seconds))
            sum += state->epochs[i].seconds;
    return sum;
}
