/*
 * One pass over all images: decodes them in parallel into the store's buffers, as many at once as
 * these have room for, and appends them.  Memory is bounded by the buffers, the class means and
 * some bytes a file (pass_memory.h), whatever the number of images.
 */
#ifndef QUERN_INGEST_PASS_H
#define QUERN_INGEST_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "common/text_list.h"
#include "formats/store/store_shard.h"
#include "images/decode.h"
#include "images/preparation.h"
#include "ingest/tree.h"

struct pass_plan {
    struct decode_source source;
    const struct tree *tree;
    const struct store_shard *shard; /* the part that tree is of the whole; NULL: it is the whole */
    struct image_shape image;        /* of every row */
    struct preparation preparation;  /* how images become rows; channels as in image */
    bool is_prepared;                /* that was asked for, so it is recorded in the store */
    bool stop_at_color;              /* stop when an image turns out not to be gray */
    bool skip_bad;                   /* false: a file that cannot be decoded leaves no store */
    const char *store_path;
    const char *source_name; /* these two are recorded in the store */
    const char *source_settings;
    int compression_level;
    int num_threads;
    int num_io_threads;        /* that read and decode */
    uint64_t max_image_nbytes; /* the most that decoding an image may take; 0: any number */
    bool is_forced;            /* replace a file of another kind, too */
};

struct pass_outcome {
    bool found_color;              /* with stop_at_color: nothing was written */
    struct text_list reject_paths; /* files that could not be decoded, in order of the tree */
    struct text_list reject_reasons;
    uint64_t *contents; /* [rows of the tree] by contents_of, once a store is written */
    struct text_list image_decoders; /* as the store records them */
    /* Images with faults outside their pixels, and the first of them. */
    uint64_t num_faults;
    char *first_fault;                    /* "a/1.png: wrong checksum of tEXt"; owned; NULL: none */
    struct preparation_findings findings; /* of all that could be decoded */
    const char *first_transparent;        /* path of the first that is not opaque; in the tree */
};

/*
 * Decodes all, and writes the store unless something stands against it.  STATUS_DATA when files
 * cannot be decoded (without skip_bad; the outcome lists them), when sizes differ (and images are
 * not fitted), when some are not opaque throughout (without a background), when narrowing samples
 * of 16 bits leaves few values (without a range), or when a class loses all its images (in a shard
 * it may); then nothing is written.  The outcome is to be freed in any case.
 */
bool pass_run(const struct pass_plan *plan, struct pass_outcome *outcome, struct error *error);
/* The store that it writes. */
struct store_plan pass_plan_store(const struct pass_plan *plan);
void pass_outcome_free(struct pass_outcome *outcome);

#endif
