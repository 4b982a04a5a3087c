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
#include "images/preparation.h"
#include "predict/inputs.h"
#include "predict/table.h"

/* The most that max_pixels may be: the square of the longest side. */
#define PREDICT_MAX_PIXELS UINT64_C(4294836225)

struct predict {
    const char *program; /* for messages */
    const struct model_file *file;
    const struct inputs *inputs;
    const struct table_plan *plan;
    uint64_t max_pixels; /* of one image */
    int num_threads;
    /* What came of it. */
    uint64_t num_failed;                  /* images without a prediction */
    enum status first_status;             /* of the first of them */
    struct preparation_findings findings; /* of the images with a prediction */
    uint64_t num_faults;                  /* of them with a harmless fault */
    char first_fault[1024];               /* "NAME: FAULT" of the first of those */
};

/*
 * Classifies all images.  An image that cannot be read or decoded fails nothing but itself: its row
 * has the reason, and the first few are said on stderr.  STATUS_STOPPED after a signal, at the next
 * slice of images.
 */
bool predict_run(struct predict *predict, struct table *table, struct error *error);

#endif
