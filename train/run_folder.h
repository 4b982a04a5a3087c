/*
 * The folder of one training run: checkpoints epoch-NNNN.h5, found, compared, written and pruned.
 */
#ifndef QUERN_TRAIN_RUN_FOLDER_H
#define QUERN_TRAIN_RUN_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "formats/checkpoint.h"

/* Makes the folder and those above it that are missing. */
enum status run_folder_make(const char *folder, struct error *error);

/*
 * The newest whole checkpoint in folder.  *found is false when there is none by name.  Broken
 * ones are passed over, each with a message; if all are broken, that is STATUS_DATA.
 */
enum status run_folder_read_newest(const char *program, const char *folder,
                                   struct checkpoint *newest, bool *found, struct error *error);

/*
 * Refuses (STATUS_DATA) a checkpoint of another configuration, store or classes than current,
 * naming the first difference.
 */
enum status run_folder_compare(const char *folder, const struct checkpoint *existing,
                               const struct checkpoint *current, struct error *error);

/* Writes epoch-NNNN.h5 for checkpoint->epoch, then removes all but the newest keep (0: none). */
enum status run_folder_write(const char *folder, const struct checkpoint *checkpoint, uint64_t keep,
                             struct error *error);

/* Removes every checkpoint. */
enum status run_folder_clear(const char *folder, struct error *error);

#endif
