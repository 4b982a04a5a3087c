/*
 * A look at every image before anything is written: each is decoded once, by several threads, and
 * what it is like is counted.  Memory is bounded by some bytes an image (contents and sizes), the
 * pixels of one image a thread, and the names of the first files that cannot be read.
 */
#ifndef QUERN_INGEST_SURVEY_H
#define QUERN_INGEST_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/text_list.h"
#include "images/decode.h"
#include "images/preparation.h"
#include "ingest/tree.h"

enum { SURVEY_MAX_BAD = 20, SURVEY_MAX_SIZES = 5 };

struct survey_size {
    uint32_t height, width;
    uint64_t count;
};

struct survey {
    /* [num_scanned] by contents_of, as RGB; 0: cannot be read, or is in no row of the tree. */
    uint64_t *contents;
    uint64_t num_images, num_gray, num_color; /* that can be read */
    uint64_t num_faults;                  /* of those, with faults that do not touch their pixels */
    struct preparation_findings findings; /* transparency, samples of 16 bits */
    uint64_t num_sizes;                   /* different ones */
    /* The most frequent sizes, as many as there are up to SURVEY_MAX_SIZES. */
    struct survey_size sizes[SURVEY_MAX_SIZES];
    uint32_t least_side, most_side, median_side; /* of the shorter sides of all images */
    uint64_t num_bad;
    struct text_list bad; /* "PATH: REASON" of the first SURVEY_MAX_BAD, escaped */
};

struct survey_plan {
    struct decode_source source;
    const struct tree *tree;
    size_t num_scanned;    /* images of the scan that the tree is of */
    int num_io_threads;    /* that read and decode */
    uint64_t memory_limit; /* bytes for the pixels of all threads */
};

/* STATUS_STOPPED after a signal.  The survey is to be freed in any case. */
bool survey_run(const struct survey_plan *plan, struct survey *survey, struct error *error);
void survey_free(struct survey *survey);

#endif
