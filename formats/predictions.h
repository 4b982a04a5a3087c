/*
 * The predictions file ("quern predictions"): what a model says of images, a row for each, written
 * row by row.  FORMAT.md is the specification.
 */
#ifndef QUERN_FORMATS_PREDICTIONS_H
#define QUERN_FORMATS_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"

/* Of a reason, its NUL counted; longer ones are cut. */
enum { PREDICTIONS_MAX_REASON_NBYTES = 400 };

/* The class of an image without a prediction. */
#define PREDICTIONS_NONE UINT32_MAX

struct predictions_plan {
    const char *model;          /* "linear" */
    const char *scores_meaning; /* "probability", ... */
    const struct text_list *classes;
    uint64_t max_rows;      /* the most that will be appended, at least 1 */
    size_t max_path_nbytes; /* of the longest path */
};

struct predictions_writer;

/* STATUS_DATA for a path that is a file of another kind, unless is_forced. */
bool predictions_create(const char *path, const struct predictions_plan *plan, bool is_forced,
                        struct predictions_writer **writer, struct error *error);

/*
 * scores [C].  With a reason (or NULL), the image has no prediction and no scores, whatever the
 * other arguments are.  An error goes to the record of predictions_create.
 */
bool predictions_append(struct predictions_writer *writer, const char *path, uint32_t prediction,
                        const float *scores, const char *reason);

/* Writes what is left and gives the file its name; frees the writer in any case. */
bool predictions_commit(struct predictions_writer *writer, struct error *error);
/* Gives it up; NULL is fine. */
void predictions_abandon(struct predictions_writer *writer);

#endif
