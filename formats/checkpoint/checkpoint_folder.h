/*
 * A folder of checkpoints, one a file: epoch-0000.h5, epoch-0001.h5, ...  The number has four
 * digits or, from 10000 on, as many as it needs.  Other files in the folder are left alone.
 */
#ifndef QUERN_FORMATS_CHECKPOINT_FOLDER_H
#define QUERN_FORMATS_CHECKPOINT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct checkpoint_folder {
    size_t count;
    uint64_t *epochs; /* ascending; owned */
};

/*
 * Lists the epochs of which folder holds a file, by name alone: whether a file is whole is for
 * checkpoint_read to say.  An empty list is no error; STATUS_IO when the folder cannot be read.
 * Free the list with checkpoint_folder_free, after a failure too.
 */
bool checkpoint_folder_list(const char *folder, struct checkpoint_folder *list,
                            struct error *error);
void checkpoint_folder_free(struct checkpoint_folder *list);

/* "FOLDER/epoch-NNNN.h5", malloc'ed, for the caller to free; NULL when there is no memory. */
char *checkpoint_folder_path(const char *folder, uint64_t epoch, struct error *error);

#endif
