/*
 * The report: what a classifier does on a split of a store, as one HTML page that needs nothing
 * else: figures, curves, pictures, and the commands that lead to it.
 *
 * The same inputs give the same bytes: nothing of time, machine or number of threads is in it.  It
 * is below REPORT_MAX_NBYTES whatever the number of samples and classes: lists are cut, and say so.
 */
#ifndef QUERN_REPORT_REPORT_H
#define QUERN_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "apply/model_file.h"
#include "common/error.h"
#include "common/text_list.h"
#include "formats/store/store.h"
#include "metrics/confusion.h"
#include "metrics/figures.h"

enum { REPORT_MAX_NBYTES = 2000000 };

/* What one checkpoint says of the samples of a split.  Nothing is owned. */
struct report_run {
    const struct model_file *file;
    const struct figures *figures;
    const struct confusion *confusion;
    uint64_t num_samples;          /* N, of classes that the model knows */
    uint64_t num_unknown;          /* others, left out */
    const uint32_t *labels;        /* [N] in the model's class order */
    const uint32_t *predictions;   /* [N] */
    const uint64_t *rows;          /* [N] of the split, ascending */
    const struct text_list *paths; /* [N]; of a comparison NULL */
    const float *scores;           /* [N][C]; of a comparison NULL */
};

struct report_request {
    const char *store_path;
    enum split split;
    const char *output;
    bool is_forced;
    int num_threads;
};

/*
 * Writes the page of one run, or of two and more that compares them.  STATUS_DATA for an output
 * that is there and is no report, unless is_forced; what was there stays until the page is whole.
 */
bool report_write(const struct report_request *request, const struct report_run *runs,
                  size_t num_runs, struct error *error);

#endif
