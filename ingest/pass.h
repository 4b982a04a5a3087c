/*
 * One pass over all images: decode in parallel, window by window, and append to a store.  Memory
 * is bounded by the window and some bytes a file, whatever the number of images.
 */
#ifndef QUERN_INGEST_PASS_H
#define QUERN_INGEST_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/tensor.h"
#include "common/text_list.h"
#include "formats/store/store_shard.h"
#include "ingest/decode.h"
#include "ingest/tree.h"

struct pass_plan {
    struct decode_source source;
    const struct tree *tree;
    const struct store_shard *shard; /* the part that tree is of the whole; NULL: it is the whole */
    struct image_shape image;        /* of every row */
    bool resize;                     /* false: an image of another size is an error */
    bool stop_at_color;              /* stop when an image turns out not to be gray */
    bool skip_bad;                   /* false: a file that cannot be decoded leaves no store */
    const char *store_path;
    const char *source_name; /* these two are recorded in the store */
    const char *source_settings;
    int compression_level;
    int num_threads;
    int num_io_threads; /* that read and decode */
    bool is_forced;     /* replace a file of another kind, too */
};

struct pass_outcome {
    bool found_color; /* with stop_at_color: nothing was written */
    uint64_t num_written;
    struct text_list reject_paths; /* files that could not be decoded, in order of the tree */
    struct text_list reject_reasons;
};

/*
 * Decodes all, and writes the store unless something stands against it.  STATUS_DATA when files
 * cannot be decoded (without skip_bad; the outcome lists them), when sizes differ, or when a class
 * loses all its images (in a shard it may); then nothing is written.  The outcome is to be freed in
 * any case.
 */
bool pass_run(const struct pass_plan *plan, struct pass_outcome *outcome, struct error *error);
void pass_outcome_free(struct pass_outcome *outcome);

/* A path or reason as it can be stored and printed: bytes that are not UTF-8 become \xNN. */
const char *pass_printable(char *buffer, size_t size, const char *text);

#endif
