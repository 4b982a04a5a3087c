/*
 * A model from a checkpoint: the checkpoint's configuration says which, its parameters fill it.
 */
#ifndef QUERN_APPLY_MODEL_FILE_H
#define QUERN_APPLY_MODEL_FILE_H

#include <stdbool.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/checkpoint/checkpoint.h"
#include "images/preparation.h"
#include "model/model.h"

struct model_file {
    char *path;                   /* of the checkpoint that was read; NULL: none is whole */
    struct checkpoint checkpoint; /* its classes are in the order of the class indices */
    struct model model;
    struct preparation preparation; /* how a file becomes a row of the model's images */
    struct text_list skipped;       /* why each newer checkpoint of a directory was passed over */
};

/* Which checkpoint of a run's directory. */
enum model_select { MODEL_SELECT_LAST, MODEL_SELECT_BEST };

/* The copy that quern-train keeps of the best epoch's checkpoint. */
#define MODEL_FILE_BEST "best.h5"

/*
 * Opens a checkpoint file, or the newest whole epoch-NNNN.h5 of a directory, and makes its model.
 * STATUS_DATA when there is none, when configuration and parameters do not make a model of this
 * program, and when a parameter is not finite.  Close with model_file_close, after a failure too.
 */
bool model_file_open(const char *path, struct model_file *file, struct error *error);
/* The same, or best.h5 of a directory; STATUS_USAGE for the best of a file. */
bool model_file_open_selected(const char *path, enum model_select select, struct model_file *file,
                              struct error *error);
void model_file_close(struct model_file *file);

/* Says on stderr which checkpoints of a directory were passed over, and which was taken, if any.
 * path is what model_file_open was given; program is for messages. */
void model_file_print_choice(const struct model_file *file, const char *program, const char *path);

/* Reads the checkpoint that model_file_open_selected would take, without making its model; file is
 * {0} before. */
bool model_file_read(const char *path, enum model_select select, struct model_file *file,
                     struct error *error);

/*
 * "valid_loss" or "valid_accuracy", by which this checkpoint was chosen on the valid split, so that
 * its figures there are better than they are elsewhere: the best of a run, or one of a run that
 * ended for want of better ones.  NULL: it was not chosen.
 */
const char *model_file_chosen_by(const struct model_file *file);

/*
 * Reads the newest epoch-NNNN.h5 of a directory that is whole, without making its model; file is
 * {0} before.  *num_found is how many there are by name.  No error if none of them is whole.
 */
bool model_file_read_newest(const char *directory, struct model_file *file, size_t *num_found,
                            struct error *error);

/*
 * Reads the checkpoint at path, without making its model; file holds none before.  A damaged one is
 * noted in file->skipped, and is no error.
 */
bool model_file_read_undamaged(const char *path, struct model_file *file, struct error *error);

/*
 * Copies a checkpoint's parameters into a model's memory.  STATUS_DATA unless they are the model's,
 * by name and shape, and finite.  path is for messages.
 */
bool model_file_copy_parameters(const char *path, const struct checkpoint *checkpoint,
                                struct model *model, struct error *error);

/* The same of the model's first count tensors; the others, as many as the model has, are left. */
bool model_file_copy_first_parameters(const char *path, const struct checkpoint *checkpoint,
                                      size_t count, struct model *model, struct error *error);

/* STATUS_DATA when path's images differ from the model's in height, width or (if with_channels)
 * channels. */
bool model_file_check_image(const struct model_file *file, const char *path,
                            const struct image_shape *image, bool with_channels,
                            struct error *error);

#endif
