/*
 * What a model says of images: each is read, decoded and classified by one of several threads, and
 * its row goes to the table in the order of the images.  Memory does not grow with their number,
 * their paths aside.
 */
#ifndef QUERN_PREDICT_PREDICT_H
#define QUERN_PREDICT_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "apply/model_file.h"
#include "common/error.h"
#include "predict/inputs.h"
#include "predict/table.h"

struct predict {
    const char *program; /* for messages */
    const struct model_file *file;
    const struct inputs *inputs;
    const struct table_plan *plan;
    uint64_t max_pixels; /* of one image */
    int num_threads;
    /* What came of it. */
    uint64_t num_failed;      /* images without a prediction */
    enum status first_status; /* of the first of them */
};

/*
 * Classifies all images.  An image that cannot be read or decoded fails nothing but itself: its row
 * has the reason, and the first few are said on stderr.
 */
bool predict_run(struct predict *predict, struct table *table, struct error *error);

#endif
