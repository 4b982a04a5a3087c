/*
 * The folder of one training run: checkpoints epoch-NNNN.h5 and, of a run that stopped or saved
 * itself inside an epoch, interrupted.h5; found, compared, written and pruned.
 */
#ifndef QUERN_TRAIN_RUN_FOLDER_H
#define QUERN_TRAIN_RUN_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/checkpoint/checkpoint.h"

/* Makes the folder and those above it that are missing. */
bool run_folder_make(const char *folder, struct error *error);

/* Removes the temporary files of a process that died; only for the one that holds the lock. */
bool run_folder_remove_partial(const char *folder, struct error *error);

struct run_folder_newest {
    bool is_found; /* false: there is none by name */
    struct checkpoint checkpoint;
    bool has_interrupted;
    uint64_t interrupted_step; /* of a whole interrupted.h5; 0 of a broken one */
};

/*
 * The newest whole checkpoint in folder, by its step.  Broken ones are passed over, each with a
 * message; if all are broken, that is STATUS_DATA.  Free newest->checkpoint if is_found.
 */
bool run_folder_read_newest(const char *program, const char *folder,
                            struct run_folder_newest *newest, struct error *error);

/*
 * Refuses (STATUS_DATA) a checkpoint of another configuration, store or classes than current,
 * naming the first difference.
 */
bool run_folder_compare(const char *folder, const struct checkpoint *existing,
                        const struct checkpoint *current, struct error *error);

/* Writes epoch-NNNN.h5 for checkpoint->epoch, then removes all older but the newest keep (0: none
 * is removed). */
bool run_folder_write_epoch(const char *folder, const struct checkpoint *checkpoint, uint64_t keep,
                            struct error *error);

bool run_folder_write_interrupted(const char *folder, const struct checkpoint *checkpoint,
                                  struct error *error);
bool run_folder_remove_interrupted(const char *folder, struct error *error);

/* Removes every checkpoint. */
bool run_folder_clear(const char *folder, struct error *error);

/* After the last epoch: removes interrupted.h5, and all but the newest keep checkpoints. */
bool run_folder_tidy(const char *folder, uint64_t epoch, uint64_t keep, struct error *error);

#endif
