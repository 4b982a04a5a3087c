/*
 * A model made from a checkpoint: the checkpoint's configuration says which, its parameters fill
 * it.
 */
#ifndef QUERN_EVALUATE_LOADED_MODEL_H
#define QUERN_EVALUATE_LOADED_MODEL_H

#include <stdbool.h>

#include "common/error.h"
#include "common/text_list.h"
#include "formats/checkpoint/checkpoint.h"
#include "model/model.h"

struct loaded_model {
    char *path;                   /* the checkpoint file; NULL when none was whole */
    struct checkpoint checkpoint; /* its classes are in the order of the class indices */
    struct model model;
    struct text_list skipped; /* why each newer checkpoint of a folder was passed over */
};

/*
 * Opens a checkpoint file, or the newest whole epoch-NNNN.h5 of a folder.  STATUS_DATA when there
 * is none, or when its configuration and parameters do not make a model of this program.  Free
 * with loaded_model_close, after a failure too.
 */
bool loaded_model_open(const char *path, struct loaded_model *loaded, struct error *error);
void loaded_model_close(struct loaded_model *loaded);

/* STATUS_DATA when file's images differ from the model's in height, width or (if with_channels)
 * channels. */
bool loaded_model_check_image(const struct loaded_model *loaded, const char *file,
                              const struct image_shape *image, bool with_channels,
                              struct error *error);

#endif
